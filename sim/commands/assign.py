"""``rebond assign``: user equilibrium of a modeller's own network and trips, TNTP or GMNS."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kernels.assignment import RoadNetwork, UnreachableError, link_cost
from kernels.classes import ClassFlows, UserClass, assign_classes
from sim.city import gmns, tntp
from sim.city.roadclasses import RoadClass, read_classes
from sim.city.roadfile import Faults, RoadFile, TripFile
from sim.columns import Floats
from sim.commands.files import check_target, write_whole
from sim.commands.run import watched_compilation
from sim.errors import Fault, InputError, NotConverged, RunError

Say = Callable[[str], None]
#: Pairs without a way that a message names.
NAMED = 5


@dataclass(frozen=True)
class AssignOptions:
    """What the command line said."""

    network: Path
    trips: Path | None
    nodes: Path | None
    classes: Path | None
    toll_factor: float
    distance_factor: float
    background: Path | None
    gap: float
    max_iterations: int
    threads: int
    flows: Path | None
    force: bool
    drop_unreachable: bool


def assign(options: AssignOptions, say: Say) -> dict[str, Any]:
    """Read, solve, write. Returns what ``--json`` prints. Raises InputError before anything is solved, NotConverged after."""
    if options.flows is not None:
        check_target("--flows", options.flows, options.force)
    network = _read_network(options)
    classes, tables = _classes(options, network)
    background = None if options.background is None else _background(options.background, network)
    for note in (*network.notes, *(note for table in tables for note in table.notes)):
        say(f"note: {note}")
    users = [
        UserClass(table.trips, one.pce, one.fixed(network)) for one, table in zip(classes, tables, strict=True)
    ]  # fmt: skip
    road = _road(network)
    with watched_compilation(say):
        _warm_up(options.threads)
    found, seconds = _solve(road, users, background, options, network, classes)
    answer = _figures(network, classes, users, found, seconds, options)
    _summary(answer, say)
    if found.gap > options.gap:
        raise NotConverged(
            f"stopped at a relative gap of {found.gap:.3g} after {found.iterations} iterations, asked {options.gap:g}; "
            "nothing was written (--max-iterations, --gap)"
        )
    if options.flows is not None:
        _write_flows(options.flows, network, road, classes, found, background)
        say(f"Link flows: {options.flows}")
    return answer


def _read_network(options: AssignOptions) -> RoadFile:
    path = options.network
    if path.is_dir():
        return gmns.read_network(path / "link.csv", options.nodes or path / "node.csv")
    if path.suffix.lower() == ".csv":
        return gmns.read_network(path, options.nodes or path.with_name("node.csv"))
    return tntp.read_network(path)


def _read_trips(path: Path, network: RoadFile) -> TripFile:
    if path.suffix.lower() == ".csv":
        return gmns.read_trips(path, network)
    return tntp.read_trips(path, network)


def _classes(options: AssignOptions, network: RoadFile) -> tuple[list[RoadClass], list[TripFile]]:
    """The classes of ``--classes``, or one of ``--trips`` and the factors."""
    if (options.trips is None) == (options.classes is None):
        raise InputError(Fault("--trips, --classes", "both" if options.trips else "neither", "one of the two"))
    if options.trips is not None:
        one = RoadClass(
            name="all",
            trips=str(options.trips),
            toll_factor=options.toll_factor,
            distance_factor=options.distance_factor,
        )
        return [one], [_read_trips(options.trips, network)]
    assert options.classes is not None
    if options.toll_factor or options.distance_factor:
        raise InputError(
            Fault("--toll-factor, --distance-factor", "a factor beside --classes", "factors in the classes file")
        )
    classes = read_classes(options.classes)
    return classes, [_read_trips(options.classes.parent / one.trips, network) for one in classes]


def _background(path: Path, network: RoadFile) -> Floats:
    """(L,) fixed load by link from a CSV of init_node, term_node, flow; parallel links in file order."""
    faults = Faults(path)
    rows: dict[tuple[str, str], list[int]] = {}
    for e, pair in enumerate(zip(network.init, network.term, strict=True)):
        rows.setdefault(pair, []).append(e)
    out, used = np.zeros(len(network.init)), dict.fromkeys(rows, 0)
    for row in gmns.table(path, ("init_node", "term_node", "flow"), faults):
        pair = row.get("init_node"), row.get("term_node")
        if used.get(pair, 0) >= len(rows.get(pair, ())):
            faults.add(row.line, "init_node, term_node", f"{pair[0]}-{pair[1]}", "each link of the network once")
            continue
        out[rows[pair][used[pair]]] = faults.number(row.line, "flow", row.get("flow"))
        used[pair] += 1
    faults.stop()
    return out


def _road(network: RoadFile) -> RoadNetwork:
    return RoadNetwork(
        network.tail, network.head, network.free_time, network.capacity, network.alpha, network.beta,
        np.zeros(len(network.tail)), network.length, network.n_nodes, network.zone_node, network.through,
    )  # fmt: skip


def _warm_up(threads: int) -> None:
    """Have every kernel compiled or loaded, so that the clock sees the solve alone: four links, two zones."""
    ends = np.array([0, 0, 1, 1], np.int32), np.array([1, 1, 0, 0], np.int32)
    one = np.ones(4)
    tiny = RoadNetwork(*ends, one, one, one, one, one, one, 2, np.array([0, 1], np.int32), np.ones(2, bool))
    user = UserClass(np.ones((2, 2)), 1.0, np.zeros(4))
    assign_classes(tiny, [user, user], gap=1e-9, threads=threads, background=np.zeros(4), in_proportion=True)


def _solve(
    road: RoadNetwork, users: list[UserClass], background: Floats | None, options: AssignOptions, network: RoadFile,
    classes: list[RoadClass],
) -> tuple[ClassFlows, float]:  # fmt: skip
    clock = time.perf_counter()
    try:
        found = assign_classes(
            road, users, gap=options.gap, max_iterations=options.max_iterations, background=background,
            threads=options.threads, drop_unreachable=options.drop_unreachable, in_proportion=len(users) > 1,
        )  # fmt: skip
    except UnreachableError as error:
        pairs = ", ".join(f"{network.zones[o]}->{network.zones[d]}" for _, o, d in error.pairs[:NAMED])
        what = f"{len(error.pairs)} pairs of zones with {math.fsum(error.demand):,.10g} trips and no way: {pairs}"
        more = ", ..." if len(error.pairs) > NAMED else ""
        raise InputError(
            Fault(str(options.trips or options.classes), what + more, "trips where the network leads; --drop-unreachable leaves them out")
        ) from error  # fmt: skip
    except MemoryError as error:
        raise RunError(f"not enough memory for {len(network.zones):,} zones and {len(road.tail):,} links") from error
    return found, time.perf_counter() - clock


def _figures(
    network: RoadFile, classes: list[RoadClass], users: list[UserClass], found: ClassFlows, seconds: float, options: AssignOptions,
) -> dict[str, Any]:  # fmt: skip
    """The machine's answer. Times are in the network's unit; ``total_time`` is flow times cost, constants included."""
    intrazonal = sum(float(np.trace(user.demand)) for user in users)
    demand = sum(float(user.demand.sum()) for user in users)
    lost = sum(
        float(user.demand[o, d])
        for g, o, d in found.lost
        for user, mine in zip(users, found.group, strict=True)
        if mine == g
    )
    answer: dict[str, Any] = {
        "relative_gap": found.gap, "objective": found.objective, "total_time": found.total_cost, "iterations": found.iterations,
        "seconds": seconds, "links": network.listed, "nodes": network.n_nodes, "zones": len(network.zones),
        "demand": demand, "intrazonal": intrazonal, "unreachable_pairs": len(found.lost), "unreachable_demand": lost,
        "assigned": demand - intrazonal - lost, "threads": options.threads,
    }  # fmt: skip
    if options.classes is not None:
        answer["classes"] = [
            {"name": one.name, "demand": float(user.demand.sum()), "pce": one.pce, "cost_group": int(group),
             "vehicle_length": float(flow @ network.length)}
            for one, user, group, flow in zip(classes, users, found.group, found.flow, strict=True)
        ]  # fmt: skip
    if found.proportion is not None:
        answer["proportionality_residual"] = found.proportion.residual
    return answer


def _summary(answer: dict[str, Any], say: Say) -> None:
    say(
        f"{answer['links']:,} links, {answer['nodes']:,} nodes, {answer['zones']:,} zones; {answer['assigned']:,.10g} trips assigned"
    )
    if answer["intrazonal"]:
        say(f"{answer['intrazonal']:,.10g} trips stay inside their zone and are not assigned")
    if answer["unreachable_pairs"]:
        say(
            f"warning: {answer['unreachable_demand']:,.10g} trips of {answer['unreachable_pairs']:,} pairs have no way and were left out"
        )
    say(
        f"relative gap {answer['relative_gap']:.3g} in {answer['iterations']} iterations, {answer['seconds']:.3g} s; objective "
        f"{answer['objective']:.12g}, total time {answer['total_time']:.12g} (the network's unit of time)"
    )  # fmt: skip


def _write_flows(
    path: Path,
    network: RoadFile,
    road: RoadNetwork,
    classes: list[RoadClass],
    found: ClassFlows,
    background: Floats | None,
) -> None:
    """One row a link in file order. A file that exists is replaced whole or not at all."""
    single = len(classes) == 1
    cost = found.cost[0] if single else link_cost(road, found.load, background)
    columns = {"flow": found.flow[0] if single else found.load, "cost": cost}
    if not single:
        for one, flow, own in zip(classes, found.flow, found.cost, strict=True):
            columns |= {f"flow_{one.name}": flow, f"cost_{one.name}": own}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["init_node", "term_node", *columns])
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    rows = zip(network.init, network.term, values, strict=True)
    writer.writerows((a, b, *map(repr, row)) for _, (a, b, row) in zip(range(network.listed), rows, strict=False))
    write_whole(path, out.getvalue())
