"""The benchmarks' own arithmetic, protocol and table. What they measure is the machine's; nothing here depends on it."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.benchmarks import buildings, grid, networks, road, roadmap
from experiments.benchmarks.__main__ import main
from experiments.benchmarks.catalogue import BENCHMARKS, load
from experiments.benchmarks.context import Context, interleaved
from experiments.benchmarks.processes import ROOT, ChildError, PeerProcess, child
from experiments.benchmarks.rows import Peer, Promise, Row, measured, peer_measured
from experiments.benchmarks.table import HEADER, markdown, number, read, write
from kernels.assignment import equilibrium, link_cost
from tests.reference.road.tntp import sioux_falls
from tests.tiny import tiny_city

TICK = 0.25  # s, by which the fake clock moves each time it is read


def context(scratch: Path, **options: Any) -> Context:
    ticks = count()
    return Context(scratch, quick=True, clock=lambda: next(ticks) * TICK, threads=1, **options)


def test_the_list_names_every_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == list(BENCHMARKS)
    assert all(callable(load(name)) for name in listed)


@pytest.mark.parametrize("wrong", [["raod"], ["--tntp", "nowhere"], ["--peers", "no/python"]])
def test_wrong_arguments_are_named(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(wrong)
    assert left.value.code == 2
    assert wrong[-1] in capsys.readouterr().err


def test_the_quickest_benchmark_from_the_command_to_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grid", "--quick", "--threads", "1", "--peers", sys.executable, "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert found["quick"]
    assert {"processor", "cores", "python", "numba"} <= set(found["machine"])
    rows = [Row.from_json(row) for row in found["benchmarks"][BENCHMARKS["grid"]]]
    assert [row.name for row in rows] == [
        "33 buses",
        "129 buses",
        "1,033 buses",
        "city of 100 stations, 10,000 buses, 96 steps",
        "growth of the cost with buses (1 is linear)",
        "growth of the cost with hours (1 is linear)",
    ]
    assert all(row.figure is not None and row.low is not None and 0 < row.low <= row.figure for row in rows)
    assert (tmp_path / "benchmarks.md").read_text("utf-8") in capsys.readouterr().out


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "ratio", "met"),
    [
        (Row("time", "s", 2.0), None, None),
        (Row("time", "s", 2.0, promise=Promise(3.0)), None, True),
        (Row("time", "s", 4.0, promise=Promise(3.0)), None, False),
        (Row("rate", "1/s", 4.0, higher_is_better=True, promise=Promise(3.0)), None, True),
        (Row("rate", "1/s", 2.0, higher_is_better=True, promise=Promise(3.0)), None, False),
        (Row("time", "s", 2.0, promise=Promise(5.0, of_ratio=True), peer=Peer("other", 12.0)), 6.0, True),
        (Row("rate", "1/s", 2.0, higher_is_better=True, promise=Promise(5.0, True), peer=Peer("other", 1.0)), 2.0, False),
        (Row("time", "s", 2.0, promise=Promise(5.0, True), peer=Peer("other", fault="not installed")), None, None),
        (Row("time", "s", None, promise=Promise(5.0)), None, None),
    ],
)  # fmt: skip
def test_a_promise_is_judged_on_the_figure_or_on_the_ratio(row: Row, ratio: float | None, met: bool | None) -> None:
    assert (row.ratio, row.met) == (ratio, met)
    assert Row.from_json(json.loads(json.dumps(row.as_json()))) == row


def test_a_row_is_the_median_and_the_range() -> None:
    row = measured("time", "s", [3.0, 1.0, 9.0], peer=peer_measured("other", [5.0, 4.0], ""))
    assert (row.figure, row.low, row.high, row.samples) == (3.0, 1.0, 9.0, 3)
    assert row.peer == Peer("other", 4.5, 4.0, 5.0)
    assert peer_measured("other", [], "not installed").figure is None


def test_sides_take_turns_and_a_silent_one_is_left_alone() -> None:
    asked: list[str] = []

    def side(name: str, answers: list[float | None]) -> Callable[[], float | None]:
        def ask() -> float | None:
            asked.append(name)
            return answers.pop(0)

        return ask

    found = interleaved(3, side("A", [1.0, 2.0, 3.0]), side("B", [7.0, None]), side("C", [4.0, 5.0, 6.0]))
    assert found == [[1.0, 2.0, 3.0], [7.0], [4.0, 5.0, 6.0]]
    assert asked == list("ABCABCAC")


# --- table ------------------------------------------------------------------------------------------------------------


def test_every_line_of_the_table_has_every_cell(tmp_path: Path) -> None:
    rows = [
        measured("kept", "s", [1.0, 2.0, 3.0], promise=Promise(3.0), note="why"),
        measured("broken", "s", [4.0], promise=Promise(3.0), peer=Peer("other | tool", 2.0)),
        Row("not here", "s", None, promise=Promise(60.0, of_ratio=True)),
        measured("alone", "MB", [1234.5], peer=Peer("other", fault="not installed")),
    ]
    groups = {"First": rows, "Second": []}
    text = markdown(groups, {"cores": "2"}, quick=True)
    lines = [line for line in text.splitlines() if line.startswith("| ") and line not in HEADER]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [c[0] for c in cells] == ["kept", "broken", "not here", "alone"]
    assert {len(c) for c in cells} == {HEADER.splitlines()[0].count("|") - 1}
    assert cells[0][1:4] == ["2 s (1–3, n=3)", "at most 3 s", "yes"]
    assert cells[1][3:] == ["**no**", "other / tool", "2 s", "0.5x"]
    assert cells[2][1:4] == ["not measured", "at least 60x", "not judged"]
    assert cells[3][1:] == ["1,234 MB", "", "", "other", "not installed", ""]
    assert "Quick run" in text
    assert "- kept: why" in text
    path = write(tmp_path / "new" / "folder", groups, {"cores": "2"}, quick=True)
    assert read(path.parent) == groups
    assert read(tmp_path) == {}
    assert [r["name"] for r in json.loads(path.read_text("utf-8"))["benchmarks"]["First"]] == [r.name for r in rows]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.00123456, "0.00123"), (12.345, "12.3"), (1234.4, "1,234"), (18.64e6, "18.6 M"), (1e9, "1 G")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


# --- peers ------------------------------------------------------------------------------------------------------------


def peer_python(folder: Path, body: str) -> Path:
    """An interpreter that runs ``body`` whatever it is asked to run."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\nimport json, sys\n{body}\n", "utf-8")
    path.chmod(0o755)
    return path


