"""The generated low-voltage grid: every customer once, radial, built by its rules; beside what France has.

Numbers from outside: Enedis at the end of 2022 (EDF, Universal Registration Document 2022): 38.1 million customers, 806,610 stations,
736,976 km of low-voltage lines, so 47 customers a station and 19 m a customer, countryside included. NF C 14-100 coincidence as table A10
of the Electrical Installation Guide. Losses and short-circuit voltages of transformers: catalogues as in sim/city/equipment.py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.trees import along
from sim.city import feeders, substations
from sim.city.bundle import load_bundle, save_bundle
from sim.city.city import Buses, City, Stations
from sim.city.districtstreets import Web, district_web
from sim.city.equipment import (
    CABLE_AMPS,
    CABLE_R,
    CABLE_X,
    IDLE_LOSS,
    LOAD_LOSS,
    RATINGS,
    SHORT_CIRCUIT,
    THICKER,
    coincidence,
    design_load,
    transformer,
)
from sim.city.hookups import LOW_VOLTAGE_LIMIT, Hookups, floors, hookups, street_pieces
from sim.city.load import open_city
from sim.city.show import city_answer
from sim.codes import Cable, StationKind
from sim.scenario.parameters import Parameters
from tests.tiny import tiny_city

P = Parameters()
ENEDIS_PER_STATION, ENEDIS_METRES = 38.1e6 / 806_610, 736_976e3 / 38.1e6


@pytest.fixture(scope="module")
def tiny() -> City:
    city = tiny_city()
    city.stations, city.buses = feeders.generate_grid(city, P)
    return city


@pytest.fixture(scope="module", params=["tiny", "toulouse"])
def city(request: pytest.FixtureRequest, tiny: City) -> City:
    return tiny if request.param == "tiny" else open_city("toulouse")


def test_every_customer_is_there_once(city: City) -> None:
    d, b = city.districts, city.buses
    of = city.stations.district[b.station]
    sums = {name: np.bincount(of, getattr(b, name), len(d)) for name in ("houses", "flats", "floor", "charging")}
    np.testing.assert_array_equal(sums["houses"], d.houses)
    np.testing.assert_array_equal(sums["flats"], d.dwellings - d.houses)
    np.testing.assert_allclose(sums["floor"], floors(city), rtol=1e-12)
    np.testing.assert_allclose(sums["charging"], 1.0, rtol=1e-9)
    for name in ("houses", "flats"):
        column = getattr(b, name)
        np.testing.assert_array_equal(column, np.floor(column))
    assert min(column.min() for column in (b.houses, b.flats, b.floor, b.charging)) >= 0.0


def test_lines_are_radial(city: City) -> None:
    """Rows of a station stand together with parents before children, and every way up ends at the one busbar."""
    s, b = city.stations, city.buses
    row = np.arange(len(b))
    np.testing.assert_array_equal(b.station, np.repeat(np.arange(len(s)), s.count))
    np.testing.assert_array_equal(s.first, np.cumsum(s.count) - s.count)
    busbar = b.parent == row
    np.testing.assert_array_equal(row[busbar], s.first)
    assert (b.parent[~busbar] < row[~busbar]).all()
    np.testing.assert_array_equal(b.station[b.parent], b.station)
    assert (b.length[~busbar] > 0.0).all()
    assert (b.rating[~busbar] > 0.0).all()
    hangs = b.houses + b.flats + b.floor > 0.0
    branches = np.bincount(b.parent[~busbar], minlength=len(b))
    assert (hangs | busbar | (branches > 1)).all()  # nothing stands where nothing hangs and nothing branches


def test_stations_are_of_one_district_and_of_the_list(city: City) -> None:
    s = city.stations
    assert (np.diff(s.district) >= 0).all()
    assert np.isin(s.kva, RATINGS).all()
    r, x, idle = transformer(s.kva)
    for mine, of_list in ((s.r, r), (s.x_ohm, x), (s.idle, idle)):
        np.testing.assert_array_equal(mine, of_list)
    private = s.kind == StationKind.PRIVATE
    np.testing.assert_array_equal(s.count[private], 1)
    share = np.bincount(private[city.buses.station], city.buses.floor, 2)
    assert share[1] / share.sum() == pytest.approx(P["medium_voltage_share"], abs=0.02)


def test_the_same_city_has_the_same_grid(tiny: City) -> None:
    again = feeders.generate_grid(tiny, P)
    for one, other in zip((tiny.stations, tiny.buses), again, strict=True):
        for name, column in one.arrays().items():
            np.testing.assert_array_equal(column, getattr(other, name), err_msg=name)


def test_bundles_keep_it(tiny: City, tmp_path: Path) -> None:
    save_bundle(tiny, tmp_path / "c.bundle")
    kept = load_bundle(tmp_path / "c.bundle")
    for one, other in ((tiny.stations, kept.stations), (tiny.buses, kept.buses)):
        for name, column in one.arrays().items():
            np.testing.assert_array_equal(column, getattr(other, name), err_msg=name)


def test_what_city_show_says_of_it(tiny: City) -> None:
    """Totals by hand, one bus after the other."""
    told = city_answer(tiny)["grid"]
    s, b = tiny.stations, tiny.buses
    public = [k for k in range(len(s)) if s.kind[k] != StationKind.PRIVATE]
    assert told["stations"] == len(public)
    assert told["mva"] == pytest.approx(sum(float(s.kva[k]) for k in public) / 1000.0, abs=0.05)
    assert told["line_km"] == pytest.approx(sum(float(m) for m in b.length) / 1000.0, abs=0.05)
    assert told["feeders"] == sum(
        int(b.parent[i]) == int(s.first[b.station[i]]) and int(b.parent[i]) != i for i in range(len(b))
    )
    assert told["dwellings_per_station"] == pytest.approx(tiny.districts.dwellings.sum() / len(public), abs=0.05)
    assert city_answer(replace(tiny, stations=Stations.blank(), buses=Buses.blank()))["grid"] is None


def test_beside_what_france_has() -> None:
    """A town: two to three times the customers a station that France has in the mean, and shorter lines. The replica has half the
    streets of the real Toulouse, so that its lines are short even for a town."""
    city = open_city("toulouse")
    public = city.stations.kind == StationKind.PUBLIC
    homes = float(city.districts.dwellings.sum())
    assert 1.5 * ENEDIS_PER_STATION < homes / public.sum() < 3.5 * ENEDIS_PER_STATION
    assert ENEDIS_METRES / 8.0 < city.buses.length.sum() / homes < ENEDIS_METRES
    kva = city.stations.kva[public]
    assert 250.0 <= np.median(kva) <= 630.0
    assert kva.sum() / homes < 6.0  # kVA a dwelling


# --- rules, against their plain twins on the small city -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planned(tiny: City) -> tuple[Web, substations.Supply, feeders.Trees, feeders.Lines]:
    pieces = street_pieces(tiny)
    points = hookups(tiny, pieces, P)
    public = Hookups(*(column[points.sites == 0] for column in points))
    web = district_web(tiny, pieces, public, P["line_gap"])
    return web, *feeders._planned(web, np.zeros(len(web.x), bool), P)


def test_every_customer_has_the_nearest_station(
    planned: tuple[Web, substations.Supply, feeders.Trees, feeders.Lines],
) -> None:
    """Distances by NetworkX; those along the lines are the same."""
    web, supply, trees, _ = planned
    streets = nx.Graph()
    streets.add_weighted_edges_from(
        (a, b, w) for (a, b), w in zip(web.lines.tolist(), web.length.tolist(), strict=True)
    )
    apart = nx.multi_source_dijkstra_path_length(streets, supply.station.tolist())
    hangs = np.flatnonzero(web.customers[:, :3].sum(axis=1) > 0.0)
    np.testing.assert_allclose(supply.apart[hangs], [apart[v] for v in hangs.tolist()], rtol=1e-12)
    np.testing.assert_allclose(along(trees.parent, trees.length), [apart[v] for v in trees.vertex.tolist()], rtol=1e-9)
    assert len(np.unique(trees.vertex)) == len(trees.vertex)
    np.testing.assert_array_equal(np.sort(hangs), np.sort(trees.vertex[trees.customers[:, :3].sum(axis=1) > 0.0]))
    np.testing.assert_array_equal(web.district[trees.vertex], web.district[supply.station[trees.station]])


def test_lines_and_stations_carry_their_design_load(
    planned: tuple[Web, substations.Supply, feeders.Trees, feeders.Lines],
) -> None:
    """Walked bus by bus: what hangs below, its load, the cable, the drop on the way to it."""
    _, supply, trees, lines = planned
    n = len(trees.parent)
    under = trees.customers.copy()
    for i in range(n - 1, -1, -1):
        if trees.parent[i] != i:
            under[trees.parent[i]] += under[i]
    full = design_load(under[:, 0], under[:, 1], under[:, 2], P)
    share = trees.kva / full
    assert P["oldest_design"] <= share.min()
    assert share.max() <= 1.0
    for s in range(len(supply.station)):  # one share for all of a station
        assert np.ptp(share[trees.station == s]) < 1e-12
    dropped = np.zeros(n)
    for i in range(n):
        if trees.parent[i] == i:
            assert trees.kva[i] <= RATINGS[-1] * P["network_use"]
            continue
        cable, sets = int(lines.cable[i]), float(lines.sets[i])
        ampere = trees.kva[i] * 1000.0 / (np.sqrt(3.0) * 400.0)
        assert ampere <= P["network_use"] * CABLE_AMPS[cable] * sets * (1.0 + 1e-12)
        watts = trees.kva[i] * 1000.0 / np.hypot(1.0, 0.25)
        km = trees.length[i] / 1000.0 / sets
        drop = (CABLE_R[cable] + 0.25 * CABLE_X[cable]) * km * watts / 400.0**2
        dropped[i] = dropped[trees.parent[i]] + drop
    assert dropped.max() <= P["design_drop"]
    assert set(np.unique(lines.cable)) <= {Cable.BUSBAR, Cable.U95, Cable.U150, Cable.U240}


def test_long_lines_get_thicker_cable_then_more_of_it() -> None:
    """One block far from its station. By hand, 60 kVA: a metre drops 1.258e-4, 8.37e-5, 5.37e-5 on 95, 150, 240 mm2, so that 5 % are
    reached after 397, 597, 932 m, and after 1,864 m on two of the thickest."""
    kva, block = np.array([60.0, 60.0]), np.array([[0.0] * 4, [0.0, 25.0, 0.0, 0.0]])
    for metres, cable, sets in (
        (200.0, Cable.U95, 1),
        (590.0, Cable.U150, 1),
        (900.0, Cable.U240, 1),
        (1800.0, Cable.U240, 2),
    ):
        trees = feeders.Trees(
            np.arange(2), np.zeros(2, np.int64), np.array([0, 0]), np.array([0.0, metres]), block, kva
        )  # fmt: skip
        lines, dropped = feeders.cabled(trees, np.zeros(2, bool), P)
        lines = feeders.doubled(trees, lines, dropped, P["design_drop"])
        assert (int(lines.cable[1]), int(lines.sets[1])) == (cable, sets), metres
        assert feeders.drops(trees, lines)[1] <= P["design_drop"]


def test_no_connection_is_above_the_limit(tiny: City) -> None:
    points = hookups(tiny, street_pieces(tiny), P)
    public = points.sites == 0
    load = design_load(points.houses, points.flats, points.floor, P)[public]
    assert load.max() <= LOW_VOLTAGE_LIMIT + design_load(np.ones(1), np.zeros(1), np.zeros(1), P)[0]  # whole dwellings


def test_houses_stand_where_it_is_least_dense(tiny: City) -> None:
    """A cell twice as full has no house while an emptier one of its district still has flats."""
    city = replace(tiny, cells=tiny.cells.copy())
    one = np.flatnonzero(city.cells.district == 4)
    city.cells.residents[one] = np.arange(len(one)) + 1.0
    points = hookups(city, street_pieces(city), P)
    mine = (points.district == 4) & (points.sites == 0)
    place = np.column_stack([points.x, points.y])[mine]
    near = np.argmin(np.hypot(place[:, :1] - city.cells.x[one], place[:, 1:] - city.cells.y[one]), axis=1)
    houses, flats = (np.bincount(near, column[mine], len(one)) for column in (points.houses, points.flats))
    assert houses[: np.flatnonzero(flats)[0]].all()
    assert np.flatnonzero(houses)[-1] <= np.flatnonzero(flats)[0]


def test_a_district_of_firms_or_of_nobody(tiny: City) -> None:
    city = replace(tiny, districts=tiny.districts.copy(), jobs=tiny.jobs.copy())
    city.districts.houses[0] = city.districts.dwellings[0] = 0
    city.districts.houses[1] = city.districts.dwellings[1] = 0
    city.jobs[1] = 0
    stations, buses = feeders.generate_grid(city, P)
    of = stations.district[buses.station]
    assert buses.houses[of == 0].sum() + buses.flats[of == 0].sum() == 0.0
    assert buses.floor[of == 0].sum() == pytest.approx(floors(city)[0])
    assert not (stations.district == 1).any()
    none = replace(city, jobs=np.zeros_like(city.jobs), districts=city.districts.copy())
    none.districts.houses[:] = none.districts.dwellings[:] = 0
    assert [len(table) for table in feeders.generate_grid(none, P)] == [0, 0]


def test_parts_without_a_street_between_them_are_joined_or_supplied_apart(tiny: City) -> None:
    """A district with customers along two streets that nothing of its own joins: a line across the gap, or a station for each."""
    pieces = street_pieces(tiny)
    points = hookups(tiny, pieces, P)
    here = np.flatnonzero((points.sites == 0) & (points.district == 4))
    used = np.unique(points.piece[here]).tolist()
    ends = [{int(pieces.tail[k]), int(pieces.head[k])} for k in used]
    one, other = used[0], next(k for k, end in zip(used, ends, strict=True) if not end & ends[0])
    few = Hookups(*(column[here[np.isin(points.piece[here], (one, other))]] for column in points))
    elsewhere = pieces._replace(district=np.zeros_like(pieces.district))
    for gap, parts in ((100.0, 2), (2000.0, 1)):
        web = district_web(tiny, elsewhere, few, gap)
        hangs = web.customers[:, :3].sum(axis=1) > 0.0
        assert len(np.unique(web.part[hangs])) == parts
        supply = substations.place(web, web.graph(), substations.bulk_load(web, P), np.full(web.part.max() + 1, 1e9))
        assert (supply.by[hangs] >= 0).all()
        assert len(supply.station) == parts


# --- equipment ------------------------------------------------------------------------------------------------------------------


def test_coincidence_is_the_published_table() -> None:
    """Upper ends of the ranges of table A10: 4: 1, 9: 0.78, 14: 0.63, 19: 0.53, 24: 0.49, 29: 0.46, 34: 0.44, 39: 0.42, 49: 0.41."""
    table = {
        4: 1.0,
        9: 0.78,
        14: 0.63,
        19: 0.53,
        24: 0.49,
        29: 0.46,
        34: 0.44,
        39: 0.42,
        49: 0.41,
        60: 0.40,
        1000: 0.40,
    }
    for dwellings, factor in table.items():
        assert coincidence(np.array([dwellings]))[0] == pytest.approx(factor, abs=1e-9)


@settings(deadline=None)
@given(st.floats(0.0, 500.0), st.floats(0.0, 50.0), st.floats(0.0, 3000.0))
def test_one_more_never_makes_the_load_smaller(flats: float, more: float, floor: float) -> None:
    few, many = design_load(np.zeros(2), np.array([flats, flats + more]), np.full(2, floor), P)
    assert many >= few - 1e-9
    assert many <= P["flat_load"] * (flats + more) + P["firm_load"] / 1000.0 * floor + 1e-9


def test_transformers_lose_what_their_list_says() -> None:
    """At full load three times R I^2; |Z| is the short-circuit voltage; two of the largest side by side have half."""
    r, x, idle = transformer(RATINGS)
    current = RATINGS * 1000.0 / (np.sqrt(3.0) * 400.0)
    np.testing.assert_allclose(3.0 * r * current**2, LOAD_LOSS)
    np.testing.assert_allclose(np.hypot(r, x) * np.sqrt(3.0) * current / 400.0, SHORT_CIRCUIT)
    np.testing.assert_array_equal(idle, IDLE_LOSS)
    two = transformer(np.array([2000.0]))
    np.testing.assert_allclose(two, [r[-1:] / 2.0, x[-1:] / 2.0, 2.0 * idle[-1:]])
    for cable in (Cable.U95, Cable.U150, Cable.T35, Cable.T70):
        assert CABLE_R[THICKER[cable]] < CABLE_R[cable]
        assert CABLE_AMPS[THICKER[cable]] > CABLE_AMPS[cable]


def test_tables_of_old_constructors_are_empty() -> None:
    assert len(Stations.blank()) == len(Buses.blank()) == 0
