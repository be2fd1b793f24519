"""The levers: each measure on or off, its amounts, date and area; new measures; shocks; the budget gauge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim import Item, Status, kinds, month_name, shock_kinds
from sim.documents import fields_of
from sim.live.plan import current
from sim.live.words import field_label, kind_title, month_text, number
from sim.live.workshop import BASELINE

if TYPE_CHECKING:
    from sim.live.page import Page

#: Fields of every item that are edited, in order; a measure's own come first.
COMMON = ("start", "months", "area", "capex", "opex")
#: Where a new measure's required fields begin; others begin with the example of their dimension.
FIRST_VALUES = {
    "length": "10 km", "speed": "30 km/h", "price": "1 €/h", "points": "500", "headway": "-10%", "amount": "500 €", "rate": "15%",
    "reach": "0.5%", "amount_per_year": "2 M€", "calls_per_year": "2", "theme": "energy", "change": "+30%", "sectors": "trade",
    "lines": "bus", "warmer": "4 K", "lanes": "1", "seats": "150", "sensors": "2000", "doctors": "10", "places": "500", "schools": "20",
    "places_per_year": "500", "dwellings_per_year": "500", "power": "5 MWp", "canopy": "2%", "vehicles": "all", "bans": "crit_air_5",
    "budget_per_year": "2 M€", "level": "50%", "floors": "20%", "lights": "50%",
}  # fmt: skip
#: Kinds whose amount is of another dimension.
OF_KIND = {
    "pv_subsidy.amount": "300 €/kWp", "battery_subsidy.amount": "200 €/kWh", "recovery_grants.amount": "20 M€", "rental_ban.bans": "g",
    "transit_fare.change": "-20%", "heat_network.length": "20 km",
}  # fmt: skip


def first_value(kind: str, field: Any, start: str) -> Any:
    """What a new item's required field begins with."""
    text: Any = OF_KIND.get(f"{kind}.{field.name}") or FIRST_VALUES.get(field.name)
    how = field.metadata["kind"]
    if text is None:
        text = getattr(getattr(how, "dimension", None), "example", None) or str(getattr(how, "names", ["1"])[0])
    return {start: text} if type(how).__name__ == "Dated" else text


def new_item(kind: str, word: str, name: str, start: str, area: str = "") -> dict[str, Any]:
    """An item of a new measure or shock, as in a file, to begin with; ``area`` where it acts, if its kind acts somewhere."""
    known = (kinds() if word == "measure" else shock_kinds())[kind]
    item: dict[str, Any] = {word: kind, "id": name, "start": start}
    for field in fields_of(known).values():
        if field.default is MISSING or (field.default is None and field.name == "length"):
            item[field.name] = first_value(kind, field, start)
    if known.local and (area or kind == "lane_closure"):  # which is never the whole city
        item["area"] = [area or "centre"]
    return item | ({"months": 12} if word == "shock" else {})


