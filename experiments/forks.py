"""Workers on this machine that are copies of one process: what they all need (imports, kernels, city) is loaded once and shared.

One process, the root, is started afresh, gets ready and then divides into the workers by ``fork``; it is the first of them. A worker
of loky loads everything for itself: with the city model that is 190 MB and a second each, here 20 MB and nothing
(``experiments.benchmarks`` sweep). Fork is safe here and only here: the root has one thread when it divides, or else it does not
divide but starts the others afresh (see :mod:`experiments.forked`). Not for systems other than Linux, where libraries forbid it.

What holds between this process and a worker is one socket: a request goes out, an answer comes back. The end of the socket is the
end of the worker, however it ended; then all that was submitted fails with BrokenExecutor, as with any executor of processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from queue import Empty, SimpleQueue
from typing import Any

import cloudpickle

from experiments.forked import receive, send

#: Seconds that processes have to vanish once they were killed.
GONE = 10.0
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from experiments.forked import main; main(sys.argv[2:])"
)


class ForkExecutor(Executor):
    """Carries out calls in processes forked from one that has ``shared`` (name and pickle of a function) ready.

    Raises OSError where processes or sockets cannot be had.
    """

    def __init__(
        self, workers: int, shared: tuple[str, bytes] = ("", b""), environment: Mapping[str, str] | None = None
    ) -> None:
        self._waiting: SimpleQueue[tuple[Future[Any], bytes] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._broken = ""
        self._closed = False
        pairs = [socket.socketpair() for _ in range(workers)]
        self._sockets = [ours for ours, _ in pairs]
        life, self._life = os.pipe()  # its end tells the workers that this process is gone
        fds = [life, *(theirs.fileno() for _, theirs in pairs)]
        try:
            self._root = subprocess.Popen(
                [sys.executable, "-c", _START, json.dumps(sys.path), *map(str, fds)],
                pass_fds=fds, stdin=subprocess.DEVNULL, start_new_session=True, env={**os.environ, **(environment or {})},
            )  # fmt: skip
        finally:
            os.close(life)
            for _, theirs in pairs:
                theirs.close()
        with contextlib.suppress(OSError):  # it ended already: the first call will say so
            send(self._sockets[0], cloudpickle.dumps(shared))
        self._threads = [threading.Thread(target=self._serve, args=(one,), daemon=True) for one in self._sockets]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See :class:`concurrent.futures.Executor`. Raises BrokenProcessPool once a worker has ended."""
        future: Future[Any] = Future()
        request = cloudpickle.dumps((fn, args, kwargs))
        with self._lock:
            if self._broken:
                raise BrokenProcessPool(self._broken)
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._waiting.put((future, request))
        return future

    def _serve(self, link: socket.socket) -> None:
        """One worker: a request, its answer, the next request."""
        while (item := self._waiting.get()) is not None:
            future, request = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                send(link, request)
                done, value = cloudpickle.loads(receive(link))
            except Exception as error:  # noqa: BLE001 - the socket ended, or what came is no answer: the worker is gone
                self._break(f"a worker ended while it carried out a call ({type(error).__name__}: {error})")
                future.set_exception(BrokenProcessPool(self._broken))
                break
            if done:
                future.set_result(value)
            else:
                future.set_exception(value)
        self._waiting.put(None)  # for the next thread

    def _break(self, why: str) -> None:
        """Fail what waits; the calls at other workers fail as their sockets end."""
        with self._lock:
            self._broken = self._broken or why
        self._kill()
        with contextlib.suppress(Empty):
            while True:
                item = self._waiting.get_nowait()
                if item is not None and item[0].set_running_or_notify_cancel():
                    item[0].set_exception(BrokenProcessPool(self._broken))

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._root.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, kill: bool = False) -> None:
        """See :class:`concurrent.futures.Executor`; ``kill`` ends the workers at once, whatever they are at."""
        with self._lock:
            self._closed = True
        if kill:
            self._break("the executor was ended")
        elif cancel_futures:
            with contextlib.suppress(Empty):
                while True:
                    item = self._waiting.get_nowait()
                    if item is not None:
                        item[0].cancel()
        self._waiting.put(None)
        if not (wait or kill):
            return
        for thread in self._threads:
            thread.join()
        self._kill()
        for link in self._sockets:
            link.close()
        if self._life >= 0:
            os.close(self._life)
            self._life = -1
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._root.wait(GONE)
