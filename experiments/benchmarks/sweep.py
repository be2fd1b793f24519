"""Promises of sweeps: efficiency, overhead, many small runs, mesa.batch_run beside ours, and SIGKILL at random moments."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from experiments.benchmarks.context import Context
from experiments.benchmarks.processes import ROOT, ChildError
from experiments.benchmarks.rows import Peer, Promise, Row, measured
from experiments.benchmarks.sweeping import MONTHS, SHARE, trivial, trivial_plan
from experiments.engines import Loky
from experiments.frames import load
from experiments.plan import Task
from experiments.runner import sweep
from sim import RebondError, prepare, save_bundle

ROADMAP = """\
name: small
start: 2021-01
end: 2021-12
measures:
  - {id: parking, measure: parking_price, start: 2021-02, area: centre, price: 2 €/h}
  - {id: bikes, measure: bike_subsidy, start: 2021-03, amount: 400 €}
"""
MODULE = "experiments.benchmarks.sweeping"
LONGEST = 3000.0


def run(context: Context) -> list[Row]:
    """All rows; the small city is the tests' own, so that a run takes a second."""
    from tests.tiny import tiny_city

    save_bundle(prepare(tiny_city(), context.threads), context.scratch / "small.bundle")
    (context.scratch / "roadmap.yaml").write_text(ROADMAP, "utf-8")
    sampled("city", context.scratch, 8, 1)  # kernels compiled, files read once
    return [*many_small(context), *killed(context), *efficiency(context), *beside_mesa(context)]


def efficiency(context: Context) -> list[Row]:
    """Two workers against one, in turn; and what a run costs beyond itself."""
    runs, rounds = context.size(16, 64), context.size(1, 3)
    one, two = [], []
    for _ in range(rounds):
        one.append(sampled("city", context.scratch, runs, 1)[0])
        two.append(sampled("city", context.scratch, runs, 2)[0])
    shares = [100.0 * a["seconds"] / (2.0 * b["seconds"]) for a, b in zip(one, two, strict=True)]
    slower = max(b["run_seconds"] / a["run_seconds"] for a, b in zip(one, two, strict=True))
    busy = [100.0 * f["runs"] * f["run_seconds"] / (f["workers"] * f["seconds"]) for f in two]
    beyond = [1000.0 * f["beyond"] for f in one]
    what = f"{runs} runs of {MONTHS} months of the small city at share {SHARE:g}, start of workers and their imports included"
    return [
        measured("efficiency of 2 workers against 1", "%", shares, higher_is_better=True, promise=Promise(95.0),
                 note=f"{what}; a run took up to {slower:.2f} times as long when two ran side by side"),
        measured("share of the time of 2 workers that goes into runs", "%", busy, higher_is_better=True, note="the rest is the sweep's"),
        measured("beyond the run itself, by run, 1 worker", "ms", beyond, promise=Promise(30.0),
                 note="wall less the runs' own seconds, once the first runs have ended"),
        measured("until a worker has begun: process, imports, plan", "s", [f["start"] for f in one]),
    ]  # fmt: skip


def many_small(context: Context) -> list[Row]:
    """Runs of no work: what scheduling and committing cost."""
    runs = context.size(1000, 10_000)
    found, peak = sampled("trivial", context.scratch / "trivial", runs, 2)
    rate = f"{runs / found['seconds']:,.0f} runs/s"
    memory = f"peak memory of {runs:,} trivial runs, workers included"
    return [
        measured(f"{runs:,} trivial runs, 2 workers", "s", [found["seconds"]], promise=Promise(60.0), note=rate),
        measured(memory, "MB", [peak], promise=Promise(500.0)),
    ]


def beside_mesa(context: Context) -> list[Row]:
    """The same runs by mesa.batch_run, which keeps all rows in memory, 2 processes each; memory with a tenth of the runs, too."""
    runs = context.size(32, 1000)
    few, less = sampled("city", context.scratch, runs // 10, 2)
    mine, memory = sampled("city", context.scratch, runs, 2)
    name = "mesa.batch_run"
    try:
        their_less = sampled("batch_run", context.scratch, runs // 10, 2)[1]
        theirs, their_memory = sampled("batch_run", context.scratch, runs, 2)
    except ChildError as error:
        peer = Peer(name, fault=str(error)[:160])
        return [measured(f"{mine['runs']:,} runs, 2 processes", "s", [mine["seconds"]], peer=peer)]
    note = f"both lived {mine['runs']:,} and {theirs['runs']:,} runs of 4 scenarios; every indicator by month, on disk and in memory"
    count = f"{mine['runs']:,} runs, 2 processes"
    return [
        measured(f"{count}: wall", "s", [mine["seconds"]], promise=Promise(1.0 / 0.7, of_ratio=True),
                 peer=Peer(name, theirs["seconds"]), note=note),
        measured(f"{count}: peak memory of all processes", "MB", [memory], promise=Promise(1.0 / 0.3, of_ratio=True),
                 peer=Peer(name, their_memory)),
        measured(f"{count}: what it grew by from {few['runs']:,} runs on", "MB", [max(memory - less, 0.1)],
                 peer=Peer(name, max(their_memory - their_less, 0.1))),
    ]  # fmt: skip


def killed(context: Context) -> list[Row]:
    """SIGKILL of the main process at random moments; afterwards what was said to be done is there, once and whole."""
    times, runs, draw = context.size(3, 20), context.size(150, 1500), random.Random(1)
    out, harm, said = context.scratch / "killed", 0, 0
    for _ in range(times):
        process = _start("killed", out, runs, 2)
        timer = threading.Timer(draw.uniform(0.3, 2.5), os.kill, (process.pid, signal.SIGKILL))
        timer.start()
        assert process.stdout is not None
        for line in process.stdout:
            said = int(line) if line.strip().isdigit() else said
        timer.cancel()
        process.wait()
        harm += _harm(out, said)
    sweep(trivial_plan(runs), trivial, out, Loky(2))
    harm += _harm(out, runs)
    return [measured(f"results lost, doubled or torn by {times} SIGKILLs", "results", [harm], promise=Promise(0.0))]


def _harm(out: Path, said: int) -> int:
    """Results that are missing though said to be done, there twice, or other than their task gives."""
    try:
        found = load(out).runs
    except RebondError:
        return said
    twice = int(found["run"].duplicated().sum())
    wrong = sum(
        trivial(Task(int(r), "plan", 0, 0, int(s), {"x": x}))["y"] != y
        for r, s, x, y in found[["run", "seed", "x", "y"]].itertuples(index=False)
    )
    return max(0, said - len(found)) + twice + wrong


def sampled(kind: str, folder: Path, runs: int, workers: int) -> tuple[dict[str, Any], float]:
    """The child's figures, and the largest memory [MB] of it and its workers together, looked at ten times a second."""
    process = _start(kind, folder, runs, workers)
    peak, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            peak = max(peak, _memory(process.pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        said, errors = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise ChildError(f"{kind}: not done after {LONGEST:g} s") from error
    finally:
        done.set()
        thread.join()
    if process.returncode != 0:
        raise ChildError(f"{kind}: {errors.strip()[-600:]}")
    figures: dict[str, Any] = json.loads(said.splitlines()[-1])
    return figures, peak


def _start(kind: str, folder: Path, runs: int, workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", MODULE, kind, str(folder), str(runs), str(workers)]
    paths = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
    )  # fmt: skip


def _memory(pid: int) -> float:
    """Resident memory [MB] of a process and all below it."""
    import psutil

    total = 0.0
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            try:
                total += process.memory_info().rss / 1e6
            except psutil.Error:
                continue
    except psutil.Error:
        return total
    return total
