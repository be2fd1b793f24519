"""Published monthly normals of the stations that weather is made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Station:
    """Monthly normals of one station."""

    name: str
    lon: float
    lat: float
    low: tuple[float, ...]  #: mean daily minimum [degC]
    high: tuple[float, ...]  #: mean daily maximum [degC]
    sunshine: tuple[float, ...]  #: hours a month
    deviation: tuple[float, ...]  #: standard deviation of day means within a month [K], assumption
    source: str


_WINTER_TO_SUMMER = (3.9, 3.8, 3.5, 3.3, 3.3, 3.3, 3.2, 3.2, 3.0, 3.3, 3.7, 4.0)

STATIONS = (
    Station(
        "Toulouse-Blagnac", 1.378, 43.621,
        (2.4, 2.9, 4.9, 7.2, 10.9, 14.4, 16.5, 16.6, 13.5, 10.5, 5.9, 3.2),
        (9.5, 11.1, 14.5, 17.0, 21.0, 25.2, 28.0, 27.9, 24.6, 19.5, 13.3, 9.9),
        (92.8, 115.1, 175.1, 186.1, 209.2, 227.6, 252.6, 238.8, 204.0, 149.2, 96.0, 85.3),
        _WINTER_TO_SUMMER,
        "Météo-France normals 1981-2010 of Toulouse-Blagnac, monthly rows by memory: assumption. Published and met: the year's mean,"
        " 13.8 degC (climate profile of Toulouse Métropole 2015); 2,031 h of sunshine a year (Météo-France means 1991-2010,"
        " 20minutes.fr of 8 May 2019); July, 28 degC and 242 to 252 h (202 h in 2017 were 20 % or 40 h less, france3-regions);"
        " February, 116 h (87 h in 2018 were 25 % less, francebleu.fr)",
    ),
    Station(
        "Montpellier-Fréjorgues", 3.963, 43.577,
        (2.8, 3.2, 5.9, 8.7, 12.5, 16.0, 18.9, 18.5, 14.9, 11.7, 6.7, 3.5),
        (11.6, 12.8, 15.9, 18.1, 21.9, 26.4, 29.3, 28.9, 25.1, 20.7, 15.5, 12.3),
        (142.9, 168.1, 220.9, 227.0, 263.9, 312.4, 339.7, 298.0, 241.5, 168.6, 148.8, 136.5),
        _WINTER_TO_SUMMER,
        "monthly means: normals 1981-2010 of Mauguio, Montpellier airport (Annales climatologiques et hydrologiques 2019 of the"
        " Hérault); daily range and sunshine of Météo-France normals by memory: assumption. Published and met: February, 169 h of"
        " sunshine (105 h in 2021 were 38 % less, francebleu.fr)",
    ),
)  # fmt: skip


def nearest_station(lon: float, lat: float) -> Station:
    """The station whose normals stand for a place (nearest on the sphere's tangent plane)."""
    return min(STATIONS, key=lambda s: ((s.lon - lon) * np.cos(np.radians(lat))) ** 2 + (s.lat - lat) ** 2)
