"""Nested logit with persistent tastes: the same person draws the same errors in every month and every world.

Errors of a nest with scale lambda in (0, 1] are ``lambda (ln S + e_j)`` with S positive lambda-stable (Laplace transform
exp(-t^lambda)) and e_j standard Gumbel: each is then standard Gumbel and jointly they have the nested-logit distribution (Cardell
1997, Econometric Theory 13; Chambers, Mallows & Stuck 1976 for the stable draw). The chosen alternative is the argmax of utility
plus error, so frequencies over people are the closed-form nested logit (McFadden 1978) while an unchanged person stays as she is.
"""

from __future__ import annotations

import numpy as np

from kernels.draws import FloatArray, IntArray, one
from kernels.jit import inline, kernel

#: Draw index of the first nest variable; alternatives use 0, 1, 2, ...
_NEST_INDEX = 64


@inline
def positive_stable(u: float, v: float, alpha: float) -> float:
    """Positive stable variable with Laplace transform exp(-t^alpha), from two uniforms (Kanter 1975). 1 if alpha is 1."""
    if alpha >= 1.0:
        return 1.0
    angle = np.pi * u
    w = -np.log(v)
    a = np.sin(alpha * angle) / np.sin(angle) ** (1.0 / alpha)
    b = (np.sin((1.0 - alpha) * angle) / w) ** ((1.0 - alpha) / alpha)
    return a * b


@inline
def _values(
    seed: int, stream_id: int, agent: int, utility: FloatArray, nest: IntArray, scale: FloatArray, draw: FloatArray, level: FloatArray,
    value: FloatArray,
) -> None:  # fmt: skip
    """Utility plus error of one person's alternatives (J,), -inf where not available; ``draw`` (J + 2 M,), ``level`` (M,) scratch.

    All draws are made together, in vector instructions; nests of which nothing is available are not worked out.
    """
    alternatives = utility.shape[0]
    for k in range(draw.shape[0]):
        draw[k] = one(seed, stream_id, agent, 0, k if k < alternatives else _NEST_INDEX + k - alternatives)
    level[:] = np.nan
    for j in range(alternatives):
        value[j] = -np.inf
        if utility[j] == -np.inf:
            continue
        m = nest[j]
        if np.isnan(level[m]):
            level[m] = 0.0
            if scale[m] < 1.0:
                at = alternatives + 2 * m
                level[m] = np.log(positive_stable(draw[at], draw[at + 1], scale[m]))
        e = -np.log(-np.log(draw[j]))
        value[j] = utility[j] + scale[m] * (level[m] + e)


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
    level, value, draw = np.empty(scale.shape[0]), np.empty(alternatives), np.empty(alternatives + 2 * scale.shape[0])
    for i in range(n):
        _values(seed, stream_id, ids[i], utility[i], nest, scale, draw, level, value)
        best = -1
        top = -np.inf
        for j in range(alternatives):
            if value[j] > top:
                top = value[j]
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
    first, second, gain = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    level, value, draw = np.empty(scale.shape[0]), np.empty(alternatives), np.empty(alternatives + 2 * scale.shape[0])
    for i in range(n):
        _values(seed, stream_id, ids[i], utility[i], nest, scale, draw, level, value)
        first[i] = second[i] = -1
        inside, outside = -np.inf, -np.inf
        for j in range(alternatives):
            if value[j] > max(inside, outside):
                first[i] = j
            if nest[j] == apart:
                inside = max(inside, value[j])
            elif value[j] > outside:
                outside = value[j]
                second[i] = j
        gain[i] = -np.inf if inside == -np.inf else inside - outside
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
