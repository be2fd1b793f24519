"""Measures on streets and cars: cycle network, low-emission zone, speed limit, parking price, charging points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.city.city import City
from sim.city.corridors import corridors
from sim.codes import CritAir, RoadClass
from sim.columns import Floats, Ints
from sim.measures.base import Context, Measure
from sim.measures.drawn import matched
from sim.measures.policies import Contribution
from sim.scenario.drawn import AUTO, Drawn, Lines
from sim.scenario.fields import Choice, Dated, Number, OneOrMany, Quantity, item
from sim.units import LENGTH, PRICE_PER_HOUR, SHARE, SPEED

#: Sections of a network open once a quarter, when they are complete.
QUARTER = 3


@dataclass(frozen=True, kw_only=True)
class CycleNetwork(Measure):
    """Separate cycle tracks along corridors."""

    kind: ClassVar[str] = "cycle_network"
    title: ClassVar[str] = "Cycle network"
    card: ClassVar[str] = (
        "Separate tracks open section by section, each quarter, along corridors chosen by the rule of sim/city/corridors.py, or along "
        "drawn lines, each followed by the streets nearest to it. On those links, and only there, cycling stress falls, so perceived "
        "cycling times fall."
    )
    levers: ClassVar[tuple[str, ...]] = ("cycle_level",)
    sources: ClassVar[tuple[str, ...]] = (
        "Toulouse cycle express network: 370 km, 250 M€ (Ville Rail & Transports, Mediacités, Toulouse Métropole)",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = -0.15
    expected_others: ClassVar[float] = 0.3

    length: float | None = item(
        Quantity(LENGTH, 0.0, 2000.0), "tracks built in all; drawn lines: all of them by default", None
    )
    lines: str | Drawn = item(Lines(), "where the tracks go, in order of opening", AUTO)
    level: int = item(Number(1, 2, whole=True), "1 painted lane, 2 separate track", 2)

    def empty(self) -> bool:
        return self.length == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        edges, km = self._sections(context.city, context.districts)
        length = self.length if self.length is not None else float(km[-1]) if len(km) else 0.0
        done = 1.0 if context.progress >= 1.0 else _whole_quarters(context) / max(context.months, 1)
        open_edges = edges[km <= length * context.scale * done + 1e-9]
        if len(open_edges):
            yield Contribution("cycle_level", float(self.level), np.isin(context.city.links.edge, open_edges))

    def too_much(self, city: City, districts: Ints) -> Iterator[tuple[str, str, str]]:
        if isinstance(self.lines, Drawn):
            yield from _not_here(city, self.lines, motor=False)
        _, km = self._sections(city, districts)
        room = float(km[-1]) if len(km) else 0.0
        allowed = f"at most {room:.0f} km: all {'lines' if self.lines != AUTO else 'corridors'} of the area without such tracks"
        if self.length is None and self.lines == AUTO:
            yield "length", "nothing", allowed
        elif self.length is not None and self.length > room and len(districts):
            yield "length", f"{self.length:g} km", allowed

    def _sections(self, city: City, districts: Ints) -> tuple[Ints, Floats]:
        """Street pieces of the area's corridors in order of opening, cumulated km; streets with such a track are passed over."""
        edges, km = matched(city, self.lines)[:2] if isinstance(self.lines, Drawn) else corridors(city)
        a = city.links
        open_to = (a.cycle_level < self.level) & np.isin(a.district, districts)
        kept = np.isin(edges, a.edge[open_to])
        return (edges, km) if kept.all() else (edges[kept], np.cumsum(np.diff(km, prepend=0.0)[kept]))


def _not_here(city: City, lines: Drawn, *, motor: bool) -> Iterator[tuple[str, str, str]]:
    """Faults of drawn lines that the city has no streets for."""
    for _, what in matched(city, lines, motor).faults:
        yield "lines", what, "lines along the city's streets"


