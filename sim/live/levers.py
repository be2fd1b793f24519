"""The levers: each measure on or off, its amounts, date and area; new measures; shocks; the budget gauge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim import Status, kinds, month_name, shock_kinds
from sim.documents import fields_of
from sim.live.form import Form
from sim.live.leverrow import LeverRow
from sim.live.rows import Rows
from sim.live.words import card, in_order, kind_title, number
from sim.live.workshop import BASELINE

if TYPE_CHECKING:
    from sim.live.page import Page

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
    """The list follows the calendar in place."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.gauge = ui.column().classes("w-full gap-1 q-pt-sm")
        self.list = ui.column().classes("w-full gap-0")
        self.rows: Rows[str, LeverRow] = Rows(self.list, lambda name: LeverRow(page, name))
        with ui.row().classes("items-end w-full q-pt-sm"):
            names = _titles(kinds(), page.view.language)
            self.new = (
                ui.select(names, label=page.say["add"], with_input=True, on_change=self.propose)
                .classes("col")
                .props("dense options-dense data-do=add-measure")
            )
        shocks = _titles(shock_kinds(), page.view.language)
        with ui.row().classes("items-end w-full"):
            self.shock = (
                ui.select(shocks, label=page.say["shock"], on_change=self.propose_shock)
                .classes("col")
                .props("dense options-dense")
            )
        self.paid: tuple[Any, ...] = ()

    def refresh(self) -> None:
        """Draw what has changed."""
        page, w = self.page, self.page.workshop
        branch = page.branch
        paid = (id(branch.scenario), w.shown // 12, page.view.branch)
        if paid != self.paid:
            self.paid = paid
            self.draw_gauge()
        calendar = [c for c in branch.scenario.calendars() if c.start <= w.shown + 1][-1]
        figures = branch.figures(min(w.shown, branch.month))
        found = {one.id: (row, one) for row, one in enumerate(calendar.measures) if one is not None}
        for name, lever in self.rows.keep(found).items():
            row, one = found[name]
            known = figures is not None and row < len(figures.status)
            status = Status(int(figures.status[row])) if figures is not None and known else Status.PLANNED
            told = figures is not None and row < len(figures.support)
            support = float(figures.support[row]) if figures is not None and told else None
            lever.show(one, status, one.id in calendar.stopped, support)

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
            ui.label(card(kind, page.view.language)).classes("soft")
            Form(page, item, word, dialog)
        dialog.open()


def _titles(known: Iterable[str], language: str) -> dict[str, str]:
    """Kinds by their titles, in the order of a dictionary."""
    return dict(sorted(((k, kind_title(k, language)) for k in known), key=lambda row: in_order(row[1])))


def _bar(share: float) -> None:
    with ui.element("div").classes("gauge w-full"):
        ui.element("div").classes("over" if share > 1.0 else "").style(f"width:{100 * min(share, 1.0):.0f}%")
