"""Firms as Mesa agents."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sim.agents.columnar import SHIFT, ColumnAgent, ColumnAgentSet
from sim.agents.tables import Firms
from sim.columns import Table


class Firm(ColumnAgent):
    """An establishment: the columns of :class:`sim.agents.tables.Firms`."""

    table: ClassVar[str] = "firms"
    layout: ClassVar[type[Table]] = Firms

    @property
    def staff(self) -> ColumnAgentSet:
        """Citizens who work here."""
        model = self.model
        rows = np.flatnonzero(model.state.citizens.firm == self.row)
        return ColumnAgentSet.of(model, model.kind_of_table("citizens") << SHIFT | rows)
