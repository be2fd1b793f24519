"""Streets, district and gate centroids and connectors as one graph: what follows from the city alone, found once for all its models."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kernels.assignment import RoadNetwork, Topology, prepare
from kernels.fold import Folded, fold, refresh
from kernels.graph import usable
from sim.city.city import City
from sim.columns import Bools, Floats, Ints

#: Capacity of a connector: never binding.
UNBOUND = 1e9


class RoadGraph(NamedTuple):
    """Real links, then connectors (A,), from centroids and back; nodes of streets, then centroids of districts, then of gates."""

    access: Floats  #: (A,) s
    alpha: Floats  #: (L + A,)
    beta: Floats  #: (L + A,)
    length: Floats  #: (L + A,) m
    through: Bools  #: (N,) trips may pass
    zone_node: Ints  #: (Z,)
    bare: Folded  #: which links are folded together, without their parameters
    topology: Topology  #: of the folded graph

    def folded(self, free_time: Floats, capacity: Floats, fixed: Floats) -> tuple[Folded, RoadNetwork]:
        """The folded graph with these parameters of real links and connectors (L + A,)."""
        f = refresh(self.bare, free_time, capacity, self.alpha, self.beta, fixed, self.length)
        return f, _network(f, self.zone_node, self.through)


@lru_cache(maxsize=4)
def road_graph(city: City) -> RoadGraph:
    """The graph of a city. Chains of links are folded by their beta, which no policy changes."""
    c, gate, n = city.connectors, city.cordon.node.astype(np.int64), len(city.nodes)
    zone_node = n + np.arange(city.n_districts + len(gate))
    ends = np.r_[c.node.astype(np.int64), gate]
    centroids = zone_node[np.r_[c.district.astype(np.int64), city.n_districts + np.arange(len(gate))]]
    access = np.tile(np.r_[c.time, np.zeros(len(gate))], 2)
    tail, head = np.r_[city.links.tail, centroids, ends], np.r_[city.links.head, ends, centroids]
    nodes, none = n + len(zone_node), np.zeros(len(access))
    through = np.arange(nodes) < n
    keep = ~through
    keep[ends] = True
    a = city.links
    alpha, beta, length = np.r_[a.alpha, none], np.r_[a.beta, none + 4.0], np.r_[a.length, none]
    wanted = usable(tail.astype(np.int32), head.astype(np.int32), nodes, zone_node.astype(np.int32), through)
    bare = fold(
        tail, head, np.r_[a.free_time, access], np.r_[a.capacity, none + UNBOUND], alpha, beta, np.zeros(len(tail)), length, nodes, keep,
        wanted,
    )  # fmt: skip
    return RoadGraph(access, alpha, beta, length, through, zone_node, bare, prepare(_network(bare, zone_node, through)))


def _network(f: Folded, zone_node: Ints, through: Bools) -> RoadNetwork:
    """A folded graph as the equilibrium reads it."""
    return RoadNetwork(
        f.tail, f.head, f.free_time, f.capacity, f.alpha, f.beta, f.fixed, f.length, n_nodes=f.n_nodes,
        zone_node=f.node_of[zone_node], through=through[f.node],
    )  # fmt: skip
