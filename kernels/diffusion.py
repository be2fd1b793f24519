"""Opinion and adoption on the social network of households (compressed sparse rows)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.draws import FloatArray, IntArray
from kernels.jit import kernel

Float32s = npt.NDArray[np.float32]
Int32s = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@kernel
def neighbour_mean(first: IntArray, contacts: Int32s, counts: Bools, value: FloatArray) -> FloatArray:
    """Mean of ``value`` over the contacts of each household that count; its own value where there are none.

    Args:
        first: (H + 1,) pointer; rows beyond its end have no contacts.
        contacts: rows listened to.
        counts: (H',) whether anybody still lives there.
        value: (H', k) with H' >= H.

    Returns:
        (H', k).
    """
    out = value.copy()
    columns = value.shape[1]
    total = np.zeros(columns)
    for i in range(first.shape[0] - 1):
        n = 0
        total[:] = 0.0
        for k in range(first[i], first[i + 1]):
            j = contacts[k]
            if counts[j]:
                n += 1
                for m in range(columns):
                    total[m] += value[j, m]
        if n > 0:
            for m in range(columns):
                out[i, m] = total[m] / n
    return out


@kernel
def word_of_mouth(
    own: Float32s, heard: FloatArray, household: Int32s, stubbornness: float, support: Float32s, pace: float
) -> None:
    """One month of Friedkin & Johnsen (1990): support moves towards stubbornness x own + (1 - stubbornness) x heard.

    Args:
        own: (n, M) own judgement.
        heard: (H, M) mean support among contacts' households.
        household: (n,) household of each citizen.
        stubbornness: weight of the own judgement.
        support: (n, M) in and out.
        pace: share of the way gone in a month.
    """
    for i in range(own.shape[0]):
        h = household[i]
        for m in range(own.shape[1]):
            aim = stubbornness * own[i, m] + (1.0 - stubbornness) * heard[h, m]
            support[i, m] += np.float32(pace * (aim - support[i, m]))


@kernel
def household_mean(household: Int32s, alive: Bools, value: Float32s, households: int) -> FloatArray:
    """(H, M) mean of living members' values; 0.5 where nobody lives."""
    out = np.zeros((households, value.shape[1]))
    count = np.zeros(households)
    for i in range(value.shape[0]):
        if alive[i]:
            count[household[i]] += 1.0
            for m in range(value.shape[1]):
                out[household[i], m] += value[i, m]
    for h in range(households):
        for m in range(value.shape[1]):
            out[h, m] = out[h, m] / count[h] if count[h] > 0.0 else 0.5
    return out


@kernel
def judgement(
    expected_drivers: FloatArray, expected_others: FloatArray, in_force: FloatArray, announced: FloatArray, exposure: FloatArray,
    district: Int32s, main_district: Int32s, driver: Bools, lived: FloatArray, trust: FloatArray, loss: float,
    belief: float, kept: float, own: Float32s, pace: float,
) -> None:  # fmt: skip
    """Own judgement of each announced measure: expectation before it is in force, experience after; losses weigh ``loss`` times.

    Args:
        expected_drivers, expected_others: (M,) what drivers and others expect, -1..1.
        in_force, announced: (M,) 0..1.
        exposure: (M, D) share of a district that the measure touches.
        district, main_district: (n,) home and main destination.
        driver: (n,) uses a car.
        lived: (n,) gain or loss lived since the usual, -1..1.
        trust: (n,) 0..1.
        loss: weight of a loss against a gain (Tversky & Kahneman 1992: about two).
        belief: weight of trust.
        kept: part of the expectation that stays in the judgement of a measure in force; the rest is what is lived.
        own: (n, M) in and out, 0..1.
        pace: share of the way towards the new judgement gone in a month.
    """
    for i in range(own.shape[0]):
        for m in range(own.shape[1]):
            if announced[m] <= 0.0:
                continue
            touched = exposure[m, district[i]]
            if main_district[i] >= 0:
                touched = max(touched, exposure[m, main_district[i]])
            prior = expected_drivers[m] if driver[i] else expected_others[m]
            felt = prior * touched if prior < 0.0 else prior * (0.5 + 0.5 * touched)
            after = lived[i] * touched + kept * felt
            value = (1.0 - in_force[m]) * felt + in_force[m] * after
            if value < 0.0:
                value *= loss
            aim = 0.5 + 0.5 * np.tanh(value + belief * (trust[i] - 0.5))
            own[i, m] += np.float32(pace * (aim - own[i, m]))


@kernel
def weight_below(support: Float32s, weight: FloatArray, threshold: float) -> FloatArray:
    """(M,) weight of the citizens whose support lies below ``threshold``. ``weight`` (n,), 0 for those who do not count."""
    out = np.zeros(support.shape[1])
    for i in range(support.shape[0]):
        if weight[i] > 0.0:
            for m in range(support.shape[1]):
                if support[i, m] < threshold:
                    out[m] += weight[i]
    return out
