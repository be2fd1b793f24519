"""Commuters from outside as Mesa agents, and the rows that stand for them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import ndtri

from kernels.draws import stream, uniforms
from sim.agents.columnar import ColumnAgent
from sim.agents.tables import Incomers
from sim.city.city import City
from sim.columns import Floats, Table

#: Spread of the logarithm of household incomes (assumption: about that of residents).
SPREAD = 0.5


class Incomer(ColumnAgent):
    """A commuter from outside: the columns of :class:`sim.agents.tables.Incomers`."""

    table: ClassVar[str] = "incomers"
    layout: ClassVar[type[Table]] = Incomers


def arrive(city: City, incoming: Floats, seed: int, share: float, income: float) -> Incomers:
    """Rows for ``incoming`` (D,) commuters: at least one for each district with posts, gates in their proportions within each.

    ``income`` [EUR/month] is the median of households'.
    """
    district = np.repeat(
        np.arange(city.n_districts), np.maximum(np.round(incoming * share), city.districts.jobs > 0).astype(int)
    )
    n = len(district)
    first = np.searchsorted(district, np.arange(city.n_districts))
    many = np.bincount(district, minlength=city.n_districts)
    start = uniforms(seed, stream("outside.gate"), np.arange(city.n_districts), 0, 0)
    gates = np.cumsum(city.cordon.incomers) / max(float(city.cordon.incomers.sum()), 1e-300)
    point = (np.arange(n) - first[district] + start[district]) / many[district]
    gate = np.minimum(np.searchsorted(gates, point, side="right"), max(len(gates) - 1, 0))
    rank = uniforms(seed, stream("outside.income"), np.arange(n), 0, 0)
    ones = np.ones(n)
    return Incomers(
        id=np.arange(n), alive=ones > 0.0, weight=incoming[district] / many[district], gate=gate, district=district,
        income=income * np.exp(SPREAD * ndtri(np.clip(rank, 1e-9, 1.0 - 1e-9))), crit_air=0.0 * ones, powertrain=0.0 * ones,
        mode=-ones, interchange=-ones,
    )  # fmt: skip
