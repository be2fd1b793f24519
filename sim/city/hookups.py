"""Where a city's customers are connected: points along its streets with houses, flats and firms, and sites at medium voltage.

A point stands every ``feeder_span`` along each street that people walk on. It belongs to the nearest cell, if that is within the
cell's reach: half the diagonal of the square that its four next cells leave it. A district's dwellings and floors are spread over
its cells' points by the cells' residents and jobs, in whole dwellings: the least dense points get the houses, the rest flats by the
building. Part of the floors are sites supplied at medium voltage, as is what would need more than 250 kVA at one point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from sim.city.city import City
from sim.city.equipment import design_load
from sim.city.flows import FLOOR_PER_JOB
from sim.columns import Floats, Int32s, Ints

#: Most that is connected at low voltage in France [kVA].
LOW_VOLTAGE_LIMIT = 250.0
#: Half the diagonal over the side of a square.
HALF_DIAGONAL = 1.0 / np.sqrt(2.0)
TUNNEL = 2


class Pieces(NamedTuple):
    """Street pieces that lines may follow: ends, length [m], district of the middle."""

    tail: Int32s
    head: Int32s
    length: Floats
    district: Int32s


class Hookups(NamedTuple):
    """Connection points (n,): street piece, distance from its tail [m], district, place [m]; houses, flats, floor [m2] and share of
    the district's charging; ``sites`` transformers of customers supplied at medium voltage, 0 for points of the public network."""

    piece: Ints
    along: Floats
    district: Ints
    x: Floats
    y: Floats
    houses: Floats
    flats: Floats
    floor: Floats
    charging: Floats
    sites: Ints


def street_pieces(city: City) -> Pieces:
    """Every street piece once, but motorways and tunnels."""
    a = city.links
    row = np.unique(a.edge, return_index=True)[1]
    row = row[a.on_foot[row] & (a.structure[row] != TUNNEL)]
    return Pieces(a.tail[row], a.head[row], a.length[row], a.district[row])


def hookups(city: City, pieces: Pieces, p: Mapping[str, float]) -> Hookups:
    """All connection points of a city, those at medium voltage included. Every dwelling and square metre is at one of them."""
    piece, along, cell = _points(city, pieces, p)
    district = city.cells.district[cell].astype(np.int64)
    count = np.bincount(cell, minlength=len(city.cells))
    homes, jobs = city.cells.residents[cell] / count[cell], city.cells.jobs[cell] / count[cell]
    houses, flats = _dwellings(city, district, homes, cell, p["flats_per_building"])
    floor, site, sites = _floors(city, district, jobs, cell, p)
    big = floor * p["firm_load"] / 1000.0 > LOW_VOLTAGE_LIMIT
    site, floor, sites = site + np.where(big, floor, 0.0), np.where(big, 0.0, floor), sites + big
    own = np.flatnonzero(sites > 0)
    public, houses, flats, floor = _connections(houses, flats, floor, p)
    row, none = np.r_[public, own], np.zeros(len(own))
    t = along[row] / pieces.length[piece[row]]
    n = city.nodes
    x, y = (c[pieces.tail[piece[row]]] * (1.0 - t) + c[pieces.head[piece[row]]] * t for c in (n.x, n.y))
    found = Hookups(
        piece[row], along[row], district[row], x, y, np.r_[houses, none], np.r_[flats, none], np.r_[floor, site[own]],
        np.zeros(len(row)), np.r_[np.zeros(len(public), np.int64), sites[own]],
    )  # fmt: skip
    return found._replace(charging=_charging(city, found))


def floors(city: City) -> Floats:
    """(D,) firms' floor [m2] of the reference date."""
    return np.asarray(city.jobs, np.float64) @ FLOOR_PER_JOB


def _points(city: City, pieces: Pieces, p: Mapping[str, float]) -> tuple[Ints, Floats, Ints]:
    """(street piece, distance from its tail, cell) of every connection point there might be, each cell with one at least."""
    many = np.round(pieces.length / p["feeder_span"]).astype(np.int64)
    piece = np.repeat(np.arange(len(many)), many)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(many) - many, many)
    t = (number + 0.5) / many[piece]
    n, c = city.nodes, city.cells
    place = np.column_stack([v[pieces.tail[piece]] * (1.0 - t) + v[pieces.head[piece]] * t for v in (n.x, n.y)])
    cells = np.column_stack([c.x, c.y])
    around = cKDTree(cells).query(cells, min(5, len(cells)))[0].reshape(len(cells), -1)[:, -1]
    reach = np.clip(around * HALF_DIAGONAL, p["feeder_span"], p["dwelling_reach"])
    apart, cell = cKDTree(cells).query(place)
    near = np.flatnonzero(apart <= reach[cell])
    piece, along, cell = piece[near], t[near] * pieces.length[piece[near]], cell[near].astype(np.int64)
    bare = np.flatnonzero(
        np.bincount(cell, minlength=len(cells)) == 0
    )  # cells without a street: the next point or street's middle
    if len(bare):
        middle = [0.5 * (v[pieces.tail] + v[pieces.head]) for v in (n.x, n.y)]
        next_ = cKDTree(np.column_stack(middle)).query(cells[bare])[1]
        piece, along = np.r_[piece, next_], np.r_[along, 0.5 * pieces.length[next_]]
        cell = np.r_[cell, bare]
    return piece, along, cell


