"""The panel of people: one citizen or firm followed, and who gains or loses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from nicegui import ui

from sim import Activity, Heating, Mode, parse_month
from sim.live import people
from sim.live.groups import compared
from sim.live.view import branch_name
from sim.live.words import amount, coded, decimal, month_text, number, words
from sim.live.workshop import BASELINE

if TYPE_CHECKING:
    from sim.live.page import Page

#: Codes behind the columns whose changes are told.
CODES: dict[str, Any] = {
    "main_mode": Mode,
    "shop_mode": Mode,
    "leisure_mode": Mode,
    "activity": Activity,
    "heating": Heating,
}


def told(row: tuple[str, str, int, int], language: str) -> str:
    """One change in words."""
    month, what, before, after = row
    names = [
        coded(CODES[what](v).name.lower(), language) if what in CODES and v >= 0 else "–" if v < 0 else str(v)
        for v in (before, after)
    ]
    return f"{month_text(parse_month(month), language)} {coded(what, language)}{words(language)['colon']}{names[0]} → {names[1]}"


class PeoplePanel:
    """One citizen or firm followed, and who gains or loses."""

    def __init__(self, page: Page) -> None:
        self.page, self.turn = page, 0
        say = page.say
        with ui.row().classes("q-pt-sm"):
            ui.button(say["follow"], on_click=self.somebody).props("data-do=follow")
            ui.button(say["firm"], on_click=self.a_firm).props("outline")
            ui.button(say["winners"], on_click=self.winners).props("outline data-do=winners")
        self.box = ui.column().classes("w-full gap-1")
        self.drawn: tuple[int, ...] = ()

    async def refresh(self) -> None:
        """Follow her into the month and the branch shown."""
        page, view = self.page, self.page.view
        key = (view.person, view.branch, page.workshop.shown, page.workshop.decisions)
        if view.person < 0 or key == self.drawn:
            return
        self.drawn = key
        found = await page.do(self._look, view.person)
        if found is not None:
            self.draw(*found)

    async def somebody(self) -> None:
        """The next one, of the district chosen on the map if one is."""
        page, view = self.page, self.page.view
        self.turn += 1
        found = await page.do(self._find, self.turn, view.place if view.place >= 0 else None)
        if found is not None:
            view.change(person=found)

    def _find(self, turn: int, place: int | None) -> int:
        branch = self.page.branch
        state = branch.history.last_state(min(self.page.workshop.shown, branch.month))
        return int(state.citizens.id[people.find(state, district=place, turn=turn)])

    def _look(self, identity: int) -> tuple[dict[str, Any], list[tuple[str, str, int, int]]]:
        branch = self.page.branch
        month = min(self.page.workshop.shown, branch.month)
        model = branch.model_at(month).result()
        return people.citizen(model, people.row_of(model.state, identity)), people.changes(branch, identity, month)

    def draw(self, who: dict[str, Any], changed: list[tuple[str, str, int, int]]) -> None:
        """Her card."""
        say, language = self.page.say, self.page.view.language
        colon = say["colon"]
        self.box.clear()
        with self.box:
            ui.label(f"{who['name']}, {who['age']}, {who['place']}").classes("month").style("font-size:30px").mark(
                "citizen"
            )
            facts = [
                " · ".join(coded(what, language) for what in (who["activity"], who["sector"]) if what),
                f"{say['income']}{colon}{number(who['income'], language)} {say['euros']} ({say['income_fifth'].lower()} {who['fifth']})",
                f"{say['cars']}{colon}{who['cars']} · {number(who['travel_time'], language)} {say['minutes']}"
                f" · {number(who['travel_km'], language)} km",
                f"{say['bills']}{colon}{number(who['energy_bill'], language)} + {number(who['transport_bill'], language)} {say['euros']}",
                f"{say['trust']}{colon}{who['trust']:.0f} % · {say['satisfaction']}{colon}{who['satisfaction']:.0f} %",
            ]
            if "heating" in who:
                heated = coded(who["heating"], language)
                solar = f", {coded('pv', language)} {number(who['pv'], language)} kWp" if who["pv"] > 0.0 else ""
                facts.append(f"{say['home']}{colon}{number(who['area'], language)} m², {heated}{solar}")
            for fact in facts:
                ui.label(fact).classes("big")
            self._day(who)
            ui.label(say["changed"]).classes("lever title q-mt-sm")
            ui.label(" · ".join(told(row, language) for row in changed[-8:]) or say["nothing_changed"])
            if who["support"]:
                ui.label(say["support"]).classes("title q-mt-sm")
                ui.label(" · ".join(f"{name} {value:.0f} %" for name, value in who["support"][:12]))
            ui.label(say["made_up"]).classes("soft")

    def _day(self, who: dict[str, Any]) -> None:
        say = self.page.say
        colon = say["colon"]
        ui.label(f"{say['her_day']}{colon}{say['worth']}").classes("title q-mt-sm")
        language = self.page.view.language
        for tour in who["day"]:
            way_there = f"{coded(tour['purpose'], language)} → {coded(tour['place'], language)}{colon}{coded(tour['mode'], language)}"
            ui.label(way_there).classes("big")
            best = max(u for _, u in tour["worth"])
            for way, u in tour["worth"]:
                with ui.row().classes("items-center no-wrap w-full").style("gap:6px;margin-top:-8px"):
                    ui.label(coded(way, language)).style("width:175px;white-space:nowrap").classes("soft")
                    wide = max(2.0, 150.0 * float(np.exp((u - best) / 2.0)))
                    ui.element("div").style(
                        f"height:10px;background:var(--accent);border-radius:5px;width:{wide:.0f}px"
                    )
                    ui.label(decimal(u, 2, language)).classes("soft")

    async def a_firm(self) -> None:
        """The next firm."""
        page, view = self.page, self.page.view
        self.turn += 1
        month = min(page.workshop.shown, page.branch.month)

        def look() -> dict[str, Any]:
            return people.firm(page.branch.model_at(month).result(), self.turn, view.place if view.place >= 0 else None)

        f = await page.do(look)
        if f is None:
            return
        view.person = -1
        self.box.clear()
        with self.box:
            ui.label(f"{coded(f['sector'], view.language)}, {f['place']}").classes("month").style("font-size:30px")
            say, language = page.say, view.language
            colon = say["colon"]
            for text in (
                f"{number(f['jobs'], language)} {say['jobs_held']}, {number(f['wanted'], language)} {say['jobs_wanted']}",
                f"{say['sales']}{colon}{amount(f['revenue'], '€', language)}, {say['cash']}{colon}{amount(f['cash'], '€', language)}",
                f"{say['maturity']}{colon}{f['maturity']:.0f} %"
                f" · {say['telework']}{colon}{number(f['telework'], language)} {say['days_a_week']}",
                f"{f['projects']} {say['projects']} · × {number(f['stands_for'], language)}",
            ):
                ui.label(text).classes("big")

    async def winners(self) -> None:
        """By income and ring: the branch shown against the one compared (the baseline by default)."""
        page, view, w = self.page, self.page.view, self.page.workshop
        other = w.branch(view.against if view.against >= 0 else BASELINE)
        month = min(w.shown, page.branch.month, other.month)

        def look() -> list[dict[str, Any]]:
            return compared(other.state_at(month).result(), page.branch.state_at(month).result(), w.city.districts.ring)

        rows = await page.do(look)
        if rows is None:
            return
        view.person = -1
        say, language = page.say, view.language
        titles = {"fifth": say["income_fifth"], "ring": say["ring"]}
        columns = [{"name": n, "label": label, "field": n, "align": "left" if n == "group" else "right"} for n, label in (
            ("group", ""), ("minutes", say["minutes"]), ("euros", say["euros"]), ("gain", f"{say['gain']} %"),
            ("lose", f"{say['lose']} %"))]  # fmt: skip
        table = [
            {"group": f"{titles[r['kind']]} {coded(str(r['group']), language)}"}
            | {name: decimal(r[name], 2, language) for name in ("minutes", "euros", "gain", "lose")}
            for r in rows
        ]
        names = [branch_name(w, b.number, language) for b in (page.branch, other)]
        self.box.clear()
        with self.box:
            ui.label(f"{names[0]} / {names[1]}, {month_text(month, language)}").classes("title big")
            ui.label(say["winners_note"]).classes("soft")
            made = ui.table(rows=table, columns=columns, row_key="group").classes("w-full")
            made.style("background:transparent;color:inherit").props(
                "flat dense hide-pagination :rows-per-page-options=[0]"
            )
