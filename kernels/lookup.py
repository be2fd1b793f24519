"""Looking things up for many rows: where curves reach a value, who belongs to a group, its sums, its highest value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@kernel
def inverse(at: FloatArray, curves: FloatArray, row: IntArray, value: FloatArray) -> FloatArray:
    """(n,) x with curve(x) = value, between the first and the last of ``at``.

    ``at`` (m,) ascending x; ``curves`` (k, m) values there, each not falling; ``row`` (n,) curve of each ``value`` (n,).
    """
    last = at.shape[0] - 1
    out = np.empty(row.shape[0], np.float64)
    for i in range(row.shape[0]):
        curve, wanted = curves[row[i]], value[i]
        k = 1
        while k < last and curve[k] < wanted:
            k += 1
        step = curve[k] - curve[k - 1]
        part = (wanted - curve[k - 1]) / step if step > 0.0 else 1.0
        out[i] = at[k - 1] + (at[k] - at[k - 1]) * min(1.0, max(0.0, part))
    return out


@kernel
def members(group: Int32s, wanted: Bools) -> IntArray:
    """Rows, ascending, whose ``group`` (n,) is one of the ``wanted`` (G,)."""
    many = 0
    for i in range(group.shape[0]):
        many += wanted[group[i]]
    out, k = np.empty(many, np.int64), 0
    for i in range(group.shape[0]):
        if wanted[group[i]]:
            out[k] = i
            k += 1
    return out


@kernel
def highest_of(counts: Bools, group: Int32s, place: Int32s, value: FloatArray, out: FloatArray) -> None:
    """Raise ``out`` (G,) to the highest ``value`` (D,) of the places of each group's rows.

    ``counts`` (n,) rows that count; ``group`` (n,); ``place`` (n,) row of ``value``, negative: nowhere.
    """
    for i in range(group.shape[0]):
        if counts[i] and place[i] >= 0:
            out[group[i]] = max(out[group[i]], value[place[i]])


@kernel
def sums_of(counts: Bools, group: Int32s, weight: FloatArray, groups: int) -> FloatArray:
    """(groups,) sums of ``weight`` (n,) over each group's rows that count, in their order."""
    out = np.zeros(groups, np.float64)
    for i in range(group.shape[0]):
        if counts[i]:
            out[group[i]] += weight[i]
    return out
