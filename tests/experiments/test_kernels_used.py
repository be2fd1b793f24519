"""Kernels loaded ahead are those that runs use, and as good as those loaded when called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from experiments import kernels_used

ROOT = Path(__file__).resolve().parents[2]
USE = """
import sys; from pathlib import Path; import numpy as np
from kernels import draws
from experiments import kernels_used
rows = np.arange(5, dtype=np.int64)
"""
FIRST = """
here = Path(sys.argv[1])
print(draws.uniforms(1, 2, rows, 3, 0).tolist(), kernels_used.remember(here), kernels_used.remember(here))
"""
THEN = """
loaded = kernels_used.load(Path(sys.argv[1]))
print(draws.uniforms(1, 2, rows, 3, 0).tolist(), loaded > 0, loaded == sum(len(one.overloads) for _, _, one in kernels_used._kernels()))
import numba
inner = draws.uniforms
@numba.njit
def outer(rows):
    return inner(1, 2, rows, 3, 0)[0]
print("linked", outer(rows) == inner(1, 2, rows, 3, 0)[0])
"""


def said(code: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_loaded_ahead_and_still_good_to_be_called_by_a_kernel_compiled_later(tmp_path: Path) -> None:
    (first,) = said(USE + FIRST, tmp_path)
    values, new, again = first.rsplit(" ", 2)
    assert (new, again) == ("True", "False")
    then, linked = said(USE + THEN, tmp_path)
    assert then == f"{values} True True"
    assert linked == "linked True"


def test_a_list_that_is_damaged_or_of_another_version_loads_nothing(tmp_path: Path) -> None:
    assert kernels_used.load(tmp_path) == 0
    (tmp_path / kernels_used.FILE).write_text('[["kernels.draws", "gone", "(int64,)"], 3]', "utf-8")
    assert kernels_used.load(tmp_path) == 0
    (tmp_path / kernels_used.FILE).write_text('[["kernels.draws", "gone", "(int64,)"]]', "utf-8")
    assert kernels_used.load(tmp_path) == 0
