"""A day added up in one pass is the day of each person's journeys; places without a way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.draws import stream
from kernels.journeys import BIKE, CAR, OUTSIDE, TRANSIT, WALK, Day, Ways, door_to_door, travel

STREAM = stream("test.ends")
D, G, N = 4, 2, 300
WALK_PACE, BIKE_PACE, INNER_PACE, SLOWEST = 13.0, 4.0, 3.0, 90.0


def tables(seed: int) -> Ways:
    """Random tables; transit does not go everywhere nor inside, one pair has no way on foot, two districts share their middle."""
    rng = np.random.default_rng(seed)
    km = rng.uniform(2.0, 9.0, (D, D))
    km[0, 1] = km[1, 0] = 0.0
    ride = np.where(rng.random((D, D)) < 0.3, np.inf, rng.uniform(15.0, 60.0, (D, D)))
    np.fill_diagonal(ride, np.inf)
    walk = km * WALK_PACE
    walk[2, 3] = np.inf
    access = rng.uniform(0.2, 0.6, D)
    by_car = km + access[:, None] + access
    np.fill_diagonal(by_car, np.diag(km))
    gate = rng.uniform(5.0, 9.0, (D, G))
    return Ways(
        car=by_car * 2.0, km=by_car, ride=ride, felt=ride * 1.3, bike=walk / WALK_PACE * BIKE_PACE * 1.4, walk=walk, gate=gate * 2.0,
        gate_km=gate, access=access, beyond=10.0, beyond_km=12.0, walk_pace=WALK_PACE, bike_pace=BIKE_PACE, inner_pace=INNER_PACE,
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_a_day_is_the_sum_of_its_journeys(seed: int) -> None:
    rng, ways = np.random.default_rng(seed), tables(seed)
    ids, home = np.arange(N) * 3, rng.integers(0, D, N).astype(np.int32)
    to = rng.choice([OUTSIDE, 0, 1, 2, 3], N).astype(np.int32)
    gate = np.where(to == OUTSIDE, rng.integers(0, G, N), -1).astype(np.int32)
    mode = rng.integers(0, 4, N).astype(np.int8)
    mode[to == OUTSIDE] = CAR
    count, weight, persons = rng.choice([0.0, 1.5], N), rng.uniform(1.0, 9.0, N), rng.uniform(1.0, 2.0, N)
    household, fare, fee = (np.arange(N) // 2).astype(np.int32), rng.uniform(0.0, 2.0, N), rng.uniform(0.0, 3.0, D)
    zeros = np.zeros
    day = Day(
        minutes=zeros(N), km=zeros(N), fares=zeros(N), parking=zeros(N), car_km=zeros(N // 2), inside=zeros(D), trips=zeros((D, 4)),
        trip_km=zeros((D, 4)), transit=zeros((D, D)),
    )  # fmt: skip
    network = travel(
        5, STREAM, 0, ways, ids, home, to, gate, mode, count, weight, persons, household, fare, fee, SLOWEST, day
    )
    minutes, _, by_car = door_to_door(5, STREAM, 0, ways, ids, home, to, gate)
    total = on_links = beyond = 0.0
    for i in range(N):
        walked = minutes[i, WALK] / WALK_PACE
        km = walked if mode[i] in (BIKE, WALK) and np.isfinite(walked) else by_car[i]
        clock = walked * BIKE_PACE if mode[i] == BIKE else minutes[i, mode[i]]
        assert day.minutes[i] == pytest.approx(count[i] * (clock if np.isfinite(clock) else SLOWEST))
        assert day.km[i] == pytest.approx(count[i] * km)
        pays_fare = mode[i] == TRANSIT and to[i] >= 0
        assert day.fares[i] == pytest.approx(count[i] * fare[i] * pays_fare)
        assert day.parking[i] == pytest.approx(count[i] / persons[i] * fee[to[i]] * (mode[i] == CAR and to[i] >= 0))
        if mode[i] == CAR:
            vehicles = weight[i] * count[i] / persons[i]
            total += vehicles * km
            beyond += vehicles * ways.beyond_km * (to[i] == OUTSIDE)
            if to[i] == OUTSIDE:
                on_links += vehicles * (ways.gate_km[home[i], gate[i]] - ways.access[home[i]])
            elif to[i] != home[i]:
                on_links += vehicles * (ways.km[home[i], to[i]] - ways.access[home[i]] - ways.access[to[i]])
    assert network == pytest.approx(on_links)
    assert network + day.inside.sum() + beyond == pytest.approx(
        total
    )  # every kilometre is on links, in a district or beyond
    assert day.trips.sum() == pytest.approx((weight * count).sum())
    assert day.transit.sum() == pytest.approx((weight * count)[(mode == TRANSIT) & (to >= 0)].sum())
    assert np.isfinite(day.trip_km).all()
    assert day.car_km.sum() == pytest.approx((count / persons * by_car)[mode == CAR].sum())
