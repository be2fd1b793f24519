"""Utilities, destinations and days of tours beside plain Python written from their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.choice import nested_shares
from kernels.draws import stream, uniform
from kernels.journeys import (
    BIKE,
    CAR,
    LONGEST,
    OUTSIDE,
    SHIFT,
    SHORTEST,
    TRANSIT,
    WALK,
    Day,
    Place,
    Taste,
    Travellers,
    Ways,
    destinations,
    logsum,
    travel,
    weigh,
)

STREAM, OTHER_STREAM = stream("test.ends"), stream("test.places")
D, G, N = 4, 2, 300
WALK_PACE, BIKE_PACE, INNER_PACE, SLOWEST = 13.0, 4.0, 3.0, 90.0
NEST, SCALE = np.array([0, 0, 1, 1, 2, 2], np.int64), np.array([0.5, 0.5, 0.7])


def tables(seed: int) -> Ways:
    """Random tables; transit does not go everywhere nor inside, one pair has no way on foot, two districts share their middle."""
    rng = np.random.default_rng(seed)
    km = rng.uniform(2.0, 9.0, (D, D))
    km[0, 1] = km[1, 0] = 0.0
    ride = np.where(rng.random((2, D, D)) < 0.3, np.inf, rng.uniform(15.0, 60.0, (2, D, D)))
    ride[:, np.arange(D), np.arange(D)] = np.inf
    walk = km * WALK_PACE
    walk[2, 3] = np.inf
    access = rng.uniform(0.2, 0.6, D)
    by_car = km + access[:, None] + access
    np.fill_diagonal(by_car, np.diag(km))
    gate = rng.uniform(5.0, 9.0, (2, D, G))
    detour = np.array([1.0, 1.2])[:, None, None, None] * np.array([1.0, 0.9])[None, :, None, None]
    far = np.broadcast_to(by_car, (2, 2, D, D)).copy()
    far[1, :, 0, 2] += 1.5
    return Ways(
        car=far * 2.0 * detour, km=far, ride=ride, felt=ride * 1.3, bike=walk / WALK_PACE * BIKE_PACE * 1.4, walk=walk, gate=gate * 2.0,
        gate_km=gate, access=access, beyond=10.0, beyond_km=12.0, walk_pace=WALK_PACE, bike_pace=BIKE_PACE, inner_pace=INNER_PACE,
    )  # fmt: skip


def people(rng: np.random.Generator) -> Travellers:
    return Travellers(
        id=np.arange(N) * 3, home=rng.integers(0, D, N).astype(np.int32), gate=rng.integers(0, G, N).astype(np.int32),
        group=rng.integers(0, 2, N), banned=rng.integers(0, 3, N), firm=rng.random(N), car=rng.random(N) < 0.8,
        day_car=rng.random(N) < 0.7, bike=rng.choice([0.0, 1.0, 0.8], N), fare=rng.uniform(0.0, 2.0, N), car_km=rng.uniform(0.1, 0.2, N),
        value=rng.uniform(0.1, 0.3, N), habit=rng.integers(-1, 4, N).astype(np.int8),
        hold=rng.exponential(size=N), ring=rng.integers(0, 2, N),
    )  # fmt: skip


def setting(rng: np.random.Generator) -> tuple[Taste, Place]:
    taste = Taste(
        constants=rng.normal(0.0, 1.0, (2, 6)), sensitivity=0.05, transit=1.1, bike=1.6, walk=2.0, longest_walk=75.0, longest_ride=50.0,
        inertia=0.25, fear=2.0,
    )  # fmt: skip
    return taste, Place(fee=rng.uniform(0.0, 3.0, D), ban=rng.choice([0.0, 0.6], (3, D)))


def drawn(ways: Ways, h: int, d: int, person: int, purpose: int) -> tuple[float, float]:
    """(factor, km) of a person's own distance: docs/mobility.md, "Where trips end"."""
    u = uniform(5, STREAM, person, 0, purpose)
    if h == d:
        far = min(max(-math.log(u), SHORTEST), LONGEST)
        return far, (far - 1.0) * float(ways.km[0, 0, h, h])
    street = float(ways.walk[h, d]) / WALK_PACE
    shift = (2 * u - 1) * min(ways.access[h] + ways.access[d], SHIFT * street)
    return 1.0 + shift / street if street > 0 else 1.0, shift


