"""Measures for firms and citizens as co-builders: recovery grants, procurement, innovation challenges, participation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.codes import Sector
from sim.columns import Floats
from sim.measures.base import Context, Measure
from sim.measures.policies import THEMES, Contribution
from sim.scenario.fields import Choice, Number, OneOrMany, Quantity, item
from sim.units import MONEY, MONEY_PER_YEAR

_SECTORS = tuple(s.name.lower() for s in Sector)


def _by_sector(names: tuple[str, ...], context: Context) -> tuple[list[int], Floats]:
    """Rows of the sectors and the share of each, by jobs in the city."""
    rows = [Sector[name.upper()].value for name in dict.fromkeys(names)]
    jobs = context.city.jobs.sum(axis=0)[rows].astype(np.float64)
    return rows, jobs / max(float(jobs.sum()), 1.0)


@dataclass(frozen=True, kw_only=True)
class RecoveryGrants(Measure):
    """Money for firms hit by a crisis."""

    kind: ClassVar[str] = "recovery_grants"
    title: ClassVar[str] = "Recovery grants"
    card: ClassVar[str] = (
        "Firms of the sectors receive the amount spread over the months. About a quarter of it meets what would have been lost: posts that "
        "a passing fall of demand costs, cash of firms that would close of it; the rest pays what they would have paid anyway and is "
        "left to owners, suppliers and creditors. Without a crisis it keeps no post."
    )
    levers: ClassVar[tuple[str, ...]] = ("recovery_grant",)
    sources: ClassVar[tuple[str, ...]] = (
        "Toulouse recovery plan of 8 June 2020: 45 M€ for sectors, 10 M€ aeronautics",
        "Share that meets what would have been lost: Autor et al. (2022), registry grant_effective",
    )
    expected_drivers: ClassVar[float] = 0.1
    expected_others: ClassVar[float] = 0.1

    amount: float = item(Quantity(MONEY, 0.0, 2e9), "paid in all")
    sectors: tuple[str, ...] = item(OneOrMany(Choice(_SECTORS)), "sectors helped", _SECTORS)

    def empty(self) -> bool:
        return self.amount == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        rows, share = _by_sector(self.sectors, context)
        yield Contribution("recovery_grant", context.scale * self.amount / max(context.months, 1) * share, rows)


@dataclass(frozen=True, kw_only=True)
class Procurement(Measure):
    """More purchases from local firms."""

    kind: ClassVar[str] = "local_procurement"
    title: ClassVar[str] = "Local procurement"
    card: ClassVar[str] = (
        "The metropole buys the amount from local firms of the sectors: demand for them grows, and they staff a part of the orders for as "
        "long as these last."
    )
    levers: ClassVar[tuple[str, ...]] = ("procurement",)
    sources: ClassVar[tuple[str, ...]] = (
        "Toulouse recovery plan: advances and local works (La Tribune, June 2020)",
        "Posts by money: Moszoro (2021), IMF WP/21/131, registry orders_staffed",
    )
    expected_others: ClassVar[float] = 0.1
    expected_drivers: ClassVar[float] = 0.1

    amount_per_year: float = item(Quantity(MONEY_PER_YEAR, 0.0, 2e9), "bought a year")
    sectors: tuple[str, ...] = item(OneOrMany(Choice(_SECTORS)), "sectors bought from", _SECTORS)

    def empty(self) -> bool:
        return self.amount_per_year == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        rows, share = _by_sector(self.sectors, context)
        yield Contribution("procurement", context.scale * self.amount_per_year / 12.0 * share, rows)


@dataclass(frozen=True, kw_only=True)
class InnovationChallenge(Measure):
    """Calls for projects of firms with the municipality, on a theme."""

    kind: ClassVar[str] = "innovation_challenge"
    title: ClassVar[str] = "Innovation challenge"
    card: ClassVar[str] = (
        "Firms of the trade propose what they have in mind, a jury chooses what meets a need as staff and money allow, several firms sign, "
        "volunteers of a neighbourhood test for six to eighteen months; it fails, stays or spreads. Soft mobility makes minor streets easy "
        "to cycle, energy brings flexible households and thriftier floors, logistics pools deliveries, health saves trips, "
        "cybersecurity prevents incidents, digital brings services online. Firms that take part become more digital."
    )
    levers: ClassVar[tuple[str, ...]] = ("challenge_calls", "challenge_budget", "challenge_staff")
    sources: ClassVar[tuple[str, ...]] = (
        "Open métropole 2015-2020: 110 projects with 449 firms (La Gazette, 3 December 2020)",
        "Calibration and prediction: docs/projects.md",
    )
    expected_drivers: ClassVar[float] = 0.1
    expected_others: ClassVar[float] = 0.1

    theme: str = item(Choice(THEMES), "what the calls are about")
    calls_per_year: float = item(Number(0.0, 52.0), "calls opened a year")
    budget_per_year: float = item(Quantity(MONEY_PER_YEAR, 0.0, 1e9), "money for the projects a year", 2e6)
    staff: float = item(Number(0.0, 1000.0), "staff who follow the projects", 2.0)

    def empty(self) -> bool:
        return self.calls_per_year == 0.0 or self.budget_per_year == 0.0 or self.staff == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield from _calls(context, [THEMES.index(self.theme)], self.calls_per_year, self.budget_per_year, self.staff)


def _calls(context: Context, themes: list[int], calls: float, budget: float, staff: float) -> Iterable[Contribution]:
    """Calls on each of the themes, which share the money."""
    yield Contribution("challenge_calls", context.scale * calls / 12.0, themes)
    yield Contribution("challenge_budget", context.scale * budget / 12.0 / len(themes), themes)
    yield Contribution("challenge_staff", context.scale * staff)


@dataclass(frozen=True, kw_only=True)
class OpenPartnership(Measure):
    """A standing door for projects of firms on every theme, as Toulouse's open métropole."""

    kind: ClassVar[str] = "open_partnership"
    title: ClassVar[str] = "Open partnership with firms"
    card: ClassVar[str] = (
        "As innovation challenges, on all themes at once: a team receives proposals all the year round and follows the pilots."
    )
    levers: ClassVar[tuple[str, ...]] = ("challenge_calls", "challenge_budget", "challenge_staff")
    sources: ClassVar[tuple[str, ...]] = (
        "Open métropole 2015-2020: 110 projects, 449 firms, 177,000 testers (La Gazette, 3 December 2020); docs/projects.md",
    )
    expected_drivers: ClassVar[float] = 0.1
    expected_others: ClassVar[float] = 0.1

    calls_per_year: float = item(Number(0.0, 52.0), "calls opened a year on each theme")
    budget_per_year: float = item(Quantity(MONEY_PER_YEAR, 0.0, 1e9), "money for the projects a year")
    staff: float = item(Number(0.0, 1000.0), "staff who follow the projects", 10.0)

    def empty(self) -> bool:
        return self.calls_per_year == 0.0 or self.budget_per_year == 0.0 or self.staff == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield from _calls(context, list(range(len(THEMES))), self.calls_per_year, self.budget_per_year, self.staff)


