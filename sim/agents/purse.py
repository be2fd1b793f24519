"""The money of measures: who pays which share of what, within which budgets; every euro booked, every refusal said.

The payer carries a measure out and pays the firms; the others refund it their shares. A body named under ``bodies:`` gives only what
its rate, ceiling, years, kinds of measures and yearly budget allow; the payer bears the rest, or the measure waits (``unfunded:``).
"""

from __future__ import annotations

from sim.agents.journal import note
from sim.codes import Party, Purpose
from sim.months import year_of
from sim.scenario.bodies import FUNDERS, Body
from sim.scenario.load import Item, Scenario
from sim.scenario.parameters import Parameters
from sim.state import State

#: Less than this over a limit is rounding of sums, no reason to postpone anything [€].
CENT = 0.01
_PARTY = {
    "metropole": Party.METROPOLE, "region": Party.REGION, "state": Party.STATE, "private": Party.FIRMS,
    "transit_authority": Party.TRANSIT_AUTHORITY, "city": Party.CITY,
}  # fmt: skip

#: (funder, share of a payment) of those who pay it.
Split = tuple[tuple[str, float], ...]


class Purse:
    """Pays for a scenario's measures. It remembers nothing: what was paid stands in the state."""

    def __init__(self, roadmap: Scenario, parameters: Parameters) -> None:
        self.budget = roadmap.budget
        self.bodies: dict[str, Body] = dict(roadmap.bodies)
        self.parameters = parameters

    def split(self, state: State, i: int, one: Item, amount: float) -> Split:
        """Who pays a payment of this month for measure ``i``: as agreed where bodies ask nothing, else what they give now."""
        if not self.bodies or amount <= 0.0:
            return one.funding
        shares = dict(one.funding)
        given = {n: self._given(state, i, one, n, s, amount) for n, s in shares.items() if n != one.payer}
        rest = 1.0 - sum(given.values())
        return tuple(sorted((n, s) for n, s in {**given, one.payer: rest}.items() if s > 0.0))

    def _given(self, state: State, i: int, one: Item, name: str, share: float, amount: float) -> float:
        """Share of a payment that a co-funder gives."""
        body = self.bodies.get(name)
        if body is None:
            return share
        if (body.years and year_of(state.month) not in body.years) or (
            body.funds and one.measure.kind not in body.funds
        ):
            return 0.0
        column = FUNDERS.index(name)
        left = min(
            body.budget_per_year - state.townhall.year_paid[column], body.ceiling - state.townhall.paid_by[i, column]
        )
        return float(max(0.0, min(share, body.rate, left / amount)))

    def obstacle(self, state: State, i: int, one: Item, amount: float) -> str:
        """Why this payment cannot be made this month, or an empty string."""
        split = dict(self.split(state, i, one, amount))
        short = [f"{n} gives {split.get(n, 0.0):.0%} of its {s:.0%}" for n, s in one.funding
                 if n != one.payer and split.get(n, 0.0) < s - 1e-9]  # fmt: skip
        if short and one.unfunded == "wait":
            return "waits for its funding: " + ", ".join(short)
        why = self._body_obstacle(state, one, amount * split.get(one.payer, 0.0)) if self.bodies else ""
        return why or self._own_obstacle(state, amount * split.get("metropole", 0.0))

    def _body_obstacle(self, state: State, one: Item, amount: float) -> str:
        body = self.bodies.get(one.payer)
        if body is None or amount <= 0.0:
            return ""
        paid = float(state.townhall.year_paid[FUNDERS.index(one.payer)])
        if paid + amount > body.budget_per_year + CENT:
            return (
                f"{one.payer} needs {amount / 1e6:.2f} M€, {paid / 1e6:.2f} of {body.budget_per_year / 1e6:.2f} M€ "
                "of the year are spent"
            )
        return ""

    def _own_obstacle(self, state: State, own: float) -> str:
        town, budget = state.townhall, self.budget
        if own <= 0.0:
            return ""
        if town.invested[0] + own > budget.investment_per_year + CENT:
            return (
                f"needs {own / 1e6:.2f} M€, {town.invested[0] / 1e6:.2f} of {budget.investment_per_year / 1e6:.2f} M€ "
                "of the year are spent"
            )
        borrowed = own * self.parameters["debt_financed_share"]
        if town.debt[0] + borrowed > budget.debt_ceiling + CENT:
            return (
                f"debt would reach {(town.debt[0] + borrowed) / 1e6:.1f} M€, ceiling {budget.debt_ceiling / 1e6:.1f} M€"
            )
        return ""

    def consent(self, state: State, one: Item, asked: int, support: float) -> str:
        """Whose consent or decision measure ``one`` still waits for, or an empty string."""
        for name, body in self.bodies.items():
            if one.measure.kind in body.veto and support < body.consent_from:
                return f"{name} withholds its consent: support {support:.0%}, asked {body.consent_from:.0%}"
            funds = name in dict(one.funding) and name != one.payer
            if funds and asked and state.month < asked + body.delay:
                return f"waits for the decision of {name}, {body.delay} months after the announcement"
        return ""

    def invest(self, state: State, i: int, one: Item, amount: float) -> None:
        """Pay for works; a part of the metropole's share is borrowed."""
        if amount <= 0.0:
            return
        town, split = state.townhall, self.split(state, i, one, amount)
        own = amount * dict(split).get("metropole", 0.0)
        borrowed = own * self.parameters["debt_financed_share"]
        town.invested[0] += own
        town.debt[0] += borrowed
        state.pay(Party.OUTSIDE, Party.METROPOLE, borrowed, Purpose.DEBT)
        self._pay(state, i, one, amount, split, Purpose.WORKS)

    def operate(self, state: State, i: int, one: Item, amount: float) -> None:
        """Pay for running."""
        state.townhall.operated[0] += amount
        self._pay(state, i, one, amount, self.split(state, i, one, amount), Purpose.OPERATIONS)

    def _pay(self, state: State, i: int, one: Item, amount: float, split: Split, purpose: Purpose) -> None:
        """The others pay the payer their shares; the payer pays the firms that do the work."""
        self._refund(state, i, amount, split, one.payer)
        state.pay(_PARTY[one.payer], Party.FIRMS, amount, purpose)
        self._note(state, one, amount, split, purpose.name.lower())

    def charge(self, state: State, i: int, one: Item, amount: float, purpose: str) -> None:
        """Charge what systems paid out of the metropole's purse to measure ``i``; the others refund the metropole."""
        split = self.split(state, i, one, amount)
        self._refund(state, i, amount, split, "metropole")
        self._note(state, one, amount, split, purpose)

    @staticmethod
    def _refund(state: State, i: int, amount: float, split: Split, to: str) -> None:
        town = state.townhall
        town.spent[i] += amount
        for name, share in split:
            column = FUNDERS.index(name)
            town.received[column] += amount * share
            town.paid_by[i, column] += amount * share
            town.year_paid[column] += amount * share
            if name != to:
                state.pay(_PARTY[name], _PARTY[to], amount * share, Purpose.CO_FUNDING)

    @staticmethod
    def _note(state: State, one: Item, amount: float, split: Split, purpose: str) -> None:
        by = {name: round(amount * share, 2) for name, share in split if share > 0.0}
        note(state, one.id, "paid", "", {"total": round(amount, 2), "purpose": purpose, "by": by})

    def repay(self, state: State) -> None:
        """A month's debt service."""
        due = state.townhall.debt[0] * self.parameters["debt_repaid_share"] / 12.0
        state.townhall.debt[0] -= due
        state.pay(Party.METROPOLE, Party.OUTSIDE, due, Purpose.DEBT)

    def left(self, state: State, body: str = "") -> float:
        """What the metropole may still invest this year, or a body still pay [€]."""
        if body and body != "metropole":
            return float(self.bodies[body].budget_per_year - state.townhall.year_paid[FUNDERS.index(body)])
        return float(self.budget.investment_per_year - state.townhall.invested[0])
