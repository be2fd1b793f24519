"""Networks that engineers bring into a city: where they go, whom they supply, and one clear error for each that cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kernels.forest import Forest, forest_flow
from kernels.power import radial, radial_flow
from sim.city import feeders
from sim.city.city import City
from sim.cli import _guarded
from sim.codes import Cable, StationKind
from sim.errors import InputError
from sim.grid.city import bring_networks, network_files
from sim.grid.radial import demand, feeder
from sim.grid.tables import read_tables
from sim.scenario.parameters import Parameters
from tests.sim.grid.test_powerflow import Net, save
from tests.tiny import LAT, LON, tiny_city

P = Parameters()
CUSTOMERS = ("houses", "flats", "floor", "charging")


@pytest.fixture
def city() -> City:
    city = tiny_city()
    city.stations, city.buses = feeders.generate_grid(city, P)
    return city


def point(x: float, y: float) -> str:
    """A place in the small city as pandapower 3 writes it; x, y [m] in its plane."""
    return json.dumps({"coordinates": [LON + x / 80_500, LAT + y / 111_200], "type": "Point"})


def network(x: float = 1800.0, y: float = 1800.0) -> Net:
    """20 kV, a transformer, four buses of 0.4 kV in a line with a branch, near a place; loads 3 to 1."""
    line = {"length_km": 0.1, "r_ohm_per_km": 0.2, "x_ohm_per_km": 0.08, "c_nf_per_km": 0.0, "max_i_ka": 0.25}
    geo = [None, point(x, y), point(x + 100.0, y), point(x + 200.0, y), None]
    return {
        "bus": pd.DataFrame({"vn_kv": [20.0, 0.4, 0.4, 0.4, 0.4], "geo": geo}, index=[10, 11, 12, 13, 14]),
        "line": pd.DataFrame([{"from_bus": a, "to_bus": b, **line} for a, b in ((11, 12), (12, 13), (12, 14))]),
        "trafo": pd.DataFrame(
            [{"hv_bus": 10, "lv_bus": 11, "sn_mva": 0.4, "vn_hv_kv": 20.0, "vn_lv_kv": 0.4, "vk_percent": 4.0, "vkr_percent": 1.2,
              "pfe_kw": 0.9}]
        ),
        "load": pd.DataFrame({"bus": [13, 14], "p_mw": [0.03, 0.02], "q_mvar": [0.0, 0.0], "scaling": [1.0, 0.5]}),
        "ext_grid": pd.DataFrame({"bus": [10], "vm_pu": [1.0]}),
    }  # fmt: skip


def sums(city: City) -> dict[str, Any]:
    of = city.stations.district[city.buses.station]
    return {name: np.bincount(of, getattr(city.buses, name), city.n_districts) for name in CUSTOMERS}


def test_it_takes_the_place_and_the_customers_of_its_neighbours(city: City, tmp_path: Path) -> None:
    before, old = sums(city), city.stations
    done = bring_networks(city, [save(network(), tmp_path / "net.json")], P)
    s, b = city.stations, city.buses
    mine = int(np.flatnonzero(s.kind == StationKind.GIVEN)[0])
    assert s.district[mine] == 4  # the middle of the city
    rows = slice(int(s.first[mine]), int(s.first[mine] + s.count[mine]))
    np.testing.assert_allclose(
        [s.kva[mine], s.r[mine], s.x_ohm[mine]], [400.0, 0.0048, 0.4 * np.sqrt(0.04**2 - 0.012**2)], rtol=1e-4
    )  # but for the magnetising branch in the middle of the T circuit
    assert s.idle[mine] == pytest.approx(900.0)
    np.testing.assert_allclose(b.r[rows], [0.0, 0.02, 0.02, 0.02], atol=1e-12)
    np.testing.assert_allclose(b.x_ohm[rows], [0.0, 0.008, 0.008, 0.008], atol=1e-12)
    np.testing.assert_allclose(b.rating[rows], [np.inf, 250.0, 250.0, 250.0])
    np.testing.assert_allclose(b.length[rows], [0.0, 100.0, 100.0, 100.0])
    assert b.cable[rows].tolist() == [Cable.BUSBAR, *[Cable.GIVEN] * 3]
    assert sorted((b.parent[rows] - s.first[mine]).tolist()) == [0, 0, 1, 1]
    after = sums(city)
    for name in CUSTOMERS:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-12, err_msg=name)
    homes = np.sort((b.houses + b.flats)[rows])
    assert homes[:2].sum() == 0.0
    assert homes[3] == pytest.approx(3.0 * homes[2], abs=4.0)  # whole houses and flats
    np.testing.assert_allclose(np.sort(b.floor[rows])[3], 3.0 * np.sort(b.floor[rows])[2])
    assert homes.sum() == done["dwellings"]
    assert done["replaced"] == len(old) + 1 - len(s) > 0
    busbar = b.parent == np.arange(len(b))
    np.testing.assert_array_equal(np.flatnonzero(busbar), s.first)
    assert (b.parent[~busbar] < np.flatnonzero(~busbar)).all()
    np.testing.assert_array_equal(b.station[b.parent], b.station)


def test_the_stations_that_go_are_the_nearest_with_as_much_load(city: City, tmp_path: Path) -> None:
    """Those of the district within the farthest that went are all gone; their design load is about what 400 kVA are built for."""
    old = city.stations
    bring_networks(city, [save(network(), tmp_path / "net.json")], P)
    left = {(x, y) for x, y in zip(city.stations.x.tolist(), city.stations.y.tolist(), strict=True)}
    here = (old.district == 4) & (old.kind == StationKind.PUBLIC)
    gone = np.array([(x, y) not in left for x, y in zip(old.x.tolist(), old.y.tolist(), strict=True)])
    apart = np.hypot(old.x - 1800.0, old.y - 1800.0)
    assert apart[gone].max() < apart[here & ~gone].min()
    assert 0.3 * 400.0 < old.kva[gone].sum() * P["network_use"] < 3.0 * 400.0


def test_voltages_are_those_of_the_powerflow_command(city: City, tmp_path: Path) -> None:
    """The station as the city has it, at the file's own loads, beside the feeder of ``rebond powerflow``, which agrees with pandapower."""
    path = save(network(), tmp_path / "net.json")
    tables = read_tables(path)
    f = feeder(tables)
    p, q = (np.atleast_2d(v) for v in demand(tables, f))
    found = radial_flow(radial(f.parent, f.z.real, f.z.imag), p, q, tolerance=1e-13)
    bring_networks(city, [path], P)
    s, b = city.stations, city.buses
    mine = int(np.flatnonzero(s.kind == StationKind.GIVEN)[0])
    rows = np.arange(s.first[mine], s.first[mine] + s.count[mine])
    homes = (b.houses + b.flats)[rows]
    watts = np.where(homes == homes.max(), 30_000.0, np.where(homes > 0.0, 10_000.0, 0.0))
    busbar = np.arange(4) == 0
    forest = Forest(
        np.array([0, 4]), b.parent[rows] - rows[0], np.where(busbar, s.r[mine], b.r[rows]), np.where(busbar, s.x_ohm[mine], b.x_ohm[rows]),
        np.where(busbar, 577.0, b.rating[rows]), np.zeros(1, np.int64), watts[:, None],
    )  # fmt: skip
    flow = forest_flow(forest, np.ones((1, 1, 1)), [0.0], [1.0], tolerance=1e-13)
    assert flow.lowest[0] == pytest.approx(float(np.hypot(found.v_re, found.v_im).min()), abs=1e-10)
    # the columns of ratings are single precision
    assert flow.loss[0, 0] == pytest.approx(float(found.loss[0]) * f.base * 1e6, rel=1e-9)


