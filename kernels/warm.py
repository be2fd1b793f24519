"""Warm starts: a solution as two arrays that can be stored, and routes made of them for another demand or supply."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.graph import Int32Array, IntArray
from kernels.jit import inline, kernel
from kernels.routes import BoolArray, FloatArray, Routes, empty_routes, keep_used, thread

#: First word of a warm start, so that a stranger's array is refused.
MAGIC = 0x5265626F6E6402


def pack(checksum: int, routes: Routes) -> tuple[FloatArray, IntArray]:
    """Route flows, and [magic, checksum, rows, zones, tree sizes, route counts, tree nodes, routes], two int32 to a word.

    Routes without flow and the branches only they used are left out.
    """
    many, zones = routes.head.shape
    at = np.concatenate(
        [[0], np.cumsum(routes.node_used)]
    )  # without the rows' spare room: what is used lies close together
    keep, number = np.zeros(at[-1], np.bool_), np.empty(at[-1], np.int32)
    nodes, paths = np.zeros(many, np.int64), np.zeros(many, np.int64)
    keep_used(routes, at, keep, number, nodes, paths)
    head = np.concatenate([np.array([MAGIC, checksum, many, zones], np.int64), nodes, paths])
    words = np.empty(len(head) + int(nodes.sum()) + int(paths.sum()), np.int64)
    flow = np.empty(int(paths.sum()))
    words[: len(head)] = head
    _write(routes, at, keep, number, words, len(head), len(head) + int(nodes.sum()), flow)
    return flow, words


@kernel
def _write(
    routes: Routes,
    at: IntArray,
    keep: BoolArray,
    number: Int32Array,
    words: IntArray,
    node: int,
    path: int,
    flow: FloatArray,
) -> None:
    """Tree nodes that are kept to ``words`` from ``node`` on, routes with flow from ``path`` on and to ``flow``, row after row."""
    start = path
    for o in range(routes.head.shape[0]):
        base, here, first = routes.node_first[o], at[o], routes.path_first[o]
        words[node] = -1  # the origin: no parent, no link
        node += 1
        for i in range(1, routes.node_used[o]):
            if keep[here + i]:
                above = np.int64(number[here + routes.parent[base + i]])
                words[node] = (above << 32) | np.int64(routes.link[base + i])
                node += 1
        for p in range(first, first + routes.path_used[o]):
            if routes.flow[p] > 0.0:
                words[path] = (np.int64(routes.zone[p]) << 32) | np.int64(number[here + routes.leaf[p]])
                flow[path - start] = routes.flow[p]
                path += 1


def room(nodes: int, zones: int) -> tuple[int, int]:
    """Tree nodes and routes that a row of a solution seldom exceeds; memory that is not used costs nothing."""
    return min(2 * nodes, 64 * zones) + 256, 4 * zones + 16


def unpack(
    checksum: int, nodes: int, trips: FloatArray, closed: BoolArray, warm: tuple[npt.ArrayLike, npt.ArrayLike] | None
) -> Routes:
    """Routes of a former solution scaled to the new demand; none when there is no such solution or it belongs to another graph.

    ``trips`` (R, Z); ``closed`` (G, L) links that a group may not use: routes over them are left out. ``nodes`` of the graph, for the
    room. A group that the solution does not know begins with the routes of its last one.
    """
    rows, zones = trips.shape
    stored = None if warm is None else _stored(checksum, zones, warm)
    if stored is None:
        many_nodes, many_paths = room(nodes, zones)
        return empty_routes(zones, np.full(rows, many_nodes), np.full(rows, many_paths))
    group = np.minimum(np.arange(rows) // zones, stored.rows // zones - 1)
    row = group * zones + np.arange(rows) % zones  # stored row that each row begins with
    there_nodes, there_paths = np.diff(stored.node_first)[row], np.diff(stored.path_first)[row]
    # a new demand seldom needs more than this, and the system clears what is reserved in large pages
    routes = empty_routes(zones, 2 * there_nodes + 256, 3 * there_paths + 16)
    _restore(stored, row, trips, closed, routes)
    thread(routes)
    return routes


class _Stored(NamedTuple):
    """A warm start as arrays: row ``s`` has tree nodes ``node_first[s]:node_first[s + 1]`` of ``tree`` (parent and link), routes
    ``path_first[s]:path_first[s + 1]`` of ``ends`` (zone and leaf) and ``flow``."""

    rows: int
    node_first: IntArray
    tree: IntArray
    path_first: IntArray
    ends: IntArray
    flow: FloatArray


def _stored(checksum: int, zones: int, warm: tuple[npt.ArrayLike, npt.ArrayLike]) -> _Stored | None:
    """The arrays, None if they are no solution of this graph and these zones."""
    flow, words = np.ascontiguousarray(warm[0], np.float64), np.ascontiguousarray(warm[1], np.int64)
    if len(words) < 4 or list(words[:2]) != [MAGIC, checksum] or words[3] != zones:
        return None
    there = int(words[2])
    head = 4 + 2 * there
    sizes, paths = words[4 : 4 + there], words[4 + there : head]
    if len(words) < head or len(flow) != paths.sum() or len(words) != head + sizes.sum() + paths.sum():
        return None
    cut = head + int(sizes.sum())
    first = [np.concatenate([[0], np.cumsum(many)]).astype(np.int64) for many in (sizes, paths)]
    return _Stored(there, first[0], words[head:cut], first[1], words[cut:], flow)


@inline
def _plan(
    stored: _Stored, s: int, demand: FloatArray, closed: BoolArray, blocked: BoolArray, number: IntArray, total: FloatArray,
    flow: FloatArray,
) -> tuple[int, int]:  # fmt: skip
    """Flows of a stored row's routes for another demand (Z,), and new numbers of the tree nodes they need (-1: none); returns how many
    nodes and routes are kept."""
    base, nodes = stored.node_first[s], stored.node_first[s + 1] - stored.node_first[s]
    first, paths = stored.path_first[s], stored.path_first[s + 1] - stored.path_first[s]
    blocked[0], number[0] = False, 0
    for i in range(1, nodes):
        word = stored.tree[base + i]
        blocked[i] = blocked[word >> 32] or closed[word & 0xFFFFFFFF]
        number[i] = -1
    total[:] = 0.0
    for p in range(paths):
        word = stored.ends[first + p]
        if not blocked[word & 0xFFFFFFFF]:
            total[word >> 32] += stored.flow[first + p]
    kept = 0
    for p in range(paths):
        word = stored.ends[first + p]
        i, zone = word & 0xFFFFFFFF, word >> 32
        flow[p] = 0.0
        if blocked[i] or total[zone] <= 0.0:
            continue
        flow[p] = stored.flow[first + p] * (demand[zone] / total[zone])
        if flow[p] > 0.0:
            kept += 1
            while number[i] == -1:
                number[i] = -2
                i = stored.tree[base + i] >> 32
    used = 1
    for i in range(1, nodes):
        if number[i] == -2:
            number[i] = used
            used += 1
    return used, kept


@inline
def _scratch(stored: _Stored, zones: int) -> tuple[BoolArray, IntArray, FloatArray, FloatArray]:
    """Room for :func:`_plan` of any row."""
    nodes, paths = 1, 1
    for s in range(stored.rows):
        nodes = max(nodes, stored.node_first[s + 1] - stored.node_first[s])
        paths = max(paths, stored.path_first[s + 1] - stored.path_first[s])
    return np.empty(nodes, np.bool_), np.empty(nodes, np.int64), np.empty(zones), np.empty(paths)


@kernel
def _restore(stored: _Stored, row: IntArray, trips: FloatArray, closed: BoolArray, routes: Routes) -> None:
    """Write what each row keeps; what only serves searching is left to :func:`kernels.routes.thread`."""
    zones = trips.shape[1]
    blocked, number, total, flow = _scratch(stored, zones)
    for r in range(row.shape[0]):
        s = row[r]
        used, kept = _plan(stored, s, trips[r], closed[r // zones], blocked, number, total, flow)
        base, rows = routes.node_first[r], routes.path_first[r]
        routes.node_used[r], routes.path_used[r] = used, kept
        for i in range(1, stored.node_first[s + 1] - stored.node_first[s]):
            if number[i] > 0:
                word = stored.tree[stored.node_first[s] + i]
                routes.parent[base + number[i]] = number[word >> 32]
                routes.link[base + number[i]] = word & 0xFFFFFFFF
        p = rows
        for k in range(stored.path_first[s + 1] - stored.path_first[s]):
            if flow[k] > 0.0:
                word = stored.ends[stored.path_first[s] + k]
                routes.zone[p] = word >> 32
                routes.leaf[p] = number[word & 0xFFFFFFFF]
                routes.flow[p] = flow[k]
                p += 1
