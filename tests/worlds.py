"""Small scenarios on the tiny city, for tests that live whole months."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sim.city.city import City
from sim.indicators import INDICATORS
from sim.model import UrbanModel
from sim.scenario.load import Scenario, load_scenario
from tests.tiny import tiny_city

HEAD = "name: test\ncity: toulouse\nstart: 2021-01\nend: {end}\nworld: {world}\n"


def scenario(folder: Path, body: str = "", *, end: str = "2021-12", world: str = "trends") -> Scenario:
    """A scenario with the given measures and shocks (YAML)."""
    path = folder / "scenario.yaml"
    path.write_text(HEAD.format(end=end, world=world) + body, "utf-8")
    return load_scenario(path)


def city() -> City:
    """The tiny city, with an area that holds no district."""
    made = tiny_city()
    made.areas["nowhere"] = np.zeros(0, np.int64)
    made.areas["lez"] = made.areas["centre"]
    return made


def lived(model: UrbanModel, months: int) -> np.ndarray:
    """(months, indicators) of the months lived from here."""
    out = np.empty((months, len(INDICATORS)))
    for i in range(months):
        model.step()
        snapshot = model.snapshot()
        out[i] = [indicator.formula(snapshot) for indicator in INDICATORS]
    return out


def model(plan: Scenario, where: City, **options: Any) -> UrbanModel:
    """A model of the tiny city at share 0.3."""
    return UrbanModel(plan, where, **{"seed": 3, "share": 0.3, **options})
