"""Observed figures beside those of a sweep: the CSV that calibrate and score read."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.frames import Sweep
from experiments.plan import Floats
from sim.errors import Fault, InputError, nearest

HEAD = ("indicator", "period", "value", "sd")
FINAL = "final"
_PERIOD = re.compile(r"[0-9]{4}(-[0-9]{2})?")


@dataclass(frozen=True)
class Observation:
    """One observed figure: in the unit of its indicator, with the standard deviation of its error."""

    indicator: str
    period: str  #: a year, a month, or "final"
    value: float
    sd: float


def read_observed(path: Path, sweep: Sweep) -> list[Observation]:
    """The observations of a CSV file: indicator, period, value, sd. Raises InputError with every fault."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(Fault(str(path), f"{error}", "a CSV file in UTF-8")) from error
    head = tuple(cell.strip() for cell in rows[0]) if rows else ()
    if head != HEAD or len(rows) < 2:
        raise InputError(
            Fault(f"{path}:1", ",".join(head) or "nothing", f"the head {','.join(HEAD)}, and one line for each figure")
        )
    known = [c.name for c in sweep.plan.columns]
    faults: list[Fault] = []
    out = []
    for line, row in enumerate(rows[1:], start=2):
        found = _observation(row, known, f"{path}:{line}", faults)
        if found is not None:
            out.append(found)
    if faults:
        raise InputError(faults)
    return out


def _observation(row: list[str], known: list[str], where: str, faults: list[Fault]) -> Observation | None:
    if len(row) != len(HEAD):
        faults.append(Fault(where, f"{len(row)} cells", ", ".join(HEAD)))
        return None
    name, period, *texts = (cell.strip() for cell in row)
    before = len(faults)
    if name not in known:
        faults.append(
            Fault(
                where,
                repr(name),
                f"an indicator that the sweep keeps: {', '.join(known)}",
                "indicator",
                nearest(name, known),
            )
        )
    if period != FINAL and not _PERIOD.fullmatch(period):
        faults.append(Fault(where, repr(period), "a year (2023), a month (2023-05) or final", "period"))
    numbers = []
    for key, text in zip(("value", "sd"), texts, strict=True):
        try:
            numbers.append(float(text))
        except ValueError:
            numbers.append(math.nan)
        if not math.isfinite(numbers[-1]) or (key == "sd" and numbers[-1] <= 0.0):
            faults.append(
                Fault(
                    where,
                    repr(text),
                    "a number" + (" above 0: how far off the figure may be" if key == "sd" else ""),
                    key,
                )
            )
    return Observation(name, period, *numbers) if len(faults) == before else None


def simulated(sweep: Sweep, observations: list[Observation], scenario: str) -> tuple[Floats, np.ndarray]:
    """(runs, observations) what each run of the scenario gives for each observation, and the (runs,) numbers of the points.

    Raises InputError for a period that the sweep does not hold.
    """
    runs = sweep.runs[sweep.runs["scenario"] == scenario]
    numbers = runs["run"].to_numpy()
    out = np.full((len(runs), len(observations)), np.nan)
    series = None
    for j, one in enumerate(observations):
        if one.period == FINAL:
            out[:, j] = runs[one.indicator].to_numpy()
            continue
        if series is None:
            series = sweep.series
        held = sorted(set(series["period"])) if "period" in series else []
        if one.period not in held:
            allowed = f"a period that the sweep holds: {', '.join(held[:24]) or 'none (grain: yearly or monthly)'}"
            raise InputError(Fault("observed", f"{one.indicator} of {one.period}", allowed))
        rows = series[series["period"] == one.period].set_index("run")[one.indicator]
        out[:, j] = rows.reindex(numbers).to_numpy()
    return out, runs["point"].to_numpy()
