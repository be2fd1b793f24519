"""Road user equilibrium (Wardrop 1952; Beckmann, McGuire & Winsten 1956): no driver can gain by changing route.

Each iteration finds the cheapest route of every pair at the present costs, which gives the true relative gap of that point, adds
the routes that beat the known ones (:mod:`kernels.search`), then shifts flow among known routes until little is left to
gain (:mod:`kernels.equalize`). A former solution, scaled pair by pair to the new demand, is the warm start (:mod:`kernels.warm`).

Cost groups share the links' capacity and differ by a constant on each link (tolls over the value of time, distance costs, bans). All
flows are in passenger-car units, so Beckmann's potential exists with the constants added (Dafermos 1973, Transportation Science 7).
"""

from __future__ import annotations

import math
import zlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.equalize import Load, Supply, price_all, sums, sweep
from kernels.graph import Int32Array, IntArray
from kernels.hierarchy import Metric, customize
from kernels.lanes import LANES
from kernels.routes import (
    BoolArray,
    FloatArray,
    Routes,
    compact,
    enlarge,
    idle_share,
    load_flow,
    mean_length,
)
from kernels.search import Prepared, search
from kernels.search import prepare as prepare_search
from kernels.warm import pack, room, unpack

#: Cold start: the rows are loaded in about this many parts, costs brought up to date after each.
PARTS = 32
#: Below this share of the demand, pairs without a route are loaded at once.
FEW = 0.1
#: Passes over known routes per iteration (doubled while the gap does not halve, up to the most), and the shares of the last gap and of
#: the gap asked at which they stop.
SWEEPS = 16
MOST_SWEEPS = 1024
SHARE = 0.03
ENOUGH = 0.2
#: A search is likely to be the last when the gap before it was this many times the one asked.
NEAR = 30.0
#: Routes without flow are dropped once they are this share of all.
IDLE = 0.5


class RoadNetwork(NamedTuple):
    """Directed links with cost = free_time (1 + alpha (v/capacity)^beta) + fixed, v = flow of all groups + background.

    ``tail``, ``head`` (L,) int32; ``free_time`` >= 0, ``capacity`` > 0 (any where the cost is constant), ``alpha``, ``beta`` >= 0,
    ``fixed`` >= 0 (inf closes the link), (L,) or a row for each cost group (G, L), ``length`` (L,) float64; ``n_nodes``; ``zone_node``
    (Z,) int32 node of each zone; ``through`` (n_nodes,) bool, False where trips may start or end but not pass. Time and capacity in
    the caller's units (Rebond: s and PCU/h).
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

    ``flow``, ``cost`` (L,), by cost group (G, L) when demand was given by group; so ``skim_cost``, ``skim_length`` (Z, Z) or (G, Z, Z).
    ``gap`` = (total cost - shortest path cost) / total cost with fresh shortest paths at ``cost``, which are ``skim_cost``.
    ``skim_length``: mean over the routes driven, so that demand times length sums to flow times length (which of several equally
    cheap routes is found first would jump); along the shortest path for pairs without demand. Both inf where unreachable, 0 on the
    diagonal. ``state_f``, ``state_i``: warm start. ``lost`` (N, 3): group, origin and destination of the pairs dropped for want of a way.
    """

    flow: FloatArray
    cost: FloatArray
    gap: float
    iterations: int
    skim_cost: FloatArray
    skim_length: FloatArray
    state_f: FloatArray
    state_i: IntArray
    lost: IntArray


class Topology(NamedTuple):
    """What may be kept between calls on one graph, see :func:`prepare`; ``checksum`` of nodes, links and zones."""

    checksum: int
    search: Prepared


class UnreachableError(ValueError):
    """Demand without a way: ``pairs`` (N, 3) are group, origin and destination, ``demand`` (N,) what they hold."""

    def __init__(self, pairs: IntArray, demand: FloatArray) -> None:
        self.pairs, self.demand = pairs, demand
        first = ", ".join(f"{o}->{d}" for _, o, d in pairs[:5])
        total = math.fsum(demand)
        super().__init__(
            f"{len(pairs)} zone pairs with {total:g} veh/h have no way; the first (origin->destination): {first}"
        )


class _Point(NamedTuple):
    """Where the solution stands: flows and costs by link, by arc of the search, and between zones (rows as in ``routes``)."""

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


