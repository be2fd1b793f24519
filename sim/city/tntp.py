"""Networks and trip tables in the format of the TransportationNetworks collection (``*_net.tntp``, ``*_trips.tntp``).

Metadata lines ``<NAME> value`` up to ``<END OF METADATA>``; then a link a line, ended by ``;``, or ``Origin n`` blocks of
``destination : trips;``. Zones are the nodes 1..NUMBER OF ZONES; nodes below FIRST THRU NODE carry nobody through. Lines that
begin with ``~`` are comments; one that names the columns sets their order. Columns after the power may be missing.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sim.city.roadfile import Faults, RoadFile, TripFile, check_capacities, text_lines

END = "END OF METADATA"
#: Columns in the usual order, the needed ones first, and what else they are called.
NEEDED = ("init_node", "term_node", "capacity", "length", "free_flow_time", "b", "power")
OPTIONAL = {"speed": "0", "toll": "0", "link_type": "1"}
ALIASES = {
    "init": "init_node", "tail": "init_node", "from": "init_node", "term": "term_node", "head": "term_node", "to": "term_node",
    "fftt": "free_flow_time", "fft": "free_flow_time", "alpha": "b", "beta": "power", "speed_limit": "speed", "type": "link_type",
}  # fmt: skip
#: Trips of the metadata and of the rows may differ by rounding.
ROUNDING = 1e-6


def read_network(path: Path) -> RoadFile:
    """A network. Raises InputError with every fault and its line."""
    faults = Faults(path)
    lines = text_lines(path)
    meta, first = _metadata(lines, faults)
    names = ("NUMBER OF ZONES", "NUMBER OF NODES")
    zones, nodes = (_count(meta, name, faults) for name in names)
    through = _count(meta, "FIRST THRU NODE", faults, 1)
    asked = _count(meta, "NUMBER OF LINKS", faults, -1)
    faults.stop()
    if zones > nodes:
        faults.add(meta[names[0]][0], names[0], f"{zones}", f"at most NUMBER OF NODES, {nodes}")
    rows, numbers, kinds = _links(lines, first, nodes, faults)
    if asked >= 0 and len(rows) != asked and not faults.found:
        faults.add(
            meta["NUMBER OF LINKS"][0], "NUMBER OF LINKS", f"{asked}, but {len(rows)} links", "the number of links"
        )
    if not rows and not faults.found:
        faults.add(0, "", "no links", "at least one link")
    faults.stop()
    a = np.array(numbers)
    ends = a[:, :2].astype(np.int32)
    network = RoadFile(
        init=tuple(str(n) for n in ends[:, 0]), term=tuple(str(n) for n in ends[:, 1]), tail=ends[:, 0] - 1, head=ends[:, 1] - 1,
        capacity=a[:, 2], length=a[:, 3], free_time=a[:, 4], alpha=a[:, 5], beta=a[:, 6], toll=a[:, 8], kind=tuple(kinds),
        n_nodes=nodes, zones=tuple(str(z + 1) for z in range(zones)), zone_node=np.arange(zones, dtype=np.int32),
        through=np.arange(nodes) >= through - 1, listed=len(rows),
        notes=() if "FIRST THRU NODE" in meta else (f"{path}: no FIRST THRU NODE, so every node may be passed",),
    )  # fmt: skip
    check_capacities(faults, rows, network)
    faults.stop()
    return network


def read_trips(path: Path, network: RoadFile) -> TripFile:
    """Trips between the zones of ``network``. Raises InputError with every fault and its line."""
    faults = Faults(path)
    lines = text_lines(path)
    meta, first = _metadata(lines, faults)
    zones = len(network.zones)
    asked = _count(meta, "NUMBER OF ZONES", faults, zones)
    if asked != zones:
        faults.add(meta["NUMBER OF ZONES"][0], "NUMBER OF ZONES", f"{asked}", f"{zones}, as in the network")
    faults.stop()
    trips, again = _blocks(lines, first, zones, faults)
    faults.stop()
    notes = []
    if again:
        notes.append(f"{path}: {again} pairs are given more than once; their trips are added up")
    total, said = float(trips.sum()), meta.get("TOTAL OD FLOW")
    if said is not None:
        value = faults.number(said[0], "TOTAL OD FLOW", said[1])
        faults.stop()
        if abs(total - value) > ROUNDING * max(total, value):
            notes.append(f"{path}: TOTAL OD FLOW is {value:,.10g}, the rows sum to {total:,.10g}, which is used")
    return TripFile(trips, tuple(notes))


def _metadata(lines: list[str], faults: Faults) -> tuple[dict[str, tuple[int, str]], int]:
    """(line, value) by upper-case name, and the row after the metadata."""
    meta: dict[str, tuple[int, str]] = {}
    for row, line in enumerate(lines):
        match = re.match(r"\s*<\s*([^>]+?)\s*>\s*([^~;]*)", line)
        if match is None:
            continue
        name = " ".join(match[1].upper().split())
        if name == END:
            return meta, row + 1
        meta[name] = row + 1, match[2].strip()
    faults.add(0, "", f"no <{END}>", "a TNTP file: metadata, then rows")
    faults.stop()
    raise AssertionError


def _count(meta: dict[str, tuple[int, str]], name: str, faults: Faults, missing: int | None = None) -> int:
    """A whole number of the metadata."""
    if name not in meta:
        if missing is None:
            faults.add(0, f"<{name}>", "nothing", "a whole number, 1 or more")
        return missing or 0
    line, text = meta[name]
    if re.fullmatch(r"\d{1,9}", text) is None or int(text) < 1:
        faults.add(line, name, repr(text)[:60], "a whole number, 1 or more")
        return 0
    return int(text)


def _order(line: str) -> list[str] | None:
    """Column names of a ``~`` line, None if it is another comment."""
    names = [word.lower() for word in line.strip().lstrip("~").replace(";", " ").split()]
    names = [ALIASES.get(name, name) for name in names]
    known = set(NEEDED) | set(OPTIONAL)
    return names if set(names) <= known and set(NEEDED) <= set(names) and len(set(names)) == len(names) else None


def _links(lines: list[str], first: int, nodes: int, faults: Faults) -> tuple[list[int], list[list[float]], list[str]]:
    """Line, numbers (init, term, capacity, length, time, B, power, speed, toll) and type of each link."""
    order = [*NEEDED, *OPTIONAL]
    rows: list[int] = []
    numbers: list[list[float]] = []
    kinds: list[str] = []
    for row in range(first, len(lines)):
        text = lines[row].strip()
        if text.startswith("~"):
            order = _order(text) or order
            continue
        words = text.split(";")[0].replace(",", " ").split()
        if not words:
            continue
        cells = dict(zip(order, words, strict=False))
        missing = [name for name in NEEDED if name not in cells]
        if missing or len(words) > len(order):
            faults.add(row + 1, "", f"{len(words)} columns", f"{len(NEEDED)} to {len(order)}: {', '.join(order)}")
            continue
        ends = [_node(cells[name], nodes, row + 1, name, faults) for name in NEEDED[:2]]
        rest = [faults.number(row + 1, name, cells[name]) for name in NEEDED[2:]]
        extra = [faults.number(row + 1, name, cells.get(name, "0")) for name in ("speed", "toll")]
        rows.append(row + 1)
        numbers.append([*ends, *rest, *extra])
        kinds.append(cells.get("link_type", OPTIONAL["link_type"]))
    return rows, numbers, kinds


def _node(text: str, nodes: int, line: int, name: str, faults: Faults) -> float:
    if re.fullmatch(r"\d{1,9}(\.0*)?", text) is None or not 1 <= int(float(text)) <= nodes:
        faults.add(line, name, repr(text)[:60], f"a node, 1 to {nodes}")
        return 1.0
    return float(text)


def _blocks(lines: list[str], first: int, zones: int, faults: Faults) -> tuple[np.ndarray, int]:
    """(Z, Z) trips, and how many pairs were given more than once."""
    trips = np.zeros((zones, zones))
    given = np.zeros((zones, zones), bool)
    again, origin = 0, -1
    for row in range(first, len(lines)):
        text = lines[row].strip()
        if not text or text.startswith("~"):
            continue
        block = re.match(r"(?i)origin\s+(\S+)\s*(.*)", text)
        if block is not None:
            origin = _zone(block[1], zones, row + 1, "Origin", faults)
            text = block[2]
        for part in text.split(";"):
            if not part.strip():
                continue
            to, colon, many = part.partition(":")
            if not colon or origin < 0:
                faults.add(row + 1, "", repr(part.strip())[:60], "'Origin n', then 'destination : trips;'")
                continue
            destination = _zone(to.strip(), zones, row + 1, "destination", faults)
            value = faults.number(row + 1, "trips", many.strip())
            again += int(given[origin, destination])
            given[origin, destination] = True
            trips[origin, destination] += value
    return trips, again


def _zone(text: str, zones: int, line: int, name: str, faults: Faults) -> int:
    if re.fullmatch(r"\d{1,9}", text) is None or not 1 <= int(text) <= zones:
        faults.add(line, name, repr(text)[:60], f"a zone, 1 to {zones}")
        return 0
    return int(text) - 1
