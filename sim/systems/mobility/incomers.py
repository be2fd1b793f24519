"""Commuters who live outside: by car, by train, or by car to a park-and-ride; they feel prices, zones, queues and crowding as residents do.

Each row stands for commuters of one gate to one district. Their number follows the posts that incomers hold (``economy.incomers``), their
fleet the residents': a commuter's car has the place in the order of stickers that her lasting draw says.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.choice import choose
from kernels.draws import stream, uniforms
from sim.agents.incomers import arrive
from sim.agents.tables import Cars
from sim.city.city import City
from sim.codes import Errand, IncomerMode, Party, Period, Purpose
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.months import days_in
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.mobility import tours
from sim.systems.mobility.choice import firmness, parking
from sim.systems.mobility.costs import price_per_km

CAR, TRAIN, RIDE = IncomerMode.CAR, IncomerMode.TRAIN, IncomerMode.PARK_AND_RIDE
#: Part of the posts that incomers hold before the economy has counted them (as in Toulouse).
INCOMING = 0.12
_NEST, _SCALE = np.arange(3), np.ones(3)
#: Name in ``City.prepared`` of the constants of train and park-and-ride.
CONSTANTS = "incomer_constants"
#: Index of the draw of incomers' firmness, beside those of residents' purposes.
_DRAW = len(Errand)


class Ways(NamedTuple):
    """What a way in takes: felt minutes, EUR, interchange used; (gates, D) each, (J, gates, D) by park-and-ride."""

    car: Floats
    km: Floats
    train: Floats
    train_fare: Floats
    station: Ints
    ride: Floats
    ride_km: Floats
    lots: Ints  #: (J,) rows of City.interchanges


def follow(city: City, state: State, p: Parameters) -> None:
    """Weights follow the posts held by incomers, cars the residents' fleet; the first rows are made."""
    held = state.economy.incomers
    incoming = held.sum(axis=1) if held.size else INCOMING * city.districts.jobs
    if not len(state.incomers):
        state.incomers = arrive(city, incoming, state.seed, state.share, p["income_reference"])
    rows = state.incomers
    many = np.bincount(rows.district, minlength=city.n_districts)
    rows.weight[:] = (incoming / np.maximum(many, 1))[rows.district]
    cars = state.cars
    order = by_sticker(cars)
    if len(order):
        place = np.cumsum(cars.weight[order])
        rank = uniforms(state.seed, stream("outside.fleet"), rows.id, 0, 0) * place[-1]
        mine = order[np.minimum(np.searchsorted(place, rank, side="right"), len(order) - 1)]
        rows.crit_air[:], rows.powertrain[:] = cars.crit_air[mine], cars.powertrain[mine]


def by_sticker(cars: Cars) -> Ints:
    """Rows of the cars that are there by sticker, powertrain, then identity."""
    alive = np.flatnonzero(cars.alive)
    ids, kind = cars.id[alive], (cars.crit_air[alive].astype(np.uint8) << 4) | cars.powertrain[alive].astype(np.uint8)
    if (np.diff(ids) > 0).all():  # rows stand by identity: a stable sort by one byte, a tenth of the time
        return np.asarray(alive[np.argsort(kind, kind="stable")])
    return np.asarray(alive[np.lexsort((ids, kind))])


def decide(city: City, state: State, p: Parameters, trends: Trends, policies: Policies, *, everybody: bool) -> None:
    """A share of the commuters, and those whose way has gone, choose how they come."""
    rows, asc = state.incomers, city.prepared.get(CONSTANTS, np.zeros(2))
    ways = _ways(city, state, p, policies)
    g, d = rows.gate, rows.district
    value = (
        np.clip((rows.income / p["income_reference"]) ** p["value_of_time_elasticity"], 0.4, 2.5)
        * p["value_of_time_work"]
        / 60.0
    )
    per_km = price_per_km(p, trends, policies, state.month)[rows.powertrain] + p["car_wear"]
    cost = np.full((len(rows), 3), np.inf)
    out = kept_out(state, policies, d)
    cost[:, CAR] = np.where(
        out, np.inf, ways.car[g, d] + (per_km * ways.km[g, d] + parking(city, p, policies)[d]) / value
    )
    cost[:, TRAIN] = ways.train[g, d] + ways.train_fare[g, d] / value
    lot, cost[:, RIDE] = _best_lot(city, state, policies, ways, per_km, value, p)
    utility = np.r_[0.0, asc] - p["sensitivity"] * cost
    if not everybody:
        moving = np.flatnonzero(rows.mode >= 0)
        utility[moving, rows.mode[moving]] += p["habit"] * firmness(state, rows.id[moving], _DRAW)
    stuck = np.isneginf(utility).all(axis=1)
    utility[stuck, CAR] = 0.0  # who has no other way has leave to drive
    gone = (rows.mode < 0) | np.isneginf(utility[np.arange(len(rows)), np.maximum(rows.mode, 0)])
    think = gone | (uniforms(state.seed, stream("outside.reconsider"), rows.id, state.month, 0) < p["reconsider_share"])
    taste = stream("outside.taste")
    at = np.flatnonzero(think | everybody)
    rows.mode[at] = choose(state.seed, taste, rows.id[at], utility[at], _NEST, _SCALE)
    rows.interchange[:] = np.select([rows.mode == TRAIN, rows.mode == RIDE], [ways.station[g, d], lot], -1)
    _ration(city, state, p, utility, float(policies.park_ride_places[0]))


