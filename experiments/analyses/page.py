"""Answers as one HTML file that opens offline: sentences, figures, tables, notes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from experiments.analyses.answer import Answer
from experiments.frames import Sweep
from sim.results.compare import number


def render(sweep: Sweep, answers: Sequence[Answer]) -> str:
    """The page."""
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True).from_string(
        (files("experiments.analyses") / "page.html").read_text("utf-8")
    )
    plan = sweep.plan
    return template.render(
        name=plan.name, answers=[_parts(a) for a in answers], runs=len(sweep.runs), planned=plan.runs, scenarios=plan.scenarios,
        points=len(plan.points), replications=plan.replications, parameters=plan.parameters, design=plan.design, facts=plan.facts,
    )  # fmt: skip


def write(path: Path, sweep: Sweep, answers: Sequence[Answer]) -> Path:
    """Write the page; whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(render(sweep, answers), "utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _parts(one: Answer) -> dict[str, Any]:
    tables = {"": one.table, **one.extra}
    return {
        "title": one.title,
        "sentences": list(one.sentences),
        "figures": {caption: figure for caption, figure in one.figures.items() if figure},
        "notes": list(one.notes),
        "tables": {caption: _table(t) for caption, t in tables.items()},
    }


def _table(frame: pd.DataFrame) -> dict[str, Any]:
    numeric = [pd.api.types.is_numeric_dtype(t) for t in frame.dtypes]
    rows = [
        [_number(value) if n else str(value) for value, n in zip(row, numeric, strict=True)]
        for row in frame.itertuples(index=False, name=None)
    ]
    return {"head": list(zip(frame.columns, numeric, strict=True)), "rows": rows, "numeric": numeric}


def _number(value: float | int) -> str:
    return f"{value:,}" if isinstance(value, int) else number(value)
