"""The server: its routes, their bounds, and the line it prints when it serves.

No route takes the name of a file; numbers and names that clients send are checked against what exists.
"""

from __future__ import annotations

import ctypes
import json
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from nicegui import ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from sim import City, InputError, Kept, RebondError, RunError, Scenario
from sim.errors import Fault
from sim.live import rights as doors
from sim.live.page import facilitator_page
from sim.live.proposals import LONGEST_TITLE, MOST_MONEY, menu, told
from sim.live.sentences import translated
from sim.live.session import document
from sim.live.site import Site
from sim.live.view import branch_name, map_values
from sim.live.words import kind_title, month_text, words

#: Longest body of a participant's post [bytes].
LONGEST_POST = 2000
#: How long a branch's Python may keep the page's event loop waiting at a time [s]; the default is five times that.
SWITCH = 0.001
LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
GUEST = "rebond_guest"
#: Values change every month, and packing them takes longer than sending them.
PLAIN = {"Cache-Control": "no-store", "Content-Encoding": "identity"}


def serve(
    path: Path,
    scenario: Scenario,
    open_city: Callable[[], tuple[City, Kept]],
    *,
    port: int,
    browser: bool,
    share: bool,
    people: float | None,
    say: Callable[[str], None],
) -> None:
    """Serve a workshop until it is interrupted. Raises InputError when the port is taken."""
    keep_memory()
    sys.setswitchinterval(SWITCH)
    host = "0.0.0.0" if share else "127.0.0.1"
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        fault = Fault("--port", f"{port}: {error.strerror or error}", "a free port, or 0 for any")
        raise InputError(fault) from error
    port = listener.getsockname()[1]
    name = _own_address() if share else "127.0.0.1"
    rights = doors.Rights(share)
    site = Site(scenario, path, rights, f"http://{name}:{port}", people)
    waking = threading.Thread(target=site.wake, args=(open_city,), name="waking", daemon=True)
    waking.start()
    app = build(site, [*LOCAL_HOSTS, name] if share else LOCAL_HOSTS)
    local = f"http://127.0.0.1:{port}"

    def ready() -> None:
        if share:
            say(f"Room: {site.address}/room   code {rights.room}")
            say(f"Facilitator elsewhere: {site.address}   code {rights.facilitator}")
        print(f"ready {local}", flush=True)
        if browser:
            webbrowser.open(local)

    try:
        _Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2, ws_max_size=1_000_000), ready).run(
            [listener]
        )
    except KeyboardInterrupt:
        pass
    finally:
        site.close()
        listener.close()
    if site.error and site.workshop is None:
        raise RunError(site.error)


