"""A run directory: written whole or not at all, read back as tables.

While a run is being written its directory is called ``NAME.unfinished``; only a complete one gets its name. A directory
without manifest, or called unfinished, is refused by every reader.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import Fault, InputError

TABLES = ("indicators", "districts", "links", "agents", "events", "accounts", "hours")
MANIFEST = "manifest.json"
UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class Run:
    """A finished run directory."""

    path: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Scenario as resolved, seed, versions, seconds, memory, conservation sums, indicator units."""
        found: dict[str, Any] = json.loads((self.path / MANIFEST).read_text("utf-8"))
        return found

    def table(self, name: str) -> pd.DataFrame:
        """One of :data:`TABLES`, or ``bands``."""
        return pd.read_parquet(self.path / f"{name}.parquet")

    def has(self, name: str) -> bool:
        """True if the run holds that table."""
        return (self.path / f"{name}.parquet").is_file()

    @cached_property
    def series(self) -> pd.DataFrame:
        """Indicators as columns, months as rows, in time order."""
        return self.table("indicators").pivot(index="month", columns="indicator", values="value").sort_index()

    @cached_property
    def baseline(self) -> Run | None:
        """The do-nothing baseline lived with the same draws, if it was run."""
        path = self.path / "baseline"
        return Run(path) if (path / MANIFEST).is_file() else None


def check_target(path: Path, *, force: bool) -> None:
    """Refuse a directory that must not be overwritten, before any work is done. Raises InputError."""
    if path.exists() and not force:
        raise InputError(Fault("--out", f"{path}, which exists", "a new directory, or --force to replace it"))
    if path.exists() and not (path / MANIFEST).is_file() and (path.is_file() or any(path.iterdir())):
        raise InputError(Fault("--out", f"{path}, which is not a run directory", "a new directory or a run to replace"))
    parent = _existing_parent(path)
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(Fault("--out", f"{path}: {parent} is no folder that can be written", "a writable folder"))


def write(path: Path, fill: Callable[[Path], None], *, force: bool) -> None:
    """Let ``fill`` write into an unfinished directory, then give it its name in one move."""
    unfinished = path.with_name(path.name + UNFINISHED)
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True)
    fill(unfinished)
    if path.exists():
        if not force:
            raise InputError(Fault("--out", f"{path}, which exists", "a new directory, or --force to replace it"))
        old = path.with_name(path.name + ".replaced")
        shutil.rmtree(old, ignore_errors=True)
        path.rename(old)
        unfinished.rename(path)
        shutil.rmtree(old)
    else:
        unfinished.rename(path)


def write_tables(path: Path, tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]) -> None:
    """Write the tables as Parquet and the manifest last."""
    path.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if name in ("indicators", "districts"):
            units = {i: row["unit"] for i, row in manifest["indicators"].items()}
            table = table.replace_schema_metadata(
                {**(table.schema.metadata or {}), b"units": json.dumps(units).encode()}
            )
        pq.write_table(table, path / f"{name}.parquet", compression="zstd")
    text = json.dumps(manifest, ensure_ascii=False, indent=1, allow_nan=False, default=float)
    (path / MANIFEST).write_text(text, "utf-8")


def open_run(path: Path) -> Run:
    """The run in ``path``. Raises InputError if it is none, or unfinished, or damaged."""
    allowed = "the directory of a finished run (rebond run ... --out DIR)"
    if not path.is_dir():
        raise InputError(Fault("run", f"{path}, which is no directory", allowed))
    if path.name.endswith(UNFINISHED) or not (path / MANIFEST).is_file():
        raise InputError(Fault("run", f"{path}, which holds no finished run", allowed))
    run = Run(path)
    missing = [f"{name}.parquet" for name in TABLES if not run.has(name)]
    if missing:
        raise InputError(Fault("run", f"{path} without {', '.join(missing)}", allowed))
    try:
        _ = run.manifest["indicators"], run.series
    except (ValueError, KeyError, OSError) as error:
        raise InputError(Fault("run", f"{path}, damaged: {error}", allowed)) from error
    return run


def _existing_parent(path: Path) -> Path:
    for parent in path.absolute().parents:
        if parent.exists():
            return parent
    return Path("/")