def _dwellings(city: City, district: Ints, homes: Floats, cell: Ints, building: float) -> tuple[Floats, Floats]:
    """(houses, flats) of each point: whole numbers that sum to the districts'."""
    d = city.districts
    houses, flats = (np.asarray(v, np.float64) for v in (d.houses, d.dwellings - d.houses))
    order = np.lexsort((np.arange(len(cell)), cell, homes, district))
    share = _share(district[order], homes[order], len(d))
    reached = share * (houses + flats)[district[order]]
    return (
        _steps(district, order, np.minimum(reached, houses[district[order]]), houses, np.ones(len(d))),
        _steps(district, order, np.maximum(reached - houses[district[order]], 0.0), flats, np.full(len(d), building)),
    )


def _floors(
    city: City, district: Ints, jobs: Floats, cell: Ints, p: Mapping[str, float]
) -> tuple[Floats, Floats, Ints]:
    """Floor [m2] of each point at low voltage, at medium voltage, and the sites that the latter is."""
    total = floors(city)
    sites = np.round(p["medium_voltage_share"] * total / p["medium_voltage_site"])
    size = np.divide(p["medium_voltage_share"] * total, sites, out=np.zeros_like(total), where=sites > 0)
    order = np.lexsort((np.arange(len(cell)), cell, district))
    share = _share(district[order], jobs[order], len(total))
    number = _steps(district, order, share * sites[district[order]], sites, np.ones(len(total)))
    small = total - sites * size
    low = _steps(district, order, share * small[district[order]], small, np.full(len(total), p["firm_connection"]))
    return low, number * size[district], number.astype(np.int64)


def _connections(
    houses: Floats, flats: Floats, floor: Floats, p: Mapping[str, float]
) -> tuple[Ints, Floats, Floats, Floats]:
    """Points where somebody is connected, as often as the limit for one connection asks for, and what is on each."""
    many = np.ceil(design_load(houses, flats, floor, p) / LOW_VOLTAGE_LIMIT).astype(np.int64)
    row = np.repeat(np.arange(len(many)), many)
    turn = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    parts = [np.floor(v[row] * (turn + 1) / many[row]) - np.floor(v[row] * turn / many[row]) for v in (houses, flats)]
    return row, parts[0], parts[1], floor[row] / many[row]


def _charging(city: City, h: Hookups) -> Floats:
    """Shares of each district's charging away from home: where its firms are, where its homes are if it has none."""
    n = city.n_districts
    weight = h.floor.copy()
    homes = np.bincount(h.district, weight, n) <= 0.0
    weight[homes[h.district]] = (h.houses + h.flats)[homes[h.district]]
    out: Floats = weight / np.bincount(h.district, weight, n)[h.district]
    return out


def _share(group: Ints, weight: Floats, groups: int) -> Floats:
    """Cumulative share of a group's weight, in the order given (rows of a group stand together); evenly where it has none."""
    none = np.bincount(group, weight, groups) <= 0.0
    weight = np.where(none[group], 1.0, weight)
    reached = np.cumsum(weight)
    first = np.r_[True, group[1:] != group[:-1]]
    before = np.zeros(groups)
    before[group[first]] = (reached - weight)[first]
    out: Floats = np.minimum((reached - before[group]) / np.bincount(group, weight, groups)[group], 1.0)
    return out


def _steps(district: Ints, order: Ints, reached: Floats, total: Floats, unit: Floats) -> Floats:
    """What each point gets of the district's ``total`` when that is handed out in units as ``reached`` (in ``order``) grows."""
    group = district[order]
    level = np.minimum(np.floor(reached / unit[group] + 0.5) * unit[group], total[group])
    last = np.r_[group[1:] != group[:-1], True]
    level[last] = total[group[last]]
    out = np.empty(len(order))
    out[order] = np.diff(level, prepend=0.0)
    first = order[np.r_[True, group[1:] != group[:-1]]]
    out[first] = level[np.r_[True, group[1:] != group[:-1]]]
    return out
