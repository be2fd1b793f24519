"""The panels of the room and of the story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from sim import RunError
from sim.live.branch import Branch
from sim.live.proposals import Proposal, as_branch, told
from sim.live.story import PRESETS, STEPS, apply_preset
from sim.live.words import kind_title
from sim.live.workshop import Workshop

if TYPE_CHECKING:
    from sim.live.page import Page


class RoomPanel:
    """How participants join, what they voted beside what the simulated citizens think, and the winning plan."""

    def __init__(self, page: Page) -> None:
        self.page = page
        site, say = page.site, page.say
        if site.rights.share:
            ui.label(say["join"]).classes("title big q-pt-sm")
            code = ui.html(qr(f"{site.address}/room?code={site.rights.room}"), sanitize=False)
            code.style("width:230px;background:#fff;padding:8px;border-radius:8px")
            ui.label(f"{site.address.removeprefix('http://')}/room").classes("big").classes("big").style(
                "font-weight:700"
            )
            ui.label(f"{say['code']}{say['colon']}{site.rights.room}").classes("big").style("font-weight:700")
        else:
            ui.label(say["not_shared"]).classes("soft q-pt-sm")
            ui.label(f"{site.address.removeprefix('http://')}/room").classes("big")
        self.count = ui.label().classes("title big").mark("voters")
        self.proposals = ui.column().classes("w-full gap-1")
        self.drawn: tuple[int, tuple[int, ...]] = (-1, ())
        self.box = ui.column().classes("w-full gap-1")
        with ui.row():
            ui.button(say["apply_plan"], on_click=self.apply).props("data-do=apply-plan")
            self.gate = ui.button(say["close_votes"], on_click=self.toggle).props("outline dense")
            ui.button(say["reset_votes"], on_click=self.page.site.room.reset).props("flat dense")

    def refresh(self) -> None:
        """Count again."""
        page, room, say = self.page, self.page.site.room, self.page.say
        self.count.set_text(f"{say['voters']}{say['colon']}{room.voters()}")
        self.draw_proposals()
        self.gate.set_text(say["close_votes"] if room.open else say["open_votes"])
        frame = page.branch.figures(min(page.workshop.shown, page.branch.month))
        tally, ratings = room.tally(), room.mean_ratings()
        most = max([1, *(max(pair) for pair in tally.values())])
        self.box.clear()
        with self.box:
            for row, one in enumerate(page.branch.scenario.rows):
                if one.committed:
                    continue
                up, down = tally.get(one.id, (0, 0))
                think = float(frame.support[row]) if frame is not None and row < len(frame.support) else 50.0
                with ui.element("div").classes("lever w-full"):
                    ui.label(f"{kind_title(one.measure.kind, page.view.language)} · {one.id}").classes("big")
                    with ui.row().classes("items-center no-wrap").style("gap:6px"):
                        for n, colour, word in ((up, "#0072b2", say["for"]), (down, "#d55e00", say["con"])):
                            ui.element("div").style(
                                f"height:14px;width:{2 + 120 * n / most:.0f}px;background:{colour};border-radius:4px"
                            )
                            ui.label(f"{n} {word}")
                    ui.label(f"{say['support']}{say['colon']}{think:.0f} %").classes("soft")
            for n, (mean, count) in ratings.items():
                if n in page.workshop.branches:
                    ui.label(f"{say['rating']} {page.workshop.branches[n].name}: {mean:.1f} / 5 ({count})").classes(
                        "big"
                    )

    def draw_proposals(self) -> None:
        """What participants propose, the most wanted first, with what can be made of it."""
        page, say, language = self.page, self.page.say, self.page.view.language
        key = (page.site.room.revision, tuple(page.workshop.branches))
        if key == self.drawn:  # what is about to be clicked stays where it is
            return
        self.drawn = key
        self.proposals.clear()
        found = page.site.room.ranked()
        if not found:
            return
        with self.proposals:
            ui.label(say["proposals"]).classes("title big q-pt-sm")
            for one in found:
                with ui.element("div").classes("lever w-full").props(f"data-proposal={one.number}"):
                    ui.label(one.title).classes("big" + (" soft" if one.hidden else "")).style("overflow-wrap:anywhere")
                    ui.label(told(one, page.workshop.city.district_names, language, say["everywhere"])).classes("soft")
                    up, down = one.tally
                    with ui.row().classes("items-center no-wrap"):
                        ui.label(f"{up} {say['for']} · {down} {say['con']}").classes("col")
                        ui.button(
                            say["show_again" if one.hidden else "hide"],
                            on_click=lambda p=one: self.hide(p.number, not p.hidden),
                        ).props("flat dense data-do=hide-proposal")
                        made = one.branch in page.workshop.branches
                        ui.button(
                            say["shown_as"] if made else say["as_branch"],
                            on_click=lambda p=one: (
                                self.page.view.change(branch=p.branch)
                                if p.branch in self.page.workshop.branches
                                else self.make(p)
                            ),
                        ).props(f"{'outline' if made else 'unelevated'} dense data-do=proposal-branch")

    def hide(self, number: int, hidden: bool) -> None:
        """Keep it from the phones, or not."""
        self.page.site.room.hide(number, hidden)
        self.draw_proposals()

    async def make(self, one: Proposal) -> None:
        """A branch with the proposal from the next month on, beside the one shown."""
        page, parent = self.page, self.page.view.branch
        made = await page.decide(as_branch, page.workshop, parent, one)
        if made is not None:
            page.view.change(against=parent, tab="figures")

    def toggle(self) -> None:
        """Open or close the votes."""
        room = self.page.site.room
        room.open = not room.open
        room.revision += 1
        self.refresh()

    async def apply(self) -> None:
        """A branch with what the room wants, as far as the budget carries it."""
        page = self.page
        made = await page.decide(
            winning_plan, page.workshop, page.view.branch, page.site.room.tally(), page.say["votes"]
        )
        if made is not None:
            page.view.change(tab="levers")


def winning_plan(workshop: Workshop, number: int, tally: dict[str, tuple[int, int]], name: str) -> Branch:
    """Fork, and withdraw every measure with more votes against than for."""
    parent = workshop.branch(number)
    rejected = [
        one.id
        for one in parent.scenario.rows
        if not one.committed and tally.get(one.id, (0, 0))[1] > tally.get(one.id, (0, 0))[0]
    ]
    if not tally:
        raise RunError("nobody has voted yet")
    branch = workshop.fork(number, f"{name} {sum(up + down for up, down in tally.values())}")
    stopped = parent.scenario.calendars()[-1].stopped
    if [r for r in rejected if r not in stopped]:
        workshop.edit(branch.number, stop=[r for r in rejected if r not in stopped])
    return branch


def qr(text: str) -> str:
    """A QR code as SVG, made here."""
    import segno

    return str(segno.make(text, error="m").svg_inline(scale=6, border=1))


class StoryPanel:
    """Presets, a guided story step by step, and the session's journal."""

    def __init__(self, page: Page) -> None:
        self.page = page
        say = page.say
        self.step = 0
        ui.label(say["story"]).classes("title big q-pt-sm")
        self.text = ui.label().classes("big").style("min-height:6em")
        with ui.row():
            ui.button(say["previous"], on_click=lambda: self.go(-1)).props("outline")
            ui.button(say["next"], on_click=lambda: self.go(1)).props("data-do=story-next")
        ui.label(say["presets"]).classes("title big q-pt-md")
        with ui.row():
            for name, preset in PRESETS.items():
                ui.button(preset.title[page.view.language], on_click=lambda name=name: self.preset(name)).props(
                    f"outline data-preset={name}"
                )
        ui.label(say["keys"]).classes("soft q-pt-md")
        ui.label(say["journal"]).classes("title big q-pt-md")
        self.journal = ui.column().classes("w-full gap-0")
        self.show()

    def go(self, by: int) -> None:
        """Another step."""
        self.step = min(max(self.step + by, 0), len(STEPS) - 1)
        self.show()

    def show(self) -> None:
        """The step's words, and what it has the page show."""
        step = STEPS[self.step]
        self.text.set_text(f"{self.step + 1}/{len(STEPS)}  {step.text[self.page.view.language]}")
        if step.view and self.step:
            self.page.view.change(**step.view)

    async def preset(self, name: str) -> None:
        """A branch with a preset's measures."""
        page, parent = self.page, self.page.view.branch
        made = await page.decide(apply_preset, page.workshop, parent, name, page.view.language)
        if made is not None:
            page.view.change(against=parent, tab="figures")

    def refresh(self) -> None:
        """The last lines of the journal."""
        self.journal.clear()
        with self.journal:
            for note in reversed(self.page.workshop.journal[-30:]):
                ui.label(f"{note.clock} · {note.month} · {note.branch}: {note.text}")
