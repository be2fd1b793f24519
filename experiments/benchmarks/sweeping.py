"""Children of the sweep benchmark: one sweep in a process of its own, which imports no more than ``rebond sweep`` does; figures as JSON.

Arguments: KIND FOLDER RUNS WORKERS. Kinds: trivial (runs of no work), killed (short runs, to be killed), city (the experiment that
:func:`write_experiment` has written: each run is the model on the small city for a year, every indicator kept by month; four scenarios,
fuel prices, seeds). The same runs by mesa.batch_run: :mod:`experiments.benchmarks.batching`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engines import local
from experiments.plan import Column, Plan, Task
from experiments.prepared import prepared
from experiments.runner import Options, Progress, sweep
from experiments.store import open_to_read
from sim.errors import RunError

MONTHS = 12
SHARE = 0.02
SEEDS = 4
ROADMAP = """\
name: small
start: 2021-01
end: 2021-12
measures:
  - {id: parking, measure: parking_price, start: 2021-02, area: centre, price: 2 €/h}
  - {id: bikes, measure: bike_subsidy, start: 2021-03, amount: 400 €}
"""
#: Ids of measures that each scenario leaves out.
SCENARIOS: dict[str, tuple[str, ...]] = {
    "roadmap": (),
    "baseline": ("parking", "bikes"),
    "no parking": ("parking",),
    "no bikes": ("bikes",),
}


def fuel_prices(runs: int) -> list[float]:
    """As many fuel prices [€/l] as four scenarios and four seeds need to make ``runs``."""
    return [round(p, 6) for p in np.linspace(1.3, 2.2, max(1, runs // (len(SCENARIOS) * SEEDS))).tolist()]


def write_experiment(folder: Path, runs: int) -> Path:
    """The roadmap and the experiment on ``small.bundle`` in the folder."""
    roadmap = folder / "roadmap.yaml"
    roadmap.write_text(ROADMAP, "utf-8")
    variants = [{"name": name, "of": str(roadmap), "without": list(ids)} for name, ids in SCENARIOS.items()]
    text = {
        "name": "small city", "scenarios": variants, "city": str(folder / "small.bundle"), "share": SHARE,
        "parameters": {"fuel_price": {"values": fuel_prices(runs)}}, "replications": SEEDS, "grain": "monthly",
    }  # fmt: skip
    path = folder / f"experiment-{runs}.yaml"
    path.write_text(json.dumps(text, indent=1), "utf-8")  # JSON is YAML, too
    return path


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


def tell(progress: Progress) -> None:
    """How many runs are done, for who kills this process."""
    print(progress.done, flush=True)


def sweep_city(folder: Path, runs: int, workers: int) -> dict[str, Any]:
    """The experiment as a sweep; ``seconds`` with the start of the workers."""
    ready = prepared(write_experiment(folder, runs), workers, lambda _: None)
    out = folder / f"sweep-{workers}-{time.time_ns()}"
    first: list[tuple[int, float]] = []

    def seen(progress: Progress) -> None:
        if progress.done and not first:
            first.append((progress.done, time.perf_counter()))

    clock = time.perf_counter()
    progress = sweep(ready.plan, ready.work, out, local(workers), Options(batch=8), seen)
    end = time.perf_counter()
    with open_to_read(out) as store:
        figures, faults = store.figures(), store.faults()
        seconds = [s for (s,) in store.database.execute("SELECT seconds FROM runs WHERE state = 1 ORDER BY ended, run")]
    if faults:
        raise RunError(faults[0]["traceback"])
    count, when = first[0]
    later = sum(seconds[count:])
    return {
        "seconds": end - clock, "runs": progress.done, "run_seconds": figures["seconds"], "workers": workers,
        "start": when - clock - sum(seconds[:count]) / workers,
        "beyond": (end - when - later / workers) / max(len(seconds) - count, 1),
    }  # fmt: skip


def main(kind: str, folder: str, runs: str, workers: str) -> None:
    """Do it."""
    place, n, w = Path(folder), int(runs), int(workers)
    if kind == "city":
        print(json.dumps(sweep_city(place, n, w)))
    else:
        clock = time.perf_counter()
        progress = sweep(
            trivial_plan(n),
            trivial if kind == "trivial" else short,
            place,
            local(w),
            watch=tell if kind == "killed" else None,
        )
        print(
            json.dumps({"seconds": time.perf_counter() - clock, "runs": progress.done, "memory_mb": progress.memory_mb})
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
