"""A sweep as a process of its own, for tests that kill it: ``python -m tests.experiments.child_sweep DIR KIND ENGINE [POINTS]``.

ENGINE: here, forks:N, loky:N or the address of a Dask scheduler. Says on standard output how many runs
are done, each time it has committed some.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from experiments import runner
from experiments.engines import Dask, Engine, Forks, Here, Loky
from experiments.runner import Progress, sweep
from sim.errors import RebondError
from tests.experiments import fakes


def tell(progress: Progress) -> None:
    print(progress.done, flush=True)


def main(out: str, kind: str, workers: str, points: str = "60") -> int:
    if kind == "full-disk":  # no file may grow beyond this: writing fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
    runner.PATIENCE = (0.2,)
    name, _, count = workers.partition(":")
    engine: Engine = (
        Here() if name == "here" else Dask(workers, connect=1.0) if name == "tcp"
        else Forks(int(count)) if name == "forks" else Loky(int(count))
    )  # fmt: skip
    work = fakes.with_series if kind == "full-disk" else fakes.Slow(0.02)
    try:
        found = sweep(fakes.plan(int(points), 2), work, Path(out), engine, watch=tell)
    except (OSError, RebondError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0 if found.done == found.runs else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
