"""Warm starts: a solution as two arrays that can be stored, and routes made of them for another demand or supply."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.graph import IntArray
from kernels.routes import BoolArray, FloatArray, Routes, compact, empty_routes, open_routes

#: First word of a warm start, so that a stranger's array is refused.
MAGIC = 0x5265626F6E6402


def pack(checksum: int, routes: Routes) -> tuple[FloatArray, IntArray]:
    """Route flows, and [magic, checksum, rows, zones, tree sizes, route counts, tree nodes, routes], two int32 to a word."""
    slim = compact(routes)
    head = np.array([MAGIC, checksum, *slim.head.shape], np.int64)
    nodes = (slim.parent.astype(np.int64) << 32) | (slim.link.astype(np.int64) & 0xFFFFFFFF)
    paths = (slim.zone.astype(np.int64) << 32) | slim.leaf.astype(np.int64)
    return slim.flow, np.concatenate([head, slim.node_used, slim.path_used, nodes, paths])


def room(nodes: int, zones: int) -> tuple[int, int]:
    """Tree nodes and routes that a row of a solution seldom exceeds; memory that is not used costs nothing."""
    return min(2 * nodes, 64 * zones) + 256, 2 * zones + 16


def unpack(
    checksum: int, nodes: int, trips: FloatArray, closed: BoolArray, warm: tuple[npt.ArrayLike, npt.ArrayLike] | None
) -> Routes:
    """Routes of a former solution scaled to the new demand; none when there is no such solution or it belongs to another graph.

    ``trips`` (R, Z); ``closed`` (G, L) links that a group may not use: routes over them are left out. ``nodes`` of the graph, for the
    room. A group that the solution does not know begins with the routes of its last one.
    """
    rows, zones = trips.shape
    many_nodes, many_paths = room(nodes, zones)
    empty = empty_routes(zones, np.full(rows, many_nodes), np.full(rows, many_paths))
    if warm is None:
        return empty
    flow, words = np.asarray(warm[0], np.float64), np.asarray(warm[1], np.int64)
    if len(words) < 4 or list(words[:2]) != [MAGIC, checksum] or words[3] != zones:
        return empty
    there = int(words[2])
    head = 4 + 2 * there
    sizes, paths = words[4 : 4 + there], words[4 + there : head]
    if len(words) < head or len(flow) != paths.sum() or len(words) != head + sizes.sum() + paths.sum():
        return empty
    cut = head + int(sizes.sum())
    row = _rows(rows, there, zones)
    node, path = _segments(sizes, row), _segments(paths, row)
    routes = empty_routes(zones, sizes[row], paths[row])
    routes.node_used[:], routes.path_used[:] = sizes[row], paths[row]
    tree, ends = words[head:cut][node], words[cut:][path]
    routes.parent[:], routes.link[:] = tree >> 32, tree.astype(np.int32)
    routes.zone[:], routes.leaf[:] = ends >> 32, ends.astype(np.int32)
    pair = np.repeat(np.arange(rows), paths[row]) * zones + routes.zone
    used = np.where(open_routes(routes, closed), flow[path], 0.0)
    old = np.bincount(pair, used, rows * zones).reshape(rows, zones)
    ratio = np.divide(trips, old, out=np.zeros_like(trips), where=old > 0)
    routes.flow[:] = used * ratio.ravel()[pair]
    return compact(routes, many_nodes, many_paths)


def _rows(rows: int, there: int, zones: int) -> IntArray:
    """Stored row that each row begins with."""
    group = np.minimum(np.arange(rows) // zones, there // zones - 1)
    return np.asarray(group * zones + np.arange(rows) % zones)


def _segments(sizes: IntArray, row: IntArray) -> IntArray:
    """Places of the segments of ``row`` one after the other, in an array of segments of ``sizes``."""
    first = np.cumsum(sizes) - sizes
    many = sizes[row]
    start = np.cumsum(many) - many
    return np.asarray(np.arange(int(many.sum())) + np.repeat(first[row] - start, many))
