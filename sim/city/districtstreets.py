"""The streets of every district side by side, as the graph that its low-voltage lines may follow, customers on it.

A street piece belongs to each district that has customers along it, else to that of its middle; junctions are there once for each
district that they serve, so that no line leaves its district. What a district's own streets do not join is joined straight across
where the gap is short.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial import Delaunay

from sim.city.city import City
from sim.city.hookups import Hookups, Pieces
from sim.columns import Floats, Int32s, Ints

#: Least length of a line between two vertices [m]: a graph of SciPy holds no edges of length 0.
SHORTEST = 0.1
#: Detour of a line across a gap over the straight distance. Assumption.
DETOUR = 1.3


class Web(NamedTuple):
    """Vertices (V,): junctions by district, then customers' points. ``lines`` (E, 2) undirected edges and their ``length`` [m];
    ``customers`` (V, 4) houses, flats, floor [m2], share of charging; ``part`` which connected part a vertex is in."""

    district: Ints
    node: Int32s
    x: Floats
    y: Floats
    customers: Floats
    lines: Ints
    length: Floats
    part: Ints
    junctions: int

    def graph(self) -> csr_array:
        """The lines both ways, as SciPy's shortest paths take them."""
        a, b = self.lines.T
        n = len(self.x)
        both = np.r_[self.length, self.length]
        return csr_array((both, (np.r_[a, b], np.r_[b, a])), shape=(n, n))


def district_web(city: City, pieces: Pieces, h: Hookups, gap: float) -> Web:
    """The web of all districts for customers ``h`` (points of the public network only)."""
    row_district, row_piece, row_of = _rows(pieces, h)
    key, ends = np.unique(
        np.concatenate([row_district * len(city.nodes) + pieces.tail[row_piece], row_district * len(city.nodes) + pieces.head[row_piece]]),
        return_inverse=True,
    )  # fmt: skip
    corners, rows = len(key), len(row_piece)
    node = (key % len(city.nodes)).astype(np.int32)
    order = np.lexsort((h.along, row_of))
    row, along = row_of[order], h.along[order]
    vertex = corners + np.arange(len(order))
    first, last = np.r_[True, row[1:] != row[:-1]][: len(row)], np.r_[row[1:] != row[:-1], True][: len(row)]
    before = np.where(first, ends[row], np.r_[0, vertex[:-1]][: len(row)])
    start = np.where(first, 0.0, np.r_[0.0, along[:-1]][: len(row)])
    tail, reached = ends[:rows].copy(), np.zeros(rows)
    tail[row[last]], reached[row[last]] = vertex[last], along[last]
    lines = np.column_stack([np.r_[before, tail], np.r_[vertex, ends[rows:]]])
    length = np.r_[along - start, pieces.length[row_piece] - reached]
    near = np.where(
        along < 0.5 * pieces.length[h.piece[order]], pieces.tail[h.piece[order]], pieces.head[h.piece[order]]
    )
    customers = np.zeros((corners + len(order), 4))
    customers[corners:] = np.column_stack([h.houses, h.flats, h.floor, h.charging])[order]
    web = Web(
        np.r_[key // len(city.nodes), h.district[order]], np.r_[node, near].astype(np.int32), np.r_[city.nodes.x[node], h.x[order]],
        np.r_[city.nodes.y[node], h.y[order]], customers, lines, np.maximum(length, SHORTEST), np.zeros(0, np.int64), corners,
    )  # fmt: skip
    return _joined(web, gap)


def _rows(pieces: Pieces, h: Hookups) -> tuple[Ints, Ints, Ints]:
    """(district, street piece) of each piece's copies, and the copy that each customer's point lies on."""
    n = len(pieces.tail)
    used, row_of = np.unique(h.district * n + h.piece, return_inverse=True)
    empty = np.setdiff1d(np.arange(n), h.piece)
    return np.r_[used // n, pieces.district[empty]], np.r_[used % n, empty], row_of


def _joined(web: Web, gap: float) -> Web:
    """Parts of a district with customers joined by the shortest lines across gaps up to ``gap`` [m]."""
    n = len(web.x)
    count, part = connected_components(web.graph(), directed=False)
    peopled = np.bincount(part, web.customers[:, :3].sum(axis=1), count) > 0.0
    of = np.zeros(count, np.int64)
    of[part] = web.district
    many = np.bincount(of[peopled], minlength=int(web.district.max(initial=0)) + 1) > 1
    split = np.flatnonzero(many).tolist()
    extra = (_across(web, part, np.flatnonzero((web.district == d) & peopled[part]), gap) for d in split)
    lines = np.vstack([np.zeros((0, 2), np.int64), *extra])
    straight = np.hypot(web.x[lines[:, 0]] - web.x[lines[:, 1]], web.y[lines[:, 0]] - web.y[lines[:, 1]])
    web = web._replace(
        lines=np.vstack([web.lines, lines]), length=np.r_[web.length, np.maximum(DETOUR * straight, SHORTEST)]
    )
    return web._replace(part=connected_components(web.graph(), directed=False)[1][:n].astype(np.int64))


def _across(web: Web, part: Ints, mine: Ints, gap: float) -> Ints:
    """(k, 2) shortest lines that join the parts of some vertices: the spanning tree over pairs that are neighbours in the plane."""
    place = np.column_stack([web.x[mine], web.y[mine]])
    pairs = _neighbours(place)
    pairs = pairs[part[mine[pairs[:, 0]]] != part[mine[pairs[:, 1]]]]
    apart = np.hypot(*(place[pairs[:, 0]] - place[pairs[:, 1]]).T)
    near = apart <= gap
    pairs, apart = mine[pairs[near]], np.maximum(apart[near], SHORTEST)
    names, ends = np.unique(part[pairs], return_inverse=True)
    ends = ends.reshape(-1, 2)
    a, b = ends.min(axis=1, initial=len(names)), ends.max(axis=1, initial=0)
    order = np.lexsort((pairs[:, 1], pairs[:, 0], apart, b, a))
    key = a[order] * len(names) + b[order]
    best = order[np.r_[True, key[1:] != key[:-1]][: len(order)]]
    tree = minimum_spanning_tree(csr_array((apart[best], (a[best], b[best])), shape=(len(names), len(names)))).tocoo()
    kept = np.isin(a[best] * len(names) + b[best], tree.row.astype(np.int64) * len(names) + tree.col)
    return np.asarray(pairs[best[kept]], np.int64)


def _neighbours(place: Floats) -> Ints:
    """(k, 2) pairs of places among which are the edges of their Euclidean spanning tree: neighbours in a Delaunay triangulation, one by one
    where all lie on a line."""
    spread = place - place.mean(axis=0)
    axes = np.linalg.svd(spread, full_matrices=False)[2]
    across = np.abs(spread @ axes[-1]).max()
    if len(place) > 3 and across > 1e-6 * max(1.0, np.abs(spread).max()):
        corners = Delaunay(place).simplices
        return np.unique(
            np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0
        )
    order = np.argsort(spread @ axes[0], kind="stable")
    return np.sort(np.column_stack([order[:-1], order[1:]]), axis=1)
