"""The benchmark of a city's grid on the small city: its loads are the city's customers', its figures the clock's."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from experiments.benchmarks import feeders
from experiments.benchmarks.context import Context
from sim import Parameters, generate_grid
from tests.tiny import tiny_city


def test_rows_of_a_city(tmp_path: Path) -> None:
    city = tiny_city()
    city.stations, city.buses = generate_grid(city, Parameters())
    ticks = count()
    context = Context(tmp_path, quick=True, clock=lambda: next(ticks) * 0.02, threads=1)
    generated, month = feeders.rows(context, city, 3, real=False)
    assert (generated.figure, month.figure) == (pytest.approx(0.02), pytest.approx(0.02))
    assert month.met
    assert f"for {city.districts.dwellings.sum():,} dwellings" in generated.note
    assert feeders.rows(context, city, 1, real=True)[1].met is None


def test_its_loads_are_those_of_all_customers() -> None:
    city = tiny_city()
    city.stations, city.buses = generate_grid(city, Parameters())
    load, pv, weight = feeders.case(city)
    assert load.shape == (city.n_districts, 4, feeders.STEPS)
    assert weight.sum() == pytest.approx(730.5)
    evening = load[:, :2, 19]
    np.testing.assert_allclose(evening[:, 0], 1800.0 * city.districts.houses)
    np.testing.assert_allclose(evening[:, 1], 1100.0 * (city.districts.dwellings - city.districts.houses))
    assert pv[:, :, :6].max() == 0.0
