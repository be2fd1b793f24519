"""What households see of others: the share of their contacts that have something, looked up for those alone who are about to decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kernels.diffusion import contact_shares
from sim.codes import Powertrain, Retrofit
from sim.columns import Bools, Floats, Int32s, Ints
from sim.state import State


class Near(Protocol):
    """Share of contacts by household: :class:`Contacts`, or an array (H,)."""

    def __getitem__(self, rows: Ints, /) -> Floats:
        """(n,) of the households ``rows``."""


@dataclass(frozen=True)
class Contacts:
    """One trait of households as their contacts see it: index it by rows of households. What counts is how it was when this was made."""

    first: Ints
    contacts: Int32s
    alive: Bools  #: (H,) contacts that count
    trait: Bools  #: (H,)

    def __getitem__(self, rows: Ints) -> Floats:
        """(n,) share of the contacts of the households ``rows``."""
        return np.asarray(contact_shares(self.first, self.contacts, self.alive, self.trait, np.asarray(rows, np.int64)))


def look_around(state: State) -> tuple[Contacts, Contacts, Contacts, Contacts]:
    """Shares of contacts with an electric car, a retrofitted home, rooftop PV, somebody who took part lately."""
    d, c, people = state.dwellings, state.cars, state.citizens
    lived = d.alive & (d.household >= 0)
    electric, retrofitted, solar, heard = (
        _seen(state, rows)
        for rows in (
            c.household[c.alive & (c.powertrain == Powertrain.ELECTRIC)],
            d.household[lived & (d.retrofit > Retrofit.EXISTING)],
            d.household[lived & (d.pv > 0.0)],
            people.household[people.alive & (state.society.engaged > 0.0)],
        )
    )
    return electric, retrofitted, solar, heard


def _seen(state: State, rows: Ints) -> Contacts:
    trait = np.zeros(len(state.households), bool)
    trait[rows] = True
    return Contacts(state.contact_first, state.contacts, state.households.alive, trait)
