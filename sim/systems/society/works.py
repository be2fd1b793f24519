"""What all works on homes share: who lives there, what can be paid, who pays whom."""

from __future__ import annotations

import numpy as np

from sim.codes import Party, Purpose, Tenure
from sim.columns import Bools, Floats, Ints
from sim.scenario.parameters import Parameters
from sim.state import State


def occupied(state: State) -> tuple[Bools, Ints]:
    """(dwellings,) True where somebody lives, and the row of the household (0 where nobody does)."""
    d = state.dwellings
    return np.asarray(d.alive & (d.household >= 0)), np.maximum(d.household, 0).astype(np.int64)


def lived_in(state: State, rows: Ints) -> Bools:
    """(n,) True where somebody lives in the dwellings ``rows``."""
    d = state.dwellings
    return np.asarray(d.alive[rows] & (d.household[rows] >= 0))


def owned(state: State, rows: Ints) -> Bools:
    """(n,) True where the dwellings ``rows``, all lived in, belong to those who live there."""
    return np.asarray(state.households.tenure[state.dwellings.household[rows]] == Tenure.OWNER)


def own_means(state: State, household: Ints, p: Parameters) -> Floats:
    """What the households can pay at once or by credit [€]."""
    h = state.households
    return np.asarray(h.savings[household] + p["credit_years"] * 12.0 * h.income[household])


def means(state: State, household: Ints, p: Parameters) -> Floats:
    """What owner-occupiers can pay at once or by credit [€]; landlords are not bound by their tenants' means."""
    owner = state.households.tenure[household] == Tenure.OWNER
    return np.where(owner, own_means(state, household, p), np.inf)


def book(
    state: State, household: Ints, weight: Floats, price: Floats, grant: Floats, aid: Floats, p: Parameters, *, by_occupant: bool = False
) -> None:  # fmt: skip
    """Book works: owners (landlords count among households) pay the firms, the metropole its grant, the State its aid.

    Owner-occupiers feel what is left month by month in their own bill; with ``by_occupant`` tenants do, too.

    Args:
        state: ledger and bills are changed in place.
        household: (n,) rows of the households in whose homes the works are.
        weight: (n,) dwellings each stands for.
        price: (n,) of the works [€].
        grant: (n,) the metropole's part [€].
        aid: (n,) the State's part [€].
        p: registry values.
        by_occupant: whoever lives there pays, whoever owns it.
    """
    h = state.households
    state.pay(Party.HOUSEHOLDS, Party.FIRMS, float((weight * price).sum()), Purpose.WORKS)
    state.pay(Party.METROPOLE, Party.HOUSEHOLDS, float((weight * grant).sum()), Purpose.GRANTS)
    state.pay(Party.STATE, Party.HOUSEHOLDS, float((weight * aid).sum()), Purpose.GRANTS)
    own = (h.tenure[household] == Tenure.OWNER) | by_occupant
    np.add.at(h.works_bill, household[own], ((price - grant - aid) * (1.0 - p["instalments_left"]))[own])
