"""One measured figure: what, how often, what was promised, and a peer's figure from the same run."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Promise:
    """A limit on the figure itself or on the ratio to the peer (how many times better, so at least ``limit``)."""

    limit: float
    of_ratio: bool = False


@dataclass(frozen=True)
class Peer:
    """Another tool at the same task: its median, or why there is none."""

    name: str
    figure: float | None = None
    low: float | None = None
    high: float | None = None
    fault: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table. ``figure`` is the median of ``samples`` measurements, None where nothing was measured."""

    name: str
    unit: str
    figure: float | None
    low: float | None = None
    high: float | None = None
    samples: int = 0
    higher_is_better: bool = False
    promise: Promise | None = None
    peer: Peer | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer; None without a peer's figure."""
        if self.figure is None or self.peer is None or self.peer.figure is None:
            return None
        better, worse = (self.figure, self.peer.figure) if self.higher_is_better else (self.peer.figure, self.figure)
        return better / worse if worse > 0 else None

    @property
    def met(self) -> bool | None:
        """Whether the promise holds; None where there is none or it could not be judged."""
        if self.promise is None:
            return None
        value = self.ratio if self.promise.of_ratio else self.figure
        if value is None:
            return None
        at_least = self.promise.of_ratio or self.higher_is_better
        return value >= self.promise.limit if at_least else value <= self.promise.limit

    def as_json(self) -> dict[str, Any]:
        """Plain values, what is derived included."""
        return asdict(self) | {"ratio": self.ratio, "met": self.met}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Row:
        """The row that :meth:`as_json` came from."""
        plain = {k: v for k, v in values.items() if k not in ("ratio", "met")}
        promise, peer = plain.pop("promise"), plain.pop("peer")
        return cls(**plain, promise=promise and Promise(**promise), peer=peer and Peer(**peer))


def measured(name: str, unit: str, samples: Sequence[float], **rest: Any) -> Row:
    """A row of the median and the range of ``samples``."""
    return Row(name, unit, statistics.median(samples), min(samples), max(samples), len(samples), **rest)


def peer_measured(name: str, samples: Sequence[float], fault: str = "") -> Peer:
    """The peer's side of a row; without samples, why."""
    if not samples:
        return Peer(name, fault=fault or "no figure")
    return Peer(name, statistics.median(samples), min(samples), max(samples), fault)
