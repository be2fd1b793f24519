"""Measures on transit: a new line, more frequent service, fares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.city.city import City
from sim.codes import TransitMode
from sim.columns import Ints
from sim.measures.base import Context, Measure
from sim.measures.policies import Contribution
from sim.scenario.fields import OneOrMany, Quantity, Text, item
from sim.units import SHARE

#: Least headway against today that a scaled measure may reach.
SHORTEST = 0.05
_MODES = tuple(m.name.lower() for m in TransitMode)


def _number(name: str) -> str:
    """What the directions and branches of a timetable's line share: "L1" of "L1 → Basso Cambo"."""
    return name.split(" → ")[0]


@dataclass(frozen=True, kw_only=True)
class TransitLine(Measure):
    """A planned line of the city opens."""

    kind: ClassVar[str] = "transit_line"
    title: ClassVar[str] = "Transit line"
    card: ClassVar[str] = (
        "When it is built, the planned line runs at its own frequency and joins the network of lines and stops."
    )
    levers: ClassVar[tuple[str, ...]] = ("line_added",)
    sized: ClassVar[bool] = False
    sources: ClassVar[tuple[str, ...]] = ("Metro line C: 27 km, 21 stations, 3.2 G€, end of 2028 (Tisséo)",)
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.1
    expected_others: ClassVar[float] = 0.5

    line: str = item(Text(80), "name of a planned line of the city")

    def empty(self) -> bool:
        return False

    def contributions(self, context: Context) -> Iterable[Contribution]:
        if context.progress >= 1.0:
            yield Contribution("line_added", 1.0, context.city.line_names.index(self.line))

    def unknown_names(self, city: City) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        planned = tuple(n for n, on in zip(city.line_names, city.lines.running.tolist(), strict=True) if not on)
        if self.line not in planned:
            yield "line", self.line, planned


@dataclass(frozen=True, kw_only=True)
class TransitFrequency(Measure):
    """Shorter times between vehicles."""

    kind: ClassVar[str] = "transit_frequency"
    title: ClassVar[str] = "Transit frequency"
    card: ClassVar[str] = "The headways of the lines change by the given share: waits get shorter, capacity grows."
    levers: ClassVar[tuple[str, ...]] = ("headway_factor",)
    sources: ClassVar[tuple[str, ...]] = ("Balcombe et al. (2004), TRL593: effect of service level on demand",)
    expected_drivers: ClassVar[float] = 0.05
    expected_others: ClassVar[float] = 0.35

    lines: tuple[str, ...] = item(OneOrMany(Text(80)), "lines by name, or metro, tram, bus, cable, rail")
    headway: float = item(Quantity(SHARE, -0.9, 2.0), "change of the time between vehicles: -20%")

    def empty(self) -> bool:
        return self.headway == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution(
            "headway_factor", max(SHORTEST, 1.0 + self.headway * context.scale), self._rows(context.city)
        )

    def _rows(self, city: City) -> Ints:
        rows = [i for i, name in enumerate(city.line_names) if {name, _number(name)} & set(self.lines)]
        modes = [TransitMode[n.upper()] for n in self.lines if n in _MODES]
        return np.union1d(np.array(rows, np.int64), np.flatnonzero(np.isin(city.lines.mode, modes)))

    def unknown_names(self, city: City) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        known = (*_MODES, *dict.fromkeys(_number(name) for name in city.line_names), *city.line_names)
        for name in self.lines:
            if name not in known:
                yield "lines", name, known


@dataclass(frozen=True, kw_only=True)
class TransitFare(Measure):
    """Cheaper or dearer fares, down to free transit."""

    kind: ClassVar[str] = "transit_fare"
    title: ClassVar[str] = "Transit fare"
    card: ClassVar[str] = "Single fares and passes change by the given share; the transit authority's revenue follows."
    levers: ClassVar[tuple[str, ...]] = ("fare_factor",)
    sources: ClassVar[tuple[str, ...]] = (
        "Montpellier free transit 2023: +23.7 % trips on 2019, about 30 M€ a year (press)",
    )
    expected_others: ClassVar[float] = 0.3

    change: float = item(Quantity(SHARE, -1.0, 1.0), "change of fares: -100% is free transit")

    def empty(self) -> bool:
        return self.change == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("fare_factor", max(0.0, 1.0 + self.change * context.scale))
