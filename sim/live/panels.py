"""The panel of figures: large ones, and curves of all branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim.live.branch import Branch
from sim.live.layers import BY_NAME, DISTRICT_NAMES, INDICATOR_NAMES
from sim.live.rows import Rows, mark
from sim.live.view import NO_DIFFERENCE, branch_name, headlines
from sim.live.words import in_order, indicator_label, indicator_meaning, larger, number, unit_text
from sim.live.workshop import BASELINE, Workshop

if TYPE_CHECKING:
    from sim.live.page import Page

COLOURS = (
    "#7c8592",
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
)  #: Okabe and Ito's, the baseline grey


def curve(workshop: Workshop, branch: Branch, indicator: int, place: int = -1) -> list[list[float | int | None]]:
    """(month, value) of the months lived up to the one shown; of a district where ``place`` says which."""
    out: list[list[float | int | None]] = []
    for frame in branch.seen():
        month = frame.month
        if month > workshop.shown:
            break
        if place < 0:
            out.append([month, float(frame.values[indicator])])
        elif frame.districts is not None:
            out.append([month, float(frame.districts[indicator][place])])
    return out


class FiguresPanel:
    """Headline figures, large; one of them, or a district's, as curves of all branches."""

    def __init__(self, page: Page) -> None:
        self.page = page
        inside = ui.column().classes("w-full gap-0")
        self.rows: Rows[str, Figure] = Rows(inside, lambda name: Figure(page, name))
        labels = [(n, indicator_label(n, page.view.language)) for n in INDICATOR_NAMES]
        names = dict(sorted(labels, key=lambda row: in_order(row[1])))
        self.choice = (
            ui.select(
                names,
                value=page.view.headline,
                with_input=True,
                on_change=self.choose,
            )
            .classes("w-full")
            .props("dense")
        )
        self.chart = ui.echart(_chart()).style("height:250px")
        self.place = ui.echart(_chart()).style("height:220px")
        with ui.row().classes("items-center"):
            ui.button(page.say["bands_wanted"], on_click=lambda: page.site.compute_bands(page.view.branch)).props(
                "outline dense"
            )
            self.bands = ui.label().classes("soft")

    def choose(self, event: Any) -> None:
        """Another figure's curve."""
        if event.value:
            self.page.view.change(headline=event.value)

    def refresh(self) -> None:
        """Draw the month shown."""
        page, view, w = self.page, self.page.view, self.page.workshop
        frame = page.branch.figures(min(w.shown, page.branch.month))
        other = w.branch(view.against if view.against >= 0 else BASELINE)
        base = other.figures(min(w.shown, other.month))
        bands = page.site.bands.get(view.branch)
        for name, figure in self.rows.keep(headlines()).items():
            k = INDICATOR_NAMES.index(name)
            value = float(frame.values[k]) if frame else float("nan")
            change = value - float(base.values[k]) if base is not None and other is not page.branch else None
            figure.show(value, change, bands.half_width(w.shown, k) if bands else None)
        done = len(bands.seeds) if bands else 0
        self.bands.set_text(
            bands.error
            if bands and bands.error
            else f"{done} × {page.say['bands_done']}"
            if done
            else page.say["bands_none"]
        )
        self.draw_curves()

    def draw_curves(self) -> None:
        """One figure, and one of the district chosen, on all branches."""
        page, view, w = self.page, self.page.view, self.page.workshop
        if self.choice.value != view.headline:
            self.choice.set_value(view.headline)
        k, unit = INDICATOR_NAMES.index(view.headline), unit_text(BY_NAME[view.headline].unit, view.language)
        title = f"{indicator_label(view.headline, view.language)} [{unit}]"
        self.chart.options.clear()
        self.chart.options.update(_chart(title, view.dark, view.language, _series(page, k, -1)))
        self.chart.update()
        self.place.set_visibility(view.place >= 0 and view.district in DISTRICT_NAMES)
        if view.place >= 0 and view.district in DISTRICT_NAMES:
            k = DISTRICT_NAMES.index(view.district)
            where, unit = w.city.district_names[view.place], unit_text(BY_NAME[view.district].unit, view.language)
            title = f"{where}{page.say['colon']}{indicator_label(view.district, view.language)} [{unit}]"
            self.place.options.clear()
            self.place.options.update(_chart(title, view.dark, view.language, _series(page, k, view.place)))
            self.place.update()


