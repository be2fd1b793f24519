"""Streets that lines drawn on a map stand for.

A line is followed from waypoint to waypoint by the street path that stays nearest to it: a link costs its length, times
1 + (distance / NEAR)^2 of its shape from the line. So one file serves cities whose streets lie somewhat differently.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from sim.city.city import City
from sim.city.delays import LinkLookup
from sim.city.geometry import DEGREE
from sim.columns import Floats, Ints
from sim.scenario.drawn import Drawn

#: Distance of a street from the line at which it counts as twice as long [m].
NEAR = 40.0
#: A line farther than this from any street is not in the city [m].
FAR = 500.0
#: Way between waypoints, and between the points that stand for the line [m].
LEG, STEP = 800.0, 20.0


class Matched(NamedTuple):
    """``edges`` (n,) street pieces in the order of the lines, each once; ``km`` (n,) cumulated; ``faults`` (name, what is wrong)."""

    edges: Ints
    km: Floats
    faults: tuple[tuple[str, str], ...]


@lru_cache(maxsize=16)
def matched(city: City, drawn: Drawn, motor: bool = False) -> Matched:
    """Street pieces of the lines; streets open to bicycles, or with ``motor`` all streets."""
    a = city.links
    usable = np.flatnonzero(a.on_foot | motor)
    nodes = np.unique(np.r_[a.tail[usable], a.head[usable]])
    tree = cKDTree(np.column_stack([city.nodes.x[nodes], city.nodes.y[nodes]]))
    shape_x, shape_y = _metres(city, city.shape_lon, city.shape_lat)
    seen: dict[int, float] = {}
    faults = []
    for name, points in drawn.lines:
        line = _densified(np.column_stack(_metres(city, *np.array(points, np.float64).T)))
        apart, near = (np.asarray(x) for x in tree.query(line))
        if float(apart.max()) > FAR:
            km = float((apart > FAR).mean()) * (len(line) - 1) * STEP / 1000.0
            faults.append((name, f"{km:.1f} km of {name!r} farther than {FAR:g} m from any street"))
            continue
        every = max(1, round(LEG / STEP))
        stops = nodes[near[np.r_[np.arange(0, len(line) - 1, every), len(line) - 1]]]
        off = _distance(city, line, shape_x, shape_y)[a.edge[usable]]
        cost = a.length[usable] * (1.0 + (off / NEAR) ** 2)
        for link in _path(city, usable, cost, stops):
            seen.setdefault(int(a.edge[link]), float(a.length[link]) / 1000.0)
    return Matched(np.array(list(seen), np.int64), np.cumsum(np.array(list(seen.values()), np.float64)), tuple(faults))


def _metres(city: City, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Degrees in the plane of the city's nodes, which is equirectangular around some centre."""
    n = city.nodes
    east, west = int(np.argmax(n.lon)), int(np.argmin(n.lon))
    scale = (n.x[east] - n.x[west]) / (n.lon[east] - n.lon[west])
    return n.x[west] + (lon - n.lon[west]) * scale, n.y[west] + (lat - n.lat[west]) * DEGREE


def _densified(line: Floats) -> Floats:
    """Points every STEP along the line, both ends included."""
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    at = np.linspace(0.0, along[-1], max(2, round(along[-1] / STEP) + 1))
    return np.column_stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])])


def _distance(city: City, line: Floats, x: Floats, y: Floats) -> Floats:
    """(edges,) mean distance of the shape points of each street piece from the line [m]; at most 4 FAR."""
    far, _ = cKDTree(line).query(np.column_stack([x, y]), distance_upper_bound=4.0 * FAR)
    total = np.add.reduceat(np.minimum(far, 4.0 * FAR), city.shapes.first)
    return np.asarray(total / city.shapes.count)


def _path(city: City, usable: Ints, cost: Floats, stops: Ints) -> list[int]:
    """Links of the cheapest way from stop to stop."""
    a = city.links
    lookup = LinkLookup(a.tail[usable], a.head[usable], cost, len(city.nodes))
    _, before = dijkstra(lookup.matrix, indices=stops, return_predecessors=True)
    out: list[int] = []
    for i, (_, stop) in enumerate(pairwise(stops.tolist())):
        way = [stop]
        while before[i, way[-1]] >= 0:
            way.append(int(before[i, way[-1]]))
        if len(way) > 1:
            out += usable[lookup.between(np.array(way[:0:-1]), np.array(way[-2::-1]))].tolist()
    return out
