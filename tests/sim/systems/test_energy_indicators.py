"""Energy indicators on the tiny city, recomputed by hand; the registry rows of the domain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.codes import Carrier, EnergyUse
from sim.indicators.energy import INDICATORS
from sim.indicators.registry import Snapshot
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import STATUSES, Parameters, registry
from sim.scenario.trends import Trends
from sim.systems.energy import EnergySystem
from tests.tiny import tiny_city, tiny_state

PACKAGE = Path(__file__).resolve().parents[3] / "sim/systems/energy"


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    city = tiny_city()
    state = tiny_state(city)
    state.dwellings.pv[::5] = 4.0
    policies = compose([], axis_sizes(city, 2))
    system = EnergySystem(city, Parameters(), Trends())
    system.begin(state)
    system.balance(state, policies)
    return Snapshot(city, state, policies, Parameters(), Trends())


def test_every_formula_gives_a_number_and_districts_add_up(snapshot: Snapshot) -> None:
    sums = {"energy_dwellings", "energy_firms", "pv_production", "co2_buildings"}
    for indicator in INDICATORS:
        value = float(indicator.formula(snapshot))
        assert np.isfinite(value), indicator.name
        if indicator.by_district is not None:
            parts = indicator.by_district(snapshot)
            assert parts.shape == (snapshot.city.n_districts,)
            if indicator.name in sums:
                assert parts.sum() == pytest.approx(value, rel=1e-12)
    assert len({i.name for i in INDICATORS}) == len(INDICATORS)


def test_values_by_hand(snapshot: Snapshot) -> None:
    s = snapshot.state
    value = {i.name: float(i.formula(snapshot)) for i in INDICATORS}
    e, h, d = s.energy, s.households, s.dwellings
    assert value["energy_gas"] == e.final[:, Carrier.GAS, :].sum()
    total = sum(value[k] for k in ("energy_dwellings", "energy_firms", "energy_cars"))
    assert total == pytest.approx(e.final.sum(), rel=1e-12)
    assert value["energy_bill"] == pytest.approx(np.average(h.energy_bill, weights=h.weight))
    poor = [i for i in range(len(h)) if e.heat_cost[i] > 0.08 * 12 * h.income[i]]
    assert value["energy_poverty"] == pytest.approx(100 * h.weight[poor].sum() / h.weight.sum())
    assert 0 < value["energy_poverty"] < 100
    assert value["dpe_fg"] == pytest.approx(100 * d.weight[e.dpe >= 5].sum() / d.weight.sum())
    assert value["pv_self_use"] == pytest.approx(100 * e.pv_used.sum() / e.pv.sum())
    assert value["co2_buildings"] == pytest.approx(e.co2.sum() - e.co2[:, [EnergyUse.CHARGING, EnergyUse.FUEL]].sum())


def test_every_registry_row_of_energy_is_used_and_sane() -> None:
    text = "".join(path.read_text("utf-8") for path in PACKAGE.glob("*.py"))
    rows = [p for p in registry().values() if p.domain == "energy"]
    assert len(rows) > 30
    for p in rows:
        assert p.low <= p.default <= p.high, p.name
        assert p.status in STATUSES
        assert f'"{p.name}"' in text or (p.name.startswith("emission_") and "emission_{" in text), p.name
