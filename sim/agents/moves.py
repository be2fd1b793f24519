"""Households that come, go, form and part, and the dwellings they leave and take (built and pulled down: construction.py).

Conserved by construction: a person, car or dwelling enters or leaves only together with an entry in ``state.flows``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.agents import lifecourse
from sim.agents.growth import append, clones, meet
from sim.agents.housing import shared_out, social_homes
from sim.agents.lifecourse import draw
from sim.agents.relocation import choose_homes
from sim.agents.work import study_table
from sim.city.city import City
from sim.codes import Activity, HouseholdType, Tenure
from sim.columns import Array, Bools, Floats, Int32s, Ints
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State

ARRIVALS, DEPARTURES, BUILT, DEMOLISHED, CARS_IN, CARS_OUT = range(2, 8)  #: places in ``state.flows``
NEW_TIES = 2  #: contacts that neighbours of a new home take the place of
NEIGHBOURS = 6  #: households that a newcomer listens to


@dataclass(frozen=True)
class NewHomes:
    """People who set up households of their own: the person, the household theirs is modelled on, and its tenure."""

    people: Ints
    like: Ints
    tenure: Array


class Mover:
    """Moves of households in one city. Holds no state between months: ``touched`` is empty after :meth:`tidy`."""

    def __init__(self, city: City, parameters: Parameters, trends: Trends) -> None:
        self.parameters = parameters
        self.trends = trends
        self.study = lifecourse.cumulated(study_table(city, parameters))
        cells = city.cells
        self._cell_order = np.argsort(cells.district, kind="stable")
        self._cell_first = np.searchsorted(cells.district[self._cell_order], np.arange(city.n_districts + 1))
        self._cell_sum = np.r_[0.0, np.cumsum(cells.residents[self._cell_order])]
        self._touched: list[Ints] = []

    # --- households of people already here ----------------------------------------------------------------------

    def touch(self, households: Ints | Int32s) -> None:
        """Remember households whose members changed."""
        self._touched.append(households.astype(np.int64))

    def tidy(self, state: State) -> None:
        """Count members again where they changed; close households without members, or with children only (they leave)."""
        rows = np.unique(np.concatenate([np.zeros(0, np.int64), *self._touched]))
        self._touched.clear()
        if len(rows) == 0:
            return
        h, c = state.households, state.citizens
        mark = _marked(rows, len(h))
        people = np.flatnonzero(c.alive & mark[c.household])
        home = c.household[people]
        adult = state.month - c.birth[people] >= 216
        size = np.bincount(home, minlength=len(h))
        adults = np.bincount(home[adult], minlength=len(h))
        orphaned = (size > 0) & (adults == 0)
        gone = people[orphaned[home]]
        state.flows[DEPARTURES] += c.weight[gone].sum()
        c.alive[gone] = False
        h.size[rows] = np.minimum(size[rows], 127)
        h.kind[rows] = _kind(h.kind[rows], size[rows], adults[rows])
        self._close(state, rows[h.alive[rows] & (adults[rows] == 0)])

    def leave(self, state: State, households: Ints) -> dict[str, Array]:
        """Households leave the city with their cars; returns the posts they leave."""
        c = state.citizens
        people = np.flatnonzero(c.alive & _marked(households, len(state.households))[c.household])
        state.flows[DEPARTURES] += c.weight[people].sum()
        c.alive[people] = False
        self._close(state, households[state.households.alive[households]])
        return lifecourse.give_up_post(c, people)

    def _close(self, state: State, households: Ints) -> None:
        """The dwelling falls vacant and the cars leave."""
        h, cars = state.households, state.cars
        out = np.flatnonzero(cars.alive & _marked(households, len(h))[cars.household])
        state.flows[CARS_OUT] += cars.weight[out].sum()
        cars.alive[out] = False
        h.alive[households] = False
        h.cars[households] = 0
        h.size[households] = 0
        self._vacate(state, households)

    def _vacate(self, state: State, households: Ints | Int32s) -> None:
        h = state.households
        home = h.dwelling[households]
        state.dwellings.household[home[home >= 0]] = -1
        h.dwelling[households] = -1

    def pair(self, state: State, households: Ints) -> None:
        """Single persons move together two by two, nearest ages first: the second joins the household of the first."""
        h, c = state.households, state.citizens
        households = households[h.alive[households] & (h.size[households] == 1)]
        alone = np.flatnonzero(c.alive & _marked(households, len(h))[c.household])
        alone = alone[np.lexsort((c.id[alone], c.birth[alone]))]
        half = len(alone) // 2
        stay, join = c.household[alone[: 2 * half : 2]], c.household[alone[1 : 2 * half : 2]]
        self._settle_in(state, alone[1 : 2 * half : 2], stay)
        for name in ("income", "savings", "cars"):
            getattr(h, name)[stay] += getattr(h, name)[join]
        where = np.arange(len(h))
        where[join] = stay
        state.cars.household[:] = where[state.cars.household]
        h.alive[join] = False
        h.cars[join] = 0
        h.size[join] = 0
        self._vacate(state, join)
        self.touch(stay)

    def part(self, state: State, households: Ints, at_most: int) -> NewHomes:
        """Couples separate: the younger partner takes half of income and savings to a home of their own; cars stay."""
        h, c = state.households, state.citizens
        households = households[h.alive[households] & (h.size[households] >= 2)]
        people = np.flatnonzero(c.alive & _marked(households, len(h))[c.household])
        people = people[np.lexsort((c.id[people], c.birth[people], c.household[people]))]
        home = c.household[people]
        first = np.r_[True, home[1:] != home[:-1]][: len(home)]
        leaver = people[~first & np.r_[False, first[:-1]][: len(home)]]
        leaver = leaver[state.month - c.birth[leaver] >= 216][:at_most]
        left = c.household[leaver].astype(np.int64)
        h.income[left] /= 2.0
        h.savings[left] /= 2.0
        return NewHomes(leaver, left, np.full(len(left), Tenure.TENANT, np.int8))

    def move_out(self, state: State, citizens: Ints, oldest: Ints, at_most: int) -> NewHomes:
        """Young adults leave their parents for a home like that of other young people who live alone."""
        h = state.households
        like = np.flatnonzero(h.alive[: len(oldest)] & (h.kind[: len(oldest)] == HouseholdType.SINGLE) & (oldest < 30))
        leaver = citizens[: at_most if len(like) else 0]
        model = like[(draw(state, "model", state.citizens.id[leaver]) * len(like)).astype(np.int64)]
        return NewHomes(leaver, model, h.tenure[model])

    def _settle_in(self, state: State, people: Ints, households: Ints | Int32s) -> None:
        """People change household; who goes to school changes school."""
        c = state.citizens
        self.touch(c.household[people])
        c.household[people] = households
        c.district[people] = state.households.district[households]
        pupils = people[c.activity[people] == Activity.PUPIL]
        c.main_district[pupils] = c.district[pupils]
        for name in ("shop", "leisure", "escort"):  # in a new place they choose anew this month
            getattr(c, f"{name}_district")[people] = c.district[people]
            getattr(c, f"{name}_mode")[people] = -1

    def _found(self, state: State, new: dict[str, Array], like: Ints, dwellings: Ints) -> Ints:
        """Append households in these dwellings and let them meet some neighbours."""
        dwelling = state.dwellings
        district = dwelling.district[dwellings]
        new.update(district=district, cell=self._cells(draw(state, "cell", new["id"]), district), dwelling=dwellings)
        rows = append(state, "households", new, like)
        dwelling.household[dwellings] = rows
        meet(state, self._neighbours(state, rows, district, int(rows[0]) if len(rows) else 0))
        return rows

    def _cells(self, u: Floats, district: Int32s) -> Ints:
        low, high = self._cell_first[district], self._cell_first[district + 1]
        target = self._cell_sum[low] + u * (self._cell_sum[high] - self._cell_sum[low])
        place = np.searchsorted(self._cell_sum, target, side="right") - 1
        return np.asarray(self._cell_order[np.clip(place, low, np.maximum(high - 1, low))])

    def _neighbours(self, state: State, rows: Ints, district: Int32s, before: int) -> Ints:
        """(n, NEIGHBOURS) households of the district in rows ``before``, drawn at random (themselves where nobody lives yet)."""
        h = state.households
        old = np.flatnonzero(h.alive[:before])
        order = old[np.argsort(h.district[old], kind="stable")]
        edge = np.searchsorted(h.district[order], np.arange(self.study.shape[0] + 1))
        low, count = edge[district], edge[district + 1] - edge[district]
        picks = [
            low + np.minimum((draw(state, "meets", h.id[rows], k) * count).astype(np.int64), np.maximum(count - 1, 0))
            for k in range(NEIGHBOURS)
        ]
        chosen = np.column_stack(picks) if len(rows) else np.zeros((0, NEIGHBOURS), np.int64)
        known = (
            order[np.minimum(chosen, max(len(order) - 1, 0))] if len(order) else np.repeat(rows[:, None], NEIGHBOURS, 1)
        )
        return np.asarray(np.where(count[:, None] > 0, known, rows[:, None]))

    # --- moves inside the city ----------------------------------------------------------------------------------

    def relocate(self, state: State, oldest: Ints) -> None:
        """Households of the city take other homes in it and get to know some neighbours there."""
        h, d, c, s = state.households, state.dwellings, state.citizens, state.society
        if len(s.rent) == 0:
            return  # no rents before society begins
        known = len(h) - len(oldest)  # those founded this month have just chosen
        oldest = np.concatenate([oldest, np.zeros(known, np.int64)])
        rows, homes = choose_homes(state, self.parameters, self.trends, oldest, self.vacancies(state))
        s.moved = np.bincount(d.district[homes], weights=h.weight[rows], minlength=self.study.shape[0])
        if len(rows) == 0:
            return
        d.household[h.dwelling[rows]] = -1
        d.household[homes] = rows
        h.dwelling[rows], h.district[rows] = homes, d.district[homes]
        h.cell[rows] = self._cells(draw(state, "cell", h.id[rows]), h.district[rows])
        people = np.flatnonzero(c.alive & _marked(rows, len(h))[c.household])
        self._settle_in(state, people, c.household[people])
        s.reference_time[people] = 0.0  # another life: society takes what they live now for the usual
        near = self._neighbours(state, rows, h.district[rows], len(h))
        for k in range(NEW_TIES):
            some = np.diff(state.contact_first)[rows] > k
            state.contacts[state.contact_first[rows[some]] + k] = near[some, k]

    # --- arrivals -----------------------------------------------------------------------------------------------

    def vacancies(self, state: State) -> Ints:
        """Vacant dwellings that may be taken this month, in random order: at most half of all, the rest are second homes or works."""
        d = state.dwellings
        rows = np.flatnonzero(d.alive & (d.household < 0))
        rows = rows[np.argsort(draw(state, "vacancy", d.id[rows]), kind="stable")]
        return rows[: (len(rows) + 1) // 2]

    def settle(
        self, state: State, homes: tuple[NewHomes, ...], donors: Ints, vacant: Ints, posts: Mapping[str, Array]
    ) -> None:
        """People of the city found households of their own, and households like ``donors`` come from elsewhere with their cars.

        Args:
            homes: people who found a household each, no more than there are vacant dwellings.
            donors: households that newcomers are modelled on; those beyond the vacant dwellings do not come.
            vacant: dwellings they may take, in random order.
            posts: posts given up this month (columns of lifecourse.POST and weight), which newcomers may take.
        """
        h, c, cars = state.households, state.citizens, state.cars
        people = np.concatenate([home.people for home in homes])
        alone, donors = len(people), donors[: len(vacant) - len(people)]
        new_row = np.full(len(h), -1, np.int64)
        new_row[donors] = len(h) + alone + np.arange(len(donors))
        comers = np.flatnonzero(c.alive & (new_row[c.household] >= 0))
        owned = np.flatnonzero(cars.alive & (new_row[cars.household] >= 0))
        persons, vehicles = clones(c, comers), clones(cars, owned)
        persons["household"], vehicles["household"] = new_row[c.household[comers]], new_row[cars.household[owned]]
        like = np.concatenate([*(home.like for home in homes), donors])
        new = clones(h, like)
        new["tenure"][:alone] = np.concatenate([home.tenure for home in homes])
        new["weight"][:alone] = c.weight[people]
        for name, value in (("kind", HouseholdType.SINGLE), ("size", 1), ("cars", 0)):
            new[name][:alone] = value
        taken = shared_out(vacant, social_homes(state), new["tenure"] == Tenure.SOCIAL)
        founded = self._found(state, new, like, taken)
        rows = append(state, "citizens", persons, comers)
        append(state, "cars", vehicles, owned)
        self._settle_in(state, np.r_[people, rows], np.r_[founded[:alone], persons["household"]])
        self._find_places(state, rows, posts)
        state.flows[ARRIVALS] += state.citizens.weight[rows].sum()
        state.flows[CARS_IN] += vehicles["weight"].sum()

    def _find_places(self, state: State, rows: Ints, posts: Mapping[str, Array]) -> None:
        """Students find a place of study; workers take a post of their branch just given up, with its weight, or look for one."""
        c = state.citizens
        students = rows[c.activity[rows] == Activity.STUDENT]
        c.main_district[students] = lifecourse.pick(
            self.study, c.district[students], draw(state, "campus", c.id[students])
        )
        workers = rows[c.activity[rows] == Activity.EMPLOYED]
        hired = draw(state, "hired", c.id[workers]) < self.parameters["arrivals_with_job"]
        candidates, taken = _matched(c.sector[workers[hired]], posts["sector"])
        candidates = workers[hired][candidates]
        lifecourse.give_up_post(c, workers)
        c.activity[workers] = Activity.UNEMPLOYED
        for name in (*lifecourse.POST, "weight"):
            getattr(c, name)[candidates] = posts[name][taken]
        c.activity[candidates] = Activity.EMPLOYED
        jobless = workers[c.activity[workers] == Activity.UNEMPLOYED]
        lifecourse.lose_income(state, jobless, self.parameters["jobless_loss"])


def _marked(rows: Ints, n: int) -> Bools:
    out = np.zeros(n, bool)
    out[rows] = True
    return out


def _kind(kind: Array, size: Ints, adults: Ints) -> Ints:
    """Composition after a change; flat-shares stay what they are while several live there."""
    family = np.isin(kind, (HouseholdType.COUPLE, HouseholdType.COUPLE_CHILDREN))
    several = np.where(
        family & (adults >= 2),
        np.where(size > 2, HouseholdType.COUPLE_CHILDREN, HouseholdType.COUPLE),
        np.where(
            adults < size,
            np.where(adults == 1, HouseholdType.SINGLE_PARENT, HouseholdType.COUPLE_CHILDREN),
            np.where((kind == HouseholdType.SINGLE) & (size == 2), HouseholdType.COUPLE, kind),
        ),
    )
    several = np.where(kind == HouseholdType.OTHER, HouseholdType.OTHER, several)
    return np.where(size <= 1, HouseholdType.SINGLE, several)


def _matched(wanted: Array, offered: Array) -> tuple[Ints, Ints]:
    """Pairs (index of wanted, index of offered) of equal codes: the k-th of a code takes the k-th offered."""
    sides = []
    for codes in (wanted, offered):
        order = np.argsort(codes, kind="stable")
        ranked = codes[order].astype(np.int64)
        rank = np.arange(len(ranked)) - np.searchsorted(ranked, ranked)
        sides.append((order, ranked << 32 | rank))
    (first, a), (second, b) = sides
    _, i, j = np.intersect1d(a, b, assume_unique=True, return_indices=True)
    return first[i], second[j]