def _whole_quarters(context: Context) -> int:
    return round(context.progress * context.months) // QUARTER * QUARTER


@dataclass(frozen=True, kw_only=True)
class LaneClosure(Measure):
    """Lanes taken from motor traffic, up to whole streets."""

    kind: ClassVar[str] = "lane_closure"
    title: ClassVar[str] = "Lane closure"
    card: ClassVar[str] = (
        "The streets of the lines, or of the area and classes, lose that many lanes in each direction, and their share of capacity. "
        "A street without lanes left is closed to motor traffic: cars go round it, and those whose only way it is leave the car at its "
        "edge, at the cost of closed_street_access. Transit, bicycles and walking go on."
    )
    levers: ClassVar[tuple[str, ...]] = ("lanes_closed",)
    sources: ClassVar[tuple[str, ...]] = (
        "Cairns, Atkins & Goodwin (2002), Disappearing traffic? The story so far, Municipal Engineer 151: 70 cases",
    )
    local: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = -0.4
    expected_others: ClassVar[float] = 0.2

    lines: Drawn | None = item(
        Lines(auto=False), "the streets, drawn; without them, those of the area and classes", None
    )
    lanes: str = item(Choice(("1", "2", "3", "4", "all")), "lanes closed in each direction", "1")
    roads: tuple[str, ...] = item(OneOrMany(Choice(("highway", "major", "minor"))), "road classes", ("minor", "major"))

    def empty(self) -> bool:
        return False

    def contributions(self, context: Context) -> Iterable[Contribution]:
        a = context.city.links
        classes = [RoadClass[name.upper()] for name in self.roads]
        where = np.isin(a.district, context.districts) & np.isin(a.road_class, classes)
        if self.lines is not None:
            where &= np.isin(a.edge, matched(context.city, self.lines, motor=True).edges)
        closed = float(a.lanes.max()) if self.lanes == "all" else float(self.lanes)
        if where.any():
            yield Contribution("lanes_closed", closed * context.scale, where)

    def too_much(self, city: City, districts: Ints) -> Iterator[tuple[str, str, str]]:
        if self.lines is not None:
            yield from _not_here(city, self.lines, motor=True)
        elif len(districts) == city.n_districts:
            yield "lines", "nothing, and no area", "lines, or an area smaller than the city"


@dataclass(frozen=True, kw_only=True)
class LowEmissionZone(Measure):
    """Cars, vans and trucks kept out by their air-quality sticker."""

    kind: ClassVar[str] = "low_emission_zone"
    title: ClassVar[str] = "Low-emission zone"
    card: ClassVar[str] = (
        "From the dates given, vehicles with the banned sticker or worse may not enter, leave or move in the area; a share "
        "complies. Their owners change mode, use another car of the household, replace the car or give it up."
    )
    levers: ClassVar[tuple[str, ...]] = ("car_ban", "van_ban")
    sources: ClassVar[tuple[str, ...]] = (
        "Toulouse low-emission zone: dates and area (actu-environnement, France Bleu)",
    )
    local: ClassVar[bool] = True
    default_area: ClassVar[str] = "lez"
    expected_drivers: ClassVar[float] = -0.6
    expected_others: ClassVar[float] = 0.25

    vehicles: tuple[tuple[int, tuple[str, ...]], ...] = item(
        Dated(OneOrMany(Choice(("car", "van", "truck", "all")))), "which vehicles, from when"
    )
    bans: tuple[tuple[int, str], ...] = item(
        Dated(Choice(("unclassified", "crit_air_5", "crit_air_4", "crit_air_3", "crit_air_2"))),
        "the best sticker still banned, from when",
    )
    compliance: float = item(Quantity(SHARE, 0.0, 1.0), "share of the banned that stay out", 0.9)

    def empty(self) -> bool:
        return self.compliance == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        kinds = {k for m, names in self.vehicles for k in names if m <= context.month}
        level = [name for month, name in self.bans if month <= context.month]
        if not level or not kinds:
            return
        worst = CritAir.UNCLASSIFIED if level[-1] == "unclassified" else CritAir(int(level[-1][-1]))
        banned = np.ix_(np.arange(worst, len(CritAir)), context.districts)
        if kinds & {"car", "all"}:
            yield Contribution("car_ban", min(1.0, self.compliance * context.scale), banned)
        if kinds & {"van", "truck", "all"}:
            yield Contribution("van_ban", min(1.0, self.compliance * context.scale), banned)