ANSWERS = """
print(json.dumps({"tool": "other 1.0"}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    print(json.dumps({"seconds": job["tolerance"]}), flush=True)
"""


def test_a_peer_is_asked_line_by_line(tmp_path: Path) -> None:
    with PeerProcess(context(tmp_path, peers=peer_python(tmp_path, ANSWERS)), "grid_pgm", "other") as peer:
        assert (peer.name, peer.fault) == ("other 1.0", "")
        assert [peer.seconds(tolerance=t) for t in (0.5, 2.0)] == [0.5, 2.0]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("import a_tool_that_nobody_has", "not installed"),
        ("raise ValueError('a bad network')", "failed: ValueError: a bad network"),
        (
            "print(json.dumps({'tool': 'other 1.0'}), flush=True); sys.stdin.readline(); 1 / 0",
            "failed: ZeroDivisionError",
        ),
    ],
)
def test_a_peer_that_cannot_is_a_word_in_its_row_and_no_error(tmp_path: Path, body: str, fault: str) -> None:
    with PeerProcess(context(tmp_path, peers=peer_python(tmp_path, body)), "grid_pgm", "other") as peer:
        assert peer.seconds(gap=1.0) is None
        assert peer.seconds(gap=1.0) is None
        assert peer.fault.startswith(fault)


def test_peers_import_nothing_of_ours() -> None:
    """They run in another environment: NumPy, the tool, and the protocol."""
    folder = ROOT / "experiments" / "benchmarks" / "peers"
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = [name for name in names if name.split(".")[0] in ("sim", "kernels", "experiments", "scenarios")]
            assert set(ours) <= {"experiments.benchmarks.peers.serve"}, path.name


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(ChildError, match="KeyError: 'neither'"):
        child("experiments.benchmarks.handles", "neither", 1)
    with pytest.raises(ChildError, match="not done after"):
        child("experiments.benchmarks.handles", "plain", 10, patience=0.01)


