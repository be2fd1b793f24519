"""Interrupting a run leaves no directory that looks finished, no worker behind, and a place where the next run succeeds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.city.bundle import save_bundle
from sim.cli import _guarded
from sim.preparation import prepare
from tests.worlds import HEAD, city

FAR, NEAR = "2032-12", "2021-12"  #: so far away that the months are interrupted; so near that the bands are
PATIENCE = 60.0


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("city") / "tiny.bundle"
    save_bundle(prepare(city()), path)
    return path


def _line(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"the run ended before it said {words!r}")


def _alive(group: int) -> int:
    """Processes of the group."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pgid=", "-o", "stat="], capture_output=True, text=True, check=True
    ).stdout
    return sum(line.split()[0] == str(group) and "Z" not in line for line in table.splitlines())


def _wait_until(alive: int, group: int, least: bool) -> None:
    until = time.monotonic() + PATIENCE
    while (_alive(group) < alive) if least else (_alive(group) > alive):
        assert time.monotonic() < until, f"{_alive(group)} processes"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("end", "name", "code"),
    [(FAR, "SIGINT", 130), (FAR, "SIGKILL", -9), (NEAR, "SIGTERM", 130), (NEAR, "SIGKILL", -9)],
    ids=["months-Ctrl-C", "months-SIGKILL", "bands-SIGTERM", "bands-SIGKILL"],
)
def test_an_interrupted_run_leaves_nothing_behind(
    tmp_path: Path,
    bundle: Path,
    end: str,
    name: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan, out = tmp_path / "plan.yaml", tmp_path / "out"
    plan.write_text(HEAD.format(end=end, world="trends"), "utf-8")
    monkeypatch.setenv("REBOND_CACHE", str(tmp_path / "cache"))
    options = ["--share", "0.3", "--band-share", "0.3", "--threads", "2", "--draws", "0", "--out", str(out)]
    arguments = ["run", str(plan), "--city", str(bundle), *options]
    with subprocess.Popen(
        [sys.executable, "-m", "sim.cli", *arguments, "--seeds", "1000"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        _line(process, "2021-12" if end == FAR else "Bands: paired runs")
        if end == NEAR:
            _wait_until(3, process.pid, least=True)  # the command and its two workers
        process.send_signal(getattr(signal, name))
        assert process.wait(PATIENCE) == code
    _wait_until(0, process.pid, least=False)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("out")] == []
    assert _guarded(["compare", str(out), str(out)]) == 2
    plan.write_text(HEAD.format(end="2021-01", world="trends"), "utf-8")
    assert _guarded([*arguments, "--seeds", "0"]) == 0
    assert (out / "report.html").is_file()
    capsys.readouterr()
