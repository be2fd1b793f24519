"""Rules in a file: what the grammar says is read and written back, everything else is one fault with its place, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import Fault, InputError
from sim.live.plan import dump, plain
from sim.scenario.conditions import Condition, Names, UnreadableError, parse_condition
from sim.scenario.load import Scenario, load_scenario

NAMES = Names({"jobs": "jobs", "share_car": "%", "debt": "€", "grid_voltage": "pu", "digital_maturity": "-"}, ["lez", "walk and ride"],
              paths=["jobs"], bodies=["region"], elections=True)  # fmt: skip
HEAD = """name: n
start: 2021-01
end: 2022-12
targets: [{indicator: jobs, change: +3%, by: 2022-12}]
measures:
  - {id: lez, measure: low_emission_zone, start: 2021-03, vehicles: {2021-03: all}, bans: {2021-03: crit_air_5}}
  - {id: calm, measure: speed_limit, start: 2021-03, speed: 30 km/h}
reserve:
  - {id: spare, measure: bike_subsidy, start: 2021-03, amount: 100 €}
adapt:
"""


def read(rules: str) -> Scenario:
    """The scenario of some rules."""
    return load_scenario(Path("s.yaml"), text=HEAD + rules)


# --- the grammar, generated from its own description -----------------------------------------------------------------

_CLAUSES = st.one_of(
    st.tuples(st.just("jobs"), st.sampled_from(["90 jobs", "1 200 jobs", "target path", "target path + 2%", "target path - 0.5 %"])),
    st.tuples(st.just("share_car"), st.sampled_from(["40%", "40 %", "1e1 %"])),
    st.tuples(st.just("debt"), st.sampled_from(["7 €", "7 M€", "1.5 G€"])),
    st.tuples(st.just("digital_maturity"), st.sampled_from(["0.5", "-1"])),
    st.tuples(st.sampled_from(["change(jobs)", "change(jobs, 2022)", "change( share_car ,12 months )"]), st.sampled_from(["-3%", "5 %"])),
    st.tuples(st.sampled_from(["support(lez)", "support(walk and ride)"]), st.just("35%")),
    st.tuples(st.just("protest(lez)"), st.just("5000 persons")),
    st.tuples(st.sampled_from(["late(lez)", "months_to_election", "months_since_election"]), st.sampled_from(["1 month", "6 months"])),
    st.tuples(st.sampled_from(["budget_left", "budget_left(region)", "debt_left"]), st.just("20 M€")),
    st.tuples(st.just("date"), st.just("2023-06")),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_CLAUSES, st.sampled_from(["<", "<=", ">", ">="]), st.integers(0, 120), st.sampled_from(["and", "or"])),
                min_size=1, max_size=5))  # fmt: skip
def test_every_sentence_of_the_grammar_is_read(parts: list[tuple[tuple[str, str], str, int, str]]) -> None:
    text = ""
    for (reading, bound), operator, months, word in parts:
        text += (
            (f" {word} " if text else "")
            + f"{reading} {operator} {bound}"
            + (f" for {months} months" if months else "")
        )
    found = parse_condition(text, NAMES)
    assert [c.months for c in found.clauses] == [max(1, p[2]) for p in parts]
    assert [c.operator for c in found.clauses] == [p[1] for p in parts]
    assert len(found.any_of) == 1 + sum(p[3] == "or" for p in parts[1:])
    assert parse_condition(found.text, NAMES) == found


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="jobs<>=()% andor0123456789M€-targetpathfor,", max_size=60))
def test_anything_else_is_one_fault(text: str) -> None:
    found: Condition | UnreadableError
    try:
        found = parse_condition(text, NAMES)
    except UnreadableError as error:
        found = error
    assert isinstance(found, Condition) or (found.found and found.allowed)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_rules_corrupted_at_random_give_faults_with_a_place(data: st.DataObject) -> None:
    rules = (
        "  - {id: a, when: jobs > target path for 6 months, then: {advance: lez, by: 6 months}}\n"
        "  - {when: 'change(jobs, 12 months) < -3%', rearm: jobs > 5 jobs, cooldown: 6 months, then: [{soften: lez}, {launch: spare}]}\n"
        "  - {when: date >= 2021-06 or support(lez) < 35%, times: 2, then: {replace: calm, with: spare}}\n"
    )
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(rules)))
        new = data.draw(
            st.sampled_from(
                ["", "x", "(", ")", "%", "{", "}", "[]", "null", ": ", ", ", "6 months", "<", "or", "lez", "1e999"]
            )
        )
        rules = rules[:at] + new + rules[at + data.draw(st.integers(0, 6)) :]
    faults: tuple[Fault, ...] = ()
    try:
        read(rules)
    except InputError as error:
        faults = error.faults
    assert all(f.where.startswith("s.yaml:") and f.allowed for f in faults)


@pytest.mark.parametrize(
    ("rule", "place", "what"),
    [
        ("{when: suport(lez) < 35%, then: {soften: lez}}", "11:12", "Did you mean 'support'"),
        ("{when: support(lezz) < 35%, then: {soften: lez}}", "11:12", "Did you mean 'lez'"),
        ("{when: support(lez) < 35, then: {soften: lez}}", "11:12", "a share such as 35%"),
        ("{when: job > 3 jobs, then: {soften: lez}}", "11:12", "Did you mean 'jobs'"),
        ("{when: jobs > 3 persons, then: {soften: lez}}", "11:12", "a number in jobs"),
        ("{when: jobs 3 jobs, then: {soften: lez}}", "11:12", "a comparison"),
        ("{when: jobs > 3 jobs for 0 months, then: {soften: lez}}", "11:12", "for 1 to 120 months"),
        ("{when: co2_transport > target path, then: {soften: lez}}", "11:12", "only for an indicator with a target"),
        ("{when: months_to_election < 6 months, then: {stop: lez}}", "11:12", "elections:"),
        ("{when: budget_left(region) < 6 M€, then: {stop: lez}}", "11:12", "a body named under bodies"),
        ("{when: jobs > 3 jobs, then: {soften: calm}}", "11:42", "a speed_limit can be delayed"),
        ("{when: jobs > 3 jobs, then: {sofen: lez}}", "11:33", "Did you mean 'soften'"),
        ("{when: jobs > 3 jobs, then: {soften: lez, stop: lez}}", "11:33", "one act"),
        ("{when: jobs > 3 jobs, then: {advance: lez, by: 6}}", "11:52", "with its unit"),
        ("{when: jobs > 3 jobs, then: {scale: lez}}", "11:33", "nothing"),
        ("{when: jobs > 3 jobs, then: {launch: lez}}", "11:42", "a measure of the reserve"),
        ("{when: jobs > 3 jobs, then: {replace: lez, with: calm}}", "11:54", "a measure of the reserve"),
        ("{when: jobs > 3 jobs, then: []}", "11:33", "1 to 8"),
        ("{when: jobs > 3 jobs}", "11:5", "an act"),
        ("{then: {stop: lez}}", "11:5", "a condition in quotes"),
        ("{when: jobs > 3 jobs, then: {stop: lez}, tims: 2}", "11:46", "Did you mean 'times'"),
    ],
)
def test_each_fault_has_its_place_and_says_what_would_be_right(rule: str, place: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        read(f"  - {rule}\n")
    assert len(caught.value.faults) == 1, str(caught.value)
    assert caught.value.faults[0].where == f"s.yaml:{place}"
    assert what in str(caught.value)


@pytest.mark.parametrize("funding", ["", ", funding: {metropole: 100%}", ", funding: {city: 20%, state: 80%}"])
def test_what_is_resolved_reads_back_to_the_same(funding: str, tmp_path: Path) -> None:
    rules = (
        "  - {id: a, when: jobs > target path + 2% for 6 months, rearm: jobs < 9 jobs, then: [{advance: lez}, {scale: lez, to: 150%}]}\n"
        "  - {when: date >= 2021-06, times: 2, then: [{replace: calm, with: spare}, {launch: spare, in: 2 months}]}\n"
    )
    bodies = "bodies: {region: {rate: 30%, years: 2021, veto: [speed_limit], consent_from: 40%}, city: {}}\n"
    payer = HEAD.replace("amount: 100 €", f"amount: 100 €, payer: city, unfunded: wait{funding}")
    one = load_scenario(tmp_path / "s.yaml", text=bodies + payer + rules)
    again = load_scenario(tmp_path / "s.yaml", text=dump(plain(one)))
    assert again.resolved() == one.resolved()
    assert (again.adapt, again.bodies) == (one.adapt, one.bodies)
    assert [m.funding for m in again.measures] == [m.funding for m in one.measures]


def test_rules_without_a_reserve_or_bodies_and_the_baseline_hold_none() -> None:
    one = read("  - {when: jobs > 3 jobs, then: {stop: lez}}\n")
    assert [r.id for r in one.adapt] == ["rule-1"]
    base = one.without_measures()
    assert (base.adapt, base.measures) == ((), ())
