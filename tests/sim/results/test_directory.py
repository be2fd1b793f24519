"""A run directory is whole or does not look finished."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.results.compare import compare_runs, comparison_text, number, signed
from sim.results.directory import UNFINISHED, check_target, open_run, write
from tests.sim.results.made_up import write_made_up


def test_a_failed_write_leaves_no_directory_that_looks_finished(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "indicators.parquet").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "r", fill, force=False)
    assert not (tmp_path / "r").exists()
    with pytest.raises(InputError):
        open_run(tmp_path / f"r{UNFINISHED}")


def test_a_finished_run_is_replaced_only_with_force(tmp_path: Path) -> None:
    write(tmp_path / "r", lambda folder: _fill(folder, 40.0), force=False)
    with pytest.raises(InputError, match="--force"):
        check_target(tmp_path / "r", force=False)
    write(tmp_path / "r", lambda folder: _fill(folder, 30.0), force=True)
    assert open_run(tmp_path / "r").series["share_car"].iloc[-1] == 30.0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r"]


def _fill(folder: Path, car: float) -> None:
    write_made_up(folder, car)


def test_force_never_replaces_what_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    with pytest.raises(InputError, match="not a run directory"):
        check_target(tmp_path / "thesis", force=True)


@pytest.mark.parametrize("damage", ["indicators.parquet", "manifest.json"])
def test_damaged_runs_are_refused_in_one_message(tmp_path: Path, damage: str) -> None:
    path = write_made_up(tmp_path / "r")
    (path / damage).write_bytes(b"\x00garbage")
    with pytest.raises(InputError, match="damaged"):
        open_run(path)
    (path / damage).unlink()
    with pytest.raises(InputError, match=r"finished|without"):
        open_run(path)


def test_compare_is_second_minus_first(tmp_path: Path) -> None:
    a, b = write_made_up(tmp_path / "a", car=40.0), write_made_up(tmp_path / "b", car=50.0)
    table = compare_runs(a, b).set_index("indicator")
    assert table.loc["share_car", "difference"] == pytest.approx(10 / 23 * 17.5)
    assert table.loc["jobs", "difference"] == 0.0
    assert "Car share of trips" in comparison_text(table.reset_index())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1234567.0, "1.23 M"),
        (-2.5e9, "-2.50 G"),
        (12345.6, "12,346"),
        (3.14159, "3.14"),
        (0.012345, "0.0123"),
    ],
)
def test_numbers_as_people_read_them(value: float, text: str) -> None:
    assert number(value) == text
    assert signed(value) == (f"+{text}" if value > 0 else text)
