"""The days that stand for a month: some typical ones with weights, or all of them in order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.city.city import Weather
from sim.city.clock import DAYS_IN_MONTH, MONTH_OF_DAY, working_days
from sim.columns import Array, Bools, Floats, Ints

#: Arrays of a :class:`Days` by day.
BY_DAY = ("weight", "working", "temperature", "direct", "diffuse", "horizontal", "extra", "sun", "day")
_RADIATION = ("direct", "diffuse", "horizontal")
_COLD, _WARM = 0.2, 0.2  # of the working days


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
    """Real days of the month: of each group the one whose mean temperature and radiation come closest to the group's."""
    mean, sun = days.temperature.mean(axis=1), days.horizontal.mean(axis=1)
    rank = np.flatnonzero(days.working)[np.argsort(mean[days.working], kind="stable")]
    cold, warm = round(_COLD * len(rank)), round(_WARM * len(rank))
    groups = [rank[:cold], rank[cold : len(rank) - warm], rank[len(rank) - warm :], np.flatnonzero(~days.working)]
    chosen = []
    for group in groups:
        away = ((mean[group] - mean[group].mean()) / mean.std()) ** 2 + (
            (sun[group] - sun[group].mean()) / sun.std()
        ) ** 2
        chosen.append(int(group[away.argmin()]))
    few = replace(_take(days, np.array(chosen)), consecutive=False)
    few.weight[:] = days.weight[0] * np.array([len(group) for group in groups])
    few.temperature[:] += (
        days.weight @ mean / days.weight.sum() - few.weight @ few.temperature.mean(axis=1) / few.weight.sum()
    )
    for name in _RADIATION:
        whole, part = (d.weight @ getattr(d, name).sum(axis=1) for d in (days, few))
        getattr(few, name)[:] *= whole / part if part > 0.0 else 1.0
    return few


def _take(days: Days, rows: Ints) -> Days:
    return replace(days, **{name: getattr(days, name)[rows] for name in BY_DAY})
