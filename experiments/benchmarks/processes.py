"""Other processes: our own children with a clean memory, and peers that answer lines of JSON in their own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self

from experiments.benchmarks.context import Context

#: Folder that holds the package ``experiments``: children and peers import their side of a benchmark from it.
ROOT = Path(__file__).resolve().parents[2]
#: A side that says nothing for this long [s] is ended.
PATIENCE = 600.0


class ChildError(RuntimeError):
    """A child of the benchmark ended with an error; the message is the end of what it said."""


def child(
    module: str, *arguments: object, environment: Mapping[str, str] | None = None, patience: float = PATIENCE
) -> Any:
    """Run ``python -m module arguments`` and return the JSON of its last line of standard output. Raises ChildError."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    try:
        done = subprocess.run(
            command, env=_environment(environment), capture_output=True, text=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ChildError(f"{module}: not done after {patience:g} s") from error
    if done.returncode != 0:
        raise ChildError(f"{module}: {done.stderr.strip()[-600:]}")
    return json.loads(done.stdout.splitlines()[-1])


class PeerProcess:
    """A peer tool, made ready once (not timed) and then asked as often as a round comes to it.

    ``name`` holds the tool and its version; ``fault`` why there is no answer ("not installed"), empty while all is well.
    """

    def __init__(self, context: Context, script: str, name: str, *arguments: object) -> None:
        self.name, self.fault = name, ""
        self._said = context.scratch / f"peer-{script}.err"
        with self._said.open("w", encoding="utf-8") as stderr:
            self._process = subprocess.Popen(
                [str(context.peers), "-m", f"experiments.benchmarks.peers.{script}", *map(str, arguments)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True, env=_environment(PEER_SETTINGS),
            )  # fmt: skip
        hello = self._read()
        if not self.fault:
            self.name = hello["tool"]

    def ask(self, **job: object) -> dict[str, Any]:
        """One answer; empty when the peer has none, see ``fault``."""
        if self.fault or self._process.stdin is None:
            return {}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return self._read()

    def seconds(self, **job: object) -> float | None:
        """The seconds of one answer."""
        found = self.ask(**job).get("seconds")
        return None if found is None else float(found)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        timer = Timer(PATIENCE, self._process.kill)
        timer.start()
        line = self._process.stdout.readline()
        timer.cancel()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self._process.wait()
        last = (self._said.read_text("utf-8", "replace").strip().splitlines() or ["ended without a word"])[-1]
        missing = last.startswith(("ModuleNotFoundError", "ImportError"))
        self.fault = "not installed" if missing else f"failed: {last[:160]}"
        return {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


#: What would slow a peer down and so flatter us: spinning BLAS threads, progress bars (both cost AequilibraE a multiple).
PEER_SETTINGS = {"OPENBLAS_NUM_THREADS": "1", "AEQ_SHOW_PROGRESS": "FALSE", "TQDM_DISABLE": "1"}


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    paths = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    return {**os.environ, "PYTHONPATH": paths, **(more or {})}
