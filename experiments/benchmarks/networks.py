"""Road networks for the benchmark: a generated grid city, the streets of a city file, public networks in TNTP format."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.assignment import RoadNetwork, link_cost
from kernels.graph import star
from kernels.paths import skims
from sim import City

Floats = npt.NDArray[np.float64]

#: Cost factors of the collection, (min per cent of toll, min per mile), as its README gives them; none for the others.
TNTP_FACTORS = {"ChicagoSketch": (0.02, 0.04)}
#: Share of a city's commuters who drive in the peak hour, to load its streets: a load for a solver, not a forecast.
PEAK_SHARE = 0.3


class Case(NamedTuple):
    """A network and the trips (Z, Z) to be assigned to it."""

    name: str
    network: RoadNetwork
    trips: Floats


def grid_city(side: int, zones: int) -> Case:
    """``side`` x ``side`` streets both ways, arterials every fifth street, ``zones`` zones with trips that fall with distance.

    Deterministic; loaded so that the busiest links stand somewhat above capacity.
    """
    node = np.arange(side * side).reshape(side, side)
    a = np.r_[node[:, :-1].ravel(), node[:-1].ravel()]
    b = np.r_[node[:, 1:].ravel(), node[1:].ravel()]
    along = np.r_[
        np.repeat(np.arange(side), side - 1), np.tile(np.arange(side), side - 1)
    ]  # row or column of the street
    tail, head, fast = np.r_[a, b], np.r_[b, a], np.tile(along % 5 == 2, 2)
    rng = np.random.default_rng(1)
    length = rng.uniform(0.2, 0.5, len(tail))
    time = length / np.where(fast, 50.0, 30.0) * 60.0
    place = np.sort(rng.choice(side * side, zones, replace=False))
    x, y = place % side, place // side
    distance = np.abs(x[:, None] - x) + np.abs(y[:, None] - y)
    trips = rng.uniform(0.5, 1.5, (zones, zones)) * np.exp(-distance / (0.3 * side))
    np.fill_diagonal(trips, 0.0)
    capacity = np.where(fast, 1800.0, 700.0)
    trips *= 0.5 * capacity.sum() / (trips * distance).sum()
    ones = np.ones(len(tail))
    network = RoadNetwork(
        tail.astype(np.int32), head.astype(np.int32), time, capacity, 0.15 * ones, 4.0 * ones, 0.0 * ones, length,
        side * side, place.astype(np.int32), np.ones(side * side, bool),
    )  # fmt: skip
    return Case(f"grid {side}x{side}, {zones} zones", network, trips)


def wide_streets(side: int, zones: int, connectors: int = 0) -> Case:
    """``side`` x ``side`` junctions, every street along and half of those across, both ways; a trip between any two of ``zones``.

    Zones lie on junctions, or on centroids of their own that are joined to ``connectors`` junctions around and not passed.
    Deterministic. 114 and 1,790 make 13,000 nodes and 39,000 links; 70, 1,100 and 6 make 28,000 links, half of them connectors.
    """
    node = np.arange(side * side).reshape(side, side)
    rng = np.random.default_rng(3)
    across = np.column_stack([node[:-1].ravel(), node[1:].ravel()])
    edges = np.vstack(
        [np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()]), across[rng.random(len(across)) < 0.51]]
    )
    time, nodes = rng.uniform(0.2, 1.0, len(edges)), side * side
    place = np.sort(rng.choice(side * side, zones, replace=False))
    if connectors:
        near = (place[:, None] + np.arange(connectors) % 3 + side * (np.arange(connectors) // 3)) % (side * side)
        place = nodes + np.arange(zones)
        edges = np.vstack([edges, np.column_stack([np.repeat(place, connectors), near.ravel()])])
        time = np.r_[time, rng.uniform(0.1, 0.5, zones * connectors)]
        nodes += zones
    tail, head, ones = np.r_[edges[:, 0], edges[:, 1]], np.r_[edges[:, 1], edges[:, 0]], np.ones(2 * len(edges))
    network = RoadNetwork(
        tail.astype(np.int32), head.astype(np.int32), np.tile(time, 2), 1000.0 * ones, 0.15 * ones, 4.0 * ones, 0.0 * ones,
        np.tile(time, 2), nodes, place.astype(np.int32), np.arange(nodes) < side * side,
    )  # fmt: skip
    name = f"{len(tail):,} links, {zones:,} zones" + (" on centroids" if connectors else "")
    return Case(name, network, 1.0 - np.eye(zones))


def city_streets(city: City) -> Case:
    """Every street of a city, districts as zones, commuters as trips; times in minutes."""
    a, c = city.links, city.connectors
    nodes, zones = len(city.nodes), city.n_districts
    centroid = nodes + c.district.astype(np.int64)
    none = np.zeros(2 * len(c))
    network = RoadNetwork(
        np.r_[a.tail, centroid, c.node].astype(np.int32), np.r_[a.head, c.node, centroid].astype(np.int32),
        np.r_[a.free_time, c.time, c.time] / 60.0, np.r_[a.capacity, none + 1e9], np.r_[a.alpha, none],
        np.r_[a.beta, none + 4.0], np.zeros(len(a) + len(none)), np.r_[a.length, none] / 1000.0, nodes + zones,
        np.arange(nodes, nodes + zones, dtype=np.int32), np.arange(nodes + zones) < nodes,
    )  # fmt: skip
    trips = PEAK_SHARE * np.asarray(city.commuters, np.float64)
    np.fill_diagonal(trips, 0.0)
    return Case(f"{city.name}, {len(a):,} links, {zones} zones", network, trips)


def tntp(folder: Path) -> Case:
    """A network of the TransportationNetworks collection, from ``NAME/NAME_net.tntp`` and ``NAME/NAME_trips.tntp``."""
    net = (folder / f"{folder.name}_net.tntp").read_text("utf-8")
    meta = dict(re.findall(r"<(.+?)>\s*(\S+)", net))
    body = net.split("<END OF METADATA>")[1].replace(";", "").splitlines()
    links = np.array([row.split()[:9] for row in body if row.strip() and not row.lstrip().startswith("~")], np.float64)
    nodes, zones, first = (int(meta[key]) for key in ("NUMBER OF NODES", "NUMBER OF ZONES", "FIRST THRU NODE"))
    trips = np.zeros((zones, zones))
    origin = -1
    for row in (folder / f"{folder.name}_trips.tntp").read_text("utf-8").split("<END OF METADATA>")[1].splitlines():
        if row.strip().startswith("Origin"):
            origin = int(row.split()[1]) - 1
        for to, many in re.findall(r"(\d+)\s*:\s*([\d.eE+-]+)", row):
            trips[origin, int(to) - 1] = float(many)
    np.fill_diagonal(trips, 0.0)
    toll, distance = TNTP_FACTORS.get(folder.name, (0.0, 0.0))
    ends = (links[:, :2] - 1).astype(np.int32)
    network = RoadNetwork(
        ends[:, 0].copy(), ends[:, 1].copy(), links[:, 4].copy(), links[:, 2].copy(), links[:, 5].copy(), links[:, 6].copy(),
        toll * links[:, 8] + distance * links[:, 3], links[:, 3].copy(), nodes, np.arange(zones, dtype=np.int32),
        np.arange(nodes) >= first - 1,
    )  # fmt: skip
    return Case(folder.name, network, trips)


def true_gap(case: Case, flow: Floats) -> float:
    """Relative gap of anybody's link flows, with fresh shortest paths by our plain Dijkstra."""
    network = case.network
    cost = link_cost(network, flow)
    graph = star(network.tail, network.head, network.n_nodes)
    least, _ = skims(graph, cost, cost, network.zone_node, network.zone_node, through=network.through)
    total, asked = math.fsum(flow * cost), case.trips > 0
    return (total - math.fsum(case.trips[asked] * least[asked])) / total


def imbalance(case: Case, flow: Floats) -> float:
    """Largest difference between what enters, leaves, starts and ends at a node, as a share of all trips."""
    network, trips = case.network, case.trips
    net = np.bincount(network.tail, flow, network.n_nodes) - np.bincount(network.head, flow, network.n_nodes)
    np.add.at(net, network.zone_node, trips.sum(axis=0) - trips.sum(axis=1))
    return float(np.abs(net).max() / trips.sum())
