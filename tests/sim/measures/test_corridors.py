"""Cycle corridors: shortest street paths between the hubs, judged by NetworkX; opened section by section as they are paid."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from sim.city.city import City
from sim.city.corridors import _hubs, corridors
from sim.codes import RoadClass
from sim.measures import Context
from sim.measures.streets import CycleNetwork
from sim.scenario.check import check_against_city
from sim.scenario.parameters import Parameters
from tests.sim.measures.townhall import measure, policies
from tests.tiny import STEP, tiny_city
from tests.worlds import scenario

KM = STEP / 1000.0


@pytest.fixture(scope="module")
def grid() -> City:
    """The tiny city in four communes, so that there are corridors from the centre and between neighbours."""
    made = tiny_city()
    made.districts.commune[:] = [1, 1, 2, 1, 0, 2, 3, 3, 3]
    made.commune_names, made.commune_codes = ("A", "B", "C", "D"), ("1", "2", "3", "4")
    return made


def _streets(city: City) -> nx.Graph:
    """Streets open to bicycles with the length that the rule weighs: minor ones 1.35 times."""
    a, graph = city.links, nx.Graph()
    for tail, head, length, kind, edge, usable in zip(
        a.tail.tolist(), a.head.tolist(), a.length, a.road_class, a.edge.tolist(), a.on_foot, strict=True
    ):
        if usable:
            graph.add_edge(tail, head, weight=length * (1.0 if kind == RoadClass.MAJOR else 1.35), edge=edge)
    return graph


def test_corridors_are_shortest_paths_between_hubs(grid: City) -> None:
    """Hubs are joined by the chosen streets alone as shortly as by all streets: centre to each commune, neighbours to each other."""
    edges, km = corridors(grid)
    assert len(set(edges.tolist())) == len(edges)
    assert km == pytest.approx(np.arange(1, len(edges) + 1) * KM)
    streets = _streets(grid)
    chosen = nx.Graph(
        streets.edge_subgraph([(u, v) for u, v, e in streets.edges(data="edge") if e in set(edges.tolist())])
    )
    hubs, _ = _hubs(grid)
    assert hubs[0] in grid.cells.node[grid.cells.district == 4]  # the densest district's cell
    for one in hubs.tolist():
        for other in hubs.tolist():
            best = nx.dijkstra_path_length(streets, one, other)
            assert nx.dijkstra_path_length(chosen, one, other) == pytest.approx(best), (one, other)


def test_the_first_sections_leave_the_centre_in_one_piece(grid: City) -> None:
    edges, _ = corridors(grid)
    streets = _streets(grid)
    by_edge = {e: (u, v) for u, v, e in streets.edges(data="edge")}
    hubs, _ = _hubs(grid)
    longest = max(nx.dijkstra_path_length(streets, int(hubs[0]), int(h)) for h in hubs) / STEP
    first = nx.Graph([by_edge[e] for e in edges[: int(longest / 1.35)].tolist()])
    assert hubs[0] in first
    assert nx.is_connected(first)


@pytest.mark.parametrize(("length", "months"), [(3.9, 48), (3.0, 12), (4.2, 7)])
def test_built_kilometres_follow_the_months_by_whole_quarters(length: float, months: int, grid: City) -> None:
    """After m of n months, length x (whole quarters in m) / n km are open, to one street piece; all at the end."""
    edges, km = corridors(grid)
    for month in range(1, months + 1):
        found = CycleNetwork(length=length).contributions(_context(grid, month / months, months))
        opened = np.zeros(len(grid.links), bool)
        for c in found:
            assert c.lever == "cycle_level"
            assert c.value == 2.0
            opened |= c.where
        built = len(set(grid.links.edge[opened].tolist())) * KM
        due = length if month == months else length * (month - month % 3) / months
        assert due - KM < built <= due + 1e-9
        assert set(grid.links.edge[opened].tolist()) == set(edges[km <= due + 1e-9].tolist())


def _context(city: City, progress: float, months: int, districts: np.ndarray | None = None) -> Context:
    rows = np.arange(city.n_districts) if districts is None else districts
    return Context(city, Parameters(), 5, 0, months, progress, 1.0, rows)


def test_the_express_network_of_toulouse_grows_by_its_monthly_length(tmp_path: Path) -> None:
    """370 km in 48 months are 7.7 km a month, whatever the city offers: here on a grid blown up to 60 times its size."""
    big = tiny_city()
    big.links.length *= 60.0
    found = policies(tmp_path, measure("cycle_network", "length: 370 km, months: 48"), 13, big)
    km = [float(big.links.length[p.cycle_level > 0.0].sum()) / 2000.0 for p in found]
    piece = 60.0 * KM
    for month in (3, 6, 12):
        assert 370.0 * month / 48.0 - piece < km[month - 1] <= 370.0 * month / 48.0


def test_an_area_keeps_the_network_inside_it(grid: City) -> None:
    inside = np.array([4, 5])
    found = list(CycleNetwork(length=50.0).contributions(_context(grid, 1.0, 1, inside)))
    opened = set(grid.links.edge[found[0].where].tolist())
    touching = set(grid.links.edge[np.isin(grid.links.district, inside)].tolist())
    assert opened == set(corridors(grid)[0].tolist()) & touching
    assert 0 < len(opened) < len(corridors(grid)[0])


def test_streets_that_have_a_track_are_not_paid_again(grid: City) -> None:
    some = tiny_city()
    some.districts.commune[:] = grid.districts.commune
    some.commune_names, some.commune_codes = grid.commune_names, grid.commune_codes
    before = corridors(some)[0][:3]
    some.links.cycle_level[np.isin(some.links.edge, before)] = 2
    found = list(CycleNetwork(length=2 * KM).contributions(_context(some, 1.0, 1)))
    assert set(some.links.edge[found[0].where].tolist()) == set(corridors(some)[0][3:5].tolist())


def test_a_network_longer_than_the_corridors_is_refused(tmp_path: Path) -> None:
    city = tiny_city()
    room = corridors(city)[1][-1]
    short, long = (scenario(tmp_path, measure("cycle_network", f"length: {x} km")) for x in (room, room + 1.0))
    assert check_against_city(short, city) == []
    (fault,) = check_against_city(long, city)
    assert f"at most {room:.0f} km" in str(fault)


@pytest.mark.parametrize("fields", ["measure: retrofit_subsidy, rate: 20%", "measure: transit_fare, change: -50%"])
def test_an_area_on_a_measure_of_the_whole_city_is_refused(fields: str, tmp_path: Path) -> None:
    city = tiny_city()
    body = f"measures:\n  - {{start: 2021-01, {fields}, area: AREA}}\n"
    assert check_against_city(scenario(tmp_path, body.replace("AREA", "all")), city) == []
    (fault,) = check_against_city(scenario(tmp_path, body.replace("AREA", "centre")), city)
    assert "acts on the whole city" in str(fault)
