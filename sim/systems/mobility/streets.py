"""Shortest times on foot and by bicycle between the middles of districts."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import dijkstra

from sim.city.city import City
from sim.city.delays import LinkLookup
from sim.columns import Floats, Ints


def main_nodes(city: City) -> Ints:
    """The street node of the weightiest cell of each district."""
    weight = city.cells.residents + city.cells.jobs
    order = np.lexsort((-weight, city.cells.district))
    first = np.searchsorted(city.cells.district[order], np.arange(city.n_districts))
    return np.asarray(city.cells.node[order[first]], np.int64)


def street_skims(city: City, cost: Floats) -> Floats:
    """(D, D) least cost between districts over links open to walking and cycling; inf where there is no way."""
    a = city.links
    usable = a.on_foot
    nodes = main_nodes(city)
    lookup = LinkLookup(a.tail[usable], a.head[usable], cost[usable], len(city.nodes))
    return np.asarray(dijkstra(lookup.matrix, indices=nodes)[:, nodes])
