"""Rules look at those alone whose draw lies below the highest chance: whoever else is asked, nothing changes, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.draws import below, stream
from sim.codes import CritAir
from sim.columns import Array
from sim.measures.policies import Contribution
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society import SocietySystem, cars, cooling, envelopes, heating, roofs
from tests.sim.systems.homes_worlds import a_state, policies
from tests.tiny import tiny_city

CITY = tiny_city()
#: As much of everything as the registry allows.
MUCH = Parameters(
    {"car_renewal": 0.22, "heating_renewal": 0.13, "first_car": 0.012, "retrofit_consider": 0.008, "retrofit_contacts": 0.012}
)  # fmt: skip
PLAN = policies(
    CITY,
    *(
        Contribution(name, amount)
        for name, amount in (("advice", 0.02), ("pv_grant", 300.0), ("battery_grant", 200.0), ("bike_grant", 100.0), ("heatwave", 3.0),
                             ("heatwave_days", 6.0), ("retrofit_grant", 0.3), ("heat_pump_grant", 3000.0), ("chargers", 20.0))
    ),
    Contribution("car_ban", 0.8, (slice(CritAir.C3, None), [0, 1])),
)  # fmt: skip


def _lived(months: int) -> list[Array]:
    """Every column after some months of decisions with all levers pulled."""
    state: State = a_state(CITY)
    state.households.savings[:] = 1e6
    society = SocietySystem(CITY, MUCH, Trends())
    society.begin(state)
    state.energy.heat_stress = np.linspace(0.0, 90.0, len(state.dwellings) - 3)
    for _ in range(months):
        state.month += 1
        society.decide(state, PLAN)
    blocks = (state.households, state.citizens, state.dwellings, state.cars, state.society)
    return [a for block in blocks for a in block.arrays().values()] + [state.ledger, state.flows]


def _everybody(seed: int, word: int, ids: Array, month: int, index: int, limit: float) -> tuple[Array, Array]:
    """All rows, whatever the limit."""
    assert limit >= 0.0
    rows, draws = below(seed, word, ids, month, index, 1.0)
    assert len(rows) == len(ids)
    return rows, draws


def test_who_is_not_asked_would_have_done_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = _lived(24)
    # batteries and bicycles have one chance for all, which is the limit itself
    for module in (cars, cooling, envelopes, heating):
        monkeypatch.setattr(module, "below", _everybody)
    monkeypatch.setattr(roofs, "below", _unless_one_chance)
    for one, other in zip(usual, _lived(24), strict=True):
        assert np.array_equal(one, other, equal_nan=True)


def _unless_one_chance(seed: int, word: int, ids: Array, month: int, index: int, limit: float) -> tuple[Array, Array]:
    return (below if word == stream("society.battery") else _everybody)(seed, word, ids, month, index, limit)
