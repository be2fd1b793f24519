"""How citizens choose: mode and hours of each tour by nested logit, with one household's cars shared out, and working at home."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np

from kernels.choice import choose, choose_or
from kernels.draws import stream, uniforms
from kernels.journeys import Place, Taste, Travellers, Ways, weigh
from sim.city.city import City
from sim.codes import Activity, CritAir, Errand, Mode, Ring
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility import tours

T = TypeVar("T")

#: Car and transit each with both hours, bicycle and walking together ("active"); home alone.
NEST = np.array([0, 0, 1, 1, 2, 2, 3], np.int64)
CAR_NEST, HOME = 0, 6
#: Mode of each alternative, and whether its hours are those between the peaks.
MODE = np.array([Mode.CAR, Mode.CAR, Mode.TRANSIT, Mode.TRANSIT, Mode.BIKE, Mode.WALK, Mode.TELEWORK], np.int8)
OFF_PEAK = np.array([False, True, False, True, False, False, False])
#: Citizens below which threads are not worth starting.
FEW = 2000
#: Stream of persons' own distances, and of their tastes by purpose.
INNER = "mobility.inner"
TASTE = {errand: f"mobility.taste.{tours.PREFIX[errand]}" for errand in Errand}


@dataclass(frozen=True)
class Costs:
    """What a car kilometre, a transit trip and a ride cost this month, by household and citizen."""

    car_km: Floats  #: (households,) €/km of the cheapest car
    fare: Floats  #: (n,) €/trip
    bike: Floats  #: (n,) cycling minutes against those of the tables, 0 for who does not ride


class Garage(NamedTuple):
    """Who may use which cars."""

    sticker: Ints  #: (households,) cleanest sticker; unclassified where there is no car
    firm: Floats  #: (households,) draw of compliance: below the share kept out, the household keeps to the ban
    group: Ints  #: (n,) cost group on the road: 1 for those kept out of a zone somewhere
    may: Bools  #: (n,) a car in the household and a licence: the own one, or another member's who drives


class Choice(NamedTuple):
    """Alternatives taken, by row."""

    mode: np.ndarray
    off_peak: Bools


def constants(city: City) -> tuple[Floats, Floats]:
    """Calibrated constants: (errands, rings, 5 modes), and (errands,) of hours between the peaks; zero before calibration."""
    found = city.prepared.get("mode_constants"), city.prepared.get("hour_constants")
    blank = np.zeros((len(Errand), len(Ring), 5)), np.zeros(len(Errand))
    return tuple(b if f is None else np.asarray(f) for f, b in zip(found, blank, strict=True))  # type: ignore[return-value]


def scales(p: Parameters) -> Floats:
    """(4,) scales of the nests."""
    return np.array([p["hours_nest"], p["hours_nest"], p["active_nest"], 1.0])


def garage(state: State, policies: Policies) -> Garage:
    """Cars, licences and bans as they stand."""
    c, h = state.citizens, state.households
    best = cleanest(state)
    firm = uniforms(state.seed, stream("mobility.compliance"), h.id, 0, 0)
    kept = (h.cars > 0) & (firm < policies.car_ban.max(axis=1)[best])
    drivers = np.bincount(c.household[c.alive & c.licence], minlength=len(h))
    may = ((h.cars > 0) & (drivers > 0))[c.household]
    return Garage(best, firm, kept[c.household].astype(np.int64), np.asarray(may))


def cleanest(state: State) -> Ints:
    """(households,) best sticker among the household's cars; unclassified where there is none."""
    cars = state.cars
    out = np.full(len(state.households), int(CritAir.UNCLASSIFIED), np.int64)
    np.minimum.at(out, cars.household[cars.alive], cars.crit_air[cars.alive].astype(np.int64))
    return out


def without_car(state: State, policies: Policies, cars: Garage, errand: Errand) -> Bools:
    """(n,) no car may be used on tours of this purpose: none in the household, nobody to drive, or one end lies in a zone."""
    if not policies.car_ban.any():
        return ~cars.may
    c = state.citizens
    to = tours.district(state, errand)
    sticker = cars.sticker[c.household]
    ban = np.maximum(
        policies.car_ban[sticker, c.district], np.where(to >= 0, policies.car_ban[sticker, np.maximum(to, 0)], 0.0)
    )
    return np.asarray(~cars.may | (cars.firm[c.household] < ban))


