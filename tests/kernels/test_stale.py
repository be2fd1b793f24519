"""Kept kernels live as long as no source of their package changes."""

from __future__ import annotations

from pathlib import Path

from kernels.stale import STAMP, forget_stale


def test_kernels_are_forgotten_when_any_source_changes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("X = 1\n", "utf-8")
    (tmp_path / "b.py").write_text("from a import X\n", "utf-8")
    kept = tmp_path / "__pycache__"
    assert forget_stale(tmp_path)
    compiled = [kept / "b.kernel.py311.nbi", kept / "b.kernel.py311.1.nbc"]
    for file in compiled:
        file.write_bytes(b"machine code")
    assert not forget_stale(tmp_path)
    assert all(file.is_file() for file in compiled)
    (tmp_path / "a.py").write_text("X = 2\n", "utf-8")
    assert forget_stale(tmp_path)
    assert sorted(file.name for file in kept.iterdir()) == [STAMP]
    assert not forget_stale(tmp_path)
