"""Compiled kernels are kept beside the source, and forgotten when any source of this package has changed.

Numba looks at a kernel's own file only: a constant or a helper of another file would live on in it, and give wrong numbers in silence.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent
STAMP = "sources.sha256"


def forget_stale(folder: Path = FOLDER) -> bool:
    """Remove the kept kernels of ``folder`` unless they were compiled from its sources as they are now. True if they were removed.

    A folder that may not be written to is left alone: so it was when its kernels were compiled.
    """
    digest = hashlib.sha256()
    for source in sorted(folder.glob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    kept = folder / "__pycache__"
    stamp = kept / STAMP
    with contextlib.suppress(OSError):
        if stamp.is_file() and stamp.read_text("ascii") == digest.hexdigest():
            return False
    with contextlib.suppress(OSError):
        kept.mkdir(exist_ok=True)
        for file in kept.glob("*.nb[ic]"):
            file.unlink(missing_ok=True)
        stamp.write_text(digest.hexdigest(), "ascii")
        return True
    return False
