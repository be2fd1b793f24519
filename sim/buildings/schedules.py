"""Schedules of building files: one value, values by hours of the day, or both for working days and days off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from ruamel.yaml.nodes import MappingNode, Node

from sim.columns import Floats
from sim.documents import WRONG, Kind, Reader, entries, found, scalar
from sim.scenario.fields import Quantity

DAYS = ("workdays", "days_off")
_HOURS = re.compile(r"\s*(\d\d?)\s*-\s*(\d\d?)\s*")


@dataclass(frozen=True)
class Schedule(Kind):
    """Quantities by hour, read as (2, 24): working days and days off. ``off`` is what the word "off" stands for, if it may stand."""

    of: Quantity
    off: float | None = None

    def read(self, node: Node, reader: Reader, path: str) -> Any:
        """The (2, 24) table, or WRONG with the faults noted."""
        if isinstance(node, MappingNode) and any(scalar(key) in DAYS for key, _ in entries(node)):
            return self._both(node, reader, path)
        day = self._day(node, reader, path)
        return WRONG if day is WRONG else np.stack([day, day])

    def _both(self, node: MappingNode, reader: Reader, path: str) -> Any:
        days = {scalar(key): value for key, value in entries(node)}
        if set(days) != set(DAYS) or len(entries(node)) > len(DAYS):
            reader.fault(node, path, f"the keys {', '.join(map(str, days))}", f"{DAYS[0]} and {DAYS[1]}, each once")
            return WRONG
        read = [self._day(days[name], reader, f"{path}.{name}") for name in DAYS]
        return WRONG if any(day is WRONG for day in read) else np.stack(read)

    def _day(self, node: Node, reader: Reader, path: str) -> Any:
        """(24,) of one day."""
        if not isinstance(node, MappingNode):
            value = self._one(node, reader, path)
            return WRONG if value is WRONG else np.full(24, value)
        day: Floats = np.full(24, np.nan)
        wrong = False
        for key, child in entries(node):
            hours = _hours(scalar(key) or "")
            value = self._one(child, reader, path if hours is None else f"{path}.{scalar(key)}")
            if hours is None:
                reader.fault(key, path, found(key), "hours of the day such as 7-22 (from 7 to 22 o'clock) or 22-7")
            elif np.isfinite(day[hours]).any() or np.isinf(day[hours]).any():
                reader.fault(key, path, f"{found(key)}, which hours before it hold too", "each hour once")
            elif value is not WRONG:
                day[hours] = value
                continue
            wrong = True
        if not wrong and np.isnan(day).any():
            left = ", ".join(str(h) for h in np.flatnonzero(np.isnan(day)))
            reader.fault(node, path, f"nothing from {left} o'clock", "all 24 hours")
            return WRONG
        return WRONG if wrong else day

    def _one(self, node: Node, reader: Reader, path: str) -> Any:
        if self.off is not None and scalar(node) == "off":
            return self.off
        text = scalar(node)
        if text is not None:
            try:
                return self.of.parse(text)
            except ValueError:
                pass
        reader.fault(node, path, found(node), self.allowed, self.of.near(text or ""))
        return WRONG

    @property
    def allowed(self) -> str:
        """What may stand there, in words."""
        off = ", or off" if self.off is not None else ""
        return (
            f"{self.of.allowed}{off}; or such by hours {{7-22: ..., 22-7: ...}}, or {DAYS[0]} and {DAYS[1]} with either"
        )


def _hours(text: str) -> Any:
    match = _HOURS.fullmatch(text)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    if first > 23 or last > 24 or first == last:
        return None
    return np.arange(first, last) if first < last else np.r_[np.arange(first, 24), np.arange(last)]
