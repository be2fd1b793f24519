"""Counter-based draws against the known answers published with Random123, and for what counters promise."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.draws import BLOCK, below, gumbels, philox4x32, stream, uniform, uniforms

ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        # kat_vectors of Random123 1.09 (Salmon et al. 2011), lines "philox4x32 10"
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers(counter: tuple[int, ...], key: tuple[int, ...], answer: tuple[int, ...]) -> None:
    words = philox4x32(*(np.uint64(w) for w in (*counter, *key)))
    assert tuple(int(w) for w in words) == answer


def test_draws_are_uniform_and_independent() -> None:
    n = 200_000
    ids = np.arange(n)
    a, b = uniforms(7, stream("a"), ids, 3, 0), uniforms(7, stream("b"), ids, 3, 0)
    assert a.min() > 0.0
    assert a.max() < 1.0
    counts = np.bincount((a * 100).astype(int), minlength=100)
    # chi-square, 99 degrees of freedom: 99.99 % of true uniforms lie below 161.3
    assert ((counts - n / 100) ** 2 / (n / 100)).sum() < 161.3
    for other in (b, uniforms(7, stream("a"), ids, 4, 0), uniforms(8, stream("a"), ids, 3, 0), np.roll(a, 1)):
        assert abs(np.corrcoef(a, other)[0, 1]) < 4.0 / np.sqrt(n)
    # Gumbel: mean is Euler's constant, variance pi^2/6; five standard errors
    g = gumbels(7, stream("g"), ids, 3, 0)
    assert abs(g.mean() - 0.5772156649) < 5 * np.sqrt(np.pi**2 / 6 / n)


def test_a_draw_knows_only_its_counter() -> None:
    ids = np.array([5, 3, 2**40 + 1, 5])
    many = uniforms(2**62 + 11, stream("x"), ids, 12, 65535)
    assert many[0] == many[3]
    assert list(many) == [uniform(2**62 + 11, stream("x"), int(i), 12, 65535) for i in ids]
    one = [uniform(1, 2, 3, 4, 5), uniform(2, 2, 3, 4, 5), uniform(1, 3, 3, 4, 5), uniform(1, 2, 4, 4, 5)]
    more = [
        uniform(1, 2, 3, 5, 5),
        uniform(1, 2, 3, 4, 6),
        uniform(1 + 2**40, 2, 3, 4, 5),
        uniform(1, 2, 3 + 2**33, 4, 5),
    ]
    assert len(set(one + more)) == 8


def test_below_finds_exactly_the_rows_whose_draws_lie_there() -> None:
    for n in (0, 1, BLOCK, 3 * BLOCK + 17):
        ids = np.arange(n)[::-1] * 3 + 2**33
        every = uniforms(9, stream("b"), ids, 40, 2)
        for limit in (-1.0, 0.0, 0.01, 0.6, 2.0):
            rows, draws = below(9, stream("b"), ids, 40, 2, limit)
            assert np.array_equal(rows, np.flatnonzero(every < limit))
            assert np.array_equal(draws, every[rows])