# --- domains ----------------------------------------------------------------------------------------------------------


def test_bus_steps_by_a_clock_that_is_known(tmp_path: Path) -> None:
    """Each work spans one tick, so the rate is buses times hours over the tick."""
    case = grid.feeder(8, 24)
    absent = peer_python(tmp_path, "import a_tool_that_nobody_has")
    row = grid.compare(context(tmp_path, peers=absent), case, rounds=3)
    assert (row.figure, row.low, row.high, row.samples) == (8 * 24 / TICK, 8 * 24 / TICK, 8 * 24 / TICK, 3)
    assert row.peer == Peer("power-grid-model", fault="not installed")
    assert row.met is None


def test_a_peer_with_other_voltages_is_seen_in_the_note(tmp_path: Path) -> None:
    body = ANSWERS.replace("    print", "    import numpy; numpy.save(job['out'], numpy.zeros((24, 8)))\n    print", 1)
    row = grid.compare(context(tmp_path, peers=peer_python(tmp_path, body)), grid.feeder(8, 24), rounds=2)
    assert row.peer is not None
    assert row.peer.figure == pytest.approx(8 * 24 / grid.TOLERANCE)
    assert row.note.endswith("differ by at most 1.0e+00 pu")  # the source bus


def test_feeders_are_loaded_and_solvable() -> None:
    for buses in (33, 129):
        voltage = np.asarray(grid._voltages(grid.feeder(buses, 24), 1))
        assert 0.85 < voltage.min() < 0.995
        assert voltage.max() <= 1.0


def test_a_city_of_stations_by_a_clock_that_is_known(tmp_path: Path) -> None:
    """Each work spans one tick: a quarter of the buses, or of the steps, costs as much as all."""
    whole, buses, hours = grid.city(context(tmp_path), 4 * grid.STATION, rounds=3)
    assert (whole.figure, whole.samples) == (TICK, 3)
    assert buses.figure == hours.figure == 0.25


def test_the_numpy_twin_has_the_kernels_needs() -> None:
    case = buildings.stock(5, 200)
    mine, twin = buildings.kernel_needs(case), buildings.numpy_needs(case)
    assert (mine > 0).any()
    np.testing.assert_allclose(mine, twin, rtol=0, atol=1e-6)  # W


def test_the_grid_city_is_a_city_to_get_stuck_in() -> None:
    case = networks.grid_city(8, 10)
    found = equilibrium(case.network, case.trips, gap=1e-8)
    assert networks.true_gap(case, found.flow) == pytest.approx(found.gap, abs=1e-12)
    assert networks.imbalance(case, found.flow) < 1e-12
    assert (found.flow / case.network.capacity).max() > 0.8
    # everybody on the routes that are cheapest when empty: far from equilibrium, and the gap says so
    empty = equilibrium(case.network._replace(alpha=0.0 * case.network.alpha), case.trips, gap=1e-12).flow
    assert networks.true_gap(case, empty) > 1e-3


def test_a_network_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "Small"
    folder.mkdir()
    (folder / "Small_net.tntp").write_text(
        "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 3\n<FIRST THRU NODE> 3\n<NUMBER OF LINKS> 2\n<END OF METADATA>\n"
        "~ init term capacity length fft b power speed toll type ;\n"
        "1 3 100.5 1.5 2.5 0.15 4 0 0 1 ;\n3 2 200 2.5 3.5 0.2 3 0 7 1 ;\n"
    )
    (folder / "Small_trips.tntp").write_text(
        "<NUMBER OF ZONES> 2\n<END OF METADATA>\n\nOrigin 1\n 1 : 9.0; 2 : 12.5;\nOrigin 2\n 1 : 0.0;\n"
    )
    name, n, trips = networks.tntp(folder)
    assert name == "Small"
    assert trips.tolist() == [[0.0, 12.5], [0.0, 0.0]]  # trips inside a zone use no street
    assert (n.tail.tolist(), n.head.tolist(), n.n_nodes) == ([0, 2], [2, 1], 3)
    assert (n.capacity.tolist(), n.free_time.tolist(), n.length.tolist()) == ([100.5, 200.0], [2.5, 3.5], [1.5, 2.5])
    assert (n.alpha.tolist(), n.beta.tolist(), n.through.tolist()) == ([0.15, 0.2], [4.0, 3.0], [False, False, True])
    assert n.fixed.tolist() == [0.0, 0.0]  # cost factors only where the collection gives some


