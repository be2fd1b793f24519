"""Timetables (GTFS feeds) as lines: the service of one day in two periods, grouped by route, direction and stop pattern.

Rules. Trips of the day (calendar.txt, calendar_dates.txt; frequencies.txt expanded) are grouped by route and direction - by route and
ends where the feed has no direction - and within these by the stations they serve in order; platforms count as their parent station.
The pattern with most trips is a line, any other with at least ``least_trips`` a line of its own; the rest is left out and counted.
Headway: length of the period over the trips that leave their first stop in it, infinite where none does. Run times: the median over the
pattern's trips, from departure to departure; times that the feed leaves out are set in proportion to the straight way between stops.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.city.geometry import Plane
from sim.city.gtfs_feed import date_of, iso, read_feed, wrong
from sim.codes import TransitMode
from sim.columns import Array, Floats, Ints
from sim.errors import Fault, InputError

#: Kinds of line by route_type: the basic ones and the hundreds of the extended ones; boats and taxis are left out.
ROUTE_TYPES = {
    0: TransitMode.TRAM, 1: TransitMode.METRO, 2: TransitMode.RAIL, 3: TransitMode.BUS, 5: TransitMode.TRAM, 6: TransitMode.CABLE,
    7: TransitMode.CABLE, 11: TransitMode.BUS, 12: TransitMode.METRO,
}  # fmt: skip
EXTENDED_TYPES = {
    1: TransitMode.RAIL, 2: TransitMode.BUS, 4: TransitMode.METRO, 7: TransitMode.BUS, 8: TransitMode.BUS, 9: TransitMode.TRAM,
    13: TransitMode.CABLE, 14: TransitMode.CABLE,
}  # fmt: skip
HOURS = "hours as 07:00-09:00"


@dataclass(frozen=True)
class Service:
    """What a city takes from a feed."""

    feed: Path
    day: str = "weekday"  #: weekday, saturday, sunday or a date YYYY-MM-DD
    peak: tuple[int, int] = (7 * 3600, 9 * 3600)  #: s after midnight
    off: tuple[int, int] = (9 * 3600 + 1800, 16 * 3600)
    least_trips: int = 4  #: a day, that make a pattern beside the main one a line


@dataclass(frozen=True)
class TimetableLine:
    """One pattern of stops, one way."""

    name: str
    mode: TransitMode
    peak: float  #: min between vehicles, inf where none runs
    off: float
    stops: tuple[str, ...]
    run: Floats  #: (stops,) s from the stop before, 0 at the first


@dataclass(frozen=True)
class Timetable:
    """The lines of a feed on one day."""

    lines: tuple[TimetableLine, ...]
    stops: dict[str, tuple[str, float, float]]  #: name, longitude, latitude
    report: dict[str, Any]  #: what was taken and what was left out


def hours(option: str, text: str) -> tuple[int, int]:
    """Seconds after midnight of "07:00-09:00"; hours past 24 belong to the same day of service."""
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)", text.strip())
    if match is None:
        raise InputError(Fault(option, repr(text), HOURS))
    a, b, c, d = (int(x) for x in match.groups())
    start, end = a * 3600 + b * 60, c * 3600 + d * 60
    if not start < end <= 30 * 3600:
        raise InputError(Fault(option, repr(text), f"{HOURS}, the second later than the first"))
    return start, end


def read_timetable(service: Service) -> Timetable:
    """The lines of a feed on a day. Raises InputError naming file, row and field, or what is missing to read feeds at all."""
    feed = read_feed(service.feed)
    day = date_of(feed, service.day)
    feed.trips = feed.get_trips(day)
    of_day = feed.stop_times["trip_id"].isin(feed.trips["trip_id"])
    feed.stop_times = feed.stop_times[of_day]
    feed = feed.expand_frequencies()
    calls = _calls(feed, service.feed)
    return _lines(feed, calls, service, day)


# --- trips ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Calls:
    """Calls of the day's trips at stations, in order; trip k has rows first[k]:first[k + 1]."""

    trips: tuple[str, ...]
    first: Ints
    station: Ints  #: number in ``stations``
    arrival: Floats  #: s
    departure: Floats
    stations: tuple[str, ...]
    filled: int  #: times that the feed leaves out


