"""The two components of the page that are ours: map and timeline, plain JavaScript beside this file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

#: Panels wait this long for the map, which is to be drawn first [s].
PATIENCE = 0.5


class CityMap(ui.element, component="mapview.js", dependencies=["citymap.js"]):
    """The map: ``look`` says what is drawn, two addresses of this server give shape and values."""

    def __init__(self, on_district: Callable[[int], Any]) -> None:
        super().__init__()
        self._props["look"], self._props["geometry"], self._props["values"] = {}, "/map/geometry", ""
        self._props["inset"] = 64  # the choice of layers
        self._drawn = asyncio.Event()
        self.on("district", lambda e: on_district(_whole(e)))
        self.on("drawn", self._drawn.set)

    async def show(self, look: dict[str, Any], values: str) -> None:
        """Draw this. Returns when the browser has drawn new values, or is too slow or too far away to say so."""
        new = values != self._props["values"]
        if look == self._props["look"] and not new:
            return
        self._props["look"], self._props["values"] = look, values
        self._drawn.clear()
        self.update()
        if new:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drawn.wait(), PATIENCE)


class Timeline(ui.element, component="timeline.js"):
    """Months and measures as bars."""

    def __init__(
        self, on_seek: Callable[[int], Any], on_moved: Callable[[str, int], Any], on_picked: Callable[[str], Any]
    ) -> None:
        super().__init__()
        self._props["plan"] = {
            "start": 0,
            "end": 11,
            "shown": 0,
            "lived": 0,
            "bars": [],
            "shocks": [],
            "targets": [],
            "words": {"months": []},
        }
        self.on("seek", lambda e: on_seek(_whole(e)))
        self.on("moved", lambda e: on_moved(str(e.args["id"]), int(e.args["start"])))
        self.on("picked", lambda e: on_picked(str(e.args)))

    def show(self, plan: dict[str, Any]) -> None:
        """Draw this."""
        if plan != self._props["plan"]:
            self._props["plan"] = plan
            self.update()


def _whole(event: GenericEventArguments) -> int:
    found = event.args
    return int(found[0] if isinstance(found, list) else found)
