"""Real cities from files: roads as GeoJSON lines, places and home-work flows as JSON, commune outlines as GeoJSON."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from sim.city.sources import CitySource, CommuneMargins, Communes, Commutes, Places, RoadFeatures
from sim.codes import RoadClass
from sim.columns import Array, Floats
from sim.errors import Fault, InputError, nearest

CLASSES = {c.name.lower(): c.value for c in RoadClass}
STRUCTURES = {"normal": 0, "bridge": 1, "tunnel": 2}
#: Property ``cycleway`` of a road and the cycling comfort it stands for (sim.city.city.Links.cycle_level).
CYCLEWAYS = {"none": 0, "lane": 1, "track": 2}
MOST_LANES = 8
#: Where a file says nothing of cycle tracks.
EXISTING = "the first corridors of the rule of sim/city/corridors.py, registry: existing_tracks"
#: Generators in the demand file that are no homes and offices: universities are places of study; at hospitals, airports, museums
#: and stadiums half of the entries are counted as jobs, the rest as visitors (assumption).
STUDY, VISITED, VISITED_JOBS = ("UNI_",), ("AIR_", "HOS_", "MUS_", "SPO_"), 0.5


def read_source(roads: Path, demand: Path, communes: Path | None = None) -> CitySource:
    """Read the files of a city. Raises InputError naming file, place and fault."""
    features = read_roads(roads)
    places, commutes, report = read_demand(demand)
    if communes is not None:
        areas = read_communes(communes, places)
    else:
        areas = Communes(("0",), ("the city",), _no_margins([float(places.lon.mean())], [float(places.lat.mean())]))
    name = demand.name.split(".")[0] if demand.parent.name in ("", ".") else demand.parent.name
    return CitySource(
        name=name, roads=features, places=places, commutes=commutes, communes=areas, synthetic_streets=False, report=report,
        sources=(
            ("streets", f"{len(features.road_class):,} road lines", f"{roads.name} (as the file's own manifest says)"),
            ("one-way", "motorways run in drawing direction, all other streets both ways", "stated fallback: the file has no such tags"),
            ("lanes", *_known(features.lanes, 0, "registry, capacity_* and lanes_*, by road class")),
            ("cycle tracks there are", *_known(features.cycle, -1, EXISTING)),
            ("heights", *_heights_known(features)),
            ("places, commuting", f"{len(places):,} places, {len(commutes):,} flows", f"{demand.name}"),
            ("visitors", "universities: study places; airport, hospitals, museums, stadiums: half jobs", "assumption"),
        ),
    )  # fmt: skip


def _known(values: Array | None, unknown: int, fallback: str) -> tuple[str, str]:
    """What a file says of its roads, and what stands where it says nothing."""
    known = 0 if values is None else int((values != unknown).sum())
    if values is not None and known == len(values):
        return "of every road", "the file"
    return f"of {known:,} roads" if known else "none in the file", f"stated fallback: {fallback}"


def _heights_known(roads: RoadFeatures) -> tuple[str, str]:
    known = 0 if roads.height is None else int(np.isfinite(roads.height).sum())
    return (f"of {known:,} points", "the file") if known else ("none in the file", "cycling as on flat ground")


def read_roads(path: Path) -> RoadFeatures:
    """Road lines with roadClass; structure, lanes, cycleway (none, lane, track) and heights where the file has them."""
    rows = _features(path)
    first, lines, heights, classes, structure, names = [0], [], [], [], [], []
    lanes, cycle = [], []
    for i, row in enumerate(rows):
        properties = _properties(path, i, row)
        kind = properties.get("roadClass")
        if kind not in CLASSES:
            _wrong(
                path,
                f"features[{i}].properties.roadClass",
                repr(kind),
                f"one of {', '.join(CLASSES)}",
                str(kind),
                CLASSES,
            )
        shape = properties.get("structure", "normal")
        if shape not in STRUCTURES:
            _wrong(
                path,
                f"features[{i}].properties.structure",
                repr(shape),
                f"one of {', '.join(STRUCTURES)}",
                str(shape),
                STRUCTURES,
            )
        line = _line(path, i, row)
        lines.append(line)
        heights.append(_heights(row["geometry"]["coordinates"]))
        first.append(first[-1] + len(line))
        lanes.append(_lanes(path, f"features[{i}].properties.lanes", properties.get("lanes")))
        cycle.append(_cycleway(path, f"features[{i}].properties.cycleway", properties.get("cycleway")))
        classes.append(CLASSES[str(kind)])
        structure.append(STRUCTURES[str(shape)])
        names.append(str(properties.get("name") or ""))
    if not classes:
        _wrong(path, "features", "no roads", "at least one LineString")
    kinds, points = np.array(classes, np.int8), np.vstack(lines)
    return RoadFeatures(
        first=np.array(first), lon=points[:, 0], lat=points[:, 1], road_class=kinds, structure=np.array(structure, np.int8),
        one_way=kinds == RoadClass.HIGHWAY, names=tuple(names), lanes=np.array(lanes), cycle=np.array(cycle, np.int8),
        height=np.concatenate(heights),
    )  # fmt: skip


def _lanes(path: Path, at: str, value: Any) -> int:
    """Lanes in a direction, 0 where the file does not say."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_LANES:
        _wrong(path, at, repr(value)[:40], f"lanes in a direction, a whole number from 1 to {MOST_LANES}, or nothing")
    return value


