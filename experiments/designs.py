"""Where in the space of parameters runs are made: points of the unit cube, then values by each parameter's own distribution."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.plan import Column, Floats
from sim.errors import Fault, InputError, nearest

#: Designs by name: what their figure counts.
DESIGNS = {
    "grid": "every combination of the values",
    "lhs": "points of a Latin hypercube; grows by doubling",
    "sobol": "points of a scrambled Sobol sequence, a power of two; grows by doubling",
    "saltelli": "base samples for Sobol indices, a power of two: N (2 k + 2) points of k parameters; grows by doubling",
    "morris": "trajectories for elementary effects: N (k + 1) points of k parameters",
    "attribution": "orders in which measures join, drawn by chance, each with its reverse: all coalitions on the way; grows",
    "csv": "a table of points, one a line, the parameters' names in its head",
}
POWERS_OF_TWO = ("sobol", "saltelli")
MOST_POINTS = 10_000_000


@dataclass(frozen=True)
class Varied:
    """A parameter that the design varies.

    Args:
        name: of the registry, or ITEM.FIELD of a roadmap.
        unit: of its values.
        low, high: ends of its range.
        values: only these, if any.
        distribution: uniform, loguniform, triangular (mode) or normal (mean, sd), within the range; uniform over values.
        shape: figures of the distribution, by name.
        steps: values on a grid, where a range stands instead of values.
        whole: only whole numbers (months, pieces).
    """

    name: str
    unit: str
    low: float
    high: float
    values: tuple[float, ...] = ()
    distribution: str = "uniform"
    shape: tuple[tuple[str, float], ...] = ()
    steps: int = 0
    whole: bool = False

    @property
    def column(self) -> Column:
        """As a column of results."""
        return Column(self.name, self.unit)

    @property
    def on_grid(self) -> tuple[float, ...]:
        """Its values on a grid."""
        values = self.values or tuple(np.linspace(self.low, self.high, self.steps).tolist())
        return tuple(dict.fromkeys(float(round(v)) if self.whole else v for v in values))

    def at(self, u: Floats) -> Floats:
        """Values where the distribution function is ``u`` in [0, 1]."""
        if self.values:
            places = np.minimum((u * len(self.values)).astype(np.int64), len(self.values) - 1)
            return np.array(self.values, np.float64)[places]
        if self.whole:  # each whole number has an equal share
            return np.minimum(np.floor(self.low + u * (self.high - self.low + 1.0)), self.high)
        out = _quantiles(self.distribution, dict(self.shape), self.low, self.high, u)
        return np.clip(out, self.low, self.high)


def place(varied: Varied, value: float) -> float:
    """A ``u`` in [0, 1] where :meth:`Varied.at` gives the value, or the nearest it can give; for parameters without a shape."""
    if varied.values:
        nearest_value = min(range(len(varied.values)), key=lambda i: abs(varied.values[i] - value))
        return (nearest_value + 0.5) / len(varied.values)
    if varied.whole:
        return float(np.clip((round(value) - varied.low + 0.5) / (varied.high - varied.low + 1.0), 0.0, 1.0))
    return float(np.clip((value - varied.low) / (varied.high - varied.low), 0.0, 1.0))


def _quantiles(kind: str, shape: Mapping[str, float], low: float, high: float, u: Floats) -> Floats:
    if kind == "loguniform":
        return np.asarray(low * np.exp(u * math.log(high / low)))
    if kind == "triangular":
        from scipy.stats import triang

        return np.asarray(triang.ppf(u, (shape["mode"] - low) / (high - low), low, high - low), np.float64)
    if kind == "normal":
        from scipy.stats import truncnorm

        mean, sd = shape["mean"], shape["sd"]
        return np.asarray(truncnorm.ppf(u, (low - mean) / sd, (high - mean) / sd, mean, sd), np.float64)
    return low + u * (high - low)


def points(kind: str, size: int, varied: Sequence[Varied], seed: int, extra: Mapping[str, Any]) -> Floats:
    """(P, k) values of the parameters.

    Args:
        kind: one of :data:`DESIGNS`, but for csv (see :func:`read_points`).
        size: its figure.
        varied: the parameters.
        seed: of the design's own draws.
        extra: ``levels`` of morris, ``second_order`` of saltelli.
    """
    if not varied:
        return np.zeros((1, 0))
    if kind == "grid":
        return np.array(list(itertools.product(*(p.on_grid for p in varied))), np.float64)
    if kind == "attribution":
        return coalitions(orders(len(varied), size, seed))
    unit = _unit(kind, size, len(varied), seed, extra)
    return np.ascontiguousarray(np.column_stack([p.at(unit[:, i]) for i, p in enumerate(varied)]))


def _unit(kind: str, size: int, k: int, seed: int, extra: Mapping[str, Any]) -> Floats:
    from scipy.stats import qmc

    if kind == "lhs":
        return nested_hypercube(size, k, seed)
    if kind == "sobol":
        return np.asarray(qmc.Sobol(d=k, scramble=True, rng=np.random.default_rng(seed)).random(size))
    if kind == "saltelli":
        from SALib.sample import sobol

        return np.asarray(sobol.sample(problem(k), size, calc_second_order=extra["second_order"], seed=seed))
    if kind == "morris":
        from SALib.sample import morris

        return np.asarray(morris.sample(problem(k), size, num_levels=extra["levels"], seed=seed))
    raise ValueError(kind)


def nested_hypercube(size: int, k: int, seed: int) -> Floats:
    """(size, k) points of a Latin hypercube that hold those of half the size, those of a quarter, and so on while sizes are even.

    Each interval of the smaller one is halved; one half has its point, the others are filled in an order drawn anew for each dimension
    (Sallaberry, Helton & Hora 2008, doi:10.1016/j.ress.2007.04.005, for uncorrelated parameters).
    """
    if size % 2:
        from scipy.stats import qmc

        return np.asarray(qmc.LatinHypercube(d=k, rng=np.random.default_rng(seed)).random(size))
    half = nested_hypercube(size // 2, k, seed)
    rng = np.random.default_rng([seed, size])
    empty = np.ones((size, k), bool)
    for i in range(k):
        empty[(half[:, i] * size).astype(np.int64), i] = False
    fill = np.column_stack([rng.permutation(np.flatnonzero(empty[:, i])) for i in range(k)])
    return np.vstack([half, (fill + rng.random(fill.shape)) / size])


def orders(k: int, size: int, seed: int) -> npt.NDArray[np.int64]:
    """(size, k) orders of k players; each second one is the reverse of the one before, which takes half the noise away."""
    rng = np.random.default_rng(seed)
    out = np.empty((size, k), np.int64)
    for i in range(size):
        out[i] = rng.permutation(k) if i % 2 == 0 else out[i - 1, ::-1]
    return out


def coalitions(found: npt.NDArray[np.int64]) -> Floats:
    """(P, k) memberships 0 or 1, each once: nobody, all, each alone, all but each, then those met on the way of each order."""
    k = found.shape[1]
    eye = np.eye(k)
    rows = [np.zeros(k), np.ones(k), *eye, *(1.0 - eye)]
    for order in found:
        member = np.zeros(k)
        for player in order:
            member = member.copy()
            member[player] = 1.0
            rows.append(member)
    distinct = dict.fromkeys(tuple(row.tolist()) for row in rows)
    return np.array(list(distinct), np.float64)


def problem(k: int, names: Sequence[str] = ()) -> dict[str, Any]:
    """The unit cube in SALib's words."""
    return {"num_vars": k, "names": list(names) or [f"x{i}" for i in range(k)], "bounds": [[0.0, 1.0]] * k}


