"""The sweep itself: keep the workers fed, commit what ends, go on when things break.

Only so many runs are submitted at a time, so that memory does not grow with their number. A run that raises is an outcome like any
other. What breaks instead - a worker killed, a connection lost - tells nothing about which run was to blame: the runs then in
flight are submitted again, and those that were there at a second break one by one, so that a run that kills its worker (out of
memory, mostly) is known for sure, and failed.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import cloudpickle

from experiments import store as stores
from experiments.changes import check
from experiments.engines import Engine
from experiments.plan import Plan, Task, world
from experiments.store import Store
from experiments.worker import Outcome, Work, carry_out, memory_mb, worker_name
from sim.errors import InputError, RunError

#: Units submitted beyond those being carried out, by worker: a worker never waits for the next.
AHEAD = 1
#: Breaks that a unit may be part of before it is tried alone.
SUSPECT = 2
#: A run that ends its worker when alone so often has failed.
DEADLY = 2
#: Seconds between tries to reach an engine that is gone; then the sweep ends (and can be gone on with).
PATIENCE = (1.0, 5.0, 15.0)
#: How often the number of workers is asked for [s]: clusters grow and shrink.
ROOM_SECONDS = 5.0
#: Runs that end within so short a time [s] share one commit: each costs some waits for the disk.
TOGETHER = 0.05
#: A worker that has grown so much [MB] since its first run is replaced: a leak somewhere must not end a week's sweep.
GROWTH_MB = 1500.0


@dataclass
class Unit:
    """Runs that one worker carries out together."""

    tasks: list[Task]
    breaks: int = 0
    alone: int = 0


@dataclass
class Progress:
    """Where a sweep is."""

    runs: int
    done: int
    failed: int
    fresh: int = 0  #: runs ended since this command began
    seconds: float = 0.0  #: since it began
    memory_mb: float = 0.0  #: of this process
    worker_mb: float = 0.0  #: of the largest worker
    breaks: int = 0


Watch = Callable[[Progress], None]


@dataclass(frozen=True)
class Options:
    """How a sweep is carried out; nothing here changes a bit of a result.

    Args:
        limit: time of one run [s], 0 for none.
        retries: further attempts at a run that raised.
        batch: runs of one world and seed that a worker carries out together, so that they share the eve.
        extend: take in a plan that holds all of the kept one and more.
        other_code: go on although the model's code or the city changed.
        again: try the failed runs again.
    """

    limit: float = 0.0
    retries: int = 0
    batch: int = 1
    extend: bool = False
    other_code: bool = False
    again: bool = False


def sweep(
    plan: Plan,
    work: Work | bytes,
    out: Path,
    engine: Engine,
    options: Options | None = None,
    watch: Watch | None = None,
) -> Progress:
    """Do every run of the plan that ``out`` does not have yet. Returns how it ended. ``work`` may be pickled already (by cloudpickle).

    Raises:
        InputError: ``out`` holds another sweep, or one that is being written; nothing was started.
        RunError: workers could not be had any more; what was done is kept, and the same call goes on.
        OSError: ``out`` cannot be written (a full disk); likewise.
    """
    options = options or Options()
    with _opened(plan, Path(out), options) as store:
        if options.again:
            store.again()
        loop = _Loop(store, work, engine, options, watch or (lambda _: None))
        try:
            loop.run()
        except KeyboardInterrupt:
            loop.keep()
            raise
        finally:
            engine.stop()
        store.compact()
        loop.tell()
        return loop.progress


def _opened(plan: Plan, out: Path, options: Options) -> Store:
    if not stores.exists(out):
        return stores.create(out, plan)
    store = stores.open_to_write(out)
    try:
        if check(out, store.plan, plan, extend=options.extend, other_code=options.other_code):
            store.extend(plan)
    except BaseException:
        store.close()
        raise
    return store


@dataclass
class _Loop:
    store: Store
    work: Work | bytes
    engine: Engine
    options: Options
    watch: Watch
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        counts = self.store.counts()
        self.progress = Progress(counts["runs"], counts["done"], counts["failed"])
        self._pickled = self.work if isinstance(self.work, bytes) else cloudpickle.dumps(self.work)
        self._digest = hashlib.sha256(self._pickled).hexdigest()
        self.engine.share(self._digest, self._pickled)
        self._columns = tuple(c.name for c in self.store.plan.columns)
        self._code = str(self.store.plan.facts.get("code", ""))
        self._clock = time.monotonic()
        self._fresh: Iterator[Unit] = iter(())
        self._again: deque[Unit] = deque()
        self._suspects: deque[Unit] = deque()
        self._flying: dict[Future[Any], Unit] = {}
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self._attempts: dict[int, int] = {}
        self._first_mb: dict[str, float] = {}
        self._executor: Executor | None = None
        self._room = 0
        self._room_known = 0.0
        self._draining = False
        self._why = ""
        self._held: list[Outcome] = []
        self._since = 0.0

    def run(self) -> None:
        """Until nothing is left to do."""
        missing = self.store.counts()["missing"]
        if missing:
            self._start()
            # no worker idles while another one has several runs to do together
            batch = max(1, min(self.options.batch, missing // max(self.engine.slots(), 1)))
            self._fresh = _units(self.store.missing(), batch)
        while True:
            self._fill()
            if not self._flying and not self._held:
                break
            broken = [unit for future in self._wait() if (unit := self._take(future)) is not None]
            if broken or time.monotonic() - self._since > TOGETHER:
                self._commit()
            if broken:
                self._mend(broken)
            elif time.monotonic() - self._room_known > ROOM_SECONDS:
                self._measure_room()
            self.tell()

    def keep(self) -> None:
        """Commit what has ended."""
        self._commit()

    def tell(self) -> None:
        """Say where it is."""
        self.progress.seconds = time.monotonic() - self._clock
        self.progress.memory_mb = memory_mb()
        self.watch(self.progress)

    # --- out ----------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        if self._draining and not self._flying:  # a worker grew too much: all are replaced
            self._executor, self._draining = None, False
        while not self._draining and (unit := self._next()) is not None:
            if self._executor is None:
                self._start()
            assert self._executor is not None
            try:
                future = self._executor.submit(
                    carry_out, self._pickled, self._digest, self._columns, unit.tasks, self.options.limit
                )
            except Exception:  # noqa: BLE001 - an executor that broke meanwhile: whatever it says
                self._mend([unit])
                continue
            self._flying[future] = unit
            future.add_done_callback(self._ended.put)

    def _next(self) -> Unit | None:
        """The next unit, if there is room for one; suspects only when nothing else is in flight."""
        flying = len(self._flying)
        if any(unit.breaks >= SUSPECT for unit in self._flying.values()):
            return None
        if self._executor is not None and flying >= self._room:
            return None
        if self._suspects:
            return None if flying else self._suspects.popleft()
        return self._again.popleft() if self._again else next(self._fresh, None)

    def _start(self) -> None:
        for pause in (*PATIENCE, None):
            try:
                executor = self.engine.start()
                executor.submit(worker_name).result()
                break
            except (OSError, BrokenExecutor, CancelledError) as error:
                if pause is None:
                    again = "the same command goes on where it stopped"
                    raise RunError(f"{self.engine.name} cannot be reached: {_words(error)}; {again}") from error
                time.sleep(pause)
            except InputError:
                raise
            except Exception as error:
                raise RunError(f"{self.engine.name}: a worker cannot carry out runs: {_words(error)}") from error
        self._executor = executor
        self._first_mb.clear()
        self._measure_room()

    def _measure_room(self) -> None:
        self._room = self.engine.slots() * (1 + AHEAD)
        self._room_known = time.monotonic()

    # --- back ---------------------------------------------------------------------------------------------------

    def _wait(self) -> list[Future[Any]]:
        """The futures that ended: at least one, unless a second passes without, or what has ended is due to be committed."""
        ended: list[Future[Any]] = []
        if not self._flying:
            time.sleep(max(self._since + TOGETHER - time.monotonic(), 0.0))
            return ended
        patience = max(self._since + TOGETHER - time.monotonic(), 0.0) if self._held else 1.0
        try:
            ended.append(self._ended.get(timeout=patience))
            while True:
                ended.append(self._ended.get_nowait())
        except Empty:
            return ended

    def _take(self, future: Future[Any]) -> Unit | None:
        """Hold what a unit brought; the unit itself where something broke instead."""
        unit = self._flying.pop(future, None)
        if unit is None:
            return None
        try:
            self._hold(future.result())
        except (Exception, CancelledError) as error:  # noqa: BLE001 - runs never raise here: a worker or a connection is gone
            self._why = _words(error)
            return unit
        return None

    def _hold(self, outcomes: Sequence[Outcome]) -> None:
        if not self._held:
            self._since = time.monotonic()
        self._held += outcomes

    def _commit(self) -> None:
        """Keep what has ended."""
        outcomes, self._held = self._held, []
        if not outcomes:
            return
        failed = {}
        for one in outcomes:
            self.progress.worker_mb = max(self.progress.worker_mb, one.memory_mb)
            first = self._first_mb.setdefault(one.worker, one.memory_mb)
            self._draining = self._draining or one.memory_mb - first > GROWTH_MB
            if one.blob is None:
                self._attempts[one.run] = self._attempts.get(one.run, 0) + 1
                failed[one.run] = self._attempts[one.run] > self.options.retries
        self.store.commit(outcomes, failed, self._code)
        for one in outcomes:
            if one.blob is not None:
                self.progress.done += 1
            elif failed[one.run]:
                self.progress.failed += 1
            else:
                self._again.append(Unit([self.store.task(one.run)]))
                continue
            self.progress.fresh += 1

    def _mend(self, broken: list[Unit]) -> None:
        """An executor broke: give up what is in flight, start anew, and find out who was to blame."""
        self.progress.breaks += 1
        self._executor = None
        for future, unit in list(self._flying.items()):
            if future.done() and not future.cancelled() and future.exception() is None:
                self._hold(future.result())
            else:
                broken.append(unit)
        self._flying.clear()
        self._ended = SimpleQueue()
        lonely = len(broken) == 1 and broken[0].breaks >= SUSPECT and len(broken[0].tasks) == 1
        if lonely:
            broken[0].alone += 1
        for unit in broken:
            unit.breaks += 1
            if lonely and unit.alone >= DEADLY:
                self._attempts[unit.tasks[0].run] = self.options.retries
                self._hold([_dead(unit.tasks[0], self._why)])
            elif unit.breaks >= SUSPECT:
                self._suspects.extend(Unit([task], unit.breaks, unit.alone) for task in unit.tasks)
            else:
                self._again.append(unit)
        self._commit()
        self.engine.stop()


def _dead(task: Task, why: str) -> Outcome:
    what = f"the worker ended {DEADLY} times while it carried out this run alone: killed (out of memory?) or far past its time limit"
    return Outcome(task.run, None, f"{what}; {why}")


def _words(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _units(tasks: Iterator[Task], batch: int) -> Iterator[Unit]:
    """Tasks of one world and seed together, at most ``batch`` of them."""
    unit: list[Task] = []
    common: tuple[object, ...] = ()
    for task in tasks:
        mine = (world(task.parameters), task.seed)
        if unit and (len(unit) >= batch or mine != common):
            yield Unit(unit)
            unit = []
        unit.append(task)
        common = mine
    if unit:
        yield Unit(unit)
