"""The command and its server without a browser: one line, rights, bounds, faults, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, build_opener

import numpy as np
import pytest

from sim.errors import RunError
from sim.live.proposals import MOST_EACH, MOST_PROPOSALS
from sim.live.rights import COOKIE, Guard, Rights
from sim.live.room import MOST_PARTICIPANTS, POSTS_IN_TEN_SECONDS, Room
from tests.live.served import ROOT, Served


def ask(address: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes, Any]:
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with build_opener().open(Request(address + path, data, headers), timeout=60) as answer:
            return answer.status, answer.read(), answer.headers
    except HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


def enter(address: str) -> str:
    _, _, headers = ask(address, "/room/enter", {})
    return str(headers["Set-Cookie"].split(";")[0])


def test_map_values_are_the_months(served: str) -> None:
    status, body, _ = ask(served, "/map/geometry")
    assert status == 200
    size = int.from_bytes(body[:4], "little")
    head = json.loads(body[4 : 4 + size])
    assert head["linkCount"] == 168
    for name, kind, start, length in head["arrays"]:
        assert start % 4 == 0, name
        assert start + length * int(kind[1]) <= len(body), name
    grid = next(a for a in head["arrays"] if a[0] == "grid")
    places = np.frombuffer(body, "<u2", grid[3], grid[2])
    assert set(range(9)) <= set(places.tolist())
    month = 2020 * 12 + 11
    _, values, _ = ask(served, f"/map/values?branch=1&month={month}&link=load&district=jobs")
    counts = np.frombuffer(values, "<u4", 4)
    assert counts.tolist() == [168, 9, 2, 27]
    assert len(values) == 16 + 4 * counts.sum()
    _, values, _ = ask(served, f"/map/values?branch=1&month={month}&link=bike")
    assert np.frombuffer(values, "<f4", 168, 16).sum() > 100.0  # bicycles a day on links


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/map/values?branch=99&month=24251", 404),
        ("/map/values?branch=-5&month=24251", 422),
        ("/map/values?branch=x&month=24251", 422),
        ("/map/values?branch=1&month=24251&link=" + "x" * 99, 422),
        ("/room/state?language=de", 422),
        ("/../../../../etc/passwd", 404),
        ("/_nicegui/%2e%2e/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/docs", 404),
        ("/openapi.json", 404),
    ],
)
def test_what_is_not_understood_is_refused(served: str, path: str, status: int) -> None:
    found, body, _ = ask(served, path)
    assert found == status
    assert b"root:" not in body


def test_another_host_name_is_refused(served: str) -> None:
    """A page elsewhere whose name is bound to 127.0.0.1 reaches nothing."""
    assert ask(served, "/room", Host="evil.example")[0] == 400


def test_posts_are_bounded(served: str) -> None:
    guest = enter(served)
    vote = {"measure": "parking", "value": 1}
    assert ask(served, "/room/vote", vote)[0] == 403  # nobody
    assert ask(served, "/room/vote", vote, Cookie=guest)[0] == 200
    for wrong in ({"measure": "nothing", "value": 1}, {"measure": "parking", "value": 7}):
        assert ask(served, "/room/vote", wrong, Cookie=guest)[0] == 403
    for broken in (b"{", b"[]", b"3", b'{"value": 1}'):
        assert ask(served, "/room/vote", broken, Cookie=guest)[0] == 400
    assert ask(served, "/room/vote", b"x" * 3000, Cookie=guest)[0] == 400
    assert ask(served, "/room/steer", {}, Cookie=guest)[0] == 400
    _, body, _ = ask(served, "/room/state", Cookie=guest)
    state = json.loads(body)
    assert state["mine"] == {"parking": 1}
    assert "chargers" not in [m["id"] for m in state["measures"]]  # committed: not up for a vote


def idea(**other: Any) -> dict[str, Any]:
    return {"title": "Rues <b>calmes</b>", "kind": "speed_limit", "amount": 30, "district": 4, "money": 0} | other


def test_proposals_are_bounded_and_others_judge_them(served: str) -> None:
    guest, other = enter(served), enter(served)
    assert ask(served, "/room/propose", idea())[0] == 403  # nobody
    for wrong in (
        {"title": " \n "}, {"title": "\u202e"}, {"kind": "low_emission_zone"}, {"kind": "__class__"}, {"amount": 31000},
        {"amount": float("nan")}, {"district": 9}, {"district": -2}, {"money": -1}, {"money": 1e9},
        {"kind": "transit_fare", "amount": -20, "district": 1},
    ):  # fmt: skip
        assert ask(served, "/room/propose", idea(**wrong), Cookie=guest)[0] == 403, wrong
    for broken in (b"{}", b'{"title": "x", "kind": "speed_limit", "amount": "many"}'):
        assert ask(served, "/room/propose", broken, Cookie=guest)[0] == 400
    assert ask(served, "/room/propose", idea(title="x" * 500), Cookie=guest)[0] == 200
    assert ask(served, "/room/propose", idea(), Cookie=guest)[0] == 200
    there = {p["title"]: p for p in json.loads(ask(served, "/room/state?language=fr", Cookie=other)[1])["proposals"]}
    mine = there["Rues <b>calmes</b>"]  # text: pages write it as text
    assert mine["what"] == "Limite de vitesse · Vitesse limite\u202f: 30 km/h · D4"
    assert "x" * 80 in there
    number = mine["number"]
    assert ask(served, "/room/judge", {"proposal": number, "value": 1}, Cookie=other)[0] == 200
    assert ask(served, "/room/judge", {"proposal": 99, "value": 1}, Cookie=other)[0] == 403
    assert ask(served, "/room/judge", {"proposal": number, "value": 5}, Cookie=other)[0] == 403
    assert ask(served, "/room/judge", {"proposal": "2x", "value": 1}, Cookie=other)[0] == 400
    state = json.loads(ask(served, "/room/state?language=fr", Cookie=other)[1])
    order = [p["title"] for p in state["proposals"]]
    assert order.index("Rues <b>calmes</b>") < order.index("x" * 80)  # the more wanted first
    assert state["mine"] == {f"p{number}": 1}
    _, body, _ = ask(served, "/session.html")
    assert b"Rues &lt;b&gt;calmes&lt;/b&gt;" in body
    assert b"<b>calmes" not in body
    assert b"1 for" in body
    _, body, _ = ask(served, "/room/offers?language=fr")
    assert {"speed_limit", "bike_subsidy"} <= {k["kind"] for k in json.loads(body)["kinds"]}


def test_a_room_full_of_proposals_takes_no_more() -> None:
    room = Room()
    phones = [room.enter() for _ in range(30)]
    for who in phones[: MOST_PROPOSALS // MOST_EACH]:
        for _ in range(MOST_EACH):
            room.propose(who, idea(), 9)
        with pytest.raises(RunError, match="no more"):
            room.propose(who, idea(), 9)
    with pytest.raises(RunError, match="no more"):
        room.propose(phones[-1], idea(), 9)
    room.hide(1, True)
    assert room.ranked()[-1].number == 1
    with pytest.raises(RunError, match="no such proposal"):
        room.judge(phones[-1], 1, 1)


def test_a_phone_that_hammers_is_slowed_down() -> None:
    room, measures = Room(), frozenset({"a"})
    who = room.enter()
    for _ in range(POSTS_IN_TEN_SECONDS):
        room.vote(who, "a", 1, measures)
    with pytest.raises(RunError, match="too many"):
        room.vote(who, "a", -1, measures)
    assert room.tally() == {"a": (1, 0)}
    other = room.enter()
    room.rate(other, 1, 4, frozenset({1}))
    assert room.mean_ratings() == {1: (4.0, 1)}
    assert room.voters() == 2
    for _ in range(MOST_PARTICIPANTS - 2):
        room.enter()
    with pytest.raises(RunError, match="full"):
        room.enter()


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("client", "cookie", "path", "passes"),
    [
        ("127.0.0.1", "", "/", True),
        ("10.0.0.9", "", "/", False),
        ("10.0.0.9", "right", "/", True),
        ("10.0.0.9", "wrong", "/session.html", False),
        ("10.0.0.9", "", "/_nicegui_ws/socket.io", False),
        ("10.0.0.9", "", "/room", True),
        ("10.0.0.9", "", "/room/vote", True),
        ("10.0.0.9", "", "/roomy", False),
    ],
)
def test_only_the_facilitator_steers(kind: str, client: str, cookie: str, path: str, passes: bool) -> None:
    rights = Rights(share=True)
    reached, sent = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def send(message: Any) -> None:
        sent.append(message)

    value = rights.token if cookie == "right" else "x" * 32
    headers = [(b"cookie", f"{COOKIE}={value}".encode())] if cookie else []
    scope = {"type": kind, "path": path, "client": (client, 1), "headers": headers, "method": "GET"}
    asyncio.run(Guard(app, rights)(scope, None, send))
    assert bool(reached) == passes
    assert bool(sent) != passes


def test_wrong_codes_are_slowed_down() -> None:
    rights = Rights(share=True)
    assert rights.accepts(f" {rights.room.upper()} ", rights.room)
    for _ in range(30):
        assert not rights.accepts("nope", rights.room)
    assert not rights.accepts(rights.room, rights.room)


def command(town: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", "live", *arguments, "--no-browser"], cwd=town, capture_output=True, text=True, timeout=120,
        check=False, env={"PATH": "/usr/bin:/bin", "REBOND_CACHE": str(town), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_a_taken_port_and_a_bad_roadmap_are_said_once(town: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command(town, "roadmap.yaml", "--port", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert f"--port: found {port}" in done.stderr
    (town / "bad.yaml").write_text(
        (town / "roadmap.yaml").read_text("utf-8").replace("area: centre", "area: moon"), "utf-8"
    )
    done = command(town, "bad.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "moon" in done.stderr
    assert command(town, "roadmap.yaml", "--port", "70000").returncode == 2


def listening(address: str) -> set[str]:
    """Addresses that this port is bound to, as the system tells them."""
    port = f"{int(address.rpartition(':')[2]):04X}"
    rows = [line.split() for file in ("tcp", "tcp6") for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[1].endswith(f":{port}")}


ALONE, EVERYWHERE = "0100007F", "00000000"


def test_it_is_for_this_machine_unless_shared(served: str) -> None:
    assert listening(served) == {ALONE}


def gone(server: Served) -> None:
    """Nothing of it is left."""
    for _ in range(100):  # a helper of the standard library ends when it hears that its parent has
        if not server.left():
            return
        time.sleep(0.1)
    pytest.fail(f"left behind: {server.left()}")


def test_closing_leaves_no_process(town: Path) -> None:
    server = Served(town / "roadmap.yaml", town)
    address = server.ready()
    assert ask(address, "/room")[0] == 200
    assert server.stop(signal.SIGINT) == 0
    gone(server)


def test_sharing_asks_for_codes_and_ends_as_well(town: Path) -> None:
    """Phones need the room's code, which is said once; it opens nothing of the facilitator's."""
    server = Served(town / "roadmap.yaml", town, "--share")
    address = server.ready()
    assert listening(address) == {EVERYWHERE}
    room, facilitator = (line.split()[-1] for line in server.said().splitlines() if "code" in line)
    assert room != facilitator
    for wrong in ({}, {"code": "nope"}, {"code": facilitator}, {"code": ["x"]}):
        assert ask(address, "/room/enter", wrong)[0] == 403, wrong
    status, _, headers = ask(address, "/room/enter", {"code": room})
    assert status == 200
    assert {"HttpOnly", "SameSite=strict"} <= set(headers["Set-Cookie"].split("; "))
    assert json.loads(ask(address, "/room/state")[1])["code"] is True
    assert server.stop(signal.SIGTERM) == 0
    gone(server)
