"""The city's shape for the map, as one block of bytes: JSON that names the arrays, then the arrays (little-endian)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from sim import City
from sim.live.arrays import Floats

#: Cells along the longer side of the grid that says which district a place belongs to, and how far a district reaches from its streets.
GRID = 700
REACH = 700.0
NOWHERE = 0xFFFF


def geometry(city: City) -> bytes:
    """All that the map draws and that never changes. Coordinates are metres from the middle of the city."""
    n, a = city.nodes, city.links
    lon0, lat0 = float(n.lon.mean()), float(n.lat.mean())
    x_of, y_of = _plane(city)
    x0, y0 = x_of(lon0), y_of(lat0)
    shape_x, shape_y = x_of(city.shape_lon) - x0, y_of(city.shape_lat) - y0
    tail_x, tail_y = n.x[a.tail] - x0, n.y[a.tail] - y0
    first, last = city.shapes.first[a.edge], city.shapes.first[a.edge] + city.shapes.count[a.edge] - 1
    from_first = np.hypot(shape_x[first] - tail_x, shape_y[first] - tail_y)
    from_last = np.hypot(shape_x[last] - tail_x, shape_y[last] - tail_y)
    box = [float(v) for v in (shape_x.min(), shape_y.min(), shape_x.max(), shape_y.max())]
    grid, cell = _district_grid(city, box, x0, y0)
    water = [
        np.column_stack([x_of(w[:, 0]) - x0, y_of(w[:, 1]) - y0]) for w in map(np.asarray, city.water) if len(w) > 1
    ]
    ends = np.concatenate([np.r_[np.zeros(len(w) - 1), 1.0] for w in water]) if water else np.zeros(0)
    points = np.concatenate(water) if water else np.zeros((0, 2))
    arrays: dict[str, tuple[str, Floats]] = {
        "shapeX": ("f4", shape_x), "shapeY": ("f4", shape_y), "first": ("i4", city.shapes.first), "count": ("i4", city.shapes.count),
        "edge": ("i4", a.edge), "centreX": ("f4", city.districts.x - x0), "centreY": ("f4", city.districts.y - y0),
        "jobs": ("f4", city.districts.jobs), "waterX": ("f4", points[:, 0]), "waterY": ("f4", points[:, 1]), "grid": ("u2", grid),
        "kind": ("u1", a.road_class), "reversed": ("u1", from_first > from_last), "waterEnd": ("u1", ends),
    }  # fmt: skip
    head: dict[str, Any] = {
        "box": box, "linkCount": len(a), "districtCount": city.n_districts, "gridSide": [grid.shape[1], grid.shape[0]], "gridCell": cell,
        "districtNames": list(city.district_names), "synthetic": bool(city.synthetic_streets), "labels": _labels(city, x0, y0),
        "lineModes": city.lines.mode.tolist(), "lineNames": list(city.line_names), "lineStops": _lines(city, x0, y0),
    }  # fmt: skip
    return packed(head, arrays)


def _plane(city: City) -> tuple[Any, Any]:
    """Longitude and latitude to the city's plane: fitted to its nodes, whose coordinates hold both."""
    n = city.nodes
    return (_fit(n.lon, n.x), _fit(n.lat, n.y))


def _fit(degrees: Floats, metres: Floats) -> Any:
    slope, constant = np.polyfit(degrees, metres, 1)
    return lambda d: slope * np.asarray(d) + constant


def packed(head: dict[str, Any], arrays: dict[str, tuple[str, Floats]]) -> bytes:
    """Arrays begin at multiples of four; the head says where, and its own length is stable because it is padded."""
    blocks = [(name, kind, np.ascontiguousarray(a, f"<{kind}").tobytes()) for name, (kind, a) in arrays.items()]
    room = len(json.dumps(head)) + 80 * len(blocks) + 64
    start = 4 + (room + 3) // 4 * 4 + 0
    places, at = [], start
    for name, kind, block in blocks:
        places.append([name, kind, at, len(block) // int(kind[1])])
        at += (len(block) + 3) // 4 * 4
    text = json.dumps(head | {"arrays": places}).encode().ljust(start - 4)
    body = b"".join(block.ljust((len(block) + 3) // 4 * 4, b"\0") for _, _, block in blocks)
    return len(text).to_bytes(4, "little") + text + body


def _district_grid(city: City, box: list[float], x0: float, y0: float) -> tuple[Floats, float]:
    """(rows, columns) district of each cell of a grid over the box: that of the nearest street, none far from all."""
    n, a = city.nodes, city.links
    cell = max(box[2] - box[0], box[3] - box[1]) / GRID
    columns, rows = (max(1, int(np.ceil((box[i + 2] - box[i]) / cell))) for i in (0, 1))
    middle = np.column_stack([(n.x[a.tail] + n.x[a.head]) / 2 - x0, (n.y[a.tail] + n.y[a.head]) / 2 - y0])
    gx = box[0] + (np.arange(columns) + 0.5) * cell
    gy = box[1] + (np.arange(rows) + 0.5) * cell
    places = np.stack(np.meshgrid(gx, gy), axis=-1).reshape(-1, 2)
    far, near = cKDTree(middle).query(places, distance_upper_bound=REACH)
    out = np.where(np.isfinite(far), np.append(a.district, NOWHERE)[near], NOWHERE)
    return out.reshape(rows, columns).astype(np.uint16), float(cell)


def _labels(city: City, x0: float, y0: float) -> list[list[Any]]:
    """Names of communes at their people's centre, the largest first."""
    d = city.districts
    weight = np.maximum(d.population.astype(float), 1.0)
    out = []
    for k, name in enumerate(city.commune_names):
        mine = d.commune == k
        if mine.any():
            w = weight[mine]
            out.append((w.sum(), name, float(d.x[mine] @ w / w.sum() - x0), float(d.y[mine] @ w / w.sum() - y0)))
    return [[name, round(x, 1), round(y, 1)] for _, name, x, y in sorted(out, reverse=True)[:60]]


def _lines(city: City, x0: float, y0: float) -> list[list[list[float]]]:
    stops, lines = city.stops, city.lines
    out = []
    for first, count in zip(lines.first_stop.tolist(), lines.stop_count.tolist(), strict=True):
        which = city.line_stops.stop[first : first + count]
        out.append(np.column_stack([stops.x[which] - x0, stops.y[which] - y0]).round(1).tolist())
    return out
