"""User classes of an assignment from a YAML file: a list of {name, trips, pce, factors, bans}."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ruamel.yaml.nodes import SequenceNode

from sim.city.roadfile import RoadFile
from sim.columns import Floats
from sim.errors import Fault, InputError
from sim.scenario.fields import WRONG, Number, OneOrMany, Text, fields_of, item, read_values
from sim.scenario.yaml_nodes import Reader, found, read_nodes

MOST_CLASSES = 20


@dataclass(frozen=True, kw_only=True)
class RoadClass:
    """One class of road users."""

    name: str = item(Text(40), "its name, of the columns of the result")
    trips: str = item(Text(400), "file of its trips, in vehicles; a relative path starts at this file")
    pce: float = item(Number(0.1, 20.0), "passenger-car units of a vehicle", 1.0)
    toll_factor: float = item(Number(0.0, 1e9), "cost of a unit of toll, in the network's unit of time", 0.0)
    distance_factor: float = item(Number(0.0, 1e9), "cost of a unit of length, in the network's unit of time", 0.0)
    value_of_time: float = item(
        Number(1e-9, 1e9), "tolls and distance costs are divided by it, when they are money", 1.0
    )
    banned_types: tuple[str, ...] = item(OneOrMany(Text(40)), "link types that it may not use", ())
    banned_links: tuple[str, ...] = item(OneOrMany(Text(80)), "links that it may not use, as init-term", ())
    uses: tuple[str, ...] = item(
        OneOrMany(Text(40)), "GMNS allowed_uses of which a link must have one, if it lists any", ()
    )

    def fixed(self, network: RoadFile) -> Floats:
        """(L,) cost besides time: tolls, distance, inf where banned. Raises InputError when a ban names no link."""
        cost = (self.toll_factor * network.toll + self.distance_factor * network.length) / self.value_of_time
        kinds = set(network.kind)
        pairs = [f"{a}-{b}" for a, b in zip(network.init, network.term, strict=True)]
        unknown = [("banned_types", n) for n in self.banned_types if n not in kinds]
        unknown += [("banned_links", n) for n in self.banned_links if n not in pairs]
        if unknown:
            raise InputError([Fault(f"class {self.name}", repr(n), "a link of the network", f) for f, n in unknown])
        closed = np.isin(network.kind, self.banned_types) | np.isin(pairs, self.banned_links)
        if self.uses:
            mine = set(self.uses)
            listed = [{use.strip() for use in kind.replace(";", ",").split(",")} - {""} for kind in network.kind]
            closed |= np.array([bool(uses) and not (uses & mine) for uses in listed])
        return np.where(closed, np.inf, cost)


def read_classes(path: Path) -> list[RoadClass]:
    """The classes of a file. Raises InputError with every fault and its line."""
    reader = Reader(path)
    root = read_nodes(reader)
    if not isinstance(root, SequenceNode) or not 1 <= len(root.value) <= MOST_CLASSES:
        reader.fault(
            root, "", found(root), f"a list of 1 to {MOST_CLASSES} classes: - {{name: car, trips: car_trips.tntp}}"
        )
        reader.stop()
        raise AssertionError
    out: list[RoadClass] = []
    for i, node in enumerate(root.value):
        values = read_values(node, fields_of(RoadClass), reader, f"[{i}]")
        if any(v is WRONG for v in values.values()):
            continue
        one = RoadClass(**values)
        if one.name in [other.name for other in out]:
            reader.fault(node, f"[{i}].name", repr(one.name), "each name once")
        out.append(one)
    reader.stop()
    return out
