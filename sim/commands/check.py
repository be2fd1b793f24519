"""``rebond check``: every fault of every file, at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sim.errors import Fault, InputError
from sim.scenario.check import check_against_city
from sim.scenario.load import load_scenario


def check_files(paths: Sequence[Path], city_name: str | None, say: Callable[[str], None]) -> None:
    """Check scenario files, against a city too if one is named. Raises InputError with all faults."""
    city = None
    if city_name is not None:
        from sim.city.load import open_city

        city = open_city(city_name)
    faults: list[Fault] = []
    for path in paths:
        try:
            scenario = load_scenario(path)
        except InputError as error:
            faults.extend(error.faults or (Fault(str(path), str(error), "a scenario file"),))
            continue
        found = check_against_city(scenario, city) if city is not None else []
        faults.extend(found)
        if not found:
            say(f"{path}: in order ({len(scenario.measures)} measures, {len(scenario.shocks)} shocks)")
    if faults:
        raise InputError(faults)
