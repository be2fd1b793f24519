"""Figures of the report: series with measures on the axis, maps of links and districts. Colours are safe for the colour-blind."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.results.compare import number

INK, FAINT, ROADMAP, BASELINE = "#1d2733", "#c9d1d9", "#0b6e99", "#b0602a"
WATER = "#a8cfe6"
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 8.5, "axes.edgecolor": "#9aa5b1", "axes.linewidth": 0.7, "svg.fonttype": "path",
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9.5, "axes.titleweight": "bold",
    "axes.titlelocation": "left", "xtick.color": "#52606d", "ytick.color": "#52606d", "text.color": INK, "svg.hashsalt": "rebond",
}  # fmt: skip


def series_figure(
    roadmap: pd.DataFrame,
    baseline: pd.DataFrame,
    facts: dict[str, Any],
    names: Sequence[str],
    marks: Sequence[tuple[str, int]],
) -> str:
    """Small multiples of roadmap against baseline by month; ``marks`` are (month, number of a measure) on the time axis."""
    columns = 3
    rows = -(-len(names) // columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12.5, 2.55 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        x = np.arange(len(roadmap))
        months = list(roadmap.index)
        for ax, name in zip(axes, names, strict=False):
            ax.plot(x, baseline[name], color=BASELINE, lw=1.5, label="baseline")
            ax.plot(x, roadmap[name], color=ROADMAP, lw=1.8, label="roadmap")
            ax.set_title(f"{facts[name]['label']} [{facts[name]['unit']}]")
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
            ax.grid(axis="y", color="#e4e7eb", lw=0.6)
            _mark(ax, marks, months)
            january = [i for i, month in enumerate(months) if month.endswith("-01")]
            ax.set_xticks(january, [months[i][:4] for i in january])
            ax.set_xlim(0, max(1, len(x) - 1))
        for ax in axes[len(names) :]:
            ax.set_axis_off()
        axes[0].legend(frameon=False, loc="best", fontsize=8)
        return svg(figure)


def _mark(ax: Axes, marks: Sequence[tuple[str, int]], months: list[str]) -> None:
    """A tick at each month in which measures start; the calendar above says which."""
    for month in sorted({month for month, _ in marks if month in months}):
        ax.axvline(months.index(month), ymax=0.045, color="#7b8794", lw=1.0)


def calendar_figure(measures: Sequence[dict[str, Any]], months: Sequence[str]) -> str:
    """The roadmap as bars over the months: works light, in force dark. ``measures``: label, begun, in_force, ended (months or "")."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12.5, 0.6 + 0.2 * len(measures)), layout="constrained")
        ax = figure.subplots()
        at = {month: i for i, month in enumerate(months)}
        for row, m in enumerate(measures):
            end = at.get(m["ended"], len(months))
            begun, working = at.get(m["begun"], end), at.get(m["in_force"], end)
            ax.barh(row, working - begun, left=begun, color="#9cc8dd", height=0.62)
            ax.barh(row, end - working, left=working, color=ROADMAP, height=0.62)
        ax.set_yticks(range(len(measures)), [m["label"] for m in measures])
        ax.invert_yaxis()
        january = [i for i, month in enumerate(months) if month.endswith("-01")]
        ax.set_xticks(january, [months[i][:4] for i in january])
        ax.set_xlim(0, len(months))
        ax.grid(axis="x", color="#e4e7eb", lw=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        return svg(figure)


def link_map(links: pd.DataFrame, city: dict[str, Any], values: np.ndarray, title: str, scale: dict[str, Any]) -> str:
    """Links coloured by ``values`` (one per row of ``links``) and widened by flow; ``scale``: cmap, vmin, vmax, label."""
    segments = np.stack(
        [links[["lon_tail", "lat_tail"]].to_numpy(), links[["lon_head", "lat_head"]].to_numpy()], axis=1
    )
    flow = links["flow_veh_h"].to_numpy()
    order = np.argsort(flow)
    width = 0.25 + 2.6 * np.sqrt(flow / max(flow.max(), 1.0))
    with mpl.rc_context(STYLE):
        figure, ax = _map_axes(city, links, title)
        norm = mpl.colors.Normalize(scale["vmin"], scale["vmax"])
        lines = LineCollection(
            list(segments[order]),
            array=values[order],
            cmap=scale["cmap"],
            norm=norm,
            linewidths=width[order],
            capstyle="round",
        )
        ax.add_collection(lines)
        _bar(figure, lines, ax, scale["label"])
        return _png(figure)


def district_map(
    links: pd.DataFrame,
    city: dict[str, Any],
    values: np.ndarray,
    title: str,
    scale: dict[str, Any],
) -> str:
    """Districts as the cells of their centres (nearest centre), streets drawn over them; ``scale`` as in :func:`link_map`."""
    lon = np.array([d["lon"] for d in city["districts"]])
    lat = np.array([d["lat"] for d in city["districts"]])
    west, east, south, north = _window(links)
    gx, gy = np.meshgrid(np.linspace(west, east, 420), np.linspace(south, north, 420))
    k = np.cos(np.radians(lat.mean()))
    from scipy.spatial import cKDTree

    streets = cKDTree(np.column_stack([links["lon_tail"] * k, links["lat_tail"]]))
    points = np.column_stack([gx.ravel() * k, gy.ravel()])
    near = cKDTree(np.column_stack([lon * k, lat])).query(points)[1]
    far = streets.query(points)[0] > 0.012
    image = np.where(far, np.nan, values[near]).reshape(gx.shape)
    with mpl.rc_context(STYLE):
        figure, ax = _map_axes(city, links, title)
        norm = mpl.colors.Normalize(scale["vmin"], scale["vmax"])
        shown = ax.imshow(
            image, extent=(west, east, south, north), origin="lower", cmap=scale["cmap"], norm=norm, aspect=ax.get_aspect(),
            interpolation="nearest", zorder=0,
        )  # fmt: skip
        main = links[links["road_class"] <= 1]
        segments = np.stack(
            [main[["lon_tail", "lat_tail"]].to_numpy(), main[["lon_head", "lat_head"]].to_numpy()], axis=1
        )
        ax.add_collection(LineCollection(list(segments), colors="#ffffff", linewidths=0.35, alpha=0.75))
        _bar(figure, shown, ax, scale["label"])
        return _png(figure)


def symmetric(values: np.ndarray, label: str) -> dict[str, Any]:
    """Scale of a difference: blue less, orange more, white none."""
    top = float(np.nanquantile(np.abs(values), 0.98)) if len(values) else 0.0
    top = top or 1.0
    return {"cmap": "PuOr_r", "vmin": -top, "vmax": top, "label": label}


def sequential(values: np.ndarray, label: str, *, top: float | None = None) -> dict[str, Any]:
    """Scale of a quantity from zero up."""
    high = top if top is not None else float(np.nanquantile(values, 0.98)) if len(values) else 1.0
    return {"cmap": "cividis_r", "vmin": 0.0, "vmax": high or 1.0, "label": label}


def budget_figure(years: Sequence[str], by_measure: dict[str, Sequence[float]]) -> str:
    """Spending by year, stacked by measure [M€]."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12.5, 3.3), layout="constrained")
        ax = figure.subplots()
        bottom = np.zeros(len(years))
        colours = mpl.colormaps["tab20"](np.arange(20))
        for i, (name, values) in enumerate(by_measure.items()):
            ax.bar(years, values, bottom=bottom, label=name, color=colours[i % 20], width=0.72)
            bottom += np.asarray(values)
        ax.set_ylabel("M€ a year, all payers")
        ax.grid(axis="y", color="#e4e7eb", lw=0.6)
        ax.set_axisbelow(True)
        ax.legend(frameon=False, fontsize=7.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return svg(figure)


def _window(links: pd.DataFrame) -> tuple[float, float, float, float]:
    lon = pd.concat([links["lon_tail"], links["lon_head"]])
    lat = pd.concat([links["lat_tail"], links["lat_head"]])
    return float(lon.min()), float(lon.max()), float(lat.min()), float(lat.max())


def _map_axes(city: dict[str, Any], links: pd.DataFrame, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.1, 5.6), layout="constrained")
    ax = figure.subplots()
    west, east, south, north = _window(links)
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_aspect(1.0 / np.cos(np.radians((south + north) / 2)))
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    for line in city["water"]:
        points = np.asarray(line)
        ax.plot(points[:, 0], points[:, 1], color=WATER, lw=2.2, zorder=1, solid_capstyle="round")
    ax.set_title(title)
    if city["synthetic_streets"]:
        ax.text(
            0.99,
            0.01,
            "synthetic streets",
            transform=ax.transAxes,
            ha="right",
            fontsize=8,
            color="#7b8794",
            style="italic",
        )
    return figure, ax


def _bar(figure: Figure, mappable: Any, ax: Axes, label: str) -> None:
    bar = figure.colorbar(mappable, ax=ax, orientation="horizontal", shrink=0.55, aspect=32, pad=0.01, extend="both")
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=7.5)
    bar.outline.set_visible(False)


def svg(figure: Figure) -> str:
    """The figure as inline SVG text."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _png(figure: Figure) -> str:
    """The figure as an <img> tag with the picture inside."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=125, metadata={"Software": None})
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}">'
