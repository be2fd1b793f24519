"""Loads over time: a Parquet table of ``step``, ``load`` (or ``sgen``), ``p_mw`` and, if wanted, ``q_mvar``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.city.roadfile import Faults
from sim.columns import Floats
from sim.errors import Fault, InputError
from sim.grid.radial import Feeder, element_power
from sim.grid.tables import Tables, rows_of

_COLUMNS = "columns step, load or sgen (index in the network), p_mw and, if wanted, q_mvar"


def read_loads(path: Path, tables: Tables, f: Feeder, p: Floats, q: Floats) -> tuple[list[Any], Floats, Floats]:
    """(steps in the order they appear, p (steps, n), q (steps, n) [pu]): elements named in a step take its power (before ``scaling``),
    all others keep the network's. Without q_mvar an element keeps its own ratio of reactive to active power (the reactive power where it
    has no active one). Raises InputError."""
    frame = _table(path)
    faults = Faults(path)
    steps, index = np.unique(frame["step"].to_numpy(), return_inverse=True)
    active, reactive = np.tile(p, (len(steps), 1)), np.tile(q, (len(steps), 1))
    named = [name for name in ("load", "sgen") if name in frame]
    for name in named:
        _replace(faults, frame, name, index, tables, f, active, reactive)
    faults.stop()
    return steps.tolist(), active, reactive


def _replace(
    faults: Faults,
    frame: pd.DataFrame,
    name: str,
    index: Any,
    tables: Tables,
    f: Feeder,
    active: Floats,
    reactive: Floats,
) -> None:
    """Put the steps' power of one kind of element in the place of the network's."""
    mine = frame[name].notna().to_numpy()
    known = tables.of[name].index.to_numpy(np.int64)
    asked = frame.loc[mine, name].to_numpy(np.int64)
    for lost in np.unique(asked[~np.isin(asked, tables.index[name])])[:5]:
        faults.add(0, name, str(lost), f"the index of a {name} of {tables.path}")
    twice = pd.DataFrame({"step": index[mine], name: asked}).duplicated().to_numpy()
    if twice.any():
        faults.add(0, name, f"{name} {asked[twice][0]} more than once in a step", "each element once in a step")
    faults.stop()
    alive = np.isin(asked, known)
    step, asked, rows = index[mine][alive], asked[alive], frame[mine][alive]
    row, old_p, old_q = element_power(faults, tables, f, name)
    scaling = (
        pd.to_numeric(tables.of[name].get("scaling", pd.Series(1.0, tables.of[name].index))).fillna(1.0).to_numpy()
    )
    at = rows_of(known, asked)
    new_p = rows["p_mw"].to_numpy(np.float64) * scaling[at]
    ratio = np.divide(old_q, old_p, out=np.zeros_like(old_q), where=old_p != 0.0)
    new_q = np.where(old_p[at] != 0.0, new_p * ratio[at], old_q[at])
    if "q_mvar" in rows:
        new_q = rows["q_mvar"].to_numpy(np.float64) * scaling[at]
    sign = (1.0 if name == "load" else -1.0) / tables.base
    on = row[at] >= 0
    np.add.at(active, (step[on], row[at][on]), sign * (new_p - old_p[at])[on])
    np.add.at(reactive, (step[on], row[at][on]), sign * (new_q - old_q[at])[on])


def _table(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except OSError as error:
        raise InputError(Fault(str(path), error.strerror or "no Parquet file", "a Parquet file")) from error
    except ValueError as error:  # pyarrow's errors of content
        raise InputError(Fault(str(path), f"{error}"[:120], "a Parquet file")) from error
    missing = [name for name in ("step", "p_mw") if name not in frame]
    if missing or not ({"load", "sgen"} & set(frame.columns)):
        raise InputError(Fault(str(path), f"columns {', '.join(map(str, frame.columns))}"[:160], _COLUMNS))
    if not len(frame):
        raise InputError(Fault(str(path), "no rows", "a row for each step and element"))
    both = (
        frame.get("load", pd.Series(np.nan, frame.index)).notna().astype(int)
        + frame.get("sgen", pd.Series(np.nan, frame.index)).notna()
    )
    if (both != 1).any():
        raise InputError(
            Fault(
                f"{path}, row {int(np.flatnonzero(both != 1)[0])}",
                "load and sgen, or neither",
                "one of them in each row",
            )
        )
    faults = Faults(path)
    for name in ("load", "sgen", "p_mw", "q_mvar"):
        if name in frame:
            empty = frame[name].isna().to_numpy() & (name in ("load", "sgen"))
            bad = ~empty & ~np.isfinite(pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64))
            for i in np.flatnonzero(bad)[:5]:
                faults.add(0, f"{name}, row {i}", repr(frame[name].iloc[i]), "a number")
    if frame["step"].isna().any():
        faults.add(0, "step", "an empty value", "a number, a time or a name")
    faults.stop()
    return frame