def _cycleway(path: Path, at: str, value: Any) -> int:
    """Cycling comfort, -1 where the file does not say."""
    if value is None:
        return -1
    if not isinstance(value, str) or value not in CYCLEWAYS:
        _wrong(path, at, repr(value)[:40], f"one of {', '.join(CYCLEWAYS)}, or nothing", str(value), CYCLEWAYS)
    return CYCLEWAYS[value]


def _heights(coordinates: list[Any]) -> Floats:
    """Third numbers of positions [m], NaN where there are none."""
    third = [p[2] if len(p) > 2 and isinstance(p[2], (int, float)) else math.nan for p in coordinates]
    return np.array(third, np.float64)


def read_lines(path: Path) -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    """(name, ((longitude, latitude), ...)) of every line of a file of LineStrings and MultiLineStrings, each name once."""
    out: dict[str, tuple[tuple[float, float], ...]] = {}
    for i, row in enumerate(_features(path)):
        given = str(_properties(path, i, row).get("name") or f"line {i + 1}")
        for line in _strings(path, i, row):
            name = given if given not in out else f"{given} ({len(out) + 1})"
            out[name] = tuple((float(lon), float(lat)) for lon, lat in line)
    if not out:
        _wrong(path, "features", "no lines", "at least one LineString")
    return tuple(out.items())


def read_demand(path: Path) -> tuple[Places, Commutes, dict[str, Any]]:
    """Places and flows; special generators by the rule at the top of this file."""
    data = _json(path)
    if not isinstance(data, dict) or not isinstance(data.get("points"), list) or not isinstance(data.get("pops"), list):
        _wrong(path, "", "no lists 'points' and 'pops'", "a demand file with points and pops")
    points, pops = data["points"], data["pops"]
    if not points or not pops:
        _wrong(path, "points", f"{len(points)} points and {len(pops)} flows", "at least one of each")
    rows = {str(_get(path, f"points[{i}]", p, "id")): i for i, p in enumerate(points)}
    place = np.array(
        [
            _position(path, f"points[{i}].location", _get(path, f"points[{i}]", p, "location"))
            for i, p in enumerate(points)
        ]
    )
    ids = [str(p["id"]) for p in points]
    study = np.array([i.startswith(STUDY) for i in ids])
    visited = np.array([i.startswith(VISITED) for i in ids])
    jobs = np.array(
        [_amount(path, f"points[{i}].jobs", _get(path, f"points[{i}]", p, "jobs")) for i, p in enumerate(points)]
    )
    homes = np.array(
        [
            _amount(path, f"points[{i}].residents", _get(path, f"points[{i}]", p, "residents"))
            for i, p in enumerate(points)
        ]
    )
    flows = []
    for i, pop in enumerate(pops):
        at = f"pops[{i}]"
        ends = []
        for key in ("residenceId", "jobId"):
            name = str(_get(path, at, pop, key))
            if name not in rows:
                _wrong(path, f"{at}.{key}", repr(name), "the id of a point")
            ends.append(rows[name])
        size = _amount(path, f"{at}.size", _get(path, at, pop, "size"))
        flows.append((*ends, size, *(_reference(path, at, pop, key) for key in ("drivingSeconds", "drivingDistance"))))
    table = np.array(flows)
    special = (study | visited)[table[:, :2].astype(int)].any(axis=1)
    places = Places(
        lon=place[:, 0], lat=place[:, 1], commuters=np.where(study | visited, 0.0, homes),
        jobs=np.where(study, 0.0, np.where(visited, VISITED_JOBS * jobs, jobs)), students=np.where(study, jobs, 0.0),
    )  # fmt: skip
    sizes = np.where(special, 0.0, table[:, 2])
    commutes = Commutes(home=table[:, 0], work=table[:, 1], size=sizes, seconds=table[:, 3], metres=table[:, 4])
    report = {
        "points": len(points), "flows": len(pops), "commuters_raw": float(table[:, 2].sum()),
        "commuters_kept": float(sizes.sum()), "special_points": int((study | visited).sum()),
    }  # fmt: skip
    return places, commutes, report


def read_communes(path: Path, places: Places) -> Communes:
    """Outlines of the communes that lie near the places."""
    low = (float(places.lon.min()), float(places.lat.min()))
    high = (float(places.lon.max()), float(places.lat.max()))
    codes, names, outlines, lon, lat = [], [], [], [], []
    for i, row in enumerate(_features(path)):
        properties = _properties(path, i, row)
        at = f"features[{i}]"
        code, name = str(_get(path, at, properties, "code")), str(_get(path, at, properties, "nom"))
        rings = _rings(path, i, row)
        box = np.vstack(rings)
        if (box.max(axis=0) < low).any() or (box.min(axis=0) > high).any():
            continue
        codes.append(code)
        names.append(name)
        outlines.append(tuple(rings))
        lon.append(float(box[:, 0].mean()))
        lat.append(float(box[:, 1].mean()))
    if not codes:
        _wrong(path, "features", "no commune near the places of the demand file", "outlines of the city's communes")
    return Communes(tuple(codes), tuple(names), _no_margins(lon, lat), tuple(outlines))