def worth(who: Travellers, i: int, d: int, ways: Ways, taste: Taste, place: Place, purpose: int) -> list[float]:
    """The six utilities of a person, term by term."""
    h, g, c = who.home[i], who.group[i], taste.constants[who.ring[i]]
    far, shift = drawn(ways, h, d, int(who.id[i]), purpose) if d >= 0 else (1.0, 0.0)
    out = [-math.inf] * 6
    closed = who.firm[i] < place.ban[who.banned[i], h] or (d >= 0 and who.firm[i] < place.ban[who.banned[i], d])
    for hours in (0, 1):
        if who.car[i] and not closed and (hours == 0 or who.day_car[i]):
            if d >= 0:
                minutes, km, fee = (
                    ways.car[g, hours, h, d] + shift * INNER_PACE,
                    ways.km[g, hours, h, d] + shift,
                    place.fee[d],
                )
            else:
                minutes, km, fee = (
                    ways.gate[hours, h, who.gate[i]] + 10.0,
                    ways.gate_km[hours, h, who.gate[i]] + 12.0,
                    0.0,
                )
            out[hours] = (
                c[hours]
                - 0.05 * (minutes + (km * who.car_km[i] + fee) / who.value[i])
                + 0.25 * who.hold[i] * (who.habit[i] == CAR)
            )
        if d >= 0:
            cost = (ways.felt[hours, h, d] + 2.0) * 1.1 + who.fare[i] / who.value[i]
            out[2 + hours] = c[2 + hours] - 0.05 * cost + 0.25 * who.hold[i] * (who.habit[i] == TRANSIT)
    if d >= 0 and who.bike[i] > 0 and ways.bike[h, d] * far * who.bike[i] <= 50.0:
        out[4] = c[4] - 0.05 * 1.6 * ways.bike[h, d] * far * who.bike[i] + 0.25 * who.hold[i] * (who.habit[i] == BIKE)
    if d >= 0 and ways.walk[h, d] * far <= 75.0:
        out[5] = c[5] - 0.05 * 2.0 * ways.walk[h, d] * far + 0.25 * who.hold[i] * (who.habit[i] == WALK)
    return out


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_utilities_are_their_terms(seed: int) -> None:
    rng, ways = np.random.default_rng(seed), tables(seed)
    who, (taste, place) = people(rng), setting(rng)
    to = rng.choice([OUTSIDE, 0, 1, 2, 3], N)
    found = weigh(5, STREAM, 2, who, to, ways, taste, place)
    expected = [worth(who, i, int(to[i]), ways, taste, place, 2) for i in range(N)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)  # a sum of terms of size 1 may be near zero


def best(utility: np.ndarray) -> float:
    """Expected best of one person's alternatives."""
    return float(logsum(utility, NEST, SCALE, np.empty(len(SCALE))))


def test_the_logsum_is_the_log_of_the_nested_sum() -> None:
    """ln sum over nests of (sum of exp(V / scale)) ^ scale, and its gradient is the closed-form shares (Williams 1977; McFadden 1978)."""
    rng, step = np.random.default_rng(1), 1e-6
    for _ in range(20):
        v = rng.normal(0.0, 2.0, 6)
        e = np.exp(v / SCALE[NEST])
        assert best(v) == pytest.approx(math.log(sum(e[m == NEST].sum() ** SCALE[m] for m in range(3))))
        gradient = [(best(v + step * one) - best(v - step * one)) / (2 * step) for one in np.eye(6)]
        np.testing.assert_allclose(gradient, nested_shares(v[None], NEST, SCALE)[0], atol=1e-8)
    assert best(np.full(6, -np.inf)) == -math.inf


def test_districts_are_chosen_as_the_closed_form_says() -> None:
    """Many alike persons with sampled candidates choose like a logit over all districts, exactly computed: 3.5 standard errors of a
    share, and one per cent for the finite number of candidates; access is the logarithm of its sum."""
    n, weight = 40_000, 0.7
    ways, rng = tables(3), np.random.default_rng(3)
    ways.km[0, 0, 1, 1] = 0.0  # no way differs between persons
    ways.access[:] = 0.0
    taste, place = setting(rng)
    one = people(rng)
    same = [np.repeat(column[:1], n) for column in one]
    who = Travellers(*same)._replace(
        id=np.arange(n), home=np.ones(n, np.int32), firm=np.ones(n), car=np.ones(n, bool), bike=np.zeros(n)
    )
    size = np.array([1.0, 4.0, 2.0, 3.0])
    q = np.tile(np.array([0.3, 0.3, 0.1, 0.3]), (D, 1))
    utility = [worth(who, 0, d, ways, taste, place, 2) for d in range(D)]
    utility[1][5] = taste.constants[who.ring[0], 5]  # walking nowhere, whatever the factor
    ways.walk[1, 1] = 0.0
    ways.bike[1, 1] = 0.0
    utility = [worth(who, 0, d, ways, taste, place, 2) for d in range(D)]
    full = size * np.exp(weight * np.array([best(np.array(u)) for u in utility]))
    to, access = destinations(
        5,
        STREAM,
        OTHER_STREAM,
        2,
        who,
        ways,
        taste,
        place,
        NEST,
        SCALE,
        np.cumsum(q, axis=1),
        np.log(size) - np.log(q),
        weight,
        64,
    )
    share, expected = np.bincount(to, minlength=D) / n, full / full.sum()
    assert (np.abs(share - expected) <= 3.5 * np.sqrt(expected * (1 - expected) / n) + 0.01).all()
    assert np.exp(access).mean() == pytest.approx(full.sum(), rel=0.01)