def thinks(state: State, p: Parameters) -> Bools:
    """(households,) who think about their ways of travelling this month: a share each month, by chance, all members together."""
    h = state.households
    draw = uniforms(state.seed, stream("mobility.reconsider"), h.id, state.month, 0)
    return np.asarray(h.alive & (draw < p["reconsider_share"]))


def drivers(state: State) -> Bools:
    """(n,) who drives one of the household's cars to the main tour (those without licence are driven)."""
    c = state.citizens
    return np.asarray(c.alive & c.licence & (c.main_mode == Mode.CAR))


def day_cars(state: State) -> Bools:
    """(n,) a car is there between the peaks: not all are away on main tours, or the citizen has one of them."""
    c, h = state.citizens, state.households
    away = drivers(state)
    left = np.bincount(c.household[away], minlength=len(h)) < h.cars
    return np.asarray(left[c.household] | away)


def access_km(city: City, p: Parameters) -> Floats:
    """(D,) km at either end of a trip between districts that no link carries: streets lead to the best of several connectors, people
    live all over the district."""
    return np.asarray(city.districts.inner_distance * p["access_share"])


def ways(city: City, state: State, p: Parameters, errand: Errand) -> Ways:
    """The tables of ``state.traffic`` for tours of a purpose: mean of the leg out and the leg back, each in its period."""
    t, legs = state.traffic, tours.legs(errand)
    beyond = p["beyond_gate"] / p["beyond_speed"] * 60.0
    felt = _both_legs(legs, np.stack([t.transit_felt, t.transit_felt.T, t.transit_off_felt]))
    ride = _both_legs(legs, np.stack([t.transit_time, t.transit_time.T, t.transit_off_time]))
    gate, gate_km = (
        (np.einsum("hp,pdg->hdg", legs[:, 0], table[0]) + np.einsum("hp,pdg->hdg", legs[:, 1], table[1])) / 2.0
        for table in (t.gate_time, t.gate_km)
    )
    return Ways(
        np.stack([_both_legs(legs, t.car_time), _both_legs(legs, t.kept_time)]),
        np.stack([_both_legs(legs, t.car_km), _both_legs(legs, t.kept_km)]), ride, felt, (t.bike_time + t.bike_time.T) / 2.0,
        (t.walk_time + t.walk_time.T) / 2.0, np.ascontiguousarray(gate), np.ascontiguousarray(gate_km), access_km(city, p), beyond,
        p["beyond_gate"], 60.0 / p["walk_speed"], 60.0 / p["bike_speed"], 60.0 / p["inner_car_speed"],
    )  # fmt: skip


def all_ways(city: City, state: State, p: Parameters) -> dict[Errand, Ways]:
    """:func:`ways` of every purpose; those whose legs fall in the same periods share them."""
    found: dict[bytes, Ways] = {}
    out = {}
    for errand in Errand:
        key = tours.legs(errand).tobytes()
        if key not in found:
            found[key] = ways(city, state, p, errand)
        out[errand] = found[key]
    return out


def _both_legs(legs: Floats, table: Floats) -> Floats:
    """(2 hours, D, D) mean of the leg there and the leg back from (P, D, D)."""
    out = np.zeros((2, *table.shape[1:]))
    for hours in range(2):
        for period in range(len(table)):
            there, back = legs[hours, :, period] / 2.0
            if there > 0.0:
                out[hours] += there * table[period]
            if back > 0.0:
                out[hours] += back * table[period].T
    return out


def place(city: City, p: Parameters, policies: Policies) -> Place:
    """Parking and bans by district."""
    return Place(parking(city, p, policies), np.ascontiguousarray(policies.car_ban))


def parking(city: City, p: Parameters, policies: Policies) -> Floats:
    """(D,) € a trip: half of what parking at the destination costs (the other half on the way back)."""
    d = city.districts
    dense = (d.population + d.jobs) / d.area > p["paid_parking_density"]
    return np.asarray((np.where(dense, p["parking_price_centre"], 0.0) + policies.parking_price) / 2.0)


