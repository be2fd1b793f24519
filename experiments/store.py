"""The results of a sweep on disk: nothing lost, doubled or torn, whatever is killed.

A folder holds ``index.sqlite`` and a dataset of Parquet files. The index knows every planned run and its state. A run's result enters
the index in one transaction as it ends; from time to time such results are moved to a new Parquet file of each table, which is
written aside, synced and renamed before one transaction makes it count and forgets what it holds. So at any moment a result is
in exactly one place; a file that no transaction names (a kill between rename and commit) counts for nothing and is removed.

One process writes at a time (a lock says so); any number may read.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from experiments.index import INDEX, SCHEMA, connect, locked, read_plan, sync, write_plan
from experiments.plan import TABLES, Plan, Task, point_digest
from experiments.worker import Outcome
from sim.errors import Fault, InputError

#: Results wait in the index until there are so many, or so many bytes.
PART_RUNS = 2000
PART_BYTES = 32_000_000

PLANNED, DONE, FAILED = 0, 1, 2
STATES = ("planned", "done", "failed")


class Store:
    """The store in ``path``. Open one with :func:`create`, :func:`open_to_write` or :func:`open_to_read`."""

    def __init__(self, path: Path, database: sqlite3.Connection, lock: int | None) -> None:
        self.path = path
        self.database = database
        self._lock = lock
        self._held = 0
        self._held_bytes = 0
        self.plan: Plan = read_plan(database)
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
        from experiments.parts import write_part  # brings 35 MB of pyarrow: not before there is a file to write

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
            write_plan(self.database, plan)
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
    lock = locked(path)
    partial = path / f".{INDEX}.new"
    try:
        partial.unlink(missing_ok=True)
        database = sqlite3.connect(partial, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = OFF")  # nothing counts until it is renamed
            database.executescript("BEGIN;" + SCHEMA)
            write_plan(database, plan)
            database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise OSError(f"{partial}: {error}") from error
        finally:
            database.close()
        sync(partial)
        partial.rename(path / INDEX)
        sync(path)
        return Store(path, connect(path, write=True), lock)
    except BaseException:
        os.close(lock)
        raise


def open_to_write(path: Path) -> Store:
    """The store of a sweep that goes on; what no transaction counts is swept away. Raises InputError where another one writes."""
    _check(path)
    lock = locked(path)
    try:
        store = Store(path, connect(path, write=True), lock)
    except BaseException:
        os.close(lock)
        raise
    _remove_leftovers(store)
    return store


def open_to_read(path: Path | str) -> Store:
    """The store, finished or being written."""
    path = Path(path)
    _check(path)
    return Store(path, connect(path, write=False), None)


def exists(path: Path | str) -> bool:
    """True if there is a sweep in the folder."""
    return (Path(path) / INDEX).is_file()


def _check(path: Path) -> None:
    if not exists(path):
        raise InputError(
            Fault(str(path), "no sweep" if path.is_dir() else "no such folder", "the --out folder of a sweep")
        )


def _remove_leftovers(store: Store) -> None:
    known = {number for number, _ in store.parts()}
    for table in TABLES:
        for file in (store.path / table).glob("*"):
            number = file.stem.removeprefix("part-")
            if not (file.suffix == ".parquet" and number.isdigit() and int(number) in known):
                file.unlink()
