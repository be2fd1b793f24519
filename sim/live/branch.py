"""A branch: one city going its way on a thread of its own. Commands wait in line; a crash ends this branch and no other.

What the room has seen ends with ``month``. While nobody asks for anything a branch may live *ahead* of it, so that the next month is there
when it is asked for; a decision that comes meanwhile starts from the state kept of the month shown, and what was lived ahead is dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sim import RunError, Scenario, State, UrbanModel
from sim.live.cores import Cores
from sim.live.history import Frame, History, early_frame, frame_of

T = TypeVar("T")
#: A month lived ahead looks this often whether it is waited for meanwhile [s].
PATIENCE = 0.02


class _Dropped(Exception):  # noqa: N818 - no error: the end of a month that was given up
    """What is being lived no longer counts."""


class Branch:
    """One model and what it remembers. Public methods may be called from any thread; ``_`` ones run on the branch's own."""

    def __init__(
        self,
        number: int,
        name: str,
        model: UrbanModel,
        history: History | None = None,
        cores: Cores | None = None,
    ) -> None:
        self.number, self.name = number, name
        self._cores = cores or Cores(model.threads)
        self.model = model
        self.first = model.state.month  #: the eve, or the month it was forked at
        self.month = self.first  #: last month lived for the room to see
        self.error = ""
        self.history = history or History()
        self._lock = threading.RLock()
        self._early: Frame | None = None  #: streets of the month being lived
        self._seen = len(model.state.townhall.journal)
        if self.frame(self.first) is None:
            self.history.keep_frame(frame_of(model, self._seen)[0])
        self._closing = threading.Event()
        self._turn = 0  #: grows when what is being lived no longer counts
        self._ahead = False  #: what is being lived was not asked for
        self._waiting = 0  #: how much asked for stands in line
        self._worker = self._thread()

    @property
    def scenario(self) -> Scenario:
        """The calendar followed."""
        return self.model.scenario

    @property
    def reached(self) -> int:
        """Last month lived, whether the room has seen it or not."""
        return max(self.history.frames)

    def frame(self, month: int) -> Frame | None:
        """A month lived, if its maps are still held."""
        found = self.figures(month)
        return found if found is not None and found.links is not None else None

    def figures(self, month: int) -> Frame | None:
        """A month lived, maps or not."""
        early = self._early
        return self.history.frames.get(month) or (early if early is not None and early.month == month else None)

    def seen(self) -> list[Frame]:
        """Figures of the months that the room has seen, in their order."""
        return [frame for month, frame in sorted(self.history.frames.copy().items()) if month <= self.month]

    def states(self, until: int) -> list[tuple[int, State]]:
        """Months and states kept of them, in order, that of ``until`` among them. They are not to be written to."""
        kept = {m: s for m, s in self.history.states.copy().items() if m <= until}
        if until not in kept:
            kept[until] = self.state_at(until).result()
        return sorted(kept.items())

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Do ``work`` on the branch's thread, in turn. An unforeseen error ends the branch."""
        with self._lock:
            self._waiting += 1
            try:
                return self._worker.submit(self._in_turn, work, self._turn)
            except RuntimeError:  # the branch is closed
                self._waiting -= 1
                raise

    def _in_turn(self, work: Callable[[], T], turn: int) -> T:
        with self._lock:
            self._waiting -= 1
        return self._guarded(work, turn)

    def _guarded(self, work: Callable[[], T], turn: int) -> T:
        if self.error:
            raise RunError(f"{self.name} has ended: {self.error}")
        try:
            return work()
        except (RunError, ValueError):  # a command refused: the branch stands as it was
            raise
        except Exception as error:
            if turn == self._turn:
                self.error = f"{type(error).__name__}: {error}"
            raise RunError(f"{self.name} has ended: {error}") from error

    def live_to(self, month: int) -> Future[None]:
        """Live until ``month`` has been lived, and let it be seen."""
        with self._lock:
            if self.reached >= month and not self.error:
                self.month = max(self.month, month)
                return _done()
            self._ahead = False  # a month begun ahead is the one asked for
            turn = self._turn
            return self.submit(lambda: self._live(month, turn, seen=True))

    def glance(self, month: int) -> tuple[Future[None], Future[None]]:
        """Live until ``month``, and let its streets be seen once they are known: (then, when all of it has been lived)."""
        first: Future[None] = Future()
        with self._lock:
            if self.reached >= month or self.error:
                lived = self.live_to(month)
                return lived, lived
            self._ahead = False
            turn = self._turn
            lived = self.submit(lambda: self._live(month, turn, seen=True, streets=first))
        lived.add_done_callback(lambda _: _follow(first, lived))
        return first, lived

    def live_ahead(self, month: int) -> Future[None]:
        """Live until ``month`` without showing it; a state of the month before is kept in any case."""
        with self._lock:
            turn = self._turn
            if self.error:
                return _done()
            return self._worker.submit(self._guarded, lambda: self._live(month, turn, seen=False), turn)

    def show(self, month: int) -> Future[Frame]:
        """The frame of a month lived, made again if its maps had been let go."""

        with self._lock:
            turn = self._turn
            return self.submit(lambda: self._replayed(month, turn))

    def revise(self, scenario: Scenario, month: int) -> Future[None]:
        """Follow another calendar after ``month``; what was lived after it is forgotten."""
        with self._lock:
            alone = self._ahead
            if alone:  # nobody waits for the month being lived: its thread ends with it, another one takes over
                self._turn += 1
                self._ahead = False
                self._worker.shutdown(wait=False)
                self._worker = self._thread()
        return self.submit(lambda: self._revise(scenario, month, in_place=not alone))

    def state_at(self, month: int) -> Future[State]:
        """A copy of the state at the end of a month lived. One that is kept need not wait for the month being lived."""
        kept = self.history.states.get(month)
        if kept is not None and not self.error:
            return _done(kept.copy())
        return self.submit(lambda: self._branched(month, self.scenario).state)

    def model_at(self, month: int) -> Future[UrbanModel]:
        """A model at the end of a month lived, of its own."""
        kept = self.history.states.get(month)
        if kept is not None and not self.error:
            return _done(self.model.at(kept.copy(), self.scenario))
        return self.submit(lambda: self._branched(month, self.scenario))

    def close(self) -> None:
        """Stop after the month being lived."""
        self._closing.set()
        self._worker.shutdown(wait=False, cancel_futures=True)

    # --- on the branch's thread -----------------------------------------------------------------------------------

    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, thread_name_prefix=f"branch-{self.number}")

    def _live(self, month: int, turn: int, *, seen: bool, streets: Future[None] | None = None) -> None:
        with self._lock:
            if turn != self._turn:
                return
            self._ahead = not seen
            model = self.model  # that of this turn: a revision may put another one in its place meanwhile
        model.between = lambda: self._may_go_on(turn)
        try:
            if not seen:
                self._keep(model, turn)
            while self.reached < month and not self._closing.is_set():
                self._step(model, turn, streets if self.reached == month - 1 else None)
        except _Dropped:
            return
        with self._lock:
            if turn != self._turn:
                return
            if seen:
                self.month = max(self.month, min(month, self.reached))
            self._ahead = False

    def _keep(self, model: UrbanModel, turn: int) -> None:
        """Keep the state of the month lived last, to come back to."""
        state = None if model.state.month in self.history.states else model.state.copy()
        with self._lock:
            self._check(turn)  # else a state of a calendar given up, and a model that goes on beside its successor
            if state is not None:
                self.history.keep_state(state)

    def _step(self, model: UrbanModel, turn: int, streets: Future[None] | None = None) -> None:
        """One month, from a state that is kept first."""
        self._keep(model, turn)
        model.threads = self._cores.each
        if streets is None:
            model.step()
        else:
            model.move()
            self._show_streets(model, turn)
            streets.set_result(None)
            model.reckon()
        frame, seen = frame_of(model, self._seen)
        with self._lock:
            self._check(turn)
            self._seen, self._early = seen, None
            self.history.keep_frame(frame)

    def _may_go_on(self, turn: int) -> None:
        """Between two systems: a month lived ahead waits while a decision is answered, and ends once it no longer counts."""
        while turn == self._turn and self._ahead and not self._waiting and not self._closing.is_set():
            if self._cores.free.wait(PATIENCE):
                break
        self._check(turn)

    def _check(self, turn: int) -> None:
        if turn != self._turn:
            raise _Dropped

    def _show_streets(self, model: UrbanModel, turn: int) -> None:
        before = self.frame(model.state.month - 1)
        if before is None:
            return
        early = early_frame(model, before)
        with self._lock:
            if turn == self._turn:
                self._early, self.month = early, max(self.month, early.month)

    def _branched(self, month: int, scenario: Scenario) -> UrbanModel:
        kept = self.history.states.get(month)
        if kept is not None:
            return self.model.at(kept.copy(), scenario)
        if self.model.state.month == month:
            return self.model.at(self.model.state.copy(), scenario)
        if month > self.model.state.month:
            raise RunError(f"{self.name} has not lived that month")
        other = self.model.at(self.history.last_state(month).copy(), scenario)
        other.live_until(month)
        return other

    def _revise(self, scenario: Scenario, month: int, *, in_place: bool) -> None:
        """Go on from the end of ``month``: with this model where it is idle and the state is kept, else with another one."""
        model, history = self.model, self.history
        if month == model.state.month and month not in history.states:
            history.keep_state(model.state.copy())
        if in_place and month in history.states:
            before = model.state
            model.state = history.states[month].copy()
            try:
                model.revise(scenario)
            except ValueError:
                model.state = before
                raise
            model.policies = model.municipality.in_force(model.state)
        else:
            try:
                model = self._branched(month, scenario)
            except ValueError:
                self.model = self._branched(month, self.scenario)  # the one there was may be halfway through a month
                raise
        with self._lock:
            history.forget_after(month)
            self._early = None
            self.model, self.month = model, min(self.month, month)
            self._seen = len(model.state.townhall.journal)

    def _replayed(self, month: int, turn: int) -> Frame:
        found = self.frame(month)
        if found is not None:
            return found
        if month > self.reached:
            raise RunError(f"{self.name} has not lived that month")
        kept = self.history.last_state(month - 1)
        other = self.model.at(kept.copy(), self.scenario)
        seen = len(kept.townhall.journal)
        while other.state.month < month:
            other.step()
            found, seen = frame_of(other, seen)
        assert found is not None
        with self._lock:
            if turn == self._turn:
                self.history.frames[month] = found
        return found


def _follow(first: Future[None], lived: Future[None]) -> None:
    """What never came by itself ends as the whole did."""
    if first.done():
        return
    error = None if lived.cancelled() else lived.exception()
    if error is None:
        first.set_result(None)
    else:
        first.set_exception(error)


def _done(value: T = None) -> Future[T]:  # type: ignore[assignment]
    found: Future[T] = Future()
    found.set_result(value)
    return found
