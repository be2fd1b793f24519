"""Demography against published life tables, fertility and flows; conservation; a world that stands still."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents import lifecourse
from sim.agents.demography import Demography
from sim.agents.population import populate
from sim.agents.tables import Incomers
from sim.city.city import City
from sim.codes import Activity, HouseholdType
from sim.columns import Floats
from sim.conservation import stocks
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import Economy, Energy, Society, State, Townhall, Traffic
from tests.tiny import tiny_city, tiny_state

START = 2021 * 12
NOBODY_ACTS = compose((), axis_sizes(tiny_city(), 0))


@pytest.fixture(scope="module")
def city() -> City:
    return tiny_city()


def a_state(city: City, share: float = 0.3, seed: int = 1, month: int = START - 1) -> State:
    people = populate(city, seed, share, month, Parameters())
    n, m = len(people.citizens), len(people.households)
    blank = tiny_state(city, share=0.02)
    society = Society.blank()
    society.support = np.tile(np.arange(n, dtype=np.float32)[:, None], (1, 2))
    society.expected = society.support.copy()
    society.reference_time = np.arange(n, dtype=np.float64)
    society.reference_cost = np.arange(m, dtype=np.float64)
    return State(
        seed=seed, month=month, share=share, households=people.households, citizens=people.citizens,
        dwellings=people.dwellings, cars=people.cars, firms=people.firms, contact_first=people.contact_first,
        contacts=people.contacts, traffic=Traffic.blank(), energy=Energy.blank(), economy=Economy.blank(), society=society,
        townhall=Townhall.blank(), ledger=blank.ledger, last_ledger=blank.last_ledger, incomers=Incomers.blank(), flows=np.zeros(8),
    )  # fmt: skip


def a_month(demography: Demography, state: State) -> None:
    state.month += 1
    state.flows[:] = 0.0
    demography.live(state, NOBODY_ACTS)


def survivors(monthly: Floats) -> Floats:
    """(ages + 1,) survivors at each birthday out of one, from monthly risks by completed age."""
    return np.r_[1.0, np.cumprod((1.0 - monthly) ** 12)]


def expectancy(monthly: Floats, age: int) -> float:
    """Life expectancy by trapezia over birthdays."""
    alive = survivors(monthly)
    return float((alive[age:-1] + alive[age + 1 :]).sum() / 2.0 / alive[age])


@pytest.mark.parametrize(("sex", "at_birth", "at_sixty"), [(1, 85.6, 27.8), (0, 79.7, 23.4)])
def test_life_expectancy_is_that_of_france_2019(sex: int, at_birth: float, at_sixty: float) -> None:
    # INSEE, Tableaux de l'économie française 2020: women 85.6 and 27.8 years, men 79.7 and 23.4
    risk = lifecourse.death_risk(Parameters(), 1.0)[sex]
    assert expectancy(risk, 0) == pytest.approx(at_birth, abs=0.25)
    assert expectancy(risk, 60) == pytest.approx(at_sixty, abs=0.25)


def test_risk_at_ninety_is_about_one_in_ten() -> None:
    # INED, "Risques de mortalité selon l'âge": one in ten around 90, one in 10,000 around 10 years, France 2012-2016
    yearly = 1.0 - (1.0 - lifecourse.death_risk(Parameters(), 1.0)) ** 12
    assert 0.07 < yearly[:, 90].mean() < 0.14
    assert (yearly[:, 10] < 2e-4).all()


@pytest.mark.parametrize(("year", "children"), [(2014, 2.00), (2019, 1.86), (2023, 1.66)])
def test_children_per_woman_are_those_of_france(year: int, children: float) -> None:
    # INSEE, indicateur conjoncturel de fécondité, France: 2.00 in 2014, 1.86 in 2019, 1.66 in 2023
    rate = lifecourse.birth_rate(Trends(), year * 12 + 6)
    assert 12.0 * rate.sum() == pytest.approx(children, abs=0.04)


def test_flows_close_every_month(city: City) -> None:
    state, demography = a_state(city), Demography(city, Parameters(), Trends())
    demography.begin(state)
    for _ in range(30):
        before = stocks(state)
        a_month(demography, state)
        after, (births, deaths, arrivals, departures, built, demolished, cars_in, cars_out) = stocks(state), state.flows
        assert after.persons - before.persons == pytest.approx(births - deaths + arrivals - departures, abs=1e-7)
        assert after.dwellings - before.dwellings == pytest.approx(built - demolished, abs=1e-7)
        assert after.cars - before.cars == pytest.approx(cars_in - cars_out, abs=1e-7)
        assert (state.flows >= 0.0).all()
    assert after.persons != before.persons


def test_tables_agree_with_each_other_after_years(city: City) -> None:
    state, demography = a_state(city), Demography(city, Parameters(), Trends())
    for _ in range(30):
        a_month(demography, state)
    c, h, d, cars = state.citizens, state.households, state.dwellings, state.cars
    lives = np.flatnonzero(c.alive)
    assert h.alive[c.household[lives]].all()
    assert (c.district[lives] == h.district[c.household[lives]]).all()
    assert (np.bincount(c.household[lives], minlength=len(h)) == h.size).all()
    homes = np.flatnonzero(h.alive)
    assert (d.household[h.dwelling[homes]] == homes).all()
    assert d.alive[h.dwelling[homes]].all()
    assert (d.household[d.alive] >= 0).sum() == len(homes)
    assert (d.district[h.dwelling[homes]] == h.district[homes]).all()
    assert (city.cells.district[h.cell[homes]] == h.district[homes]).all()
    assert (np.bincount(cars.household[cars.alive], minlength=len(h)) == h.cars).all()
    assert ((h.size[homes] == 1) == (h.kind[homes] == HouseholdType.SINGLE)).all()
    for table in (c, h, d, cars):
        assert len(np.unique(table.id)) == len(table)
    assert len(state.society.support) == len(state.society.reference_time) == len(c)
    assert len(state.society.reference_cost) == len(h)
    assert len(state.contact_first) == len(h) + 1
    assert state.contact_first[-1] == len(state.contacts)
    assert (np.diff(state.contact_first) >= 0).all()
    assert state.contacts.max() < len(h)


def test_what_people_do_fits_where_they_go(city: City) -> None:
    state, demography = a_state(city), Demography(city, Parameters(), Trends())
    for _ in range(30):
        a_month(demography, state)
    c = state.citizens
    age = (state.month - c.birth) // 12
    works = c.alive & (c.activity == Activity.EMPLOYED)
    assert (c.sector[works] >= 0).all()
    assert ((c.firm[works] >= 0) == (c.main_district[works] >= 0)).all()
    assert ((c.main_gate[works] >= 0) == (c.main_district[works] == -2)).all()
    assert (c.sector[~works] == -1).all()
    assert (c.firm[~works] == -1).all()
    school = c.alive & (c.activity == Activity.PUPIL)
    assert (c.main_district[school] == c.district[school]).all()
    assert ((age[school] >= 3) & (age[school] < 18)).all()
    assert (age[c.alive & (c.activity == Activity.CHILD)] < 3).all()
    assert (city.districts.study_places[c.main_district[c.alive & (c.activity == Activity.STUDENT)]] > 0).all()
    nowhere = c.alive & np.isin(c.activity, (Activity.CHILD, Activity.UNEMPLOYED, Activity.RETIRED, Activity.INACTIVE))
    assert (c.main_district[nowhere] == -1).all()
    assert ((c.main_mode[c.alive] >= 0) == (c.main_district[c.alive] != -1)).all()


def test_newcomers_take_no_more_posts_than_were_given_up(city: City) -> None:
    state, demography = a_state(city), Demography(city, Parameters(), Trends())
    for _ in range(6):
        before = _held(state, city)
        n = len(state.citizens)
        a_month(demography, state)
        assert (_held(state, city) <= before + 1e-9).all()
        assert (state.citizens.activity[n:] == Activity.EMPLOYED).any()


def _held(state: State, city: City) -> Floats:
    c = state.citizens
    inside = c.alive & (c.sector >= 0) & (c.main_district >= 0)
    out = np.zeros(city.jobs.shape)
    np.add.at(out, (c.main_district[inside], c.sector[inside]), c.weight[inside])
    return out


def test_an_unchanged_world_stands_still_to_the_bit(city: City) -> None:
    state, demography = a_state(city), Demography(city, Parameters(), Trends(START))
    before = state.copy()
    for _ in range(3):
        a_month(demography, state)
    state.month = before.month
    for name, array in before.arrays().items():
        assert np.array_equal(array, state.arrays()[name]), name


def test_same_seed_same_bits_other_seed_other_people(city: City) -> None:
    one, two, three = a_state(city), a_state(city), a_state(city)
    three.seed = 2
    for state in (one, two, three):
        demography = Demography(city, Parameters(), Trends())
        for _ in range(4):
            a_month(demography, state)
    assert all(np.array_equal(a, two.arrays()[name]) for name, a in one.arrays().items())
    assert not np.array_equal(one.citizens.alive[:1000], three.citizens.alive[:1000])


def test_scenarios_share_births_deaths_and_moves(city: City) -> None:
    # what measures change (cars, bills, opinions, incomes) moves nobody: the same people live and die in both worlds
    one, two = a_state(city), a_state(city)
    two.households.income *= 1.5
    two.cars.alive[::3] = False
    two.citizens.trust[:] = 0.1
    demography = Demography(city, Parameters(), Trends())
    for _ in range(12):
        a_month(demography, one)
        a_month(demography, two)
    assert np.array_equal(one.citizens.id, two.citizens.id)
    assert np.array_equal(one.citizens.alive, two.citizens.alive)
    assert np.array_equal(one.citizens.household, two.citizens.household)


def test_a_year_brings_the_published_flows(city: City) -> None:
    # arrivals 68 and departures 63 for 1,000 inhabitants, 16.5 dwellings for 1,000 (series people.csv); four standard errors of a
    # count of households of 2 persons, each standing for one
    state, demography = a_state(city, share=1.0), Demography(city, Parameters(), Trends())
    opening, total = stocks(state), np.zeros(8)
    deaths, births = _expected(state)
    for _ in range(12):
        a_month(demography, state)
        total += state.flows
    for flow, rate, size in ((2, 68.0, 2.0), (3, 63.0, 2.0)):
        expected = rate * opening.persons / 1000.0
        assert total[flow] == pytest.approx(expected * 1.02, abs=4.0 * np.sqrt(size * expected) + 0.03 * expected)
    built = 16.5 * opening.dwellings / 1000.0
    assert total[4] == pytest.approx(built, abs=4.0 * np.sqrt(built))
    assert total[1] == pytest.approx(deaths, abs=4.0 * np.sqrt(deaths) + 0.1 * deaths)
    assert total[0] == pytest.approx(births, abs=4.0 * np.sqrt(births) + 0.05 * births)


def _expected(state: State) -> tuple[float, float]:
    """Deaths and births of the coming year, person by person from the risks of each age (no moves)."""
    parameters, trends = Parameters(), Trends()
    c, deaths, births = state.citizens, 0.0, 0.0
    for i in range(len(c)):
        for month in range(state.month + 1, state.month + 13):
            age = (month - int(c.birth[i])) // 12
            if month % 12 == 6:  # one month of each person's year stands for twelve
                deaths += (
                    12 * lifecourse.death_risk(parameters, 1.05)[int(c.woman[i]), min(age, 110)] if i % 40 == 0 else 0.0
                )
                births += 12 * lifecourse.birth_rate(trends, month)[age] if c.woman[i] and i % 40 == 0 else 0.0
    return 40.0 * deaths, 40.0 * births


def test_retirement_comes_around_the_mean_age_of_the_year(city: City) -> None:
    state, demography = a_state(city, share=1.0), Demography(city, Parameters(), Trends())
    ages: list[float] = []
    for _ in range(18):
        was = state.citizens.activity.copy()
        a_month(demography, state)
        c = state.citizens
        new = c.alive[: len(was)] & (c.activity[: len(was)] == Activity.RETIRED) & (was != Activity.RETIRED)
        ages += ((state.month - c.birth[: len(was)][new]) / 12.0).tolist()
    typical = [age for age in ages if age < 66.5]  # beyond are those who were at work past 67 at the start
    mean, spread = Trends().at("retirement_age", START + 9), Parameters()["retirement_spread"]
    assert np.mean(typical) == pytest.approx(mean, abs=4.0 * spread / np.sqrt(3.0 * len(typical)) + 0.4)
    assert mean - spread - 0.2 < min(typical) < max(typical) < mean + spread + 0.2


def test_births_come_mostly_to_couples_and_their_number_stays(city: City) -> None:
    state, demography = a_state(city, share=1.0), Demography(city, Parameters(), Trends())
    coupled = np.zeros(2)
    for _ in range(12):
        kind, n = state.households.kind.copy(), len(state.citizens)
        a_month(demography, state)
        home = state.citizens.household[n:][state.citizens.birth[n:] == state.month]
        home = home[home < len(kind)]
        coupled += np.bincount(np.isin(kind[home], (HouseholdType.COUPLE, HouseholdType.COUPLE_CHILDREN)), minlength=2)
    share = Parameters()["births_in_couples"]
    assert coupled[1] / coupled.sum() == pytest.approx(
        share, abs=4.0 * np.sqrt(share * (1.0 - share) / coupled.sum()) + 0.02
    )


def test_retirement_costs_a_quarter_of_the_wage_part(city: City) -> None:
    state = a_state(city)
    c, h = state.citizens, state.households
    alone = np.flatnonzero((c.activity == Activity.EMPLOYED) & (h.kind[c.household] == HouseholdType.SINGLE))[:5]
    before = h.income[c.household[alone]].copy()
    lifecourse.lose_income(state, alone, 0.25)
    assert h.income[c.household[alone]] == pytest.approx(0.75 * before)
    couple = int(np.flatnonzero(h.kind == HouseholdType.COUPLE)[0])
    both, income = np.flatnonzero(c.household == couple), h.income[couple]
    lifecourse.lose_income(state, both, 0.5)
    assert h.income[couple] == pytest.approx(income * 0.75 * 0.75)


def test_new_citizens_start_with_the_opinions_of_those_they_resemble(city: City) -> None:
    state, demography = a_state(city), Demography(city, Parameters(), Trends())
    n = len(state.citizens)
    a_month(demography, state)
    new = state.society.reference_time[n:].astype(np.int64)
    assert (new < n).all()
    infants = np.flatnonzero(state.citizens.birth[n:] == state.month)
    mothers = new[infants]
    assert state.citizens.woman[mothers].all()
    assert (state.citizens.household[n:][infants] == state.citizens.household[mothers]).all()
    assert np.array_equal(state.society.support[n:, 0], new.astype(np.float32))


def test_a_state_without_people_is_refused(city: City) -> None:
    state = tiny_state(city, share=0.02)
    state.citizens = type(state.citizens).blank()
    with pytest.raises(ValueError, match="population"):
        Demography(city, Parameters(), Trends()).begin(state)
