"""The workshop: branches side by side, the month shown, the commands of the room. It knows no page; any thread may call it.

Slow commands wait for the branches' own threads, so pages call them outside their event loop. ``revision`` grows with every change:
a page that has seen the same number has nothing to draw.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sim import City, InputError, Item, Kept, RunError, Scenario, Status, UrbanModel, both_worlds, month_name
from sim.live import plan
from sim.live.bikes import Bikes
from sim.live.branch import Branch
from sim.live.budget import Gauge, gauge
from sim.live.cores import Cores
from sim.live.history import Frame, History

T = TypeVar("T")
#: Branches at once, the baseline among them.
MOST_BRANCHES = 7
BASELINE, ROADMAP = 0, 1
#: Months a second, at most; the city's own pace bounds them too.
SPEEDS = (0.5, 1.0, 2.0, 5.0)
LONGEST_JOURNAL = 2000


@dataclass(frozen=True)
class Note:
    """One line of the session's journal."""

    clock: str
    month: str
    branch: str
    text: str


class Workshop:
    """What one room shares."""

    def __init__(self, city: City, roadmap: UrbanModel, baseline: UrbanModel, path: Path) -> None:
        self.city, self.path = city, path
        self.lock = threading.RLock()
        self._cores = Cores(roadmap.threads)
        self.branches: dict[int, Branch] = {
            BASELINE: Branch(BASELINE, "Baseline", baseline, cores=self._cores),
            ROADMAP: Branch(ROADMAP, roadmap.scenario.name, roadmap, cores=self._cores),
        }  # fmt: skip
        self.scenario = roadmap.scenario
        self.parameters = roadmap.parameters
        self.bikes = Bikes(city, roadmap.parameters)
        self.shown = roadmap.state.month
        self.playing = False
        self.speed = 2.0
        self.revision = 0
        self.decisions = 0  #: grows with every decision: months lived again are other months
        self.journal: list[Note] = []
        self._watched: tuple[int, ...] = ()  #: branches on the map last, the one decided on first
        self._next = ROADMAP + 1
        self._held = 0  #: decisions under way that count as one change
        self._counting = (
            threading.Lock()
        )  # held for moments only: pages count and write the journal in their event loop
        self._scout = ThreadPoolExecutor(1, thread_name_prefix="scout")
        self._wake = threading.Condition()
        self._closed = False
        self._player = threading.Thread(target=self._play, name="player", daemon=True)
        self._player.start()
        self._look_ahead()

    @classmethod
    def open(
        cls, path: Path, scenario: Scenario, city: City, share: float | None, threads: int, kept: Kept | None
    ) -> Workshop:
        """Bring the city to the eve of its roadmap (kept from an earlier run, if there was one)."""
        scenario = replace(scenario, share=share or scenario.share)
        worlds = both_worlds(
            scenario, city, seed=scenario.seed, share=scenario.share, gap=1e-4, threads=threads, kept=kept
        )
        return cls(city, worlds[0], worlds[1], path)

    def close(self) -> None:
        """End all threads after the months being lived."""
        with self._wake:
            self._closed, self.playing = True, False
            self._wake.notify_all()
        self._scout.shutdown(wait=False, cancel_futures=True)
        for branch in self.branches.values():
            branch.close()
        self._player.join(timeout=10.0)

    # --- what is seen -------------------------------------------------------------------------------------------------

    @property
    def lived(self) -> int:
        """Last month that some branch has lived."""
        return max(b.month for b in self.alive())

    def alive(self) -> list[Branch]:
        """Branches that have not crashed."""
        return [b for b in list(self.branches.values()) if not b.error]

    def branch(self, number: int) -> Branch:
        """A branch by its number. Raises RunError."""
        if number not in self.branches:
            raise RunError(f"there is no branch {number}")
        return self.branches[number]

    def frame(self, number: int, month: int | None = None) -> Frame | None:
        """The month shown (or another one) on a branch, maps made again where they had been let go."""
        branch, month = self.branch(number), self.shown if month is None else month
        found = branch.frame(month)
        if (
            found is None
            and not branch.error
            and branch.history.states
            and min(branch.history.states) < month <= branch.month
        ):
            found = branch.show(month).result()
        return found

    def early(self, number: int, month: int) -> bool:
        """Only the streets of this month are known on a branch."""
        found = self.branch(number).figures(month)
        return found is not None and found.early

    def gauge(self, number: int) -> Gauge:
        """The budget of a branch's calendar."""
        return gauge(self.branch(number).scenario, self.parameters)

    def bump(self) -> None:
        """Something has changed."""
        with self._counting:
            self.revision += not self._held

    def note(self, branch: str, text: str) -> None:
        """Write a line into the session's journal."""
        with self._counting:
            self.journal.append(Note(time.strftime("%H:%M:%S"), month_name(self.shown), branch, text[:300]))
            del self.journal[:-LONGEST_JOURNAL]
        self.bump()

    # --- time -----------------------------------------------------------------------------------------------------------

    def play(self, on: bool) -> None:
        """Start or pause."""
        with self._wake:
            self.playing = on and self.shown < self.scenario.end
            self._wake.notify_all()
        self.bump()

    def set_speed(self, months_per_second: float) -> None:
        """How fast months pass at most."""
        self.speed = min(max(months_per_second, SPEEDS[0]), SPEEDS[-1])
        self.bump()

    def advance(self, watched: Collection[int] = (), *, glance: bool = False) -> None:
        """Show the next month: once the branches ``watched`` have lived it, or all of them; the others follow.

        ``glance``: once their streets are known; what takes longer follows, and is one more change.
        """
        target = self.shown + 1
        if target > self.scenario.end:
            self.play(False)
            return
        alive, self._watched = self.alive(), tuple(watched)
        first = [b for b in alive if b.number in watched] or alive
        self._cores.divide(len(first))
        if glance:
            pairs = [b.glance(target) for b in first]
            self._all(streets for streets, _ in pairs)
            later = [lived for _, lived in pairs]
        else:
            self._all(b.live_to(target) for b in first)
            later = []
        with self.lock:
            if self.shown == target - 1:  # nobody looked elsewhere meanwhile
                self.shown = target
        self.bump()
        self._cores.divide(len(alive))
        later += [b.live_to(target) for b in alive if b not in first]
        for one in later:
            if not one.done():
                one.add_done_callback(lambda _: self.bump())
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Let branches live the month after the one shown before anybody asks for it."""
        if self._closed or self._held:
            return
        if self.playing:  # no core is idle, and every branch is asked for its next month soon
            alive = self.alive()
            self._cores.divide(len(alive))
            for branch in alive:
                branch.live_ahead(min(self.shown + 1, self.scenario.end))
        else:
            self._scout.submit(self._idle)

    def _idle(self) -> None:
        """One branch after the other: a decision that comes meanwhile finds a core free.

        First what the map compares to, last the branch that is decided on: its month will be another one.
        """
        watched = self._watched
        for branch in sorted(self.alive(), key=lambda b: (b.number in watched[:1], b.number not in watched)):
            if self._closed or self.playing or self._held:
                return
            self._cores.divide(1)
            branch.live_ahead(min(self.shown + 1, self.scenario.end)).exception()

    def seek(self, month: int) -> None:
        """Show a month lived already."""
        with self.lock:
            self.shown = min(max(month, self.scenario.start - 1), self.lived)
        self.bump()

    def _play(self) -> None:
        while not self._is_closed():
            with self._wake:
                self._wake.wait_for(lambda: self.playing or self._closed)
            if self._is_closed():
                return
            clock = time.monotonic()
            try:
                self.advance()
            except RunError:
                self.play(False)
            rest = 1.0 / self.speed - (time.monotonic() - clock)
            with self._wake:
                self._wake.wait_for(lambda: self._closed or not self.playing, timeout=max(rest, 0.01))

    def _is_closed(self) -> bool:
        return self._closed

    @staticmethod
    def _all(futures: Iterator[Future[None]]) -> None:
        """Wait for all; the failure of one branch does not keep the others."""
        done = wait(list(futures)).done
        if done and all(f.exception() for f in done):
            raise RunError(str(next(iter(done)).exception()))

    # --- decisions ------------------------------------------------------------------------------------------------------

    def fork(self, number: int, name: str) -> Branch:
        """What if: another branch from the month shown."""
        with self._steady():
            if len(self.branches) >= MOST_BRANCHES:
                raise RunError(f"{MOST_BRANCHES} branches at most: close one first")
            parent, month = self.branch(number), self.shown
            model = parent.model_at(month).result()
            branch = Branch(self._next, _name(name), model, parent.history.copy(month), self._cores)
            self.branches[self._next] = branch
            self._watched = (branch.number, number)
            self._next += 1
        self.note(branch.name, f"what if: forked from {parent.name}")
        return branch

    def close_branch(self, number: int) -> None:
        """Close a branch; baseline and roadmap stay."""
        if number in (BASELINE, ROADMAP):
            raise RunError("the baseline and the roadmap stay")
        with self._steady():
            branch = self.branch(number)
            del self.branches[number]
            branch.close()
        self.note(branch.name, "closed")

    def rename(self, number: int, name: str) -> None:
        """Give a branch another name."""
        self.branch(number).name = _name(name)
        self.bump()

    def edit(self, number: int, *, changes: Sequence[Mapping[str, Any]] = (), stop: Sequence[str] = ()) -> None:
        """Rewrite a branch's calendar from the month after the one shown. Raises RunError with the reason of a refusal."""
        if number == BASELINE:
            raise RunError("the baseline has no measures to decide on: choose the roadmap or a branch")
        with self._steady():
            branch = self.branch(number)
            self._check_begun(branch, changes)
            new = self._edited(branch, changes=changes, stop=stop)
            why = gauge(new, self.parameters).refusal(self.gauge(number))
            if why:
                raise RunError(f"cannot be paid: {why}")
            branch.revise(new, min(self.shown, branch.month)).result()
        words = [f"{one['id']} from {one['start']}" for one in changes] + [f"{one} off" for one in stop]
        self.note(branch.name, ", ".join(words))

    def answer(self, watched: Collection[int], command: Callable[..., T], *args: Any, **more: Any) -> T:
        """Carry out a decision and, while paused, live the next month: one change for the pages, whose map waits for ``watched`` only."""
        with self._counting:
            self._held += 1
            self._cores.free.clear()
        try:
            made = command(*args, **more)
            if not self.playing:
                self.advance([made.number, *watched] if isinstance(made, Branch) else watched, glance=True)
            return made
        finally:
            with self._counting:
                self._held -= 1
                self.revision += 1
                if not self._held:
                    self._cores.free.set()
            self._look_ahead()

    def shock(self, item: Mapping[str, Any]) -> None:
        """Something happens to the city, on every branch and in the baseline, from the month after the one shown."""
        with self._steady():
            new = {n: self._edited(b, shocks=[item]) for n, b in self.branches.items() if not b.error}
            self._all(self.branches[n].revise(s, min(self.shown, self.branches[n].month)) for n, s in new.items())
        self.note("", f"shock: {item['id']} from {item['start']}")

    def saved(self, number: int) -> str:
        """A branch as a scenario file, which ``rebond run`` reproduces."""
        branch = self.branch(number)
        scenario = replace(branch.scenario, name=branch.name)
        text = plan.text_of(scenario, f"{branch.name}: saved by a workshop in {month_name(self.shown)}")
        if plan.read(text, self.path, self.city).resolved() != scenario.resolved():
            raise RunError("this branch cannot be written as a file")
        return text

    def _edited(self, branch: Branch, **edits: Any) -> Scenario:
        try:
            return plan.edited(branch.scenario, self.shown, self.path, self.city, **edits)
        except InputError as error:
            raise RunError(
                "; ".join(f"{f.field}: {f.found}; allowed: {f.allowed}" for f in error.faults[:3])
            ) from error

    def _check_begun(self, branch: Branch, changes: Sequence[Mapping[str, Any]]) -> None:
        """What has begun keeps its date; works under way keep their size."""
        figures = branch.figures(min(self.shown, branch.month))
        if figures is None:
            return
        rows = [one.id for one in branch.scenario.rows]
        now = plan.current(branch.scenario, self.shown)
        for one in changes:
            row, old = rows.index(one["id"]) if one["id"] in rows else -1, now.get(one["id"])
            if old is None or not 0 <= row < len(figures.status):
                continue
            begun = figures.status[row] in (Status.BUILDING, Status.IN_FORCE)
            if begun and one["start"] != old["start"]:
                raise RunError(f"{one['id']} has begun: withdraw it, or change its amount")
            works = _works(branch.scenario, row)
            if begun and works and figures.progress[row] < 1.0 and dict(one) != old:
                raise RunError(f"{one['id']}: its works are under way and keep their size; they can be stopped")
            if begun and works and figures.progress[row] >= 1.0 and dict(one) != old:
                raise RunError(f"{one['id']} is built: what is built stays")

    @contextmanager
    def _steady(self) -> Iterator[None]:
        """Hold the month shown still while a decision is carried out, then go on as before."""
        with self.lock:
            playing, self.playing = self.playing, False
            try:
                yield
            finally:
                self.decisions += 1
                if playing:
                    self.play(True)
        self.bump()
        self._look_ahead()


def _name(text: str) -> str:
    name = " ".join(text.split())[:80]
    if not name or not name.isprintable():
        raise RunError("a name of 1 to 80 characters")
    return name


def _works(scenario: Scenario, row: int) -> bool:
    item: Item = scenario.rows[row]
    return item.measure.works and item.months > 0


__all__ = ["BASELINE", "ROADMAP", "SPEEDS", "History", "Note", "Workshop"]
