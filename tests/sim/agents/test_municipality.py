"""The municipality: its calendar, its money and its journal - by hand-worked histories and over random calendars."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.agents.municipality import journal
from sim.codes import DwellingType, Party, Purpose, Status
from sim.errors import InputError
from sim.measures.economy import ParticipatoryBudget, RecoveryGrants
from sim.measures.homes import EvSubsidy
from sim.measures.streets import EvCharging, ParkingPrice
from sim.months import month_name
from sim.scenario.load import FUNDERS, Budget, Item, Scenario
from sim.scenario.parameters import Parameters
from sim.state import State
from tests.sim.measures.townhall import alone, months
from tests.worlds import city, lived, model, scenario

START = 2021 * 12
CITY = city()
REPAID = Parameters()["debt_repaid_share"] / 12.0
BORROWED = Parameters()["debt_financed_share"]
FUNDS = {"region": Party.REGION, "state": Party.STATE, "private": Party.FIRMS}
CENT = 0.011


def plan(*items: Item, budget: Budget | None = None, end: int = START + 71) -> Scenario:
    """A scenario from January 2021 on."""
    return Scenario(name="t", start=START, end=end, measures=items, budget=budget or Budget())


def charging(name: str = "a", start: int = START, **fields: object) -> Item:
    """Works: charging points."""
    return Item(id=name, start=start, measure=EvCharging(points=100), **fields)  # type: ignore[arg-type]


def events(state: State, *kinds: str) -> list[tuple[str, str, str, str]]:
    """(month, measure, event, why) of the journal, of the given events only."""
    rows = [(r["month"], r["measure"], r["event"], r["why"]) for r in journal(state)]
    return [r for r in rows if r[2] in kinds] if kinds else rows


# --- histories worked out by hand ----------------------------------------------------------------------------------


def test_half_of_the_capex_after_half_of_the_months() -> None:
    town, state = alone(plan(charging(months=10, capex=5e6)), CITY)
    progress, spent = [], []
    for _ in months(town, state, 12):
        progress.append(float(state.townhall.progress[0]))
        spent.append(float(state.townhall.spent[0]))
    assert progress == pytest.approx([min(k / 10, 1.0) for k in range(1, 13)])
    assert spent == pytest.approx([min(k * 5e5, 5e6) for k in range(1, 13)])
    assert state.townhall.status[0] == Status.IN_FORCE
    assert events(state, "announced", "works begin", "in force") == [
        ("2021-01", "a", "announced", "to begin in 2021-01"), ("2021-01", "a", "works begin", "as planned"),
        ("2021-10", "a", "in force", "built in 10 months"),
    ]  # fmt: skip


def test_what_is_paid_at_once_and_what_runs_for_its_months() -> None:
    one = Item(id="p", start=START + 8, months=3, capex=2e6, opex=1.2e6, measure=ParkingPrice(price=1.0))
    town, state = alone(plan(one), CITY)
    in_force, paid = [], []
    for p in months(town, state, 13):
        in_force.append(float(p.in_force[0]))
        paid.append(float(state.ledger[Party.METROPOLE, Party.FIRMS].sum()))
    assert in_force == [0.0] * 8 + [1.0] * 3 + [0.0] * 2
    assert paid == pytest.approx([0.0] * 8 + [2.1e6, 1e5, 1e5] + [0.0] * 2)
    assert events(state, "announced", "in force", "ended") == [
        ("2021-03", "p", "announced", "to begin in 2021-09"), ("2021-09", "p", "in force", "as planned"),
        ("2021-12", "p", "ended", "after 3 months, as planned"),
    ]  # fmt: skip


def test_works_pause_when_the_year_is_spent_and_resume_in_january() -> None:
    """0.5 M€ a month under a limit of 3 M€ a year: six months a year, so twelve months of works take eighteen."""
    town, state = alone(plan(charging(months=12, capex=6e6), budget=Budget(investment_per_year=3e6)), CITY)
    paid = [float(state.ledger[Party.METROPOLE, Party.FIRMS, Purpose.WORKS]) for _ in months(town, state, 20)]
    assert paid == pytest.approx([5e5] * 6 + [0.0] * 6 + [5e5] * 6 + [0.0] * 2)
    assert events(state, "in force") == [("2022-06", "a", "in force", "built in 18 months")]
    paused = events(state, "paused")
    assert [r[0] for r in paused] == [month_name(START + m) for m in range(6, 12)]
    assert paused[0][3] == "needs 0.50 M€, 3.00 of 3.00 M€ of the year are spent"


def test_a_measure_waits_for_money_and_begins_late() -> None:
    first = Item(id="first", start=START, capex=2e6, measure=ParkingPrice(price=1.0))
    second = Item(id="second", start=START + 3, capex=2e6, measure=ParkingPrice(price=1.0))
    town, state = alone(plan(first, second, budget=Budget(investment_per_year=3e6)), CITY)
    statuses = [int(state.townhall.status[1]) for _ in months(town, state, 13)]
    assert statuses == [Status.PLANNED] * 3 + [Status.WAITING] * 9 + [Status.IN_FORCE]
    assert events(state, "waiting", "in force")[1:] == [
        ("2021-04", "second", "waiting", "needs 2.00 M€, 2.00 of 3.00 M€ of the year are spent"),
        ("2022-01", "second", "in force", "9 months late"),
    ]  # fmt: skip


def test_debt_by_recursion_and_its_ceiling() -> None:
    """debt(t) = debt(t-1) (1 - repaid/12) + borrowed share of what is invested, as long as that stays under the ceiling."""
    budget = Budget(debt_ceiling=10.5e6, debt_at_start=10e6)
    town, state = alone(plan(charging(months=10, capex=10e6), budget=budget), CITY)
    debt, progress = 10e6, 0
    for _ in months(town, state, 24):
        debt *= 1.0 - REPAID
        if progress < 10 and debt + 1e6 * BORROWED <= 10.5e6:
            debt += 1e6 * BORROWED
            progress += 1
        assert state.townhall.debt[0] == pytest.approx(debt, rel=1e-12)
        assert state.townhall.progress[0] == pytest.approx(progress / 10)
    assert 1 < progress < 10
    assert "debt would reach" in events(state, "paused")[0][3]


def test_debt_stands_still_until_the_scenario_begins(tmp_path: Path) -> None:
    """Months before the start only carry shocks into the initial state: roadmap and baseline begin with the debt given."""
    body = "budget: {debt_at_start: 40 M€}\nshocks:\n  - {shock: pandemic, start: 2020-03, months: 3}\n"
    town, state = alone(scenario(tmp_path, body), CITY)
    debts = [float(state.townhall.debt[0]) for _ in months(town, state, 11)]
    assert debts == [40e6] * 10 + [40e6 * (1.0 - REPAID)]


def test_staff_bounds_the_works_under_way() -> None:
    limit = int(Parameters()["works_at_once"])
    items = [charging(f"w{i}", months=4) for i in range(limit + 2)]
    town, state = alone(plan(*items), CITY)
    for _ in months(town, state, 1):
        assert int((state.townhall.status == Status.BUILDING).sum()) == limit
        assert int((state.townhall.status == Status.WAITING).sum()) == 2
    list(months(town, state, 3))  # crews that finish in a month begin the next works in it
    assert events(state, "works begin")[-1] == ("2021-04", f"w{limit + 1}", "works begin", "3 months late")


@pytest.mark.parametrize("flip", [False, True])
def test_a_measure_waits_for_what_it_depends_on_wherever_it_stands(flip: bool) -> None:
    ahead, behind = charging("ahead", months=4), charging("behind", months=2, depends_on=("ahead",))
    town, state = alone(plan(*((behind, ahead) if flip else (ahead, behind))), CITY)
    list(months(town, state, 8))
    mine = [r for r in events(state, "waiting", "works begin", "in force") if r[1] == "behind"]
    assert mine == [
        ("2021-01", "behind", "waiting", "waits for ahead to be in force"), ("2021-04", "behind", "works begin", "3 months late"),
        ("2021-05", "behind", "in force", "built in 2 months"),
    ]  # fmt: skip


def test_what_has_run_its_months_counts_as_having_been_in_force() -> None:
    trial = Item(id="trial", start=START, months=2, measure=ParkingPrice(price=1.0))
    after = Item(id="after", start=START + 4, depends_on=("trial",), measure=ParkingPrice(price=2.0))
    town, state = alone(plan(trial, after), CITY)
    list(months(town, state, 5))
    assert state.townhall.status.tolist() == [Status.STOPPED, Status.IN_FORCE]


def test_committed_items_happen_alike_with_and_without_the_roadmap() -> None:
    """Their money is voted: the roadmap's spending may not postpone them, or the comparison would blame it for that."""
    committed = dataclasses.replace(charging("line", START + 6, months=6, capex=6e6), committed=True)
    roadmap = plan(
        committed, charging("ours", months=6, capex=6e6, depends_on=()), budget=Budget(investment_per_year=6e6)
    )
    histories = []
    for one in (roadmap, roadmap.without_measures()):
        town, state = alone(one, CITY)
        histories.append(
            [(float(state.townhall.progress[0]), float(state.townhall.spent[0])) for _ in months(town, state, 14)]
        )
    assert histories[0] == histories[1]
    assert histories[0][11] == pytest.approx((1.0, 6e6))


