"""Public test networks: Sioux Falls from the tables beside this file, others from a folder of the TransportationNetworks collection."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from kernels.assignment import Equilibrium, RoadNetwork

HERE = Path(__file__).parent


def sioux_falls() -> tuple[RoadNetwork, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Network [min, veh/day], trips and best known flows of Sioux Falls (LeBlanc, Morlok & Pierskalla 1975).

    Numbers of the public collection TransportationNetworks (Transportation Networks for Research Core Team); BPR 0.15, 4.
    """
    rows = np.loadtxt(HERE / "sioux_falls_links.csv", delimiter=",", skiprows=1)
    trips = np.loadtxt(HERE / "sioux_falls_trips.csv", delimiter=",")
    ones = np.ones(len(rows))
    network = RoadNetwork(
        (rows[:, 0] - 1).astype(np.int32), (rows[:, 1] - 1).astype(np.int32), rows[:, 3], rows[:, 2], 0.15 * ones, 4 * ones,
        0 * ones, rows[:, 3], 24, np.arange(24, dtype=np.int32), np.ones(24, bool),
    )  # fmt: skip
    return network, trips, rows[:, 4]


def read(folder: Path, toll: float = 0.0, distance: float = 0.0) -> tuple[RoadNetwork, np.ndarray[Any, Any]]:
    """A network of the collection and its trips; cost factors as in the collection's README."""
    text = (folder / f"{folder.name}_net.tntp").read_text()
    meta = dict(re.findall(r"<(.+?)>\s*(\S+)", text))
    lines = text.split("<END OF METADATA>")[1].replace(";", "").splitlines()
    a = np.array([line.split() for line in lines if line.strip() and not line.lstrip().startswith("~")], float)
    nodes, zones, first = (int(meta[name]) for name in ("NUMBER OF NODES", "NUMBER OF ZONES", "FIRST THRU NODE"))
    trips = np.zeros((zones, zones))
    origin = 0
    for line in (folder / f"{folder.name}_trips.tntp").read_text().split("<END OF METADATA>")[1].splitlines():
        if line.strip().startswith("Origin"):
            origin = int(line.split()[1]) - 1
        for to, many in re.findall(r"(\d+)\s*:\s*([\d.eE+-]+)", line):
            trips[origin, int(to) - 1] = float(many)
    ends = (a[:, :2] - 1).astype(np.int32)
    network = RoadNetwork(
        ends[:, 0].copy(), ends[:, 1].copy(), a[:, 4], a[:, 2], a[:, 5], a[:, 6], toll * a[:, 8] + distance * a[:, 3],
        a[:, 3], nodes, np.arange(zones, dtype=np.int32), np.arange(nodes) >= first - 1,
    )  # fmt: skip
    return network, trips


def imbalance(network: RoadNetwork, trips: np.ndarray[Any, Any], found: Equilibrium) -> float:
    """Largest difference between what enters, leaves, starts and ends at a node, as a share of all trips."""
    net = np.zeros(network.n_nodes)
    np.add.at(net, network.tail, found.flow)
    np.add.at(net, network.head, -found.flow)
    moving = trips - np.diag(np.diag(trips))
    np.add.at(net, network.zone_node, moving.sum(0) - moving.sum(1))
    return float(np.abs(net).max() / max(moving.sum(), 1e-300))
