"""Children of the sweep benchmark: one sweep, or the same runs by mesa.batch_run, in a process of its own; prints figures as JSON.

Arguments: KIND FOLDER RUNS WORKERS. Kinds: trivial (runs of no work), killed (short runs, to be killed), city, batch_run (scenario and
months are those of :func:`tiny`). In ``city`` and ``batch_run`` each run is the model on the small city for a year, every indicator kept
by month; four scenarios, fuel prices, seeds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engines import Loky
from experiments.frames import load
from experiments.plan import Column, Plan, Task
from experiments.runner import Options, Progress, sweep
from experiments.store import open_to_read
from sim import INDICATORS, RunError, Scenario, UrbanModel, load_bundle, load_scenario

MONTHS = 12
SHARE = 0.02
#: Ids of measures that each scenario leaves out.
SCENARIOS: dict[str, tuple[str, ...]] = {
    "roadmap": (),
    "baseline": ("parking", "bikes"),
    "no parking": ("parking",),
    "no bikes": ("bikes",),
}


def trivial(task: Task) -> Mapping[str, float]:
    """A run of no work."""
    return {"y": task.parameters["x"] * task.seed}


def short(task: Task) -> Mapping[str, float]:
    """A run of 20 ms."""
    time.sleep(0.02)
    return trivial(task)


def trivial_plan(runs: int) -> Plan:
    """So many points of one parameter."""
    return Plan("trivial", ("plan",), (Column("x"),), np.linspace(0.0, 1.0, runs)[:, None], (Column("y"),))


def tiny(folder: Path, name: str) -> Scenario:
    """A roadmap of at most two measures over a year, at the share of these runs."""
    whole = load_scenario(folder / "roadmap.yaml")
    kept = tuple(m for m in whole.measures if m.id not in SCENARIOS[name])
    return replace(whole, share=SHARE, measures=kept)


def tell(progress: Progress) -> None:
    """How many runs are done, for who kills this process."""
    print(progress.done, flush=True)


def sweep_city(folder: Path, runs: int, workers: int) -> dict[str, Any]:
    """The runs as a sweep; ``seconds`` with the start of the workers."""
    from experiments.city import CityWork, columns_of

    scenarios = {name: tiny(folder, name) for name in SCENARIOS}
    names = tuple(i.name for i in INDICATORS)
    work = CityWork(scenarios, str(folder / "small.bundle"), 1e-4, names, grains=("monthly",))
    prices, seeds = grid(runs)
    plan = Plan(
        "city",
        tuple(SCENARIOS),
        (Column("fuel_price", "€/l"),),
        np.array(prices)[:, None],
        columns_of(names),
        replications=seeds,
    )
    out = folder / f"sweep-{workers}-{time.time_ns()}"
    first: list[tuple[int, float]] = []

    def seen(progress: Progress) -> None:
        if progress.done and not first:
            first.append((progress.done, time.perf_counter()))

    clock = time.perf_counter()
    progress = sweep(plan, work, out, Loky(workers), Options(batch=8), seen)
    end = time.perf_counter()
    with open_to_read(out) as store:
        figures, faults = store.figures(), store.faults()
    if faults:
        raise RunError(faults[0]["traceback"])
    count, when = first[0]
    later = load(out).runs["seconds"].iloc[count:]
    return {
        "seconds": end - clock, "runs": progress.done, "run_seconds": figures["seconds"], "workers": workers,
        "start": when - clock - (figures["seconds"] * progress.done - float(later.sum())) / workers,
        "beyond": (end - when - float(later.sum()) / workers) / max(len(later), 1),
    }  # fmt: skip


def grid(runs: int) -> tuple[list[float], int]:
    """Fuel prices and seeds, so that four scenarios make ``runs``."""
    seeds = 4
    return np.linspace(1.3, 2.2, max(1, runs // (4 * seeds))).tolist(), seeds


@lru_cache(maxsize=1)
def _city(bundle: str) -> Any:
    return load_bundle(Path(bundle))


class BatchModel(UrbanModel):  # type: ignore[misc]
    """The model as mesa.batch_run wants it: everything from keywords; the city is loaded once per process."""

    def __init__(
        self, folder: str, world: str, fuel_price: float, number: int, rng: int | None = None, **_: Any
    ) -> None:
        scenario = tiny(Path(folder), world)
        city = _city(str(Path(folder) / "small.bundle"))
        super().__init__(scenario, city, seed=number, share=SHARE, parameters={"fuel_price": fuel_price})
        self.live_until(scenario.start - 1)


def batch_run(folder: Path, runs: int, workers: int) -> dict[str, Any]:
    """The same runs by Mesa's own."""
    from mesa.batchrunner import batch_run as mesa_batch_run

    prices, seeds = grid(runs)
    parameters = {
        "folder": str(folder),
        "world": list(SCENARIOS),
        "fuel_price": prices,
        "number": list(range(1, seeds + 1)),
    }
    clock = time.perf_counter()
    rows = mesa_batch_run(
        BatchModel,
        parameters,
        number_processes=workers,
        data_collection_period=1,
        max_steps=MONTHS - 1,
        display_progress=False,
    )
    return {"seconds": time.perf_counter() - clock, "rows": len(rows), "runs": len({r["RunId"] for r in rows})}


def main(kind: str, folder: str, runs: str, workers: str) -> None:
    """Do it."""
    place, n, w = Path(folder), int(runs), int(workers)
    if kind == "city":
        print(json.dumps(sweep_city(place, n, w)))
    elif kind == "batch_run":
        print(json.dumps(batch_run(place, n, w)))
    else:
        clock = time.perf_counter()
        progress = sweep(
            trivial_plan(n),
            trivial if kind == "trivial" else short,
            place,
            Loky(w),
            watch=tell if kind == "killed" else None,
        )
        print(
            json.dumps({"seconds": time.perf_counter() - clock, "runs": progress.done, "memory_mb": progress.memory_mb})
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
