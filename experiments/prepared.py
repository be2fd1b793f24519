"""An experiment made ready by a process of its own: reading roadmaps and opening the city need 200 MB that a sweep then does without.

That process writes its answer, pickled, to its standard output; what it says to people goes to standard error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

from experiments.plan import Plan
from sim.errors import InputError, RebondError, RunError

#: Modules that a process with the model has loaded: then nothing is saved by another process.
_LOADED = "sim.model"
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from experiments.prepared import main; main(*sys.argv[2:])"


@dataclass(frozen=True)
class Prepared:
    """All that the sweep of an experiment needs: the plan, the pickled work, and how runs are treated."""

    plan: Plan
    work: bytes
    time_limit: float
    retries: int


def prepared(path: Path, threads: int, say: Callable[[str], None]) -> Prepared:
    """Read, check and plan the experiment. Raises InputError with all faults of the file."""
    if _LOADED in sys.modules:
        return _here(path, threads, say)
    command = [sys.executable, "-c", _START, json.dumps(sys.path), str(path), str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise RunError(f"{path} could not be made ready: its process ended with {done.returncode}")
    answer: Any = cloudpickle.loads(done.stdout)
    if isinstance(answer, Prepared):
        return answer
    faults, message = answer
    raise InputError(faults) if faults else RunError(message)


def _here(path: Path, threads: int, say: Callable[[str], None]) -> Prepared:
    from experiments.experiment import load_experiment, ready

    experiment = load_experiment(path)
    plan, work = ready(experiment, threads, say)
    return Prepared(plan, cloudpickle.dumps(work), experiment.time_limit, experiment.retries)


def main(path: str, threads: str) -> None:
    """Answer the process that started this one."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever libraries print
    answer: Prepared | tuple[tuple[Any, ...], str]
    try:
        answer = _here(Path(path), int(threads), lambda text: print(text, file=sys.stderr, flush=True))
    except InputError as error:
        answer = (error.faults, "")
    except (RebondError, OSError) as error:
        answer = ((), str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    with out:
        cloudpickle.dump(answer, out)
