"""Networks in the General Modeling Network Specification: ``link.csv``, ``node.csv``, and trips as ``demand.csv``.

Links need link_id, from_node_id, to_node_id, length [km], and free_speed [km/h] or vdf_fftt [min]; capacity is per lane [veh/h],
times lanes (1). ``directed`` 0 makes a link of each direction. Fallbacks, said when used: BPR 0.15 and 4 for vdf_alpha, vdf_beta;
capacity unlimited, so that the time stays free. Zones are the zone_id of nodes; a zone of several nodes gets a centroid joined to
them at no cost. Nodes of node_type "centroid" carry nobody through. Trips: o_zone_id, d_zone_id, volume.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.city.roadfile import Faults, RoadFile, TripFile, check_capacities, text_lines

ALPHA, BETA = 0.15, 4.0
#: Columns under which volume-delay parameters stand, the first that is there counts.
TIME, RISE, POWER, TOLL = (
    ("vdf_fftt", "vdf_fftt1"), ("vdf_alpha", "vdf_alpha1"), ("vdf_beta", "vdf_beta1"), ("toll", "vdf_toll", "vdf_toll1"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of a table with the line it ends on."""

    line: int
    cells: Mapping[str, str]

    def get(self, *names: str) -> str:
        """The first of the named cells that is filled, else an empty text."""
        return next((self.cells[name] for name in names if self.cells.get(name)), "")


def read_network(links: Path, nodes: Path) -> RoadFile:
    """A network. Raises InputError with every fault and its line."""
    node_of, zone_nodes, closed = _nodes(nodes)
    faults = Faults(links)
    rows = list(table(links, ("link_id", "from_node_id", "to_node_id"), faults))
    ends, numbers, kinds, lines = [], [], [], []
    fallbacks = dict.fromkeys(("vdf_alpha and vdf_beta: BPR 0.15 and 4", "capacity: unlimited"), 0)
    for row in rows:
        pair = [_known(row, name, node_of, faults) for name in ("from_node_id", "to_node_id")]
        values = _parameters(row, faults, fallbacks)
        for way in (pair, pair[::-1])[: 1 if row.get("directed").lower() not in ("0", "false", "0.0") else 2]:
            ends.append(way)
            numbers.append(values)
            kinds.append(row.get("allowed_uses"))
            lines.append(row.line)
    if not rows and not faults.found:
        faults.add(0, "", "no links", "at least one link")
    if not zone_nodes:
        faults.add(0, "", f"no zone_id in {nodes}", "a zone_id at the nodes where trips start and end")
    faults.stop()
    notes = tuple(f"{links}: {many} links without {what}" for what, many in fallbacks.items() if many)
    network = _with_centroids(np.array(ends, np.int32), np.array(numbers), kinds, node_of, zone_nodes, closed, notes)
    check_capacities(faults, lines, network)
    faults.stop()
    return network


def read_trips(path: Path, network: RoadFile) -> TripFile:
    """Trips between the zones of ``network``. Raises InputError with every fault and its line."""
    faults = Faults(path)
    zone = {name: i for i, name in enumerate(network.zones)}
    trips = np.zeros((len(zone), len(zone)))
    for row in table(path, ("o_zone_id", "d_zone_id", "volume"), faults):
        pair = [_known(row, name, zone, faults) for name in ("o_zone_id", "d_zone_id")]
        trips[pair[0], pair[1]] += faults.number(row.line, "volume", row.get("volume"))
    faults.stop()
    return TripFile(trips)


def table(path: Path, needed: tuple[str, ...], faults: Faults) -> Iterator[Row]:
    """Rows of a CSV file; stops with a fault when columns are missing."""
    lines = text_lines(path)
    reader = csv.reader(lines)
    try:
        head = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in needed if name not in head]
        if missing:
            faults.add(1, ", ".join(missing), "no such columns", f"a header with {', '.join(needed)}")
            faults.stop()
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(reader.line_num, dict(zip(head, (c.strip() for c in cells), strict=False)))
    except csv.Error as error:
        faults.add(reader.line_num, "", f"{error}", "rows of comma-separated values")
        faults.stop()


