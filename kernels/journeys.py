"""Door-to-door times and distances of many persons' trips, read from tables between districts, and what a day of them adds up to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.draws import FloatArray, IntArray, uniform
from kernels.graph import Int32Array
from kernels.jit import inline, kernel

#: Bounds of a trip inside the own district against its mean; with these the clipped exponential has mean one.
SHORTEST, LONGEST = 0.15, 4.537
#: Largest shift of a trip's length by where its ends lie, against the length on streets.
SHIFT = 0.8
#: Columns of modes (sim.codes.Mode) and the destination that means "through a gate".
CAR, TRANSIT, BIKE, WALK = 0, 1, 2, 3
OUTSIDE = -2


class Ways(NamedTuple):
    """Tables between districts: minutes by mode and km, the diagonal being trips inside; to gates, and the way beyond them.

    ``car``, ``km``, ``ride``, ``felt``, ``bike``, ``walk`` (D, D) minutes and km by car, ``felt`` and ``bike`` being transit and cycling
    minutes as travellers weigh them; ``gate``, ``gate_km`` (D, G); ``access`` (D,) the part of each that no link carries, at either end
    [km]; ``beyond`` [min], ``beyond_km``; ``walk_pace``, ``bike_pace``, ``inner_pace`` (car) [min/km] by the clock.
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


class Day(NamedTuple):
    """What the trips of a day add up to; :func:`travel` adds to it.

    By citizen (n,): minutes, km, fares, parking [EUR]. By household (H,): car_km. By home district: trips
    and trip_km (D, 4) by mode. transit (D, D): trips from home to destination. inside (D,): weighted
    car-km driven in the district that no link carries.
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
        return far, (far - 1.0) * ways.km[h, d]
    street = ways.walk[h, d] / ways.walk_pace
    shift = (2.0 * u - 1.0) * min(ways.access[h] + ways.access[d], SHIFT * street)
    return 1.0 + shift / street if street > 0.0 else 1.0, shift


@kernel
def door_to_door(
    seed: int,
    stream_id: int,
    purpose: int,
    ways: Ways,
    ids: IntArray,
    home: Int32Array,
    to: Int32Array,
    gate: Int32Array,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Minutes by every mode, as choices see them, and the distance by car of one way.

    How a person's trips differ from the mean of the tables is drawn once (:func:`_longer`). A trip through a gate goes by car only, to
    the gate and a stated way beyond.

    Args:
        seed, stream_id, purpose: of the draw (purpose is its index).
        ways: tables.
        ids, home, to, gate: (n,) person, home district, destination district (-2 through a gate), gate (-1 none).

    Returns:
        (n, 4) minutes by car, transit, bicycle and on foot, inf where a mode does not go; (n,) transit minutes as weighed; (n,) km by car.
    """
    n = ids.shape[0]
    minutes = np.empty((n, 4))
    felt = np.empty(n)
    km = np.empty(n)
    for i in range(n):
        h = home[i]
        d = to[i]
        if d == OUTSIDE:
            minutes[i, CAR] = ways.gate[h, gate[i]] + ways.beyond
            minutes[i, TRANSIT:] = np.inf
            felt[i] = np.inf
            km[i] = ways.gate_km[h, gate[i]] + ways.beyond_km
            continue
        far, shift = _longer(ways, h, d, uniform(seed, stream_id, ids[i], 0, purpose))
        minutes[i, CAR] = ways.car[h, d] + shift * ways.inner_pace
        minutes[i, TRANSIT] = ways.ride[h, d]
        minutes[i, BIKE] = ways.bike[h, d] * far
        minutes[i, WALK] = ways.walk[h, d] * far
        felt[i] = ways.felt[h, d]
        km[i] = ways.km[h, d] + shift
    return minutes, felt, km


@kernel
def travel(
    seed: int, stream_id: int, purpose: int, ways: Ways, ids: IntArray, home: Int32Array, to: Int32Array, gate: Int32Array,
    mode: np.ndarray[tuple[int], np.dtype[np.int8]], count: FloatArray, weight: FloatArray, persons: FloatArray,
    household: Int32Array, fare: FloatArray, fee: FloatArray, slowest: float, day: Day,
) -> float:  # fmt: skip
    """Add everybody's trips of one purpose to the day; the same tables and draws as :func:`door_to_door`.

    Args:
        mode: (n,) mode taken.
        count: (n,) trips a day; 0 for who does not travel.
        weight, persons, household, fare: (n,) real persons, persons in the car, row of the household, EUR of a transit trip.
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
        minutes = np.inf
        if d == OUTSIDE:
            on_network = ways.gate_km[h, gate[i]] - ways.access[h]
            km = ways.gate_km[h, gate[i]] + ways.beyond_km
            if m == CAR:
                minutes = ways.gate[h, gate[i]] + ways.beyond
        else:
            far, shift = _longer(ways, h, d, uniform(seed, stream_id, ids[i], 0, purpose))
            km = ways.km[h, d] + shift
            on_network = 0.0 if h == d else ways.km[h, d] - ways.access[h] - ways.access[d]
            if m == CAR:
                minutes = ways.car[h, d] + shift * ways.inner_pace
            elif m == TRANSIT:
                minutes = ways.ride[h, d]
            else:
                minutes = ways.walk[h, d] * far
                if minutes < np.inf:
                    km = minutes / ways.walk_pace  # the shortest way on streets
                if m == BIKE:
                    minutes *= ways.bike_pace / ways.walk_pace
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
            day.transit[h, d] += trips
    return network
