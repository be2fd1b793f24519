"""The report's energy section: two accounts of emissions and what lies between them, the coldest day's load, emissions by the hour."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.results.directory import Run
from sim.results.figures import BASELINE, INK, STYLE, svg

#: Uses from the bottom of a stack to its top: name in the tables, as people call it, colour (safe for the colour-blind).
USES = (
    ("heating", "heating of dwellings", "#b0413e"), ("hot_water", "hot water", "#e0894f"), ("appliances", "appliances", "#f0c674"),
    ("cooking", "cooking", "#f6e3a1"), ("cooling", "air conditioning", "#8fd0d8"), ("tertiary", "firms' floors", "#3d6f9e"),
    ("charging", "electric cars", "#5aae61"), ("fuel", "fuel of residents' cars", "#7d7d7d"), ("transit", "transit", "#9970ab"),
    ("lighting", "street lighting", "#c8b6d6"), ("data", "data services", "#d9d9d9"),
)  # fmt: skip
NET = "net"
LAST_YEAR = 12


def section(run: Run, baseline: Run) -> dict[str, Any]:
    """Everything the energy section shows; empty for a run whose tables hold no energy."""
    accounts = _accounts(run, baseline)
    if not accounts["both"]:
        return {"accounts": None, "load": "", "hours": "", "month": ""}
    month = _peak_month(run)
    return {
        "accounts": accounts,
        "load": load_figure(_of_month(run, month), _of_month(baseline, month)),
        "hours": hours_figure(_mean_hours(run), _mean_hours(baseline)),
        "month": month,
    }


def _last_year(table: pd.DataFrame) -> pd.DataFrame:
    months = sorted(table["month"].unique())[-LAST_YEAR:]
    return table[table["month"].isin(months)]


def _accounts(run: Run, baseline: Run) -> dict[str, Any]:
    """Items in the order both, residents alone, territory alone, with sums; tonnes of the last twelve months."""
    rows = [
        {
            "label": str(now["label"]), "residents": bool(now["residents"]), "territory": bool(now["territory"]),
            "first": float(then["total_t"]), "second": float(now["total_t"]), "direct": float(now["direct_t"]),
        }
        for then, now in zip(_items(baseline), _items(run), strict=True)
        if then["total_t"] or now["total_t"]
    ]  # fmt: skip
    parts = {
        "both": [r for r in rows if r["residents"] and r["territory"]],
        "mine": [r for r in rows if not r["territory"]],
        "theirs": [r for r in rows if not r["residents"]],
    }
    people = [
        float(_last_year(r.table("indicators")).query("indicator == 'population'")["value"].mean())
        for r in (baseline, run)
    ]
    return {
        **parts,
        "residents": _sum("Residents' account", parts["both"] + parts["mine"], people),
        "territory": _sum("Territorial account", parts["both"] + parts["theirs"], people),
    }


_SUMS = {"label": "first", "residents": "first", "territory": "first", "total_t": "sum", "direct_t": "sum"}


def _items(run: Run) -> list[dict[Hashable, Any]]:
    """Each item's last year, in the order of the table."""
    return _last_year(run.table("accounts")).groupby("item", sort=False).agg(_SUMS).to_dict("records")


def _sum(label: str, rows: list[dict[str, Any]], people: list[float]) -> dict[str, Any]:
    first, second = sum(r["first"] for r in rows), sum(r["second"] for r in rows)
    return {
        "label": label, "first": first, "second": second, "direct": sum(r["direct"] for r in rows),
        "first_each": first / people[0] if people[0] else float("nan"),
        "second_each": second / people[1] if people[1] else float("nan"),
    }  # fmt: skip


# --- hours ----------------------------------------------------------------------------------------------------------


def _peak_month(run: Run) -> str:
    """The month of the last year with the highest hour."""
    net = _last_year(run.table("hours")).query("use == @NET")
    return str(net.sort_values("load_mw")["month"].iloc[-1])


def _of_month(run: Run, month: str) -> pd.DataFrame:
    """(24, uses and net) MW on the coldest day of a month."""
    rows = run.table("hours").query("month == @month")
    return rows.pivot(index="hour", columns="use", values="load_mw")


def _mean_hours(run: Run) -> pd.DataFrame:
    """(24, uses) t/h on the mean day of the last twelve months."""
    rows = _last_year(run.table("hours")).query("use != @NET")
    return rows.pivot_table(index="hour", columns="use", values="co2_t_h", aggfunc="mean")


def load_figure(now: pd.DataFrame, then: pd.DataFrame) -> str:
    """Electricity by use, and the load that is left of it after panels and batteries, in both worlds."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.1, 3.7), layout="constrained")
        ax = figure.subplots()
        _stack(ax, now)
        _line(ax, then[NET], BASELINE, "baseline, after PV", "--")
        _line(ax, now[NET], INK, "roadmap, after PV", "-")
        _dress(ax, "Electricity on the coldest day [MW]")
        return svg(figure)


def hours_figure(now: pd.DataFrame, then: pd.DataFrame) -> str:
    """Emissions by use on the mean day of the last year."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.1, 3.7), layout="constrained")
        ax = figure.subplots()
        _stack(ax, now)
        _line(ax, then.sum(axis=1), BASELINE, "baseline", "--")
        _dress(ax, "Emissions by hour, mean day of the last year [tCO2e/h]")
        return svg(figure)


def _stack(ax: Axes, table: pd.DataFrame) -> None:
    """Uses that are a five-hundredth of the highest hour and more; the rest would be a line without width."""
    least = 0.002 * table.drop(columns=NET, errors="ignore").sum(axis=1).max()
    used = [use for use in USES if use[0] in table and table[use[0]].abs().max() > least]
    edges = np.arange(len(table) + 1)
    bottom = np.zeros(len(table))
    for name, label, colour in used:
        top = bottom + table[name].to_numpy()
        ax.stairs(top, edges, baseline=bottom, fill=True, color=colour, label=label, lw=0)
        bottom = top


def _line(ax: Axes, values: pd.Series[float], colour: str, label: str, style: str) -> None:
    ax.stairs(values.to_numpy(), np.arange(len(values) + 1), color=colour, lw=1.6, ls=style, label=label, baseline=None)


def _dress(ax: Axes, title: str) -> None:
    ax.set_title(title)
    ax.set_xlim(0, 24)
    ax.set_ylim(bottom=0)
    ax.set_xticks(range(0, 25, 3))
    ax.set_xlabel("hour of the day (legal clock)")
    ax.grid(axis="y", color="#e4e7eb", lw=0.6)
    ax.set_axisbelow(True)
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], labels[::-1], frameon=False, fontsize=7.2, loc="center left", bbox_to_anchor=(1.0, 0.5))
