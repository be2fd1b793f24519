"""The facts behind the embedded Toulouse against published figures and positions that the tables were not made from."""

from __future__ import annotations

import csv
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.path import Path as Polygon

from sim.city.facts import CityFacts, load_facts
from sim.codes import Ring, TransitMode
from sim.errors import InputError

CAPITOLE, AIRPORT = (1.4440, 43.6045), (1.3678, 43.6293)

#: Line A in the open data of Toulouse Métropole as another public project quotes it (longitude, latitude).
LINE_A = {
    "Basso Cambo": (1.39216, 43.56990), "Bellefontaine": (1.39823, 43.56608), "Reynerie": (1.40182, 43.57094),
    "Mirail-Université": (1.40198, 43.57455), "Bagatelle": (1.41174, 43.57969), "Mermoz": (1.41532, 43.58350),
    "Fontaine Lestang": (1.41841, 43.58751), "Arènes": (1.41849, 43.59336), "Patte d'Oie": (1.42338, 43.59629),
    "Saint-Cyprien République": (1.43154, 43.59796), "Esquirol": (1.44393, 43.60044), "Capitole": (1.44547, 43.60459),
    "Jean-Jaurès": (1.44922, 43.60587), "Marengo SNCF": (1.45503, 43.61084), "Jolimont": (1.46367, 43.61538),
    "Roseraie": (1.46940, 43.61985), "Argoulets": (1.47701, 43.62455), "Balma-Gramont": (1.48226, 43.62898),
}  # fmt: skip


