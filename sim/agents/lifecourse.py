"""Rates of a life: death, birth, leaving home, moving, by age; and what people do from school to retirement."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.agents.tables import Citizens
from sim.codes import Activity, Csp, Mode
from sim.columns import Array, Floats, Int32s, Ints
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State

OLDEST = 110  #: ages are cut here [years]
#: Age groups of INSEE's table of births by age of the mother (first age, first age of the next, series).
MOTHERS = (
    (15, 25, "fertility_15_24"), (25, 30, "fertility_25_29"), (30, 35, "fertility_30_34"), (35, 40, "fertility_35_39"),
    (40, 51, "fertility_40_50"),
)  # fmt: skip
#: Age groups of the census question on the home of a year ago (first age, series suffix).
MOVERS = ((18, "18_24"), (25, "25_39"), (40, "40_54"), (55, "55_64"), (65, "65_79"), (80, "80_up"))
#: What a job is to a citizen: columns that a post brings and that go with it.
POST = ("sector", "firm", "main_district", "main_gate", "remote", "telework_days", "main_mode")
_NO_POST = {"telework_days": 0.0, "remote": False}


def draw(state: State, name: str, ids: Ints, index: int = 0, lasting: bool = False) -> Floats:
    """(n,) uniform draws of persons, households or dwellings by id: of this month, or for life."""
    month = 0 if lasting else state.month
    return np.asarray(uniforms(state.seed, stream(f"demography.{name}"), ids, month, index))


def ages(citizens: Citizens, month: int) -> Ints:
    """(n,) completed years, at most OLDEST."""
    return np.clip((month - citizens.birth) // 12, 0, OLDEST).astype(np.int64)


def death_risk(p: Parameters, factor: float) -> Floats:
    """(2, OLDEST + 1) probability to die within a month, men and women, by completed age.

    Yearly force of mortality by Gompertz (1825) plus Makeham's (1860) constant: ``floor + level exp(slope (age + 1/2 - 60))``
    from 15 on, fitted to life expectancy at 0 and at 60 and to the risk at 20 of both sexes in 2019; below 15 the risk of a
    child, and of an infant in the first year. ``factor`` multiplies it (epidemics).
    """
    age = np.arange(OLDEST + 1)
    out = np.empty((2, OLDEST + 1))
    for row, sex in enumerate(("men", "women")):
        force = p[f"mortality_level_{sex}"] * np.exp(p[f"mortality_slope_{sex}"] * (age + 0.5 - 60.0))
        force += np.where(age >= 15, p[f"mortality_floor_{sex}"], p["mortality_child"])
        force[0] = p["mortality_infant"]
        out[row] = 1.0 - np.exp(-force * factor / 12.0)
    return out


def birth_rate(trends: Trends, month: int) -> Floats:
    """(OLDEST + 1,) births a month and woman by age. The youngest group's births are given to women of 18 and over."""
    out = np.zeros(OLDEST + 1)
    for first, after, name in MOTHERS:
        yearly = trends.at(name, month) / 100.0
        start = max(first, 18)
        out[start:after] = yearly * (after - first) / (after - start) / 12.0
    return out


def mover_profile(trends: Trends, month: int, name: str) -> Floats:
    """(OLDEST + 1,) relative readiness to move by age of the oldest member: series ``name`` by MOVERS."""
    starts = np.array([first for first, _ in MOVERS])
    values = np.array([trends.at(f"{name}_{group}", month) for _, group in MOVERS])
    return np.asarray(values[np.maximum(np.searchsorted(starts, np.arange(OLDEST + 1), side="right") - 1, 0)])


def give_up_post(citizens: Citizens, rows: Ints) -> dict[str, Array]:
    """Take job, school or place of study from citizens; returns the posts of those who worked, with their weights."""
    workers = rows[citizens.sector[rows] >= 0]
    posts: dict[str, Array] = {name: getattr(citizens, name)[workers] for name in (*POST, "weight")}
    for name in POST:
        getattr(citizens, name)[rows] = _NO_POST.get(name, -1)
    return posts


def lose_income(state: State, rows: Ints, loss: float) -> None:
    """Households lose ``loss`` of the part that each of these adults has in their income: an equal part for each adult."""
    h, c = state.households, state.citizens
    adult = c.alive & (state.month - c.birth >= 216)
    adults = np.bincount(c.household[adult], minlength=len(h))
    home = c.household[rows]
    np.multiply.at(h.income, home, 1.0 - loss / np.maximum(adults[home], 1))


