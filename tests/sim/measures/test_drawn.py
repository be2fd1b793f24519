"""Lines drawn in a file: the streets they stand for, what is built along them, and what a planner hears of a bad file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sim.cli import _guarded
from sim.measures import Context
from sim.measures.drawn import matched
from sim.measures.streets import LaneClosure
from sim.scenario.check import check_against_city
from sim.scenario.drawn import Drawn
from sim.scenario.parameters import Parameters
from tests.sim.measures.townhall import measure
from tests.tiny import SIDE, STEP, tiny_city
from tests.worlds import scenario

CITY = tiny_city()


def at(east: float, north: float) -> tuple[float, float]:
    """Degrees of a place given in steps of the grid."""
    n = CITY.nodes
    return (
        float(n.lon[0] + east * (n.lon[SIDE] - n.lon[0])),
        float(n.lat[0] + north * (n.lat[1] - n.lat[0])),
    )


def line(*places: tuple[float, float]) -> Drawn:
    return Drawn((("one", tuple(at(*p) for p in places)),))


def geojson(path: Path, *lines: tuple[tuple[float, float], ...]) -> Path:
    features = [
        {"type": "Feature", "properties": {"name": f"L{i}"}, "geometry": {"type": "LineString", "coordinates": [list(at(*p)) for p in one]}}
        for i, one in enumerate(lines)
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def streets(edges: np.ndarray) -> set[tuple[int, int]]:
    """Ends of the street pieces, the smaller node first."""
    a = CITY.links
    rows = np.flatnonzero(np.isin(a.edge, edges))
    return {(int(min(u, v)), int(max(u, v))) for u, v in zip(a.tail[rows], a.head[rows], strict=True)}


def test_a_line_beside_a_street_is_that_street() -> None:
    """A line 30 m beside the second row of the grid, drawn over the whole width."""
    found = matched(CITY, line((0.0, 1.05), (6.0, 1.05)))
    assert found.faults == ()
    assert streets(found.edges) == {(i * SIDE + 1, (i + 1) * SIDE + 1) for i in range(6)}
    np.testing.assert_allclose(found.km, np.arange(1, 7) * STEP / 1000.0)


def test_a_line_with_a_corner_turns_with_it_and_streets_come_once() -> None:
    corner = ((0.0, 2.0), (3.0, 2.0), (3.0, 5.0))
    found = matched(CITY, Drawn((*line(*corner).lines, ("again", line(*corner).lines[0][1]))))
    along = {(i * SIDE + 2, (i + 1) * SIDE + 2) for i in range(3)}
    assert streets(found.edges) == along | {(3 * SIDE + j, 3 * SIDE + j + 1) for j in range(2, 5)}
    assert len(found.edges) == len(set(found.edges.tolist())) == 6


def test_a_line_elsewhere_is_told(tmp_path: Path) -> None:
    found = matched(CITY, line((0.0, 0.0), (0.0, -4.0)))
    ((name, what),) = found.faults
    assert name == "one"
    assert "km of 'one' farther than 500 m from any street" in what
    assert not len(found.edges)
    geojson(tmp_path / "far.geojson", ((0.0, 0.0), (0.0, -4.0)))
    (fault, *_) = check_against_city(scenario(tmp_path, measure("cycle_network", "lines: far.geojson")), CITY)
    assert ".lines" in str(fault)
    assert "farther than 500 m" in str(fault)


def test_a_network_of_a_file_opens_in_its_order(tmp_path: Path) -> None:
    geojson(tmp_path / "net.geojson", ((0.0, 1.0), (2.0, 1.0)), ((4.0, 4.0), (4.0, 6.0)))
    plan = scenario(tmp_path, measure("cycle_network", "lines: net.geojson, months: 12"))
    (one,) = plan.measures
    assert check_against_city(plan, CITY) == []
    built = []
    for month in (3, 6, 12):
        context = Context(CITY, Parameters(), 5, 0, 12, month / 12, 1.0, np.arange(9))
        found = list(one.measure.contributions(context))
        built.append(streets(np.unique(CITY.links.edge[found[0].where])))
    first, half, whole = built
    assert first == {(1, SIDE + 1)}  # a quarter of 2.4 km is one piece
    assert half == {(1, SIDE + 1), (SIDE + 1, 2 * SIDE + 1)}
    assert whole == half | {(4 * SIDE + 4, 4 * SIDE + 5), (4 * SIDE + 5, 4 * SIDE + 6)}
    too_long = scenario(tmp_path, measure("cycle_network", "lines: net.geojson, length: 3 km"))
    (fault,) = check_against_city(too_long, CITY)
    assert "at most 2 km: all lines" in str(fault)


def test_corridors_by_rule_ask_for_a_length(tmp_path: Path) -> None:
    (fault,) = check_against_city(scenario(tmp_path, measure("cycle_network", "level: 2")), CITY)
    assert ".length" in str(fault)
    assert "all corridors" in str(fault)


def test_a_stored_roadmap_needs_no_file(tmp_path: Path) -> None:
    """What a run keeps holds the lines themselves and reads back to the same measure."""
    geojson(tmp_path / "net.geojson", ((0.0, 1.0), (2.0, 1.0)))
    plan = scenario(tmp_path, measure("cycle_network", "lines: net.geojson"))
    kept = plan.measures[0].resolved("measure")["lines"]
    body = "measures:\n  - {id: m1, start: 2021-01, measure: cycle_network, lines: " + json.dumps(kept) + "}\n"
    assert scenario(tmp_path, body).measures[0].measure == plan.measures[0].measure


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"), ("{", "JSON"), ('{"type": "FeatureCollection"}', "no list of features"),
        ('{"features": []}', "no lines"), ('{"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}]}', "'Point'"),
        ('{"features": [{"geometry": {"type": "LineString", "coordinates": [[1, 95], [1, 2]]}}]}', "outside the world"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_fault_at_its_line(
    content: str | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "net.geojson").write_text(content, "utf-8")
    path = tmp_path / "s.yaml"
    body = "name: x\ncity: toulouse\nstart: 2021-01\nend: 2021-12\nmeasures:\n"
    path.write_text(body + "  - {measure: cycle_network, start: 2021-01, lines: net.geojson}\n", "utf-8")
    assert _guarded(["check", str(path)]) == 2
    message = capsys.readouterr().err
    assert "s.yaml:6:" in message
    assert "net.geojson" in message
    assert says in message
    assert "Traceback" not in message


def test_lanes_are_closed_on_the_streets_of_the_lines_or_of_the_area(tmp_path: Path) -> None:
    context = Context(CITY, Parameters(), 5, 0, 12, 1.0, 1.0, np.arange(9))
    (found,) = LaneClosure(lines=line((0.0, 1.0), (2.0, 1.0)), lanes="all").contributions(context)
    assert found.lever == "lanes_closed"
    assert streets(np.unique(CITY.links.edge[found.where])) == {(1, SIDE + 1), (SIDE + 1, 2 * SIDE + 1)}
    centre = Context(CITY, Parameters(), 5, 0, 12, 1.0, 1.0, np.array([4]))
    (found,) = LaneClosure(roads=("major",)).contributions(centre)
    a = CITY.links
    np.testing.assert_array_equal(found.where, (a.district == 4) & (a.road_class == 1))
    assert found.value == 1.0
    (fault,) = check_against_city(scenario(tmp_path, measure("lane_closure", "lanes: 1")), CITY)
    assert "an area smaller than the city" in str(fault)