def taste(asc: tuple[Floats, Floats], p: Parameters, policies: Policies, errand: Errand, *, habit: bool) -> Taste:
    """Weights and constants of a purpose. ``habit``: what was done until now has its inertia."""
    mode, off = asc[0][errand], asc[1][errand]
    by_alternative = np.stack(
        [mode[:, 0], mode[:, 0] + off, mode[:, 1], mode[:, 1] + off, mode[:, 2], mode[:, 3]], axis=1
    )
    return Taste(
        by_alternative, p["sensitivity"], p["transit_weight"], p["bike_weight"], p["walk_weight"], p["longest_walk"],
        p["longest_ride"], p["habit"] if habit else 0.0, float(policies.transit_fear[0]),
    )  # fmt: skip


def travellers(
    city: City, state: State, p: Parameters, costs: Costs, cars: Garage, day_car: Bools, rows: Ints, errand: Errand
) -> Travellers:
    """What the choices of the given citizens about a purpose depend on."""
    c = state.citizens
    home = c.household[rows]
    return Travellers(
        c.id[rows], c.district[rows], c.main_gate[rows], cars.group[rows], cars.sticker[home], cars.firm[home], cars.may[rows],
        day_car[rows], costs.bike[rows], costs.fare[rows], costs.car_km[home],
        value_of_time(state, rows, p, errand) / 60.0, tours.mode(state, errand)[rows],
        firmness(state, c.id[rows], int(errand)), city.districts.ring[c.district[rows]].astype(np.int64),
    )  # fmt: skip


def firmness(state: State, ids: Ints, what: int) -> Floats:
    """(n,) how firmly each holds to what is done until now, against the mean: exponential, drawn anew each month.

    Who thinks again may be in the middle of a new life or of none, so no gain is too small for everybody and none is large enough for all;
    a lasting threshold, on top of lasting tastes, would leave small changes without any answer for ever.
    """
    return np.asarray(-np.log(1.0 - uniforms(state.seed, stream("mobility.habit"), ids, state.month, what)))


def value_of_time(state: State, rows: Ints, p: Parameters, errand: Errand) -> Floats:
    """€/h by purpose, growing with household income (elasticity in the registry)."""
    income = state.households.income[state.citizens.household[rows]]
    level = (income / p["income_reference"]) ** p["value_of_time_elasticity"]
    return np.asarray(
        np.clip(level, 0.4, 2.5) * p["value_of_time_work" if errand == Errand.WORK else "value_of_time_other"]
    )


def in_parts(threads: int, many: int, work: Callable[[slice], T]) -> list[T]:
    """``work`` of consecutive parts of ``many`` rows, one for each thread; citizens choose each alone, so parts change nothing."""
    if threads == 1 or many < FEW:
        return [work(slice(0, many))]
    edges = np.linspace(0, many, threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, (slice(a, b) for a, b in pairwise(edges))))


def some(who: Travellers, part: slice) -> Travellers:
    """The travellers of some rows."""
    return Travellers._make(column[part] for column in who)


def utilities(
    state: State, who: Travellers, errand: Errand, rows: Ints, ways: Ways, taste: Taste, place: Place, threads: int
) -> Floats:
    """(rows, 6) utilities of the alternatives to the districts that the columns hold."""
    to = tours.district(state, errand)[rows].astype(np.int64)

    def weighed(part: slice) -> Floats:
        return weigh(state.seed, stream(INNER), int(errand), some(who, part), to[part], ways, taste, place)

    return np.concatenate(in_parts(threads, len(rows), weighed))


def take(state: State, p: Parameters, rows: Ints, errand: Errand, utility: Floats, threads: int) -> Choice:
    """Mode and hours of the given citizens; walking where nothing else goes."""
    ids, nest, by_level, key = state.citizens.id[rows], NEST[:6], scales(p)[:3], stream(TASTE[errand])

    def chosen(part: slice) -> Ints:
        return choose(state.seed, key, ids[part], utility[part], nest, by_level)

    return taken(np.concatenate(in_parts(threads, len(rows), chosen)))


def taken(alternative: Ints) -> Choice:
    """Mode and hours of alternatives."""
    at = np.where(alternative < 0, 5, alternative)
    return Choice(MODE[at], OFF_PEAK[at])


