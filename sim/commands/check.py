"""``rebond check``: every fault of every file, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sim.city.load import open_city
from sim.errors import Fault, InputError
from sim.months import month_name
from sim.scenario.check import check_items
from sim.scenario.load import Item, Scenario, load_scenario

Say = Callable[[str], None]


def check_files(paths: Sequence[Path], city_name: str | None, say: Say) -> None:
    """Check scenario files against their own cities, or all against the one named. Raises InputError with all faults."""
    given = None if city_name is None else open_city(city_name)

    def fits(name: str, items: Sequence[Item]) -> list[Fault]:
        return check_items(items, open_city(name) if given is None else given)

    faults: list[Fault] = []
    for path in paths:
        try:
            scenario = load_scenario(path, fits)
        except InputError as error:
            faults.extend(error.faults)
            continue
        say(f"{path}: in order ({len(scenario.measures)} measures, {len(scenario.shocks)} shocks)")
        for note in _notes(scenario):
            say(note)
    if faults:
        raise InputError(faults)


def _notes(scenario: Scenario) -> Iterator[str]:
    """What is allowed, but may not be meant."""
    for one in (*scenario.measures, *scenario.shocks):
        if one.start > scenario.end:
            yield f"{one.where}: note: {one.id} starts in {month_name(one.start)}, after the end: it does not act in this run"
        elif one.measure.empty():
            yield f"{one.where}: note: the amount of {one.id} is zero: it changes nothing"
