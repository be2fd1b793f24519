"""Cities from files: junctions, directions, what is dropped, margins, bundles, bad files - on small files and on the real Toulouse."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from sim.city.assemble import build_city
from sim.city.bundle import load_bundle, save_bundle
from sim.city.city import City
from sim.city.facts import facts_for
from sim.city.geojson import read_source
from sim.cli import _guarded
from sim.codes import RoadClass
from sim.model import UrbanModel
from tests.sim.city.real_files import STEP, communes, demand, grid, road, write
from tests.worlds import scenario

N = 7


def build(
    folder: Path, roads: Any, people: Any = None, outlines: Any = None, *, gz: bool = True, districts: int = 6
) -> int:
    paths = write(
        folder, roads, demand(N) if people is None else people, communes(N) if outlines is None else outlines, gz=gz
    )
    options = [x for pair in zip(("--roads", "--demand", "--communes"), map(str, paths), strict=True) for x in pair]
    return _guarded(["city", "build", *options, "--districts", str(districts), "--out", str(folder / "c.bundle")])


def built(folder: Path, roads: Any, **options: Any) -> City:
    assert build(folder, roads, **options) == 0
    return load_bundle(folder / "c.bundle")


@pytest.fixture(scope="module")
def herault(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A second French city, without embedded facts."""
    return built(tmp_path_factory.mktemp("grid"), grid(N))


def test_lines_are_split_where_they_share_a_coordinate(herault: City) -> None:
    """n x n junctions of n + n lines drawn through: 2 n (n - 1) pieces, both ways."""
    assert len(herault.nodes) == N * N
    assert len(herault.links) == 4 * N * (N - 1)
    assert nx.is_strongly_connected(nx.DiGraph(herault.graph))
    assert herault.commune_names == ("Ouest", "Est")
    assert set(np.unique(herault.links.road_class)) == {RoadClass.MAJOR, RoadClass.MINOR}


def test_margins_hold_exactly_and_commuting_fits_them(herault: City) -> None:
    d, read = herault.districts, demand(N)
    raw = sum(p["size"] for p in read["pops"])
    assert herault.facts["margins"]["raw_commuters"] == raw
    assert herault.facts["commuting"]["raw_total"] == pytest.approx(raw)
    assert d.employed.sum() == pytest.approx(raw, abs=2)
    assert d.jobs.sum() == pytest.approx(raw, abs=2)
    np.testing.assert_array_equal(herault.jobs.sum(axis=1), d.jobs)
    assert (herault.commuters.sum(axis=1) <= d.employed + 1e-6).all()
    assert (herault.commuters.sum(axis=0) <= d.jobs + 1e-6).all()


@pytest.mark.parametrize("size", [7, 22])
def test_a_city_without_facts_lives(tmp_path: Path, size: int) -> None:
    """A town too small for bus lines, and one with them."""
    town = built(tmp_path, grid(size), people=demand(size), outlines=communes(size))
    assert (len(town.lines) > 0) == (size > 10)
    model = UrbanModel(scenario(tmp_path), town, seed=1, share=0.5)
    for _ in range(2):
        model.step()
    values = model.latest()
    assert np.isfinite(list(values.values())).all()
    assert values["vehicle_km"] > 0
    assert (values["share_transit"] > 0) == (size > 10)


def test_a_saved_bundle_loads_to_the_same_bits(herault: City, tmp_path: Path) -> None:
    path = tmp_path / "again.bundle"
    save_bundle(herault, path)
    first = path.read_bytes()
    again = load_bundle(path)
    for block in ("nodes", "links", "districts", "cells", "connectors", "lines", "stops", "cordon"):
        for name, array in getattr(herault, block).arrays().items():
            assert array.tobytes() == getattr(again, block).arrays()[name].tobytes(), f"{block}.{name}"
    save_bundle(again, path)
    assert path.read_bytes() == first
    assert b"pickle" not in first
    assert b"cnumpy" not in first


