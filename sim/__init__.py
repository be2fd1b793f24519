"""Rebond: a city lives its roadmap month by month.

The public face; names load when first used, so that the command line starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "Activity": "sim.codes",
    "BikeWays": "sim.systems.mobility.bikeflows",
    "City": "sim.city.city",
    "DwellingType": "sim.codes",
    "Heating": "sim.codes",
    "INDICATORS": "sim.indicators",
    "InputError": "sim.errors",
    "Item": "sim.scenario.load",
    "Kept": "sim.eve",
    "Mode": "sim.codes",
    "Parameters": "sim.scenario.parameters",
    "RebondError": "sim.errors",
    "Record": "sim.record",
    "Recorder": "sim.record",
    "Retrofit": "sim.codes",
    "Ring": "sim.codes",
    "RoadClass": "sim.codes",
    "RunError": "sim.errors",
    "Scenario": "sim.scenario.load",
    "Sector": "sim.codes",
    "State": "sim.state",
    "Status": "sim.codes",
    "Tenure": "sim.codes",
    "TransitMode": "sim.codes",
    "UrbanModel": "sim.model",
    "bike_trips": "sim.systems.mobility.bikeflows",
    "both_worlds": "sim.eve",
    "cache_folder": "sim.city.load",
    "check_against_city": "sim.scenario.check",
    "check_items": "sim.scenario.check",
    "code_digest": "sim.eve",
    "file_digest": "sim.eve",
    "generate_grid": "sim.city.feeders",
    "grid_month": "sim.systems.energy.grid",
    "grid_of": "sim.systems.energy.grid",
    "journal": "sim.agents.municipality",
    "kinds": "sim.measures",
    "load_bundle": "sim.city.bundle",
    "load_scenario": "sim.scenario.load",
    "load_state": "sim.checkpoint",
    "month_name": "sim.months",
    "open_city": "sim.city.load",
    "open_prepared": "sim.preparation",
    "parse_month": "sim.months",
    "prepare": "sim.preparation",
    "registry": "sim.scenario.parameters",
    "run_pair": "sim.runner",
    "save_bundle": "sim.city.bundle",
    "save_state": "sim.checkpoint",
    "shock_kinds": "sim.measures",
    "society_alone": "sim.decisions",
}

__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
