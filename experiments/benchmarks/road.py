"""Seconds to the user equilibrium, cold and from a former solution, against AequilibraE and pytraf on the same arrays."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
import numpy.typing as npt

from experiments.benchmarks.context import Context, interleaved
from experiments.benchmarks.networks import Case, Floats, city_streets, grid_city, imbalance, tntp, true_gap
from experiments.benchmarks.processes import PeerProcess
from experiments.benchmarks.rows import Promise, Row, measured, peer_measured
from kernels.assignment import Equilibrium, equilibrium, prepare
from sim import open_city

PEERS = {"road_aequilibrae": "AequilibraE bfw", "road_pytraf": "pytraf"}
#: Promised on ChicagoSketch by peer and gap: this many times sooner.
PROMISED = {("road_aequilibrae", 1e-6): 60.0, ("road_pytraf", 1e-6): 4.0, ("road_pytraf", 1e-10): 7.0}
SKETCH = "ChicagoSketch"
#: Every pair of zones has this much more or fewer trips than before, or this share of the links another capacity.
CHANGE, CUT_LINKS = 0.02, 0.01
#: What has changed since the solution that a warm start comes from, the factor on the cut links' capacity, warm over cold promised at 1e-6.
CHANGES = {
    "demand 2 % off": (1.0, 1 / 5),
    "1 % of links halved": (0.5, 1 / 3),
    "1 % of links cut to a tenth": (0.1, 1 / 2),
}
#: Flows that enter and leave a node may differ by this share of the trips; a tool that loses more is said to.
LOST = 1e-6


def run(context: Context) -> list[Row]:
    """Networks small and large; the public ones where their folder is given."""
    grid, streets = grid_city(20, 40), city_streets(open_city(context.city))
    cases = [grid] if context.quick else [grid, streets]
    names = ["SiouxFalls"] if context.quick else ["SiouxFalls", "Anaheim", SKETCH]
    folders = [context.tntp / name for name in names] if context.tntp else []
    cases += [tntp(folder) for folder in folders if folder.is_dir()]
    rows = [
        row for case in cases for row in cold(context, case, 1e-4 if context.quick else 1e-6, rounds=context.size(3, 2))
    ]
    if not any(case.name == SKETCH for case in cases):
        rows.append(
            Row(
                f"{SKETCH} to 1e-06",
                "s",
                None,
                promise=Promise(60.0, of_ratio=True),
                note="needs --tntp with its files",
            )
        )
    rows += [row for case in cases if case.name == SKETCH for row in far(context, case)]
    for case in [streets, *(case for case in cases if case.name == SKETCH)]:
        rows.append(warm(context, case, 1e-4, "demand 2 % off", rounds=context.size(3, 5)))
        rows += [warm(context, case, 1e-6, change, rounds=context.size(3, 5)) for change in CHANGES]
    return rows


def cold(context: Context, case: Case, gap: float, rounds: int, peers: Sequence[str] = tuple(PEERS)) -> list[Row]:
    """A row against each peer, all sides in turn. Our time includes what :func:`prepare` finds out about the graph."""
    network = context.scratch / "network.npz"
    n = case.network
    np.savez(network, **n._asdict(), trips=case.trips)
    out = {name: context.scratch / f"{name}.npy" for name in peers}
    found: list[Equilibrium] = [_solve(context, case, gap)]  # compiles
    with ExitStack() as stack:
        sides = {
            name: stack.enter_context(PeerProcess(context, name, PEERS[name], network, context.threads))
            for name in peers
        }

        def ours() -> float:
            return context.seconds(lambda: found.append(_solve(context, case, gap)))

        asked = [lambda name=name: sides[name].seconds(gap=gap, out=str(out[name])) for name in peers]
        samples, *theirs = interleaved(rounds, ours, *asked)
        rows = []
        for name, seconds in zip(peers, theirs, strict=True):
            notes = [_quality("ours", case, found[-1].flow)]
            if seconds:
                notes.append(_quality(PEERS[name], case, np.load(out[name])))
            limit = PROMISED.get((name, gap)) if case.name == SKETCH else None
            promise = None if limit is None else Promise(limit, of_ratio=True)
            rows.append(
                measured(
                    f"{case.name} to {gap:.0e}", "s", samples, promise=promise, note="; ".join(notes),
                    peer=peer_measured(sides[name].name, seconds, sides[name].fault),
                )
            )  # fmt: skip
    return rows


def far(context: Context, case: Case) -> list[Row]:
    """On to 1e-10 beside pytraf, and to 1e-12."""
    rows = cold(context, case, 1e-10, rounds=2, peers=["road_pytraf"])
    seconds = interleaved(2, lambda: context.seconds(lambda: _solve(context, case, 1e-12)))[0]
    note = _quality("ours", case, _solve(context, case, 1e-12).flow)
    return [*rows, measured(f"{case.name} to 1e-12", "s", seconds, note=note)]


def warm(context: Context, case: Case, gap: float, change: str, rounds: int) -> Row:
    """Re-equilibrium from a solution of what was there before, over a cold solve of the same; see :data:`CHANGES`."""
    factor, promise = CHANGES[change]
    topology = prepare(case.network)
    before = _solve(context, case, gap)
    rng = np.random.default_rng(2)
    trips, network = case.trips, case.network
    if factor == 1.0:
        trips = trips * np.where(rng.random(trips.shape) < 0.5, 1.0 - CHANGE, 1.0 + CHANGE)
    else:
        links = len(network.tail)
        capacity = network.capacity.copy()
        capacity[rng.choice(links, round(CUT_LINKS * links), replace=False)] *= factor
        network = network._replace(capacity=capacity)

    def again(state: tuple[npt.ArrayLike, npt.ArrayLike] | None) -> float:
        def solve() -> Equilibrium:
            return equilibrium(
                network, trips, gap=gap, warm=state, threads=context.threads, topology=topology, max_iterations=1000
            )

        return context.seconds(solve)

    state = before.state_f, before.state_i
    cold_seconds, warm_seconds = interleaved(rounds, lambda: again(None), lambda: again(state))
    shares = [w / c for c, w in zip(cold_seconds, warm_seconds, strict=True)]
    return measured(
        f"{case.name}, {change}, to {gap:.0e}: warm over cold", "", shares, promise=Promise(promise),
        note=f"cold {np.median(cold_seconds):.3g} s, warm {np.median(warm_seconds):.3g} s",
    )  # fmt: skip


def _solve(context: Context, case: Case, gap: float) -> Equilibrium:
    return equilibrium(case.network, case.trips, gap=gap, max_iterations=1000, threads=context.threads)


def _quality(name: str, case: Case, flow: Floats) -> str:
    lost = imbalance(case, flow)
    return f"true gap of {name} {true_gap(case, flow):.1e}" + (
        f" (loses {lost:.1e} of the trips)" if lost > LOST else ""
    )