def _calls(feed: Any, path: Path) -> _Calls:
    rows = feed.stop_times
    table = rows.assign(sequence=rows["stop_sequence"].astype("int64")).sort_values(
        ["trip_id", "sequence"], kind="stable"
    )
    twice = np.flatnonzero(table.duplicated(["trip_id", "sequence"]))
    if len(twice):
        at = table.iloc[twice[0]]
        wrong(
            path,
            "stop_times",
            int(table.index[twice[0]]),
            "stop_sequence",
            f"{at['sequence']} again",
            "each number once a trip",
        )
    arrival, departure = (_seconds(table, field, path) for field in ("arrival_time", "departure_time"))
    arrival, departure = (
        np.where(np.isnan(arrival), departure, arrival),
        np.where(np.isnan(departure), arrival, departure),
    )
    trip = table["trip_id"].to_numpy(str)
    begins = np.r_[True, trip[1:] != trip[:-1]] if len(trip) else np.zeros(0, bool)
    first = np.r_[np.flatnonzero(begins), len(trip)]
    x, y, station, stations = _stations(feed, table)
    missing = np.isnan(arrival)
    for k in np.unique(np.searchsorted(first, np.flatnonzero(missing), side="right") - 1).tolist():
        mine = slice(first[k], first[k + 1])
        gaps = missing[mine]
        if gaps[0] or gaps[-1]:
            row = int(table.index[first[k] if gaps[0] else first[k + 1] - 1])
            wrong(
                path,
                "stop_times",
                row,
                "departure_time",
                "nothing",
                "a time at the first and at the last stop of a trip",
            )
        along = np.r_[0.0, np.cumsum(np.hypot(np.diff(x[mine]), np.diff(y[mine])) + 1.0)]
        for times, known in ((arrival, departure), (departure, arrival)):
            times[mine] = np.where(gaps, np.interp(along, along[~gaps], known[mine][~gaps]), times[mine])
    _forward(table, path, begins, arrival, departure)
    return _Calls(tuple(trip[begins].tolist()), first, station, arrival, departure, stations, int(missing.sum()))


def _seconds(table: Any, field: str, path: Path) -> Floats:
    text = table[field].str.strip()
    parts = text.str.extract(r"^(\d{1,3}):([0-5]\d):([0-5]\d)$").astype("Float64")
    seconds = np.asarray((parts[0] * 3600 + parts[1] * 60 + parts[2]).to_numpy(np.float64, na_value=np.nan))
    bad = np.flatnonzero(text.notna() & np.isnan(seconds))
    if len(bad):
        wrong(path, "stop_times", int(table.index[bad[0]]), field, repr(str(text.iloc[bad[0]])), "a time HH:MM:SS")
    return seconds


def _forward(table: Any, path: Path, begins: Array, arrival: Floats, departure: Floats) -> None:
    """Times of a trip never go back."""
    back = np.flatnonzero((departure < arrival) | (np.r_[np.inf, arrival[1:] - departure[:-1]] < 0.0) & ~begins)
    if len(back):
        at = table.iloc[back[0]]
        found = f"{at['arrival_time']} to {at['departure_time']}, earlier than the stop before or than the arrival"
        wrong(path, "stop_times", int(table.index[back[0]]), "arrival_time", found, "times that go on along a trip")


def _stations(feed: Any, table: Any) -> tuple[Floats, Floats, Ints, tuple[str, ...]]:
    """Metres east and north of each row's stop, the number of its station, and the stations."""
    stops = feed.stops.set_index("stop_id")
    own = table["stop_id"]
    lon, lat = own.map(stops["stop_lon"]).to_numpy(np.float64), own.map(stops["stop_lat"]).to_numpy(np.float64)
    x, y = Plane.around(float(lon.mean()), float(lat.mean())).to_metres(lon, lat)
    if "parent_station" in stops:
        parent = own.map(stops["parent_station"])
        known = parent.isin(stops.index)
        own = parent.where(known, own)
    names, station = np.unique(own.to_numpy(str), return_inverse=True)
    return x, y, station.astype(np.int64), tuple(names.tolist())


# --- lines ----------------------------------------------------------------------------------------------------------------


@dataclass
class _Pattern:
    """Trips that serve the same stations in order."""

    stations: tuple[int, ...]
    starts: list[float]
    runs: list[Floats]


#: Patterns by stations, by route and direction (or ends).
_Groups = dict[tuple[str, Any], dict[tuple[int, ...], _Pattern]]


def _lines(feed: Any, calls: _Calls, service: Service, day: str) -> Timetable:
    left = dict.fromkeys(
        ("trips_of_other_vehicles", "trips_of_one_station", "trips_of_rare_patterns", "trips_at_other_hours"), 0
    )
    stops, routes = _stop_table(feed, calls.stations), feed.routes.set_index("route_id")
    lines: list[TimetableLine] = []
    names: dict[str, int] = {}
    departures = np.zeros(2, np.int64)
    for (route, _), patterns in _grouped(feed, calls, routes, left):
        for rank, q in enumerate(sorted(patterns.values(), key=lambda q: (-len(q.starts), q.stations))):
            leaving = [sum(a <= s < b for s in q.starts) for a, b in (service.peak, service.off)]
            if rank and len(q.starts) < service.least_trips:
                left["trips_of_rare_patterns"] += len(q.starts)
            elif not any(leaving):
                left["trips_at_other_hours"] += len(q.starts)
            else:
                departures += leaving
                lines.append(_line(routes.loc[route], route, q, calls, stops, service, leaving, names))
    report = {
        "feed": service.feed.name, "date": iso(day), "day": service.day, "peak": list(service.peak), "off": list(service.off),
        "trips": len(calls.trips), "trips_in_lines": len(calls.trips) - sum(left.values()), "lines": len(lines),
        "departures_peak": int(departures[0]), "departures_off": int(departures[1]), "left_out": left,
        "times_filled_in": calls.filled,
    }  # fmt: skip
    used = {s for line in lines for s in line.stops}
    return Timetable(tuple(lines), {s: stops[s] for s in sorted(used)}, report)


