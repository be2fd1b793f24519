"""Dwellings side by side against the same dwellings one by one: :func:`kernels.thermal.series`, which is proved against a nodal twin and
against published cases, and the rest written out in NumPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from kernels.stock import Dwellings, Hours, Year, live
from kernels.thermal import series

Floats = npt.NDArray[np.float64]
T = 24 * 12


def stock(n: int, seed: int = 0) -> Dwellings:
    rng = np.random.default_rng(seed)
    floor = rng.uniform(20.0, 180.0, n)
    box = np.stack(
        [rng.uniform(0.2, 0.9, n), rng.uniform(0.3, 3.0, n), rng.uniform(0.3, 0.8, n), np.full(n, 15.5), np.full(n, 2.5),
         np.full(n, 4.5), rng.uniform(8e4, 3.7e5, n)], axis=1,
    ) * floor[:, None]  # fmt: skip
    pump = rng.random(n) < 0.4
    return Dwellings(
        box=box, internal=4.0 * floor, absent=2.0 * floor * (rng.random(n) < 0.5), aperture=rng.uniform(0.0, 0.06, (n, 5)) * floor[:, None],
        heat_at=rng.uniform(17.0, 22.0, n), night=rng.uniform(0.0, 3.0, n), away=rng.uniform(0.0, 2.0, n),
        cool_at=np.where(rng.random(n) < 0.3, 26.0, np.inf), heater=np.where(rng.random(n) < 0.5, 20.0 * floor, 1e9),
        efficiency=np.where(pump, 2.4, 0.9), warmer=np.where(pump, 0.06, 0.0), least=np.where(pump, 1.0, 0.9),
        electric=np.where(pump | (rng.random(n) < 0.5), 1.0, 0.0), chiller=np.full(n, 3.0), water=rng.uniform(0.0, 300.0, n),
        water_fuel=rng.uniform(0.0, 200.0, n), plugs=rng.uniform(50.0, 500.0, n), car=rng.uniform(0.0, 300.0, n),
        panels=rng.uniform(0.0, 2000.0, (n, 3)), weight=rng.uniform(0.5, 4.0, n),
    )  # fmt: skip


def hours(seed: int = 1) -> Hours:
    rng, t = np.random.default_rng(seed), np.arange(T)
    sun = np.maximum(0.0, np.sin((t % 24 - 6) * np.pi / 12))[:, None]
    shape = rng.uniform(0.1, 3.0, (3, T))
    return Hours(
        rng.uniform(-8.0, 34.0, T), sun * rng.uniform(0.0, 900.0, (T, 5)), sun * rng.uniform(0.0, 0.9, (T, 3)),
        (t % 24 < 6).astype(float), ((t % 24 > 8) & (t % 24 < 17)).astype(float), *shape,
    )  # fmt: skip


def alone(d: Dwellings, b: int, h: Hours, mass: float) -> tuple[Floats, float]:
    """(6, T) powers of one dwelling [W] and its mass temperature at the end, where the heater is never too small."""
    need, air = np.empty(T), np.empty(T)
    internal = d.internal[b] - d.absent[b] * h.working
    heat_at = d.heat_at[b] - d.night[b] * h.asleep - d.away[b] * h.working
    solar = h.windows @ d.aperture[b]
    end = series(
        mass, h.outdoor, internal, solar, heat_at, np.full(T, d.cool_at[b]), np.ascontiguousarray(d.box[b]), need, air
    )
    heat, cool = np.maximum(need, 0.0), np.maximum(-need, 0.0)
    final = heat / np.maximum(d.efficiency[b] + d.warmer[b] * h.outdoor, d.least[b])
    fuel = final * (1.0 - d.electric[b]) + d.water_fuel[b] * h.water
    load = final * d.electric[b] + d.water[b] * h.water + cool / d.chiller[b] + d.plugs[b] * h.plugs + d.car[b] * h.car
    pv = h.roofs @ d.panels[b]
    return np.stack([heat, cool, fuel, load, pv, np.minimum(load, pv)]), end


def test_every_hour_equals_dwellings_one_by_one() -> None:
    """Each in a district of its own, so that its hours are seen: within 1e-6 W."""
    n = 21
    d, h = stock(n)._replace(heater=np.full(n, 1e9)), hours()
    found = live(d, np.arange(n), h, np.full(n, 17.0), districts=n)
    for b in range(n):
        wanted, end = alone(d, b, h, 17.0)
        powers = np.stack([part[b] for part in found[:6]])
        np.testing.assert_allclose(powers / d.weight[b], wanted, atol=1e-6)
        np.testing.assert_allclose(found.dwelling[b], wanted.sum(axis=1), rtol=1e-10, atol=1e-6)
        assert found.mass[b] == pytest.approx(end, abs=1e-9)
    assert (found.cool > 0.0).any()
    assert (found.used < found.load).any()


def test_districts_hold_their_dwellings() -> None:
    """Weighted sums of dwellings and of hours agree to 1e-9; an empty district has nothing; order changes rounding only."""
    n, districts = 333, 7
    d, h = stock(n, 2), hours(3)
    where = np.random.default_rng(4).integers(0, districts - 1, n)
    found = live(d, where, h, np.full(n, 17.0), districts=districts)
    for k in range(6):
        by_district = np.bincount(where, d.weight * found.dwelling[:, k], districts)
        np.testing.assert_allclose(found[k].sum(axis=1), by_district, rtol=1e-9)
    assert not any(part[districts - 1].any() for part in found[:6])
    turn = np.random.default_rng(5).permutation(n)
    turned = live(Dwellings._make(column[turn] for column in d), where[turn], h, np.full(n, 17.0), districts=districts)
    np.testing.assert_allclose(turned.heat, found.heat, rtol=1e-12)
    np.testing.assert_array_equal(turned.dwelling, found.dwelling[turn])


def test_threads_and_stops_change_nothing() -> None:
    n = 100
    d, h = stock(n, 6), hours(7)
    where, start = np.arange(n) % 3, np.full(n, 17.0)
    one, two = (live(d, where, h, start, districts=3, threads=threads) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    parts: list[Year] = []
    for first, last in pairwise((0, 50, 134, T)):
        some = Hours._make(column[first:last] for column in h)
        parts.append(live(d, where, some, parts[-1].mass if parts else start, districts=3))
    np.testing.assert_allclose(np.concatenate([part.load for part in parts], axis=1), one.load, rtol=1e-12)
    np.testing.assert_allclose(parts[-1].mass, one.mass, rtol=1e-12)


def test_a_small_heater_leaves_it_cold() -> None:
    n = 16
    d, h = stock(n, 8), hours(9)
    small = live(d._replace(heater=np.full(n, 300.0)), np.arange(n), h, np.full(n, 17.0), districts=n)
    assert (small.heat <= 300.0 * d.weight[:, None] * (1.0 + 1e-12)).all()
    assert (small.mass < live(d, np.arange(n), h, np.full(n, 17.0), districts=n).mass).any()


def test_an_odd_number_of_hours_is_refused() -> None:
    short = Hours._make(column[:3] for column in hours())
    with pytest.raises(ValueError, match="3 hours"):
        live(stock(4), np.zeros(4, int), short, np.full(4, 17.0), districts=1)
