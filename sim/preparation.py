"""A city made ready to be lived in: mode constants fitted to observed shares, and a stored equilibrium."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.city.bundle import save_bundle
from sim.city.city import City
from sim.city.load import bundle_path, open_city
from sim.systems.mobility import calibrate_modes

CONSTANTS = "mode_constants"


def prepare(city: City, threads: int = 1) -> City:
    """Calibrate the city in place (a pure function of the city). Does nothing if it is calibrated already."""
    if CONSTANTS not in city.prepared:
        calibrate_modes(city, threads=threads)
    return city


def open_prepared(name: str, threads: int, say: Callable[[str], None]) -> tuple[City, Path]:
    """The city by name or path, ready, and the bundle it lives in (workers load it from there)."""
    city = open_city(name)
    path = bundle_path(name)
    if CONSTANTS not in city.prepared:
        say(f"Calibrating travel choices of {city.name} (once; kept beside the city)")
        prepare(city, threads)
        save_bundle(city, path)
    return city, path
