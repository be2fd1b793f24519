"""Sums over trees whose nodes stand with parents before children; a root is its own parent. Several trees may share the arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def below(parent: IntArray, values: FloatArray) -> FloatArray:
    """(n, C) sums of ``values`` (n, C) over each node and all that hangs below it."""
    total = values.copy()
    for i in range(len(parent) - 1, -1, -1):
        above = parent[i]
        if above != i:
            for c in range(values.shape[1]):
                total[above, c] += total[i, c]
    return total


@kernel
def along(parent: IntArray, steps: FloatArray) -> FloatArray:
    """(n,) sums of ``steps`` (n,) from the root to each node, both ends' steps included."""
    total = steps.copy()
    for i in range(len(parent)):
        if parent[i] != i:
            total[i] += total[parent[i]]
    return total


@kernel
def nearest_kept(parent: IntArray, kept: npt.NDArray[np.bool_]) -> IntArray:
    """(n,) the first kept node on the way up from each node's parent (for a root: itself). Roots count as kept."""
    anchor = np.empty(len(parent), np.int64)
    above = np.empty(len(parent), np.int64)
    for i in range(len(parent)):
        root = parent[i] == i
        above[i] = i if root else anchor[parent[i]]
        anchor[i] = i if root or kept[i] else above[i]
    return above
