"""What the model answers to prices and times, as elasticities beside published ones.

One population of the embedded year in the world of the calibration; everybody reconsiders several times, roads and lines settle each
time. Homes, jobs, cars and licences stay, so figures are to be compared with short-run ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.city.city import City
from sim.codes import Carrier, Mode, TransitMode
from sim.columns import Floats
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State, Traffic
from sim.systems.mobility.calibrate import make_state, zone_of_2023
from sim.systems.mobility.costs import FITTED_MONTH
from sim.systems.mobility.system import MobilitySystem

ROUNDS = 4
GAP = 1e-3
CAR, TRANSIT = Mode.CAR, Mode.TRANSIT


@dataclass(frozen=True)
class Elasticity:
    """A figure of the model and what was published."""

    change: str
    effect: str
    model: float
    low: float  #: of published values
    high: float
    source: str


@dataclass(frozen=True)
class Question:
    """A change by a factor, its effects, and what was published of each."""

    change: str
    factor: float
    contributions: Callable[[City, Parameters], Sequence[Contribution]]
    city: Callable[[City], City]
    effects: Sequence[tuple[str, Callable[[City, Traffic], float], float, float, str]]


def _car_km(_: City, t: Traffic) -> float:
    return float(t.trip_km[:, CAR].sum())


def _car_trips(_: City, t: Traffic) -> float:
    return float(t.trips[:, CAR].sum())


def _transit_trips(_: City, t: Traffic) -> float:
    return float(t.trips[:, TRANSIT].sum())


def _boardings(*modes: TransitMode) -> Callable[[City, Traffic], float]:
    return lambda city, t: float(t.line_boardings[np.isin(city.lines.mode, modes)].sum())


def _paid_districts(city: City, p: Parameters) -> Sequence[Contribution]:
    """Parking doubled where it is paid."""
    d = city.districts
    paid = np.flatnonzero((d.population + d.jobs) / d.area > p["paid_parking_density"])
    return [Contribution("parking_price", p["parking_price_centre"], paid)]


def _slower(city: City) -> City:
    """Rides from stop to stop a tenth longer."""
    stops = city.line_stops.copy()
    stops.run_time[:] = stops.run_time * 1.1
    return replace(city, line_stops=stops)


def _same(city: City) -> City:
    return city


def _fuel(_: City, __: Parameters) -> Sequence[Contribution]:
    return [Contribution("energy_price_factor", 1.2, np.array([Carrier.PETROL, Carrier.DIESEL]))]


PAULLEY = "Paulley et al. (2006), Transport Policy 13"
GOODWIN = "Goodwin, Dargay & Hanly (2004), Transport Reviews 24: -0.10, and studies around it"
QUESTIONS = (
    Question("fuel price", 1.2, _fuel, _same, (("car km", _car_km, -0.17, -0.05, GOODWIN),)),
    Question(
        "transit fare", 1.2, lambda _, __: [Contribution("fare_factor", 1.2)], _same,
        (("transit trips", _transit_trips, -0.6, -0.1, f"{PAULLEY}: bus -0.4, metro -0.3, studies"),),
    ),
    Question(
        "ride time of transit", 1.1, lambda _, __: [], _slower,
        (("transit trips", _transit_trips, -0.6, -0.4, "Balcombe et al. (2004), TRL593: in-vehicle time of urban buses"),),
    ),
    Question(
        "frequency of all lines", 1.2, lambda _, __: [Contribution("headway_factor", 1.0 / 1.2)], _same,
        (
            ("bus boardings", _boardings(TransitMode.BUS), 0.1, 0.7, f"{PAULLEY}: vehicle-km of buses +0.4, studies"),
            ("transit trips", _transit_trips, 0.1, 0.7, f"{PAULLEY}: vehicle-km of buses +0.4, studies"),
        ),
    ),
    Question(
        "parking price where paid", 2.0, _paid_districts, _same,
        (("car trips, all", _car_trips, -0.08, 0.0, "a share of all trips ends where parking is paid; there -0.1 to -0.3 (TRACE 1999)"),),
    ),
    Question(
        "road capacity", 1.1, lambda _, __: [Contribution("capacity_factor", 1.1)], _same,
        (("car km", _car_km, 0.0, 0.16, "Hymel, Small & Van Dender (2010), Transportation Research B 44: about 0.16 in the long run"),),
    ),
)  # fmt: skip


def elasticities(city: City, share: float = 0.05, threads: int = 1) -> tuple[Elasticity, ...]:
    """Arc elasticities ln(effect) / ln(change) of a calibrated city at a share of its population."""
    p = Parameters()
    state = make_state(city, p, FITTED_MONTH, share)
    MobilitySystem(city, p, Trends(FITTED_MONTH), gap=GAP, threads=threads).begin(state)
    base = _lived(city, p, state, [], threads)
    out = []
    for q in QUESTIONS:
        other = q.city(city)
        found = _lived(other, p, state, q.contributions(city, p), threads)
        for effect, figure, low, high, source in q.effects:
            change = np.log(figure(other, found) / figure(city, base)) / np.log(q.factor)
            out.append(Elasticity(q.change, effect, round(float(change), 3), low, high, source))
    return tuple(out)


def _lived(city: City, p: Parameters, begun: State, contributions: Sequence[Contribution], threads: int) -> Traffic:
    """The world of the calibration after everybody has reconsidered several times under these changes."""
    system, state = MobilitySystem(city, p, Trends(FITTED_MONTH), gap=GAP, threads=threads), begun.copy()
    policies = _with_zone(city, contributions)
    state.traffic.supply = np.zeros(0)
    for _ in range(ROUNDS):
        system.reconsider(state, policies)
    return state.traffic


def _with_zone(city: City, contributions: Sequence[Contribution]) -> Policies:
    ban: Floats = zone_of_2023(city).car_ban
    return compose([Contribution("car_ban", ban), *contributions], axis_sizes(city, 0))


def table(found: Sequence[Elasticity]) -> list[str]:
    """Lines of a plain table."""
    lines = [f"{'change':26} {'effect':16} {'model':>7}  {'published':>14}  source"]
    return lines + [
        f"{e.change:26} {e.effect:16} {e.model:7.2f}  {e.low:6.2f} .. {e.high:4.2f}  {e.source}" for e in found
    ]
