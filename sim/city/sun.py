"""The sun over a place, hour by hour, and what any plane gets of it (pvlib for positions, Hay and Davies for planes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.columns import Array, Floats

STEPS = 12  # of five minutes in an hour: one position amid an hour misjudges those of sunrise and sunset
HEIGHT = 150.0  #: m above the sea, for refraction only
LEAST_UP = 0.01745  #: cosine of 89 degrees: a lower sun counts as this one on tilted planes, as in pvlib
ALBEDO = 0.2


class Planes(NamedTuple):
    """Irradiance of each hour in three parts, from which that of any plane follows [W/m2].

    A plane of unit normal n (east, north, up), tilted by b, gets max(0, n.sun) beam + (1 + cos b) iso + (1 - cos b) ground.
    """

    beam: Floats  #: direct and circumsolar on a plane that faces the sun
    iso: Floats  #: half the rest of the diffuse on the horizontal
    ground: Floats  #: half of what the ground reflects


def hay_davies(
    direct: Floats, diffuse: Floats, horizontal: Floats, extra: Floats, sun: Floats, albedo: float = ALBEDO
) -> Planes:
    """Hay and Davies (1980): the share direct / extra of the diffuse comes from around the sun, the rest from the whole sky.

    ``direct`` beam facing the sun, ``diffuse`` and ``horizontal`` on the horizontal, ``extra`` outside the atmosphere [W/m2], all
    (...); ``sun`` (..., 3) unit vector to the sun. On any plane as ``pvlib.irradiance.get_total_irradiance(model="haydavies")``.
    """
    around = np.divide(direct, extra, out=np.zeros(np.shape(direct)), where=np.asarray(extra) > 0.0)
    beam = np.where(sun[..., 2] > 0.0, direct + diffuse * around / np.maximum(sun[..., 2], LEAST_UP), 0.0)
    return Planes(beam, 0.5 * diffuse * (1.0 - around), 0.5 * albedo * np.asarray(horizontal))


@dataclass(frozen=True)
class Sun:
    """The sun of a year in steps of five minutes, by hour of a clock without summer time."""

    way: Floats  #: (8760, 12, 3) unit vector to it (east, north, up), refraction included
    extra: Floats  #: (8760,) irradiance outside the atmosphere, facing it [W/m2]

    @property
    def up(self) -> Floats:
        """(8760, 12) sine of its height, 0 below the horizon."""
        return np.maximum(0.0, self.way[..., 2])

    def middle(self) -> Floats:
        """(8760, 3) unit vector to the sun amid the sunlit part of each hour, or amid the hour where that is none."""
        lit = self.way[..., 2] > 0.0
        weight = lit | ~lit.any(axis=1, keepdims=True)
        return unit((self.way * weight[..., None]).sum(axis=1))


def sun_of_year(lon: float, lat: float, offset: float, year: int = 2021) -> Sun:
    """The sun at a place [degree] in the 365 days of ``year``; the clock is ``offset`` hours ahead of UTC."""
    way, extra = sun_at(lon, lat, (np.arange(8760 * STEPS) + 0.5) / STEPS - offset, year)
    return Sun(way.reshape(8760, STEPS, 3), extra[STEPS // 2 :: STEPS])


def sun_at(lon: float, lat: float, hours: Floats, year: int = 2021) -> tuple[Floats, Floats]:
    """Unit vectors to the sun (n, 3) and irradiance outside the atmosphere (n,) [W/m2], ``hours`` (n,) of UTC after 1 January."""
    import pandas as pd
    import pvlib

    times = pd.Timestamp(f"{year}-01-01", tz="UTC") + pd.to_timedelta(hours, unit="h")
    seen = pvlib.solarposition.get_solarposition(times, lat, lon, altitude=HEIGHT)
    zenith, azimuth = (np.radians(seen[name].to_numpy()) for name in ("apparent_zenith", "azimuth"))
    across = np.sin(zenith)
    way = np.stack([across * np.sin(azimuth), across * np.cos(azimuth), np.cos(zenith)], axis=1)
    return way, np.asarray(pvlib.irradiance.get_extra_radiation(times.day_of_year.to_numpy()))


def unit(vectors: Array) -> Floats:
    """Vectors (..., 3) brought to length 1; those of no length are left as they are."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0.0, length, 1.0))
