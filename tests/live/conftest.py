"""A workshop on the tiny city, and the file its roadmap comes from."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from sim import prepare, save_bundle
from sim.city.city import City
from sim.live.workshop import Workshop
from tests import worlds
from tests.live.served import Served

ROADMAP = """
budget: {investment_per_year: 10 M€, debt_ceiling: 90 M€}
baseline:
  - {id: chargers, measure: ev_charging, start: 2021-03, months: 6, capex: 1 M€, points: 20}
measures:
  - {id: parking, measure: parking_price, start: 2021-02, area: centre, price: 1 €/h}
  - {id: tracks, measure: cycle_network, start: 2021-02, months: 12, capex: 6 M€, length: 3 km}
  - {id: slow, measure: speed_limit, start: 2021-09, area: all, speed: 30 km/h}
"""


@pytest.fixture(scope="session")
def city() -> City:
    return worlds.city()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "scenario.yaml"
    file.write_text(worlds.HEAD.format(end="2021-12", world="trends") + ROADMAP, "utf-8")
    return file


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory, city: City) -> Path:
    """A folder with the tiny city as a bundle and a roadmap on it."""
    folder = tmp_path_factory.mktemp("town")
    made = worlds.city()
    del made.areas["nowhere"]
    save_bundle(prepare(made), folder / "town.bundle")
    head = worlds.HEAD.format(end="2022-06", world="trends").replace(
        "city: toulouse", f"city: {folder / 'town.bundle'}"
    )
    (folder / "roadmap.yaml").write_text(head + "population: {share: 0.3}\n" + ROADMAP, "utf-8")
    return folder


@pytest.fixture(scope="session")
def served(town: Path) -> Iterator[str]:
    """The address of a workshop of that town."""
    with Served(town / "roadmap.yaml", town) as server:
        address = server.ready()
        for _ in range(600):  # until the city is awake
            with suppress(HTTPError), urlopen(f"{address}/map/values?branch=1&month=24251", timeout=60):
                break
            time.sleep(0.1)
        yield address


@pytest.fixture
def workshop(path: Path, city: City) -> Iterator[Workshop]:
    from sim.scenario.load import load_scenario

    made = Workshop.open(path, load_scenario(path), city, 0.3, 1, None)
    yield made
    made.close()
