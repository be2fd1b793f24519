"""Mode constants: fitted to the shares observed in one year, checked on another.

A city with facts of its own brings its survey (``survey.toml``, kept in ``city.facts["survey"]``); all others take Toulouse's:

Fitted: the shares of 2023 (EMC², Tisséo/AUAT) - car by ring (31, 64, 74, 71 %), and walking, transit and cycling in the proportions
26 : 12 : 4 - in the world of 2023 with its prices and its low-emission zone; transit for 37 % of the ways to school and university in
another district, as in 2013 (EMD); 22.5 % of the employed at home some days. Predicted, not fitted: trip lengths, and the shares of
2013 with the prices and the car ownership of 2013, no zone and no telework. The constants are found by the contraction
c += ln(observed / model) (Berry 1994, RAND Journal of Economics 25), which is exact for a logit. docs/mobility.md says what the
prediction of 2013 explains and what it does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.agents.population import populate
from sim.agents.tables import Incomers
from sim.city.city import City
from sim.codes import Activity, CritAir, Errand, Mode, Party, Purpose, Ring, RoadUser
from sim.columns import Floats
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.months import parse_month
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import Economy, Energy, Society, State, Townhall, Traffic
from sim.systems.mobility import choice, cordon, demand, freight, incomers, tours
from sim.systems.mobility.costs import FITTED_MONTH

PREDICTED_MONTH = parse_month("2013-05")
#: Observed in 2023 by ring of residence [share of all trips].
CAR_BY_RING = np.array([0.31, 0.64, 0.74, 0.71])
#: Observed in 2023 over the survey: transit, cycling, walking; only their proportions are used.
OTHERS = {Mode.TRANSIT: 0.12, Mode.BIKE: 0.04, Mode.WALK: 0.26}
#: Ways to school and university by transit, 2013; taken for 2023 too, and for those between districts (assumption: inside a district
#: nobody rides in the model, so over all ways the figure cannot be met).
STUDY_BY_TRANSIT = 0.37
#: Employed people who work at home some days: managers 52.2, intermediate 19.4, employees 8.5, workers 0.2 % (INSEE, enquête Emploi
#: 2022), weighed by the groups of the metropole (RP 2019).
AT_HOME = 0.225
#: Observed in 2013 over that year's 179 communes, where the car had 52 % in 2023 (EMC² 2023).
OBSERVED_2013 = {"car": 0.60, "transit": 0.13, "walk": 0.22, "car_2023_same_perimeter": 0.52}


@dataclass(frozen=True)
class Survey:
    """What constants are fitted to; the defaults are Toulouse's."""

    month: int = FITTED_MONTH  #: of the prices, and of the telework
    car_by_ring: tuple[float, ...] = tuple(CAR_BY_RING)  #: share of all trips by ring of residence
    transit: float = OTHERS[Mode.TRANSIT]  #: of transit, cycling and walking only the proportions are used
    bike: float = OTHERS[Mode.BIKE]
    walk: float = OTHERS[Mode.WALK]
    study_by_transit: float = STUDY_BY_TRANSIT
    at_home: float = AT_HOME
    banned: tuple[int, ...] = tuple(range(CritAir.C4, len(CritAir)))  #: stickers kept out of the zone in that month
    earlier: bool = True  #: a survey of 2013 is there to predict


def survey_of(city: City) -> Survey:
    """The survey that the city's facts bring, Toulouse's where they bring none."""
    known = city.facts.get("survey")
    if not known:
        return Survey()
    return Survey(
        month=parse_month(known["month"]), car_by_ring=tuple(known["car_by_ring"]), transit=known["transit"], bike=known["bike"],
        walk=known["walk"], study_by_transit=known["study_by_transit"], at_home=known["at_home"],
        banned=tuple(CritAir[name.upper()] for name in known["banned_stickers"]), earlier=False,
    )  # fmt: skip


#: Cars per household in 2013 over those of 2023 (EMD and EMC²).
CARS_2013 = 1.26 / 1.18
ROUNDS, DAMPING = 24, 0.8
SHARE, SEED = 0.03, 20230501
BANNED = 0.9  # compliance with the zone of 2023 (as in the shipped roadmap: assumption)