def _nodes(path: Path) -> tuple[dict[str, int], dict[str, list[int]], set[int]]:
    """Node by name, nodes by zone in file order, nodes that carry nobody through."""
    faults = Faults(path)
    node_of: dict[str, int] = {}
    zones: dict[str, list[int]] = {}
    closed: set[int] = set()
    for row in table(path, ("node_id",), faults):
        name = row.get("node_id")
        if not name or name in node_of:
            faults.add(row.line, "node_id", f"{name!r} twice" if name else "nothing", "each node once")
            continue
        node_of[name] = len(node_of)
        if row.get("zone_id"):
            zones.setdefault(row.get("zone_id"), []).append(node_of[name])
        if row.get("node_type").lower() == "centroid":
            closed.add(node_of[name])
    faults.stop()
    return node_of, zones, closed


def _known(row: Row, name: str, known: Mapping[str, int], faults: Faults) -> int:
    text = row.get(name)
    if text not in known:
        faults.add(row.line, name, repr(text)[:60] if text else "nothing", "a name of the node file")
        return 0
    return known[text]


def _parameters(row: Row, faults: Faults, fallbacks: dict[str, int]) -> list[float]:
    """capacity, length, free time [min], alpha, beta, toll of a link."""
    line = row.line
    length = faults.number(line, "length", row.get("length") or "0")
    time = row.get(*TIME)
    if time:
        free = faults.number(line, "vdf_fftt", time)
    else:
        speed = faults.number(line, "free_speed", row.get("free_speed"))
        if speed == 0.0 and length > 0.0:
            faults.add(line, "free_speed", "0", "a speed above 0, or vdf_fftt")
        free = 60.0 * length / speed if speed > 0.0 else 0.0
    alpha, beta = row.get(*RISE), row.get(*POWER)
    rise = faults.number(line, "vdf_alpha", alpha) if alpha else ALPHA
    power = faults.number(line, "vdf_beta", beta) if beta else BETA
    toll = faults.number(line, "toll", row.get(*TOLL) or "0")
    if not row.get("capacity"):
        fallbacks["capacity: unlimited"] += 1
        return [1.0, length, free, 0.0, power, toll]
    if not (alpha and beta):
        fallbacks["vdf_alpha and vdf_beta: BPR 0.15 and 4"] += 1
    lanes = faults.number(line, "lanes", row.get("lanes") or "1")
    return [faults.number(line, "capacity", row.get("capacity")) * lanes, length, free, rise, power, toll]


def _with_centroids(
    ends: np.ndarray, numbers: np.ndarray, kinds: list[str], node_of: Mapping[str, int], zones: Mapping[str, list[int]],
    closed: set[int], notes: tuple[str, ...],
) -> RoadFile:  # fmt: skip
    """The network, with a centroid and free connectors for each zone of several nodes."""
    names = [*node_of]
    nodes, listed = len(names), len(ends)
    zone_node, more = [], []
    for name, members in zones.items():
        if len(members) == 1:
            zone_node.append(members[0])
            continue
        centroid = nodes
        nodes += 1
        names.append(f"zone {name}")
        closed = closed | {centroid}
        zone_node.append(centroid)
        more += [pair for node in members for pair in ([centroid, node], [node, centroid])]
    if more:
        ends = np.vstack([ends, np.array(more, np.int32)])
        numbers = np.vstack([numbers, np.tile([1.0, 0.0, 0.0, 0.0, BETA, 0.0], (len(more), 1))])
    through = np.ones(nodes, bool)
    through[list(closed)] = False
    return RoadFile(
        init=tuple(names[n] for n in ends[:, 0]), term=tuple(names[n] for n in ends[:, 1]), tail=ends[:, 0].copy(),
        head=ends[:, 1].copy(), capacity=numbers[:, 0], length=numbers[:, 1], free_time=numbers[:, 2], alpha=numbers[:, 3],
        beta=numbers[:, 4], toll=numbers[:, 5], kind=(*kinds, *[""] * len(more)), n_nodes=nodes, zones=tuple(zones),
        zone_node=np.array(zone_node, np.int32), through=through, listed=listed, notes=notes,
    )  # fmt: skip
