"""EPW and PVGIS files: the right hour on the legal clock, pvlib as a second reader, and one clear fault for each thing wrong."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pvlib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.city.clock import standard_hours
from sim.city.weatherfile import read_weather
from sim.errors import Fault, InputError
from tests.sim.city.weather_texts import (
    COLUMNS,
    Hours,
    epw,
    leap_day,
    mean_hours,
    pvgis_csv,
    pvgis_json,
    sampled_hours,
)

EPW = epw()
SAMPLED = sampled_hours(0.1761)
CSV = pvgis_csv(SAMPLED, 0.1761)


def written(folder: Path, lines: list[str] | str, name: str = "w.epw") -> Path:
    path = folder / name
    text = lines if isinstance(lines, str) else "\r\n".join(lines) + "\r\n"
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def faults(path: Path) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        read_weather(path)
    for fault in caught.value.faults:
        assert fault.found
        assert fault.allowed
        assert fault.where.startswith(str(path))
    return caught.value.faults


def edited(lines: list[str], row: int, column: int, text: str) -> list[str]:
    """``lines`` with another text in a column of line ``row`` (from 1)."""
    fields = lines[row - 1].split(",")
    fields[column] = text
    return [*lines[: row - 1], ",".join(fields), *lines[row:]]


def test_hours_of_an_epw_come_to_the_legal_clock(tmp_path: Path) -> None:
    """Rows end at their label, in local standard time: row 13 of 1 July is 13-14 h of summer time."""
    hours, weather = mean_hours(1.0), read_weather(written(tmp_path, EPW))
    for name in ("temperature", "direct", "diffuse", "horizontal"):
        np.testing.assert_allclose(getattr(weather, name), getattr(hours, name)[standard_hours()])
    july, january = 181 * 24, 0
    assert weather.temperature[july + 13] == pytest.approx(float(EPW[8 + july + 12].split(",")[6]))
    assert weather.temperature[january + 12] == pytest.approx(float(EPW[8 + january + 12].split(",")[6]))
    assert weather.first_weekday == 6
    assert weather.source == "EPW Toulouse made up, w.epw"
    # the sun is that of the hour: beam times height is what is missing to the diffuse
    up = np.maximum(0.0, weather.sun[:, 2])
    np.testing.assert_allclose(weather.diffuse + weather.direct * up, weather.horizontal, atol=6.0)
    winter = read_weather(written(tmp_path, EPW), summer_time=False)
    np.testing.assert_allclose(winter.temperature, hours.temperature)


@pytest.mark.parametrize(("lon", "zone", "shift"), [(1.44, 0.0, 1), (1.44, 1.0, 0), (-104.65, -7.0, 0), (77.2, 5.5, 0)])
def test_in_france_the_legal_clock_counts_whatever_the_files(
    tmp_path: Path, lon: float, zone: float, shift: int
) -> None:
    hours = mean_hours(zone, lon, 30.0 if lon > 10 else 43.6)
    path = written(tmp_path, epw(hours, zone=zone, lon=lon, lat=30.0 if lon > 10 else 43.6))
    weather = read_weather(path, summer_time=False)
    np.testing.assert_allclose(weather.horizontal, np.roll(hours.horizontal, shift))
    noon = weather.sun[:, 2].reshape(365, 24).argmax(axis=1)
    assert set(noon) <= {11, 12, 13}


@pytest.mark.parametrize("offset", [0.1761, 0.5, -0.3])
def test_samples_of_pvgis_keep_their_sun(tmp_path: Path, offset: float) -> None:
    """A sample at 11:00 UTC + offset is an hour of 12-13 h (1 January) or 13-14 h (1 July), or the one before if it comes before."""
    hours = sampled_hours(offset)
    one = read_weather(written(tmp_path, pvgis_csv(hours, offset), "t.csv"))
    two = read_weather(written(tmp_path, pvgis_json(hours, offset), "t.json"))
    for name in ("temperature", "direct", "diffuse", "horizontal", "sun", "extra"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    before = 1 if offset < 0 else 0
    for day, ahead in ((0, 1), (181, 2)):
        at = day * 24 + 11 + ahead - before
        assert one.horizontal[at] == hours.horizontal[day * 24 + 11]
        assert one.sun[at, 2] == pytest.approx(
            (hours.horizontal - hours.diffuse)[day * 24 + 11] / one.direct[at], abs=1e-4
        )
    up = np.maximum(0.0, one.sun[:, 2])
    np.testing.assert_allclose(one.diffuse + one.direct * up, one.horizontal, atol=0.02)
    assert one.source.startswith("PVGIS TMY 43.60 N 1.44 E")


@pytest.mark.parametrize("offset", [0.16, 0.5, 0.8])
def test_an_older_pvgis_file_is_dated_by_its_sun(tmp_path: Path, offset: float) -> None:
    """Files before December 2024 do not say at which minute they were sampled; it is found to five minutes."""
    hours = sampled_hours(offset)
    told = read_weather(written(tmp_path, pvgis_csv(hours, offset), "told.csv"))
    found = read_weather(written(tmp_path, pvgis_csv(hours), "older.csv"))
    np.testing.assert_array_equal(told.horizontal, found.horizontal)
    lit = told.sun[:, 2] > 0.0
    turned = np.degrees(np.arccos(np.clip((told.sun * found.sun).sum(axis=1)[lit], -1.0, 1.0)))
    assert turned.max() < 5.0 / 60.0 * 15.0


def test_a_leap_year_leaves_out_29_february(tmp_path: Path) -> None:
    plain, leap = read_weather(written(tmp_path, EPW)), read_weather(written(tmp_path, leap_day(EPW), "leap.epw"))
    np.testing.assert_array_equal(plain.temperature, leap.temperature)
    assert leap.source.endswith("leap.epw; 29 February left out")


def test_gzip_byte_order_mark_and_line_ends_do_not_matter(tmp_path: Path) -> None:
    plain = read_weather(written(tmp_path, EPW))
    for name, text in (
        ("w.epw.gz", "\n".join(EPW)),
        ("bom.epw", "\ufeff" + "\n".join(EPW)),
        ("odd.txt", "\r\n".join(EPW) + "\n\n"),
    ):
        np.testing.assert_array_equal(read_weather(written(tmp_path, text, name)).direct, plain.direct)


@pytest.mark.shared
def test_a_published_file_as_pvlib_reads_it(shared: Path) -> None:
    path = next((shared / "reference" / "energy").glob("*.epw.gz"))
    weather = read_weather(path, summer_time=False)
    theirs, place = pvlib.iotools.read_epw(io.StringIO(gzip.decompress(path.read_bytes()).decode()))
    for ours, name in (("temperature", "temp_air"), ("horizontal", "ghi"), ("direct", "dni"), ("diffuse", "dhi")):
        np.testing.assert_array_equal(getattr(weather, ours), theirs[name].to_numpy())
    assert weather.first_weekday == 6
    assert place["city"] in weather.source
    # the file's own radiation outside the atmosphere, full at noon
    full = theirs["etrn"].to_numpy().reshape(365, 24).max(axis=1)
    np.testing.assert_allclose(weather.extra.reshape(365, 24)[:, 12], full, rtol=0.005)
    # the file's hours close with our sun: 0.2 % of the year's radiation
    up = np.maximum(0.0, weather.sun[:, 2])
    assert np.abs(weather.horizontal - weather.diffuse - weather.direct * up).sum() < 0.005 * weather.horizontal.sum()


def drop(at: int, count: int = 1) -> Callable[[list[str]], list[str]]:
    return lambda lines: lines[: at - 1] + lines[at - 1 + count :]


def put(row: int, column: int, text: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: edited(lines, row, column, text)


def column(number: int, text: str) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        out = lines
        for row in range(100, 200):
            out = edited(out, row, number, text)
        return out

    return change


#: What is done to an EPW, and the one fault it gives: line, field, words of what was found.
BAD_EPW: dict[str, tuple[Callable[[list[str]], list[str]], int, str, str]] = {
    "hour missing": (drop(1009), 1009, "hours", "no row for 11 February 16-17 h"),
    "hours missing": (drop(1009, 30), 1009, "hours", "(and 29 hours more)"),
    "truncated": (lambda x: x[:5000], 5000, "hours", "no row for 28 July 0-1 h"),
    "no rows": (lambda x: x[:8], 8, "row", "no rows"),
    "hour twice": (lambda x: [*x[:2000], x[1999], *x[2000:]], 2001, "hours", "24 March 23-24 h twice"),
    "two years": (lambda x: [*x, *x[8:]], 8769, "hours", "1 January 0-1 h twice (and 8,759 hours more)"),
    "out of order": (lambda x: [*x[:2000], x[2001], x[2000], *x[2002:]], 2002, "hours", "after"),
    "July first": (lambda x: [*x[:8], *x[4352:], *x[8:4352]], 4425, "hours", "1 January 0-1 h after 31 December 23-24 h"),
    "no such day": (put(1000, 2, "31"), 1000, "day", "day 31 of February"),
    "month": (put(1000, 1, "13"), 1000, "month", "13"),
    "hour 0": (put(1000, 3, "0"), 1000, "hour", "0"),
    "half hour": (put(1000, 3, "7.5"), 1000, "hour", "7.5"),
    "odd year": (put(1000, 0, "19900"), 1000, "year", "19900"),
    "text": (put(1000, 6, "cold"), 1000, "dry bulb temperature", "'cold'"),
    "text often": (column(13, "n/a"), 100, "global horizontal radiation", "'n/a' (and 99 rows more)"),
    "nothing": (put(1000, 14, ""), 1000, "direct normal radiation", "''"),
    "not a number": (put(1000, 14, "nan"), 1000, "direct normal radiation", "'nan'"),
    "infinite": (put(1000, 14, "inf"), 1000, "direct normal radiation", "'inf'"),
    "missing temperature": (put(1000, 6, "99.9"), 1000, "dry bulb temperature", "99.9, the code for a missing value"),
    "missing radiation": (column(15, "9999"), 100, "diffuse horizontal radiation", "9999, the code for a missing value (and 99 rows"),
    "Kelvin": (put(1000, 6, "-283.15"), 1000, "dry bulb temperature", "-283.15 degC"),
    "too hot": (put(1000, 6, "75"), 1000, "dry bulb temperature", "75 degC"),
    "negative": (put(1000, 14, "-5"), 1000, "direct normal radiation", "-5 W/m2"),
    "at night": (put(996, 13, "120"), 996, "global horizontal radiation", "120 W/m2 with the sun below the horizon"),
    "brighter than the sun": (put(1005, 14, "1500"), 1005, "direct normal radiation", "1500 W/m2"),
    "columns lost": (put(1000, 5, "?9,1,2,3,4"), 1000, "row", "39 fields"),
    "other separator": (lambda x: [*x[:8], *(line.replace(",", ";") for line in x[8:])], 9, "row", "1 fields"),
    "no place": (lambda x: ["LOCATION,Toulouse", *x[1:]], 1, "LOCATION", "2 fields"),
    "latitude": (put(1, 6, "north"), 1, "latitude", "'north'"),
    "far north": (put(1, 6, "143.6"), 1, "latitude", "143.6"),
    "zone": (put(1, 8, "9"), 1, "time zone", "UTC+9 h at 1.44 degrees east"),
    "no periods": (drop(8), 1, "DATA PERIODS", "no such line"),
    "half hours": (put(8, 2, "2"), 8, "DATA PERIODS", "1, 2"),
    "weekday": (put(8, 4, "Dimanche"), 8, "DATA PERIODS", "'Dimanche'"),
    "clock": (put(1, 8, "3"), 0, "clock", "radiation of a sun 2 h later"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_EPW)
def test_one_clear_fault_for_each_thing_wrong_in_an_epw(tmp_path: Path, what: str) -> None:
    change, line, field, found = BAD_EPW[what]
    path = written(tmp_path, change(list(EPW)))
    (fault,) = faults(path)
    assert fault.where == (f"{path}:{line}" if line else str(path))
    assert fault.field == field
    assert found in fault.found


def test_columns_that_do_not_make_a_sky(tmp_path: Path) -> None:
    hours = mean_hours(1.0)
    swapped = Hours(hours.temperature, hours.diffuse * 0.5, hours.diffuse, hours.horizontal)
    (fault,) = faults(written(tmp_path, epw(swapped)))
    assert "% of the global radiation" in fault.found
    dark = Hours(hours.temperature, *(np.zeros(8760),) * 3)
    (fault,) = faults(written(tmp_path, epw(dark)))
    assert fault.found == "no radiation in the whole year"


#: The same for PVGIS as CSV; line 0 is the file as a whole.
BAD_CSV: dict[str, tuple[Callable[[list[str]], list[str]], int, str, str]] = {
    "hour missing": (drop(1018), 1018, "hours", "no row for 11 February 15-16 h"),
    "truncated": (lambda x: x[:3000], 3000, "hours", "no row for"),
    "no rows": (lambda x: x[:18], 0, "hours", "no rows"),
    "stamp": (put(1018, 0, "2005-02-11 15:00"), 1018, "time(UTC)", "'2005-02-11 15:00'"),
    "minutes": (put(1018, 0, "20050211:1511"), 1018, "time(UTC)", "'20050211:1511'"),
    "no such column": (lambda x: [*x[:17], COLUMNS.replace("Gb(n)", "Gb(i)"), *x[18:]], 18, "Gb(n)", "no such column, but 'Gb(i)'"),
    "text": (put(1018, 1, "-"), 1018, "T2m", "'-'"),
    "decimal comma": (put(1018, 1, "5,5"), 1018, "row", "11 fields"),
    "at night": (put(1000, 3, "120"), 1000, "G(h)", "120 W/m2 with the sun below the horizon"),
    "offset": (lambda x: [*x[:3], "Irradiance Time Offset (h): 5", *x[4:]], 0, "irradiance time offset", "5"),
    "no latitude": (lambda x: [x[0].replace("43.6", "x43"), *x[1:]], 1, "latitude", "x43"),
    "hourly series": (lambda x: [*x[:17], "time,G(i),H_sun,T2m,WS10m,Int", *x[18:]], 18, "time(UTC)", "no such column"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_CSV)
def test_one_clear_fault_for_each_thing_wrong_in_a_csv_of_pvgis(tmp_path: Path, what: str) -> None:
    change, line, field, found = BAD_CSV[what]
    path = written(tmp_path, change(list(CSV)), "t.csv")
    fault = faults(path)[0]
    assert fault.where == (f"{path}:{line}" if line else str(path))
    assert fault.field == field
    assert found in fault.found


def test_faults_in_json_name_the_member(tmp_path: Path) -> None:
    raw = json.loads(pvgis_json(SAMPLED, 0.1761))
    hourly = raw["outputs"]["tmy_hourly"]
    cases: list[tuple[str, str, str]] = []

    def tried(field: str, found: str) -> None:
        (fault,) = faults(written(tmp_path, json.dumps(raw), "t.json"))
        cases.append((fault.field, fault.found, field))
        assert fault.field == field
        assert found in fault.found

    hourly[17]["T2m"] = None
    tried("outputs.tmy_hourly[17].T2m", "None")
    hourly[17]["T2m"] = True
    tried("outputs.tmy_hourly[17].T2m", "True")
    hourly[17]["T2m"] = 10.0
    hourly[18]["time(UTC)"] = 20050101
    tried("outputs.tmy_hourly[18].time(UTC)", "20050101")
    raw["outputs"]["tmy_hourly"] = hourly[:17]
    tried("hours", "no row for 1 January 17-18 h (and 8,742 hours more)")
    raw["outputs"]["tmy_hourly"] = []
    tried("hours", "no rows")
    del raw["outputs"]["tmy_hourly"]
    tried("outputs.tmy_hourly", "no outputs.tmy_hourly")


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b"", 1, "an empty file"),
        (b"<html>not found</html>", 1, "begins with '<html>"),
        (b"date,temperature\n2021-01-01,5\n", 1, "begins with 'date"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), 1, "no UTF-8"),
        ("\n".join(EPW).encode("utf-16"), 1, "no UTF-8"),
        ("\n".join(EPW).replace("Toulouse", "Orl\u00e9ans").encode("latin-1"), 1, "no UTF-8"),
        (b'{"inputs": {}, ', 1, "not JSON"),
        (b"[" * 100_000, 1, "begins with"),
        (b'{"a":' * 100_000, 0, "not JSON"),
        (b"\x1f\x8b\x08\x00broken", 0, ""),
        (gzip.compress(b"LOCATION,", mtime=0)[:-4], 0, ""),
        (b"{}", 0, "no inputs.location"),
        (b"LOCATION,\x00", 1, "NUL"),
    ],
)  # fmt: skip
def test_files_that_are_no_weather(tmp_path: Path, content: bytes, line: int, found: str) -> None:
    path = tmp_path / "w.epw"
    path.write_bytes(content)
    (fault,) = faults(path)
    assert found in fault.found
    assert fault.where.startswith(f"{path}:{line}") if line else fault.where == str(path)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "missing.epw")
    assert "No such file" in fault.found
    (fault,) = faults(tmp_path)
    assert "directory" in fault.found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_weather_or_faults_never_another_error(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes replaced, taken out or put in anywhere."""
    name, text = data.draw(st.sampled_from([("d.epw", "\n".join(EPW)), ("d.csv", "\n".join(CSV))]))
    raw = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        # the header is small and holds more to break: half of the damage goes there
        last = data.draw(st.sampled_from([600, len(raw) - 1]))
        at = data.draw(st.integers(0, last))
        new = data.draw(st.binary(max_size=6))
        raw[at : at + data.draw(st.sampled_from([0, 1, 5, 200]))] = new
    path = tmp_path / name
    path.write_bytes(bytes(raw))
    try:
        weather = read_weather(path)
    except InputError:
        return
    assert np.isfinite(weather.temperature).all()
    assert weather.horizontal.shape == (8760,)