def link_cost(network: RoadNetwork, flow: npt.ArrayLike, background: npt.ArrayLike | None = None) -> FloatArray:
    """Cost of each link at the ``flow`` (L,) of all groups together (+ ``background``), in the unit of ``free_time``; as ``fixed``."""
    supply = _supply(network, background)
    load = _load(*supply.fixed.shape)
    load.flow[:] = np.asarray(flow, np.float64)
    price_all(supply, load)
    return load.cost.reshape(np.shape(network.fixed))


def objective(network: RoadNetwork, flow: npt.ArrayLike, background: npt.ArrayLike | None = None) -> float:
    """Beckmann's objective: sum over links of the integral of cost from the background load to background + flow.

    ``flow`` (L,) or by group (G, L), whose constants are added.
    """
    by_group = np.atleast_2d(np.asarray(flow, np.float64))
    v = by_group.sum(axis=0)
    b = np.zeros_like(v) if background is None else np.asarray(background, np.float64)
    steep = (network.free_time * network.alpha > 0) & (network.beta > 0)
    capacity = np.where(steep, network.capacity, 1.0)
    power = network.beta + 1.0
    rise = network.free_time * network.alpha * capacity / power
    congestion = np.where(steep, rise * (((v + b) / capacity) ** power - (b / capacity) ** power), 0.0)
    constant = network.free_time * np.where(steep, 1.0, 1.0 + network.alpha * (network.beta == 0)) * v
    fixed = np.where(by_group > 0, np.atleast_2d(network.fixed), 0.0) * by_group
    return math.fsum(congestion) + math.fsum(constant) + math.fsum(fixed.ravel())


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
    drop_unreachable: bool = False,
) -> Equilibrium:
    """User equilibrium of ``demand`` (Z, Z), or (G, Z, Z) by cost group [PCU/h], to relative gap ``gap``; diagonals are ignored.

    ``warm``: (state_f, state_i) of a former solution on the same nodes, links and zones; demand, capacities and costs may all
    have changed (with other links it is ignored: a cold start). ``background`` (L,) fixed load in the same units;
    ``topology`` from :func:`prepare`, made here when absent. After ``max_iterations`` the gap reached is returned, for the caller
    to judge. The result depends on the arguments alone, not on ``threads``. Pairs with demand but no way are dropped and told with
    ``drop_unreachable``, else raise UnreachableError. Raises ValueError for bad parameters and a topology of another graph.
    """
    found, _ = solve(
        network, demand, gap=gap, max_iterations=max_iterations, warm=warm, background=background, threads=threads,
        topology=topology, drop_unreachable=drop_unreachable,
    )  # fmt: skip
    return found


def solve(
    network: RoadNetwork,
    demand: npt.ArrayLike,
    *,
    gap: float,
    max_iterations: int = 200,
    warm: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    background: npt.ArrayLike | None = None,
    threads: int = 1,
    topology: Topology | None = None,
    drop_unreachable: bool = False,
) -> tuple[Equilibrium, Routes]:
    """:func:`equilibrium`, and the routes driven: row ``g * Z + z`` holds those of group ``g`` from zone ``z``."""
    trips = _check(network, demand, background)
    kept = prepare(network) if topology is None else topology
    if kept.checksum != _checksum(network):
        raise ValueError("the topology was prepared for another graph")
    at = _point(network, kept, background)
    routes = unpack(kept.checksum, len(kept.search.order.rank), trips, np.isinf(at.supply.fixed), warm)
    lost = np.zeros((0, 2), np.int64)
    missing = (trips > 0) & (routes.head < 0)
    if missing.any():
        _price(routes, at)
        routes, lost = _first_loading(routes, trips, at, kept, missing, threads)
        if len(lost) and not drop_unreachable:
            raise UnreachableError(_pairs(lost, trips), trips[lost[:, 0], lost[:, 1]])
        trips[lost[:, 0], lost[:, 1]] = 0.0
    routes, reached, iteration, measured = _iterate(
        routes, trips, at, kept, gap, max_iterations, threads, warm is not None
    )
    if not measured:
        _lengths(trips, routes, at, kept, threads)
    mean_length(routes, at.length, at.skim_length)
    state_f, state_i = pack(kept.checksum, routes)
    shape = np.shape(demand)
    links = np.shape(network.fixed)
    found = Equilibrium(
        at.load.by_group.reshape(links), at.load.cost.reshape(links), reached, iteration, at.skim_cost.reshape(shape),
        at.skim_length.reshape(shape), state_f, state_i, _pairs(lost, trips),
    )  # fmt: skip
    return found, routes


