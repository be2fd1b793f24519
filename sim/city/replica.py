"""The embedded replica: streets generated around real motorways, river, bridges and town centres, from facts alone.

A local street net is the relative-neighbourhood graph of scattered street corners (dense where people live) plus a share of
its Gabriel graph: planar, connected, about three streets a corner with dead ends, as city streets are (Marshall 2005; Barthélemy
2011, Physics Reports 499). Main streets are shortest paths between hubs over that net. Motorways are real centrelines; streets
cross them only where a main street does, and cross the river only at the listed bridges.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay, cKDTree

from kernels.draws import stream, uniforms
from sim.city.facts import CityFacts, Way, load_facts
from sim.city.geometry import Plane, crosses, inside, whole_numbers
from sim.city.sources import CitySource, Commutes, Places, RoadFeatures
from sim.codes import RoadClass
from sim.columns import Bools, Floats, Ints

SEED = 31555  # the replica is one fixed city
SPACING_DENSE, SPACING_LOOSE = 150.0, 330.0  # m between street corners (assumption)
GABRIEL_SHARE = 0.42  # of the streets that only the Gabriel graph has (assumption: about three streets a corner)
RAMP_EVERY = 1500.0  # m between interchanges (assumption)
EDGE = 2500.0  # m beyond the last street corner, motorways end (at a gate)
LONGEST_RAMP = 1500.0  # m
JOIN = 2000.0  # m between the sampled end of a motorway and the one that it leaves
PLACES = 1700
DISC = 0.5  # length of the exponential fall of density over a commune's radius (chosen beside INSEE cells: tests)
PLACE_POWER = 0.75  # places are drawn with weight people ** PLACE_POWER (assumption)
POLE_RADIUS = 700.0  # m, spread of the jobs of a pole (assumption)
FITS, BALANCES = 30, 40  # rounds of the gravity model: deterrence, margins
LOCAL_JOBS = 0.1  # least share of a commune's jobs that follow its inhabitants (assumption)
ABUTMENT = 60.0  # m from the middle of the river to each end of a bridge
APPROACH = 1500.0  # m, longest street from a bridge to the next corner


@lru_cache(maxsize=2)
def replica_source(name: str = "toulouse") -> CitySource:
    """The embedded city as a source for ``assemble.build_city``."""
    facts = load_facts(name)
    plane = Plane.around(*facts.centre)
    corners = _corners(facts, plane)
    streets = _Streets(facts, plane, corners)
    places = _places(facts, plane, corners)
    return CitySource(
        name=f"{name.capitalize()} (embedded replica)", roads=streets.features(), places=places,
        commutes=_gravity(places, plane, facts.totals["commute_straight_km"]), communes=facts.communes, synthetic_streets=True,
        sources=(
            *facts.sources,
            ("local streets", "relative-neighbourhood graph of scattered corners", "generated: sim/city/replica.py"),
            ("commuting", "gravity fitted to commute_straight_km", "generated: sim/city/replica.py"),
        ),
    )  # fmt: skip


def densities(facts: CityFacts, plane: Plane, x: Floats, y: Floats) -> Floats:
    """(n, communes) people per km2 that each commune brings to places.

    Exponential around each commune's centre (Clark 1951); the largest commune is the sum of its quarters.
    """
    m = facts.communes.margins
    radius = np.sqrt(np.minimum(facts.area_km2, m.population / 1800.0 + 0.4) / np.pi) * DISC
    out = _discs(plane, m.lon, m.lat, m.population, radius, x, y)
    if len(facts.quarters):
        largest = int(np.argmax(m.population))
        lon, lat, share, size = facts.quarters.T
        out[:, largest] = _discs(plane, lon, lat, share * m.population[largest], size, x, y).sum(axis=1)
    return out


def _discs(plane: Plane, lon: Floats, lat: Floats, people: Floats, radius: Floats, x: Floats, y: Floats) -> Floats:
    """(n, discs) people per km2 at places x, y [m] from exponential discs of a radius [km]."""
    cx, cy = plane.to_metres(lon, lat)
    km = np.hypot(x[:, None] - cx, y[:, None] - cy) / 1000.0
    out: Floats = people / (2 * np.pi * radius**2) * np.exp(-km / radius)
    return out


def density(facts: CityFacts, plane: Plane, x: Floats, y: Floats) -> Floats:
    """People per km2 at places, all communes together."""
    return np.asarray(densities(facts, plane, x, y).sum(axis=1))


def _thinning(people: Floats) -> Floats:
    """Share of the densest grid's corners that are kept at a density of people."""
    spacing = np.clip(SPACING_LOOSE * (1500.0 / np.maximum(people, 1.0)) ** 0.28, SPACING_DENSE, 1400.0)
    return np.asarray((SPACING_DENSE / spacing) ** 2)


