"""The workshop: from the command to the first map, from a decision to the changed map, refreshes of a large map, a room that votes.

Needs Debian's Chromium and Playwright. Everything is timed as a facilitator sees it: from the click until the map has drawn the answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np

from experiments.benchmarks.context import Context
from experiments.benchmarks.processes import ROOT
from experiments.benchmarks.rows import Promise, Row, measured

CHROMIUM = Path("/usr/bin/chromium")
SHARE = 0.02
ROADMAP = "toulouse_2021_2026.yaml"
LEVER = "bicycle-aid"
#: A facilitator looks at a map before the next decision [s]; at full population months take longer to be lived ahead.
PAUSE, LONG_PAUSE = 2.0, 12.0
SIZE = {"width": 1600, "height": 900}
LINKS, DISTRICTS = 110_000, 1000
VOTERS = 50
#: Refreshes timed: every one with other values of all links and districts, drawn before the next begins.
FRAMES = 120
LOOP = """async ([links, districts, frames]) => {
  const map = document.getElementById('map').cityMap, model = map.model, seconds = [];
  for (let f = -10; f < frames; f++) {
    const a = Float32Array.from({length: links}, (_, i) => (i * 7 + f * 13) % 120);
    const b = Float32Array.from({length: districts}, (_, i) => (i + f) % 10);
    await new Promise(requestAnimationFrame);
    const clock = performance.now();
    model.traits.districts = b.buffer;
    model.set('links', a.buffer);
    map.context.getImageData(0, 0, 1, 1);
    if (f >= 0) seconds.push((performance.now() - clock) / 1000);
  }
  const clock = performance.now();
  for (let f = 0; f < frames; f++) { map.links[f] = 50 + f; map.recolour(); await new Promise(requestAnimationFrame); }
  return {one: seconds, rate: frames / ((performance.now() - clock) / 1000), raster: map.rasterSeconds};
}"""


def run(context: Context) -> list[Row]:
    """All promises of the workshop."""
    if not CHROMIUM.exists():
        return [Row(f"the workshop: no browser at {CHROMIUM}", "", None)]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        try:
            return [*refreshes(browser), *workshop(context, browser), *whole(context, browser)]
        finally:
            browser.close()


def refreshes(browser: Any) -> list[Row]:
    """A map of 110,000 links and 1,000 districts, 1600x900, in the software renderer."""
    pages = {
        "/": b"<!doctype html><div id=map style='width:1600px;height:900px'></div>", "/shape": large_city(),
        "/citymap.js": files("sim.live").joinpath("citymap.js").read_bytes(),
    }  # fmt: skip
    with serving(pages) as address:
        page = browser.new_page(viewport=SIZE)
        page.goto(address)
        page.evaluate("""async () => {
          const made = await import('/citymap.js'), traits = {look: {link: {label: 'load', unit: '%', low: 0, high: 120, palette: 'heat'},
            district: {label: 'share', unit: '%', low: 0, high: 10, palette: 'cividis'}}}, heard = {};
          traits.geometry = await (await fetch('/shape')).arrayBuffer();
          const model = {traits, get: n => traits[n], on: (e, f) => (heard[e] = f), save_changes() {},
            set(n, v) { traits[n] = v; heard['change:' + n]?.(); }};
          made.default.render({model, el: document.getElementById('map')});
        }""")
        found = page.evaluate(LOOP, [LINKS, DISTRICTS, FRAMES])
        page.close()
    return [
        Row("map refreshes a second, 110,000 links, 1,000 districts, 1600x900", "1/s", found["rate"], higher_is_better=True,
            samples=FRAMES, promise=Promise(20.0), note="sustained over 120, headless software renderer; values change every time"),
        measured("one refresh, new values of every link and district", "s", found["one"]),
        measured("drawing the streets anew after a zoom", "s", [found["raster"]]),
    ]  # fmt: skip


def large_city() -> bytes:
    """A square grid of streets as the map's block of bytes."""
    side = 166
    i, j = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    node = (i * side + j).ravel()
    across, along = node[j.ravel() < side - 1], node[i.ravel() < side - 1]
    tail, head = np.concatenate([across, along]), np.concatenate([across + 1, along + side])
    edges = len(tail)
    keep = LINKS // 2
    x, y = (node // side) * 100.0, (node % side) * 100.0
    edge = np.tile(np.arange(edges)[:keep], 2)
    kind = np.tile(np.where(np.arange(edges) % 11 == 0, 0, np.where(np.arange(edges) % 4 == 0, 1, 2))[:keep], 2)
    grid = (np.arange(700 * 700) // 490).reshape(700, 700) % DISTRICTS
    arrays = {
        "shapeX": ("f4", np.column_stack([x[tail], x[head]]).ravel()), "shapeY": ("f4", np.column_stack([y[tail], y[head]]).ravel()),
        "first": ("i4", np.arange(edges) * 2), "count": ("i4", np.full(edges, 2)), "edge": ("i4", edge), "kind": ("u1", kind),
        "reversed": ("u1", np.arange(len(edge)) >= keep), "centreX": ("f4", np.zeros(DISTRICTS)), "centreY": ("f4", np.zeros(DISTRICTS)),
        "jobs": ("f4", np.ones(DISTRICTS)), "waterX": ("f4", np.zeros(0)), "waterY": ("f4", np.zeros(0)), "waterEnd": ("u1", np.zeros(0)),
        "grid": ("u2", grid),
    }  # fmt: skip
    head_part = {
        "box": [0.0, 0.0, side * 100.0, side * 100.0], "linkCount": len(edge), "districtCount": DISTRICTS, "gridSide": [700, 700],
        "gridCell": side * 100.0 / 700, "districtNames": [str(d) for d in range(DISTRICTS)], "synthetic": True, "labels": [],
        "lineModes": [], "lineNames": [], "lineStops": [],
    }  # fmt: skip
    return packed(head_part, arrays)


def packed(head: dict[str, Any], arrays: dict[str, tuple[str, Any]]) -> bytes:
    """The format that citymap.js reads: length of the head, the head as JSON, then arrays that begin at multiples of four."""
    blocks = {name: (kind, np.ascontiguousarray(a, f"<{kind}").tobytes()) for name, (kind, a) in arrays.items()}
    start, places = 1 << 17, []
    body = b""
    for name, (kind, block) in blocks.items():
        places.append([name, kind, start + len(body), len(block) // int(kind[1])])
        body += block + b"\0" * (-len(block) % 4)
    text = json.dumps(head | {"arrays": places}).encode().ljust(start - 4)
    return len(text).to_bytes(4, "little") + text + body


@contextmanager
def serving(pages: dict[str, bytes]) -> Iterator[str]:
    """These pages on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(200 if body is not None else 404)
            kind = (
                "text/javascript"
                if self.path.endswith(".js")
                else "text/html"
                if self.path == "/"
                else "application/octet-stream"
            )
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def live(context: Context, city: str, people: float) -> Iterator[tuple[str, float]]:
    """``rebond live`` on the shipped roadmap: its address, and when the command was given."""
    path = context.scratch / ROADMAP
    path.write_bytes(files("scenarios").joinpath(ROADMAP).read_bytes())
    clock = context.clock()
    command = [sys.executable, "-m", "sim.cli", "live", str(path), "--no-browser", "--port", "0"]
    command += ["--people", str(people), "--city", city]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1], clock
    finally:
        process.terminate()
        process.wait(timeout=60)


def workshop(context: Context, browser: Any) -> list[Row]:
    """The replica at workshop share."""
    with live(context, context.city, SHARE) as (address, _):  # the eve and the compiled kernels are kept from here on
        ready(browser, address)[0].close()
    first, seen = [], Seen()
    for _ in range(context.size(1, 3)):
        with live(context, context.city, SHARE) as (address, clock):
            page, _ = ready(browser, address)
            first.append(context.clock() - clock)
            decide(page, seen, context.size(2, 4), PAUSE)
            voted, seconds, answers = vote(context, address)
            page.close()
    share = f"share {SHARE:g}"
    return [
        measured("from the command to the first map", "s", first, promise=Promise(6.0), note="eve and kernels cached"),
        measured("a month while playing, roadmap and baseline", "s", seen.played, promise=Promise(0.3), note=f"{share}; {PLAYED} months"),
        measured("from a click on the next month to its map, click after click", "s", seen.steps, note="the baseline follows"),
        measured("the same, after a pause", "s", seen.rested, note="the month has been lived ahead"),
        measured("from a fork to its first map", "s", seen.forks, promise=Promise(1.0)),
        measured("from a lever to the first changed map", "s", seen.levers, promise=Promise(1.0), note=f"{PAUSE:g} s after the last"),
        measured("from a lever to the first changed map, pulled at once", "s", seen.hasty, note="while other months are lived ahead"),
        measured(f"{VOTERS} participants voting", "s", [seconds], promise=Promise(10.0), note=f"{voted} votes counted"),
        measured("answers of the page meanwhile", "s", answers, promise=Promise(0.5)),
    ]  # fmt: skip


def whole(context: Context, browser: Any) -> list[Row]:
    """All citizens of the real city (``--real BUNDLE``). Its eve takes minutes, once."""
    if context.real is None:
        return [Row("lever to map, all citizens of the real city: give --real BUNDLE", "", None)]
    seen = Seen()
    with live(context, str(Path(context.real).resolve()), 1.0) as (address, _):
        page, _ = ready(browser, address)
        decide(page, seen, context.size(2, 4), LONG_PAUSE)
    return [
        measured("real city, all citizens: from a lever to the first changed map", "s", seen.levers, promise=Promise(3.0)),
        measured("real city, all citizens: from a fork to its first map", "s", seen.forks, promise=Promise(3.0)),
        measured("real city, all citizens: the next month's map, click after click", "s", seen.steps),
    ]  # fmt: skip


@dataclass
class Seen:
    """Seconds from a click to the map drawn."""

    played: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    rested: list[float] = field(default_factory=list)
    forks: list[float] = field(default_factory=list)
    levers: list[float] = field(default_factory=list)
    hasty: list[float] = field(default_factory=list)


def decide(page: Any, seen: Seen, rounds: int, pause: float) -> None:
    """Months, a fork, and a lever switched off and on again."""
    if pause == PAUSE:
        seen.played.append(play(page))
    until_changed(page, "[data-do=step]")  # nothing has been lived ahead after it
    seen.steps += [until_changed(page, "[data-do=step]") for _ in range(rounds + 2)]
    for _ in range(rounds):
        time.sleep(pause)
        seen.rested.append(until_changed(page, "[data-do=step]"))
    time.sleep(pause)
    seen.forks.append(until_changed(page, "[data-do=fork]"))
    page.wait_for_selector(f"[data-switch={LEVER}]")
    for _ in range(rounds):
        time.sleep(pause)
        seen.levers.append(until_changed(page, f"[data-switch={LEVER}]", months=1))
    page.wait_for_timeout(300)
    seen.hasty.append(until_changed(page, f"[data-switch={LEVER}]", months=1))


def ready(browser: Any, address: str) -> tuple[Any, str]:
    """A page that shows a map."""
    page = browser.new_page(viewport=SIZE)
    page.set_default_timeout(1_800_000)  # the eve of all citizens of a real city
    page.goto(address)
    page.wait_for_selector("[data-shown]")
    return page, address


PLAYED = 10
PLAY = """(months) => new Promise((done) => {
  const map = document.querySelector("[data-shown]");
  const month = () => +new URLSearchParams(map.dataset.shown.split("?")[1]).get("month");
  let first = month(), clock = 0;
  const look = () => {
    if (!clock && month() > first) [first, clock] = [month(), performance.now()];
    if (clock && month() >= first + months) done((performance.now() - clock) / 1000 / (month() - first));
    else requestAnimationFrame(look);
  };
  look();
})"""


def play(page: Any) -> float:
    """Seconds a month while the city plays as fast as the page lets it (five months a second at most)."""
    page.locator(".head .q-select").click()
    page.locator(".q-menu .q-item").last.click()
    page.click("[data-do=play]")
    seconds = float(page.evaluate(PLAY, PLAYED))
    page.click("[data-do=play]")
    return seconds


CLICK = """([button, months]) => new Promise((done) => {
  const map = document.querySelector("[data-shown]"), old = map.dataset.shown, clock = performance.now();
  const month = (address) => +new URLSearchParams(address.split("?")[1]).get("month");
  const look = () => {
    const now = map.dataset.shown;
    if (now !== old && month(now) >= month(old) + months) done((performance.now() - clock) / 1000);
    else requestAnimationFrame(look);
  };
  document.querySelector(button).click();
  look();
})"""


def until_changed(page: Any, button: str, months: int = 0) -> float:
    """Seconds from a click until the map has drawn other values (of a later month, where ``months`` says so), by the page's own clock."""
    return float(page.evaluate(CLICK, [button, months]))


def vote(context: Context, address: str) -> tuple[int, float, list[float]]:
    """Votes counted, seconds they took in all, and seconds of other requests answered meanwhile."""
    answers: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            answers.append(context.seconds(lambda: urlopen(f"{address}/room/state", timeout=30).read()))
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    clock = context.clock()
    with ThreadPoolExecutor(VOTERS) as pool:
        counted = sum(pool.map(lambda _: one_voter(address), range(VOTERS)))
    seconds = context.clock() - clock
    done.set()
    watcher.join()
    return counted, seconds, answers


def one_voter(address: str) -> int:
    """Enter, vote for three measures. Returns the votes that were counted."""
    with urlopen(Request(f"{address}/room/enter", b"{}"), timeout=30) as answer:
        cookie = answer.headers["Set-Cookie"].split(";")[0]
    for name in ("lez", "parking", "calm-centre"):
        body = json.dumps({"measure": name, "value": 1}).encode()
        with urlopen(Request(f"{address}/room/vote", body, {"Cookie": cookie}), timeout=30) as answer:
            answer.read()
    with urlopen(Request(f"{address}/room/state", headers={"Cookie": cookie}), timeout=30) as answer:
        return len(json.loads(answer.read())["mine"])
