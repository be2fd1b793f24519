"""Typical days against all hours: what must hold exactly, and heating, cooling, peaks and roofs of dwellings within stated errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.solar import pv_yield
from kernels.thermal import H_MS, series
from sim.city.city import Weather
from sim.city.clock import DAYS_IN_MONTH, FIRST_DAY, HOURS, MONTH_DAYS, MONTH_OF_DAY
from sim.city.sun import hay_davies
from sim.city.typical_days import CARRIED, Days, all_days, typical_days, with_heatwave
from sim.city.weather import normal_year
from tests.tiny import tiny_weather

PLACES = {"Toulouse": (1.44, 43.60), "Montpellier": (3.88, 43.61)}


@pytest.fixture(scope="module", params=PLACES)
def weather(request: pytest.FixtureRequest) -> Weather:
    return normal_year(*PLACES[request.param])


def total(days: Days, hours: np.ndarray) -> float:
    """Sum over the month of (K, 24) hours."""
    return float(days.weight @ hours.sum(axis=1))


@pytest.mark.parametrize("choose", [typical_days, all_days])
def test_a_month_keeps_its_days_its_temperature_and_its_radiation(weather: Weather, choose: object) -> None:
    months = choose(weather)  # type: ignore[operator]
    assert len(months) == 12
    for month, days in enumerate(months):
        at = np.repeat(month == MONTH_OF_DAY, 24)
        scale = DAYS_IN_MONTH[month] / MONTH_DAYS[month]
        assert days.weight.sum() == pytest.approx(DAYS_IN_MONTH[month])
        assert total(days, days.temperature) == pytest.approx(scale * weather.temperature[at].sum(), rel=1e-12)
        for name in ("direct", "diffuse", "horizontal"):
            assert total(days, getattr(days, name)) == pytest.approx(
                scale * getattr(weather, name)[at].sum(), rel=1e-12
            )


def test_typical_days_are_days_of_their_month_with_its_calendar_and_spread(weather: Weather) -> None:
    for month, (few, every) in enumerate(zip(typical_days(weather), all_days(weather), strict=True)):
        assert not few.consecutive
        assert few.working.tolist() == [True, True, True, False]
        assert (MONTH_OF_DAY[few.day] == month).all()
        np.testing.assert_array_equal(few.working, every.working[few.day - FIRST_DAY[month]])
        # days off weigh as they are many
        assert few.weight[~few.working].sum() == pytest.approx(every.weight[~every.working].sum())
        # weighted variance of day means: that of two-day means
        for few_hours, hours in ((few.temperature, every.temperature), (few.horizontal, every.horizontal)):
            mean = few_hours.mean(axis=1)
            spread = few.weight @ (mean - few.weight @ mean / few.weight.sum()) ** 2 / few.weight.sum()
            pairs = np.convolve(hours.mean(axis=1), np.full(CARRIED, 1 / CARRIED), "valid")
            assert spread == pytest.approx(pairs.var(), rel=0.35 if hours is every.horizontal else 0.01)
        cold, middle, warm, off = few.temperature.mean(axis=1)
        assert cold < middle < warm
        assert off == pytest.approx(middle, abs=2.0)
        assert (few.direct <= few.extra).all()
        assert (few.diffuse >= 0.0).all()
        np.testing.assert_array_equal(few.sun, every.sun[few.day - FIRST_DAY[month]])


def test_all_days_are_the_hours_in_order(weather: Weather) -> None:
    months = all_days(weather)
    assert all(days.consecutive for days in months)
    np.testing.assert_array_equal(np.concatenate([d.temperature.ravel() for d in months]), weather.temperature)
    np.testing.assert_array_equal(np.concatenate([d.sun.reshape(-1, 3) for d in months]), weather.sun)
    np.testing.assert_array_equal(np.concatenate([d.day for d in months]), np.arange(365))


def box(transmission: float, glass: float, u_glass: float, change: float, capacity: float, mass: float) -> np.ndarray:
    """5R1C of a square metre of dwelling: W/m2K of all, m2 of windows and their U, air change, kJ/m2K, A_m (ISO 13790 table 12)."""
    h_w = glass * u_glass
    h_em = 1.0 / (1.0 / (transmission - h_w) - 1.0 / (H_MS * mass))
    return np.array([h_w, h_em, 0.34 * 2.5 * change, 3.45 * 4.5, mass, 4.5, capacity * 1000.0])


#: TABULA-like dwellings: the box, effective aperture [m2/m2], share of the stock.
BOXES = {
    "old": (box(3.2, 0.17, 5.0, 0.8, 165.0, 2.5), 0.17 * 0.85 * 0.38, 0.35),
    "usual": (box(1.6, 0.17, 2.8, 0.6, 165.0, 2.5), 0.17 * 0.75 * 0.38, 0.35),
    "new": (box(0.75, 0.17, 1.3, 0.4, 165.0, 2.5), 0.17 * 0.6 * 0.38, 0.15),
    "old heavy": (box(3.2, 0.17, 5.0, 0.8, 370.0, 3.5), 0.17 * 0.85 * 0.38, 0.05),
    "new heavy": (box(0.75, 0.17, 1.3, 0.4, 370.0, 3.5), 0.17 * 0.6 * 0.38, 0.05),
    "light": (box(1.6, 0.17, 2.8, 0.6, 80.0, 2.5), 0.17 * 0.75 * 0.38, 0.05),
}


def on_planes(days: Days, tilt: float, azimuths: tuple[float, ...]) -> np.ndarray:
    """(K, 24) mean irradiance of planes."""
    parts = hay_davies(days.direct, days.diffuse, days.horizontal, days.extra, days.sun)
    b = np.radians(tilt)
    each = []
    for a in np.radians(azimuths):
        normal = np.array([np.sin(b) * np.sin(a), np.sin(b) * np.cos(a), np.cos(b)])
        sky = (1 + np.cos(b)) * parts.iso + (1 - np.cos(b)) * parts.ground
        each.append(np.maximum(0.0, days.sun @ normal) * parts.beam + sky)
    return np.mean(each, axis=0)


def roof(days: Days) -> np.ndarray:
    sun = np.ascontiguousarray(on_planes(days, 30.0, (180.0,)).ravel())
    return pv_yield(sun, np.ascontiguousarray(days.temperature.ravel()), -0.0037, 47.0, 0.14, 0.96).reshape(-1, 24)


def schedule(working: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Set-points for heating and cooling [degC] and gains [W/m2]: nobody at home from 9 to 17 h on working days."""
    hour = np.arange(24)
    away = (hour >= 9) & (hour < 17) & working
    heat = np.where((hour < 6) | (hour >= 22) | away, 17.0, 20.0)
    gains = np.where(away, 1.5, 3.0)
    return heat, np.full(24, 26.0), gains * 3.0 / gains.mean()


