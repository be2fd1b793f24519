"""All-or-nothing: every pair of zones on one cheapest way, link flows and skims.

On the contraction order of :mod:`kernels.hierarchy`: volumes run back along the cheapest arcs, destinations first, and arcs are opened
into links once for all origins, so no path is ever walked. Origins are cut into a fixed number of parts with sums of their own: same
bits on any number of threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.assignment import RoadNetwork, Topology, prepare
from kernels.hierarchy import Hierarchy, Metric, climb, customize, descend
from kernels.jit import kernel
from kernels.lanes import LANES
from kernels.routes import BoolArray, FloatArray
from kernels.search import Prepared, nearest, set_out
from kernels.threads import in_blocks

#: Parts of the origins, each with link and arc flows of its own.
PARTS = 8


class Loaded(NamedTuple):
    """``flow`` (L,), ``skim_cost`` (Z, Z) inf where there is no way, ``lost`` (Z, Z) bool pairs with demand but no way."""

    flow: FloatArray
    skim_cost: FloatArray
    lost: BoolArray


@kernel
def _load_part(
    p: Prepared, metric: Metric, cost: FloatArray, first: int, last: int, demand: FloatArray, out_cost: FloatArray,
    arc_flow: FloatArray, flow: FloatArray,
) -> None:  # fmt: skip
    """Origins ``first`` .. ``last`` - 1: rows of ``out_cost`` (Z, Z); adds to ``arc_flow`` (2, A) and ``flow`` (L,)."""
    m = p.order.first.shape[0] - 1
    zones = demand.shape[0]
    dist = np.empty((m, LANES))
    pred = np.empty((m, LANES))
    volume = np.zeros((m, LANES))
    reached = np.empty(m, np.bool_)
    for begin in range(first, last, LANES):
        many = min(LANES, last - begin)
        dist[:] = np.inf
        pred[:] = -1.0
        reached[:] = False
        for k in range(many):
            set_out(p, begin + k, k, cost, reached, dist, pred)
        climb(p.order, metric, reached, dist, pred)
        descend(p.order, metric, p.wanted, dist, pred)
        for k in range(many):
            for d in range(zones):
                best, row = nearest(p, begin + k, d, k, cost, dist)
                out_cost[begin + k, d] = best
                if demand[begin + k, d] > 0.0 and row >= 0 and d != begin + k:
                    r, e = p.enter.rank[row], p.enter.link[row]
                    if e >= 0:
                        flow[e] += demand[begin + k, d]
                    if r >= 0:
                        volume[r, k] += demand[begin + k, d]
        _run_back(p, reached, pred, volume, arc_flow, flow)


@kernel
def _run_back(
    p: Prepared, reached: BoolArray, pred: FloatArray, volume: FloatArray, arc_flow: FloatArray, flow: FloatArray
) -> None:
    """Volumes at the ranks go back to their origins; ``volume`` (m, lanes) is left empty."""
    for i in range(p.wanted.shape[0] - 1, -1, -1):
        r = p.wanted[i]
        for k in range(LANES):
            step = int(pred[r, k])
            if volume[r, k] > 0.0 and step >= 0 and step & 1:
                arc_flow[1, step >> 1] += volume[r, k]
                volume[p.order.high[step >> 1], k] += volume[r, k]
                volume[r, k] = 0.0
    for r in range(reached.shape[0] - 1, -1, -1):
        if not reached[r]:
            continue
        for k in range(LANES):
            if volume[r, k] == 0.0:
                continue
            step = int(pred[r, k])
            if step >= 0:
                arc_flow[0, step >> 1] += volume[r, k]
                volume[p.order.low[step >> 1], k] += volume[r, k]
            elif p.leave.link[-step - 2] >= 0:
                flow[p.leave.link[-step - 2]] += volume[r, k]
            volume[r, k] = 0.0


@kernel
def _open_arcs(h: Hierarchy, metric: Metric, arc_flow: FloatArray, flow: FloatArray) -> None:
    """Flows of arcs (2, A) to the links they stand for, added to ``flow`` (L,); the highest arcs first."""
    for c in range(arc_flow.shape[1] - 1, -1, -1):
        for way in range(2):
            much = arc_flow[way, c]
            if much == 0.0:
                continue
            via = metric.via[way, c]
            if via >= 0:
                flow[via] += much
            else:
                a, b = h.triangle[-via - 2, 0], h.triangle[-via - 2, 1]
                if way == 1:
                    a, b = b, a
                arc_flow[1, a] += much
                arc_flow[0, b] += much


def all_or_nothing(
    network: RoadNetwork,
    cost: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    threads: int = 1,
    topology: Topology | None = None,
) -> Loaded:
    """Load ``demand`` (Z, Z) on the cheapest ways at link costs ``cost`` (L,) >= 0, inf where closed; the diagonal is ignored.

    ``topology`` from :func:`kernels.assignment.prepare`, made here when absent. Of equally cheap ways one is taken, always the same.
    Raises ValueError for a negative or missing cost.
    """
    weight = np.ascontiguousarray(cost, np.float64)
    trips = np.ascontiguousarray(demand, np.float64)
    if np.isnan(weight).any() or (weight < 0).any():
        raise ValueError("link costs must be numbers >= 0")
    p = (prepare(network) if topology is None else topology).search
    arcs, zones = len(p.order.high), len(network.zone_node)
    metric = Metric(np.empty((2, arcs)), np.empty((2, arcs)), np.empty((2, arcs), np.int32))
    customize(p.order, weight, np.zeros(len(weight)), metric)
    skim = np.empty((zones, zones))
    size = LANES * max(1, -(-zones // (LANES * PARTS)))
    parts = -(-zones // size)
    arc_flow, flow = np.zeros((parts, 2, arcs)), np.zeros((parts, len(weight)))

    def part(first: int, last: int) -> None:
        _load_part(p, metric, weight, first, last, trips, skim, arc_flow[first // size], flow[first // size])

    in_blocks(part, zones, size, threads)
    total, opened = flow.sum(axis=0), arc_flow.sum(axis=0)
    _open_arcs(p.order, metric, opened, total)
    lost = (trips > 0) & np.isinf(skim)
    np.fill_diagonal(lost, False)
    return Loaded(total, skim, lost)
