"""Analyses against what is known: analytic indices, boxes put there, exact Shapley values, conjugate posteriors, definitions."""

from __future__ import annotations

import itertools
import json
import math
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import designs
from experiments.analyses import delta, page, prim
from experiments.analyses.attribution import _sampled, attribution
from experiments.analyses.discovery import discover
from experiments.analyses.ema import write_ema
from experiments.analyses.robustness import percentile, regrets, robustness
from experiments.analyses.sensitivity import sensitivity
from experiments.designs import Varied
from experiments.engines import Here
from experiments.frames import Sweep, load
from experiments.plan import Column, Plan, Result, Task
from experiments.runner import sweep
from sim.errors import InputError

pytest.importorskip("SALib")
pytest.importorskip("sklearn")


@dataclass(frozen=True)
class Formula:
    """A run whose final indicator is a formula of the parameters, the scenario and the seed."""

    formula: Callable[[Mapping[str, float], str, int], float]
    periods: tuple[str, ...] = ()

    def __call__(self, task: Task) -> Result:
        value = self.formula(task.parameters, task.scenario, task.seed)
        series = np.full((len(self.periods), 1), value) if self.periods else None
        return Result(np.array([value]), self.periods, series)


def made(
    path: Path, varied: list[Varied], kind: str, size: int, work: Formula, *, scenarios: tuple[str, ...] = ("plan",), replications: int = 1,
    direction: int = -1,
) -> Sweep:  # fmt: skip
    extra = {"levels": 4, "second_order": True}
    points = designs.points(kind, size, varied, 1, extra)
    ranges = {v.name: [v.low, v.high] for v in varied}
    plan = Plan(
        name="known",
        scenarios=scenarios,
        parameters=tuple(v.column for v in varied),
        points=points,
        columns=(Column("y", "t", "Y", direction),),
        replications=replications,
        design={"kind": kind, "size": size, **extra, "seed": 1, "ranges": ranges},
        facts={"scenarios": {}, "code": "c", "city": "t", "share": 1},
    )
    sweep(plan, work, path, Here())
    return load(path)


def ishigami(p: Mapping[str, float], _scenario: str, _seed: int) -> float:
    return math.sin(p["x1"]) + 7.0 * math.sin(p["x2"]) ** 2 + 0.1 * p["x3"] ** 4 * math.sin(p["x1"])


ANGLES = [Varied(n, "-", -math.pi, math.pi) for n in ("x1", "x2", "x3")]


def test_sobol_indices_of_ishigami(tmp_path: Path) -> None:
    """Ishigami and Homma (1990), a = 7, b = 0.1: variances in closed form."""
    a, b = 7.0, 0.1
    v1, v2, v13 = 0.5 * (1 + b * math.pi**4 / 5) ** 2, a**2 / 8, b**2 * math.pi**8 * (1 / 18 - 1 / 50)
    total = v1 + v2 + v13
    found = sensitivity(made(tmp_path / "s", ANGLES, "saltelli", 256, Formula(ishigami))).table.set_index(
        ["index", "parameter"]
    )["value"]
    for name, first, all_of_it in (("x1", v1, v1 + v13), ("x2", v2, v2), ("x3", 0.0, v13)):
        assert found["S1", name] == pytest.approx(first / total, abs=0.1)
        assert found["ST", name] == pytest.approx(all_of_it / total, abs=0.1)
    assert found["S2", "x1 x x3"] == pytest.approx(v13 / total, abs=0.2)


def test_elementary_effects_of_a_plane(tmp_path: Path) -> None:
    """Of a linear function they are its slopes times the ranges, without spread; by hand."""
    varied = [Varied("a", "€", 0.0, 2.0), Varied("b", "-", 10.0, 20.0), Varied("c", "-", 0.0, 1.0)]
    work = Formula(lambda p, *_: 3.0 * p["a"] - 0.5 * p["b"])
    found = sensitivity(made(tmp_path / "s", varied, "morris", 6, work)).table.set_index(["index", "parameter"])[
        "value"
    ]
    assert [found["mu*", n] for n in "abc"] == pytest.approx([6.0, 5.0, 0.0], abs=1e-9)
    assert [found["sigma", n] for n in "abc"] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_delta_orders_parameters(tmp_path: Path) -> None:
    varied = [Varied(n, "-", 0.0, 1.0) for n in "abc"]
    data = made(tmp_path / "s", varied, "lhs", 200, Formula(lambda p, *_: p["a"] ** 2 * 4.0 + p["b"]))
    answer = sensitivity(data)
    found = answer.table.set_index(["index", "parameter"])["value"]
    assert found["delta", "a"] > found["delta", "b"] > found["delta", "c"]
    assert answer.sentences[0].startswith("y is moved most by a")


