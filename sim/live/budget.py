"""The budget gauge: what a calendar would have the metropole invest, year by year, and owe, against what it may.

It is the plan's arithmetic, as the municipality does it month by month (sim/agents/municipality.py): own share of investment, half of it
borrowed, debt repaid. Grants and running costs depend on who asks and are not limited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim import Item, Scenario

#: Less than this over a limit is rounding [€].
CENT = 0.01


@dataclass(frozen=True)
class Gauge:
    """Investment planned by year and the highest debt, with their limits [€]."""

    limit: float
    ceiling: float
    years: dict[int, float] = field(default_factory=dict)
    debt: float = 0.0

    def excess(self) -> dict[str, float]:
        """What is too much, by what it is: a year, or "debt"."""
        over = {str(year): own - self.limit for year, own in self.years.items() if own > self.limit + CENT}
        return over | ({"debt": self.debt - self.ceiling} if self.debt > self.ceiling + CENT else {})

    def refusal(self, before: Gauge) -> str:
        """Why this calendar cannot be paid, if it is worse than the one before; else an empty string."""
        known = before.excess()
        for what, much in self.excess().items():
            if much > known.get(what, 0.0) + CENT:
                if what == "debt":
                    return f"debt would reach {self.debt / 1e6:,.1f} M€, ceiling {self.ceiling / 1e6:,.1f} M€"
                return f"{what}: {self.years[int(what)] / 1e6:,.1f} M€ of own investment, {self.limit / 1e6:,.1f} M€ allowed"
        return ""


def gauge(scenario: Scenario, parameters: Mapping[str, float]) -> Gauge:
    """The gauge of the calendar as it stands after the last revision."""
    calendar = scenario.calendars()[-1]
    own = dict.fromkeys(range(scenario.start, scenario.end + 1), 0.0)
    for one in calendar.measures:
        if one is not None and not one.reserve and one.id not in calendar.stopped and not one.measure.empty():
            for month, amount in _own(one):
                if month in own:
                    own[month] += amount
    years: dict[int, float] = {}
    debt = highest = scenario.budget.debt_at_start
    for month, amount in own.items():
        years[month // 12] = years.get(month // 12, 0.0) + amount
        debt += amount * parameters["debt_financed_share"] - debt * parameters["debt_repaid_share"] / 12.0
        highest = max(highest, debt)
    return Gauge(scenario.budget.investment_per_year, scenario.budget.debt_ceiling, years, highest)


def _own(one: Item) -> list[tuple[int, float]]:
    """(month, €) of the metropole's own investment in a measure."""
    share = dict(one.funding).get("metropole", 0.0)
    months = one.months if one.measure.works and one.months > 0 else 1
    return [(one.start + i, one.capex * share / months) for i in range(months)]
