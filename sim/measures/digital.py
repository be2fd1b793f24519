"""Digital measures: services online, help for those left out, a shared data platform, cyber defence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.city.city import City
from sim.codes import Sector
from sim.measures.base import Context, Measure
from sim.measures.policies import Contribution
from sim.scenario.fields import Number, Quantity, item
from sim.units import SHARE


def _people(city: City) -> float:
    return float(city.districts.population.sum())


@dataclass(frozen=True, kw_only=True)
class DigitalServices(Measure):
    """Public services that are not digital yet are made so."""

    kind: ClassVar[str] = "digital_services"
    title: ClassVar[str] = "Digital public services"
    card: ClassVar[str] = (
        "A share of what is not yet digital in public services becomes so over the months. In a crisis these go on for all who can use "
        "them; those who cannot stay out; more services online give attackers more doors. Servers use electricity."
    )
    levers: ClassVar[tuple[str, ...]] = ("digital_services", "data_use")
    sources: ClassVar[tuple[str, ...]] = (
        "Digital tools kept public services going in 2020 (La Gazette, 3 December 2020); sizes in the registry: services_*",
    )
    works: ClassVar[bool] = True
    expected_others: ClassVar[float] = 0.1
    expected_drivers: ClassVar[float] = 0.1

    share: float = item(Quantity(SHARE, 0.0, 1.0), "of what is not yet digital")

    def empty(self) -> bool:
        return self.share == 0.0

    def _done(self, context: Context) -> float:
        return min(1.0, self.share * context.scale) * context.progress

    def contributions(self, context: Context) -> Iterable[Contribution]:
        done = self._done(context)
        yield Contribution("digital_services", done)
        yield Contribution("data_use", done * _people(context.city) * context.parameters["services_power"] / 12e3)

    def yearly_cost(self, context: Context) -> float:
        return self._done(context) * _people(context.city) * context.parameters["services_cost"]


@dataclass(frozen=True, kw_only=True)
class DigitalMediation(Measure):
    """Mediators help those who cannot use digital services."""

    kind: ClassVar[str] = "digital_mediation"
    title: ClassVar[str] = "Digital mediation"
    card: ClassVar[str] = (
        "Each year a share of those who cannot use digital services is brought in: services reach more people, mostly old and poor."
    )
    levers: ClassVar[tuple[str, ...]] = ("digital_mediation",)
    sources: ClassVar[tuple[str, ...]] = ("INSEE Première 1953 (2023): 15.4 % of people of 15 and more in 2021",)
    expected_others: ClassVar[float] = 0.15
    expected_drivers: ClassVar[float] = 0.1

    reach: float = item(Quantity(SHARE, 0.0, 0.5), "of the digitally excluded brought in a year")

    def empty(self) -> bool:
        return self.reach == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("digital_mediation", context.scale * self.reach / 12.0)

    def yearly_cost(self, context: Context) -> float:
        excluded = 0.154 * 0.83 * _people(context.city)  # of people of fifteen and more, who are about 83 % (INSEE)
        return context.scale * self.reach * excluded * context.parameters["mediation_cost"]


@dataclass(frozen=True, kw_only=True)
class DataPlatform(Measure):
    """Sensors in streets and public buildings, and one platform that shares what they see."""

    kind: ClassVar[str] = "data_platform"
    title: ClassVar[str] = "Shared data platform"
    card: ClassVar[str] = (
        "Sensors by kilometre of street: public floors waste less, deliveries find their way, some services become digital. Sensors, "
        "networks and servers cost and use electricity, in proportion to their number, while what they bring levels off."
    )
    levers: ClassVar[tuple[str, ...]] = ("building_data", "goods_trips", "digital_services", "data_use")
    sources: ClassVar[tuple[str, ...]] = (
        "Open métropole: data platform and shared networks among its work sites (labecedaire.fr, 2017); sizes: assumptions in the registry",
    )
    works: ClassVar[bool] = True
    expected_others: ClassVar[float] = 0.05

    sensors: float = item(Number(0.0, 1e7, unit="sensors"), "installed in all")

    def empty(self) -> bool:
        return self.sensors == 0.0

    def _installed(self, context: Context) -> float:
        return self.sensors * context.scale * context.progress

    def contributions(self, context: Context) -> Iterable[Contribution]:
        p = context.parameters
        km = float(context.city.links.length.sum()) / 2000.0  # both directions are links
        known = float(1.0 - np.exp(-self._installed(context) / max(km * p["sensors_per_km"], 1e-300)))
        yield Contribution("building_data", p["platform_floors"] * known, [Sector.PUBLIC.value])
        yield Contribution("goods_trips", 1.0 - p["platform_trips"] * known)
        yield Contribution("digital_services", p["platform_services"] * known)
        yield Contribution("data_use", self._installed(context) * p["sensor_power"] / 12e3)

    def yearly_cost(self, context: Context) -> float:
        return self._installed(context) * context.parameters["sensor_cost"]


@dataclass(frozen=True, kw_only=True)
class CyberDefence(Measure):
    """Backups, audits, watch and training for public bodies; advice for firms."""

    kind: ClassVar[str] = "cyber_defence"
    title: ClassVar[str] = "Cyber defence"
    card: ClassVar[str] = (
        "Defended systems of public bodies are broken into less often and stand again sooner; firms advised are better prepared. Incidents "
        "still happen: in one run of some years the difference may be nil, over many it is not."
    )
    levers: ClassVar[tuple[str, ...]] = ("cyber_defence", "cyber_advice")
    sources: ClassVar[tuple[str, ...]] = (
        "ANSSI: 187 incidents on local authorities January 2022 to June 2023, 40 of them ransomware; sizes in the registry: cyber_*",
    )
    expected_others: ClassVar[float] = 0.05

    level: float = item(Quantity(SHARE, 0.0, 1.0), "of public bodies' systems defended")
    firms: float = item(Quantity(SHARE, 0.0, 1.0), "of firms advised a year", 0.0)

    def empty(self) -> bool:
        return self.level == 0.0 and self.firms == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        if self.level > 0.0:
            yield Contribution("cyber_defence", min(1.0, self.level * context.scale))
        if self.firms > 0.0:
            yield Contribution("cyber_advice", self.firms * context.scale / 12.0)

    def yearly_cost(self, context: Context) -> float:
        p, jobs = context.parameters, float(context.city.jobs.sum())
        advised = self.firms * context.scale * jobs / 14.0 * p["cyber_advice_cost"]  # about fourteen jobs a firm
        return float(min(1.0, self.level * context.scale) * _people(context.city) * p["defence_cost"] + advised)
