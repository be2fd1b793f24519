"""Lines on the map as a field of a measure: chosen by rule, drawn in a GeoJSON file, or written out in the roadmap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from sim.city.geojson import read_lines
from sim.errors import InputError
from sim.scenario.fields import WRONG, Kind
from sim.scenario.yaml_nodes import Reader, entries, found, scalar

#: Word for corridors that a rule chooses.
AUTO = "auto_corridors"
_SUFFIXES = (".geojson", ".json")

Point = tuple[float, float]


@dataclass(frozen=True)
class Drawn:
    """Named lines as drawn: (name, ((longitude, latitude), ...)) in the order in which they open."""

    lines: tuple[tuple[str, tuple[Point, ...]], ...]


@dataclass(frozen=True)
class Lines(Kind):
    """``auto_corridors`` (if ``auto``), a GeoJSON file of LineStrings beside the roadmap, or {name: [[longitude, latitude], ...]}.

    Files are read with the roadmap; what is written back is the lines themselves, so that a stored run needs no other file.
    """

    auto: bool = True

    def read(self, node: Node, reader: Reader, path: str) -> Any:
        """``auto_corridors``, or the lines drawn."""
        if isinstance(node, MappingNode) and node.value:
            return self._written_out(node, reader, path)
        text = scalar(node)
        if text == AUTO and self.auto:
            return AUTO
        if text is None or not text.lower().endswith(_SUFFIXES):
            reader.fault(node, path, found(node), self.allowed)
            return WRONG
        try:
            return Drawn(read_lines(Path(reader.path).parent / text))
        except InputError as error:
            for fault in error.faults:
                place = f"{text}: {fault.field}: " if fault.field else f"{text}: "
                reader.fault(node, path, place + fault.found, fault.allowed, fault.nearest)
            return WRONG

    def _written_out(self, node: MappingNode, reader: Reader, path: str) -> Any:
        out = []
        for key, child in entries(node):
            points = [_point(one) for one in child.value] if isinstance(child, SequenceNode) else []
            if scalar(key) is None or len(points) < 2 or any(p is None for p in points):
                reader.fault(child, path, found(child), "at least two positions [longitude, latitude] in degrees")
                return WRONG
            out.append((str(scalar(key)), tuple(p for p in points if p is not None)))
        return Drawn(tuple(out))

    def write(self, value: Any) -> Any:
        """The lines themselves, so that a stored roadmap needs no other file."""
        if isinstance(value, Drawn):
            return {name: [list(point) for point in points] for name, points in value.lines}
        return value

    @property
    def allowed(self) -> str:
        """In words."""
        rule = f"{AUTO}, " if self.auto else ""
        file = "a GeoJSON file of LineStrings (.geojson, its path from the roadmap's folder)"
        return f"{rule}{file}, or {{name: [[longitude, latitude], ...]}}"

    @property
    def schema(self) -> dict[str, Any]:
        """Of the three forms."""
        position = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}}
        written = {
            "type": "object", "minProperties": 1, "patternProperties": {".": {"type": "array", "minItems": 2, "items": position}},
        }  # fmt: skip
        file = {"type": "string", "pattern": r"\.([gG][eE][oO])?[jJ][sS][oO][nN]$"}
        return {"anyOf": [*([{"enum": [AUTO]}] if self.auto else []), file, written]}


def _point(node: Node) -> Point | None:
    """(longitude, latitude) of a position, None if it is none."""
    texts = [scalar(child) for child in node.value] if isinstance(node, SequenceNode) else []
    try:
        lon, lat = (float(text or "") for text in texts)
    except ValueError:
        return None
    good = math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180.0 and abs(lat) <= 90.0
    return (lon, lat) if good else None
