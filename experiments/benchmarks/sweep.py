"""Promises of sweeps: efficiency, overhead, many small runs, mesa.batch_run beside ours, and SIGKILL at random moments."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.benchmarks.context import Context
from experiments.benchmarks.processes import ROOT, ChildError
from experiments.benchmarks.rows import Peer, Promise, Row, measured
from experiments.benchmarks.sweeping import MONTHS, SHARE, trivial, trivial_plan
from experiments.engines import local
from experiments.frames import load
from experiments.plan import Task
from experiments.runner import sweep
from sim import RebondError, prepare, save_bundle

MODULES = {"batch_run": "experiments.benchmarks.batching"}
LONGEST = 3000.0


def run(context: Context) -> list[Row]:
    """All rows; the small city is the tests' own, so that a run takes a second."""
    from tests.tiny import tiny_city

    save_bundle(prepare(tiny_city(), context.threads), context.scratch / "small.bundle")
    sampled("city", context.scratch, 8, 1)  # kernels compiled, files read once
    return [*many_small(context), *killed(context), *efficiency(context), *beside_mesa(context)]


def efficiency(context: Context) -> list[Row]:
    """Two workers against one, in turn; and what a run costs beyond itself."""
    runs, rounds = context.size(16, 64), context.size(1, 5)
    one, two = [], []
    for _ in range(rounds):
        one.append(sampled("city", context.scratch, runs, 1, watched=False)[0])
        two.append(sampled("city", context.scratch, runs, 2, watched=False)[0])
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
        measured(
            memory,
            "MB",
            [peak.resident],
            promise=Promise(500.0),
            note="resident; pages that processes share count for each",
        ),
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
    what = (
        "proportional set size: a page that several processes share counts once; resident set sizes, where it counts for each,"
        f" sum to {memory.resident:,.0f} and {their_memory.resident:,.0f} MB"
    )
    grew, their_growth = memory.proportional - less.proportional, their_memory.proportional - their_less.proportional
    return [
        measured(f"{count}: wall", "s", [mine["seconds"]], promise=Promise(1.0 / 0.7, of_ratio=True),
                 peer=Peer(name, theirs["seconds"]), note=note),
        measured(f"{count}: peak memory of all processes", "MB", [memory.proportional], promise=Promise(1.0 / 0.3, of_ratio=True),
                 peer=Peer(name, their_memory.proportional), note=what),
        measured(f"{count}: what it grew by from {few['runs']:,} runs on", "MB", [max(grew, 0.1)],
                 peer=Peer(name, max(their_growth, 0.1))),
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
    sweep(trivial_plan(runs), trivial, out, local(2))
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


def sampled(kind: str, folder: Path, runs: int, workers: int, watched: bool = True) -> tuple[dict[str, Any], Memory]:
    """The child's figures, and the largest memory of it and its workers together, looked at four times a second.

    Looking walks through all pages of all workers, who wait meanwhile: times are taken unwatched.
    """
    process = _start(kind, folder, runs, workers)
    peak, done = Memory(), threading.Event()

    def watch() -> None:
        while not done.wait(0.25):
            peak.most(_memory(process.pid))

    thread = threading.Thread(target=watch, daemon=True)
    if watched:
        thread.start()
    try:
        said, errors = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise ChildError(f"{kind}: not done after {LONGEST:g} s") from error
    finally:
        done.set()
        if watched:
            thread.join()
    if process.returncode != 0:
        raise ChildError(f"{kind}: {errors.strip()[-600:]}")
    figures: dict[str, Any] = json.loads(said.splitlines()[-1])
    return figures, peak


def _start(kind: str, folder: Path, runs: int, workers: int) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        MODULES.get(kind, "experiments.benchmarks.sweeping"),
        kind,
        str(folder),
        str(runs),
        str(workers),
    ]
    paths = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
    )  # fmt: skip


@dataclass
class Memory:
    """Memory [MB] of a process and all below it. Resident: pages that several hold count for each; proportional: once in all."""

    resident: float = 0.0
    proportional: float = 0.0

    def most(self, other: Memory) -> None:
        """Keep the larger of each."""
        self.resident = max(self.resident, other.resident)
        self.proportional = max(self.proportional, other.proportional)


def _memory(pid: int) -> Memory:
    import psutil

    found = Memory()
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.Error, OSError):  # it ended meanwhile
                for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines():
                    name, _, rest = line.partition(":")
                    if name == "Rss":
                        found.resident += int(rest.split()[0]) * 1024 / 1e6
                    elif name == "Pss":
                        found.proportional += int(rest.split()[0]) * 1024 / 1e6
    return found
