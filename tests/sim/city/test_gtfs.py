"""Timetables as lines: a small feed written for one test, a real agency's feed counted again by hand, and what is wrong in feeds."""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.city.assemble import build_city
from sim.city.bundle import load_bundle, save_bundle
from sim.city.geojson import read_source
from sim.city.gtfs import Service, Timetable, TimetableLine, hours, read_timetable
from sim.city.show import build_report
from sim.cli import main
from sim.codes import TransitMode
from sim.errors import InputError
from sim.measures.transit import TransitFrequency
from sim.scenario.parameters import Parameters
from sim.systems.mobility.transit import Network, Strategies, segments
from tests.sim.city.real_files import LAT, LON, STEP, communes, demand, grid, write

Rows = list[dict[str, Any]]
Feed = dict[str, Rows]
H = 3600


def clock(seconds: float) -> str:
    s = round(seconds)
    return f"{s // H:02d}:{s // 60 % 60:02d}:{s % 60:02d}"


def trip(
    feed: Feed, name: str, route: str, service: str, direction: int, start: float, stops: list[str], leg: float = 120.0
) -> None:
    """One more trip: a leg between stops, twenty seconds at each."""
    feed["trips"].append({"trip_id": name, "route_id": route, "service_id": service, "direction_id": direction})
    for i, stop in enumerate(stops):
        arrival = start + i * leg
        feed["stop_times"].append(
            {"trip_id": name, "arrival_time": clock(arrival), "departure_time": clock(arrival + 20.0 * (0 < i < len(stops) - 1)),
             "stop_id": stop, "stop_sequence": 10 * (i + 1)}
        )  # fmt: skip


def made_up() -> Feed:
    """A bus along seven stops both ways with a short turn, a tram by headways, a boat; a Saturday service; a day without buses."""
    feed: Feed = {
        "agency": [{"agency_id": "x", "agency_name": "X", "agency_url": "https://example.org", "agency_timezone": "Europe/Paris"}],
        "routes": [
            {"route_id": "b", "route_short_name": "1", "route_long_name": "Long", "route_type": 3},
            {"route_id": "t", "route_short_name": "", "route_long_name": "Tram", "route_type": 900},
            {"route_id": "f", "route_short_name": "F", "route_long_name": "", "route_type": 4},
        ],
        "stops": [
            {"stop_id": f"s{i}", "stop_name": f"Stop {i}", "stop_lat": LAT + STEP * 3, "stop_lon": LON + STEP * i, "parent_station": ""}
            for i in range(7)
        ],
        "trips": [], "stop_times": [],
        "calendar": [
            {"service_id": "week", **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), 1), "saturday": 0,
             "sunday": 0, "start_date": "20240101", "end_date": "20240131"},
            {"service_id": "sat", **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "sunday"), 0), "saturday": 1,
             "start_date": "20240101", "end_date": "20240131"},
        ],
        "calendar_dates": [{"service_id": "week", "date": "20240101", "exception_type": 2}],
    }  # fmt: skip
    for platform in ("s6a", "s6b"):
        feed["stops"].append(
            {
                "stop_id": platform,
                "stop_name": "Platform",
                "stop_lat": LAT + STEP * 3,
                "stop_lon": LON + STEP * 6,
                "parent_station": "s6",
            }
        )
    there = ["s0", "s1", "s2", "s3", "s4", "s5", "s6a"]
    back = ["s6b", *there[-2::-1]]
    for i in range(12):  # every ten minutes from seven to nine
        trip(feed, f"out{i}", "b", "week", 0, 7 * H + 600 * i, there)
    for i in range(13):  # every half hour from half past nine
        trip(feed, f"off{i}", "b", "week", 0, 9.5 * H + 1800 * i, there, leg=100.0)
        trip(feed, f"back{i}", "b", "week", 1, 9.5 * H + 1800 * i, back)
    for i in range(4):
        trip(feed, f"short{i}", "b", "week", 0, 7 * H + 1200 * i, there[:4])
    for i in range(3):
        trip(feed, f"rare{i}", "b", "week", 0, 8 * H + 60 * i, there[2:])
    trip(feed, "night", "b", "week", 0, 24.5 * H, ["s0", "s6a"])
    trip(feed, "boat", "f", "week", 0, 8 * H, ["s0", "s6"])
    trip(feed, "saturday", "b", "sat", 0, 8 * H, there)
    trip(feed, "tram", "t", "week", 0, 0.0, ["s2", "s4", "s6a", "s6b"])
    feed["frequencies"] = [
        {"trip_id": "tram", "start_time": "06:00:00", "end_time": "09:00:00", "headway_secs": 300, "exact_times": 0},
        {"trip_id": "tram", "start_time": "09:00:00", "end_time": "20:00:00", "headway_secs": 600, "exact_times": 0},
    ]
    return feed


