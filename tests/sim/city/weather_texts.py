"""Weather files made up for tests: a year of clear sky as EPW, and as PVGIS TMY in CSV and JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from sim.city.clock import FIRST_DAY, MONTH_DAYS, MONTH_OF_DAY
from sim.city.sun import sun_at, sun_of_year

LON, LAT = 1.44, 43.60
EPW_HEAD = """\
LOCATION,Toulouse,-,FRA,made up,076300,{lat},{lon},{zone},150.0
DESIGN CONDITIONS,0
TYPICAL/EXTREME PERIODS,0
GROUND TEMPERATURES,0
HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0
COMMENTS 1,a clear sky
COMMENTS 2,
DATA PERIODS,1,1,Data,{day}, 1/ 1,12/31
"""
COLUMNS = "time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP"


@dataclass(frozen=True)
class Hours:
    """8,760 hours of one clock."""

    temperature: np.ndarray
    direct: np.ndarray
    diffuse: np.ndarray
    horizontal: np.ndarray

    def row(self, hour: int) -> tuple[float, float, float, float]:
        return tuple(float(x[hour]) for x in (self.temperature, self.horizontal, self.direct, self.diffuse))  # type: ignore[return-value]


def _sky(up: np.ndarray) -> Hours:
    hour = np.arange(8760)
    temperature = 14.0 - 8.0 * np.cos(2 * np.pi * hour / 8760) + 4.0 * np.sin(2 * np.pi * (hour % 24 - 9) / 24)
    direct, diffuse = 800.0 * up / (up + 0.1), 100.0 * up
    return Hours(*(x.round(2) for x in (temperature, direct, diffuse, diffuse + direct.round(2) * up)))


def mean_hours(zone: float, lon: float = LON, lat: float = LAT) -> Hours:
    """Means of hours of a clock ``zone`` hours ahead of UTC."""
    return _sky(sun_of_year(lon, lat, zone).up.mean(axis=1))


def sampled_hours(offset: float) -> Hours:
    """Samples ``offset`` hours after each hour of UTC."""
    return _sky(np.maximum(0.0, sun_at(LON, LAT, np.arange(8760) + offset)[0][:, 2]))


def date(hour: int) -> tuple[int, int, int]:
    """Month 1..12, day 1..31 and hour 0..23 of an hour of the year."""
    day, at = divmod(hour, 24)
    month = int(MONTH_OF_DAY[day])
    return month + 1, day - int(FIRST_DAY[month]) + 1, at


def epw(
    hours: Hours | None = None, *, zone: float = 1.0, lon: float = LON, lat: float = LAT, day: str = "Sunday"
) -> list[str]:
    """Lines of an EPW, header first (8 lines)."""
    hours = mean_hours(zone, lon, lat) if hours is None else hours
    lines = EPW_HEAD.format(lat=lat, lon=lon, zone=zone, day=day).splitlines()
    for hour in range(8760):
        month, of_month, at = date(hour)
        temperature, ghi, dni, dhi = hours.row(hour)
        year = 1990 + 3 * month % 17  # months of different years
        lines.append(
            f"{year},{month},{of_month},{at + 1},0,?9,{temperature},5.0,60,99000,0,1367,300,{ghi},{dni},{dhi},0,0,0,0,180,2.0,5,5,"
            "20.0,77777,9,999999999,10,0.1,0,88,0.2,0.0,1.0"
        )
    return lines


def pvgis_rows(hours: Hours) -> list[dict[str, object]]:
    """Rows of a PVGIS TMY."""
    out = []
    for hour in range(8760):
        month, of_month, at = date(hour)
        temperature, ghi, dni, dhi = hours.row(hour)
        stamp = f"{2005 + 7 * month % 11}{month:02d}{of_month:02d}:{at:02d}00"
        out.append(
            {"time(UTC)": stamp, "T2m": temperature, "RH": 70.0, "G(h)": ghi, "Gb(n)": dni, "Gd(h)": dhi, "IR(h)": 300.0,
             "WS10m": 2.0, "WD10m": 180.0, "SP": 99000.0}
        )  # fmt: skip
    return out


def pvgis_csv(hours: Hours, offset: float | None = None) -> list[str]:
    """Lines of a PVGIS TMY as PVGIS 5.2 writes it, with the offset that 5.3 tells."""
    lines = [
        f"Latitude (decimal degrees): {LAT:.3f}",
        f"Longitude (decimal degrees): {LON:.3f}",
        "Elevation (m): 150.0",
    ]
    if offset is not None:
        lines.append(f"Irradiance Time Offset (h): {offset}")
    lines += ["month,year", *(f"{m},{2005 + 7 * m % 11}" for m in range(1, 13)), COLUMNS]
    lines += [",".join(str(v) for v in row.values()) for row in pvgis_rows(hours)]
    return [*lines, "", "T2m: 2-m air temperature (degree Celsius)", "", "PVGIS (c) European Union, 2001-2024"]


def pvgis_json(hours: Hours, offset: float | None = None) -> str:
    """A PVGIS TMY as JSON."""
    place: dict[str, object] = {"latitude": LAT, "longitude": LON, "elevation": 150.0}
    if offset is not None:
        place["irradiance_time_offset"] = offset
    months = [{"month": m, "year": 2005 + 7 * m % 11} for m in range(1, 13)]
    outputs = {"months_selected": months, "tmy_hourly": pvgis_rows(hours)}
    return json.dumps(
        {"inputs": {"location": place, "meteo_data": {"radiation_db": "PVGIS-SARAH3"}}, "outputs": outputs}
    )


def leap_day(lines: list[str]) -> list[str]:
    """The lines of an EPW with 29 February, a copy of the day before with another hour count."""
    at = 8 + 24 * 59
    extra = [",".join([*line.split(",")[:1], "2", "29", *line.split(",")[3:]]) for line in lines[at - 24 : at]]
    return [*lines[:at], *extra, *lines[at:]]


assert sum(MONTH_DAYS) * 24 == 8760