def _corners(facts: CityFacts, plane: Plane) -> Floats:
    """(n, 2) street corners [m]: a jittered hexagonal grid, thinned where few people live."""
    m = facts.communes.margins
    cx, cy = plane.to_metres(m.lon, m.lat)
    reach = np.sqrt(facts.area_km2 / np.pi) * 1000.0
    xs = np.arange(cx.min() - 3000, cx.max() + 3000, SPACING_DENSE)
    ys = np.arange(cy.min() - 3000, cy.max() + 3000, SPACING_DENSE * 0.866)
    gx, gy = np.meshgrid(xs, ys)
    gx = gx + (np.arange(len(ys)) % 2)[:, None] * SPACING_DENSE / 2
    x, y = gx.ravel(), gy.ravel()
    ids = np.arange(len(x))
    x = x + (uniforms(SEED, stream("replica.x"), ids, 0, 0) - 0.5) * SPACING_DENSE * 0.75
    y = y + (uniforms(SEED, stream("replica.y"), ids, 0, 0) - 0.5) * SPACING_DENSE * 0.75
    keep = uniforms(SEED, stream("replica.keep"), ids, 0, 0) < _thinning(density(facts, plane, x, y))
    near = np.min(np.hypot(x[:, None] - cx, y[:, None] - cy) - 1.25 * reach, axis=1) < 0.0
    for lake in facts.shores(plane):
        near &= ~inside(lake, x, y)
    out: Floats = np.column_stack([x, y])[keep & near]
    return out


