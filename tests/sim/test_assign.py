"""``rebond assign`` as a modeller runs it: flows that are conserved, an independent judge of the gap, classes, faults."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from sim.cli import _guarded
from tests.reference.road.tntp import sioux_falls

Array = np.ndarray[Any, Any]


def write_tntp(folder: Path, links: Array, trips: Array, nodes: int, first_through: int = 1) -> tuple[Path, Path]:
    """Links as (init, term, capacity, length, time, b, power, speed, toll, type), nodes from 1."""
    net, od = folder / "x_net.tntp", folder / "x_trips.tntp"
    head = f"<NUMBER OF ZONES> {len(trips)}\n<NUMBER OF NODES> {nodes}\n<FIRST THRU NODE> {first_through}\n"
    rows = "".join("\t".join(f"{v:.17g}" for v in row) + "\t;\n" for row in links)
    net.write_text(f"{head}<NUMBER OF LINKS> {len(links)}\n<END OF METADATA>\n~ a comment ;\n{rows}")
    blocks = "".join(
        f"Origin {o + 1}\n" + " ".join(f"{d + 1} : {v:.17g};" for d, v in enumerate(row)) + "\n"
        for o, row in enumerate(trips)
    )
    od.write_text(f"<NUMBER OF ZONES> {len(trips)}\n<END OF METADATA>\n{blocks}")
    return net, od


def sioux_files(folder: Path) -> tuple[Path, Path]:
    network, trips, _ = sioux_falls()
    n = len(network.tail)
    links = np.column_stack(
        [
            network.tail + 1, network.head + 1, network.capacity, network.length, network.free_time, network.alpha, network.beta,
            np.zeros(n), np.ones(n), np.ones(n),
        ]
    )  # fmt: skip
    return write_tntp(folder, links, trips, 24)


def flows(path: Path) -> dict[str, Array]:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any], str]:
    code = _guarded(["assign", *map(str, words)])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else {}, said.err


def judged_gap(links: dict[str, Array], trips: Array, nodes: int) -> float:
    """The relative gap by scipy's Dijkstra (no closed centroids; the cheapest of parallel links)."""
    best: dict[tuple[int, int], float] = {}
    for a, b, c in zip(links["init_node"], links["term_node"], links["cost"], strict=True):
        best[int(a) - 1, int(b) - 1] = min(best.get((int(a) - 1, int(b) - 1), np.inf), c)
    ends = np.array(list(best))
    graph = csr_matrix((list(best.values()), (ends[:, 0], ends[:, 1])), shape=(nodes, nodes))
    least = dijkstra(graph, indices=np.arange(len(trips)))[:, : len(trips)]
    off = trips * (1 - np.eye(len(trips)))
    total = float(links["flow"] @ links["cost"])
    return (total - float((off * np.where(off > 0, least, 0.0)).sum())) / total


def test_sioux_falls_from_files_to_flows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """LeBlanc, Morlok & Pierskalla (1975); best known flows and objective of the TransportationNetworks collection."""
    net, od = sioux_files(tmp_path)
    out = tmp_path / "out.csv"
    code, answer, said = run(capsys, "--network", net, "--trips", od, "--gap", "1e-12", "--flows", out, "--json")
    assert code == 0, said
    _, trips, best = sioux_falls()
    assert answer["relative_gap"] <= 1e-12
    assert answer["objective"] == pytest.approx(4231335.287107, rel=1e-10)
    found = flows(out)
    assert np.abs(found["flow"] - best).max() < 1e-3
    assert answer["total_time"] == pytest.approx(float(found["flow"] @ found["cost"]), rel=1e-12)
    assert judged_gap(found, trips, 24) == pytest.approx(answer["relative_gap"], abs=1e-12)
    assert {"iterations", "seconds"} <= set(answer)
    assert "relative gap" in said


