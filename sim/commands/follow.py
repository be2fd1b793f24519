"""``rebond follow``: one citizen's life, out of a run directory."""

from __future__ import annotations

import json
from pathlib import Path

from sim.results.directory import open_run
from sim.results.lives import listing, story, story_text


def follow(path: Path, citizen: int | None, *, as_json: bool) -> str:
    """What is printed. Raises InputError if there is no such run, or no such life in it."""
    run = open_run(path)
    if citizen is None:
        found = listing(run)
        return json.dumps(found, ensure_ascii=False, indent=1) if as_json else "\n".join(row["line"] for row in found)
    told = story(run, citizen)
    return json.dumps(told, ensure_ascii=False, indent=1) if as_json else story_text(told)
