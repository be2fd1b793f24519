"""Counts at the gates, and what road files may say of lanes, cycle tracks and heights: read into the city, or one clear fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.city.assemble import build_city
from sim.city.counts import read_counts
from sim.city.geojson import read_source
from sim.cli import _guarded
from sim.errors import InputError
from sim.scenario.parameters import Parameters
from tests.sim.city import real_files
from tests.tiny import tiny_city

P = Parameters()
HEAD = "gate,period,vehicle,vehicles_per_hour\n"


def test_counts_stand_by_period_vehicle_and_gate(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(HEAD + "north-east,morning,car,812\nnorth-east, evening ,truck,40.5\n", "utf-8")
    found = read_counts(path, tiny_city())
    assert found[0, 0, 1] == 812.0
    assert found[1, 1, 1] == 40.5
    assert np.isnan(found).sum() == found.size - 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("gate,period\n", "columns gate, period"), (HEAD + "north,morning,car,5\n", "one of south-west, north-east"),
        (HEAD + "north-east,noon,car,5\n", "one of morning, evening, off_peak"), (HEAD + "north-east,morning,van,5\n", "one of car, truck"),
        (HEAD + "north-east,morning,car,-5\n", "0 to 20,000"), (HEAD + "north-east,morning,car,many\n", "'many'"),
        (HEAD + "north-east,morning,car,5\nnorth-east,morning,car,6\n", "twice"), (None, "readable CSV"),
    ],
)  # fmt: skip
def test_a_fault_names_file_line_and_field(content: str | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(InputError) as caught:
        read_counts(path, tiny_city())
    assert "counts.csv" in str(caught.value)
    assert says in str(caught.value)


# --- roads ------------------------------------------------------------------------------------------------------------


def files(folder: Path, roads: list[dict[str, Any]]) -> tuple[Path, Path]:
    paths = folder / "roads.geojson", folder / "demand.json"
    paths[0].write_text(json.dumps({"type": "FeatureCollection", "features": roads}), "utf-8")
    paths[1].write_text(json.dumps(real_files.demand()), "utf-8")
    return paths


def test_lanes_tracks_and_heights_of_the_file_are_the_city_s(tmp_path: Path) -> None:
    """A road with two lanes has twice a lane's capacity; where the file says nothing, the registry's fallback stands."""
    roads = real_files.grid()
    roads[0]["properties"] |= {"lanes": 2, "cycleway": "track"}
    roads[1]["properties"] |= {"cycleway": "lane"}
    for row in roads:
        row["geometry"]["coordinates"] = [
            [lon, lat, 100.0 * (lon - real_files.LON)] for lon, lat in row["geometry"]["coordinates"]
        ]
    city = build_city(read_source(*files(tmp_path, roads)), None, 9)
    a = city.links
    wide = a.lanes == 2
    minor = a.road_class == 2
    assert set(a.capacity[wide & minor]) == {2.0 * P["capacity_minor"]}
    assert set(a.capacity[~wide & minor]) == {P["capacity_minor"]}
    assert set(a.capacity[a.road_class == 1]) == {P["capacity_major"]}
    south = np.minimum(city.nodes.lat[a.tail], city.nodes.lat[a.head])
    along = np.isclose(city.nodes.lat[a.tail], city.nodes.lat[a.head])
    assert (a.cycle_level[along & np.isclose(south, real_files.LAT)] == 2).all()
    assert (a.cycle_level[along & np.isclose(south, real_files.LAT + real_files.STEP)] == 1).all()
    assert a.cycle_level.sum() == 2 * (6 * 2 + 6 * 1)  # nothing is laid by rule where the file knows
    np.testing.assert_allclose(city.nodes.height, 100.0 * (city.nodes.lon - real_files.LON), atol=1e-9)


def test_without_tags_the_stated_fallbacks_stand(tmp_path: Path) -> None:
    city = build_city(read_source(*files(tmp_path, real_files.grid())), None, 9)
    a = city.links
    assert set(a.lanes[a.road_class == 2]) == {int(P["lanes_minor"])}
    assert np.isnan(city.nodes.height).all()
    laid = a.length[a.cycle_level == 2].sum() / 2000.0
    wanted = P["existing_tracks"] * city.districts.population.sum() / 1000.0
    assert laid <= wanted
    said = {what: how for what, _, how in city.sources}
    assert "fallback" in said["lanes"]
    assert "existing_tracks" in said["cycle tracks there are"]


@pytest.mark.parametrize(
    ("tag", "value", "says"),
    [("lanes", 0, "1 to 8"), ("lanes", "two", "'two'"), ("cycleway", "yes", "none, lane, track")],
)
def test_a_bad_tag_is_one_fault(
    tag: str, value: Any, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roads = real_files.grid()
    roads[3]["properties"][tag] = value
    a, b = files(tmp_path, roads)
    assert _guarded(["city", "build", "--roads", str(a), "--demand", str(b), "--out", str(tmp_path / "c.bundle")]) == 2
    message = capsys.readouterr().err
    assert f"features[3].properties.{tag}" in message
    assert says in message
