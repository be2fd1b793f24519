"""Independent blocks of work on several threads: compiled kernels release the interpreter lock, so plain threads suffice.

Blocks do not depend on the number of threads and write to places of their own, so neither do the bits of the result.
A parallel loop inside Numba would do the same for 5 s more of compilation, and starts slower on small networks.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def in_blocks(work: Callable[[int, int], None], count: int, size: int, threads: int) -> None:
    """Call ``work(start, stop)`` for rows 0..count-1 in blocks of ``size``, on at most ``threads`` threads. Its errors are raised here."""
    starts = range(0, count, size)
    if threads <= 1 or len(starts) <= 1:
        for start in starts:
            work(start, min(start + size, count))
        return
    with ThreadPoolExecutor(min(threads, len(starts))) as pool:
        for _ in pool.map(lambda start: work(start, min(start + size, count)), starts):
            pass