def test_several_stations_behind_lines_at_medium_voltage(city: City, tmp_path: Path) -> None:
    """Two stations on a 20 kV line, each in its district; the line itself is not simulated."""
    net = network(600.0, 600.0)
    bus = pd.DataFrame({"vn_kv": [20.0, 0.4, 0.4], "geo": [None, point(3000.0, 3000.0), None]}, index=[20, 21, 22])
    net["bus"] = pd.concat([net["bus"], bus])
    far = {"length_km": 4.0, "r_ohm_per_km": 0.2, "x_ohm_per_km": 0.1, "c_nf_per_km": 200.0, "max_i_ka": np.nan}
    near = {"length_km": 0.2, "r_ohm_per_km": 0.4, "x_ohm_per_km": 0.08, "c_nf_per_km": 0.0, "max_i_ka": 0.1}
    more = pd.DataFrame([{"from_bus": 10, "to_bus": 20, **far}, {"from_bus": 21, "to_bus": 22, **near, "parallel": 2}])
    net["line"] = pd.concat([net["line"], more], ignore_index=True)
    second = net["trafo"].assign(hv_bus=20, lv_bus=21, sn_mva=0.16)
    net["trafo"] = pd.concat([net["trafo"], second], ignore_index=True)
    net["load"] = pd.concat(
        [net["load"], pd.DataFrame({"bus": [22], "p_mw": [0.05], "scaling": [1.0]})], ignore_index=True
    )
    before = sums(city)
    bring_networks(city, [save(net, tmp_path / "net.json")], P)
    s, b = city.stations, city.buses
    given = np.flatnonzero(s.kind == StationKind.GIVEN)
    assert s.district[given].tolist() == [0, 8]
    assert s.kva[given].tolist() == [400.0, 160.0]
    last = int(s.first[given[1]] + 1)
    np.testing.assert_allclose([b.r[last], b.x_ohm[last], b.rating[last]], [0.04, 0.008, 200.0])
    for name, total in sums(city).items():
        np.testing.assert_allclose(total, before[name], rtol=1e-12)


