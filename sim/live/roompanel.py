"""The panel of the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from sim import RunError
from sim.live.branch import Branch
from sim.live.proposals import Proposal, as_branch
from sim.live.roomrows import ProposalRow, RatingRow, VoteRow
from sim.live.rows import Rows
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
        self.heading = ui.label(say["proposals"]).classes("title big q-pt-sm")
        self.proposals: Rows[int, ProposalRow] = Rows(column(), lambda number: ProposalRow(self, number))
        self.measures: Rows[str, VoteRow] = Rows(column(), lambda name: VoteRow(page, name))
        self.ratings: Rows[int, RatingRow] = Rows(column(), lambda number: RatingRow(page, number))
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
        open_to_vote = {one.id: (row, one) for row, one in enumerate(page.branch.scenario.rows) if not one.committed}
        for name, drawn in self.measures.keep(open_to_vote).items():
            row, one = open_to_vote[name]
            think = float(frame.support[row]) if frame is not None and row < len(frame.support) else 50.0
            drawn.show(one, tally.get(name, (0, 0)), most, think)
        for number, rated in self.ratings.keep(n for n in ratings if n in page.workshop.branches).items():
            rated.show(*ratings[number])

    def draw_proposals(self) -> None:
        """What participants propose, the most wanted first, with what can be made of it."""
        found = {one.number: one for one in self.page.site.room.ranked()}
        self.heading.set_visibility(bool(found))
        for number, row in self.proposals.keep(found).items():
            row.show(found[number])

    def hide(self, one: Proposal) -> None:
        """Keep it from the phones, or not any more."""
        self.page.site.room.hide(one.number, not one.hidden)
        self.draw_proposals()

    async def make(self, one: Proposal) -> None:
        """A branch with the proposal from the next month on, beside the one shown; or that branch, once there is one."""
        page, parent = self.page, self.page.view.branch
        if one.branch in page.workshop.branches:
            page.view.change(branch=one.branch)
            return
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


def column() -> ui.element:
    """Where rows stand."""
    return ui.column().classes("w-full gap-1")


def qr(text: str) -> str:
    """A QR code as SVG, made here."""
    import segno

    return str(segno.make(text, error="m").svg_inline(scale=6, border=1))
