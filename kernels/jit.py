"""How every kernel compiles: one place for caching, threads and floating-point rules.

Fast-math stays off: the promise "same bits on any number of threads" needs one order of operations. Kernels are serial and release the
GIL; threads run them on blocks (:mod:`kernels.threads`) that do not depend on the thread count and are merged in a fixed order.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self, TypeVar

import numba
from numba.core import event

from kernels.stale import forget_stale

F = TypeVar("F", bound=Callable[..., Any])

forget_stale()


def kernel(function: F) -> F:
    """Compile a serial kernel: nopython, cached on disk, releases the GIL, IEEE arithmetic."""
    return numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(function)


def fused_kernel(function: F) -> F:
    """:func:`kernel` with products and sums fused into one rounding where the machine can: still one order of operations."""
    return numba.njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")(function)


def fused_inline(function: F) -> F:
    """A helper of :func:`fused_kernel`, put in its place before types are known."""
    return numba.njit(inline="always", fastmath={"contract"}, error_model="numpy")(function)


def spliced(function: F) -> F:
    """A helper of :func:`kernel`, put in its place before types are known: a loop around it can become vector instructions, which a call
    inside would prevent (800,000 draws: 7 ms by calls, 0.8 spliced; benchmark ``decisions``)."""
    return numba.njit(inline="always", fastmath=False, error_model="numpy")(function)


def inline(function: F) -> F:
    """Compile a helper that LLVM puts into the kernels that call it.

    Left to itself it calls large ones, which pass every array of a named tuple by hand: 590 ns against 64 for the utilities of a tour.
    """
    return numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy", forceinline=True)(function)


def set_threads(count: int) -> int:
    """Bound the threads of parallel kernels to ``count`` (at least 1, at most what the machine has). Returns the bound used."""
    allowed = max(1, min(int(count), numba.config.NUMBA_NUM_THREADS))
    numba.set_num_threads(allowed)
    return int(allowed)


class CompileWatch(event.Listener):  # type: ignore[misc]
    """Hears when a kernel is compiled (not when it is read from the cache): calls ``first`` once, adds up the seconds."""

    def __init__(self, first: Callable[[], None]) -> None:
        self.first = first
        self.seconds = 0.0
        self.kernels = 0
        self._depth = 0
        self._clock = 0.0

    def on_start(self, event: Any) -> None:
        """A compilation begins; those of the kernels it calls nest inside."""
        if self._depth == 0:
            self._clock = time.perf_counter()
            if self.kernels == 0:
                self.first()
        self._depth += 1
        self.kernels += 1

    def on_end(self, event: Any) -> None:
        """A compilation ends."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._clock

    def __enter__(self) -> Self:
        event.register("numba:compile", self)
        return self

    def __exit__(self, *_: object) -> None:
        event.unregister("numba:compile", self)
