"""What happens outside anybody's roadmap: dated series of prices, markets and demography.

The points live in ``sim/scenario/series/*.csv`` with columns series, date (YYYY or YYYY-MM), value, unit, source, status.
Between points a series is linear; before the first and after the last it is constant. An *unchanged* world stands still
at one month: that is how drift is measured.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Series:
    """One dated series."""

    name: str
    unit: str
    months: tuple[int, ...]
    values: tuple[float, ...]
    sources: tuple[str, ...]
    statuses: tuple[str, ...]

    def at(self, month: int) -> float:
        """Value at a month, linear between points."""
        i = bisect_right(self.months, month)
        if i == 0:
            return self.values[0]
        if i == len(self.months):
            return self.values[-1]
        a, b = self.months[i - 1], self.months[i]
        w = (month - a) / (b - a)
        return self.values[i - 1] * (1.0 - w) + self.values[i] * w


@cache
def all_series() -> Mapping[str, Series]:
    """Every shipped series by name (a constant of the installed version). A bare year stands for its July."""
    points: dict[str, list[tuple[int, float, str, str, str]]] = {}
    for path in sorted((Path(__file__).parent / "series").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                year, _, month = row["date"].partition("-")
                when = int(year) * 12 + (int(month) - 1 if month else 6)
                entry = (when, float(row["value"]), row["unit"], row["source"], row["status"])
                points.setdefault(row["series"], []).append(entry)
    out = {}
    for name, rows in points.items():
        rows.sort()
        months, values, units, sources, statuses = zip(*rows, strict=True)
        out[name] = Series(name, units[0], months, values, sources, statuses)
    return out


class Trends:
    """The series as one run sees them; ``frozen_at`` makes the world stand still at that month."""

    def __init__(self, frozen_at: int | None = None) -> None:
        self.frozen_at = frozen_at

    @property
    def unchanged(self) -> bool:
        """True in a world without trends, demography and like-for-unlike renewals."""
        return self.frozen_at is not None

    def clock(self, month: int) -> int:
        """The month by which ages count: nobody grows older in a world that stands still."""
        return month if self.frozen_at is None else self.frozen_at

    def at(self, name: str, month: int) -> float:
        """Value of series ``name`` in ``month``. KeyError on an unknown name."""
        return all_series()[name].at(self.clock(month))
