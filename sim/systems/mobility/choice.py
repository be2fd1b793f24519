"""Mode choice: nested logit per citizen over car, transit, bicycle, walking and - for jobs that allow it - working at home."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.choice import choose
from kernels.draws import stream, uniforms
from kernels.journeys import Ways, door_to_door
from sim.city.city import City
from sim.codes import Activity, Mode, Ring
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State

#: Car and transit each alone, bicycle and walking together ("active"), home alone.
NEST = np.array([0, 1, 2, 2, 3], np.int64)
MAIN, OTHER, STUDY = 0, 1, 2
#: Stream of the lengths of trips inside the own district.
INNER = "mobility.inner"
#: Months of age from which children ride on their own (assumption).
RIDING_AGE = 6 * 12


@dataclass(frozen=True)
class Costs:
    """What a car kilometre and a transit trip cost this month, by household and citizen."""

    car_km: Floats  #: (households,) €/km of the cheapest car
    fare: Floats  #: (n,) €/trip
    clock: int  #: month by which ages count


@dataclass(frozen=True)
class Journeys:
    """One way of some citizens' tours, by every mode."""

    minutes: Floats  #: (rows, 4) door to door, cycling as weighed; inf where a mode does not go
    ride: Floats  #: (rows,) transit minutes with walks, waits and boardings at their weights
    km: Floats  #: (rows,) by car
    fee: Floats  #: (rows,) € of parking for a car


def constants(city: City) -> Floats:
    """(3 kinds of tours, rings, 5 modes) calibrated constants, zero before calibration."""
    found = city.prepared.get("mode_constants")
    return np.zeros((3, len(Ring), 5)) if found is None else np.asarray(found)


def kind_of_tour(state: State, rows: Ints, purpose: int) -> Ints:
    """(rows,) row of the constants: MAIN for work, OTHER, STUDY for main tours of those who do not work."""
    if purpose == OTHER:
        return np.full(len(rows), OTHER)
    return np.where(state.citizens.activity[rows] == Activity.EMPLOYED, MAIN, STUDY)


def reconsiders(state: State, p: Parameters) -> Bools:
    """(n,) who thinks about the way of travelling this month: a share each month, by chance."""
    c = state.citizens
    draw = uniforms(state.seed, stream("mobility.reconsider"), c.id, state.month, 0)
    return np.asarray(c.alive & (draw < p["reconsider_share"]))


def destination(state: State, purpose: int) -> Ints:
    """(n,) district that tours of this purpose go to; -1 none, -2 outside the perimeter."""
    c = state.citizens
    return c.main_district if purpose == MAIN else c.other_district


def access_km(city: City, p: Parameters) -> Floats:
    """(D,) km at either end of a trip between districts that no link carries: streets lead to the best of several connectors, people
    live all over the district."""
    return np.asarray(city.districts.inner_distance * p["access_share"])


def ways(city: City, state: State, p: Parameters) -> Ways:
    """The tables of ``state.traffic`` between districts and to the gates."""
    t = state.traffic
    beyond = p["beyond_gate"] / p["beyond_speed"] * 60.0
    return Ways(
        t.car_time, t.car_km, t.transit_time, t.transit_felt, t.bike_time, t.walk_time, t.gate_time, t.gate_km, access_km(city, p),
        beyond, p["beyond_gate"], 60.0 / p["walk_speed"], 60.0 / p["bike_speed"], 60.0 / p["inner_car_speed"],
    )  # fmt: skip


def journeys(city: City, state: State, p: Parameters, policies: Policies, rows: Ints, purpose: int) -> Journeys:
    """Times, distances and parking fees of the given citizens' tours as the tables of ``state.traffic`` have them."""
    c = state.citizens
    to = destination(state, purpose)[rows]
    minutes, ride, km = door_to_door(
        state.seed, stream(INNER), purpose, ways(city, state, p), c.id[rows], c.district[rows], to, c.main_gate[rows]
    )
    fee = np.where(to >= 0, parking(city, p, policies)[to], 0.0)
    return Journeys(minutes, ride + float(policies.transit_fear[0]), km, fee)


