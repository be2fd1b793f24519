"""What a measure is: validated fields, what it changes (contributions to levers), whom it touches.

One file per family; every subclass of :class:`Measure` or :class:`Shock` in this package is a kind that a roadmap may
contain. Adding one is writing one class, nothing else changes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
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
    month: int
    start: int  #: month it starts, as the calendar stands now
    months: int  #: months it takes to build, or during which it runs
    progress: float  #: share built or rolled out, 0..1
    scale: float  #: size against the roadmap as written
    districts: Ints  #: its area, resolved
    ids: tuple[str, ...] = ()  #: of the scenario's measures, in the order of levers by measure


@dataclass(frozen=True, kw_only=True)
class Measure(ABC):
    """A kind of measure: a frozen dataclass whose fields are declared with ``scenario.fields.item``.

    ``works`` measures are built over their months and stay; the others run from their start for their months (to the end of
    the roadmap if none are given).
    """

    kind: ClassVar[str]  #: the name in YAML: cycle_network
    title: ClassVar[str]  #: "Cycle network"
    card: ClassVar[str]  #: how it acts, in a few sentences
    levers: ClassVar[tuple[str, ...]]  #: the levers it contributes to
    sources: ClassVar[tuple[str, ...]]  #: evidence for its size and cost
    works: ClassVar[bool] = False
    sized: ClassVar[bool] = True  #: has a size that can be scaled (Context.scale)
    local: ClassVar[bool] = False  #: acts in its area; all others act on the whole city and take no area
    default_area: ClassVar[str] = "all"
    expected_drivers: ClassVar[float] = 0.0  #: what drivers expect before they lived it, -1 loss .. 1 gain (assumption)
    expected_others: ClassVar[float] = 0.0  #: what everybody else expects (assumption)

    @abstractmethod
    def contributions(self, context: Context) -> Iterable[Contribution]:
        """What it adds to which levers this month."""

    @abstractmethod
    def empty(self) -> bool:
        """True if its amount is zero, so that it can change nothing."""

    def yearly_cost(self, context: Context) -> float:
        """Running cost beyond the item's ``opex`` that follows from its own fields [€ a year]."""
        return 0.0

    def mentions(self) -> Iterator[tuple[str, str]]:
        """(field, id) of each other measure of the scenario that it names."""
        return iter(())

    def unknown_names(self, city: City) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """(field, name, allowed names) of each name that this city does not know."""
        return iter(())

    def too_much(self, city: City, districts: Ints) -> Iterator[tuple[str, str, str]]:
        """(field, what is asked, what is possible) of each amount that this city has no room for."""
        return iter(())


@dataclass(frozen=True, kw_only=True)
class Shock(Measure):
    """What happens to the city without anybody's plan; costs nobody, is nobody's merit."""

    works: ClassVar[bool] = False


def every_subclass(kind: type[Measure]) -> Iterator[type[Measure]]:
    """All concrete measures below ``kind``."""
    for child in kind.__subclasses__():
        if "kind" in child.__dict__:
            yield child
        yield from every_subclass(child)
