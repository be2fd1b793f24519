"""The low-voltage grid of a city, generated: stations, radial feeders along the streets, cables. The rules: docs/grid.md.

Customers hang where :mod:`sim.city.hookups` puts them; each is supplied by the station that is nearest along the streets
(:mod:`sim.city.substations`), over the shortest way: a tree, which leaves the station by as many feeders as it has branches there.
Stations were built at different times, each for a share of today's design load. Cables follow the design load below them and get
thicker, from the station on, where the voltage drop asks for it; where the thickest is not enough, or the transformer, another station
is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from kernels.draws import stream, uniforms
from kernels.trees import along, below, nearest_kept
from sim.city.city import Buses, City, Stations
from sim.city.districtstreets import Web, district_web
from sim.city.equipment import (
    CABLE_AMPS,
    COS_PHI,
    OVERHEAD,
    RATINGS,
    TAN_PHI,
    THICKER,
    UNDERGROUND,
    VOLTS,
    amps,
    design_load,
    line,
    rating_for,
    transformer,
)
from sim.city.hookups import Hookups, hookups, street_pieces
from sim.city.substations import Supply, bulk_load, divided, place, planned_size
from sim.codes import Cable, StationKind
from sim.columns import Bools, Codes, Floats, Ints

SEED = 31  # any: the grid is one of many that keep the rules
#: Rounds of building further stations where one is too small or its lines too long.
ROUNDS = 8
#: Most equal cables side by side.
MOST_SETS = 4


class Trees(NamedTuple):
    """The lines of all stations (n,), parents before children, station by station, the busbar first."""

    vertex: Ints
    station: Ints
    parent: Ints
    length: Floats
    customers: Floats  #: (n, 4)
    kva: Floats  #: design load of what hangs on the bus and below


class Lines(NamedTuple):
    """Cables of the lines (n,)."""

    cable: Codes
    sets: Floats


def generate_grid(city: City, parameters: Mapping[str, float]) -> tuple[Stations, Buses]:
    """Stations and buses of a city; the same for the same city and parameters. Takes one to three seconds for a large one."""
    p = parameters
    pieces = street_pieces(city)
    points = hookups(city, pieces, p)
    own = points.sites > 0
    public = Hookups(*(column[~own] for column in points))
    sites = Hookups(*(column[own] for column in points))
    if not len(public.piece):
        return _tables(city, None, sites, p)
    web = district_web(city, pieces, public, p["line_gap"])
    d = city.districts
    overhead = (d.population < p["overhead_density"] * d.area)[web.district]
    supply, trees, lines = _planned(web, overhead, p)
    return _tables(city, (web, supply, trees, lines), sites, p)


def _planned(web: Web, overhead: Bools, p: Mapping[str, float]) -> tuple[Supply, Trees, Lines]:
    """Stations and lines that keep to the limits, with as many stations as that takes."""
    graph, load = web.graph(), bulk_load(web, p)
    in_air = np.zeros(int(web.part.max()) + 1, bool)
    in_air[web.part] = overhead
    supply = place(web, graph, load, planned_size(web, load, in_air, p))
    for _ in range(ROUNDS):
        trees = grow(web, supply, p)
        lines, dropped = cabled(trees, overhead[trees.vertex], p)
        into = _wanted(trees, dropped, len(supply.station), p)
        if (into == 1).all():
            break
        supply = divided(web, graph, load, supply, into)
    trees = grow(web, supply, p)
    lines, dropped = cabled(trees, overhead[trees.vertex], p)
    return supply, trees, doubled(trees, lines, dropped, p["design_drop"])


def _wanted(trees: Trees, dropped: Floats, stations: int, p: Mapping[str, float]) -> Ints:
    """(S,) stations that each should be replaced by: 1 where transformer and lines will do."""
    busbar = trees.parent == np.arange(len(trees.parent))
    places = np.bincount(trees.station, trees.customers[:, :3].sum(axis=1) > 0.0, stations)
    kva, worst = np.zeros(stations), np.zeros(stations)
    kva[trees.station[busbar]] = trees.kva[busbar]
    np.maximum.at(worst, trees.station, dropped)
    into = np.maximum(np.ceil(kva / (RATINGS[-1] * p["network_use"])), 1.0)
    into[worst > p["design_drop"]] = np.maximum(into[worst > p["design_drop"]], 2.0)
    return np.minimum(into, np.maximum(places, 1.0)).astype(np.int64)


def grow(web: Web, supply: Supply, p: Mapping[str, float]) -> Trees:
    """The shortest ways from every station to its customers, without the places where nothing hangs and nothing branches."""
    reached = np.flatnonzero(supply.by >= 0)
    order = reached[np.lexsort((reached, supply.apart[reached], supply.by[reached]))]
    row = np.full(len(web.x), -1, np.int64)
    row[order] = np.arange(len(order))
    above = supply.above[order]
    parent = np.where(above >= 0, row[above], np.arange(len(order)))
    own = web.customers[order]
    total = below(parent, own)
    busbar = parent == np.arange(len(order))
    served = total[:, :3].sum(axis=1) > 0.0
    hangs = own[:, :3].sum(axis=1) > 0.0
    branches = np.bincount(parent[served & ~busbar], minlength=len(order))
    kept = (served & (hangs | (branches > 1))) | busbar
    anchor = nearest_kept(parent, kept)
    new = np.cumsum(kept) - 1
    rows = np.flatnonzero(kept)
    way = supply.apart[order]
    houses, flats, floor, _ = total[rows].T
    station = supply.by[order[rows]]
    kva = design_load(houses, flats, floor, p) * _foresight(supply.station, p["oldest_design"])[station]
    return Trees(
        order[rows], station, np.where(busbar[rows], np.arange(len(rows)), new[anchor[rows]]),
        np.where(busbar[rows], 0.0, way[rows] - way[anchor[rows]]), own[rows], kva,
    )  # fmt: skip


def _foresight(station: Ints, oldest: float) -> Floats:
    """(S,) share of today's design load that each station was built for, evenly between ``oldest`` and 1, by its vertex."""
    return oldest + (1.0 - oldest) * uniforms(SEED, stream("grid.foresight"), station, 0, 0)


