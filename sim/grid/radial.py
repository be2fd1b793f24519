"""A pandapower network as a radial feeder for :func:`kernels.power.radial_flow`: its tree from the external grid, per unit.

Ideal transformers go: behind one of ratio t, voltages are counted in units of 1 / t and impedances in units of 1 / |t|^2, which changes
no power. Voltages come back by each node's ``scale``.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from sim.city.roadfile import Faults
from sim.columns import Floats, Ints
from sim.grid.branches import Branches, Complex, Nodes, branches, nodes, read_switches
from sim.grid.tables import Tables, buses, column, named, rows_of


class Feeder(NamedTuple):
    """Nodes in an order with parents first, node 0 the external grid; ``base`` [MVA]."""

    base: float
    bus: Ints  #: (B,) index of every bus in service
    row: Ints  #: (B,) its place in the order
    dead: Ints  #: indices of buses not in service
    parent: Ints  #: (n,)
    z: Complex  #: (n,) of the branch to the parent
    shunt: Complex  #: (n,)
    scale: Complex  #: (n,) actual voltage over the one counted in
    source: float  #: voltage of the external grid [pu]


class Tree(NamedTuple):
    """A network as a tree: nodes of ``at`` and, from ``at.count`` on, open ends of lines; ``order`` (n,) of them, parents first;
    ``parent`` (n,) place of the parent in it; ``by`` (n,) the branch to the parent, -1 for the external grid."""

    at: Nodes
    branches: Branches
    order: Ints
    parent: Ints
    by: Ints
    source: float  #: voltage of the external grid [pu]
    angle: float  #: its angle [deg]


def network_tree(tables: Tables) -> Tree:
    """The tree of a network. Raises InputError with every fault: loops, islands, levels joined by a line, no source or several."""
    faults = Faults(tables.path)
    switches = read_switches(faults, tables)
    faults.stop()
    at = nodes(faults, tables, switches)
    faults.stop()
    root, source, angle = _source(faults, tables, at)
    joined, count = branches(faults, tables, at, switches)
    faults.stop()
    order, parent, by = _tree(faults, joined, root, count, at)
    faults.stop()
    return Tree(at, joined, order, parent, by, source, angle)


def feeder(tables: Tables) -> Feeder:
    """The tree of a network per unit. Raises InputError as :func:`network_tree`."""
    at, joined, order, parent, by, source, angle = network_tree(tables)
    n = len(order)
    row = np.empty(int(order.max()) + 1, np.int64)
    row[order] = np.arange(n)
    scale, z, shunt = np.ones(n, complex), np.zeros(n, complex), np.zeros(n, complex)
    scale[0] = np.exp(1j * np.radians(angle))
    for i in range(1, n):
        k, above = by[i], parent[i]
        forward = joined.start[k] == order[above]
        scale[i] = scale[above] / joined.ratio[k] if forward else scale[above] * joined.ratio[k]
        inner = (
            np.abs(scale[i] if forward else scale[above]) ** 2
        )  # the pi circuit is on the ideal transformer's far side
        z[i] = joined.z[k] / inner
        ends = (joined.shunt_start[k], joined.shunt_end[k])
        shunt[above] += inner * ends[0 if forward else 1]
        shunt[i] += inner * ends[1 if forward else 0]
    dead = np.setdiff1d(tables.index["bus"], at.bus)
    return Feeder(tables.base, at.bus, row[at.node], dead, parent, z, shunt, scale, source)


def demand(tables: Tables, f: Feeder) -> tuple[Floats, Floats]:
    """(p, q) (n,) net load of every node [pu]. Raises InputError for loads that are not of constant power."""
    faults = Faults(tables.path)
    p, q = np.zeros(len(f.parent)), np.zeros(len(f.parent))
    for name, sign in (("load", 1.0), ("sgen", -1.0)):
        frame = tables.of[name]
        row, active, reactive = element_power(faults, tables, f, name)
        for kind in (c for c in frame.columns if str(c).startswith(("const_z", "const_i"))):
            for i in np.flatnonzero(column(faults, name, frame, str(kind), usual=0.0) != 0.0).tolist():
                faults.add(
                    0, f"{name}[{frame.index[i]}].{kind}", f"{frame[kind].iloc[i]:g}", "0: loads of constant power"
                )
        on = row >= 0
        np.add.at(p, row[on], sign * active[on] / tables.base)
        np.add.at(q, row[on], sign * reactive[on] / tables.base)
    faults.stop()
    return p, q


def element_power(faults: Faults, tables: Tables, f: Feeder, name: str) -> tuple[Ints, Floats, Floats]:
    """(row of the node, -1 at buses not in service; MW; Mvar) of loads or static generators, scaling included."""
    frame = tables.of[name]
    bus = buses(faults, name, frame, "bus", tables.index["bus"])
    scaling = column(faults, name, frame, "scaling", usual=1.0)
    active = column(faults, name, frame, "p_mw") * scaling
    reactive = column(faults, name, frame, "q_mvar", usual=0.0) * scaling
    at = rows_of(f.bus, bus)
    return np.where(at >= 0, f.row[at], -1), active, reactive


def _source(faults: Faults, tables: Tables, at: Nodes) -> tuple[int, float, float]:
    """(node, voltage [pu], angle [deg]) of the one external grid."""
    frame = tables.of["ext_grid"]
    bus = buses(faults, "ext_grid", frame, "bus", tables.index["bus"])
    volt, angle = (
        column(faults, "ext_grid", frame, "vm_pu", usual=1.0, above=0.0),
        column(faults, "ext_grid", frame, "va_degree", usual=0.0),
    )
    alive = at.of(bus) >= 0
    if alive.sum() != 1:
        faults.add(
            0, "ext_grid", f"{int(alive.sum())} in service", "one external grid: a radial network has one source"
        )
        faults.stop()
    i = int(np.flatnonzero(alive)[0])
    return int(at.of(bus)[i]), float(volt[i]), float(angle[i])


def _tree(faults: Faults, joined: Branches, root: int, count: int, at: Nodes) -> tuple[Ints, Ints, Ints]:
    """Depth-first order of the nodes from the root, each one's parent as a place in that order, and its branch."""
    around: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for k, (a, b) in enumerate(zip(joined.start.tolist(), joined.end.tolist(), strict=True)):
        around[a].append((k, b))
        around[b].append((k, a))
    place = np.full(count, -1, np.int64)
    order, parent, by = [root], [0], [-1]
    place[root] = 0
    todo: deque[tuple[int, int, int]] = deque((k, root, b) for k, b in around[root])
    while todo:
        k, here, there = todo.pop()
        if place[there] >= 0:
            if by[place[here]] != k and by[place[there]] != k:
                faults.add(
                    0,
                    joined.name[k].replace(" ", "[") + "]",
                    _loop(joined, by, parent, place, k),
                    "a radial network: open a switch",
                )
                faults.stop()
            continue
        place[there] = len(order)
        order.append(there)
        parent.append(int(place[here]))
        by.append(k)
        todo.extend((next_, there, b) for next_, b in around[there] if next_ != k)
    lost = at.bus[place[at.node] < 0]
    if len(lost):
        faults.add(
            0,
            "bus",
            f"{len(lost)} without a way to the external grid ({named(lost)})",
            "buses that are supplied, or not in service",
        )
    return np.array(order, np.int64), np.array(parent, np.int64), np.array(by, np.int64)


def _loop(joined: Branches, by: list[int], parent: list[int], place: Ints, k: int) -> str:
    """The elements of the loop that branch ``k`` closes."""
    ways = []
    for node in (joined.start[k], joined.end[k]):
        i, way = int(place[node]), []
        while i > 0:
            way.append(by[i])
            i = parent[i]
        ways.append(way)
    shared = set(ways[0]) & set(ways[1])
    others = [joined.name[e] for way in ways for e in way if e not in shared]
    first = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
    return f"a loop with {first}" if others else "a branch from a bus to itself"
