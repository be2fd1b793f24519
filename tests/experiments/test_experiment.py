"""Experiment files: the short form works as it stands; every fault is said once, at its place, all at once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from experiments.designs import Varied, coalitions, count, nested_hypercube, orders, points
from experiments.experiment import Experiment, load_experiment, plan_of, schema
from experiments.variants import Patch, patch_of, patched_text, read_roadmap, variant
from sim import load_scenario, parse_month
from sim.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
ROADMAP = "scenarios/toulouse_2021_2026.yaml"

#: As in the issue that asked for it.
PLAIN = """\
name: fuel and telework
scenarios: [scenarios/toulouse_2021_2026.yaml]
share: 0.02          # overrides of the scenario: share, start, end
end: 2022-12
parameters: {fuel_price: {values: [1.4, 1.7, 2.0]}, telework_share: {range: [0.1, 0.4]}}
design: {lhs: 40}    # grid by default
replications: 6
"""
HEAD = f"name: x\nscenarios: [{ROADMAP}]\n"


def load(folder: Path, text: str) -> Experiment:
    path = folder / "experiment.yaml"
    path.write_text(text, "utf-8")
    return load_experiment(path)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as raised:
        load(folder, text)
    return [str(f).removeprefix(f"{folder}/experiment.yaml:") for f in raised.value.faults]


def test_the_plain_form(tmp_path: Path) -> None:
    e = load(tmp_path, PLAIN)
    assert (list(e.scenarios), e.point_count, e.replications) == (["toulouse_2021_2026"], 40, 6)
    (scenario,) = e.scenarios.values()
    assert (scenario.share, scenario.end) == (0.02, parse_month("2022-12"))
    assert scenario.targets == ()  # by 2026-12: outside these months
    plan = plan_of(e, "city")
    assert plan.runs == 240
    assert [p.unit for p in plan.parameters] == ["€/l", "-"]
    assert set(plan.points[:, 0]) == {1.4, 1.7, 2.0}
    counts = np.unique(plan.points[:, 0], return_counts=True)[1]
    assert counts.max() - counts.min() <= 1  # a Latin hypercube: each third of the unit interval has its share
    assert 0.1 <= plan.points[:, 1].min() < 0.12
    assert plan.set_names == ("fuel_price", "telework_share_set")  # telework_share is an indicator, too


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios" / "experiments").glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_experiments_are_in_order(path: Path) -> None:
    assert load_experiment(path).point_count >= 1


def test_all_faults_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        f"name: x\nscenarios: [{ROADMAP}, nowhere.yaml]\nreplication: 6\nshare: 2\n"
        "parameters: {fuel_pric: {values: [1]}, telework_share: {range: [0.4, 0.1]}, value_of_time_work: {values: [1]}}\n"
        "design: {lhc: 4}\nindicators: [job]\n",
    )
    assert [f.split(":")[0] for f in found] == ["2", "3", "4", "5", "5", "5", "6", "7"]
    assert "Did you mean 'replications'?" in found[1]
    assert "Did you mean 'fuel_price'?" in found[3]
    assert "the lower end first" in found[4]
    assert "a number from 9 to 17 in €/h" in found[5]
    assert "Did you mean 'lhs'?" in found[6]
    assert "Did you mean 'jobs'?" in found[7]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\n", "1:1: scenarios: found nothing"),
        ("name: x\nscenarios: []\n", "scenarios: found a list"),
        ("name: x\nscenarios: [baseline]\n", "baseline before any roadmap"),
        (f"name: x\nscenarios: [{ROADMAP}, {ROADMAP}]\n", "'toulouse_2021_2026' twice"),
        (HEAD + "parameters: {fuel_price: {range: [1.4, 2]}}\n", "a range on a grid"),
        (HEAD + "parameters: {fuel_price: {values: [1.4], range: [1.4, 2]}}\n", "values and range"),
        (HEAD + "parameters: {fuel_price: {values: [1.4, 1.4]}}\n", "a value twice"),
        (HEAD + "parameters: {fuel_price: {distribution: normal}}\ndesign: {lhs: 3}\n", "normal with no figure"),
        (HEAD + "parameters: {fuel_price: {distribution: normal, mean: 1.5, sd: 0}}\ndesign: {lhs: 3}\n", "a standard deviation above 0"),
        (HEAD + "parameters: {fuel_price: {distribution: triangular, mode: 2.3, range: [1.3, 2]}}\ndesign: {lhs: 3}\n", "a mode within"),
        (HEAD + "parameters: {fuel_price: {distribution: loguniorm}}\ndesign: {lhs: 3}\n", "Did you mean 'loguniform'?"),
        (HEAD + "parameters: {fuel_price: }\ndesign: {sobol: 100}\n", "a power of two, such as 64 or 128"),
        (HEAD + "parameters: {fuel_price: }\ndesign: {lhs: 4, levels: 4}\n", "levels only with morris"),
        (HEAD + "design: {lhs: 4}\n", "lhs with nothing to vary"),
        (HEAD + "parameters: {fuel_price: }\ndesign: {csv: none.csv}\n", "a CSV file, here or beside the experiment"),
        (HEAD + "parameters: {lez.complience: }\ndesign: {lhs: 4}\n", "Did you mean 'compliance'?"),
        (HEAD + "parameters: {lex.start: }\ndesign: {lhs: 4}\n", "Did you mean 'lez'?"),
        (HEAD + "parameters: {lez.area: }\ndesign: {lhs: 4}\n", "one of on, start"),
        (HEAD + "start: 2022-06\n", "a month after the start of"),
        (HEAD + "end: 2020-06\n", "an end before the start"),
        (HEAD + "grain: [yearly, monthly]\n", "one of both"),
        (HEAD + "parameters: {fuel_price: {range: [1.3, 2], steps: 5000}, telework_share: {range: [0.1, 0.2], steps: 5000}}\n", "25,000,"),
        (HEAD + "parameters: {fuel_price: }\ndesign: {attribution: 4}\n", "ITEM.on of measures"),
        (HEAD + "search: {objectives: [jobs]}\n", "at least two"),
        (HEAD + "search: {objectives: [co2_transport, population], decisions: {lez.on: }}\n", "neither better nor worse"),
        (HEAD + "search: {objectives: [co2_transport, jobs], decisions: {fuel_price: }}\n", "what is uncertain stands under parameters"),
        (HEAD + "search: {objectives: [co2_transport, jobs]}\n", "fields of the roadmap"),
    ],
)  # fmt: skip
def test_one_fault_one_message(tmp_path: Path, text: str, message: str) -> None:
    found = faults(tmp_path, text)
    assert len(found) == 1
    assert message in found[0]


def test_variants_are_checked_like_roadmaps(tmp_path: Path) -> None:
    text = (
        f"name: x\nscenarios:\n  - {ROADMAP}\n  - {{name: a, without: [lezz]}}\n  - {{name: b, change: {{lez: {{compliance: 900%}}}}}}\n"
        "  - {name: c, ad: []}\n  - {without: [lez]}\n"
    )
    found = faults(tmp_path, text)
    assert [f.split(":")[0] for f in found] == ["4", "5", "6", "7"]
    assert "Did you mean 'lez'?" in found[0]
    assert "900%" in found[1]
    assert "Did you mean 'add'?" in found[2]
    assert "a name for the variant" in found[3]


def test_variants_of_a_roadmap(tmp_path: Path) -> None:
    e = load(
        tmp_path,
        f"name: x\nscenarios:\n  - {ROADMAP}\n  - baseline\n  - {{name: no zone, without: lez}}\n  - {{name: nothing planned, only: []}}\n"
        "  - {name: more, change: {lez: {compliance: 70%, start: 2021-06}},\n"
        "     add: [{id: extra, measure: parking_price, start: 2021-03, price: 2 €/h}]}\n",
    )
    ids = {name: [m.id for m in s.measures] for name, s in e.scenarios.items()}
    plan = ids["toulouse_2021_2026"]
    assert ids["no zone"] == [i for i in plan if i != "lez"]
    assert ids["nothing planned"] == ids["baseline"] == ["teleo"]
    assert ids["more"] == [*plan, "extra"]
    lez = next(m for m in e.scenarios["more"].measures if m.id == "lez")
    assert (lez.measure.compliance, lez.start) == (pytest.approx(0.7), parse_month("2021-06"))  # type: ignore[attr-defined]


def test_an_empty_patch_is_the_roadmap_and_comments_stay(tmp_path: Path) -> None:
    roadmap = read_roadmap(ROOT / ROADMAP)
    text = patched_text(roadmap, Patch())
    again = load_scenario(ROOT / ROADMAP, text=text)
    assert again.resolved() == roadmap.scenario.resolved()
    assert "# Cycle express network: 370 km" in text
    assert variant(roadmap, Patch()) is roadmap.scenario
    (tmp_path / "a.yaml").write_text(
        patched_text(roadmap, Patch(without=("lez",), change={"parking": {"price": "1 €/h"}})), "utf-8"
    )
    changed = load_scenario(tmp_path / "a.yaml")
    assert "lez" not in [m.id for m in changed.measures]


def test_decisions_become_a_patch() -> None:
    roadmap = read_roadmap(ROOT / ROADMAP)
    patch = patch_of(
        roadmap, {"lez.on": 0.0, "lez.compliance": 0.5, "parking.price": 1.25, "parking.start": parse_month("2023-04")}
    )
    assert patch.without == ("lez",)
    assert patch.change == {"parking": {"price": "1.25 €/h", "start": "2023-04"}}
    scenario = variant(roadmap, patch)
    parking = next(m for m in scenario.measures if m.id == "parking")
    assert (parking.start, parking.measure.price) == (parse_month("2023-04"), 1.25)  # type: ignore[attr-defined]


def test_what_waits_for_a_measure_that_is_gone_goes_too(tmp_path: Path) -> None:
    body = "measures: [{id: a, measure: parking_price, start: 2021-02, price: 1 €/h}, " \
        "{id: b, measure: bike_subsidy, start: 2021-03, amount: 100 €, depends_on: a}]\n"  # fmt: skip
    (tmp_path / "r.yaml").write_text(f"name: r\nstart: 2021-01\nend: 2021-12\n{body}", "utf-8")
    assert patch_of(read_roadmap(tmp_path / "r.yaml"), {"a.on": 0.0, "b.amount": 200.0}).without == ("a", "b")


def test_headings_against_a_run_of_itself_are_columns(tmp_path: Path) -> None:
    e = load(tmp_path, HEAD + "indicators: jobs\n")
    assert [c.name for c in plan_of(e, "c").columns] == [
        "jobs",
        "heading_co2_transport",
        "heading_co2_buildings",
        "heading_jobs",
    ]


def test_attribution_takes_all_measures(tmp_path: Path) -> None:
    e = load(tmp_path, HEAD + "design: {attribution: 2}\n")
    planned = [m.id for m in e.scenarios["toulouse_2021_2026"].measures if not m.committed]
    assert [p.name for p in e.varied] == [f"{i}.on" for i in planned]
    assert len(plan_of(e, "c").points) <= e.point_count


def test_the_schema_is_json_and_knows_the_keys() -> None:
    found = json.loads(json.dumps(schema()))
    used = YAML(typ="safe", pure=True).load(PLAIN)
    assert set(used) <= set(found["properties"])
    assert found["required"] == ["name"]


# --- designs --------------------------------------------------------------------------------------------------------

AB = [Varied("a", "-", 0.0, 1.0, steps=3), Varied("b", "-", 10.0, 20.0, steps=2)]


def test_a_grid_is_every_combination() -> None:
    assert points("grid", 0, AB, 1, {}).tolist() == [[0, 10], [0, 20], [0.5, 10], [0.5, 20], [1, 10], [1, 20]]


@pytest.mark.parametrize("kind", ["lhs", "sobol", "saltelli", "morris"])
def test_designs_have_the_points_they_say(kind: str) -> None:
    extra = {"levels": 4, "second_order": True}
    made = points(kind, 8, AB, 5, extra)
    assert len(made) == count(kind, 8, AB, extra)
    assert (made >= [0, 10]).all()
    assert (made <= [1, 20]).all()
    np.testing.assert_array_equal(made, points(kind, 8, AB, 5, extra))


@pytest.mark.parametrize("kind", ["lhs", "sobol", "saltelli"])
def test_these_grow_without_losing_points(kind: str) -> None:
    extra = {"levels": 4, "second_order": True}
    small, big = (points(kind, n, AB, 5, extra) for n in (8, 16))
    assert {tuple(r) for r in small} <= {tuple(r) for r in big}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.integers(1, 6), st.integers(0, 50))
def test_a_hypercube_is_one_at_every_size(size: int, k: int, seed: int) -> None:
    """Every interval of every dimension has one point: the definition of a Latin hypercube; twice the size holds all of them."""
    made = nested_hypercube(size, k, seed)
    places = np.sort((made * size).astype(np.int64), axis=0)
    np.testing.assert_array_equal(places, np.repeat(np.arange(size)[:, None], k, axis=1))
    np.testing.assert_array_equal(nested_hypercube(2 * size, k, seed)[:size], made)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["uniform", "loguniform", "triangular", "normal"]), st.floats(0.5, 5.0), st.floats(0.1, 5.0))
def test_distributions_stay_in_their_range_and_grow(kind: str, low: float, width: float) -> None:
    shape = {
        "triangular": (("mode", low + 0.3 * width),),
        "normal": (("mean", low + 0.5 * width), ("sd", width / 3)),
    }.get(kind, ())
    v = Varied("a", "-", low, low + width, distribution=kind, shape=shape)
    values = v.at(np.linspace(0.0, 1.0, 101))
    assert values[0] == pytest.approx(low)
    assert values[-1] == pytest.approx(low + width)
    assert (np.diff(values) >= 0).all()


def test_whole_numbers_have_equal_shares() -> None:
    v = Varied("m", "months", 3.0, 6.0, whole=True)
    assert np.unique(v.at((np.arange(400) + 0.5) / 400), return_counts=True)[1].tolist() == [100] * 4


def test_points_from_a_table(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("telework_share,fuel_price\n0.2,1.5\n0.3,1.6\n")
    e = load(tmp_path, HEAD + "parameters: {fuel_price: , telework_share: }\ndesign: {csv: p.csv}\n")
    assert plan_of(e, "c").points.tolist() == [[1.5, 0.2], [1.6, 0.3]]
    (tmp_path / "p.csv").write_text("telework_shar,fuel_price\n0.2,1.5\n")
    assert len(faults(tmp_path, HEAD + "parameters: {fuel_price: , telework_share: }\ndesign: {csv: p.csv}\n")) == 2
    (tmp_path / "p.csv").write_text("telework_share,fuel_price\n0.9,many\n0.2\n")
    found = faults(tmp_path, HEAD + "parameters: {fuel_price: , telework_share: }\ndesign: {csv: p.csv}\n")
    assert len(found) == 3
    assert all("p.csv:" in f for f in found)


def test_coalitions_hold_what_attribution_asks_for() -> None:
    found = coalitions(orders(5, 3, 1))
    assert {tuple(r) for r in np.eye(5)} | {tuple(r) for r in 1 - np.eye(5)} <= {tuple(r) for r in found}
    assert len({tuple(r) for r in found}) == len(found)
    np.testing.assert_array_equal(orders(5, 2, 1)[1], orders(5, 2, 1)[0][::-1])
