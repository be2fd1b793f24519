"""The benchmarks by name; each is ``run(context)`` of the module of that name, imported when wanted."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from experiments.benchmarks.context import Context
from experiments.benchmarks.rows import Row

BENCHMARKS = {
    "start": "From the command to the first month",
    "roadmap": "Whole roadmaps: months by share and system, memory",
    "agents": "Mesa agents over columns",
    "decisions": "A month of decisions of a whole city",
    "road": "Road equilibrium",
    "loading": "All-or-nothing with loading",
    "month": "A month of mobility",
    "buildings": "Heat balance of buildings",
    "dwellings": "Every dwelling, every hour",
    "energymonth": "A month of the city's energy",
    "grid": "Power flow of radial feeders",
    "feeders": "A city's low-voltage grid",
    "live": "The workshop in a browser",
    "sweep": "Sweeps: workers, overhead, many runs, SIGKILL",
}


def load(name: str) -> Callable[[Context], list[Row]]:
    """The function that measures a benchmark."""
    run: Callable[[Context], list[Row]] = import_module(f"experiments.benchmarks.{name}").run
    return run
