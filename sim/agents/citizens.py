"""Citizens and households as Mesa agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.agents.columnar import ColumnAgent, Derived
from sim.agents.tables import Citizens, Households
from sim.columns import Array, Ints, Table
from sim.state import State

if TYPE_CHECKING:
    from sim.agents.agentset import ColumnAgentSet


def _age(state: State, rows: Ints) -> Array:
    return (state.month - state.citizens.birth[rows]) / 12.0


class Citizen(ColumnAgent):
    """A citizen: the columns of :class:`sim.agents.tables.Citizens`, and ``age`` [years]."""

    table: ClassVar[str] = "citizens"
    layout: ClassVar[type[Table]] = Citizens
    derived: ClassVar[Mapping[str, Derived]] = {"age": _age}

    @property
    def home(self) -> ColumnAgent:
        """The household."""
        return self.model.agent("households", self.household)

    @property
    def employer(self) -> ColumnAgent | None:
        """The firm, or None without job or employed outside."""
        return self.model.agent("firms", self.firm) if self.firm >= 0 else None


class Household(ColumnAgent):
    """A household: the columns of :class:`sim.agents.tables.Households`."""

    table: ClassVar[str] = "households"
    layout: ClassVar[type[Table]] = Households

    @property
    def members(self) -> ColumnAgentSet:
        """The citizens who live in it."""
        return self.model.rows_of("citizens", np.flatnonzero(self.model.state.citizens.household == self.row))

    @property
    def contacts(self) -> ColumnAgentSet:
        """The households it listens to."""
        state = self.model.state
        rows = state.contacts[state.contact_first[self.row] : state.contact_first[self.row + 1]]
        return self.model.rows_of("households", np.unique(rows))
