"""A state comes back from memory and from disk to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.checkpoint import load_state, save_state
from sim.errors import InputError
from sim.state import State
from tests.tiny import tiny_city, tiny_state


def same(a: State, b: State) -> bool:
    left, right = a.arrays(), b.arrays()
    return left.keys() == right.keys() and all(
        left[n].dtype == right[n].dtype and left[n].shape == right[n].shape and left[n].tobytes() == right[n].tobytes()
        for n in left
    )


def test_copy_is_equal_and_independent() -> None:
    state = tiny_state(tiny_city())
    twin = state.copy()
    assert same(state, twin)
    for name, array in twin.arrays().items():
        if array.ndim:
            assert not np.shares_memory(array, state.arrays()[name]), name


def test_disk_keeps_every_bit(tmp_path: Path) -> None:
    state = tiny_state(tiny_city())
    state.households.income[0] = np.nextafter(1.0, 2.0)
    state.energy.load[3] = np.nan
    save_state(state, tmp_path / "s.npz")
    assert same(state, load_state(tmp_path / "s.npz"))
    assert [p.name for p in tmp_path.iterdir()] == ["s.npz"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 torn"])
def test_a_file_that_is_no_state_is_one_input_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.npz").write_bytes(content)
    with pytest.raises(InputError, match="a state saved by this version"):
        load_state(tmp_path / "s.npz")
