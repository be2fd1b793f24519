"""What a worker does with the runs it is given: carry out each, in its time, and never let one take the others down.

A worker is a process of loky or Dask. It knows nothing of the sweep: runs come in as tasks, outcomes go back as bytes that the main
process writes as they are, so that what costs time happens here.
"""

from __future__ import annotations

import gc
import io
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import cloudpickle
import numpy as np

from experiments.forked import give_back
from experiments.plan import Result, Task

#: What carries out a run: returns its result, or a mapping from names of the plan's columns to values.
Work = Callable[[Task], Result | Mapping[str, float]]

#: Beyond its limit a run has this long [s] to notice; then its worker ends itself.
GRACE = 20.0
#: How such a worker ends.
TIMED_OUT = 75
#: After a run that took so long [s] memory is tidied up: models are circles of references that would outlive it by chance, and full
#: collections in the midst of runs cost 5 % of small ones.
WORTH_TIDYING = 0.2


class RunTimeoutError(Exception):
    """A run took longer than its limit."""


@dataclass(frozen=True)
class Outcome:
    """What became of one run: a result as bytes, or why there is none."""

    run: int
    blob: bytes | None
    error: str = ""
    trace: str = ""
    seconds: float = 0.0
    overhead: float = 0.0  #: s in the worker beyond the run itself
    memory_mb: float = 0.0  #: of the worker, now
    worker: str = ""


def carry_out(work: bytes, digest: str, columns: tuple[str, ...], tasks: Sequence[Task], limit: float) -> list[Outcome]:
    """Do the tasks one after the other. ``work`` is a pickled :data:`Work` and ``digest`` its name.

    ``limit`` is the time of a run [s], 0 for none.
    """
    clock = time.perf_counter()
    function = _unpickled(work, digest)
    out = []
    for task in tasks:
        outcome, clock = _one(function, columns, task, limit, clock)
        out.append(outcome)
        if outcome.seconds > WORTH_TIDYING:
            gc.collect()
    if out and out[-1].seconds > WORTH_TIDYING:
        give_back()
    return out


def _one(function: Work, columns: tuple[str, ...], task: Task, limit: float, clock: float) -> tuple[Outcome, float]:
    start = time.perf_counter()
    blob, error, trace = None, "", ""
    stop = start
    try:
        with _limited(limit):
            found = function(task)
        stop = time.perf_counter()
        blob = encode(_result(found, columns))
    except Exception as problem:  # noqa: BLE001 - a run may fail in any way; the sweep goes on and tells
        stop = max(stop, time.perf_counter())
        error = f"{type(problem).__name__}: {problem}"[:2000]
        trace = traceback.format_exc()[-20_000:]
    end = time.perf_counter()
    seconds = stop - start
    return Outcome(task.run, blob, error, trace, seconds, end - clock - seconds, memory_mb(), worker_name()), end


def _result(found: Result | Mapping[str, float], columns: tuple[str, ...]) -> Result:
    """The run's answer as arrays. Raises ValueError where it does not have the plan's columns."""
    if not isinstance(found, Result):
        wrong = sorted(set(columns) ^ set(found))
        if wrong:
            raise ValueError(f"the run gave {', '.join(sorted(found))} where the plan has {', '.join(columns)}")
        found = Result(np.array([found[name] for name in columns], np.float64))
    if np.shape(found.finals) != (len(columns),):
        raise ValueError(f"the run gave {np.shape(found.finals)} values where the plan has {len(columns)} columns")
    return found


# --- bytes ----------------------------------------------------------------------------------------------------------


def encode(result: Result) -> bytes:
    """The result as bytes: arrays one after the other, each with its shape; no pickle."""
    out = io.BytesIO()
    series = np.empty((0, len(result.finals))) if result.series is None else result.series
    districts = np.empty((0, 0)) if result.districts is None else result.districts
    periods = np.array(result.periods, dtype="U7")
    for array in (result.finals, periods, series, districts):
        np.save(out, np.ascontiguousarray(array), allow_pickle=False)
    return out.getvalue()


def decode(blob: bytes) -> Result:
    """What :func:`encode` made bytes of."""
    file = io.BytesIO(blob)
    finals, periods, series, districts = (np.load(file, allow_pickle=False) for _ in range(4))
    return Result(finals, tuple(periods.tolist()), series, districts)


# --- this process ---------------------------------------------------------------------------------------------------

_WORK: dict[str, Work] = {}


def _unpickled(work: bytes, digest: str) -> Work:
    """The function, unpickled once per worker: its caches (city, eve) live with the process."""
    if digest not in _WORK:
        _WORK.clear()
        _WORK[digest] = cloudpickle.loads(work)
    return _WORK[digest]


def make_ready(work: bytes, digest: str) -> None:
    """Load what every run of this work will need, in the process that workers are copied from: its ``make_ready()``, where it has one."""
    function = _unpickled(work, digest)
    get_ready = getattr(function, "make_ready", None)
    if get_ready is not None:
        get_ready()


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise RunTimeoutError in the block after ``seconds``; end the process should nobody listen (a compiled loop)."""
    if not seconds:
        yield
        return
    last = threading.Timer(seconds + GRACE, os._exit, (TIMED_OUT,))
    last.daemon = True
    last.start()
    listening = threading.current_thread() is threading.main_thread()
    try:
        if listening:
            before = signal.signal(signal.SIGALRM, _late)
            signal.setitimer(signal.ITIMER_REAL, seconds)
        clock = time.perf_counter()
        yield
        if time.perf_counter() - clock > seconds:
            raise RunTimeoutError(f"longer than {seconds:g} s")
    finally:
        if listening:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)
        last.cancel()


def _late(_number: int, _frame: FrameType | None) -> NoReturn:
    raise RunTimeoutError("longer than its time limit")


def memory_mb() -> float:
    """Memory of this process now [MB]; its peak where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - called after each run
            return int(file.read().split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        unit = 1.0 if sys.platform == "darwin" else 1024.0
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def worker_name() -> str:
    """Host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def end_with(parent: int) -> None:
    """End this process within a second of its parent, should that be killed: no worker goes on for a sweep that is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
