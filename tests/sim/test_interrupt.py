"""Interrupting a run leaves no directory that looks finished, no worker behind, and a place where the next run succeeds."""

from __future__ import annotations

import os
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

MONTHS = "2032-12"  #: so far away that the run is always interrupted before its end
PATIENCE = 60.0


def _line(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"the run ended before it said {words!r}")


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "code"), [("SIGINT", 130), ("SIGTERM", 130), ("SIGKILL", -9)], ids=["Ctrl-C", "SIGTERM", "SIGKILL"]
)
def test_interrupted_while_months_are_lived(
    tmp_path: Path, name: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, plan, out = tmp_path / "tiny.bundle", tmp_path / "plan.yaml", tmp_path / "out"
    save_bundle(prepare(city()), bundle)
    plan.write_text(HEAD.format(end=MONTHS, world="trends"), "utf-8")
    monkeypatch.setenv("REBOND_CACHE", str(tmp_path / "cache"))
    arguments = [
        "run",
        str(plan),
        "--city",
        str(bundle),
        "--share",
        "0.3",
        "--seeds",
        "1",
        "--draws",
        "0",
        "--out",
        str(out),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "sim.cli", *arguments], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        _line(process, "2021-12")  # the first year has been lived
        process.send_signal(getattr(signal, name))
        assert process.wait(PATIENCE) == code
        group = process.pid
    until = time.monotonic() + PATIENCE
    while _alive(group) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _alive(group)
    assert not (out / "manifest.json").exists()
    assert _guarded(["compare", str(out), str(out)]) == 2
    plan.write_text(HEAD.format(end="2021-01", world="trends"), "utf-8")
    assert _guarded([*arguments, "--seeds", "0"]) == 0
    assert (out / "report.html").is_file()
    capsys.readouterr()
