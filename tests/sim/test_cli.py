"""The command line: exit codes, one message per fault, people on standard error, machines on standard output, nothing half-written."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.city.bundle import save_bundle
from sim.cli import _guarded, app
from sim.preparation import prepare
from tests.worlds import HEAD, city

COMMANDS = ("run", "check", "schema", "explain", "compare", "assign", "city build", "city show")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("city") / "tiny.bundle"
    save_bundle(prepare(city()), path)
    return path


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REBOND_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "plan.yaml"
    path.write_text(HEAD.format(end="2021-02", world="trends"), "utf-8")
    return path


def files(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()} - {"plan.yaml", "cache"}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _guarded([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert re.search(rf"Example: rebond {command} ", " ".join(text.split()) + " ")


@pytest.mark.parametrize("words", ["", "city"])
def test_no_command_shows_the_help_and_no_error(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _guarded(words.split()) == 2
    seen = capsys.readouterr()
    assert "Commands" in seen.out + seen.err
    assert "rebond: " not in seen.out + seen.err


def test_units_are_told_on_a_terminal_that_knows_ascii_only() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "sim.cli", "explain", "parking_price"], env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True, check=True,
    )  # fmt: skip
    assert b"\\u20ac/h" in said.stdout
    assert said.stderr == b""


def test_a_disk_that_fails_is_one_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "out/plan")

    monkeypatch.setattr("sim.commands.check.load_scenario", full)
    assert _guarded(["check", "plan.yaml"]) == 1
    assert "No space left on device: 'out/plan'" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert _guarded(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"rebond {version('rebond')}"


def test_shell_completion_completes_commands() -> None:
    """The protocol of the completion script: the shell passes the words typed so far and reads candidates."""
    result = CliRunner().invoke(
        app, [], prog_name="rebond", env={"_REBOND_COMPLETE": "complete_bash", "COMP_WORDS": "rebond ex", "COMP_CWORD": "1"}
    )  # fmt: skip
    assert "explain" in result.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--share", "0"], ["--share", "found 0", "0.0001 to 1"]),
        (["--share", "2"], ["--share", "2"]),
        (["--share", "nan"], ["--share", "nan"]),
        (["--band-share", "-1"], ["--band-share"]),
        (["--threads", "0"], ["--threads", "0"]),
        (["--seed", "-1"], ["--seed", "-1"]),
        (["--gap", "0"], ["--gap"]),
        (["--city", "toulose"], ["toulose", "toulouse"]),
        (["--city", "none.bundle"], ["none.bundle"]),
        (["--nonsense"], ["--nonsense"]),
        (["--out", "plan.yaml/out"], ["--out"]),
        (["--share", "2", "--threads", "0", "--draws", "-3"], ["--share", "--threads", "--draws"]),
    ],
)
def test_a_wrong_option_is_one_message_exit_2_and_nothing_written(
    plan: Path,
    options: list[str],
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(plan.parent)
    arguments = ["run", str(plan), *options] + ([] if "--out" in options else ["--out", "out"])
    assert _guarded(arguments) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    for word in words:
        assert word in seen.err
    assert files(plan.parent) == set()


def test_a_file_that_is_no_bundle_is_refused(plan: Path, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = plan.parent / "bad.bundle"
    for content in (b"", b"no bundle", bundle.read_bytes()[:2000], b"PK\x05\x06" + 18 * b"\0"):
        bad.write_bytes(content)
        assert _guarded(["run", str(plan), "--city", str(bad), "--out", str(plan.parent / "out")]) == 2
        assert "bad.bundle" in capsys.readouterr().err
        assert files(plan.parent) == {"bad.bundle"}


def test_an_existing_directory_is_never_overwritten_without_force(
    plan: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = plan.parent / "out"
    out.mkdir()
    (out / "precious").write_text("mine")
    arguments = [
        "run",
        str(plan),
        "--city",
        str(bundle),
        "--share",
        "0.3",
        "--seeds",
        "0",
        "--draws",
        "0",
        "--out",
        str(out),
    ]
    assert _guarded(arguments) == 2
    assert "--force" in capsys.readouterr().err
    assert (out / "precious").read_text() == "mine"


def test_a_run_its_comparison_and_its_json(plan: Path, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, seed in (("a", "1"), ("b", "2")):
        arguments = ["run", str(plan), "--city", str(bundle), "--share", "0.3", "--seeds", "0", "--draws", "0"]
        assert _guarded([*arguments, "--seed", seed, "--out", str(plan.parent / name), "--json"]) == 0
        seen = capsys.readouterr()
        assert Path(json.loads(seen.out)["directory"]).name == name
        assert "report.html" in seen.err.strip().splitlines()[-1]
    assert _guarded(["compare", str(plan.parent / "a"), str(plan.parent / "b"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"indicator", "first", "second", "difference", "unit"} <= set(rows[0])
    assert _guarded(["compare", str(plan.parent / "a"), str(plan.parent / "cache")]) == 2
    assert "cache" in capsys.readouterr().err


def test_explain_and_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert _guarded(["explain", "co2_transprt"]) == 2
    assert "Did you mean 'co2_transport'?" in capsys.readouterr().err
    assert _guarded(["explain"]) == 0
    assert "value_of_time_work" in capsys.readouterr().out
    assert _guarded(["explain", "parking_price"]) == 0
    assert "€/h" in capsys.readouterr().out
    assert _guarded(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Rebond scenario"


def test_a_run_names_the_line_of_a_city_that_does_not_exist(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(plan.read_text("utf-8").replace("city: toulouse", "city: tolouse"), "utf-8")
    assert _guarded(["run", str(wrong), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert re.search(r"wrong\.yaml:\d+:\d+: city: found 'tolouse'.*Did you mean 'toulouse'", said)
    assert not (tmp_path / "out").exists()


def test_show_a_city(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "city.png"
    assert _guarded(["city", "show", str(bundle), "--json", "--out", str(picture)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["totals"]["population"] > 0
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert _guarded(["city", "show", str(bundle), "--out", str(tmp_path / "none" / "city.png")]) == 2
    assert "--out" in capsys.readouterr().err


def test_a_year_of_energy_of_a_city(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tiny city's year beside the published figures, for machines and for people; nothing about it is Toulouse but its weather."""
    words = ["city", "show", str(bundle), "--energy", "--share", "0.2"]
    assert _guarded([*words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["energy_share"] == 0.2
    rows = {row["key"]: row for row in answer["energy"]}
    assert rows["dpe_ab"]["unit"] == "%"
    assert rows["final"]["model"] > rows["buildings"]["model"] > 1.0
    assert set(rows["final"]) == {"key", "label", "unit", "model", "low", "high", "where", "year", "status", "source"}
    assert -20.0 < answer["typical_days"]["heating"] < 20.0
    assert _guarded(words) == 0
    seen = capsys.readouterr().out
    assert "Typical days against all hours of the normal year" in seen
    assert seen.count("predicted") > 20
    assert _guarded(["city", "show", str(bundle), "--energy", "--share", "2"]) == 2
    assert "--share" in capsys.readouterr().err


def test_a_city_is_not_built_from_nothing_nor_over_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.json").write_text("{}")
    (tmp_path / "mine.bundle").write_text("precious")
    for roads, out, word in (
        ("none.json", "new.bundle", "none.json"), ("empty.json", "new.bundle", "GeoJSON"), ("empty.json", "mine.bundle", "--force"),
        ("empty.json", "none/new.bundle", "folder"),
    ):  # fmt: skip
        arguments = [
            "--roads",
            str(tmp_path / roads),
            "--demand",
            str(tmp_path / "empty.json"),
            "--out",
            str(tmp_path / out),
        ]
        assert _guarded(["city", "build", *arguments]) == 2
        assert word in capsys.readouterr().err
    assert {p.name for p in tmp_path.iterdir()} == {"empty.json", "mine.bundle"}
    assert (tmp_path / "mine.bundle").read_text() == "precious"


def test_check_takes_each_file_s_own_city_or_the_one_named(
    plan: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "measures: [{measure: parking_price, start: 2021-01, area: Blagnac, price: 1 €/h}]\n"
    plan.write_text(plan.read_text("utf-8").replace("city: toulouse", f"city: {bundle}") + body, "utf-8")
    assert _guarded(["check", str(plan)]) == 2
    assert "plan.yaml:6:12: parking_price-2021-01.area: found 'Blagnac'" in capsys.readouterr().err
    assert _guarded(["check", str(plan), "--city", "toulouse"]) == 0
    assert _guarded(["check", str(plan), "--city", "toulose"]) == 2
    assert "Did you mean 'toulouse'?" in capsys.readouterr().err