def lived(months: tuple[Days, ...], dwelling: str) -> list[np.ndarray]:
    """(K, 24) need of each month [W/m2]: all hours one after the other, or each typical day repeating itself."""
    parameters, aperture, _ = BOXES[dwelling]
    out, mass = [], 18.0
    for turn in range(2):  # the second year begins with the mass of the first one's end
        out = []
        for days in months:
            solar = aperture * on_planes(days, 90.0, (0.0, 90.0, 180.0, 270.0))
            need, air = np.empty(solar.shape), np.empty(24)
            for k in range(len(solar)):
                heat, cool, gains = schedule(bool(days.working[k]))
                args = (np.ascontiguousarray(days.temperature[k]), gains, np.ascontiguousarray(solar[k]), heat, cool)
                for _ in range(1 if days.consecutive else 60 if turn else 0):
                    mass = series(mass, *args, parameters, need[k], air)
            out.append(need)
    return out


def test_typical_days_stand_for_all_hours(weather: Weather, capsys: pytest.CaptureFixture[str]) -> None:
    """Yearly heating and roofs within 2 %, cooling and the coldest month's peak within 5 %, of a stock; single dwellings wider."""
    few, every = typical_days(weather), all_days(weather)
    rows, stock = [], np.zeros((2, 2))
    for name, (_, _, share) in BOXES.items():
        sums, peaks = [], []
        for months in (few, every):
            need = lived(months, name)
            by_month = np.array(
                [[total(d, np.maximum(0.0, sign * n)) for d, n in zip(months, need, strict=True)] for sign in (1, -1)]
            )
            sums.append(by_month.sum(axis=1))
            peaks.append([n.max() for n in need])
            coldest = int(by_month[0].argmax())
        stock += share * np.array(sums)
        heating, cooling = (sums[0] / sums[1] - 1.0) * 100.0
        peak = (peaks[0][coldest] / peaks[1][coldest] - 1.0) * 100.0
        rows.append(f"{name:10} {heating:+5.1f} % heating, {cooling:+5.1f} % cooling, {peak:+5.1f} % peak")
        assert abs(heating) < 5.0, name
        assert abs(peak) < 5.0, name
        assert abs(cooling) < 15.0, name  # a day is not what a heavy dwelling feels, nor two what a light one does
    heating, cooling = (stock[0] / stock[1] - 1.0) * 100.0
    yields = [sum(total(d, roof(d)) for d in months) for months in (few, every)]
    solar = (yields[0] / yields[1] - 1.0) * 100.0
    with capsys.disabled():
        print(f"\n{weather.source[:40]}...: {heating:+.2f} % heating, {cooling:+.1f} % cooling, {solar:+.2f} % roofs")
        print("\n".join(rows))
    assert abs(heating) < 2.0
    assert abs(cooling) < 5.0
    assert abs(solar) < 2.0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), weekday=st.integers(0, 6), swing=st.floats(0.0, 12.0))
