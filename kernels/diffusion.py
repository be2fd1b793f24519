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
def contact_shares(first: IntArray, contacts: Int32s, counts: Bools, trait: Bools, rows: IntArray) -> FloatArray:
    """Share of the contacts of the households ``rows`` that have a trait; its own trait where none of them counts.

    The same means as :func:`neighbour_mean` of zeros and ones, of those alone whom a rule looks at.

    Args:
        first: (H + 1,) pointer; rows beyond its end have no contacts.
        contacts: rows listened to.
        counts: (H',) whether anybody still lives there, H' >= H.
        trait: (H',) whether the household has it.
        rows: (n,) of households.

    Returns:
        (n,).
    """
    out = np.empty(rows.shape[0])
    for m in range(rows.shape[0]):
        i = rows[m]
        n = total = 0
        if i < first.shape[0] - 1:
            for k in range(first[i], first[i + 1]):
                j = contacts[k]
                n += counts[j]
                total += counts[j] and trait[j]
        out[m] = total / n if n > 0 else 1.0 * trait[i]
    return out


@kernel
def word_of_mouth(
    known: IntArray, own: Float32s, heard: FloatArray, alive: Bools, household: Int32s, stubbornness: float, support: Float32s,
    pace: float,
) -> None:  # fmt: skip
    """One month of Friedkin & Johnsen (1990): support moves towards stubbornness x own + (1 - stubbornness) x heard.

    Args:
        known: (K,) measures that are talked about.
        own: (n, M) own judgement.
        heard: (H, K) mean support among contacts' households.
        alive: (n,) who talks; the others keep what they thought.
        household: (n,) household of each citizen.
        stubbornness: weight of the own judgement.
        support: (n, M) in and out.
        pace: share of the way gone in a month.
    """
    for i in range(own.shape[0]):
        if alive[i]:
            h = household[i]
            for k in range(known.shape[0]):
                m = known[k]
                aim = stubbornness * own[i, m] + (1.0 - stubbornness) * heard[h, k]
                support[i, m] += np.float32(pace * (aim - support[i, m]))


@kernel
def household_mean(known: IntArray, household: Int32s, alive: Bools, value: Float32s, households: int) -> FloatArray:
    """(H, K) mean of living members' values of the columns ``known`` of ``value`` (n, M); 0.5 where nobody lives."""
    columns = known.shape[0]
    out = np.zeros((households, columns))
    count = np.zeros(households)
    for i in range(value.shape[0]):
        if alive[i]:
            count[household[i]] += 1.0
            for k in range(columns):
                out[household[i], k] += value[i, known[k]]
    for h in range(households):
        for k in range(columns):
            out[h, k] = out[h, k] / count[h] if count[h] > 0.0 else 0.5
    return out


@kernel
def judgement(
    known: IntArray, expected_drivers: FloatArray, expected_others: FloatArray, in_force: FloatArray, exposure: FloatArray,
    alive: Bools, district: Int32s, main_district: Int32s, driver: Bools, lived: FloatArray, trust: FloatArray, loss: float,
    belief: float, kept: float, background: FloatArray, common: FloatArray, engaged: FloatArray, for_engaged: FloatArray,
    own: Float32s, pace: float,
) -> None:  # fmt: skip
    """Own judgement of each known measure: expectation before it is in force, experience after; losses weigh ``loss`` times.

    The hyperbolic tangent is written by one exponential: the kernel takes three fifths of the time that it takes with the library's
    tangent (18 against 31 ns a citizen and measure), and support in single precision comes out the same.

    Args:
        known: (K,) measures that are public.
        expected_drivers, expected_others: (M,) what drivers and others expect, -1..1.
        in_force: (M,) 0..1.
        exposure: (M, D) share of a district that the measure touches.
        alive: (n,) who judges; the others keep what they thought.
        district, main_district: (n,) home and main destination.
        driver: (n,) uses a car.
        lived: (n,) gain or loss lived since the usual, -1..1.
        trust: (n,) 0..1.
        loss: weight of a loss against a gain (Tversky & Kahneman 1992: about two).
        belief: weight of trust.
        kept: part of the expectation that stays in the judgement of a measure in force; the rest is what is lived.
        background: (M,) what those whom the measure does not touch live meanwhile: nobody blames the measure for that.
        common: (M,) what weighs for everybody alike: fairness to others, effects seen, a design made with citizens.
        engaged: (n,) how much the citizen took part lately, 0..1.
        for_engaged: (M,) what weighs beyond that for those who took part.
        own: (n, M) in and out, 0..1.
        pace: share of the way towards the new judgement gone in a month.
    """
    for i in range(own.shape[0]):
        if not alive[i]:
            continue
        for k in range(known.shape[0]):
            m = known[k]
            touched = exposure[m, district[i]]
            if main_district[i] >= 0:
                touched = max(touched, exposure[m, main_district[i]])
            prior = expected_drivers[m] if driver[i] else expected_others[m]
            felt = prior * touched if prior < 0.0 else prior * (0.5 + 0.5 * touched)
            after = (lived[i] - background[m]) * touched + kept * felt
            value = (1.0 - in_force[m]) * felt + in_force[m] * after + common[m] + engaged[i] * for_engaged[m]
            if value < 0.0:
                value *= loss
            aim = 1.0 - 1.0 / (np.exp(2.0 * (value + belief * (trust[i] - 0.5))) + 1.0)  # (1 + tanh) / 2
            own[i, m] += np.float32(pace * (aim - own[i, m]))


@kernel
def weight_below(known: IntArray, support: Float32s, weight: FloatArray, threshold: float) -> FloatArray:
    """(K,) weight of the citizens whose support of a known measure lies below ``threshold``. ``weight`` (n,), 0 for who does not count."""
    out = np.zeros(known.shape[0])
    for i in range(support.shape[0]):
        if weight[i] > 0.0:
            for k in range(known.shape[0]):
                if support[i, known[k]] < threshold:
                    out[k] += weight[i]
    return out


@kernel
def group_gap(known: IntArray, value: Float32s, weight: FloatArray, group: Bools) -> FloatArray:
    """(K,) weighted mean of the columns ``known`` of ``value`` (n, M) in a group less that of all; 0 where the group is empty."""
    columns = known.shape[0]
    inside, all_of = np.zeros(columns), np.zeros(columns)
    inner, outer = 0.0, 0.0
    for i in range(value.shape[0]):
        w = weight[i]
        if w > 0.0:
            outer += w
            g = w if group[i] else 0.0
            inner += g
            for k in range(columns):
                v = value[i, known[k]]
                all_of[k] += w * v
                inside[k] += g * v
    out = np.zeros(columns)
    if inner > 0.0:
        for k in range(columns):
            out[k] = inside[k] / inner - all_of[k] / outer
    return out
