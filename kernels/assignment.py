"""Road user equilibrium (Wardrop 1952; Beckmann, McGuire & Winsten 1956): no driver can gain by changing route.

Each iteration grows the shortest path tree of every origin at the present costs, which gives the true relative gap of that
point, adds the routes that beat the known ones, then shifts flow among known routes until little is left to gain
(:mod:`kernels.routes`). A former solution, scaled pair by pair to the new demand, is the warm start.
"""

from __future__ import annotations

import math
import zlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.graph import Int32Array, IntArray, breadth_order, star
from kernels.jit import set_threads
from kernels.paths import trees
from kernels.routes import (
    BoolArray,
    FloatArray,
    Load,
    Routes,
    Supply,
    compact,
    empty_routes,
    insert,
    load_flow,
    price_all,
    sweep,
    thread,
)

#: First word of a warm start, so that a stranger's array is refused.
MAGIC = 0x5265626F6E6401
#: Origins whose trees are held in memory at once.
ROWS = 64
#: Cold start: the origins are loaded in this many groups, costs brought up to date after each.
GROUPS = 16
#: Passes over known routes per iteration, and the share of the last gap at which they stop.
SWEEPS = 12
SHARE = 0.1


class RoadNetwork(NamedTuple):
    """Directed links with cost = free_time (1 + alpha (v/capacity)^beta) + fixed, v = flow + background.

    ``tail``, ``head`` (L,) int32; ``free_time`` >= 0, ``capacity`` > 0, ``alpha``, ``beta`` >= 0, ``fixed`` >= 0 (inf closes the link),
    ``length`` (L,) float64; ``n_nodes``; ``zone_node`` (Z,) int32 node of each zone; ``through`` (n_nodes,) bool, False where trips
    may start or end but not pass. Time and capacity in the caller's units (Rebond: s and veh/h).
    """

    tail: Int32Array
    head: Int32Array
    free_time: FloatArray
    capacity: FloatArray
    alpha: FloatArray
    beta: FloatArray
    fixed: FloatArray
    length: FloatArray
    n_nodes: int
    zone_node: Int32Array
    through: BoolArray


class Equilibrium(NamedTuple):
    """Result of :func:`equilibrium`; ``flow`` holds the demand only, ``cost`` is at flow + background.

    ``gap`` = (total cost - shortest path cost) / total cost with fresh shortest paths at ``cost``. The skims are those shortest
    paths: cost and length (Z, Z), inf where unreachable, 0 on the diagonal. ``state_f``, ``state_i``: warm start.
    """

    flow: FloatArray
    cost: FloatArray
    gap: float
    iterations: int
    skim_cost: FloatArray
    skim_length: FloatArray
    state_f: FloatArray
    state_i: IntArray


class _Inner(NamedTuple):
    """The network in the solver's order: nodes by breadth-first rank, links by tail. ``order[row]`` is the caller's link."""

    first: IntArray
    tail: Int32Array
    head: Int32Array
    order: Int32Array
    zone_node: Int32Array
    through: BoolArray
    length: FloatArray


class _Skim(NamedTuple):
    """Shortest path costs, lengths and whether any pair with demand had no route yet."""

    cost: FloatArray
    length: FloatArray


def link_cost(network: RoadNetwork, flow: npt.ArrayLike, background: npt.ArrayLike | None = None) -> FloatArray:
    """Cost of each link (L,) at ``flow`` (+ ``background``), in the unit of ``free_time``."""
    load = _load(len(network.tail))
    load.flow[:] = np.asarray(flow, np.float64)
    price_all(_supply(network, background, None), load)
    return load.cost


def objective(network: RoadNetwork, flow: npt.ArrayLike, background: npt.ArrayLike | None = None) -> float:
    """Beckmann's objective: sum over links of the integral of cost from the background load to background + flow."""
    v = np.asarray(flow, np.float64)
    b = np.zeros_like(v) if background is None else np.asarray(background, np.float64)
    power = network.beta + 1.0
    rise = network.free_time * network.alpha * network.capacity / power
    terms = rise * (((v + b) / network.capacity) ** power - (b / network.capacity) ** power)
    used = v > 0
    constant = np.where(used, network.free_time + np.where(used, network.fixed, 0.0), 0.0) * v
    return math.fsum(terms) + math.fsum(constant)