def count(kind: str, size: int, varied: Sequence[Varied], extra: Mapping[str, Any]) -> int:
    """How many points the design will have."""
    k = len(varied)
    if not k:
        return 1
    if kind == "grid":
        return math.prod(len(p.on_grid) for p in varied)
    if kind == "attribution":
        return min(size * max(k - 3, 0) + 2 * k + 2, 2**k)  # at most: coalitions may be met twice
    factor = {"saltelli": 2 * k + 2 if extra.get("second_order") else k + 2, "morris": k + 1}.get(kind, 1)
    return size * factor


def read_points(path: Path, varied: Sequence[Varied]) -> Floats:
    """Points of a CSV file whose head names the parameters. Raises InputError with every fault."""
    names = [p.name for p in varied]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(Fault(str(path), f"{error}", "a CSV file of points in UTF-8")) from error
    if len(rows) < 2:
        raise InputError(Fault(f"{path}:1", f"{len(rows)} lines", f"a head {','.join(names)} and one line a point"))
    head = [cell.strip() for cell in rows[0]]
    faults = [
        Fault(f"{path}:1", f"the column {name!r}", f"columns {', '.join(names)}, each once", name, nearest(name, names))
        for i, name in enumerate(head)
        if name not in names or name in head[:i]
    ]
    faults += [
        Fault(f"{path}:1", f"no column {name!r}", "a column for each parameter", name)
        for name in names
        if name not in head
    ]
    if faults:
        raise InputError(faults)
    out = np.empty((len(rows) - 1, len(names)))
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(head):
            faults.append(Fault(f"{path}:{line}", f"{len(row)} cells", f"{len(head)} cells"))
            continue
        for name, cell in zip(head, row, strict=True):
            p = varied[names.index(name)]
            value = _number(cell)
            if value is None or not p.low <= value <= p.high or (p.whole and value != round(value)):
                faults.append(
                    Fault(f"{path}:{line}", repr(cell), f"a number from {p.low:g} to {p.high:g} {p.unit}", name)
                )
            else:
                out[line - 2, names.index(name)] = value
    if faults:
        raise InputError(faults)
    return out


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
