"""The embedded Montpellier: facts beside published figures, a street net that keeps to bridges and shores, a calibrated city."""

from __future__ import annotations

import csv
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from matplotlib.path import Path as Polygon

from sim.city.assemble import build_city
from sim.city.city import City
from sim.city.facts import CityFacts, load_facts
from sim.city.load import bundle_path
from sim.city.replica import replica_source
from sim.city.sources import CitySource
from sim.codes import Mode, RoadClass, Sector
from sim.systems.mobility.calibrate import Survey, survey_of

COMEDIE, SEA = (3.8797, 43.6085), (3.900, 43.538)
TABLES = (
    "communes", "motorways", "water", "bridges", "stations", "lines", "poles", "gates", "interchanges", "quarters", "inner", "sectors",
)  # fmt: skip


@pytest.fixture(scope="module")
def facts() -> CityFacts:
    return load_facts("montpellier")


@pytest.fixture(scope="module")
def source() -> CitySource:
    return replica_source("montpellier")


@pytest.fixture(scope="module")
def city(source: CitySource, facts: CityFacts) -> City:
    return build_city(source, facts, 100)


def kilometres(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A plane of the test's own: km east and north of the Comédie."""
    return (np.asarray(lon) - COMEDIE[0]) * 111.195 * np.cos(np.radians(43.6)), (np.asarray(lat) - COMEDIE[1]) * 111.195


def test_communes_meet_the_published_totals(facts: CityFacts) -> None:
    m = facts.communes.margins
    people = dict(zip(facts.communes.names, m.population, strict=True))
    assert len(set(facts.communes.codes)) == 31
    assert m.population.sum() == 507_526  # INSEE, municipal population 2021 (read in a public encyclopedia)
    assert 281_613 < people["Montpellier"] < 307_101  # INSEE RP 2016, RP 2022
    assert (people["Castelnau-le-Lez"], people["Saint-Jean-de-Védas"]) == (24_888, 12_570)  # INSEE 2021
    assert facts.area_km2.sum() == pytest.approx(422.0, rel=0.04)  # 42,200 ha (Trésor des régions)
    # 18.0 % of the active in the urban unit of 2017 (INSEE): a little fewer in 2021
    assert 0.14 < m.unemployed.sum() / (m.unemployed.sum() + m.employed.sum()) < 0.18
    assert np.all(m.employed + m.unemployed + m.students < m.population)
    assert np.all(m.houses <= m.dwellings)


def test_stated_household_sizes_meet_the_count_by_themselves(facts: CityFacts) -> None:
    m, t = facts.communes.margins, facts.totals
    inside = np.array(facts.communes.names) == "Montpellier"
    size = np.where(inside, t["household_size_montpellier"], t["household_size_suburbs"])
    assert (m.population / size).sum() == pytest.approx(t["households"], rel=0.01)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_its_source(table: str) -> None:
    rows = list(
        csv.DictReader((files("scenarios") / "cities/montpellier" / f"{table}.csv").read_text("utf-8").splitlines())
    )
    assert rows
    for row in rows:
        said = [value for key, value in row.items() if key.startswith("source")]
        assert said, row
        assert all(value and len(value) > 10 for value in said), row
        assert None not in row  # a comma too many


def test_tram_lines_are_those_of_the_network(facts: CityFacts) -> None:
    lines = {line.name: line for line in facts.lines}
    # Wikipedia: 30 stops of line 1; 28 of line 2, 18 of the circle line 4 (public list of the open data, read)
    assert [len({s[0] for s in lines[f"Tram {n}"].stations}) for n in (1, 2, 4)] == [30, 28, 18]
    assert [lines[f"Tram {n}"].running for n in range(1, 6)] == [True, True, True, True, False]
    for name in ("Tram 1", "Tram 2"):  # published lengths
        x, y = kilometres(*np.array([s[1:] for s in lines[name].stations]).T)
        straight = np.hypot(np.diff(x), np.diff(y)).sum()
        assert 0.80 * lines[name].length_km < straight < 1.01 * lines[name].length_km, name
    met = {s[0] for s in lines["Tram 1"].stations} & {s[0] for s in lines["Tram 2"].stations}
    assert met == {"Gare Saint-Roch", "Comédie", "Corum"}
    assert (
        sum(name.startswith("Bustram") and not line.running for name, line in lines.items()) == 5
    )  # five lines in 2025 (press)


def test_shares_sum_to_one(facts: CityFacts) -> None:
    assert facts.quarters[:, 2].sum() == pytest.approx(1.0)
    assert set(facts.sectors) == set(Sector)
    assert sum(facts.sectors.values()) == pytest.approx(1.0)


def test_no_corner_stands_in_a_lagoon_and_no_street_crosses_one(source: CitySource, facts: CityFacts) -> None:
    r = source.roads
    street = np.repeat(r.road_class != RoadClass.HIGHWAY, np.diff(r.first))
    lakes = [Polygon(w.points) for w in facts.water if w.kind == "lake"]
    assert lakes[0].contains_point(SEA)
    for lake in lakes:
        assert not lake.contains_points(np.column_stack([r.lon, r.lat])[street]).any()
        middles = np.array([
            np.column_stack([r.lon, r.lat])[a:b].mean(axis=0)
            for (a, b), c in zip(pairwise(r.first), r.road_class, strict=True) if c != RoadClass.HIGHWAY
        ])  # fmt: skip
        assert not lake.contains_points(middles).any()


def test_streets_cross_the_lez_only_at_bridges(source: CitySource, facts: CityFacts) -> None:
    lez = np.column_stack(kilometres(*next(w.points for w in facts.water if w.name == "Lez").T))
    spots = np.column_stack(kilometres(*np.array([b[2:] for b in facts.bridges]).T))
    r = source.roads
    x, y = kilometres(r.lon, r.lat)
    crossed = 0
    for i in np.flatnonzero(r.road_class != RoadClass.HIGHWAY):
        for a in range(r.first[i], r.first[i + 1] - 1):
            for (px, py), (qx, qy) in pairwise(lez):
                ux, uy, vx, vy = x[a + 1] - x[a], y[a + 1] - y[a], qx - px, qy - py
                det = ux * vy - uy * vx
                if det == 0.0:
                    continue
                t, u = ((px - x[a]) * vy - (py - y[a]) * vx) / det, ((px - x[a]) * uy - (py - y[a]) * ux) / det
                if 0 <= t <= 1 and 0 <= u <= 1:
                    crossed += 1
                    assert np.hypot(*(spots - (x[a] + t * ux, y[a] + t * uy)).T).min() < 0.25
    assert crossed >= 8


def test_the_city_hangs_together_and_holds_its_margins(city: City, facts: CityFacts) -> None:
    assert nx.is_strongly_connected(city.graph)
    assert city.facts["streets"]["links_dropped"] == 0.0
    assert city.districts.population.sum() == 507_526
    for name in ("households", "employed", "unemployed", "students", "jobs", "dwellings", "houses"):
        assert getattr(city.districts, name).sum() == pytest.approx(
            getattr(facts.communes.margins, name).sum(), abs=40
        ), name
    assert len(np.unique(city.districts.commune)) == 31
    assert len(city.stations) > 1000  # a low-voltage grid along the streets
    assert np.all(np.bincount(city.districts.ring, minlength=4) > 3)
    share = city.jobs.sum(axis=0) / city.jobs.sum()
    assert share[Sector.PUBLIC] == pytest.approx(0.385, abs=0.005)
    assert share[Sector.AERONAUTICS] < 0.005


def test_through_traffic_has_a_motorway_without_exits(source: CitySource, facts: CityFacts) -> None:
    """The A9 of 2017 has no interchange between its two ends; the A709 beside it is the city's own (press, the operator)."""
    inner = next(w.points for w in facts.motorways if w.name == "A9")[1:-1]
    r = source.roads
    key = {(round(a, 4), round(b, 4)) for a, b in inner.tolist()}
    streets = np.repeat(r.road_class != RoadClass.HIGHWAY, np.diff(r.first))
    touched = {(round(a, 4), round(b, 4)) for a, b in zip(r.lon[streets], r.lat[streets], strict=True)}
    assert not key & touched


def test_weather_is_that_of_its_airport(city: City) -> None:
    """15.1 degC is the mean of 1981-2010 at Montpellier airport, 2,668 h of sunshine; summers are drier and sunnier than Toulouse's."""
    assert city.weather is not None
    assert "Mauguio" in city.weather.source
    assert city.weather.temperature.mean() == pytest.approx(15.1, abs=0.4)


def test_the_survey_goes_with_the_city(city: City) -> None:
    seen = survey_of(city)
    assert seen.car_by_ring == (0.36, 0.60, 0.70, 0.75)
    assert seen.banned == ()
    assert not seen.earlier
    other = City.__new__(City)
    other.facts = {}
    assert survey_of(other) == Survey()


def test_calibration_meets_the_survey(tmp_path: Path, city: City) -> None:
    from sim.preparation import prepare

    report = prepare(city).facts["mode_calibration"]
    by_ring = np.array(report["fitted"]["by_ring"])
    assert by_ring[:, Mode.CAR] == pytest.approx([0.36, 0.60, 0.70, 0.75], abs=0.01)
    transit, walk = report["all_2023"]["transit"], report["all_2023"]["walk"]
    assert transit / walk == pytest.approx(0.13 / 0.29, rel=0.03)
    assert "predicted" not in report
    assert bundle_path("montpellier").name.startswith("montpellier-")
