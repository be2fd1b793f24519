"""The panel of the story: presets, a guided story, the session's journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from sim.live.rows import Rows
from sim.live.sentences import spoken
from sim.live.story import PRESETS, STEPS, apply_preset, told
from sim.live.workshop import Note

if TYPE_CHECKING:
    from sim.live.page import Page

#: Lines of the journal on the page.
LINES = 30


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
                ui.button(told(preset.title, page.view.language), on_click=lambda name=name: self.preset(name)).props(
                    f"outline data-preset={name}"
                )
        ui.label(say["keys"]).classes("soft q-pt-md")
        ui.label(say["journal"]).classes("title big q-pt-md")
        self.lines: dict[int, Note] = {}
        inside = ui.column().classes("w-full gap-0")
        self.journal: Rows[int, Line] = Rows(inside, lambda key: Line(self.lines[key], page.view.language))
        self.show()

    def go(self, by: int) -> None:
        """Another step."""
        self.step = min(max(self.step + by, 0), len(STEPS) - 1)
        self.show()

    def show(self) -> None:
        """The step's words, and what it has the page show."""
        step = STEPS[self.step]
        self.text.set_text(f"{self.step + 1}/{len(STEPS)}  {told(step.text, self.page.view.language)}")
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
        self.lines = {id(note): note for note in reversed(self.page.workshop.journal[-LINES:])}
        self.journal.keep(self.lines)


class Line:
    """One line of the journal."""

    def __init__(self, note: Note, language: str) -> None:
        self.note = note  # held, so that no other note takes its identity
        self.box = ui.label(" · ".join(part for part in spoken(note, language) if part))
