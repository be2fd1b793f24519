"""Which compiled kernels runs use: remembered beside the cities, so that the next sweep loads them once for all its workers.

Only a list of names: a kernel that is gone, or is not compiled yet, is passed over and loaded by the worker that needs it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

FILE = "kernels-used.json"
_PACKAGES = ("kernels.", "sim.")


def remember(folder: Path) -> bool:
    """Add the kernels that this process has used to the list in ``folder``. True if some were new."""
    used = {(module, name, str(signature)) for module, name, one in _kernels() for signature in one.overloads}
    known = _read(folder)
    if used <= known:
        return False
    with contextlib.suppress(OSError):  # a list for speed: a full disk must not fail a run
        partial = folder / f".{FILE}.{os.getpid()}"
        partial.write_text(json.dumps(sorted(used | known), indent=0), "utf-8")
        partial.replace(folder / FILE)
    return True


def load(folder: Path) -> int:
    """Load the kernels of the list from Numba's cache, but for parallel ones: those start threads. Returns how many."""
    wanted = _read(folder)
    loaded = 0
    for module, name, one in _kernels():
        if one.targetoptions.get("parallel"):
            continue
        # Numba has no public way to load without compiling what is absent; should its inside change, nothing is loaded here
        with contextlib.suppress(Exception):
            for signature, *_ in list(one._cache._cache_file._load_index()):
                if (module, name, str(signature)) in wanted:
                    one.compile(signature)
                    _lighten(one.overloads[signature].library)
                    loaded += 1
    return loaded


def _lighten(library: Any) -> None:
    """Keep the kernel's intermediate code as bytes: parsed, as Numba keeps it, it takes 12 MB for 50 kernels, and only serves to
    compile another kernel that calls this one. Then it is parsed again.
    """
    kind: Any = type(library)
    light = _light(kind)
    library._bitcode = library._shared_module.as_bitcode()
    parsed = library.__dict__["_shared_module"]
    library.__class__ = light
    del library.__dict__["_shared_module"]
    parsed.close()


@cache
def _light(whole: Any) -> Any:
    import llvmlite.binding as llvm

    class Light(whole):  # type: ignore[misc]
        @property
        def _shared_module(self) -> Any:
            return llvm.parse_bitcode(self._bitcode)

    return Light


def _kernels() -> Iterator[tuple[str, str, Any]]:
    from numba.core.dispatcher import Dispatcher

    for module in [m for name, m in sorted(sys.modules.items()) if name.startswith(_PACKAGES)]:
        for name, one in sorted(vars(module).items()):
            if isinstance(one, Dispatcher) and one.py_func.__module__ == module.__name__:
                yield module.__name__, name, one


def _read(folder: Path) -> set[tuple[str, str, str]]:
    try:
        return {(module, name, text) for module, name, text in json.loads((folder / FILE).read_text("utf-8"))}
    except (OSError, ValueError, TypeError):
        return set()
