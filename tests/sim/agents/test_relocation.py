"""Moves inside the city: people and dwellings conserved, who moves where, what access and rent do; zoning; degree and clustering."""

from __future__ import annotations

from types import MappingProxyType

import networkx as nx
import numpy as np
import pytest

from sim.agents.construction import build
from sim.agents.contacts import draw_contacts
from sim.agents.demography import oldest_age
from sim.agents.housing import monthly_rent
from sim.agents.lifecourse import ages
from sim.agents.moves import Mover
from sim.agents.relocation import choose_homes, commute
from sim.agents.sampling import Draws
from sim.city.city import City
from sim.codes import Tenure
from sim.columns import Ints
from sim.measures.policies import Contribution, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from tests.tiny import tiny_city, tiny_state

P = Parameters()


@pytest.fixture(scope="module")
def city() -> City:
    return tiny_city()


@pytest.fixture
def state(city: City) -> State:
    """A city where one dwelling in five stands empty."""
    made = tiny_state(city, share=1.0, month=2022 * 12)
    h, d = made.households, made.dwellings
    gone = np.arange(0, len(h), 5)
    h.alive[gone] = False
    d.household[gone] = -1
    h.dwelling[gone] = -1
    made.citizens.alive[np.isin(made.citizens.household, gone)] = False
    made.cars.alive[np.isin(made.cars.household, gone)] = False
    return made


def oldest(state: State) -> Ints:
    return oldest_age(state, ages(state.citizens, state.month))


def moved(city: City, state: State, months: int, **parameters: float) -> Ints:
    """Households that have another dwelling after some months."""
    before = state.households.dwelling.copy()
    mover = Mover(city, Parameters(MappingProxyType(parameters)), Trends())
    for _ in range(months):
        state.month += 1
        mover.relocate(state, oldest(state))
        mover.tidy(state)
    return np.flatnonzero((before != state.households.dwelling) & state.households.alive)


def test_a_move_leaves_one_home_empty_and_fills_another(city: City, state: State) -> None:
    h, d, c = state.households, state.dwellings, state.citizens
    people, homes, empty = c.weight[c.alive].sum(), d.weight[d.alive].sum(), (d.household < 0).sum()
    rows = moved(city, state, 6)
    assert len(rows) > 100
    assert (c.weight[c.alive].sum(), d.weight[d.alive].sum(), (d.household < 0).sum()) == (people, homes, empty)
    living = np.flatnonzero(h.alive)
    assert np.array_equal(d.household[h.dwelling[living]], living)  # each in one dwelling, each dwelling to one
    assert len(np.unique(h.dwelling[living])) == len(living)
    assert np.array_equal(h.district[living], d.district[h.dwelling[living]])
    assert np.array_equal(c.district[c.alive], h.district[c.household[c.alive]])
    assert (city.cells.district[h.cell[rows]] == h.district[rows]).all()
    assert not state.flows.any()


def test_the_young_and_tenants_move_most(city: City, state: State) -> None:
    h, years = state.households, oldest(state)
    rows = moved(city, state, 12)
    share = np.zeros(len(h))
    share[rows] = 1.0
    alive = h.alive
    assert 0.03 < share[alive].mean() < P["home_search"]
    assert share[alive & (years < 30)].mean() > 2.0 * share[alive & (years > 60)].mean()
    assert share[alive & (h.tenure == Tenure.TENANT)].mean() > 1.5 * share[alive & (h.tenure == Tenure.OWNER)].mean()


def test_the_more_cost_weighs_the_cheaper_and_nearer_the_homes_taken(city: City, state: State) -> None:
    """The same households look at the same homes with the same tastes: only the weight of rent and journeys against income differs."""
    vacant, d, minute = (
        Mover(city, P, Trends()).vacancies(state),
        state.dwellings,
        2.0 * 21.0 / 60.0 * P["value_of_time_work"],
    )

    def cost(weight: float) -> float:
        p, spent, moves = Parameters({"home_search": 0.18, "home_cost": weight}), 0.0, 0
        for k in range(6):
            rows, homes = choose_homes(later(state, k), p, Trends(), oldest(state), vacant)
            where = d.district[homes].astype(np.int64)
            month = (
                monthly_rent(state.society.rent, where, d.area[homes], p)
                + minute * commute(state, rows, where[:, None])[:, 0]
            )
            spent, moves = spent + float((month / state.households.income[rows]).sum()), moves + len(rows)
        return spent / moves

    assert cost(8.0) < cost(2.5)


def later(state: State, months: int) -> State:
    """The state some months on, nothing else changed."""
    out = state.copy()
    out.month += months
    return out


