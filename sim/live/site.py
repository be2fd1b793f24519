"""What one ``rebond live`` serves: the workshop once the city is awake, the room, the view, the codes."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sim import City, InputError, Kept, RebondError, Scenario
from sim.live.bands import Bands
from sim.live.geometry import geometry
from sim.live.rights import Rights
from sim.live.room import Room
from sim.live.view import View
from sim.live.workshop import Workshop

#: Citizens simulated from which a branch is given all cores: with fewer, threads cost as much as they spare.
MANY = 100_000


@dataclass
class Site:
    """Everything the pages share."""

    scenario: Scenario
    path: Path
    rights: Rights
    address: str  #: where participants reach it
    share: float | None
    kept: Kept | None = None
    workshop: Workshop | None = None
    shape: bytes = b""
    room: Room = field(default_factory=Room)
    view: View = field(default_factory=View)
    bands: dict[int, Bands] = field(default_factory=dict)
    error: str = ""
    awake: threading.Event = field(default_factory=threading.Event)

    def wake(self, open_city: Callable[[], tuple[City, Kept]]) -> None:
        """Bring the city to life (on a thread of its own; the page is served meanwhile)."""
        try:
            made, self.kept = open_city()
            self.shape = geometry(made)
            many = made.districts.population.sum() * (self.share or self.scenario.share) > MANY
            threads = (os.cpu_count() or 1) if many else 1  # of a branch, beside the other branches
            self.workshop = Workshop.open(self.path, self.scenario, made, self.share, threads, self.kept)
        except InputError as error:
            self.error = str(error)
        except RebondError as error:
            self.error = str(error)
        except Exception as error:  # noqa: BLE001 - the page must say what happened, whatever it was
            traceback.print_exc()
            self.error = f"{type(error).__name__}: {error}"
        self.awake.set()

    def compute_bands(self, number: int) -> None:
        """Live other seeds of a branch in the background."""
        if self.workshop is None or (number in self.bands and not self.bands[number].finished):
            return
        branch = self.workshop.branch(number)
        made = Bands(branch.scenario, self.workshop.shown)
        self.bands[number] = made
        threading.Thread(target=made.live, args=(self.workshop.city, self.kept), name="bands", daemon=True).start()

    def close(self) -> None:
        """End every thread."""
        for bands in self.bands.values():
            bands.close()
        self.awake.wait(timeout=30.0)
        if self.workshop is not None:
            self.workshop.close()
