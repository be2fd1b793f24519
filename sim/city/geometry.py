"""Plane geometry of a city: metres around a centre, points in polygons, crossing segments, whole numbers that keep a sum."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from sim.columns import Bools, Floats, Ints

#: Metres per degree of latitude (mean meridian of WGS 84).
DEGREE = 111_195.0


@dataclass(frozen=True)
class Plane:
    """Equirectangular plane around a centre: errors below 0.1 % within 50 km."""

    lon: float
    lat: float
    scale: float  #: cosine of the latitude

    @classmethod
    def around(cls, lon: float, lat: float) -> Self:
        """The plane centred there."""
        return cls(float(lon), float(lat), float(np.cos(np.radians(lat))))

    def to_metres(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Easting and northing [m]."""
        return (np.asarray(lon) - self.lon) * DEGREE * self.scale, (np.asarray(lat) - self.lat) * DEGREE

    def to_degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Longitude and latitude."""
        return np.asarray(x) / (DEGREE * self.scale) + self.lon, np.asarray(y) / DEGREE + self.lat


def inside(polygon: Floats, lon: Floats, lat: Floats) -> Bools:
    """Which points lie inside a polygon (n, 2), closed or not: even-odd rule."""
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    out = np.zeros(x.shape, bool)
    px, py = polygon[:, 0], polygon[:, 1]
    for x0, y0, x1, y1 in zip(px, py, np.roll(px, -1), np.roll(py, -1), strict=True):
        straddles = (y0 > y) != (y1 > y)
        if straddles.any():
            at = x0 + (y - y0) * (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
            out ^= straddles & (x < at)
    return out


def crosses(ax: Floats, ay: Floats, bx: Floats, by: Floats, line: Floats) -> Bools:
    """Which segments a-b (n each) cross a polyline (m, 2)."""
    out = np.zeros(len(ax), bool)
    for (cx, cy), (dx, dy) in pairwise(line):
        one = _side(ax, ay, bx, by, cx, cy) * _side(ax, ay, bx, by, dx, dy) < 0
        two = _side(cx, cy, dx, dy, ax, ay) * _side(cx, cy, dx, dy, bx, by) < 0
        out |= one & two
    return out


def _side(ax: Floats, ay: Floats, bx: Floats, by: Floats, px: Floats, py: Floats) -> Floats:
    out: Floats = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
    return out


def whole_numbers(values: Floats, total: int) -> Ints:
    """Whole numbers proportional to ``values`` that sum to ``total`` exactly (largest remainder, ties to the first)."""
    values = np.maximum(np.asarray(values, np.float64), 0.0)
    if values.sum() <= 0.0:
        values = np.ones_like(values)
    exact = values * (total / values.sum())
    out = np.floor(exact).astype(np.int64)
    short = int(total - out.sum())
    order = np.argsort(-(exact - out), kind="stable")
    out[order[:short]] += 1
    return out
