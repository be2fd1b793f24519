"""Typical meteorological years of PVGIS 5.2 and 5.3, as CSV or JSON: hours of UTC, months of different years.

Radiation is not the mean of an hour but a sample, a satellite's picture some minutes after the label (for ERA5 half an hour). Newer
files say when ("Irradiance Time Offset", ``irradiance_time_offset``); for older ones it is the minute at which global radiation is best
explained by diffuse, direct and the sun's height. The sun of each hour is taken at that minute, so that it fits the radiation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sim.city.hourtable import HourTable, fitting_minute, more, numbers
from sim.city.roadfile import Faults
from sim.columns import Ints
from sim.errors import Fault, InputError, nearest

TIME = "time(UTC)"
NAMES = {"temperature": "T2m", "horizontal": "G(h)", "direct": "Gb(n)", "diffuse": "Gd(h)"}
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d):(\d\d)(\d\d)")
_HEADER = (("Latitude", "latitude"), ("Longitude", "longitude"), ("Irradiance Time Offset", "irradiance_time_offset"))
_MOST_HEADER = 40  # lines


def is_pvgis_csv(text: str) -> bool:
    """True for text that begins as a table of PVGIS does."""
    return text.lstrip()[:8] == "Latitude"


def read_csv(path: Path, text: str, faults: Faults) -> HourTable:
    """The rows of a PVGIS TMY in CSV. Raises InputError if it is none."""
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines[:_MOST_HEADER]) if line.startswith("time")), None)
    if start is None:
        raise InputError(Fault(str(path), f"no line of columns in the first {_MOST_HEADER}", f"a line {TIME},T2m,..."))
    header: dict[str, Any] = {}
    for number, line in enumerate(lines[:start], start=1):
        for begins, name in _HEADER:
            if line.startswith(begins):
                header[name] = numbers(faults, [number], name, [line.partition(":")[2]])[0]
    names = [name.strip() for name in lines[start].split(",")]
    _check_columns(names, start + 1, faults)
    faults.stop()
    rows, at = [], []
    for number, line in enumerate(lines[start + 1 :], start=start + 2):
        if not line.strip():
            break  # what follows explains the columns
        fields = line.split(",")
        if len(fields) != len(names):
            faults.add(number, "row", f"{len(fields)} fields", f"{len(names)} fields with commas between")
            faults.stop()
        rows.append(dict(zip(names, (part.strip() for part in fields), strict=True)))
        at.append(number)
    return _table(path, header, rows, at, faults)


def read_json(path: Path, text: str, faults: Faults) -> HourTable:
    """The rows of a PVGIS TMY in JSON. Raises InputError if it is none."""
    allowed = "a typical meteorological year of PVGIS in JSON"
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}:{error.colno}"
        raise InputError(Fault(where, f"not JSON ({error.msg})", allowed)) from error
    except (RecursionError, ValueError) as error:
        raise InputError(Fault(str(path), f"not JSON ({error})"[:160], allowed)) from error
    parts = [_member(raw, path, *way) for way in (("inputs", "location"), ("outputs", "tmy_hourly"))]
    location, rows = parts
    if not isinstance(location, dict) or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(Fault(str(path), "other things", "inputs.location and a list of hours in outputs.tmy_hourly"))
    header = {name: location[name] for _, name in _HEADER if name in location}
    for name, value in header.items():
        header[name] = numbers(faults, [0], f"inputs.location.{name}", [value])[0]
    if rows:
        _check_columns(list(rows[0]), 0, faults)
    faults.stop()
    return _table(path, header, rows, [0] * len(rows), faults)


def _member(raw: Any, path: Path, first: str, second: str) -> Any:
    inside = raw.get(first) if isinstance(raw, dict) else None
    if not isinstance(inside, dict) or second not in inside:
        raise InputError(
            Fault(str(path), f"no {first}.{second}", "a typical meteorological year of PVGIS", f"{first}.{second}")
        )
    return inside[second]


def _check_columns(names: list[str], line: int, faults: Faults) -> None:
    for wanted in (TIME, *NAMES.values()):
        if wanted not in names:
            near = nearest(wanted, names)
            found = f"no such column, but {near!r}" if near else "no such column"
            faults.add(line, wanted, found, f"columns {', '.join((TIME, *NAMES.values()))}")


def _table(path: Path, header: dict[str, Any], rows: list[dict[str, Any]], at: list[int], faults: Faults) -> HourTable:
    for name, most in (("latitude", 90.0), ("longitude", 180.0)):
        value = header.get(name)
        if value is None or not abs(value) <= most:
            faults.add(0, name, "nothing" if value is None else f"{value:g}", f"{-most:g} to {most:g} degrees")
    seen = header.get("irradiance_time_offset")
    if seen is not None and not -1.0 < seen < 1.0:
        faults.add(0, "irradiance time offset", f"{seen:g}", "a number of hours between -1 and 1")
    if not rows:
        faults.add(0, "hours", "no rows", "8,760 hours")
    faults.stop()
    place = "" if at[0] else "outputs.tmy_hourly"

    def row_name(row: int) -> str:
        return f"{place}[{row}]." if place else ""

    stamps = _stamps([row.get(TIME) for row in rows], at, row_name, faults)
    values = {
        name: numbers(faults, at, column, [row.get(column) for row in rows], row_name) + 0.0  # PVGIS writes -0.0
        for name, column in NAMES.items()
    }
    faults.stop()
    table = HourTable(
        path=path, title=f"PVGIS TMY {header['latitude']:.2f} N {header['longitude']:.2f} E", lon=float(header["longitude"]),
        lat=float(header["latitude"]), offset=None, lines=np.array(at), time=stamps, values=values, names=NAMES,
        row_name=row_name,
    )  # fmt: skip
    table.seen = float(seen) if seen is not None else fitting_minute(table)
    return table


def _stamps(stamps: list[Any], at: list[int], row_name: Callable[[int], str], faults: Faults) -> dict[str, Ints]:
    """(n,) year, month, day, hour of stamps as 20140131:2300."""
    out = np.ones((len(stamps), 5), np.int64)
    bad = []
    for i, stamp in enumerate(stamps):
        match = _STAMP.fullmatch(stamp) if isinstance(stamp, str) else None
        if match is not None:
            out[i] = [int(part) for part in match.groups()]
        year, month, day, hour, minute = out[i].tolist()
        right = 1800 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute == 0
        if match is None or not right:
            bad.append(i)
            out[i] = 1
    if bad:
        found = f"{stamps[bad[0]]!r}"[:60] + more(len(bad) - 1)
        faults.add(at[bad[0]], row_name(bad[0]) + TIME, found, "a whole hour as 20140131:2300")
    return {"year": out[:, 0], "month": out[:, 1], "day": out[:, 2], "hour": out[:, 3]}