def test_a_network_that_begins_at_low_voltage_and_old_geodata(city: City, tmp_path: Path) -> None:
    """Its transformer is one of the usual list for its loads; places as pandapower 2 writes them."""
    net = network()
    net["bus"] = net["bus"].drop(columns="geo").drop(index=10)
    net["ext_grid"] = pd.DataFrame({"bus": [11], "vm_pu": [1.0]})
    del net["trafo"]
    net["bus_geodata"] = pd.DataFrame({"x": [LON + 1800.0 / 80_500], "y": [LAT + 1800.0 / 111_200]}, index=[11])
    bring_networks(city, [save(net, tmp_path / "net.json")], P)
    mine = int(np.flatnonzero(city.stations.kind == StationKind.GIVEN)[0])
    assert city.stations.kva[mine] == 100.0  # 40 kW
    assert (city.stations.x[mine], city.stations.y[mine]) == pytest.approx((1800.0, 1800.0), abs=1.0)


def _without_place(net: Net) -> None:
    net["bus"]["geo"] = None


def _abroad(net: Net) -> None:
    net["bus"].loc[11, "geo"] = json.dumps({"coordinates": [2.35, 48.86], "type": "Point"})


def _load_at_medium_voltage(net: Net) -> None:
    net["load"].loc[0, "bus"] = 10


def _without_loads(net: Net) -> None:
    net["load"]["p_mw"] = 0.0


def _negative(net: Net) -> None:
    net["load"].loc[1, "p_mw"] = -0.01


def _without_rating(net: Net) -> None:
    net["line"] = net["line"].drop(columns="max_i_ka")


def _only_medium_voltage(net: Net) -> None:
    net["bus"]["vn_kv"] = [20.0, 10.0, 10.0, 10.0, 10.0]
    net["trafo"]["vn_lv_kv"] = 10.0


def _loop(net: Net) -> None:
    net["line"].loc[3] = net["line"].loc[2].replace({12: 13})


@pytest.mark.parametrize(
    ("spoil", "field", "count"),
    [
        (_without_place, "bus[11].geo", 1),
        (_abroad, "bus[11].geo", 1),
        (_load_at_medium_voltage, "load[0].bus", 1),
        (_without_loads, "load", 1),
        (_negative, "load[1].p_mw", 1),
        (_without_rating, "line[0].max_i_ka", 3),
        (_only_medium_voltage, "bus", 1),
        (_loop, "line[1]", 1),
    ],
)
def test_one_clear_fault_each(city: City, tmp_path: Path, spoil: Any, field: str, count: int) -> None:
    net = network()
    spoil(net)
    path = save(net, tmp_path / "net.json")
    stations, lines = city.stations, city.buses
    with pytest.raises(InputError) as error:
        bring_networks(city, [path], P)
    assert len(error.value.faults) == count
    fault = error.value.faults[0]
    assert (fault.where, fault.field) == (str(path), field)
    assert fault.found
    assert fault.allowed
    assert city.stations is stations
    assert city.buses is lines


def test_nobody_left_to_supply(city: City, tmp_path: Path) -> None:
    """A network of more than all a district's stations takes all of them; a second one finds nobody."""
    big = network()
    big["trafo"]["sn_mva"] = 100.0
    bring_networks(city, [save(big, tmp_path / "big.json")], P)
    here = city.stations.district == 4
    assert not ((city.stations.kind == StationKind.PUBLIC) & here).any()
    with pytest.raises(InputError, match=r"D4.*customers at low voltage are left"):
        bring_networks(city, [save(network(), tmp_path / "net.json")], P)


def test_files_and_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "nets"
    folder.mkdir()
    with pytest.raises(InputError, match="folder without JSON files"):
        network_files([folder])
    one, two = save(network(), folder / "b.json"), save(network(), folder / "a.json")
    assert network_files([folder]) == [two, one]
    with pytest.raises(InputError, match="more than once"):
        network_files([folder, one])
    words = ["--roads", "no", "--demand", "no", "--out", str(tmp_path / "c.bundle"), "--grid"]
    assert _guarded(["city", "build", *words, str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err
    assert not (tmp_path / "c.bundle").exists()