def written(feed: Feed, folder: Path) -> Path:
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for table, rows in feed.items():
            text = io.StringIO()
            if rows:
                writer = csv.DictWriter(text, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
            archive.writestr(f"{table}.txt", text.getvalue())
    return path


def read(feed: Feed, folder: Path, **options: Any) -> Timetable:
    return read_timetable(Service(written(feed, folder), **options))


@pytest.fixture
def timetable(tmp_path: Path) -> Timetable:
    return read(made_up(), tmp_path)


def line(timetable: Timetable, name: str) -> TimetableLine:
    return next(x for x in timetable.lines if x.name == name)


# --- lines of the small feed ----------------------------------------------------------------------------------------------


def test_routes_directions_and_patterns_become_lines(timetable: Timetable) -> None:
    """The short turn has four trips a day and is a line; three trips from the third stop are left out, and one that runs by night."""
    assert [x.name for x in timetable.lines] == ["1 → Stop 6", "1 → Stop 3", "1 → Stop 0", "Tram → Stop 6"]
    assert [x.mode for x in timetable.lines] == [TransitMode.BUS] * 3 + [TransitMode.TRAM]
    left = {
        "trips_of_other_vehicles": 1, "trips_of_one_station": 0, "trips_of_rare_patterns": 4, "trips_at_other_hours": 0,
    }  # fmt: skip
    assert timetable.report["left_out"] == left
    assert timetable.report["trips"] == 12 + 13 + 13 + 4 + 3 + 1 + 1 + (36 + 66)
    assert timetable.report["trips_in_lines"] + sum(left.values()) == timetable.report["trips"]
    assert timetable.report["date"] == "2024-01-02"


def test_headways_are_hours_over_departures(timetable: Timetable) -> None:
    main, short, back, tram = timetable.lines
    assert (main.peak, main.off) == (10.0, 390 / 13)
    assert (short.peak, short.off) == (30.0, np.inf)
    assert (back.peak, back.off) == (np.inf, 30.0)
    assert (tram.peak, tram.off) == (5.0, 10.0)
    assert timetable.report["departures_peak"] == 12 + 4 + 24
    assert timetable.report["departures_off"] == 13 + 13 + 39


def test_run_times_are_medians_and_platforms_one_station(timetable: Timetable) -> None:
    """Of 12 trips with legs of 120 s and 13 of 100 s the median is 100 s; the first leg has the halt beyond it, the last has none."""
    main, _, back, tram = timetable.lines
    np.testing.assert_array_equal(main.run, [0, 120, 100, 100, 100, 100, 80])
    np.testing.assert_array_equal(back.run, [0, 140, 120, 120, 120, 120, 100])
    assert main.stops == ("s0", "s1", "s2", "s3", "s4", "s5", "s6")
    assert back.stops == main.stops[::-1]
    assert tram.stops == ("s2", "s4", "s6")
    np.testing.assert_array_equal(tram.run, [0, 140, 100])  # to the first platform: who gets off there is there


def test_days(tmp_path: Path) -> None:
    saturday = read(made_up(), tmp_path, day="saturday")
    assert (saturday.report["date"], saturday.report["trips"]) == ("2024-01-06", 1)
    assert read(made_up(), tmp_path, day="2024-01-31").report["trips"] == 149
    for day, found in (
        ("sunday", "sunday: no service"),
        ("2024-01-01", "2024-01-01: no service"),
        ("2025-01-01", "no service"),
        ("monday", "'monday'"),
    ):
        with pytest.raises(InputError, match=rf"--gtfs-day: found {found}|--gtfs-day: found .*{found}"):
            read(made_up(), tmp_path, day=day)


def test_the_usual_weekday_is_taken_not_the_first(tmp_path: Path) -> None:
    feed = made_up()
    feed["calendar_dates"] += [{"service_id": "sat", "date": f"202401{d:02d}", "exception_type": 1} for d in (2, 3, 4)]
    assert read(feed, tmp_path).report["date"] == "2024-01-05"


def test_a_feed_of_exceptions_alone(tmp_path: Path) -> None:
    feed = made_up()
    del feed["calendar"]
    feed["calendar_dates"] = [{"service_id": "week", "date": "20240110", "exception_type": 1}]
    assert read(feed, tmp_path).report["date"] == "2024-01-10"


def test_other_hours_may_be_chosen(tmp_path: Path) -> None:
    timetable = read(
        made_up(), tmp_path, peak=hours("--gtfs-peak", "07:00-08:00"), off=hours("--gtfs-off", "24:00-25:00")
    )
    assert line(timetable, "1 → Stop 6").peak == 10.0
    assert timetable.report["departures_off"] == 0
    everything = read(made_up(), tmp_path, least_trips=1)
    assert everything.report["left_out"]["trips_of_rare_patterns"] == 0


@pytest.mark.parametrize("text", ["7-9", "09:00-07:00", "07:00-07:00", "07:60-09:00", "07:00-31:00", ""])
def test_hours_are_checked(text: str) -> None:
    with pytest.raises(InputError, match=r"--gtfs-peak: found .* hours as 07:00-09:00"):
        hours("--gtfs-peak", text)


def test_times_left_out_follow_the_way(tmp_path: Path) -> None:
    """The second of three stops twice as far from the third as from the first: a third of the time, and counted."""
    feed = made_up()
    feed["trips"], feed["stop_times"], feed["frequencies"] = [], [], []
    trip(feed, "a", "b", "week", 0, 8 * H, ["s0", "s2", "s6"], leg=450.0)
    feed["stop_times"][1] |= {"arrival_time": "", "departure_time": ""}
    timetable = read(feed, tmp_path)
    np.testing.assert_allclose(timetable.lines[0].run, [0, 300, 600], atol=1.0)
    assert timetable.report["times_filled_in"] == 1


def test_without_directions_ends_tell_them_apart(tmp_path: Path) -> None:
    feed = made_up()
    for row in feed["trips"]:
        del row["direction_id"]
    names = [x.name for x in read(feed, tmp_path).lines]
    assert {"1 → Stop 6", "1 → Stop 0", "1 → Stop 3", "Tram → Stop 6"} <= set(names)


# --- what is wrong --------------------------------------------------------------------------------------------------------


def _set(table: str, row: int, **values: Any) -> Any:
    def change(feed: Feed) -> None:
        feed[table][row] |= values

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("stop_times", 2, stop_id="?"), r"stop_times.txt:4: stop_id: found '\?'; allowed: a stop_id of stops.txt"),
        (_set("stop_times", 0, trip_id="?"), r"stop_times.txt:2: trip_id: found '\?'; allowed: a trip_id of trips.txt"),
        (_set("trips", 1, route_id="?"), r"trips.txt:3: route_id: found '\?'; allowed: a route_id of routes.txt"),
        (_set("trips", 1, trip_id="out0"), r"trips.txt:3: trip_id: found 'out0'; allowed: an identifier of its own"),
        (_set("stops", 1, stop_lat=91.0), r"stops.txt:3: stop_lat: found 91.0; allowed: degrees"),
        (_set("stops", 1, stop_lon="east"), r"stops.txt:3: stop_lon: found 'east'; allowed: a number"),
        (_set("stop_times", 3, stop_sequence="x"), r"stop_times.txt:5: stop_sequence: found 'x'; allowed: a number"),
        (_set("stop_times", 3, stop_sequence=30), r"stop_times.txt:5: stop_sequence: found 30 again"),
        (_set("stop_times", 3, arrival_time="8h"), r"stop_times.txt:5: arrival_time: found '8h'; allowed: a time HH:MM:SS"),
        (_set("stop_times", 3, arrival_time="06:00:00"), r"stop_times.txt:5: arrival_time: found 06:00:00 to .* earlier"),
        (_set("stop_times", 0, arrival_time="", departure_time=""), r"stop_times.txt:2: departure_time: found nothing"),
        (_set("routes", 0, route_type=""), r"routes.txt:2: route_type: found <NA>; allowed: a number"),
        (_set("calendar", 0, start_date="2024-01-01"), r"calendar.txt:2: start_date: found '2024-01-01'; allowed: a date YYYYMMDD"),
        (_set("calendar_dates", 0, date="20241301"), r"calendar_dates.txt:2: date: found '20241301'; allowed: a date YYYYMMDD"),
        (_set("frequencies", 1, headway_secs=0), r"frequencies.txt:3: headway_secs: found 0; allowed: seconds, more than 0"),
        (_set("frequencies", 1, end_time="noon"), r"frequencies.txt:3: end_time: found 'noon'; allowed: a time HH:MM:SS"),
        (_set("frequencies", 0, trip_id="?"), r"frequencies.txt:2: trip_id: found '\?'; allowed: a trip_id of trips.txt"),
        (lambda feed: [row.pop("sunday") for row in feed["calendar"]], r"calendar.txt: found no column sunday"),
        (lambda feed: feed.pop("stops"), r"stops.txt: found no rows; allowed: a table that every feed has"),
        (lambda feed: (feed.pop("calendar"), feed.pop("calendar_dates")), r"calendar.txt: found no rows, nor in"),
        (lambda feed: [row.pop("stop_sequence") for row in feed["stop_times"]], r"stop_times.txt: found no column stop_sequence"),
    ],
)  # fmt: skip
def test_faults_are_named_by_file_row_and_field(change: Any, message: str, tmp_path: Path) -> None:
    feed = made_up()
    change(feed)
    with pytest.raises(InputError, match=message):
        read(feed, tmp_path)


