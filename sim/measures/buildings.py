"""Measures on buildings and networks: building code, rental ban, heat network, street lighting, building data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.city.city import City
from sim.codes import Sector
from sim.columns import Floats, Ints
from sim.measures.base import Context, Measure
from sim.measures.policies import DPE_CLASSES, Contribution
from sim.scenario.fields import Choice, Dated, OneOrMany, Quantity, item
from sim.scenario.parameters import Parameters
from sim.units import LENGTH, SHARE

_SECTORS = tuple(s.name.lower() for s in Sector)
_TERTIARY = ("trade", "hospitality", "information", "business", "public", "other")


@dataclass(frozen=True, kw_only=True)
class BuildingCode(Measure):
    """New dwellings go beyond the national code where the metropole sells the land or writes the plan."""

    kind: ClassVar[str] = "building_code"
    title: ClassVar[str] = "Building code"
    card: ClassVar[str] = (
        "The share of the dwellings finished from now on gets the best envelope and a heat pump, flats in large blocks a heat network "
        "where one is built; their buyers pay the extra cost. What the national code asks (no gas) happens anyway."
    )
    levers: ClassVar[tuple[str, ...]] = ("new_building_code",)
    sources: ClassVar[tuple[str, ...]] = (
        "RE2020: heating gas out of new houses from 2022, of new flats from 2025 (series gas_new_house, gas_new_flat)",
        "Extra cost: registry building_code_cost",
    )
    expected_drivers: ClassVar[float] = 0.05
    expected_others: ClassVar[float] = 0.1

    share: float = item(Quantity(SHARE, 0.0, 1.0), "share of new dwellings built so")

    def empty(self) -> bool:
        return self.share == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("new_building_code", min(1.0, self.share * context.scale))


@dataclass(frozen=True, kw_only=True)
class RentalBan(Measure):
    """Dwellings below an energy class may not be let."""

    kind: ClassVar[str] = "rental_ban"
    title: ClassVar[str] = "Rental ban"
    card: ClassVar[str] = (
        "From the dates given, dwellings of the class or worse may not be let, by private and by social landlords. When a lease ends the "
        "share that complies refurbishes, with the State's aid and the metropole's, and pays the rest; whoever sells, leaves empty or lets "
        "on is not among that share and nothing changes in the dwelling."
    )
    levers: ClassVar[tuple[str, ...]] = ("rental_ban",)
    sources: ClassVar[tuple[str, ...]] = (
        "Loi Climat et résilience (22 August 2021): G from 2025, F from 2028, E from 2034",
        "Estate agents in 2025: 26 % of landlords of class G would do the works, 40 % sell, 27 % let on, 7 % leave empty (Guy Hoquet)",
    )
    expected_drivers: ClassVar[float] = 0.0
    expected_others: ClassVar[float] = 0.05

    bans: tuple[tuple[int, str], ...] = item(
        Dated(Choice(tuple(DPE_CLASSES[2:].lower()))), "the best class still banned, from when"
    )
    compliance: float = item(Quantity(SHARE, 0.0, 1.0), "share of the landlords concerned who refurbish", 0.26)

    def empty(self) -> bool:
        return self.compliance == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        banned = [name for month, name in self.bans if month <= context.month]
        if banned:
            best = DPE_CLASSES.index(banned[-1].upper())
            yield Contribution(
                "rental_ban", min(1.0, self.compliance * context.scale), np.arange(best, len(DPE_CLASSES))
            )


@dataclass(frozen=True, kw_only=True)
class HeatNetwork(Measure):
    """Pipes that bring heat from waste, wood or the ground to large blocks of flats."""

    kind: ClassVar[str] = "heat_network"
    title: ClassVar[str] = "Heat network"
    card: ClassVar[str] = (
        "Pipes grow month by month; each kilometre connects as many flats as in France on average (registry heat_network_flats), those of "
        "large blocks that are heated by boilers, or are on a network already. Co-owners and landlords pay the connection and lose "
        "their boiler. Once built, the heat of the city's networks has at least the renewable share given."
    )
    levers: ClassVar[tuple[str, ...]] = ("heat_network", "heat_network_renewable")
    sources: ClassVar[tuple[str, ...]] = (
        "Plaine Campus, Toulouse: 36 km for 15,000 flats' worth of heat, 49 M€ of which the State's heat fund paid 14 M€, 70 % renewable "
        "(ToulÉco, January 2016; ADEME, October 2022)",
        "France 2022: 946 networks, 7,046 km, 2.7 M dwellings, 66.5 % renewable or recovered (FEDENE)",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = -0.05
    expected_others: ClassVar[float] = 0.15

    length: float = item(Quantity(LENGTH, 0.0, 1000.0), "pipes laid in all")
    renewable: float = item(
        Quantity(SHARE, 0.0, 1.0), "renewable and recovered share of the heat of the city's networks once built", 0.0
    )

    def empty(self) -> bool:
        return self.length == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        reached = self.length * context.scale * context.progress * context.parameters["heat_network_flats"]
        flats = float(_flats(context.city, context.districts).sum())
        yield Contribution("heat_network", min(1.0, reached / max(flats, 1.0)), context.districts)
        yield Contribution("heat_network_renewable", self.renewable * context.progress)

    def too_much(self, city: City, districts: Ints) -> Iterator[tuple[str, str, str]]:
        room = float(_flats(city, districts).sum()) / Parameters()["heat_network_flats"]
        if len(districts) and self.length > room:
            yield "length", f"{self.length:g} km", f"at most {room:.0f} km: all flats of the area"


def _flats(city: City, districts: Ints) -> Floats:
    """(n,) flats of each district."""
    return np.maximum(city.districts.dwellings - city.districts.houses, 0)[districts].astype(np.float64)


@dataclass(frozen=True, kw_only=True)
class StreetLighting(Measure):
    """Lamps become LED and dim when nobody passes."""

    kind: ClassVar[str] = "street_lighting"
    title: ClassVar[str] = "Street lighting"
    card: ClassVar[str] = (
        "Light points are renewed month by month; each uses less by the saving. The metropole's electricity bill falls with them."
    )
    levers: ClassVar[tuple[str, ...]] = ("street_lighting",)
    sources: ClassVar[tuple[str, ...]] = (
        "LED and dimming save 50 to 75 % of a point's electricity (decision-achats.fr)",
        "Toulouse: 67,000 points, 34 GWh in 2013; 40,000 of them for 24 M€, 600 € each (Institut Montaigne 2020, France urbaine 2017)",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.05
    expected_others: ClassVar[float] = 0.1

    lights: float = item(Quantity(SHARE, 0.0, 1.0), "share of the area's light points renewed in all")
    saving: float = item(Quantity(SHARE, 0.0, 0.9), "saved by a renewed point, dimming included", 0.65)

    def empty(self) -> bool:
        return self.lights == 0.0 or self.saving == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        renewed = min(1.0, self.lights * context.scale) * context.progress
        yield Contribution("street_lighting", renewed * self.saving, context.districts)


@dataclass(frozen=True, kw_only=True)
class BuildingData(Measure):
    """Sensors, energy management and a shared data platform in offices, shops, schools and hospitals."""

    kind: ClassVar[str] = "building_data"
    title: ClassVar[str] = "Building data"
    card: ClassVar[str] = (
        "Floors of the sectors are equipped month by month; on each, energy falls by the saving of those who use what they see. Sensors, "
        "networks and servers use electricity of their own (registry data_own_use)."
    )
    levers: ClassVar[tuple[str, ...]] = ("building_data", "data_use")
    sources: ClassVar[tuple[str, ...]] = (
        "Energy management saves about 20 % where it is used (ISO 52120-1 class B against C; opera-energie.com)",
        "15 % of French tertiary sites above 1,000 m2 have it, nearly half of those do not use it (Gimelec, Le Moniteur 2025): 10 % here",
    )
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.0
    expected_others: ClassVar[float] = 0.05

    floors: float = item(Quantity(SHARE, 0.0, 1.0), "share of the sectors' floors equipped in all")
    saving: float = item(Quantity(SHARE, 0.0, 0.4), "saved on equipped floors", 0.10)
    sectors: tuple[str, ...] = item(OneOrMany(Choice(_SECTORS)), "sectors whose floors are equipped", _TERTIARY)

    def empty(self) -> bool:
        return self.floors == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        rows = [Sector[name.upper()].value for name in dict.fromkeys(self.sectors)]
        equipped = min(1.0, self.floors * context.scale) * context.progress
        yield Contribution("building_data", equipped * self.saving, rows)
        kwh = float(context.city.jobs[:, rows].sum()) * equipped * context.parameters["data_own_use"]
        yield Contribution("data_use", kwh / 12_000.0)
