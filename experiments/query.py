"""``rebond results``: the tables of a sweep for people, spreadsheets and SQL."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from experiments.frames import arrow_tables
from sim.errors import Fault, InputError


def ask(path: Path, sql: str | None) -> pa.Table:
    """The answer to a query over the tables runs, series, districts, units and faults; without one, one row a run.

    Raises InputError for a query that is wrong.
    """
    found = arrow_tables(path)
    if sql is None:
        runs = found["runs"]
        return runs.take(pa.compute.sort_indices(runs, sort_keys=[("run", "ascending")])) if runs.num_rows else runs
    import duckdb

    with duckdb.connect(":memory:", config={"enable_external_access": "false"}) as database:
        for name, content in (found | _about(path)).items():
            database.register(name, content)
        try:
            return database.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            allowed = f"SQL over the tables {', '.join(found | _about(path))}"
            raise InputError(Fault("--sql", " ".join(str(error).split())[:400], allowed)) from error


def _about(path: Path) -> dict[str, pa.Table]:
    from experiments import store as stores

    with stores.open_to_read(path) as store:
        plan, faults = store.plan, store.faults()
    named = zip(plan.set_names, plan.parameters, strict=True)
    rows = [("parameter", name, p.unit, "") for name, p in named]
    rows += [("indicator", c.name, c.unit, c.label) for c in plan.columns]
    kinds = ("kind", "name", "unit", "label")
    units = pa.table({k: pa.array([row[i] for row in rows], pa.string()) for i, k in enumerate(kinds)})
    text = ("scenario", "error", "traceback")
    columns = {name: pa.array([f[name] for f in faults], pa.string()) for name in text}
    columns |= {
        name: pa.array([f[name] for f in faults], pa.int64()) for name in ("run", "replication", "seed", "attempt")
    }
    return {"units": units, "faults": pa.table(columns)}


def as_csv(content: pa.Table) -> str:
    """The table as CSV, its head with units: a name, then its unit in brackets."""
    names = [
        f"{f.name} [{f.metadata[b'unit'].decode()}]" if f.metadata and f.metadata.get(b"unit") else f.name
        for f in content.schema
    ]
    out = io.BytesIO()
    arrow_csv.write_csv(content.rename_columns(names), out)
    return out.getvalue().decode()


def as_text(content: pa.Table, rows: int = 40) -> str:
    """The table for a terminal; long ones are cut, and say so."""
    frame = content.slice(0, rows).to_pandas()
    names = {
        f.name: f"{f.name} [{f.metadata[b'unit'].decode()}]"
        for f in content.schema
        if f.metadata and f.metadata.get(b"unit")
    }
    text = frame.rename(columns=names).to_string(index=False, max_cols=None, float_format=lambda v: f"{v:.6g}")
    more = content.num_rows - len(frame)
    return text + (f"\n... and {more:,} more rows (--csv, --sql)" if more > 0 else "")
