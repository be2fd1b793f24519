"""Energy, emission and grid indicators on the tiny city, recomputed by hand; the registry rows of the domain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.codes import AccountItem, Cable, Carrier, EnergyUse
from sim.indicators import carbon, energy, grid
from sim.indicators.registry import Snapshot
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import STATUSES, Parameters, registry
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.energy import EnergySystem
from sim.systems.mobility import MobilitySystem
from tests.tiny import tiny_city, tiny_state

PACKAGE = Path(__file__).resolve().parents[3] / "sim/systems/energy"
CITY_GRID = Path(__file__).resolve().parents[3] / "sim/city"
INDICATORS = (*energy.INDICATORS, *carbon.INDICATORS, *grid.INDICATORS)
JANUARY = 2021 * 12
#: Indicators whose districts sum to the city's value.
SUMS = {
    "energy_dwellings", "energy_heating", "energy_cooling", "energy_firms", "energy_cars", "energy_transit", "energy_public",
    "energy_electricity", "pv_production", "pv_shared", "co2_buildings", "co2_dwellings", "co2_firms", "co2_charging", "co2_transit",
    "co2_public", "grid_hours_voltage", "grid_hours_lines", "grid_hours_transformers", "dwellings_low_voltage",
}  # fmt: skip


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    city, parameters, trends = tiny_city(), Parameters(), Trends()
    state = tiny_state(city, month=JANUARY)
    state.dwellings.pv[::5] = 4.0
    state.cars.powertrain[::4] = 4
    policies = compose([], axis_sizes(city, 2))
    roads, system = MobilitySystem(city, parameters, trends, gap=1e-5), EnergySystem(city, parameters, trends)
    roads.begin(state)
    system.begin(state)
    roads.settle(state, policies)
    system.balance(state, policies)
    return Snapshot(city, state, policies, parameters, trends)


def values(snapshot: Snapshot) -> dict[str, float]:
    return {i.name: float(i.formula(snapshot)) for i in INDICATORS}


def main_homes(s: State) -> np.ndarray:
    return np.where(s.dwellings.alive & (s.dwellings.household >= 0), s.dwellings.weight, 0.0)


def test_every_formula_gives_a_number_and_districts_add_up(snapshot: Snapshot) -> None:
    for indicator in INDICATORS:
        value = float(indicator.formula(snapshot))
        assert np.isfinite(value), indicator.name
        assert indicator.name in SUMS or indicator.by_district is None or indicator.unit != "MWh/month", indicator.name
        if indicator.by_district is not None:
            parts = indicator.by_district(snapshot)
            assert parts.shape == (snapshot.city.n_districts,), indicator.name
            if indicator.name in SUMS:
                assert parts.sum() == pytest.approx(value, rel=1e-12)
            elif indicator.unit in ("%", "pu"):
                assert parts.min() - 1e-9 <= value <= parts.max() + 1e-9, indicator.name
    assert len({i.name for i in INDICATORS}) == len(INDICATORS)


def test_energy_by_hand(snapshot: Snapshot) -> None:
    e, value = snapshot.state.energy, values(snapshot)
    t = snapshot.state.traffic
    assert value["energy_gas"] == e.final[:, Carrier.GAS, :].sum()
    total = sum(value[f"energy_{k}"] for k in ("dwellings", "firms", "cars", "transit", "public"))
    assert total == pytest.approx(e.final.sum(), rel=1e-12)
    p, people = snapshot.parameters, snapshot.state.citizens.weight[snapshot.state.citizens.alive].sum()
    days = 31 * (p["working_days"] + (1 - p["working_days"]) * p["weekend_share"])
    assert value["energy_road"] == pytest.approx(t.road_energy.sum() * days)
    territory = total - e.final[:, :, EnergyUse.FUEL].sum() + value["energy_road"]
    assert value["energy_per_inhabitant"] == pytest.approx(1000 * territory / people)
    assert value["pv_self_use"] == pytest.approx(100 * e.pv_used.sum() / e.pv.sum())
    assert value["electric_peak"] == e.load.max()
    assert value["district_peak"] == e.peak.max()
    charged = [value["charging_home"], value["charging_work"], value["charging_public"]]
    assert sum(charged) == pytest.approx(100.0)
    assert e.charging.sum() == pytest.approx(e.final[:, :, EnergyUse.CHARGING].sum(), rel=1e-12)
    assert all(share > 0.0 for share in charged)


def test_bills_and_poverty_by_hand(snapshot: Snapshot) -> None:
    e, h, value = snapshot.state.energy, snapshot.state.households, values(snapshot)
    assert value["energy_bill"] == pytest.approx(np.average(h.energy_bill, weights=h.weight))
    poor = [i for i in range(len(h)) if e.heat_cost[i] > 0.08 * 12 * h.income[i]]
    assert value["energy_poverty"] == pytest.approx(100 * h.weight[poor].sum() / h.weight.sum())
    assert 0 < value["energy_poverty"] < 100
    spend = [i for i in range(len(h)) if h.quintile[i] <= 1 and e.year_bill[i] > 0.1 * 12 * h.income[i]]
    assert value["energy_poverty_bill"] == pytest.approx(100 * h.weight[spend].sum() / h.weight.sum())


def test_homes_by_hand(snapshot: Snapshot) -> None:
    s, value = snapshot.state, values(snapshot)
    e, w = s.energy, main_homes(snapshot.state)
    shares = np.array([100 * w[e.dpe == k].sum() / w.sum() for k in range(7)])
    np.testing.assert_allclose([value[f"dpe_{c}"] for c in "abcdefg"], shares)
    assert shares.sum() == pytest.approx(100.0)
    assert value["dpe_fg"] == pytest.approx(shares[5] + shares[6])
    cold = [i for i in range(len(w)) if w[i] > 0 and e.warmth[i] < 18.0]
    assert value["cold_homes"] == pytest.approx(100 * w[cold].sum() / w.sum())
    assert value["heat_stress"] == pytest.approx((w * e.heat_stress).sum() / w.sum())


def test_cold_and_hot_homes_of_known_dwellings(snapshot: Snapshot) -> None:
    """Half of the homes at 17 degC, one in ten with 50 degree-hours; a dwelling built since the month was lived counts as neither."""
    state = snapshot.state.copy()
    other = Snapshot(snapshot.city, state, snapshot.policies, snapshot.parameters, snapshot.trends)
    n = len(state.dwellings)
    state.energy.warmth = np.where(np.arange(n - 1) % 2 == 0, 17.0, 20.0)
    state.energy.heat_stress = np.where(np.arange(n - 1) % 10 == 0, 50.0, 0.0)
    w, row = main_homes(state), np.arange(n)
    known = row < n - 1
    value = values(other)
    assert value["cold_homes"] == pytest.approx(100 * w[known & (row % 2 == 0)].sum() / w.sum())
    assert value["heat_stress"] == pytest.approx(50 * w[known & (row % 10 == 0)].sum() / w.sum())


def test_emissions_by_hand(snapshot: Snapshot) -> None:
    s, value = snapshot.state, values(snapshot)
    by_use = s.energy.co2.sum(axis=0)
    sectors = sum(value[f"co2_{k}"] for k in ("dwellings", "firms", "charging", "transit", "public"))
    assert sectors + by_use[EnergyUse.FUEL] == pytest.approx(by_use.sum(), rel=1e-12)
    assert value["co2_buildings"] == pytest.approx(value["co2_dwellings"] + value["co2_firms"])
    people = s.citizens.weight[s.citizens.alive].sum()
    for row, tail in ((0, ""), (1, "_direct")):
        items = s.energy.account[row]
        only_here = [AccountItem.STREETS, AccountItem.INCOMERS, AccountItem.THROUGH, AccountItem.GOODS, AccountItem.TRANSIT_OTHERS,
                     AccountItem.FIRMS, AccountItem.LIGHTING, AccountItem.DATA]  # fmt: skip
        assert value[f"co2_residents{tail}"] == pytest.approx(items.sum() - items[only_here].sum())
        assert value[f"co2_territory{tail}"] == pytest.approx(items.sum() - items[AccountItem.RESIDENTS_OUTSIDE])
        assert value[f"co2_territory{tail}"] > value[f"co2_residents{tail}"]
    assert value["co2_territory_person"] == pytest.approx(1000 * value["co2_territory"] / people)
    assert value["co2_residents_person"] == pytest.approx(1000 * value["co2_residents"] / people)


def test_the_grid_by_hand(snapshot: Snapshot) -> None:
    """Of made-up months: which station and stretch of line was over its rating, and what more dwellings may have."""
    state, city = snapshot.state.copy(), snapshot.city
    other = Snapshot(city, state, snapshot.policies, snapshot.parameters, snapshot.trends)
    e, n, stations, buses = state.energy, city.n_districts, len(city.stations), len(city.buses)
    assert stations > 3
    assert buses > stations
    e.year_over, e.year_loading = np.zeros((3, stations)), np.full(buses, 0.5)
    e.year_over[2, :2], e.year_over[0, 3] = 4.0, 9.0
    e.year_loading[city.buses.cable == Cable.BUSBAR] = 1.3  # transformers: counted with stations, not with lines
    line = np.flatnonzero(city.buses.cable != Cable.BUSBAR)
    e.year_loading[line[:3]] = [1.01, 1.0, 2.0]
    e.over, e.badly = np.arange(3 * n, dtype=float).reshape(3, n), np.full(n, 2.0)
    e.voltage, e.voltage_high = np.linspace(0.9, 0.98, n), np.linspace(1.02, 1.06, n)
    e.line_load, e.transformer_load = np.linspace(0.2, 1.1, n), np.linspace(0.1, 0.7, n)
    e.grid_loss, e.reinforced = np.full(n, e.final[:, Carrier.ELECTRICITY].sum() / n / 50), np.array([9e5, 1e5])
    e.hosting = np.arange(4.0)[:, None] + np.zeros(n)
    value = values(other)
    assert (value["stations_overloaded"], value["lines_overloaded"]) == (2, 2)
    assert value["grid_hours_voltage"] == n * (n - 1) / 2
    assert value["grid_hours_transformers"] == 2 * n * n + n * (n - 1) / 2
    assert value["dwellings_low_voltage"] == 2 * n
    assert (value["grid_voltage"], value["grid_voltage_high"]) == (0.9, 1.06)
    assert value["grid_line_load"] == pytest.approx(110.0)
    assert value["grid_transformer_load"] == pytest.approx(70.0)
    assert value["grid_losses"] == pytest.approx(2.0)
    assert (value["grid_works"], value["grid_works_metropole"]) == (1e6, 1e5)
    room = ("hosting_pv_first", "hosting_pv", "hosting_load_first", "hosting_load")
    np.testing.assert_allclose([value[name] for name in room], [0.0, 1.0, 2.0, 3.0])


def test_every_registry_row_of_energy_is_used_and_sane() -> None:
    files = (*PACKAGE.glob("*.py"), *CITY_GRID.glob("*.py"))
    text = "".join(path.read_text("utf-8") for path in files)
    rows = [p for p in registry().values() if p.domain == "energy"]
    assert len(rows) > 30
    named = ("emission_{", "upstream_{")
    for p in rows:
        assert p.low <= p.default <= p.high, p.name
        assert p.status in STATUSES
        by_carrier = any(p.name.startswith(start[:-1]) and start in text for start in named)
        assert by_carrier or f'"{p.name}"' in text, p.name
