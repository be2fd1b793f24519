"""A month of the low-voltage grid, hosting capacity and reinforcement, on the small city's generated grid.

Voltages, currents and losses station by station beside ``kernels.power.radial_flow``, another method, which agrees with pandapower
(tests/reference/energy); hosting capacity beside months with that much added; works and costs by hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kernels.power import radial, radial_flow
from sim.city import feeders
from sim.city.city import City
from sim.city.equipment import RATINGS, design_load, transformer
from sim.codes import Cable, StationKind
from sim.columns import Array, Floats
from sim.scenario.parameters import Parameters
from sim.systems.energy.grid import (
    CHARGING,
    FLATS,
    FLOOR,
    HOUSES,
    LOW,
    Grid,
    GridMonth,
    forest_now,
    grid_month,
    grid_of,
    peak_voltages,
    per_unit,
)
from sim.systems.energy.gridworks import MOST_LOAD, MOST_PV, STEPS, Year, hosting, reinforce
from tests.tiny import tiny_city

P = Parameters()
HOURS = 24


@pytest.fixture(scope="module")
def city() -> City:
    city = tiny_city()
    city.stations, city.buses = feeders.generate_grid(city, P)
    return city


@pytest.fixture(scope="module")
def grid(city: City) -> Grid:
    return grid_of(city, P)


def now(city: City) -> tuple[Floats, Floats]:
    return city.stations.kva.copy(), city.buses.sets.astype(np.float64)


def day(grid: Grid, watts: tuple[float, float, float, float] = (1800.0, 1100.0, 14.0, 9000.0)) -> Array:
    """(D, 4, 24) [W]: evening peak of homes, office hours of firms and cars; houses and flats of districts differ."""
    h = np.arange(HOURS)
    homes = 0.5 + 0.5 * np.exp(-(((h - 19) / 3.0) ** 2))
    work = 0.2 + 0.8 * ((h > 7) & (h < 19))
    shape = np.stack([homes, homes, work, work]) * np.array(watts)[:, None]
    uneven = 1.0 + 0.05 * np.arange(len(grid.total))
    return np.asarray(grid.total[:, :, None] * shape * uneven[:, None, None])


def sunny(grid: Grid) -> Array:
    """(D, 24) [W] of 1 kWp."""
    sun = np.maximum(0.0, np.sin((np.arange(HOURS) - 6.0) / 12.0 * np.pi)) * 800.0
    return np.tile(sun, (len(grid.total), 1))


def lived(city: City, grid: Grid, load: Array, pv: Array | None = None, **more: Any) -> GridMonth:
    kva, cables = more.get("grid_now", now(city))
    panels = np.zeros((len(load), 2, load.shape[2])) if pv is None else pv
    return grid_month(grid, load, panels, np.full(HOURS, 30.0), kva, cables, P, more.get("threads", 1))


def test_each_station_is_as_another_solver_finds_it(city: City, grid: Grid) -> None:
    """Loads and panels that make some feeders export at noon: voltages to 1e-7 pu, losses to 1e-6."""
    load, sun = 1.6 * day(grid), sunny(grid)
    pv = grid.total[:, :2, None] * np.array([6.0, 1.0])[:, None] * sun[:, None, :]
    found = lived(city, grid, load, pv)
    s, b = city.stations, city.buses
    lowest, highest = np.full(9, np.inf), np.zeros(9)
    loss, line, full = np.zeros((9, HOURS)), np.zeros(9), np.zeros(9)
    volts, watt = 400.0, 1e5  # base
    ohm = volts**2 / watt
    for i in np.flatnonzero(s.kind == StationKind.PUBLIC).tolist():
        d, rows = int(s.district[i]), np.arange(s.first[i], s.first[i] + s.count[i])
        busbar = rows == rows[0]
        r, x = np.where(busbar, s.r[i], b.r[rows]) / ohm, np.where(busbar, s.x_ohm[i], b.x_ohm[rows]) / ohm
        units = np.column_stack([b.houses, b.flats, b.floor, b.charging])[rows]
        p = units @ (load[d] / grid.total[d][:, None])
        q = 0.25 * units[:, :3] @ (load[d] / grid.total[d][:, None])[:3]
        p = p - units[:, :2] @ (pv[d] / grid.total[d][:2, None])
        parent = np.r_[0, np.where(busbar, 0, b.parent[rows] - rows[0] + 1)]  # a source before the transformer
        p, q = (np.vstack([np.zeros(HOURS), v]).T / watt for v in (p, q))
        flow = radial_flow(
            radial(parent, np.r_[0.0, r], np.r_[0.0, x]), p, q,
            source=P["busbar_voltage"], tolerance=1e-12,
        )  # fmt: skip
        level = np.hypot(flow.v_re, flow.v_im)[:, 1:]
        lowest[d], highest[d] = min(lowest[d], level.min()), max(highest[d], level.max())
        loss[d] += flow.loss * watt + s.idle[i]
        ampere = flow.current[:, 1:].max(axis=0) * watt / (np.sqrt(3.0) * volts)
        full[d] = max(full[d], ampere[0] / (s.kva[i] * 1000.0 / (np.sqrt(3.0) * volts)))
        line[d] = max(line[d], (ampere[1:] / b.rating[rows][1:]).max(initial=0.0))
        np.testing.assert_allclose(found.loading[rows[1:]], ampere[1:] / b.rating[rows][1:], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found.lowest, lowest, atol=1e-7)
    np.testing.assert_allclose(found.highest, highest, atol=1e-7)
    np.testing.assert_allclose(found.loss, loss, rtol=1e-6)
    np.testing.assert_allclose(found.line, line, rtol=1e-5)
    np.testing.assert_allclose(found.transformer, full, rtol=1e-5)
    assert highest.max() > P["busbar_voltage"]  # some export


def test_threads_change_no_bit(city: City, grid: Grid) -> None:
    one, two = (lived(city, grid, day(grid), threads=threads) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_nobody_draws(city: City, grid: Grid) -> None:
    """Transformers lose their no-load loss; voltages are the source's."""
    found = lived(city, grid, np.zeros((9, 4, HOURS)))
    public = city.stations.kind == StationKind.PUBLIC
    idle = np.bincount(city.stations.district[public], city.stations.idle[public], 9)
    np.testing.assert_allclose(found.loss, np.tile(idle[:, None], HOURS))
    np.testing.assert_allclose(found.lowest, P["busbar_voltage"])
    np.testing.assert_allclose(found.volt[city.buses.parent != np.arange(len(city.buses))].max(), P["busbar_voltage"])
    assert found.over.sum() == found.badly.sum() == 0.0


