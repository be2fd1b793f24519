"""Shared fixtures. The reference files of ../shared are optional: tests that want them say so when they are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of published reference cases; skips the test, saying so, where it is absent."""
    if not (SHARED / "reference").is_dir():
        pytest.skip("reference files of ../shared are absent: nothing to compare with")
    return SHARED