def test_delta_beside_salib() -> None:
    """The plain estimator on the same points; SALib changes warnings and NumPy's generator, so both are put back."""
    from SALib.analyze import delta as salib

    x = np.random.default_rng(4).uniform(-math.pi, math.pi, (500, 3))
    y = np.array([ishigami({"x1": a, "x2": b, "x3": c}, "", 0) for a, b, c in x])
    edges = np.linspace(0, 500, delta.classes(500) + 1)
    grid = np.linspace(y.min(), y.max(), 100)
    theirs = [salib.calc_delta(y, grid, x[:, k], edges) for k in range(3)]
    np.testing.assert_allclose([delta.delta(y, grid, x[:, k], edges) for k in range(3)], theirs, rtol=1e-12)


def test_a_hole_in_a_saltelli_design_is_said(tmp_path: Path) -> None:
    def sometimes(p: Mapping[str, float], *_: Any) -> float:
        if p["x1"] > 3.0:
            raise ArithmeticError("no")
        return p["x1"]

    data = made(tmp_path / "s", ANGLES, "saltelli", 16, Formula(sometimes))
    with pytest.raises(InputError, match="points without a finished run"):
        sensitivity(data)


# --- discovery ------------------------------------------------------------------------------------------------------

UNIFORM = [Varied("fuel_price", "€/l", 1.2, 2.2), Varied("telework", "-", 0.0, 0.4), Varied("noise", "-", 0.0, 1.0)]


def missed(p: Mapping[str, float], *_: Any) -> float:
    return 1.0 if p["fuel_price"] < 1.45 and p["telework"] < 0.12 else 0.0


def test_a_box_that_was_put_there_is_found(tmp_path: Path) -> None:
    data = made(tmp_path / "s", UNIFORM, "sobol", 512, Formula(missed))
    answer = discover(data, "y > 0.5")
    limits = answer.table.set_index("parameter")
    assert set(limits.index[limits["quasi_p"] < 0.05]) == {"fuel_price", "telework"}
    assert limits.loc["fuel_price", "limit"] == pytest.approx(1.45, abs=0.02)
    assert limits.loc["telework", "limit"] == pytest.approx(0.12, abs=0.01)
    assert (limits["side"] == "<=").all()
    assert "y > 0.5 when" in answer.sentences[0]
    assert "fuel_price < 1.4" in answer.sentences[0]
    leaves = answer.extra["Leaves of the tree"]
    assert leaves["share of interest"].iloc[0] == 1.0
    assert leaves["points"].sum() == 512


def test_prim_beside_the_ema_workbench() -> None:
    """Peels of ema_workbench 2.5.3 (Prim, peel_alpha 0.05, threshold 0.8) on the same 1,000 points; see the file for how it was made."""
    case = json.loads((Path(__file__).parent / "prim_ema.json").read_text("utf-8"))
    rng = np.random.default_rng(case["seed"])
    x = rng.random((case["points"], 3))
    cases = (x[:, 0] < 0.4) & (x[:, 1] > 0.7) & (rng.random(case["points"]) < 0.9)
    theirs = case["best"]

    def mean(density: float, coverage: float) -> float:
        return 2.0 * density * coverage / (density + coverage)

    mine = max(prim.trajectory(x, cases), key=lambda box: mean(box.density, box.coverage))
    assert mean(mine.density, mine.coverage) >= mean(theirs["density"], theirs["coverage"]) - 0.01
    assert mine.high[0] == pytest.approx(theirs["high"][0], abs=0.05)
    assert mine.low[1] == pytest.approx(theirs["low"][1], abs=0.05)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 120))
