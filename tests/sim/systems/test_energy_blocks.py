"""Columns made block by block, sums and charging beside the plain formulations over whole columns: the same to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from sim.codes import DwellingType, Mode, Powertrain
from sim.columns import Array
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.systems.energy import blocks
from sim.systems.energy.charging import charge
from sim.systems.energy.uses import car_energy
from tests.tiny import tiny_city, tiny_state


def test_blocks_make_whole_columns_whatever_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    value = np.random.default_rng(1).random((1000, 3))

    def make(start: int, stop: int) -> dict[str, Array]:
        part = value[start:stop]
        return {"power": part[:, 0] ** 0.35, "whole": np.floor(9.0 * part[:, 1]).astype(np.int64), "box": part * 2.0}

    for size, threads in ((7, 1), (64, 2), (1000, 1), (5000, 2)):
        monkeypatch.setattr(blocks, "BLOCK", size)
        found = blocks.by_blocks(make, len(value), threads)
        for name, column in make(0, len(value)).items():
            assert found[name].dtype == column.dtype
            assert np.array_equal(found[name], column)


def test_sums_are_those_of_bincount() -> None:
    rng, n = np.random.default_rng(2), 3000
    cells, columns, weight = [rng.integers(0, 11, n) for _ in range(4)], list(rng.random((4, n))), rng.random(n)
    for threads in (1, 2):
        found = blocks.weighted_sums(cells, columns, weight, 12, threads)
        for cell, column, total in zip(cells, columns, found, strict=True):
            assert np.array_equal(total, np.bincount(cell, weight * column, 12))


def test_charging_is_that_of_all_cars_taken_together() -> None:
    city, p = tiny_city(), Parameters()
    state, rng = tiny_state(city), np.random.default_rng(3)
    cars, c, h = state.cars, state.citizens, state.households
    cars.powertrain[:] = rng.integers(0, len(Powertrain), len(cars))
    cars.km[:] = rng.uniform(0.0, 2000.0, len(cars)) * (rng.random(len(cars)) < 0.8)
    cars.alive[:] = rng.random(len(cars)) < 0.9
    c.main_mode[:] = rng.integers(0, len(Mode), len(c))
    electric, _ = car_energy(p)
    share = rng.dirichlet(np.ones(city.n_districts))
    found = charge(state, compose((), axis_sizes(city, 0)), electric, share, p)
    # the plain formulation, with every car, charged or not
    kwh = np.where(cars.alive, cars.km, 0.0) * electric[cars.powertrain]
    flat = state.dwellings.kind[h.dwelling] > DwellingType.TH
    own = np.where(flat, p["home_charging_flat"], p["home_charging_house"])[cars.household] * kwh
    works = np.full(len(h), -1)
    drivers = np.flatnonzero(c.alive & (c.main_mode == Mode.CAR) & (c.main_district >= 0))
    works[c.household[drivers]] = c.main_district[drivers]
    away, at = cars.weight * (kwh - own), works[cars.household]
    at_work = away * np.where(at >= 0, p["work_charging_share"], 0.0)
    assert np.array_equal(found.home.of(np.arange(len(h))), np.bincount(cars.household, own, len(h)))
    assert np.array_equal(found.home_sum, np.bincount(h.district[cars.household], cars.weight * own, len(share)) / 1e3)
    assert np.array_equal(found.work, np.bincount(np.maximum(at, 0), at_work, len(share)) / 1e3)
    assert np.array_equal(found.public, (float(away.sum()) - float(at_work.sum())) / 1e3 * share)
    assert found.work.sum() > 0.0
