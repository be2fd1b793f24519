"""Who works at home, beside INSEE's Labour Force Survey of 2022 (employees who work at home at least a day a week, by group).

Who may is drawn with the people: the job by group, the employer by its digital maturity. Who does is a choice fitted to the total (22.5 %
of employees, docs/mobility.md); commutes hardly differ by group, so the total's share of those who may holds for each group here. The
registry's rows of remote jobs were set with the same table: this test holds the two steps together, it predicts nothing.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.population import populate
from sim.city.load import open_city
from sim.codes import Activity, Csp
from sim.scenario.parameters import Parameters

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