class Figure:
    """One figure, large, with its unit and the change against the branch compared."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        view = page.view
        self.box = ui.element("div").classes("figure").props(f'tabindex=0 data-figure="{name}"')
        for event in ("click", "keydown.enter"):
            self.box.on(event, lambda: view.change(headline=name))
        with self.box:
            ui.label(indicator_label(name, view.language)).classes("name").tooltip(
                indicator_meaning(name, view.language)
            )
            with ui.element("div").classes("value"):
                self.value = ui.label()
                self.unit = ui.label().classes("unit")
            self.change = ui.label().classes("change")

    def show(self, value: float, change: float | None, half: float | None) -> None:
        """The month shown: the figure, what it differs by, half of the band of that."""
        view, indicator = self.page.view, BY_NAME[self.name]
        mark(self.box, self.name == view.headline)
        size, unit = larger(value, indicator.unit)
        self.value.set_text(number(value / size, view.language))
        self.unit.set_text(unit_text(unit, view.language))
        text = good = ""
        if change is not None:
            text = changed(change / size, view.language) if abs(change) > NO_DIFFERENCE * abs(value) else NO_CHANGE
            sure = text != NO_CHANGE and (half is None or abs(change) > half)
            good = "" if not sure or indicator.direction == 0 else "good" if change * indicator.direction > 0 else "bad"
            text += f" ± {number(half / size, view.language)}" if half is not None else ""
        self.change.set_text(text)
        self.change.classes(replace=f"change {good}")


#: Said where two branches are the same in what is shown of them.
NO_CHANGE = "≈ 0"


def changed(change: float, language: str) -> str:
    """Which way, and by how much, in the unit that stands beside the figure."""
    text = number(abs(change), language)
    if abs(change) < 1e-5 or not any(digit in text for digit in "123456789"):
        return NO_CHANGE
    return f"{'▲ +' if change > 0 else '▼ −'}{text}"


def _series(page: Page, k: int, place: int) -> list[dict[str, Any]]:
    w = page.workshop
    out = []
    for n, b in w.branches.items():
        name = branch_name(w, n, page.view.language)
        style = {
            "width": 5 if n == page.view.branch else 2.5,
            "color": COLOURS[n % len(COLOURS)],
            "type": "dashed" if n == BASELINE else "solid",
        }
        out.append(
            {
                "type": "line",
                "name": name[:28],
                "data": curve(w, b, k, place),
                "showSymbol": False,
                "lineStyle": style,
                "itemStyle": {"color": style["color"]},
                "animation": False,
            }
        )
    return out


def _chart(
    title: str = "", dark: bool = False, language: str = "en", series: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    ink, faint = ("#e9edf3", "#323c49") if dark else ("#1b2230", "#d6d9df")
    months = [row[0] for one in series or [] for row in one["data"]]
    years = f"v => {'true' if months else 'false'} ? Math.floor(v/12) + '-' + String(v%12+1).padStart(2,'0') : ''"
    axis = {
        "type": "value", "min": min(months, default=0), "max": max(months, default=1), "minInterval": 1, "splitNumber": 4,
        "splitLine": {"show": False}, "axisLabel": {":formatter": years, "color": ink},
    }  # fmt: skip
    return {
        "title": {"text": title, "textStyle": {"color": ink, "fontSize": 15}}, "grid": {"left": 66, "right": 16, "top": 56, "bottom": 28},
        "legend": {"type": "scroll", "top": 26, "textStyle": {"color": ink, "fontSize": 13}}, "tooltip": {"trigger": "axis"},
        "xAxis": axis,
        "yAxis": {"type": "value", "scale": True, "splitLine": {"lineStyle": {"color": faint}},
                  "axisLabel": {"color": ink, ":formatter": f"v => v.toLocaleString('{language}')"}},
        "series": series or [], "backgroundColor": "transparent",
    }  # fmt: skip