def kept_out(state: State, policies: Policies, district: Ints) -> Bools:
    """(n,) the sticker is banned in that district, and the commuter keeps to it."""
    rows = state.incomers
    firm = uniforms(state.seed, stream("outside.compliance"), rows.id, 0, 0)
    return np.asarray(firm < policies.car_ban[rows.crit_air, district])


def _ways(city: City, state: State, p: Parameters, policies: Policies) -> Ways:
    """Ways in from each gate to each district: means of the way in the morning and the way back in the evening."""
    t, x, n = state.traffic, city.interchanges, city.n_districts
    drive = (t.gate_time[1, Period.MORNING] + t.gate_time[0, Period.EVENING]).T / 2.0 + p["beyond_gate"] / p[
        "beyond_speed"
    ] * 60.0
    km = (t.gate_km[1, Period.MORNING] + t.gate_km[0, Period.EVENING]).T / 2.0 + p["beyond_gate"]
    pass_trip = p["fare_pass_trip"] * float(policies.fare_factor[0])
    onward, by_transit = _onward(city, state, p)  # (I, D)
    gates = len(city.cordon)
    stations, lots = np.flatnonzero(x.rail), np.flatnonzero(~x.rail)
    train, fare, station = np.full((gates, n), np.inf), np.zeros((gates, n)), np.full((gates, n), -1)
    if len(stations) and city.cordon.rail.any():
        node = city.cordon.node
        far = (
            p["beyond_gate"]
            + np.hypot(city.nodes.x[node][:, None] - x.x[stations], city.nodes.y[node][:, None] - x.y[stations])
            / 1000.0
        )
        felt = p["rail_access"] * p["access_weight"] + p["rail_wait"] * p["wait_weight"] + far / p["rail_speed"] * 60.0
        every = felt[:, :, None] + onward[stations]
        best = every.argmin(axis=1)
        served = city.cordon.rail[:, None]
        train = np.where(served, np.take_along_axis(every, best[:, None], axis=1)[:, 0], np.inf)
        fare = np.take_along_axis(far, best, axis=1) * p["rail_fare"] + np.where(
            by_transit[stations][best, np.arange(n)], pass_trip, 0.0
        )
        station = stations[best]
    to_lot = drive[:, x.district[lots]].T + p["park_ride_transfer"]
    ride = to_lot[:, :, None] + onward[lots][:, None, :] + pass_trip / (p["value_of_time_work"] / 60.0)
    return Ways(drive, km, train, fare, station, ride, km[:, x.district[lots]].T, lots)


def _onward(city: City, state: State, p: Parameters) -> tuple[Floats, Bools]:
    """(I, D) felt minutes from interchanges to districts, and whether they are ridden: transit, or on foot where that is less."""
    t, at = state.traffic, city.interchanges.district.astype(np.int64)
    felt = t.transit_felt[at] * p["transit_weight"]
    walk = t.walk_time[at] * p["walk_weight"]
    return np.minimum(felt, walk), felt < walk


def _best_lot(
    city: City, state: State, policies: Policies, ways: Ways, per_km: Floats, value: Floats, p: Parameters
) -> tuple[Ints, Floats]:
    """Best park-and-ride of each commuter, and what the way by it costs [min]; lots in a zone need a corridor for banned cars."""
    rows = state.incomers
    lot, least = np.full(len(rows), -1), np.full(len(rows), np.inf)
    for j, row in enumerate(ways.lots.tolist()):
        cost = ways.ride[j, rows.gate, rows.district] + per_km * ways.ride_km[j, rows.gate] / value
        if not city.interchanges.open_to_all[row]:
            cost = np.where(
                kept_out(state, policies, np.full(len(rows), city.interchanges.district[row])), np.inf, cost
            )
        better = cost < least
        lot[better], least[better] = row, cost[better]
    return lot, least


