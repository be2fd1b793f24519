"""Where runs are carried out: behind the one interface of ``concurrent.futures``.

On this machine workers forked from one process (:class:`Forks`, on Linux) or loky's; Dask on any cluster by the address of its
scheduler; SLURM by dask-jobqueue.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from concurrent.futures import CancelledError, Executor, Future
from pathlib import Path
from typing import Any, Protocol

from experiments.worker import end_with, worker_name
from sim.errors import Fault, InputError

#: A worker is one thread: pools of a linear algebra library would only spin beside it.
ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
#: loky would replace a worker that has grown by 300 MB since it started, as one does that opens a city; the runner minds growth itself.
PATIENT = {"LOKY_MAX_MEMORY_LEAK_SIZE": "1e15"}
_ADDRESS = re.compile(r"(?:[a-z]+://)?[^\s/]+:\d{1,5}")
#: How long an address is tried [s].
CONNECT = 15.0


class Engine(Protocol):
    """Starts and ends executors. After an executor broke (a worker was killed, a connection lost) ``start`` makes a new one."""

    name: str

    def start(self) -> Executor:
        """A working executor. Raises OSError where none can be had now, InputError where none ever will."""

    def slots(self) -> int:
        """Runs that are carried out at the same time, now."""

    def stop(self) -> None:
        """Give the executor up, without waiting for what is being carried out."""

    def end(self) -> None:
        """Stop, and let go of what was started for it (processes, jobs of a cluster)."""

    def share(self, digest: str, work: bytes) -> None:
        """What all workers started from now on will carry out, so that an engine can make it ready once for all."""


def local(workers: int) -> Engine:
    """Worker processes here: :class:`Forks` where that is safe, :class:`Loky` elsewhere."""
    return Forks(workers) if sys.platform == "linux" else Loky(workers)


class _Apart:
    """An engine whose workers get ready each for itself."""

    def share(self, digest: str, work: bytes) -> None:
        """Nothing to do: the work comes with each call."""


class _Processes:
    """Worker processes on this machine."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.name = f"{workers} worker processes"
        self._executor: Any = None

    def start(self) -> Executor:
        """See :class:`Engine`."""
        self.stop()
        executor: Executor = self._make()
        self._executor = executor
        return executor

    def slots(self) -> int:
        """See :class:`Engine`."""
        return self.workers

    def stop(self) -> None:
        """See :class:`Engine`."""
        if self._executor is not None:
            self._kill()
            self._executor = None

    end = stop

    def _make(self) -> Any:
        raise NotImplementedError

    def _kill(self) -> None:
        raise NotImplementedError


class Forks(_Processes):
    """Worker processes that share what they have in common; see :mod:`experiments.forks`. Linux only."""

    _shared: tuple[str, bytes] = ("", b"")

    def share(self, digest: str, work: bytes) -> None:
        """See :class:`Engine`."""
        self._shared = (digest, work)

    def _make(self) -> Any:
        from experiments.forks import ForkExecutor

        return ForkExecutor(self.workers, self._shared, ONE_THREAD)

    def _kill(self) -> None:
        self._executor.shutdown(kill=True)


class Loky(_Processes, _Apart):
    """Worker processes of loky, which replaces none that grew: the runner minds growth itself."""

    def _make(self) -> Any:
        from loky import ProcessPoolExecutor

        return ProcessPoolExecutor(
            max_workers=self.workers, env=ONE_THREAD | PATIENT, initializer=end_with, initargs=(os.getpid(),)
        )

    def _kill(self) -> None:
        self._executor.shutdown(wait=True, kill_workers=True)


