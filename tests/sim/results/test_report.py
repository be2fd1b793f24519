"""The report is one offline file, escapes what a scenario says, and shows the numbers of its run directory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.results.directory import Run
from sim.results.report import contents, write_report
from tests.sim.results.made_up import write_made_up


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = write_made_up(tmp_path_factory.mktemp("run") / "r")
    return write_report(folder).read_text("utf-8")


def test_text_of_a_scenario_is_escaped(page: str) -> None:
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_nothing_is_fetched(page: str) -> None:
    links = re.findall(r'(?:src|href)\s*=\s*"([^"#][^"]*)"', page)
    assert links
    assert all(link.startswith("data:") for link in links)
    assert "@import" not in page
    assert "url(http" not in page


def test_maps_of_an_embedded_city_are_stamped(page: str) -> None:
    assert "synthetic streets" in page


def test_difference_is_the_mean_of_the_last_year(tmp_path: Path) -> None:
    found = contents(Run(write_made_up(tmp_path / "r", car=40.0, baseline_car=55.0)))
    row = next(r for r in found["headlines"] if r["indicator"] == "share_car")
    # linear from 60 to 40 (55) over 24 months: mean of the last twelve is 60 - slope * 17.5
    assert row["second"] == pytest.approx(60 - 20 / 23 * 17.5)
    assert row["first"] == pytest.approx(60 - 5 / 23 * 17.5)
    assert found["targets"][0]["held"]


def test_accounts_are_those_of_the_last_year_and_the_bridge_adds_up(tmp_path: Path) -> None:
    """Twelve months of 10 + 40 (55) + 2 t for residents, 10 + 40 (55) + 3 t on the territory; items of nothing are left out."""
    run = Run(write_made_up(tmp_path / "r", car=40.0, baseline_car=55.0))
    found = contents(run)["energy"]["accounts"]
    mine, there = found["residents"], found["territory"]
    assert (mine["first"], mine["second"]) == pytest.approx((12 * 67.0, 12 * 52.0))
    assert (there["first"], there["second"]) == pytest.approx((12 * 68.0, 12 * 53.0))
    assert there["direct"] == pytest.approx(0.8 * 12 * 53.0)
    bridge = sum(r["second"] for r in found["theirs"]) - sum(r["second"] for r in found["mine"])
    assert mine["second"] + bridge == pytest.approx(there["second"])
    assert [r["label"] for r in found["both"]] == ["heating", "residents inside"]
    assert [r["label"] for r in found["theirs"]] == ["goods"]


def test_the_energy_section_shows_the_peak_month_and_the_error_of_typical_days(page: str, tmp_path: Path) -> None:
    assert contents(Run(write_made_up(tmp_path / "r")))["energy"]["month"] == "2022-01"
    assert "Coldest day of 2022-01" in page
    assert "peak -3.20 %" in page
    assert page.count("<svg") >= 4


def test_mode_switches_count_weighted_persons(tmp_path: Path) -> None:
    found = contents(Run(write_made_up(tmp_path / "r")))
    assert found["switches"]["left_car"] == 2.0
    assert found["switches"]["took_car"] == 0.0
    gains = {g["label"]: g for g in found["gains"]}
    # household 1 (weights 1 + 2) pays 40 instead of 55 between two persons: 7.5 € a month each
    assert gains["poorest fifth"]["bills"] == pytest.approx(-7.5)
    assert gains["poorest fifth"]["better"] == 100.0
    assert gains["richest fifth"]["better"] == 0.0
