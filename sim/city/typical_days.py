"""The days that stand for a month: some typical ones with weights, or all of them in order.

Typical days are chosen by stratified selection with moments kept. The days of a month are ranked by how warm they feel to a building:
mean air temperature plus 0.01 K for each W/m2 of sun (a sol-air temperature). The coldest tenth, the warmest 15 % and those between are
three groups; a cold, a middle and a warm working day stand for them and one day off for the days off (Saturday, Sunday, public
holidays), whose weight the middle one gives.

- Where a day should lie is the mean of its group (temperature, global radiation; the day off as the middle), moved away from the
  month's mean so far that the weighted variance between the typical days is that of two-day means of the month. Group means alone
  vary less than days do, and would miss heating and cooling in the seasons between; single days vary more than what a building's
  mass lets through from day to day.
- The real working day (or day off) that lies nearest is taken; its temperatures are shifted, its radiation scaled the rest of the way.
- Last, the months' mean temperature and its sums of direct, diffuse and global radiation are met exactly.

Against all hours, with dwellings in which each typical day repeats itself: see tests/sim/city/test_typical_days.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.city.city import Weather
from sim.city.clock import DAYS_IN_MONTH, MONTH_OF_DAY, working_days
from sim.columns import Array, Bools, Floats, Ints

#: Arrays of a :class:`Days` by day.
BY_DAY = ("weight", "working", "temperature", "direct", "diffuse", "horizontal", "extra", "sun", "day")
_RADIATION = ("direct", "diffuse", "horizontal")
#: Shares of the days in the cold and the warm group. Narrower ones meet the peaks better, wider ones the sums.
COLD, WARM = 0.10, 0.15
FELT = 0.01  # K per W/m2 on the horizontal: absorptance 0.5 over 25 W/m2K, and facades get about half as much
CARRIED = 2  # days whose mean a building feels
DULLEST = 0.1  # of the month's mean radiation: no typical day gets less


@dataclass(frozen=True)
class Days:
    """The days that stand for one month. K days of 24 hours of the legal clock."""

    weight: Floats  #: (K,) days that each stands for; they sum to the days of the average month
    working: Bools  #: (K,) working day: Monday to Friday, public holidays are off
    temperature: Floats  #: (K, 24) outdoor air [degC]
    direct: Floats  #: (K, 24) beam on a plane that faces the sun [W/m2]
    diffuse: Floats  #: (K, 24) diffuse on the horizontal [W/m2]
    horizontal: Floats  #: (K, 24) global on the horizontal [W/m2]
    extra: Floats  #: (K, 24) outside the atmosphere, facing the sun [W/m2]
    sun: Floats  #: (K, 24, 3) unit vector to the sun (east, north, up); up <= 0: night
    day: Ints  #: (K,) day of the year (0..364) it was taken from
    consecutive: bool  #: all days of the month in order


def all_days(weather: Weather) -> tuple[Days, ...]:
    """Every day of each of the 12 months, in order; together they stand for the average month."""
    working = working_days(weather.first_weekday)
    return tuple(_month(weather, month, working) for month in range(12))


def typical_days(weather: Weather) -> tuple[Days, ...]:
    """Four days for each of the 12 months: cold, middle and warm working days, and one day off."""
    return tuple(_typical(days) for days in all_days(weather))


def with_heatwave(days: Days, warmer: float, count: float) -> Days:
    """``days`` with ``count`` days ``warmer`` K above the hottest of the month; the same object where either is 0.

    Typical days get one more, the hottest one warmed, whose weight is taken from all others in proportion. Of consecutive days
    the hottest run of ``count`` days is warmed (a fraction of a day by that fraction). The sun stays as it was.
    """
    total = float(days.weight.sum())
    count = min(count, total)
    if warmer == 0.0 or count <= 0.0:
        return days
    mean = days.temperature.mean(axis=1)
    if days.consecutive:
        whole = min(int(np.ceil(count)), len(mean))
        first = int(np.convolve(mean, np.ones(whole), "valid").argmax())
        run = np.clip(count - np.arange(whole), 0.0, 1.0)
        temperature = days.temperature.copy()
        temperature[first : first + whole] += warmer * run[:, None]
        return replace(days, temperature=temperature)
    hottest = int(mean.argmax())
    rows = np.append(np.arange(len(mean)), hottest)
    more = _take(days, rows)
    more.temperature[-1] += warmer
    weight = np.append(days.weight * (1.0 - count / total), count)
    return replace(more, weight=weight)


def shaded(days: Days, cooler: float, above: float) -> Days:
    """``days`` whose hours warmer than ``above`` degC are ``cooler`` K less warm, no lower than that; the same object where it is 0."""
    if cooler == 0.0:
        return days
    t = days.temperature
    return replace(days, temperature=np.where(t > above, np.maximum(t - cooler, above), t))


def _month(weather: Weather, month: int, working: Bools) -> Days:
    at = np.flatnonzero(month == MONTH_OF_DAY)
    hours = (at[:, None] * 24 + np.arange(24)).ravel()
    values: dict[str, Array] = {
        name: getattr(weather, name)[hours].reshape(len(at), 24, *getattr(weather, name).shape[1:])
        for name in ("temperature", "direct", "diffuse", "horizontal", "extra", "sun")
    }
    weight = np.full(len(at), DAYS_IN_MONTH[month] / len(at))
    return Days(weight=weight, working=working[at], day=at, consecutive=True, **values)


def _typical(days: Days) -> Days:
    mean, sun = days.temperature.mean(axis=1), days.horizontal.mean(axis=1)
    groups = _groups(mean + FELT * sun)
    weight = days.weight[0] * np.array([len(group) for group in groups], np.float64)
    off = float(days.weight[~days.working].sum())
    weight = np.append(weight - [0.0, off, 0.0], off)
    seen = np.stack([mean, sun], axis=1)
    goals = np.stack([_goals(x, groups, weight) for x in (mean, sun)], axis=1)
    goals[:, 1] = np.maximum(goals[:, 1], DULLEST * sun.mean())
    spread = np.maximum(seen.std(axis=0), 1e-12)
    chosen = []
    for goal, working in zip(goals, (True, True, True, False), strict=True):
        rows = np.flatnonzero(days.working == working)
        chosen.append(int(rows[(((seen[rows] - goal) / spread) ** 2).sum(axis=1).argmin()]))
    few = replace(_take(days, np.array(chosen)), weight=weight, consecutive=False)
    few.temperature[:] += (goals[:, 0] - mean[chosen])[:, None]
    few.temperature[:] += (days.weight @ mean - weight @ few.temperature.mean(axis=1)) / weight.sum()
    more = np.divide(goals[:, 1], sun[chosen], out=np.zeros(len(chosen)), where=sun[chosen] > 0.0)
    for name in _RADIATION:
        hours = getattr(few, name)
        hours *= more[:, None]
        part = float(weight @ hours.sum(axis=1))
        hours *= float(days.weight @ getattr(days, name).sum(axis=1)) / part if part > 0.0 else 1.0
    return few


def _groups(felt: Floats) -> list[Ints]:
    """Rows of the cold, the middle and the warm days."""
    rank = np.argsort(felt, kind="stable")
    cold, warm = (max(1, round(share * len(rank))) for share in (COLD, WARM))
    return [rank[:cold], rank[cold : len(rank) - warm], rank[len(rank) - warm :]]


def _goals(values: Floats, groups: list[Ints], weight: Floats) -> Floats:
    """(4,) Cold, middle, warm, day off: group means moved away from the mean until their variance is that of two-day means."""
    means = np.array([values[groups[g]].mean() for g in (0, 1, 2, 1)])
    away = means - weight @ means / weight.sum()
    between = weight @ away**2 / weight.sum()
    felt = np.convolve(values, np.full(CARRIED, 1.0 / CARRIED), "valid").var()
    return np.asarray(values.mean() + away * (np.sqrt(felt / between) if between > 0.0 else 1.0))


def _take(days: Days, rows: Ints) -> Days:
    return replace(days, **{name: getattr(days, name)[rows] for name in BY_DAY})
