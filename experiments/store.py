"""The results of a sweep on disk: nothing lost, doubled or torn, whatever is killed.

A folder holds ``index.sqlite`` and a dataset of Parquet files. The index knows every planned run and its state. A run's result enters
the index in one transaction as it ends; from time to time such results are moved to a new Parquet file of each table, which is
written aside, synced and renamed before one transaction makes it count and forgets what it holds. So at any moment a result is
in exactly one place; a file that no transaction names (a kill between rename and commit) counts for nothing and is removed.

One process writes at a time (a lock says so); any number may read. The index keeps a rollback journal, not a write-ahead log: that one
needs shared memory, which network file systems do not have.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from experiments.parts import TABLES, write_part
from experiments.plan import Column, Plan, Task, point_digest, world
from experiments.worker import Outcome
from sim.errors import Fault, InputError, RunError

FORMAT = 1
INDEX = "index.sqlite"
LOCK = ".lock"
#: Results wait in the index until there are so many, or so many bytes.
PART_RUNS = 2000
PART_BYTES = 32_000_000

PLANNED, DONE, FAILED = 0, 1, 2
STATES = ("planned", "done", "failed")

_SCHEMA = """
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


class Store:
    """The store in ``path``. Open one with :func:`create`, :func:`open_to_write` or :func:`open_to_read`."""

    def __init__(self, path: Path, database: sqlite3.Connection, lock: int | None) -> None:
        self.path = path
        self.database = database
        self._lock = lock
        self._held = 0
        self._held_bytes = 0
        self.plan: Plan = _read_plan(database)
        self._held, self._held_bytes = database.execute(
            "SELECT count(*), coalesce(sum(length(blob)), 0) FROM results"
        ).fetchone()

    # --- writing ------------------------------------------------------------------------------------------------

    def commit(self, outcomes: Sequence[Outcome], failed: Mapping[int, bool], code: str) -> None:
        """Keep what became of these runs, all in one transaction. ``failed``: whether a run without result has no attempt left.

        A run that is done already stays as it is, so that no result enters twice. Raises OSError on a full disk.
        """
        now = time.time()
        with self._transaction():
            for one in outcomes:
                self._commit_one(one, failed.get(one.run, True), now, code)
        if self._held >= PART_RUNS or self._held_bytes >= PART_BYTES:
            self.compact()

    def _commit_one(self, one: Outcome, last: bool, now: float, code: str) -> None:
        state = DONE if one.blob is not None else FAILED if last else PLANNED
        changed = self.database.execute(
            "UPDATE runs SET state = ?, attempts = attempts + 1, seconds = ?, overhead = ?, memory_mb = ?, worker = ?, ended = ?,"
            " code = ? WHERE run = ? AND state != ?",
            (state, one.seconds, one.overhead, one.memory_mb, one.worker, now, code, one.run, DONE),
        ).rowcount
        if not changed:
            return
        if one.blob is not None:
            self.database.execute("INSERT INTO results VALUES (?, ?)", (one.run, one.blob))
            self._held += 1
            self._held_bytes += len(one.blob)
        else:
            self.database.execute(
                "INSERT INTO faults SELECT run, attempts, ?, ?, ? FROM runs WHERE run = ?",
                (one.error, one.trace, now, one.run),
            )

    def compact(self) -> None:
        """Move the results that wait in the index to a new Parquet file of each table."""
        if not self._held:
            return
        rows = self.pending()
        number = self.database.execute("SELECT coalesce(max(part), -1) + 1 FROM parts").fetchone()[0]
        sizes = write_part(self.path, number, self.plan, rows)
        with self._transaction():
            self.database.execute(
                "INSERT INTO parts VALUES (?, ?, ?, ?)",
                (number, len(rows), sum(sizes.values()), json.dumps(sorted(sizes))),
            )
            self.database.execute("UPDATE runs SET part = ? WHERE run IN (SELECT run FROM results)", (number,))
            self.database.execute("DELETE FROM results")
        self._held = self._held_bytes = 0

    def again(self) -> int:
        """Plan the failed runs anew. Returns how many there were."""
        with self._transaction():
            return self.database.execute("UPDATE runs SET state = ? WHERE state = ?", (PLANNED, FAILED)).rowcount

    def extend(self, plan: Plan) -> None:
        """Take in a plan that holds all of the present one (see :func:`experiments.changes.check`)."""
        with self._transaction():
            _plan_runs(self.database, plan)
        self.plan = plan

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing. Raises OSError where SQLite cannot write."""
        try:
            self.database.execute("BEGIN IMMEDIATE")
            yield
            self.database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._roll_back()
            raise OSError(f"{self.path / INDEX}: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")

    # --- reading ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """What is read in the block is of one moment, though another process may write meanwhile."""
        if self.database.in_transaction:
            yield
            return
        self.database.execute("BEGIN")
        try:
            yield
        finally:
            self.database.execute("COMMIT")

    def counts(self) -> dict[str, int]:
        """Runs by state, and how many there are in all."""
        found = dict(self.database.execute("SELECT state, count(*) FROM runs GROUP BY state").fetchall())
        out = {name: int(found.get(i, 0)) for i, name in enumerate(STATES)}
        return {"runs": sum(out.values()), "done": out["done"], "failed": out["failed"], "missing": out["planned"]}

    def missing(self) -> Iterator[Task]:
        """The runs still to do, in the order of their numbers; read as they are asked for."""
        last = -1
        while True:
            rows = self.database.execute(
                "SELECT run, scenario, point, replication, seed FROM runs WHERE state = 0 AND run > ? ORDER BY run LIMIT 1000",
                (last,),
            ).fetchall()
            if not rows:
                return
            points = self.points({row[2] for row in rows})
            for run, scenario, point, replication, seed in rows:
                yield Task(run, self.plan.scenarios[scenario], point, replication, seed, points[point])
            last = rows[-1][0]

    def task(self, run: int) -> Task:
        """One run by its number."""
        scenario, point, replication, seed = self.database.execute(
            "SELECT scenario, point, replication, seed FROM runs WHERE run = ?", (run,)
        ).fetchone()
        return Task(run, self.plan.scenarios[scenario], point, replication, seed, self.points({point})[point])

    def points(self, wanted: set[int] | None = None) -> dict[int, dict[str, float]]:
        """Values of the parameters by the number of the point."""
        names = [p.name for p in self.plan.parameters]
        query = "SELECT point, vals FROM points"
        if wanted is not None:
            query += f" WHERE point BETWEEN {min(wanted)} AND {max(wanted)}"
        return {
            point: dict(zip(names, np.frombuffer(blob, np.float64).tolist(), strict=True))
            for point, blob in self.database.execute(query)
            if wanted is None or point in wanted
        }

    def design_order(self) -> list[int]:
        """Numbers of the points in the order of the plan's design (a point may stand there more than once)."""
        number = {bytes(d): p for p, d in self.database.execute("SELECT point, digest FROM points")}
        return [number[point_digest(row)] for row in self.plan.points]

    def pending(self) -> list[tuple[Task, bytes, float]]:
        """Results that are in the index, not yet in Parquet: task, bytes, seconds."""
        rows = self.database.execute(
            "SELECT r.run, scenario, point, replication, seed, blob, seconds FROM results JOIN runs r USING (run) ORDER BY r.run"
        ).fetchall()
        points = self.points({row[2] for row in rows}) if rows else {}
        return [
            (Task(run, self.plan.scenarios[scenario], point, replication, seed, points[point]), blob, seconds)
            for run, scenario, point, replication, seed, blob, seconds in rows
        ]

    def parts(self) -> list[tuple[int, list[str]]]:
        """Numbers of the Parquet files that count, and the tables that each has."""
        rows = self.database.execute("SELECT part, tables FROM parts ORDER BY part").fetchall()
        return [(part, json.loads(tables)) for part, tables in rows]

    def faults(self) -> list[dict[str, Any]]:
        """Every failed attempt: run, scenario, seed, parameters, error, traceback."""
        rows = self.database.execute(
            "SELECT f.run, scenario, point, replication, seed, state, attempt, error, trace FROM faults f JOIN runs USING (run)"
            " ORDER BY f.run, attempt"
        ).fetchall()
        points = self.points({row[2] for row in rows}) if rows else {}
        return [
            {"run": run, "scenario": self.plan.scenarios[scenario], "replication": replication, "seed": seed,
             "parameters": points[point], "state": STATES[state], "attempt": attempt, "error": error, "traceback": trace}
            for run, scenario, point, replication, seed, state, attempt, error, trace in rows
        ]  # fmt: skip

    def attempts(self, run: int) -> int:
        """How often a run was tried."""
        return int(self.database.execute("SELECT attempts FROM runs WHERE run = ?", (run,)).fetchone()[0])

    def figures(self) -> dict[str, float]:
        """Mean seconds and overhead of the runs done, largest memory of a worker."""
        row = self.database.execute(
            "SELECT avg(seconds), avg(overhead), max(memory_mb) FROM runs WHERE state = 1"
        ).fetchone()
        return dict(zip(("seconds", "overhead", "memory_mb"), (float(v or 0.0) for v in row), strict=True))

    def close(self) -> None:
        """Let go of files and lock."""
        self.database.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# --- opening --------------------------------------------------------------------------------------------------------


