"""Weather of a typical year from published monthly normals: a few typical days of 24 hours for each month.

Method. Normals give the monthly means of daily minimum and maximum temperature and the monthly sunshine hours of a station.
Three typical days stand for a month: the coldest fifth of its days, the middle three fifths, the warmest fifth. Day means are
taken as normally distributed around the month's mean; a fifth's temperature is its conditional mean (-1.400, 0, +1.400 standard
deviations), so the month's mean is kept exactly. Sunshine of the three days is spread symmetrically around the month's (cold
days are clear in winter and overcast in summer), so monthly sums are kept too. Global radiation follows from sunshine by
Angstrom-Prescott with the FAO-56 coefficients, which is linear: a share s of sunshine is s of a bright sky (a + b of the radiation
outside the atmosphere) and 1 - s of a dull one (a). Each sky is split into beam and diffuse by Erbs and brought to the planes by
Hay-Davies (albedo 0.2) on its own, since the beam of a mean sky is not the mean beam. Hours follow the clear-sky curve of Haurwitz
with the sun of the month's mean day (pvlib).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kernels.solar import pv_yield
from sim.city.city import Weather
from sim.columns import Array, Floats

DAYS_IN_MONTH = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
SHARES = np.array([0.2, 0.6, 0.2])  # of the month's days: cold, middle, warm
DEVIATIONS = np.array([-1.39981, 0.0, 1.39981])  # conditional mean of a standard normal in these fifths
ANGSTROM_A, ANGSTROM_B = 0.25, 0.50  # FAO Irrigation and drainage paper 56 (Allen et al. 1998), eq. 35
ALBEDO = 0.2
SUNSHINE_SPREAD = 0.6  # assumption: of the room left between the month's sunshine and none or all
#: Cold days against warm days: +1 warm days are the sunny ones (summer), -1 cold days are (winter anticyclones). Assumption.
SUNNY_WHEN_WARM = np.array([-1, -1, 0, 1, 1, 1, 1, 1, 1, 0, -1, -1])
#: Day of the year whose extraterrestrial radiation is the month's mean (Klein 1977; Duffie & Beckman, table 1.6.1).
MEAN_DAYS = (17, 47, 75, 105, 135, 162, 198, 228, 258, 288, 318, 344)
COLDEST_HOUR, WARMEST_HOUR = 6, 16  # local clock; double cosine between them
PLANE_AZIMUTHS = (0.0, 90.0, 180.0, 270.0)  # vertical planes N, E, S, W
PV_TILT, PV_AZIMUTH = 30.0, 180.0  # reference rooftop system
PV_COEFFICIENT, PV_NOCT, PV_LOSSES, PV_INVERTER = (
    -0.0037,
    47.0,
    0.14,
    0.96,
)  # PVWatts 5 defaults; NOCT of common modules


@dataclass(frozen=True)
class Station:
    """Monthly normals of one station."""

    name: str
    lon: float
    lat: float
    low: tuple[float, ...]  #: mean daily minimum [degC]
    high: tuple[float, ...]  #: mean daily maximum [degC]
    sunshine: tuple[float, ...]  #: hours a month
    deviation: tuple[float, ...]  #: standard deviation of day means [K], assumption
    source: str


_WINTER_TO_SUMMER = (3.9, 3.8, 3.5, 3.3, 3.3, 3.3, 3.2, 3.2, 3.0, 3.3, 3.7, 4.0)

STATIONS = (
    Station(
        "Toulouse-Blagnac", 1.378, 43.621,
        (2.4, 2.9, 4.9, 7.2, 10.9, 14.4, 16.5, 16.6, 13.5, 10.5, 5.9, 3.2),
        (9.5, 11.1, 14.5, 17.0, 21.0, 25.2, 28.0, 27.9, 24.6, 19.5, 13.3, 9.9),
        (92.8, 115.1, 175.1, 186.1, 209.2, 227.6, 252.6, 238.8, 204.0, 149.2, 96.0, 85.3),
        _WINTER_TO_SUMMER,
        "Météo-France normals 1981-2010, Toulouse-Blagnac, monthly rows by memory: assumption; checked are the annual mean, 13.8 degC"
        " (climate profile of Toulouse Métropole 2015), July's maximum, 28 degC, and the year's sunshine (2,239 h in 2019 were 200 above)",
    ),
    Station(
        "Montpellier-Fréjorgues", 3.963, 43.577,
        (2.8, 3.3, 5.9, 8.7, 12.5, 16.0, 18.9, 18.5, 14.9, 11.5, 6.5, 3.5),
        (11.6, 12.8, 15.9, 18.2, 22.0, 26.4, 29.3, 28.9, 25.0, 20.5, 15.3, 12.2),
        (142.9, 168.1, 220.9, 227.0, 263.9, 312.4, 339.7, 298.0, 241.5, 168.6, 148.8, 136.5),
        _WINTER_TO_SUMMER,
        "Météo-France normals 1981-2010, Montpellier-Fréjorgues, monthly rows by memory: assumption",
    ),
)  # fmt: skip


def nearest_station(lon: float, lat: float) -> Station:
    """The station whose normals stand for a place (nearest on the sphere's tangent plane)."""
    return min(STATIONS, key=lambda s: ((s.lon - lon) * np.cos(np.radians(lat))) ** 2 + (s.lat - lat) ** 2)


def typical_weather(lon: float, lat: float) -> Weather:
    """Typical days at a place from the normals of the nearest station.

    ``lon``, ``lat`` in degrees. Returns a :class:`~sim.city.city.Weather` with three days a month: cold, middle, warm. Hour h is
    the hour from h to h + 1 of the legal clock (summer time April to October). Takes about a second: the result is stored in
    the city.
    """
    station = nearest_station(lon, lat)
    temperature = np.empty((12, 3, 24))
    irradiance = np.empty((12, 3, 24, 5))
    pv = np.empty((12, 3, 24))
    for month in range(12):
        sky = _Sky(month, station.lon, station.lat)
        shape = _daily_curve(station.low[month], station.high[month])
        possible = sky.day_length * DAYS_IN_MONTH[month]
        sunshine = sunshine_of_days(station.sunshine[month] / possible, SUNNY_WHEN_WARM[month])
        for day in range(3):
            temperature[month, day] = shape + DEVIATIONS[day] * station.deviation[month]
            planes = sunshine[day] * sky.bright + (1.0 - sunshine[day]) * sky.dull
            irradiance[month, day] = planes[:, :5]
            pv[month, day] = pv_yield(
                np.ascontiguousarray(planes[:, 5]),
                temperature[month, day],
                PV_COEFFICIENT,
                PV_NOCT,
                PV_LOSSES,
                PV_INVERTER,
            )
    text = f"{station.source}; typical days, sunshine and hours derived (sim/city/weather.py)"
    return Weather(DAYS_IN_MONTH[:, None] * SHARES, temperature, irradiance, pv, text)


def sunshine_of_days(mean: float, sunny_when_warm: int) -> Floats:
    """Relative sunshine (0..1) of the cold, middle and warm day; their weighted mean is ``mean``."""
    spread = SUNSHINE_SPREAD * min(mean, 1.0 - mean) * sunny_when_warm
    return np.array([mean - spread, mean, mean + spread])


def _daily_curve(low: float, high: float) -> Floats:
    """Hourly temperature of a day: half a cosine up from the coldest to the warmest hour, half a cosine down."""
    hour = (np.arange(24) - COLDEST_HOUR) % 24
    rise = WARMEST_HOUR - COLDEST_HOUR
    phase = np.where(hour < rise, hour / rise, 1.0 + (hour - rise) / (24 - rise))
    curve = -np.cos(np.pi * phase)
    # hourly samples of the two halves do not average to exactly zero; the month's mean must be kept
    day: Floats = 0.5 * (low + high) + 0.5 * (high - low) * (curve - curve.mean())
    return day


class _Sky:
    """Sun and clear sky of a month's mean day at a place."""

    def __init__(self, month: int, lon: float, lat: float) -> None:
        import pandas as pd
        import pvlib

        offset = 2 if 3 <= month <= 9 else 1  # legal time in France
        start = (
            pd.Timestamp("2021-01-01", tz="UTC") + pd.Timedelta(days=MEAN_DAYS[month] - 1) - pd.Timedelta(hours=offset)
        )
        # five-minute sun, averaged to hours: a mid-hour sample misjudges sunrise and sunset
        times = pd.date_range(start + pd.Timedelta(minutes=2.5), periods=288, freq="5min")
        sun = pvlib.solarposition.get_solarposition(times, lat, lon, altitude=150.0)
        self.zenith = sun["apparent_zenith"].to_numpy()
        self.azimuth = sun["azimuth"].to_numpy()
        self.normal = np.asarray(pvlib.irradiance.get_extra_radiation(times.day_of_year.to_numpy()))
        up = np.maximum(0.0, np.cos(np.radians(self.zenith)))
        self.extraterrestrial: Array = (self.normal * up).reshape(24, 12).mean(axis=1)  # W/m2 by hour
        self.day_length = float((up > 0).sum() / 12.0)
        self.clear = np.asarray(pvlib.clearsky.haurwitz(pd.Series(self.zenith))["ghi"])
        self.day_of_year = int(times[144].day_of_year)
        outside = float(self.extraterrestrial.sum())
        self.bright = self.planes((ANGSTROM_A + ANGSTROM_B) * outside)
        self.dull = self.planes(ANGSTROM_A * outside)

    def planes(self, total: float) -> Array:
        """(24, 6) irradiance [W/m2] on horizontal, N, E, S, W and on the PV plane, for a day of ``total`` Wh/m2 horizontal."""
        from pvlib import irradiance

        horizontal = self.clear * (total / (self.clear.sum() / 12.0))
        split: Any = irradiance.erbs(horizontal, self.zenith, self.day_of_year)
        out = [horizontal]
        for tilt, azimuth in [(90.0, a) for a in PLANE_AZIMUTHS] + [(PV_TILT, PV_AZIMUTH)]:
            plane: Any = irradiance.get_total_irradiance(
                tilt, azimuth, self.zenith, self.azimuth, split["dni"], horizontal, split["dhi"],
                dni_extra=self.normal, albedo=ALBEDO, model="haydavies",
            )  # fmt: skip
            out.append(np.nan_to_num(np.asarray(plane["poa_global"])))
        hours: Array = np.stack(out, axis=1).reshape(24, 12, 6).mean(axis=1)
        return hours
