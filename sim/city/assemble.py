"""From what a source delivers to a city: the same steps for the embedded replica and for real files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from sim.city.city import (
    FREE_FLOW_PAIRS,
    Cells,
    City,
    Connectors,
    Cordon,
    Districts,
    Interchanges,
    Links,
    Nodes,
    Shapes,
    Weather,
)
from sim.city.corridors import corridors
from sim.city.delays import LinkTimes, Speeds, default_speeds, fit
from sim.city.districts import group_cells, spread
from sim.city.facts import CityFacts
from sim.city.feeders import generate_grid
from sim.city.flows import SECTOR_SHARE, VACANT, fit_commuters, jobs_by_sector
from sim.city.geometry import Plane, inside
from sim.city.gtfs import Timetable
from sim.city.lines import build_lines
from sim.city.margins import commune_margins, district_margins
from sim.city.sources import CitySource
from sim.city.streets import StreetGraph, build_graph
from sim.city.weather import normal_year
from sim.codes import Ring, RoadClass
from sim.columns import Array, Codes, Floats, Ints
from sim.errors import Fault, InputError
from sim.scenario.parameters import Parameters

#: Districts this close to the centre make the named area "centre" [m].
CENTRE_RADIUS = 1900.0
#: Cordon totals where no facts are given, per inhabitant (assumption: as in Toulouse's facts).
THROUGH_PER_PERSON, OUTGOERS_PER_EMPLOYED = 0.011, 0.06
#: Names of the gates of real roads: eighths of the circle from the east counter-clockwise, -4 first.
SECTORS = {
    -4: "west-south-west", -3: "south-south-west", -2: "south-south-east", -1: "east-south-east", 0: "east-north-east",
    1: "north-north-east", 2: "north-north-west", 3: "west-north-west", 4: "west",
}  # fmt: skip
#: Stations and lots farther than this from any place of the city are not in it [m].
INTERCHANGE_REACH = 1500.0


@dataclass
class _Draft:
    """What is known half-way: places with their communes and districts, streets with their plane."""

    source: CitySource
    facts: CityFacts | None
    plane: Plane
    graph: StreetGraph
    commune: Ints
    district: Ints
    node: Ints
    commune_of: Ints


def build_city(
    source: CitySource, facts: CityFacts | None, n_districts: int = 300, timetable: Timetable | None = None,
    weather: Weather | None = None,
) -> City:  # fmt: skip
    """Assemble a city, with the lines of a timetable and the normal year of a weather file where given.

    Raises InputError if the source holds no usable streets or places.
    """
    draft = _draft(source, facts, n_districts)
    times = LinkTimes(draft.graph)
    speeds, check, pairs = _speeds(draft, times)
    totals, margin_report = commune_margins(source, facts, draft.commune)
    p = source.places
    margins = district_margins(totals, draft.district, draft.commune_of, p.commuters + 1e-3, p.jobs, p.students)
    districts = _districts(draft, margins)
    jobs = _sector_jobs(draft, districts)
    commuters, flow_report = _commuters(draft, districts)
    cells = _cells(draft)
    g = draft.graph
    nodes = Nodes(g.node_lon, g.node_lat, g.x, g.y, g.height)
    links = _links(draft, times, speeds)
    lines = build_lines(facts, draft.plane, nodes, links, districts, cells, timetable)
    interchanges, interchange_names = _interchanges(draft)
    year = weather or normal_year(draft.plane.lon, draft.plane.lat)
    city = City(
        name=source.name, nodes=nodes, links=links,
        shapes=Shapes(draft.graph.shape_first, draft.graph.shape_count), shape_lon=draft.graph.shape_lon,
        shape_lat=draft.graph.shape_lat, districts=districts, district_names=_names(draft),
        commune_codes=source.communes.codes, commune_names=source.communes.names, jobs=jobs, commuters=commuters, cells=cells,
        connectors=_connectors(cells, speeds), lines=lines.lines, line_names=lines.names, line_stops=lines.line_stops,
        stops=lines.stops, stop_names=lines.stop_names, cordon=_cordon(draft, districts, commuters), gate_names=_gates(draft)[2],
        interchanges=interchanges, interchange_names=interchange_names,
        weather=year, synthetic_streets=source.synthetic_streets,
        water=tuple(w.points for w in facts.water) if facts else (), areas=_areas(draft, districts),
        sources=(
            *source.sources, *(facts.sources if facts and not source.synthetic_streets else ()),
            ("weather", "a normal year of 8,760 hours", year.source),
        ),
    )  # fmt: skip
    if source.roads.cycle is None or (source.roads.cycle < 0).all():
        _lay_existing_tracks(city)
    city.facts = {
        "free_flow_check": check, "streets": draft.graph.dropped, "margins": margin_report, "commuting": flow_report,
        "totals": {name: int(getattr(districts, name).sum()) for name in ("population", "households", "employed", "jobs", "cars")},
        "read": dict(source.report),
    }  # fmt: skip
    if facts is not None and facts.survey:
        city.facts["survey"] = dict(facts.survey)
    if timetable is not None:
        city.facts["transit"] = lines.report
        what = f"{lines.report['lines']:,} lines of {lines.report['date']}, a line by route, direction and stop pattern"
        city.sources += (("transit lines", what, lines.report["feed"]),)
    if len(pairs):
        city.prepared[FREE_FLOW_PAIRS] = pairs
    city.stations, city.buses = generate_grid(city, Parameters())
    city.sources += (
        ("low-voltage grid", "stations and feeders along the streets by stated rules", "generated: docs/grid.md"),
    )
    return city


def _draft(source: CitySource, facts: CityFacts | None, wanted: int) -> _Draft:
    p = source.places
    if not len(p) or not len(source.roads.road_class):
        raise InputError(
            Fault(source.name, f"{len(p)} places and {len(source.roads.road_class)} roads", "at least one of each")
        )
    weight = p.commuters + p.jobs + 1e-3
    if facts is not None:
        plane = Plane.around(*facts.centre)
    else:
        plane = Plane.around(float(np.average(p.lon, weights=weight)), float(np.average(p.lat, weights=weight)))
    graph = build_graph(source.roads, plane)
    x, y = plane.to_metres(p.lon, p.lat)
    commune = _commune_of_places(source, plane, x, y)
    district = group_cells(x, y, weight, commune, wanted).astype(np.int64)
    on_foot = np.unique(graph.tail[graph.road_class != RoadClass.HIGHWAY])
    node = on_foot[cKDTree(np.column_stack([graph.x, graph.y])[on_foot]).query(np.column_stack([x, y]))[1]]
    commune_of = np.zeros(district.max() + 1, np.int64)
    commune_of[district] = commune
    return _Draft(source, facts, plane, graph, commune, district, node, commune_of)


def _commune_of_places(source: CitySource, plane: Plane, x: Floats, y: Floats) -> Ints:
    """By outline where there are outlines, else the nearest commune centre for its size."""
    p, communes = source.places, source.communes
    out = np.full(len(p), -1, np.int64)
    for i, rings in enumerate(communes.outlines):
        for ring in rings:
            low, high = ring.min(axis=0), ring.max(axis=0)
            maybe = np.flatnonzero(
                (out < 0) & (p.lon >= low[0]) & (p.lon <= high[0]) & (p.lat >= low[1]) & (p.lat <= high[1])
            )
            out[maybe[inside(ring, p.lon[maybe], p.lat[maybe])]] = i
    left = np.flatnonzero(out < 0)
    if len(left):
        cx, cy = plane.to_metres(communes.margins.lon, communes.margins.lat)
        size = np.sqrt(np.maximum(np.nan_to_num(communes.margins.population, nan=1.0), 1.0))
        out[left] = np.argmin(np.hypot(x[left, None] - cx, y[left, None] - cy) / size, axis=1)
    return out


def _speeds(draft: _Draft, times: LinkTimes) -> tuple[Speeds, dict[str, Any] | None, Floats]:
    """Fitted on the source's reference times if it has some, else the registry's (fitted on the real Toulouse)."""
    c = draft.source.commutes
    home, work = draft.node[c.home], draft.node[c.work]
    usable = np.isfinite(c.seconds) & (c.seconds > 0.0) & (home != work)
    if usable.sum() < 50:
        return default_speeds(), None, np.zeros((0, 2))
    return fit(times, home[usable], work[usable], c.seconds[usable])


def _links(draft: _Draft, times: LinkTimes, speeds: Speeds) -> Links:
    g, p = draft.graph, Parameters()
    run, delay = times.parts(speeds)
    c = g.road_class
    usual = np.array([p["lanes_highway"], p["lanes_major"], p["lanes_minor"]]).round().astype(np.int64)[c]
    lanes, cycle = _of_roads(draft.source.roads.lanes, g, 0, usual), _of_roads(draft.source.roads.cycle, g, -1, 0)
    capacity = np.array([p["capacity_highway"], p["capacity_major"], p["capacity_minor"]])[c] * lanes / usual
    places = draft.source.places
    px, py = draft.plane.to_metres(places.lon, places.lat)
    middle = np.column_stack([(g.x[g.tail] + g.x[g.head]) / 2, (g.y[g.tail] + g.y[g.head]) / 2])
    near = cKDTree(np.column_stack([px, py])).query(middle)[1]
    n = len(c)
    return Links(
        tail=g.tail, head=g.head, edge=g.edge, length=g.length, road_class=c, speed=times.speed(speeds), free_time=run + delay,
        capacity=capacity, lanes=lanes, alpha=np.full(n, p["bpr_alpha"]), beta=np.full(n, p["bpr_beta"]), district=draft.district[near],
        structure=g.structure, cycle_level=cycle, on_foot=c != RoadClass.HIGHWAY,
    )  # fmt: skip


def _lay_existing_tracks(city: City) -> None:
    """Separate tracks along the first corridors, as many kilometres for the inhabitants as the registry says."""
    edges, km = corridors(city)
    there = Parameters()["existing_tracks"] * float(city.districts.population.sum()) / 1000.0
    city.links.cycle_level[np.isin(city.links.edge, edges[km <= there])] = 2


def _of_roads(values: Ints | None, g: StreetGraph, unknown: int, usual: Ints | int) -> Ints:
    """(L,) what the source says of each link's road, the usual where it says nothing."""
    given = np.full(len(g.feature), unknown) if values is None else np.asarray(values, np.int64)[g.feature]
    return np.where(given == unknown, usual, given)


