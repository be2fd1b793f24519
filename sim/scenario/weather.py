"""The key ``weather`` of a scenario: which weather its years have, by name or from files beside the scenario."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node

from sim.city.city import Weather
from sim.errors import InputError, nearest
from sim.scenario.fields import NOT_TEXT, WRONG, Kind
from sim.scenario.yaml_nodes import Reader, entries, found, scalar

NAMES = ("normal", "warm", "cold")
EVERY_YEAR = 0
FIRST_YEAR, LAST_YEAR = 1900, 2200
_ONE = f"{', '.join(NAMES)}, or the path of a weather file (EPW, PVGIS TMY) from the scenario's folder"


@dataclass(frozen=True)
class YearWeather:
    """What weather a year has: one of :data:`NAMES`, or what a file holds."""

    name: str  #: as written
    digest: str = ""  #: SHA-256 of the file's content
    weather: Weather | None = field(default=None, compare=False, repr=False)  #: of the file


#: The year of each weather (:data:`EVERY_YEAR` for those not named), in order of time.
Years = tuple[tuple[int, YearWeather], ...]
NORMAL: Years = ((EVERY_YEAR, YearWeather("normal")),)


@dataclass(frozen=True)
class YearsWeather(Kind):
    """A name or a file, for every year or by year. Files are read, and their faults told, with the scenario."""

    def read(self, node: Node, reader: Reader, path: str) -> Any:
        """:data:`Years`, or WRONG with faults noted."""
        if not isinstance(node, MappingNode):
            one = _one(node, reader, path)
            return WRONG if one is WRONG else ((EVERY_YEAR, one),)
        out: dict[int, YearWeather] = {}
        wrong = not node.value
        if wrong:
            reader.fault(node, path, "nothing", self.allowed)
        for key, child in entries(node):
            text = scalar(key) or ""
            year = int(text) if text.isdecimal() and text.isascii() and len(text) == 4 else 0
            if not FIRST_YEAR <= year <= LAST_YEAR:
                reader.fault(key, path, found(key), f"a year from {FIRST_YEAR} to {LAST_YEAR}")
                wrong = True
                continue
            one = _one(child, reader, f"{path}.{year}")
            if year in out:
                reader.fault(key, path, f"{year} twice", "each year once")
            wrong |= one is WRONG or year in out
            out[year] = one
        return WRONG if wrong else tuple(sorted(out.items()))

    def write(self, value: Any) -> Any:
        """Names as written, by year unless one is for all."""
        names = {year: one.name for year, one in value}
        return names.get(EVERY_YEAR, names)

    @property
    def allowed(self) -> str:
        """What may stand there, in words."""
        return f"{_ONE}; or years with such, {{2022: warm}}, the others normal"

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value."""
        one = {"type": "string", "pattern": r"\S", "maxLength": 400}
        by_year = {
            "type": "object", "patternProperties": {r"^\d{4}$": one}, "additionalProperties": False, "minProperties": 1,
        }  # fmt: skip
        return {"anyOf": [one, by_year]}


def digests(years: Years) -> dict[str, str]:
    """SHA-256 of the content of each file named."""
    return {one.name: one.digest for _, one in years if one.digest}


def check_years(years: Years, first: int, last: int, reader: Reader, node: Node | None) -> None:
    """Note a fault for the weather of each year that is not lived."""
    for year, one in years:
        if year != EVERY_YEAR and not first <= year <= last:
            allowed = f"a year from {first} to {last}: those that are lived"
            reader.fault(node, f"weather.{year}", f"{one.name!r} in {year}", allowed)


def _one(node: Node, reader: Reader, path: str) -> Any:
    text = (scalar(node) or "").strip()
    if text in NAMES:
        return YearWeather(text)
    usable = 0 < len(text) <= 400 and text.isprintable() and text.lower() not in NOT_TEXT
    file = reader.path.parent / text
    try:
        there = usable and file.is_file()
    except OSError:
        there = False
    if not there:
        reader.fault(node, path, found(node) + (", where no file is" if usable else ""), _ONE, nearest(text, NAMES))
        return WRONG
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return YearWeather(text, digest, _read(file, digest))
    except InputError as error:
        reader.faults += error.faults
    except OSError as error:
        reader.fault(node, path, f"{text!r}: {error.strerror}", _ONE)
    return WRONG


@lru_cache(maxsize=8)
def _read(file: Path, _digest: str) -> Weather:
    from sim.city.weatherfile import read_weather  # pulls in pandas and pvlib

    return read_weather(file)
