"""New dwellings: the country's code by date, the roadmap's own code by share, and its cost."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.construction import LATEST, build
from sim.city.city import City
from sim.codes import DwellingType, Heating, Party, Purpose, Retrofit
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from tests.tiny import tiny_city, tiny_state

P = Parameters()


class Busy(Trends):
    """Twenty times as many dwellings are built, none is pulled down."""

    def at(self, name: str, month: int) -> float:
        if name == "dwellings_demolished":
            return 0.0
        return super().at(name, month) * (20.0 if name == "dwellings_built" else 1.0)


@pytest.fixture(scope="module")
def city() -> City:
    return tiny_city()


def built(city: City, month: int, *contributions: Contribution) -> tuple[State, np.ndarray]:
    """A state after a month of building, and True for the new dwellings."""
    state = tiny_state(city, share=6.0, month=month)
    state.dwellings.pv[:], state.dwellings.battery[:] = 3.0, 5.0
    old = len(state.dwellings)
    build(state, compose(contributions, axis_sizes(city, 2)), P, Busy())
    new = np.arange(len(state.dwellings)) >= old
    assert new.sum() > 400
    return state, new


def gas(state: State, new: np.ndarray, *, house: bool) -> float:
    d = state.dwellings
    mine = new & ((d.kind <= DwellingType.TH) == house)
    return float(d.weight[mine & (d.heating == Heating.GAS)].sum() / d.weight[mine].sum())


@pytest.mark.parametrize(("month", "houses"), [(2020 * 12 + 6, 0.19), (2022 * 12 + 6, 0.07), (2024 * 12, 0.0)])
def test_gas_leaves_new_houses_as_it_did(city: City, month: int, houses: float) -> None:
    """Domexpo and Caron Marketing: gas in 19 % of the houses finished in 2020, 7 % in 2022; RE2020 has none in those permitted since."""
    state, new = built(city, month)
    assert gas(state, new, house=True) == pytest.approx(houses, abs=0.06)


def test_gas_leaves_new_flats_with_those_permitted_in_2025(city: City) -> None:
    before, after = (built(city, m) for m in (2021 * 12, 2027 * 12 + 6))
    assert gas(*before, house=False) == pytest.approx(
        0.45, abs=0.06
    )  # as the latest here: below the country's two thirds
    assert gas(*after, house=False) == 0.0
    d, new = after[0].dwellings, after[1]
    assert not (d.heating[new] == Heating.OIL).any()


def test_new_dwellings_are_vacant_and_bare(city: City) -> None:
    state, new = built(city, 2022 * 12)
    d = state.dwellings
    assert (d.household[new] == -1).all()
    assert (d.period[new] == LATEST).all()
    for name in ("pv", "battery", "retrofit", "works_to"):
        assert not getattr(d, name)[new].any(), name
    assert (d.works_until[new] == -1).all()
    assert not state.ledger.any()


def test_the_roadmaps_code_makes_its_share_of_new_dwellings_the_best_and_buyers_pay(city: City) -> None:
    state, new = built(city, 2022 * 12, Contribution("new_building_code", 0.4), Contribution("heat_network", 0.5, [4]))
    d = state.dwellings
    best = new & (d.retrofit == Retrofit.ADVANCED)
    assert best[new].mean() == pytest.approx(0.4, abs=0.07)
    assert np.isin(d.heating[best], (Heating.HEAT_PUMP, Heating.DISTRICT)).all()
    on_network = best & (d.district == 4) & (d.kind == DwellingType.AB)
    assert (d.heating[on_network] == Heating.DISTRICT).mean() > 0.3
    extra = P["building_code_cost"] * (d.weight * d.area)[best].sum()
    assert state.ledger[Party.HOUSEHOLDS, Party.FIRMS, Purpose.WORKS] == pytest.approx(extra)
    assert state.ledger.sum() == pytest.approx(extra)


def test_without_the_code_everything_is_as_it_was_to_the_bit(city: City) -> None:
    plain, networked = (built(city, 2022 * 12, *c)[0] for c in ((), (Contribution("heat_network", 0.5),)))
    for name, array in plain.dwellings.arrays().items():
        assert array.tobytes() == networked.dwellings.arrays()[name].tobytes(), name