class LeversPanel:
    """Made again when the calendar, the language or the chosen measure changes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.gauge = ui.column().classes("w-full gap-1 q-pt-sm")
        self.list = ui.column().classes("w-full gap-0")
        with ui.row().classes("items-end w-full q-pt-sm"):
            names = {k: kind_title(k, page.view.language) for k in kinds()}
            self.new = (
                ui.select(names, label=page.say["add"], with_input=True, on_change=self.propose)
                .classes("col")
                .props("dense data-do=add-measure")
            )
        shocks = {k: kind_title(k, page.view.language) for k in shock_kinds()}
        with ui.row().classes("items-end w-full"):
            self.shock = (
                ui.select(shocks, label=page.say["shock"], on_change=self.propose_shock).classes("col").props("dense")
            )
        self.key: tuple[Any, ...] = ()

    def refresh(self) -> None:
        """Draw what has changed."""
        page, view, w = self.page, self.page.view, self.page.workshop
        branch = page.branch
        figures = branch.figures(min(w.shown, branch.month))
        status = figures.status.tolist() if figures is not None else []
        key = (
            id(branch.scenario),
            tuple(status),
            view.chosen,
            view.picking,
            tuple(view.area),
            view.branch,
            w.shown if view.chosen else 0,
        )
        if key == self.key:
            return
        self.key = key
        self.draw_gauge()
        self.list.clear()
        calendar = [c for c in branch.scenario.calendars() if c.start <= w.shown + 1][-1]
        with self.list:
            for row, one in enumerate(calendar.measures):
                if one is not None:
                    state = Status(int(status[row])) if row < len(status) else Status.PLANNED
                    support = (
                        float(figures.support[row]) if figures is not None and row < len(figures.support) else None
                    )
                    self.draw(one, state, one.id in calendar.stopped, support)

    def draw_gauge(self) -> None:
        """Investment of this year and the next two, and the highest debt."""
        page, say, language = self.page, self.page.say, self.page.view.language
        colon = say["colon"]
        self.gauge.clear()
        if page.view.branch == BASELINE:
            return
        found = page.workshop.gauge(page.view.branch)
        with self.gauge:
            year = page.workshop.shown // 12
            for y in sorted({year, *found.years}):
                own = found.years.get(y, 0.0)
                if y < year:
                    continue
                ui.label(
                    f"{say['budget']} {y}{colon}{number(own / 1e6, language)} / {number(found.limit / 1e6, language)} M€"
                ).classes("soft")
                _bar(own / max(found.limit, 1.0))
                if y > year + 1:
                    break
            ui.label(
                f"{say['debt']}{colon}{number(found.debt / 1e6, language)} M€, {say['at_most']} {number(found.ceiling / 1e6, language)} M€"
            ).classes("soft")
            _bar(found.debt / max(found.ceiling, 1.0))

    def draw(self, one: Item, status: Status, stopped: bool, support: float | None) -> None:
        """One measure; its fields when it is the chosen one."""
        page, view, say = self.page, self.page.view, self.page.say
        chosen = view.chosen == one.id
        words = (
            say["off"]
            if stopped
            else say[{0: "planned", 1: "waiting", 2: "building", 3: "in_force", 4: "stopped"}[int(status)]]
        )
        with (
            ui.element("div").classes("lever w-full" + (" chosen" if chosen else "")).props(f'data-measure="{one.id}"')
        ):
            with ui.row().classes("items-center no-wrap w-full"):
                switch = ui.switch(value=not stopped).props(f'dense aria-label="{one.id}" data-switch="{one.id}"')
                switch.set_enabled(not one.committed and view.branch != BASELINE)
                switch.on_value_change(lambda e, one=one: self.switch(one, bool(e.value)))
                title = (
                    ui.label(kind_title(one.measure.kind, view.language)).classes("title col").style("cursor:pointer")
                )
                title.on("click", lambda: view.change(chosen="" if chosen else one.id, picking=False))
                ui.label(words).classes("soft")
            note = f"{one.id} · {month_text(one.start, view.language)}"
            ui.label(
                note + (f" · {say['support'].split()[0].lower()} {support:.0f} %" if support is not None else "")
            ).classes("soft")
            if chosen and one.committed:
                ui.label(say["committed"])
            elif chosen and view.branch != BASELINE:
                Form(page, current(page.branch.scenario, page.workshop.shown + 1)[one.id], "measure")

    async def switch(self, one: Item, on: bool) -> None:
        """Withdraw a measure, or take it up again."""
        page = self.page
        self.key = ()
        if not on:
            await page.edit(stop=[one.id])
        else:
            item = current(page.branch.scenario, page.workshop.shown + 1)[one.id]
            await page.edit(changes=[item])
        self.refresh()

    def propose(self) -> None:
        """A form for a new measure."""
        if self.new.value:
            self._dialog(str(self.new.value), "measure")
            self.new.set_value(None)

    def propose_shock(self) -> None:
        """A form for a shock."""
        if self.shock.value:
            self._dialog(str(self.shock.value), "shock")
            self.shock.set_value(None)

    def _dialog(self, kind: str, word: str) -> None:
        page = self.page
        known = kinds()[kind] if word == "measure" else shock_kinds()[kind]
        taken = {
            one.id
            for b in page.workshop.branches.values()
            for one in (*b.scenario.rows, *b.scenario.calendars()[-1].shocks)
        }
        name = next(n for i in range(1, 1000) if (n := f"{kind.replace('_', '-')}-{i}") not in taken)
        start = month_name(min(page.workshop.shown + 1, page.workshop.scenario.end))
        item = new_item(kind, word, name, start, f"district:{page.view.place}" if page.view.place >= 0 else "")
        with ui.dialog() as dialog, ui.card().style("min-width:460px"):
            ui.label(kind_title(kind, page.view.language)).classes("title big")
            ui.label(known.card).classes("soft")
            Form(page, item, word, dialog)
        dialog.open()


def _bar(share: float) -> None:
    with ui.element("div").classes("gauge w-full"):
        ui.element("div").classes("over" if share > 1.0 else "").style(f"width:{100 * min(share, 1.0):.0f}%")


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else short(str(value))


def short(text: str) -> str:
    """ "2000000 €" as "2 M€"."""
    head, _, unit = text.partition(" ")
    if unit == "€":
        for name, size in (("M€", 1e6), ("k€", 1e3)):
            if float(head) >= size and (float(head) / size * 1000).is_integer():
                return f"{float(head) / size:.12g} {name}"
    return text


class Form:
    """Fields of one item as text with units, as in a scenario file; read by the same reader."""

    def __init__(self, page: Page, item: Mapping[str, Any], word: str, dialog: Any = None) -> None:
        self.page, self.item, self.word, self.dialog = page, dict(item), word, dialog
        say = page.say
        known = (kinds() if word == "measure" else shock_kinds())[item[word]]
        own = fields_of(known)
        names = [n for n in own if not isinstance(item.get(n), dict)]
        common = [n for n in COMMON if n != "area" or known.local]
        self.inputs: dict[str, Any] = {}
        for name in [*names, *common]:
            meaning = own[name].metadata["meaning"] if name in own else ""
            label = field_label(name, page.view.language, str(item[word]))
            field = (
                ui.input(label, value=_text(item[name]) if name in item else "")
                .classes("w-full")
                .props(f'dense data-field="{name}"')
            )
            if meaning and page.view.language == "en":  # the registry's own words
                field.tooltip(meaning)
            field.on("keydown.enter", self.apply)
            self.inputs[name] = field
        self._scale(names)
        with ui.row().classes("items-center"):
            if known.local and dialog is None:
                ui.button(say["click_area"], icon="touch_app", on_click=self.pick).props(
                    "outline dense data-do=pick-area"
                )
            start = month_text(min(page.workshop.shown + 1, page.workshop.scenario.end), page.view.language)
            ui.button(f"{say['apply']} {start}" if word == "measure" else say["happens"], on_click=self.apply).props(
                "data-do=apply"
            )
        if page.view.picking and page.view.area and "area" in self.inputs:
            self.inputs["area"].set_value(", ".join(f"district:{d}" for d in sorted(page.view.area)))

    def _scale(self, names: list[str]) -> None:
        """A slider over the first amount: 0 to 200 % of what stands there."""
        for name in names:
            parts = [_split(t) for t in str(self.inputs[name].value).split(", ")]
            if parts and all(p is not None for p in parts):

                def scaled(event: Any, name: str = name, parts: list[Any] = parts) -> None:
                    self.inputs[name].set_value(", ".join(f"{v * event.value / 100:.6g} {u}".strip() for v, u in parts))

                ui.slider(min=0, max=200, step=5, value=100, on_change=scaled).props(
                    "label :label-value=\"value + ' %'\" dense"
                ).props(f'data-scale="{name}"')
                return

    def pick(self) -> None:
        """Districts are clicked on the map."""
        view = self.page.view
        view.change(picking=not view.picking, area=[])

    async def apply(self) -> None:
        """Carry it out from the next month on."""
        item = dict(self.item)
        for name, field in self.inputs.items():
            text = str(field.value or "").strip()
            old = _text(item[name]) if name in item else ""
            if text == old:
                continue
            if not text:
                item.pop(name, None)
            else:
                item[name] = [t.strip() for t in text.split(",")] if name == "area" or ", " in text else text
        if self.dialog is not None:
            self.dialog.close()
        self.page.view.change(picking=False, area=[])
        if self.word == "shock":
            await self.page.decide(self.page.workshop.shock, item)
        else:
            await self.page.edit(changes=[item])


def _split(text: str) -> tuple[float, str] | None:
    head, _, unit = text.strip().partition(" ")
    if not unit and head.endswith("%"):
        head, unit = head[:-1], "%"
    try:
        return float(head), unit
    except ValueError:
        return None