class _Streets:
    """Grows the street net step by step; corners get further points for bridges and motorways."""

    def __init__(self, facts: CityFacts, plane: Plane, corners: Floats) -> None:
        self.facts, self.plane = facts, plane
        self.points, self.corners = corners, len(corners)
        self.river = [np.column_stack(plane.to_metres(*w.points.T)) for w in facts.water if w.kind == "river"]
        self.wet = self.river + facts.shores(plane)
        lines = [np.column_stack(plane.to_metres(*_closed(w).T)) for w in facts.motorways]
        near = [np.asarray(cKDTree(corners).query(line)[0]) < EDGE for line in lines]
        kept = [i for i, keep in enumerate(near) if keep.sum() > 1]
        self.motorways = [lines[i][near[i]] for i in kept]
        self.closed = [
            facts.motorways[i].kind == "closed" for i in kept
        ]  # for through traffic: no interchange between its ends
        gabriel, backbone = _proximity(corners)
        wet = self._crossing(gabriel, self.wet)
        self.edges, backbone = gabriel[~wet], backbone[~wet]
        self.bridges = self._bridge_edges()
        self.main = self._main_streets()
        draw = uniforms(SEED, stream("replica.street"), np.arange(len(self.edges)), 0, 0)
        over = self._crossing(self.edges, self.motorways)
        self.edges = self.edges[
            (backbone | (draw < GABRIEL_SHARE) | self._is_main(self.edges)) & (~over | self._is_main(self.edges))
        ]

    def _crossing(self, edges: Ints, lines: list[Floats]) -> Bools:
        a, b = self.points[edges[:, 0]], self.points[edges[:, 1]]
        out = np.zeros(len(edges), bool)
        for line in lines:
            out |= crosses(a[:, 0], a[:, 1], b[:, 0], b[:, 1], line)
        return out

    def _bridge_edges(self) -> Ints:
        """(n, 2) edges over the street bridges: two new corners on the banks, each joined to the next corner of its bank."""
        out: list[tuple[int, int]] = []
        for _, kind, lon, lat in self.facts.bridges:
            if kind != "street":
                continue
            spot, along = _on_line(
                np.column_stack(self.plane.to_metres(np.array([lon]), np.array([lat])))[0], self.river
            )
            across = np.array([-along[1], along[0]]) * ABUTMENT
            ends = [self._next_corner(spot + side * across) for side in (1.0, -1.0)]
            if None in ends:
                continue
            n = len(self.points)
            self.points = np.vstack([self.points, spot + across, spot - across])
            out += [(n, n + 1), *((corner, n + k) for k, corner in enumerate(ends) if corner is not None)]
        return np.array(out, np.int64).reshape(-1, 2)

    def _next_corner(self, place: Floats) -> int | None:
        """The nearest generated corner on the same bank, None if all are farther than APPROACH."""
        near = np.argsort(np.hypot(*(self.points[: self.corners] - place).T), kind="stable")[:100]
        dry = self._dry(place, near)
        if not len(dry) or np.hypot(*(self.points[dry[0]] - place)) > APPROACH:
            return None
        return int(dry[0])

    def _dry(self, place: Floats, corners: Ints) -> Ints:
        """The corners that a straight line reaches from a place without crossing water."""
        to = self.points[corners]
        wet = np.zeros(len(corners), bool)
        for line in self.wet:
            wet |= crosses(np.full(len(to), place[0]), np.full(len(to), place[1]), to[:, 0], to[:, 1], line)
        return corners[~wet]

    def _joined(self) -> list[Floats]:
        """Motorways led on to the nearest vertex of another one, where an end lies within JOIN of it."""
        out = []
        for i, line in enumerate(self.motorways):
            others = np.vstack([other for j, other in enumerate(self.motorways) if j != i])
            joined = line
            for end in (0, -1):
                gap = np.hypot(*(others - line[end]).T)
                if 0.0 < gap.min() < JOIN and not np.array_equal(line[0], line[-1]):
                    target = others[np.argmin(gap)][None]
                    joined = np.vstack([target, joined] if end == 0 else [joined, target])
            out.append(joined)
        return out

    def _main_streets(self) -> Ints:
        """(n, 2) node pairs of main streets: shortest paths between neighbouring hubs, and the bridges."""
        hubs = self._hubs()
        everything = np.vstack([self.edges, self.bridges])
        length = np.hypot(*(self.points[everything[:, 0]] - self.points[everything[:, 1]]).T)
        n = len(self.points)
        graph = csr_matrix((np.r_[length, length], (everything.T.ravel(), everything[:, ::-1].T.ravel())), shape=(n, n))
        pairs, _ = _proximity(self.points[hubs])
        _, before = dijkstra(graph, indices=hubs, return_predecessors=True)
        chosen = set()
        for i, j in pairs.tolist():
            node = int(hubs[j])
            while before[i, node] >= 0:
                chosen.add((min(node, int(before[i, node])), max(node, int(before[i, node]))))
                node = int(before[i, node])
        chosen |= {(min(a, b), max(a, b)) for a, b in self.bridges.tolist()}
        return np.array(sorted(chosen), np.int64)

    def _hubs(self) -> Ints:
        """Corners nearest to commune centres, job poles, gates and a coarse net of dense quarters; and the bridges."""
        m, gates = self.facts.communes.margins, self.facts.gates
        lon = np.concatenate([m.lon, [p[2] for p in self.facts.poles], [g[1] for g in gates]])
        lat = np.concatenate([m.lat, [p[3] for p in self.facts.poles], [g[2] for g in gates]])
        spots = np.column_stack(self.plane.to_metres(lon, lat))
        people = density(self.facts, self.plane, *self.points.T)
        dense = self.points[people > 2500.0]
        quarters = np.unique(np.round(dense / 1300.0), axis=0) * 1300.0
        near = np.asarray(cKDTree(self.points).query(np.vstack([spots, quarters]))[1])
        return np.unique(np.r_[near, np.arange(self.corners, len(self.points))]).astype(np.int64)

    def _is_main(self, edges: Ints) -> Bools:
        key = np.array([len(self.points), 1], np.int64)
        return np.isin(np.sort(edges, axis=1) @ key, np.sort(self.main, axis=1) @ key)

    def features(self) -> RoadFeatures:
        """Every street as a two-point feature, every motorway carriageway as a polyline with ramps to main streets."""
        streets = np.unique(np.sort(np.vstack([self.edges, self.bridges]), axis=1), axis=0)
        streets = streets[_largest(streets, len(self.points))]
        main = self._is_main(streets)
        bridge = streets.min(axis=1) >= self.corners
        #: points, class, on a bridge, one way
        pieces = [
            (self.points[pair], RoadClass.MAJOR if m else RoadClass.MINOR, int(b), False)
            for pair, m, b in zip(streets, main, bridge, strict=True)
        ]
        used = np.unique(streets[main])
        for line, closed in zip(self._joined(), self.closed, strict=True):
            # both carriageways meet at the vertices: interchanges and joins
            pieces += [(line, RoadClass.HIGHWAY, 0, True), (line[::-1], RoadClass.HIGHWAY, 0, True)]
            for spot in () if closed else _interchanges(line):
                dry = self._dry(spot, used)
                gap = np.hypot(*(self.points[dry] - spot).T)
                if gap.min() <= LONGEST_RAMP:
                    pieces.append((np.array([spot, self.points[dry[np.argmin(gap)]]]), RoadClass.MAJOR, 0, False))
        lines, classes, structure, one_way = zip(*pieces, strict=True)
        sizes = np.array([len(line) for line in lines])
        lon, lat = self.plane.to_degrees(*np.vstack(lines).T)
        return RoadFeatures(
            first=np.r_[0, np.cumsum(sizes)], lon=np.round(lon, 7), lat=np.round(lat, 7),
            road_class=np.array(classes, np.int8), structure=np.array(structure, np.int8), one_way=np.array(one_way),
        )  # fmt: skip