def test_the_command_itself_keeps_standard_output_for_machines(tmp_path: Path) -> None:
    net, od = sioux_files(tmp_path)
    words = ["assign", "--network", net, "--trips", od, "--gap", "1e-4", "--json", "--threads", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "sim.cli", *map(str, words)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["relative_gap"] <= 1e-4


def test_tolls_and_distances_are_weighed_by_their_factors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two constant roads: 10 min, and 8 min with a toll of 5 over 3 length units."""
    links = np.array([[1, 2, 9, 0, 10, 0, 0, 0, 0, 1], [1, 2, 9, 3, 8, 0, 0, 0, 5, 1.0]])
    net, od = write_tntp(tmp_path, links, np.array([[4.0, 7.0], [0, 0]]), 2)
    out = tmp_path / "out.csv"
    for toll, distance, cheaper, cost in ((0.3, 0.1, 1, 9.8), (0.3, 0.2, 0, 10.0)):
        words = ["--network", net, "--trips", od, "--flows", out, "--force", "--json"]
        code, answer, said = run(capsys, *words, "--toll-factor", toll, "--distance-factor", distance)
        assert code == 0
        assert flows(out)["flow"][cheaper] == 7.0
        assert answer["total_time"] == pytest.approx(7.0 * cost)
        assert answer["objective"] == pytest.approx(7.0 * cost)
        assert answer["intrazonal"] == 4.0
        assert "4 trips stay inside their zone" in said


def test_what_real_files_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Closed centroids, a sink with two links in, a one-way street, parallel links, zero-cost links, power 0, near-zero capacity.

    AequilibraE 1.7.2 routes backwards through such a sink; the balance at every node is what would show it.
    """
    links = np.array(
        [
            [1, 4, 1e5, 0, 0, 0.15, 4, 0, 0, 1], [4, 5, 50, 1, 2, 0.15, 4, 0, 0, 1], [4, 5, 80, 1, 2.5, 0.3, 2, 0, 0, 1],
            [4, 5, 1e-6, 1, 1, 0.15, 4, 0, 0, 1], [5, 2, 1e5, 0, 0, 0, 0, 0, 0, 1], [6, 2, 1e5, 0, 0.5, 0, 1, 0, 0, 1],
            [5, 6, 60, 1, 3, 0.15, 0, 0, 0, 1], [6, 5, 60, 1, 0, 0.15, 4, 0, 0, 1], [6, 3, 9, 0, 1, 0.15, 4, 0, 0, 1],
            [2, 3, 1e5, 0, 0, 0, 0, 0, 0, 1], [3, 6, 9, 0, 0, 0.15, 4, 0, 0, 1], [5, 4, 70, 1, 2, 0.15, 4.7, 0, 0, 1],
            [4, 1, 1e5, 0, 0, 0.15, 4, 0, 0, 1],
        ]
    )  # fmt: skip
    trips = np.array([[5.0, 90, 60], [0, 0, 10], [40, 30, 0]])
    net, od = write_tntp(tmp_path, links, trips, 6, first_through=4)
    out = tmp_path / "out.csv"
    code, answer, said = run(capsys, "--network", net, "--trips", od, "--gap", "1e-11", "--flows", out, "--json")
    assert code == 0, said
    found = flows(out)
    np.testing.assert_array_equal(np.column_stack([found["init_node"], found["term_node"]]), links[:, :2])
    moving = trips - np.diag(np.diag(trips))
    net_out = np.bincount(links[:, 0].astype(int), found["flow"], 7) - np.bincount(
        links[:, 1].astype(int), found["flow"], 7
    )
    expected = np.zeros(7)
    expected[1:4] = moving.sum(1) - moving.sum(0)
    np.testing.assert_allclose(net_out, expected, atol=1e-9 * moving.sum())
    assert found["flow"][9] == pytest.approx(10.0)  # only who starts in zone 2 leaves it: it is not driven through
    assert answer["relative_gap"] <= 1e-11


def test_trips_without_a_way_are_never_lost_in_silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    links = np.array([[1, 2, 9, 0, 1, 0.15, 4, 0, 0, 1.0]])
    net, od = write_tntp(tmp_path, links, np.array([[0.0, 5, 2], [3, 0, 0], [0, 0, 0]]), 3)
    words = ["--network", net, "--trips", od, "--json", "--flows", tmp_path / "out.csv"]
    code, answer, said = run(capsys, *words)
    assert code == 2
    assert not answer
    assert "2 pairs of zones with 5 trips and no way: 1->3, 2->1" in said
    assert not (tmp_path / "out.csv").exists()
    code, answer, said = run(capsys, *words, "--drop-unreachable")
    assert code == 0
    assert (answer["unreachable_pairs"], answer["unreachable_demand"], answer["assigned"]) == (2, 5.0, 5.0)
    assert "warning: 5 trips of 2 pairs" in said


def test_a_gap_that_is_not_reached_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net, od = sioux_files(tmp_path)
    words = [
        "--network",
        net,
        "--trips",
        od,
        "--gap",
        "1e-12",
        "--max-iterations",
        "2",
        "--flows",
        tmp_path / "out.csv",
    ]
    code, _, said = run(capsys, *words)
    assert code == 1
    assert "asked 1e-12" in said
    assert not (tmp_path / "out.csv").exists()


def test_classes_share_the_road(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net, od = sioux_files(tmp_path)
    classes = tmp_path / "classes.yaml"
    classes.write_text(
        "- {name: car, trips: x_trips.tntp}\n"
        "- {name: truck, trips: x_trips.tntp, pce: 2, banned_links: [1-2, 2-1]}\n"
        "- {name: payer, trips: x_trips.tntp, toll_factor: 3, value_of_time: 2}\n"
    )
    out = tmp_path / "out.csv"
    words = ["--network", net, "--classes", classes, "--gap", "1e-9", "--flows", out, "--json"]
    code, answer, said = run(capsys, *words)
    assert code == 0, said
    found = flows(out)
    by_class = np.stack([found[f"flow_{name}"] for name in ("car", "truck", "payer")])
    np.testing.assert_allclose(np.array([1.0, 2.0, 1.0]) @ by_class, found["flow"], rtol=1e-9)
    assert not by_class[1][[0, 2]].any()  # links 1-2 and 2-1
    np.testing.assert_allclose(found["cost_payer"], found["cost"] + 1.5, rtol=1e-12)
    _, trips, _ = sioux_falls()
    for flow in by_class:
        balance = np.bincount(found["init_node"].astype(int), flow, 25) - np.bincount(
            found["term_node"].astype(int), flow, 25
        )
        np.testing.assert_allclose(balance[1:], trips.sum(1) - trips.sum(0), atol=1e-9 * trips.sum())
    assert [one["cost_group"] for one in answer["classes"]] == [0, 1, 2]
    assert od.exists()


def test_background_load_weighs_on_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    links = np.array([[1, 2, 100, 0, 1, 0.15, 4, 0, 0, 1], [1, 2, 100, 0, 1, 0.15, 4, 0, 0, 1.0]])
    net, od = write_tntp(tmp_path, links, np.array([[0, 100.0], [0, 0]]), 2)
    load = tmp_path / "load.csv"
    load.write_text("init_node,term_node,flow\n1,2,60\n1,2,0\n")
    out = tmp_path / "out.csv"
    words = ["--network", net, "--trips", od, "--background", load, "--gap", "1e-12", "--flows", out]
    assert run(capsys, *words)[0] == 0
    np.testing.assert_allclose(flows(out)["flow"], [20.0, 80.0], rtol=1e-5)
    load.write_text("init_node,term_node,flow\n2,1,60\n")
    code, _, said = run(capsys, *words, "--force")
    assert code == 2
    assert "load.csv:2" in said


def test_a_folder_of_gmns_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "node.csv").write_text("node_id,zone_id\na,1\nb,\nc,2\n")
    (tmp_path / "link.csv").write_text(
        "link_id,from_node_id,to_node_id,directed,length,capacity,free_speed\n1,a,b,1,1,500,60\n2,b,c,1,1,500,60\n3,a,c,0,3,500,60\n"
    )
    (tmp_path / "demand.csv").write_text("o_zone_id,d_zone_id,volume\n1,2,700\n")
    out = tmp_path / "out.csv"
    words = ["--network", tmp_path, "--trips", tmp_path / "demand.csv", "--gap", "1e-10", "--flows", out, "--json"]
    code, _, said = run(capsys, *words)
    assert code == 0, said
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["init_node"], row["term_node"]) for row in rows] == [("a", "b"), ("b", "c"), ("a", "c"), ("c", "a")]
    assert float(rows[0]["flow"]) + float(rows[2]["flow"]) == pytest.approx(700.0)
    assert float(rows[0]["cost"]) + float(rows[1]["cost"]) == pytest.approx(float(rows[2]["cost"]), rel=1e-6)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--network", "none.tntp"], "none.tntp"),
        (["--flows", "missing/out.csv"], "existing folder"),
        (["--gap", "0"], "--gap"),
        (["--max-iterations", "0"], "--max-iterations"),
        (["--toll-factor", "-1"], "--toll-factor"),
        (["--classes", "c.yaml"], "both"),
    ],
)
def test_faults_of_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    net, od = sioux_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    code, _, text = run(capsys, "--network", net, "--trips", od, *words)
    assert code == 2
    assert said in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {name: car}", "trips"),
        ("- {name: car, trips: x_trips.tntp, pce: 0}", "pce"),
        ("- {name: car, trips: x_trips.tntp}\n- {name: car, trips: x_trips.tntp}", "each name once"),
        ("- {name: car, trips: x_trips.tntp, banned_links: [9-9]}", "'9-9'"),
        ("car: 1", "a list of 1 to 20 classes"),
    ],
)
def test_faults_of_a_classes_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    net, _ = sioux_files(tmp_path)
    path = tmp_path / "c.yaml"
    path.write_text(text)
    code, _, err = run(capsys, "--network", net, "--classes", path)
    assert code == 2
    assert said in err
