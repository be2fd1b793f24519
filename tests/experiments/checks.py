"""What several tests look at. Imports nothing that starts threads: workers import it, too, and are forked only without."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.plan import Plan, Task
from tests.experiments import fakes

if TYPE_CHECKING:
    from experiments.frames import Sweep


def whole(found: Sweep, plan: Plan) -> None:
    """Every run of the plan once, with the values that its task gives, to the bit."""
    runs = found.runs
    assert len(runs) == plan.runs
    assert runs["run"].is_unique
    assert not runs.duplicated(["scenario", "point", "replication"]).any()
    for row in runs.to_dict("records"):
        task = Task(
            row["run"], row["scenario"], row["point"], row["replication"], row["seed"], {"a": row["a"], "b": row["b"]}
        )
        assert fakes.answer(task) == {"heat": row["heat"], "jobs": row["jobs"]}


def gone(pids: list[int], patience: float = 10.0) -> bool:
    """Whether these processes end within so many seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if not any(
            Path(f"/proc/{p}").exists() and "Z" not in Path(f"/proc/{p}/stat").read_text().split(")")[1][:3]
            for p in pids
        ):
            return True
        time.sleep(0.1)
    return False