@pytest.mark.parametrize(("body", "told"), [
    ("measures:\n  - {id: a, measure: ev_charging, points: 1, start: 2021-01, depends_on: b}\n"
     "  - {id: b, measure: ev_charging, points: 1, start: 2021-01, depends_on: a}\n", "measures that do not wait for each other"),
    ("baseline:\n  - {id: a, measure: ev_charging, points: 1, start: 2021-01, depends_on: b}\n"
     "measures:\n  - {id: b, measure: ev_charging, points: 1, start: 2021-01}\n", "another item of the baseline"),
])  # fmt: skip
def test_dependencies_that_can_never_be_met_are_refused(body: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told):
        scenario(tmp_path, body)


def test_co_funders_pay_their_shares_of_works_and_running(tmp_path: Path) -> None:
    shares = {"metropole": 0.5, "region": 0.2, "state": 0.2, "private": 0.1}
    town, state = alone(plan(charging(months=4, capex=8e6, opex=1.2e6, funding=tuple(shares.items()))), CITY)
    refunds = dict.fromkeys(FUNDS, 0.0)
    for _ in months(town, state, 10):
        for name, party in FUNDS.items():
            refunds[name] += float(state.ledger[party, Party.METROPOLE, Purpose.CO_FUNDING])
    total = 8e6 + 6 * 1e5  # six months of running after the last month of works
    for name, share in shares.items():
        assert state.townhall.received[FUNDERS.index(name)] == pytest.approx(share * total)
        assert refunds.get(name, share * total) == pytest.approx(share * total)
    assert state.townhall.invested[0] == pytest.approx(4e6)  # the metropole's own part alone counts against its limit
    text = "measures:\n  - {measure: ev_charging, points: 1, start: 2021-01, funding: {metropole: 60%, state: 30%}}\n"
    with pytest.raises(InputError, match="sum to 90 %"):
        scenario(tmp_path, text)


