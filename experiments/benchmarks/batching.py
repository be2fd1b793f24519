"""The other side of the sweep benchmark: the runs of :mod:`experiments.benchmarks.sweeping` by mesa.batch_run; prints figures as JSON.

Arguments: KIND FOLDER RUNS WORKERS, as there; KIND is batch_run.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from experiments.benchmarks.sweeping import MONTHS, SCENARIOS, SEEDS, SHARE, fuel_prices
from sim import Scenario, UrbanModel, load_bundle, load_scenario


def tiny(folder: Path, name: str) -> Scenario:
    """A roadmap of at most two measures over a year, at the share of these runs."""
    whole = load_scenario(folder / "roadmap.yaml")
    kept = tuple(m for m in whole.measures if m.id not in SCENARIOS[name])
    return replace(whole, share=SHARE, measures=kept)


@lru_cache(maxsize=1)
def _city(bundle: str) -> Any:
    return load_bundle(Path(bundle))


class BatchModel(UrbanModel):  # type: ignore[misc]
    """The model as mesa.batch_run wants it: everything from keywords; the city is loaded once per process."""

    def __init__(
        self, folder: str, world: str, fuel_price: float, number: int, rng: int | None = None, **_: Any
    ) -> None:
        scenario = tiny(Path(folder), world)
        city = _city(str(Path(folder) / "small.bundle"))
        super().__init__(scenario, city, seed=number, share=SHARE, parameters={"fuel_price": fuel_price})
        self.live_until(scenario.start - 1)


def batch_run(folder: Path, runs: int, workers: int) -> dict[str, Any]:
    """The same runs by Mesa's own."""
    from mesa.batchrunner import batch_run as mesa_batch_run

    parameters = {
        "folder": str(folder),
        "world": list(SCENARIOS),
        "fuel_price": fuel_prices(runs),
        "number": list(range(1, SEEDS + 1)),
    }
    clock = time.perf_counter()
    rows = mesa_batch_run(
        BatchModel,
        parameters,
        number_processes=workers,
        data_collection_period=1,
        max_steps=MONTHS - 1,
        display_progress=False,
    )
    return {"seconds": time.perf_counter() - clock, "rows": len(rows), "runs": len({r["RunId"] for r in rows})}


if __name__ == "__main__":
    print(json.dumps(batch_run(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
