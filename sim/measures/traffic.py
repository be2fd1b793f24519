"""Measures on how traffic runs: adaptive signals, park-and-ride places, streets at school gates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.city.city import City
from sim.codes import RoadClass
from sim.columns import Ints
from sim.measures.base import Context, Measure
from sim.measures.policies import Contribution
from sim.scenario.fields import Number, Quantity, item
from sim.units import SHARE

#: Share of the morning peak hour during which a street at a school gate is closed (assumption: half an hour at each bell).
BELL = 0.5
#: Speed at the gate in the other half [km/h].
WALKING_SPEED = 20.0


@dataclass(frozen=True, kw_only=True)
class TrafficSignalControl(Measure):
    """Signals that follow the traffic they see."""

    kind: ClassVar[str] = "traffic_signal_control"
    title: ClassVar[str] = "Adaptive traffic signals"
    card: ClassVar[str] = (
        "Junctions of main streets are equipped over the months. There each hour of green lets more vehicles through (signal_capacity), so "
        "that queues shorten; part of the gain is driven away by those whom the shorter times draw to the car. Sensors and controllers use "
        "electricity and cost upkeep by the junction."
    )
    levers: ClassVar[tuple[str, ...]] = ("capacity_factor", "data_use")
    sources: ClassVar[tuple[str, ...]] = (
        "Hunt et al. (1982), Traffic Engineering & Control 23: SCOOT cut delays by about 12 % against good fixed plans",
        "Cerema: upkeep of a signal junction of the order of 1,000 to 3,000 € a year (order of magnitude: assumption)",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.25
    expected_others: ClassVar[float] = 0.0

    share: float = item(Quantity(SHARE, 0.0, 1.0), "share of the area's main-street junctions equipped in the end")

    def empty(self) -> bool:
        return self.share == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        done = min(1.0, self.share * context.scale) * context.progress
        rows, junctions = self._rows(context)
        if not len(rows) or done == 0.0:
            return
        yield Contribution("capacity_factor", 1.0 + context.parameters["signal_capacity"] * done, rows)
        yield Contribution("data_use", junctions * done * context.parameters["signal_electricity"] / 12.0 / 1000.0)

    def yearly_cost(self, context: Context) -> float:
        done = min(1.0, self.share * context.scale) * context.progress
        return self._rows(context)[1] * done * context.parameters["signal_upkeep"]

    @staticmethod
    def _rows(context: Context) -> tuple[Ints, int]:
        """Links of main streets in the area, and the junctions they lead to."""
        a = context.city.links
        rows = np.flatnonzero((a.road_class == RoadClass.MAJOR) & np.isin(a.district, context.districts))
        return rows, len(np.unique(a.head[rows]))


@dataclass(frozen=True, kw_only=True)
class ParkAndRide(Measure):
    """More places at the stops where commuters change from car to transit."""

    kind: ClassVar[str] = "park_and_ride"
    title: ClassVar[str] = "Park-and-ride places"
    card: ClassVar[str] = (
        "Places are added to the city's park-and-rides in proportion to those they have. Commuters from outside who found them full leave "
        "the car there and go on by transit."
    )
    levers: ClassVar[tuple[str, ...]] = ("park_ride_places",)
    sources: ClassVar[tuple[str, ...]] = (
        "Parkhurst (2000), Transport Policy 7: park-and-ride takes cars off inner roads and adds some kilometres outside",
        "Cerema: 5,000 to 20,000 € a place (order of magnitude: assumption); the price is the item's capex",
    )
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.1
    expected_others: ClassVar[float] = 0.1

    places: int = item(Number(0, 100_000, whole=True), "places added in all")

    def empty(self) -> bool:
        return self.places == 0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("park_ride_places", self.places * context.scale * context.progress)

    def yearly_cost(self, context: Context) -> float:
        return self.places * context.scale * context.progress * context.parameters["park_ride_upkeep"]


@dataclass(frozen=True, kw_only=True)
class SchoolStreets(Measure):
    """Streets at school gates closed to cars around the bell."""

    kind: ClassVar[str] = "school_streets"
    title: ClassVar[str] = "School streets"
    card: ClassVar[str] = (
        "In the most lived-in places of the area, one for each school, the local street is closed to cars for half of the peak hour and "
        "slow in the rest: it carries half as many cars, and cycling on it is as on a track. Cars go round it."
    )
    levers: ClassVar[tuple[str, ...]] = ("capacity_factor", "speed_limit", "cycle_level")
    sources: ClassVar[tuple[str, ...]] = (
        "Davis (2020), School Street Closures and Traffic Displacement (Edinburgh Napier University): fewer cars at gates, no dangerous "
        "displacement in 16 cases",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = -0.1
    expected_others: ClassVar[float] = 0.25

    schools: int = item(Number(0, 2000, whole=True), "schools whose street is closed in the end")

    def empty(self) -> bool:
        return self.schools == 0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        edges = _gates(context.city, context.districts)[: round(self.schools * context.scale * context.progress)]
        rows = np.flatnonzero(np.isin(context.city.links.edge, edges))
        if len(rows):
            yield Contribution("capacity_factor", 1.0 - BELL, rows)
            yield Contribution("speed_limit", WALKING_SPEED, rows)
            yield Contribution("cycle_level", 2.0, rows)

    def too_much(self, city: City, districts: Ints) -> Iterator[tuple[str, str, str]]:
        room = len(_gates(city, districts))
        if self.schools > room and len(districts):
            yield "schools", f"{self.schools}", f"at most {room}: local streets at the area's places"


def _gates(city: City, districts: Ints) -> Ints:
    """A local street piece at each place of the area, the most lived-in places first; each piece once."""
    a, cells = city.links, city.cells
    local = np.flatnonzero(a.road_class == RoadClass.MINOR)
    first = np.full(len(city.nodes), np.iinfo(np.int64).max)
    np.minimum.at(first, a.tail[local], a.edge[local].astype(np.int64))
    mine = np.flatnonzero(np.isin(cells.district, districts))
    order = mine[np.argsort(-cells.residents[mine], kind="stable")]
    edges = first[cells.node[order]]
    edges = edges[edges < np.iinfo(np.int64).max]
    _, where = np.unique(edges, return_index=True)
    return edges[np.sort(where)]
