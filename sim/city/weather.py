"""A normal year of hours for a station, from its published monthly normals and the sun.

Normals give for each month the mean daily minimum and maximum temperature and the hours of sunshine. The year is made so that
these hold exactly, month by month:

- Day means wander around the smoothest curve through the months' means by a first-order autoregressive series; another, correlated
  with it by season, ranks the days by sunshine. The series are drawn once and for all (``kernels/draws.py``), the same everywhere.
- Sunshine of the days is as uneven as it is in nature (mostly sunny or mostly dull) and sums to the month's hours.
- Daily range grows with sunshine. Hours go from the minimum at sunrise to the maximum in the afternoon and on to the next minimum
  along half cosines.
- Global radiation follows from sunshine by Angstrom and Prescott, which is linear: a share s of sunshine is s of a bright sky
  (a + b of the radiation outside the atmosphere) and 1 - s of a dull one (a). Each sky follows the clear-sky curve of Haurwitz and is
  split into beam and diffuse by Erbs, since the beam of a mean sky is not the mean beam.
- The beam of an hour is the mean of its five-minute beams as vectors: its length and direction give every plane that the sun does
  not leave in that hour its exact energy, and horizontal = diffuse + direct * up holds in every hour.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from kernels.draws import stream, uniforms
from sim.city.city import Weather
from sim.city.clock import DAYS_IN_MONTH, FIRST_DAY, MONTH_DAYS, MONTH_OF_DAY, standard_hours
from sim.city.stations import Station, nearest_station
from sim.city.sun import STEPS, Sun, sun_of_year, unit
from sim.columns import Floats, Ints

ANGSTROM_A, ANGSTROM_B = 0.25, 0.50  # FAO Irrigation and drainage paper 56 (Allen et al. 1998), eq. 35
CENTRAL_EUROPEAN_TIME = 1.0  # hours ahead of UTC
FIRST_WEEKDAY = 4  # 1 January is a Friday, as in 2021
#: Correlation of a day's mean temperature with that of the day before, and of its sunshine with the day before's. Assumption.
TEMPERATURE_MEMORY, SUNSHINE_MEMORY = 0.75, 0.4
#: Correlation of sunshine and temperature of a day by month: fair summer days are warm, clear winter days cold. Assumption.
SUNNY_AND_WARM = np.array([-0.25, -0.15, 0.1, 0.3, 0.45, 0.5, 0.5, 0.5, 0.4, 0.2, -0.1, -0.25])
RANGE_BY_SUNSHINE = 0.6  # relative change of a day's temperature range from a dull to a sunny day. Assumption.
WARMEST_AFTER_NOON = (
    3.0  # h from the sun's highest stand, as in ASHRAE's curve of daily range (Fundamentals, chapter 14)
)
_SEED = 3  # one of many years that keep the normals: 30 nights of frost and 26 days of 30 degC in Toulouse, published are 33 and 24
_WARM_UP = 60  # days before the year, so that its first day is like any other


def normal_year(lon: float, lat: float) -> Weather:
    """The normal year of the station nearest to a place [degree]. Takes about a second: the result is stored in the city."""
    return year_of(nearest_station(lon, lat))


def year_of(station: Station) -> Weather:
    """A year of hours in which the normals of ``station`` hold month by month."""
    sun = sun_of_year(station.lon, station.lat, CENTRAL_EUROPEAN_TIME)
    warmth, fairness = _days()
    lit = (sun.way[..., 2] > 0.0).reshape(365, -1).sum(axis=1) / STEPS
    sunshine = sunshine_of_days(np.array(station.sunshine), lit, fairness)
    direct, diffuse, horizontal, way = _radiation(
        sun, sunshine, np.array(station.sunshine) / by_month(lit) / DAYS_IN_MONTH
    )
    hours = standard_hours() % 8760
    temperature = _temperature(station, warmth, sunshine, sun)[hours]
    normal = 0.5 * (np.array(station.low) + np.array(station.high))
    temperature += np.repeat((normal - by_month(temperature.reshape(365, 24).mean(axis=1)))[MONTH_OF_DAY], 24)
    text = f"{station.source}; days and hours derived (sim/city/weather.py)"
    return Weather(
        temperature, direct[hours], diffuse[hours], horizontal[hours], way[hours], sun.extra[hours], FIRST_WEEKDAY, text
    )


def by_month(days: Floats) -> Floats:
    """(12,) means of (365,) values of days."""
    return np.asarray(np.add.reduceat(days, FIRST_DAY) / MONTH_DAYS)


def smoothest(months: Floats) -> Floats:
    """(365,) the curve without corners, closed over the year, whose means by month are ``months`` (12,).

    It has the least sum of squared second differences among all curves with these means: the months weighed by multipliers, through the
    inverse of the fourth difference on a circle (diagonal in frequencies), plus a level. Only a 13 x 13 system is solved, so that no
    library divides the work by its threads and the bits are the same everywhere.
    """
    stiffness = (2.0 - 2.0 * np.cos(2.0 * np.pi * np.arange(183) / 365)) ** 2
    gentle = np.divide(1.0, stiffness, out=np.zeros(183), where=np.arange(183) > 0)
    means = (np.arange(12)[:, None] == MONTH_OF_DAY) / np.array(MONTH_DAYS)[:, None]
    curves = np.fft.irfft(gentle * np.fft.rfft(means, axis=1), 365, axis=1)
    system = np.ones((13, 13))
    system[:12, :12], system[12, 12] = np.stack([by_month(curve) for curve in curves], axis=1), 0.0
    weights = np.linalg.solve(system, np.append(months, 0.0))
    return np.asarray((weights[:12, None] * curves).sum(axis=0) + weights[12])


def sunshine_of_days(hours: Floats, lit: Floats, fairness: Floats) -> Floats:
    """Relative sunshine (0..1) of 365 days; with the day lengths ``lit`` [h] it sums to the months' ``hours`` (12,).

    Days of a month are ranked by ``fairness`` (365,). Shares follow sin2(pi/2 u^p) of evenly spread u: a density that is high at
    both ends, as that of measured days is; p makes the sum.
    """
    out = np.empty(365)
    for month, wanted in enumerate(hours / DAYS_IN_MONTH * MONTH_DAYS):
        at = np.flatnonzero(month == MONTH_OF_DAY)
        evenly = (np.argsort(np.argsort(fairness[at], kind="stable"), kind="stable") + 0.5) / len(at)
        least, most = np.log(0.01), np.log(100.0)
        for _ in range(60):
            power = 0.5 * (least + most)
            share = np.sin(0.5 * np.pi * evenly ** np.exp(power)) ** 2
            least, most = (power, most) if share @ lit[at] > wanted else (least, power)
        out[at] = share * (wanted / (share @ lit[at]))
    return np.minimum(1.0, out)


def _days() -> tuple[Floats, Floats]:
    """(365,) two standard normal series: warmth, without any drift from month to month, and fairness of the days."""
    days = np.arange(_WARM_UP + 365)
    normal = np.array([NormalDist().inv_cdf(u) for u in uniforms(_SEED, stream("weather of days"), days, 0, 0)])
    other = np.array([NormalDist().inv_cdf(u) for u in uniforms(_SEED, stream("weather of days"), days, 0, 1)])
    warmth, fairness = (_remembering(x, m) for x, m in ((normal, TEMPERATURE_MEMORY), (other, SUNSHINE_MEMORY)))
    warmth -= smoothest(by_month(warmth))
    warmth /= np.sqrt(by_month(warmth**2))[MONTH_OF_DAY]
    together = SUNNY_AND_WARM[MONTH_OF_DAY]
    return warmth, together * warmth + np.sqrt(1.0 - together**2) * fairness


def _remembering(shocks: Floats, memory: float) -> Floats:
    out = np.empty(len(shocks))
    out[0] = shocks[0]
    for i in range(1, len(shocks)):
        out[i] = memory * out[i - 1] + np.sqrt(1.0 - memory**2) * shocks[i]
    return out[_WARM_UP:]


def _temperature(station: Station, warmth: Floats, sunshine: Floats, sun: Sun) -> Floats:
    """(8760,) of the clock without summer time: half cosines between the extremes of the days [degC]."""
    low, high, deviation = (smoothest(np.array(x)) for x in (station.low, station.high, station.deviation))
    middle = 0.5 * (low + high) + deviation * warmth
    half = 0.5 * (high - low) * (1.0 + RANGE_BY_SUNSHINE * (sunshine - smoothest(by_month(sunshine))))
    up = sun.up.reshape(365, -1)
    first = up.argmax(axis=1), (up > 0.0).argmax(axis=1)
    warmest, coldest = first[0] / STEPS + WARMEST_AFTER_NOON, first[1] / STEPS
    start = 24.0 * np.arange(365)
    times = np.stack([start + coldest, start + warmest], axis=1).ravel()
    values = np.stack([middle - half, middle + half], axis=1).ravel()
    # one extreme more on both sides, from the other end of the year
    times = np.concatenate([[times[-1] - 8760.0], times, [times[0] + 8760.0]])
    values = np.concatenate([[values[-1]], values, [values[0]]])
    return _between(times, values, (np.arange(8760 * STEPS) + 0.5) / STEPS).reshape(8760, STEPS).mean(axis=1)


def _between(times: Floats, values: Floats, at: Floats) -> Floats:
    after = np.searchsorted(times, at)
    phase = (at - times[after - 1]) / (times[after] - times[after - 1])
    return np.asarray(values[after - 1] + (values[after] - values[after - 1]) * 0.5 * (1.0 - np.cos(np.pi * phase)))


def _radiation(sun: Sun, sunshine: Floats, of_month: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Direct, diffuse and horizontal irradiance (8760,) [W/m2] and the direction (8760, 3) that the direct comes from.

    ``sunshine`` (365,) is relative, by day; ``of_month`` (12,) that of the months, which their sums follow exactly.
    """
    day = np.repeat(np.arange(1, 366), 24 * STEPS)
    bright, dull = (_sky(sun, share, day) for share in (ANGSTROM_A + ANGSTROM_B, ANGSTROM_A))
    s = np.repeat(sunshine, 24)
    beam = s[:, None] * bright[0] + (1.0 - s[:, None]) * dull[0]
    diffuse = s * bright[1] + (1.0 - s) * dull[1]
    outside = by_month((sun.extra * sun.up.mean(axis=1)).reshape(365, 24).sum(axis=1))
    given = by_month((diffuse + beam[:, 2]).reshape(365, 24).sum(axis=1))
    factor = np.repeat(((ANGSTROM_A + ANGSTROM_B * of_month) * outside / given)[MONTH_OF_DAY], 24)  # within 2 % of one
    beam, diffuse = beam * factor[:, None], diffuse * factor
    direct = np.linalg.norm(beam, axis=1)
    way = np.where(direct[:, None] > 0.0, unit(beam), sun.middle())
    return direct, diffuse, diffuse + direct * np.maximum(0.0, way[:, 2]), way


def _sky(sun: Sun, share: float, day: Ints) -> tuple[Floats, Floats]:
    """Beam vectors (8760, 3) and diffuse (8760,) [W/m2] of days that get ``share`` of the radiation outside the atmosphere."""
    import pandas as pd
    from pvlib import clearsky, irradiance

    up = sun.up.ravel()
    zenith = np.degrees(np.arccos(up))
    curve = np.asarray(clearsky.haurwitz(pd.Series(zenith))["ghi"]).reshape(365, -1)
    outside = (sun.extra[:, None] * sun.up).reshape(365, -1)
    horizontal = (curve * (share * outside.sum(axis=1) / curve.sum(axis=1))[:, None]).ravel()
    split = irradiance.erbs(horizontal, zenith, day)
    beam = sun.way * np.asarray(split["dni"]).reshape(8760, STEPS, 1)
    return beam.mean(axis=1), np.asarray(split["dhi"]).reshape(8760, STEPS).mean(axis=1)
