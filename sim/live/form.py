"""The form of a measure or a shock: its fields as text with units, as in a scenario file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim import kinds, shock_kinds
from sim.documents import fields_of
from sim.live.words import field_label, field_meaning, month_text

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
        known = (kinds() if word == "measure" else shock_kinds())[item[word]]
        own = fields_of(known)
        names = [n for n in own if not isinstance(item.get(n), dict)]
        common = [n for n in COMMON if n != "area" or known.local]
        self.inputs: dict[str, Any] = {}
        for name in [*names, *common]:
            self._field(name, str(item[word]), own[name].metadata["meaning"] if name in own else "")
        self.scaled = ""
        self.slider: ui.slider | None = None
        self._scale(names)
        self.area: tuple[bool, tuple[int, ...]] = (False, ())
        self.pick_button: Any = None
        with ui.row().classes("items-center"):
            if known.local and dialog is None:
                self.pick_button = ui.button(page.say["click_area"], icon="touch_app", on_click=self.pick)
                self.pick_button.props("outline dense data-do=pick-area")
            self.button = ui.button(page.say["happens"], on_click=self.apply).props("data-do=apply")
        self.follow(self.item)

    def _field(self, name: str, kind: str, meaning: str) -> None:
        language = self.page.view.language
        field = ui.input(field_label(name, language, kind), value=self._decided(name))
        field.classes("w-full").props(f'dense data-field="{name}"')
        if meaning:
            field.tooltip(field_meaning(kind, name, language))
        field.on("keydown.enter", self.apply)
        self.inputs[name] = field

    def _decided(self, name: str) -> str:
        """A field's text as it stands in the calendar."""
        return _text(self.item[name]) if name in self.item else ""

    def _scale(self, names: list[str]) -> None:
        """A slider over the first amount: 0 to 200 % of what stands in the calendar."""
        for name in names:
            if _amounts(self._decided(name)):
                self.scaled = name
                self.slider = ui.slider(min=0, max=200, step=5, value=100, on_change=self.scale)
                self.slider.props("label :label-value=\"value + ' %'\" dense").props(f'data-scale="{name}"')
                return

    def scale(self, event: Any) -> None:
        """The slider has been moved."""
        amounts = _amounts(self._decided(self.scaled))
        if amounts:
            text = ", ".join(f"{v * event.value / 100:.6g} {u}".strip() for v, u in amounts)
            self.inputs[self.scaled].set_value(text)

    # --- while it is open -------------------------------------------------------------------------------------------

    def follow(self, item: Mapping[str, Any]) -> None:
        """The item as decided by now: fields it changed are told, what is being typed in the others stays."""
        before = {name: self._decided(name) for name in self.inputs}
        self.item = dict(item)
        for name, field in self.inputs.items():
            now = self._decided(name)
            if now != before[name]:
                if name == self.scaled and self.slider is not None:
                    self.slider.set_value(100)
                field.set_value(now)
        self._follow_map()
        if self.word == "measure":  # from which month on it would hold
            page = self.page
            start = month_text(min(page.workshop.shown + 1, page.workshop.scenario.end), page.view.language)
            self.button.set_text(f"{page.say['apply']} {start}")

    def _follow_map(self) -> None:
        """Districts clicked on the map are the area."""
        view = self.page.view
        picked = (view.picking, tuple(view.area))
        if self.pick_button is None or picked == self.area:
            return
        began, self.area = not self.area[0], picked
        self.pick_button.props(
            add="unelevated" if view.picking else "outline", remove="outline" if view.picking else "unelevated"
        )
        if view.picking and (view.area or not began):
            self.inputs["area"].set_value(
                ", ".join(f"district:{d}" for d in sorted(view.area)) or self._decided("area")
            )

    def pick(self) -> None:
        """Districts are clicked on the map."""
        view = self.page.view
        view.change(picking=not view.picking, area=[])

    async def apply(self) -> None:
        """Carry it out from the next month on."""
        item = dict(self.item)
        for name, field in self.inputs.items():
            text = str(field.value or "").strip()
            if text == self._decided(name):
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


def _amounts(text: str) -> list[tuple[float, str]]:
    """The amounts of a field with their units, if it holds nothing else."""
    found = [_split(part) for part in text.split(", ")]
    return [one for one in found if one is not None] if None not in found else []


def _split(text: str) -> tuple[float, str] | None:
    head, _, unit = text.strip().partition(" ")
    if not unit and head.endswith("%"):
        head, unit = head[:-1], "%"
    try:
        return float(head), unit
    except ValueError:
        return None
