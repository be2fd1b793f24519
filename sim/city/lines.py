"""Transit lines: those of a timetable, or metro, tram, cable and main bus corridors from facts and other bus lines by stated rules
along the streets.

Bus rules: (1) every commune's middle is linked to the two nearest metro or tram stations at least HUBS_APART from each other
(without such lines: to the busiest commune); (2) cross-town lines join quarters that lie opposite one another; (3) orbital lines
join neighbouring communes. Paths are the fastest street paths, stops stand every ``bus_stop_spacing``; lines shorter than
SHORTEST are left out. Run times keep a published end-to-end time, or the commercial speed of the mode.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from sim.city.city import Cells, Districts, Lines, LineStops, Links, Nodes, Stops
from sim.city.delays import LinkLookup
from sim.city.facts import CityFacts, LineFact
from sim.city.geometry import Plane
from sim.city.gtfs import Timetable
from sim.codes import TransitMode
from sim.columns import Floats, Ints
from sim.errors import Fault, InputError
from sim.scenario.parameters import Parameters

OFF_PEAK = 1.6  #: headway off-peak over headway at the peak, where facts say nothing (assumption)
SECTORS = 14  #: directions in which a cross-town line is looked for
CROSS_TOWN = (2000.0, 6000.0)  #: m from the centre, where its ends lie
HUBS_APART = 1500.0  #: m between the two stations that a commune is linked to
SHORTEST = 2000.0  #: m


@dataclass(frozen=True)
class LineSet:
    """The transit part of a city."""

    lines: Lines
    names: tuple[str, ...]
    line_stops: LineStops
    stops: Stops
    stop_names: tuple[str, ...]
    report: dict[str, Any]  #: what of a timetable was taken and left out, empty without


@dataclass(frozen=True)
class _Line:
    name: str
    mode: TransitMode
    peak: float
    off: float
    capacity: float
    running: bool
    minutes: float  #: published, 0 if unknown
    stops: list[tuple[str, float, float]]  #: name, x, y
    metres: Floats  #: from the stop before
    ids: tuple[str, ...] = ()  #: of the stops in a timetable
    run: Floats | None = None  #: s from the stop before, as in a timetable, which runs one way


def build_lines(
    facts: CityFacts | None, plane: Plane, nodes: Nodes, links: Links, districts: Districts, cells: Cells,
    timetable: Timetable | None = None,
) -> LineSet:  # fmt: skip
    """All lines of a city, planned ones included (not running). With a timetable its lines are those that run."""
    p = Parameters()
    known = facts.lines if facts is not None else ()
    if timetable is not None:
        planned = [_from_fact(f, plane) for f in known if not f.running and f.mode != TransitMode.BUS]
        timed, outside = _from_timetable(timetable, plane, cells, p)
        made = _line_set(timed + planned, nodes, links, cells, p, plane)
        return replace(made, report=timetable.report | {"lines": len(timed), "lines_outside": outside})
    fixed = [_from_fact(f, plane) for f in known if f.mode != TransitMode.BUS]
    streets = _StreetPaths(nodes, links, p)
    corridors = [streets.corridor(f, plane) for f in known if f.mode == TransitMode.BUS]
    hubs = _commune_hubs(districts, cells)
    stations = np.array([[x, y] for line in fixed if line.running for _, x, y in line.stops]).reshape(-1, 2)
    urban = [streets.line(pair, p["bus_headway_urban"]) for pair in _cross_town(districts, cells, nodes)]
    outer = [
        streets.line(pair, p["bus_headway_suburban"])
        for pair in _feeders(hubs, stations, nodes) + _orbitals(hubs, nodes)
    ]
    buses = [bus for bus in urban + outer if bus is not None and bus.metres.sum() >= SHORTEST]
    buses = [replace(bus, name=f"Bus {i + 1}") for i, bus in enumerate(buses)]
    return _line_set(fixed + [c for c in corridors if c is not None] + buses, nodes, links, cells, p, plane)


def _from_fact(fact: LineFact, plane: Plane) -> _Line:
    """Distances between stations scaled to the published length."""
    x, y = plane.to_metres(np.array([s[1] for s in fact.stations]), np.array([s[2] for s in fact.stations]))
    metres = np.r_[0.0, np.hypot(np.diff(x), np.diff(y))]
    if fact.length_km > 0.0:
        metres *= fact.length_km * 1000.0 / metres.sum()
    stops = [(s[0], float(a), float(b)) for s, a, b in zip(fact.stations, x, y, strict=True)]
    return _Line(
        fact.name, fact.mode, fact.headway_peak, fact.headway_off, fact.capacity, fact.running, fact.minutes, stops, metres
    )  # fmt: skip


def _from_timetable(timetable: Timetable, plane: Plane, cells: Cells, p: Parameters) -> tuple[list[_Line], int]:
    """The lines with at least two stops near the city, and how many others there are."""
    ids = list(timetable.stops)
    names, lon, lat = zip(*timetable.stops.values(), strict=True) if ids else ((), (), ())
    x, y = plane.to_metres(np.array(lon, np.float64), np.array(lat, np.float64))
    spots = np.column_stack([x, y])
    near = np.isfinite(
        cKDTree(np.column_stack([cells.x, cells.y])).query(spots, distance_upper_bound=p["line_perimeter"])[0]
    )
    row = {s: i for i, s in enumerate(ids)}
    out = []
    for line in timetable.lines:
        at = np.array([row[s] for s in line.stops])
        if near[at].sum() < 2:
            continue
        stops = [(names[i], float(x[i]), float(y[i])) for i in at]
        metres = np.r_[0.0, np.hypot(*np.diff(spots[at], axis=0).T)]
        places = p[f"places_{line.mode.name.lower()}"]
        out.append(
            _Line(line.name, line.mode, line.peak, line.off, places, True, 0.0, stops, metres, line.stops, line.run)
        )
    if not out:
        found = f"{len(timetable.lines)} lines on {timetable.report['date']}, none with two stops near the city's homes and jobs"
        raise InputError(Fault(f"--gtfs {timetable.report['feed']}", found, "the feed of this city"))
    return out, len(timetable.lines) - len(out)


class _StreetPaths:
    """Fastest street paths between nodes, as bus lines."""

    def __init__(self, nodes: Nodes, links: Links, p: Parameters) -> None:
        usable = np.flatnonzero(links.on_foot)
        self.nodes, self.spacing, self.places = nodes, p["bus_stop_spacing"], p["places_bus"]
        self.length = links.length[usable]
        self.lookup = LinkLookup(
            links.tail[usable].astype(np.int64),
            links.head[usable].astype(np.int64),
            links.free_time[usable],
            len(nodes),
        )
        self.served = np.unique(links.tail[usable])
        self.tree = cKDTree(np.column_stack([nodes.x, nodes.y])[self.served])

    def corridor(self, fact: LineFact, plane: Plane) -> _Line | None:
        """A known bus line along the places that it passes."""
        x, y = plane.to_metres(np.array([s[1] for s in fact.stations]), np.array([s[2] for s in fact.stations]))
        via = self.served[self.tree.query(np.column_stack([x, y]))[1]]
        line = self.line(tuple(via.tolist()), fact.headway_peak)
        if line is None:
            return None
        return replace(
            line,
            name=fact.name,
            off=fact.headway_off,
            capacity=fact.capacity,
            running=fact.running,
            minutes=fact.minutes,
        )

    def line(self, via: tuple[int, ...], headway: float) -> _Line | None:
        """The line along some nodes in order, None if there is no path or fewer than three stops."""
        path = [via[0]]
        for a, b in pairwise(via):
            piece = self._path(a, b)
            if piece is None:
                return None
            path += piece[1:]
        if len(path) < 3:
            return None
        step = self.length[self.lookup.between(np.array(path[:-1]), np.array(path[1:]))]
        along = np.r_[0.0, np.cumsum(step)]
        wanted = np.linspace(0.0, along[-1], max(3, round(along[-1] / self.spacing) + 1))
        chosen = np.unique(np.argmin(np.abs(along[:, None] - wanted), axis=0))
        at = np.array(path)[chosen]
        chosen = chosen[np.r_[True, at[1:] != at[:-1]]]  # a line that turns back stops once where it turns
        if len(chosen) < 3:
            return None
        stops = [("", float(self.nodes.x[path[i]]), float(self.nodes.y[path[i]])) for i in chosen]
        metres = np.r_[0.0, np.diff(along[chosen])]
        return _Line("", TransitMode.BUS, headway, headway * OFF_PEAK, self.places, True, 0.0, stops, metres)

    def _path(self, a: int, b: int) -> list[int] | None:
        _, before = dijkstra(self.lookup.matrix, indices=np.array(a), return_predecessors=True)
        path = [b]
        while before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        return path[::-1] if path[-1] == a else None


def _commune_hubs(districts: Districts, cells: Cells) -> Ints:
    """Street node of the busiest cell of each commune, the busiest commune first."""
    weight = cells.residents + cells.jobs
    commune = districts.commune[cells.district]
    out = []
    for c in np.argsort(-np.bincount(commune, weights=weight), kind="stable"):
        mine = np.flatnonzero(commune == c)
        if len(mine):
            out.append(int(cells.node[mine[np.argmax(weight[mine])]]))
    return np.array(out, np.int64)


def _feeders(hubs: Ints, stations: Floats, nodes: Nodes) -> list[tuple[int, int]]:
    if not len(stations):
        return [(int(h), int(hubs[0])) for h in hubs[1:]]
    near_node = np.asarray(cKDTree(np.column_stack([nodes.x, nodes.y])).query(stations)[1])
    out = []
    for hub in hubs:
        order = np.argsort(np.hypot(stations[:, 0] - nodes.x[hub], stations[:, 1] - nodes.y[hub]), kind="stable")
        first = order[0]
        apart = np.hypot(*(stations[order] - stations[first]).T) > HUBS_APART
        ends = near_node[[first, *order[apart][:1]]].tolist()
        out += [(int(hub), int(end)) for end in ends if end != hub]
    return out


def _orbitals(hubs: Ints, nodes: Nodes) -> list[tuple[int, int]]:
    """Each commune with its nearest neighbour."""
    if len(hubs) < 3:
        return []
    spots = np.column_stack([nodes.x[hubs], nodes.y[hubs]])
    near = np.asarray(cKDTree(spots).query(spots, k=2)[1])[:, 1]
    return sorted({(int(min(hubs[i], hubs[j])), int(max(hubs[i], hubs[j]))) for i, j in enumerate(near)})


def _cross_town(districts: Districts, cells: Cells, nodes: Nodes) -> list[tuple[int, int]]:
    """The busiest district of each sector around the centre, CROSS_TOWN out, with the one opposite."""
    distance = np.hypot(districts.x, districts.y)
    angle = np.degrees(np.arctan2(districts.y, districts.x)) % 360.0
    ring = (distance > CROSS_TOWN[0]) & (distance < CROSS_TOWN[1])
    tree = cKDTree(np.column_stack([cells.x, cells.y]))
    ends: list[int | None] = []
    width = 360.0 / (2 * SECTORS)
    for s in range(2 * SECTORS):
        mine = np.flatnonzero(ring & (angle >= s * width) & (angle < (s + 1) * width))
        if len(mine):
            best = mine[np.argmax((districts.population + districts.jobs)[mine])]
            ends.append(int(cells.node[tree.query([districts.x[best], districts.y[best]])[1]]))
        else:
            ends.append(None)
    pairs = zip(ends[:SECTORS], ends[SECTORS:], strict=True)
    return [(a, b) for a, b in pairs if a is not None and b is not None and a != b]


def _line_set(lines: list[_Line], nodes: Nodes, links: Links, cells: Cells, p: Parameters, plane: Plane) -> LineSet:
    """Stops shared by name (stations) or place (bus stops at one node); the arrays of the city."""
    on_foot = np.unique(links.tail[links.on_foot])
    tree = cKDTree(np.column_stack([nodes.x, nodes.y])[on_foot])
    speed = {mode: p[f"speed_{mode.name.lower()}"] for mode in TransitMode}
    number: dict[tuple[str, int], int] = {}
    spots: list[tuple[str, float, float, int]] = []
    stop: list[int] = []
    run: list[float] = []
    metres: list[float] = []
    first: list[int] = []
    for line in lines:
        first.append(len(stop))
        pace = 60.0 * line.minutes / line.metres.sum() if line.minutes > 0.0 else 3.6 / speed[line.mode]
        timed = line.metres * float(pace) if line.run is None else line.run
        for i, ((name, x, y), m) in enumerate(zip(line.stops, line.metres.tolist(), strict=True)):
            node = int(on_foot[tree.query([x, y])[1]])
            key = (line.ids[i], -1) if line.ids else (name, 0) if name else ("", node)
            if key not in number:
                number[key] = len(spots)
                spots.append((name or f"Stop {len(spots)}", x, y, node))
            stop.append(number[key])
            run.append(float(timed[i]))
            metres.append(m)
    sx, sy = np.array([s[1] for s in spots]), np.array([s[2] for s in spots])
    lon, lat = plane.to_degrees(sx, sy)
    near = cKDTree(np.column_stack([cells.x, cells.y])).query(np.column_stack([sx, sy]))[1]
    return LineSet(
        lines=Lines(
            mode=np.array([line.mode for line in lines], np.int8), headway_peak=np.array([line.peak for line in lines]),
            headway_off=np.array([line.off for line in lines]), capacity=np.array([line.capacity for line in lines]),
            first_stop=np.array(first, np.int64), stop_count=np.array([len(line.stops) for line in lines], np.int32),
            running=np.array([line.running for line in lines]), both_ways=np.array([line.run is None for line in lines]),
        ),
        names=tuple(line.name for line in lines),
        line_stops=LineStops(np.array(stop, np.int32), np.array(run), np.array(metres)),
        stops=Stops(
            lon=lon, lat=lat, x=sx, y=sy, node=np.array([s[3] for s in spots], np.int32), district=cells.district[near]
        ),
        stop_names=tuple(s[0] for s in spots), report={},
    )  # fmt: skip
