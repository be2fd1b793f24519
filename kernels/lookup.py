"""Where piecewise linear curves reach a value: one curve and one value a row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


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
