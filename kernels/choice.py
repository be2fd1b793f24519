"""Nested logit with persistent tastes: the same person draws the same errors in every month and every world.

Errors of a nest with scale lambda in (0, 1] are ``lambda (ln S + e_j)`` with S positive lambda-stable (Laplace transform
exp(-t^lambda)) and e_j standard Gumbel: each is then standard Gumbel and jointly they have the nested-logit distribution (Cardell
1997, Econometric Theory 13; Chambers, Mallows & Stuck 1976 for the stable draw). The chosen alternative is the argmax of utility
plus error, so frequencies over people are the closed-form nested logit (McFadden 1978) while an unchanged person stays as she is.
"""

from __future__ import annotations

import numpy as np

from kernels.draws import FloatArray, IntArray, uniform
from kernels.jit import kernel

#: Draw index of the first nest variable; alternatives use 0, 1, 2, ...
_NEST_INDEX = 64


@kernel
def positive_stable(u: float, v: float, alpha: float) -> float:
    """Positive stable variable with Laplace transform exp(-t^alpha), from two uniforms (Kanter 1975). 1 if alpha is 1."""
    if alpha >= 1.0:
        return 1.0
    angle = np.pi * u
    w = -np.log(v)
    a = np.sin(alpha * angle) / np.sin(angle) ** (1.0 / alpha)
    b = (np.sin((1.0 - alpha) * angle) / w) ** ((1.0 - alpha) / alpha)
    return a * b


@kernel
def choose(
    seed: int, stream_id: int, ids: IntArray, utility: FloatArray, nest: IntArray, scale: FloatArray
) -> IntArray:
    """The alternative each person takes.

    Args:
        seed, stream_id: of the draws (see kernels.draws).
        ids: (n,) identities.
        utility: (n, J) systematic utilities; -inf where an alternative is not available.
        nest: (J,) nest of each alternative, 0..M-1.
        scale: (M,) scale of each nest in (0, 1]; 1 for nests of one alternative.

    Returns:
        (n,) column of the chosen alternative, -1 if none is available.
    """
    n, alternatives = utility.shape
    out = np.empty(n, np.int64)
    level = np.empty(scale.shape[0])
    for i in range(n):
        for m in range(scale.shape[0]):
            level[m] = 0.0
            if scale[m] < 1.0:
                u = uniform(seed, stream_id, ids[i], 0, _NEST_INDEX + 2 * m)
                v = uniform(seed, stream_id, ids[i], 0, _NEST_INDEX + 2 * m + 1)
                level[m] = np.log(positive_stable(u, v, scale[m]))
        best = -1
        top = -np.inf
        for j in range(alternatives):
            if utility[i, j] == -np.inf:
                continue
            e = -np.log(-np.log(uniform(seed, stream_id, ids[i], 0, j)))
            value = utility[i, j] + scale[nest[j]] * (level[nest[j]] + e)
            if value > top:
                top = value
                best = j
        out[i] = best
    return out


@kernel
def choose_or(
    seed: int, stream_id: int, ids: IntArray, utility: FloatArray, nest: IntArray, scale: FloatArray, apart: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """:func:`choose`, what each person would take without the nest ``apart``, and what that would lose her.

    Returns:
        (n,) column of the chosen alternative, (n,) of the best outside the nest, -1 if none; (n,) utility of the best in the nest above
        that of the best outside it [utils]; inf if there is none outside, -inf if there is none inside.
    """
    n, alternatives = utility.shape
    first, second = choose(seed, stream_id, ids, utility, nest, scale), np.empty(n, np.int64)
    gain = np.empty(n)
    for i in range(n):
        top = np.full(2, -np.inf)
        second[i] = -1
        for j in range(alternatives):
            if utility[i, j] == -np.inf:
                continue
            scaled = scale[nest[j]]
            level = 0.0
            if scaled < 1.0:
                u = uniform(seed, stream_id, ids[i], 0, _NEST_INDEX + 2 * nest[j])
                v = uniform(seed, stream_id, ids[i], 0, _NEST_INDEX + 2 * nest[j] + 1)
                level = np.log(positive_stable(u, v, scaled))
            e = -np.log(-np.log(uniform(seed, stream_id, ids[i], 0, j)))
            value = utility[i, j] + scaled * (level + e)
            side = 0 if nest[j] == apart else 1
            if value > top[side]:
                top[side] = value
                if side == 1:
                    second[i] = j
        gain[i] = -np.inf if top[0] == -np.inf else top[0] - top[1]
    return first, second, gain


@kernel
def nested_shares(utility: FloatArray, nest: IntArray, scale: FloatArray) -> FloatArray:
    """(n, J) closed-form nested-logit probabilities (McFadden 1978); rows without any alternative are zero."""
    n, alternatives = utility.shape
    out = np.zeros((n, alternatives))
    inclusive = np.empty(scale.shape[0])
    for i in range(n):
        top = -np.inf
        for j in range(alternatives):
            top = max(top, utility[i, j] / scale[nest[j]])
        if top == -np.inf:
            continue
        inclusive[:] = 0.0
        for j in range(alternatives):
            inclusive[nest[j]] += np.exp(utility[i, j] / scale[nest[j]] - top)
        total = 0.0
        for m in range(scale.shape[0]):
            if inclusive[m] > 0.0:
                total += np.exp(scale[m] * (np.log(inclusive[m]) + top) - top)
        for j in range(alternatives):
            m = nest[j]
            if utility[i, j] > -np.inf and inclusive[m] > 0.0:
                upper = np.exp(scale[m] * (np.log(inclusive[m]) + top) - top) / total
                out[i, j] = upper * np.exp(utility[i, j] / scale[m] - top) / inclusive[m]
    return out