def _ration(city: City, state: State, p: Parameters, utility: Floats, added: float) -> None:
    """Who comes last finds a park-and-ride full: lasting draws say the order; those turned away take their next best way.

    Places ``added`` by the roadmap lie where places are, in proportion.
    """
    rows, x = state.incomers, city.interchanges
    places = x.places * (1.0 + added / max(float(x.places.sum()), 1.0))
    turn = uniforms(state.seed, stream("outside.turn"), rows.id, 0, 0)
    cars = rows.weight * p["presence_work"] / p["occupancy_work"]
    for lot in np.flatnonzero(~x.rail):
        users = np.flatnonzero((rows.mode == RIDE) & (rows.interchange == lot))
        users = users[np.argsort(turn[users], kind="stable")]
        late = users[np.cumsum(cars[users]) > places[lot] * p["park_ride_for_incomers"]]
        by_train = utility[late, TRAIN] > utility[late, CAR]
        rows.mode[late], rows.interchange[late] = np.where(by_train, TRAIN, CAR), -1


class Coming(NamedTuple):
    """An average working day of commuters from outside."""

    cars: Floats  #: (P, 2 groups, Z, Z) vehicles in the hour of each period
    riders: Floats  #: (2 hours, D, D) transit trips a day on tours from the interchange to work, by hours of the tour
    car_km: float  #: vehicle-km a day beyond the gates, on no link of the city


def coming(city: City, state: State, p: Parameters, policies: Policies) -> Coming:
    """Cars and riders by where they go; cars kept out of a zone somewhere go round it."""
    rows, n, legs = state.incomers, city.n_districts, tours.legs(Errand.WORK)
    z = n + len(city.cordon)
    tours_a_day = rows.weight * p["presence_work"] * float(policies.incomer_factor[0])
    split = np.array([p["peak_tours_work"], 1.0 - p["peak_tours_work"]])
    drives = (rows.mode == CAR) | (rows.mode == RIDE)
    lot = (
        city.interchanges.district[np.maximum(rows.interchange, 0)]
        if len(city.interchanges)
        else np.zeros(len(rows), int)
    )
    to = np.where(rows.mode == RIDE, lot, rows.district).astype(np.int64)
    firm = uniforms(state.seed, stream("outside.compliance"), rows.id, 0, 0)
    group = (firm < policies.car_ban.max(axis=1)[rows.crit_air]).astype(np.int64)
    cell = (group * z + n + rows.gate) * z + to
    vehicles = np.where(drives, tours_a_day / p["occupancy_work"], 0.0)
    table = np.bincount(cell, weights=vehicles, minlength=2 * z * z).reshape(2, z, z)
    cars = np.zeros((len(Period), 2, z, z))
    for hours in range(2):
        for period in Period:
            there, back = legs[hours, 0, period], legs[hours, 1, period]
            cars[period] += split[hours] * (there * table + back * table.swapaxes(1, 2))
    cars /= tours.hours(p)[:, None, None, None]
    rides = (rows.interchange >= 0) & (lot != rows.district)
    ridden = np.bincount(
        lot[rides].astype(np.int64) * n + rows.district[rides], weights=tours_a_day[rides], minlength=n * n
    ).reshape(n, n)  # fmt: skip
    return Coming(cars, 2.0 * split[:, None, None] * ridden, float(2.0 * vehicles.sum() * p["beyond_gate"]))


def pay(city: City, state: State, p: Parameters, policies: Policies) -> float:
    """Book fares and parking of the month; returns the fares of a working day [EUR/day]."""
    rows = state.incomers
    often = rows.weight * p["presence_work"] * float(policies.incomer_factor[0])
    fare = p["fare_pass_trip"] * float(policies.fare_factor[0])
    fares = float((often * (rows.interchange >= 0)).sum() * 2.0 * fare)
    fee = parking(city, p, policies)[rows.district]
    parked = float((np.where(rows.mode == CAR, often, 0.0) * 2.0 * fee).sum() / p["occupancy_work"])
    days = days_in(state.month) * p["working_days"]
    state.pay(Party.OUTSIDE, Party.TRANSIT_AUTHORITY, fares * days, Purpose.FARES)
    state.pay(Party.OUTSIDE, Party.METROPOLE, parked * days, Purpose.PARKING)
    return fares


def shares(state: State) -> Floats:
    """(3,) shares of the commuters by IncomerMode."""
    rows = state.incomers
    found = np.bincount(rows.mode[rows.mode >= 0], weights=rows.weight[rows.mode >= 0], minlength=3)
    return np.asarray(found / max(float(found.sum()), 1e-300))
