"""Two finished runs side by side, indicator by indicator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sim.results.directory import Run, open_run

#: Months at the end of a run that a comparison averages over: a whole year, so that seasons cancel.
WINDOW = 12
#: Sums of euros that cancel leave this much behind; no indicator has a unit in which so little is something.
ROUNDING = 1e-7


def compare_runs(first: Path, second: Path) -> pd.DataFrame:
    """Mean of the last year of both runs, and second minus first, for the indicators both hold; of counts since the start, the last.

    Returns:
        columns indicator, label, unit, direction, first, second, difference, change [%].
    """
    return difference_table(open_run(first), open_run(second))


def difference_table(first: Run, second: Run, window: int = WINDOW) -> pd.DataFrame:
    """See :func:`compare_runs`; months that only one of the runs holds are left out."""
    months = first.series.index.intersection(second.series.index)[-window:]
    facts = {**first.manifest["indicators"], **second.manifest["indicators"]}
    a, b = (ended(run.series.loc[months], facts) for run in (first, second))
    rows = [
        {
            "indicator": name, "label": facts[name]["label"], "unit": facts[name]["unit"],
            "direction": facts[name]["direction"], "first": a[name], "second": b[name], "difference": b[name] - a[name],
            "change": (b[name] / a[name] - 1.0) * 100.0 if a[name] else float("nan"),
        }
        for name in first.series.columns.intersection(second.series.columns)
    ]  # fmt: skip
    order = {name: i for i, name in enumerate(facts)}
    return pd.DataFrame(rows).sort_values("indicator", key=lambda s: s.map(order), ignore_index=True)


def ended(months: pd.DataFrame, facts: Mapping[str, Mapping[str, str]]) -> pd.Series:
    """By indicator the mean of these months; of what is counted since the start the last."""
    counted = [name for name in months.columns if facts.get(name, {}).get("period") == "since the start"]
    means = months.mean()
    means[counted] = months[counted].iloc[-1]
    return means


def comparison_text(table: pd.DataFrame) -> str:
    """The table for a terminal, units in it."""
    width = max(len(label) for label in table["label"])
    head = f"{'indicator':{width}}  {'first':>14}  {'second':>14}  {'difference':>14}  unit"
    rows = (
        f"{r['label']:{width}}  {number(r['first']):>14}  {number(r['second']):>14}  {signed(r['difference']):>14}  {r['unit']}"
        for r in table.to_dict("records")
    )
    return "\n".join([head, *rows])


def number(value: float) -> str:
    """A number as people read it: four significant digits, thousands apart."""
    if value != value:  # NaN
        return "-"
    size = abs(value)
    if size >= 1e9:
        return f"{value / 1e9:,.2f} G"
    if size >= 1e6:
        return f"{value / 1e6:,.2f} M"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.1f}"
    if size >= 1:
        return f"{value:.2f}"
    return "0" if size < ROUNDING else f"{value:.3g}"


def signed(value: float) -> str:
    """A difference as people read it: always with its sign; zero is 0."""
    text = number(value)
    return text if value != value or value <= 0 or text == "0" else f"+{text}"
