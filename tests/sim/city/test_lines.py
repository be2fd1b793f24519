"""Transit lines of the replica beside published lengths, times and sizes of the Tisséo network."""

from __future__ import annotations

import numpy as np
import pytest

from sim.city.assemble import build_city
from sim.city.city import City
from sim.city.facts import load_facts
from sim.city.geometry import Plane
from sim.city.lines import SHORTEST, build_lines
from sim.city.replica import replica_source
from sim.codes import TransitMode


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(replica_source("toulouse"), load_facts("toulouse"), 120)


def rows(city: City, name: str) -> slice:
    i = city.line_names.index(name)
    return slice(int(city.lines.first_stop[i]), int(city.lines.first_stop[i] + city.lines.stop_count[i]))


@pytest.mark.parametrize(
    ("name", "km", "minutes"),
    [
        ("Metro A", 12.5, 22.5),  # Wikipedia: 22 min 30
        ("Metro B", 15.7, 28.0),  # Wikipedia: between 33 and 36 km/h on both lines
        ("Tram T1", 14.8, 46.0),
        ("Tram T2", 10.0, 32.0),
        ("Metro C", 27.0, 40.0),
        ("Téléo", 3.0, 10.0),
    ],
)
def test_published_length_and_time(city: City, name: str, km: float, minutes: float) -> None:
    mine = rows(city, name)
    assert city.line_stops.distance[mine].sum() / 1000.0 == pytest.approx(km, rel=0.02)
    assert city.line_stops.run_time[mine].sum() / 60.0 == pytest.approx(minutes, rel=0.05)


def test_planned_lines_wait(city: City) -> None:
    planned = {name for name, on in zip(city.line_names, city.lines.running.tolist(), strict=True) if not on}
    assert planned == {"Metro C", "Téléo"}
    assert len(set(city.line_names)) == len(city.line_names)


def test_tables_fit_together(city: City) -> None:
    lines, stops = city.lines, city.line_stops
    assert lines.first_stop.tolist() == [0, *np.cumsum(lines.stop_count)[:-1].tolist()]
    assert lines.stop_count.sum() == len(stops)
    assert len(city.stop_names) == len(city.stops) == len(np.unique(stops.stop))
    first = np.zeros(len(stops), bool)
    first[lines.first_stop] = True
    assert np.all((stops.run_time == 0.0) == first)
    assert np.all((stops.distance == 0.0) == first)
    assert np.all((lines.headway_peak > 0.0) & (lines.headway_peak <= lines.headway_off))
    for i in range(len(lines)):
        mine = stops.stop[lines.first_stop[i] : lines.first_stop[i] + lines.stop_count[i]]
        assert np.all(mine[1:] != mine[:-1]), city.line_names[i]


def test_stops_stand_on_streets_in_their_district(city: City) -> None:
    s = city.stops
    reached = np.unique(city.links.tail[city.links.on_foot])
    assert np.isin(s.node, reached).all()
    gap = np.hypot(city.nodes.x[s.node] - s.x, city.nodes.y[s.node] - s.y)
    assert gap.max() < 500.0
    gap = np.hypot(city.cells.x[:, None] - s.x, city.cells.y[:, None] - s.y)
    own = np.where(city.cells.district[:, None] == s.district, gap, np.inf)
    assert np.array_equal(own.min(axis=0), gap.min(axis=0))


def test_no_line_is_faster_than_a_straight_flight(city: City) -> None:
    for name, mode in zip(city.line_names, city.lines.mode.tolist(), strict=True):
        mine = rows(city, name)
        stop = city.line_stops.stop[mine]
        straight = np.hypot(np.diff(city.stops.x[stop]), np.diff(city.stops.y[stop]))
        slack = 1.0 if mode != TransitMode.BUS else 1e-6
        assert np.all(
            city.line_stops.distance[mine][1:] >= straight - slack - 0.4 * straight * (mode != TransitMode.BUS)
        ), name


def test_size_of_the_bus_network(city: City) -> None:
    """Tisséo, January 2015 (midimobilites.fr): more than 80 lines, 14 of them major, 866.8 km of lines."""
    bus = np.flatnonzero(city.lines.mode == TransitMode.BUS)
    length = np.array([city.line_stops.distance[rows(city, city.line_names[i])].sum() for i in bus]) / 1000.0
    assert 80 <= len(bus) <= 130
    assert length.sum() == pytest.approx(866.8, rel=0.15)
    assert length.min() >= SHORTEST / 1000.0
    assert 10 <= (city.lines.headway_peak[bus] < 12.0).sum() <= 20
    speed = length / np.array([city.line_stops.run_time[rows(city, city.line_names[i])].sum() / 3600.0 for i in bus])
    assert np.all((speed > 14.0) & (speed < 20.0))  # Linéo 10: 11 km in 35 to 45 minutes
    spacing = np.concatenate([city.line_stops.distance[rows(city, city.line_names[i])][1:] for i in bus])
    assert 350.0 < spacing.mean() < 550.0


def test_corridors_pass_their_places(city: City) -> None:
    plane = Plane.around(1.444, 43.6045)
    for line in load_facts("toulouse").lines:
        if line.mode != TransitMode.BUS:
            continue
        stop = city.line_stops.stop[rows(city, line.name)]
        for place, lon, lat in line.stations:
            x, y = plane.to_metres(np.array([lon]), np.array([lat]))
            gap = np.hypot(city.stops.x[stop] - x, city.stops.y[stop] - y)
            assert gap.min() < 700.0, (line.name, place)


def test_most_people_live_near_a_running_stop(city: City) -> None:
    """Most residents of a French metropolis live within 500 m of a stop (Cerema); 600 m between coarse generated places."""
    running = np.repeat(city.lines.running, city.lines.stop_count)
    near = np.unique(city.line_stops.stop[running])
    gap = np.hypot(city.cells.x[:, None] - city.stops.x[near], city.cells.y[:, None] - city.stops.y[near]).min(axis=1)
    assert np.average(gap < 600.0, weights=city.cells.residents) > 0.7


def test_without_facts_buses_lead_to_the_busiest_commune(city: City) -> None:
    plane = Plane.around(1.444, 43.6045)
    bare = build_lines(None, plane, city.nodes, city.links, city.districts, city.cells)
    assert set(bare.lines.mode.tolist()) == {TransitMode.BUS}
    assert bare.lines.running.all()
    toulouse = city.commune_names.index("Toulouse")
    ends = [
        int(city.districts.commune[bare.stops.district[bare.line_stops.stop[f + n - 1]]])
        for f, n in zip(bare.lines.first_stop, bare.lines.stop_count, strict=True)
    ]
    assert ends.count(toulouse) >= 30


def test_same_bits_twice(city: City) -> None:
    plane = Plane.around(*load_facts("toulouse").centre)
    again = build_lines(load_facts("toulouse"), plane, city.nodes, city.links, city.districts, city.cells)
    for name, array in again.line_stops.arrays().items():
        assert array.tobytes() == getattr(city.line_stops, name).tobytes()
