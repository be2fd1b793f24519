"""Water and household waste: money in equals money out, who gains from what is saved, emissions by hand and beside the inventory."""

from __future__ import annotations

import numpy as np
import pytest

from sim.codes import AccountItem, Party, Purpose
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy import utilities
from tests.sim.systems.economy_worlds import alone, live
from tests.tiny import tiny_city
from tests.worlds import model, scenario

P = Parameters()


def month(*contributions: Contribution) -> State:
    system, state = alone(tiny_city(), 0.3, frozen=True)
    live(system, state, *contributions)
    return state


def paid(state: State) -> tuple[float, float]:
    """Fees that the metropole receives, and what it pays for the services."""
    ledger = state.ledger
    fees = float(ledger[:, Party.METROPOLE, Purpose.UTILITIES].sum())
    return fees, float(ledger[Party.METROPOLE, :, [Purpose.UTILITIES, Purpose.ENERGY]].sum())


def test_services_pay_for_themselves_and_every_euro_has_two_ends() -> None:
    state = month()
    fees, spent = paid(state)
    assert fees == pytest.approx(state.economy.utility_fees.sum())
    assert spent == pytest.approx(state.economy.utility_cost.sum())
    assert fees == pytest.approx(spent)  # before any measure
    assert state.ledger.sum(axis=(0, 2)).sum() == pytest.approx(state.ledger.sum(axis=(1, 2)).sum())
    # what households pay is a part of what they spend in the city anyway
    h = state.households
    income = float((h.weight * h.income)[h.alive].sum())
    there = state.ledger[Party.HOUSEHOLDS, Party.FIRMS, Purpose.CONSUMPTION]
    assert there + state.ledger[Party.HOUSEHOLDS, Party.METROPOLE, Purpose.UTILITIES] == pytest.approx(
        income * P["consumed_locally"]
    )


def test_saving_water_costs_the_service_and_mending_leaks_pays_it() -> None:
    plain, saving, mending = month(), month(Contribution("water_saving", 0.1)), month(Contribution("water_leaks", 0.5))
    home = plain.economy.water[0]
    fees, spent = np.subtract(paid(saving), paid(plain))
    assert fees == pytest.approx(-0.1 * home * P["water_service_cost"])
    assert fees < spent < 0.0  # most costs stay: four fifths of them
    assert spent / fees == pytest.approx(1.0 - P["water_fixed_cost"], rel=0.1)
    fees, spent = np.subtract(paid(mending), paid(plain))
    assert fees == 0.0
    assert spent == pytest.approx(-0.5 * plain.economy.water[2] * P["water_lost_cost"])
    less = plain.economy.water[2] - mending.economy.water[2]
    co2 = plain.economy.utility_co2[0].sum() - mending.economy.utility_co2[0].sum()
    assert co2 == pytest.approx(less * P["water_supply_energy"] * P["emission_electricity"] / 1000.0)


def test_waste_avoided_saves_the_metropole_its_cost() -> None:
    plain, less = month(), month(Contribution("waste_prevention", 0.12))
    fees, spent = np.subtract(paid(less), paid(plain))
    assert fees == 0.0  # a tax, not a charge by the bin
    tonnes = plain.economy.waste[0] - less.economy.waste[0]
    assert spent == pytest.approx(-tonnes * P["waste_residual_cost"])
    apart = month(Contribution("waste_organic", 0.6))
    extra = apart.economy.waste[2] * (P["waste_organic_cost"] - P["waste_residual_cost"])
    assert np.subtract(paid(apart), paid(plain)) == pytest.approx([0.0, extra])


def test_emissions_of_waste_are_those_of_its_parts() -> None:
    whole = utilities.emitted(np.zeros(3), np.array([249.0, 334.0, 0.0]), P)[0, 2]
    assert whole * 1000.0 == pytest.approx(249.0 * 450.0 + 334.0 * 60.0)
    # kitchen waste out of the bin: what it emitted there goes, what its compost emits comes
    apart = utilities.emitted(np.zeros(3), np.array([249.0 - 83.0, 334.0, 83.0]), P)[0, 2]
    assert (whole - apart) * 1000.0 == pytest.approx(83.0 * (200.0 - 50.0))
    # the national inventory has 0.2 to 0.25 tCO2e of waste a person, firms' and old landfills included; homes are the larger part
    assert 0.08 < whole / 1000.0 < 0.2


def test_both_services_stand_in_the_accounts_of_emissions(tmp_path_factory: pytest.TempPathFactory) -> None:
    one = model(scenario(tmp_path_factory.mktemp("accounts")), tiny_city())
    one.live_until(one.scenario.start)
    account, utility = one.state.energy.account, one.state.economy.utility_co2
    items = [AccountItem.WATER_HOME, AccountItem.WATER_WORK, AccountItem.WASTE]
    assert np.array_equal(account[:, items], utility)
    assert (utility > 0.0).all()
    assert (utility[1] <= utility[0]).all()
    neutral = compose((), axis_sizes(one.city, 0))
    people = float(one.state.citizens.weight[one.state.citizens.alive].sum())
    assert utilities.waste(neutral, one.parameters, 1.0) == pytest.approx([249.0, 334.0, 0.0])
    assert 0.005 < utility[0].sum() / people < 0.05  # t a person and month