def utilities(
    city: City, state: State, p: Parameters, rows: Ints, purpose: int, way: Journeys, costs: Costs, no_car: Bools, asc: Floats
) -> Floats:  # fmt: skip
    """(rows, 5) utilities of the five alternatives [utils], -inf where not available.

    A minute of generalised cost is worth ``sensitivity``: weighted door-to-door minutes, and money over the person's value of time.
    """
    c = state.citizens
    work = purpose == MAIN
    vot = _value_of_time(state, rows, p, work) / 60.0
    bike, walk = way.minutes[:, Mode.BIKE], way.minutes[:, Mode.WALK]
    ring = city.districts.ring[c.district[rows]]
    utility = np.empty((len(rows), 5))
    utility[:, 0] = way.minutes[:, Mode.CAR] + (costs.car_km[c.household[rows]] * way.km + way.fee) / vot
    utility[:, 1] = way.ride * p["transit_weight"] + costs.fare[rows] / vot
    utility[:, 2] = bike * p["bike_weight"]
    utility[:, 3] = walk * p["walk_weight"]
    utility[:, :4] *= -p["sensitivity"]
    utility[:, :4] += asc[kind_of_tour(state, rows, purpose), ring, :4]
    utility[no_car[rows], 0] = -np.inf
    rides = c.bike[rows] & (costs.clock - c.birth[rows] >= RIDING_AGE)
    utility[~rides | (bike > p["longest_ride"]), 2] = -np.inf
    utility[walk > p["longest_walk"], 3] = -np.inf
    utility[:, 4] = _at_home(state, rows, p, way.minutes[:, Mode.CAR]) + asc[MAIN, ring, 4] if work else -np.inf
    return utility


def parking(city: City, p: Parameters, policies: Policies) -> Floats:
    """(D,) € a trip: half of what parking at the destination costs (the other half on the way back)."""
    d = city.districts
    dense = (d.population + d.jobs) / d.area > p["paid_parking_density"]
    return np.asarray((np.where(dense, p["parking_price_centre"], 0.0) + policies.parking_price) / 2.0)


def _value_of_time(state: State, rows: Ints, p: Parameters, work: bool) -> Floats:
    """€/h by purpose, growing with income per head (elasticity in the registry)."""
    h = state.households
    income = h.income[state.citizens.household[rows]]
    level = (income / p["income_reference"]) ** p["value_of_time_elasticity"]
    return np.clip(level, 0.4, 2.5) * (p["value_of_time_work"] if work else p["value_of_time_other"])


def _at_home(state: State, rows: Ints, p: Parameters, commute: Floats) -> Floats:
    """Utility of working at home some days, given the commute by car [min]; -inf unless the job and the employer allow it."""
    c = state.citizens
    firm = c.firm[rows]
    accepted = np.where(firm >= 0, state.firms.telework[np.maximum(firm, 0)], 0.0)
    may = c.remote[rows] & (c.activity[rows] == Activity.EMPLOYED) & (accepted >= 1.0)
    kept = p["sensitivity"] * p["telework_commute_left"] * np.minimum(commute, 90.0)
    return np.where(may, p["telework_constant"] - kept, -np.inf)


def take(state: State, p: Parameters, rows: Ints, purpose: int, utility: Floats) -> tuple[Ints, Bools]:
    """(mode of days out of home, works at home some days) of the given citizens; walking where nothing else goes."""
    scale = np.array([1.0, 1.0, p["active_nest"], 1.0])
    name = stream("mobility.taste.main" if purpose == MAIN else "mobility.taste.other")
    ids = state.citizens.id[rows]
    mode = choose(state.seed, name, ids, np.ascontiguousarray(utility[:, :4]), NEST[:4], scale)
    mode = np.where(mode < 0, Mode.WALK, mode)
    at_home = np.zeros(len(rows), bool)
    asked = np.flatnonzero(utility[:, 4] > -np.inf)
    at_home[asked] = choose(state.seed, name, ids[asked], utility[asked], NEST, scale) == Mode.TELEWORK
    return mode, at_home


def works_at_home(state: State, policies: Policies, rows: Ints, wishes: Bools, p: Parameters) -> Floats:
    """Days a week at home: what the employer accepts if wished, at least what a mandate asks of jobs that allow it."""
    c = state.citizens
    firm = c.firm[rows]
    accepted = np.where(firm >= 0, state.firms.telework[np.maximum(firm, 0)], 0.0)
    wished = np.where(wishes, np.minimum(accepted, p["telework_days_wished"]), 0.0)
    mandate = float(policies.telework_mandate[0])
    may = c.remote[rows] & (c.activity[rows] == Activity.EMPLOYED)
    return np.where(may, np.maximum(wished, mandate), 0.0)