def test_motorways_run_in_drawing_direction_and_loops_parallels_and_ends_are_kept_or_said(tmp_path: Path) -> None:
    extra = [
        road([(0, 0), (3, 0.5), (6, 0)], "highway"),  # one-way over the south of the grid
        road([(6, 0), (3, 0.4), (0, 0)], "highway"),  # its opposite carriageway
        road([(0, 0), (0.5, -0.3), (1, 0)]),  # parallel to a street
        road([(2, 2), (2.2, 2.4), (2.4, 2.2), (2, 2)]),  # a loop
        road([(4, 4), (4, 4), (4.5, 4.5)]),  # a coordinate twice, then a dead end
        road([(20, 20), (21, 20)]),  # an island
        road([(3, 6), (3, 9)], "highway"),  # leads out and never back
    ]
    city = built(tmp_path, grid(N) + extra)
    a = city.links
    motorway = a.road_class == RoadClass.HIGHWAY
    ways = set(zip(a.tail[motorway].tolist(), a.head[motorway].tolist(), strict=True))
    shapes = {(int(a.edge[i]), int(a.tail[i])) for i in np.flatnonzero(motorway)}
    assert len(shapes) == motorway.sum() == 2  # each carriageway once
    assert {(v, u) for u, v in ways} == ways  # the two carriageways are opposite
    assert city.facts["streets"]["links_dropped"] == 2 + 2 + 1  # loop, island both ways, the way out
    pairs = list(zip(a.tail.tolist(), a.head.tolist(), strict=True))
    assert len(pairs) - len(set(pairs)) == 2  # the parallel street, both ways
    assert (a.length > 0).all()
    assert nx.is_strongly_connected(nx.DiGraph(city.graph))


def test_no_carriageway_has_two_directions_in_the_small_city(tmp_path: Path) -> None:
    city = built(tmp_path, [*grid(N), road([(0, 0), (3, 0.5), (6, 0)], "highway")])
    assert_one_way(city)


def assert_one_way(city: City) -> None:
    edge = city.links.edge[city.links.road_class == RoadClass.HIGHWAY]
    assert len(edge) == len(np.unique(edge)) > 0


def test_gzipped_or_plain_gives_the_same_city(herault: City, tmp_path: Path) -> None:
    plain = built(tmp_path, grid(N), gz=False)
    assert plain.links.free_time.tobytes() == herault.links.free_time.tobytes()


def changed(**changes: Any) -> list[dict[str, Any]]:
    """The grid with one feature changed."""
    rows = grid(N)
    rows[3] = rows[3] | changes
    return rows


def no_point(**changes: Any) -> dict[str, Any]:
    data = demand(N)
    data["points"][2] |= changes
    return data


