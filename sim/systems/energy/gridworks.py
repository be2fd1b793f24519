"""How much more the low-voltage grid could take, and what is built where it is overloaded.

Hosting capacity: panels (kWp) or further load (kW) added alike to every dwelling until a station's voltage leaves the limits, a line or
the transformer its rating. All steps of the addition are solved at once, each with a weight that is a power of two: the "hours" over a
limit then say which steps were over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from kernels.forest import Forest, forest_flow
from kernels.trees import below
from sim.city.equipment import OVERHEAD, RATINGS
from sim.columns import Array, Bools, Floats, Ints
from sim.systems.energy.grid import CHARGING, FLATS, HIGH, HOUSES, LEAST, LOW, TOLERANCE, Grid, forest_now, per_unit

#: Steps of an addition; sums of their weights are whole numbers below 2^53 and so exact.
STEPS = 48
#: Most added to a dwelling: kWp of panels, kW of load.
MOST_PV, MOST_LOAD = 12.0, 12.0
#: Load by which the sunniest hour is told from others [kWp a dwelling].
TRIAL_PV = 3.0


class Hosting(NamedTuple):
    """By dwelling (D,): what the first station takes, and what stations with half of the district's dwellings take."""

    pv_first: Floats  #: kWp
    pv_half: Floats
    load_first: Floats  #: kW
    load_half: Floats


class Year(NamedTuple):
    """What the grid has been through since January, in the order of the city's tables: ``over`` (3, stations) [h], ``loading``
    (buses,) the highest and ``volt`` (buses,) the lowest of the months (:class:`sim.systems.energy.grid.GridMonth`)."""

    over: Floats
    loading: Floats
    volt: Floats


class Works(NamedTuple):
    """The grid after the works; transformers replaced, metres of cable laid; euros paid by (the distributor, the metropole)."""

    kva: Floats
    cables: Floats
    transformers: int
    metres: float
    euros: Floats


def hosting(
    grid: Grid, load: Array, pv: Array, sun: Array, kva: Floats, cables: Floats, parameters: Mapping[str, float],
    threads: int = 1,
) -> Hosting:  # fmt: skip
    """Hosting capacity on a month's hours.

    ``load``, ``pv`` as in :func:`sim.systems.energy.grid.grid_month`; ``sun`` (D, T) [W] that 1 kWp more would give. Panels are added
    at the district's hour with most sun over load, load at its hour of greatest net load.
    """
    forest = forest_now(grid, kva, cables)
    homes = grid.total[:, [HOUSES, FLATS]].sum(axis=1)
    net = load.sum(axis=1) - pv.sum(axis=1)
    sunny, peak = (TRIAL_PV * sun * homes[:, None] - net).argmax(axis=1), net.argmax(axis=1)
    d, part = np.arange(len(load)), np.arange(STEPS) / (STEPS - 1)
    light, dark = (np.concatenate([per_unit(grid, load), -_given(grid, pv)], axis=1)[d, :, t] for t in (sunny, peak))
    added = (-sun[d, sunny][:, None] * MOST_PV * part, np.full((len(d), 1), 1000.0) * MOST_LOAD * part)
    dwellings = np.bincount(grid.station, grid.customers[:, :2].sum(axis=1), len(grid.rows))
    out = []
    for base, more, most, tan in (
        (light, added[0], MOST_PV, 0.0), (dark, added[1], MOST_LOAD, parameters["network_tan_phi"]),
    ):  # fmt: skip
        first = _first_over(grid, forest, base, more, tan, parameters, threads)
        takes = most * np.maximum(first - 1, 0) / (STEPS - 1)
        out += [_least(grid, takes, dwellings, len(load)), _half(grid, takes, dwellings, len(load))]
    return Hosting(*out)


def _given(grid: Grid, pv: Array) -> Array:
    return per_unit(grid, np.concatenate([pv, np.zeros_like(pv)], axis=1))[:, :2]


def _first_over(
    grid: Grid, forest: Forest, base: Array, more: Array, tan: float, p: Mapping[str, float], threads: int
) -> Ints:
    """(S,) the first step at which a station is over a limit, STEPS if none: ``base`` (D, 6) [W] a unit, ``more`` (D, STEPS)."""
    homes = grid.customers[:, :2]
    demand = np.concatenate([np.repeat(base[:, :, None], STEPS, axis=2), more[:, None, :]], axis=1)
    usual = p["network_tan_phi"]
    flow = forest_flow(
        forest._replace(customers=np.hstack([grid.customers, homes, homes.sum(axis=1, keepdims=True)])), demand,
        [usual, usual, usual, 0.0, 0.0, 0.0, tan], 2.0 ** np.arange(STEPS), source=p["busbar_voltage"], low=LOW, high=HIGH,
        tolerance=TOLERANCE, threads=threads,
    )  # fmt: skip
    over = np.bitwise_or.reduce(flow.over.astype(np.int64), axis=0)
    lowest_bit = np.where(over == 0, 1 << STEPS, over & -over)
    return np.round(np.log2(lowest_bit)).astype(np.int64)


