"""The road network as the equilibrium kernel sees it: folded streets, district and gate centroids, connectors; and its skims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.assignment import Equilibrium, RoadNetwork, Topology, equilibrium, renewed
from kernels.fold import Folded, expand_flow, fold
from sim.city.city import City
from sim.columns import Floats
from sim.errors import NotConverged
from sim.measures.policies import Policies
from sim.state import State

#: Capacity of a connector: never binding.
UNBOUND = 1e9
MAX_ITERATIONS = 400


@dataclass(frozen=True)
class RoadResult:
    """Morning peak at equilibrium, by real link and by zone (districts, then gates)."""

    flow: Floats  #: (L,) veh/h
    time: Floats  #: (L,) s
    zone_time: Floats  #: (Z, Z) min
    zone_km: Floats  #: (Z, Z)
    gap: float


class Road:
    """Streets of one city. Holds only what follows from the city."""

    def __init__(self, city: City, threads: int, gap: float) -> None:
        self.city, self.threads, self.gap = city, threads, gap
        self.n_districts = city.n_districts
        self.n_zones = city.n_districts + len(city.cordon)
        n = len(city.nodes)
        c, gate = city.connectors, city.cordon.node.astype(np.int64)
        zone_node = n + np.arange(self.n_zones)
        ends = np.r_[c.node.astype(np.int64), gate]
        centroids = zone_node[np.r_[c.district.astype(np.int64), self.n_districts + np.arange(len(gate))]]
        access = np.r_[c.time, np.zeros(len(gate))]
        self.tail = np.r_[city.links.tail, centroids, ends]
        self.head = np.r_[city.links.head, ends, centroids]
        self.access = np.r_[access, access]
        self.n_nodes = n + self.n_zones
        self.zone_node = zone_node
        keep = np.zeros(self.n_nodes, bool)
        keep[n:] = True
        keep[ends] = True
        self.keep = keep
        self.length = np.r_[city.links.length, np.zeros(len(self.access))]
        through = np.ones(self.n_nodes, bool)
        through[n:] = False
        self.through = through
        self.topology: Topology | None = None  # follows from the streets alone; found when first needed

    def free_time(self, policies: Policies) -> Floats:
        """(L,) free time [s] under the roadmap's speed limits; junction delay stays."""
        a = self.city.links
        slower = np.minimum(a.speed, policies.speed_limit)
        return np.asarray(a.free_time + a.length * 3.6 * (1.0 / slower - 1.0 / a.speed))

    def settle(self, demand: Floats, policies: Policies, state: State) -> RoadResult:
        """User equilibrium of a (Z, Z) demand [veh/h], warm from the state's last one; stores the new warm start."""
        a = self.city.links
        real = len(a)
        none = np.zeros(len(self.access))
        free = np.r_[self.free_time(policies), self.access]
        capacity = np.r_[a.capacity * policies.capacity_factor, none + UNBOUND]
        folded = fold(
            self.tail, self.head, free, capacity, np.r_[a.alpha, none], np.r_[a.beta, none + 4.0], np.r_[np.zeros(real), none],
            self.length, self.n_nodes, self.keep,
        )  # fmt: skip
        network = self._network(folded)
        self.topology = renewed(self.topology, network)
        warm = (state.traffic.solver, state.traffic.solver_index) if len(state.traffic.solver) else None
        found: Equilibrium = equilibrium(
            network, demand, gap=self.gap, max_iterations=MAX_ITERATIONS, warm=warm, threads=self.threads,
            topology=self.topology,
        )  # fmt: skip
        if found.gap > self.gap * 1.0001:
            raise NotConverged(f"road equilibrium stopped at a relative gap of {found.gap:.2e}, asked {self.gap:.2e}")
        state.traffic.solver, state.traffic.solver_index = found.state_f, found.state_i
        flow = expand_flow(folded, found.flow)[:real]
        time = free[:real] * (1.0 + a.alpha * (flow / capacity[:real]) ** a.beta)
        return RoadResult(flow, time, found.skim_cost / 60.0, found.skim_length / 1000.0, found.gap)

    def _network(self, f: Folded) -> RoadNetwork:
        return RoadNetwork(
            f.tail, f.head, f.free_time, f.capacity, f.alpha, f.beta, f.fixed, f.length, n_nodes=f.n_nodes,
            zone_node=f.node_of[self.zone_node], through=self.through[f.node],
        )  # fmt: skip