@pytest.mark.parametrize(
    ("roads", "people", "outlines", "words"),
    [
        (b"{", None, None, ["roads.geojson", "JSON"]),
        (b"\x00\x01", None, None, ["roads.geojson"]),
        ({"type": "FeatureCollection"}, None, None, ["roads.geojson", "features"]),
        ([], None, None, ["roads.geojson", "no roads"]),
        (changed(properties={"roadClass": "highwy"}), None, None, ["features[3].properties.roadClass", "'highwy'", "highway"]),
        (changed(geometry={"type": "Point", "coordinates": [1, 2]}), None, None, ["features[3].geometry", "LineString"]),
        (changed(geometry={"type": "LineString", "coordinates": [[1, 2]]}), None, None, ["features[3]", "two points"]),
        (changed(geometry={"type": "LineString", "coordinates": [[570000, 6280000], [1, 2]]}), None, None, ["features[3]", "-180..180"]),
        (changed(geometry={"type": "LineString", "coordinates": "x"}), None, None, ["features[3]"]),
        (changed(geometry=None), None, None, ["features[3].geometry"]),
        (changed(properties=[1]), None, None, ["features[3]"]),
        (None, {"points": []}, None, ["demand.json", "pops"]),
        (None, {"points": [], "pops": []}, None, ["demand.json", "at least one"]),
        (None, [1, 2], None, ["demand.json"]),
        (None, no_point(jobs=-3), None, ["points[2].jobs", "-3", "zero or more"]),
        (None, no_point(residents="many"), None, ["points[2].residents", "'many'"]),
        (None, no_point(location=[float("nan"), 1]), None, ["points[2].location"]),
        (None, no_point(id="elsewhere"), None, ["pops[", "id of a point"]),
        (None, {"points": demand(N)["points"], "pops": [{"residenceId": "p0-0", "jobId": "p0-1", "size": 2, "drivingSeconds": "soon"}]},
         None, ["pops[0].drivingSeconds", "'soon'"]),
        (None, {"points": demand(N)["points"], "pops": [7]}, None, ["pops[0]"]),
        (None, None, [{"type": "Feature", "properties": {"nom": "x"}, "geometry": {}}], ["communes.geojson", "code"]),
        (None, None, [road([(0, 0), (1, 1)]) | {"properties": {"code": "1", "nom": "x"}}], ["communes.geojson", "Polygon"]),
        (None, None, [], ["communes.geojson", "no commune"]),
    ],
)  # fmt: skip
def test_a_wrong_file_is_one_message_exit_2_and_nothing_written(
    tmp_path: Path, roads: Any, people: Any, outlines: Any, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(tmp_path, grid(N) if roads is None else roads, people, outlines) == 2
    seen = capsys.readouterr()
    for word in words:
        assert word in seen.err
    assert "Traceback" not in seen.err
    assert not (tmp_path / "c.bundle").exists()


def test_a_torn_gzip_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roads, people, outlines = write(tmp_path, grid(N), demand(N), communes(N))
    roads.write_bytes(gzip.compress(json.dumps({"features": grid(N)}).encode())[:-40])
    options = [
        "--roads",
        str(roads),
        "--demand",
        str(people),
        "--communes",
        str(outlines),
        "--out",
        str(tmp_path / "c.bundle"),
    ]
    assert _guarded(["city", "build", *options]) == 2
    assert "roads.geojson.gz" in capsys.readouterr().err


def test_streets_of_one_class_only_and_places_off_the_network_still_build(tmp_path: Path) -> None:
    rows = [r | {"properties": {"roadClass": "minor", "structure": "normal"}} for r in grid(N)]
    far = demand(N)
    far["points"][0]["location"] = [far["points"][0]["location"][0] - 3 * STEP, far["points"][0]["location"][1]]
    assert len(built(tmp_path, rows, people=far).cordon) > 0


@pytest.fixture(scope="session")
def toulouse(shared: Path) -> City:
    data = shared / "data" / "toulouse"
    source = read_source(data / "roads.geojson.gz", data / "demand_200m.json.gz", data / "communes_31.geojson.gz")
    return build_city(source, facts_for(source), 300)


@pytest.mark.shared
def test_the_real_toulouse(toulouse: City) -> None:
    """Sizes and thresholds of the issue; INSEE's 806,503 inhabitants of the metropole less the communes that the files lack."""
    check = toulouse.facts["free_flow_check"]
    assert check["correlation"] >= 0.96
    assert check["median_abs_error"] <= 0.10
    assert 0.95 <= check["median_ratio"] <= 1.05
    assert check["pairs"] > 9000
    assert 41_000 < len(toulouse.nodes) < 45_000
    assert 105_000 < len(toulouse.links) < 112_000
    assert nx.is_strongly_connected(nx.DiGraph(toulouse.graph))
    assert_one_way(toulouse)
    d = toulouse.districts
    people = d.population[toulouse.areas["metropole"]].sum()
    missing = toulouse.facts["margins"]["communes_missing"]
    assert 770_000 < people <= 806_503
    assert "Saint-Jory" in missing
    assert (toulouse.commuters.sum(axis=1) <= d.employed + 1e-6).all()
    np.testing.assert_array_equal(toulouse.jobs.sum(axis=1), d.jobs)