def calibrate_modes(city: City, threads: int = 1) -> dict[str, Any]:
    """Fit ``city.prepared["mode_constants"]`` (errands, rings, 5) and ``["hour_constants"]`` (errands,), and keep the roads' equilibrium
    and the times perceived for later runs to begin with; the report goes to ``city.facts["mode_calibration"]``."""
    from sim.systems.mobility.system import AT_ONCE, PERCEIVED, MobilitySystem

    parameters, seen = Parameters(), survey_of(city)
    asc = np.zeros((len(Errand), len(Ring), 5)), np.zeros(len(Errand))
    system = MobilitySystem(city, parameters, Trends(seen.month), gap=1e-3, threads=threads)
    system.constants = asc
    state = make_state(city, parameters, seen.month)
    policies = zone_of_2023(city)
    city.prepared[incomers.CONSTANTS] = np.zeros(2)
    system.begin(state)
    for _ in range(ROUNDS):
        _improve(city, parameters, asc, state, seen)
        _improve_outside(city, parameters, state)
        setting = system._choose(state, policies, everybody=True, first=True)
        system.live_through(state, setting, AT_ONCE)
    fitted = _shares(city, state)
    lengths = state.traffic.trip_km.sum(axis=0) / np.maximum(state.traffic.trips.sum(axis=0), 1e-300)
    city.prepared["mode_constants"], city.prepared["hour_constants"] = asc
    city.prepared["road_solver"], city.prepared["road_solver_index"] = state.traffic.solver, state.traffic.solver_index
    city.prepared.update({name: getattr(state.traffic, name).copy() for name in PERCEIVED})
    city.facts["mode_calibration"] = {
        "fitted": {
            "year": seen.month // 12,
            "by_ring": fitted.round(4).tolist(),
            "asked_car_by_ring": list(seen.car_by_ring),
        },
        "all_2023": _all(state),
        "at_home": round(at_home(state), 4),
        "at_peak": {e.name.lower(): round(at_peak(state, e), 4) for e in Errand},
        "study_by_transit": round(float(to_study(state)[Mode.TRANSIT]), 4),
        "incomers": dict(zip(("car", "train", "park_and_ride"), incomers.shares(state).round(4).tolist(), strict=True)),
        "trip_km_2023": dict(zip(("car", "transit", "bike", "walk"), lengths.round(2).tolist(), strict=True)),
    }
    if seen.earlier:
        city.facts["mode_calibration"] |= {
            "observed_trip_km_2013": {"car": 7.0, "transit": 8.0, "bike": 3.0, "walk_2023": 0.86},
            "predicted": {"year": 2013, "all": _predict(city, parameters, asc, threads), "observed": OBSERVED_2013},
        }
    return dict(city.facts["mode_calibration"])


def _improve(city: City, p: Parameters, constants: tuple[Floats, Floats], state: State, seen: Survey) -> None:
    """One step of the contraction: car by ring, transit and bicycle everywhere against walking, transit to places of study, hours."""
    asc, off = constants
    for errand in Errand:
        model, wanted = at_peak(state, errand), p[f"peak_tours_{errand.name.lower()}"]
        if 0.0 < model < 1.0:
            off[errand] += DAMPING * p["hours_nest"] * (_logit(model) - _logit(wanted))
    shares = _shares(city, state)
    present = state.traffic.trips.sum(axis=1)
    for ring in range(len(Ring)):
        if present[city.districts.ring == ring].sum() <= 0.0:
            continue
        model, wanted = np.clip(shares[ring, Mode.CAR], 0.01, 0.99), seen.car_by_ring[ring]
        asc[:, ring, Mode.CAR] += DAMPING * (_logit(wanted) - _logit(model))
    trips = state.traffic.trips.sum(axis=0)
    for mode, observed in ((Mode.TRANSIT, seen.transit), (Mode.BIKE, seen.bike)):
        if trips[mode] > 0.0 and trips[Mode.WALK] > 0.0:  # no constant makes a mode that does not exist
            model = trips[mode] / trips[Mode.WALK]
            asc[:, :, mode] += DAMPING * np.log(observed / seen.walk / model)
    study = to_study(state)[Mode.TRANSIT]
    if study > 0.0:
        asc[Errand.EDUCATION, :, Mode.TRANSIT] += DAMPING * (_logit(seen.study_by_transit) - _logit(min(study, 0.99)))
    asc[Errand.WORK, :, Mode.TELEWORK] += DAMPING * (
        _logit(seen.at_home) - _logit(float(np.clip(at_home(state), 0.01, 0.99)))
    )


