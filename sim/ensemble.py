"""The paired ensemble behind the bands, on worker processes. Results do not depend on their number or order."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from sim.city.bundle import load_bundle
from sim.city.city import City
from sim.indicators import INDICATORS
from sim.months import month_name
from sim.runner import Member, months_of, run_member
from sim.scenario.load import Scenario

#: A worker is one thread: the pool of a linear algebra library would only spin beside it. Where psutil is installed, loky replaces
#: workers that have grown by 300 MB, as each does that opens a city: not here.
ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SETTINGS = ONE_THREAD | {"LOKY_MAX_MEMORY_LEAK_SIZE": "1e15"}


def run_ensemble(
    scenario: Scenario,
    bundle: Path,
    members: Sequence[Member],
    workers: int,
    watch: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Live every member; rows of kind, number, indicator, month, roadmap, baseline.

    ``bundle`` is the prepared city on disk, which each worker process loads once. ``watch`` hears how many are done.
    """
    from loky import get_reusable_executor  # a second of import that runs without bands need not pay

    executor = get_reusable_executor(
        max_workers=workers, timeout=60, env=SETTINGS, initializer=_end_with, initargs=(os.getpid(),)
    )
    try:
        futures = {executor.submit(_work, scenario, str(bundle), member): i for i, member in enumerate(members)}
        found: dict[int, np.ndarray] = {}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            if watch is not None:
                watch(len(found))
    finally:
        executor.shutdown(wait=True, kill_workers=True)
    return pd.concat([_table(scenario, member, found[i]) for i, member in enumerate(members)], ignore_index=True)


def _end_with(parent: int) -> None:
    """End this worker within a second of its parent, should that be killed: no worker goes on for a command that is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(scenario: Scenario, bundle: str, member: Member) -> np.ndarray:
    return run_member(scenario, _city(bundle), member)


@lru_cache(maxsize=1)
def _city(bundle: str) -> City:
    return load_bundle(Path(bundle))


def _table(scenario: Scenario, member: Member, values: np.ndarray) -> pd.DataFrame:
    months = [month_name(m) for m in months_of(scenario)]
    names = [i.name for i in INDICATORS]
    return pd.DataFrame(
        {
            "kind": member.kind,
            "number": member.number,
            "indicator": np.tile(names, len(months)),
            "month": np.repeat(months, len(names)),
            "roadmap": values[0].ravel(),
            "baseline": values[1].ravel(),
        }
    )
