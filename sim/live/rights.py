"""Who may do what: one small layer before every route and socket.

The facilitator's page, its sockets and its data are for this machine, and with ``--share`` for whoever gave the facilitator's code.
Participants have their own page under ``/room`` with a code of its own; nothing there steers the city.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse

COOKIE = "rebond_facilitator"
LOOPBACK = ("127.0.0.1", "::1")
#: Wrong codes a minute, from all together.
WRONG_A_MINUTE = 30
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  #: none is taken for another
ENTRY = (
    "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Rebond</title>"
    "<body style='font:20px system-ui;margin:3em auto;max-width:22em'><form method=post action=/enter>"
    "<label>Code <input name=code autofocus autocomplete=off style='font:inherit;width:100%'></label>"
    "<p><button style='font:inherit'>OK</button></form>"
)


def code(length: int = 8) -> str:
    """A code that can be read aloud."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


@dataclass
class Rights:
    """The codes of one workshop."""

    share: bool
    facilitator: str = field(default_factory=lambda: code(10))
    room: str = field(default_factory=lambda: code(6))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _wrong: deque[float] = field(default_factory=deque)

    def accepts(self, given: str, wanted: str) -> bool:
        """Compare a code in constant time; after too many wrong ones nobody is heard for a while."""
        now = time.monotonic()
        while self._wrong and self._wrong[0] < now - 60.0:
            self._wrong.popleft()
        if len(self._wrong) >= WRONG_A_MINUTE:
            return False
        right = hmac.compare_digest(given.strip().lower().encode(), wanted.encode())
        if not right:
            self._wrong.append(now)
        return right

    def is_facilitator(self, scope: Any) -> bool:
        """This machine, or somebody who gave the code."""
        client = scope.get("client")
        if not self.share or (client and client[0] in LOOPBACK):
            return True
        header = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
        try:
            given = SimpleCookie(header).get(COOKIE)
        except CookieError:
            return False
        return given is not None and hmac.compare_digest(given.value.encode(), self.token.encode())


class Guard:
    """ASGI layer that keeps participants and strangers off the facilitator's page."""

    def __init__(self, app: Any, rights: Rights) -> None:
        self.app, self.rights = app, rights

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on, or answer here."""
        path = scope.get("path", "")
        free = (
            scope["type"] not in ("http", "websocket")
            or path == "/enter"
            or path == "/room"
            or path.startswith("/room/")
        )
        if free or self.rights.is_facilitator(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4403})
        elif path == "/":
            await RedirectResponse("/enter", 303)(scope, receive, send)
        else:
            await PlainTextResponse("not for participants", 403)(scope, receive, send)


def entry() -> HTMLResponse:
    """The form that asks for the facilitator's code."""
    return HTMLResponse(ENTRY)


def entered(rights: Rights, given: str) -> RedirectResponse:
    """Answer to the form."""
    if not rights.accepts(given[:64], rights.facilitator):
        return RedirectResponse("/enter", 303)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(COOKIE, rights.token, httponly=True, samesite="strict")
    return answer
