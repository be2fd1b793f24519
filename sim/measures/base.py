"""What a measure is: validated data, what it changes (contributions to levers), and what it costs.

One file per family; every subclass of :class:`Measure` found in this package is a kind of measure a roadmap may contain.
Adding one is writing one class, nothing else changes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from sim.city.city import City
from sim.columns import Ints
from sim.measures.policies import Contribution
from sim.scenario.parameters import Parameters


@dataclass(frozen=True)
class Context:
    """What a measure may look at when it says what it changes."""

    city: City
    parameters: Parameters
    seed: int
    month: int
    start: int  #: month it starts, as the calendar stands now
    progress: float  #: share built or rolled out, 0..1
    scale: float  #: size against the roadmap as written
    districts: Ints  #: its area, resolved


class Measure(ABC):
    """A kind of measure. Fields and validation are declared by the scenario model (see sim/scenario)."""

    kind: ClassVar[str]  #: the name in YAML: cycle_network
    title: ClassVar[str]  #: "Cycle network"
    levers: ClassVar[tuple[str, ...]]  #: the levers it may contribute to
    sources: ClassVar[tuple[str, ...]]  #: evidence for its size and cost

    @abstractmethod
    def contributions(self, context: Context) -> Iterable[Contribution]:
        """What it adds to which levers this month."""
