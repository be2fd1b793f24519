"""The promises of a run: same bits, exact copies, no-op, stillness, conservation - on the tiny city, whole months."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.checkpoint import load_state, save_state
from sim.conservation import TOLERANCE, residuals, stocks
from sim.eve import both_worlds
from sim.indicators import INDICATORS
from sim.measures import kinds
from sim.model import UrbanModel
from tests.sim.test_checkpoint import same
from tests.worlds import city, lived, model, scenario

NAMES = [i.name for i in INDICATORS]

BUSY = """
measures:
  - {measure: low_emission_zone, start: 2021-02, area: centre, vehicles: {2021-02: all}, bans: {2021-02: crit_air_3}}
  - {measure: cycle_network, start: 2021-01, months: 6, length: 12 km, capex: 2 M€, funding: {metropole: 60%, region: 40%}}
  - {measure: transit_frequency, start: 2021-03, lines: bus, headway: -30%}
  - {measure: retrofit_subsidy, start: 2021-01, rate: 30%}
  - {measure: recovery_grants, start: 2021-01, months: 6, amount: 1 M€}
shocks:
  - {shock: pandemic, start: 2020-10, months: 9}
"""


def test_one_seed_gives_the_same_bits_on_one_and_two_threads(tmp_path: Path) -> None:
    plan, where = scenario(tmp_path, BUSY), city()
    one = lived(model(plan, where, threads=1), 5)
    two = lived(model(plan, where, threads=2), 5)
    assert one.tobytes() == two.tobytes()


def test_another_seed_gives_another_city(tmp_path: Path) -> None:
    plan, where = scenario(tmp_path, BUSY), city()
    assert lived(model(plan, where), 1).tobytes() != lived(model(plan, where, seed=4), 1).tobytes()


def test_a_restored_state_goes_on_to_the_bit(tmp_path: Path) -> None:
    plan, where = scenario(tmp_path, BUSY), city()
    unbroken = model(plan, where)
    lived(unbroken, 3)
    copied = unbroken.state.copy()
    save_state(unbroken.state, tmp_path / "s.npz")
    rest = lived(unbroken, 4)
    for state in (copied, load_state(tmp_path / "s.npz")):
        other = UrbanModel(plan, where, state=state)
        assert lived(other, 4).tobytes() == rest.tobytes()
        assert same(other.state, unbroken.state)


def test_a_fork_is_the_baseline_lived_alone(tmp_path: Path) -> None:
    plan, where = scenario(tmp_path, BUSY), city()
    _, fork = both_worlds(plan, where, seed=3, share=0.3, gap=1e-4)
    alone = model(plan.without_measures(), where)
    alone.live_until(plan.start - 1)
    assert lived(fork, 3).tobytes() == lived(alone, 3).tobytes()


def test_conserved_sums_close_every_month(tmp_path: Path) -> None:
    m = model(scenario(tmp_path, BUSY), city())
    for _ in range(14):
        before = stocks(m.state)
        m.step()
        for name, residual in residuals(before, m.state).items():
            assert residual < TOLERANCE, f"{name} in month {m.state.month}"


#: For each kind: fields that make it a measure of amount zero, or None if it has no amount.
ZERO = {
    "cyber_defence": "level: 0%", "data_platform": "sensors: 0", "digital_mediation": "reach: 0%",
    "digital_services": "share: 0%", "open_partnership": "calls_per_year: 0, budget_per_year: 2 M€", "training": "places_per_year: 0",
    "consultation": "reach: 0%", "citizens_panel": "seats: 0", "zoning": None,
    "bike_subsidy": "amount: 0 €", "cycle_network": "length: 0 km, months: 3", "energy_advice": "reach: 0%",
    "ev_charging": "points: 0", "ev_subsidy": "amount: 0 €", "heat_pump_subsidy": "amount: 0 €",
    "innovation_challenge": "theme: energy, calls_per_year: 0", "local_procurement": "amount_per_year: 0 €",
    "low_emission_zone": "compliance: 0%, vehicles: {2021-01: all}, bans: {2021-01: crit_air_2}", "parking_price": "price: 0 €/h",
    "participatory_budget": "amount_per_year: 0 €", "pv_subsidy": "amount: 0 €/kWp", "recovery_grants": "amount: 0 €, months: 6",
    "lane_closure": None, "retrofit_subsidy": "rate: 0%", "speed_limit": None, "transit_fare": "change: 0%",
    "transit_frequency": "lines: bus, headway: 0%", "transit_line": None, "battery_subsidy": "amount: 0 €/kWh",
    "building_code": "share: 0%", "building_data": "floors: 0%", "demand_response": "share: 0%", "energy_sharing": "share: 0%",
    "heat_network": "length: 0 km, renewable: 0%", "public_pv": "power: 0 kWp", "rental_ban": "bans: {2021-01: g}, compliance: 0%",
    "smart_charging": "share: 0%", "street_lighting": "lights: 0%",
    "free_transit_residents": "take_up: 0%", "health_centre": "doctors: 0", "park_and_ride": "places: 0", "school_streets": "schools: 0",
    "traffic_signal_control": "share: 0%", "urban_greening": "canopy: 0%", "waste_prevention": "prevention: 0%, sorting: 0%",
    "water_saving": "households: 0%, leaks: 0%", "organic_waste_collection": "collected: 0%",
}  # fmt: skip
SOME = {
    **{kind: fields for kind, fields in ZERO.items() if fields},
    "cyber_defence": "level: 60%, firms: 5%", "data_platform": "sensors: 500, months: 6", "digital_mediation": "reach: 10%",
    "digital_services": "share: 50%, months: 6", "open_partnership": "calls_per_year: 4, budget_per_year: 2 M€",
    "training": "places_per_year: 500",
    "consultation": "reach: 50%", "citizens_panel": "seats: 500", "zoning": "dwellings_per_year: 900",
    "bike_subsidy": "amount: 500 €", "cycle_network": "length: 9 km",
    "energy_advice": "reach: 5%", "ev_charging": "points: 500", "ev_subsidy": "amount: 4000 €", "heat_pump_subsidy": "amount: 4000 €",
    "innovation_challenge": "theme: energy, calls_per_year: 12", "local_procurement": "amount_per_year: 9 M€",
    "low_emission_zone": "vehicles: {2021-01: all}, bans: {2021-01: crit_air_2}", "parking_price": "price: 2 €/h",
    "participatory_budget": "amount_per_year: 9 M€", "pv_subsidy": "amount: 500 €/kWp", "recovery_grants": "amount: 9 M€, months: 6",
    "lane_closure": "lanes: all, lines: {quay: [[1.44, 43.6], [1.455, 43.6]]}",
    "retrofit_subsidy": "rate: 50%", "speed_limit": "speed: 20 km/h", "transit_fare": "change: -100%",
    "transit_frequency": "lines: bus, headway: -50%", "transit_line": "line: L2", "battery_subsidy": "amount: 900 €/kWh",
    "building_code": "share: 100%", "building_data": "floors: 50%", "demand_response": "share: 40%, months: 2",
    "energy_sharing": "share: 40%, months: 2", "heat_network": "length: 90 km, renewable: 90%, months: 2",
    "public_pv": "power: 2 MWp, months: 2", "rental_ban": "bans: {2021-01: d}, compliance: 100%", "smart_charging": "share: 80%",
    "street_lighting": "lights: 60%, months: 2",
    "free_transit_residents": "take_up: 80%", "health_centre": "doctors: 20, months: 2", "park_and_ride": "places: 3000, months: 2",
    "school_streets": "schools: 3, months: 2", "traffic_signal_control": "share: 100%, months: 2",
    "urban_greening": "canopy: 40%, months: 2", "waste_prevention": "prevention: 20%, sorting: 20%, months: 2",
    "water_saving": "households: 50%, leaks: 20%, months: 2", "organic_waste_collection": "collected: 40%, months: 2",
}  # fmt: skip


def test_every_kind_of_measure_is_in_these_tables() -> None:
    assert set(ZERO) == set(kinds()) == set(SOME)


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> tuple[UrbanModel, np.ndarray]:
    plan = scenario(tmp_path_factory.mktemp("base"))
    start = model(plan, city())
    start.live_until(plan.start - 1)
    return start, lived(start.fork(plan), 6)


def _differs(baseline: tuple[UrbanModel, np.ndarray], folder: Path, item: str) -> np.ndarray:
    start, expected = baseline
    found = lived(start.fork(scenario(folder, f"measures:\n  - {{{item}}}\n")), 6)
    return np.flatnonzero((found != expected).any(axis=0))


@pytest.mark.parametrize("kind", sorted(kind for kind, fields in ZERO.items() if fields))
def test_a_measure_of_amount_zero_changes_nothing(
    kind: str, baseline: tuple[UrbanModel, np.ndarray], tmp_path: Path
) -> None:
    changed = _differs(baseline, tmp_path, f"measure: {kind}, start: 2021-01, capex: 1 M€, opex: 1 M€, {ZERO[kind]}")
    assert not len(changed), [NAMES[i] for i in changed]


@pytest.mark.parametrize("kind", sorted(SOME))
def test_a_measure_dated_after_the_end_changes_nothing(
    kind: str, baseline: tuple[UrbanModel, np.ndarray], tmp_path: Path
) -> None:
    changed = _differs(baseline, tmp_path, f"measure: {kind}, start: 2022-01, capex: 1 M€, {SOME[kind]}")
    assert not len(changed), [NAMES[i] for i in changed]


@pytest.mark.parametrize("kind", sorted(set(SOME) - {"transit_line"}))
def test_a_measure_in_an_empty_area_changes_nothing(
    kind: str, baseline: tuple[UrbanModel, np.ndarray], tmp_path: Path
) -> None:
    changed = _differs(baseline, tmp_path, f"measure: {kind}, start: 2021-01, area: nowhere, {SOME[kind]}")
    assert not len(changed), [NAMES[i] for i in changed]


@pytest.mark.parametrize("kind", sorted(set(SOME) - {"transit_line"}))
def test_the_same_measure_with_an_amount_changes_something(
    kind: str, baseline: tuple[UrbanModel, np.ndarray], tmp_path: Path
) -> None:
    area = "" if kind in ("low_emission_zone", "parking_price", "speed_limit") else "area: all, "
    area = area or "area: centre, "
    assert len(_differs(baseline, tmp_path, f"measure: {kind}, start: 2021-01, {area}{SOME[kind]}"))


def test_an_unchanged_world_stands_still(tmp_path: Path) -> None:
    """No indicator drifts by more than 0.1 % in 24 months; months of a year are compared with the same months two years on."""
    m = model(scenario(tmp_path, end="2023-12", world="unchanged"), city())
    m.live_until(m.scenario.start - 1)
    values = lived(m, 36)
    first, last = values[:12], values[24:]
    scale = np.maximum(np.abs(first), 1e-9)
    solver = [
        NAMES.index(n) for n in ("road_gap", "loop_residual", "transit_residual")
    ]  # noise of the solver itself, bounded by the gap asked
    drift = np.delete(np.abs(last - first) / scale, solver, axis=1).max(axis=0)
    names = [n for i, n in enumerate(NAMES) if i not in solver]
    assert drift.max() < 1e-3, [(n, d) for n, d in zip(names, drift, strict=True) if d >= 1e-3]
