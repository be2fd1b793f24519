"""What an indicator is, and what its formula may look at."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from sim.city.city import City
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State

T = TypeVar("T")


@dataclass(frozen=True)
class Snapshot:
    """One lived month, read-only by agreement."""

    city: City
    state: State
    policies: Policies
    parameters: Parameters
    trends: Trends
    found: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)  #: by :meth:`once`

    def once(self, what: Callable[..., T], *arguments: Hashable) -> T:
        """``what(self, *arguments)``, worked out for the first indicator that asks: several count the same people."""
        key = (what, *arguments)
        if key not in self.found:
            self.found[key] = what(self, *arguments)
        return cast("T", self.found[key])


@dataclass(frozen=True)
class Indicator:
    """One indicator: its formula is the only place where it is computed."""

    name: str
    label: str
    unit: str
    direction: int  #: +1 more is better, -1 less is better, 0 neither
    period: str  #: "month", "average working day", "morning peak hour", "at month's end"
    domain: str  #: mobility, energy, economy, society, municipality, people
    meaning: str
    formula: Callable[[Snapshot], float]
    by_district: Callable[[Snapshot], npt.NDArray[np.float64]] | None = None
