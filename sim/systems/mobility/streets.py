"""Shortest times on foot and by bicycle between the middles of districts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from kernels.assignment import RoadNetwork, Topology, prepare
from kernels.loading import all_or_nothing
from sim.city.city import City
from sim.columns import Floats, Ints


def main_nodes(city: City) -> Ints:
    """The street node of the weightiest cell of each district."""
    weight = city.cells.residents + city.cells.jobs
    order = np.lexsort((-weight, city.cells.district))
    first = np.searchsorted(city.cells.district[order], np.arange(city.n_districts))
    return np.asarray(city.cells.node[order[first]], np.int64)


@lru_cache(maxsize=4)
def _open_streets(city: City) -> tuple[Ints, RoadNetwork, Topology]:
    """Links open to walking and cycling, and their search order, which is found once for all costs."""
    a, n = city.links, len(city.nodes)
    usable = np.flatnonzero(a.on_foot)
    none = np.zeros(len(usable))
    network = RoadNetwork(
        a.tail[usable].astype(np.int32), a.head[usable].astype(np.int32), none, none, none, none, none, none, n_nodes=n,
        zone_node=main_nodes(city).astype(np.int32), through=np.ones(n, bool),
    )  # fmt: skip
    return usable, network, prepare(network)


def street_skims(city: City, cost: Floats, threads: int = 1) -> Floats:
    """(D, D) least cost between districts over links open to walking and cycling; inf where there is no way."""
    usable, network, order = _open_streets(city)
    nobody = np.zeros((city.n_districts, city.n_districts))
    return all_or_nothing(network, cost[usable], nobody, threads=threads, topology=order).skim_cost
