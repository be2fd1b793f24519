"""A year in a room: sun on planes by pvlib's own functions, the calendar, and the balance of the whole year."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pvlib
import pytest

from sim.buildings.archetypes import find_archetype
from sim.buildings.room import Opening, Room, Skin, of_archetype
from sim.buildings.year import live_year, on_plane, sun_gains
from sim.city.city import Weather
from sim.city.clock import working_days
from sim.city.weatherfile import read_weather
from sim.codes import Position
from tests.sim.buildings.epw import write_epw


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Weather:
    return read_weather(write_epw(tmp_path_factory.mktemp("weather") / "w.epw"))


def room(heat: float = 20.0, cool: float = np.inf) -> Room:
    found = of_archetype(find_archetype("TH.05.existing"), 80.0, 150.0, Position.ROW_MIDDLE)
    return replace(found, heat_at=np.full((2, 24), heat), cool_at=np.full((2, 24), cool))


@pytest.mark.parametrize(("tilt", "azimuth"), [(0.0, 180.0), (90.0, 0.0), (90.0, 135.0), (30.0, 250.0), (120.0, 180.0)])
@pytest.mark.parametrize("sky", ["hay_davies", "perez"])
def test_planes_are_pvlibs(weather: Weather, tilt: float, azimuth: float, sky: str) -> None:
    zenith = np.degrees(np.arccos(np.clip(weather.sun[:, 2], -1, 1)))
    toward = np.degrees(np.arctan2(weather.sun[:, 0], weather.sun[:, 1])) % 360.0
    theirs = pvlib.irradiance.get_total_irradiance(
        tilt, azimuth, zenith, toward, weather.direct, weather.horizontal, weather.diffuse, dni_extra=weather.extra, albedo=0.2,
        airmass=np.asarray(pvlib.atmosphere.get_relative_airmass(np.minimum(zenith, 89.9))), model=sky.replace("_", ""),
    )  # fmt: skip
    beam, rest, incidence = on_plane(weather, tilt, azimuth, sky, 0.2)
    up = weather.sun[:, 2] > 0.0175
    np.testing.assert_allclose(
        (beam + rest)[up], np.nan_to_num(np.asarray(theirs["poa_global"]))[up], rtol=1e-6, atol=1e-6
    )
    aoi = np.asarray(pvlib.irradiance.aoi(tilt, azimuth, zenith, toward))
    np.testing.assert_allclose(np.degrees(incidence), np.minimum(aoi, 90.0), atol=1e-5)


def test_gains_are_sums_over_windows_and_skins(weather: Weather) -> None:
    one = Opening(2.0, 90.0, 180.0, (1.0, -0.2))
    two = Opening(1.5, 90.0, 90.0)
    skin = Skin(0.3, 0.7, 90.0, 180.0)
    base = replace(room(), sky_colder=11.0)
    alone = [sun_gains(replace(base, openings=(o,), skins=()), weather) for o in (one, two)]
    walls = sun_gains(replace(base, openings=(), skins=(skin,)), weather)
    together = sun_gains(replace(base, openings=(one, two), skins=(skin,)), weather)
    np.testing.assert_allclose(together, alone[0] + alone[1] + walls, atol=1e-9)
    night = weather.sun[:, 2] < -0.1
    np.testing.assert_allclose(walls[night], -0.7 * 11.0)


def test_the_year_is_settled_and_its_balance_closes(weather: Weather) -> None:
    r = room(20.0, 23.0)
    year = live_year(r, weather)
    assert np.all(year.air[year.need > 0] == pytest.approx(20.0))
    assert np.all(year.air[year.need < 0] == pytest.approx(23.0))
    assert year.need.max() > 0 > year.need.min()
    start = np.concatenate([year.mass[-1:], year.mass[:-1]])  # nearly that of the year before
    losses = (
        r.h_ve[0, 0] * (year.air - year.outdoor) + r.box[0] * (year.surface - year.outdoor)
        + r.box[1] * (0.5 * (start + year.mass) - year.outdoor)
    )  # fmt: skip
    passed_on = r.box[0] / (9.1 * r.box[5]) * (0.5 * year.internal + year.solar)
    storage = r.box[6] / 3600.0 * (year.mass - start)
    left = year.internal + year.solar - passed_on + year.need - losses - storage
    moved = np.abs(losses) + np.abs(storage) + np.abs(year.need) + year.internal + year.solar
    assert np.all(np.abs(left[1:]) < 1e-9 * moved[1:])
    assert abs(left[0]) < 1e-6 * moved[0]  # a year is long enough to forget where it began


def test_days_off_have_their_own_schedules(weather: Weather) -> None:
    r = room()
    heat_at = r.heat_at.copy()
    heat_at[1] = 15.0
    gains = r.gains.copy()
    gains[1, 12] = 1000.0
    year = live_year(replace(r, heat_at=heat_at, gains=gains), weather)
    off = ~working_days(weather.first_weekday)
    at_noon = year.internal.reshape(365, 24)[:, 12]
    assert np.all(at_noon[off] == 1000.0)
    assert np.all(at_noon[~off] == r.gains[0, 12])
    assert 100 < off.sum() < 120


def test_turning_the_house_moves_the_sun(weather: Weather) -> None:
    row = find_archetype("SFH.01.existing")  # all windows on one side
    sums = [
        sun_gains(of_archetype(row, None, azimuth, Position.DETACHED), weather).sum() for azimuth in (0.0, 90.0, 180.0)
    ]
    assert sums[0] < sums[1] < sums[2] * 1.2
    assert sums[0] < 0.5 * sums[2]


def test_free_floating_rooms_neither_heat_nor_cool(weather: Weather) -> None:
    year = live_year(room(-np.inf, np.inf), weather)
    assert not year.need.any()
    assert np.isfinite(year.air).all()


def test_weather_is_on_the_legal_clock_unless_asked(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "w.epw")
    legal, standard = read_weather(path), read_weather(path, summer_time=False)
    july = slice(200 * 24 + 1, 200 * 24 + 24)
    np.testing.assert_array_equal(legal.temperature[july], standard.temperature[200 * 24 : 200 * 24 + 23])
