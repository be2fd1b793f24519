"""The command line: exit codes, one message per fault, people on standard error, machines on standard output, nothing half-written."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.city.bundle import save_bundle
from sim.cli import _guarded, app
from sim.preparation import prepare
from tests.worlds import HEAD, city

COMMANDS = ("run", "check", "schema", "explain", "compare", "city build", "city show")


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
    assert _guarded(["explain", "parking_price"]) == 0
    assert "€/h" in capsys.readouterr().out
    assert _guarded(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Rebond scenario"


def test_show_a_city(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "city.png"
    assert _guarded(["city", "show", str(bundle), "--json", "--out", str(picture)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["totals"]["population"] > 0
    assert picture.read_bytes()[:4] == b"\x89PNG"
