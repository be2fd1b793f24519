"""Rules that rewrite the calendar: hand-worked histories, limits against flapping, and whole worlds that differ only after a firing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.agents.journal import journal
from sim.agents.municipality import Municipality
from sim.checkpoint import load_state, save_state
from sim.codes import Status
from sim.conservation import TOLERANCE, residuals, stocks
from sim.model import UrbanModel
from sim.scenario.load import Scenario
from sim.scenario.parameters import Parameters
from sim.state import State
from tests.sim.measures.townhall import alone
from tests.sim.test_checkpoint import same
from tests.worlds import city, lived, model, scenario

CITY = city()
WORKS = "  - {id: w, measure: ev_charging, start: 2022-01, months: 10, capex: 10 M€, points: 100}\n"
PRICE = "  - {id: p, measure: parking_price, start: 2021-01, price: 1 €/h}\n"


def plan(folder: Path, rules: str, measures: str = WORKS + PRICE, head: str = "", end: str = "2026-12") -> Scenario:
    """A roadmap with rules."""
    return scenario(folder, f"{head}measures:\n{measures}adapt:\n{rules}", end=end)


def histories(one: Scenario, jobs: list[float]) -> Iterator[tuple[Municipality, State]]:
    """The municipality month by month; every indicator it watches takes the values given, one a month."""
    town, state = alone(one, CITY)
    for value in jobs:
        state.month += 1
        state.ledger[:] = 0.0
        town.act(state)
        town.observe(state, lambda _name, value=value: value)  # type: ignore[misc]
        yield town, state


def adapted(state: State) -> list[tuple[str, str, str]]:
    """(month, measure, what changed) of each act of a rule."""
    return [(r["month"], r["measure"], r["figures"]["changed"]) for r in journal(state) if r["event"] == "adapted"]


def last(one: Scenario, jobs: list[float]) -> State:
    """The state after all months."""
    return [state for _, state in histories(one, jobs)][-1]


# --- what each act does ---------------------------------------------------------------------------------------------


def test_a_rule_reads_last_month_waits_for_its_months_and_advances(tmp_path: Path) -> None:
    one = plan(tmp_path, "  - {when: jobs < 100 jobs for 3 months, then: {advance: w, by: 6 months}}\n")
    state = last(one, [120, 90, 90, 120, 90, 90, 90, 90, 90])  # three in a row end in July, known in August
    assert adapted(state) == [("2021-08", "w", "begins in 2021-08 instead of 2022-01")]
    row = next(r for r in journal(state) if r["event"] == "adapted")
    assert row["figures"]["seen"] == [{"what": "jobs", "value": 90.0, "bound": 100.0}]
    assert state.townhall.status[0] == Status.BUILDING


def test_works_go_on_faster_and_cost_the_same(tmp_path: Path) -> None:
    one = plan(tmp_path, "  - {when: date >= 2022-03, then: {advance: w, by: 4 months}}\n")
    state = last(one, [0.0] * 24)
    # two of ten months built; eight months' work in four: twice the speed, March to June
    assert [r["month"] for r in journal(state) if r["event"] == "in force" and r["measure"] == "w"] == ["2022-06"]
    assert state.townhall.spent[0] == pytest.approx(10e6)


def test_works_rest_and_go_on(tmp_path: Path) -> None:
    one = plan(tmp_path, "  - {when: date >= 2022-03, then: {delay: w, by: 5 months}, times: 1}\n")
    done = [float(s.townhall.progress[0]) for _, s in histories(one, [0.0] * 28)]
    assert done[12:20] == pytest.approx([0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.3])
    assert done[-1] == 1.0


def test_what_is_built_stays_when_the_size_changes(tmp_path: Path) -> None:
    """Five of ten months built, then twice the size: a quarter of the new whole stands, and the rest costs what it costs."""
    one = plan(tmp_path, "  - {when: date >= 2022-06, then: {scale: w, to: 200%}, times: 1}\n")
    state = last(one, [0.0] * 18)
    assert state.townhall.scale[0] == 2.0
    assert state.townhall.progress[0] == pytest.approx(0.25 + 0.1)
    state = last(one, [0.0] * 40)
    assert state.townhall.spent[0] == pytest.approx(20e6)
    smaller = plan(tmp_path, "  - {when: date >= 2022-06, then: {scale: w, to: 20%}, times: 1}\n")
    state = last(smaller, [0.0] * 24)
    assert (state.townhall.scale[0], state.townhall.spent[0]) == pytest.approx((0.5, 5e6))


def test_soften_stop_replace_and_launch(tmp_path: Path) -> None:
    spare = "reserve:\n  - {id: spare, measure: bike_subsidy, start: 2021-01, amount: 100 €}\n"
    rules = (
        "  - {when: date >= 2021-03, then: {soften: p}, times: 1}\n"
        "  - {when: date >= 2021-10, then: {replace: p, with: spare}, times: 1}\n"
        "  - {when: date >= 2021-11, then: {stop: w}, times: 1}\n"
    )
    state = last(plan(tmp_path, rules, head=spare), [0.0] * 30)
    assert adapted(state) == [
        ("2021-03", "p", "size 50% of the roadmap's instead of 100%"), ("2021-10", "p", "withdrawn"),
        ("2021-10", "spare", "in the place of p, launched for 2021-10"), ("2021-11", "w", "withdrawn"),
    ]  # fmt: skip
    assert state.townhall.status.tolist() == [Status.STOPPED, Status.STOPPED, Status.IN_FORCE]


def test_changes_and_target_paths(tmp_path: Path) -> None:
    """First year at 100, target -12 % by the end of the third: 100 - 0.5 a month from December of the first year on. The second
    year stays at 100, so its rolling mean is 2 % above the path after four months."""
    head = "targets:\n  - {indicator: jobs, change: -12%, by: 2023-12}\n"
    one = plan(tmp_path, "  - {when: jobs > target path + 2%, then: {delay: w, by: 3 months}, times: 1}\n"
                         "  - {when: 'change(jobs, 12 months) > 1% or change(jobs, 2021) > 1%', then: {stop: p}}\n", head=head)  # fmt: skip
    state = last(one, [100.0] * 20)
    assert adapted(state) == [
        ("2022-05", "w", "works rest until 2022-08")
    ]  # 100 < 98.5 * 1.02, but 100 > 98 * 1.02 in April
    state = last(one, [100.0] * 15 + [102.0] * 5)
    assert [r[:2] for r in adapted(state)] == [("2022-05", "w"), ("2022-05", "p")]


# --- limits ---------------------------------------------------------------------------------------------------------


def test_opposing_rules_on_a_noisy_figure_do_not_flap(tmp_path: Path) -> None:
    """A figure that crosses the level each month for ten years: cool-down, re-arm level, yearly limits and the pause bound the acts."""
    rules = (
        "  - {when: jobs < 100 jobs, rearm: jobs > 110 jobs, then: {scale: p, to: 50%}, times: 50, per_year: 12, cooldown: 1 months}\n"
        "  - {when: jobs > 100 jobs, then: {scale: p, to: 150%}, times: 50, per_year: 12, cooldown: 1 months}\n"
    )
    jobs = [float(v) for v in np.where(np.arange(120) % 2, 95.0, 105.0)]
    state = last(plan(tmp_path, rules, end="2030-12"), jobs)
    assert 2 <= len(adapted(state)) <= 2  # neither is armed again: never above 110, never false for three months
    wild = [float(v) for v in np.where(np.arange(120) % 8 < 4, 80.0, 120.0)]
    state = last(plan(tmp_path, rules, end="2030-12"), wild)
    months = [12 * int(m[:4]) + int(m[5:]) for m, _, _ in adapted(state)]
    assert len(months) > 4
    assert min(np.diff(months)) >= Parameters()["adapt_pause"]


@settings(max_examples=40, deadline=None)
@given(jobs=st.lists(st.sampled_from([80.0, 99.0, 101.0, 120.0, math.nan]), min_size=60, max_size=60),
       cooldown=st.integers(0, 30), times=st.integers(1, 6), per_year=st.integers(1, 3))  # fmt: skip
def test_limits_hold_over_any_history(
    jobs: list[float], cooldown: int, times: int, per_year: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rules = "".join(
        f"  - {{id: r{k}, when: jobs {op} 100 jobs, cooldown: {cooldown} months, times: {times}, per_year: {per_year},"
        f" then: {act}}}\n"
        for k, (op, act) in enumerate(
            [("<", "{soften: p, to: 20%}"), (">", "{scale: p, to: 100%}"), ("<", "{delay: w}")]
        )
    )
    folder = tmp_path_factory.mktemp("r")
    state = last(plan(folder, rules), jobs)
    fired: dict[str, list[int]] = {}
    for r in journal(state):
        if r["event"] == "adapted":
            fired.setdefault(r["figures"]["rule"], []).append(12 * int(r["month"][:4]) + int(r["month"][5:]) - 1)
    everyone = [m // 12 for months in fired.values() for m in months]
    assert all(everyone.count(y) <= Parameters()["adapt_limit"] for y in everyone)
    for months in fired.values():
        assert len(months) <= times
        assert all(b - a >= cooldown for a, b in itertools.pairwise(months))
        assert all([m // 12 for m in months].count(y) <= per_year for y in {m // 12 for m in months})


def test_the_yearly_limit_of_all_rules_lets_the_heading_furthest_behind_go_first(tmp_path: Path) -> None:
    few = "parameters: {adapt_limit: 1}\ntargets:\n  - {indicator: jobs, change: +30%, by: 2023-12}\n"
    rules = "  - {when: date >= 2022-06, then: {soften: p}}\n  - {when: jobs < target path, then: {delay: w}}\n"
    town, state = alone(one := plan(tmp_path, rules, head=few), CITY)
    town = Municipality(town.model, CITY, one, Parameters({"adapt_limit": 1}))
    for _ in range(19):
        state.month += 1
        town.act(state)
        town.observe(state, lambda _: 100.0)
    assert [r[1] for r in adapted(state)] == ["w"]


# --- headings -------------------------------------------------------------------------------------------------------


def test_headings_that_pull_apart_are_said_once_with_their_figures(tmp_path: Path) -> None:
    head = "targets:\n  - {indicator: jobs, change: +12%, by: 2023-12}\n  - {indicator: co2_transport, change: -12%, by: 2023-12}\n"
    town, state = alone(scenario(tmp_path, f"{head}measures:\n{PRICE}", end="2026-12"), CITY)
    for month in range(24):
        state.month += 1
        town.act(state)
        town.observe(state, lambda name, month=month: 100.0 + (2.0 * max(0, month - 11) if name == "jobs" else 0.0))  # type: ignore[misc]
    rows = [r for r in journal(state) if r["event"] == "headings pull apart"]
    assert 1 <= len(rows) <= 2
    behind = rows[0]["figures"]["headings"]
    assert behind["co2_transport"]["behind"] > 0.01 > -0.01 > behind["jobs"]["behind"]
    assert "co2_transport goes first" in rows[0]["why"]


# --- whole worlds ---------------------------------------------------------------------------------------------------

BODY = """
measures:
  - {id: lez, measure: low_emission_zone, start: 2021-02, area: centre, vehicles: {2021-02: all}, bans: {2021-02: crit_air_3}}
  - {id: net, measure: cycle_network, start: 2021-03, months: 6, length: 12 km, capex: 2 M€}
