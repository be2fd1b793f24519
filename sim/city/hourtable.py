"""The hours of a weather file before they are a year: gathered by the readers of each format, checked, put on the legal clock."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sim.city.city import Weather
from sim.city.clock import FIRST_DAY, HOURS, MONTH_DAYS, standard_hours
from sim.city.roadfile import Faults
from sim.city.sun import STEPS, sun_at, sun_of_year
from sim.city.weather import CENTRAL_EUROPEAN_TIME, FIRST_WEEKDAY
from sim.columns import Array, Bools, Floats, Ints
from sim.errors import Fault, InputError

MOST_BYTES = 64_000_000  # a year of hours has 2
COLDEST, HOTTEST = -90.0, 60.0  # degC, physically possible limits of BSRN (Long & Dutton 2002)
NIGHT = np.sin(np.radians(-3.0))  # the sun's height below which no radiation is measured
NIGHT_LIGHT = 5.0  # W/m2 that instruments may show at night
LATER = (-3, -2, -1, 1, 2, 3)  # hours by which a file's clock is tried to be wrong
SUMS_APART = 0.10  # of the global radiation: direct and diffuse of measured years differ by some percent
#: Metropolitan France: west, east, south, north [degree]. Its legal time is that of Central Europe.
FRANCE = (-5.3, 9.7, 41.2, 51.2)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
VALUES = ("temperature", "horizontal", "direct", "diffuse")


def nameless(_row: int) -> str:
    """Rows are named by their line alone."""
    return ""


@dataclass
class HourTable:
    """Rows of a weather file, in its order. Hours begin at ``hour`` of the file's clock."""

    path: Path
    title: str  #: what it is, for the source of the weather
    lon: float
    lat: float
    offset: float | None  #: hours that the file's clock is ahead of UTC; None: it is UTC, not the place's own
    lines: Ints  #: (n,) line of each row, 0 where the format has none
    time: dict[str, Ints]  #: (n,) year, month 1..12, day 1..31, hour 0..23
    values: dict[str, Floats]  #: (n,) by :data:`VALUES`
    names: dict[str, str]  #: what the file calls the values
    row_name: Callable[[int], str] = nameless  #: a row's name in front of the column's
    missing: dict[str, float] = field(default_factory=dict)  #: from these on values are the format's code for missing
    seen: float | None = None  #: hours after the label at which radiation is sampled; None: it is the mean of the hour
    weekday: int | None = None  #: of 1 January


def text_of(path: Path) -> str:
    """Text of a file, gzipped or not, in UTF-8. Raises InputError if there is none."""
    allowed = "a readable text file in UTF-8 of at most 64 MB, gzipped or not"
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(raw)) as file:
                raw = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(Fault(str(path), (getattr(error, "strerror", None) or f"{error}")[:160], allowed)) from error
    if len(raw) > MOST_BYTES:
        raise InputError(Fault(str(path), f"more than {MOST_BYTES // 1_000_000} MB", allowed))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(Fault(f"{path}:{line}", "bytes that are no UTF-8", allowed)) from error
    if "\0" in text:
        raise InputError(Fault(f"{path}:{text[: text.index(chr(0))].count(chr(10)) + 1}", "a NUL byte", allowed))
    return text


def numbers(
    faults: Faults, lines: Sequence[int], name: str, values: Sequence[object], row_name: Callable[[int], str] = nameless
) -> Floats:
    """The values as numbers, NaN where they are none; one fault for all that are not."""
    out = np.array([_number(value) for value in values], np.float64)
    bad = np.flatnonzero(~np.isfinite(out))
    if len(bad):
        first = int(bad[0])
        faults.add(lines[first], row_name(first) + name, f"{values[first]!r}"[:60] + more(len(bad) - 1), "a number")
    return out


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or "_" in str(value):
        return np.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return np.nan


def whole(faults: Faults, lines: Sequence[int], name: str, values: Floats, least: int, most: int, what: str) -> Ints:
    """Whole numbers within bounds, as integers; one fault for all that are not."""
    bad = np.flatnonzero((values < least) | (values > most) | (values != np.floor(values)))
    if len(bad):
        first = int(bad[0])
        found = f"{values[first]:g}" + more(len(bad) - 1)
        faults.add(lines[first], name, found, f"{what}, a whole number from {least} to {most}")
        values = np.where(np.isin(np.arange(len(values)), bad), least, values)
    return np.nan_to_num(values, nan=float(least)).astype(np.int64)


