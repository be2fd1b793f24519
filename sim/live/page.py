"""The facilitator's page: what stands where, and who is told when something changes. Panels are in panels.py and levers.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from nicegui import run, ui
from nicegui.events import KeyEventArguments

from sim import RebondError, Status
from sim.live.branch import Branch
from sim.live.branchrow import BranchButton
from sim.live.elements import CityMap, Timeline
from sim.live.layers import DISTRICT_NAMES, FIRST, LINK_NAMES
from sim.live.leverrow import STATUS
from sim.live.levers import LeversPanel
from sim.live.panels import FiguresPanel
from sim.live.peoplepanel import PeoplePanel
from sim.live.plan import current
from sim.live.roompanel import RoomPanel
from sim.live.rows import Rows
from sim.live.sentences import translated
from sim.live.site import Site
from sim.live.storypanel import StoryPanel
from sim.live.view import LABEL_OF_LINK, View, branch_name, look
from sim.live.words import indicator_label, kind_title, month_text, words
from sim.live.workshop import BASELINE, SPEEDS, Workshop

CSS = files("sim.live").joinpath("page.css").read_text("utf-8")
TABS = ("figures", "levers", "people", "room", "story")


def facilitator_page(site: Site) -> None:
    """Build the page for one window; it waits for the city if need be."""
    ui.add_css(CSS)
    ui.colors(primary="#00594c")
    if site.workshop is not None:
        Page(site, site.workshop)
        return
    waiting = ui.label(words(site.view.language)["waking"]).classes("month q-pa-xl")

    def look_again() -> None:
        if site.workshop is not None:
            timer.cancel()
            waiting.delete()
            with ui.context.client.content:
                Page(site, site.workshop)
        elif site.error:
            waiting.set_text(translated(site.error, site.view.language))

    timer = ui.timer(0.1, look_again)


class Page:
    """One window."""

    def __init__(self, site: Site, workshop: Workshop) -> None:
        self.site, self.workshop, self.view = site, workshop, site.view
        self.dark = ui.dark_mode(self.view.dark)
        self.seen: tuple[int, int, int] = (-1, -1, -1)
        self.drawing = asyncio.Lock()
        self.tab = self.view.tab
        self.language = ""
        self.shell = ui.element("div").classes("shell")
        self.build()
        ui.keyboard(on_key=self.key, ignore=["input", "select", "textarea"])
        ui.timer(0.12, self.refresh)

    @property
    def say(self) -> dict[str, str]:
        """Words of the language shown."""
        return words(self.view.language)

    @property
    def branch(self) -> Branch:
        """The branch shown."""
        return self.workshop.branch(self.view.branch)

    # --- building -----------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Everything that has words in it; made again when the language changes."""
        self.language = self.view.language
        self.shell.clear()
        with self.shell:
            with ui.element("header").classes("head"):
                self.header()
            with ui.element("main").classes("map"):
                self.map = CityMap(self.district_clicked)
                with ui.element("div").classes("layers"):
                    self.layers()
            with ui.element("aside").classes("side"):
                self.side()
            with ui.element("nav").classes("time"):
                self.timeline = Timeline(self.seek, self.moved, self.picked)
        self.seen = (-1, -1, -1)

    def header(self) -> None:
        """Time, branches, what is done with them."""
        say, w = self.say, self.workshop
        self.month = ui.label().classes("month").mark("month")
        ui.button(icon="skip_previous", on_click=lambda: self.seek(w.shown - 1)).props(
            f'flat aria-label="{say["back"]}"'
        )
        self.play = ui.button(icon="play_arrow", on_click=self.toggle).props(f'aria-label="{say["play"]}" data-do=play')
        ui.button(icon="skip_next", on_click=self.step).props(f'flat aria-label="{say["step"]}" data-do=step')
        ui.select(
            {s: f"{s:g}" for s in SPEEDS}, value=w.speed, label=say["speed"], on_change=lambda e: w.set_speed(e.value)
        ).props("dense options-dense").style("width:84px")
        inside = ui.element("div").classes("branches")
        self.branches: Rows[int, BranchButton] = Rows(inside, lambda number: BranchButton(self, number))
        ui.button(say["what_if"], icon="call_split", on_click=self.fork).props("data-do=fork outline")
        ui.button(icon="save", on_click=self.save).props(f'flat data-do=save aria-label="{say["save"]}"').tooltip(
            say["save"]
        )
        ui.button(icon="download", on_click=lambda: ui.download.from_url("/session.html")).props(
            f'flat data-do=export aria-label="{say["export"]}"'
        ).tooltip(say["export"])
        ui.button(icon="contrast", on_click=self.toggle_dark).props(f'flat data-do=dark aria-label="{say["dark"]}"')
        ui.button(say["language"], on_click=self.toggle_language).props("flat data-do=language")

    def layers(self) -> None:
        """What the map shows."""
        say, view = self.say, self.view
        streets = {"": say["none"]} | {n: say[LABEL_OF_LINK.get(n, n)] for n in LINK_NAMES}
        names = [n for n in FIRST if n in DISTRICT_NAMES] + [n for n in DISTRICT_NAMES if n not in FIRST]
        places = {"": say["none"]} | {n: indicator_label(n, view.language) for n in names}
        self.street = ui.select(
            streets, value=view.link, label=say["streets"], on_change=lambda e: view.change(link=e.value)
        ).props("dense options-dense borderless")
        self.place = ui.select(
            places, value=view.district, label=say["districts"], on_change=lambda e: view.change(district=e.value)
        ).props("dense options-dense borderless")
        self.against = (
            ui.select(
                {-1: say["nothing"]}, value=-1, label=say["against"], on_change=lambda e: view.change(against=e.value)
            )
            .props("dense options-dense borderless")
            .style("width:150px")
        )
        ui.checkbox(say["transit"], value=view.transit, on_change=lambda e: view.change(transit=e.value)).props("dense")
        ui.checkbox(say["sites"], value=view.sites, on_change=lambda e: view.change(sites=e.value)).props("dense")

    def side(self) -> None:
        """The panels."""
        makers: dict[str, Callable[[Any], Any]] = {
            "figures": FiguresPanel,
            "levers": LeversPanel,
            "people": PeoplePanel,
            "room": RoomPanel,
            "story": StoryPanel,
        }
        with ui.tabs(on_change=lambda e: self.view.change(tab=e.value)).props(
            "dense no-caps align=justify"
        ) as self.tabs:
            for name in TABS:
                ui.tab(name, label=self.say[name])
        self.panels = {}
        with (
            ui.tab_panels(self.tabs, value=self.view.tab)
            .classes("w-full")
            .style("background:transparent")
            .props("keep-alive")
        ):
            for name in TABS:
                with ui.tab_panel(name).classes("q-pa-none"):
                    self.panels[name] = makers[name](self)

    # --- drawing --------------------------------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Draw what has changed since the last look, one drawing after the other."""
        async with self.drawing:
            await self.draw()

    async def draw(self) -> None:
        """The map first: everything else waits until it has been drawn."""
        w, view = self.workshop, self.view
        now = (
            w.revision,
            view.revision,
            self.site.room.revision + sum(len(b.seeds) + b.finished for b in self.site.bands.values()),
        )
        if now == self.seen:
            return
        if self.language != view.language:
            self.build()
        self.seen = now
        view.settle(w)
        if self.dark.value != view.dark:
            self.dark.set_value(view.dark)
        self.month.set_text(month_text(w.shown, view.language))
        self.play.props(f"icon={'pause' if w.playing else 'play_arrow'}")
        self.draw_branches()
        against = view.against if view.against >= 0 else -1
        month = min(w.shown, self.branch.month)
        query = {
            "branch": view.branch,
            "against": against,
            "month": month,
            "link": view.link,
            "district": view.district,
            "at": w.decisions,
            "early": sum(w.early(n, month) for n in self.watched),  # districts follow when the month has been lived
        }
        drawn: dict[str, Any] = await run.io_bound(look, view, w) or {}
        await self.map.show(drawn, f"/map/values?{urlencode(query)}")
        self.timeline.show(timeline_plan(w, view))
        if self.tabs.value != view.tab:
            self.tabs.set_value(view.tab)
        if self.tab != view.tab:  # another panel begins at its top
            self.tab = view.tab
            ui.run_javascript("document.querySelector('.side').scrollTop = 0")
        for select, value in ((self.street, view.link), (self.place, view.district)):
            if select.value != value:
                select.set_value(value)
        waiting = self.panels[view.tab].refresh()
        if waiting is not None:
            await waiting

    def draw_branches(self) -> None:
        """A button for each branch."""
        w, view = self.workshop, self.view
        for one in self.branches.keep(w.branches).values():
            one.show()
        names = {-1: self.say["nothing"], **{n: branch_name(w, n, view.language) for n in w.branches}}
        if self.against.options != names:
            self.against.set_options(names, value=view.against)
        elif self.against.value != view.against:
            self.against.set_value(view.against)

    # --- commands -------------------------------------------------------------------------------------------------------

    async def do(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Carry out a command outside the event loop; a refusal is shown with its reason."""
        try:
            return await run.io_bound(work, *args, **more)
        except RebondError as error:
            why = f"{self.say['refused']}{self.say['colon']}{translated(str(error), self.view.language)}"
            ui.notify(why, type="warning", timeout=8000, multi_line=True, classes="big")
            return None

    @property
    def watched(self) -> list[int]:
        """Branches that the map shows."""
        return [n for n in (self.view.branch, self.view.against) if n >= 0]

    async def decide(self, command: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """A decision; the city answers with its next month, and this window draws it at once."""
        made = await self.do(self.workshop.answer, self.watched, command, *args, **more)
        if isinstance(made, Branch):
            self.view.change(branch=made.number)
        await self.refresh()
        return made

    async def edit(self, **edit: Any) -> None:
        """Edit the calendar of the branch shown."""
        await self.decide(self.workshop.edit, self.view.branch, **edit)

    async def step(self) -> None:
        """One month."""
        await self.do(self.workshop.advance, self.watched)
        await self.refresh()

    def toggle(self) -> None:
        """Play or pause."""
        self.workshop.play(not self.workshop.playing)

    async def seek(self, month: int) -> None:
        """Show a month lived."""
        await self.do(self.workshop.seek, month)
        await self.refresh()

    async def moved(self, name: str, start: int) -> None:
        """A bar has been dragged to another month."""
        item = current(self.branch.scenario, self.workshop.shown).get(name)
        if item is not None:
            await self.do(
                self.workshop.edit,
                self.view.branch,
                changes=[{**item, "start": f"{start // 12:04d}-{start % 12 + 1:02d}"}],
            )
            self.timeline.update()

    def picked(self, name: str) -> None:
        """A bar has been clicked."""
        self.view.change(chosen=name, tab="levers", picking=False)

    def district_clicked(self, district: int) -> None:
        """A district of the map: of the chosen measure's area while that is being picked, else looked at."""
        view = self.view
        if view.picking and district >= 0:
            area = [d for d in view.area if d != district] if district in view.area else [*view.area, district]
            view.change(area=area)
        else:
            view.change(place=-1 if district == view.place else district)

    async def fork(self) -> None:
        """What if, from the month shown."""
        number = sum(n > 1 for n in self.workshop.branches) + 1
        made = await self.do(self.workshop.fork, self.view.branch, f"{self.say['what_if']} {number}")
        if made is not None:
            self.view.change(branch=made.number, against=self.view.branch, tab="levers")
            await self.refresh()

    async def save(self) -> None:
        """The branch as a scenario file."""
        text = await self.do(self.workshop.saved, self.view.branch)
        if text is not None:
            ui.download.content(text, f"branch-{self.view.branch}.yaml")

    def toggle_dark(self) -> None:
        """Light or dark."""
        self.view.change(dark=not self.view.dark)

    def toggle_language(self) -> None:
        """English or French."""
        self.view.change(language="fr" if self.view.language == "en" else "en")

    async def key(self, event: KeyEventArguments) -> None:
        """Keys of the facilitator."""
        if not event.action.keydown or event.modifiers.ctrl or event.modifiers.meta or event.modifiers.alt:
            return
        name = event.key.name
        if name == " ":
            self.toggle()
        elif name == "ArrowRight" and not event.modifiers.shift:
            await (self.step() if self.workshop.shown >= self.workshop.lived else self.seek(self.workshop.shown + 1))
        elif name == "ArrowLeft" and not event.modifiers.shift:
            await self.seek(self.workshop.shown - 1)
        elif name.lower() == "w":
            await self.fork()
        elif name.lower() == "d":
            self.toggle_dark()
        elif name.lower() == "l":
            self.toggle_language()
        elif name in "12345":
            self.view.change(tab=TABS[int(name) - 1])


def share_changed(change: float) -> str:
    """ "−10 %", with its own minus sign and on one line."""
    return f"{100 * change:+.0f}\u202f%".replace("-", "−")


def timeline_plan(workshop: Workshop, view: View) -> dict[str, Any]:
    """What timeline.js draws for the branch shown."""
    branch = workshop.branch(view.branch)
    scenario, month = branch.scenario, min(workshop.shown, branch.month)
    calendar = [c for c in scenario.calendars() if c.start <= month + 1][-1]
    figures = branch.figures(month)
    bars = []
    for row, one in enumerate(calendar.measures):
        if one is None:
            continue
        known = figures is not None and row < len(figures.status)
        status = Status(int(figures.status[row])) if figures is not None and known else Status.PLANNED
        stopped = one.id in calendar.stopped or status == Status.STOPPED
        start = int(figures.start[row]) if figures is not None and known and status != Status.PLANNED else one.start
        movable = not (one.committed or stopped or view.branch == BASELINE) and status in (
            Status.PLANNED,
            Status.WAITING,
        )
        length = one.months or max(scenario.end - start + 1, 1)
        title = f"{one.id} · {kind_title(one.measure.kind, view.language)}"
        kind = "stopped" if stopped or (one.reserve and status == Status.PLANNED) else STATUS[status]
        bars.append({"id": one.id, "label": title, "start": start, "months": length, "movable": movable, "kind": kind})
    shocks = [
        {"label": kind_title(s.measure.kind, view.language), "start": s.start, "months": s.months or 600}
        for s in calendar.shocks
    ]
    targets = [
        {"by": t.by, "label": f"{indicator_label(t.indicator, view.language)} {share_changed(t.change)}"}
        for t in scenario.targets
    ]
    return {
        "start": scenario.start, "end": scenario.end, "shown": workshop.shown, "lived": workshop.lived, "bars": bars, "shocks": shocks,
        "targets": targets, "chosen": view.chosen, "words": {"months": [month_text(m, view.language).split()[0] for m in range(12)]},
    }  # fmt: skip
