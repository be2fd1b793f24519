"""What a sweep will do, as plain data: scenarios x points of the design x replications, and what each run gives back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: Seeds of a point that has seeds of its own lie this far from those of the next one.
SEED_STRIDE = 1_000_003
#: Tables of the results.
TABLES = ("runs", "series", "districts")
#: Columns that say which run a row belongs to.
KEYS = ("run", "scenario", "point", "replication", "seed")


@dataclass(frozen=True)
class Column:
    """A quantity with its unit: an indicator that a run gives back, or a parameter that the design varies."""

    name: str
    unit: str = ""
    label: str = ""
    direction: int = 0  #: +1 more is better, -1 less is better, 0 neither

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep.

    Args:
        name: of the experiment.
        scenarios: names; a run lives one of them.
        parameters: what the points vary, in the order of their columns.
        points: (P, k) values of the parameters, in the order of the design; one point of no values where nothing varies.
        columns: indicators of a run, in the order of its results.
        districts: indicators kept by district (none unless asked for).
        replications: runs of each scenario at each point, each with its own seed.
        first_seed: seed of replication 0.
        common_seeds: the same seeds at all points and in all scenarios (paired comparisons); else each point has its own.
        facts: what the results follow from beside the above (digests of scenarios, share, grain): compared when a sweep goes on.
        design: name of the design and its figures, for analyses.
    """

    name: str
    scenarios: tuple[str, ...]
    parameters: tuple[Column, ...]
    points: Floats
    columns: tuple[Column, ...]
    districts: tuple[Column, ...] = ()
    replications: int = 1
    first_seed: int = 1
    common_seeds: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)
    design: Mapping[str, Any] = field(default_factory=lambda: {"kind": "grid"})

    @property
    def runs(self) -> int:
        """How many runs it has."""
        return len(self.scenarios) * len(self.points) * self.replications

    @property
    def set_names(self) -> tuple[str, ...]:
        """Names of the parameters as columns of a table: ``NAME_set`` where an indicator has the same name."""
        taken = {*KEYS, "seconds", *(c.name for c in self.columns)}
        return tuple(f"{p.name}_set" if p.name in taken else p.name for p in self.parameters)

    def seed(self, point: int, replication: int) -> int:
        """Seed of a run; the scenario never matters, so that scenarios are paired."""
        return self.first_seed + replication + (0 if self.common_seeds else SEED_STRIDE * (point + 1))


def point_digest(values: Sequence[float] | Floats) -> bytes:
    """Sixteen bytes that name a point by its values, to the bit."""
    return hashlib.sha256(np.ascontiguousarray(values, np.float64).tobytes()).digest()[:16]


@dataclass(frozen=True)
class Task:
    """One run to do."""

    run: int
    scenario: str
    point: int
    replication: int
    seed: int
    parameters: Mapping[str, float]


def world(parameters: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """What a run's past follows from beside its seed: its parameters, but not what the roadmap decides (ITEM.FIELD), which comes later.

    Runs of one world and seed have their eve in common, so they are planned and carried out together.
    """
    return tuple((name, value) for name, value in parameters.items() if "." not in name)


@dataclass(frozen=True)
class Result:
    """What one run found.

    Args:
        finals: (n,) one value per column of the plan.
        periods: names of the rows of ``series`` ("2021" or "2021-03").
        series: (periods, n).
        districts: (districts, m) values of the plan's district columns at the end.
    """

    finals: Floats
    periods: tuple[str, ...] = ()
    series: Floats | None = None
    districts: Floats | None = None