def test_a_dearer_district_loses_movers(city: City, state: State) -> None:
    usual, dear = state.copy(), state.copy()
    dear.society.rent[4] *= 2.0
    moved(city, usual, 6)
    moved(city, dear, 6)
    lived = [(s.households.alive & (s.households.district == 4)).sum() for s in (usual, dear)]
    assert lived[1] < lived[0]


def test_nobody_moves_where_nothing_is_empty(city: City) -> None:
    full = tiny_state(city, share=1.0, month=2022 * 12)
    assert len(moved(city, full, 3)) == 0


def test_rents_by_size_are_those_of_the_observatory() -> None:
    """AUAT 2021: medians of Toulouse 420 € for one room of 26 m2, 547 € in all (44 m2), outside 627 € (60 m2); not all were fitted."""
    city_rent, outside = np.array([P["rent_inside"]]), np.array([P["rent_outside"]])
    here = np.zeros(1, np.int64)
    assert monthly_rent(city_rent, here, np.array([26.0]), P)[0] == pytest.approx(420.0, rel=0.05)
    assert monthly_rent(city_rent, here, np.array([44.0]), P)[0] == pytest.approx(547.0, rel=0.1)
    assert monthly_rent(outside, here, np.array([60.0]), P)[0] == pytest.approx(627.0, rel=0.05)


# --- zoning -----------------------------------------------------------------------------------------------------


def built(city: City, allowed: float | None, months: int = 24) -> np.ndarray:
    """(D,) dwellings built with zoning of the centre at ``allowed`` a year."""
    state = tiny_state(city, share=1.0, month=2022 * 12)
    state.households.alive[:] = True
    more = [] if allowed is None else [Contribution("dwellings_allowed", allowed, [4])]
    policies = compose(more, axis_sizes(city, 0))
    before = len(state.dwellings)
    for _ in range(months):
        state.month += 1
        build(state, policies, P, Trends())
    d = state.dwellings
    assert state.flows[4] == pytest.approx(d.weight[before:].sum())
    return np.bincount(d.district[before:], weights=d.weight[before:], minlength=9)


def test_zoning_caps_a_district_and_pushes_part_of_it_elsewhere(city: City) -> None:
    free, none = built(city, None), built(city, 0.0)
    assert none[4] == 0.0
    assert free[4] > 20.0
    spilt = none.sum() - free.sum() + free[4]
    assert spilt == pytest.approx(P["zoning_elsewhere"] * free[4], abs=3.0 * np.sqrt(2.0 * free[4]))


def test_zoning_that_allows_more_builds_a_part_of_it(city: City) -> None:
    free, more = built(city, None), built(city, 200.0)
    expected = free[4] + P["zoning_built"] * (400.0 - free[4])  # two years
    assert more[4] == pytest.approx(expected, rel=0.2)
    month = built(city, None, 1), built(city, 200.0, 1)
    assert np.array_equal(*(np.delete(one, 4) for one in month))  # the others build what they built


def test_zoning_beyond_reach_of_anybody_is_no_zoning_elsewhere(city: City) -> None:
    assert np.array_equal(built(city, None), built(city, np.inf))


# --- the network of neighbours and colleagues -----------------------------------------------------------------------


def test_colleagues_add_two_ties_a_worker_and_dilute_clustering() -> None:
    """Each worker is tied to the next of the firm: degree grows by about two a worker, clustering falls as random ties are added."""
    rng, n = np.random.default_rng(3), 2000
    district = np.sort(rng.integers(0, 8, n))
    household = np.sort(rng.integers(0, n, 1700))
    firm = rng.integers(0, 120, 1700)

    def graph(*work: np.ndarray) -> nx.Graph:  # type: ignore[type-arg]
        first, contacts = draw_contacts(Draws(1), district, district, *work)
        made: nx.Graph = nx.Graph()  # type: ignore[type-arg]
        made.add_nodes_from(range(n))
        made.add_edges_from((i, int(j)) for i in range(n) for j in contacts[first[i] : first[i + 1]])
        assert 2 * made.number_of_edges() == len(contacts)
        return made

    alone, working = graph(), graph(household, firm)
    more = 2 * (working.number_of_edges() - alone.number_of_edges()) / n
    assert more == pytest.approx(2.0 * 1700 / n, rel=0.03)
    clustering = nx.average_clustering(alone), nx.average_clustering(working)
    assert 0.08 < clustering[1] < clustering[0] < 0.3
    degree = 2 * working.number_of_edges() / n
    assert clustering[1] > 10.0 * degree / n  # a random graph of that degree
    pairs = {frozenset(e) for e in working.edges} - {frozenset(e) for e in alone.edges}
    firms: dict[int, set[int]] = {}
    for home, where in zip(household.tolist(), firm.tolist(), strict=True):
        firms.setdefault(home, set()).add(where)
    assert all(firms[a] & firms[b] for a, b in map(tuple, pairs))  # every new tie is between colleagues
