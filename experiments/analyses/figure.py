"""Figures of analyses, as inline SVG in the style of the run report."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.plan import Floats
from sim.results.compare import number
from sim.results.figures import BASELINE, FAINT, INK, ROADMAP, STYLE

GRID = "#e4e7eb"


def bars(table: pd.DataFrame, panel: str, label: str, value: str, spread: str, limit: int = 9) -> str:
    """Horizontal bars with whiskers, one panel for each value of ``panel``, with its ``unit`` where the table has one."""
    panels = list(dict.fromkeys(table[panel]))[:limit]
    if not panels:
        return ""
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    most = max(len(table[table[panel] == p]) for p in panels)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2 * columns, rows * (0.8 + 0.26 * most)), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, name in zip(axes, panels, strict=False):
            mine = table[table[panel] == name].iloc[::-1]
            error = mine[spread].fillna(0.0).to_numpy()
            ax.barh(
                mine[label].astype(str),
                mine[value],
                xerr=error,
                color=ROADMAP,
                height=0.6,
                ecolor=INK,
                error_kw={"lw": 0.9},
            )
            unit = mine["unit"].iloc[0] if "unit" in mine and mine["unit"].iloc[0] != "-" else ""
            ax.set_title(f"{name} [{unit}]" if unit else str(name))
            ax.xaxis.set_major_locator(MaxNLocator(5))
            ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
            ax.axvline(0.0, color=INK, lw=0.6)
            ax.grid(axis="x", color=GRID, lw=0.6)
            ax.set_axisbelow(True)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        return svg(figure)


def boxes_in_space(
    points: Floats,
    names: Sequence[str],
    cases: np.ndarray,
    box: Mapping[str, tuple[float, float]],
    units: Mapping[str, str],
) -> str:
    """Points in the plane of the two parameters that the box bounds most; cases of interest filled, the box drawn."""
    shown = list(box)[:2] or list(names)[:2]
    shown += [n for n in names if n not in shown][: 2 - len(shown)]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.0, 4.6), layout="constrained")
        ax = figure.subplots()
        x = points[:, names.index(shown[0])]
        y = points[:, names.index(shown[1])] if len(shown) > 1 else np.zeros(len(points))
        ax.scatter(x[~cases], y[~cases], s=14, facecolors="none", edgecolors=BASELINE, lw=0.8, label="others")
        ax.scatter(x[cases], y[cases], s=16, color=ROADMAP, label="cases of interest")
        limits = [box.get(name, (v.min(), v.max())) for name, v in zip(shown, (x, y), strict=False)]
        (left, right), (low, high) = limits[0], limits[1] if len(limits) > 1 else (-0.5, 0.5)
        ax.plot([left, right, right, left, left], [low, low, high, high, low], color=INK, lw=1.2)
        ax.set_xlabel(_with_unit(shown[0], units))
        ax.set_ylabel(_with_unit(shown[1], units) if len(shown) > 1 else "")
        ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return svg(figure)


def _with_unit(name: str, units: Mapping[str, str]) -> str:
    return f"{name} [{units[name]}]" if units.get(name, "-") != "-" else name


def dots(labels: Sequence[str], groups: Mapping[str, tuple[Floats, Floats, Floats]], unit: str) -> str:
    """Labelled rows with a dot and a band (value, low, high) for each group."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 0.9 + 0.3 * len(labels)), layout="constrained")
        ax = figure.subplots()
        shift = np.linspace(-0.2, 0.2, len(groups)) if len(groups) > 1 else [0.0]
        for offset, colour, (name, (value, low, high)) in zip(
            shift, (ROADMAP, BASELINE, INK, "#7a8a2a"), groups.items(), strict=False
        ):
            y = np.arange(len(labels)) + offset
            ax.hlines(y, low, high, color=colour, lw=1.4)
            ax.plot(value, y, "o", ms=4, color=colour, label=name)
        ax.set_yticks(range(len(labels)), labels)
        ax.invert_yaxis()
        ax.axvline(0.0, color=FAINT, lw=0.8, zorder=0)
        ax.set_xlabel(unit)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
        ax.grid(axis="x", color=GRID, lw=0.6)
        ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return svg(figure)


def histograms(samples: Mapping[str, tuple[Floats, Floats]], units: Mapping[str, str]) -> str:
    """Before and after, one panel for each parameter."""
    columns = min(3, len(samples))
    rows = -(-len(samples) // columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2 * columns, 2.4 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, (name, (before, after)) in zip(axes, samples.items(), strict=False):
            edges = np.linspace(min(before.min(), after.min()), max(before.max(), after.max()) + 1e-12, 21)
            ax.hist(before, edges, density=True, color=FAINT, label="before")
            ax.hist(after, edges, density=True, color=ROADMAP, alpha=0.75, label="after")
            ax.set_title(f"{name} [{units.get(name, '-')}]")
            ax.set_yticks([])
        for ax in axes[len(samples) :]:
            ax.set_axis_off()
        axes[0].legend(frameon=False, fontsize=8)
        return svg(figure)


def svg(figure: Figure) -> str:
    """The figure as inline SVG text."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]
