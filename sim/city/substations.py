"""Where the stations between medium and low voltage stand, and which customers each supplies.

The size planned for: what ``feeders_per_station`` of the thickest cable carry within the voltage drop where load hangs evenly along
the streets, at most 630 kVA; so stations are small and many where homes are far apart. A part of a district gets as many as its
design load asks for. They start in the middle of equal loads along a space-filling curve and move, some times, to the centre of the
customers who are nearest to them along the streets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sim.city.districtstreets import Web
from sim.city.equipment import CABLE_R, CABLE_X, MANY, OVERHEAD, RATINGS, TAN_PHI, UNDERGROUND, VOLTS
from sim.columns import Bools, Floats, Ints

#: Largest transformer that is planned for [kVA], and the mean of stations over the largest, since loads around them are uneven.
LARGEST_PLANNED, EVENNESS = 630.0, 0.75
#: Times that stations move to the centre of their customers.
MOVES = 6
#: A crossing is taken for a station before a place along a street up to so much nearer to the centre [m].
CROSSING_BONUS = 30.0


class Supply(NamedTuple):
    """``station`` (S,) vertices of the stations; by vertex (V,): ``by`` its station (-1 for none), ``above`` the vertex on the way to
    it (-1 at a station), ``apart`` the way there [m]."""

    station: Ints
    by: Ints
    above: Ints
    apart: Floats


def bulk_load(web: Web, p: Mapping[str, float]) -> Floats:
    """(V,) load [kVA] of a vertex as a share of many: it adds up."""
    houses, flats, floor, _ = web.customers.T
    out: Floats = MANY * (houses * p["house_load"] + flats * p["flat_load"]) + floor * p["firm_load"] / 1000.0
    return out


def planned_size(web: Web, load: Floats, overhead: Bools, p: Mapping[str, float]) -> Floats:
    """(parts,) design load [kVA] that stations of a part are planned for.

    A feeder with load q [kVA/m] evenly along a length a drops r q a^2 / (2 V^2); the greatest a within ``design_drop`` carries
    q a = sqrt(2 drop V^2 q / r).
    """
    parts = int(web.part.max(initial=-1)) + 1
    street = np.bincount(web.part[web.lines[:, 0]], web.length, parts)
    total = np.bincount(web.part, load, parts)
    dense = np.divide(total * 1000.0, street, out=np.zeros(parts), where=street > 0)
    cable = np.where(overhead, OVERHEAD[-1], UNDERGROUND[-1])
    ohm = (CABLE_R[cable] + TAN_PHI * CABLE_X[cable]) / np.hypot(1.0, TAN_PHI) / 1000.0
    feeder = np.sqrt(2.0 * p["design_drop"] * VOLTS**2 * dense / ohm) / 1000.0
    most = EVENNESS * LARGEST_PLANNED * p["network_use"]
    return np.clip(p["feeders_per_station"] * feeder, RATINGS[0] * p["network_use"], most)


def place(web: Web, graph: csr_array, load: Floats, size: Floats) -> Supply:
    """Stations of every part, moved to the centres of their customers."""
    total = np.bincount(web.part, load, len(size))
    wanted = np.where(total > 0.0, np.maximum(1, np.ceil(total / size - 1e-9)), 0).astype(np.int64)
    supply = nearest(graph, seeds(web, load, web.part, wanted))
    for _ in range(MOVES):
        supply = moved(web, graph, load, supply)
    return supply


def divided(web: Web, graph: csr_array, load: Floats, supply: Supply, into: Ints) -> Supply:
    """Each station replaced by ``into`` (S,) in the middle of equal loads of its customers; those of 1 stay where they are."""
    some = into > 1
    mine = np.where(some[supply.by] & (supply.by >= 0), supply.by, -1)
    new = seeds(web, load, mine, np.where(some, into, 0))
    return moved(web, graph, load, nearest(graph, np.unique(np.r_[supply.station[~some], new])))


def nearest(graph: csr_array, station: Ints) -> Supply:
    """Every vertex with the station that is nearest along the streets."""
    apart, above, source = dijkstra(graph, indices=station, min_only=True, return_predecessors=True)
    by = np.searchsorted(station, source)
    return Supply(station, np.where(source >= 0, by, -1), np.where(above >= 0, above, -1).astype(np.int64), apart)


def moved(web: Web, graph: csr_array, load: Floats, supply: Supply) -> Supply:
    """Each station at the centre of its customers' load; stations without customers are gone."""
    return nearest(graph, np.unique(_centres(web, load, supply.by, len(supply.station))))


def seeds(web: Web, load: Floats, group: Ints, wanted: Ints) -> Ints:
    """(sum of wanted,) vertices in the middle of equal loads of each group (-1: none), along a space-filling curve, ascending."""
    mine = np.flatnonzero((load > 0.0) & (group >= 0))
    mine = mine[wanted[group[mine]] > 0]
    order = mine[np.lexsort((_curve(web.x[mine], web.y[mine]), group[mine]))]
    g = group[order]
    reached = np.cumsum(load[order]) - 0.5 * load[order]
    first = np.r_[True, g[1:] != g[:-1]][: len(g)]
    before = np.zeros(len(wanted))
    before[g[first]] = (reached - 0.5 * load[order])[first]
    total = np.bincount(g, load[order], len(wanted))
    turn = np.minimum((reached - before[g]) / total[g] * wanted[g], wanted[g] - 1).astype(np.int64)
    chunk = np.full(len(web.x), -1, np.int64)
    offset = np.cumsum(wanted) - wanted
    chunk[order] = offset[g] + turn
    return np.unique(_centres(web, load, chunk, int(wanted.sum())))


def _centres(web: Web, load: Floats, group: Ints, groups: int) -> Ints:
    """Vertex of each group (with load) that is nearest to its centre of load; crossings have a bonus."""
    mine = np.flatnonzero(group >= 0)
    g = group[mine]
    weight = load[mine]
    total = np.bincount(g, weight, groups)
    scale = np.where(total > 0.0, total, 1.0)
    cx, cy = (np.bincount(g, weight * v[mine], groups) / scale for v in (web.x, web.y))
    apart = np.hypot(web.x[mine] - cx[g], web.y[mine] - cy[g]) - CROSSING_BONUS * (mine < web.junctions)
    order = np.lexsort((mine, apart, g))
    first = order[np.r_[True, g[order][1:] != g[order][:-1]][: len(order)]]
    return mine[first[total[g[first]] > 0.0]]


def _curve(x: Floats, y: Floats) -> Ints:
    """Place of points along a Z-order curve (Morton 1966) through squares of a metre."""
    out = np.zeros(len(x), np.int64)
    col, row = ((v - v.min(initial=np.inf)).astype(np.int64) if len(v) else np.zeros(0, np.int64) for v in (x, y))
    for bit in range(20):
        out |= ((col >> bit) & 1) << (2 * bit) | ((row >> bit) & 1) << (2 * bit + 1)
    return out