def create(path: Path, plan: Plan) -> Store:
    """A new store with all runs planned. The folder must be new or empty; an index appears whole or not at all."""
    path.mkdir(parents=True, exist_ok=True)
    lock = _locked(path)
    partial = path / f".{INDEX}.new"
    try:
        partial.unlink(missing_ok=True)
        database = sqlite3.connect(partial, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = OFF")  # nothing counts until it is renamed
            database.executescript("BEGIN;" + _SCHEMA)
            _plan_runs(database, plan)
            database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise OSError(f"{partial}: {error}") from error
        finally:
            database.close()
        _sync(partial)
        partial.rename(path / INDEX)
        _sync(path)
        return Store(path, _connect(path, write=True), lock)
    except BaseException:
        os.close(lock)
        raise


def open_to_write(path: Path) -> Store:
    """The store of a sweep that goes on; what no transaction counts is swept away. Raises InputError where another one writes."""
    _check(path)
    lock = _locked(path)
    try:
        store = Store(path, _connect(path, write=True), lock)
    except BaseException:
        os.close(lock)
        raise
    _remove_leftovers(store)
    return store


def open_to_read(path: Path | str) -> Store:
    """The store, finished or being written."""
    path = Path(path)
    _check(path)
    return Store(path, _connect(path, write=False), None)


def exists(path: Path | str) -> bool:
    """True if there is a sweep in the folder."""
    return (Path(path) / INDEX).is_file()


def _check(path: Path) -> None:
    if not exists(path):
        raise InputError(
            Fault(str(path), "no sweep" if path.is_dir() else "no such folder", "the --out folder of a sweep")
        )


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    file = path / INDEX
    try:
        # a reader opens for writing, too: after a kill it must be able to roll a half-written transaction back
        database = sqlite3.connect(file, isolation_level=None, timeout=60.0)
        database.execute("PRAGMA cache_size = -16000")
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


def _locked(path: Path) -> int:
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise InputError(Fault("--out", f"{path}, which another sweep writes now", "a folder of its own")) from error
    return lock


def _remove_leftovers(store: Store) -> None:
    known = {number for number, _ in store.parts()}
    for table in TABLES:
        for file in (store.path / table).glob("*"):
            number = file.stem.removeprefix("part-")
            if not (file.suffix == ".parquet" and number.isdigit() and int(number) in known):
                file.unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- the plan in the index ------------------------------------------------------------------------------------------


def _plan_runs(database: sqlite3.Connection, plan: Plan) -> None:
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


def _read_plan(database: sqlite3.Connection) -> Plan:
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
