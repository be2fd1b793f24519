"""The registry: every behavioural parameter once, with unit, default, plausible range, source and status.

The rows live in ``sim/scenario/registry/*.toml``, one file per domain. ``rebond explain NAME`` prints a row; sweeps and
the parameter band of the report draw from the ranges.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sim.errors import Fault, InputError, nearest

#: Domains whose parameters act when a city is built, not when it is lived.
_BUILDING = ("city", "transit_supply", "grid_supply")

STATUSES = ("published", "derived", "calibrated", "assumption")


@dataclass(frozen=True)
class Parameter:
    """One row of the registry."""

    name: str
    default: float
    unit: str
    low: float
    high: float
    status: str  #: published, derived (from published figures), calibrated, assumption
    source: str
    meaning: str
    domain: str

    @property
    def uncertain(self) -> bool:
        """True if a run may draw it from its range: it acts in the run (not in building the city) and was not fitted."""
        return self.status != "calibrated" and self.domain not in _BUILDING and self.low < self.high


@cache
def registry() -> Mapping[str, Parameter]:
    """All parameters by name, read once from the package's own files (a constant of the installed version)."""
    rows: dict[str, Parameter] = {}
    for path in sorted((Path(__file__).parent / "registry").glob("*.toml")):
        for name, row in tomllib.loads(path.read_text("utf-8")).items():
            if name in rows:
                raise ValueError(f"{path.name}: parameter {name} stands twice")
            rows[name] = Parameter(name=name, domain=path.stem, **row)
    return rows


class Parameters(Mapping[str, float]):
    """The values of one run: defaults with overrides. Immutable."""

    def __init__(self, overrides: Mapping[str, float] | None = None) -> None:
        faults = []
        known = registry()
        for name, value in (overrides or {}).items():
            if name not in known:
                hint = nearest(name, list(known))
                faults.append(Fault("parameters", repr(name), "a name of the registry", name, hint))
            elif not known[name].low <= value <= known[name].high:
                p = known[name]
                faults.append(Fault("parameters", f"{value:g} {p.unit}", f"{p.low:g} to {p.high:g} {p.unit}", name))
        if faults:
            raise InputError(faults)
        self.overrides: dict[str, float] = {name: float(value) for name, value in (overrides or {}).items()}

    def __getitem__(self, name: str) -> float:
        return self.overrides[name] if name in self.overrides else registry()[name].default

    def default(self, name: str) -> float:
        """What the registry says where nothing is overridden."""
        return registry()[name].default

    def relative(self, name: str) -> float:
        """Value over the registry's default: exactly 1 where nothing is overridden."""
        return self[name] / self.default(name)

    def __iter__(self) -> Iterator[str]:
        return iter(registry())

    def __len__(self) -> int:
        return len(registry())
