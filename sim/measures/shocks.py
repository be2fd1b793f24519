"""Shocks: what happens to the city without anybody's plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.codes import Carrier, Sector
from sim.measures.base import Context, Shock
from sim.measures.policies import Contribution
from sim.months import month_of_year
from sim.scenario.fields import Choice, Number, OneOrMany, Quantity, item
from sim.units import SHARE, WARMING

#: June to September, when heat alerts are given in France (month of the year, 0 January).
_SUMMER = range(5, 9)

#: Fall of demand by sector at full severity, the year 2020 as a whole against trend.
#: INSEE branch accounts 2020 as summed up in the project's reference notes: all -8 %, accommodation and food about -40 %, transport
#: equipment about -25 %, information about 0; the rest are assumptions that make the total -8 %.
_FALL = {
    Sector.AGRICULTURE: 0.02, Sector.AERONAUTICS: 0.25, Sector.INDUSTRY: 0.10, Sector.CONSTRUCTION: 0.12, Sector.TRADE: 0.07,
    Sector.TRANSPORT: 0.18, Sector.HOSPITALITY: 0.40, Sector.INFORMATION: 0.0, Sector.BUSINESS: 0.06, Sector.PUBLIC: 0.04,
    Sector.OTHER: 0.22,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Pandemic(Shock):
    """An epidemic with restrictions, strongest at its start."""

    kind: ClassVar[str] = "pandemic"
    title: ClassVar[str] = "Pandemic"
    card: ClassVar[str] = (
        "Telework is required of jobs that allow it, leisure trips fall, transit is feared, demand for hospitality and "
        "aeronautics falls, incomers and through traffic stay away, dealings in person cannot take place: digital services and digital "
        "firms go on; strength fades over its months."
    )
    levers: ClassVar[tuple[str, ...]] = (
        "telework_mandate", "trip_suppression", "transit_fear", "contact_loss", "demand_factor", "incomer_factor",
    )  # fmt: skip
    sources: ClassVar[tuple[str, ...]] = (
        "INSEE branch accounts 2020; telework in 2020-2021 (INSEE, DG Trésor); sizes in the registry: pandemic_*",
    )

    severity: float = item(Quantity(SHARE, 0.0, 2.0), "100% is the epidemic of 2020-2021", 1.0)

    def empty(self) -> bool:
        return self.severity == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        p = context.parameters
        left = max(0.0, 1.0 - (context.month - context.start) / max(context.months, 1))
        strength = min(1.0, self.severity * left ** p["pandemic_fading"])
        # a rule names whole days: three a week, then two, one, none
        yield Contribution("telework_mandate", float(np.floor(p["pandemic_telework_days"] * strength + 0.5)))
        yield Contribution("trip_suppression", p["pandemic_trip_loss"] * strength)
        yield Contribution("transit_fear", p["pandemic_transit_fear"] * strength)
        yield Contribution("contact_loss", min(1.0, p["pandemic_contact_loss"] * strength))
        yield Contribution("incomer_factor", 1.0 - p["pandemic_incomer_loss"] * strength)
        fall = np.array([_FALL[s] for s in Sector]) * p["pandemic_demand_peak"] * strength
        yield Contribution("demand_factor", np.maximum(0.05, 1.0 - fall))


@dataclass(frozen=True, kw_only=True)
class EnergyPrice(Shock):
    """Energy gets dearer or cheaper than its trend."""

    kind: ClassVar[str] = "energy_price"
    title: ClassVar[str] = "Energy price"
    card: ClassVar[str] = "Prices of the carriers change by the given share for the months given."
    levers: ClassVar[tuple[str, ...]] = ("energy_price_factor",)
    sources: ClassVar[tuple[str, ...]] = ("A scenario's own assumption; observed prices are in the series",)

    change: float = item(Quantity(SHARE, -0.9, 10.0), "change of price against trend")
    carriers: tuple[str, ...] = item(
        OneOrMany(Choice(tuple(c.name.lower() for c in Carrier))), "which carriers", ("electricity", "gas", "oil")
    )

    def empty(self) -> bool:
        return self.change == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        rows = [Carrier[name.upper()].value for name in dict.fromkeys(self.carriers)]
        yield Contribution("energy_price_factor", 1.0 + self.change, rows)


@dataclass(frozen=True, kw_only=True)
class Heatwave(Shock):
    """Some days of each summer month are far hotter than usual."""

    kind: ClassVar[str] = "heatwave"
    title: ClassVar[str] = "Heatwave"
    card: ClassVar[str] = (
        "From June to September, that many days of each month are warmer than the month's warmest typical day by the kelvins given. "
        "Cooling works harder where there is any, and more households buy it."
    )
    levers: ClassVar[tuple[str, ...]] = ("heatwave", "heatwave_days")
    sources: ClassVar[tuple[str, ...]] = (
        "Toulouse, August 2023: 42.4 degC (Météo-France); an alert there means three days above 36 degC with nights above 21 degC",
    )

    warmer: float = item(Quantity(WARMING, 0.0, 15.0), "above the month's warmest typical day")
    days: float = item(Number(0.0, 30.0, unit="days a month"), "days of each summer month", 7.0)

    def empty(self) -> bool:
        return self.warmer == 0.0 or self.days == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        if month_of_year(context.month) in _SUMMER:
            yield Contribution("heatwave", self.warmer)
            yield Contribution("heatwave_days", self.days)
