"""What most tests of systems begin from: the small city, and the citizens' system on it."""

from __future__ import annotations

import pytest

from sim.city.city import City
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.systems.society import SocietySystem
from tests.tiny import tiny_city


@pytest.fixture(scope="module")
def city() -> City:
    return tiny_city()


@pytest.fixture(scope="module")
def society(city: City) -> SocietySystem:
    return SocietySystem(city, Parameters(), Trends())
