"""Headings held or missed, and who paid: what a run directory says about its goals, alone and beside another run."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from sim.results.directory import Run


def headings(run: Run, baseline: Run | None = None) -> list[dict[str, Any]]:
    """Each heading of the roadmap: where it should be and where the run ends (mean of the twelve months before the date; what is counted
    since the start, at the date).

    A heading against the baseline needs one; without it is left out.
    """
    facts, out = run.manifest["indicators"], []
    for target in run.manifest["scenario"].get("targets", []):
        name, by = target["indicator"], target["by"]
        if name not in run.series:
            continue
        upto = run.series.index <= by
        counted = facts[name].get("period") == "since the start"
        reached = run.series.loc[upto, name].tail(1 if counted else 12).mean()
        against = target.get("against", "start")
        if against == "baseline":
            if baseline is None:
                continue
            before = baseline.series.index <= by
            reference = baseline.series.loc[before, name].tail(1 if counted else 12).mean()
        elif against == "start":
            reference = run.series[name].head(12).mean()
        else:
            reference = float(against)
        wanted = reference * (1.0 + target["change"])
        out.append(
            {
                "indicator": name, "label": facts[name]["label"], "unit": facts[name]["unit"], "by": by, "against": against,
                "change": 100.0 * target["change"], "wanted": wanted, "reached": reached,
                "got": 100.0 * (reached / reference - 1.0) if reference else float("nan"),
                "held": bool((reached - wanted) * (np.sign(target["change"]) or facts[name]["direction"]) >= 0),
            }
        )  # fmt: skip
    return out


def payers(run: Run) -> dict[str, float]:
    """M€ paid for the roadmap so far by each body, largest first; journals that do not say who paid count under ``all``."""
    events = run.table("events")
    out: dict[str, float] = {}
    for text in events.loc[events["event"] == "paid", "figures"]:
        figures = json.loads(text)
        for name, amount in figures.get("by", {"all": figures["total"]}).items():
            out[name] = out.get(name, 0.0) + amount / 1e6
    return dict(sorted(out.items(), key=lambda row: -row[1]))


def adaptations(run: Run) -> int:
    """How often rules changed a measure."""
    return int((run.table("events")["event"] == "adapted").sum())


def trade_offs(first: Run, second: Run) -> pd.DataFrame:
    """Headings by roadmap and who pays for each roadmap: what one gains on a heading beside what the other pays.

    Returns:
        columns kind (heading or payer), name, unit, asked, first, second, held_first, held_second; a heading's values are the change
        reached against its own reference [%], a payer's the money it paid [M€].
    """
    a, b = ({h["indicator"]: h for h in headings(run, run.baseline)} for run in (first, second))
    rows: list[dict[str, Any]] = [
        {
            "kind": "heading", "name": (a.get(n) or b[n])["label"], "unit": "%", "asked": (b.get(n) or a[n])["change"],
            "first": a[n]["got"] if n in a else np.nan, "second": b[n]["got"] if n in b else np.nan,
            "held_first": n in a and a[n]["held"], "held_second": n in b and b[n]["held"],
        }
        for n in [*a, *(n for n in b if n not in a)]
    ]  # fmt: skip
    paid = payers(first), payers(second)
    for name in [*paid[0], *(n for n in paid[1] if n not in paid[0])]:
        values = {"first": paid[0].get(name, 0.0), "second": paid[1].get(name, 0.0)}
        rows.append({"kind": "payer", "name": name.replace("_", " "), "unit": "M€", "asked": np.nan, **values,
                     "held_first": False, "held_second": False})  # fmt: skip
    columns = ["kind", "name", "unit", "asked", "first", "second", "held_first", "held_second"]
    return pd.DataFrame(rows, columns=columns)


def trade_off_text(table: pd.DataFrame) -> str:
    """The table for a terminal."""
    if table.empty:
        return ""
    width = max(28, *(len(name) for name in table["name"]))
    lines = []
    for kind, head in (("heading", "headings: change reached, asked"), ("payer", "who paid for the roadmap")):
        part = table[table["kind"] == kind]
        if part.empty:
            continue
        lines += ["", f"{head:{width}}  {'first':>14}  {'second':>14}  {'difference':>14}  unit"]
        for r in part.to_dict("records"):
            name = f"{r['name']} ({r['asked']:+.1f})" if kind == "heading" else r["name"]
            said = ["held" if r[f"held_{side}"] else "missed" for side in ("first", "second")]
            unit = f"%  {said[0]}, {said[1]}" if kind == "heading" else r["unit"]
            form = "+14.1f" if kind == "heading" else "14,.1f"
            values = f"{r['first']:>{form}}  {r['second']:>{form}}  {r['second'] - r['first']:>+14,.1f}"
            lines.append(f"{name:{width}}  {values}  {unit}")
    return "\n".join(lines)