def _districts(draft: _Draft, m: dict[str, Ints]) -> Districts:
    p = draft.source.places
    x, y = draft.plane.to_metres(p.lon, p.lat)
    weight = p.commuters + 0.3 * p.jobs + 1e-3
    n = len(draft.commune_of)
    rows = [spread(x[mine], y[mine], weight[mine]) for mine in (np.flatnonzero(draft.district == d) for d in range(n))]
    cx, cy, area, inner = np.array(rows).T
    lon, lat = draft.plane.to_degrees(cx, cy)
    return Districts(
        lon=lon, lat=lat, x=cx, y=cy, commune=draft.commune_of, ring=_rings(draft, lon, lat, cx, cy), area=area, inner_distance=inner,
        **m,
    )  # fmt: skip


def _rings(draft: _Draft, lon: Floats, lat: Floats, x: Floats, y: Floats) -> Codes:
    if draft.facts is not None:
        return draft.facts.ring_of(lon, lat)
    return np.searchsorted((4000.0, 9000.0, 16000.0), np.hypot(x, y)).astype(np.int8)


def _sector_jobs(draft: _Draft, districts: Districts) -> Ints:
    near = np.zeros(len(districts))
    if draft.facts is not None:
        for px, py in zip(*draft.plane.to_metres(*draft.facts.aeronautics.T), strict=True):
            near = np.maximum(near, np.exp(-(((districts.x - px) ** 2 + (districts.y - py) ** 2) / 1500.0**2)))
    busy = np.exp(-np.hypot(districts.x, districts.y) / 2500.0)
    known = draft.facts.sectors if draft.facts is not None else {}
    return jobs_by_sector(districts.jobs, near, busy, known or SECTOR_SHARE)


