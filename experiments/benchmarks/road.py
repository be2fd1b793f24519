"""Seconds to the user equilibrium, cold and from last month's, against AequilibraE and pytraf on the same arrays."""

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
#: Promised on ChicagoSketch at 1e-6: this many times sooner.
PROMISED = {"road_aequilibrae": 60.0, "road_pytraf": 4.0}
SKETCH = "ChicagoSketch"
#: Every pair of zones has this much more or fewer trips than the month before.
CHANGE = 0.02
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
        rows += [warm(context, case, gap, rounds=context.size(3, 5)) for gap in (1e-4, 1e-6)]
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
            promise = Promise(PROMISED[name], of_ratio=True) if case.name == SKETCH else None
            rows.append(
                measured(
                    f"{case.name} to {gap:.0e}", "s", samples, promise=promise, note="; ".join(notes),
                    peer=peer_measured(sides[name].name, seconds, sides[name].fault),
                )
            )  # fmt: skip
    return rows


def far(context: Context, case: Case) -> list[Row]:
    """On to 1e-12."""
    seconds = interleaved(2, lambda: context.seconds(lambda: _solve(context, case, 1e-12)))[0]
    note = _quality("ours", case, _solve(context, case, 1e-12).flow)
    return [measured(f"{case.name} to 1e-12", "s", seconds, note=note)]


def warm(context: Context, case: Case, gap: float, rounds: int) -> Row:
    """Re-equilibrium from last month's solution, every pair's trips 2 % up or down, over a cold solve of the same demand."""
    topology = prepare(case.network)
    before = _solve(context, case, gap)
    rng = np.random.default_rng(2)
    trips = case.trips * np.where(rng.random(case.trips.shape) < 0.5, 1.0 - CHANGE, 1.0 + CHANGE)

    def again(state: tuple[npt.ArrayLike, npt.ArrayLike] | None) -> float:
        return context.seconds(
            lambda: equilibrium(
                case.network,
                trips,
                gap=gap,
                warm=state,
                threads=context.threads,
                topology=topology,
                max_iterations=1000,
            )
        )

    state = before.state_f, before.state_i
    cold_seconds, warm_seconds = interleaved(rounds, lambda: again(None), lambda: again(state))
    shares = [w / c for c, w in zip(cold_seconds, warm_seconds, strict=True)]
    return measured(
        f"{case.name}, demand 2 % off, to {gap:.0e}: warm over cold", "", shares, promise=Promise(0.2),
        note=f"cold {np.median(cold_seconds):.3g} s, warm {np.median(warm_seconds):.3g} s",
    )  # fmt: skip


def _solve(context: Context, case: Case, gap: float) -> Equilibrium:
    return equilibrium(case.network, case.trips, gap=gap, max_iterations=1000, threads=context.threads)


def _quality(name: str, case: Case, flow: Floats) -> str:
    lost = imbalance(case, flow)
    return f"true gap of {name} {true_gap(case, flow):.1e}" + (
        f" (loses {lost:.1e} of the trips)" if lost > LOST else ""
    )
