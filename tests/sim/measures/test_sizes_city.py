"""Measures on firms, digital services and participation on the embedded Toulouse: each size beside the figure that was published of it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.codes import Voice
from sim.systems.economy.cyber import firm_rate
from tests.sim.measures.sizes import NAMES, Pair, Size, Toulouse, World, cases
from tests.sim.measures.townhall import shock

PANDEMIC = shock("pandemic", "months: 15")
#: People of 15 and more among inhabitants (INSEE).
OF_FIFTEEN = 0.83


def _incidents(pair: Pair) -> float:
    """Incidents that firms are to expect in a year, relative change for each firm wholly prepared among all."""
    rate, ready = [], []
    for world in (pair.found, pair.without):
        state, f = world.model.state, world.model.state.firms
        weight = np.where(f.alive, f.weight, 0.0)
        rate.append(float((weight * firm_rate(state, world.model.parameters)).sum()))
        ready.append(float((weight * f.preparedness).sum() / weight.sum()))
    return (rate[0] / rate[1] - 1.0) / (ready[0] - ready[1])


def _excluded(world: World) -> float:
    return world.end("digital_exclusion") / 100.0 * OF_FIFTEEN * world.end("population")


def _by_person(pair: Pair) -> float:
    """Euros spent for each person who can use digital services now and could not."""
    spent = pair.found.end("spent") - pair.without.end("spent")
    return spent / (_excluded(pair.without) - _excluded(pair.found))


def _come(pair: Pair) -> float:
    """Who comes, over the adults invited in a month."""
    c = pair.found.model.state.citizens
    adults = float(c.weight[c.alive & (pair.found.model.state.month - c.birth >= 18 * 12)].sum())
    return pair.change("participants") / (0.1 * adults)


SIZES = [
    Size(
        "cyber_defence", "level: 0%, firms: 100%", "firms' incidents a year, relative change where firms are prepared", _incidents,
        -0.92, -0.2,
        "IASME and DSIT (2024), Cyber Essentials: -92 % of insurance claims with all controls; Jampen et al. (2020), Human-centric "
        "Computing 10: training alone lowers falling for phishing by a fifth to a half",
    ),
    Size(
        "data_platform", "sensors: 1000000, months: 1", "kilometres of trucks, relative change", lambda pair: pair.rise("truck_km"),
        -0.04, -0.01,
        "Dalla Chiara et al. (2022), Scientific Reports 12: drivers told where kerbs are free cruise 28 % less time, 12 % less distance; "
        "cruising is a tenth to a third of the way (1 to 4 %)",
    ),
    Size(
        "digital_mediation", "reach: 20%", "€ for each person brought in", _by_person, 100.0, 400.0,
        "Aptic (2018), ten vouchers of 10 € a person; conseillers numériques (ANCT 2021-2023): 4,000 at 50,000 € of State aid, some 130 to "
        "400 people each a year, most for a first step",
    ),
    Size(
        "digital_services", "share: 100%, months: 1", "services that go on in the worst months of a pandemic [points more]",
        lambda pair: float((pair.found.rows - pair.without.rows)[1:4, NAMES.index("service_continuity")].mean()), 15.0, 50.0,
        "INSEE (2022), a third of adults gave up a step online in 2021, 15 % excluded: about two thirds of what closes goes on where all "
        "is digital, the half that was before less", world=PANDEMIC,
    ),
    Size(
        "consultation", "reach: 10%", "who comes, of those invited in a month", _come, 0.004, 0.05,
        "Toulouse (city hall): 7,840 people on 560 walks since 2021, 4,532 and 7,260 voters of the participatory budget, 1 to 2 % of "
        "adults; OECD (2020), 5 % and less of invitations to panels are taken up",
    ),
]  # fmt: skip
#: Kinds whose size another test holds against a published figure.
ELSEWHERE = {
    "citizens_panel": "measures/test_sizes_city.py::test_members_of_a_panel_change_their_mind_as_in_deliberative_polls",
    "innovation_challenge": "systems/test_economy_projects.py::test_a_first_call_in_montpellier_is_predicted",
    "local_procurement": "systems/test_economy_rebound.py::test_grants_and_orders_bring_jobs_in_the_published_range",
    "open_partnership": "systems/test_economy_projects.py::test_the_open_metropole_is_backcast",
    "participatory_budget": "systems/test_society_participation.py::test_the_first_edition_is_fitted_and_the_second_predicted",
    "recovery_grants": "systems/test_economy_rebound.py::test_grants_and_orders_bring_jobs_in_the_published_range",
    "training": "systems/test_economy_rebound.py::test_training_fills_posts_that_stay_vacant_and_dismisses_nobody",
}  # fmt: skip
#: What falls short of them.
SHORT_ELSEWHERE = {
    "citizens_panel": "members change their mind by 0.05 points, 5 to 20 in deliberative polls: seats move the design, whose worth is "
    "shared with everybody",
}


@pytest.fixture(scope="module")
def toulouse(tmp_path_factory: pytest.TempPathFactory) -> Toulouse:
    return Toulouse(tmp_path_factory.mktemp("city"))


@pytest.mark.parametrize("size", cases(SIZES))
def test_each_size_is_of_the_order_that_was_published(size: Size, toulouse: Toulouse) -> None:
    assert size.low <= size.of(toulouse) <= size.high


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason=SHORT_ELSEWHERE["citizens_panel"],
)
def test_members_of_a_panel_change_their_mind_as_in_deliberative_polls(toulouse: Toulouse) -> None:
    """Net changes of 5 to 20 points among those who deliberate (Luskin, Fishkin & Jowell 2002, British Journal of Political Science 32,
    nine questions on crime: up to 19), for what they worked on, against the same persons without a panel."""
    planned = "  - {id: parking, measure: parking_price, start: 2022-06, area: centre, price: 1 €/h}\n"
    panel = "  - {measure: citizens_panel, start: 2021-01, seats: 5000, quotas: no}\n"
    found, without = (
        toulouse.live("measures:\n" + planned + more).model.state for more in (panel, "")
    )  # rows of citizens are the same in both
    many = min(len(found.citizens), len(without.citizens))
    member = (
        found.citizens.alive[:many] & without.citizens.alive[:many] & (found.society.took_part[:many] & Voice.PANEL > 0)
    )
    assert np.array_equal(found.citizens.id[:many][member], without.citizens.id[:many][member])
    gained = (found.society.support[:many, 0] - without.society.support[:many, 0])[member]
    assert 0.05 < gained.mean() < 0.2
