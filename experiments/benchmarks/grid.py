"""Power flow of radial feeders over a year of hours, in bus-steps per second, against power-grid-model's batch; of a city's stations."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.benchmarks.context import Context, interleaved, rates
from experiments.benchmarks.processes import PeerProcess
from experiments.benchmarks.rows import Promise, Row, measured, peer_measured
from kernels.forest import Forest, forest_flow
from kernels.power import radial, radial_flow

TOLERANCE, SWEEPS = 1e-8, 200
PROMISED = 40.0  # times power-grid-model
HOURS = 8760
SAMPLE_SECONDS = 0.2
#: Buses of a city's low-voltage grid and of one station; seconds that a month of 96 steps may take; cost of a bus-step in a case four
#: times as large, over that in the small one.
BUSES, STATION, MONTH, LINEAR = 100_000, 100, 0.1, 1.1


class Feeder(NamedTuple):
    """A radial feeder and its loads by hour, per unit (see :func:`kernels.power.radial_flow`)."""

    parent: npt.NDArray[np.int64]
    r: npt.NDArray[np.float64]
    x: npt.NDArray[np.float64]
    p: npt.NDArray[np.float64]
    q: npt.NDArray[np.float64]


def run(context: Context) -> list[Row]:
    """Feeders of the size of the Baran & Wu case, of a large low-voltage one, of a medium-voltage one with its branches; a city."""
    hours, rounds = context.size(1000, HOURS), context.size(3, 7)
    compared = [compare(context, feeder(buses, hours), rounds) for buses in (33, 129, 1033)]
    return [*compared, *city(context, context.size(BUSES // 10, BUSES), 2 * rounds)]


def feeder(buses: int, hours: int) -> Feeder:
    """A random tree with loads of a daily shape, each hour's a half more or less at every bus, scaled so that the far end drops by some
    hundredths: deterministic."""
    rng = np.random.default_rng(buses)
    parent = np.array([0] + [int(rng.integers(max(0, i - 4), i)) for i in range(1, buses)], np.int64)
    r = rng.uniform(0.5, 1.5, buses) * 0.5 / buses
    base = rng.uniform(0.2, 1.0, buses) / buses
    base[0] = 0.0
    shape = 0.6 + 0.4 * np.sin(np.arange(hours) * 2 * np.pi / 24) * rng.uniform(0.8, 1.2, hours)
    p = shape[:, None] * base * rng.uniform(0.5, 1.5, (hours, buses))
    return Feeder(parent, r, 0.5 * r, p, 0.25 * p)


def compare(context: Context, case: Feeder, rounds: int) -> Row:
    """One row; the voltages of both sides are compared."""
    path, out = context.scratch / "feeder.npz", context.scratch / "voltages.npy"
    np.savez(path, **case._asdict())
    hours, buses = case.p.shape
    voltage = _voltages(case, context.threads)  # compiles
    with PeerProcess(context, "grid_pgm", "power-grid-model", path, context.threads) as peer:
        alone, ours, theirs = interleaved(
            rounds, lambda: context.seconds(lambda: _voltages(case, context.threads)),
            lambda: context.seconds_each(lambda: _voltages(case, context.threads), SAMPLE_SECONDS),
            lambda: peer.seconds(tolerance=TOLERANCE, out=str(out)),
        )  # fmt: skip
        work = float(hours * buses)
        note = f"{hours:,} hours; both on {context.threads} threads, voltages only; ours back to back for {SAMPLE_SECONDS:g} s"
        note += f"; a single call of ours right after the peer's, caches cold: {median(rates(work, alone)) / 1e6:,.0f} M bus-steps/s"
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


def city(context: Context, buses: int, rounds: int) -> list[Row]:
    """A month of a city's stations, and what a quarter of the stations and four times the steps cost."""
    all_, few = stations(buses), stations(buses // 4)
    month(few, 96, context.threads)  # compiles
    cost = interleaved(
        rounds, *(lambda of=of, steps=steps: context.seconds(lambda: month(of, steps, context.threads))
                  for of, steps in ((all_, 96), (few, 96), (few, 384)))
    )  # fmt: skip
    whole, part, longer = (median(seconds) for seconds in cost)
    what = f"city of {buses // STATION:,} stations, {buses:,} buses, 96 steps"
    return [
        measured(what, "s", cost[0], promise=Promise(MONTH), note=f"{context.threads} threads; loads built by class, sums by district"),
        *(
            measured(f"growth of the cost with {name} (1 is linear)", "", [large / (4.0 * part)], promise=Promise(LINEAR))
            for name, large in (("buses", whole), ("hours", longer))
        ),
    ]  # fmt: skip


def stations(buses: int) -> Forest:
    """Stations of one size: random trees, a few dwellings on each bus, deterministic."""
    rng = np.random.default_rng(buses)
    first = np.arange(0, buses + 1, STATION)
    place = np.arange(buses) % STATION
    parent = np.maximum(place - 1 - rng.integers(0, 3, buses), 0) + np.repeat(first[:-1], STATION)
    customers = rng.integers(0, 3, (buses, 4)).astype(float)
    r = rng.uniform(0.5, 1.5, buses) * 1e-3  # ohm
    return Forest(first, parent, r, 0.5 * r, np.full(buses, 240.0), np.arange(len(first) - 1) % 20, customers)


def month(forest: Forest, steps: int, threads: int) -> None:
    """Loads of a daily shape, 20 districts, 4 classes."""
    shape = 0.6 + 0.4 * np.sin(np.arange(steps) * 2 * np.pi / 24)
    demand = 300.0 * np.random.default_rng(1).uniform(0.5, 1.5, (20, 4, 1)) * shape  # W
    found = forest_flow(forest, demand, np.full(4, 0.25), np.ones(steps), threads=threads)
    assert found.steps > 0
