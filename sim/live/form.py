"""The form of a measure or a shock: its fields as text with units, as in a scenario file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim import kinds, shock_kinds
from sim.documents import fields_of
from sim.live.words import field_label, month_text

if TYPE_CHECKING:
    from sim.live.page import Page

#: Fields of every item that are edited, in order; a measure's own come first.
COMMON = ("start", "months", "area", "capex", "opex")


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
            self.button = ui.button(say["happens"], on_click=self.apply).props("data-do=apply")
            self.date()
        if page.view.picking and page.view.area and "area" in self.inputs:
            self.inputs["area"].set_value(", ".join(f"district:{d}" for d in sorted(page.view.area)))

    def date(self) -> None:
        """Say from which month on it would hold."""
        page = self.page
        if self.word == "measure":
            start = month_text(min(page.workshop.shown + 1, page.workshop.scenario.end), page.view.language)
            self.button.set_text(f"{page.say['apply']} {start}")

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