def _commuters(draft: _Draft, districts: Districts) -> tuple[Floats, dict[str, Any]]:
    c = draft.source.commutes
    n = len(districts)
    seed = np.bincount(draft.district[c.home] * n + draft.district[c.work], weights=c.size, minlength=n * n).reshape(
        n, n
    )
    employed, jobs = districts.employed.astype(float), districts.jobs.astype(float)
    outgoers = draft.facts.totals["outgoers"] if draft.facts else OUTGOERS_PER_EMPLOYED * employed.sum()
    surplus = employed.sum() - outgoers - jobs.sum() * (1.0 - VACANT)
    return fit_commuters(seed, employed, jobs, outgoers + max(0.0, surplus))


def _cells(draft: _Draft) -> Cells:
    p = draft.source.places
    x, y = draft.plane.to_metres(p.lon, p.lat)
    return Cells(
        lon=p.lon, lat=p.lat, x=x, y=y, district=draft.district, node=draft.node, residents=p.commuters + 1e-3, jobs=p.jobs,
    )  # fmt: skip


def _connectors(cells: Cells, speeds: Speeds) -> Connectors:
    """The weightiest distinct street nodes of each district; reaching one takes half of the access time."""
    per = int(Parameters()["connectors_per_district"])
    weight = cells.residents + cells.jobs
    district, node = [], []
    for d in range(int(cells.district.max()) + 1):
        mine = np.flatnonzero(cells.district == d)
        nodes, where = np.unique(cells.node[mine], return_inverse=True)
        strength = np.bincount(where, weights=weight[mine])
        best = nodes[np.argsort(-strength, kind="stable")[:per]]
        district += [d] * len(best)
        node += best.tolist()
    return Connectors(
        district=np.array(district), node=np.array(node), time=np.full(len(node), speeds.access_time / 2.0)
    )


