"""Files that commands write: checked before any work, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from sim.errors import Fault, InputError


def check_target(option: str, path: Path, force: bool) -> None:
    """Raise InputError for a file that exists, unless it may be replaced, and for one that can't be."""
    if path.exists() and not force:
        raise InputError(Fault(option, f"{path}, which exists", "a new file, or --force to replace it"))
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InputError(Fault(option, f"{path}", "a file in an existing folder"))


def write_whole(path: Path, text: str) -> None:
    """Write beside the file, then put it in its place."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, "utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
