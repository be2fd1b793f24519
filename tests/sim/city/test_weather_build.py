"""``rebond city build --weather``: a file's year becomes the city's normal year."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sim.city.bundle import load_bundle
from sim.city.climate import climate_of
from sim.city.typical_days import typical_days
from sim.city.weatherfile import read_weather
from sim.cli import _guarded
from tests.sim.city.real_files import communes, demand, grid, write
from tests.sim.city.weather_texts import epw


def options(folder: Path, weather: Path) -> list[str]:
    paths = write(folder, grid(7), demand(7), communes(7), gz=True)
    pairs = zip(("--roads", "--demand", "--communes"), map(str, paths), strict=True)
    return [
        *(x for pair in pairs for x in pair),
        "--districts",
        "6",
        "--weather",
        str(weather),
        "--out",
        str(folder / "c.bundle"),
    ]


def test_a_city_keeps_the_year_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dry.epw"
    path.write_text("\n".join(epw()), "utf-8")
    assert _guarded(["city", "build", *options(tmp_path, path)]) == 0
    assert "normal year: 14.0 degC" in capsys.readouterr().err
    city, weather = load_bundle(tmp_path / "c.bundle"), read_weather(path)
    assert city.weather is not None
    np.testing.assert_array_equal(city.weather.direct, weather.direct)
    assert city.weather.source == "EPW Toulouse made up, dry.epw"
    np.testing.assert_array_equal(climate_of(city).days(2022 * 12).temperature, typical_days(weather)[0].temperature)
    assert _guarded(["city", "show", str(tmp_path / "c.bundle"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["weather"]
    assert shown["global_radiation_kWh_m2"] == pytest.approx(weather.horizontal.sum() / 1000.0, abs=0.1)
    assert shown["source"] == weather.source


def test_a_bad_file_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.epw"
    path.write_text("\n".join(epw()[:5000]), "utf-8")
    assert _guarded(["city", "build", *options(tmp_path, path)]) == 2
    assert "bad.epw:5000: hours: found no row for 28 July" in capsys.readouterr().err
    assert not (tmp_path / "c.bundle").exists()
