"""One measure in the list of levers. It stays where it is (rows.py), as do its open fields: a word being typed reaches what it was meant
for, however late the page is drawn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim import Item, Status
from sim.live.form import Form
from sim.live.plan import current
from sim.live.rows import mark
from sim.live.words import kind_title, month_text
from sim.live.workshop import BASELINE

if TYPE_CHECKING:
    from sim.live.page import Page

STATUS = {
    Status.PLANNED: "planned", Status.WAITING: "waiting", Status.BUILDING: "building", Status.IN_FORCE: "in_force",
    Status.STOPPED: "stopped",
}  # fmt: skip


class LeverRow:
    """A switch, what the measure is, how it stands; its fields when it is the chosen one."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        self.stands = self.wanted = True  #: as decided, and as clicked last
        self.turn, self.waiting = asyncio.Lock(), 0  #: clicks are answered in their order
        self.form: Form | None = None
        self.form_key: tuple[Any, ...] = ()
        self.box = ui.element("div").classes("lever w-full").props(f'data-measure="{name}"')
        with self.box:
            with ui.row().classes("items-center no-wrap w-full"):
                self.toggle = ui.switch(value=True).props(f'dense aria-label="{name}" data-switch="{name}"')
                self.toggle.on_value_change(lambda e: self.switch(bool(e.value)))
                self.title = ui.label().classes("title col").style("cursor:pointer").on("click", self.choose)
                self.words = ui.label().classes("soft")
            self.note = ui.label().classes("soft")
            self.inside = ui.column().classes("w-full gap-0")

    def show(self, one: Item, status: Status, stopped: bool, support: float | None) -> None:
        """As it stands in the month shown."""
        view, say = self.page.view, self.page.say
        self.stands = not stopped
        if not self.waiting:
            self.wanted = self.stands
            self.toggle.set_value(self.stands)
        self.toggle.set_enabled(not one.committed and view.branch != BASELINE)
        self.title.set_text(kind_title(one.measure.kind, view.language))
        self.words.set_text(say["off"] if stopped else say[STATUS[status]])
        note = f"{one.id} · {month_text(one.start, view.language)}"
        heard = f" · {say['support'].split()[0].lower()} {support:.0f} %" if support is not None else ""
        self.note.set_text(note + heard)
        mark(self.box, view.chosen == self.name)
        self._open(one, view.chosen == self.name)

    def _open(self, one: Item, chosen: bool) -> None:
        """The fields: made when they are opened, followed while they are open."""
        page, view = self.page, self.page.view
        key = (chosen, view.branch, one.committed, one.measure.kind)
        item = current(page.branch.scenario, page.workshop.shown + 1)[self.name] if chosen else {}
        if key == self.form_key:
            if self.form is not None:
                self.form.follow(item)
            return
        self.form_key, self.form = key, None
        self.inside.clear()
        with self.inside:
            if chosen and one.committed:
                ui.label(page.say["committed"])
            elif chosen and view.branch != BASELINE:
                self.form = Form(page, item, "measure")

    def choose(self) -> None:
        """Open its fields, or close them."""
        view = self.page.view
        view.change(chosen="" if view.chosen == self.name else self.name, picking=False)

    async def switch(self, on: bool) -> None:
        """Withdraw the measure, or take it up again: what the last click says, however many came while one was being answered."""
        if on == self.wanted:  # the page follows what has been decided
            return
        self.wanted = on
        page = self.page
        self.waiting += 1
        try:
            async with self.turn:
                if self.wanted != self.stands:
                    item = current(page.branch.scenario, page.workshop.shown + 1)[self.name]
                    await (page.edit(changes=[item]) if self.wanted else page.edit(stop=[self.name]))
                    page.panels["levers"].refresh()
        finally:
            self.waiting -= 1
        page.panels["levers"].refresh()