def cabled(trees: Trees, overhead: Bools, p: Mapping[str, float]) -> tuple[Lines, Floats]:
    """The thinnest cables that carry the design current with reserve, thicker where the drop is too great; the drops [-]."""
    kinds = np.where(overhead[:, None], OVERHEAD, UNDERGROUND)
    busbar = trees.parent == np.arange(len(trees.parent))
    current = amps(trees.kva) / p["network_use"]
    size = np.minimum((current[:, None] > CABLE_AMPS[kinds]).sum(axis=1), 2)
    cable = np.where(busbar, Cable.BUSBAR, kinds[np.arange(len(kinds)), size]).astype(np.int8)
    sets = np.where(busbar, 1.0, np.maximum(np.ceil(current / CABLE_AMPS[cable]), 1.0))
    lines = Lines(cable, sets)
    dropped = drops(trees, lines)
    for _ in range(2):
        weak = _ways(trees, dropped > p["design_drop"])
        if not weak.any():
            break
        lines = Lines(np.where(weak, THICKER[lines.cable], lines.cable).astype(np.int8), lines.sets)
        dropped = drops(trees, lines)
    return lines, dropped


def doubled(trees: Trees, lines: Lines, dropped: Floats, limit: float) -> Lines:
    """Further cables side by side on the ways where the drop still exceeds ``limit``."""
    for _ in range(MOST_SETS - 1):
        weak = _ways(trees, dropped > limit) & (trees.length > 0.0)
        if not weak.any():
            break
        lines = Lines(
            lines.cable, np.where(weak, np.minimum(lines.sets + 1.0, np.maximum(lines.sets, MOST_SETS)), lines.sets)
        )
        dropped = drops(trees, lines)
    return lines


def drops(trees: Trees, lines: Lines) -> Floats:
    """(n,) voltage drop from the busbar [-] when every line carries its design load: sum of (r P + x Q) / V^2."""
    r, x, _ = line(lines.cable, lines.sets, trees.length)
    watts = trees.kva * 1000.0 * COS_PHI
    return along(trees.parent, (r + TAN_PHI * x) * watts / VOLTS**2)


def _ways(trees: Trees, marked: Bools) -> Bools:
    """The lines on the way to marked buses."""
    return np.asarray(below(trees.parent, marked[:, None].astype(np.float64))[:, 0] > 0.0)