class Here(_Apart, Executor):
    """An engine and an executor in one: each run at once, in this process. For debugging and for runs too small for processes."""

    name = "this process"

    def start(self) -> Executor:
        """See :class:`Engine`."""
        return self

    def slots(self) -> int:
        """See :class:`Engine`."""
        return 1

    def stop(self) -> None:
        """Nothing to give up."""

    end = stop

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Carry out ``fn`` now."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Dask(_Apart):
    """Workers of a Dask cluster that somebody else keeps. One thread a worker and a nanny are expected (``--nthreads 1``)."""

    def __init__(self, address: str, connect: float = CONNECT) -> None:
        """Raises InputError where ``address`` is none; whether somebody answers there is seen at the start."""
        if address and not _ADDRESS.fullmatch(address):
            raise InputError(Fault("--scheduler", repr(address), "an address such as tcp://host:8786"))
        self.address, self.connect = address, connect
        self.name = f"Dask scheduler {address}"
        self._client: Any = None

    def start(self) -> Executor:
        """See :class:`Engine`."""
        distributed = _import("distributed", "--scheduler")
        self.stop()
        try:
            self._client = distributed.Client(self.address, timeout=self.connect, set_as_default=False)
        except ValueError as error:
            raise InputError(
                Fault("--scheduler", f"{self.address}: {error}", "an address such as tcp://host:8786")
            ) from error
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def slots(self) -> int:
        """See :class:`Engine`."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            return sum(self._client.nthreads().values()) or 1
        return 1

    def stop(self) -> None:
        """See :class:`Engine`."""
        if self._client is not None:
            with contextlib.suppress(OSError, TimeoutError):
                self._client.close(timeout=2.0)
            self._client = None

    def end(self) -> None:
        """See :class:`Engine`."""
        self.stop()


class Slurm(Dask):
    """Workers that SLURM starts: jobs of dask-jobqueue, described by a YAML file of its keywords and ``jobs: N``."""

    def __init__(self, path: Path) -> None:
        super().__init__("")
        self.path, self.name = path, f"SLURM jobs of {path}"
        self._options, self._jobs = slurm_options(path)
        self._cluster: Any = None

    def start(self) -> Executor:
        """See :class:`Engine`."""
        jobqueue = _import("dask_jobqueue", "--slurm")
        if self._cluster is None:
            try:
                self._cluster = jobqueue.SLURMCluster(**self._options)
            except (TypeError, ValueError) as error:
                raise InputError(Fault(str(self.path), str(error), "keywords of dask_jobqueue.SLURMCluster")) from error
            self._cluster.scale(jobs=self._jobs)
        self.address = self._cluster.scheduler_address
        return super().start()

    def job_script(self) -> str:
        """What is handed to ``sbatch``: for people to look at before they start."""
        jobqueue = _import("dask_jobqueue", "--slurm")
        with jobqueue.SLURMCluster(**self._options) as cluster:
            text: str = cluster.job_script()
            return text

    def end(self) -> None:
        """Cancel the jobs, too."""
        self.stop()
        if self._cluster is not None:
            self._cluster.close()


def slurm_options(path: Path) -> tuple[dict[str, Any], int]:
    """Keywords of the cluster and the number of jobs. Raises InputError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    allowed = "YAML such as {jobs: 10, cores: 16, processes: 16, memory: 64GB, queue: cpu, walltime: '04:00:00'}"
    try:
        found = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise InputError(Fault("--slurm", f"{path}: {' '.join(str(error).split())[:200]}", allowed)) from error
    jobs = found.pop("jobs", None) if isinstance(found, dict) else None
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise InputError(Fault(str(path), f"jobs: {jobs}", allowed, "jobs"))
    return found, jobs


def _import(module: str, option: str) -> Any:
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        allowed = "an installation with it: pip install 'rebond[research]' (for --slurm: 'rebond[slurm]')"
        raise InputError(Fault(option, f"no package {module}", allowed)) from error


class Lasting:
    """An engine whose executor outlives a sweep: for many small sweeps one after the other. ``end`` ends it."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.name = engine, engine.name
        self._executor: Executor | None = None

    def start(self) -> Executor:
        """The executor there is, a new one where it broke."""
        if self._executor is not None:
            try:
                self._executor.submit(worker_name).result()
            except (Exception, CancelledError):  # noqa: BLE001 - broken, in whatever way
                self.engine.stop()
                self._executor = None
        if self._executor is None:
            self._executor = self.engine.start()
        return self._executor

    def slots(self) -> int:
        """See :class:`Engine`."""
        return self.engine.slots()

    def share(self, digest: str, work: bytes) -> None:
        """See :class:`Engine`; workers that there are stay as they are."""
        self.engine.share(digest, work)

    def stop(self) -> None:
        """Kept for the next sweep."""

    def end(self) -> None:
        """End it."""
        self.engine.end()
        self._executor = None
