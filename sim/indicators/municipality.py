"""Indicators of the municipality."""

from __future__ import annotations

from sim.codes import Party, Purpose, Status
from sim.indicators.registry import Indicator, Snapshot


def _status(s: Snapshot, *wanted: Status) -> float:
    return float(sum((s.state.townhall.status == w).sum() for w in wanted))


INDICATORS: tuple[Indicator, ...] = (
    Indicator("invested", "Own investment this year", "€", 0, "year to date", "municipality",
              "what the metropole itself invested in measures since January", lambda s: s.state.townhall.invested[0]),
    Indicator("spent", "Spent on the roadmap so far", "€", 0, "at month's end", "municipality",
              "investment, running cost, grants and purchases (these up to last month) of all measures, all payers",
              lambda s: s.state.townhall.spent.sum()),
    Indicator("debt", "Debt", "€", -1, "at month's end", "municipality",
              "debt of the metropole from the roadmap, debt at the start included", lambda s: s.state.townhall.debt[0]),
    Indicator("co_funding", "Co-funding received so far", "€", 0, "at month's end", "municipality",
              "paid by region, State and private partners", lambda s: s.state.townhall.received[1:].sum()),
    Indicator("grants_paid", "Grants paid", "€/month", 0, "month", "municipality",
              "grants that the metropole paid to households and firms",
              lambda s: s.state.ledger[Party.METROPOLE, :, Purpose.GRANTS].sum()),
    Indicator("measures_in_force", "Measures in force", "measures", 0, "at month's end", "municipality",
              "measures in force, works finished", lambda s: _status(s, Status.IN_FORCE)),
    Indicator("measures_waiting", "Measures waiting", "measures", -1, "at month's end", "municipality",
              "measures whose start has come but that money, staff or another measure holds back",
              lambda s: _status(s, Status.WAITING)),
)  # fmt: skip