@pytest.mark.shared
def test_sioux_falls_is_the_one_of_our_tests(shared: Path) -> None:
    case = networks.tntp(shared / "reference" / "tntp" / "SiouxFalls")
    network, trips, best = sioux_falls()
    assert np.array_equal(case.trips, trips)
    np.testing.assert_allclose(link_cost(case.network, best), link_cost(network, best), rtol=1e-12)
    assert networks.true_gap(case, best) < 1e-9  # the published best known flows


def test_streets_of_a_city_against_a_peer_that_answers_nonsense(tmp_path: Path) -> None:
    """A fake clock, and a peer whose flows are all zero: the note gives its gap away."""
    case = networks.city_streets(tiny_city())
    links = len(case.network.tail)
    nonsense = ANSWERS.replace(
        "    print", f"    import numpy; numpy.save(job['out'], numpy.ones({links}))\n    print", 1
    ).replace('job["tolerance"]', "100 * job['gap']")
    rows = road.cold(
        context(tmp_path, peers=peer_python(tmp_path, nonsense)), case, 1e-4, rounds=2, peers=["road_pytraf"]
    )
    assert len(rows) == 1
    assert (rows[0].figure, rows[0].samples, rows[0].ratio) == (TICK, 2, pytest.approx(0.01 / TICK))
    assert "true gap of ours" in rows[0].note
    assert "loses" in rows[0].note


def test_warm_over_cold_by_a_clock_that_is_known(tmp_path: Path) -> None:
    row = road.warm(context(tmp_path), networks.grid_city(6, 5), 1e-4, "demand 2 % off", rounds=2)
    assert (row.figure, row.met, row.samples) == (1.0, False, 2)


def lived(share: float, months: int, per_citizen: float) -> dict[str, Any]:
    citizens = int(800_000 * share)
    return {
        "to_first_month": 10.0, "settle": 8.0, "months": [0.5 + per_citizen * citizens] * months, "links": 9,
        "systems": {"mobility": 3.0 * months, "energy": 5.0 * months}, "citizens": citizens, "memory_mb": 500.0,
        "compile": 0.0, "kernels": 0,
    }  # fmt: skip


def test_whole_roadmaps_are_extrapolated_and_say_so() -> None:
    shares = (0.02, 0.05, 0.2, 1.0)
    rows = {r.name: r for r in roadmap.rows([(s, lived(s, 72 if s == 0.05 else 6, 4e-6)) for s in shares])}
    all_of_it = rows["72 months of roadmap and baseline, share 1"]
    assert all_of_it.figure == pytest.approx(10.0 + 72 * (0.5 + 3.2))
    assert all_of_it.met is False
    assert "extrapolated from 6 months" in all_of_it.note
    assert "all months lived" in rows["72 months of roadmap and baseline, share 0.05"].note
    assert rows["peak memory, share 1"].met
    assert rows["peak memory, share 0.2"].met is None
    assert "energy 5.000 s, mobility 3.000 s" in rows["a month of roadmap and baseline, share 1"].note
    growth = rows["growth of a month's cost with the citizens (1 is linear)"]
    assert growth.figure == pytest.approx(1.0)
    assert growth.met


def test_noise_is_not_taken_for_growth() -> None:
    found = [lived(s, 6, 4e-6) for s in (0.02, 0.05, 0.2, 1.0)]
    found[0] = {**found[0], "months": [9.0] * 6}
    row = roadmap.growth(found)
    assert (row.figure, row.met) == (None, None)


def test_a_context_carries_its_options(tmp_path: Path) -> None:
    full = replace(context(tmp_path), quick=False)
    assert (context(tmp_path).size(1, 2), full.size(1, 2)) == (1, 2)
    assert full.seconds(lambda: None) == TICK
