"""Bands around headline figures: the same branch and baseline with other seeds, lived in the background, paired draw by draw.

The band of a figure is two standard deviations over the seeds of (branch minus baseline), the sampling noise of the workshop's share;
with so few seeds it is rough, and says how many there were.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from sim import City, Kept, Scenario, both_worlds
from sim.live.arrays import Floats

SEEDS = 4


@dataclass
class Bands:
    """Differences by seed: (months, indicators) each, from the scenario's first month on."""

    scenario: Scenario
    until: int
    seeds: list[Floats] = field(default_factory=list)
    finished: bool = False
    error: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)

    def half_width(self, month: int, indicator: int) -> float | None:
        """Half of the band in a month, if two seeds have been lived that far."""
        row = month - self.scenario.start
        values = [s[row, indicator] for s in self.seeds if 0 <= row < len(s)]
        return float(2.0 * np.std(values, ddof=1)) if len(values) > 1 else None

    def close(self) -> None:
        """Stop after the month being lived."""
        self._stop.set()

    def live(self, city: City, kept: Kept | None) -> None:
        """Live all seeds (on the caller's thread)."""
        try:
            for k in range(1, SEEDS + 1):
                found = self._one(city, self.scenario.seed + k, kept)
                if found is None:
                    return
                self.seeds.append(found)
        except Exception as error:  # noqa: BLE001 - a background figure must not end the workshop; the page says it
            self.error = f"{type(error).__name__}: {error}"
        self.finished = True

    def _one(self, city: City, seed: int, kept: Kept | None) -> Floats | None:
        worlds = both_worlds(self.scenario, city, seed=seed, share=self.scenario.share, gap=1e-4, kept=kept)
        rows = []
        while worlds[0].state.month < self.until:
            if self._stop.is_set():
                return None
            for model in worlds:
                model.step()
            first, second = (np.array(list(model.latest().values())) for model in worlds)
            rows.append(first - second)
        return np.array(rows)
