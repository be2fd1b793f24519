"""Free transit for residents who ask for a pass, by age group and kind of day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from sim.measures.base import Context, Measure
from sim.measures.policies import AGE_GROUPS, Contribution
from sim.scenario.fields import Choice, OneOrMany, Quantity, item
from sim.units import SHARE


@dataclass(frozen=True, kw_only=True)
class FreeTransitResidents(Measure):
    """Residents of the age groups ride free with a pass; who lives outside pays as before."""

    kind: ClassVar[str] = "free_transit_residents"
    title: ClassVar[str] = "Free transit for residents"
    card: ClassVar[str] = (
        "Of each age group, the share that asks for a pass rides free, on all days or at weekends; its choice of mode weighs the fare no "
        "more, and the transit authority's revenue falls by it. At weekends only, the mean fare of the week falls by the weekend's part of "
        "the rides. Commuters from outside go on paying."
    )
    levers: ClassVar[tuple[str, ...]] = ("free_pass", "free_days")
    sources: ClassVar[tuple[str, ...]] = (
        "Montpellier: weekends September 2020, under 18 and over 65 September 2021, all residents 21 December 2023; 358,000 passes for "
        "some 500,000 inhabitants in May 2024, +23.7 % trips in the first quarter on 2019, counted another way (Ville, Rail & Transports)",
        "Cour des comptes (November 2025), survey of 11,000 riders of Montpellier in June 2024: +20 % trips, of the new ones 39 % walked "
        "or cycled before, 33 % drove, 28 % are trips not made before",
        "Balcombe et al. (2004), TRL593: fare elasticity -0.4 in the short run, -1.0 in the long run",
        "Cats, Susilo & Reimal (2017), Transportation 44: free transit in Tallinn, +14 % trips in a year",
    )
    expected_others: ClassVar[float] = 0.35

    ages: tuple[str, ...] = item(OneOrMany(Choice(AGE_GROUPS)), "age groups that may ask for a pass", AGE_GROUPS)
    days: str = item(Choice(("all", "weekend")), "days on which rides are free", "all")
    take_up: float = item(Quantity(SHARE, 0.0, 1.0), "share of the groups' residents who ask for a pass", 0.71)

    def empty(self) -> bool:
        return self.take_up == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        rows = [AGE_GROUPS.index(name) for name in self.ages]
        free = 1.0 if self.days == "all" else context.parameters["weekend_rides"]
        yield Contribution("free_pass", min(1.0, self.take_up * context.scale), rows)
        yield Contribution("free_days", free, rows)