def _iterate(
    routes: Routes,
    trips: FloatArray,
    at: _Point,
    kept: Topology,
    gap: float,
    max_iterations: int,
    threads: int,
    near: bool,
) -> tuple[Routes, float, int, bool]:
    """Settle and search in turn until the gap is reached; returns routes, gap, number of searches of all rows, and whether the last
    one found the lengths of pairs without demand: it does when it is likely to be the last (``near``: the first may be)."""
    everyone, passes, best, reached, iteration = np.arange(len(trips), dtype=np.int32), SWEEPS, math.inf, 1e-3, 0
    if trips.any():
        _price(routes, at)
        _settle(routes, trips, at, gap, reached, passes)
    while True:
        iteration += 1
        if idle_share(routes) > IDLE:
            routes = compact(routes, *room(len(kept.search.order.rank), trips.shape[1]))
        _price(routes, at)
        routes = _search(routes, trips, at, kept, everyone, threads, lengths=near)
        total, least = sums(at.load, trips, at.skim_cost)
        reached = (total - least) / total if total > 0 else 0.0
        if reached <= gap or iteration == max_iterations:
            return routes, reached, iteration, near
        near = reached <= NEAR * gap
        # pairs that share steep links creep together in small steps: stay with the known routes longer
        if reached > 0.5 * best:
            passes = min(2 * passes, MOST_SWEEPS)
        else:
            passes, best = max(passes // 2, SWEEPS), reached
        _settle(routes, trips, at, gap, reached, passes)


def _price(routes: Routes, at: _Point) -> None:
    """Link flows from route flows, and costs from them."""
    load_flow(routes, at.load.by_group)
    at.load.flow[:] = at.load.by_group.sum(axis=0)
    price_all(at.supply, at.load)


def _settle(routes: Routes, trips: FloatArray, at: _Point, gap: float, reached: float, passes: int) -> None:
    """Shift among known routes until what is left to gain there is small against the gap just met, or the one asked.

    The more ``passes`` are granted, the less may be left: within a pass, pairs that share steep links hide each other's gain.
    """
    total, _ = sums(at.load, trips[:0], at.skim_cost)
    sweep(routes, trips, at.supply, at.load, passes, SWEEPS / passes * max(SHARE * reached, ENOUGH * gap) * total)


def _first_loading(
    routes: Routes, trips: FloatArray, at: _Point, kept: Topology, missing: BoolArray, threads: int
) -> tuple[Routes, IntArray]:
    """Give the pairs without a route one each, part after part, so that late ones see the load of early ones.

    Beside a warm start the new pairs are few: one part. Returns also (row, destination) of the pairs that have no way.
    """
    rows = np.flatnonzero(missing.any(axis=1)).astype(np.int32)
    parts = PARTS if trips[missing].sum() > FEW * trips.sum() else 1
    size = LANES * max(1, -(-len(rows) // (parts * LANES)))
    lost = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        routes = _search(routes, trips, at, kept, part, threads)
        found = np.argwhere((trips[part] > 0) & np.isinf(at.skim_cost[part]))
        lost.append(np.column_stack([part[found[:, 0]], found[:, 1]]))
        _price(routes, at)
    return routes, np.concatenate(lost)


def _pairs(lost: IntArray, trips: FloatArray) -> IntArray:
    """(group, origin, destination) of (row, destination)."""
    zones = trips.shape[1]
    return np.column_stack([lost[:, 0] // zones, lost[:, 0] % zones, lost[:, 1]])


def _search(
    routes: Routes,
    trips: FloatArray,
    at: _Point,
    kept: Topology,
    rows: Int32Array,
    threads: int,
    *,
    lengths: bool = False,
) -> Routes:
    """Cheapest routes of ``rows`` at the present costs into the skims and, where they beat the known ones, the routes."""
    full = np.zeros(len(trips), np.bool_)
    for group, mine in _by_group(rows, trips.shape[1]):
        cost = at.load.cost[group]
        customize(kept.search.order, cost, at.length, at.metric)
        while len(mine):
            full[:] = False
            search(
                kept.search,
                at.metric,
                cost,
                at.length,
                mine,
                trips,
                routes,
                at.skim_cost,
                at.skim_length,
                full,
                threads,
                lengths=lengths,
            )
            mine = np.flatnonzero(full).astype(np.int32)
            if len(mine):
                routes = enlarge(routes, full)
    return routes


def _by_group(rows: Int32Array, zones: int) -> list[tuple[int, Int32Array]]:
    """(group, its rows) of ascending ``rows``."""
    group = rows // zones
    return [(int(g), rows[group == g]) for g in np.unique(group)]


def _lengths(trips: FloatArray, routes: Routes, at: _Point, kept: Topology, threads: int) -> None:
    """Lengths along the cheapest way into the skims, of the pairs without demand."""
    zones = trips.shape[1]
    idle = trips == 0.0
    own = np.tile(np.arange(zones), len(trips) // zones)
    idle[np.arange(len(trips)), own] = False
    rows = np.flatnonzero(idle.any(axis=1)).astype(np.int32)
    full = np.zeros(len(trips), np.bool_)
    for group, mine in _by_group(rows, zones):
        cost = at.load.cost[group]
        customize(kept.search.order, cost, at.length, at.metric)
        search(
            kept.search, at.metric, cost, at.length, mine, trips, routes, at.skim_cost, at.skim_length, full, threads,
            enter=False, lengths=True,
        )  # fmt: skip


def _check(network: RoadNetwork, demand: npt.ArrayLike, background: npt.ArrayLike | None) -> FloatArray:
    """Demand by row (G * Z, Z) without its diagonals, after every fault has been looked for."""
    zones, links = len(network.zone_node), len(network.tail)
    asked = (*np.shape(network.fixed)[:-1], zones, zones)
    trips = np.array(demand, np.float64)
    if trips.shape != asked:
        raise ValueError(f"demand must be {asked} for {zones} zones, not {trips.shape}")
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
    if not any(name in fault for fault in faults for name in rows):
        constant = (network.free_time * network.alpha == 0) | (network.beta == 0)
        if not (constant | (np.asarray(network.capacity) > 0)).all():
            faults.append("capacity must be > 0 (fixed = inf closes a link)")
    if (
        np.shape(network.fixed)[-1:] != (links,)
        or np.isnan(network.fixed).any()
        or (np.asarray(network.fixed) < 0).any()
    ):
        faults.append(f"fixed must be {links} numbers >= 0, or a row of them for each cost group")
    if faults:
        raise ValueError("; ".join(faults))
    for table in trips.reshape(-1, zones, zones):
        np.fill_diagonal(table, 0.0)
    return trips.reshape(-1, zones)


def _point(network: RoadNetwork, kept: Topology, background: npt.ArrayLike | None) -> _Point:
    """Room for everything that moves."""
    arcs, zones = len(kept.search.order.high), len(network.zone_node)
    metric = Metric(np.empty((2, arcs)), np.empty((2, arcs)), np.empty((2, arcs), np.int32))
    supply = _supply(network, background)
    groups, links = supply.fixed.shape
    skims = np.full((groups * zones, zones), np.inf), np.zeros((groups * zones, zones))
    length = np.ascontiguousarray(network.length, np.float64)
    return _Point(supply, _load(groups, links), metric, length, *skims)


def _supply(network: RoadNetwork, background: npt.ArrayLike | None) -> Supply:
    extra = np.zeros(len(network.tail)) if background is None else background
    columns = (network.free_time, network.capacity, network.alpha, network.beta, np.atleast_2d(network.fixed), extra)
    return Supply(*(np.ascontiguousarray(c, np.float64) for c in columns))


def _load(groups: int, links: int) -> Load:
    return Load(np.zeros(links), np.zeros((groups, links)), np.zeros((groups, links)), np.zeros(links))


def _checksum(network: RoadNetwork) -> int:
    """Of what a topology or a warm start must share with the network it is used on."""
    value = zlib.crc32(np.int64(network.n_nodes).tobytes())
    for row in (network.tail, network.head, network.zone_node):
        value = zlib.crc32(np.ascontiguousarray(row, np.int32).tobytes(), value)
    return zlib.crc32(np.ascontiguousarray(network.through, np.bool_).tobytes(), value)