def _cordon(draft: _Draft, districts: Districts, commuters: Floats) -> Cordon:
    node, share, _ = _gates(draft)
    people = float(districts.population.sum())
    facts = draft.facts.totals if draft.facts is not None and draft.source.synthetic_streets else {}
    held = float(commuters.sum())
    incomers = max(0.0, float(districts.jobs.sum()) * (1.0 - VACANT) - held)
    outgoers = float(districts.employed.sum()) - held
    return Cordon(
        node=node, incomers=incomers * share[0], outgoers=outgoers * share[0],
        through=facts.get("through", THROUGH_PER_PERSON * people) * share[1],
        freight=share[2], rail=_rail(draft, len(node)),
    )  # fmt: skip


def _rail(draft: _Draft, gates: int) -> Array:
    """Gates with a railway beside the road, as the facts say; on real roads, whose gates are sectors, all of them or none."""
    if draft.facts is None:
        return np.zeros(gates, bool)
    return np.array(draft.facts.rail_gates) if draft.source.synthetic_streets else np.ones(gates, bool)


def _interchanges(draft: _Draft) -> tuple[Interchanges, tuple[str, ...]]:
    """Stations and park-and-rides of the facts that lie in the city, in the district of the nearest place."""
    rows = draft.facts.interchanges if draft.facts is not None else ()
    if not rows:
        return Interchanges.blank(), ()
    x, y = draft.plane.to_metres(np.array([r[2] for r in rows]), np.array([r[3] for r in rows]))
    p = draft.source.places
    px, py = draft.plane.to_metres(p.lon, p.lat)
    found = cKDTree(np.column_stack([px, py])).query(np.column_stack([x, y]))
    apart, near = np.asarray(found[0]), np.asarray(found[1])
    kept = np.flatnonzero(apart < INTERCHANGE_REACH)
    table = Interchanges(
        rail=np.array([r[1] for r in rows])[kept], x=x[kept], y=y[kept], district=draft.district[near[kept]],
        places=np.array([r[4] for r in rows])[kept], open_to_all=np.array([r[5] for r in rows])[kept],
    )  # fmt: skip
    return table, tuple(rows[i][0] for i in kept.tolist())