def _no_margins(lon: list[float], lat: list[float]) -> CommuneMargins:
    nothing = np.full(len(lon), np.nan)
    rest = {name: nothing.copy() for name in CommuneMargins.names() if name not in ("lon", "lat")}
    return CommuneMargins(lon=np.array(lon), lat=np.array(lat), **rest)


def _json(path: Path) -> Any:
    allowed = "a readable JSON file, gzipped or not"
    try:
        raw = path.read_bytes()
        text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        return json.loads(text)
    except OSError as error:
        raise InputError(Fault(str(path), error.strerror or str(error), allowed)) from error
    except (ValueError, EOFError, zlib.error, RecursionError) as error:
        raise InputError(Fault(str(path), f"{error}"[:160], allowed)) from error


def _features(path: Path) -> list[dict[str, Any]]:
    data = _json(path)
    rows = data.get("features") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        _wrong(path, "features", "no list of features", "a GeoJSON FeatureCollection")
    return rows


def _properties(path: Path, i: int, row: dict[str, Any]) -> dict[str, Any]:
    found = row.get("properties") or {}
    if not isinstance(found, dict):
        _wrong(path, f"features[{i}].properties", repr(found)[:60], "a JSON object")
    return found


def _geometry(path: Path, i: int, row: dict[str, Any]) -> dict[str, Any]:
    found = row.get("geometry") or {}
    if not isinstance(found, dict):
        _wrong(path, f"features[{i}].geometry", repr(found)[:60], "a GeoJSON geometry")
    return found


def _line(path: Path, i: int, row: dict[str, Any]) -> Floats:
    shape = _geometry(path, i, row)
    if shape.get("type") != "LineString":
        _wrong(path, f"features[{i}].geometry", repr(shape.get("type")), "a LineString")
    line = _coordinates(path, f"features[{i}].geometry.coordinates", shape.get("coordinates"))
    if len(line) < 2:
        _wrong(path, f"features[{i}].geometry.coordinates", f"{len(line)} points", "at least two points")
    return line


def _strings(path: Path, i: int, row: dict[str, Any]) -> list[Floats]:
    """The lines of a LineString or MultiLineString."""
    shape = _geometry(path, i, row)
    if shape.get("type") != "MultiLineString":
        return [_line(path, i, row)]
    parts = shape.get("coordinates")
    if not isinstance(parts, list):
        _wrong(
            path,
            f"features[{i}].geometry.coordinates",
            "what is no list of lines",
            "[[[longitude, latitude], ...], ...]",
        )
    return [_line(path, i, {"geometry": {"type": "LineString", "coordinates": part}}) for part in parts]


def _rings(path: Path, i: int, row: dict[str, Any]) -> list[Array]:
    shape = _geometry(path, i, row)
    at = f"features[{i}].geometry"
    kind, found = shape.get("type"), shape.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(found, list) or not found:
        _wrong(path, at, repr(kind), "a Polygon or MultiPolygon")
    return [_coordinates(path, at, polygon[0]) for polygon in ([found] if kind == "Polygon" else found)]


def _coordinates(path: Path, at: str, values: Any) -> Floats:
    try:
        out = np.array([[float(v[0]), float(v[1])] for v in values], np.float64).reshape(-1, 2)
    except (TypeError, ValueError, IndexError, KeyError):
        _wrong(path, at, "what is no list of positions", "[[longitude, latitude], ...]")
    if not np.isfinite(out).all() or (np.abs(out[:, 0]) > 180).any() or (np.abs(out[:, 1]) > 90).any():
        _wrong(
            path, at, "a position outside the world or not a number", "longitudes in -180..180, latitudes in -90..90"
        )
    return out


def _position(path: Path, at: str, value: Any) -> Floats:
    return np.asarray(_coordinates(path, at, [value])[0])


def _amount(path: Path, at: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        _wrong(path, at, repr(value), "a number, zero or more")
    return float(value)


def _reference(path: Path, at: str, pop: dict[str, Any], key: str) -> float:
    """A reference time or distance; NaN where there is none (absent, null or 0)."""
    value = pop.get(key)
    return math.nan if not value else _amount(path, f"{at}.{key}", value)


def _get(path: Path, at: str, row: Any, key: str) -> Any:
    if not isinstance(row, dict) or key not in row:
        _wrong(path, f"{at}.{key}", "nothing", "a value")
    return row[key]


def _wrong(path: Path, at: str, found: str, allowed: str, name: str = "", names: Any = ()) -> NoReturn:
    raise InputError(Fault(str(path), found, allowed, at, nearest(name, list(names))))