def keep_memory() -> None:
    """Have the C library keep freed memory for the next month (glibc; elsewhere nothing happens).

    It would hand large arrays back to the system and fetch them again page by page: at full population a copy of the state took 0.8 s
    instead of 0.04, a month of energy 0.9 s instead of 0.6, for the same peak.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for option, value in (
        (-8, 1),
        (-3, 1 << 30),
        (-1, (1 << 31) - 1),
    ):  # M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
        mallopt(option, value)


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self.ready()


def _own_address() -> str:
    """This machine's address in its network: the one that packets to elsewhere would leave from (none is sent)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: connecting a datagram socket sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def build(site: Site, hosts: list[str]) -> FastAPI:
    """The application of a site."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    _map_routes(app, site)
    _room_routes(app, site)
    _door_routes(app, site)

    @app.get("/session.html")
    def session() -> Response:
        if site.workshop is None:
            return Response(status_code=503)
        name = {"Content-Disposition": 'attachment; filename="rebond-session.html"'}
        return HTMLResponse(document(site), headers=name)

    @ui.page("/", title="Rebond", language="en-US")
    def facilitator() -> None:
        facilitator_page(site)

    ui.run_with(app, title="Rebond", show_welcome_message=False, reconnect_timeout=30.0)
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=1)
    app.add_middleware(doors.Guard, rights=site.rights)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    return app


def _map_routes(app: FastAPI, site: Site) -> None:
    @app.get("/map/geometry")
    def shape() -> Response:
        return Response(site.shape, media_type="application/octet-stream", status_code=200 if site.shape else 503)

    @app.get("/map/values")
    def values(
        branch: Annotated[int, Query(ge=0, le=100_000)],
        month: Annotated[int, Query(ge=0, le=100_000)],
        against: Annotated[int, Query(ge=-1, le=100_000)] = -1,
        link: Annotated[str, Query(max_length=40)] = "",
        district: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        if site.workshop is None:
            return Response(status_code=503)
        try:
            body = map_values(site.workshop, branch, against, month, link, district)
        except RebondError as error:
            return Response(str(error), status_code=404)
        return Response(body, media_type="application/octet-stream", headers=PLAIN)


def _room_routes(app: FastAPI, site: Site) -> None:
    page = files("sim.live").joinpath("room.html").read_text("utf-8")

    @app.get("/room")
    def room() -> Response:
        return HTMLResponse(page)

    @app.get("/room/state")
    def state(request: Request, language: Annotated[str, Query(pattern="^(en|fr)$")] = "en") -> Response:
        who = request.cookies.get(GUEST, "")
        if not site.room.known(who):
            return JSONResponse({"enter": True, "code": site.rights.share, "words": words(language)})
        return JSONResponse({**_room_state(site, language), "mine": site.room.given(who)})

    @app.get("/room/offers")
    def offers(language: Annotated[str, Query(pattern="^(en|fr)$")] = "en") -> Response:
        places = list(site.workshop.city.district_names) if site.workshop is not None else []
        return JSONResponse({"kinds": menu(language), "districts": places, "title": LONGEST_TITLE, "money": MOST_MONEY})

    @app.post("/room/{action}")
    async def post(
        action: str, request: Request, language: Annotated[str, Query(pattern="^(en|fr)$")] = "en"
    ) -> Response:
        length = request.headers.get("content-length", "")
        if (
            action not in ("enter", "vote", "rate", "propose", "judge")
            or not length.isdecimal()
            or int(length) > LONGEST_POST
        ):
            return _refused("not understood", 400, language)
        try:
            given = json.loads(await request.body())
            return _posted(site, action, request.cookies.get(GUEST, ""), dict(given), language)
        except RunError as error:
            return _refused(str(error), 429 if "too many" in str(error) else 403, language)
        except (ValueError, TypeError, KeyError):
            return _refused("not understood", 400, language)


def _refused(why: str, status: int, language: str) -> Response:
    """An answer that says why, for programs and in the participant's language."""
    return JSONResponse({"error": why, "said": translated(why, language)}, status)


def _posted(site: Site, action: str, who: str, given: dict[str, Any], language: str) -> Response:
    if action == "enter":
        if site.room.known(who):
            return JSONResponse({"ok": True})
        if site.rights.share and not site.rights.accepts(str(given.get("code", ""))[:64], site.rights.room):
            return _refused("code", 403, language)
        answer = JSONResponse({"ok": True})
        answer.set_cookie(GUEST, site.room.enter(), httponly=True, samesite="strict")
        return answer
    if site.workshop is None:
        return _refused("not yet", 503, language)
    if action == "propose":
        site.room.propose(who, given, site.workshop.city.n_districts)
    elif action == "judge":
        site.room.judge(who, int(given["proposal"]), int(given["value"]))
    elif action == "vote":
        site.room.vote(who, str(given["measure"])[:80], int(given["value"]), _measures(site))
    else:
        site.room.rate(who, int(given["branch"]), int(given["value"]), frozenset(site.workshop.branches))
    return JSONResponse({"ok": True})


def _measures(site: Site) -> frozenset[str]:
    """Ids of every measure that some branch knows and that may be decided on."""
    if site.workshop is None:
        return frozenset()
    return frozenset(one.id for b in site.workshop.branches.values() for one in b.scenario.rows if not one.committed)


def _room_state(site: Site, language: str) -> dict[str, Any]:
    workshop = site.workshop
    if workshop is None:
        return {"waiting": True, "words": words(language)}
    measures = {one.id: one for b in workshop.branches.values() for one in b.scenario.rows if not one.committed}
    say, names = words(language), workshop.city.district_names
    proposals = [p for p in site.room.ranked() if not p.hidden]
    return {
        "words": say, "month": month_text(workshop.shown, language), "open": site.room.open,
        "measures": [{"id": i, "kind": kind_title(one.measure.kind, language)} for i, one in measures.items()],
        "branches": [{"number": n, "name": branch_name(workshop, n, language)} for n in workshop.branches if n != 0],
        "proposals": [{"number": p.number, "title": p.title, "what": told(p, names, language, say["everywhere"])} for p in proposals],
    }  # fmt: skip


def _door_routes(app: FastAPI, site: Site) -> None:
    @app.get("/enter")
    def ask() -> Response:
        return doors.entry()

    @app.post("/enter")
    async def answer(request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LONGEST_POST:
            return Response(status_code=400)
        given = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=3)
        return doors.entered(site.rights, given.get("code", [""])[0])
