"""EnergyPlus weather files (EPW): local standard time, each row the hour that ends at its label.

Columns by the EPW data dictionary (EnergyPlus, Auxiliary Programs). Radiation is the hour's mean; the dry-bulb temperature, read at the
hour's end, stands for the hour as in other hourly tools.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.city.hourtable import HourTable, numbers, whole
from sim.city.roadfile import Faults

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LEAST_FIELDS, MOST_FIELDS = 32, 35  # the last three came later
MOST_HEADER = 40  # lines
_TIME = {"year": 0, "month": 1, "day": 2, "hour": 3}
_VALUE = {"temperature": 6, "horizontal": 13, "direct": 14, "diffuse": 15}
_NAMES = {
    "temperature": "dry bulb temperature", "horizontal": "global horizontal radiation",
    "direct": "direct normal radiation", "diffuse": "diffuse horizontal radiation",
}  # fmt: skip
_MISSING = {"temperature": 99.9, "horizontal": 9999.0, "direct": 9999.0, "diffuse": 9999.0}


def is_epw(text: str) -> bool:
    """True for text that begins as an EPW does."""
    return text[:9].upper() == "LOCATION,"


def read_epw(path: Path, text: str, faults: Faults) -> HourTable:
    """The rows of an EPW. Raises InputError if its header or rows are none."""
    lines = text.splitlines()
    place, lon, lat, zone = _location(lines[0], faults)
    start, weekday = _periods(lines, faults)
    faults.stop()
    rows, at = _rows(lines, start, faults)
    faults.stop()
    columns = {name: numbers(faults, at, name, [row[k] for row in rows]) for name, k in _TIME.items()}
    values = {name: numbers(faults, at, _NAMES[name], [row[k] for row in rows]) for name, k in _VALUE.items()}
    faults.stop()
    bounds = {"year": (1800, 2200), "month": (1, 12), "day": (1, 31), "hour": (1, 24)}
    time = {name: whole(faults, at, name, columns[name], *bound, name) for name, bound in bounds.items()}
    faults.stop()
    time["hour"] = time["hour"] - 1
    return HourTable(
        path=path, title=f"EPW {place}", lon=lon, lat=lat, offset=zone, lines=np.array(at), time=time, values=values,
        names=_NAMES, missing=_MISSING, weekday=weekday,
    )  # fmt: skip


def _location(line: str, faults: Faults) -> tuple[str, float, float, float]:
    """Name, longitude, latitude and time zone [h] of the first line."""
    fields = [part.strip() for part in line.split(",")]
    if len(fields) < 10:
        faults.add(
            1, "LOCATION", f"{len(fields)} fields", "10 fields: place, ..., latitude, longitude, time zone, elevation"
        )
        faults.stop()
    places = {"longitude": 7, "latitude": 6, "time zone": 8}
    lon, lat, zone = (float(numbers(faults, [1], name, [fields[k]])[0]) for name, k in places.items())
    faults.stop()
    for name, value, most in (("longitude", lon, 180.0), ("latitude", lat, 90.0), ("time zone", zone, 14.0)):
        if abs(value) > most:
            faults.add(1, name, f"{value:g}", f"{-most:g} to {most:g}")
    faults.stop()
    if abs(zone - lon / 15.0) > 3.5:
        faults.add(1, "time zone", f"UTC{zone:+g} h at {lon:g} degrees east", "a zone within 3.5 h of the sun's time")
    return " ".join(part for part in (fields[1], fields[4]) if part and part != "-"), lon, lat, zone


def _periods(lines: list[str], faults: Faults) -> tuple[int, int | None]:
    """Place of the first row, and the weekday of 1 January."""
    for number, line in enumerate(lines[:MOST_HEADER]):
        fields = [part.strip() for part in line.split(",")]
        if fields[0].upper() != "DATA PERIODS":
            continue
        if len(fields) < 5 or fields[1:3] != ["1", "1"]:
            found = ", ".join(fields[1:3]) or "nothing"
            faults.add(number + 1, "DATA PERIODS", found, "1, 1: one period of one row an hour")
            return number + 1, None
        day = fields[4].lower()
        if day and day not in WEEKDAYS:
            faults.add(number + 1, "DATA PERIODS", repr(fields[4])[:40], "a day of the week")
        return number + 1, WEEKDAYS.index(day) if day in WEEKDAYS else None
    faults.add(1, "DATA PERIODS", "no such line", "the header of an EPW")
    return 0, None


def _rows(lines: list[str], start: int, faults: Faults) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    at: list[int] = []
    for number, line in enumerate(lines[start:], start=start + 1):
        if not line.strip():
            continue
        fields = line.split(",")
        if not LEAST_FIELDS <= len(fields) <= MOST_FIELDS:
            faults.add(
                number, "row", f"{len(fields)} fields", f"{LEAST_FIELDS} to {MOST_FIELDS} fields with commas between"
            )
            return rows, at
        rows.append(fields)
        at.append(number)
    if not rows:
        faults.add(start, "row", "no rows", "8,760 rows")
    return rows, at
