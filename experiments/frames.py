"""A sweep as tables: ``load(DIR)`` in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from experiments import store as stores
from experiments.parts import read_part, tables
from experiments.plan import KEYS, Plan
from sim.errors import Fault, InputError


@dataclass(frozen=True)
class Sweep:
    """What a sweep has found so far.

    Args:
        plan: scenarios, parameters, points, columns with their units.
        runs: one row a run that is done: run, scenario, point, replication, seed, the parameters, the final value of each
            indicator (mean of its last twelve months), seconds.
        order: numbers of the points in the order of the design.
        path: the folder.
    """

    plan: Plan
    runs: pd.DataFrame
    order: tuple[int, ...]
    path: Path

    @property
    def units(self) -> dict[str, str]:
        """Unit of each column that has one."""
        named = zip(self.plan.set_names, self.plan.parameters, strict=True)
        return {c.name: c.unit for c in (*self.plan.columns, *self.plan.districts)} | {n: p.unit for n, p in named}

    @property
    def series(self) -> pd.DataFrame:
        """One row a run and period (year or month): run, period, the indicators."""
        return table(self.path, "series")

    @property
    def districts(self) -> pd.DataFrame:
        """One row a run and district: run, district, the district indicators."""
        return table(self.path, "districts")

    def to_xarray(self) -> Any:
        """The final indicators as an ``xarray.Dataset`` over scenario, point and replication; parameters along point; with units.

        A run that is not done is NaN.
        """
        import xarray as xr

        index = ["scenario", "point", "replication"]
        names = [c.name for c in self.plan.columns]
        data = xr.Dataset.from_dataframe(self.runs.set_index(index)[names])
        by_point = self.runs.drop_duplicates("point").set_index("point")
        for name in self.plan.set_names:
            data = data.assign_coords({name: ("point", by_point[name].reindex(data["point"].values).to_numpy())})
        for name in (*names, *self.plan.set_names):
            data[name].attrs["units"] = self.units[name]
        return data


def load(path: Path | str) -> Sweep:
    """The sweep in a folder, finished or not: only whole results, each once, in the order of their runs. Raises InputError."""
    path = Path(path)
    with stores.open_to_read(path) as store:
        return Sweep(store.plan, _frame(_arrow(store, "runs"), ["run"]), tuple(store.design_order()), path)


def table(path: Path, name: str) -> pd.DataFrame:
    """One table of a sweep, in the order of runs and then of periods or districts."""
    second = {"series": ["period"], "districts": ["district"]}.get(name, [])
    with stores.open_to_read(Path(path)) as store:
        return _frame(_arrow(store, name), ["run", *second])


def arrow_tables(path: Path) -> dict[str, pa.Table]:
    """All tables that the sweep has, read in one go so that they fit together."""
    with stores.open_to_read(Path(path)) as store, store.reading():
        found = {name: _arrow(store, name) for name in ("runs", "series", "districts")}
    return {name: content for name, content in found.items() if name == "runs" or content.num_rows}


def paired(sweep: Sweep, scenarios: Sequence[str] = ()) -> pd.DataFrame:
    """Final indicators by (point, replication), columns (indicator, scenario): only where every scenario is done."""
    names = list(scenarios or sweep.plan.scenarios)
    columns = [c.name for c in sweep.plan.columns]
    wide = sweep.runs[sweep.runs["scenario"].isin(names)].pivot(
        index=["point", "replication"], columns="scenario", values=columns
    )
    return wide.dropna(how="all", axis=1).dropna(how="all")


def require(sweep: Sweep, least: int = 1) -> None:
    """Raise InputError for a sweep with fewer than ``least`` runs done."""
    if len(sweep.runs) < least:
        raise InputError(
            Fault(str(sweep.path), f"{len(sweep.runs)} runs done", f"at least {least} (rebond sweep goes on)")
        )


def _arrow(store: stores.Store, name: str) -> pa.Table:
    with store.reading():
        pieces = [read_part(store.path, name, number) for number, held in store.parts() if name in held]
        waiting = store.pending()
    if waiting or not pieces:
        more = tables(store.plan, waiting)
        pieces += [more[name]] if name in more else []
    return pa.concat_tables(_plain(p) for p in pieces) if pieces else pa.table({"run": pa.array([], pa.int64())})


def _plain(piece: pa.Table) -> pa.Table:
    """Text columns without dictionaries, which differ from file to file."""
    for i, column in enumerate(piece.schema):
        if pa.types.is_dictionary(column.type):
            plain = pa.field(column.name, pa.string(), metadata=column.metadata)
            piece = piece.set_column(i, plain, piece.column(i).cast(pa.string()))
    return piece


def _frame(content: pa.Table, order: list[str]) -> pd.DataFrame:
    frame = content.to_pandas()
    keys = [name for name in order if name in frame]
    return frame.sort_values(keys, ignore_index=True) if len(frame) else frame


__all__ = ["KEYS", "Sweep", "arrow_tables", "load", "paired", "require", "table"]
