"""Measures of town planning: how many dwellings may be built where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from sim.measures.base import Context, Measure
from sim.measures.policies import Contribution
from sim.scenario.fields import Number, item


@dataclass(frozen=True, kw_only=True)
class Zoning(Measure):
    """How many new dwellings an area may take a year."""

    kind: ClassVar[str] = "zoning"
    title: ClassVar[str] = "Zoning"
    card: ClassVar[str] = (
        "The area's districts share the dwellings allowed by their stock. Where fewer are allowed than builders would build, the rest is "
        "built elsewhere in part; where more are, a part of the surplus is built. Vacancy then moves rents, and rents move households."
    )
    levers: ClassVar[tuple[str, ...]] = ("dwellings_allowed",)
    sources: ClassVar[tuple[str, ...]] = (
        "75,000 dwellings in ten years and a goal of 7,500 a year in Toulouse Métropole (April 2025); shares built: assumption",
    )
    local: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = -0.05
    expected_others: ClassVar[float] = -0.05

    dwellings_per_year: float = item(
        Number(0.0, 100_000.0, unit="dwellings a year"), "new dwellings allowed in the area"
    )

    def empty(self) -> bool:
        return False

    def contributions(self, context: Context) -> Iterable[Contribution]:
        stock = context.city.districts.dwellings[context.districts].astype(float)
        share = stock / max(float(stock.sum()), 1.0)
        yield Contribution("dwellings_allowed", context.scale * self.dwellings_per_year * share, context.districts)