def test_any_weather_has_typical_days(seed: int, weekday: int, swing: float) -> None:
    """Random years, still and wild ones, from any weekday on."""
    base = tiny_weather()
    rng = np.random.default_rng(seed)
    noise = np.repeat(rng.normal(0.0, swing, 365), 24)
    sky = np.repeat(rng.uniform(0.0, 1.0, 365), 24)
    up = np.maximum(0.0, base.sun[:, 2])
    weather = Weather(
        base.temperature + noise, base.direct * sky, base.diffuse, base.diffuse + base.direct * sky * up, base.sun,
        base.extra, weekday,
    )  # fmt: skip
    for few, every in zip(typical_days(weather), all_days(weather), strict=True):
        assert (few.weight > 0.0).all()
        assert few.weight.sum() == pytest.approx(every.weight.sum())
        assert total(few, few.temperature) == pytest.approx(total(every, every.temperature), abs=1e-7)
        assert total(few, few.horizontal) == pytest.approx(total(every, every.horizontal))
        assert np.isfinite(few.direct).all()


def test_weather_without_change_or_sun_still_has_typical_days() -> None:
    base = tiny_weather()
    still = Weather(np.full(HOURS, 12.0), *(np.zeros(HOURS) for _ in range(3)), base.sun, base.extra)
    for days in typical_days(still):
        np.testing.assert_allclose(days.temperature, 12.0)
        assert (days.horizontal == 0.0).all()


def test_a_heatwave_of_nothing_is_the_same_object() -> None:
    for days in (typical_days(tiny_weather())[6], all_days(tiny_weather())[6]):
        assert with_heatwave(days, 0.0, 5.0) is days
        assert with_heatwave(days, 4.0, 0.0) is days


@given(warmer=st.floats(0.1, 15.0), count=st.floats(0.1, 40.0))
def test_a_heatwave_adds_warm_days_and_keeps_the_month(warmer: float, count: float) -> None:
    days = typical_days(tiny_weather())[6]
    hot = with_heatwave(days, warmer, count)
    lasts = min(count, 31.0)
    assert hot.weight.sum() == pytest.approx(31.0)
    assert hot.weight[-1] == pytest.approx(lasts)
    hottest = days.temperature.mean(axis=1).argmax()
    np.testing.assert_allclose(hot.temperature[-1], days.temperature[hottest] + warmer)
    np.testing.assert_array_equal(hot.horizontal[-1], days.horizontal[hottest])
    np.testing.assert_allclose(hot.weight[:-1] / days.weight, 1.0 - lasts / 31.0, atol=1e-12)
    assert days.weight.shape == (4,)  # nothing happened to what was given


@given(warmer=st.floats(0.1, 15.0), count=st.floats(0.1, 31.0))
def test_of_consecutive_days_the_hottest_run_is_warmed(warmer: float, count: float) -> None:
    days = all_days(tiny_weather())[6]
    hot = with_heatwave(days, warmer, count)
    more = (hot.temperature - days.temperature).mean(axis=1)
    assert hot.temperature.shape == days.temperature.shape
    assert more.sum() == pytest.approx(warmer * count)
    assert more.max() <= warmer + 1e-9
    run = np.flatnonzero(more > 0.0)
    assert (np.diff(run) == 1).all()
    mean = days.temperature.mean(axis=1)
    others = [mean[i : i + len(run)].sum() for i in range(32 - len(run))]
    assert mean[run].sum() == pytest.approx(max(others))
