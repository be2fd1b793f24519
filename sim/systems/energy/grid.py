"""A month of the low-voltage grid: voltages, loadings, losses, customers badly supplied; and what the grid is now.

Loads are the districts' by class, hour by hour, spread over the buses as the customers are (:mod:`sim.city.feeders`): every house of
a district draws the mean of its houses. That is the method by which French distributors evaluate their networks (arrêté of 24
December 2007, annex 1, "GDO": profiles of measured means), and its limit: where few customers hang on a line, their own peaks are higher
than the mean's. Voltages are therefore estimated a second time at each district's hour of greatest load, every line's load raised by
the coincidence factor of the dwellings below it (:func:`peak_voltages`). Three-phase unbalance and the medium-voltage network are left
out: transformers stand behind a fixed voltage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from kernels.forest import Forest, ForestFlow, forest_flow
from kernels.trees import along, below
from sim.city.city import City
from sim.city.equipment import VOLTS, amps, coincidence, transformer
from sim.codes import StationKind
from sim.columns import Array, Bools, Floats, Ints

#: Classes of customers, columns of :attr:`Grid.customers`.
HOUSES, FLATS, FLOOR, CHARGING = range(4)
#: Voltages that customers are entitled to (arrêté of 24 December 2007, articles 1 and 3): 230/400 V, 10 % up and down.
LOW, HIGH = 0.9, 1.1
#: What no mean of ten minutes may fall below by EN 50160 [pu].
LEAST = 0.85
#: Voltages are found to this [pu]: far below what limits and single customers' peaks are known to.
TOLERANCE = 1e-6


class Grid(NamedTuple):
    """The public stations of a city (S of all its stations) and their buses (n of all), as they were built.

    ``rows`` (S,) and ``buses`` (n,) say where they stand in the city's tables; state arrays have the length of those tables.
    ``customers`` (n, 4) and ``under`` (n, 4) what hangs on a bus, and on it and below; ``total`` (D, 4) customers of the
    districts, those with transformers of their own included; ``spread`` (n,) see :func:`peak_voltages`.
    """

    rows: Ints
    buses: Ints
    first: Ints
    parent: Ints
    station: Ints
    district: Ints
    busbar: Bools
    r: Floats
    x: Floats
    rating: Floats
    sets: Floats
    length: Floats
    cable: Ints
    kva: Floats
    transformer_r: Floats
    transformer_x: Floats
    idle: Floats
    customers: Floats
    under: Floats
    total: Floats
    spread: Floats


class GridMonth(NamedTuple):
    """What :func:`grid_month` finds. By district (D,): ``lowest``, ``highest`` [pu], ``line``, ``transformer`` worst loading [-],
    ``badly`` dwellings whose voltage leaves the limits at their peaks, ``loss`` (D, T) [W]; in the order of the city's tables:
    ``over`` (3, stations) [h] voltage out of limits, a line, the transformer over its rating, ``loading`` (buses,) highest current
    over rating, ``volt`` (buses,) lowest voltage [pu], peaks of single customers included."""

    lowest: Floats
    highest: Floats
    line: Floats
    transformer: Floats
    badly: Floats
    loss: Floats
    over: Floats
    loading: Floats
    volt: Floats


def grid_of(city: City, parameters: Mapping[str, float]) -> Grid:
    """The public part of a city's grid."""
    s, b = city.stations, city.buses
    rows = np.flatnonzero(s.kind != StationKind.PRIVATE)
    place = np.full(len(s), -1, np.int64)
    place[rows] = np.arange(len(rows))
    buses = np.flatnonzero(place[b.station] >= 0)
    new = np.full(len(b), -1, np.int64)
    new[buses] = np.arange(len(buses))
    everybody = np.column_stack([b.houses, b.flats, b.floor, b.charging])
    customers, parent = everybody[buses], new[b.parent[buses]]
    count = s.count[rows].astype(np.int64)
    total = np.zeros((city.n_districts, 4))
    np.add.at(total, s.district[b.station], everybody)
    under = below(parent, customers)
    return Grid(
        rows, buses, np.r_[0, np.cumsum(count)], parent, place[b.station[buses]], s.district[rows].astype(np.int64),
        parent == np.arange(len(buses)), b.r[buses], b.x_ohm[buses], b.rating[buses].astype(np.float64),
        b.sets[buses].astype(np.float64), b.length[buses].astype(np.float64), b.cable[buses].astype(np.int64), s.kva[rows], s.r[rows],
        s.x_ohm[rows], s.idle[rows], customers, under, total, _spread(under, parameters),
    )  # fmt: skip


def forest_now(grid: Grid, kva: Floats, cables: Floats) -> Forest:
    """The stations as they stand: ``kva`` of all the city's stations, ``cables`` side by side of all its buses."""
    rated, more = kva[grid.rows], cables[grid.buses] / grid.sets
    r, x, _ = _transformers(grid, rated)
    return Forest(
        grid.first, grid.parent, np.where(grid.busbar, r[grid.station], grid.r / more),
        np.where(grid.busbar, x[grid.station], grid.x / more),
        np.where(grid.busbar, amps(rated)[grid.station], grid.rating * more), grid.district, grid.customers,
    )  # fmt: skip


