"""Counter-based random numbers: every draw is a pure function of (seed, stream, agent, month).

Philox4x32-10 of Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC11,
doi:10.1145/2063384.2063405. The key holds seed and stream, the counter holds agent, month and the index of the draw.
No state is kept anywhere, so neither the number of threads nor the order of calls can change a draw, and two worlds
with one seed share every draw that their difference does not touch.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from kernels.jit import kernel, spliced

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


def stream(name: str) -> int:
    """Identifier of a named stream: a hash of its name, so that adding a stream never shifts another."""
    return zlib.crc32(name.encode("utf-8"))


BLOCK = 1024  #: draws made together before they are looked at


@spliced
def _words(c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64) -> tuple:  # type: ignore[type-arg]
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = ((p1 >> _SHIFT) ^ c1 ^ k0) & _MASK, p1 & _MASK, ((p0 >> _SHIFT) ^ c3 ^ k1) & _MASK, p0 & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@kernel
def philox4x32(c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64) -> tuple:  # type: ignore[type-arg]
    """Ten rounds of Philox4x32: four 32-bit words (held in uint64) from a 4-word counter and a 2-word key."""
    return _words(c0, c1, c2, c3, k0, k1)


@spliced
def one(seed: int, stream_id: int, agent: int, month: int, index: int) -> float:
    """:func:`uniform` for kernels that draw in a loop."""
    s = np.uint64(seed)
    a = np.uint64(agent)
    c3 = (((s >> _SHIFT) * np.uint64(0x85EBCA6B)) ^ (np.uint64(index) << np.uint64(16)) ^ (a >> _SHIFT)) & _MASK
    w = _words(a & _MASK, np.uint64(month) & _MASK, c3, s >> _SHIFT, s & _MASK, np.uint64(stream_id) & _MASK)
    bits = (w[0] << np.uint64(21)) ^ (w[1] >> np.uint64(11))
    return (np.float64(bits) + 0.5) * (1.0 / 9007199254740992.0)


@kernel
def uniform(seed: int, stream_id: int, agent: int, month: int, index: int) -> float:
    """One number in the open interval (0, 1) with 53 random bits, for (seed, stream, agent, month) and draw ``index``.

    ``seed`` 0..2^63-1, ``stream_id`` from :func:`stream`, ``agent`` >= 0 (48 bits used), ``month`` >= 0, ``index`` 0..65535.
    """
    return one(seed, stream_id, agent, month, index)


@kernel
def uniforms(seed: int, stream_id: int, agents: IntArray, month: int, index: int) -> FloatArray:
    """:func:`uniform` for each agent id. ``agents`` (n,) int64; returns (n,) float64 in (0, 1)."""
    out = np.empty(agents.shape[0], np.float64)
    for i in range(agents.shape[0]):
        out[i] = one(seed, stream_id, agents[i], month, index)
    return out


@kernel
def below(
    seed: int, stream_id: int, agents: IntArray, month: int, index: int, limit: float
) -> tuple[IntArray, FloatArray]:
    """Rows whose :func:`uniform` lies below ``limit``, ascending, and their draws: whom a rule has to look at whose chances stay below it.

    ``agents`` (n,) int64; returns (k,) int64 and (k,) float64.
    """
    n = agents.shape[0]
    rows, draws, block = np.empty(n, np.int64), np.empty(n, np.float64), np.empty(BLOCK, np.float64)
    k = 0
    for start in range(0, n, BLOCK):
        some = agents[start : start + BLOCK]  # counted from 0: an index that might be negative is no vector's
        for j in range(some.shape[0]):
            block[j] = one(seed, stream_id, some[j], month, index)
        for j in range(some.shape[0]):
            if block[j] < limit:
                rows[k], draws[k] = start + j, block[j]
                k += 1
    return rows[:k].copy(), draws[:k].copy()


@kernel
def gumbels(seed: int, stream_id: int, agents: IntArray, month: int, index: int) -> FloatArray:
    """Standard Gumbel draws, one per agent id: the error of a logit utility. Returns (n,) float64."""
    out = np.empty(agents.shape[0], np.float64)
    for i in range(agents.shape[0]):
        out[i] = -np.log(-np.log(one(seed, stream_id, agents[i], month, index)))
    return out
