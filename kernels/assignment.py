"""Road user equilibrium (Wardrop 1952; Beckmann, McGuire & Winsten 1956): no driver can gain by changing route.

Each iteration finds the cheapest route of every pair at the present costs, which gives the true relative gap of that point, adds
the routes that beat the known ones (:mod:`kernels.search`), then shifts flow among known routes until little is left to
gain (:mod:`kernels.equalize`). A former solution, scaled pair by pair to the new demand, is the warm start.
"""

from __future__ import annotations

import math
import zlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.equalize import Load, Supply, price_all, sweep
from kernels.graph import Int32Array, IntArray
from kernels.hierarchy import Metric, customize
from kernels.routes import (
    BoolArray,
    FloatArray,
    Routes,
    compact,
    crowded,
    empty_routes,
    load_flow,
    mean_length,
    open_routes,
)
from kernels.search import LANES, Prepared, search
from kernels.search import prepare as prepare_search

#: First word of a warm start, so that a stranger's array is refused.
MAGIC = 0x5265626F6E6401
#: Cold start: the origins are loaded in about this many groups, costs brought up to date after each.
GROUPS = 16
#: Below this share of the demand, pairs without a route are loaded at once.
FEW = 0.1
#: Room for new tree nodes and routes kept per origin (a sixteenth of the graph's nodes more), doubled as long as it is too little.
SPARE = 256
#: Passes over known routes per iteration (doubled while the gap does not halve, up to the most), and the share of the last gap (of the
#: gap asked) at which they stop.
SWEEPS = 8
MOST_SWEEPS = 1024
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

    ``gap`` = (total cost - shortest path cost) / total cost with fresh shortest paths at ``cost``. ``skim_cost`` (Z, Z): those
    shortest paths. ``skim_length`` (Z, Z): mean over the routes driven, so that demand times length sums to flow times length
    (which of several equally cheap routes is found first would jump); along the shortest path for pairs without demand. Both
    inf where unreachable, 0 on the diagonal. ``state_f``, ``state_i``: warm start.
    """

    flow: FloatArray
    cost: FloatArray
    gap: float
    iterations: int
    skim_cost: FloatArray
    skim_length: FloatArray
    state_f: FloatArray
    state_i: IntArray


class Topology(NamedTuple):
    """What may be kept between calls on one graph, see :func:`prepare`; ``checksum`` of nodes, links and zones."""

    checksum: int
    search: Prepared


class _Point(NamedTuple):
    """Where the solution stands: costs by link (in ``load``), by arc of the search, and between zones."""

    supply: Supply
    load: Load
    metric: Metric
    length: FloatArray
    skim_cost: FloatArray
    skim_length: FloatArray


def prepare(network: RoadNetwork) -> Topology:
    """The part of :func:`equilibrium` that depends on nodes, links and zones alone (45 ms for 70,000 links); keep it for later calls."""
    found = prepare_search(network.tail, network.head, network.n_nodes, network.zone_node, network.through)
    return Topology(_checksum(network), found)


def renewed(topology: Topology | None, network: RoadNetwork) -> Topology:
    """``topology`` if it was prepared for this graph, else one that is."""
    return topology if topology is not None and topology.checksum == _checksum(network) else prepare(network)


def link_cost(network: RoadNetwork, flow: npt.ArrayLike, background: npt.ArrayLike | None = None) -> FloatArray:
    """Cost of each link (L,) at ``flow`` (+ ``background``), in the unit of ``free_time``."""
    load = _load(len(network.tail))
    load.flow[:] = np.asarray(flow, np.float64)
    price_all(_supply(network, background), load)
    return load.cost


def objective(network: RoadNetwork, flow: npt.ArrayLike, background: npt.ArrayLike | None = None) -> float:
    """Beckmann's objective: sum over links of the integral of cost from the background load to background + flow."""
    v = np.asarray(flow, np.float64)
    b = np.zeros_like(v) if background is None else np.asarray(background, np.float64)
    power = network.beta + 1.0
    rise = network.free_time * network.alpha * network.capacity / power
    congestion = rise * (((v + b) / network.capacity) ** power - (b / network.capacity) ** power)
    constant = network.free_time * v + np.where(v > 0, network.fixed, 0.0) * v
    return math.fsum(congestion) + math.fsum(constant)


