"""Who takes part: a logit of what people are and have done, times the chance that they are reached."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.draws import FloatArray, IntArray, uniform
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
    for i in range(ids.shape[0]):
        if turn >= 0 and ids[i] % 12 != turn:
            continue
        took[i] &= ~np.int8(bit)
        if score[i] == NOBODY:
            continue
        d = district[i]
        known = reach[d] + (1.0 - reach[d]) * heard[household[i]]
        if known <= 0.0:
            continue
        u = uniform(seed, stream_id, ids[i], month, 0)
        if u < known and u < chance(constant + score[i] + touched[d], known):
            took[i] |= bit
