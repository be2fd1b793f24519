"""``rebond live``: the roadmap and the city are checked, then the workshop is served."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from sim.city.city import City
from sim.city.load import bundle_path, cache_folder
from sim.errors import Fault, InputError
from sim.eve import Kept, file_digest
from sim.preparation import open_prepared
from sim.scenario.check import check_against_city
from sim.scenario.load import Item, load_scenario


def live(
    path: Path,
    city: str | None,
    port: int,
    browser: bool,
    share: bool,
    people: float | None,
    say: Callable[[str], None],
) -> None:
    """Serve a workshop on this roadmap until it is interrupted."""
    scenario = load_scenario(path, None if city else _known)
    name = city or scenario.city
    bundle = bundle_path(name)
    threads = os.cpu_count() or 1

    def open_city() -> tuple[City, Kept]:
        made, path = open_prepared(name, threads, say)
        faults = check_against_city(scenario, made)
        if faults:
            raise InputError(faults)
        return made, Kept(cache_folder() / "eves", file_digest(path))

    opened = open_city() if bundle.is_file() else None  # what does not fit a city that is there is said before serving
    try:
        from sim.live.server import serve
    except ImportError as error:
        _missing(error)
    serve(
        path, scenario, lambda: opened or open_city(), port=port, browser=browser, share=share, people=people, say=say
    )


def _known(city: str, _items: Sequence[Item]) -> list[Fault]:
    """Fail at the file's line when there is no such city."""
    bundle_path(city)
    return []


def _missing(error: ImportError) -> NoReturn:
    fault = Fault("rebond live", f"no {error.name}", "an installation with the workshop: pip install 'rebond[live]'")
    raise InputError(fault) from error