def equilibrium(
    network: RoadNetwork,
    demand: npt.ArrayLike,
    *,
    gap: float,
    max_iterations: int = 200,
    warm: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    background: npt.ArrayLike | None = None,
    threads: int = 1,
    topology: Topology | None = None,
) -> Equilibrium:
    """User equilibrium of ``demand`` (Z, Z) [veh/h] on ``network`` to relative gap ``gap``; the diagonal is ignored.

    ``warm``: (state_f, state_i) of a former solution on the same nodes, links and zones; demand, capacities and costs may all
    have changed (with other links it is ignored: a cold start). ``background`` (L,) fixed load in the same vehicles;
    ``topology`` from :func:`prepare`, made here when absent. After ``max_iterations`` the gap reached is returned, for the caller
    to judge. The result depends on the arguments alone, not on ``threads``. Raises ValueError for bad parameters, a topology of
    another graph, and names the pairs with demand but no way.
    """
    trips = _check(network, demand, background)
    kept = prepare(network) if topology is None else topology
    if kept.checksum != _checksum(network):
        raise ValueError("the topology was prepared for another graph")
    at = _point(network, kept, background)
    routes = _warm(kept, trips, at.supply, warm)
    load_flow(routes, at.load.flow)
    price_all(at.supply, at.load)
    missing = (trips > 0) & (routes.head < 0)
    if missing.any():
        routes = _first_loading(routes, trips, at, kept, missing, threads)
    if trips.any():
        _settle(routes, trips, at, gap, 1e-3)
    everyone, passes, best = np.arange(len(trips), dtype=np.int32), SWEEPS, math.inf
    for iteration in range(1, max_iterations + 1):
        load_flow(routes, at.load.flow)
        price_all(at.supply, at.load)
        routes = _search(routes, trips, at, kept, everyone, threads)
        reached = _relative_gap(trips, at)
        if reached <= gap or iteration == max_iterations:
            break
        # pairs that share steep links creep together in small steps: stay with the known routes longer
        if reached > 0.5 * best:
            passes = min(2 * passes, MOST_SWEEPS)
        else:
            passes, best = max(passes // 2, SWEEPS), reached
        _settle(routes, trips, at, gap, reached, passes)
    mean_length(routes, at.length, at.skim_length)
    state_f, state_i = _pack(kept, routes)
    return Equilibrium(
        at.load.flow, at.load.cost, reached, iteration, at.skim_cost, at.skim_length, state_f, state_i
    )  # fmt: skip


def _settle(routes: Routes, trips: FloatArray, at: _Point, gap: float, reached: float, passes: int = SWEEPS) -> None:
    """Shift among known routes until what is left to gain there is small against the gap just met, or the one asked.

    The more ``passes`` are granted, the less may be left: within a pass, pairs that share steep links hide each other's gain.
    """
    total = float(np.dot(at.load.flow, np.where(at.load.flow > 0, at.load.cost, 0.0)))
    sweep(routes, trips, at.supply, at.load, passes, SHARE * SWEEPS / passes * max(reached, gap) * total)


def _first_loading(
    routes: Routes, trips: FloatArray, at: _Point, kept: Topology, missing: BoolArray, threads: int
) -> Routes:
    """Give the pairs without a route one each, group of origins after group, so that late ones see the load of early ones.

    Beside a warm start the new pairs are few: one group.
    """
    rows = np.flatnonzero(missing.any(axis=1)).astype(np.int32)
    groups = GROUPS if trips[missing].sum() > FEW * trips.sum() else 1
    size = LANES * max(1, -(-len(rows) // (groups * LANES)))
    lost: list[tuple[int, int]] = []
    for start in range(0, len(rows), size):
        group = rows[start : start + size]
        routes = _search(routes, trips, at, kept, group, threads)
        lost += [(int(group[k]), int(d)) for k, d in np.argwhere((trips[group] > 0) & np.isinf(at.skim_cost[group]))]
        load_flow(routes, at.load.flow)
        price_all(at.supply, at.load)
    if lost:
        first = ", ".join(f"{o}->{d}" for o, d in lost[:5])
        veh = sum(trips[o, d] for o, d in lost)
        raise ValueError(
            f"{len(lost)} zone pairs with {veh:g} veh/h have no way; the first (origin->destination): {first}"
        )
    return routes


def _search(routes: Routes, trips: FloatArray, at: _Point, kept: Topology, origins: Int32Array, threads: int) -> Routes:
    """Cheapest routes of ``origins`` at the present costs into the skims and, where they beat the known ones, the routes."""
    routes = compact(routes, SPARE + len(kept.search.order.rank) // 16, 1.5) if crowded(routes) else routes
    customize(kept.search.order, at.load.cost, at.length, at.metric)
    full = np.zeros(len(trips), np.bool_)
    spare = SPARE
    while len(origins):
        full[:] = False
        search(
            kept.search, at.metric, at.load.cost, at.length, origins, trips, routes, at.skim_cost, at.skim_length, full,
            threads,
        )  # fmt: skip
        origins = np.flatnonzero(full).astype(np.int32)
        if len(origins):
            routes, spare = compact(routes, spare, 1.5, idle=True), 2 * spare
    return routes


def _relative_gap(trips: FloatArray, at: _Point) -> float:
    """(total cost - shortest path cost) / total cost, 0 without demand."""
    used = at.load.flow > 0
    total = math.fsum(at.load.flow[used] * at.load.cost[used])
    asked = trips > 0
    least = math.fsum(trips[asked] * at.skim_cost[asked])
    return (total - least) / total if total > 0 else 0.0


def _check(network: RoadNetwork, demand: npt.ArrayLike, background: npt.ArrayLike | None) -> FloatArray:
    """Demand without its diagonal, after every fault has been looked for."""
    zones, links = len(network.zone_node), len(network.tail)
    trips = np.array(demand, np.float64)
    if trips.shape != (zones, zones):
        raise ValueError(f"demand must be ({zones}, {zones}) for {zones} zones, not {trips.shape}")
    faults = []
    if not np.isfinite(trips).all() or (trips < 0).any():
        faults.append("demand must be finite and >= 0")
    rows = {name: getattr(network, name) for name in ("free_time", "capacity", "alpha", "beta", "length")}
    if background is not None:
        rows["background"] = background
    for name, row in rows.items():
        values = np.asarray(row, np.float64)
        if values.shape != (links,) or not np.isfinite(values).all() or (values < 0).any():
            faults.append(f"{name} must be {links} finite numbers >= 0")
    if not (np.asarray(network.capacity) > 0).all():
        faults.append("capacity must be > 0 (fixed = inf closes a link)")
    if np.shape(network.fixed) != (links,) or np.isnan(network.fixed).any() or (np.asarray(network.fixed) < 0).any():
        faults.append(f"fixed must be {links} numbers >= 0")
    if faults:
        raise ValueError("; ".join(faults))
    np.fill_diagonal(trips, 0.0)
    return trips


def _point(network: RoadNetwork, kept: Topology, background: npt.ArrayLike | None) -> _Point:
    """Room for everything that moves."""
    arcs, zones = len(kept.search.order.high), len(network.zone_node)
    metric = Metric(np.empty((2, arcs)), np.empty((2, arcs)), np.empty((2, arcs), np.int32))
    skims = np.full((zones, zones), np.inf), np.full((zones, zones), np.inf)
    length = np.ascontiguousarray(network.length, np.float64)
    return _Point(_supply(network, background), _load(len(network.tail)), metric, length, *skims)


def _supply(network: RoadNetwork, background: npt.ArrayLike | None) -> Supply:
    extra = np.zeros(len(network.tail)) if background is None else background
    columns = (network.free_time, network.capacity, network.alpha, network.beta, network.fixed, extra)
    return Supply(*(np.ascontiguousarray(c, np.float64) for c in columns))


def _load(links: int) -> Load:
    return Load(np.zeros(links), np.zeros(links), np.zeros(links))


def _checksum(network: RoadNetwork) -> int:
    """Of what a topology or a warm start must share with the network it is used on."""
    value = zlib.crc32(np.int64(network.n_nodes).tobytes())
    for row in (network.tail, network.head, network.zone_node):
        value = zlib.crc32(np.ascontiguousarray(row, np.int32).tobytes(), value)
    return zlib.crc32(np.ascontiguousarray(network.through, np.bool_).tobytes(), value)


def _pack(kept: Topology, routes: Routes) -> tuple[FloatArray, IntArray]:
    """Warm start: route flows, and [magic, checksum, zones, tree sizes, route counts, tree nodes, routes], two int32 to a word."""
    slim = compact(routes, 0, 1.0)
    head = np.array([MAGIC, kept.checksum, len(slim.head)], np.int64)
    nodes = (slim.parent.astype(np.int64) << 32) | (slim.link.astype(np.int64) & 0xFFFFFFFF)
    paths = (slim.zone.astype(np.int64) << 32) | slim.leaf.astype(np.int64)
    return slim.flow, np.concatenate([head, slim.node_used, slim.path_used, nodes, paths])


def _warm(
    kept: Topology, trips: FloatArray, supply: Supply, warm: tuple[npt.ArrayLike, npt.ArrayLike] | None
) -> Routes:
    """Routes of a former solution scaled to the new demand; none when there is no such solution or it belongs to another graph."""
    zones = len(trips)
    nodes = len(kept.search.order.rank)
    empty = empty_routes(zones, np.full(zones, nodes // 2 + 256), np.full(zones, zones * 3 // 2 + 16))
    if warm is None:
        return empty
    flow, words = np.asarray(warm[0], np.float64), np.asarray(warm[1], np.int64)
    head = 3 + 2 * zones
    if len(words) < head or list(words[:3]) != [MAGIC, kept.checksum, zones]:
        return empty
    sizes, paths = words[3 : 3 + zones], words[3 + zones : head]
    if len(flow) != paths.sum() or len(words) != head + sizes.sum() + paths.sum():
        return empty
    routes = empty_routes(zones, sizes, paths)
    routes.node_used[:], routes.path_used[:] = sizes, paths
    cut = head + int(sizes.sum())
    routes.parent[:], routes.link[:] = words[head:cut] >> 32, words[head:cut].astype(np.int32)
    routes.zone[:], routes.leaf[:] = words[cut:] >> 32, words[cut:].astype(np.int32)
    pair = np.repeat(np.arange(zones), paths) * zones + routes.zone
    used = np.where(open_routes(routes, np.isinf(supply.fixed)), flow, 0.0)
    old = np.bincount(pair, used, zones * zones).reshape(zones, zones)
    ratio = np.divide(trips, old, out=np.zeros_like(trips), where=old > 0)
    routes.flow[:] = used * ratio.ravel()[pair]
    return compact(routes, SPARE + nodes // 16, 1.5)
