"""What a planner waits for: the first run ever, every later one until its first month has been lived, loading the city."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from experiments.benchmarks.context import Context, interleaved
from experiments.benchmarks.lived import ROADMAP
from experiments.benchmarks.processes import PATIENCE, ChildError, child
from experiments.benchmarks.rows import Promise, Row, measured
from sim import load_bundle, open_city, prepare, save_bundle

FIRST_MONTH = b"2021-01"  # of the shipped roadmap; the progress bar shows a month once it has been lived
LIMIT = 3.0  # s, second run
SHARE = 0.02  # of the child that compiles


def run(context: Context) -> list[Row]:
    """Quick: with the user's caches. Full: with caches of its own, so that the first run ever is seen, too."""
    bundle = context.scratch / "city.bundle"
    save_bundle(prepare(open_city(context.city), context.threads), bundle)
    rows = []
    caches: dict[str, str] = {}
    if not context.quick:
        rows += compilation(context, bundle)
        caches = {**compiled(context), "REBOND_CACHE": str(context.scratch / "cache")}
    first = to_first_month(context, caches)
    if not context.quick:
        rows.append(
            measured(
                "first `rebond run`: builds, calibrates and settles the city",
                "s",
                [first],
                note="kernels compiled before",
            )
        )
    later = interleaved(context.size(2, 5), lambda: to_first_month(context, caches))[0]
    rows.append(
        measured(
            "later `rebond run` until its first month has been lived", "s", later, promise=Promise(LIMIT),
            note="from the command on, seen on a terminal; the promise is for the month's beginning",
        )
    )  # fmt: skip
    load_seconds = interleaved(5, lambda: context.seconds(lambda: load_bundle(bundle)))[0]
    rows.append(
        measured("loading the city's bundle", "s", load_seconds, note=f"{bundle.stat().st_size / 1e6:.1f} MB on disk")
    )
    return rows


def compilation(context: Context, bundle: Path) -> list[Row]:
    """All kernels that a run needs, from an empty cache; and that the second process compiles none."""
    first, second = (
        child("experiments.benchmarks.lived", bundle, SHARE, 1, context.threads, environment=compiled(context))
        for _ in range(2)
    )
    return [
        measured("compiling the kernels of a run", "s", [first["compile"]], note=f"{first['kernels']} kernels"),
        measured("kernels compiled by the second process", "kernels", [second["kernels"]], promise=Promise(0.0)),
    ]


def compiled(context: Context) -> dict[str, str]:
    """Where this benchmark keeps compiled kernels: empty at its start."""
    return {"NUMBA_CACHE_DIR": str(context.scratch / "numba")}


def to_first_month(context: Context, environment: Mapping[str, str]) -> float:
    """Seconds from the command until the progress bar shows the first month; the run is then ended. Needs a POSIX system."""
    master, slave = pty.openpty()
    out = context.scratch / "first-month"
    with as_file(files("scenarios") / ROADMAP) as path:
        command = [sys.executable, "-m", "sim.cli", "run", str(path), "--out", str(out), "--force"]
        command += ["--seeds", "0", "--draws", "0", "--city", context.city]
        clock = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, close_fds=True,
            env={**os.environ, "COLUMNS": "200", "TERM": "xterm", **environment},
        )  # fmt: skip
        os.close(slave)
        try:
            return _shown(master, clock)
        finally:
            process.terminate()
            process.wait()
            os.close(master)


def _shown(master: int, clock: float) -> float:
    seen = b""
    while time.perf_counter() - clock < PATIENCE:
        if not select.select([master], [], [], 1.0)[0]:
            continue
        try:
            seen += os.read(master, 65536)
        except OSError:  # how Linux says that the other end was closed
            break
        if FIRST_MONTH in seen:
            return time.perf_counter() - clock
    raise ChildError(f"rebond run showed no first month: {seen[-400:]!r}")
