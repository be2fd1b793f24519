"""One dwelling or box as a single zone of the 5R1C network, with its sunlit surfaces and its schedules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.buildings.archetypes import archetype_codes, archetypes
from sim.buildings.envelope import AIR_CAPACITY, ROOM_HEIGHT, envelope
from sim.buildings.positions import shares
from sim.codes import PERIODS, Position, Retrofit
from sim.columns import Floats

GAINS = 3.0  # W/m2, TABULA, mean of the day
ABOVE_ALL = np.inf  #: set-point of no cooling
BELOW_ALL = -np.inf  #: set-point of no heating


@dataclass(frozen=True)
class Opening:
    """A window, by what its sun is worth."""

    area: float  #: effective collecting area [m2]: glazing, frame, shading (ISO 13790 11.3.3)
    tilt: float  #: degree, 0 facing up, 90 upright
    azimuth: float  #: degree, 0 north, clockwise
    angle: tuple[float, ...] = (1.0,)  #: factor on the beam: polynomial in the angle of incidence [rad]


@dataclass(frozen=True)
class Skin:
    """The outside of a part of the envelope, by what reaches the room of the sun on it and of its radiation to the sky.

    ISO 13790 11.3.4 and 11.3.5: R_se U A times absorptance takes up the sun, R_se U A times the view of the sky times h_r radiates.
    """

    absorbing: float  #: m2: R_se U A absorptance
    radiating: float  #: W/K: R_se U A form factor 5 emissivity
    tilt: float
    azimuth: float


@dataclass(frozen=True)
class Room:
    """All that a year of hours follows from, but the weather. Schedules are (2, 24): working days, days off."""

    name: str
    area: float  #: m2 of floor
    box: Floats  #: (7,) as kernels.thermal.series wants; the ventilation is ``h_ve``
    openings: tuple[Opening, ...]
    h_ve: Floats  #: W/K
    gains: Floats  #: W
    heat_at: Floats  #: degC, -inf: off
    cool_at: Floats  #: degC, inf: off
    skins: tuple[Skin, ...] = ()
    sky_colder: float = 0.0  #: K below the air
    albedo: float = 0.2
    sky: str = "hay_davies"  #: or perez


def of_archetype(row: int, area: float | None, azimuth: float | None, position: Position) -> Room:
    """A dwelling of an archetype without heating or cooling yet. ``None``: TABULA's own reference area (a flat's share) and direction.

    Raises ValueError for a position that no dwelling of the size class has.
    """
    building, retrofit = divmod(row, len(Retrofit))
    kind, period = divmod(building, len(PERIODS))
    table = archetypes()
    if area is None:
        area = float(table["area"][row] / table["flats"][row])
    front = float(shares().azimuth[building]) if azimuth is None else azimuth
    codes = [np.array([code]) for code in (kind, period, retrofit)]
    found = envelope(codes[0], codes[1], codes[2], np.array([area]), np.array([position]))
    box = found.box[0]
    openings = [Opening(float(a), 90.0, (front + 90.0 * k) % 360.0) for k, a in enumerate(found.aperture[0]) if a > 0.0]
    return Room(
        archetype_codes()[row], area, box, tuple(openings), np.full((2, 24), box[2]), np.full((2, 24), GAINS * area),
        np.full((2, 24), BELOW_ALL), np.full((2, 24), ABOVE_ALL),
    )  # fmt: skip


def ventilation(air_changes: Floats, area: float, volume: float | None, capacity: float = AIR_CAPACITY) -> Floats:
    """W/K of air changes per hour; ``volume`` [m3], TABULA's 2.5 m of height where none is given; ``capacity`` [Wh/m3K] of air."""
    return np.asarray(capacity * (ROOM_HEIGHT * area if volume is None else volume) * air_changes)
