"""Progress of a sweep shown to people, on standard error: done, failed, rate, time left, memory."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from experiments.runner import Progress as State

#: Where the stream is no terminal, a line is said so often [s].
QUIET = 30.0


class SweepBar:
    """A bar that moves as runs end; call it with each :class:`experiments.runner.Progress`."""

    def __init__(self, title: str) -> None:
        self.console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self.title = title
        self.task: TaskID
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        self.progress.start()
        self.task = self.progress.add_task(self.title, total=None, words="starting workers")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def named(self, title: str, state: State) -> None:
        """Show where the sweep is, under another title."""
        self.title = title
        self.progress.update(self.task, description=title)
        self(state)

    def __call__(self, state: State) -> None:
        """Show where the sweep is."""
        text = words(state)
        ended = state.done + state.failed
        self.progress.update(self.task, completed=ended, total=state.runs, words=text)
        due = time.monotonic() - self._said > QUIET or ended == state.runs
        if not self.console.is_terminal and due:
            self._said = time.monotonic()
            self.console.print(f"{self.title}: {ended:,} of {state.runs:,}  {text}", highlight=False, soft_wrap=True)


def words(state: State) -> str:
    """Failures, rate, time left, memory."""
    parts = [f"{state.failed:,} failed"] if state.failed else []
    if state.fresh and state.seconds:
        rate = state.fresh / state.seconds
        parts.append(f"{rate:.1f} runs/s" if rate >= 1.0 else f"{60.0 * rate:.1f} runs/min")
        left = (state.runs - state.done - state.failed) / rate
        if left >= 1.0:
            parts.append(f"{span(left)} left")
    parts.append(f"{state.memory_mb:,.0f} MB here")
    if state.worker_mb:
        parts.append(f"{state.worker_mb:,.0f} MB a worker")
    if state.breaks:
        parts.append(f"workers lost {state.breaks} times")
    return ", ".join(parts)


def span(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    if seconds < 5400.0:
        return f"{seconds / 60.0:.0f} min"
    return f"{seconds / 3600.0:.1f} h" if seconds < 172_800.0 else f"{seconds / 86_400.0:.1f} days"
