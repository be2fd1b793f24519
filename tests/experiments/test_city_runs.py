"""Sweeps of the real model on the tiny city: a run of a sweep is the run that the model gives, and the commands work end to end."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.city import CityWork, margin
from experiments.engines import Here
from experiments.experiment import load_experiment, ready
from experiments.frames import load
from experiments.plan import Task
from experiments.runner import Options, sweep
from experiments.variants import Overrides, with_overrides
from sim import INDICATORS, UrbanModel, load_bundle, load_scenario, save_bundle
from sim.cli import main
from sim.eve import both_worlds
from tests.worlds import city

MEASURES = """\
measures:
  - {id: parking, measure: parking_price, start: 2021-02, area: centre, price: 2 €/h}
  - {id: bikes, measure: bike_subsidy, start: 2021-03, amount: 400 €}   # a comment
targets: [{indicator: co2_transport, change: -10%, by: 2021-12}]
shocks: [{shock: pandemic, start: 2020-11, months: 6}]
"""
EXPERIMENT = """\
name: tiny
scenarios: [roadmap.yaml, baseline, {name: no parking, without: parking}]
share: 0.3
end: 2021-04
parameters: {fuel_price: {values: [1.4, 2.0]}}
replications: 2
indicators: [co2_transport, share_car, jobs]
grain: [monthly, district]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = city()
    save_bundle(where, tmp_path / "tiny.bundle")
    head = f"name: roadmap\ncity: {tmp_path / 'tiny.bundle'}\nstart: 2021-01\nend: 2021-12\n"
    (tmp_path / "roadmap.yaml").write_text(head + MEASURES, "utf-8")
    (tmp_path / "experiment.yaml").write_text(EXPERIMENT, "utf-8")
    return tmp_path


def test_a_run_of_a_sweep_is_the_run_of_the_model(folder: Path) -> None:
    """To the bit, though scenarios share an eve: beside both worlds as `rebond run` lives them, each from its own population."""
    plan, work = ready(load_experiment(folder / "experiment.yaml"))
    sweep(plan, work, folder / "out", Here(), Options(batch=3))
    found = load(folder / "out")
    series = found.series.set_index(["run", "period"])
    scenario = load_experiment(folder / "experiment.yaml").scenarios["roadmap"]
    for price in (1.4, 2.0):
        worlds = both_worlds(
            scenario, load_bundle(Path(work.bundle)), seed=2, share=0.3, gap=1e-4, parameters={"fuel_price": price}
        )
        for name, model in zip(("roadmap", "baseline"), worlds, strict=True):
            runs = found.runs
            rows = runs[(runs["scenario"] == name) & (runs["fuel_price"] == price) & (runs["seed"] == 2)]
            run = int(rows["run"].iloc[0])
            months = []
            for period in ("2021-01", "2021-02", "2021-03", "2021-04"):
                model.step()
                latest = model.latest()
                months.append([latest[n] for n in ("co2_transport", "share_car", "jobs")])
                assert series.loc[(run, period), ["co2_transport", "share_car", "jobs"]].tolist() == months[-1]
            assert (
                rows[["co2_transport", "share_car", "jobs"]].to_numpy().ravel().tolist()
                == np.mean(months, axis=0).tolist()
            )
    assert "heading_co2_transport" not in found.runs  # its date lies outside these months
    assert len(found.districts) == 12 * 9


def test_order_and_company_do_not_matter(folder: Path) -> None:
    plan, work = ready(load_experiment(folder / "experiment.yaml"))
    tasks = [Task(i, name, 0, 0, 1, {"fuel_price": 1.4}) for i, name in enumerate(plan.scenarios)]
    together = {t.scenario: work(t).finals.tobytes() for t in tasks}
    for task in reversed(tasks):
        other = {"fuel_price": 2.0}
        work(Task(9, task.scenario, 1, 0, 1, other))  # another eve in between
        assert work(task).finals.tobytes() == together[task.scenario]
    assert len(set(together.values())) == 3