def _gates(draft: _Draft) -> tuple[Ints, Array, tuple[str, ...]]:
    """Nodes of the gates, (3, gates) shares of incomers, through traffic and freight, names.

    Facts name the gates of the replica; on real roads a gate is the farthest motorway (else main-street) node of each of eight
    sectors around the centre, motorways weighing three times as much.
    """
    g = draft.graph
    best = np.full(len(g.x), RoadClass.MINOR, np.int8)
    np.minimum.at(best, g.tail, g.road_class)
    main = np.flatnonzero(
        best <= max(int(RoadClass.MAJOR), int(best.min()))
    )  # a town of minor roads only has gates too
    if draft.facts is not None and draft.source.synthetic_streets:
        x, y = draft.plane.to_metres(
            np.array([r[1] for r in draft.facts.gates]), np.array([r[2] for r in draft.facts.gates])
        )
        node = main[cKDTree(np.column_stack([g.x, g.y])[main]).query(np.column_stack([x, y]))[1]]
        shares = np.array([r[3:] for r in draft.facts.gates]).T
        return node, shares / shares.sum(axis=1, keepdims=True), tuple(r[0] for r in draft.facts.gates)
    sector = (np.degrees(np.arctan2(g.y, g.x)) // 45.0).astype(int)
    far = np.hypot(g.x, g.y)
    node, weight = [], []
    for s in np.unique(sector[main]):
        mine = main[sector[main] == s]
        motorway = mine[best[mine] == RoadClass.HIGHWAY]
        chosen = motorway if len(motorway) else mine
        node.append(int(chosen[np.argmax(far[chosen])]))
        weight.append(3.0 if len(motorway) else 1.0)
    share = np.array(weight) / sum(weight)
    names = tuple(SECTORS[int(s)] for s in np.unique(sector[main]))
    return np.array(node, np.int64), np.tile(share, (3, 1)), names


def _areas(draft: _Draft, districts: Districts) -> dict[str, Array]:
    ring = np.flatnonzero(districts.ring == Ring.CENTRE)
    out = {
        "centre": np.flatnonzero(np.hypot(districts.x, districts.y) < CENTRE_RADIUS),
        "inside_ring_road": ring,
        "lez": _low_emission_zone(draft, districts, ring),
        "metropole": np.arange(len(districts)),
    }
    if draft.facts is not None:
        known = [i for i, code in enumerate(draft.source.communes.codes) if code in draft.facts.communes.codes]
        out["metropole"] = np.flatnonzero(np.isin(districts.commune, known))
    return out


def _low_emission_zone(draft: _Draft, districts: Districts, ring: Ints) -> Ints:
    """Districts whose centre lies in the facts' polygon; inside the ring road where there is none."""
    if draft.facts is None or draft.facts.lez is None:
        return ring
    return np.flatnonzero(inside(draft.facts.lez, districts.lon, districts.lat))


def _names(draft: _Draft) -> tuple[str, ...]:
    """Commune and running number."""
    seen: dict[int, int] = {}
    total = np.bincount(draft.commune_of, minlength=len(draft.source.communes.names))
    out = []
    for c in draft.commune_of.tolist():
        seen[c] = seen.get(c, 0) + 1
        name = draft.source.communes.names[c]
        out.append(name if total[c] == 1 else f"{name} {seen[c]}")
    return tuple(out)
