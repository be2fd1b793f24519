"""What a roadmap may contain, one file per family. Importing the package finds every kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from sim.measures.base import Context, Measure, Shock, every_subclass


@cache
def kinds() -> Mapping[str, type[Measure]]:
    """Every kind of measure (shocks not among them) by its YAML name."""
    return {k.kind: k for k in _all() if not issubclass(k, Shock)}


@cache
def shock_kinds() -> Mapping[str, type[Measure]]:
    """Every kind of shock by its YAML name."""
    return {k.kind: k for k in _all() if issubclass(k, Shock)}


def _all() -> list[type[Measure]]:
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return sorted(every_subclass(Measure), key=lambda k: k.kind)  # type: ignore[type-abstract]


__all__ = ["Context", "Measure", "Shock", "kinds", "shock_kinds"]
