"""From drawn lines to a street graph: split at junctions, keep the largest strongly connected part, say what is dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from sim.city.geometry import Plane
from sim.city.sources import RoadFeatures
from sim.codes import RoadClass
from sim.columns import Bools, Codes, Floats, Ints


@dataclass(frozen=True)
class StreetGraph:
    """Junction nodes and directed links with the shape of each street piece."""

    node_lon: Floats
    node_lat: Floats
    x: Floats
    y: Floats
    tail: Ints
    head: Ints
    edge: Ints
    length: Floats  #: m, by link
    road_class: Codes  #: by link
    structure: Codes  #: by link
    feature: Ints  #: by link, road of the source
    height: Floats  #: m by node, NaN where not known
    shape_first: Ints
    shape_count: Ints
    shape_lon: Floats
    shape_lat: Floats
    dropped: dict[str, float]


def build_graph(roads: RoadFeatures, plane: Plane) -> StreetGraph:
    """Split features where they share a coordinate, direct them, keep what is mutually reachable.

    ``highway`` pieces run one way, in drawing direction; all others both ways unless the source says otherwise.
    """
    point, lon, lat = _points(roads)
    start, stop, feature = _pieces(point, roads)
    pieces_x, pieces_y = plane.to_metres(roads.lon, roads.lat)
    step = np.r_[np.hypot(np.diff(pieces_x), np.diff(pieces_y)), 0.0]
    along = np.r_[0.0, np.cumsum(step)]
    length = along[stop] - along[start]
    real = length > 0.0
    start, stop, feature, length = start[real], stop[real], feature[real], length[real]
    both = ~roads.one_way[feature]
    piece = np.r_[np.arange(len(start)), np.flatnonzero(both)]
    tail = np.r_[point[start], point[stop][both]]
    head = np.r_[point[stop], point[start][both]]
    keep = (tail != head) & _strong(tail, head, len(lon))
    used = np.unique(np.r_[tail[keep], head[keep]])
    renumber = np.full(len(lon), -1, np.int64)
    renumber[used] = np.arange(len(used))
    kept_pieces, edge = np.unique(piece[keep], return_inverse=True)
    count = stop[kept_pieces] - start[kept_pieces] + 1
    first = np.r_[0, np.cumsum(count)[:-1]]
    shape = np.repeat(start[kept_pieces] - first, count) + np.arange(count.sum())
    x, y = plane.to_metres(lon[used], lat[used])
    dropped = {
        "features": float(len(roads.road_class)), "nodes": float(len(lon[np.unique(np.r_[tail, head])])),
        "links": float(len(tail)), "links_dropped": float((~keep).sum()),
        "km_dropped": float(length[piece[~keep]].sum() / 1000.0),
    }  # fmt: skip
    height = roads.height if roads.height is not None else np.full(len(roads.lon), np.nan)
    _, where = np.unique(point, return_index=True)
    return StreetGraph(
        lon[used], lat[used], x, y, renumber[tail[keep]], renumber[head[keep]], edge, length[piece[keep]],
        roads.road_class[feature[piece[keep]]], roads.structure[feature[piece[keep]]], feature[piece[keep]],
        height[where][used], first, count, roads.lon[shape],
        roads.lat[shape], dropped,
    )  # fmt: skip


def _points(roads: RoadFeatures) -> tuple[Ints, Floats, Floats]:
    """Number of the distinct coordinate (to 1e-7 degree) of each shape point, and those coordinates."""
    key = np.column_stack([np.round(roads.lon * 1e7).astype(np.int64), np.round(roads.lat * 1e7).astype(np.int64)])
    _, first, number = np.unique(key, axis=0, return_index=True, return_inverse=True)
    return number.ravel().astype(np.int64), roads.lon[first], roads.lat[first]


def _pieces(point: Ints, roads: RoadFeatures) -> tuple[Ints, Ints, Ints]:
    """First and last shape point of every piece between two junctions, and its feature."""
    ends = np.zeros(len(point), bool)
    ends[roads.first[:-1]] = True
    ends[roads.first[1:] - 1] = True
    used = np.bincount(point, minlength=int(point.max()) + 1)
    cut = ends | (used[point] > 1)
    feature = np.repeat(np.arange(len(roads.first) - 1), np.diff(roads.first))
    where = np.flatnonzero(cut)
    same = feature[where[:-1]] == feature[where[1:]]
    return where[:-1][same], where[1:][same], feature[where[:-1][same]]


def _strong(tail: Ints, head: Ints, n: int) -> Bools:
    """Links of the largest strongly connected part."""
    graph = csr_matrix((np.ones(len(tail)), (tail, head)), shape=(n, n))
    label = connected_components(graph, directed=True, connection="strong")[1]
    inside = label[tail] == label[head]
    best = np.bincount(label[tail[inside]]).argmax()
    return np.asarray(inside & (label[tail] == best))


def junction_density(graph: StreetGraph) -> Floats:
    """Junctions per km2 within 500 m of each node (three or more neighbours count)."""
    from scipy.spatial import cKDTree

    pairs = np.unique(np.sort(np.column_stack([graph.tail, graph.head]), axis=1), axis=0)
    degree = np.bincount(pairs.ravel(), minlength=len(graph.x))
    junctions = np.column_stack([graph.x, graph.y])[degree >= 3]
    tree = cKDTree(junctions)
    found = tree.query_ball_point(np.column_stack([graph.x, graph.y]), 500.0, return_length=True)
    return np.asarray(found, np.float64) / (np.pi * 0.25)


def degrees(graph: StreetGraph) -> tuple[Ints, Codes]:
    """Neighbours of each node, and the best road class that meets there."""
    pairs = np.unique(np.sort(np.column_stack([graph.tail, graph.head]), axis=1), axis=0)
    degree = np.bincount(pairs.ravel(), minlength=len(graph.x))
    best = np.full(len(graph.x), RoadClass.MINOR, np.int8)
    np.minimum.at(best, graph.head, graph.road_class)
    np.minimum.at(best, graph.tail, graph.road_class)
    return degree, best
