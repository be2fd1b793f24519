"""Which weather each month of a run has: the city's normal year, a warm or a cold one, or a file's; typical days or all hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from sim.city.city import City, Weather
from sim.city.clock import MONTH_OF_DAY
from sim.city.typical_days import Days, all_days, typical_days
from sim.city.weather import ANGSTROM_A, normal_year
from sim.columns import Floats
from sim.months import month_of_year, year_of
from sim.scenario.parameters import Parameters

if TYPE_CHECKING:
    from sim.scenario.load import Scenario

#: One year in ten is warmer (colder) than this many standard deviations.
ONE_IN_TEN = NormalDist().inv_cdf(0.9)
HEATING_SEASON = (9, 10, 11, 0, 1, 2, 3, 4)  # October to May, as SDES counts degree days
DEGREE_DAY_BASE = 17.0  # degC, SDES
_WIDEST = 15.0  # K, no season is shifted farther


class Climate:
    """The days that stand for each month, with their weather. Nothing changes after it is made.

    Args:
        normal: the city's normal year.
        years: weather of single years; the others have ``usual``.
        usual: weather of all other years, the normal one if absent.
        all_hours: months are lived on all their days, not on typical ones.
    """

    def __init__(
        self,
        normal: Weather,
        years: Mapping[int, Weather] | None = None,
        usual: Weather | None = None,
        *,
        all_hours: bool = False,
    ) -> None:
        self.weather = normal  #: the normal year itself
        self.normal: tuple[Days, ...] = typical_days(normal)  #: 12 months of typical days of the normal year
        found: dict[int, tuple[Days, ...]] = {} if all_hours else {id(normal): self.normal}

        def months(weather: Weather) -> tuple[Days, ...]:
            if id(weather) not in found:
                found[id(weather)] = all_days(weather) if all_hours else typical_days(weather)
            return found[id(weather)]

        self._usual = months(usual or normal)
        self._years = {year: months(weather) for year, weather in (years or {}).items()}

    def days(self, month: int) -> Days:
        """The days that stand for a month (year * 12 + month from 0)."""
        return self._years.get(year_of(month), self._usual)[month_of_year(month)]


def climate_of(city: City, scenario: Scenario | None = None, parameters: Mapping[str, float] | None = None) -> Climate:
    """The climate that ``scenario`` gives ``city``: without one, its normal year on typical days.

    A city without weather gets that of the nearest station. ``parameters`` are those of the run, the scenario's if absent.
    """
    normal = city.weather or normal_year(float(city.districts.lon.mean()), float(city.districts.lat.mean()))
    if scenario is None:
        return Climate(normal)
    p = parameters if parameters is not None else Parameters(scenario.parameters)
    made: dict[str, Weather] = {"normal": normal}
    years = {}
    for year, choice in scenario.weather:
        if choice.weather is None and choice.name not in made:
            made[choice.name] = rare_year(normal, p, warm=choice.name == "warm")
        years[year] = choice.weather or made[choice.name]
    return Climate(normal, years, years.pop(0, None), all_hours=scenario.hours == "all")


def rare_year(weather: Weather, parameters: Mapping[str, float], *, warm: bool) -> Weather:
    """``weather`` as warm (or as cold) as one year in ten.

    The heating season is shifted so that its degree days differ by what the national index of SDES does once in ten years, June to
    September by the deviation of summers. A warm year is sunny: sunshine differs by what is to be expected with that warmth. By
    Angstrom and Prescott the radiation of a month with K of the radiation outside the atmosphere changes by (1 - a / K) of that; all
    of it falls on the beam.
    """
    sign = 1.0 if warm else -1.0
    temperature = weather.temperature.copy().reshape(365, 24)
    cold = np.isin(MONTH_OF_DAY, HEATING_SEASON)
    wanted = 1.0 - sign * ONE_IN_TEN * parameters["rigour_deviation"]
    temperature[cold] += _shift(temperature[cold], wanted)
    temperature[~cold] += sign * ONE_IN_TEN * parameters["summer_deviation"]
    more = sign * ONE_IN_TEN * parameters["warm_and_sunny"] * parameters["sunshine_deviation"]
    direct, horizontal = _sunnier(weather, more)
    what = "warm" if warm else "cold"
    return replace(
        weather, temperature=temperature.ravel(), direct=direct, horizontal=horizontal,
        source=f"{weather.source}; as {what} as one year in ten",
    )  # fmt: skip


def degree_days(days: Floats) -> float:
    """Degree days below 17 degC of days (n, 24) [K d]: by the mean of the day's lowest and highest temperature."""
    return float(np.maximum(0.0, DEGREE_DAY_BASE - 0.5 * (days.min(axis=1) + days.max(axis=1))).sum())


def _shift(days: Floats, ratio: float) -> float:
    """K by which days (n, 24) must be warmer for ``ratio`` of their degree days."""
    least, most = -_WIDEST, _WIDEST
    wanted = ratio * degree_days(days)
    for _ in range(60):
        middle = 0.5 * (least + most)
        least, most = (middle, most) if degree_days(days + middle) > wanted else (least, middle)
    return 0.5 * (least + most)


def _sunnier(weather: Weather, more: float) -> tuple[Floats, Floats]:
    """Direct and horizontal irradiance with ``more`` (share) sunshine in each month."""
    month = np.repeat(MONTH_OF_DAY, 24)
    up = np.maximum(0.0, weather.sun[:, 2])
    outside, horizontal, beam = (
        np.bincount(month, x) for x in (weather.extra * up, weather.horizontal, weather.direct * up)
    )
    clear = np.divide(horizontal, outside, out=np.ones(12), where=outside > 0.0)
    change = np.maximum(0.0, 1.0 - ANGSTROM_A / clear) * more * horizontal
    factor = 1.0 + np.divide(change, beam, out=np.zeros(12), where=beam > 0.0)
    direct = np.minimum(weather.direct * np.maximum(0.0, factor[month]), weather.extra)
    return direct, np.maximum(0.0, weather.horizontal + (direct - weather.direct) * up)