def equilibrium(
    network: RoadNetwork,
    demand: npt.ArrayLike,
    *,
    gap: float,
    max_iterations: int = 200,
    warm: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    background: npt.ArrayLike | None = None,
    threads: int = 1,
) -> Equilibrium:
    """User equilibrium of ``demand`` (Z, Z) [veh/h] on ``network`` to relative gap ``gap``; the diagonal is ignored.

    ``warm``: (state_f, state_i) of a former solution on the same nodes, links and zones; demand, capacities and costs may all
    have changed (with other links it is ignored: a cold start). ``background`` (L,) fixed load in the same vehicles. After
    ``max_iterations`` the gap reached is returned, for the caller to judge. The result depends on the arguments alone, not on
    ``threads``. Raises ValueError for bad parameters, and names the pairs with demand but no way.
    """
    trips = _check(network, demand, background)
    inner = _prepare(network)
    supply, load = _supply(network, background, inner.order), _load(len(network.tail))
    routes = _warm(network, inner, trips, supply, warm)
    routes = empty_routes(*_rooms(len(trips), network.n_nodes)) if routes is None else routes
    load_flow(routes, load.flow)
    price_all(supply, load)
    set_threads(threads)
    missing = (trips > 0) & (routes.head < 0)
    if missing.any():
        routes = _first_loading(routes, trips, supply, load, inner, missing)
    if trips.any():
        _settle(routes, trips, supply, load, max(gap, 1e-4), 1.0)
    for iteration in range(1, max_iterations + 1):
        load_flow(routes, load.flow)
        price_all(supply, load)
        routes, skim_cost, skim_length = _trees(routes, trips, load, inner, slice(0, len(trips)))
        reached = _relative_gap(trips, skim_cost, load)
        if reached <= gap or iteration == max_iterations:
            break
        _settle(routes, trips, supply, load, gap, reached)
    flow, cost = np.empty(len(network.tail)), np.empty(len(network.tail))
    flow[inner.order], cost[inner.order] = load.flow, load.cost
    state_f, state_i = _pack(network, inner, routes)
    return Equilibrium(flow, cost, reached, iteration, skim_cost, skim_length, state_f, state_i)


def _settle(routes: Routes, trips: FloatArray, supply: Supply, load: Load, gap: float, reached: float) -> None:
    """Shift among known routes until what is left to gain there is small against the gap just met, or the one asked."""
    total = float(np.dot(load.flow, np.where(load.flow > 0, load.cost, 0.0)))
    sweep(routes, trips, supply, load, SWEEPS, max(SHARE * reached, 0.3 * gap) * total)