def _closed(way: Way) -> Floats:
    """The points of a motorway; a ring comes back to its first."""
    return np.vstack([way.points, way.points[:1]]) if way.kind == "ring" else way.points


def _on_line(spot: Floats, lines: list[Floats]) -> tuple[Floats, Floats]:
    """The nearest point of some polylines, and the unit vector along them there."""
    best, at, direction = np.inf, spot, np.array([1.0, 0.0])
    for line in lines:
        start, step = line[:-1], np.diff(line, axis=0)
        share = np.clip(((spot - start) * step).sum(axis=1) / (step**2).sum(axis=1), 0.0, 1.0)
        foot = start + share[:, None] * step
        gap = np.hypot(*(foot - spot).T)
        i = int(np.argmin(gap))
        if gap[i] < best:
            best, at, direction = float(gap[i]), foot[i], step[i] / np.hypot(*step[i])
    return at, direction


def _interchanges(line: Floats) -> list[Floats]:
    """Vertices at least RAMP_EVERY apart along the line, ends included."""
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    out, last = [], -np.inf
    for point, s in zip(line, along, strict=True):
        if s - last >= RAMP_EVERY:
            out.append(point)
            last = s
    return out


def _proximity(points: Floats) -> tuple[Ints, Bools]:
    """Gabriel graph (n, 2) of points, and which of its edges are in the relative-neighbourhood graph (Toussaint 1980)."""
    simplices = Delaunay(points).simplices
    pairs = np.vstack([simplices[:, [0, 1]], simplices[:, [1, 2]], simplices[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)
    a, b = points[pairs[:, 0]], points[pairs[:, 1]]
    length = np.hypot(*(a - b).T)
    tree = cKDTree(points)
    gabriel = np.asarray(tree.query((a + b) / 2)[0]) >= length / 2 * (1 - 1e-9)
    pairs, length = pairs[gabriel], length[gabriel]
    count = np.zeros(len(pairs), np.int64)
    k = min(16, len(points))
    distance, neighbour = (np.asarray(found) for found in tree.query(points, k=k))
    for c in range(1, k):  # a third corner closer to both ends than they are to one another breaks the edge
        third = neighbour[pairs[:, 0], c]
        closer = (distance[pairs[:, 0], c] < length * (1 - 1e-9)) & (third != pairs[:, 1])
        gap = np.hypot(*(points[third] - points[pairs[:, 1]]).T)
        count += closer & (gap < length * (1 - 1e-9))
    return pairs, count == 0


def _largest(edges: Ints, n: int) -> Bools:
    """Edges of the largest connected part."""
    graph = csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    best = np.bincount(label[edges[:, 0]]).argmax()
    return np.asarray(label[edges[:, 0]] == best)


def _places(facts: CityFacts, plane: Plane, corners: Floats) -> Places:
    """Where people live and work: corners drawn by density, each standing for the area of the corners it was drawn from."""
    m = facts.communes.margins
    cx, cy = plane.to_metres(m.lon, m.lat)
    size = np.sqrt(facts.area_km2)
    commune = np.argmin(np.hypot(corners[:, :1] - cx, corners[:, 1:] - cy) / (1000.0 * size), axis=1)
    parts = densities(facts, plane, *corners.T)
    people = parts.sum(axis=1)
    # exponential race: the PLACES smallest of E/weight are a weighted draw without replacement (Efraimidis & Spirakis 2006)
    weight = np.maximum(people, 1.0) ** PLACE_POWER
    race = -np.log(uniforms(SEED, stream("replica.place"), np.arange(len(corners)), 0, 0)) / weight
    last = np.sort(race)[PLACES]
    best = race < last
    for c in range(len(cx)):  # every commune has at least three places
        mine = np.flatnonzero(commune == c)
        best[mine[np.argsort(race[mine], kind="stable")[:3]]] = True
    rows = np.flatnonzero(best)
    area = 1.0 / (
        _thinning(people[rows]) * -np.expm1(-last * weight[rows])
    )  # over the chance to be a corner and be drawn
    x, y = corners[rows].T
    commune = commune[rows]
    living = parts[rows, commune] * area
    poles = _pole_jobs(facts, plane, x, y, area)
    homes, jobs = np.zeros(len(rows)), np.zeros(len(rows))
    for c in range(len(cx)):
        mine = commune == c
        homes[mine] = whole_numbers(living[mine], int(m.employed[c]))
        local = max(float(m.jobs[c] - poles[mine].sum()), LOCAL_JOBS * float(m.jobs[c]))
        jobs[mine] = whole_numbers(poles[mine] + local * living[mine] / living[mine].sum(), int(m.jobs[c]))
    lon, lat = plane.to_degrees(x, y)
    return Places(lon=lon, lat=lat, commuters=homes, jobs=jobs, students=_study(facts, plane, x, y))


def _pole_jobs(facts: CityFacts, plane: Plane, x: Floats, y: Floats, area: Floats) -> Floats:
    """Jobs of the poles at places: each pole's own number, spread as a bell around it."""
    out = np.zeros(len(x))
    for _, kind, lon, lat, thousands in facts.poles:
        if kind == "jobs":
            px, py = plane.to_metres(np.array([lon]), np.array([lat]))
            d = np.hypot(x - px, y - py)
            bell = area * np.exp((d.min() ** 2 - d**2) / POLE_RADIUS**2)
            out += 1000.0 * thousands * bell / bell.sum()
    return out


def _study(facts: CityFacts, plane: Plane, x: Floats, y: Floats) -> Floats:
    """Places in higher education, at the place nearest to each campus."""
    out = np.zeros(len(x))
    for _, kind, lon, lat, places in facts.poles:
        if kind == "study":
            px, py = plane.to_metres(np.array([lon]), np.array([lat]))
            out[np.argmin(np.hypot(x - px, y - py))] += places
    return out


def _gravity(places: Places, plane: Plane, mean_km: float) -> Commutes:
    """Doubly constrained gravity with exponential deterrence (Wilson 1967), fitted to the mean straight distance [km].

    Flows below one commuter are kept with their size as chance and then stand for one: sums stay right on average.
    """
    x, y = plane.to_metres(places.lon, places.lat)
    km = np.hypot(x[:, None] - x, y[:, None] - y) / 1000.0
    jobs = places.jobs * (places.commuters.sum() / places.jobs.sum())
    beta, b = 1.0 / mean_km, np.ones(len(x))
    for _ in range(FITS):
        kernel = np.exp(-beta * km)
        for _ in range(BALANCES):
            a = places.commuters / np.maximum(kernel @ b, 1e-300)
            b = jobs / np.maximum(a @ kernel, 1e-300)
        mean = float(a @ (kernel * km) @ b / (a @ kernel @ b))
        if abs(mean / mean_km - 1.0) < 1e-4:
            break
        beta *= mean / mean_km
    flow = (kernel * b * a[:, None]).ravel()
    draw = uniforms(SEED, stream("replica.flow"), np.arange(len(flow)), 0, 0)
    pair = np.flatnonzero(draw < flow)
    nothing = np.full(len(pair), np.nan)
    home, work = np.divmod(pair, len(x))
    return Commutes(home=home, work=work, size=np.maximum(flow[pair], 1.0), seconds=nothing, metres=nothing)