def test_what_is_no_feed(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip")
    for path in (tmp_path / "absent.zip", tmp_path / "text.zip"):
        with pytest.raises(InputError, match=rf"{path.name}: found .*a GTFS feed"):
            read_timetable(Service(path))


def test_without_gtfs_kit_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gtfs_kit", None)
    with pytest.raises(InputError, match=r"gtfs-kit is not installed; allowed: pip install 'rebond\[gtfs\]' first"):
        read(made_up(), tmp_path)


# --- in a city ------------------------------------------------------------------------------------------------------------


def test_a_city_runs_its_timetable(timetable: Timetable, tmp_path: Path) -> None:
    city = build_city(read_source(*write(tmp_path, grid(), demand(), communes())), None, 9, timetable)
    assert city.line_names == tuple(x.name for x in timetable.lines)
    assert not city.lines.both_ways.any()
    assert len(city.stops) == 7
    np.testing.assert_allclose(city.lines.headway_peak, [x.peak for x in timetable.lines])
    np.testing.assert_allclose(city.line_stops.run_time, np.concatenate([x.run for x in timetable.lines]))
    np.testing.assert_allclose(
        city.lines.capacity, [Parameters()[f"places_{x.mode.name.lower()}"] for x in timetable.lines]
    )
    apart = city.line_stops.distance[1:7]
    np.testing.assert_allclose(apart, apart[0], rtol=1e-3)
    assert any("timetable feed.zip of 2024-01-02" in row for row in build_report(city))
    graph = Network(city, Parameters(), tuple(city.lines.running.tolist()), tuple(city.lines.headway_peak.tolist()))
    felt = Strategies(graph, np.zeros(len(segments(city).line))).felt
    assert np.isfinite(felt[~np.eye(len(felt), dtype=bool)]).any()
    save_bundle(city, tmp_path / "c.bundle")
    again = load_bundle(tmp_path / "c.bundle")
    assert again.facts["transit"] == city.facts["transit"]
    assert again.lines.headway_off.tobytes() == city.lines.headway_off.tobytes()


def test_one_name_names_all_directions_and_branches(timetable: Timetable, tmp_path: Path) -> None:
    city = build_city(read_source(*write(tmp_path, grid(), demand(), communes())), None, 9, timetable)
    measure = TransitFrequency(lines=("1",), headway=-0.5)
    assert measure._rows(city).tolist() == [0, 1, 2]
    assert not list(measure.unknown_names(city))


def test_the_command_names_the_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roads, people, outlines = write(tmp_path, grid(), demand(), communes())
    given = ["city", "build", "--roads", str(roads), "--demand", str(people), "--out", str(tmp_path / "c.bundle")]
    feed = written(made_up(), tmp_path)
    for more, message in (
        (["--gtfs", str(feed), "--gtfs-day", "someday"], "--gtfs-day: found 'someday'"),
        (["--gtfs", str(feed), "--gtfs-peak", "7"], "--gtfs-peak: found '7'"),
        (["--gtfs", str(tmp_path / "no.zip")], "no.zip: found nothing"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main([*given, "--communes", str(outlines), *more])
        assert stopped.value.code == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "c.bundle").exists()


def test_the_feed_of_another_town_is_refused(timetable: Timetable, tmp_path: Path) -> None:
    far = {s: (name, lon + 5.0, lat) for s, (name, lon, lat) in timetable.stops.items()}
    elsewhere = Timetable(timetable.lines, far, timetable.report)
    with pytest.raises(
        InputError, match=r"none with two stops near the city's homes and jobs; allowed: the feed of this city"
    ):
        build_city(read_source(*write(tmp_path, grid(), demand(), communes())), None, 9, elsewhere)


# --- a real feed ----------------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_a_real_feed_counted_by_hand(shared: Path) -> None:
    """Cherriots (Salem, Oregon), April 2018, with the csv module alone: service of a date, departures of the two periods from trips'
    first stops, trips by route and sequence of stops."""
    path, day = shared / "reference" / "gtfs" / "cherriots_2018.zip", "20180410"
    with zipfile.ZipFile(path) as archive:
        tables = {
            name: list(csv.DictReader(io.TextIOWrapper(archive.open(f"{name}.txt"), "utf-8-sig")))
            for name in ("calendar", "calendar_dates", "trips", "stop_times")
        }
    active = {
        r["service_id"] for r in tables["calendar"] if r["tuesday"] == "1" and r["start_date"] <= day <= r["end_date"]
    }
    for r in tables["calendar_dates"]:
        if r["date"] == day:
            (active.add if r["exception_type"] == "1" else active.discard)(r["service_id"])
    trips = {r["trip_id"]: r for r in tables["trips"] if r["service_id"] in active}
    calls: dict[str, list[tuple[int, str, str]]] = {}
    for r in tables["stop_times"]:
        if r["trip_id"] in trips:
            calls.setdefault(r["trip_id"], []).append(
                (int(r["stop_sequence"]), r["departure_time"].strip(), r["stop_id"])
            )
    starts = {t: min(rows)[1] for t, rows in calls.items()}
    found = read_timetable(Service(path, "2018-04-10", least_trips=1))
    assert found.report["trips"] == len(trips) == len(calls)
    assert found.report["left_out"]["trips_of_rare_patterns"] == 0
    peak = sum("07:00:00" <= s.zfill(8) < "09:00:00" for s in starts.values())
    off = sum("09:30:00" <= s.zfill(8) < "16:00:00" for s in starts.values())
    assert (found.report["departures_peak"], found.report["departures_off"]) == (peak, off)
    assert sum(120.0 / x.peak for x in found.lines) == pytest.approx(peak)
    patterns = Counter(
        (trips[t]["route_id"], trips[t]["direction_id"], tuple(s for _, _, s in sorted(rows)))
        for t, rows in calls.items()
    )
    hidden = found.report["left_out"]["trips_at_other_hours"]
    assert len(found.lines) <= len(patterns) <= len(found.lines) + hidden
    assert {x.stops for x in found.lines} <= {stops for _, _, stops in patterns}