def test_grants_are_charged_to_the_measures_that_offer_them(tmp_path: Path) -> None:
    """Two aids for electric cars, one of them paid by the State at 60 %, and recovery grants: the month after, every euro that the
    metropole granted stands with one of them, by what each offers to an income fifth, and the State has refunded its share."""
    body = (
        "measures:\n  - {id: a, measure: ev_subsidy, start: 2021-01, amount: [6000 €, 6000 €, 3000 €, 3000 €, 0 €],"
        " funding: {metropole: 40%, state: 60%}}\n"
        "  - {id: b, measure: ev_subsidy, start: 2021-01, amount: 3000 €}\n"
        "  - {id: c, measure: recovery_grants, start: 2021-01, months: 4, amount: 4 M€}\n"
        "  - {id: d, measure: local_procurement, start: 2021-01, amount_per_year: 6 M€}\n"
        "  - {id: e, measure: innovation_challenge, start: 2021-01, theme: energy, calls_per_year: 24, budget_per_year: 9 M€}\n"
        "  - {id: f, measure: bike_subsidy, start: 2021-01, amount: 400 €}\n"
        "  - {id: g, measure: battery_subsidy, start: 2021-01, amount: 700 €/kWh}\n"
    )
    run = model(scenario(tmp_path, body), city())
    run.live_until(run.scenario.start - 1)
    run.state.economy.backlog[:] = 3000.0  # a small city has few firms: many ideas
    run.state.dwellings.pv[run.state.dwellings.kind <= DwellingType.TH] = 4.0  # many who may add a battery
    expected, granted = np.zeros(7), 0.0
    for month in range(8):
        before = run.state.townhall.received[FUNDERS.index("state")]
        run.step()
        town = run.state.townhall
        assert town.spent == pytest.approx(expected, rel=1e-9)
        assert town.received[FUNDERS.index("state")] == pytest.approx(0.6 * town.spent[0])
        refund = run.state.ledger[Party.STATE, Party.METROPOLE, Purpose.CO_FUNDING]
        assert refund == pytest.approx(town.received[FUNDERS.index("state")] - before)
        cars = run.state.society.granted[0]
        part = np.array([6, 6, 3, 3, 0]) / np.array([9, 9, 6, 6, 3])
        expected[:2] += (cars * part).sum(), (cars * (1.0 - part)).sum()
        expected[2] += 1e6 if month < 4 else 0.0
        expected[3] += 0.5e6
        expected[4] += run.state.economy.signed.sum()
        expected[5] += run.state.society.granted[4].sum()
        expected[6] += run.state.society.granted[5].sum()
        ledger = run.state.ledger[Party.METROPOLE]
        granted += float(ledger[:, Purpose.GRANTS].sum() + ledger[Party.FIRMS, Purpose.CONSUMPTION])
    assert expected.sum() == pytest.approx(granted, rel=1e-9)
    assert (expected > 0.0).all()


