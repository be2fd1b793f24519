"""Headings and payers of made-up runs: worked out by hand, and as the terminal shows them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from sim.results.directory import Run, open_run
from sim.results.headings import adaptations, headings, payers, trade_off_text, trade_offs
from tests.sim.results.made_up import write_made_up


def run(path: Path, car: float, by: dict[str, float]) -> Run:
    """A made-up run whose journal says who paid, and one act of a rule."""
    write_made_up(path, car=car)
    rows = [("2021-06", "paid", json.dumps({"total": 1e6 * sum(by.values()), "by": {n: 1e6 * v for n, v in by.items()}})),
            ("2021-07", "adapted", "{}")]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["month", "event", "figures"]).assign(measure="x", why="")
    frame[["month", "measure", "event", "why", "figures"]].to_parquet(path / "events.parquet")
    return open_run(path)


def test_a_heading_is_held_by_the_last_year_against_the_first(tmp_path: Path) -> None:
    """From 60 to 40 (55) in a straight line over 24 months: the second year's mean is 20/23 * 12 (5/23 * 12) below the first's."""
    for car, held in ((40.0, True), (55.0, False)):
        (one,) = headings(run(tmp_path / str(car), car, {"metropole": 1.0}))
        slope = (60.0 - car) / 23.0
        first = 60.0 - slope * 5.5
        assert one["reached"] == pytest.approx(60.0 - slope * 17.5)
        assert one["got"] == pytest.approx(-100.0 * slope * 12.0 / first)
        assert (one["wanted"], one["held"]) == (pytest.approx(0.9 * first), held)


def test_what_is_counted_since_the_start_is_told_by_the_last_month(tmp_path: Path) -> None:
    """40 at the end of a straight line, not the 45 of its last year's mean; a heading of no change asks for the better side."""
    counted = run(tmp_path / "counted", 40.0, {"metropole": 1.0})
    (target,) = counted.manifest["scenario"]["targets"]
    counted.manifest["indicators"][target["indicator"]] |= {"period": "since the start", "direction": 1}
    for against, held in ((39.0, True), (41.0, False)):
        target |= {"against": against, "change": 0.0}
        (one,) = headings(counted)
        assert (one["reached"], one["wanted"], one["held"]) == (pytest.approx(40.0), against, held)


def test_trade_offs_put_headings_and_payers_side_by_side(tmp_path: Path) -> None:
    a = run(tmp_path / "a", 55.0, {"metropole": 3.0, "region": 1.0})
    b = run(tmp_path / "b", 40.0, {"metropole": 5.0, "transit_authority": 1234.5})
    assert payers(a) == {"metropole": 3.0, "region": 1.0}
    assert adaptations(a) == 1
    table = trade_offs(a, b).set_index("name")
    assert table.loc["metropole", ["first", "second"]].tolist() == [3.0, 5.0]
    assert table.loc["region", "second"] == table.loc["transit authority", "first"] == 0.0
    assert table.loc["Car share of trips", ["held_first", "held_second"]].tolist() == [False, True]
    text = trade_off_text(table.reset_index())
    assert "Car share of trips (-10.0)" in text
    assert "%  missed, held" in text
    assert "1,234.5" in text
    assert "M€" in text
    assert trade_off_text(table.iloc[:0].reset_index()) == ""


def test_a_journal_that_does_not_say_who_paid_counts_all(tmp_path: Path) -> None:
    assert payers(Run(write_made_up(tmp_path / "r"))) == {"all": 2.0}
