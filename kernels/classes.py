"""User classes on one road: cars, vans, trucks, those who pay and those who may not.

Classes whose constants are equal on every link have equal choices: they are solved as one cost group, in passenger-car units, and
share the routes of every pair of zones in proportion to their demand. Total flows are unique where costs rise with flow; how groups
and origins share equally cheap segments is not, so it can be asked to obey the condition of proportionality (:mod:`kernels.proportion`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.assignment import RoadNetwork, Topology, objective, solve
from kernels.graph import IntArray
from kernels.proportion import Proportional, proportional
from kernels.routes import FloatArray, Routes, load_shares


class UserClass(NamedTuple):
    """Vehicles (Z, Z) [veh/h] of ``pce`` passenger-car units each, whose cost on a link is its time + ``fixed`` (L,).

    ``fixed`` >= 0 in the unit of time: tolls over the value of time, distance costs; inf where the class is banned.
    """

    demand: FloatArray
    pce: float
    fixed: FloatArray


class ClassFlows(NamedTuple):
    """Result of :func:`assign_classes`, a row or table for each class.

    ``flow`` (K, L) [veh/h], ``load`` (L,) [PCU/h], ``cost`` (K, L), ``skim_cost``, ``skim_length`` (K, Z, Z); ``gap``, ``objective``,
    ``total_cost`` in PCU; ``group`` (K,) cost group of each class; ``lost`` (N, 3) cost group, origin, destination of dropped pairs.
    """

    flow: FloatArray
    load: FloatArray
    cost: FloatArray
    skim_cost: FloatArray
    skim_length: FloatArray
    gap: float
    objective: float
    total_cost: float
    iterations: int
    group: IntArray
    lost: IntArray
    state_f: FloatArray
    state_i: IntArray
    proportion: Proportional | None


def assign_classes(
    network: RoadNetwork,
    classes: Sequence[UserClass],
    *,
    gap: float,
    max_iterations: int = 200,
    warm: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    background: npt.ArrayLike | None = None,
    threads: int = 1,
    topology: Topology | None = None,
    drop_unreachable: bool = False,
    in_proportion: bool = False,
    sums: bool = True,
) -> ClassFlows:
    """User equilibrium of all classes together; arguments as in :func:`kernels.assignment.equilibrium`.

    With ``in_proportion`` class flows obey the condition of proportionality, so that they follow from the network and the demand alone.
    ``network.fixed`` is not read. Cost groups are numbered by the first class of each. Raises ValueError as there. Who asks for no ``sums``
    gets NaN for ``objective`` and ``total_cost``.
    """
    fixed, group = _groups(classes)
    units = np.zeros((len(fixed), *np.shape(classes[0].demand)))
    for one, g in zip(classes, group, strict=True):
        units[g] += one.pce * np.asarray(one.demand, np.float64)
    grouped = network._replace(fixed=fixed)
    found, routes = solve(
        grouped, units, gap=gap, max_iterations=max_iterations, warm=warm, background=background, threads=threads,
        topology=topology, drop_unreachable=drop_unreachable,
    )  # fmt: skip
    even = None
    if in_proportion:
        reached = np.stack(
            [np.where(np.isfinite(found.skim_cost[g]), one.demand, 0.0) for one, g in zip(classes, group, strict=True)]
        )
        even = proportional(
            found.flow.sum(axis=0), network.tail, network.head, network.zone_node, network.through, found.cost,
            reached * np.array([one.pce for one in classes])[:, None, None], group,
        )  # fmt: skip
        flow = even.flow / np.array([one.pce for one in classes])[:, None]
    else:
        flow = _flows(classes, routes, group, units)
    worth, total = math.nan, math.nan
    if sums:
        used = found.flow > 0
        worth, total = objective(grouped, found.flow, background), float((found.flow[used] * found.cost[used]).sum())
    return ClassFlows(
        flow, found.flow.sum(axis=0), found.cost[group], found.skim_cost[group], found.skim_length[group], found.gap,
        worth, total, found.iterations, group, found.lost, found.state_f, found.state_i, even,
    )  # fmt: skip


def _groups(classes: Sequence[UserClass]) -> tuple[FloatArray, IntArray]:
    """(G, L) distinct constants in order of first appearance, and the group of each class."""
    rows: list[FloatArray] = []
    group = []
    for one in classes:
        mine = np.ascontiguousarray(one.fixed, np.float64)
        same = [g for g, row in enumerate(rows) if np.array_equal(row, mine)]
        group.append(same[0] if same else len(rows))
        if not same:
            rows.append(mine)
    return np.stack(rows), np.array(group, np.int64)


def _share(one: UserClass, units: FloatArray) -> FloatArray:
    """(Z, Z) share of a class in its group's demand in car units, 0 where there is none."""
    demand = one.pce * np.asarray(one.demand, np.float64)
    return np.divide(demand, units, out=np.zeros_like(demand), where=units > 0)


def _flows(classes: Sequence[UserClass], routes: Routes, group: IntArray, units: FloatArray) -> FloatArray:
    """(K, L) [veh/h] of each class: its share of each pair's demand on each of the pair's routes; classes of a group together."""
    flow = np.zeros((len(classes), len(classes[0].fixed)))
    driving = np.array([np.any(one.demand) for one in classes])
    for g in range(len(units)):
        mine = np.flatnonzero(driving & (group == g))
        if len(mine):
            share = np.stack([_share(classes[k], units[g]) / classes[k].pce for k in mine.tolist()])
            loaded = np.zeros((flow.shape[1], len(mine)))
            load_shares(routes, g, share, loaded)
            flow[mine] = loaded.T
    return flow
