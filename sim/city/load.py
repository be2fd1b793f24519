"""Open a city by name (embedded, built once and kept in the user's cache folder) or by path (a bundle)."""

from __future__ import annotations

import hashlib
import os
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import platformdirs

from sim.city import facts as city_facts
from sim.city.bundle import FORMAT, load_bundle, save_bundle
from sim.city.city import City
from sim.errors import Fault, InputError, nearest

#: Districts of an embedded replica.
REPLICA_DISTRICTS = 100


def bundle_path(name: str) -> Path:
    """Where the bundle of a city lies, built or not. Raises InputError on a name that is neither."""
    if name in city_facts.names():
        return cache_folder() / f"{name}-{_fingerprint(name)}.bundle"
    path = Path(name)
    if path.is_file():
        return path
    known = city_facts.names()
    allowed = f"the path of a bundle, or one of {', '.join(known)}"
    raise InputError(Fault("city", repr(name), allowed, "", nearest(name, known)))


def open_city(name: str) -> City:
    """The city. An embedded one is built on first use (some seconds) and read from the cache afterwards."""
    path = bundle_path(name)
    if path.is_file():
        return load_bundle(path)
    from sim.city.assemble import build_city  # what builds is not loaded where a bundle is read
    from sim.city.replica import replica_source

    city = build_city(replica_source(name), city_facts.load_facts(name), REPLICA_DISTRICTS)
    save_bundle(city, path)
    return city


def cache_folder() -> Path:
    """The user's cache folder (REBOND_CACHE overrides), made if needed."""
    folder = Path(os.environ.get("REBOND_CACHE") or platformdirs.user_cache_dir("rebond"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            Fault("REBOND_CACHE", f"{folder}: {error.strerror}", "a folder that can be written")
        ) from error
    return folder


def _fingerprint(name: str) -> str:
    """Hash of the facts and of the code and registry that a replica is built and calibrated from."""
    digest = hashlib.sha256(f"{FORMAT} {REPLICA_DISTRICTS}".encode())
    folders = [files("scenarios") / "cities" / name, files("sim") / "city", files("sim") / "scenario" / "registry"]
    folders += [
        files("sim") / "scenario" / "series",
        files("sim") / "systems" / "mobility",
        files("sim") / "agents",
        files("kernels"),
    ]
    for folder in folders:
        for path in sorted(_files(folder), key=lambda p: p.name):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _files(folder: Traversable) -> list[Traversable]:
    return [p for p in folder.iterdir() if p.is_file() and p.name.endswith((".py", ".csv", ".toml"))]