"""
RULES = "adapt:\n  - {id: soft, when: date >= %s, then: [{soften: lez}, {scale: net, to: 150%%}], times: 1}\n"


def test_adaptive_and_fixed_are_the_same_city_until_the_first_firing(tmp_path: Path) -> None:
    fixed = lived(model(scenario(tmp_path, BODY), CITY), 8)
    never = model(scenario(tmp_path, BODY + RULES % "2031-01"), CITY)
    assert lived(never, 8).tobytes() == fixed.tobytes()
    soon = model(scenario(tmp_path, BODY + RULES % "2021-05"), CITY)
    found = lived(soon, 8)
    first = 4 + soon.scenario.start - soon.scenario.first_month  # May
    before = [i for i in range(8) if found[i].tobytes() == fixed[i].tobytes()]
    assert before == list(range(first))
    assert {r["month"] for r in journal(soon.state) if r["event"] == "adapted"} == {"2021-05"}


def test_a_reserve_that_nobody_launches_changes_nothing(tmp_path: Path) -> None:
    fixed = lived(model(scenario(tmp_path, BODY), CITY), 4)
    spare = "reserve:\n  - {id: s, measure: transit_fare, start: 2021-01, change: -50%, capex: 3 M€}\n"
    assert lived(model(scenario(tmp_path, spare + BODY), CITY), 4).tobytes() == fixed.tobytes()


def test_an_adapted_state_goes_on_to_the_bit_and_conserves(tmp_path: Path) -> None:
    one = scenario(tmp_path, "targets:\n  - {indicator: jobs, change: +3%, by: 2021-12}\n" + BODY + RULES % "2021-04")
    run = model(one, CITY)
    lived(run, 3)
    save_state(run.state, tmp_path / "s.npz")
    copied = run.state.copy()
    for _ in range(3):
        before = stocks(run.state)
        run.step()
        assert all(v < TOLERANCE for v in residuals(before, run.state).values())
    for state in (copied, load_state(tmp_path / "s.npz")):
        other = UrbanModel(one, CITY, state=state)
        lived(other, 3)
        assert same(other.state, run.state)