def begin_school(state: State, age_months: Ints) -> None:
    """Children go to school from their third birthday, near home."""
    c = state.citizens
    rows = np.flatnonzero(c.alive & (c.activity == Activity.CHILD) & (age_months >= 36))
    c.activity[rows] = Activity.PUPIL
    c.main_district[rows] = c.district[rows]
    c.main_mode[rows] = np.where(c.leisure_mode[rows] >= 0, c.leisure_mode[rows], Mode.WALK)


def finish_school(state: State, p: Parameters, age_months: Ints, study: Floats) -> None:
    """At eighteen pupils go on to study or look for work. ``study`` (D, D): cumulated shares of places of study by home."""
    c = state.citizens
    rows = np.flatnonzero(c.alive & (c.activity == Activity.PUPIL) & (age_months >= 216))
    goes_on = draw(state, "goes_on", c.id[rows]) < p["study_start_share"]
    students, seekers = rows[goes_on], rows[~goes_on]
    c.activity[students] = Activity.STUDENT
    c.main_district[students] = pick(study, c.district[students], draw(state, "campus", c.id[students]))
    worker = draw(state, "craft", c.id[seekers]) < p["school_leaver_worker_share"]
    _look_for_work(c, seekers, np.where(worker, Csp.WORKER, Csp.EMPLOYEE))


def finish_studies(state: State, p: Parameters, age_months: Ints) -> None:
    """Students of twenty and over finish at a constant rate and look for work."""
    c = state.citizens
    rows = np.flatnonzero(c.alive & (c.activity == Activity.STUDENT) & (age_months >= 240))
    rows = rows[draw(state, "graduates", c.id[rows]) < monthly(p["study_end_rate"])]
    u = draw(state, "diploma", c.id[rows])
    manager, intermediate = p["graduate_manager_share"], p["graduate_intermediate_share"]
    csp = np.where(u < manager, Csp.MANAGER, np.where(u < manager + intermediate, Csp.INTERMEDIATE, Csp.EMPLOYEE))
    _look_for_work(c, rows, csp)


def _look_for_work(c: Citizens, rows: Ints, csp: Ints) -> None:
    c.activity[rows] = Activity.UNEMPLOYED
    c.csp[rows] = csp
    c.main_district[rows] = -1
    c.main_mode[rows] = -1


def retire(state: State, p: Parameters, trends: Trends, age_months: Ints) -> Ints:
    """Rows that retire this month: at an age of their own around the year's mean, or soon after if they worked beyond it."""
    c = state.citizens
    rows = np.flatnonzero(c.alive & (age_months >= 55 * 12))
    rows = rows[np.isin(c.activity[rows], (Activity.EMPLOYED, Activity.UNEMPLOYED, Activity.INACTIVE))]
    own = 12.0 * p["retirement_spread"] * (2.0 * draw(state, "retirement", c.id[rows], lasting=True) - 1.0)
    now, before = (12.0 * trends.at("retirement_age", m) + own for m in (state.month, state.month - 1))
    crossed = (age_months[rows] >= now) & (age_months[rows] - 1 < before)
    late = (age_months[rows] > 12 * 67) & (draw(state, "late", c.id[rows]) < 1.0 / 24.0)
    return np.asarray(rows[crossed | late])


def learn_to_drive(state: State, p: Parameters, age_months: Ints) -> None:
    """A share of each cohort gets a driving licence between 18 and 25, each in a month of their own."""
    c = state.citizens
    young = np.flatnonzero(c.alive & ~c.licence & (age_months >= 216) & (age_months < 300))
    u = draw(state, "licence", c.id[young], lasting=True)
    c.licence[young] = age_months[young] == 216 + (84.0 * u / p["licence_young"]).astype(np.int64)


def monthly(yearly: float) -> float:
    """Probability within a month that gives ``yearly`` within a year."""
    return float(1.0 - (1.0 - yearly) ** (1.0 / 12.0))


def pick(table: Floats, row: Ints | Int32s, u: Floats) -> Ints:
    """A column for each draw from the row's cumulated shares (last column 1)."""
    return np.asarray((table[row] <= u[:, None]).sum(axis=1).clip(max=table.shape[1] - 1))


def cumulated(table: Floats) -> Floats:
    """Shares by row, cumulated along it."""
    out = np.cumsum(table, axis=1)
    return np.asarray(out / np.maximum(out[:, -1:], 1e-300))
