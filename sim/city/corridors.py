"""Which streets get cycle tracks when a roadmap says ``lines: auto_corridors``.

Rule: from the densest district, the shortest street path (main streets preferred, motorways closed) to the middle of every
commune, then between neighbouring communes; corridors in falling order of people and jobs at their ends per kilometre of new
track; streets already chosen are not counted again. Sections open in this order as the network is built.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.sparse.csgraph import dijkstra

from sim.city.city import City
from sim.city.delays import LinkLookup
from sim.codes import RoadClass
from sim.columns import Floats, Ints

#: Communes that each is joined with.
NEIGHBOURS = 8
#: Minor streets count longer, so that corridors follow main streets where there are some (assumption).
_DETOUR = {RoadClass.MAJOR: 1.0, RoadClass.MINOR: 1.35}


@lru_cache(maxsize=4)
def corridors(city: City) -> tuple[Ints, Floats]:
    """All streets of all corridors in order of opening.

    Returns:
        edges (n,) street pieces and (n,) kilometres built when each is done, cumulated.
    """
    a = city.links
    usable = np.flatnonzero(a.on_foot)
    detour = np.where(a.road_class[usable] == RoadClass.MAJOR, _DETOUR[RoadClass.MAJOR], _DETOUR[RoadClass.MINOR])
    n = len(city.nodes)
    lookup = LinkLookup(a.tail[usable], a.head[usable], a.length[usable] * detour, n)
    hubs, weight = _hubs(city)
    _, before = dijkstra(lookup.matrix, indices=hubs, return_predecessors=True)
    paths = _paths(hubs, weight, before, lookup, usable, city)
    return _in_order(paths, a.edge, a.length)


def _hubs(city: City) -> tuple[Ints, Floats]:
    """The street node nearest to the busiest cell of each commune, the densest district's first; people and jobs of each."""
    d = city.districts
    busy = (d.population + d.jobs).astype(np.float64)
    centre = int(np.argmax(busy / np.maximum(d.area, 0.1)))
    chosen, weight = [centre], [float(busy[centre])]
    for commune in range(len(city.commune_names)):
        rows = np.flatnonzero(d.commune == commune)
        rows = rows[rows != centre]
        if len(rows):
            chosen.append(int(rows[np.argmax(busy[rows])]))
            weight.append(float(busy[rows].sum()))
    cells = city.cells
    strength = cells.residents + cells.jobs
    nodes = []
    for row in chosen:
        mine = np.flatnonzero(cells.district == row)
        nodes.append(int(cells.node[mine[np.argmax(strength[mine])]]))
    return np.array(nodes, np.int64), np.array(weight)


def _paths(
    hubs: Ints, weight: Floats, before: Ints, lookup: LinkLookup, usable: Ints, city: City
) -> list[tuple[float, Ints]]:
    """(people and jobs per kilometre, links) of the corridors centre-commune and commune to its nearest communes."""
    x, y = city.nodes.x[hubs], city.nodes.y[hubs]
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    pairs = [(0, j) for j in range(1, len(hubs))]
    for i in range(1, len(hubs)):
        near = [int(j) for j in np.argsort(apart[i], kind="stable") if j not in (0, i)][:NEIGHBOURS]
        pairs += [(i, j) for j in near]
    out = []
    for i, j in dict.fromkeys((min(p), max(p)) for p in pairs):
        path = [int(hubs[j])]
        while before[i, path[-1]] >= 0:
            path.append(int(before[i, path[-1]]))
        if len(path) > 1:
            found = usable[lookup.between(np.array(path[:0:-1]), np.array(path[-2::-1]))]
            km = city.links.length[found].sum() / 1000.0
            out.append(((weight[i] + weight[j]) / max(km, 0.1), found))
    return out


def _in_order(paths: list[tuple[float, Ints]], edge: Ints, length: Floats) -> tuple[Ints, Floats]:
    seen: set[int] = set()
    edges, km = [], []
    for _, links in sorted(paths, key=lambda p: (-p[0], p[1].tolist())):
        for link in links.tolist():
            e = int(edge[link])
            if e not in seen:
                seen.add(e)
                edges.append(e)
                km.append(length[link] / 1000.0)
    return np.array(edges, np.int64), np.cumsum(np.array(km, np.float64))
