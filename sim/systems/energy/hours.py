"""The hours of a month as the kernels want them: weather, who sleeps and works, shapes of what is used when."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from kernels.stock import Hours
from sim.city.sun import hay_davies
from sim.city.typical_days import Days
from sim.columns import Array, Floats

DATA = Path(__file__).parent / "data"
DAY = 24
#: degC outdoors between which windows are open on summer days (assumption): cooler than indoors, and not so cold that heating starts.
AIRING = (17.0, 25.0)
#: Share of households at night set-back by hour of the day, eight hours in all; share of those with work or school who are out on working
#: days, eight hours too. Edges are soft since people differ (assumption): all at once would make a peak that no city has.
NIGHT = np.array([1.0] * 5 + [0.75, 0.4, 0.1] + [0.0] * 13 + [0.2, 0.6, 0.95])
AWAY = np.array([0.0] * 7 + [0.1, 0.5, 0.95, 1.0, 1.0, 0.95, 1.0, 1.0, 0.8, 0.5, 0.2] + [0.0] * 6)
SHORT = (18, 20)  #: hours on cold working days in which power is short (RTE's Ecowatt: evening peak)
LEAST_COP, MOST_COP = 1.6, 5.0  #: between which the reference heat pump stays


@dataclass(frozen=True)
class Month:
    """The days that stand for a month, hour by hour. T = 24 K hours."""

    days: Days
    weight: Floats  #: (T,) hours that each stands for
    outdoor: Floats  #: (T,) degC
    hours: Hours  #: for dwellings
    dark: Floats  #: (T,) 1 while the sun is below the horizon
    shapes: Mapping[str, Floats]  #: (T,) of mean 1 over a day: those of profiles.csv

    @property
    def length(self) -> float:
        """Days of the month."""
        return float(self.days.weight.sum())

    @property
    def typical(self) -> bool:
        """Days repeat themselves; else they follow one another."""
        return not self.days.consecutive

    def stands(self) -> Floats:
        """Days that each day, or each hour of days in order, stands for: weights of :func:`kernels.stock.live`."""
        return self.days.weight if self.typical else np.full(1, float(self.days.weight[0]))

    def total(self, watts: Array) -> Floats:
        """Energy of the month [Wh] of power by hour (..., T) [W]."""
        return np.asarray(watts @ self.weight)


def together(months: Sequence[Days]) -> Days:
    """Typical days of some months as one: they repeat themselves, so that their order means nothing."""
    columns = {
        f.name: np.concatenate([getattr(days, f.name) for days in months])
        for f in fields(Days)
        if f.name != "consecutive"
    }
    return Days(**columns, consecutive=False)


def month_hours(days: Days, parameters: Mapping[str, float], signal: Floats) -> Month:
    """``signal`` (24,) shape of flexible use by hour of the day, mean 1."""
    k = len(days.weight)
    count = k * DAY
    hour = np.tile(np.arange(DAY), k)
    outdoor = days.temperature.reshape(count)
    working = np.repeat(days.working.astype(np.float64), DAY)
    sun = days.sun.reshape(count, 3)
    direct, diffuse, horizontal, extra = (
        a.reshape(count) for a in (days.direct, days.diffuse, days.horizontal, days.extra)
    )
    planes = hay_davies(direct, diffuse, horizontal, extra, sun)
    asleep, out = NIGHT[hour], AWAY[hour] * working
    warm_day = np.repeat(days.temperature.mean(axis=1) >= parameters["summer_day"], DAY)
    mild = (outdoor >= AIRING[0]) & (outdoor <= AIRING[1])
    shutters = np.where(warm_day, 1.0 - parameters["shutters"], 1.0)
    cold = np.repeat(days.temperature.mean(axis=1) < parameters["response_cold"], DAY)
    short = ((hour >= SHORT[0]) & (hour < SHORT[1])) * working * cold
    shapes = {name: np.tile(values * DAY, k) for name, values in profiles().items()}
    hours = Hours(
        outdoor=outdoor, sun=sun, beam=planes.beam, iso=planes.iso, ground=planes.ground, shade=shutters,
        open=(warm_day & mild).astype(np.float64), asleep=asleep, working=out, short=short,
        pump=1.0 / heat_pump_cop(outdoor, parameters), water=shapes["hot_water_electric"], plugs=shapes["appliances"],
        cooking=shapes["cooking"], car=shapes["charging_home"], night_car=shapes["charging_off_peak"], flexible=np.tile(signal, k),
    )  # fmt: skip
    return Month(days, np.repeat(days.weight, DAY), outdoor, hours, (sun[:, 2] <= 0.0).astype(np.float64), shapes)


def heat_pump_cop(outdoor: Floats, parameters: Mapping[str, float]) -> Floats:
    """COP of an air-water heat pump by outdoor temperature [degC], within bounds."""
    cop = parameters["heat_pump_cop"] + parameters["heat_pump_cop_slope"] * (outdoor - 7.0)
    return np.asarray(np.clip(cop, LEAST_COP, MOST_COP))


@cache
def profiles() -> Mapping[str, Floats]:
    """Shares of a day's energy by hour (24,), each summing to 1. Assumed shapes in the manner of RTE and Enedis profiles."""
    with (DATA / "profiles.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    raw = {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name != "hour"}
    return {name: values / values.sum() for name, values in raw.items()}


def filling(load: Floats, energy: float) -> Floats:
    """(24,) shape, mean 1, of flexible ``energy`` a day that fills the valleys of a mean day's ``load`` (24,), both in one unit.

    Water filling: every hour is raised to one level. Without energy to place, the lowest hour alone would do; a tenth of the
    load is placed instead, so that the shape stays broad.
    """
    amount = max(energy, 0.1 * float(np.abs(load).sum()), 1e-9)
    ordered = np.sort(load)
    filled = np.arange(1, DAY + 1) * ordered - np.cumsum(ordered)  # energy that raises the lowest k hours to the k-th
    k = int(np.searchsorted(filled, amount, side="right"))
    level = (amount + ordered[:k].sum()) / k
    shape = np.maximum(level - load, 0.0)
    return np.asarray(shape * (DAY / shape.sum()))