def _tables(
    city: City, built: tuple[Web, Supply, Trees, Lines] | None, sites: Hookups, p: Mapping[str, float]
) -> tuple[Stations, Buses]:  # fmt: skip
    """Both tables: public stations, then those of customers supplied at medium voltage, by district."""
    stations, buses = _sites(city, sites, p)
    if built is not None:
        public, lines = _public(*built, p)
        buses = _side_by_side(lines, buses, len(public))
        stations = Stations(
            *(np.concatenate(pair) for pair in zip(public.arrays().values(), stations.arrays().values(), strict=True))
        )
    return in_order(stations, buses)


def in_order(stations: Stations, buses: Buses) -> tuple[Stations, Buses]:
    """Stations by district and kind, their buses in the same order; ``first`` and ``count`` anew."""
    order = np.lexsort((np.arange(len(stations)), stations.kind, stations.district))
    place_of = np.empty(len(order), np.int64)
    place_of[order] = np.arange(len(order))
    rows = np.lexsort((np.arange(len(buses)), place_of[buses.station]))
    row_of = np.empty(len(rows), np.int64)
    row_of[rows] = np.arange(len(rows))
    moved = {name: array[rows] for name, array in buses.arrays().items()}
    moved |= {"station": place_of[moved["station"]], "parent": row_of[moved["parent"]]}
    count = np.bincount(moved["station"], minlength=len(order))
    table = {name: array[order] for name, array in stations.arrays().items()}
    return Stations(**(table | {"first": np.cumsum(count) - count, "count": count})), Buses(**moved)


def _public(web: Web, supply: Supply, trees: Trees, lines: Lines, p: Mapping[str, float]) -> tuple[Stations, Buses]:
    s = len(supply.station)
    at, busbar = supply.station, np.flatnonzero(trees.parent == np.arange(len(trees.parent)))
    kva = rating_for(trees.kva[busbar] / p["network_use"])
    r, x, idle = transformer(kva)
    count = np.bincount(trees.station, minlength=s)
    stations = Stations(
        district=web.district[at], x=web.x[at], y=web.y[at], node=web.node[at], kind=np.full(s, StationKind.PUBLIC), kva=kva, r=r,
        x_ohm=x, idle=idle, first=np.cumsum(count) - count, count=count,
    )  # fmt: skip
    r, x, rating = line(lines.cable, lines.sets, trees.length)
    v = trees.vertex
    houses, flats, floor, charging = trees.customers.T
    buses = Buses(
        station=trees.station, parent=trees.parent, node=web.node[v], x=web.x[v], y=web.y[v], length=trees.length,
        cable=lines.cable, sets=lines.sets, r=r, x_ohm=x, rating=rating, houses=houses, flats=flats, floor=floor, charging=charging,
    )  # fmt: skip
    return stations, buses


def _sites(city: City, sites: Hookups, p: Mapping[str, float]) -> tuple[Stations, Buses]:
    """Stations of customers supplied at medium voltage: a transformer and its busbar each, with equal floors at one place."""
    row = np.repeat(np.arange(len(sites.piece)), sites.sites)
    many = sites.sites[row]
    n = len(row)
    floor, charging = sites.floor[row] / many, sites.charging[row] / many
    kva = rating_for(floor * p["firm_load"] / 1000.0 / p["network_use"])
    r, x, idle = transformer(kva)
    pieces = street_pieces(city)
    node = np.where(sites.along < 0.5 * pieces.length[sites.piece], pieces.tail[sites.piece], pieces.head[sites.piece])[
        row
    ]
    zero, one, own = np.zeros(n), np.ones(n), np.arange(n)
    stations = Stations(
        district=sites.district[row], x=sites.x[row], y=sites.y[row], node=node, kind=np.full(n, StationKind.PRIVATE), kva=kva,
        r=r, x_ohm=x, idle=idle, first=own, count=one,
    )  # fmt: skip
    buses = Buses(
        station=own, parent=own, node=node, x=sites.x[row], y=sites.y[row], length=zero, cable=np.full(n, Cable.BUSBAR), sets=one,
        r=zero, x_ohm=zero, rating=np.full(n, np.inf), houses=zero, flats=zero, floor=floor, charging=charging,
    )  # fmt: skip
    return stations, buses


def _side_by_side(a: Buses, b: Buses, stations: int) -> Buses:
    """Two tables of buses as one; the second's stations follow the first's ``stations``."""
    joined = {name: np.concatenate([a.arrays()[name], b.arrays()[name]]) for name in Buses.names()}
    joined["station"][len(a) :] += stations
    joined["parent"][len(a) :] += len(a)
    return Buses(**joined)
