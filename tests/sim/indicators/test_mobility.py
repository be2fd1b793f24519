"""Indicators of mobility, counted again one by one."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.incomers import arrive
from sim.city.city import City
from sim.codes import Activity, CritAir
from sim.indicators.mobility import INDICATORS
from sim.indicators.registry import Snapshot
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from tests.tiny import tiny_city, tiny_state

BY_NAME = {i.name: i for i in INDICATORS}


def snapshot() -> tuple[City, Snapshot]:
    """A month with made-up traffic: sums that can be checked by hand."""
    city = tiny_city()
    state = tiny_state(city, share=0.05)
    rng = np.random.default_rng(5)
    t = state.traffic
    t.link_flow = rng.uniform(0.0, 1.4, len(city.links)) * city.links.capacity
    t.link_time = city.links.free_time * rng.uniform(1.0, 2.0, len(city.links))
    t.trips = rng.uniform(10.0, 90.0, (9, 4))
    t.emissions = rng.uniform(100.0, 900.0, 9)
    t.nox, t.pm, t.loud = rng.uniform(1e3, 9e3, 9), rng.uniform(1e2, 9e2, 9), rng.uniform(0.0, 1.0, 9)
    t.link_trucks = rng.uniform(0.0, 300.0, len(city.links))
    state.incomers = arrive(city, np.full(9, 40.0), 1, 0.5, 3000.0)
    state.incomers.mode[:] = np.arange(len(state.incomers)) % 3
    t.line_boardings, t.line_load = np.array([300.0, 45.5]), np.array([0.9, 0.2])
    t.line_revenue, t.transit_residual = np.array([650.0, 50.0]), np.array([1e-3])
    t.day_factor, t.gap, t.residual = np.array([8.0]), np.array([1e-5]), np.array([2e-4])
    state.citizens.telework_days[::5] = 2.0
    state.citizens.travel_time[:] = rng.uniform(0.0, 120.0, len(state.citizens))
    state.citizens.alive[::7] = False
    state.cars.alive[::9] = False
    ban = Contribution("car_ban", 0.9, np.ix_(np.arange(CritAir.C4, len(CritAir)), [0, 4]))
    return city, Snapshot(city, state, compose([ban], axis_sizes(city, 2)), Parameters(), Trends())


def expected(city: City, s: Snapshot) -> dict[str, float]:
    t, c, cars, p = s.state.traffic, s.state.citizens, s.state.cars, s.parameters
    links = list(
        zip(t.link_flow, t.link_time, city.links.free_time, city.links.length, city.links.capacity, strict=True)
    )
    km = sum(f * length for f, _, _, length, _ in links) / 1000.0
    hours = sum(f * time for f, time, *_ in links) / 3600.0
    persons = [i for i in range(len(c)) if c.alive[i]]
    people = sum(c.weight[i] for i in persons)
    employed = [i for i in persons if c.activity[i] == Activity.EMPLOYED]
    days = 31 * (p["working_days"] + (1 - p["working_days"]) * p["weekend_share"])
    jobs, inhabitants = s.state.economy.posts.sum(axis=1), city.districts.population
    out = {
        "co2_transport": t.emissions.sum() * days / 1000.0, "emissions_road": t.emissions.sum() / city.districts.area.sum(),
        "vehicle_km": km * 8.0, "mean_speed": km / hours, "delay": sum(f * (b - a) for f, b, a, _, _ in links) / 3600.0,
        "congested_km": 100 * sum(f * length for f, _, _, length, cap in links if f > 0.9 * cap) / 1000.0 / km,
        "trips_per_person": t.trips.sum() / people, "transit_boardings": 345.5,
        "transit_busiest": 90.0, "transit_revenue": 700.0, "transit_residual": 1e-3, "road_gap": 1e-5, "loop_residual": 2e-4,
        "telework_share": 100 * sum(c.weight[i] for i in employed if c.telework_days[i] > 0) / sum(c.weight[i] for i in employed),
        "mean_travel_time": sum(c.weight[i] * c.travel_time[i] for i in persons) / people,
        "nox_transport": t.nox.sum() * 365 * days / 31 / 1e6, "pm_transport": t.pm.sum() * 365 * days / 31 / 1e6,
        "nox_near_people": sum(n * x / 1000.0 / a for n, x, a in zip(inhabitants, t.nox, city.districts.area, strict=True))
        / inhabitants.sum(),
        "noise_exposed": 100 * sum(n * x for n, x in zip(inhabitants, t.loud, strict=True)) / inhabitants.sum(),
        "truck_km": sum(n * length for n, length in zip(t.link_trucks, city.links.length, strict=True)) / 1000.0,
        "incomers_by_car": 100 * sum(w for w, m in zip(s.state.incomers.weight, s.state.incomers.mode, strict=True) if m == 0)
        / s.state.incomers.weight.sum(),
        "cars_banned": sum(
            cars.weight[i] for i in range(len(cars))
            if cars.alive[i] and cars.crit_air[i] >= CritAir.C4 and s.state.households.district[cars.household[i]] in (0, 4)
        ),
    }  # fmt: skip
    for k, mode in enumerate(("car", "transit", "bike", "walk")):
        out[f"share_{mode}"] = 100 * t.trips[:, k].sum() / t.trips.sum()
    for name, minutes in (("jobs_by_transit", t.transit_time), ("jobs_by_car", t.car_time[0])):
        reached = [sum(jobs[j] for j in range(9) if minutes[i, j] <= 30.0) / jobs.sum() for i in range(9)]
        out[name] = 100 * sum(r * n for r, n in zip(reached, inhabitants, strict=True)) / inhabitants.sum()
    return out


def test_every_indicator_is_what_a_count_gives() -> None:
    city, s = snapshot()
    counted = expected(city, s)
    assert set(counted) == set(BY_NAME)
    for name, value in counted.items():
        assert BY_NAME[name].formula(s) == pytest.approx(value), name


def test_districts_make_up_the_city() -> None:
    city, s = snapshot()
    by_district = {name: i.by_district(s) for name, i in BY_NAME.items() if i.by_district is not None}
    assert by_district["co2_transport"].sum() == pytest.approx(BY_NAME["co2_transport"].formula(s))
    shares = sum(by_district[f"share_{mode}"] for mode in ("car", "transit", "bike", "walk"))
    np.testing.assert_allclose(shares, 100.0)
    area = by_district["emissions_road"] * city.districts.area
    assert area.sum() / city.districts.area.sum() == pytest.approx(BY_NAME["emissions_road"].formula(s))


def test_an_empty_city_has_no_undefined_indicator() -> None:
    _, s = snapshot()
    s.state.traffic.link_flow[:] = 0.0
    s.state.traffic.trips[:] = 0.0
    s.state.citizens.alive[:] = False
    for name, indicator in BY_NAME.items():
        assert np.isfinite(indicator.formula(s)), name
