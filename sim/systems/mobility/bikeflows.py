"""Bicycles on streets: trips between districts, and the links that their least stressful ways lead over.

Nothing of the month depends on them: bicycles do not queue, so what is shown on a map need only be added up when somebody looks. The ways
are those whose minutes mode choice weighs (:func:`sim.systems.mobility.supply.cycling_minutes`), all or nothing.
"""

from __future__ import annotations

import numpy as np

from kernels.graph import star
from kernels.paths import tree
from kernels.threads import in_blocks
from sim.city.city import City
from sim.codes import Errand, Mode
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility import tours
from sim.systems.mobility.streets import main_nodes
from sim.systems.mobility.supply import link_minutes

#: Origins whose trees one thread finds with one set of arrays.
BLOCK = 16


def bike_trips(city: City, state: State, policies: Policies, p: Parameters) -> Floats:
    """(D, D) residents' bicycle trips of an average working day from district to district, both ways of each tour.

    Tours out of the perimeter are left out.
    """
    n, c = city.n_districts, state.citizens
    table = np.zeros(n * n)
    for errand, count in zip(Errand, tours.tours(state, p, policies), strict=True):
        to = tours.district(state, errand)
        rows = np.flatnonzero((tours.mode(state, errand) == Mode.BIKE) & (to >= 0) & (count > 0.0))
        pair = c.district[rows].astype(np.int64) * n + to[rows]
        table += np.bincount(pair, weights=(c.weight * count)[rows], minlength=n * n)
    there = table.reshape(n, n)
    return np.asarray(there + there.T)


class BikeWays:
    """Ways by bicycle between districts while the streets are as comfortable as ``cycle_level`` (L,) says; see ``Policies``."""

    def __init__(self, city: City, cycle_level: Floats, p: Parameters, threads: int = 1) -> None:
        a, n = city.links, len(city.nodes)
        usable = np.flatnonzero(a.on_foot)
        graph = star(a.tail[usable], a.head[usable], n)
        cost = np.ascontiguousarray(link_minutes(city, cycle_level, p)[usable][graph.link])
        self.links, self.nodes = len(a), main_nodes(city)
        self.tail = graph.tail
        self.link = usable[graph.link]  #: link of each row of the graph
        #: (D, n) row of the graph that enters each node on the way from a district; -1 where it begins, or there is none
        self.enters = np.empty((len(self.nodes), n), np.int32)

        def grow(start: int, stop: int) -> None:
            dist, through = np.empty(n), np.ones(n, np.bool_)
            key, node = np.empty(len(cost) + 1), np.empty(len(cost) + 1, np.int32)
            for o in range(start, stop):
                tree(self.nodes[o], graph.first, graph.head, cost, through, dist, self.enters[o], key, node)

        in_blocks(grow, len(self.nodes), BLOCK, threads)

    def flow(self, trips: Floats) -> Floats:
        """(L,) bicycles a day on each link, of (D, D) trips; those inside a district are on no link."""
        origin, to = np.nonzero(trips)
        many, at = trips[origin, to], self.nodes[to]
        out = np.zeros(self.links)
        while len(at):  # all trips a link back at a time, towards where they began
            row = self.enters[origin, at]
            going = row >= 0
            origin, many, row = origin[going], many[going], row[going]
            out += np.bincount(self.link[row], weights=many, minlength=self.links)
            at = self.tail[row]
        return out
