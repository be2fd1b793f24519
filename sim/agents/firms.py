"""Firms as Mesa agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.agents.columnar import ColumnAgent
from sim.agents.tables import Firms
from sim.columns import Table

if TYPE_CHECKING:
    from sim.agents.agentset import ColumnAgentSet


class Firm(ColumnAgent):
    """An establishment: the columns of :class:`sim.agents.tables.Firms`."""

    table: ClassVar[str] = "firms"
    layout: ClassVar[type[Table]] = Firms

    @property
    def staff(self) -> ColumnAgentSet:
        """Citizens who work here."""
        return self.model.rows_of("citizens", np.flatnonzero(self.model.state.citizens.firm == self.row))
