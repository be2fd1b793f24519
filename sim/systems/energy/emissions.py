"""Emissions of the energy used: by use, district and hour, with what arises upstream and without.

Electricity emits what the national mix of the hour does; its mean over the normal year is the registry's. The shape over months and hours
is an assumption in the manner of RTE's eCO2mix: more gas and coal in winter and in the evening.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.codes import Carrier, EnergyUse
from sim.columns import Array, Floats
from sim.systems.energy.hours import DAY, Month

#: Emissions of French electricity by month and by hour against the year's and the day's mean (assumption, see above).
MONTHS = np.array([1.35, 1.30, 1.10, 0.90, 0.80, 0.75, 0.80, 0.70, 0.90, 1.05, 1.20, 1.30])
HOURS = np.array([
    0.95, 0.93, 0.91, 0.90, 0.91, 0.94, 0.98, 1.03, 1.06, 1.05, 1.03, 1.02, 1.01, 0.99, 0.97, 0.96, 0.98, 1.02, 1.07, 1.11, 1.10, 1.06,
    1.02, 0.98,
])  # fmt: skip
#: Heat networks that burn nothing fossil still emit this (pumps, transport of wood and waste: assumption) [kgCO2e/kWh].
RENEWABLE_HEAT = 0.015


@dataclass(frozen=True)
class Factors:
    """``total`` (7,) kgCO2e/kWh by carrier, upstream included; ``upstream`` (7,) share of it; ``electricity`` (T,) by hour of the month."""

    total: Floats
    upstream: Floats
    electricity: Floats


def yearly_factors(parameters: Mapping[str, float]) -> Floats:
    """(7 carriers,) kgCO2e/kWh, upstream included (ADEME Base Empreinte); electricity at the mean of the year."""
    return np.array([parameters[f"emission_{c.name.lower()}"] for c in Carrier])


def factors(month_of_year: int, month: Month, renewable_heat: float, parameters: Mapping[str, float]) -> Factors:
    """Those of one month; ``renewable_heat`` share of the heat of networks."""
    total = yearly_factors(parameters)
    heat = Carrier.DISTRICT_HEAT
    total[heat] = (1.0 - renewable_heat) * total[heat] + renewable_heat * min(RENEWABLE_HEAT, float(total[heat]))
    upstream = np.array([parameters[f"upstream_{c.name.lower()}"] for c in Carrier])
    of_month = MONTHS[month_of_year] / MONTHS.mean() * total[Carrier.ELECTRICITY]
    hours = np.tile(HOURS / HOURS.mean(), len(month.days.weight))
    return Factors(total, upstream, of_month * hours)


@dataclass(frozen=True)
class Emitted:
    """``co2`` and ``direct`` (D, uses) [tCO2e/month]; ``hour`` (24, uses) [tCO2e/h] of the month's mean day."""

    co2: Array
    direct: Array
    hour: Array


def emit(
    final: Array,
    power: Mapping[EnergyUse, Floats],
    fuel: Mapping[EnergyUse, Floats],
    own: Sequence[tuple[Sequence[EnergyUse], Floats]],
    month: Month,
    f: Factors,
) -> Emitted:
    """Emissions of ``final`` (D, 7, uses) [MWh].

    ``power`` (T,) [W] of the city's electricity by use says when it was used, ``fuel`` (T,) in any unit when a use's fuels and heat were
    (evenly where it is silent); ``own``: uses, and (D, T) [W] of local PV that stands in for their bought electricity, over them in
    proportion. PV sold earns nothing.
    """
    electric = np.array([_mean_factor(power.get(use), month, f) for use in EnergyUse])
    by_use = np.repeat(f.total[:, None], len(EnergyUse), axis=1)
    by_use[Carrier.ELECTRICITY] = electric
    co2 = np.einsum("dcu,cu->du", final, by_use)
    direct = np.einsum("dcu,cu->du", final, by_use * (1.0 - f.upstream)[:, None])
    burnt = co2.sum(axis=0) - final[:, Carrier.ELECTRICITY].sum(axis=0) * electric
    hour = _by_hour(burnt, power, fuel, month, f)
    for uses, watts in own:
        share = _shares(final[:, Carrier.ELECTRICITY, list(uses)])
        avoided = watts * f.electricity / 1e6  # t/h
        saved = avoided @ month.weight
        co2[:, list(uses)] -= share * saved[:, None]
        direct[:, list(uses)] -= share * (saved * (1.0 - f.upstream[Carrier.ELECTRICITY]))[:, None]
        hour[:, list(uses)] -= _mean_day(np.einsum("du,dt->ut", share, avoided), month).T
    return Emitted(co2, direct, hour)


def _mean_factor(watts: Floats | None, month: Month, f: Factors) -> float:
    """kgCO2e/kWh of electricity used at those hours, at all hours alike where none is."""
    if watts is None or not watts.any():
        return float(f.electricity @ month.weight / month.weight.sum())
    return float(watts @ (month.weight * f.electricity) / (watts @ month.weight))


def _shares(parts: Array) -> Array:
    total = parts.sum(axis=1, keepdims=True)
    return np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)


def _by_hour(
    burnt: Floats, power: Mapping[EnergyUse, Floats], fuel: Mapping[EnergyUse, Floats], month: Month, f: Factors
) -> Array:
    """(24, uses) [tCO2e/h]: electricity by the hour's factor, what fuels and heat emit (uses,) [t] by the hours they were used at."""
    out = np.zeros((DAY, len(EnergyUse)))
    for use in EnergyUse:
        if use in power:
            out[:, use] = _mean_day(power[use] * f.electricity / 1e6, month)
        day = _mean_day(fuel.get(use, np.ones(len(month.weight))), month)
        share = day / day.sum() if day.sum() > 0.0 else np.full(DAY, 1.0 / DAY)
        out[:, use] += burnt[use] / month.length * share
    return out


def _mean_day(values: Array, month: Month) -> Array:
    """(..., 24) of the month's mean day, of values (..., T)."""
    days = (values * month.weight).reshape(*values.shape[:-1], -1, DAY)
    return np.asarray(days.sum(axis=-2) / month.length)