def test_a_varied_field_is_the_edited_file(folder: Path) -> None:
    text = EXPERIMENT.replace(
        "fuel_price: {values: [1.4, 2.0]}", "parking.price: {values: [0.5 €/h, 2 €/h]}, bikes.on: {values: [0, 1]}"
    )
    text = text.replace(", {name: no parking, without: parking}", "")
    (folder / "experiment.yaml").write_text(text, "utf-8")
    plan, work = ready(load_experiment(folder / "experiment.yaml"))
    edited = (folder / "roadmap.yaml").read_text("utf-8").replace("2 €/h", "0.5 €/h")
    edited = "\n".join(line for line in edited.splitlines() if "bikes" not in line)
    scenario = load_scenario(folder / "roadmap.yaml", text=edited)
    other = CityWork(
        {"roadmap": scenario}, work.bundle, 1e-4, work.columns, overrides=Overrides(end=scenario.start + 3, share=0.3)
    )
    other = replace(other, scenarios={"roadmap": with_overrides(scenario, other.overrides)})
    mine = work(Task(1, "roadmap", 0, 0, 1, {"parking.price": 0.5, "bikes.on": 0.0}))
    theirs = other(Task(1, "roadmap", 0, 0, 1, {}))
    np.testing.assert_array_equal(mine.finals, theirs.finals)
    assert plan.runs == 4 * 2 * 2


