"""Killed from outside at any moment - main process, workers, scheduler - or left without disk: nothing is lost, doubled or torn."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from experiments import store as stores
from experiments.engines import Dask, Engine, Forks, Here, Loky, local
from experiments.frames import load
from experiments.runner import Options, sweep
from tests.experiments import fakes
from tests.experiments.checks import gone, whole

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("engine", [Forks(2), Loky(2)], ids=["forks", "loky"])
def test_a_killed_worker_costs_nothing(tmp_path: Path, engine: Engine) -> None:
    progress = sweep(fakes.plan(), fakes.Killing(tmp_path, times=1), tmp_path / "out", engine)
    assert (progress.done, progress.failed, progress.breaks) == (16, 0, 1)
    whole(load(tmp_path / "out"), fakes.plan())


@pytest.mark.parametrize("engine", [Forks(2), Loky(2)], ids=["forks", "loky"])
def test_a_run_that_kills_its_worker_is_found_out(tmp_path: Path, engine: Engine) -> None:
    """Those in flight beside it are not blamed."""
    progress = sweep(fakes.plan(), fakes.Killing(tmp_path), tmp_path / "out", engine, Options(batch=2))
    assert (progress.done, progress.failed) == (15, 1)
    with stores.open_to_read(tmp_path / "out") as store:
        (fault,) = store.faults()
    assert fault["run"] == 3
    assert "killed (out of memory?)" in fault["error"]


def child(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.experiments.child_sweep", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def workers_of(pid: int) -> list[int]:
    """Of either kind: loky's, or the root and what it forked."""
    found = psutil.Process(pid).children(recursive=True)
    return [p.pid for p in found if "tracker" not in " ".join(p.cmdline())]


@pytest.mark.parametrize("kind", ["forks", "loky"])
def test_sigkill_of_the_main_process(tmp_path: Path, kind: str) -> None:
    """Three times at moments drawn by chance, with workers of its own; what it said was done is there, and nothing twice."""
    out, draw = tmp_path / "out", random.Random(7)
    for _ in range(3):
        process = child(out, "slow", f"{kind}:2", 100)
        assert process.stdout is not None
        said = 0
        wanted = draw.randint(5, 60)
        for line in process.stdout:
            said = int(line)
            wanted -= 1
            if wanted <= 0:
                break
        workers = workers_of(process.pid)
        assert len(workers) == 2
        process.kill()
        process.communicate()
        assert gone(workers)
        with stores.open_to_read(out) as store:
            assert store.counts()["done"] >= said
    progress = sweep(fakes.plan(100, 2), fakes.trivial, out, local(2))
    assert progress.done == 400
    whole(load(out), fakes.plan(100, 2))


@pytest.mark.parametrize("kind", ["forks", "loky"])
def test_sigkill_of_workers(tmp_path: Path, kind: str) -> None:
    """The first of them (which the others were forked from), then the last."""
    out = tmp_path / "out"
    process = child(out, "slow", f"{kind}:2", 60)
    assert process.stdout is not None
    for number, _line in enumerate(process.stdout):
        workers = workers_of(process.pid) if number in (10, 40) else []
        if workers:
            os.kill(workers[0 if number == 10 else -1], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    whole(load(out), fakes.plan(60, 2))


def test_a_full_disk(tmp_path: Path) -> None:
    """Writing fails: one message, exit code 1, and what was committed is whole; with room again the sweep goes on."""
    out = tmp_path / "out"
    process = child(out, "full-disk", "here", 400)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert "OSError" in errors
    done = [int(line) for line in said.split()]
    before = load(out).runs
    assert len(before) >= max(done, default=0)
    progress = sweep(fakes.plan(400, 2), fakes.with_series, out, Here())
    assert progress.fresh == 1600 - len(before)
    whole(load(out), fakes.plan(400, 2))
    assert len(load(out).series) == 3200


# --- Dask -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, Any]]:
    """A scheduler and a worker as processes of their own; yields the address and a function that starts the scheduler anew."""
    pytest.importorskip("distributed")
    started: list[subprocess.Popen[bytes]] = []
    port = 20_000 + os.getpid() % 20_000
    address = f"tcp://127.0.0.1:{port}"
    quiet: dict[str, Any] = {
        "cwd": ROOT,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "start_new_session": True,
    }

    def start() -> subprocess.Popen[bytes]:
        dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        scheduler = [*dask, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        started.append(subprocess.Popen(scheduler, **quiet))
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--nworkers", "2"]
        started.append(
            subprocess.Popen([*worker, "--no-dashboard", "--local-directory", str(tmp_path / "dask")], **quiet)
        )
        return started[-2]

    yield address, start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_dask_by_its_address_and_a_lost_connection(tmp_path: Path, cluster: tuple[str, Any]) -> None:
    address, start = cluster
    scheduler, out = start(), tmp_path / "out"
    process = child(out, "slow", address, 60)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 20:
            scheduler.kill()
            scheduler.wait()
            break
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "the same command goes on" in errors
    with stores.open_to_read(out) as store:
        done = store.counts()["done"]
    assert 20 <= done < 240
    start()
    progress = sweep(fakes.plan(60, 2), fakes.Slow(0.0), out, Dask(address))
    assert progress.fresh == 240 - done
    whole(load(out), fakes.plan(60, 2))