def take_cars(state: State, p: Parameters, rows: Ints, utility: Floats) -> Choice:
    """Mode and hours of main tours when members of a household want its cars at the same time: those who gain most have them.

    What a member gains is the utility of the tour by car above that of the best other way, errors included. Who gets no car takes
    that other way; who has no other way is driven. All living members with a main tour must be among ``rows``. Those without licence
    are driven by others and take no car.
    """
    c = state.citizens
    first, second, gain = choose_or(
        state.seed, stream(TASTE[Errand.WORK]), c.id[rows], utility, NEST[:6], scales(p)[:3], CAR_NEST
    )
    wants = (first >= 0) & (first < 2) & c.licence[rows]
    asking = np.flatnonzero(wants)
    home = c.household[rows[asking]]
    order = np.lexsort((c.id[rows[asking]], -gain[asking], home))
    asking, home = asking[order], home[order]
    new = np.r_[True, home[1:] != home[:-1]] if len(home) else np.zeros(0, bool)
    start = np.flatnonzero(new)
    rank = np.arange(len(home)) - np.repeat(start, np.diff(np.r_[start, len(home)]))
    late = asking[(rank >= state.households.cars[home]) & (second[asking] >= 0)]
    first[late] = second[late]
    return taken(first)


def wishes_home(state: State, p: Parameters, rows: Ints, utility: Floats, constant: Floats, commute: Floats) -> Bools:
    """(rows,) works at home some days, if the job and the employer allow it: one more alternative, alone in its nest.

    Args:
        utility: (rows, 6) of the tours.
        constant: (rows,) fitted constants.
        commute: (rows,) minutes by car, one way.
    """
    c = state.citizens
    firm = c.firm[rows]
    accepted = np.where(firm >= 0, state.firms.telework[np.maximum(firm, 0)], 0.0)
    asked = np.flatnonzero(c.remote[rows] & (c.activity[rows] == Activity.EMPLOYED) & (accepted >= 1.0))
    kept = p["sensitivity"] * p["telework_commute_left"] * np.minimum(commute[asked], 90.0)
    home = p["telework_constant"] - kept + constant[asked] + _lift(state, p, rows, asked) + _room(state, p, rows[asked])
    every = np.concatenate([utility[asked], home[:, None]], axis=1)
    out = np.zeros(len(rows), bool)
    out[asked] = choose(state.seed, stream(TASTE[Errand.WORK]), c.id[rows[asked]], every, NEST, scales(p)) == HOME
    return out


def _room(state: State, p: Parameters, rows: Ints) -> Floats:
    """(n,) What a home with more or less floor a person than usual adds to working there."""
    h = state.households
    home = state.citizens.household[rows]
    floor = state.dwellings.area[np.maximum(h.dwelling[home], 0)] / np.maximum(h.size[home], 1)
    return np.asarray(p["telework_room"] * np.log(floor / p["telework_usual_room"]))


def _lift(state: State, p: Parameters, rows: Ints, asked: Ints) -> float:
    """What the constant needs beyond the fitted one so that ``telework_share`` of all employees work at home: 0 at its default.

    The constants are fitted at the default share; the odds of those who may grow by what the other share asks of them.
    """
    c = state.citizens
    employed = rows[c.activity[rows] == Activity.EMPLOYED]
    may = float(c.weight[rows[asked]].sum() / max(float(c.weight[employed].sum()), 1e-300))
    wanted, fitted = (
        min(max(s / max(may, 1e-300), 1e-6), 0.98) for s in (p["telework_share"], p.default("telework_share"))
    )
    return float(np.log(wanted / (1.0 - wanted)) - np.log(fitted / (1.0 - fitted)))


def works_at_home(state: State, policies: Policies, rows: Ints, wishes: Bools, p: Parameters) -> Floats:
    """Days a week at home: what the employer accepts if wished, at least what a mandate asks of jobs that allow it."""
    c = state.citizens
    firm = c.firm[rows]
    accepted = np.where(firm >= 0, state.firms.telework[np.maximum(firm, 0)], 0.0)
    wished = np.where(wishes, np.minimum(accepted, p["telework_days_wished"]), 0.0)
    mandate = float(policies.telework_mandate[0])
    may = c.remote[rows] & (c.activity[rows] == Activity.EMPLOYED)
    return np.where(may, np.maximum(wished, mandate), 0.0)
