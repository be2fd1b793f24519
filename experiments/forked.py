"""The other side of :mod:`experiments.forks`: a process that gets ready, divides into workers, and carries out calls.

Nothing heavy is imported here: what a call needs comes with it, or was made ready before the process divided.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Sequence
from typing import Any

import cloudpickle

#: Modules that others import but runs hardly ever use: they are loaded when first asked for something (pandas: 0.5 s and 95 MB).
LATER = ("pandas", "networkx", "asyncio", "numpy.f2py", "numpy.testing")
#: Bytes that tell the length of a message.
_HEAD = 8


def send(link: socket.socket, message: bytes) -> None:
    """A message over the socket. Raises OSError where it has ended."""
    link.sendall(len(message).to_bytes(_HEAD, "big"))
    link.sendall(message)


def receive(link: socket.socket) -> bytes:
    """The next message. Raises EOFError where the socket ended, OSError where it broke."""
    return bytes(_exactly(link, int.from_bytes(_exactly(link, _HEAD), "big")))


def _exactly(link: socket.socket, size: int) -> bytearray:
    out = bytearray(size)
    view = memoryview(out)
    while view:
        got = link.recv_into(view)
        if not got:
            raise EOFError("the other side is gone")
        view = view[got:]
    return out


def main(arguments: Sequence[str]) -> None:
    """Be the root: ``arguments`` are the file numbers of a pipe that ends with the main process, and of one socket a worker."""
    life, *fds = map(int, arguments)
    os.dup2(2, 1)  # what a run prints is for people; standard output belongs to the main process
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's affair
    links = [socket.socket(fileno=fd) for fd in fds]
    shared = receive(links[0])
    for name in LATER:
        come_later(name)
    _get_ready(shared)
    mine = _divide(life, links, shared)
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    _serve(mine)


def _get_ready(shared: bytes) -> None:
    """Load what all workers need. What fails here will fail in a run, and is told there.

    Nothing is collected meanwhile: looking again and again at a million new objects is a tenth of the time, and little of it is garbage.
    """
    gc.disable()
    from experiments.worker import make_ready

    digest, work = cloudpickle.loads(shared)
    with contextlib.suppress(Exception):
        if work:
            make_ready(work, digest)
    gc.freeze()  # shared pages stay shared: the collector writes into all objects that it looks at
    gc.enable()
    give_back()


def _divide(life: int, links: Sequence[socket.socket], shared: bytes) -> socket.socket:
    """Make the other workers. Returns the socket of this one."""
    alone = _threads() == 1
    for link in links[1:]:
        if alone:
            if os.fork() == 0:
                for other in links:
                    if other is not link:
                        other.close()
                _draw_anew()
                return link
        else:  # somebody's library started a thread: a copy of half a process is no good
            path = repr(sys.path)
            start = f"import sys; sys.path[:] = {path}; from experiments.forked import again; again({life}, {link.fileno()})"
            with subprocess.Popen(
                [sys.executable, "-c", start], pass_fds=[life, link.fileno()], stdin=subprocess.PIPE
            ) as one:
                assert one.stdin is not None
                one.stdin.write(shared)
                one.stdin.close()
                one.returncode = 0  # not waited for: it works
        link.close()
    return links[0]


def again(life: int, fd: int) -> None:
    """Be a worker that could not be forked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _get_ready(sys.stdin.buffer.read())
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    _serve(socket.socket(fileno=fd))


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - threads that Python knows nothing of count, too
    except OSError:
        return 2


def _draw_anew() -> None:
    """Two workers must not draw the same numbers from generators that nobody seeded."""
    random.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def _end_with(life: int) -> None:
    """End this process when the main process has."""
    os.read(life, 1)
    os._exit(1)


def _serve(link: socket.socket) -> None:
    while True:
        try:
            request = receive(link)
        except (EOFError, OSError):
            os._exit(0)
        answer: tuple[bool, Any]
        try:
            fn, args, kwargs = cloudpickle.loads(request)
            answer = True, fn(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            answer = False, error
        try:
            message = cloudpickle.dumps(answer)
        except Exception as error:  # noqa: BLE001 - an answer that cannot travel
            message = cloudpickle.dumps((False, RuntimeError(f"the answer cannot be sent: {error}")))
        try:
            send(link, message)
        except OSError:
            os._exit(0)
        del request, answer, message


def give_back() -> None:
    """Hand memory that is free inside this process back to the system (glibc keeps it otherwise)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


class _Later(types.ModuleType):
    """Stands for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name in ("__file__", "__wrapped__", "__warningregistry__"):  # asked of all modules by inspect and warnings
            raise AttributeError(name)
        me = self.__name__
        if sys.modules.get(me) is self:
            del sys.modules[me]
        real = importlib.import_module(me)  # where there is a package, this puts it in the package, too
        self.__dict__.update(real.__dict__)
        return getattr(real, name)


def come_later(name: str) -> None:
    """Import the module when first used. Does nothing if it is not installed, or there already."""
    package, _, last = name.rpartition(".")
    if name not in sys.modules and importlib.util.find_spec(name) is not None:
        sys.modules[name] = _Later(name)
        if package:
            setattr(sys.modules[package], last, sys.modules[name])
