"""A state on disk: one uncompressed archive of named arrays, no pickle, written atomically, restored to the bit."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from sim.columns import Block
from sim.errors import Fault, InputError
from sim.state import State

FORMAT = 1
_HEADER = "header"


def save_state(state: State, path: Path) -> None:
    """Write ``state`` to ``path``; the file is whole or absent."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    header = json.dumps({"format": FORMAT, "seed": state.seed, "month": state.month, "share": state.share})
    arrays: dict[str, Any] = {name: a for name, a in state.arrays().items() if name not in ("seed", "month", "share")}
    try:
        with partial.open("wb") as file:
            np.savez(file, **arrays | {_HEADER: np.frombuffer(header.encode(), np.uint8)})
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_state(path: Path) -> State:
    """The state written by :func:`save_state`. Raises InputError if the file is not one."""
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(bytes(arrays.pop(_HEADER)))
        if header.pop("format") != FORMAT:
            raise ValueError("written by another version")
        return _state(arrays, header)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(Fault(str(path), f"{error}", "a state saved by this version of Rebond")) from error


def _state(arrays: dict[str, Any], header: dict[str, Any]) -> State:
    kinds = get_type_hints(State)
    values: dict[str, Any] = dict(header)
    for f in fields(State):
        kind = kinds[f.name]
        if isinstance(kind, type) and issubclass(kind, Block):
            prefix = f"{f.name}."
            values[f.name] = kind.from_arrays({n[len(prefix) :]: a for n, a in arrays.items() if n.startswith(prefix)})
        elif f.name not in values:
            values[f.name] = arrays[f.name]
    return State(**values)
