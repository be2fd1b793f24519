"""Bicycles on streets, added up when somebody looks at them: trips are of the month, ways only of what is built."""

from __future__ import annotations

import threading

import numpy as np

from sim import BikeWays, City, Parameters
from sim.live.arrays import Floats
from sim.live.history import Frame
from sim.live.layers import MONTHLY

#: Ways remembered: of a branch and of what it is compared to, and those before.
MOST_WAYS = 3


class Bikes:
    """Flows of bicycles of any month, on any branch of a city."""

    def __init__(self, city: City, parameters: Parameters) -> None:
        self.city, self.parameters = city, parameters
        self.lock = threading.Lock()
        self.ways: dict[bytes, BikeWays] = {}

    def flow(self, frame: Frame) -> Floats:
        """(L,) bicycles a day of a month whose maps are held."""
        assert frame.links is not None
        assert frame.bikes is not None
        level = frame.links[MONTHLY.index("cycle")]
        key = np.asarray(level, np.int8).tobytes()
        with self.lock:
            ways = self.ways.pop(key, None) or BikeWays(self.city, level.astype(np.float64), self.parameters)
            self.ways[key] = ways  # the last looked at goes last
            while len(self.ways) > MOST_WAYS:
                del self.ways[next(iter(self.ways))]
        return ways.flow(frame.bikes.astype(np.float64))
