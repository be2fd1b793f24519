"""Mode choice: nested logit per citizen over car, transit, bicycle, walking and - for jobs that allow it - working at home."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.choice import choose
from kernels.draws import stream, uniforms
from sim.city.city import City
from sim.codes import Activity, Mode, Ring
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State

#: Car and transit each alone, bicycle and walking together ("active"), home alone.
NEST = np.array([0, 1, 2, 2, 3], np.int64)
MAIN, OTHER = 0, 1
#: Months of age from which children ride on their own (assumption).
RIDING_AGE = 6 * 12


@dataclass(frozen=True)
class Costs:
    """What a car kilometre and a transit trip cost this month, by household and citizen."""

    car_km: Floats  #: (households,) €/km of the cheapest car
    fare: Floats  #: (n,) €/trip
    clock: int  #: month by which ages count


@dataclass(frozen=True)
class Options:
    """Utilities of some citizens' tours and what they are made of."""

    utility: Floats  #: (rows, 5)
    minutes: Floats  #: (rows, 4) door to door, one way
    km: Floats  #: (rows,) one way


def constants(city: City) -> Floats:
    """(2 purposes, rings, 5 modes) calibrated constants, zero before calibration."""
    found = city.prepared.get("mode_constants")
    return np.zeros((2, len(Ring), 5)) if found is None else np.asarray(found)


def reconsiders(state: State, p: Parameters) -> Bools:
    """(n,) who thinks about the way of travelling this month: a share each month, by chance."""
    c = state.citizens
    draw = uniforms(state.seed, stream("mobility.reconsider"), c.id, state.month, 0)
    return np.asarray(c.alive & (draw < p["reconsider_share"]))


def options(
    city: City,
    state: State,
    p: Parameters,
    policies: Policies,
    rows: Ints,
    purpose: int,
    costs: Costs,
    no_car: Bools,
    asc: Floats,
) -> Options:
    """Utilities of the five alternatives for the given citizens [utils], -inf where not available."""
    c, t = state.citizens, state.traffic
    home = c.district[rows].astype(np.int64)
    to = np.where(purpose == MAIN, c.main_district[rows], c.other_district[rows]).astype(np.int64)
    far = _longer(state, rows, purpose)
    gate = to == -2
    inside = np.where(gate, home, np.maximum(to, 0))
    own = (home == inside) & ~gate
    scale = np.where(own, far, 1.0)
    km = t.car_km[home, inside] * scale
    car = t.car_time[home, inside] * np.where(own, 0.5 + 0.5 * far, 1.0)
    bike = t.bike_time[home, inside] * scale
    walk = t.walk_time[home, inside] * scale
    ride = t.transit_time[home, inside] + float(policies.transit_fear[0])
    if gate.any():
        km, car = _beyond(city, state, rows, gate, km, car, p)
        bike, walk, ride = (np.where(gate, np.inf, x) for x in (bike, walk, ride))
    fee = parking(city, p, policies, inside, gate)
    work = purpose == MAIN
    vot = _value_of_time(state, rows, p, work)
    money = np.column_stack(
        [costs.car_km[c.household[rows]] * km + fee, costs.fare[rows], np.zeros(len(rows)), np.zeros(len(rows))]
    )
    perceived = np.column_stack([car, ride * p["transit_weight"], bike * p["bike_weight"], walk * p["walk_weight"]])
    general = perceived + money / vot[:, None] * 60.0
    utility = np.empty((len(rows), 5))
    utility[:, :4] = -p["sensitivity"] * general + asc[purpose, city.districts.ring[home], :4]
    utility[:, 0][no_car[rows]] = -np.inf
    rides = c.bike[rows] & (costs.clock - c.birth[rows] >= RIDING_AGE)
    utility[:, 2][~rides | (bike > p["longest_ride"])] = -np.inf
    utility[:, 3][walk > p["longest_walk"]] = -np.inf
    utility[:, 4] = _at_home(state, rows, p, work)
    return Options(utility, np.column_stack([car, ride, bike, walk]), km)


