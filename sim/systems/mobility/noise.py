"""Road noise where people live: source levels of CNOSSOS-EU (directive (EU) 2015/996, coefficients as amended in 2021), a stated facade.

Each street is a long straight source on hard ground: no screens, no reflections, no gradients, dry dense asphalt. People live at the
facade of the streets that meet at their cell's node, alike on each of them, and hear the nearest motorway besides. So levels are fit to
compare worlds and districts, not to replace a noise map.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from sim.city.city import City
from sim.codes import RoadClass
from sim.columns import Floats, Ints
from sim.scenario.parameters import Parameters

#: Octave bands 63-8000 Hz: rolling a, b and propulsion a, b of light vehicles and of heavy ones (more than two axles: category 3).
LIGHT = np.array([
    [83.1, 89.2, 87.7, 93.1, 100.1, 96.7, 86.8, 76.2], [30.0, 41.5, 38.9, 25.7, 32.5, 37.2, 39.0, 40.0],
    [97.9, 92.5, 90.7, 87.2, 84.7, 88.0, 84.4, 77.1], [-1.3, 7.2, 7.7, 8.0, 8.0, 8.0, 8.0, 8.0],
])  # fmt: skip
HEAVY = np.array([
    [91.7, 96.2, 98.2, 104.9, 105.1, 98.5, 91.1, 85.6], [30.0, 33.5, 31.3, 25.4, 31.8, 37.1, 38.6, 40.6],
    [108.8, 104.2, 103.5, 102.9, 102.6, 98.5, 93.8, 87.5], [0.0, 3.0, 4.6, 5.0, 5.0, 5.0, 5.0, 5.0],
])  # fmt: skip
#: A-weighting of the bands [dB] (IEC 61672-1).
A_WEIGHT = np.array([-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1])
REFERENCE, SLOWEST, FASTEST = 70.0, 20.0, 130.0
#: Hours of day, evening and night, their penalties [dB], and the part of a day's traffic in each (assumption).
HOURS, PENALTY, PART = np.array([12.0, 4.0, 8.0]), np.array([0.0, 5.0, 10.0]), np.array([0.76, 0.16, 0.08])
#: Levels above which people count as exposed [dB(A)]: French black spots of road noise, Lden.
LOUD = 68.0
QUIET = 30.0


class _Homes(NamedTuple):
    """(n,) cell, link and share of the cell's people on it; (cells,) nearest motorway link (-1 none) and its distance [m]."""

    cell: Ints
    link: Ints
    share: Floats
    motorway: Ints
    apart: Floats


def power(light: Floats, heavy: Floats, kmh: Floats) -> Floats:
    """A-weighted sound power of a metre of road [dB(A) re 1 pW/m]; ``light``, ``heavy`` vehicles an hour, one or more speeds."""
    v = np.clip(kmh, SLOWEST, FASTEST)
    decade, rest = np.log(v / REFERENCE), np.log(10.0) * (v - REFERENCE) / REFERENCE
    energy = np.zeros(len(v))
    for flow, (ar, br, ap, bp) in ((light, LIGHT), (heavy, HEAVY)):
        one = np.zeros(len(v))
        for band, weight in enumerate(A_WEIGHT.tolist()):
            one += 10.0 ** ((ar[band] + weight) / 10.0) * np.exp(br[band] / 10.0 * decade)
            one += 10.0 ** ((ap[band] + weight) / 10.0) * np.exp(bp[band] / 10.0 * rest)
        energy += np.maximum(flow, 0.0) / (1000.0 * v) * one
    return np.asarray(10.0 * np.log10(np.maximum(energy, 10.0 ** (QUIET / 10.0))))


def at_distance(level: Floats, metres: Floats | float) -> Floats:
    """Level beside a long straight source on hard ground: power spread over half a cylinder [dB(A)]."""
    return np.asarray(level - 10.0 * np.log10(np.pi * np.maximum(metres, 1.0)))


def lden(light_day: Floats, heavy_day: Floats, kmh: Floats) -> Floats:
    """(L,) day-evening-night power level of a metre [dB(A)] from vehicles a day and a mean speed."""
    # at one speed the energy of an hour is that of its vehicles: the weighted mean is that of so many an hour
    weight = float((HOURS / 24.0 * 10.0 ** (PENALTY / 10.0) * PART / HOURS).sum())
    return power(light_day * weight, heavy_day * weight, kmh)


def exposed(city: City, p: Parameters, source: Floats) -> Floats:
    """(D,) share of the residents whose home has an Lden above LOUD at the facade; ``source`` (L,) Lden power level of a metre."""
    homes, cells = _homes(city), city.cells
    street = at_distance(source[homes.link], p["facade_distance"])
    motorway = np.where(homes.motorway >= 0, at_distance(source[homes.motorway], homes.apart), 0.0)[homes.cell]
    both = 10.0 * np.log10(10.0 ** (street / 10.0) + 10.0 ** (motorway / 10.0))
    people = homes.share * cells.residents[homes.cell]
    loud = np.bincount(cells.district[homes.cell], weights=people * (both > LOUD), minlength=city.n_districts)
    total = np.bincount(cells.district[homes.cell], weights=people, minlength=city.n_districts)
    return np.asarray(loud / np.maximum(total, 1e-300))


@lru_cache(maxsize=4)
def _homes(city: City) -> _Homes:
    """Streets that people live on. Both directions of a street count as one link each: half of the people hear either's side."""
    a, cells = city.links, city.cells
    usable = np.flatnonzero(a.road_class != RoadClass.HIGHWAY)
    order = usable[np.argsort(a.tail[usable], kind="stable")]
    first = np.searchsorted(a.tail[order], np.arange(len(city.nodes) + 1))
    many = np.diff(first)[cells.node]
    cell = np.repeat(np.arange(len(cells)), many)
    place = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + np.repeat(first[:-1][cells.node], many)
    fast = np.flatnonzero(a.road_class == RoadClass.HIGHWAY)
    motorway, apart = np.full(len(cells), -1), np.full(len(cells), np.inf)
    if len(fast):
        middle = np.column_stack(
            [
                city.nodes.x[a.tail[fast]] + city.nodes.x[a.head[fast]],
                city.nodes.y[a.tail[fast]] + city.nodes.y[a.head[fast]],
            ]
        )
        far, near = cKDTree(middle / 2.0).query(np.column_stack([cells.x, cells.y]))
        motorway, apart = fast[near], np.asarray(far)
    return _Homes(cell, order[place], 1.0 / many[cell], motorway, apart)
