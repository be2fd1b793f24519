"""The public face of experiments, and engines that this machine cannot run in earnest."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from experiments.engines import Dask, Slurm
from sim.errors import InputError

#: What other people's code may import from ``experiments``: adding is easy, taking away breaks somebody.
EXPERIMENTS = {
    "CityWork", "Column", "Dask", "Experiment", "Forks", "Here", "Loky", "Options", "Plan", "Result", "Slurm", "Sweep", "Task", "load",
    "load_experiment", "local", "ready", "sweep",
}  # fmt: skip


def test_experiments_exports_exactly_this() -> None:
    experiments = import_module("experiments")
    assert set(experiments.__all__) == EXPERIMENTS == set(dir(experiments))
    for name in EXPERIMENTS:
        assert not isinstance(getattr(experiments, name), ModuleType), name
    with pytest.raises(AttributeError, match="no attribute 'nothing_of_this_name'"):
        _ = experiments.nothing_of_this_name


def test_the_command_line_starts_without_what_research_needs() -> None:
    """No table, figure or cluster library is loaded before a command wants it."""
    heavy = "pandas,pyarrow,matplotlib,duckdb,distributed,SALib,sklearn,pymoo,loky,numba"
    code = (
        "import sys; from sim.cli import main\ntry: main(['--version'])\nexcept SystemExit: pass\n"
        f"print([m for m in '{heavy}'.split(',') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "[]"


def test_a_slurm_file_becomes_a_job_script(tmp_path: Path) -> None:
    """What would be handed to sbatch, by dask-jobqueue itself."""
    pytest.importorskip("dask_jobqueue")
    (tmp_path / "slurm.yaml").write_text(
        "jobs: 3\ncores: 4\nprocesses: 4\nmemory: 16GB\nqueue: cpu\nwalltime: '02:00:00'\n", "utf-8"
    )
    script = Slurm(tmp_path / "slurm.yaml").job_script()
    assert "#SBATCH -p cpu" in script
    assert "#SBATCH --cpus-per-task=4" in script
    assert "--nworkers 4" in script
    assert "--nthreads 1" in script


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cores: 4\n", "jobs: None"),
        ("jobs: 0\n", "jobs: 0"),
        ("jobs: true\n", "jobs: True"),
        ("- 1\n", "jobs: None"),
        ("a: [\n", "--slurm"),
    ],
)
def test_slurm_files_that_are_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "slurm.yaml").write_text(text, "utf-8")
    with pytest.raises(InputError, match=message):
        Slurm(tmp_path / "slurm.yaml")


def test_an_address_that_is_none(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="an address such as tcp://host:8786"):
        Dask("nonsense://x", connect=0.5).start()
    with pytest.raises(OSError):
        Dask("tcp://127.0.0.1:9", connect=0.5).start()