def year_of_hours(table: HourTable, faults: Faults, *, summer_time: bool = True) -> Weather:
    """The rows checked and brought to the legal clock (without summer time if so wanted). Raises InputError with all faults."""
    index = _hours(table, faults)
    faults.stop()
    order = np.argsort(np.where(index < 0, HOURS, index), kind="stable")[:HOURS]
    offset = table.offset if table.offset is not None else 0.0
    sun = sun_of_year(table.lon, table.lat, offset)
    if table.seen is None:
        way, extra, highest = sun.middle(), sun.extra, sun.way[..., 2].max(axis=1)
    else:
        way, extra = sun_at(table.lon, table.lat, np.arange(HOURS) + table.seen - offset)
        highest = way[:, 2]
    values = {name: table.values[name][order] for name in VALUES}
    _check_numbers(table, faults, values, order)
    faults.stop()
    up = np.maximum(0.0, way[:, 2]) if table.seen is not None else sun.up.mean(axis=1)
    _check_clock(table, faults, values, up)  # a wrong clock would be told as night and day of a thousand hours
    faults.stop()
    _check_sky(table, faults, values, order, extra, highest)
    _check_sums(table, faults, values, up)
    faults.stop()
    late = 0 if table.seen is None else int(np.floor(table.seen))
    ahead = _legal_offset(table) - offset
    rows = (np.arange(HOURS) - late - round(ahead)) % HOURS
    if summer_time:
        rows = rows[standard_hours() % HOURS]
    notes = "; 29 February left out" if (index < 0).any() else ""
    return Weather(
        **{name: np.ascontiguousarray(column[rows]) for name, column in values.items()},
        sun=way[rows], extra=extra[rows], first_weekday=FIRST_WEEKDAY if table.weekday is None else table.weekday,
        source=f"{table.title}, {table.path.name}{notes}",
    )  # fmt: skip


def _hours(table: HourTable, faults: Faults) -> Ints:
    """(n,) hour of the year of each row, -1 on 29 February; faults for days there are not, hours missing, twice or in disorder."""
    month, day = table.time["month"], table.time["day"]
    leap = (month == 2) & (day == 29)
    for i in np.flatnonzero((day > np.array(MONTH_DAYS)[month - 1]) & ~leap)[:1].tolist():
        found = f"day {day[i]} of {_MONTHS[month[i] - 1]}"
        faults.add(int(table.lines[i]), table.row_name(i) + "day", found, "a day there is")
        return np.full(len(day), -1)
    index = np.where(leap, -1, (FIRST_DAY[month - 1] + day - 1) * 24 + table.time["hour"])
    kept = np.flatnonzero(~leap)
    seen = np.bincount(index[kept], minlength=HOURS)
    allowed = "each hour of 365 days once, from 1 January on"
    twice = kept[np.isin(index[kept], np.flatnonzero(seen > 1))]
    if len(twice):
        _, first = np.unique(index[twice], return_index=True)
        again = np.delete(twice, first)
        i = int(again[0])
        faults.add(int(table.lines[i]), "hours", f"{_named(index[i])} twice" + more(len(again) - 1, "hours"), allowed)
    lost = np.flatnonzero(seen == 0)
    if len(lost):
        after = kept[index[kept] > lost[0]]
        line = int(table.lines[after[0]] if len(after) else table.lines[-1])
        faults.add(line, "hours", f"no row for {_named(int(lost[0]))}" + more(len(lost) - 1, "hours"), allowed)
    if not len(twice) and not len(lost):
        back = np.flatnonzero(np.diff(index[kept]) < 0)
        if len(back):
            i = int(kept[back[0] + 1])
            faults.add(
                int(table.lines[i]), "hours", f"{_named(index[i])} after {_named(index[kept[back[0]]])}", allowed
            )
    return index


def _fault(table: HourTable, faults: Faults, order: Ints, name: str, bad: Bools, what: str, allowed: str) -> None:
    """One fault for all values of a column that are ``bad``, at the first of them in the file."""
    rows = order[bad]
    if len(rows):
        i = int(rows.min())
        found = f"{table.values[name][i]:g}{what}" + more(len(rows) - 1)
        faults.add(int(table.lines[i]), table.row_name(i) + table.names[name], found, allowed)


