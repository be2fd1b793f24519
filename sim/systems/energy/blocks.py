"""Columns of many rows, made some rows at a time: what a block needs on the way stays in the processor's caches; threads share blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from kernels.lookup import sums_of
from kernels.threads import in_blocks
from sim.columns import Array, Floats, Ints

BLOCK = 8192  #: rows at a time: some forty columns of them fit into a second-level cache


def by_blocks(make: Callable[[int, int], Mapping[str, Array]], count: int, threads: int) -> dict[str, Array]:
    """The columns (count, ...) of which ``make(start, stop)`` makes those of some rows, from these rows alone: the same with any blocks."""
    out = {name: np.empty((count, *part.shape[1:]), part.dtype) for name, part in make(0, 0).items()}

    def some(start: int, stop: int) -> None:
        for name, part in make(start, stop).items():
            out[name][start:stop] = part

    in_blocks(some, count, BLOCK, threads)
    return out


def weighted_sums(
    cells: Sequence[Ints], columns: Sequence[Floats], weight: Floats, count: int, threads: int
) -> list[Floats]:
    """(count,) sums over its cells (n,) of each of the columns (n,) times ``weight`` (n,), rows in their order."""
    out, everyone = [np.zeros(0)] * len(columns), np.ones(len(weight), bool)

    def some(start: int, stop: int) -> None:
        for i in range(start, stop):
            out[i] = sums_of(everyone, cells[i], weight * columns[i], count)

    in_blocks(some, len(columns), 1, threads)
    return out