# --- random calendars ----------------------------------------------------------------------------------------------

_SHARES = [(("metropole", 1.0),), (("metropole", 0.6), ("region", 0.4)), (("private", 0.1), ("state", 0.9)),
           (("metropole", 0.25), ("private", 0.25), ("region", 0.25), ("state", 0.25))]  # fmt: skip
_KINDS = [EvCharging(points=50), ParkingPrice(price=1.0), ParticipatoryBudget(amount_per_year=1.2e6), EvSubsidy(amount=(900.0,)),
          RecoveryGrants(amount=1e6), EvCharging(points=0)]  # fmt: skip


@st.composite
def calendars(draw: st.DrawFn) -> Scenario:
    """Up to six measures of any kind, dated over four years and a bit beyond, under a tight or a loose budget."""
    items = [
        Item(
            id=f"m{i}", start=START + draw(st.integers(0, 52)), months=draw(st.integers(0, 30)),
            capex=draw(st.sampled_from([0.0, 1e5, 3.3e6, 2.5e7])), opex=draw(st.sampled_from([0.0, 1e6])),
            funding=draw(st.sampled_from(_SHARES)), measure=draw(st.sampled_from(_KINDS)),
            depends_on=tuple(draw(st.sets(st.sampled_from([f"m{k}" for k in range(i)]), max_size=2))) if i else (),
        )
        for i in range(draw(st.integers(1, 6)))
    ]  # fmt: skip
    budget = Budget(
        investment_per_year=draw(st.sampled_from([0.0, 1e6, 6e6, 1e9])),
        debt_ceiling=draw(st.sampled_from([0.0, 2e6, 2e7, 1e9])),
        debt_at_start=draw(st.sampled_from([0.0, 5e6])),
    )
    return plan(*items, budget=budget, end=START + 47)


