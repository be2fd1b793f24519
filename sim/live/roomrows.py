"""What the panel of the room lists: proposals, votes for measures, ratings of branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from sim import Item
from sim.live.proposals import Proposal, told
from sim.live.view import branch_name
from sim.live.words import decimal, kind_title

if TYPE_CHECKING:
    from sim.live.page import Page
    from sim.live.roompanel import RoomPanel

#: Colours of votes for and against, and the widest bar [pixels].
FOR, AGAINST, WIDEST = "#0072b2", "#d55e00", 120


class ProposalRow:
    """A proposal, its votes, and what the facilitator can do with it."""

    def __init__(self, panel: RoomPanel, number: int) -> None:
        self.panel, self.one = panel, panel.page.site.room.proposals[number]
        self.box = ui.element("div").classes("lever w-full").props(f"data-proposal={number}")
        with self.box:
            self.title = ui.label(self.one.title).classes("big").style("overflow-wrap:anywhere")
            self.what = ui.label().classes("soft")
            with ui.row().classes("items-center no-wrap"):
                self.votes = ui.label().classes("col")
                self.hider = ui.button("", on_click=lambda: panel.hide(self.one))
                self.hider.props("flat dense data-do=hide-proposal")
                self.maker = ui.button("", on_click=lambda: panel.make(self.one))
                self.maker.props("dense data-do=proposal-branch")

    def show(self, one: Proposal) -> None:
        """As it stands."""
        page, say = self.panel.page, self.panel.page.say
        self.one = one
        self.title.classes(add="soft" if one.hidden else "", remove="" if one.hidden else "soft")
        self.what.set_text(told(one, page.workshop.city.district_names, page.view.language, say["everywhere"]))
        up, down = one.tally
        self.votes.set_text(f"{up} {say['for']} · {down} {say['con']}")
        self.hider.set_text(say["show_again" if one.hidden else "hide"])
        made = one.branch in page.workshop.branches
        self.maker.set_text(say["shown_as"] if made else say["as_branch"])
        self.maker.props(add="outline" if made else "unelevated", remove="unelevated" if made else "outline")


class VoteRow:
    """A measure's votes, beside what the simulated citizens think of it."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.box = ui.element("div").classes("lever w-full")
        self.bars, self.counts = [], []
        with self.box:
            self.title = ui.label().classes("big")
            with ui.row().classes("items-center no-wrap").style("gap:6px"):
                for colour in (FOR, AGAINST):
                    self.bars.append(ui.element("div").style(f"height:14px;background:{colour};border-radius:4px"))
                    self.counts.append(ui.label())
            self.think = ui.label().classes("soft")

    def show(self, one: Item, votes: tuple[int, int], most: int, think: float) -> None:
        """As counted."""
        say, language = self.page.say, self.page.view.language
        self.title.set_text(f"{kind_title(one.measure.kind, language)} · {one.id}")
        for bar, count, n, word in zip(self.bars, self.counts, votes, (say["for"], say["con"]), strict=True):
            bar.style(f"width:{2 + WIDEST * n / most:.0f}px")
            count.set_text(f"{n} {word}")
        self.think.set_text(f"{say['support']}{say['colon']}{think:.0f} %")


class RatingRow:
    """A branch's mean rating."""

    def __init__(self, page: Page, number: int) -> None:
        self.page, self.number = page, number
        self.box = ui.label().classes("big")

    def show(self, mean: float, count: int) -> None:
        """As counted."""
        say, language = self.page.say, self.page.view.language
        name = branch_name(self.page.workshop, self.number, language)
        self.box.set_text(f"{say['rating']} {name}{say['colon']}{decimal(mean, 1, language)} / 5 ({count})")