@dataclass(frozen=True, kw_only=True)
class SpeedLimit(Measure):
    """A lower speed limit on the streets of an area."""

    kind: ClassVar[str] = "speed_limit"
    title: ClassVar[str] = "Speed limit"
    card: ClassVar[str] = (
        "The links of the area and classes run at the limit at most; slower cars make other modes compare better."
    )
    levers: ClassVar[tuple[str, ...]] = ("speed_limit",)
    sized: ClassVar[bool] = False
    sources: ClassVar[tuple[str, ...]] = ("Cerema (2020), Toward the 30 km/h city: limits of 30 km/h on most streets",)
    local: ClassVar[bool] = True
    default_area: ClassVar[str] = "centre"
    expected_drivers: ClassVar[float] = -0.3
    expected_others: ClassVar[float] = 0.2

    speed: float = item(Quantity(SPEED, 10.0, 130.0), "the limit")
    roads: tuple[str, ...] = item(OneOrMany(Choice(("highway", "major", "minor"))), "road classes", ("minor", "major"))

    def empty(self) -> bool:
        return False

    def contributions(self, context: Context) -> Iterable[Contribution]:
        a = context.city.links
        classes = [RoadClass[name.upper()] for name in self.roads]
        yield Contribution(
            "speed_limit", self.speed, np.isin(a.district, context.districts) & np.isin(a.road_class, classes)
        )


@dataclass(frozen=True, kw_only=True)
class ParkingPrice(Measure):
    """A higher price for parking at the destination."""

    kind: ClassVar[str] = "parking_price"
    title: ClassVar[str] = "Parking price"
    card: ClassVar[str] = (
        "Car trips that end in the area cost the added price for a mean paid time; the metropole receives it."
    )
    levers: ClassVar[tuple[str, ...]] = ("parking_price",)
    sources: ClassVar[tuple[str, ...]] = ("Mean paid parking time: registry, parking_paid_hours (assumption)",)
    local: ClassVar[bool] = True
    default_area: ClassVar[str] = "centre"
    expected_drivers: ClassVar[float] = -0.5
    expected_others: ClassVar[float] = 0.05

    price: float = item(Quantity(PRICE_PER_HOUR, 0.0, 20.0), "price added")

    def empty(self) -> bool:
        return self.price == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        amount = self.price * context.scale * context.parameters["parking_paid_hours"]
        yield Contribution("parking_price", amount, context.districts)


@dataclass(frozen=True, kw_only=True)
class EvCharging(Measure):
    """Public charging points."""

    kind: ClassVar[str] = "ev_charging"
    title: ClassVar[str] = "EV charging points"
    card: ClassVar[str] = (
        "Points open in proportion to the area's cars; more points near home make electric cars more convenient."
    )
    levers: ClassVar[tuple[str, ...]] = ("chargers",)
    sources: ClassVar[tuple[str, ...]] = (
        "AVERE France, barometer of charging points (national density, see registry)",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.15
    expected_others: ClassVar[float] = 0.05

    points: int = item(Number(0, 100_000, whole=True), "points opened in all")

    def empty(self) -> bool:
        return self.points == 0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        cars = context.city.districts.cars[context.districts].astype(np.float64)
        share = cars / max(cars.sum(), 1.0)
        yield Contribution("chargers", self.points * context.scale * context.progress * share, context.districts)
