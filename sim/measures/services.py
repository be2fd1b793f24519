"""Measures on municipal services and the living city: water, waste, health centres, trees.

Water and waste are sectors of money and CO2 (sim/systems/economy/utilities.py), care an account without memory, moved by these levers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from sim.measures.base import Context, Measure
from sim.measures.policies import Contribution
from sim.scenario.fields import Number, Quantity, item
from sim.units import SHARE


@dataclass(frozen=True, kw_only=True)
class WaterSaving(Measure):
    """Less drinking water used and lost."""

    kind: ClassVar[str] = "water_saving"
    title: ClassVar[str] = "Water saving"
    card: ClassVar[str] = (
        "Households get aerators, low-flow showers and a meter that shows the day's use, and use less (water_kit_saving); in the "
        "network, leaks are found and mended, so that less is pumped for the same use. Fees fall with use, most costs do not. Hot water "
        "saved is not counted as energy of dwellings."
    )
    levers: ClassVar[tuple[str, ...]] = ("water_saving", "water_leaks")
    sources: ClassVar[tuple[str, ...]] = (
        "Inman & Jeffrey (2006), Urban Water Journal 3: retrofit of devices saves 9-12 % of a household's water",
        "SISPEA/OFB (2022): French networks give 81 % of the water put into them to their users",
    )
    works: ClassVar[bool] = True
    expected_others: ClassVar[float] = 0.1

    households: float = item(Quantity(SHARE, 0.0, 1.0), "share of households equipped in the end", 0.0)
    leaks: float = item(
        Quantity(SHARE, 0.0, 1.0), "share of the water lost in the network that is lost no more in the end", 0.0
    )

    def empty(self) -> bool:
        return self.households == 0.0 and self.leaks == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        equipped = min(1.0, self.households * context.scale) * context.progress
        yield Contribution("water_saving", equipped * context.parameters["water_kit_saving"])
        yield Contribution("water_leaks", min(1.0, self.leaks * context.scale) * context.progress)


@dataclass(frozen=True, kw_only=True)
class WastePrevention(Measure):
    """Less waste, and more of it sorted."""

    kind: ClassVar[str] = "waste_prevention"
    title: ClassVar[str] = "Waste prevention and sorting"
    card: ClassVar[str] = (
        "Prevention (food waste, repair, reuse, charges by the bin) takes its share off the residual waste; sorting (packaging, kitchen "
        "waste) moves its share of what is left to recycling and composting, whose tonne costs other money and saves emissions."
    )
    levers: ClassVar[tuple[str, ...]] = ("waste_prevention", "waste_sorting")
    sources: ClassVar[tuple[str, ...]] = (
        "ADEME (2021), household waste 2019: 583 kg a person, 249 kg of it residual",
        "ADEME (2018), territories with charges by the bin: residual waste lower by about a third",
    )
    works: ClassVar[bool] = True
    expected_others: ClassVar[float] = 0.05

    prevention: float = item(Quantity(SHARE, 0.0, 1.0), "share of residual waste avoided in the end", 0.0)
    sorting: float = item(Quantity(SHARE, 0.0, 1.0), "share of what is left sorted out in the end", 0.0)

    def empty(self) -> bool:
        return self.prevention == 0.0 and self.sorting == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        for lever, value in (("waste_prevention", self.prevention), ("waste_sorting", self.sorting)):
            yield Contribution(lever, min(1.0, value * context.scale) * context.progress)


@dataclass(frozen=True, kw_only=True)
class OrganicWaste(Measure):
    """Kitchen waste collected apart."""

    kind: ClassVar[str] = "organic_waste_collection"
    title: ClassVar[str] = "Collection of kitchen waste"
    card: ClassVar[str] = (
        "Bins, rounds and compost yards take their share of the kitchen waste out of the residual bin (organic_waste): it is composted or "
        "digested. A tonne costs more to collect apart, and emits less; most where residual waste is landfilled."
    )
    levers: ClassVar[tuple[str, ...]] = ("waste_organic",)
    sources: ClassVar[tuple[str, ...]] = (
        "Law against waste of 10 February 2020: kitchen waste is to be collected apart from 2024",
        "ADEME MODECOM 2017: about a third of residual waste; sizes in the registry",
    )
    works: ClassVar[bool] = True
    expected_others: ClassVar[float] = 0.05

    collected: float = item(Quantity(SHARE, 0.0, 1.0), "share of kitchen waste collected apart in the end")

    def empty(self) -> bool:
        return self.collected == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("waste_organic", min(1.0, self.collected * context.scale) * context.progress)


@dataclass(frozen=True, kw_only=True)
class HealthCentre(Measure):
    """Salaried general practitioners in public health centres."""

    kind: ClassVar[str] = "health_centre"
    title: ClassVar[str] = "Health centres"
    card: ClassVar[str] = (
        "Each salaried doctor takes on the patients of an ordinary practice (patients_per_doctor), as long as residents without a "
        "doctor are left; what a centre costs beyond the fees that the health insurance pays is paid every year."
    )
    levers: ClassVar[tuple[str, ...]] = ("health_doctors",)
    sources: ClassVar[tuple[str, ...]] = (
        "Assurance maladie: about 11 % of insured people of 17 and over without a treating doctor in 2021 (press)",
        "Occitanie region (2022): regional health centres with salaried doctors (press)",
    )
    works: ClassVar[bool] = True
    expected_others: ClassVar[float] = 0.2

    doctors: int = item(Number(0, 5000, whole=True), "doctors employed in the end")

    def empty(self) -> bool:
        return self.doctors == 0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("health_doctors", self.doctors * context.scale * context.progress)

    def yearly_cost(self, context: Context) -> float:
        return self.doctors * context.scale * context.progress * context.parameters["doctor_net_cost"]


@dataclass(frozen=True, kw_only=True)
class UrbanGreening(Measure):
    """Trees and unsealed ground that cool the warm hours."""

    kind: ClassVar[str] = "urban_greening"
    title: ClassVar[str] = "Urban greening"
    card: ClassVar[str] = (
        "Tree canopy grows over the area by the given points of its ground. The air of warm hours is cooler by canopy_cooling for each "
        "point, weighed by the households that live there: less cooling is used, and dwellings overheat less. Trees act with their "
        "progress; young trees need some ten years to their full crown, so give them the months. The carbon they bind is not counted."
    )
    levers: ClassVar[tuple[str, ...]] = ("green_cooling",)
    sources: ClassVar[tuple[str, ...]] = (
        "Ziter et al. (2019), PNAS 116: canopy of 40 % cools summer days by 0.7 to 1.3 K, the more the denser",
        "Bowler et al. (2010), Landscape and Urban Planning 97: parks 0.9 K cooler by day on average",
    )
    local: ClassVar[bool] = True
    works: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.0
    expected_others: ClassVar[float] = 0.3

    canopy: float = item(Quantity(SHARE, 0.0, 0.6), "canopy added, as a share of the area's ground")

    def empty(self) -> bool:
        return self.canopy == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        households = context.city.districts.households.astype(float)
        lived = float(households[context.districts].sum() / max(float(households.sum()), 1.0))
        points = 100.0 * self.canopy * context.scale * context.progress
        yield Contribution("green_cooling", points * context.parameters["canopy_cooling"] * lived)