def test_loads_are_conserved_where_a_class_has_nobody(city: City, grid: Grid) -> None:
    """Houses built where there were none draw where the flats are; what is left of a district without customers is nothing."""
    load = day(grid)
    total = grid.total.copy()
    total[0, HOUSES] = 0.0
    total[1, [HOUSES, FLATS]] = 0.0
    total[2, [CHARGING, FLOOR]] = 0.0
    total[3] = 0.0
    some = grid._replace(total=total)
    drawn = (per_unit(some, load) * total[:, :, None]).sum(axis=1)
    np.testing.assert_allclose(drawn[[0, 1, 2, 4, 5]], load.sum(axis=1)[[0, 1, 2, 4, 5]], rtol=1e-12)
    assert drawn[3].sum() == 0.0


def test_hours_over_limits_are_weighted(city: City, grid: Grid) -> None:
    """Ten times the load in one hour of the day only: thirty hours a month over, at stations that are over at all."""
    load = day(grid)
    load[:, :, 19] *= 10.0
    found = lived(city, grid, load)
    assert set(np.unique(found.over)) == {0.0, 30.0}
    private = city.stations.kind == StationKind.PRIVATE
    assert found.over[:, private].sum() == 0.0
    assert (found.over[2, ~private] == 30.0).mean() > 0.9


# --- peaks of single customers ------------------------------------------------------------------------------------------------


def test_without_spread_the_linear_voltages_are_the_flow_s(city: City, grid: Grid) -> None:
    """Drops without their own losses: within a few hundredths of the drop."""
    load = 1.5 * day(grid)
    even = grid._replace(spread=np.ones_like(grid.spread))
    volt = peak_voltages(even, forest_now(grid, *now(city)), per_unit(grid, load), load.sum(axis=1).argmax(axis=1), P)
    lowest = np.full(9, np.inf)
    np.minimum.at(lowest, grid.district[grid.station], volt)
    found = lived(city, grid, load)
    drop = P["busbar_voltage"] - found.lowest
    assert (lowest >= found.lowest - 1e-9).all()
    assert (np.abs(lowest - found.lowest) < 0.06 * drop).all()


