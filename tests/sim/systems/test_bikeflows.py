"""Bicycles on streets: every trip arrives, and the minutes ridden are those of shortest paths found by SciPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.codes import Mode
from sim.scenario.parameters import Parameters
from sim.systems.mobility.bikeflows import BikeWays, bike_trips
from sim.systems.mobility.streets import main_nodes
from sim.systems.mobility.supply import cycling_minutes, link_minutes
from tests import worlds


def test_trips_arrive_by_the_ways_that_mode_choice_weighs(tmp_path: Path) -> None:
    city, p = worlds.city(), Parameters()
    model = worlds.model(worlds.scenario(tmp_path), city)
    trips = bike_trips(city, model.state, model.policies, p)
    ways = BikeWays(city, model.policies.cycle_level, p)
    flow = ways.flow(trips)
    # Kirchhoff: what leaves a node less what enters it is what begins there less what ends there
    a, n = city.links, len(city.nodes)
    out = np.bincount(a.tail, weights=flow, minlength=n) - np.bincount(a.head, weights=flow, minlength=n)
    begins = np.zeros(n)
    np.add.at(begins, main_nodes(city), trips.sum(axis=1) - trips.sum(axis=0))
    np.testing.assert_allclose(out, begins, atol=1e-9 * trips.sum())
    # minutes ridden: SciPy's shortest paths times trips, those inside districts left out
    apart = trips * ~np.eye(len(trips), dtype=bool)
    minutes = flow @ link_minutes(city, model.policies.cycle_level, p)
    assert apart.sum() > 100.0
    assert minutes == pytest.approx(float((apart * cycling_minutes(city, model.policies, p)).sum()), rel=1e-9)


def test_trips_are_those_of_the_citizens(tmp_path: Path) -> None:
    """As many as the system's own count of trips by mode, which every way there and back is in."""
    city = worlds.city()
    model = worlds.model(worlds.scenario(tmp_path), city)
    model.step()
    inside = bike_trips(city, model.state, model.policies, model.parameters)
    counted = model.state.traffic.trips[:, Mode.BIKE]
    c = model.state.citizens
    outside = any(
        ((getattr(c, f"{k}_district") == -2) & (getattr(c, f"{k}_mode") == Mode.BIKE)).any() for k in ("main", "shop")
    )
    assert not outside
    # trips are counted at the home of who makes them; there and back each begin once at home and once away
    assert inside.sum() == pytest.approx(counted.sum(), rel=1e-9)
