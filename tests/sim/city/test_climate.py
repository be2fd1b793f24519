"""Which weather each month has; warm and cold years against the published index of winters."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest

from sim.city.city import City, Weather
from sim.city.climate import (
    HEATING_SEASON,
    ONE_IN_TEN,
    Climate,
    climate_of,
    degree_days,
    rare_year,
)
from sim.city.clock import MONTH_OF_DAY
from sim.city.typical_days import Days, all_days, typical_days
from sim.city.weather import by_month, normal_year
from sim.city.weatherfile import read_weather
from sim.scenario.load import Scenario, load_scenario
from sim.scenario.parameters import Parameters, registry
from tests.sim.city.weather_texts import epw, mean_hours
from tests.tiny import tiny_city, tiny_weather

#: Index of winter rigour of metropolitan France 1990-2019, SDES (indicateurs-snbc.developpement-durable.gouv.fr).
RIGOUR = (
    0.939, 1.141, 1.052, 1.052, 0.902, 0.965, 1.115, 0.964, 1.019, 0.974, 0.918, 0.976, 0.875, 1.015, 1.041, 1.042, 0.991, 0.912,
    0.986, 1.006, 1.168, 0.837, 1.003, 1.096, 0.816, 0.898, 1.002, 0.948, 0.902, 0.924,
)  # fmt: skip
BASE = "name: w\ncity: toulouse\nstart: 2021-01\nend: 2024-12\n"


def plan(folder: Path, keys: str = "") -> Scenario:
    path = folder / "s.yaml"
    path.write_text(BASE + keys, "utf-8")
    return load_scenario(path)


def same(one: Days, other: Days) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(Days))


def test_without_a_scenario_every_month_has_the_normal_year() -> None:
    city = tiny_city()
    climate = climate_of(city)
    assert city.weather is not None
    for month, days in enumerate(typical_days(city.weather)):
        assert same(climate.normal[month], days)
        for year in (1990, 2021, 2050):
            assert climate.days(year * 12 + month) is climate.normal[month]


def test_a_city_without_weather_gets_that_of_its_place() -> None:
    city = dataclasses.replace(tiny_city(), weather=None)
    lon, lat = float(city.districts.lon.mean()), float(city.districts.lat.mean())
    assert same(climate_of(city).normal[3], typical_days(normal_year(lon, lat))[3])


def test_years_have_the_weather_that_the_scenario_gives_them(tmp_path: Path) -> None:
    (tmp_path / "dry.epw").write_text("\n".join(epw()), "utf-8")
    city = tiny_city()
    climate = climate_of(city, plan(tmp_path, "weather: {2022: warm, 2023: dry.epw, 2024: cold}\n"))
    assert city.weather is not None
    p = Parameters()
    want: dict[int, Weather] = {
        2020: city.weather, 2021: city.weather, 2022: rare_year(city.weather, p, warm=True),
        2023: read_weather(tmp_path / "dry.epw"), 2024: rare_year(city.weather, p, warm=False), 2025: city.weather,
    }  # fmt: skip
    for year, weather in want.items():
        for month in (0, 6, 11):
            assert same(climate.days(year * 12 + month), typical_days(weather)[month]), (year, month)
    assert same(climate.normal[0], typical_days(city.weather)[0])  # the conventional year stays what it is


def test_one_weather_for_every_year_and_all_hours(tmp_path: Path) -> None:
    city = tiny_city()
    assert city.weather is not None
    warm = climate_of(city, plan(tmp_path, "weather: warm\nhours: all\n"))
    every = all_days(rare_year(city.weather, Parameters(), warm=True))
    for year in (2010, 2021, 2030):
        assert same(warm.days(year * 12 + 6), every[6])
    assert warm.days(2021 * 12).consecutive
    assert not warm.normal[0].consecutive
    plain = climate_of(city, plan(tmp_path, "hours: all\n"))
    assert same(plain.days(2022 * 12 + 1), all_days(city.weather)[1])


def test_parameters_of_the_run_come_before_the_scenarios(tmp_path: Path) -> None:
    city, scenario = tiny_city(), plan(tmp_path, "weather: warm\nparameters: {summer_deviation: 0.6}\n")
    july = 2021 * 12 + 6
    usual = climate_of(city, scenario).days(july).temperature.mean()
    assert climate_of(city, scenario, Parameters({"summer_deviation": 1.2})).days(july).temperature.mean() > usual + 0.5
    assert usual == pytest.approx(float(climate_of(city).days(july).temperature.mean()) + ONE_IN_TEN * 0.6, abs=0.05)


def test_each_weather_is_made_once() -> None:
    weather = tiny_weather()
    climate = Climate(weather, {2021: weather}, all_hours=True)
    assert climate.days(2021 * 12) is climate.days(2030 * 12)


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("weather", [tiny_weather(), normal_year(1.44, 43.6)], ids=["tiny", "Toulouse"])
def test_a_rare_year_differs_as_one_in_ten_does(weather: Weather, warm: bool) -> None:
    p, sign = Parameters(), 1.0 if warm else -1.0
    rare = rare_year(weather, p, warm=warm)
    cold = np.isin(MONTH_OF_DAY, HEATING_SEASON)
    before, after = (w.temperature.reshape(365, 24) for w in (weather, rare))
    ratio = degree_days(after[cold]) / degree_days(before[cold])
    assert ratio == pytest.approx(1.0 - sign * ONE_IN_TEN * p["rigour_deviation"], rel=1e-9)
    shift = by_month((after - before).mean(axis=1))
    assert (shift * sign > 0.3).all()
    np.testing.assert_allclose(shift[5:9], sign * ONE_IN_TEN * p["summer_deviation"])
    up = np.maximum(0.0, weather.sun[:, 2])
    np.testing.assert_allclose(rare.horizontal, rare.diffuse + rare.direct * up, atol=1e-9)
    np.testing.assert_array_equal(rare.diffuse, weather.diffuse)
    more = rare.horizontal.sum() / weather.horizontal.sum() - 1.0
    assert (
        0.005 < sign * more < ONE_IN_TEN * p["sunshine_deviation"] * p["warm_and_sunny"]
    )  # less than sunshine: the sky is no sun
    assert (rare.direct <= rare.extra).all()
    assert ("warm" if warm else "cold") in rare.source
    assert weather.temperature is not rare.temperature


def test_the_deviation_of_winters_is_that_of_the_published_index() -> None:
    years = np.arange(len(RIGOUR))
    around = np.array(RIGOUR) - np.polyval(np.polyfit(years, RIGOUR, 1), years)
    deviation = np.sqrt((around**2).sum() / (len(RIGOUR) - 2)) / np.mean(RIGOUR)
    assert registry()["rigour_deviation"].default == pytest.approx(deviation, abs=0.001)
    # the tenths of the thirty years themselves
    assert np.quantile(around / np.mean(RIGOUR), [0.1, 0.9]) == pytest.approx([-0.107, 0.107], abs=0.015)
    assert ONE_IN_TEN * deviation == pytest.approx(0.107, abs=0.001)


def test_a_scenario_with_a_file_travels_to_workers(tmp_path: Path) -> None:
    """The weather goes with it: a file that changes after it was read changes nothing."""
    path = tmp_path / "dry.epw"
    path.write_text("\n".join(epw()), "utf-8")
    scenario = plan(tmp_path, "weather: dry.epw\n")
    again: Scenario = pickle.loads(pickle.dumps(scenario))
    path.unlink()
    city: City = tiny_city()
    assert same(climate_of(city, again).days(2022 * 12), climate_of(city, scenario).days(2022 * 12))
    assert again == scenario


def test_weather_files_are_told_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "dry.epw"
    path.write_text("\n".join(epw()), "utf-8")
    one = plan(tmp_path, "weather: {2022: dry.epw}\n")
    assert one.resolved()["weather"] == {2022: "dry.epw"}
    assert set(one.resolved()["weather_files"]) == {"dry.epw"}
    hours = mean_hours(1.0)
    path.write_text("\n".join(epw(dataclasses.replace(hours, temperature=hours.temperature + 1.0))), "utf-8")
    two = plan(tmp_path, "weather: {2022: dry.epw}\n")
    assert one.resolved() != two.resolved()
    assert one != two
    mean = [climate_of(tiny_city(), s).days(2022 * 12).temperature.mean() for s in (one, two)]
    assert mean[1] - mean[0] == pytest.approx(1.0, abs=0.02)
    assert "weather_files" not in plan(tmp_path, "weather: warm\n").resolved()
    assert not {"weather", "hours", "weather_files"} & set(
        plan(tmp_path).resolved()
    )  # a plan without them is what it was