def test_the_five_lines_of_the_docs_give_the_same_bits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a notebook, on two workers; beside runs in this process, in another order of work."""
    plan, work = ready(load_experiment(folder / "experiment.yaml"))
    sweep(plan, work, folder / "a", Here(), Options(batch=3))
    text = (Path(__file__).resolve().parents[2] / "docs" / "experiments.md").read_text("utf-8")
    lines = (
        text.split("```python\n")[1]
        .split("```")[0]
        .replace("scenarios/experiments/fuel_telework.yaml", "experiment.yaml")
    )
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(lines, names)
    assert names["cube"]["jobs"].attrs["units"] == names["found"].units["jobs"] == "jobs"
    assert names["cube"]["jobs"].shape == (3, 2, 2)
    for name in ("runs", "series", "districts"):
        one, other = (
            getattr(load(folder / x), name).drop(columns="seconds", errors="ignore") for x in ("a", "out/fuel")
        )
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_scenario_that_does_not_fit_the_city(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "roadmap.yaml").read_text("utf-8").replace("area: centre", "area: atlantis")
    (folder / "roadmap.yaml").write_text(text, "utf-8")
    assert command("sweep", folder / "experiment.yaml", "--out", folder / "out") == 2
    said = capsys.readouterr().err
    assert "roadmap.yaml:6:5" in said
    assert "'atlantis'" in said
    assert not (folder / "out").exists()


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(a) for a in arguments])
    return int(stopped.value.code or 0)


def test_commands_from_end_to_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out"
    assert command("sweep", folder / "experiment.yaml", "--out", out, "--workers", 2) == 0
    assert "3 scenarios x 2 points x 2 replications" in capsys.readouterr().err
    assert command("sweep", "--status", out, "--json") == 0
    state = json.loads(capsys.readouterr().out)
    assert {k: state[k] for k in ("runs", "done", "failed", "missing")} == {
        "runs": 12,
        "done": 12,
        "failed": 0,
        "missing": 0,
    }
    assert command("sweep", "--status", out) == 0
    assert "12 runs planned, 12 done, 0 failed, 0 missing" in capsys.readouterr().out
    assert command("results", out, "--csv") == 0
    head, *rows = capsys.readouterr().out.strip().splitlines()
    assert '"fuel_price [€/l]"' in head
    assert len(rows) == 12
    assert (
        command(
            "results", out, "--sql", "SELECT scenario, count(*) AS n FROM runs GROUP BY scenario ORDER BY 1", "--json"
        )
        == 0
    )
    assert [r["n"] for r in json.loads(capsys.readouterr().out)] == [4, 4, 4]
    assert command("results", out, "--sql", "SELECT count(*) AS n FROM series", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"n": 48}]
    assert command("results", out, "--sql", "SELECT * FROM run") == 2
    assert "--sql" in capsys.readouterr().err
    assert command("robustness", out, "--indicator", "co2_transport") == 0
    assert re.search("is (never further from the best than|best in every future|as good as)", capsys.readouterr().out)
    assert (out / "robustness.html").is_file()
    assert command("sweep", folder / "experiment.yaml", "--out", out) == 0  # nothing is missing
    text = EXPERIMENT.replace("replications: 2", "replications: 3")
    (folder / "experiment.yaml").write_text(text, "utf-8")
    capsys.readouterr()
    assert command("sweep", folder / "experiment.yaml", "--out", out) == 2
    assert "1 more replications" in capsys.readouterr().err
    assert command("sweep", folder / "experiment.yaml", "--out", out, "--extend", "--workers", 1) == 0
    assert len(load(out).runs) == 18


def test_attribution_on_the_tiny_city(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "name: who did what\nscenarios: [roadmap.yaml]\nshare: 0.3\nend: 2021-04\nreplications: 2\n"
    text += "design: {attribution: 2}\nindicators: [share_car]\n"
    (folder / "experiment.yaml").write_text(text, "utf-8")
    assert command("sweep", folder / "experiment.yaml", "--out", folder / "out", "--workers", 2) == 0
    capsys.readouterr()
    assert command("attribute", folder / "out", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    runs = (
        load(folder / "out")
        .runs.pivot(index=["parking.on", "bikes.on"], columns="replication", values="share_car")
        .mean(axis=1)
    )
    assert sum(r["shapley"] for r in rows) == pytest.approx(runs[1.0, 1.0] - runs[0.0, 0.0], abs=1e-9)
    assert {r["measure"] for r in rows} == {"parking", "bikes"}


def test_a_search_on_the_tiny_city(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pymoo")
    text = (
        "name: choose\nscenarios: [roadmap.yaml]\nshare: 0.3\nend: 2021-04\nindicators: [share_car, debt]\n"
        "search: {objectives: [share_car, {indicator: debt, goal: min}], population: 4, generations: 2,\n"
        "  decisions: {parking.on: , parking.price: {range: [0 €/h, 4 €/h]}, bikes.start: {range: [2021-01, 2021-03]}}}\n"
    )
    text = text.replace("objectives: [share_car", "objectives: [{indicator: share_car, goal: min}")
    (folder / "experiment.yaml").write_text(text, "utf-8")
    assert command("search", folder / "experiment.yaml", "--out", folder / "out", "--workers", 2, "--json") == 0
    front = json.loads(capsys.readouterr().out)
    assert front
    for row in front:
        scenario = load_scenario(folder / "out" / "roadmaps" / f"roadmap-{row['roadmap']}.yaml")
        assert "# a comment" in (folder / "out" / "roadmaps" / f"roadmap-{row['roadmap']}.yaml").read_text("utf-8")
        assert ("parking" in [m.id for m in scenario.measures]) == (row["parking.on [0 or 1]"] == 1.0)
    assert (folder / "out" / "pareto.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sweep",), "an experiment file, or --status DIR"),
        (("sweep", "none.yaml"), "no such file"),
        (("sweep", "--status", "none"), "no such folder"),
        (("results", "none"), "no such folder"),
        (("sensitivity", "none"), "no such folder"),
        (("search", "{folder}/experiment.yaml"), "no search:"),
        (("sweep", "{folder}/experiment.yaml", "--out", "{folder}"), "which holds something else"),
        (("sweep", "{folder}/experiment.yaml", "--workers", "1", "--scheduler", "tcp://x"), "one of them"),
        (("sweep", "{folder}/experiment.yaml", "--slurm", "{folder}/none"), "--slurm"),
    ],
)
def test_bad_input_of_commands(
    folder: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(folder.iterdir())
    assert command(*(a.format(folder=folder) for a in arguments)) == 2
    assert message in capsys.readouterr().err
    assert set(folder.iterdir()) == before


def test_a_margin_by_hand(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "name: r\nstart: 2021-01\nend: 2022-12\ntargets: [{indicator: jobs, change: +10%, by: 2022-12}, "
        "{indicator: co2_transport, change: -20%, by: 2022-06, against: 200}]\n", "utf-8",
    )  # fmt: skip
    scenario = load_scenario(tmp_path / "r.yaml")
    months = np.r_[np.full(12, 100.0), np.full(12, 115.0)]
    assert margin(months, scenario, scenario.targets[0]) == pytest.approx(5.0)
    # by June 2022: half at 100, half at 115: 107.5 of 200 is -46.25 %, asked -20 %
    assert margin(months, scenario, scenario.targets[1]) == pytest.approx(26.25)


def test_any_mesa_tool_sees_the_same_model(folder: Path) -> None:
    """The model that a sweep lives is a mesa.Model whose DataCollector holds every indicator."""
    plan, work = ready(load_experiment(folder / "experiment.yaml"))
    model = UrbanModel(work.scenarios["roadmap"], city(), seed=1, share=0.3)
    model.step()
    assert {i.name for i in INDICATORS} <= set(model.datacollector.get_model_vars_dataframe().columns)
    assert plan.columns[0].name == "co2_transport"
