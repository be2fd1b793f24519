"""Who is born, dies, moves and grows up each month, and which dwellings are built.

All rates come dated from facts (series/people.csv) or from the registry; every event is a draw by identity and month, so that two
scenarios live through the same births and moves. Moves of whole households go through :mod:`sim.agents.moves`.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sim.agents import lifecourse
from sim.agents.construction import build
from sim.agents.growth import append, clones
from sim.agents.lifecourse import draw
from sim.agents.moves import Mover
from sim.city.city import City
from sim.codes import Activity, Csp, HouseholdType
from sim.columns import Array, Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State

BIRTHS, DEATHS = 0, 1  #: places in ``state.flows``
_IN_COUPLE = np.array([kind in (HouseholdType.COUPLE, HouseholdType.COUPLE_CHILDREN) for kind in HouseholdType])


class Demography:
    """Ageing, births, deaths, households that form and part, arrivals, departures, construction.

    Args:
        city: where people may live and study.
        parameters: registry values.
        trends: dated rates; with ``trends.unchanged`` nothing happens at all.
    """

    def __init__(self, city: City, parameters: Parameters, trends: Trends) -> None:
        self.parameters = parameters
        self.trends = trends
        self.mover = Mover(city, parameters, trends)

    def begin(self, state: State) -> None:
        """Refuse a state without people: the population is drawn before."""
        if len(state.citizens) == 0:
            raise ValueError("demography begins with a population")

    def live(self, state: State, policies: Policies) -> None:
        """One month. Persons, dwellings and cars that come or go are added to ``state.flows``."""
        if self.trends.unchanged:
            return
        mover = self.mover
        age = lifecourse.ages(state.citizens, state.month)
        oldest = oldest_age(state, age)
        die, bear, leave = self._events(state, age, oldest)
        apart, pairs, away, donors = self._moves(state, oldest)
        posts = [self._grow_up(state), mover.leave(state, away)]
        mover.pair(state, pairs)
        vacant = mover.vacancies(state)
        parted = mover.part(state, apart, len(vacant))
        leave = np.setdiff1d(leave[state.citizens.alive[leave]], parted.people)
        grown_up = mover.move_out(state, leave, oldest, len(vacant) - len(parted.people))
        freed = {name: np.concatenate([p[name] for p in posts]) for name in posts[0]}
        mover.settle(state, (parted, grown_up), donors[state.households.alive[donors]], vacant, freed)
        mover.relocate(state, oldest)
        self._deaths(state, die[state.citizens.alive[die]])
        self._births(state, bear[state.citizens.alive[bear]])
        mover.tidy(state)
        build(state, policies, self.parameters, self.trends)

    @cached_property
    def _shares(self) -> tuple[float, float, float]:
        p = self.parameters
        names = ("leaving_home_rate", "pairing_rate", "separation_rate")
        leave, pair, part = (lifecourse.monthly(p[name]) for name in names)
        return leave, pair, part

    def _events(self, state: State, age: Ints, oldest: Ints) -> tuple[Ints, Ints, Ints]:
        """Rows of citizens who die, give birth, leave their parents' home: one draw each, the intervals side by side."""
        c, month = state.citizens, state.month
        death = lifecourse.death_risk(self.parameters, self.trends.at("mortality_factor", month))
        birth = np.vstack([np.zeros(lifecourse.OLDEST + 1), lifecourse.birth_rate(self.trends, month)])
        leave = np.where(
            (np.arange(lifecourse.OLDEST + 1) >= 18) & (np.arange(lifecourse.OLDEST + 1) < 30), self._shares[0], 0.0
        )
        alone, coupled = self._partner_factors(state, age, oldest, birth[1])
        rows = np.flatnonzero(c.alive)
        u = draw(state, "life", c.id[rows])
        # most draws are above anything that can happen at that age: the rest is worked out for the few below
        highest = (death + birth * max(alone, coupled) + leave).ravel()
        near = u < highest.take(age[rows] + (lifecourse.OLDEST + 1) * c.woman[rows])
        rows, u = rows[near], u[near]
        sex, years = c.woman[rows].astype(np.int64), age[rows]
        of_age = _of_age(state, rows, age, oldest)
        die = death[sex, years]
        edge = die + birth[sex, years] * np.where(of_age & _coupled(state, rows), coupled, alone)
        leaves = ~of_age & (u < edge + leave[years])
        return rows[u < die], rows[(u >= die) & (u < edge)], rows[(u >= edge) & leaves]

    def _partner_factors(self, state: State, age: Ints, oldest: Ints, birth: Floats) -> tuple[float, float]:
        """Factors on births of women without and with a partner that give couples their share and leave the number as it is."""
        c = state.citizens
        women = np.flatnonzero(c.alive & c.woman & (birth[age] > 0.0))
        expected = birth[age[women]] * c.weight[women]
        with_partner = _of_age(state, women, age, oldest) & _coupled(state, women)
        total, inside = float(expected.sum()), float(expected[with_partner].sum())
        if not 0.0 < inside < total:
            return 1.0, 1.0
        share = self.parameters["births_in_couples"]
        return (1.0 - share) * total / (total - inside), share * total / inside

    def _moves(self, state: State, oldest: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Households that part, those whose single person pairs, those that leave the city, and models of those that arrive."""
        h = state.households
        rows = np.flatnonzero(h.alive)
        years, people = oldest[rows], h.weight[rows] * h.size[rows]
        away = self._by_profile(state, "departures", "leavers", years, people)
        arriving = self._by_profile(state, "arrivals", "movers", years, people)
        u = draw(state, "household", h.id[rows])
        _, pair, part = self._shares
        alone = (h.kind[rows] == HouseholdType.SINGLE) & (years >= 18) & (years < 50)
        couple = _IN_COUPLE[h.kind[rows]]
        change = np.where(alone, pair, np.where(couple, part, 0.0))
        changes = (u >= away) & (u < away + change)
        comes = draw(state, "arrival", h.id[rows]) < arriving
        return rows[changes & couple], rows[changes & alone], rows[u < away], rows[comes]

    def _by_profile(self, state: State, rate: str, profile: str, years: Ints, people: Floats) -> Floats:
        """(n,) monthly probability of households such that ``rate`` per 1,000 inhabitants and year move, shared by age."""
        readiness = lifecourse.mover_profile(self.trends, state.month, profile)[years]
        mean = float((readiness * people).sum() / max(people.sum(), 1e-300))
        return np.asarray(readiness / max(mean, 1e-300) * self.trends.at(rate, state.month) / 12_000.0)

    def _deaths(self, state: State, rows: Ints) -> None:
        c = state.citizens
        c.alive[rows] = False
        state.flows[DEATHS] += c.weight[rows].sum()
        lifecourse.give_up_post(c, rows)
        self.mover.touch(c.household[rows])

    def _births(self, state: State, mothers: Ints) -> None:
        """A child for each mother, with her weight, in her household."""
        c = state.citizens
        children = clones(c, mothers)
        boy = draw(state, "boy", children["id"]) < self.parameters["boys_at_birth"]
        fixed = {
            "alive": True, "birth": state.month, "woman": ~boy, "activity": Activity.CHILD, "csp": Csp.OTHER, "licence": False,
            "bike": draw(state, "bike", children["id"]) < self.parameters["bike_ownership"],
            "transit_pass": False, "travel_time": 0.0, "travel_km": 0.0,
            **dict.fromkeys(("sector", "firm", "main_district", "main_gate", "main_mode"), -1), "remote": False,
            "telework_days": 0.0,
        }  # fmt: skip
        for name, value in fixed.items():
            children[name] = np.broadcast_to(np.asarray(value, getattr(c, name).dtype), len(mothers))
        append(state, "citizens", children, mothers)
        state.flows[BIRTHS] += children["weight"].sum()
        self.mover.touch(children["household"])

    def _grow_up(self, state: State) -> dict[str, Array]:
        """School, studies, driving licence, retirement; returns the posts of those who retire."""
        months = (state.month - state.citizens.birth).astype(np.int64)
        lifecourse.begin_school(state, months)
        lifecourse.finish_studies(state, self.parameters, months)
        lifecourse.finish_school(state, self.parameters, months, self.mover.study)
        lifecourse.learn_to_drive(state, self.parameters, months)
        rows = lifecourse.retire(state, self.parameters, self.trends, months)
        posts = lifecourse.give_up_post(state.citizens, rows)
        lifecourse.lose_income(
            state, rows[state.citizens.activity[rows] == Activity.EMPLOYED], self.parameters["pension_loss"]
        )
        state.citizens.activity[rows] = Activity.RETIRED
        state.citizens.csp[rows] = Csp.RETIRED
        return posts


def oldest_age(state: State, age: Ints) -> Ints:
    """(n_households,) age of the oldest living member [years], 0 where nobody lives."""
    c = state.citizens
    out = np.zeros(len(state.households), np.int64)
    np.maximum.at(out, c.household[c.alive], age[c.alive])
    return out


def _of_age(state: State, rows: Ints, age: Ints, oldest: Ints) -> Bools:
    """True for those who are nobody's child in their household: nobody there is eighteen years older."""
    return np.asarray(oldest[state.citizens.household[rows]] - age[rows] < 18)


def _coupled(state: State, rows: Ints) -> Bools:
    """True in households of couples."""
    return np.asarray(_IN_COUPLE[state.households.kind[state.citizens.household[rows]]])