def test_who_can_reach_nothing_stays() -> None:
    rng, ways = np.random.default_rng(2), tables(2)
    taste, place = setting(rng)
    who = people(rng)._replace(car=np.zeros(N, bool), bike=np.zeros(N))
    nowhere = ways._replace(felt=np.full((2, D, D), np.inf), walk=np.full((D, D), 1e6))
    q = np.full((D, D), 0.25)
    to, access = destinations(
        5, STREAM, OTHER_STREAM, 2, who, nowhere, taste, place, NEST, SCALE, np.cumsum(q, axis=1), -np.log(q), 0.5, 4
    )
    np.testing.assert_array_equal(to, who.home)
    assert np.isneginf(access).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_a_day_is_the_sum_of_its_journeys(seed: int) -> None:
    rng, ways = np.random.default_rng(seed), tables(seed)
    ids, home = np.arange(N) * 3, rng.integers(0, D, N).astype(np.int32)
    to = rng.choice([OUTSIDE, 0, 1, 2, 3], N).astype(np.int32)
    gate = np.where(to == OUTSIDE, rng.integers(0, G, N), -1).astype(np.int32)
    mode, off, group = rng.integers(0, 4, N).astype(np.int8), rng.random(N) < 0.5, rng.integers(0, 2, N)
    mode[to == OUTSIDE] = CAR
    count, weight, persons = rng.choice([0.0, 1.5], N), rng.uniform(1.0, 9.0, N), rng.uniform(1.0, 2.0, N)
    household, fare, fee = (np.arange(N) // 2).astype(np.int32), rng.uniform(0.0, 2.0, N), rng.uniform(0.0, 3.0, D)
    zeros, pace = np.zeros, rng.choice([1.0, 0.8], N)
    day = Day(
        minutes=zeros(N), km=zeros(N), fares=zeros(N), parking=zeros(N), car_km=zeros(N // 2), inside=zeros(D), trips=zeros((D, 4)),
        trip_km=zeros((D, 4)), transit=zeros((2, D, D)),
    )  # fmt: skip
    network = travel(
        5,
        STREAM,
        0,
        ways,
        ids,
        home,
        to,
        gate,
        mode,
        off,
        group,
        count,
        weight,
        persons,
        household,
        fare,
        pace,
        fee,
        SLOWEST,
        day,
    )
    total = on_links = beyond = by_car = 0.0
    for i in range(N):
        h, d, at, g = home[i], to[i], int(off[i]), group[i]
        far, shift = drawn(ways, h, d, int(ids[i]), 0) if d >= 0 else (1.0, 0.0)
        if d == OUTSIDE:
            clock, km = ways.gate[at, h, gate[i]] + 10.0, ways.gate_km[at, h, gate[i]] + 12.0
        else:
            km, walked = ways.km[g, at, h, d] + shift, ways.walk[h, d] * far / WALK_PACE
            car = ways.car[g, at, h, d] + shift * INNER_PACE
            clock = (car, ways.ride[at, h, d], walked * BIKE_PACE * pace[i], walked * WALK_PACE)[mode[i]]
            if mode[i] in (BIKE, WALK) and np.isfinite(walked):
                km = walked
        assert day.minutes[i] == pytest.approx(count[i] * (clock if np.isfinite(clock) else SLOWEST))
        assert day.km[i] == pytest.approx(count[i] * km)
        pays_fare = mode[i] == TRANSIT and to[i] >= 0
        assert day.fares[i] == pytest.approx(count[i] * fare[i] * pays_fare)
        assert day.parking[i] == pytest.approx(count[i] / persons[i] * fee[to[i]] * (mode[i] == CAR and to[i] >= 0))
        if mode[i] == CAR:
            vehicles = weight[i] * count[i] / persons[i]
            by_car += count[i] / persons[i] * km
            total += vehicles * km
            beyond += vehicles * ways.beyond_km * (to[i] == OUTSIDE)
            if to[i] == OUTSIDE:
                on_links += vehicles * (ways.gate_km[at, h, gate[i]] - ways.access[h])
            elif to[i] != home[i]:
                on_links += vehicles * (ways.km[g, at, h, d] - ways.access[h] - ways.access[d])
    assert network == pytest.approx(on_links)
    # every kilometre is on links, in a district or beyond
    assert network + day.inside.sum() + beyond == pytest.approx(total)
    assert day.trips.sum() == pytest.approx((weight * count).sum())
    rides = (mode == TRANSIT) & (to >= 0)
    for at in range(2):
        assert day.transit[at].sum() == pytest.approx((weight * count)[rides & (off == bool(at))].sum())
    assert np.isfinite(day.trip_km).all()
    assert day.car_km.sum() == pytest.approx(by_car)
