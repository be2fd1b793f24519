"""Rows that stay where they are while months pass and decisions are answered: a click, a focus or a tooltip meant for one of them is not
lost because the page was drawn meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, Protocol, TypeVar

from nicegui import ui


class Row(Protocol):
    """Whatever fills one element of the page."""

    @property
    def box(self) -> ui.element:
        """That element."""
        ...


K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=Row)


class Rows(Generic[K, R]):
    """One row of ``inside`` for each key. Those whose key is still wanted are kept, and told what they show by their owner."""

    def __init__(self, inside: ui.element, make: Callable[[K], R]) -> None:
        self.inside, self.make = inside, make
        self.made: dict[K, R] = {}

    def keep(self, keys: Iterable[K]) -> dict[K, R]:
        """The rows of these keys, in this order; the others are taken away."""
        wanted = list(dict.fromkeys(keys))
        for key in self.made.keys() - set(wanted):
            self.made.pop(key).box.delete()
        for key in wanted:
            if key not in self.made:
                with self.inside:
                    self.made[key] = self.make(key)
        self._sort(wanted)
        return {key: self.made[key] for key in wanted}

    def _sort(self, wanted: list[K]) -> None:
        """Move only what stands elsewhere than wanted: what moves may lose the focus."""
        standing = self.inside.default_slot.children
        for at, key in enumerate(wanted):
            box = self.made[key].box
            if standing[at] is not box:
                box.move(target_index=at)


def mark(box: ui.element, chosen: bool) -> None:
    """Show that this is the one looked at, or no longer."""
    box.classes(add="chosen" if chosen else "", remove="" if chosen else "chosen")
