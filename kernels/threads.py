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
    left = iter(starts)

    def take() -> None:
        for start in left:
            work(start, min(start + size, count))

    helpers = min(threads, len(starts)) - 1
    if helpers < 1:
        take()
        return
    # the caller works, too: nothing waits for a thread to begin
    with ThreadPoolExecutor(helpers) as pool:
        others = [pool.submit(take) for _ in range(helpers)]
        take()
        for other in others:
            other.result()