def _least(grid: Grid, takes: Floats, dwellings: Floats, districts: int) -> Floats:
    out = np.full(districts, np.inf)
    some = dwellings > 0.0
    np.minimum.at(out, grid.district[some], takes[some])
    return np.where(np.isfinite(out), out, 0.0)


def _half(grid: Grid, takes: Floats, dwellings: Floats, districts: int) -> Floats:
    """(D,) median of the stations, each by its dwellings."""
    order = np.lexsort((takes, grid.district))
    d, w = grid.district[order], dwellings[order]
    reached, total = np.cumsum(w), np.bincount(d, w, districts)
    before = np.r_[0.0, np.cumsum(total)[:-1]]
    good = (reached - before[d] >= 0.5 * total[d]) & (total[d] > 0.0)
    row = np.flatnonzero(good)
    out = np.zeros(districts)
    first = row[np.r_[True, d[row][1:] != d[row][:-1]][: len(row)]]
    out[d[first]] = takes[order][first]
    return out


def reinforce(grid: Grid, load: Array, year: Year, kva: Floats, cables: Floats, p: Mapping[str, float]) -> Works:
    """The works after a year, once a year.

    A transformer over its rating for more than ``overload_hours`` is replaced by the next that carries the year's highest load (beyond
    the list, by several of the largest side by side). A line over its rating, at stations with as many such hours, gets as many equal
    cables more as carry it. Where a voltage was out of limits for more than ``voltage_hours``, or single peaks take it below what EN 50160
    allows, the ways to the worst buses get one cable more: what that leaves is seen in the next year. The network tariff pays (code
    de l'énergie, L. 342-21), but for ``charger_contribution`` of the share that charging away from home has in the district's ``load``
    (D, 4, T) [W] at its peak.
    """
    rows, buses = grid.rows, grid.buses
    over, loading, volt = year.over[:, rows], year.loading[buses], year.volt[buses]
    weak = over[2] > p["overload_hours"]
    need = np.where(weak, kva[rows] * np.maximum(loading[grid.busbar], 1.0 + 1e-9), kva[rows])
    rated = np.where(weak, np.maximum(_next_rating(need), kva[rows]), kva[rows])
    now = cables[buses]
    hot = (over[1] > p["overload_hours"])[grid.station] & (loading > 1.0) & ~grid.busbar
    sets = np.where(hot, np.ceil(now * loading), now)
    sets = np.maximum(sets, now + (_strained(grid, over[0] > p["voltage_hours"], volt) & (sets == now)))
    metres = (sets - now) * grid.length
    euros = np.bincount(grid.station, metres * np.where(np.isin(grid.cable, OVERHEAD), p["cable_cost_country"], p["cable_cost_town"]),
                        len(rows))  # fmt: skip
    renewed = rated > kva[rows]
    euros += np.where(renewed, p["transformer_cost"] + p["transformer_cost_kva"] * rated, 0.0)
    own = p["charger_contribution"] * _charging_share(load)[grid.district]
    new_kva, new_cables = kva.copy(), cables.copy()
    new_kva[rows], new_cables[buses] = rated, sets
    paid = np.array([float((euros * (1.0 - own)).sum()), float((euros * own).sum())])
    return Works(new_kva, new_cables, int(renewed.sum()), float(metres.sum()), paid)


def _next_rating(kva: Floats) -> Floats:
    """The smallest rated power that carries a load [kVA]: of the list, or so many of the largest."""
    listed = RATINGS[np.minimum(np.searchsorted(RATINGS, kva), len(RATINGS) - 1)]
    return np.where(kva > RATINGS[-1], np.ceil(kva / RATINGS[-1]) * RATINGS[-1], listed)


def _strained(grid: Grid, out_of_limits: Bools, volt: Floats) -> Bools:
    """Lines on the ways to the worst buses of stations with voltages out of limits: nine tenths of the greatest drop and more."""
    busbar = volt[grid.first[:-1]]
    drop = busbar[grid.station] - volt
    most, least = np.zeros(len(grid.rows)), np.ones(len(grid.rows))
    np.maximum.at(most, grid.station, drop)
    np.minimum.at(least, grid.station, volt)
    bad = out_of_limits | (least < LEAST)
    worst = bad[grid.station] & (drop >= 0.9 * most[grid.station]) & ~grid.busbar
    ways = below(grid.parent, worst[:, None].astype(np.float64))[:, 0] > 0.0
    return np.asarray(ways & ~grid.busbar & (grid.length > 0.0))


def _charging_share(load: Array) -> Floats:
    """(D,) share of charging away from home in the district's load at its peak."""
    total = load.sum(axis=1)
    d, t = np.arange(len(load)), total.argmax(axis=1)
    return np.divide(load[d, CHARGING, t], total[d, t], out=np.zeros(len(load)), where=total[d, t] > 0.0)
