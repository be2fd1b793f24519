"""Every indicator once: name, unit, direction, period, formula. Each domain lists its own."""

from __future__ import annotations

from sim.indicators import carbon, economy, energy, grid, homes, mobility, municipality, people, society
from sim.indicators.registry import Indicator, Snapshot

INDICATORS: tuple[Indicator, ...] = (
    *mobility.INDICATORS,
    *energy.INDICATORS,
    *carbon.INDICATORS,
    *grid.INDICATORS,
    *economy.INDICATORS,
    *society.INDICATORS,
    *homes.INDICATORS,
    *people.INDICATORS,
    *municipality.INDICATORS,
)

BY_NAME: dict[str, Indicator] = {indicator.name: indicator for indicator in INDICATORS}

__all__ = ["BY_NAME", "INDICATORS", "Indicator", "Snapshot"]