def _improve_outside(city: City, p: Parameters, state: State) -> None:
    """One step for the commuters from outside: train and park-and-ride against the car; what counts leave for through traffic."""
    car = p["incomer_car_share"]
    wanted = np.array([p["incomer_train_share"], max(0.001, 1.0 - car - p["incomer_train_share"])])
    found = incomers.shares(state)
    there = found[1:] > 0.0
    step = np.log(np.where(there, wanted / car / np.maximum(found[1:] / max(found[0], 1e-300), 1e-300), 1.0))
    city.prepared[incomers.CONSTANTS] = city.prepared[incomers.CONSTANTS] + DAMPING * np.clip(step, -2.0, 2.0)
    if cordon.COUNTS in city.prepared:
        policies = zone_of_2023(city)
        cars = incomers.coming(city, state, p, policies).cars
        counts, group = tours.tours(state, p, policies), choice.garage(state, policies).group
        others = freight.hourly(city, state, p, policies)
        others[:, [RoadUser.CAR, RoadUser.CAR_KEPT_OUT]] += cars + demand.residents(city, state, p, counts, group)
        city.prepared[cordon.THROUGH] = cordon.passing(city, others)


def at_home(state: State) -> float:
    """Share of the employed who work at home some days."""
    c = state.citizens
    employed = c.alive & (c.activity == Activity.EMPLOYED)
    return float(c.weight[employed & (c.telework_days > 0.0)].sum() / max(float(c.weight[employed].sum()), 1e-300))


def at_peak(state: State, errand: Errand) -> float:
    """Share of a purpose's tours by car and transit that are made at peak hours."""
    c, mode = state.citizens, tours.mode(state, errand)
    moves = tours.makes(state, errand) & ((mode == Mode.CAR) | (mode == Mode.TRANSIT))
    peak = moves & ~tours.off_peak(state, errand)
    return float(c.weight[peak].sum() / max(float(c.weight[moves].sum()), 1e-300))


def to_study(state: State) -> Floats:
    """(4,) shares of the modes on main tours to another district of those who do not work."""
    c = state.citizens
    study = c.alive & (c.main_district >= 0) & (c.main_district != c.district) & (c.activity != Activity.EMPLOYED)
    study &= c.main_mode >= 0
    found = np.bincount(c.main_mode[study], weights=c.weight[study], minlength=4)[:4]
    return np.asarray(found / max(float(found.sum()), 1e-300))


def _logit(share: float) -> float:
    return float(np.log(share / (1.0 - share)))


def _shares(city: City, state: State) -> Floats:
    """(rings, 4) shares of trips by ring of residence."""
    trips = state.traffic.trips
    by_ring = np.stack([trips[city.districts.ring == r].sum(axis=0) for r in range(len(Ring))])
    return np.asarray(by_ring / np.maximum(by_ring.sum(axis=1, keepdims=True), 1e-300))


def _all(state: State) -> dict[str, float]:
    trips = state.traffic.trips.sum(axis=0)
    return dict(zip(("car", "transit", "bike", "walk"), (trips / trips.sum()).round(4).tolist(), strict=True))


def _predict(city: City, parameters: Parameters, asc: tuple[Floats, Floats], threads: int) -> dict[str, float]:
    """Shares of 2013 with the constants of 2023: prices and car ownership of 2013, no zone, and no telework (rare then)."""
    from sim.systems.mobility.system import MobilitySystem

    districts = city.districts.copy()
    districts.cars[:] = np.round(districts.cars * CARS_2013)
    city = replace(city, districts=districts)
    state = make_state(city, parameters, PREDICTED_MONTH)
    state.firms.telework[:] = 0.0
    system = MobilitySystem(city, parameters, Trends(PREDICTED_MONTH), gap=1e-3, threads=threads)
    system.constants = asc
    system.begin(state)
    return _all(state)


def zone_of_2023(city: City) -> Policies:
    """The low-emission zone in the month of the survey; Toulouse's of 2023: Crit'Air 4, 5 and unclassified."""
    stickers = np.array(survey_of(city).banned, np.int64)
    if not len(stickers):
        return compose([], axis_sizes(city, 0))
    where = np.ix_(stickers, np.asarray(city.areas.get("lez", np.zeros(0, np.int64)), np.int64))
    return compose([Contribution("car_ban", BANNED, where)], axis_sizes(city, 0))


def make_state(city: City, parameters: Parameters, month: int, share: float = SHARE) -> State:
    """A population of the city at a month, blocks of the systems empty."""
    people = populate(city, SEED, share, month, parameters)
    return State(
        seed=SEED, month=month, share=share, households=people.households, citizens=people.citizens, dwellings=people.dwellings,
        cars=people.cars, firms=people.firms, contact_first=people.contact_first, contacts=people.contacts,
        traffic=Traffic.blank(), energy=Energy.blank(), economy=Economy.blank(), society=Society.blank(), townhall=Townhall.blank(),
        ledger=np.zeros((len(Party), len(Party), len(Purpose))), last_ledger=np.zeros((len(Party), len(Party), len(Purpose))),
        incomers=Incomers.blank(), flows=np.zeros(8),
    )  # fmt: skip
