"""The index of a sweep: its tables in SQLite, the plan in it, and the lock of who writes.

The index keeps a rollback journal, not a write-ahead log: that one needs shared memory, which network file systems do not have.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.plan import Column, Plan, point_digest, world
from sim.errors import Fault, InputError, RunError

FORMAT = 1
INDEX = "index.sqlite"
LOCK = ".lock"

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE points (point INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, vals BLOB NOT NULL);
CREATE TABLE runs (
    run INTEGER PRIMARY KEY, scenario INTEGER NOT NULL, point INTEGER NOT NULL, replication INTEGER NOT NULL, seed INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, part INTEGER, seconds REAL, overhead REAL, memory_mb REAL,
    worker TEXT, ended REAL, code TEXT, UNIQUE (point, replication, scenario));
CREATE INDEX by_state ON runs (state, run);
CREATE TABLE results (run INTEGER PRIMARY KEY, blob BLOB NOT NULL);
CREATE TABLE faults (run INTEGER NOT NULL, attempt INTEGER NOT NULL, error TEXT NOT NULL, trace TEXT NOT NULL, ended REAL NOT NULL);
CREATE TABLE parts (part INTEGER PRIMARY KEY, runs INTEGER NOT NULL, bytes INTEGER NOT NULL, tables TEXT NOT NULL);
"""


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """The index in the folder. Raises InputError where it is none, or of another version."""
    file = path / INDEX
    try:
        # a reader opens for writing, too: after a kill it must be able to roll a half-written transaction back
        database = sqlite3.connect(file, isolation_level=None, timeout=60.0)
        database.execute("PRAGMA cache_size = -4000")
        if write:
            database.execute("PRAGMA synchronous = FULL")
        else:
            database.execute("PRAGMA query_only = ON")
        version = database.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
        if version is None or int(version[0]) != FORMAT:
            raise InputError(
                Fault(str(file), f"format {version and version[0]}", f"format {FORMAT}, of this version of Rebond")
            )
    except sqlite3.DatabaseError as error:
        raise InputError(Fault(str(file), f"{error}", "the index of a sweep")) from error
    return database


def locked(path: Path) -> int:
    """The open lock file of the folder: locked until it is closed. Raises InputError where another process has it."""
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise InputError(Fault("--out", f"{path}, which another sweep writes now", "a folder of its own")) from error
    return lock


def sync(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- the plan in the index ------------------------------------------------------------------------------------------


def write_plan(database: sqlite3.Connection, plan: Plan) -> None:
    """Write the plan, and its points and runs that are not there yet; numbers of those that are stay."""
    facts = {
        "name": plan.name, "scenarios": plan.scenarios, "parameters": [p.as_json() for p in plan.parameters],
        "columns": [c.as_json() for c in plan.columns], "districts": [c.as_json() for c in plan.districts],
        "replications": plan.replications, "first_seed": plan.first_seed, "common_seeds": plan.common_seeds,
        "facts": dict(plan.facts), "design": dict(plan.design),
    }  # fmt: skip
    for name, value in (("format", str(FORMAT)), ("plan", json.dumps(facts, ensure_ascii=False))):
        database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
    number = {bytes(d): p for p, d in database.execute("SELECT point, digest FROM points")}
    order = []
    for row in np.ascontiguousarray(plan.points, np.float64):
        digest = point_digest(row)
        if digest not in number:
            number[digest] = len(number)
            database.execute("INSERT INTO points VALUES (?, ?, ?)", (number[digest], digest, row.tobytes()))
        order.append(number[digest])
    database.execute("INSERT OR REPLACE INTO meta VALUES ('order', ?)", (json.dumps(order),))
    n_run = database.execute("SELECT coalesce(max(run), -1) + 1 FROM runs").fetchone()[0]
    known = set(database.execute("SELECT point, replication, scenario FROM runs")) if n_run else set()
    rows = (
        (scenario, point, replication, plan.seed(point, replication))
        for points in _worlds(plan, order)
        for replication in range(plan.replications)
        for point in points
        for scenario in range(len(plan.scenarios))
        if (point, replication, scenario) not in known
    )
    database.executemany("INSERT INTO runs (scenario, point, replication, seed) VALUES (?, ?, ?, ?)", rows)


def _worlds(plan: Plan, order: Sequence[int]) -> Iterable[list[int]]:
    """Numbers of points by what their past follows from, in the order of the design."""
    names = [p.name for p in plan.parameters]
    if not any("." in name for name in names):  # every point is a world of its own
        return ([number] for number in dict.fromkeys(order))
    out: dict[object, dict[int, None]] = {}
    for number, row in zip(order, plan.points.tolist(), strict=True):
        out.setdefault(world(dict(zip(names, row, strict=True))), {})[number] = None
    return [list(points) for points in out.values()]


def read_plan(database: sqlite3.Connection) -> Plan:
    """The plan in the index. Raises RunError where it is damaged."""
    found = dict(database.execute("SELECT name, value FROM meta"))
    try:
        facts = json.loads(found["plan"])
        order = json.loads(found["order"])
    except (KeyError, ValueError) as error:
        raise RunError(f"the index of the sweep is damaged: {error}") from error
    width = len(facts["parameters"])
    known = b"".join(vals for (vals,) in database.execute("SELECT vals FROM points ORDER BY point"))
    points = np.frombuffer(known, np.float64).reshape(-1, width)[order] if width else np.zeros((len(order), 0))
    columns: dict[str, Any] = {
        name: tuple(Column(**c) for c in facts.pop(name)) for name in ("parameters", "columns", "districts")
    }
    return Plan(points=points, scenarios=tuple(facts.pop("scenarios")), **columns, **facts)
