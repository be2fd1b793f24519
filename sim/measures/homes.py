"""Measures for households: retrofit, heat pumps, PV, batteries, advice, cars and bicycles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.measures.base import Context, Measure
from sim.measures.policies import Contribution
from sim.scenario.fields import OneOrMany, Quantity, item
from sim.units import MONEY, PRICE_PER_KWH, PRICE_PER_KWP, SHARE

_FIVE = "one value, or five from the poorest to the richest fifth"


@dataclass(frozen=True, kw_only=True)
class RetrofitSubsidy(Measure):
    """A share of the cost of insulating a dwelling."""

    kind: ClassVar[str] = "retrofit_subsidy"
    title: ClassVar[str] = "Retrofit subsidy"
    card: ClassVar[str] = (
        "Lowers the cost that owners weigh against bills, comfort and means; the metropole pays each grant."
    )
    levers: ClassVar[tuple[str, ...]] = ("retrofit_grant",)
    sources: ClassVar[tuple[str, ...]] = (
        "Toulouse climate plan: 7,500 retrofits a year wanted (council debates 2022)",
    )
    expected_others: ClassVar[float] = 0.25
    expected_drivers: ClassVar[float] = 0.25

    rate: tuple[float, ...] = item(OneOrMany(Quantity(SHARE, 0.0, 1.0), 5), f"share of the cost: {_FIVE}")

    def empty(self) -> bool:
        return not any(self.rate)

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("retrofit_grant", np.minimum(1.0, context.scale * np.resize(self.rate, 5)))


@dataclass(frozen=True, kw_only=True)
class HeatPumpSubsidy(Measure):
    """A grant for replacing a boiler by a heat pump."""

    kind: ClassVar[str] = "heat_pump_subsidy"
    title: ClassVar[str] = "Heat-pump subsidy"
    card: ClassVar[str] = (
        "Lowers the price of a heat pump when a heating system is replaced; the metropole pays each grant."
    )
    levers: ClassVar[tuple[str, ...]] = ("heat_pump_grant",)
    sources: ClassVar[tuple[str, ...]] = (
        "MaPrimeRénov' 2021-2024: 2,000-5,000 € by income (State; here: on top of it)",
    )
    expected_others: ClassVar[float] = 0.15
    expected_drivers: ClassVar[float] = 0.15

    amount: tuple[float, ...] = item(OneOrMany(Quantity(MONEY, 0.0, 20_000.0), 5), f"grant: {_FIVE}")

    def empty(self) -> bool:
        return not any(self.amount)

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("heat_pump_grant", context.scale * np.resize(self.amount, 5))


@dataclass(frozen=True, kw_only=True)
class PvSubsidy(Measure):
    """A grant for rooftop PV."""

    kind: ClassVar[str] = "pv_subsidy"
    title: ClassVar[str] = "PV subsidy"
    card: ClassVar[str] = "Lowers the price of rooftop PV for owners of houses; the metropole pays each grant."
    levers: ClassVar[tuple[str, ...]] = ("pv_grant",)
    sources: ClassVar[tuple[str, ...]] = ("State self-consumption bonus 2021-2024: 80-500 €/kWp (here: on top of it)",)
    expected_others: ClassVar[float] = 0.15
    expected_drivers: ClassVar[float] = 0.15

    amount: float = item(Quantity(PRICE_PER_KWP, 0.0, 3000.0), "grant by installed power")

    def empty(self) -> bool:
        return self.amount == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("pv_grant", context.scale * self.amount)


@dataclass(frozen=True, kw_only=True)
class BatterySubsidy(Measure):
    """A grant for a home battery beside rooftop PV."""

    kind: ClassVar[str] = "battery_subsidy"
    title: ClassVar[str] = "Battery subsidy"
    card: ClassVar[str] = (
        "Lowers the price of a home battery for those who mount PV or have it; they use more of their own electricity; the metropole pays "
        "each grant."
    )
    levers: ClassVar[tuple[str, ...]] = ("battery_grant",)
    sources: ClassVar[tuple[str, ...]] = (
        "Home batteries cost 600-1,000 €/kWh in France (Révolution énergétique 2022), 3 % of self-consumers have one (Enedis, June 2023)",
    )
    expected_others: ClassVar[float] = 0.05
    expected_drivers: ClassVar[float] = 0.05

    amount: float = item(Quantity(PRICE_PER_KWH, 0.0, 1500.0), "grant by capacity")

    def empty(self) -> bool:
        return self.amount == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("battery_grant", context.scale * self.amount)


@dataclass(frozen=True, kw_only=True)
class EnergyAdvice(Measure):
    """An advice desk that makes owners consider works."""

    kind: ClassVar[str] = "energy_advice"
    title: ClassVar[str] = "Energy advice desk"
    card: ClassVar[str] = (
        "Each month a share of households of the area is reached and considers retrofit, heating and PV."
    )
    levers: ClassVar[tuple[str, ...]] = ("advice",)
    local: ClassVar[bool] = True
    sources: ClassVar[tuple[str, ...]] = (
        "Gillingham & Bollinger (2017): community campaigns doubled PV installations",
    )
    expected_others: ClassVar[float] = 0.1
    expected_drivers: ClassVar[float] = 0.1

    reach: float = item(Quantity(SHARE, 0.0, 0.2), "share of households reached a month")

    def empty(self) -> bool:
        return self.reach == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("advice", context.scale * self.reach, context.districts)


@dataclass(frozen=True, kw_only=True)
class EvSubsidy(Measure):
    """A grant for an electric car."""

    kind: ClassVar[str] = "ev_subsidy"
    title: ClassVar[str] = "Electric-car subsidy"
    card: ClassVar[str] = "Lowers the price of an electric car when a car is replaced; the metropole pays each grant."
    levers: ClassVar[tuple[str, ...]] = ("ev_grant",)
    sources: ClassVar[tuple[str, ...]] = (
        "Toulouse Métropole aid with the low-emission zone: up to 5,000 € (franceinfo)",
    )
    expected_drivers: ClassVar[float] = 0.25

    amount: tuple[float, ...] = item(OneOrMany(Quantity(MONEY, 0.0, 20_000.0), 5), f"grant: {_FIVE}")

    def empty(self) -> bool:
        return not any(self.amount)

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("ev_grant", context.scale * np.resize(self.amount, 5))


@dataclass(frozen=True, kw_only=True)
class BikeSubsidy(Measure):
    """A grant for buying a bicycle."""

    kind: ClassVar[str] = "bike_subsidy"
    title: ClassVar[str] = "Bicycle subsidy"
    card: ClassVar[str] = (
        "More citizens without a bicycle buy one; those who have one may choose it; the metropole pays each grant."
    )
    levers: ClassVar[tuple[str, ...]] = ("bike_grant",)
    sources: ClassVar[tuple[str, ...]] = (
        "Toulouse Métropole bicycle grant 2020-2023: up to 600 € (city; effect: assumption; buyers who needed no grant are not paid)",
    )
    expected_others: ClassVar[float] = 0.2

    amount: float = item(Quantity(MONEY, 0.0, 3000.0), "grant for one bicycle")

    def empty(self) -> bool:
        return self.amount == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("bike_grant", context.scale * self.amount)
