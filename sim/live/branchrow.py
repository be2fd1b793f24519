"""The button of a branch, with the one that closes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from sim.live.rows import mark
from sim.live.sentences import translated
from sim.live.view import branch_name
from sim.live.workshop import ROADMAP

if TYPE_CHECKING:
    from sim.live.page import Page

#: Longest name on a button; the tooltip has all of it.
LONGEST = 24


class BranchButton:
    """Chooses the branch that is shown."""

    def __init__(self, page: Page, number: int) -> None:
        self.page, self.number = page, number
        self.box = ui.element("div").classes("branch")
        with self.box:
            self.button = ui.button("", on_click=lambda: page.view.change(branch=number))
            self.button.props(f"no-wrap data-branch={number}")
            with self.button:
                self.whole = ui.tooltip()
            if number > ROADMAP:
                self.end = ui.button(icon="close", on_click=lambda: page.do(page.workshop.close_branch, number))
                self.end.props(f'flat dense aria-label="{page.say["close"]}" data-close={number}')

    def show(self) -> None:
        """Its name, whether it is the one shown, whether it has ended."""
        view, w = self.page.view, self.page.workshop
        name, branch, shown = (
            branch_name(w, self.number, view.language),
            w.branches[self.number],
            self.number == view.branch,
        )
        self.button.set_text(name if len(name) <= LONGEST else name[: LONGEST - 2] + "…")
        self.button.props(add="unelevated" if shown else "outline", remove="outline" if shown else "unelevated")
        self.button.props(f"aria-pressed={'true' if shown else 'false'}")
        self.whole.set_text(branch.name if self.number == ROADMAP else name)
        mark(self.box, shown)
        if branch.error:
            self.button.props("color=negative")
            self.whole.set_text(
                f"{name} {self.page.say['ended']}{self.page.say['colon']}{translated(branch.error, view.language)}"
            )
        if self.number > ROADMAP:
            self.end.set_visibility(shown)