def per_unit(grid: Grid, load: Array) -> Array:
    """(D, 4, T) [W] of one unit of each class, from the districts' ``load`` [W]; a class that a district has nobody of gives its load
    to the next it has somebody of."""
    load = np.array(load, np.float64)
    nobody = grid.total <= 0.0
    for c, others in (
        (HOUSES, (FLATS, FLOOR)),
        (FLATS, (HOUSES, FLOOR)),
        (FLOOR, (HOUSES, FLATS)),
        (CHARGING, (FLOOR, FLATS, HOUSES)),
    ):
        lost = nobody[:, c].copy()
        for other in others:
            moved = lost & ~nobody[:, other]
            load[moved, other] += load[moved, c]
            lost &= ~moved
        load[nobody[:, c], c] = 0.0
    return np.divide(load, grid.total[:, :, None], out=np.zeros_like(load), where=grid.total[:, :, None] > 0.0)


def grid_month(
    grid: Grid, load: Array, pv: Array, weight: Floats, kva: Floats, cables: Floats, parameters: Mapping[str, float],
    threads: int = 1,
) -> GridMonth:  # fmt: skip
    """One month.

    Args:
        load: (D, 4, T) [W] drawn in each district by houses, flats, firms' floors, charging away from home, all together.
        pv: (D, 2, T) [W] that panels on houses and flats give, counted apart since they give no reactive power.
        weight: (T,) hours that each step stands for.
        kva, cables: the grid as it stands (:func:`forest_now`).
    """
    unit, forest = per_unit(grid, load), forest_now(grid, kva, cables)
    source, tan = parameters["busbar_voltage"], parameters["network_tan_phi"]
    given = per_unit(grid, np.concatenate([pv, np.zeros((len(load), 2, load.shape[2]))], axis=1))[:, :2]
    homes = grid.customers[:, :2]
    flow = forest_flow(
        forest._replace(customers=np.hstack([grid.customers, homes])), np.concatenate([unit, -given], axis=1),
        [tan, tan, tan, 0.0, 0.0, 0.0], weight, source=source, low=LOW, high=HIGH, tolerance=TOLERANCE, threads=threads,
    )  # fmt: skip
    volt = peak_voltages(grid, forest, unit, load.sum(axis=1).argmax(axis=1), parameters)
    badly = np.bincount(grid.district[grid.station], np.where(volt < LOW, homes.sum(axis=1), 0.0), len(load))
    idle = np.bincount(grid.district, _transformers(grid, kva[grid.rows])[2], len(load))
    return _gathered(grid, flow, flow.loss + idle[:, None], badly, volt, (len(kva), len(cables)))


def peak_voltages(grid: Grid, forest: Forest, unit: Array, hour: Ints, parameters: Mapping[str, float]) -> Floats:
    """(n,) voltage [pu] of each bus at its district's ``hour`` (D,), with the peaks of single customers.

    Every line carries the mean load of what hangs below it times ``spread``: the coincidence of so many dwellings over that of very many
    (NF C 14-100 as in :mod:`sim.city.equipment`; firms' floors count as they are). Drops by the linear branch flow equations
    v^2 = v_above^2 - 2 (r P + x Q) (Baran & Wu 1989), without the losses.
    """
    where = grid.district[grid.station]
    own = (unit[np.arange(len(unit)), :, hour][where] * grid.customers) / VOLTS**2
    p, taken = below(grid.parent, own), np.array([1.0, 1.0, 1.0, 0.0]) * parameters["network_tan_phi"]
    watts, vars_ = p.sum(axis=1) * grid.spread, (p @ taken) * grid.spread
    squared = 2.0 * along(grid.parent, forest.r * watts + forest.x * vars_)
    source = parameters["busbar_voltage"] ** 2
    return np.sqrt(np.maximum(source - squared, 0.0))


def _spread(under: Floats, p: Mapping[str, float]) -> Floats:
    """(n,) peak of what hangs below over its share in the peak of very many: 1 for firms, up to 2.5 for a lone dwelling."""
    homes = under[:, HOUSES] * p["house_load"] + under[:, FLATS] * p["flat_load"]
    firms = under[:, FLOOR] * p["firm_load"] / 1000.0
    many = coincidence(np.array([1e9]))[0]
    mean = many * homes + firms
    peak = coincidence(under[:, HOUSES] + under[:, FLATS]) * homes + firms
    return np.divide(peak, mean, out=np.ones_like(mean), where=mean > 0.0)


def _transformers(grid: Grid, kva: Floats) -> tuple[Floats, Floats, Floats]:
    """(r, x [ohm], no-load loss [W]) of the public transformers: their own as built, the list's where they were replaced."""
    new, old = transformer(kva), (grid.transformer_r, grid.transformer_x, grid.idle)
    kept = kva == grid.kva
    return tuple(np.where(kept, o, n) for o, n in zip(old, new, strict=True))  # type: ignore[return-value]


def _gathered(
    grid: Grid, flow: ForestFlow, loss: Floats, badly: Floats, volt: Floats, sizes: tuple[int, int]
) -> GridMonth:
    """By district, and back in the order of the city's tables."""
    n = len(badly)
    lowest, highest, line, full = np.full(n, np.inf), np.zeros(n), np.zeros(n), np.zeros(n)
    np.minimum.at(lowest, grid.district, flow.lowest)
    np.maximum.at(highest, grid.district, flow.highest)
    where = grid.district[grid.station]
    np.maximum.at(full, where[grid.busbar], flow.loading[grid.busbar])
    np.maximum.at(line, where[~grid.busbar], flow.loading[~grid.busbar])
    without = ~np.isfinite(lowest)  # a district without a public station: at the voltage of the source
    lowest[without] = highest[without] = 1.0
    over, loading, volts = np.zeros((3, sizes[0])), np.zeros(sizes[1]), np.ones(sizes[1])
    over[:, grid.rows] = flow.over
    loading[grid.buses], volts[grid.buses] = flow.loading, volt
    return GridMonth(lowest, highest, line, full, badly, loss, over, loading, volts)
