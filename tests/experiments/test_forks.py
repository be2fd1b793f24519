"""The executor of forked workers keeps the contract of ``concurrent.futures``, shares what was made ready, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import cloudpickle
import numpy as np
import psutil
import pytest

from experiments.engines import ONE_THREAD
from experiments.forks import ForkExecutor
from tests.experiments.checks import gone

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="workers are forked on Linux only")


@dataclass
class Ready:
    """Work that remembers where it was made ready, and what it loaded there."""

    thread: bool = False
    made: list[int] = field(default_factory=list)
    ballast: bytes = b""

    def make_ready(self) -> None:
        self.made.append(os.getpid())
        self.ballast = os.urandom(60_000_000)
        if self.thread:
            threading.Thread(target=time.sleep, args=(600.0,), daemon=True).start()

    def __call__(self) -> tuple[int, int, int, float]:
        """Process, where it was made ready, and the memory [MB] of this process that no other one shares."""
        time.sleep(0.2)  # the other worker takes the other call
        info = psutil.Process().memory_full_info()
        return os.getpid(), self.made[-1], len(self.ballast), info.uss / 1e6


def shared(work: Ready) -> tuple[str, bytes]:
    return "w", cloudpickle.dumps(work)


def call() -> tuple[int, int, int, float]:
    from experiments.worker import _WORK

    return _WORK["w"]()  # type: ignore[call-arg, return-value]


def test_what_is_made_ready_once_is_there_in_all_workers_and_shared() -> None:
    with ForkExecutor(2, shared(Ready()), ONE_THREAD) as executor:
        found = [f.result() for f in [executor.submit(call) for _ in range(2)]]
    assert len({pid for pid, *_ in found}) == 2
    assert len({where for _, where, *_ in found}) == 1
    for _, _, size, alone in found:
        assert size == 60_000_000
        assert alone < 55.0


def test_a_process_with_threads_is_not_forked() -> None:
    """Half a copy of somebody's thread pool would hang: the second worker is started afresh and gets ready itself."""
    with ForkExecutor(2, shared(Ready(thread=True)), ONE_THREAD) as executor:
        found = [f.result() for f in [executor.submit(call) for _ in range(2)]]
    assert len({pid for pid, *_ in found}) == 2
    assert [pid == where for pid, where, *_ in found] == [True, True]


def test_answers_errors_and_what_cannot_travel() -> None:
    with ForkExecutor(1) as executor:
        assert executor.submit(divmod, 7, 2).result() == (3, 1)
        assert executor.submit(len, b"x" * 20_000_000).result() == 20_000_000
        assert len(executor.submit(bytes, 20_000_000).result()) == 20_000_000
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()
        with pytest.raises(RuntimeError, match="cannot be sent"):
            executor.submit(threading.Lock).result()
        assert list(executor.map(abs, [-1, -2])) == [1, 2]
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(abs, 1)


def test_unseeded_draws_differ_between_workers() -> None:
    def draw() -> tuple[int, float]:
        time.sleep(0.2)
        return os.getpid(), float(np.random.random())  # noqa: NPY002 - the generator that nobody seeded

    with ForkExecutor(2, environment=ONE_THREAD) as executor:
        (a, x), (b, y) = (f.result() for f in [executor.submit(draw) for _ in range(2)])
    assert a != b
    assert x != y


@pytest.mark.parametrize("victim", [0, 1], ids=["the first, which the other was forked from", "the other"])
def test_a_killed_worker_breaks_the_executor_and_all_are_gone(victim: int) -> None:
    executor = ForkExecutor(2)
    pids = sorted({f.result() for f in [executor.submit(_pid) for _ in range(2)]})
    futures = [executor.submit(time.sleep, 60.0) for _ in range(5)]
    time.sleep(0.3)
    os.kill(pids[victim], signal.SIGKILL)
    assert not wait(futures, timeout=10.0).not_done
    assert all(isinstance(f.exception(), BrokenExecutor) for f in futures)
    with pytest.raises(BrokenExecutor):
        executor.submit(abs, 1)
    executor.shutdown(kill=True)
    assert gone(pids)


def _pid() -> int:
    time.sleep(0.2)
    return os.getpid()


def test_shutdown_waits_for_what_was_submitted_or_cancels_or_kills() -> None:
    with ForkExecutor(1) as executor:
        futures = [executor.submit(time.sleep, 0.05) for _ in range(3)]
    assert all(f.done() and f.exception() is None for f in futures)
    executor = ForkExecutor(1)
    futures = [executor.submit(time.sleep, 0.3) for _ in range(3)]
    time.sleep(0.1)
    executor.shutdown(cancel_futures=True)
    assert [f.cancelled() for f in futures[1:]] == [True, True]
    executor = ForkExecutor(1)
    future = executor.submit(time.sleep, 600.0)
    executor.shutdown(kill=True)
    assert isinstance(future.exception(timeout=10.0), BrokenExecutor)


def test_pandas_comes_when_it_is_asked_for() -> None:
    def loaded() -> bool:
        import sys

        return "pandas._libs" in sys.modules

    def used() -> int:
        import pandas as pd
        from pandas.api.types import is_integer_dtype

        frame = pd.DataFrame({"a": [1, 2]})
        assert isinstance(frame, pd.DataFrame)
        assert is_integer_dtype(frame["a"])
        return int(frame["a"].sum())

    with ForkExecutor(1) as executor:
        assert not executor.submit(loaded).result()
        assert executor.submit(used).result() == 3
        assert executor.submit(loaded).result()
