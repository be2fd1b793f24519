"""Emission curves of COPERT: quotients of polynomials in speed, many at once."""

from __future__ import annotations

import numpy as np

from kernels.draws import FloatArray
from kernels.jit import kernel


@kernel
def weighted_curves(coefficients: FloatArray, share: FloatArray, speed: FloatArray) -> FloatArray:
    """(n,) sum over curves of share x max(0, (a + c v + e v^2 + f / v) / (1 + b v + d v^2)).

    ``coefficients`` (K, 6): a to f of each curve (form of the EMEP/EEA guidebook, 1.A.3.b.i-iv); ``share`` (K,); ``speed`` (n,) > 0.
    """
    out = np.zeros(speed.shape[0])
    for k in range(share.shape[0]):
        a, b, c, d, e, f = coefficients[k]
        for i in range(speed.shape[0]):
            v = speed[i]
            out[i] += share[k] * max((a + c * v + e * v * v + f / v) / (1.0 + b * v + d * v * v), 0.0)
    return out
