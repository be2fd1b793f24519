"""Commands that answer a question from a finished sweep; see :mod:`experiments.analyses`."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
