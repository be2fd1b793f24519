"""Public bodies: own budgets, conditions, consent, elections - by hand-worked histories, and every euro over random conditions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.agents.journal import journal
from sim.codes import Party, Purpose, Status
from sim.errors import InputError
from sim.scenario.bodies import FUNDERS
from sim.scenario.load import Scenario, load_scenario
from sim.scenario.parameters import Parameters
from sim.state import State
from tests.sim.measures.townhall import alone, months
from tests.worlds import city, scenario

CITY = city()
PARTY = {"metropole": Party.METROPOLE, "region": Party.REGION, "state": Party.STATE, "private": Party.FIRMS, "city": Party.CITY,
         "transit_authority": Party.TRANSIT_AUTHORITY}  # fmt: skip


def works(fields: str, bodies: str, folder: Path, head: str = "") -> Scenario:
    """Ten months of works of 10 M€ from January 2021 on, with bodies."""
    one = f"  - {{id: w, measure: ev_charging, points: 100, start: 2021-01, months: 10, capex: 10 M€, {fields}}}\n"
    return scenario(folder, f"{head}bodies: {bodies}\nmeasures:\n{one}", end="2026-12")


def paid(state: State) -> dict[str, float]:
    """M€ paid for the first measure by each body."""
    return {n: round(float(v) / 1e6, 6) for n, v in zip(FUNDERS, state.townhall.paid_by[0], strict=True) if v}


def lived(one: Scenario, n: int) -> State:
    """The state after n months."""
    town, state = alone(one, CITY)
    list(months(town, state, n))
    return state


SHARED = "funding: {metropole: 50%, region: 50%}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{}", {"metropole": 5.0, "region": 5.0}),
        ("{rate: 20%}", {"metropole": 8.0, "region": 2.0}),
        ("{ceiling: 3 M€}", {"metropole": 7.0, "region": 3.0}),
        ("{budget_per_year: 2 M€}", {"metropole": 8.0, "region": 2.0}),
        ("{years: [2022]}", {"metropole": 10.0}),
        ("{funds: cycle_network}", {"metropole": 10.0}),
        ("{funds: [ev_charging], years: [2021, 2022], rate: 60%}", {"metropole": 5.0, "region": 5.0}),
    ],
)
def test_what_a_body_does_not_give_the_payer_bears(body: str, expected: dict[str, float], tmp_path: Path) -> None:
    state = lived(works(SHARED, f"{{region: {body}}}", tmp_path), 12)
    assert paid(state) == expected
    assert state.townhall.spent[0] == pytest.approx(10e6)
    assert state.townhall.invested[0] == pytest.approx(0.0 if state.month // 12 > 2021 else expected["metropole"] * 1e6)
    by = [r["figures"]["by"] for r in journal(state) if r["event"] == "paid"]
    assert sum(b.get("region", 0.0) for b in by) == pytest.approx(expected.get("region", 0.0) * 1e6)


def test_or_the_measure_waits_for_the_body_and_says_so(tmp_path: Path) -> None:
    """2 M€ a year of the region: four months of its half a year, so ten months of works take until the third year."""
    state = lived(works(SHARED + ", unfunded: wait", "{region: {budget_per_year: 2 M€}}", tmp_path), 40)
    assert paid(state) == {"metropole": 5.0, "region": 5.0}
    rows = [r for r in journal(state) if r["event"] in ("paused", "in force")]
    assert (rows[0]["month"], rows[0]["why"]) == ("2021-05", "waits for its funding: region gives 0% of its 50%")
    assert (rows[-1]["event"], rows[-1]["month"]) == ("in force", "2023-02")


def test_a_calendar_of_funding_postpones_the_beginning(tmp_path: Path) -> None:
    state = lived(works(SHARED + ", unfunded: wait", "{region: {years: [2022]}}", tmp_path), 14)
    begun = [r for r in journal(state) if r["event"] == "works begin"]
    assert [(r["month"], r["why"]) for r in begun] == [("2022-01", "12 months late")]


def test_another_payer_pays_and_is_bound_by_its_own_budget(tmp_path: Path) -> None:
    one = works("payer: transit_authority, funding: {transit_authority: 70%, region: 30%}",
                "{transit_authority: {budget_per_year: 3.5 M€}}", tmp_path)  # fmt: skip
    town, state = alone(one, CITY)
    ledgers = [state.ledger.copy() for _ in months(town, state, 26)]
    total = np.sum(ledgers, axis=0)
    assert paid(state) == {"region": 3.0, "transit_authority": 7.0}
    assert total[Party.TRANSIT_AUTHORITY, Party.FIRMS, Purpose.WORKS] == pytest.approx(10e6)
    assert total[Party.REGION, Party.TRANSIT_AUTHORITY, Purpose.CO_FUNDING] == pytest.approx(3e6)
    assert total[Party.METROPOLE].sum() == total[:, Party.METROPOLE].sum() == 0.0
    paused = next(r for r in journal(state) if r["event"] == "paused")
    assert (paused["month"], paused["why"]) == (
        "2021-06",
        "transit_authority needs 0.70 M€, 3.50 of 3.50 M€ of the year are spent",
    )


def test_a_decision_takes_its_months(tmp_path: Path) -> None:
    state = lived(works(SHARED, "{region: {delay: 5}}", tmp_path), 8)
    rows = [(r["month"], r["event"], r["why"]) for r in journal(state) if r["event"] in ("waiting", "works begin")]
    assert rows == [("2021-01", "waiting", "waits for the decision of region, 5 months after the announcement"),
                    ("2021-06", "works begin", "5 months late")]  # fmt: skip


def test_a_veto_holds_until_citizens_support_the_measure(tmp_path: Path) -> None:
    one = works("", "{state: {veto: ev_charging, consent_from: 60%}}", tmp_path)
    town, state = alone(one, CITY)
    list(months(town, state, 4))
    assert state.townhall.status[0] == Status.WAITING
    assert journal(state)[-1]["why"] == "state withholds its consent: support 50%, asked 60%"
    state.society.support[:] = 0.7
    list(months(town, state, 1))
    assert state.townhall.status[0] == Status.BUILDING
    never = lived(works("", "{state: {veto: ev_charging}}", tmp_path), 60)
    assert never.townhall.status[0] == Status.WAITING


def test_nothing_new_is_announced_before_an_election(tmp_path: Path) -> None:
    """Planned for March 2022, it would be public in September 2021; the election of October freezes April to October."""
    one = "  - {id: p, measure: parking_price, price: 1 €/h, start: 2022-03}\n"
    town, state = alone(scenario(tmp_path, f"elections: 2021-10\nmeasures:\n{one}", end="2026-12"), CITY)
    lead = int(Parameters()["announcement_lead"])
    public = [float(p.announced[0]) for p in months(town, state, 24)]
    assert public.index(1.0) == 10  # November
    begun = next(r for r in journal(state) if r["event"] == "in force")
    assert int(begun["month"][:4]) * 12 + int(begun["month"][5:]) - 1 == 2021 * 12 + 10 + lead


@pytest.mark.parametrize(("support", "stays"), [(0.6, True), (0.2, False)])
def test_another_majority_drops_what_nobody_wants(support: float, stays: bool, tmp_path: Path) -> None:
    body = (
        "elections: 2022-03\nmeasures:\n  - {id: p, measure: parking_price, price: 1 €/h, start: 2021-01}\n"
        "  - {id: long, measure: ev_charging, points: 100, start: 2021-01, months: 20}\n"
        "  - {id: q, measure: parking_price, price: 1 €/h, start: 2021-10, depends_on: long}\n"
        "baseline:\n  - {id: b, measure: bike_subsidy, amount: 100 €, start: 2021-01}\n"
    )
    town, state = alone(scenario(tmp_path, body, end="2026-12"), CITY)
    state.society.support[:] = support
    list(months(town, state, 24))
    rows = {one.id: i for i, one in enumerate(town.roadmap.rows)}
    assert state.townhall.status[rows["q"]] == (Status.IN_FORCE if stays else Status.STOPPED)
    assert state.townhall.scale[rows["p"]] == (1.0 if stays else 0.5)
    assert state.townhall.scale[rows["b"]] == 1.0
    said = next(r for r in journal(state) if r["event"] == "election")
    assert said["why"].startswith("the majority stays" if stays else "another majority")


def test_design_with_citizens_costs_time_and_money_and_changes_the_size(tmp_path: Path) -> None:
    town, state = alone(works("", "{}", tmp_path), CITY)
    state.society.coconstruction = np.array([0.5])
    list(months(town, state, 16))
    p = Parameters()
    begun = next(r["month"] for r in journal(state) if r["event"] == "works begin")
    assert begun == f"2021-{1 + round(p['coconstruction_delay'] * 0.5):02d}"
    size = 1.0 - 0.5 * p["coconstruction_size"]
    assert state.townhall.scale[0] == pytest.approx(size)
    assert state.townhall.spent[0] == pytest.approx(10e6 * size * (1.0 + 0.5 * p["coconstruction_cost"]))


_BODY = st.fixed_dictionaries(
    {},
    optional={
        "budget_per_year": st.sampled_from(["0 €", "1 M€", "2.5 M€"]), "rate": st.sampled_from(["0%", "20%", "100%"]),
        "ceiling": st.sampled_from(["500 k€", "3 M€"]), "years": st.sampled_from(["[2021]", "[2022, 2023]"]),
        "funds": st.sampled_from(["ev_charging", "[bike_subsidy]"]), "delay": st.integers(0, 9),
    },
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(bodies=st.dictionaries(st.sampled_from(FUNDERS), _BODY, max_size=4), payer=st.sampled_from(FUNDERS),
       wait=st.booleans())  # fmt: skip
def test_over_any_conditions_every_euro_is_paid_once(
    bodies: dict[str, dict[str, object]], payer: str, wait: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What firms receive is what the bodies pay net of what they refund each other, within each body's yearly budget and ceiling."""
    said = {n: "{" + ", ".join(f"{k}: {v}" for k, v in b.items()) + "}" for n, b in bodies.items()}
    funding = {"region": 0.25, "state": 0.25} | {payer: 0.5 + (0.25 if payer in ("region", "state") else 0.0)}
    shares = ", ".join(f"{n}: {100 * s:g}%" for n, s in funding.items())
    one = works(f"opex: 600 k€, payer: {payer}, unfunded: {'wait' if wait else 'payer'}, funding: {{{shares}}}",
                "{" + ", ".join(f"{n}: {b}" for n, b in said.items()) + "}", tmp_path_factory.mktemp("b"))  # fmt: skip
    town, state = alone(one, CITY)
    limits = dict(one.bodies)
    for _ in months(town, state, 36):
        ledger = state.ledger.sum(axis=2)
        firms = float(state.ledger[:, Party.FIRMS, [Purpose.WORKS, Purpose.OPERATIONS]].sum())
        month = [r["figures"] for r in journal(state) if r["event"] == "paid" and r["month"] == _name(state.month)]
        assert firms == pytest.approx(sum(f["total"] for f in month), abs=0.05)
        for f in month:
            assert sum(f["by"].values()) == pytest.approx(f["total"], abs=0.05)
        for name, party in PARTY.items():
            if name in ("private", "metropole"):
                continue  # firms are paid too; the metropole borrows
            net = float(ledger[party].sum() - ledger[:, party].sum())
            assert net == pytest.approx(sum(f["by"].get(name, 0.0) for f in month), abs=0.05)
    for name, body in limits.items():
        if name != payer:
            assert state.townhall.paid_by[0, FUNDERS.index(name)] <= body.ceiling + 1.0
            assert state.townhall.year_paid[FUNDERS.index(name)] <= body.budget_per_year + 1.0


def _name(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


@pytest.mark.parametrize(("text", "what"), [
    ("bodies: 3", "a mapping"), ("bodies: {regoin: {}}", "Did you mean 'region'"), ("bodies: {region: {rate: 3}}", "a number with %"),
    ("bodies: {region: {funds: bikes}}", "one of"), ("bodies: {region: {}, region: {}}", "twice"), ("elections: soon", "a month"),
])  # fmt: skip
def test_faults(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    with pytest.raises(InputError, match=what):
        load_scenario(path, text=f"name: n\nstart: 2021-01\nend: 2022-12\n{text}\n")