def _longer(state: State, rows: Ints, purpose: int) -> Floats:
    """How long a person's trips inside the own district are against its mean: exponential, drawn once (mean one)."""
    u = uniforms(state.seed, stream("mobility.inner"), state.citizens.id[rows], 0, purpose)
    return np.clip(-np.log(u), 0.15, 3.0)


def _beyond(
    city: City, state: State, rows: Ints, gate: Bools, km: Floats, car: Floats, p: Parameters
) -> tuple[Floats, Floats]:
    """Tours that leave the perimeter: to the gate as the crow flies and some way beyond, at road speeds (assumption)."""
    c, d, g = state.citizens, city.districts, city.cordon
    r = rows[gate]
    node = g.node[np.maximum(c.main_gate[r], 0)]
    away = np.hypot(d.x[c.district[r]] - city.nodes.x[node], d.y[c.district[r]] - city.nodes.y[node]) / 1000.0 * 1.3
    km, car = km.copy(), car.copy()
    km[gate] = away + p["beyond_gate"]
    car[gate] = (away / 45.0 + p["beyond_gate"] / 75.0) * 60.0
    return km, car


def parking(city: City, p: Parameters, policies: Policies, inside: Ints, gate: Bools) -> Floats:
    """€ a trip: half of what parking at the destination costs (the other half on the way back)."""
    d = city.districts
    dense = (d.population + d.jobs) / d.area > p["paid_parking_density"]
    price = np.where(dense, p["parking_price_centre"], 0.0) + policies.parking_price
    return np.asarray(np.where(gate, 0.0, price[inside] / 2.0))


def _value_of_time(state: State, rows: Ints, p: Parameters, work: bool) -> Floats:
    """€/h by purpose, growing with income per head (elasticity in the registry)."""
    h = state.households
    income = h.income[state.citizens.household[rows]]
    level = (income / p["income_reference"]) ** p["value_of_time_elasticity"]
    return np.clip(level, 0.4, 2.5) * (p["value_of_time_work"] if work else p["value_of_time_other"])


def _at_home(state: State, rows: Ints, p: Parameters, work: bool) -> Floats:
    """Utility of working at home some days; -inf unless the job and the employer allow it."""
    c = state.citizens
    out = np.full(len(rows), -np.inf)
    if not work:
        return out
    firm = c.firm[rows]
    accepted = np.where(firm >= 0, state.firms.telework[np.maximum(firm, 0)], 0.0)
    may = c.remote[rows] & (c.activity[rows] == Activity.EMPLOYED) & (accepted >= 1.0)
    commute = state.traffic.car_time[c.district[rows], np.maximum(c.main_district[rows], 0)]
    out[may] = p["telework_constant"] - p["sensitivity"] * p["telework_commute_left"] * np.minimum(commute[may], 90.0)
    return out


def take(state: State, p: Parameters, rows: Ints, purpose: int, found: Options) -> tuple[Ints, Bools]:
    """(mode of days out of home, works at home some days) of the given citizens; walking where nothing else goes."""
    scale = np.array([1.0, 1.0, p["active_nest"], 1.0])
    name = stream("mobility.taste.main" if purpose == MAIN else "mobility.taste.other")
    ids = state.citizens.id[rows]
    out_of_home = choose(state.seed, name, ids, np.ascontiguousarray(found.utility[:, :4]), NEST[:4], scale)
    best = choose(state.seed, name, ids, found.utility, NEST, scale)
    mode = np.where(out_of_home < 0, Mode.WALK, out_of_home)
    return mode, best == Mode.TELEWORK


def works_at_home(state: State, policies: Policies, rows: Ints, wishes: Bools, p: Parameters) -> Floats:
    """Days a week at home: what the employer accepts if wished, at least what a mandate asks of jobs that allow it."""
    c = state.citizens
    firm = c.firm[rows]
    accepted = np.where(firm >= 0, state.firms.telework[np.maximum(firm, 0)], 0.0)
    wished = np.where(wishes, np.minimum(accepted, p["telework_days_wished"]), 0.0)
    mandate = float(policies.telework_mandate[0])
    may = c.remote[rows] & (c.activity[rows] == Activity.EMPLOYED)
    return np.where(may, np.maximum(wished, mandate), 0.0)
