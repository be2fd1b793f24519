"""What an analysis says: sentences, tables with units, a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from experiments.frames import Sweep, require
from experiments.plan import Floats
from sim.errors import Fault, InputError, nearest

#: Differences below this share of an indicator's largest value are rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Answer:
    """One analysis, finished.

    Args:
        kind: word in file names: "sensitivity".
        title: what was asked.
        sentences: what was found, for people.
        table: the figures; column names carry units in brackets, or a column ``unit`` stands beside.
        figures: SVG texts by caption.
        notes: method, sources, what was left out.
        extra: further tables by caption.
    """

    kind: str
    title: str
    sentences: Sequence[str]
    table: pd.DataFrame
    figures: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    extra: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def indicators(sweep: Sweep, wanted: Sequence[str], default: int = 6) -> list[str]:
    """The indicators asked for, or the first that vary at all. Raises InputError for one that the sweep has not."""
    known = [c.name for c in sweep.plan.columns]
    wrong = [
        Fault("--indicator", repr(n), f"one of {', '.join(known)}", "", nearest(n, known))
        for n in wanted
        if n not in known
    ]
    if wrong:
        raise InputError(wrong)
    if wanted:
        return list(dict.fromkeys(wanted))
    return [n for n in known if not still(sweep.runs[n].to_numpy(np.float64))][:default]


def still(values: Floats) -> bool:
    """Whether these values are one but for rounding: sums over agents differ in their last digits."""
    known = values[np.isfinite(values)]
    return not known.size or bool(np.ptp(known) <= ROUNDING * np.abs(known).max())


def scenario(sweep: Sweep, wanted: str | None) -> str:
    """The scenario asked for, or the first. Raises InputError."""
    names = list(sweep.plan.scenarios)
    if wanted is not None and wanted not in names:
        raise InputError(Fault("--scenario", repr(wanted), f"one of {', '.join(names)}", "", nearest(wanted, names)))
    return wanted or names[0]


def by_point(sweep: Sweep, name: str, indicator: str, against: str | None = None) -> Floats:
    """(P,) mean over replications of a final indicator at each point, in the order of the design; NaN where no run is done.

    ``against``: the difference to that scenario, run by run with the same seed.
    """
    require(sweep)
    mine = sweep.runs[sweep.runs["scenario"] == name].set_index(["point", "replication"])[indicator]
    if against is not None:
        mine = mine - sweep.runs[sweep.runs["scenario"] == against].set_index(["point", "replication"])[indicator]
    means = mine.groupby("point").mean()
    return np.asarray(means.reindex(list(sweep.order)).to_numpy(), np.float64)


def inputs(sweep: Sweep) -> Floats:
    """(P, k) values of the parameters, in the order of the design."""
    return sweep.plan.points


def facts(sweep: Sweep, indicator: str) -> Any:
    """Unit, label and direction of an indicator."""
    return next(c for c in sweep.plan.columns if c.name == indicator)


def need_whole(sweep: Sweep, values: Floats, what: str) -> None:
    """Raise InputError where a design that only works whole has holes."""
    holes = int(np.isnan(values).sum())
    if holes:
        raise InputError(
            Fault(
                str(sweep.path),
                f"{holes:,} of {len(values):,} points without a finished run",
                f"all points, for {what}",
            )
        )


def varied(sweep: Sweep) -> list[str]:
    """Names of the parameters. Raises InputError where nothing was varied."""
    names = [p.name for p in sweep.plan.parameters]
    if not names:
        raise InputError(Fault(str(sweep.path), "a sweep that varies nothing", "an experiment with parameters:"))
    return names
