"""A city on disk: one file of named arrays and JSON, no pickle, written atomically, loaded in a second or two."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any, cast, get_type_hints

import numpy as np

from sim.city.city import City, Weather
from sim.columns import Array, Block
from sim.errors import Fault, InputError

FORMAT = 6
_HEADER = "header"
#: Arrays of a :class:`Weather`.
HOURLY = ("temperature", "direct", "diffuse", "horizontal", "sun", "extra")


def save_bundle(city: City, path: Path) -> None:
    """Write ``city`` to ``path``; the file is whole or absent."""
    path = Path(path)
    arrays: dict[str, Array] = {}
    plain: dict[str, Any] = {"format": FORMAT}
    for f in fields(City):
        value = getattr(city, f.name)
        if isinstance(value, Block):
            arrays |= {f"{f.name}.{name}": array for name, array in value.arrays().items()}
        elif isinstance(value, Weather):
            arrays |= {f"weather.{n}": getattr(value, n) for n in HOURLY}
            plain["weather_source"], plain["weather_first_weekday"] = value.source, value.first_weekday
        elif f.name in ("areas", "prepared"):
            arrays |= {f"{f.name}.{name}": np.asarray(array) for name, array in value.items()}
        elif f.name == "water":
            arrays |= {f"water.{i}": np.asarray(line) for i, line in enumerate(value)}
        elif isinstance(value, np.ndarray):
            arrays[f.name] = value
        else:
            plain[f.name] = value
    arrays[_HEADER] = np.frombuffer(json.dumps(plain, ensure_ascii=False, default=float).encode(), np.uint8)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **cast("dict[str, Any]", arrays))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_bundle(path: Path) -> City:
    """The city written by :func:`save_bundle`. Raises InputError if the file is not one."""
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        plain = json.loads(bytes(arrays.pop(_HEADER)))
        if plain.pop("format") != FORMAT:
            raise ValueError("built by another version of Rebond: build it again")
        return _city(arrays, plain)
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(Fault(str(path), f"{error}"[:160], "a bundle made by 'rebond city build'")) from error


def _city(arrays: dict[str, Array], plain: dict[str, Any]) -> City:
    kinds = get_type_hints(City)
    values: dict[str, Any] = {}
    for f in fields(City):
        below = {n.removeprefix(f"{f.name}."): a for n, a in arrays.items() if n.startswith(f"{f.name}.")}
        kind = kinds[f.name]
        if isinstance(kind, type) and issubclass(kind, Block):
            values[f.name] = kind.from_arrays(below)
        elif f.name == "weather":
            values[f.name] = _weather(below, plain) if below else None
        elif f.name in ("areas", "prepared"):
            values[f.name] = below
        elif f.name == "water":
            values[f.name] = tuple(below[str(i)] for i in range(len(below)))
        elif f.name in arrays:
            values[f.name] = arrays[f.name]
        else:
            values[f.name] = _tuples(plain[f.name])
    return City(**values)


def _weather(arrays: dict[str, Array], plain: dict[str, Any]) -> Weather:
    return Weather(**arrays, first_weekday=plain["weather_first_weekday"], source=plain["weather_source"])


def _tuples(value: Any) -> Any:
    """JSON lists back to the tuples that a city holds (dicts are left as they are)."""
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
