"""Every indicator once: name, unit, direction, period, formula. Each domain lists its own."""

from __future__ import annotations

from sim.indicators import (
    carbon,
    digital,
    economy,
    energy,
    grid,
    homes,
    mobility,
    municipality,
    participation,
    people,
    projects,
    services,
    society,
)
from sim.indicators.registry import Indicator, Snapshot

INDICATORS: tuple[Indicator, ...] = (
    *mobility.INDICATORS,
    *energy.INDICATORS,
    *carbon.INDICATORS,
    *grid.INDICATORS,
    *economy.INDICATORS,
    *projects.INDICATORS,
    *digital.INDICATORS,
    *society.INDICATORS,
    *participation.INDICATORS,
    *homes.INDICATORS,
    *people.INDICATORS,
    *municipality.INDICATORS,
    *services.INDICATORS,
)

BY_NAME: dict[str, Indicator] = {indicator.name: indicator for indicator in INDICATORS}

__all__ = ["BY_NAME", "INDICATORS", "Indicator", "Snapshot"]
