"""Door-to-door times and distances of persons' tours, read from tables between districts, what alternatives are worth, and what a day
of tours adds up to.

Tables hold the mean of a tour's two legs, by hours: PEAK tours have their legs in the peaks (as far as the purpose has them there), OFF
tours all between the peaks. Letters: D districts, G gates, Z zones, 2 x 2 cost groups (may go everywhere, kept out of low-emission
zones) and hours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.draws import FloatArray, IntArray, one
from kernels.graph import Int32Array
from kernels.jit import inline, kernel

BoolArray = npt.NDArray[np.bool_]
Int8Array = npt.NDArray[np.int8]

#: Bounds of a trip inside the own district against its mean; with these the clipped exponential has mean one.
SHORTEST, LONGEST = 0.15, 4.537
#: Largest shift of a trip's length by where its ends lie, against the length on streets.
SHIFT = 0.8
#: Columns of modes (sim.codes.Mode) and the destination that means "through a gate".
CAR, TRANSIT, BIKE, WALK = 0, 1, 2, 3
OUTSIDE = -2
#: Hours of a tour.
PEAK, OFF = 0, 1
#: Steps of the table that says where in cumulated probabilities to begin to look.
STEPS = 64
#: Alternatives of a tour: car and transit at either hours, bicycle, on foot.
ALTERNATIVES = 6


class Ways(NamedTuple):
    """Tables between districts for tours of one purpose, mean of both legs; the diagonal is trips inside a district.

    ``car``, ``km`` (2, 2, D, D) minutes and km by car; ``ride``, ``felt`` (2, D, D) transit minutes by the clock and as weighed, by hours;
    ``bike``, ``walk`` (D, D) cycling minutes as weighed, walking minutes; ``gate``, ``gate_km`` (2, D, G) by hours; ``access`` (D,) the
    part of a trip that no link carries, at either end [km]; ``beyond`` [min], ``beyond_km``; ``walk_pace``, ``bike_pace``,
    ``inner_pace`` (car) [min/km] by the clock.
    """

    car: FloatArray
    km: FloatArray
    ride: FloatArray
    felt: FloatArray
    bike: FloatArray
    walk: FloatArray
    gate: FloatArray
    gate_km: FloatArray
    access: FloatArray
    beyond: float
    beyond_km: float
    walk_pace: float
    bike_pace: float
    inner_pace: float


class Travellers(NamedTuple):
    """Persons who may tour, (n,) each.

    ``id``; ``home`` district; ``gate`` (-1 none); ``group`` 1 if the household's car is kept out of zones, else 0; ``banned`` (n,) row of
    ``Place.ban`` (the household's cleanest sticker); ``firm`` draw of compliance; ``car`` may go by car; ``day_car`` also between the
    peaks; ``bike`` cycling minutes against the tables' (0 for who does not ride); ``fare`` EUR a trip; ``car_km`` EUR/km; ``value`` of
    time [EUR/min]; ``habit`` mode until now (-1 none); ``hold`` how firmly it is kept, against the mean; ``ring``.
    """

    id: IntArray
    home: Int32Array
    gate: Int32Array
    group: IntArray
    banned: IntArray
    firm: FloatArray
    car: BoolArray
    day_car: BoolArray
    bike: FloatArray
    fare: FloatArray
    car_km: FloatArray
    value: FloatArray
    habit: Int8Array
    hold: FloatArray
    ring: IntArray


class Taste(NamedTuple):
    """What utilities are made of: ``constants`` (rings, 6); weights of a minute; limits [min]; mean ``inertia`` [utils]; ``fear`` [min]."""

    constants: FloatArray
    sensitivity: float
    transit: float
    bike: float
    walk: float
    longest_walk: float
    longest_ride: float
    inertia: float
    fear: float


class Place(NamedTuple):
    """Districts as destinations: ``fee`` (D,) EUR of parking a trip; ``ban`` (stickers, D) share of those cars kept out."""

    fee: FloatArray
    ban: FloatArray


class Day(NamedTuple):
    """What the tours of a day add up to; :func:`travel` adds to it.

    By citizen (n,): minutes, km, fares, parking [EUR]. By household (H,): car_km. By home district: trips
    and trip_km (D, 4) by mode. transit (2, D, D): trips on tours from home to destination, by hours. inside (D,):
    weighted car-km driven in the district that no link carries.
    """

    minutes: FloatArray
    km: FloatArray
    fares: FloatArray
    parking: FloatArray
    car_km: FloatArray
    inside: FloatArray
    trips: FloatArray
    trip_km: FloatArray
    transit: FloatArray


@inline
def _longer(ways: Ways, h: int, d: int, u: float) -> tuple[float, float]:
    """(factor, km) by which a person's trips from ``h`` to ``d`` differ from the tables; ``u`` is the person's draw.

    Inside a district the factor is exponential, clipped, mean one. Between districts the ends lie anywhere in them: up to the access at
    both ends nearer or farther, alike, mean zero; the factor is that of the way on streets.
    """
    if h == d:
        far = min(max(-np.log(u), SHORTEST), LONGEST)
        return far, (far - 1.0) * ways.km[0, 0, h, d]
    street = ways.walk[h, d] / ways.walk_pace
    shift = (2.0 * u - 1.0) * min(ways.access[h] + ways.access[d], SHIFT * street)
    return 1.0 + shift / street if street > 0.0 else 1.0, shift


@inline
def _weigh(who: Travellers, i: int, d: int, u: float, ways: Ways, taste: Taste, place: Place, out: FloatArray) -> None:
    """Utilities of person i's six alternatives to go to ``d``, one leg [utils]; -inf where one is not available.

    A minute of generalised cost is worth ``sensitivity``: weighted door-to-door minutes, and money over the value of time.
    """
    out[:] = -np.inf
    h, ring, g, habit, s = who.home[i], who.ring[i], who.group[i], who.habit[i], taste.sensitivity
    inertia = taste.inertia * who.hold[i]
    kept_out = who.firm[i] < place.ban[who.banned[i], h]
    far, shift = 1.0, 0.0
    if d >= 0:
        kept_out = kept_out or who.firm[i] < place.ban[who.banned[i], d]
        far, shift = _longer(ways, h, d, u)
    if who.car[i] and not kept_out:
        for hours in range(2):
            if hours == OFF and not who.day_car[i]:
                continue
            if d >= 0:
                minutes = ways.car[g, hours, h, d] + shift * ways.inner_pace
                money = who.car_km[i] * (ways.km[g, hours, h, d] + shift) + place.fee[d]
            else:
                minutes = ways.gate[hours, h, who.gate[i]] + ways.beyond
                money = who.car_km[i] * (ways.gate_km[hours, h, who.gate[i]] + ways.beyond_km)
            out[hours] = taste.constants[ring, hours] - s * (minutes + money / who.value[i])
            if habit == CAR:
                out[hours] += inertia
    if d < 0:
        return
    for hours in range(2):
        k = 2 + hours
        cost = (ways.felt[hours, h, d] + taste.fear) * taste.transit + who.fare[i] / who.value[i]
        out[k] = taste.constants[ring, k] - s * cost
        if habit == TRANSIT:
            out[k] += inertia
    ride, walk = ways.bike[h, d] * far * who.bike[i], ways.walk[h, d] * far
    if who.bike[i] > 0.0 and ride <= taste.longest_ride:
        out[4] = taste.constants[ring, 4] - s * ride * taste.bike
        if habit == BIKE:
            out[4] += inertia
    if walk <= taste.longest_walk:
        out[5] = taste.constants[ring, 5] - s * walk * taste.walk
        if habit == WALK:
            out[5] += inertia


@kernel
def weigh(
    seed: int, stream_id: int, purpose: int, who: Travellers, to: IntArray, ways: Ways, taste: Taste, place: Place
) -> FloatArray:
    """(n, 6) utilities of everybody's alternatives [utils], -inf where not available.

    Args:
        seed, stream_id, purpose: of the draw of a person's own distance (purpose is its index).
        to: (n,) destination district, -2 through the person's gate: by car only, and a stated way beyond.
    """
    n = who.id.shape[0]
    out = np.empty((n, ALTERNATIVES))
    for i in range(n):
        _weigh(who, i, to[i], one(seed, stream_id, who.id[i], 0, purpose), ways, taste, place, out[i])
    return out


@inline
def logsum(utility: FloatArray, nest: IntArray, scale: FloatArray, inside: FloatArray) -> float:
    """Expected best of one person's alternatives in a nested logit, ln sum over nests; -inf without any. ``inside`` (M,) scratch."""
    top = -np.inf
    for j in range(utility.shape[0]):
        top = max(top, utility[j])
    if top == -np.inf:
        return top
    inside[:] = 0.0
    for j in range(utility.shape[0]):
        if utility[j] > -np.inf:
            inside[nest[j]] += np.exp((utility[j] - top) / scale[nest[j]])
    total = 0.0
    for m in range(scale.shape[0]):
        if inside[m] == 1.0:
            total += 1.0
        elif inside[m] > 0.0:
            total += inside[m] ** scale[m]
    return top + np.log(total)


@inline
def _by_home(home: Int32Array, districts: int) -> IntArray:
    """Rows by home district: the tables' rows of one district stay in the processor's cache."""
    first = np.zeros(districts + 1, np.int64)
    for i in range(home.shape[0]):
        first[home[i] + 1] += 1
    for h in range(districts):
        first[h + 1] += first[h]
    order = np.empty(home.shape[0], np.int64)
    for i in range(home.shape[0]):
        order[first[home[i]]] = i
        first[home[i]] += 1
    return order


@inline
def _beginnings(cumulated: FloatArray) -> Int32Array:
    """(D, STEPS) first district whose cumulated probability is at least each step's: searching begins there."""
    districts = cumulated.shape[1]
    out = np.empty((cumulated.shape[0], STEPS), np.int32)
    for h in range(cumulated.shape[0]):
        d = 0
        for step in range(STEPS):
            while d < districts - 1 and cumulated[h, d] < step / STEPS:
                d += 1
            out[h, step] = d
    return out


@kernel
def destinations(
    seed: int, stream_id: int, taste_stream: int, purpose: int, who: Travellers, ways: Ways, taste: Taste, place: Place,
    nest: IntArray, scale: FloatArray, cumulated: FloatArray, correction: FloatArray, weight: float, candidates: int,
) -> tuple[IntArray, FloatArray]:  # fmt: skip
    """The district each person goes to, and how well off she is with the choice she has.

    Logit over districts of ``ln size + weight x logsum over alternatives``, on a few candidates drawn once per person with
    probabilities q: each then has ``- ln q`` added, which leaves the model as it is (McFadden 1978). The draw is systematic (one uniform
    for all candidates), so candidates spread over q; a district drawn twice has two errors, which is its multiplicity's correction.

    Args:
        seed, stream_id, purpose: of the draw of a person's own distance; taste_stream: of candidates and errors.
        cumulated: (D, D) cumulated q by home, last column 1.
        correction: (D, D) worth of each district apart from the ways there (ln size, and what else grows with it) - ln q, by home.
        weight: of the logsum, (0, 1].
        candidates: K.

    Returns:
        (n,) district (the own where no candidate can be reached), (n,) ln of the sum over all districts of size x exp(weight x logsum),
        as the candidates estimate it.
    """
    n, districts = who.id.shape[0], cumulated.shape[1]
    to = np.empty(n, np.int64)
    access = np.empty(n)
    utility, inside = np.empty(ALTERNATIVES), np.empty(scale.shape[0])
    value = np.empty(candidates)
    begin = _beginnings(cumulated)
    for i in _by_home(who.home, cumulated.shape[0]):
        h = who.home[i]
        own = one(seed, stream_id, who.id[i], 0, purpose)
        start = one(seed, taste_stream, who.id[i], 0, 0)
        to[i] = h
        best, top, last = -np.inf, -np.inf, -1
        for k in range(candidates):
            drawn = (start + k) / candidates
            d = begin[h, int(drawn * STEPS)]
            while d < districts - 1 and cumulated[h, d] < drawn:
                d += 1
            if d == last:  # drawn twice: candidates come in the order of districts
                value[k] = value[k - 1]
            else:
                _weigh(who, i, d, own, ways, taste, place, utility)
                value[k] = weight * logsum(utility, nest, scale, inside) + correction[h, d]
                top, last = max(top, value[k]), d
            e = -np.log(-np.log(one(seed, taste_stream, who.id[i], 0, 1 + k)))
            if value[k] + e > best:
                best = value[k] + e
                to[i] = d
        total = 0.0
        if top > -np.inf:
            for k in range(candidates):
                total += np.exp(value[k] - top)
        access[i] = top + np.log(total / candidates) if total > 0.0 else -np.inf
    return to, access


@kernel
def travel(
    seed: int, stream_id: int, purpose: int, ways: Ways, ids: IntArray, home: Int32Array, to: Int32Array, gate: Int32Array,
    mode: Int8Array, hours: BoolArray, group: IntArray, count: FloatArray, weight: FloatArray, persons: FloatArray,
    household: Int32Array, fare: FloatArray, bike: FloatArray, fee: FloatArray, slowest: float, day: Day,
) -> float:  # fmt: skip
    """Add everybody's trips of one purpose to the day; the same tables and draws as :func:`weigh`.

    Args:
        mode: (n,) mode taken.
        hours: (n,) tours between the peaks.
        group: (n,) cost group on the road.
        count: (n,) trips a day; 0 for who does not travel.
        weight, persons, household, fare: (n,) real persons, persons in the car, row of the household, EUR of a transit trip.
        bike: (n,) cycling minutes against the tables'.
        fee: (D,) EUR of parking at the destination, a trip.
        slowest: minutes where the habitual mode no longer goes.
        day: sums, added to.

    Returns:
        weighted car-km a day on the links: between districts and as far as the gates.
    """
    network = 0.0
    for i in range(ids.shape[0]):
        often = count[i]
        if often <= 0.0:
            continue
        h = home[i]
        d = to[i]
        m = mode[i]
        at = OFF if hours[i] else PEAK
        g = group[i]
        minutes = np.inf
        if d == OUTSIDE:
            on_network = ways.gate_km[at, h, gate[i]] - ways.access[h]
            km = ways.gate_km[at, h, gate[i]] + ways.beyond_km
            if m == CAR:
                minutes = ways.gate[at, h, gate[i]] + ways.beyond
        else:
            far, shift = _longer(ways, h, d, one(seed, stream_id, ids[i], 0, purpose))
            km = ways.km[g, at, h, d] + shift
            on_network = 0.0 if h == d else ways.km[g, at, h, d] - ways.access[h] - ways.access[d]
            if m == CAR:
                minutes = ways.car[g, at, h, d] + shift * ways.inner_pace
            elif m == TRANSIT:
                minutes = ways.ride[at, h, d]
            else:
                minutes = ways.walk[h, d] * far
                if minutes < np.inf:
                    km = minutes / ways.walk_pace  # the shortest way on streets
                if m == BIKE:
                    minutes *= ways.bike_pace / ways.walk_pace * (bike[i] if bike[i] > 0.0 else 1.0)
        day.minutes[i] += often * (minutes if minutes < np.inf else slowest)
        day.km[i] += often * km
        trips = often * weight[i]
        day.trips[h, m] += trips
        day.trip_km[h, m] += trips * km
        if m == CAR:
            cars = often / persons[i]
            day.car_km[household[i]] += cars * km
            vehicles = weight[i] * cars
            network += vehicles * on_network
            if d >= 0:
                day.parking[i] += cars * fee[d]
                day.inside[h] += 0.5 * vehicles * (km - on_network)
                day.inside[d] += 0.5 * vehicles * (km - on_network)
            else:
                day.inside[h] += vehicles * ways.access[h]
        elif m == TRANSIT and d >= 0:
            day.fares[i] += often * fare[i]
            day.transit[at, h, d] += trips
    return network
