"""Every indicator once: name, unit, direction, period, formula. Each domain lists its own."""

from __future__ import annotations

from sim.indicators import economy, energy, mobility, municipality, people, society
from sim.indicators.registry import Indicator, Snapshot

INDICATORS: tuple[Indicator, ...] = (
    *mobility.INDICATORS,
    *energy.INDICATORS,
    *economy.INDICATORS,
    *society.INDICATORS,
    *people.INDICATORS,
    *municipality.INDICATORS,
)

__all__ = ["INDICATORS", "Indicator", "Snapshot"]
