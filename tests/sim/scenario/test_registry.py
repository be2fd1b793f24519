"""Every shipped number is one that can be defended: unit, range, status, source; dated ones in order, once each."""

from __future__ import annotations

import csv
import math
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

import sim.scenario
from sim.errors import InputError
from sim.scenario.parameters import STATUSES, Parameters, registry
from sim.scenario.trends import Trends, all_series

FOLDER = Path(sim.scenario.__file__).parent
TABLES = sorted((FOLDER / "registry").glob("*.toml"))
SERIES = sorted((FOLDER / "series").glob("*.csv"))

#: Words that units are made of: SI and what transport and energy people count in.
UNITS = {
    "-", "%", "€", "€2020", "k€", "kWp", "kWh", "W", "VA", "kVA", "pu", "km", "km2", "m", "m2", "l", "s", "h", "min", "day", "days", "week",
    "month", "months", "year", "years", "K", "degC", "kgCO2e", "veh", "PCU", "car", "trip", "trips", "call", "connectors", "dwellings",
    "job", "measures", "persons", "person", "kg", "m3", "t", "MWh", "tours", "women", "births",
}  # fmt: skip


def words(unit: str) -> set[str]:
    """The parts of a unit, without signs, brackets and plain factors (births/100 women)."""
    return {w for w in re.split(r"[/() ]", unit) if w and not w.isdigit()}


def test_the_tables_are_there() -> None:
    assert {p.stem for p in TABLES} >= {"mobility", "energy", "economy", "society", "people", "measures", "city"}
    assert sum(len(tomllib.loads(p.read_text("utf-8"))) for p in TABLES) == len(registry()) > 150


@pytest.mark.parametrize("name", list(registry()))
def test_a_parameter_can_be_defended(name: str) -> None:
    p = registry()[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert p.status in STATUSES
    assert all(isinstance(v, int | float) and math.isfinite(v) for v in (p.low, p.default, p.high))
    assert p.low <= p.default <= p.high
    assert words(p.unit) <= UNITS, p.unit
    assert len(p.source) > 5
    assert len(p.meaning) > 5


@pytest.mark.parametrize("path", SERIES, ids=lambda p: p.stem)
def test_a_series_can_be_defended(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["series", "date", "value", "unit", "source", "status"]
    seen: dict[str, list[tuple[int, int]]] = {}
    units: dict[str, set[str]] = {}
    for row in rows:
        assert None not in row, row  # a comma too many
        assert re.fullmatch(r"(19|20|21)\d\d(-(0[1-9]|1[0-2]))?", row["date"]), row
        assert math.isfinite(float(row["value"])), row
        assert row["status"] in STATUSES, row
        assert len(row["source"]) > 5, row
        assert words(row["unit"]) <= UNITS, row
        year, _, month = row["date"].partition("-")
        seen.setdefault(row["series"], []).append((int(year), int(month or 7)))
        units.setdefault(row["series"], set()).add(row["unit"])
    for name, dates in seen.items():
        assert all(a < b for a, b in pairwise(dates)), f"{name}: dates out of order or twice"
        assert len(units[name]) == 1, name


def test_a_series_lives_in_one_file() -> None:
    homes: dict[str, set[str]] = {}
    for path in SERIES:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                homes.setdefault(row["series"], set()).add(path.stem)
    assert {name for name, found in homes.items() if len(found) > 1} == set()
    assert set(homes) == set(all_series())


def test_a_series_is_linear_between_its_points_and_constant_beyond() -> None:
    """Against the definition, at every month of every series."""
    for name, s in all_series().items():
        points = list(zip(s.months, s.values, strict=True))
        assert Trends().at(name, s.months[0] - 99) == s.values[0]
        assert Trends().at(name, s.months[-1] + 99) == s.values[-1]
        for (a, x), (b, y) in pairwise(points):
            assert Trends().at(name, a) == x
            middle = (a + b) // 2
            assert Trends().at(name, middle) == pytest.approx(
                x + (y - x) * (middle - a) / (b - a), rel=1e-12, abs=1e-15
            )
        assert Trends(frozen_at=s.months[0]).at(name, s.months[-1]) == s.values[0]
    with pytest.raises(KeyError):
        Trends().at("no_such_series", 0)


def test_values_of_a_run_stay_in_their_ranges() -> None:
    name = "value_of_time_work"
    p = registry()[name]
    given = Parameters({name: p.high})
    assert given[name] == p.high
    assert Parameters()[name] == p.default
    assert set(given) == set(registry())
    with pytest.raises(InputError) as caught:
        Parameters({name: p.high * 1.01, "value_of_time_wrk": 1.0, "trips": math.nan})
    faults = caught.value.faults
    assert [f.field for f in faults] == [name, "value_of_time_wrk", "trips"]
    assert faults[1].nearest == name
    with pytest.raises(InputError):
        Parameters({name: math.nan})
