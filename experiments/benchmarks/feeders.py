"""The low-voltage grid of a city: generated along its streets, and a month of its power flow."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.benchmarks.context import Context
from experiments.benchmarks.rows import Promise, Row, measured
from sim import City, Parameters, generate_grid, grid_month, grid_of, open_city

#: Seconds a month on the embedded replica; steps: four typical days.
MONTH, STEPS = 0.1, 96


def run(context: Context) -> list[Row]:
    """The embedded replica, and the real city if there is one."""
    names = [context.city, *([context.real] if context.real else [])]
    return [
        row for name in names for row in rows(context, open_city(name), context.size(3, 7), real=name == context.real)
    ]


def rows(context: Context, city: City, rounds: int, *, real: bool) -> list[Row]:
    """Both figures of one city."""
    p = Parameters()
    grid, month = grid_of(city, p), case(city)
    public = f"{len(grid.rows):,} public stations, {len(grid.buses):,} buses"

    def solve() -> None:
        grid_month(grid, *month, city.stations.kva, city.buses.sets.astype(float), p, context.threads)

    generate_grid(city, p)  # compiles
    solve()
    seconds = [context.seconds(lambda: generate_grid(city, p)) for _ in range(rounds)]
    months = [context.seconds(solve) for _ in range(rounds)]
    km, homes = city.buses.length.sum() / 1000.0, int(city.districts.dwellings.sum())
    return [
        measured(f"{city.name}: grid generated", "s", seconds, note=f"{public}, {km:,.0f} km of lines for {homes:,} dwellings"),
        measured(
            f"{city.name}: a month of the grid, {STEPS} steps, {context.threads} threads", "s", months,
            promise=None if real else Promise(MONTH), note=f"{public}; voltages, loadings, hours over limits, losses by district",
        ),
    ]  # fmt: skip


def case(city: City) -> tuple[Any, Any, Any]:
    """Loads of houses, flats, firms and charging by district and hour (a winter evening peak), panels on a house in ten, hours."""
    b, of = city.buses, city.stations.district[city.buses.station]
    count = np.stack([np.bincount(of, c, city.n_districts) for c in (b.houses, b.flats, b.floor, b.charging)], axis=1)
    h = np.arange(STEPS) % 24
    homes, work = 0.5 + 0.5 * np.exp(-(((h - 19) / 3.0) ** 2)), 0.2 + 0.8 * ((h > 7) & (h < 19))
    load = count[:, :, None] * np.stack([1800.0 * homes, 1100.0 * homes, 14.0 * work, 10_000.0 * work])
    sun = np.maximum(0.0, np.sin((h - 6) / 12.0 * np.pi))
    pv = count[:, :2, None] * np.array([300.0, 30.0])[:, None] * sun
    return load, pv, np.full(STEPS, 730.5 / STEPS)
