"""A workshop served by the command itself, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")


class Served:
    """``rebond live`` on a free port; its group of processes ends with it."""

    def __init__(self, scenario: Path, cache: Path, *options: str) -> None:
        command = [sys.executable, "-m", "sim.cli", "live", str(scenario), "--no-browser", "--port", "0", *options]
        environment = os.environ | {"REBOND_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
        self.errors = (cache / "live.err").open("w+")
        self.process = subprocess.Popen(
            command,
            cwd=cache,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )

    def ready(self) -> str:
        """The address, once it serves."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), (line, self.said())
        return line.split()[1]

    def said(self) -> str:
        """What it said for people."""
        self.errors.seek(0)
        return self.errors.read()

    def stop(self, number: int = signal.SIGINT) -> int:
        """Interrupt, wait, and make sure that nothing of its group is left. Returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.errors.close()
        return code

    def left(self) -> list[str]:
        """Processes of its group that still live; one that has ended and waits to be reaped by the system's first process does not."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                text = stat.read_text()
            except OSError:  # ended meanwhile
                continue
            state, _, group = text.rpartition(")")[2].split()[:3]
            if int(group) == self.process.pid and state not in "ZX":
                found.append(text)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