@dataclass(frozen=True, kw_only=True)
class Training(Measure):
    """Unemployed residents learn what vacant posts ask for."""

    kind: ClassVar[str] = "training"
    title: ClassVar[str] = "Training for vacant posts"
    card: ClassVar[str] = (
        "Of those who end a training, some take posts that would have stayed vacant for want of skills; the others would have found work "
        "anyway or do not find it. Where there are no vacancies it does nothing."
    )
    levers: ClassVar[tuple[str, ...]] = ("training",)
    sources: ClassVar[tuple[str, ...]] = (
        "Card, Kluve & Weber (2018), JEEA 16(3): effects of training near zero at first, positive two to three years on; registry",
    )
    expected_others: ClassVar[float] = 0.1
    expected_drivers: ClassVar[float] = 0.1

    places_per_year: float = item(Number(0.0, 1e6, unit="places a year"), "unemployed trained a year")

    def empty(self) -> bool:
        return self.places_per_year == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("training", context.scale * self.places_per_year / 12.0)

    def yearly_cost(self, context: Context) -> float:
        return context.scale * self.places_per_year * context.parameters["training_cost"]


@dataclass(frozen=True, kw_only=True)
class ParticipatoryBudget(Measure):
    """Citizens propose and vote what is built in their neighbourhood."""

    kind: ClassVar[str] = "participatory_budget"
    title: ClassVar[str] = "Participatory budget"
    card: ClassVar[str] = (
        "A yearly amount whose use citizens choose; those who take part gain trust, the works go to local firms."
    )
    levers: ClassVar[tuple[str, ...]] = ("participation",)
    sources: ClassVar[tuple[str, ...]] = (
        "Mes idées pour mon quartier: 8 M€, 4,532 voters in 2021-22 (Mediacités, city hall)",
    )
    expected_drivers: ClassVar[float] = 0.15
    expected_others: ClassVar[float] = 0.2

    amount_per_year: float = item(Quantity(MONEY_PER_YEAR, 0.0, 1e9), "spent a year")

    def empty(self) -> bool:
        return self.amount_per_year == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("participation", context.scale * self.amount_per_year / 12.0)

    def yearly_cost(self, context: Context) -> float:
        return self.amount_per_year * context.scale