def test_spread_is_the_coincidence_of_few_over_that_of_many(city: City, grid: Grid) -> None:
    """2.5 for up to four dwellings, 1 for very many or firms alone; never lower towards the end of a line."""
    lone = (
        (grid.under[:, :2].sum(axis=1) <= 4.0) & (grid.under[:, :2].sum(axis=1) > 0.0) & (grid.under[:, FLOOR] == 0.0)
    )
    assert lone.any()
    np.testing.assert_allclose(grid.spread[lone], 2.5)
    firms = (grid.under[:, :2].sum(axis=1) == 0.0) & (grid.under[:, FLOOR] > 0.0)
    np.testing.assert_allclose(grid.spread[firms], 1.0)
    u = grid.under
    bulk = 0.40 * (u[:, 0] * P["house_load"] + u[:, 1] * P["flat_load"]) + u[:, 2] * P["firm_load"] / 1000.0
    some = bulk > 0.0
    np.testing.assert_allclose((grid.spread * bulk)[some], design_load(u[:, 0], u[:, 1], u[:, 2], P)[some])
    found = lived(city, grid, day(grid))
    assert (found.volt[grid.buses].min() <= found.lowest + 1e-6).any()


def test_dwellings_badly_supplied_are_those_on_low_buses(city: City, grid: Grid) -> None:
    found = lived(city, grid, 3.0 * day(grid))
    low = found.volt[grid.buses] < LOW
    homes = (city.buses.houses + city.buses.flats)[grid.buses]
    assert 0.0 < found.badly.sum() == homes[low].sum()


# --- hosting capacity ---------------------------------------------------------------------------------------------------------