def _first_loading(
    routes: Routes, trips: FloatArray, supply: Supply, load: Load, inner: _Inner, missing: BoolArray
) -> Routes:
    """Give the pairs without a route one each, group of origins after group, so that late ones see the load of early ones."""
    zones = len(trips)
    rows = np.flatnonzero(missing.any(axis=1))
    size = max(1, -(-zones // GROUPS))
    lost: list[tuple[int, int]] = []
    for start in range(0, zones, size):
        stop = min(start + size, zones)
        if not ((rows >= start) & (rows < stop)).any():
            continue
        routes, cost, _ = _trees(routes, trips, load, inner, slice(start, stop))
        lost += [(int(o) + start, int(d)) for o, d in np.argwhere((trips[start:stop] > 0) & np.isinf(cost))]
        price_all(supply, load)
    if lost:
        first = ", ".join(f"{o}->{d}" for o, d in lost[:5])
        veh = sum(trips[o, d] for o, d in lost)
        raise ValueError(
            f"{len(lost)} zone pairs with {veh:g} veh/h of demand have no way; the first (origin->destination): {first}"
        )
    return routes


def _trees(
    routes: Routes, trips: FloatArray, load: Load, inner: _Inner, origins: slice
) -> tuple[Routes, FloatArray, FloatArray]:
    """Shortest path trees of a range of origins at the present costs; their routes are added. Returns routes and skims (rows, Z)."""
    count = origins.stop - origins.start
    cost, length = np.empty((count, len(trips))), np.empty((count, len(trips)))
    pred = np.empty((min(count, ROWS), len(inner.through)), np.int32)
    for start in range(origins.start, origins.stop, ROWS):
        stop = min(start + ROWS, origins.stop)
        part = slice(start - origins.start, stop - origins.start)
        trees(
            inner.zone_node[start:stop],
            inner.zone_node,
            inner.first,
            inner.tail,
            inner.head,
            load.cost,
            inner.length,
            inner.through,
            cost[part],
            length[part],
            pred[: stop - start],
        )
        at, spare = start, 1024
        while True:
            at = insert(routes, at, stop, start, trips, inner.zone_node, inner.tail, cost[part], pred, load)
            if at == stop:
                break
            routes, spare = compact(routes, spare, spare, 1.5), 2 * spare
    return routes, cost, length


def _relative_gap(trips: FloatArray, shortest: FloatArray, load: Load) -> float:
    """(total cost - shortest path cost) / total cost, 0 without demand."""
    total = math.fsum(np.where(load.flow > 0, load.flow, 0.0) * np.where(load.flow > 0, load.cost, 0.0))
    least = math.fsum((trips * np.where(trips > 0, shortest, 0.0)).ravel())
    return (total - least) / total if total > 0 else 0.0


def _check(network: RoadNetwork, demand: npt.ArrayLike, background: npt.ArrayLike | None) -> FloatArray:
    """Demand without its diagonal, after every fault has been looked for."""
    zones, links = len(network.zone_node), len(network.tail)
    trips = np.array(demand, np.float64)
    faults = []
    if trips.shape != (zones, zones):
        raise ValueError(f"demand must be ({zones}, {zones}) for {zones} zones, not {trips.shape}")
    if not np.isfinite(trips).all() or (trips < 0).any():
        faults.append("demand must be finite and >= 0")
    for name in ("free_time", "capacity", "alpha", "beta", "length"):
        values = np.asarray(getattr(network, name))
        if values.shape != (links,) or not np.isfinite(values).all() or (values < 0).any():
            faults.append(f"{name} must be {links} finite numbers >= 0")
    if not (np.asarray(network.capacity) > 0).all():
        faults.append("capacity must be > 0 (fixed = inf closes a link)")
    if np.isnan(network.fixed).any() or (network.fixed < 0).any():
        faults.append("fixed must be >= 0")
    if background is not None:
        load = np.asarray(background, np.float64)
        if load.shape != (links,) or not np.isfinite(load).all() or (load < 0).any():
            faults.append(f"background must be {links} finite numbers >= 0")
    if faults:
        raise ValueError("; ".join(faults))
    np.fill_diagonal(trips, 0.0)
    return trips


def _prepare(network: RoadNetwork) -> _Inner:
    """Number nodes so that neighbours lie close in memory, and group links by tail."""
    outer = star(network.tail, network.head, network.n_nodes)
    rank = breadth_order(outer.first, outer.head)
    graph = star(rank[network.tail], rank[network.head], network.n_nodes)
    through = np.empty(network.n_nodes, np.bool_)
    through[rank] = network.through
    length = np.ascontiguousarray(network.length[graph.link], np.float64)
    return _Inner(graph.first, graph.tail, graph.head, graph.link, rank[network.zone_node], through, length)


def _supply(network: RoadNetwork, background: npt.ArrayLike | None, order: Int32Array | None) -> Supply:
    """Cost parameters, in the solver's order when one is given."""
    extra = np.zeros(len(network.tail)) if background is None else np.asarray(background, np.float64)
    columns = (network.free_time, network.capacity, network.alpha, network.beta, network.fixed, extra)
    rows = slice(None) if order is None else order
    return Supply(*(np.ascontiguousarray(np.asarray(c, np.float64)[rows]) for c in columns))


def _load(links: int) -> Load:
    return Load(np.zeros(links), np.zeros(links), np.zeros(links))


def _rooms(zones: int, nodes: int) -> tuple[int, IntArray, IntArray]:
    """First guess of the room for routes: half the nodes and a route and a half per pair."""
    return zones, np.full(zones, nodes // 2 + 256, np.int64), np.full(zones, zones * 3 // 2 + 16, np.int64)


def _fingerprint(network: RoadNetwork) -> int:
    """Checksum of what a warm start must share with the network it is used on."""
    value = zlib.crc32(np.int64(network.n_nodes).tobytes())
    for row in (network.tail, network.head, network.zone_node):
        value = zlib.crc32(np.ascontiguousarray(row, np.int32).tobytes(), value)
    return zlib.crc32(np.ascontiguousarray(network.through, np.bool_).tobytes(), value)


def _pack(network: RoadNetwork, inner: _Inner, routes: Routes) -> tuple[FloatArray, IntArray]:
    """Warm start: route flows, and [magic, checksum, zones, tree sizes, route counts, tree nodes, routes], two int32 to a word."""
    slim = compact(routes, 0, 0, 1.0)
    links = np.where(slim.link >= 0, inner.order[slim.link], -1)
    head = np.array([MAGIC, _fingerprint(network), len(slim.head)], np.int64)
    nodes = (slim.parent.astype(np.int64) << 32) | (links.astype(np.int64) & 0xFFFFFFFF)
    paths = (slim.zone.astype(np.int64) << 32) | slim.leaf.astype(np.int64)
    return slim.flow, np.concatenate([head, slim.node_used, slim.path_used, nodes, paths])


def _warm(
    network: RoadNetwork,
    inner: _Inner,
    trips: FloatArray,
    supply: Supply,
    warm: tuple[npt.ArrayLike, npt.ArrayLike] | None,
) -> Routes | None:
    """Routes of a former solution scaled to the new demand; None when there is none or it belongs to another network."""
    if warm is None:
        return None
    flow, words = np.asarray(warm[0], np.float64), np.asarray(warm[1], np.int64)
    zones = len(trips)
    head = 3 + 2 * zones
    if len(words) < head or list(words[:3]) != [MAGIC, _fingerprint(network), zones]:
        return None
    nodes, paths = words[3 : 3 + zones], words[3 + zones : head]
    if len(flow) != paths.sum() or len(words) != head + nodes.sum() + paths.sum():
        return None
    routes = empty_routes(zones, nodes, paths)
    routes.node_used[:], routes.path_used[:] = nodes, paths
    cut = head + int(nodes.sum())
    row_of = np.empty(len(inner.order) + 1, np.int32)
    row_of[inner.order] = np.arange(len(inner.order), dtype=np.int32)
    row_of[-1] = -1
    routes.parent[:] = words[head:cut] >> 32
    routes.link[:] = row_of[words[head:cut].astype(np.int32)]
    routes.zone[:] = words[cut:] >> 32
    routes.leaf[:] = words[cut:].astype(np.int32)
    origin = np.repeat(np.arange(zones), paths)
    used = np.where(_open(routes, supply), flow, 0.0)
    old = np.zeros((zones, zones))
    np.add.at(old, (origin, routes.zone), used)
    ratio = np.divide(trips, old, out=np.zeros_like(trips), where=old > 0)
    routes.flow[:] = used * ratio[origin, routes.zone]
    return compact(routes, 256, 32, 1.3)


def _open(routes: Routes, supply: Supply) -> BoolArray:
    """Whether each route is free of closed links."""
    closed = np.isinf(supply.fixed)
    if not closed.any():
        return np.ones(len(routes.flow), np.bool_)
    on = closed[routes.link] & (routes.link >= 0)
    for o in range(len(routes.head)):
        a, b = routes.node_first[o], routes.node_first[o + 1]
        blocked, parent = on[a:b], routes.parent[a:b]
        for i in range(1, b - a):
            blocked[i] |= blocked[parent[i]]
    first = routes.node_first[np.repeat(np.arange(len(routes.head)), routes.path_used)]
    return ~on[first + routes.leaf]