def _check_numbers(table: HourTable, faults: Faults, values: dict[str, Floats], order: Ints) -> None:
    """Missing values, temperatures that cannot be, negative radiation."""
    for name, column in values.items():
        gone = column >= table.missing.get(name, np.inf)
        _fault(table, faults, order, name, gone, ", the code for a missing value", "a value in each hour")
        if name == "temperature":
            wild = ~gone & ((column < COLDEST) | (column > HOTTEST))
            _fault(table, faults, order, name, wild, " degC", f"{COLDEST:g} to {HOTTEST:g} degC")
        else:
            _fault(table, faults, order, name, column < 0.0, " W/m2", "0 W/m2 or more")


def _check_clock(table: HourTable, faults: Faults, values: dict[str, Floats], up: Floats) -> None:
    """The sun that the radiation is of must stand where the clock says."""
    ghi, dni, dhi = (values[name] for name in ("horizontal", "direct", "diffuse"))
    apart = float(np.abs(ghi - dhi - dni * up).sum())
    tried = {hours: float(np.abs(ghi - dhi - dni * np.roll(up, hours)).sum()) for hours in LATER}
    hours = min(tried, key=lambda k: tried[k])
    if tried[hours] < 0.5 * apart and apart > 0.02 * ghi.sum():
        word = "later" if hours < 0 else "earlier"
        found = f"radiation of a sun {abs(hours)} h {word} than at {table.lon:g} E {table.lat:g} N on the file's clock"
        faults.add(0, "clock", found, "hours on the clock and at the place that the file names")


def _check_sky(
    table: HourTable, faults: Faults, values: dict[str, Floats], order: Ints, extra: Floats, highest: Floats
) -> None:
    """Radiation at night, or more than physically possible by the limits of BSRN (Long & Dutton 2002)."""
    up = np.maximum(0.0, highest)
    most = {
        "horizontal": 1.5 * extra * up**1.2 + 100.0,
        "direct": extra,
        "diffuse": 0.95 * extra * up**1.2 + 50.0,
    }
    for name, limit in most.items():
        column = values[name]
        night = (highest < NIGHT) & (column > NIGHT_LIGHT)
        dark = "no radiation at night (are clock and place right?)"
        _fault(table, faults, order, name, night, " W/m2 with the sun below the horizon", dark)
        _fault(
            table, faults, order, name, ~night & (column > limit), " W/m2", "no more than the sun gives at that hour"
        )


def _check_sums(table: HourTable, faults: Faults, values: dict[str, Floats], up: Floats) -> None:
    """Global radiation must be diffuse plus direct radiation."""
    ghi, dni, dhi = (values[name] for name in ("horizontal", "direct", "diffuse"))
    if ghi.sum() <= 0.0:
        faults.add(0, table.names["horizontal"], "no radiation in the whole year", "the sun of a year")
        return
    parts = float((dhi + dni * up).sum() / ghi.sum())
    if abs(parts - 1.0) > SUMS_APART:
        names = ", ".join(table.names[name] for name in ("horizontal", "direct", "diffuse"))
        found = f"direct and diffuse that make {100 * parts:.0f} % of the global radiation"
        faults.add(0, names, found, "90 to 110 % over the year")


def fitting_minute(table: HourTable) -> float:
    """Hours after the label, in steps of five minutes, at which the sun fits the sampled radiation best."""
    up = sun_of_year(table.lon, table.lat, table.offset or 0.0).up
    ghi, dni, dhi = (table.values[name][:HOURS, None] for name in ("horizontal", "direct", "diffuse"))
    beam = ghi - dhi - dni * up[: len(ghi)]
    return (int(np.abs(np.nan_to_num(beam)).sum(axis=0).argmin()) + 0.5) / STEPS


def _legal_offset(table: HourTable) -> float:
    """Hours of the legal clock ahead of UTC, without summer time."""
    west, east, south, north = FRANCE
    if west <= table.lon <= east and south <= table.lat <= north:
        own = CENTRAL_EUROPEAN_TIME
    else:
        own = table.offset if table.offset is not None else float(round(table.lon / 15.0))
    given = table.offset if table.offset is not None else 0.0
    return own if float(own - given).is_integer() else given


def _named(hour: Array | int) -> str:
    day, at = divmod(int(hour), 24)
    month = int(np.searchsorted(FIRST_DAY, day, side="right")) - 1
    return f"{day - int(FIRST_DAY[month]) + 1} {_MONTHS[month]} {at}-{at + 1} h"


def more(count: int, what: str = "rows") -> str:
    """How many more there are of what was found, in words."""
    return f" (and {count:,} {what} more)" if count else ""
