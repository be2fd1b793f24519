"""Who takes part: the kernels beside their plain twins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.diffusion import contact_shares, neighbour_mean
from kernels.draws import stream, uniform
from kernels.voice import NOBODY, come, inclination

SEEDS = st.integers(0, 2**32 - 1)
QUICK = settings(max_examples=30, deadline=None)


@QUICK
@given(SEEDS)
def test_inclination_is_what_the_docstring_says(seed: int) -> None:
    rng, n, homes = np.random.default_rng(seed), 40, 12
    alive, age = rng.random(n) < 0.9, rng.integers(0, 1200, n).astype(np.int32)
    csp, home = rng.integers(0, 7, n).astype(np.int8), rng.integers(0, homes, n).astype(np.int32)
    fifth, trust, engaged, education = (
        rng.integers(0, 5, homes).astype(np.int8),
        rng.random(n),
        rng.random(n),
        rng.random(7),
    )
    out = np.empty(n, np.float32)
    inclination(alive, age, csp, home, fifth, trust, engaged, education, 0.8, 0.9, 0.5, 1.5, 2.5, out)
    for i in range(n):
        if not alive[i] or age[i] < 216:
            assert out[i] == NOBODY
            continue
        by_age = 0.8 * (0.5 - min(((age[i] / 12 - 55) / 35) ** 2, 1.0))
        means = 0.9 * (education[csp[i]] - 0.5) + 0.5 * (fifth[home[i]] / 4 - 0.5)
        assert out[i] == pytest.approx(by_age + means + 1.5 * (trust[i] - 0.5) + 2.5 * engaged[i], abs=1e-5)


@QUICK
@given(SEEDS, st.integers(-1, 11))
def test_those_come_whose_draw_lies_below_reach_times_will(seed: int, turn: int) -> None:
    rng, n, word = np.random.default_rng(seed), 60, stream("test")
    score = np.where(rng.random(n) < 0.2, NOBODY, rng.normal(0, 1, n)).astype(np.float32)
    district, home = rng.integers(0, 3, n).astype(np.int32), rng.integers(0, 9, n).astype(np.int32)
    reach, heard, touched = rng.random(3), rng.random(9) * (rng.random(9) < 0.5), rng.random(3)
    before = rng.integers(0, 16, n).astype(np.int8)
    took = before.copy()
    come(7, word, np.arange(n), 24_000, -0.5, score, reach, district, heard, home, touched, took, 4, turn)
    for i in range(n):
        if turn >= 0 and i % 12 != turn:
            assert took[i] == before[i]
            continue
        known = 1 - (1 - reach[district[i]]) * (1 - heard[home[i]])
        will = 0.0 if score[i] == NOBODY else 1 / (1 + math.exp(0.5 - float(score[i]) - touched[district[i]]))
        comes = uniform(7, word, i, 24_000, 0) < known * will
        assert took[i] == (before[i] & ~4) | (4 if comes else 0)


@QUICK
@given(SEEDS)
def test_shares_of_contacts_are_the_means_of_zeros_and_ones(seed: int) -> None:
    rng, homes = np.random.default_rng(seed), 30
    first = np.r_[0, np.cumsum(rng.integers(0, 6, homes - 4))]
    contacts = rng.integers(0, homes, first[-1]).astype(np.int32)
    alive, has = rng.random(homes) < 0.8, rng.random((homes, 3)) < 0.4
    asked = rng.integers(0, homes, 12)
    of_all = neighbour_mean(first, contacts, alive, has * 1.0)
    for k in range(3):
        assert np.array_equal(contact_shares(first, contacts, alive, has[:, k].copy(), asked), of_all[asked, k])
