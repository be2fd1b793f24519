"""A branch: one city going its way on a thread of its own. Commands wait in line; a crash ends this branch and no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sim import RunError, Scenario, State, UrbanModel
from sim.live.history import Frame, History, frame_of

T = TypeVar("T")


class Branch:
    """One model and what it remembers. Public methods may be called from any thread; ``_`` ones run on the branch's own."""

    def __init__(self, number: int, name: str, model: UrbanModel, history: History | None = None) -> None:
        self.number, self.name = number, name
        self.model = model
        self.first = model.state.month  #: the eve, or the month it was forked at
        self.error = ""
        self.history = history or History()
        if model.state.month not in self.history.states:
            self.history.keep_state(model.state.copy())
        self._seen = len(model.state.townhall.journal)
        if self.frame(self.first) is None:
            self.history.keep_frame(frame_of(model, self._seen)[0])
        self._closing = threading.Event()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"branch-{number}")

    @property
    def scenario(self) -> Scenario:
        """The calendar followed."""
        return self.model.scenario

    @property
    def month(self) -> int:
        """Last month lived."""
        return self.model.state.month

    def frame(self, month: int) -> Frame | None:
        """A month lived, if its maps are still held."""
        found = self.history.frames.get(month)
        return found if found is not None and found.links is not None else None

    def figures(self, month: int) -> Frame | None:
        """A month lived, maps or not."""
        return self.history.frames.get(month)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Do ``work`` on the branch's thread, in turn. An unforeseen error ends the branch."""
        return self._worker.submit(self._guarded, work)

    def _guarded(self, work: Callable[[], T]) -> T:
        if self.error:
            raise RunError(f"{self.name} has ended: {self.error}")
        try:
            return work()
        except (RunError, ValueError):  # a command refused: the branch stands as it was
            raise
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            raise RunError(f"{self.name} has ended: {self.error}") from error

    def live_to(self, month: int) -> Future[None]:
        """Live until ``month`` has been lived."""

        def work() -> None:
            while self.model.state.month < month and not self._closing.is_set():
                self._step()

        return self.submit(work)

    def show(self, month: int) -> Future[Frame]:
        """The frame of a month lived, made again if its maps had been let go."""

        def work() -> Frame:
            found = self.frame(month)
            if found is None:
                self._replay(month)
                found = self.frame(month)
            if found is None:
                raise RunError(f"{self.name} has not lived that month")
            return found

        return self.submit(work)

    def revise(self, scenario: Scenario, month: int) -> Future[None]:
        """Follow another calendar after ``month``; what was lived after it is forgotten."""

        def work() -> None:
            if month < self.model.state.month:
                self._rewind(month, scenario)
            else:
                self.model.revise(scenario)

        return self.submit(work)

    def state_at(self, month: int) -> Future[State]:
        """A copy of the state at the end of a month lived."""
        return self.submit(lambda: self._branched(month, self.scenario).state)

    def model_at(self, month: int) -> Future[UrbanModel]:
        """A model at the end of a month lived, of its own."""
        return self.submit(lambda: self._branched(month, self.scenario))

    def close(self) -> None:
        """Stop after the month being lived."""
        self._closing.set()
        self._worker.shutdown(wait=False, cancel_futures=True)

    # --- on the branch's thread -----------------------------------------------------------------------------------

    def _step(self) -> None:
        self.model.step()
        frame, self._seen = frame_of(self.model, self._seen)
        self.history.keep_frame(frame)
        self.history.keep_state(self.model.state.copy())

    def _branched(self, month: int, scenario: Scenario) -> UrbanModel:
        if self.model.state.month == month:
            return self._with(self.model.state, scenario)
        if month > self.model.state.month:
            raise RunError(f"{self.name} has not lived that month")
        other = self._with(self.history.last_state(month), scenario)
        other.live_until(month)
        return other

    def _with(self, state: State, scenario: Scenario) -> UrbanModel:
        """A model that goes on from a state kept."""
        return self.model.at(state.copy(), scenario)

    def _rewind(self, month: int, scenario: Scenario) -> None:
        model = self._branched(month, scenario)
        self.history.forget_after(month)
        self.model = model
        self._seen = len(model.state.townhall.journal)

    def _replay(self, month: int) -> None:
        kept = self.history.last_state(month - 1)
        other = self._with(kept, self.scenario)
        seen = len(kept.townhall.journal)
        while other.state.month < month:
            other.step()
            frame, seen = frame_of(other, seen)
        self.history.frames[month] = frame
