"""What every benchmark is given: sizes, clock, peers; and how two sides are timed in one run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Context:
    """Args:
    scratch: folder that may be filled; removed afterwards.
    quick: small sizes, a few minutes in all.
    peers: Python interpreter in whose environment the peers are installed.
    tntp: folder of networks of the TransportationNetworks collection, one folder each.
    city: name of an embedded city, or a bundle.
    real: bundle of a real city, for months of mobility; without it ``city`` stands in.
    threads: threads for us and for every peer.
    clock: seconds.
    """

    scratch: Path
    quick: bool = False
    peers: Path = Path(sys.executable)
    tntp: Path | None = None
    city: str = "toulouse"
    real: str | None = None
    threads: int = os.cpu_count() or 1
    clock: Callable[[], float] = time.perf_counter

    def seconds(self, work: Callable[[], object]) -> float:
        """How long ``work`` takes."""
        start = self.clock()
        work()
        return self.clock() - start

    def seconds_each(self, work: Callable[[], object], at_least: float) -> float:
        """Time of one ``work``, called back to back for ``at_least`` seconds: a millisecond alone is the clock's and the caches'."""
        once = self.seconds(work)
        count = int(at_least / once)
        if count < 2:
            return once

        def calls() -> None:
            for _ in range(count):
                work()  # its answer is let go, as a peer's is: kept ones would each be written to memory that was never touched before

        return self.seconds(calls) / count

    def size(self, quick: int, full: int) -> int:
        """The size for this kind of run."""
        return quick if self.quick else full


def interleaved(rounds: int, *sides: Callable[[], float | None]) -> list[list[float]]:
    """Samples of each side, taken in turn (A B A B ...), so that a noisy minute troubles all of them alike.

    A side returns its own seconds, or None when it has no answer; it is not asked again then.
    """
    samples: list[list[float]] = [[] for _ in sides]
    silent: set[int] = set()
    for _ in range(rounds):
        for i, side in enumerate(sides):
            if i in silent:
                continue
            seconds = side()
            if seconds is None:
                silent.add(i)
            else:
                samples[i].append(seconds)
    return samples


def rates(amount: float, seconds: Sequence[float]) -> list[float]:
    """Amount per second of each sample."""
    return [amount / s for s in seconds]
