"""Progress shown to people, on standard error: month, share done, time left, three headlines moving."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sim.months import month_name

#: (indicator, short label, factor, format): what moves in the bar.
HEADLINES = (
    ("co2_transport", "road CO2e t/month", 1.0, ",.0f"),
    ("share_car", "car %", 1.0, ".1f"),
    ("unemployment_rate", "unemployed %", 1.0, ".1f"),
)


class MonthBar:
    """A bar that moves once a month. On a stream that is no terminal it prints one line a year instead."""

    def __init__(self, title: str) -> None:
        self.console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(compact=True), TextColumn("{task.fields[headlines]}"),
            console=self.console, disable=not self.console.is_terminal,
        )  # fmt: skip
        self.title = title
        self.task: TaskID

    def __enter__(self) -> Self:
        self.progress.start()
        self.task = self.progress.add_task(self.title, total=1.0, headlines="settling the city")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def month(self, month: int, done: float, roadmap: Mapping[str, float], baseline: Mapping[str, float]) -> None:
        """Show the month just lived."""
        text = "  ".join(
            f"{label} {format(roadmap[name] * factor, form)} ({format((roadmap[name] - baseline[name]) * factor, '+' + form)})"
            for name, label, factor, form in HEADLINES
            if name in roadmap
        )
        self.progress.update(self.task, completed=done, description=month_name(month), headlines=text)
        if not self.console.is_terminal and (month % 12 == 11 or done >= 1.0):
            self.console.print(f"{month_name(month)}  {done:4.0%}  {text}", highlight=False, soft_wrap=True)


@contextmanager
def counter(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar over things done; yields a function that takes how many are."""
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeRemainingColumn(compact=True),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip
    if not console.is_terminal:
        console.print(f"{title}: {total}", highlight=False)
    with progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)
