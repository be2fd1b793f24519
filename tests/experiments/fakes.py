"""Trivial runs in place of a city, for tests of everything around a run. Importable by workers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.plan import Column, Plan, Result, Task

COLUMNS = (Column("heat", "MWh/month", "Heat", -1), Column("jobs", "jobs", "Jobs", 1))
PARAMETERS = (Column("a", "€/l"), Column("b", "-"))


def plan(points: int = 4, replications: int = 2, **changes: object) -> Plan:
    """Two scenarios x points x replications."""
    grid = np.column_stack([np.linspace(0.0, 1.0, points), np.linspace(5.0, 7.0, points) ** 2])
    facts = {"scenarios": {"plan": "1", "baseline": "2"}, "share": 0.1, "code": "c", "city": "t"}
    given = {
        "name": "fake",
        "scenarios": ("plan", "baseline"),
        "parameters": PARAMETERS,
        "points": grid,
        "columns": COLUMNS,
        "districts": COLUMNS,
        "replications": replications,
        "facts": facts,
    }
    return Plan(**(given | changes))  # type: ignore[arg-type]


def answer(task: Task) -> dict[str, float]:
    """Final values: irrational enough that a lost bit shows."""
    a, b = task.parameters["a"], task.parameters["b"]
    heat = np.sin(a * 3.0 + task.seed) + b / 7.0 + (task.scenario == "plan")
    return {"heat": float(heat), "jobs": float(np.exp(a) * task.seed / 3.0)}


def trivial(task: Task) -> Mapping[str, float]:
    """A run that takes no time."""
    return answer(task)


def with_series(task: Task) -> Result:
    """A run with years."""
    finals = np.array(list(answer(task).values()))
    return Result(finals, ("2021", "2022"), np.stack([finals - 1.0, finals]), np.outer(np.arange(3.0), finals))


@dataclass(frozen=True)
class Slow:
    """Runs that take a while."""

    seconds: float

    def __call__(self, task: Task) -> Mapping[str, float]:
        time.sleep(self.seconds)
        return answer(task)


@dataclass(frozen=True)
class Raising:
    """Run number 3 raises: always, or so many times (counted in files, as attempts may be in different processes)."""

    folder: Path
    times: int = 10**9

    def __call__(self, task: Task) -> Mapping[str, float]:
        if task.run == 3:
            count = len(list(self.folder.glob("tried-*")))
            (self.folder / f"tried-{count}").touch()
            if count < self.times:
                raise ArithmeticError(f"no equilibrium at a = {task.parameters['a']:g}")
        return answer(task)


@dataclass(frozen=True)
class Killing:
    """Run number 3 kills its worker, as a run would that needs too much memory: always, or so many times."""

    folder: Path
    times: int = 10**9

    def __call__(self, task: Task) -> Mapping[str, float]:
        if task.run == 3:
            count = len(list(self.folder.glob("tried-*")))
            (self.folder / f"tried-{count}").touch()
            if count < self.times:
                os.kill(os.getpid(), signal.SIGKILL)
        return answer(task)


def stuck(task: Task) -> Mapping[str, float]:
    """Run number 3 never ends."""
    while task.run == 3:
        time.sleep(0.05)
    return answer(task)
