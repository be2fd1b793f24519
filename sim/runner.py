"""Runs: a roadmap and its do-nothing baseline side by side, and the paired ensemble behind the bands."""

from __future__ import annotations

import platform
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np

from sim.city.city import City
from sim.eve import Kept, both_worlds
from sim.indicators import INDICATORS
from sim.model import DEFAULT_GAP, UrbanModel
from sim.record import Record, Recorder
from sim.scenario.load import Scenario
from sim.scenario.parameters import Parameters, registry
from sim.systems.energy.typical import errors

#: Called after each month: month number, share of the work done, indicators of roadmap and baseline.
Watch = Callable[[int, float, Mapping[str, float], Mapping[str, float]], None]

#: The tight run behind the sentence "indistinguishable from zero".
TIGHTER = 0.1


@dataclass(frozen=True)
class Pair:
    """A roadmap and its baseline, lived with the same draws."""

    roadmap: Record
    baseline: Record


@dataclass(frozen=True)
class Member:
    """One paired run of the ensemble: what varies, and what it is called."""

    kind: str  #: "seed", "parameters", "gap"
    number: int
    seed: int
    share: float
    gap: float
    parameters: Mapping[str, float]


def months_of(scenario: Scenario) -> range:
    """The months a run reports."""
    return range(scenario.start, scenario.end + 1)


def run_pair(
    scenario: Scenario,
    city: City,
    *,
    seed: int = 1,
    share: float = 1.0,
    gap: float = DEFAULT_GAP,
    threads: int = 1,
    kept: Kept | None = None,
    watch: Watch | None = None,
    follow: Sequence[int] = (),
) -> Pair:
    """Live the roadmap and its baseline month by month. ``follow``: citizens whose lives are kept besides a sample."""
    clock = time.perf_counter()
    models = both_worlds(scenario, city, seed=seed, share=share, gap=gap, threads=threads, kept=kept)
    recorders = [Recorder(model, follow) for model in models]
    off = (
        None
        if scenario.hours == "all"
        else errors(models[0].state, models[0].energy.climate, models[0].parameters, threads=threads)
    )
    first_month = time.perf_counter() - clock
    months = months_of(scenario)
    with _side_by_side(threads) as each:
        for done, month in enumerate(months, start=1):
            seen = list(each(_month, models, recorders))
            if watch is not None:
                watch(month, done / len(months), seen[0], seen[1])
    extra = {
        "versions": versions(),
        "gap": gap,
        "threads": threads,
        "typical_days": off and asdict(off),
        "seconds": {"until_first_month": round(first_month, 3), "all": round(time.perf_counter() - clock, 3)},
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    return Pair(*(recorder.finish({**extra, "role": role}) for recorder, role in zip(recorders, ROLES, strict=True)))


ROLES = ("roadmap", "baseline")


def _month(model: UrbanModel, recorder: Recorder) -> Mapping[str, float]:
    """One month of one world, and its indicators."""
    model.step()
    return recorder.observe()


@contextmanager
def _side_by_side(threads: int) -> Iterator[Callable[..., Iterator[Mapping[str, float]]]]:
    """``map`` for the worlds of a pair: each in a thread of its own if there are several.

    Worlds share nothing that a month writes to. Array work lets go of the interpreter, so that what a world does on one thread no longer
    leaves the other cores idle.
    """
    if threads < len(ROLES):
        yield map
        return
    with ThreadPoolExecutor(len(ROLES)) as pool:
        yield pool.map


def run_member(scenario: Scenario, city: City, member: Member) -> np.ndarray:
    """Indicators of one paired ensemble run: (2, months, indicators) for roadmap and baseline."""
    out = np.empty((2, len(months_of(scenario)), len(INDICATORS)))
    worlds = both_worlds(
        scenario, city, seed=member.seed, share=member.share, gap=member.gap, parameters=member.parameters
    )
    for side, model in enumerate(worlds):
        for i, _ in enumerate(months_of(scenario)):
            model.step()
            out[side, i] = list(model.latest().values())
    return out


def ensemble(
    scenario: Scenario, *, seed: int, share: float, seeds: int, draws: int, gap: float = DEFAULT_GAP
) -> list[Member]:
    """The paired runs behind the bands: other seeds, parameters drawn from their ranges, and one tighter gap."""
    members = [Member("seed", i, seed + i, share, gap, {}) for i in range(seeds)]
    fixed = dict(scenario.parameters)
    members += [
        Member("parameters", i, seed, share, gap, sample)
        for i, sample in enumerate(sample_parameters(draws, seed, fixed))
    ]
    if members:
        members.append(Member("gap", 0, seed, share, gap * TIGHTER, {}))
    return members


def sample_parameters(draws: int, seed: int, fixed: Mapping[str, float]) -> Iterator[dict[str, float]]:
    """Latin hypercube over the ranges of the registry; what the scenario sets stays as set."""
    from scipy.stats import qmc  # half a second of import that the first month need not wait for

    free = [p for name, p in registry().items() if name not in fixed and p.low < p.high and p.uncertain]
    if draws < 1 or not free:
        return
    unit = qmc.LatinHypercube(d=len(free), rng=np.random.default_rng(seed)).random(draws)
    for row in unit:
        values = {p.name: p.low + u * (p.high - p.low) for p, u in zip(free, row.tolist(), strict=True)}
        yield dict(Parameters(values).overrides)


def versions() -> dict[str, str]:
    """Versions that a result depends on."""
    names: Sequence[str] = ("rebond", "mesa", "numpy", "numba", "scipy", "networkx")
    return {"python": platform.python_version()} | {name: version(name) for name in names}