@settings(max_examples=120, deadline=None)
@given(calendars())
def test_over_any_calendar_money_closes_and_limits_hold(one: Scenario) -> None:
    town, state = alone(one, CITY)
    hall, debt = state.townhall, one.budget.debt_at_start
    status = hall.status.copy()
    ids = [m.id for m in one.measures]
    for _ in months(town, state, 48):
        hall = state.townhall
        ledger = state.ledger
        borrowed = float(ledger[Party.OUTSIDE, Party.METROPOLE, Purpose.DEBT])
        repaid = float(ledger[Party.METROPOLE, Party.OUTSIDE, Purpose.DEBT])
        # limits: what is invested a year; debt, unless it was above the ceiling from the start
        assert hall.invested[0] <= one.budget.investment_per_year + CENT
        assert hall.debt[0] <= max(one.budget.debt_ceiling, debt) + CENT
        assert hall.debt[0] == pytest.approx(debt + borrowed - repaid, abs=1e-3)
        debt = float(hall.debt[0])
        # the metropole: what comes in, what goes out; the rest is its own money, a share of each payment and the debt service
        out = float(ledger[Party.METROPOLE].sum())
        own = out - float(ledger[:, Party.METROPOLE].sum())
        assert own == pytest.approx(_own_share(one, state) + repaid - borrowed, abs=0.1)  # the journal rounds to cents
        # one step at a time: nobody builds or acts before what he depends on has been in force
        assert ((hall.status >= status) | (hall.status == Status.WAITING)).all()
        for i, m in enumerate(one.measures):
            if hall.status[i] >= Status.BUILDING:
                assert all(hall.status[ids.index(d)] >= Status.IN_FORCE for d in m.depends_on)
        status = hall.status.copy()
    _paid_is_built(one, state)


def _own_share(one: Scenario, state: State) -> float:
    """The metropole's part of this month's payments, by the journal and the shares of the scenario."""
    share = {m.id: dict(m.funding).get("metropole", 0.0) for m in one.measures}
    rows = [r for r in journal(state) if r["month"] == month_name(state.month) and r["event"] == "paid"]
    return sum(r["figures"]["total"] * share[r["measure"]] for r in rows)


def _paid_is_built(one: Scenario, state: State) -> None:
    """Each measure: what the journal says was paid is what was spent; works stand exactly as far as they are paid."""
    hall = state.townhall
    paid: dict[tuple[str, str], float] = defaultdict(float)
    for r in journal(state):
        if r["event"] == "paid":
            paid[r["measure"], r["figures"]["purpose"]] += r["figures"]["total"]
    for i, m in enumerate(one.measures):
        works, running = paid[m.id, "works"], paid[m.id, "operations"]
        assert hall.spent[i] == pytest.approx(works + running, abs=1.0)
        begun = hall.status[i] >= Status.BUILDING
        if m.measure.works and m.months:
            assert works == pytest.approx(m.capex * hall.progress[i], abs=1.0)
        else:
            assert works == pytest.approx(m.capex if begun else 0.0, abs=1.0)
        if hall.status[i] in (Status.PLANNED, Status.WAITING):
            assert hall.progress[i] == 0.0


# --- journal -------------------------------------------------------------------------------------------------------

NASTY = "<script>alert(1)</script> \"'\\ \u2028 \u0085 \x0b \U0001f6b2 {{7*7}}"


def test_the_journal_gives_back_any_name_and_stays_one_object_a_line() -> None:
    town, state = alone(plan(dataclasses.replace(charging(months=2, capex=1e6), id=NASTY)), CITY)
    list(months(town, state, 3))
    rows = journal(state)
    assert {r["measure"] for r in rows} == {NASTY}
    lines = bytes(state.townhall.journal).split(b"\n")
    assert len(lines) == len(rows) + 1
    assert [json.loads(line) for line in lines[:-1]] == rows
    assert [r["event"] for r in rows] == ["announced", "works begin", "paid", "paid", "in force"]


def test_a_postponed_roadmap_still_goes_through_the_whole_model(tmp_path: Path) -> None:
    """Money short in the middle of the works: every month is lived, the points stop growing and grow on."""
    body = (
        "budget: {investment_per_year: 2.2 M€}\nmeasures:\n"  # 0.2 M€ for the grid
        "  - {measure: ev_charging, start: 2021-01, months: 8, capex: 4 M€, points: 80}\n"
    )
    run = model(scenario(tmp_path, body, end="2022-12"), city())
    run.live_until(run.scenario.start - 1)
    points = []
    for _ in range(16):
        lived(run, 1)
        points.append(float(run.policies.chargers.sum()))
    assert points == pytest.approx([10, 20, 30, *[40] * 9, 50, 60, 70, 80])