def test_boxes_are_what_they_say(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.round(rng.random((n, 3)), 1)  # many ties
    cases = rng.random(n) < 0.2 + 0.6 * (x[:, 0] > 0.6)
    if not cases.any():
        return
    boxes = prim.trajectory(x, cases)
    for box in boxes:
        inside = ((x >= box.low) & (x <= box.high)).all(axis=1)
        assert box.density == cases[inside].mean()
        assert box.coverage == cases[inside].sum() / cases.sum()
        assert box.mass >= 0.05 or box is boxes[0]
    assert boxes[0].coverage == 1.0
    assert prim.best(boxes).density >= boxes[0].density


def test_one_of_two_boxes_is_found_though_no_first_peel_helps() -> None:
    """Cases of interest in two corners: peeling goes on where density stands still."""
    x = np.random.default_rng(2).random((800, 3))
    cases = ((x[:, 0] < 0.3) & (x[:, 1] < 0.3)) | (x[:, 2] > 0.92)
    box = prim.best(prim.trajectory(x, cases))
    assert box.density > 0.9
    assert box.coverage > 0.35


def test_a_condition_that_cannot_be_met(tmp_path: Path) -> None:
    data = made(tmp_path / "s", UNIFORM, "lhs", 40, Formula(missed))
    for where, message in (
        ("y > 9", "at least 5 points meet"),
        ("z > 1", "one of y"),
        ("y = 1", "INDICATOR < NUMBER"),
        (None, "without headings"),
    ):
        with pytest.raises(InputError, match=message):
            discover(data, where)


def test_the_ema_workbenchs_format(tmp_path: Path) -> None:
    """Read back as its load_results does: metadata, experiments with their types, one value a run for each outcome."""
    data = made(tmp_path / "s", UNIFORM, "lhs", 40, Formula(missed), scenarios=("plan", "baseline"))
    with tarfile.open(write_ema(data, tmp_path / "runs.tar.gz"), "r:gz") as archive:

        def content(name: str) -> Any:
            file = archive.extractfile(name)
            assert file is not None
            return file

        metadata = json.load(content("metadata.json"))
        experiments = pd.read_csv(content("experiments.csv"))
        ((kind, name, file),) = metadata["outcomes"]
        values = pd.read_csv(content(file), index_col=False, header=None).to_numpy().ravel()
    assert (kind, name) == ("ScalarOutcome", "y")
    np.testing.assert_array_equal(values, data.runs["y"])
    for column, dtype in metadata["experiments"].items():
        experiments[column].astype(dtype)
    assert set(experiments["policy"]) == {"plan", "baseline"}


# --- robustness -----------------------------------------------------------------------------------------------------


def test_regret_by_hand() -> None:
    values = np.array([[3.0, 5.0, 9.0], [4.0, 4.0, 4.0]])
    np.testing.assert_array_equal(regrets(values, -1), [[0, 1, 5], [1, 0, 0]])
    np.testing.assert_array_equal(regrets(values, 1), [[1, 0, 0], [0, 1, 5]])
    many = np.arange(101.0)
    assert (percentile(many, -1), percentile(many, 1)) == pytest.approx((90.0, 10.0))


def test_the_safe_roadmap_has_less_regret(tmp_path: Path) -> None:
    """One is good when x is small and terrible else, one always middling: figures by hand over a grid of 11 futures."""
    varied = [Varied("x", "-", 0.0, 1.0, steps=11)]
    work = Formula(lambda p, s, _: 10.0 * p["x"] if s == "bold" else 4.0)
    data = made(tmp_path / "s", varied, "grid", 0, work, scenarios=("bold", "safe"))
    answer = robustness(data, limits=["y < 4.5"])
    table = answer.table.set_index("scenario")
    assert table["max regret"].tolist() == [6.0, 4.0]
    assert table["satisficing"].tolist() == [pytest.approx(5 / 11), 1.0]
    assert table["percentile"].tolist() == [pytest.approx(9.0), 4.0]
    assert "safe is never further from the best than 4" in answer.sentences[0]
    assert table["± mean regret"].isna().all()


def test_the_band_of_regret_over_seeds_by_hand(tmp_path: Path) -> None:
    """Regrets of 1.5, 2 and 2.5 with seeds 1 to 3: 2 ± t(0.975, 2) 0.5 / sqrt(3), with t = 4.302653 (tables of Student's t)."""
    varied = [Varied("x", "-", 0.0, 1.0, steps=3)]
    work = Formula(lambda p, s, seed: p["x"] + (1.0 + 0.5 * seed if s == "bold" else 0.0))
    table = robustness(made(tmp_path / "s", varied, "grid", 0, work, scenarios=("bold", "safe"), replications=3)).table
    bold, safe = table.set_index("scenario").loc[["bold", "safe"], ["mean regret", "± mean regret"]].to_numpy().tolist()
    assert bold == pytest.approx([2.0, 4.302653 * 0.5 / 3**0.5], rel=1e-6)
    assert safe == [0.0, 0.0]


def test_rounding_is_not_taken_for_movement(tmp_path: Path) -> None:
    work = Formula(lambda p, _s, seed: 1e6 + 1e-7 * p["x"] * seed)
    data = made(tmp_path / "s", [Varied("x", "-", 0.0, 1.0, steps=25)], "grid", 0, work)
    assert sensitivity(data, ["y"]).sentences == ["y: no parameter moves it"]


# --- attribution ----------------------------------------------------------------------------------------------------

GAINS = {"a": 5.0, "b": -2.0, "c": 1.0, "d": 0.0}


def worth(members: set[str]) -> float:
    """A game with a synergy of a and b, and one of three."""
    return sum(GAINS[m] for m in members) + 3.0 * ({"a", "b"} <= members) - 4.0 * ({"b", "c", "d"} <= members)


def exact_shapley(player: str) -> float:
    """The definition: mean over all orders."""
    gains = []
    for order in itertools.permutations(GAINS):
        before = set(order[: order.index(player)])
        gains.append(worth(before | {player}) - worth(before))
    return float(np.mean(gains))


def game(p: Mapping[str, float], _scenario: str, seed: int) -> float:
    return 100.0 + worth({m for m in GAINS if p[f"{m}.on"]}) + 0.25 * seed


SWITCHES = [Varied(f"{m}.on", "0 or 1", 0.0, 1.0, values=(0.0, 1.0)) for m in GAINS]


def test_shapley_by_all_coalitions(tmp_path: Path) -> None:
    data = made(tmp_path / "s", SWITCHES, "attribution", 400, Formula(game), replications=2)
    assert len(data.plan.points) == 16
    table = attribution(data, ["y"]).table.set_index("measure")
    for name, row in table.iterrows():
        assert row["shapley"] == pytest.approx(exact_shapley(str(name)), abs=max(0.15, 2 * row["shapley ±"]))
        assert row["alone"] == GAINS[str(name)]
    assert table["last"].tolist() == [8.0, -3.0, -3.0, -4.0]
    np.testing.assert_allclose(table["synergy"], table["last"] - table["alone"], atol=1e-12)
    assert table["shapley"].sum() == pytest.approx(worth(set(GAINS)), abs=1e-9)  # efficiency, whatever the sample
    assert (table["alone ±"] == 0.0).all()  # the seed's part cancels in paired differences


def test_a_band_is_that_of_the_source_that_varies() -> None:
    """All orders agree, seeds give 1, 2 and 3: 2 ± t(0.975, 2) / sqrt(3), with t = 4.302653, whatever the number of orders."""
    mean, half = _sampled(np.tile([1.0, 2.0, 3.0], (4, 1)))
    assert (mean, half) == pytest.approx((2.0, 4.302653 / 3**0.5), rel=1e-6)


def test_few_orders_still_sum_to_the_whole(tmp_path: Path) -> None:
    data = made(tmp_path / "s", SWITCHES, "attribution", 2, Formula(game))
    table = attribution(data, ["y"]).table
    assert table["shapley"].sum() == pytest.approx(worth(set(GAINS)), abs=1e-9)
    assert table["alone ±"].isna().all()


def test_more_orders_keep_the_points_there_are() -> None:
    few, many = (designs.points("attribution", n, SWITCHES, 3, {}) for n in (2, 6))
    assert {tuple(r) for r in few} <= {tuple(r) for r in many}


# --- pages ----------------------------------------------------------------------------------------------------------


def test_a_page_opens_offline(tmp_path: Path) -> None:
    varied = [replace(UNIFORM[0], name="fuel_price"), *UNIFORM[1:]]
    data = made(
        tmp_path / "s",
        varied,
        "lhs",
        64,
        Formula(lambda p, s, _: missed(p) + p["noise"] + (s == "plan")),
        scenarios=("plan", "baseline"),
    )
    answers = [sensitivity(data), discover(data, "y > 1.5"), robustness(data)]
    text = page.write(tmp_path / "page.html", data, answers).read_text("utf-8")
    assert text.count("<svg") == 3
    assert "http://" not in text.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )
    assert "https://" not in text.replace("https://matplotlib.org", "")
    assert "<script" not in text
    assert "[€/l]" in text
