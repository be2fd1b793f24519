"""GTFS feeds read and checked (gtfs-kit reads the tables), and which of their days is meant."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from sim.errors import Fault, InputError

#: Days of the week (Monday 0) by kind of day.
DAYS = {"weekday": range(5), "saturday": range(5, 6), "sunday": range(6, 7)}
#: Columns that must be there, by table.
NEEDED = {
    "routes": ("route_id", "route_type"), "trips": ("route_id", "service_id", "trip_id"), "stops": ("stop_id", "stop_lat", "stop_lon"),
    "stop_times": ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"),
}  # fmt: skip
#: The same of tables that may be absent.
NEEDED_IF_THERE = {
    "calendar": ("service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"), "frequencies": ("trip_id", "start_time", "end_time", "headway_secs"),
}  # fmt: skip
TIME, DATE = r"\s*\d{1,3}:[0-5]\d:[0-5]\d\s*", r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"


def read_feed(path: Path) -> Any:
    """The tables of a feed (gtfs_kit.Feed), checked. Raises InputError naming file, row and field."""
    feed = _tables(path)
    _check(feed, path)
    return feed


def _tables(path: Path) -> Any:
    try:
        import gtfs_kit
    except ImportError as error:
        raise InputError(
            Fault("--gtfs", f"{path}, but gtfs-kit is not installed", "pip install 'rebond[gtfs]' first")
        ) from error
    if not path.exists():
        raise InputError(Fault(str(path), "nothing", "a GTFS feed: a zip file or a folder of its text files"))
    try:
        return gtfs_kit.read_feed(path, dist_units="m")
    except (ValueError, KeyError, OSError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        _unreadable(path, error)


def _unreadable(path: Path, error: Exception) -> NoReturn:
    """Find the first value that is no number where one must stand."""
    import pandas as pd
    from gtfs_kit.constants import DTYPES

    for table, kinds in DTYPES.items():
        try:
            if path.is_dir():
                raw = pd.read_csv(path / f"{table}.txt", dtype="string", encoding="utf-8-sig")
            else:
                with zipfile.ZipFile(path) as archive, archive.open(f"{table}.txt") as file:
                    raw = pd.read_csv(file, dtype="string", encoding="utf-8-sig")
            raw.columns = raw.columns.str.strip()
        except (KeyError, FileNotFoundError, zipfile.BadZipFile):
            continue
        except (ValueError, UnicodeDecodeError) as broken:
            raise InputError(Fault(f"{path}: {table}.txt", f"{broken}"[:160], "comma-separated UTF-8")) from error
        for column in raw.columns:
            if kinds.get(column, "string") == "string":
                continue
            values = raw[column].str.strip()
            number = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
            given = (values.notna() & (values != "")).to_numpy(bool, na_value=False)
            bad = np.flatnonzero(given & (np.isnan(number) | (kinds[column] != "float") & (number % 1 != 0)))
            if len(bad):
                wrong(path, table, int(bad[0]), column, repr(str(values.iloc[bad[0]])), "a number")
    raise InputError(
        Fault(str(path), f"{error}"[:160], "a GTFS feed: a zip file or a folder of its text files")
    ) from error


def wrong(path: Path, table: str, row: int, field: str, found: str, allowed: str) -> NoReturn:
    """Raise InputError for a row of a table."""
    raise InputError(_fault(path, table, row, field, found, allowed))


def _fault(path: Path, table: str, row: int, field: str, found: str, allowed: str) -> Fault:
    return Fault(f"{path}: {table}.txt:{row + 2}", found, allowed, field)  # the header is line 1


def _check(feed: Any, path: Path) -> None:
    """Tables and columns that are needed; then identifiers, references, numbers and positions, one fault of each kind."""
    faults = []
    for table, columns in (NEEDED | NEEDED_IF_THERE).items():
        frame, where = getattr(feed, table), f"{path}: {table}.txt"
        if frame is None and table in NEEDED:
            faults.append(Fault(where, "no rows", "a table that every feed has"))
        elif frame is not None:
            absent = [c for c in columns if c not in frame]
            faults += [Fault(where, f"no column {c}", "a column that every feed has") for c in absent]
    if feed.calendar is None and feed.calendar_dates is None:
        faults.append(Fault(f"{path}: calendar.txt", "no rows, nor in calendar_dates.txt", "the days of service"))
    faults = faults or [_fault(path, *fault) for fault in _faulty_rows(feed)]
    if faults:
        raise InputError(faults)


def _faulty_rows(feed: Any) -> Iterator[tuple[str, int, str, str, str]]:
    """Table, row, field, what stands there and what may: the first row of each kind of fault."""

    def first(table: str, field: str, faulty: Any, allowed: str) -> Iterator[tuple[str, int, str, str, str]]:
        rows = np.flatnonzero(faulty)
        if len(rows):
            value = getattr(feed, table)[field].iloc[rows[0]]
            more = f" ({len(rows):,} such rows)" if len(rows) > 1 else ""
            yield table, int(rows[0]), field, (repr(value) if isinstance(value, str) else str(value)) + more, allowed

    for table, field in (("routes", "route_id"), ("trips", "trip_id"), ("stops", "stop_id")):
        ids = getattr(feed, table)[field]
        yield from first(table, field, ids.isna() | ids.duplicated(), "an identifier of its own")
    for table, field, other in (
        ("trips", "route_id", "routes"), ("stop_times", "trip_id", "trips"), ("stop_times", "stop_id", "stops"),
    ):  # fmt: skip
        known = getattr(feed, table)[field].isin(getattr(feed, other)[field])
        yield from first(table, field, ~known, f"a {field} of {other}.txt")
    yield from first("stop_times", "stop_sequence", feed.stop_times["stop_sequence"].isna(), "a number")
    yield from first("routes", "route_type", feed.routes["route_type"].isna(), "a number")
    for table, field, pattern, allowed in (
        ("calendar", "start_date", DATE, "a date YYYYMMDD"), ("calendar", "end_date", DATE, "a date YYYYMMDD"),
        ("calendar_dates", "date", DATE, "a date YYYYMMDD"), ("frequencies", "start_time", TIME, "a time HH:MM:SS"),
        ("frequencies", "end_time", TIME, "a time HH:MM:SS"),
    ):  # fmt: skip
        if (frame := getattr(feed, table)) is not None:
            yield from first(table, field, ~frame[field].str.fullmatch(pattern).fillna(False), allowed)
    if feed.frequencies is not None:
        headway = feed.frequencies["headway_secs"]
        yield from first("frequencies", "headway_secs", headway.isna() | (headway <= 0), "seconds, more than 0")
        unknown = ~feed.frequencies["trip_id"].isin(feed.trips["trip_id"])
        yield from first("frequencies", "trip_id", unknown, "a trip_id of trips.txt")
    served = feed.stops["stop_id"].isin(feed.stop_times["stop_id"]).to_numpy(bool)
    for field, most in (("stop_lat", 90.0), ("stop_lon", 180.0)):
        degrees = feed.stops[field].to_numpy(np.float64, na_value=np.nan)
        yield from first("stops", field, served & ~(np.abs(degrees) <= most), "degrees")


def date_of(feed: Any, kind: str) -> str:
    """The date (YYYYMMDD): the one asked for, or of its kind the first on which as many trips run as on most."""
    dates = feed.get_dates()
    first_last = f"{iso(dates[0])} to {iso(dates[-1])}" if dates else "no day at all"
    services = [frozenset(feed.get_active_services(day)) for day in dates]
    runs = {active: int(feed.trips["service_id"].isin(active).sum()) for active in set(services)}
    trips = {day: runs[active] for day, active in zip(dates, services, strict=True)}
    if kind in DAYS:
        candidates = [d for d in dates if date.fromisoformat(d).weekday() in DAYS[kind] and trips[d]]
        if not candidates:
            raise InputError(Fault("--gtfs-day", f"{kind}: no service", f"a day within {first_last} with service"))
        counts = [trips[d] for d in candidates]
        usual = max(set(counts), key=lambda n: (counts.count(n), n))
        return next(d for d in candidates if trips[d] == usual)
    try:
        day = date.fromisoformat(kind).strftime("%Y%m%d")
    except ValueError as error:
        raise InputError(Fault("--gtfs-day", repr(kind), "weekday, saturday, sunday or a date YYYY-MM-DD")) from error
    if not trips.get(day):
        raise InputError(Fault("--gtfs-day", f"{kind}: no service", f"a day within {first_last} with service"))
    return day


def iso(day: str) -> str:
    """YYYYMMDD as YYYY-MM-DD."""
    return date.fromisoformat(day).isoformat()
