"""Measures on electricity: demand response, charging that waits, sharing of PV, PV on public roofs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.codes import Sector
from sim.measures.base import Context, Measure
from sim.measures.policies import Contribution
from sim.scenario.fields import Quantity, item
from sim.units import MONEY_PER_YEAR, PEAK_POWER, SHARE


@dataclass(frozen=True, kw_only=True)
class DemandResponse(Measure):
    """Boxes that switch electric heating and water heaters off for some minutes when the grid is tight."""

    kind: ClassVar[str] = "demand_response"
    title: ClassVar[str] = "Demand response of homes"
    card: ClassVar[str] = (
        "Households enrol month by month until the share is reached: an operator interrupts their electric heating and water heaters for "
        "minutes at the hours of peak load; most of that heat is drawn later. The box costs the household nothing and the grid pays the "
        "operator; what the metropole adds for each household is paid every year."
    )
    levers: ClassVar[tuple[str, ...]] = ("demand_response",)
    sources: ClassVar[tuple[str, ...]] = (
        "ADEME (2012), opinion on residential load shedding: heating cut 15-20 min an hour saves 7-8 % of the electricity",
        "100,000 homes equipped free of charge in France by 2020 (franceinfo, March 2020)",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.0
    expected_others: ClassVar[float] = 0.0

    share: float = item(Quantity(SHARE, 0.0, 1.0), "share of the area's households enrolled in the end")
    support: float = item(
        Quantity(MONEY_PER_YEAR, 0.0, 500.0), "paid to the operator a year for each enrolled household", 0.0
    )

    def empty(self) -> bool:
        return self.share == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution(
            "demand_response", min(1.0, self.share * context.scale) * context.progress, context.districts
        )

    def yearly_cost(self, context: Context) -> float:
        households = float(context.city.districts.households[context.districts].sum())
        return self.support * min(1.0, self.share * context.scale) * context.progress * households


@dataclass(frozen=True, kw_only=True)
class SmartCharging(Measure):
    """Electric cars at home charge when the grid has room and the sun shines."""

    kind: ClassVar[str] = "smart_charging"
    title: ClassVar[str] = "Smart charging at home"
    card: ClassVar[str] = (
        "The share of home charging, on top of those who do so anyway, moves within the hours the car stands at home to those with the "
        "least load and the most sun. The same energy is charged."
    )
    levers: ClassVar[tuple[str, ...]] = ("smart_charging",)
    sources: ClassVar[tuple[str, ...]] = (
        "Enedis and BVA (2024), 1,000 owners: 86 % charge at home, 32 % control when",
        "Enedis and BVA (2022): 63 % ready to put charging off when the grid is tight",
    )
    expected_drivers: ClassVar[float] = 0.05
    expected_others: ClassVar[float] = 0.0

    share: float = item(Quantity(SHARE, 0.0, 1.0), "share of home charging that is controlled, added")

    def empty(self) -> bool:
        return self.share == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("smart_charging", min(1.0, self.share * context.scale))


@dataclass(frozen=True, kw_only=True)
class EnergySharing(Measure):
    """Collective self-consumption: neighbours use what the roofs of the district give to the grid."""

    kind: ClassVar[str] = "energy_sharing"
    title: ClassVar[str] = "Energy sharing"
    card: ClassVar[str] = (
        "Households of the area join month by month until the share is reached: at each hour they use the PV surplus of their own "
        "district before it leaves it."
    )
    levers: ClassVar[tuple[str, ...]] = ("energy_sharing",)
    sources: ClassVar[tuple[str, ...]] = (
        "Enedis: 379 operations with 4,929 participants and 27 MW in France in March 2024 (pv-magazine), 6 operations in 2018",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.05
    expected_others: ClassVar[float] = 0.05

    share: float = item(Quantity(SHARE, 0.0, 1.0), "share of the area's households that take part in the end")

    def empty(self) -> bool:
        return self.share == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("energy_sharing", min(1.0, self.share * context.scale) * context.progress, context.districts)


@dataclass(frozen=True, kw_only=True)
class PublicPv(Measure):
    """PV on the roofs of schools, halls, hospitals and offices of the public sector."""

    kind: ClassVar[str] = "public_pv"
    title: ClassVar[str] = "PV on public roofs"
    card: ClassVar[str] = (
        "Panels are mounted roof by roof, in proportion to the public sector's jobs in each district of the area; what they give is used "
        "on the spot first."
    )
    levers: ClassVar[tuple[str, ...]] = ("public_pv",)
    sources: ClassVar[tuple[str, ...]] = (
        "Existing roofs of 100 kWp: 800-1,000 €/kWp and 5-8 m2/kWp (opera-energie.com)",
        "Toulouse climate plan: 33 GWh of PV a year in 2020 (council debates 2022)",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.1
    expected_others: ClassVar[float] = 0.15

    power: float = item(Quantity(PEAK_POWER, 0.0, 1e6), "power mounted in all")

    def empty(self) -> bool:
        return self.power == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        jobs = context.city.jobs[context.districts, Sector.PUBLIC].astype(np.float64)
        total = float(jobs.sum())
        share = jobs / total if total > 0.0 else np.full(len(jobs), 1.0 / max(len(jobs), 1))
        yield Contribution("public_pv", self.power * context.scale * context.progress * share, context.districts)
