"""Who works at home, beside INSEE's Labour Force Survey of 2022 (employees who work at home at least a day a week, by group).

Who may is drawn with the people: the job by group, the employer by its digital maturity. Who does is a choice fitted to the total (22.5 %
of employees, docs/mobility.md); commutes hardly differ by group, so the total's share of those who may holds for each group here. The
registry's rows of remote jobs were set with the same table: that test holds the two steps together, it predicts nothing.

Days come from what employers signed (INSEE Analyses 105: agreements by days); they are held against what employees said in two other
surveys, which nothing was fitted to.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.population import populate
from sim.city.load import open_city
from sim.codes import Activity, Csp
from sim.columns import Bools, Floats
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility import choice
from tests.tiny import tiny_city, tiny_state

P = Parameters()
#: INSEE, enquête Emploi 2022 (Les Échos Études): 19.4 % of all employees; workers 0.2 %.
INSEE_2022 = {Csp.MANAGER: 52.2, Csp.INTERMEDIATE: 19.4, Csp.EMPLOYEE: 8.5}
#: INSEE Focus 263, mean of 2021, with months of obligation: upper ends for the groups that are told.
INSEE_2021 = {Csp.MANAGER: 55.0, Csp.INTERMEDIATE: 22.0, Csp.EMPLOYEE: 17.0}


def test_groups_work_at_home_as_in_the_survey() -> None:
    people = populate(open_city("toulouse"), 1, 0.05, 2021 * 12, P)
    c, f = people.citizens, people.firms
    works = c.activity == Activity.EMPLOYED
    may = works & c.remote & (np.where(c.firm >= 0, f.telework[np.maximum(c.firm, 0)], 0.0) >= 1.0)

    def share(group: np.ndarray) -> float:
        return float(c.weight[works & group & may].sum() / c.weight[works & group].sum())

    everybody = np.ones(len(c), bool)
    does = 100.0 * P["telework_share"] / share(everybody)
    assert does < 98.0  # as many may as shall
    found = {g: does * share(c.csp == g) for g in INSEE_2022}
    for group, published in INSEE_2022.items():
        assert found[group] == pytest.approx(published, rel=0.15), group.name
        assert found[group] < 1.15 * INSEE_2021[group], group.name
    assert does * share(c.csp == Csp.WORKER) < 1.0
    assert (
        float(c.weight[works & c.remote].sum() / c.weight[works].sum()) < 0.5
    )  # half of jobs are not suited (DG Trésor)


def test_days_at_home_are_those_that_employees_say() -> None:
    """INSEE's Labour Force Survey, first half of 2024: 1.9 days a week. Dares, Conditions de travail 2023: 26 % of employees at home at
    least some days a month, 5 % three days a week or more. Those who work at home do so as their employer accepts (3.9 % want fewer)."""
    people = populate(open_city("toulouse"), 1, 0.05, 2021 * 12, P)
    c, f = people.citizens, people.firms
    accepted = np.where(c.firm >= 0, f.telework[np.maximum(c.firm, 0)], 0.0)
    may = (c.activity == Activity.EMPLOYED) & c.remote & (accepted >= 1.0)
    days, w = np.minimum(accepted, P["telework_days_wished"])[may], c.weight[may]
    assert np.average(days, weights=w) == pytest.approx(1.9, abs=0.15)
    assert np.average(days >= 3.0, weights=w) == pytest.approx(5.0 / 26.0, abs=0.04)


def _at_home(state: State, p: Parameters, floor: float) -> Bools:
    """Who would work at home where every home has so much floor a person [m2], the rest alike."""
    c, h, d = state.citizens, state.households, state.dwellings
    d.area[h.dwelling] = floor * h.size
    n = len(c)
    utility: Floats = np.zeros((n, 6))
    return choice.wishes_home(state, p, np.arange(n), utility, np.full(n, 1.5), np.full(n, 20.0))


def test_an_ample_home_lets_more_work_there_and_stops_nobody() -> None:
    """INSEE Analyses 105: a home that is too small limits telework. ObSoCo 2022: 22 % of those who could and do not say so of theirs."""
    state = tiny_state(tiny_city(), share=20.0)
    c, f = state.citizens, state.firms
    c.remote[:], f.telework[:] = True, 2.0
    works = (c.activity == Activity.EMPLOYED) & (c.firm >= 0)
    cramped, usual, ample = (_at_home(state, P, floor) for floor in (18.0, P["telework_usual_room"], 60.0))
    assert (cramped <= usual).all()
    assert (usual <= ample).all()
    assert cramped[works].mean() < usual[works].mean() < ample[works].mean()
    indifferent = Parameters({"telework_room": 0.0})
    assert (_at_home(state, indifferent, 18.0) == _at_home(state, indifferent, 60.0)).all()
    odds = [share / (1.0 - share) for share in (float(m[works].mean()) for m in (cramped, ample))]
    assert odds[1] / odds[0] == pytest.approx(
        (60.0 / 18.0) ** P["telework_room"], rel=0.35
    )  # a logit, some hundred people
