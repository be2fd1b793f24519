"""The Parquet dataset of a sweep: one file of each table for some hundreds of runs, whole or not there.

``runs``: one row a run: run, scenario, point, replication, seed, the parameters, one column per indicator (the mean of its last twelve
months), seconds. ``series``: run, period, one column per indicator. ``districts``: run, district, one column per indicator.
Units are in the metadata of the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.index import sync
from experiments.plan import Column, Floats, Plan, Result, Task
from experiments.worker import decode
from sim.errors import RunError


def part_path(folder: Path, table: str, number: int) -> Path:
    """Where a file of the dataset lies."""
    return folder / table / f"part-{number:06d}.parquet"


def write_part(folder: Path, number: int, plan: Plan, rows: Sequence[tuple[Task, bytes, float]]) -> dict[str, int]:
    """Write the runs as files ``number``. Returns bytes by table. What was written is removed when something fails."""
    sizes, written = {}, []
    try:
        for table, content in tables(plan, rows).items():
            path = part_path(folder, table, number)
            path.parent.mkdir(exist_ok=True)
            partial = path.with_name(f".{path.name}.partial")
            written += [partial, path]
            pq.write_table(content, partial, compression="zstd", write_page_checksum=True)
            sync(partial)
            partial.rename(path)
            sync(path.parent)
            sizes[table] = path.stat().st_size
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return sizes


def read_part(folder: Path, table: str, number: int) -> pa.Table:
    """The rows of one file. Raises RunError where it is gone or damaged."""
    path = part_path(folder, table, number)
    try:
        return pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"{path}, which the index counts, cannot be read: {error}") from error


def tables(plan: Plan, rows: Sequence[tuple[Task, bytes, float]]) -> dict[str, pa.Table]:
    """Results as tables; ``series`` and ``districts`` only where the runs have such."""
    tasks = [task for task, _, _ in rows]
    results = [decode(blob) for _, blob, _ in rows]
    out = {"runs": _runs(plan, tasks, results, [s for _, _, s in rows])}
    if any(len(r.periods) for r in results):
        out["series"] = _series(plan, tasks, results)
    if any(r.districts is not None and r.districts.size for r in results):
        out["districts"] = _districts(plan, tasks, results)
    return out


def _runs(plan: Plan, tasks: Sequence[Task], results: Sequence[Result], seconds: Sequence[float]) -> pa.Table:
    finals = np.array([r.finals for r in results], np.float64).reshape(len(tasks), len(plan.columns))
    columns = {
        "run": pa.array([t.run for t in tasks], pa.int64()),
        "scenario": pa.array([t.scenario for t in tasks], pa.string()).dictionary_encode(),
        "point": pa.array([t.point for t in tasks], pa.int64()),
        "replication": pa.array([t.replication for t in tasks], pa.int32()),
        "seed": pa.array([t.seed for t in tasks], pa.int64()),
    }
    for name, p in zip(plan.set_names, plan.parameters, strict=True):
        columns[name] = pa.array([t.parameters[p.name] for t in tasks], pa.float64())
    columns |= {c.name: pa.array(finals[:, i]) for i, c in enumerate(plan.columns)}
    columns["seconds"] = pa.array(seconds, pa.float64())
    varied = [replace(p, name=name) for name, p in zip(plan.set_names, plan.parameters, strict=True)]
    return _table(columns, (*varied, *plan.columns, Column("seconds", "s")))


def _series(plan: Plan, tasks: Sequence[Task], results: Sequence[Result]) -> pa.Table:
    lengths = [len(r.periods) for r in results]
    periods = [name for r in results for name in r.periods]
    values = np.concatenate([np.reshape(_array(r.series), (len(r.periods), len(plan.columns))) for r in results])
    columns = {
        "run": pa.array(np.repeat([t.run for t in tasks], lengths), pa.int64()),
        "period": pa.array(periods, pa.string()).dictionary_encode(),
    }
    columns |= {c.name: pa.array(values[:, i]) for i, c in enumerate(plan.columns)}
    return _table(columns, plan.columns)


def _districts(plan: Plan, tasks: Sequence[Task], results: Sequence[Result]) -> pa.Table:
    parts = [np.reshape(_array(r.districts), (-1, len(plan.districts))) for r in results]
    lengths = [len(part) for part in parts]
    values = np.concatenate(parts)
    numbers = np.concatenate([np.arange(n) for n in lengths])
    columns = {
        "run": pa.array(np.repeat([t.run for t in tasks], lengths), pa.int64()),
        "district": pa.array(numbers, pa.int32()),
    }
    columns |= {c.name: pa.array(values[:, i]) for i, c in enumerate(plan.districts)}
    return _table(columns, plan.districts)


def _array(values: Floats | None) -> Floats:
    return np.zeros(0) if values is None else values


def _table(columns: dict[str, pa.Array], described: Sequence[Column]) -> pa.Table:
    units = {c.name: c.unit for c in described}
    fields = [
        pa.field(name, array.type, metadata={"unit": units[name]} if name in units else None)
        for name, array in columns.items()
    ]
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields))
