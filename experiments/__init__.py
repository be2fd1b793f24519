"""Sweeps, designs, analyses, roadmap search and benchmarks over the public face of sim.

In a notebook::

    import experiments as ex
    plan, work = ex.ready(ex.load_experiment("scenarios/experiments/fuel_telework.yaml"))
    ex.sweep(plan, work, "out/fuel", ex.local(2))
    found = ex.load("out/fuel")          # found.runs, found.series, found.districts: tidy pandas; found.to_xarray()

Names load when first used, so that the command line starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "CityWork": "experiments.city",
    "Column": "experiments.plan",
    "Dask": "experiments.engines",
    "Experiment": "experiments.experiment",
    "Forks": "experiments.engines",
    "Here": "experiments.engines",
    "Loky": "experiments.engines",
    "Options": "experiments.runner",
    "Plan": "experiments.plan",
    "Result": "experiments.plan",
    "Slurm": "experiments.engines",
    "Sweep": "experiments.frames",
    "Task": "experiments.plan",
    "load": "experiments.frames",
    "local": "experiments.engines",
    "load_experiment": "experiments.experiment",
    "ready": "experiments.experiment",
    "sweep": "experiments.runner",
}

__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'experiments' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
