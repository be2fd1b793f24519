"""`rebond follow`: the story says what the table of lives holds, no more and no less, and faults are said in one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.city.bundle import save_bundle
from sim.cli import _guarded
from sim.commands.follow import follow
from sim.commands.run import RunOptions, carry_out
from sim.preparation import prepare
from sim.record_lives import SAMPLE
from sim.results.directory import Run
from sim.results.lives import story, story_text
from tests.worlds import HEAD, city

ASKED = 5
BODY = """
measures:
  - {id: fares, measure: transit_fare, start: 2021-06, change: -20%}
  - {id: budget, measure: participatory_budget, start: 2021-01, amount_per_year: 4 M€}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A year of the tiny city, with one citizen asked for and rents, moves and deaths as the world brings them."""
    folder = tmp_path_factory.mktemp("lives")
    save_bundle(prepare(city()), folder / "tiny.bundle")
    (folder / "plan.yaml").write_text(HEAD.format(end="2021-12", world="trends") + BODY, "utf-8")
    options = RunOptions(
        city=str(folder / "tiny.bundle"), seed=2, share=0.3, threads=1, out=folder / "out", force=False, gap=1e-3, seeds=0, draws=0,
        band_share=0.2, follow=(ASKED,),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REBOND_CACHE", str(folder / "cache"))
        carry_out(folder / "plan.yaml", options, lambda _: None)
    return Run(folder / "out")


def test_a_sample_and_those_asked_for_are_kept_each_month(run: Run) -> None:
    lives = run.table("lives")
    assert ASKED in set(lives["citizen"])
    assert SAMPLE <= lives["citizen"].nunique() <= SAMPLE + 1
    assert (lives.groupby("citizen")["month"].nunique() == 12).all()
    assert (run.path / "lives.parquet").stat().st_size < 600_000


def test_the_last_month_is_what_the_table_of_agents_says(run: Run) -> None:
    """Two tables written by different code agree on everybody alive."""
    lives = run.table("lives")
    last = lives[(lives["month"] == "2021-12") & lives["alive"]].merge(
        run.table("agents"), on="citizen", suffixes=("", "_agents")
    )
    for ours, theirs in (("district", "district_agents"), ("cars", "cars_agents"), ("income", "income_month"), ("trust", "trust_agents"),
                         ("energy_bill", "energy_bill_month"), ("travel_min", "travel_min_day")):  # fmt: skip
        assert np.array_equal(last[ours], last[theirs]), ours


def test_every_change_is_told_once_and_nothing_else(run: Run) -> None:
    lives = run.table("lives")
    for citizen, rows in lives.groupby("citizen"):
        rows = rows[rows["alive"]]
        if rows.empty:  # whose life ends in the first month
            continue
        told = story(run, int(citizen))["events"]
        same = (rows["household"] == rows["household"].shift()).to_numpy()[1:]
        moves = int(((np.diff(rows["dwelling"]) != 0) & same).sum())
        assert sum(e["event"].startswith("moves from") for e in told) == moves
        modes = rows["main_mode"].astype(str)
        switched = (modes != modes.shift()) & (modes.shift() != "") & (modes != "")
        assert sum("no longer" in e["event"] and e["event"].startswith("goes to") for e in told) == int(
            switched.iloc[1:].sum()
        )
        votes = (rows["took_part"].astype(int) & 2).astype(bool)
        assert sum("votes" in e["event"] for e in told) == int((votes & ~votes.shift(fill_value=votes.iloc[0])).sum())


def test_somebody_moves_and_the_story_names_both_homes(run: Run) -> None:
    lives = run.table("lives")
    movers = [
        int(c)
        for c, r in lives[lives["alive"]].groupby("citizen")
        if (r["household"].nunique(), r["dwelling"].nunique()) == (1, 2)
    ]
    assert movers
    told = next(e["event"] for e in story(run, movers[0])["events"] if e["event"].startswith("moves from"))
    names = {d["name"] for d in run.manifest["city"]["districts"]}
    assert sum(told.count(f" in {name},") for name in names) == 2


def test_years_are_means_of_months(run: Run) -> None:
    rows = run.table("lives").query("citizen == @ASKED")
    (year,) = story(run, ASKED)["years"]
    assert year["energy_bill_month"] == pytest.approx(rows["energy_bill"].mean())
    assert year["trust_percent"] == pytest.approx(100.0 * rows["trust"].mean())


def test_text_and_json_tell_the_same(run: Run) -> None:
    told = json.loads(follow(run.path, ASKED, as_json=True))
    text = follow(run.path, ASKED, as_json=False)
    assert text == story_text(told)
    assert text.startswith(f"Citizen {ASKED} in test: ")
    assert all(e["event"] in text for e in told["events"])
    assert "nan" not in text
    assert len(follow(run.path, None, as_json=False).splitlines()) == run.table("lives")["citizen"].nunique()


@pytest.mark.parametrize(("citizen", "said"), [("99999999", "does not exist"), ("unfollowed", "not followed")])
def test_a_life_not_kept_is_one_fault(run: Run, capsys: pytest.CaptureFixture[str], citizen: str, said: str) -> None:
    if citizen == "unfollowed":
        kept, everybody = set(run.table("lives")["citizen"]), run.table("agents")["citizen"]
        citizen = str(next(c for c in everybody if c not in kept))
    assert _guarded(["follow", str(run.path), "--citizen", citizen]) == 2
    out = capsys.readouterr()
    assert out.out == ""
    assert said in out.err
    assert out.err.count("\n") == 1


def test_a_run_without_lives_says_so(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for path in run.path.iterdir():
        if path.is_file() and path.name != "lives.parquet":
            (older / path.name).write_bytes(path.read_bytes())
    assert _guarded(["follow", str(older), "--citizen", "5"]) == 2
    assert "lives.parquet" in capsys.readouterr().err
    assert isinstance(pd.read_parquet(run.path / "lives.parquet"), pd.DataFrame)
