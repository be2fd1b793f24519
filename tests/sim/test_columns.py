"""Tables that grow in spare room hold what concatenation would, and never share it with a copy."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.columns import Array, Floats, Ints, Table, column


@dataclass
class Things(Table):
    size: Floats = column(np.float64, "m", "size")
    kind: Ints = column(np.int16, "-", "kind")
    pair: Ints = column(np.int64, "-", "two numbers")


def rows(n: int, start: int) -> dict[str, Array]:
    number = np.arange(start, start + n)
    return {"size": number / 3.0, "kind": number % 7, "pair": np.column_stack([number, -number])}


STEPS = st.lists(st.tuples(st.sampled_from(["extend", "copy", "other", "write", "pickle"]), st.integers(0, 40)))


@given(STEPS)
def test_growing_is_concatenating(steps: list[tuple[str, int]]) -> None:
    """Oracle: the same steps on plain arrays. ``other`` goes on with an earlier copy, which what was done since must not have changed."""
    tables = [(Things(**rows(5, 0)), {k: np.array(v) for k, v in rows(5, 0).items()})]
    for step, n in steps:
        table, plain = tables[-1]
        if step == "extend":
            table.extend(rows(n, 1000 * n))
            plain.update({k: np.concatenate([plain[k], v]) for k, v in rows(n, 1000 * n).items()})
        elif step == "write":
            table.size[n % len(table) :] = n
            plain["size"][n % len(table) :] = n
            table.kind = (table.kind + 1).astype(np.int16)
            plain["kind"] = plain["kind"] + 1
        elif step == "other":
            tables.append(tables[n % len(tables)])
        else:
            other = table.copy() if step == "copy" else pickle.loads(pickle.dumps(table))
            tables.append((other, {k: v.copy() for k, v in plain.items()}))
        for one, expected in tables:
            assert len(one) == len(expected["size"])
            for name, array in one.arrays().items():
                assert np.array_equal(array, expected[name]), name


def test_rows_are_written_where_they_stand() -> None:
    table = Things(**rows(1000, 0))
    table.extend(rows(1, 0))
    grown = table.copy()
    before = grown.size.ctypes.data
    grown.extend(rows(5, 0))
    assert grown.size.ctypes.data == before


def test_columns_of_new_rows_are_as_long_as_one_another() -> None:
    table = Things(**rows(3, 0))
    with pytest.raises(ValueError, match="differ in length"):
        table.extend({**rows(2, 0), "kind": np.zeros(3)})
    with pytest.raises(ValueError, match="no values for"):
        table.extend({"size": np.zeros(3)})
    assert len(table) == 3
