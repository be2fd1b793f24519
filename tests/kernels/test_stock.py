"""Dwellings side by side against the same dwellings one by one: :func:`kernels.thermal.series`, which is proved against a nodal twin and
against published cases; roofs against :func:`kernels.solar.pv_yield`, proved against pvlib; the rest written out in NumPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from kernels.roofs import COEFFICIENT, INVERTER, KEEPS, LOSSES, NOCT, PER_HOUR
from kernels.solar import pv_yield
from kernels.stock import Dwellings, Hours, Lived, live
from kernels.thermal import series

Floats = npt.NDArray[np.float64]
T = 24 * 12
STEADY = ("water", "plugs", "cooking", "car", "night_car", "flexible")


def stock(n: int, seed: int = 0) -> Dwellings:
    rng = np.random.default_rng(seed)
    floor = rng.uniform(20.0, 180.0, n)
    box = np.stack(
        [rng.uniform(0.2, 0.9, n), rng.uniform(0.3, 3.0, n), rng.uniform(0.3, 0.8, n), np.full(n, 15.5), np.full(n, 2.5),
         np.full(n, 4.5), rng.uniform(8e4, 3.7e5, n)], axis=1,
    ) * floor[:, None]  # fmt: skip
    pump = rng.random(n) < 0.4
    panels = np.where(rng.random(n) < 0.3, rng.uniform(500.0, 6000.0, n), 0.0)
    return Dwellings(
        box=box, opened=rng.uniform(0.5, 3.0, n) * floor,
        aperture=rng.uniform(0.0, 0.06, (n, 4)) * floor[:, None], azimuth=rng.uniform(0.0, 360.0, n), mass=np.full(n, 17.0),
        internal=4.0 * floor, absent=2.0 * floor * (rng.random(n) < 0.5), heat_at=rng.uniform(17.0, 22.0, n),
        night=rng.uniform(0.0, 3.0, n), away=rng.uniform(0.0, 2.0, n), relief=rng.uniform(0.0, 1.0, n),
        cool_at=np.where(rng.random(n) < 0.5, 25.0, np.inf), heater=np.full(n, 1e9), per_heat=np.where(pump, 0.0, 1.1),
        pump=np.where(pump, 1.0, 0.0), electric=np.where(pump, 1.0, rng.random(n)), chiller=np.full(n, 3.0),
        **{name: rng.uniform(0.0, 300.0, n) for name in STEADY},
        panels=panels, tilt=rng.uniform(0.0, 60.0, n), facing=rng.uniform(0.0, 360.0, n),
        battery=np.where(rng.random(n) < 0.5, 6000.0, 0.0), weight=rng.uniform(0.5, 4.0, n),
    )  # fmt: skip


def hours(seed: int = 1, count: int = T) -> Hours:
    """Made-up hours: nothing of them needs a real sun."""
    rng, t = np.random.default_rng(seed), np.arange(count)
    up = np.sin((t % 24 - 6) * np.pi / 12)
    turn = (t % 24) * np.pi / 12
    sun = np.stack([-np.sqrt(1 - up**2) * np.sin(turn), -np.sqrt(1 - up**2) * np.cos(turn), up], axis=1)
    lit = np.maximum(up, 0.0) > 0.0
    return Hours(
        rng.uniform(-8.0, 34.0, count), sun, lit * rng.uniform(0.0, 900.0, count), lit * rng.uniform(0.0, 150.0, count),
        lit * rng.uniform(0.0, 60.0, count), rng.uniform(0.6, 1.0, count), (rng.random(count) < 0.1) * 1.0,
        (t % 24 < 6).astype(float), ((t % 24 > 8) & (t % 24 < 17)) * 0.7, (t % 24 == 19) * 1.0,
        rng.uniform(0.2, 0.5, count), *rng.uniform(0.1, 3.0, (6, count)),
    )  # fmt: skip


def on_plane(h: Hours, tilt: float, facing: float) -> Floats:
    """Irradiance on any plane, by the formula that :class:`Hours` states."""
    b, a = np.radians(tilt), np.radians(facing)
    normal = np.array([np.sin(b) * np.sin(a), np.sin(b) * np.cos(a), np.cos(b)])
    return np.maximum(h.sun @ normal, 0.0) * h.beam + (1 + np.cos(b)) * h.iso + (1 - np.cos(b)) * h.ground


def alone(d: Dwellings, b: int, h: Hours) -> tuple[Floats, float]:
    """(9, T) of one dwelling: heat, warm, fuel, cool, load, pv, used, kept [W], kelvins above 28; and its mass temperature at the end."""
    count = len(h.outdoor)
    need, air = np.empty(count), np.empty(count)
    internal = d.internal[b] - d.absent[b] * h.working
    heat_at = d.heat_at[b] - d.night[b] * h.asleep - d.away[b] * h.working - d.relief[b] * h.short
    solar = h.shade * sum(d.aperture[b, k] * on_plane(h, 90.0, d.azimuth[b] + 90.0 * k) for k in range(4))
    end = d.mass[b]
    for t in range(count):  # an hour at a time, since windows open and close
        box = d.box[b].copy()
        box[2] += d.opened[b] * h.open[t]
        one = [np.array([x[t]]) for x in (h.outdoor, internal, solar, heat_at, np.full(count, d.cool_at[b]))]
        end = series(end, *one, box, need[t : t + 1], air[t : t + 1])
    heat, cool = np.maximum(need, 0.0), np.maximum(-need, 0.0) / d.chiller[b]
    final = heat * (d.per_heat[b] + d.pump[b] * h.pump)
    warm = final * d.electric[b]
    load = warm + cool + sum(getattr(d, name)[b] * getattr(h, name) for name in STEADY)
    plane = np.ascontiguousarray(on_plane(h, d.tilt[b], d.facing[b]))
    pv = d.panels[b] * pv_yield(plane, h.outdoor, COEFFICIENT, NOCT, LOSSES, INVERTER)
    used, kept = battery(pv, load, d.battery[b])
    return np.stack([heat, warm, final - warm, cool, load, pv, used, kept, np.maximum(air - 28.0, 0.0)]), end


def battery(pv: Floats, load: Floats, size: float) -> tuple[Floats, Floats]:
    """The battery, an hour at a time."""
    stored, used, kept = 0.0, np.empty(len(pv)), np.empty(len(pv))
    for t in range(len(pv)):
        direct = min(pv[t], load[t])
        taken = min(pv[t] - direct, size * PER_HOUR, (size - stored) / KEEPS)
        given = min(load[t] - direct, size * PER_HOUR, stored)
        stored += KEEPS * taken - given
        used[t], kept[t] = direct + given, taken - given
    return used, kept


def test_every_hour_equals_dwellings_one_by_one() -> None:
    """Each in a group of its own, so that its hours are seen: within 1e-6 W."""
    n = 21
    d, h = stock(n), hours()
    found = live(d, np.arange(n), h, groups=n)
    for b in range(n):
        wanted, end = alone(d, b, h)
        powers = np.stack([part[b] for part in found[:8]])
        np.testing.assert_allclose(powers / d.weight[b], wanted[:8], atol=1e-6)
        np.testing.assert_allclose(found.dwelling[b], wanted.sum(axis=1), rtol=1e-10, atol=1e-6)
        assert found.mass[b] == pytest.approx(end, abs=1e-9)
    assert (found.cool > 0.0).any()
    assert (found.used < found.load).any()
    assert (found.kept < 0.0).any()


def test_groups_hold_their_dwellings() -> None:
    """Weighted sums of dwellings and of hours agree to 1e-9; an empty group has nothing; order changes rounding only."""
    n, groups = 333, 7
    d, h = stock(n, 2), hours(3)
    where = np.random.default_rng(4).integers(0, groups - 1, n)
    found = live(d, where, h, groups=groups)
    for k in range(8):
        by_group = np.bincount(where, d.weight * found.dwelling[:, k], groups)
        np.testing.assert_allclose(found[k].sum(axis=1), by_group, rtol=1e-9, atol=1e-6)
    assert not any(part[groups - 1].any() for part in found[:8])
    turn = np.random.default_rng(5).permutation(n)
    turned = live(Dwellings._make(column[turn] for column in d), where[turn], h, groups=groups)
    np.testing.assert_allclose(turned.heat, found.heat, rtol=1e-12)
    np.testing.assert_array_equal(turned.dwelling, found.dwelling[turn])


def test_pv_goes_to_the_dwelling_the_battery_or_out() -> None:
    """What is used and kept is never more than what is produced, and over a time no battery gives more than it keeps."""
    n = 64
    d, h = stock(n, 11), hours(12)
    found = live(d, np.arange(n), h, groups=n)
    assert (found.pv - found.used - found.kept >= -1e-9 * found.pv.max()).all()
    direct = np.minimum(found.pv, found.load)
    taken = np.maximum(found.kept, 0.0).sum(axis=1)
    assert (found.used - direct).sum() <= KEEPS * taken.sum() + 1e-6
    assert ((found.used - direct).sum(axis=1)[d.battery == 0.0] < 1e-6).all()


def test_threads_and_stops_change_nothing() -> None:
    n = 100
    d, h = stock(n, 6)._replace(battery=np.zeros(n)), hours(7)
    where = np.arange(n) % 3
    one, two = (live(d, where, h, groups=3, threads=threads) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    parts: list[Lived] = []
    for first, last in pairwise((0, 50, 134, T)):
        some = Hours._make(column[first:last] for column in h)
        now = d._replace(mass=parts[-1].mass) if parts else d
        parts.append(live(now, where, some, groups=3))
    np.testing.assert_allclose(np.concatenate([part.load for part in parts], axis=1), one.load, rtol=1e-12)
    np.testing.assert_allclose(parts[-1].mass, one.mass, rtol=1e-12)


def test_typical_days_are_days_that_repeat_themselves() -> None:
    """A day lived for a month on end, by :func:`kernels.thermal.series`, against the one that the secant finds: heat within 0.5 %."""
    n = 24
    d, day = stock(n, 13)._replace(battery=np.zeros(n)), hours(14, 24)
    day = day._replace(outdoor=day.outdoor * 0.25)
    found = live(d, np.arange(n), day, groups=n, typical=True, weight=np.array([3.0]))
    long = Hours._make(np.concatenate([column] * 60) for column in day)
    for b in range(n):
        wanted = alone(d, b, long)[0][:, -24:]
        assert found.heat[b].sum() / d.weight[b] == pytest.approx(wanted[0].sum(), rel=5e-3, abs=30.0)
        assert found.dwelling[b, 0] == pytest.approx(3.0 * found.heat[b].sum() / d.weight[b], rel=1e-9)
        assert found.dwelling[b, 4] == pytest.approx(3.0 * found.load[b].sum() / d.weight[b], rel=1e-9)
    both = Hours._make(np.concatenate([column] * 2) for column in day)
    twice = live(d, np.arange(n), both, groups=n, typical=True, weight=np.array([1.0, 2.0]))
    np.testing.assert_allclose(twice.dwelling[:, 0], found.dwelling[:, 0], rtol=5e-3, atol=100.0)


def test_a_small_heater_leaves_it_cold() -> None:
    n = 16
    d, h = stock(n, 8), hours(9)
    small = live(d._replace(heater=np.full(n, 300.0)), np.arange(n), h, groups=n)
    assert (small.heat <= 300.0 * d.weight[:, None] * (1.0 + 1e-12)).all()
    assert (small.mass < live(d, np.arange(n), h, groups=n).mass).any()


@pytest.mark.parametrize(
    ("count", "typical", "words"), [(3, False, "3 hours: an even"), (30, True, "30 hours: whole days")]
)
def test_hours_that_do_not_fit_are_refused(count: int, typical: bool, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        live(stock(4), np.zeros(4, int), hours(1, count), groups=1, typical=typical)