def _grouped(
    feed: Any, calls: _Calls, routes: Any, left: dict[str, int]
) -> list[tuple[tuple[str, Any], dict[tuple[int, ...], _Pattern]]]:
    """Patterns of the day's trips by route, in the order of routes.txt, and direction; ``left`` counts the trips left out."""
    of_trip = feed.trips.set_index("trip_id")
    direction = of_trip.get("direction_id")
    groups: _Groups = defaultdict(dict)
    for k, trip in enumerate(calls.trips):
        route = str(of_trip.at[trip, "route_id"])
        if _mode(routes.at[route, "route_type"]) is None:
            left["trips_of_other_vehicles"] += 1
            continue
        stations, run, start = _trip(calls, k)
        if len(stations) < 2:
            left["trips_of_one_station"] += 1
            continue
        given = None if direction is None else direction.at[trip]
        ends = (stations[0], stations[-1])
        patterns = groups[route, int(given) if isinstance(given, int | np.integer) else ends]
        pattern = patterns.setdefault(stations, _Pattern(stations, [], []))
        pattern.starts.append(start)
        pattern.runs.append(run)
    order = {str(r): i for i, r in enumerate(feed.routes["route_id"])}
    return sorted(groups.items(), key=lambda g: (order[g[0][0]], str(g[0][1])))


def _trip(calls: _Calls, k: int) -> tuple[tuple[int, ...], Floats, float]:
    """Stations in order, seconds from one departure to the next (arrival at the last), departure; calls at one station on end are one."""
    mine = slice(int(calls.first[k]), int(calls.first[k + 1]))
    station, arrival, departure = calls.station[mine], calls.arrival[mine], calls.departure[mine]
    last_call = np.r_[station[1:] != station[:-1], True]
    times = departure[last_call]
    times[-1] = arrival[np.flatnonzero(np.r_[True, station[1:] != station[:-1]])[-1]]
    return tuple(station[last_call].tolist()), np.r_[0.0, np.diff(times)], float(times[0])


def _mode(route_type: int) -> TransitMode | None:
    """Kind of line, None for vehicles that are no lines here."""
    return ROUTE_TYPES.get(route_type) if route_type < 100 else EXTENDED_TYPES.get(route_type // 100)


def _stop_table(feed: Any, stations: tuple[str, ...]) -> dict[str, tuple[str, float, float]]:
    """Name and position of each station."""
    stops = feed.stops.set_index("stop_id")
    names = stops["stop_name"] if "stop_name" in stops else stops.index.to_series()
    out = {}
    for s in stations:
        at, name = stops.loc[s], names.loc[s]
        lon, lat = float(at["stop_lon"]), float(at["stop_lat"])
        if not math.isfinite(lon + lat):  # a parent without position stands where its platforms are
            platforms = feed.stops[feed.stops["parent_station"] == s]
            lon, lat = float(platforms["stop_lon"].mean()), float(platforms["stop_lat"].mean())
        out[s] = (str(name) if isinstance(name, str) else s, lon, lat)
    return out


def _line(
    route: Any, route_id: str, q: _Pattern, calls: _Calls, stops: dict[str, tuple[str, float, float]], service: Service,
    leaving: list[int], names: dict[str, int],
) -> TimetableLine:  # fmt: skip
    ids = tuple(calls.stations[s] for s in q.stations)
    given = (route.get(field) for field in ("route_short_name", "route_long_name"))
    base = next((str(n).strip() for n in given if isinstance(n, str) and n.strip()), route_id)
    name = f"{base} → {stops[ids[-1]][0]}"[:74]
    names[name] = names.get(name, 0) + 1
    peak, off = (
        (b - a) / 60.0 / n if n else math.inf for (a, b), n in zip((service.peak, service.off), leaving, strict=True)
    )
    if names[name] > 1:
        name = f"{name} ({names[name]})"
    mode = _mode(route["route_type"]) or TransitMode.TRAM  # 0; trips of other vehicles are left out before
    return TimetableLine(name, mode, peak, off, ids, np.median(np.stack(q.runs), axis=0))
