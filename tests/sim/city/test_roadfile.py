"""Networks and trips from TNTP and GMNS files: what is read, what is said of faults, with their lines."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.city import gmns, tntp
from sim.errors import Fault, InputError

NET = """<NUMBER OF ZONES> 2
<number  of nodes>\t4\t
<FIRST THRU NODE> 3
<NUMBER OF LINKS> 4
<ORIGINAL HEADER>~ anything ;
<END OF METADATA>

~ \tinit_node\tterm_node\tcapacity\tlength\tfree_flow_time\tb\tpower\tspeed\ttoll\tlink_type\t;
\t1\t3\t0\t2.5\t0\t0.15\t4\t0\t0\t1\t;
3 4 1e3 1 1.0e0 .15 4.5 50 12 2;
  3 4 800 1 2 0 0

4\t2\t9.\t0\t0\t0\t0\t0\t0\tconnector\t;
"""
TRIPS = """<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 30.5
<END OF METADATA>
Origin \t1
  1 : 0.5; 2 :\t30 ;
~ a comment
Origin 2
1:0;
"""


def written(folder: Path, net: str = NET, trips: str = TRIPS) -> tuple[Path, Path]:
    paths = folder / "x_net.tntp", folder / "x_trips.tntp"
    paths[0].write_text(net)
    paths[1].write_text(trips)
    return paths


def test_what_a_tntp_file_holds(tmp_path: Path) -> None:
    net, trips = written(tmp_path)
    network = tntp.read_network(net)
    assert (network.n_nodes, network.zones, network.listed) == (4, ("1", "2"), 4)
    assert network.init == ("1", "3", "3", "4")
    assert network.kind == ("1", "2", "1", "connector")
    np.testing.assert_array_equal(network.through, [False, False, True, True])
    np.testing.assert_array_equal(network.capacity, [0, 1000, 800, 9])
    np.testing.assert_array_equal(network.beta, [4, 4.5, 0, 0])
    np.testing.assert_array_equal(network.toll, [0, 12, 0, 0])
    table = tntp.read_trips(trips, network)
    np.testing.assert_array_equal(table.trips, [[0.5, 30.0], [0.0, 0.0]])
    assert table.notes == ()


def test_gzip_and_another_order_of_columns(tmp_path: Path) -> None:
    text = NET.split("~ \t")[0] + "~ term init capacity length fft b power\n3 1 5 1 2 .15 4;\n" * 1
    path = tmp_path / "net.tntp.gz"
    path.write_bytes(gzip.compress(text.replace("LINKS> 4", "LINKS> 1").encode()))
    network = tntp.read_network(path)
    assert (network.init, network.term) == (("1",), ("3",))


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("3 4 1e3", "3 9 1e3", 10, ["term_node", "'9'", "1 to 4"]),
        ("3 4 1e3", "3 4 many", 10, ["capacity", "'many'"]),
        ("3 4 1e3", "3 4 0", 10, ["capacity", "0 on a link"]),
        ("3 4 1e3", "3 4 -1", 10, ["capacity", "'-1'"]),
        ("3 4 800 1 2 0 0", "3 4 800 1 2 0", 11, ["6 columns"]),
        ("LINKS> 4", "LINKS> 5", 4, ["NUMBER OF LINKS", "4 links"]),
        ("ZONES> 2", "ZONES> 9", 1, ["NUMBER OF ZONES", "at most"]),
        ("ZONES> 2", "ZONES> two", 1, ["NUMBER OF ZONES", "'two'"]),
        ("<END OF METADATA>", "", 0, ["END OF METADATA"]),
        (".15 4.5", "nan 4.5", 10, ["b:", "'nan'"]),
    ],
)
def test_faults_of_a_network_name_line_and_column(
    tmp_path: Path, old: str, new: str, line: int, words: list[str]
) -> None:
    net, _ = written(tmp_path, NET.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        tntp.read_network(net)
    said = str(error.value)
    assert said.startswith(f"{net}:{line}:" if line else f"{net}:"), said
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("2 :\t30", "3 :\t30", 5, ["destination", "'3'", "1 to 2"]),
        ("2 :\t30", "2 : -1", 5, ["'-1'"]),
        ("2 :\t30", "2 30", 5, ["destination : trips"]),
        ("Origin \t1", "Origin 7", 4, ["Origin", "'7'"]),
        ("Origin \t1\n", "", 4, ["Origin n"]),
        ("ZONES> 2", "ZONES> 3", 1, ["2, as in the network"]),
    ],
)
def test_faults_of_trips_name_line_and_column(tmp_path: Path, old: str, new: str, line: int, words: list[str]) -> None:
    net, trips = written(tmp_path, trips=TRIPS.replace(old, new, 1))
    network = tntp.read_network(net)
    with pytest.raises(InputError) as error:
        tntp.read_trips(trips, network)
    said = str(error.value)
    assert said.startswith(f"{trips}:{line}:"), said
    assert all(word in said for word in words), said


def test_sums_that_differ_and_pairs_given_twice_are_told(tmp_path: Path) -> None:
    net, trips = written(tmp_path, trips=TRIPS.replace("30.5", "99").replace("1:0;", "1:4; 1 : 3;"))
    table = tntp.read_trips(trips, tntp.read_network(net))
    assert table.trips[1, 0] == 7.0
    assert "more than once" in table.notes[0]
    assert "99" in table.notes[1]


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_an_input_error_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("tntp")
    text = data.draw(st.sampled_from([NET, TRIPS]))
    a = data.draw(st.integers(0, len(text) - 1))
    b = data.draw(st.integers(a, min(len(text), a + 40)))
    text_after = text[:a] + data.draw(st.text(max_size=8)) + text[b:]
    net, trips = written(folder, *((text_after, TRIPS) if text is NET else (NET, text_after)))
    faults: tuple[Fault, ...] = ()
    try:
        tntp.read_trips(trips, tntp.read_network(net))
    except InputError as error:
        faults = error.faults
    assert all(fault.where.startswith(str(folder)) for fault in faults)


NODES = "node_id,x_coord,y_coord,zone_id,node_type\na,0,0,north,centroid\nb,0,1,,\nc,1,1,south,\nd,2,1,south,\n"
LINKS = (
    "link_id,from_node_id,to_node_id,directed,length,lanes,capacity,free_speed,allowed_uses,toll,vdf_alpha,vdf_beta\n"
    'L1,a,b,1,0.5,2,900,50,,,,\nL2,b,c,0,1,1,800,30,"auto,truck",2,0.2,3\nL3,b,d,1,1,,,30,bike,,,\n'
)


def gmns_files(folder: Path, links: str = LINKS, nodes: str = NODES) -> tuple[Path, Path]:
    paths = folder / "link.csv", folder / "node.csv"
    paths[0].write_text(links)
    paths[1].write_text(nodes)
    return paths


def test_what_gmns_files_hold(tmp_path: Path) -> None:
    network = gmns.read_network(*gmns_files(tmp_path))
    assert network.init[:4] == ("a", "b", "c", "b")  # L2 both ways
    np.testing.assert_allclose(network.free_time[:4], [0.6, 2.0, 2.0, 2.0])
    np.testing.assert_allclose(network.capacity[:3], [1800, 800, 800])
    np.testing.assert_allclose(network.alpha[:4], [0.15, 0.2, 0.2, 0.0])
    np.testing.assert_allclose(network.toll[:3], [0, 2, 2])
    assert network.zones == ("north", "south")
    assert network.listed == 4
    assert len(network.tail) == 8  # the two nodes of south are joined to its centroid, both ways
    assert [bool(network.through[n]) for n in (0, 1, 4)] == [False, True, False]
    assert any("BPR" in note for note in network.notes)
    assert any("unlimited" in note for note in network.notes)
    (tmp_path / "demand.csv").write_text("o_zone_id,d_zone_id,volume\nnorth,south,12.5\n")
    assert gmns.read_trips(tmp_path / "demand.csv", network).trips[0, 1] == 12.5


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("L2,b,c", "L2,b,z", ["link.csv:3", "to_node_id", "'z'"]),
        ("0.5,2,900,50", "0.5,2,900,", ["link.csv:2", "free_speed"]),
        ("0.5,2,900,50", "0.5,2,900,0", ["link.csv:2", "free_speed"]),
        ("0.5,2,900,50", "0.5,0,900,50", ["link.csv:2", "capacity"]),
        ("from_node_id", "origin", ["link.csv:1", "from_node_id"]),
    ],
)
def test_faults_of_gmns_links(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    with pytest.raises(InputError) as error:
        gmns.read_network(*gmns_files(tmp_path, LINKS.replace(old, new, 1)))
    assert all(word in str(error.value) for word in words), str(error.value)


def test_faults_of_gmns_nodes_and_trips(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="zone_id"):
        gmns.read_network(*gmns_files(tmp_path, nodes=NODES.replace("north", "").replace("south", "")))
    with pytest.raises(InputError, match="twice"):
        gmns.read_network(*gmns_files(tmp_path, nodes=NODES.replace("\nb,", "\na,")))
    network = gmns.read_network(*gmns_files(tmp_path))
    (tmp_path / "demand.csv").write_text("o_zone_id,d_zone_id,volume\nnorth,west,1\n")
    with pytest.raises(InputError, match=r"demand\.csv:2: d_zone_id: found 'west'"):
        gmns.read_trips(tmp_path / "demand.csv", network)