@pytest.fixture(scope="module")
def facts() -> CityFacts:
    return load_facts("toulouse")


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance of two lon/lat points (haversine, mean earth radius)."""
    (x0, y0), (x1, y1) = np.radians(a), np.radians(b)
    h = np.sin((y1 - y0) / 2) ** 2 + np.cos(y0) * np.cos(y1) * np.sin((x1 - x0) / 2) ** 2
    return float(2 * 6_371_008.8 * np.arcsin(np.sqrt(h)))


def area_km2(polygon: np.ndarray) -> float:
    x = polygon[:, 0] * 111.195 * np.cos(np.radians(43.6))
    y = polygon[:, 1] * 111.195
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2.0)


def test_communes_sum_to_published_totals(facts: CityFacts) -> None:
    m = facts.communes.margins
    assert len(set(facts.communes.codes)) == 37
    assert m.population.sum() == 806_503  # INSEE legal population 2020 of Toulouse Métropole
    by_name = dict(zip(facts.communes.names, m.population, strict=True))
    # the four that Le Journal toulousain printed from the same census (December 2022)
    assert (by_name["Toulouse"], by_name["Colomiers"]) == (498_003, 39_866)
    assert (by_name["Tournefeuille"], by_name["Blagnac"]) == (28_763, 26_101)
    assert m.households.sum() == pytest.approx(407_944)  # INSEE RP 2020
    assert 428_000 < m.dwellings.sum() < 470_000  # above RP 2017 (427,759)
    assert 331_124 < m.employed.sum() < 380_000  # residents of 15-64 in work: RP 2016, RP 2022 plus the older
    assert 54_061 < m.unemployed.sum() < 59_676  # RP 2022, RP 2016
    assert 1.25 < m.jobs.sum() / m.employed.sum() < 1.40  # INSEE: "more than 13 jobs for 10" in 2016
    assert np.average(m.cars / m.households, weights=m.households) == pytest.approx(
        1.08, abs=0.08
    )  # under 1.18 (EMC2, wider)
    assert np.all(m.houses <= m.dwellings)
    assert np.all(m.employed + m.unemployed + m.students < m.population)


def test_stated_household_sizes_meet_the_count_by_themselves(facts: CityFacts) -> None:
    m, t = facts.communes.margins, facts.totals
    city = np.array(facts.communes.names) == "Toulouse"
    size = np.where(city, t["household_size_toulouse"], t["household_size_suburbs"])
    assert (m.population / size).sum() == pytest.approx(407_944, rel=2e-3)


@pytest.mark.parametrize(
    "table", ["communes", "motorways", "water", "bridges", "stations", "lines", "poles", "gates", "lez", "quarters"]
)
def test_every_row_has_its_source(table: str) -> None:
    text = (files("scenarios") / "cities" / "toulouse" / f"{table}.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert rows
    for row in rows:
        sources = [value for key, value in row.items() if key.startswith("source")]
        assert sources
        assert all(value and len(value) > 10 for value in sources), row
        assert None not in row  # a comma too many


def test_sources_reach_the_city(facts: CityFacts) -> None:
    assert all(what and value and source for what, value, source in facts.sources)
    assert len([1 for what, _, _ in facts.sources if what.startswith("total: ")]) == len(facts.totals)


def test_ring_road_holds_the_capitole_and_not_the_airport(facts: CityFacts) -> None:
    ring = facts.ring_road
    gaps = [metres(tuple(a), tuple(b)) for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True)]
    assert max(gaps) < 2000.0  # it closes without a leap
    polygon = Polygon(ring)
    assert polygon.contains_point(CAPITOLE)
    assert not polygon.contains_point(AIRPORT)
    points = np.random.default_rng(1).uniform((1.35, 43.52), (1.55, 43.70), (500, 2))  # against another implementation
    inside = facts.ring_of(points[:, 0], points[:, 1]) == Ring.CENTRE
    assert np.array_equal(inside, polygon.contains_points(points))


def test_rings_go_outwards(facts: CityFacts) -> None:
    places = {
        "Capitole": CAPITOLE,
        "Blagnac": (1.389, 43.636),
        "Cugnaux": (1.345, 43.537),
        "Saint-Jory": (1.357, 43.739),
    }
    found = facts.ring_of(*np.array(list(places.values())).T)
    assert found.tolist() == [Ring.CENTRE, Ring.FIRST, Ring.SECOND, Ring.THIRD][: len(found)] or found.tolist() == [
        Ring.CENTRE, Ring.FIRST, Ring.SECOND, Ring.SECOND,
    ]  # fmt: skip


def test_low_emission_zone_has_the_published_area(facts: CityFacts) -> None:
    assert facts.lez is not None
    assert area_km2(facts.lez) == pytest.approx(72.0, rel=0.05)  # 72 km2 (press, 2022)
    zone = Polygon(facts.lez)
    assert zone.contains_point(CAPITOLE)
    assert zone.contains_point((1.385, 43.595))  # Lardenne, between ring road and rocade Arc-en-Ciel
    assert not zone.contains_point(AIRPORT)
    assert not zone.contains_point((1.510, 43.611))  # Balma


def test_stations_stand_where_others_say(facts: CityFacts) -> None:
    lines = {line.name: line for line in facts.lines}
    count = {name: len(line.stations) for name, line in lines.items() if line.mode != TransitMode.BUS}
    # Tisséo, Wikipedia: 18 and 20 metro stations, 25 stops of T1 with MEETT, 16 of T2, 21 stations planned on line C
    assert count == {"Metro A": 18, "Metro B": 20, "Tram T1": 25, "Tram T2": 16, "Metro C": 21, "Téléo": 3}
    for name, lon, lat in lines["Metro A"].stations:
        assert metres((lon, lat), LINE_A[name]) < 130.0, name
    shared = {name for name, _, _ in lines["Metro A"].stations} & {name for name, _, _ in lines["Metro B"].stations}
    assert shared == {"Jean-Jaurès"}  # the only place where A and B meet
    assert not lines["Metro C"].running
    assert not lines["Téléo"].running  # opened in May 2022


def test_straight_lines_between_stations_are_shorter_than_the_track(facts: CityFacts) -> None:
    for line in facts.lines:
        if line.length_km == 0.0:
            continue
        spots = [(lon, lat) for _, lon, lat in line.stations]
        straight = sum(metres(a, b) for a, b in pairwise(spots)) / 1000.0
        assert 0.85 * line.length_km < straight < 1.01 * line.length_km, line.name


def test_quarters_share_out_the_city(facts: CityFacts) -> None:
    lon, lat, share, radius = facts.quarters.T
    assert share.sum() == pytest.approx(1.0, abs=1e-9)
    assert np.all((radius > 0.2) & (radius < 2.0))
    assert Polygon(facts.ring_road).contains_points(np.column_stack([lon, lat])).mean() > 0.4


def test_unknown_city_names_the_nearest() -> None:
    with pytest.raises(InputError, match="toulouse"):
        load_facts("toulouze")
