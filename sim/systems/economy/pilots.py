"""Where pilots are tested, by whom, and what they reach."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.city.city import City
from sim.codes import PilotStatus
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import THEMES
from sim.scenario.parameters import Parameters
from sim.state import State

#: Youngest age of a tester, of an adult as surveys of digital skills count them [months].
FIFTEEN = 15 * 12


def adults(state: State) -> Bools:
    """(n_citizens,) lives here and is fifteen or older."""
    c = state.citizens
    return np.asarray(c.alive & (state.month - c.birth >= FIFTEEN))


def neighbourhood(city: City, district: int, people: float) -> Ints:
    """Districts from the nearest on until ``people`` inhabitants are reached; the district itself always."""
    d = city.districts
    order = np.argsort(np.hypot(d.x - d.x[district], d.y - d.y[district]), kind="stable")
    held = np.cumsum(d.population[order].astype(np.float64))
    return order[: 1 + int(np.searchsorted(held, people))]


def recruit(state: State, theme: int, number: int, district: int, p: Parameters, city: City) -> float:
    """Volunteers of the neighbourhood who test project ``number`` [persons]; each is marked.

    The chance of an adult follows trust, earlier tests and the volunteers of the district, as society knows them, against the
    reference date. Who cannot use digital services tests none of the themes.
    """
    e, c = state.economy, state.citizens
    area = np.zeros(city.n_districts, bool)
    area[neighbourhood(city, district, p["pilot_inhabitants"])] = True
    rows = np.flatnonzero(adults(state) & area[c.district])
    chance = p["pilot_volunteers"] * _readiness(state, city.n_districts)[c.district[rows]]
    chance = chance * c.trust[rows] / 0.5 * (1.0 + p["tester_returns"] * np.minimum(e.tested[rows], 2))
    if e.able.size == city.n_districts:
        chance = chance * e.able[c.district[rows]]
    draw = uniforms(state.seed, stream(f"economy.tester.{THEMES[theme]}"), c.id[rows], state.month, number % 65536)
    takes = rows[draw < chance]
    e.tested[takes] += 1
    return float(c.weight[takes].sum())


def _readiness(state: State, districts: int) -> Floats:
    """(D,) volunteers of each district by adult, against the city's at the time they were first known; 1 while unknown."""
    e, known = state.economy, state.society.volunteers
    if known.shape != (districts,) or not known.any():
        return np.ones(districts)
    c, of_age = state.citizens, adults(state)
    people = np.bincount(c.district[of_age], weights=c.weight[of_age], minlength=districts)
    if e.volunteers[0] <= 0.0:
        e.volunteers[0] = float(known.sum()) / max(float(people.sum()), 1e-300)
    return np.asarray(np.minimum(known / np.maximum(people * e.volunteers[0], 1e-300), 3.0))


def reach_now(state: State, p: Parameters, city: City) -> Floats:
    """(T, D) share of each district that projects reach: where they are tested, where they were kept, where they have spread.

    A project that spreads goes on to ``spread_ceiling`` of every district over some years, the fast first (Bass 1969 without imitation).
    Projects of a theme reach people independently of one another.
    """
    e = state.economy
    missed = np.ones((len(THEMES), city.n_districts))
    for k in np.flatnonzero(e.pilot_status != PilotStatus.FAILED):
        area = neighbourhood(city, int(e.pilot_district[k]), p["pilot_inhabitants"])
        people = max(float(city.districts.population[area].sum()), 1.0)
        row = missed[int(e.pilot_theme[k])]
        row[area] *= 1.0 - min(float(e.pilot_testers[k]) / people, 1.0)
        if e.pilot_status[k] == PilotStatus.SPREAD:
            months = state.month - int(e.pilot_end[k])
            row *= 1.0 - p["spread_ceiling"] * (1.0 - np.exp(-months / p["spread_months"]))
    return np.asarray(1.0 - missed)
