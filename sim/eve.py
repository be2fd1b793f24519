"""The eve of a scenario: roadmap and baseline settled and led in once, then forked; kept for the next run of the same scenario.

Bringing a city to rest costs seconds at a small share and minutes at full population. The state of the eve is a pure function of
scenario, city, seed, share, parameters, road gap and the code itself: all of them are in its name, so a kept state is never a
stale one, and going on from it gives the same bits as living through the months before (``tests/sim/test_eve.py``).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from sim.checkpoint import load_state, save_state
from sim.city.city import City
from sim.errors import InputError
from sim.model import UrbanModel
from sim.scenario.load import Scenario

#: States kept, and the bytes they may take together; the oldest go first.
KEPT_STATES = 12
KEPT_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Kept:
    """Where eves are kept, and the digest of the city that they were lived in (a bundle's, see :func:`file_digest`)."""

    folder: Path
    city: str

    def path(self, plan: list[Any]) -> Path:
        """The file for one plan on this city with this code."""
        digest = hashlib.sha256(f"{code_digest()} {self.city} {np.__version__}".encode())
        digest.update(json.dumps(plan, sort_keys=True, default=str).encode())
        return self.folder / f"{digest.hexdigest()[:24]}.state.npz"


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def both_worlds(
    scenario: Scenario,
    city: City,
    *,
    seed: int,
    share: float,
    gap: float,
    threads: int = 1,
    parameters: Mapping[str, float] | None = None,
    kept: Kept | None = None,
) -> tuple[UrbanModel, UrbanModel]:
    """Roadmap and baseline on the eve of ``scenario.start`` (shocks dated before enter both).

    Without ``kept`` the months before are lived through in any case.
    """
    plan = [scenario.resolved(), seed, share, gap, dict(sorted((parameters or {}).items()))]
    path = kept.path(plan) if kept else None
    state = None
    if path is not None and path.is_file():
        with contextlib.suppress(InputError):  # a damaged file is made anew
            state = load_state(path)
    roadmap = UrbanModel(
        scenario, city, seed=seed, share=share, gap=gap, threads=threads, parameters=parameters, state=state
    )
    if state is None:
        roadmap.live_until(scenario.start - 1)
        roadmap.seconds.clear()  # times reported are those of the months reported
        if path is not None:
            _keep(roadmap, path)
    return roadmap, roadmap.fork(scenario.without_measures())


def _keep(model: UrbanModel, path: Path) -> None:
    with contextlib.suppress(OSError):  # a full disk costs the next run seconds, not this one its result
        path.parent.mkdir(parents=True, exist_ok=True)
        save_state(model.state, path)
        old = sorted(path.parent.glob("*.state.npz"), key=lambda p: p.stat().st_mtime, reverse=True)
        total = 0
        for number, file in enumerate(old):
            total += file.stat().st_size
            if number >= KEPT_STATES or total > KEPT_BYTES:
                file.unlink()


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Hash of the code and the tables of parameters that a state comes from."""
    digest = hashlib.sha256()
    for package in ("sim", "kernels"):
        _add(digest, files(package))
    return digest.hexdigest()


def _add(digest: hashlib._Hash, folder: Traversable) -> None:
    for entry in sorted(folder.iterdir(), key=lambda p: p.name):
        if entry.is_dir():
            _add(digest, entry)
        elif entry.name.endswith((".py", ".toml", ".csv")):
            digest.update(entry.name.encode() + entry.read_bytes())
