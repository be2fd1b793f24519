"""Who takes part: a logit of what people are and have done, times the chance that they are reached."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.draws import BLOCK, FloatArray, IntArray, one
from kernels.jit import kernel

Float32s = npt.NDArray[np.float32]
Int32s = npt.NDArray[np.int32]
Int8s = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]

ADULT = 18 * 12  #: age from which people are asked [months]
NOBODY = np.float32(-1e30)  #: log-odds of those who are not asked
FULLEST = 55.0  #: age at which people take part most [years]


@kernel
def inclination(
    alive: Bools, age: Int32s, csp: Int8s, household: Int32s, quintile: Int8s, trust: FloatArray, engaged: FloatArray,
    education: FloatArray, by_age: float, by_education: float, by_income: float, by_trust: float, by_past: float, out: Float32s,
) -> None:  # fmt: skip
    """Log-odds of taking part in anything against somebody of middling traits; NOBODY for children and the dead.

    Args:
        alive: (n,) who lives here.
        age: (n,) [months].
        csp: (n,) socio-professional group: row of ``education``.
        household: (n,) row of ``quintile``.
        quintile: (H,) income fifth, 0 poorest .. 4 richest.
        trust: (n,) 0..1.
        engaged: (n,) memory of having taken part, 0..1.
        education: (groups,) 0 least .. 1 most.
        by_age: what the young and the oldest lack against those of 55.
        by_education, by_income: most against least.
        by_trust: by trust.
        by_past: of those who took part just before.
        out: (n,) float32.
    """
    for i in range(alive.shape[0]):
        if not alive[i] or age[i] < ADULT:
            out[i] = NOBODY
            continue
        off = (age[i] / 12.0 - FULLEST) / 35.0
        value = by_age * (0.5 - min(off * off, 1.0)) + by_education * (education[csp[i]] - 0.5)
        value += by_income * (0.25 * quintile[household[i]] - 0.5) + by_trust * (trust[i] - 0.5) + by_past * engaged[i]
        out[i] = np.float32(value)


@kernel
def chance(log_odds: float, reach: float) -> float:
    """Reached, and then willing."""
    return reach / (1.0 + np.exp(-log_odds))


@kernel
def come(
    seed: int, stream_id: int, ids: IntArray, month: int, constant: float, score: Float32s, reach: FloatArray, district: Int32s,
    heard: FloatArray, household: Int32s, touched: FloatArray, took: Int8s, bit: int, turn: int,
) -> None:  # fmt: skip
    """Set ``bit`` in ``took`` for those who come: drawn by identity and month.

    Args:
        seed, stream_id: of the draws.
        ids: (n,) identities.
        month: of the draws, 0 for a lasting trait.
        constant: log-odds of somebody of middling traits.
        score: (n,) from :func:`inclination`.
        reach: (D,) share of adults reached.
        district: (n,) home.
        heard: (H,) share of contacts who took part: they reach the others.
        household: (n,) row of ``heard``.
        touched: (D,) added log-odds.
        took: (n,) in and out.
        bit: what they come to.
        turn: 0..11 asks a twelfth of the people anew, by identity, and leaves the others as they are; -1 asks everybody.
    """
    top = score[0] if score.shape[0] > 0 else NOBODY
    for i in range(score.shape[0]):
        top = max(top, score[i])
    # most draws lie above the chance of whoever is most willing (and a little more: exp need not be monotone to the last bit)
    most = chance(constant + top + touched.max(), 1.0) * (1.0 + 1e-9)
    rows, block, draws = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64), np.empty(BLOCK, np.float64)
    i = 0
    while i < ids.shape[0]:
        many = 0
        while i < ids.shape[0] and many < BLOCK:
            if turn < 0 or ids[i] % 12 == turn:
                rows[many], block[many] = i, ids[i]
                many += 1
            i += 1
        some = block[:many]
        for j in range(some.shape[0]):
            draws[j] = one(seed, stream_id, some[j], month, 0)
        for j in range(many):
            who = rows[j]
            took[who] &= ~np.int8(bit)
            if draws[j] >= most or score[who] == NOBODY:
                continue
            d = district[who]
            known = reach[d] + (1.0 - reach[d]) * heard[household[who]]
            if draws[j] < known and draws[j] < chance(constant + score[who] + touched[d], known):
                took[who] |= bit
