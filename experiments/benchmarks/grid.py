"""Power flow of radial feeders over a year of hours, in bus-steps per second, against power-grid-model's batch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.benchmarks.context import Context, interleaved, rates
from experiments.benchmarks.processes import PeerProcess
from experiments.benchmarks.rows import Promise, Row, measured, peer_measured
from kernels.power import radial, radial_flow

TOLERANCE, SWEEPS = 1e-8, 200
PROMISED = 40.0  # times power-grid-model
HOURS = 8760


class Feeder(NamedTuple):
    """A radial feeder and its loads by hour, per unit (see :func:`kernels.power.radial_flow`)."""

    parent: npt.NDArray[np.int64]
    r: npt.NDArray[np.float64]
    x: npt.NDArray[np.float64]
    p: npt.NDArray[np.float64]
    q: npt.NDArray[np.float64]


def run(context: Context) -> list[Row]:
    """Feeders of the size of the Baran & Wu case, of a large low-voltage one, of a medium-voltage one with its branches."""
    return [compare(context, feeder(buses, context.size(1000, HOURS)), context.size(3, 5)) for buses in (33, 129, 1033)]


def feeder(buses: int, hours: int) -> Feeder:
    """A random tree with loads of a daily shape, scaled so that the far end drops by some hundredths: deterministic."""
    rng = np.random.default_rng(buses)
    parent = np.array([0] + [int(rng.integers(max(0, i - 4), i)) for i in range(1, buses)], np.int64)
    r = rng.uniform(0.5, 1.5, buses) * 0.5 / buses
    base = rng.uniform(0.2, 1.0, buses) / buses
    base[0] = 0.0
    shape = 0.6 + 0.4 * np.sin(np.arange(hours) * 2 * np.pi / 24) * rng.uniform(0.8, 1.2, hours)
    p = shape[:, None] * base
    return Feeder(parent, r, 0.5 * r, p, 0.25 * p)


def compare(context: Context, case: Feeder, rounds: int) -> Row:
    """One row; the voltages of both sides are compared."""
    path, out = context.scratch / "feeder.npz", context.scratch / "voltages.npy"
    np.savez(path, **case._asdict())
    hours, buses = case.p.shape
    voltage = _voltages(case, context.threads)  # compiles
    with PeerProcess(context, "grid_pgm", "power-grid-model", path, context.threads) as peer:
        ours, theirs = interleaved(
            rounds, lambda: context.seconds(lambda: _voltages(case, context.threads)),
            lambda: peer.seconds(tolerance=TOLERANCE, out=str(out)),
        )  # fmt: skip
        work = float(hours * buses)
        note = f"{hours:,} hours; both on {context.threads} threads, voltages only"
        if theirs:
            note += f"; voltages differ by at most {np.abs(np.load(out) - voltage).max():.1e} pu"
        other = peer_measured(peer.name, rates(work, theirs), peer.fault)
    promise = Promise(PROMISED, of_ratio=True)
    return measured(
        f"{buses:,} buses", "bus-steps/s", rates(work, ours), higher_is_better=True, promise=promise, peer=other, note=note
    )  # fmt: skip


def _voltages(case: Feeder, threads: int) -> npt.NDArray[np.float64]:
    return radial_flow(
        radial(case.parent, case.r, case.x), case.p, case.q, tolerance=TOLERANCE, iterations=SWEEPS, threads=threads,
        currents=False, magnitudes=True,
    ).level  # fmt: skip
