"""Indicators of who lives in the city and where."""

from __future__ import annotations

import numpy as np

from sim.codes import Activity
from sim.columns import Array, Floats
from sim.indicators.registry import Indicator, Snapshot


def _by_district(s: Snapshot, district: Array, weight: Floats) -> Floats:
    return np.asarray(np.bincount(district, weights=weight, minlength=s.city.n_districts), np.float64)


def _persons(s: Snapshot) -> Floats:
    c = s.state.citizens
    return np.where(c.alive, c.weight, 0.0)


def _households(s: Snapshot) -> Floats:
    h = s.state.households
    return np.where(h.alive, h.weight, 0.0)


def _age(s: Snapshot) -> Floats:
    return np.asarray((s.trends.clock(s.state.month) - s.state.citizens.birth) / 12.0)


def _share(part: Floats, whole: Floats) -> float:
    return float(part.sum() / max(whole.sum(), 1e-300))


def _doing(s: Snapshot, activity: Activity) -> float:
    return float(_persons(s)[s.state.citizens.activity == activity].sum())


def _mean_size(s: Snapshot) -> float:
    return _share(_persons(s), _households(s))


def _vacancy(s: Snapshot) -> float:
    d = s.state.dwellings
    weight = np.where(d.alive, d.weight, 0.0)
    return 100.0 * _share(weight[d.household < 0], weight)


def _without_car(s: Snapshot) -> float:
    weight = _households(s)
    return 100.0 * _share(weight[s.state.households.cars == 0], weight)


INDICATORS: tuple[Indicator, ...] = (
    Indicator("population", "Inhabitants", "persons", 0, "at month's end", "people", "people who live in the perimeter",
              lambda s: _persons(s).sum(), lambda s: _by_district(s, s.state.citizens.district, _persons(s))),
    Indicator("households", "Households", "households", 0, "at month's end", "people", "households that live in the perimeter",
              lambda s: _households(s).sum(), lambda s: _by_district(s, s.state.households.district, _households(s))),
    Indicator("household_size", "Persons per household", "persons", 0, "at month's end", "people",
              "inhabitants over households", _mean_size),
    Indicator("births", "Births", "persons/month", 0, "month", "people", "children born to residents",
              lambda s: s.state.flows[0]),
    Indicator("deaths", "Deaths", "persons/month", 0, "month", "people", "residents who died", lambda s: s.state.flows[1]),
    Indicator("net_migration", "Net migration", "persons/month", 0, "month", "people", "arrivals less departures",
              lambda s: s.state.flows[2] - s.state.flows[3]),
    Indicator("mean_age", "Mean age", "years", 0, "at month's end", "people", "mean age of inhabitants",
              lambda s: _share(_persons(s) * _age(s), _persons(s))),
    Indicator("share_over_65", "Aged 65 and over", "%", 0, "at month's end", "people", "share of inhabitants of 65 and over",
              lambda s: 100.0 * _share(_persons(s)[_age(s) >= 65.0], _persons(s))),
    Indicator("students", "Students", "persons", 0, "at month's end", "people", "residents in higher education",
              lambda s: _doing(s, Activity.STUDENT)),
    Indicator("dwellings_built", "Dwellings built", "dwellings/month", 0, "month", "people",
              "new dwellings less dwellings pulled down", lambda s: s.state.flows[4] - s.state.flows[5]),
    Indicator("vacancy_rate", "Vacant and second homes", "%", 0, "at month's end", "people",
              "share of dwellings where no household of the city lives", _vacancy),
    Indicator("households_without_car", "Households without car", "%", 0, "at month's end", "people",
              "share of households that hold no car", _without_car),
)  # fmt: skip