def over_any(city: City, grid: Grid, load: Array, pv: Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(S of all stations,) over a limit at some hour."""
    return np.asarray((lived(city, grid, load, pv).over > 0.0).any(axis=0))


@pytest.mark.parametrize("what", ["pv", "load"])
def test_hosting_is_what_can_be_added_before_a_limit(city: City, grid: Grid, what: str) -> None:
    """Months with just as much added, at the one hour that counts: no station over at the first capacity, one over a step further;
    half of the dwellings' stations over beyond the second."""
    load, sun = day(grid), sunny(grid)
    none = np.zeros((9, 2, HOURS))
    found = hosting(grid, load, none, sun, *now(city), P)
    first, half = (found.pv_first, found.pv_half) if what == "pv" else (found.load_first, found.load_half)
    step = (MOST_PV if what == "pv" else MOST_LOAD) / (STEPS - 1)
    homes = grid.total[:, :2]
    net = load.sum(axis=1)
    hour = (3.0 * sun * homes.sum(axis=1)[:, None] - net).argmax(axis=1) if what == "pv" else net.argmax(axis=1)
    d = np.arange(9)
    dwellings = np.bincount(city.buses.station, city.buses.houses + city.buses.flats, len(city.stations))
    where = city.stations.district
    assert (first <= half + 1e-12).all()
    assert first.min() > 0.0
    for more, expected in ((first, False), (first + step, True)):
        only = load * 0.0
        pv = none.copy()
        only[d, :, hour] = load[d, :, hour]
        if what == "pv":
            pv[d, :, hour] = homes * (more * sun[d, hour])[:, None]
        else:
            only[d, :2, hour] += homes * more[:, None] * 1000.0
        over = over_any(city, grid, only, pv)
        np.testing.assert_array_equal(np.bincount(where, over, 9) > 0, expected)
    only, pv = load * 0.0, none.copy()
    only[d, :, hour] = load[d, :, hour]
    if what == "pv":
        pv[d, :, hour] = homes * ((half + step) * sun[d, hour])[:, None]
    else:
        only[d, :2, hour] += homes * (half + step)[:, None] * 1000.0
    over = over_any(city, grid, only, pv)
    share = np.bincount(where, over * dwellings, 9) / np.bincount(where, dwellings, 9)
    assert (share >= 0.5).all()


def test_a_grid_that_is_full_hosts_nothing(city: City, grid: Grid) -> None:
    found = hosting(grid, 6.0 * day(grid), np.zeros((9, 2, HOURS)), sunny(grid), *now(city), P)
    np.testing.assert_array_equal(found.load_first, 0.0)


# --- reinforcement --------------------------------------------------------------------------------------------------------------


def test_nothing_is_built_where_nothing_is_over(city: City, grid: Grid) -> None:
    found = lived(city, grid, 0.5 * day(grid))
    kva, cables = now(city)
    works = reinforce(grid, day(grid), Year(found.over, found.loading, found.volt), kva, cables, P)
    np.testing.assert_array_equal(works.kva, kva)
    np.testing.assert_array_equal(works.cables, cables)
    assert (works.transformers, works.metres, works.euros.tolist()) == (0, 0.0, [0.0, 0.0])


def test_works_end_the_overloads_they_are_for(city: City, grid: Grid) -> None:
    load = 2.2 * day(grid)
    kva, cables = now(city)
    found = lived(city, grid, load)
    assert (found.over[1:] > 0.0).any(axis=1).all()
    works = reinforce(grid, load, Year(found.over, found.loading, found.volt), kva, cables, P)
    after = lived(city, grid, load, grid_now=(works.kva, works.cables))
    assert after.over[1:].sum() == 0.0
    assert works.transformers == (found.over[2] > P["overload_hours"]).sum()
    assert (works.kva >= kva).all()
    assert (works.cables >= cables).all()
    assert after.loss.sum() < found.loss.sum()
    private = city.stations.kind == StationKind.PRIVATE
    np.testing.assert_array_equal(works.kva[private], kva[private])


def test_a_few_hours_are_borne(city: City, grid: Grid) -> None:
    found = lived(city, grid, 2.2 * day(grid))
    kva, cables = now(city)
    year = Year(np.minimum(found.over, 4.0), found.loading, np.ones_like(found.volt))
    assert reinforce(grid, day(grid), year, kva, cables, P).euros.sum() == 0.0


def test_low_voltages_get_further_cables_year_by_year(city: City, grid: Grid) -> None:
    """Lines of a tenth of their cross-section: every year's works lift the lowest voltage until none is out of limits."""
    kva, cables = now(city)
    load, thin = day(grid), grid._replace(r=10.0 * grid.r, x=10.0 * grid.x)
    lowest = []
    for _ in range(12):
        found = grid_month(thin, load, np.zeros((9, 2, HOURS)), np.full(HOURS, 30.0), kva, cables, P)
        lowest.append(float(found.lowest.min()))
        if not found.over[0].any():
            break
        kva, cables = reinforce(thin, load, Year(found.over, found.loading, found.volt), kva, cables, P)[:2]
    assert lowest[0] < LOW <= lowest[-1]
    assert (np.diff(lowest) > 0.0).all()


def test_what_works_cost_and_who_pays(city: City, grid: Grid) -> None:
    """One transformer and one line, by hand: 60 % more than 400 kVA is 1,000 kVA of the list's next that carries it; a line at 2.4 times
    its rating gets two cables more. The metropole pays a quarter of the cars' share of the peak."""
    row = int(np.flatnonzero((grid.kva == 400.0) & (np.diff(grid.first) > 2))[0])
    station, bus = int(grid.rows[row]), int(grid.buses[grid.first[row] + 1])
    kva, cables = now(city)
    year = Year(np.zeros((3, len(kva))), np.zeros(len(cables)), np.ones(len(cables)))
    year.over[1:, station] = 100.0
    year.loading[grid.buses[grid.first[row]]], year.loading[bus] = 1.6, 2.4
    load = np.zeros((9, 4, 2))
    load[:, HOUSES, 0], load[:, CHARGING, 1], load[:, FLATS, 1] = 50.0, 40.0, 120.0
    works = reinforce(grid, load, year, kva, cables, P)
    assert works.kva[station] == 1000.0
    assert works.transformers == 1
    added = np.ceil(2.4 * cables[bus]) - cables[bus]
    assert works.cables[bus] - cables[bus] == added
    assert works.metres == pytest.approx(added * city.buses.length[bus])
    country = city.buses.cable[bus] in (Cable.T35, Cable.T70, Cable.T150)
    metre = P["cable_cost_country"] if country else P["cable_cost_town"]
    euros = P["transformer_cost"] + 1000.0 * P["transformer_cost_kva"] + works.metres * metre
    assert works.euros.sum() == pytest.approx(euros)
    assert works.euros[1] == pytest.approx(euros * P["charger_contribution"] * 40.0 / 160.0)
    assert (np.delete(works.kva, station) == np.delete(kva, station)).all()


def test_beyond_the_list_several_transformers_stand_side_by_side(city: City, grid: Grid) -> None:
    kva, cables = now(city)
    year = Year(np.zeros((3, len(kva))), np.zeros(len(cables)), np.ones(len(cables)))
    station = int(grid.rows[0])
    year.over[2, station] = 100.0
    year.loading[grid.buses[0]] = 1700.0 / kva[station]
    works = reinforce(grid, day(grid), year, kva, cables, P)
    assert works.kva[station] == 2.0 * RATINGS[-1]
    forest = forest_now(grid, works.kva, cables)
    assert forest.r[0] == pytest.approx(transformer(np.array([1000.0]))[0][0] / 2.0)
    assert forest.rating[0] == pytest.approx(2_000_000.0 / (np.sqrt(3.0) * 400.0))
