"""Boxes of the 5R1C network and window apertures of dwellings: TABULA archetypes, positions in the building, floor area.

TABULA's values are per m2 of reference area; a dwelling's are these times its own floor area, whatever the area of TABULA's
building: a house of half the area has half the roof and half the walls. Constants are those of TABULA's common calculation
procedure (Loga & Diefenbach 2013) and of EN ISO 13790:2008.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from kernels.thermal import H_MS
from sim.buildings.archetypes import SIDES, archetype_index, archetypes
from sim.buildings.positions import shares
from sim.codes import Position, Retrofit
from sim.columns import Array, Bools, Floats

ROOM_HEIGHT = 2.5  # m, TABULA
AIR_CAPACITY = 0.34  # Wh/m3K, TABULA
SHADING, SHADING_HORIZONTAL = 0.6, 0.8  # TABULA: reduction by shading of vertical windows and of roof lights
FRAME, NOT_NORMAL = 0.7, 0.9  # TABULA: glazed share of windows, sun that is not perpendicular
MASS_AREA, SURFACES, H_IS = 2.5, 4.5, 3.45  # ISO 13790 table 12 (medium) and 7.2.2.2: m2 per m2 of floor; W/m2K
CAPACITY = 45.0 * 3600.0  # J/m2K, TABULA's c_m 45 Wh/m2K

#: Columns of a box, in the order of :func:`kernels.thermal.series`.
BOX = ("h_w", "h_em", "h_ve", "h_is", "a_m", "a_t", "c_m")


class Envelope(NamedTuple):
    """What heat balances need of dwellings (B,).

    ``box`` (B, 7): h_w, h_em, h_ve [W/K], h_is [W/K], a_m, a_t [m2], c_m [J/K], see :func:`kernels.thermal.series`; ``aperture``
    (B, 4): effective collecting area [m2] of the facades at the dwelling's azimuth and 90, 180, 270 degrees on (ISO 13790 11.3.3:
    glazing, frame, shading and non-perpendicular sun included).
    """

    box: Floats
    aperture: Floats


def envelope(kind: Array, period: Array, retrofit: Array, area: Floats, position: Array) -> Envelope:
    """Boxes and apertures of dwellings by codes (B,) of size class, period, retrofit state and position and ``area`` [m2] of floor.

    Raises ValueError for a position that no dwelling of the size class has (a flat's for a house).
    """
    row = archetype_index(kind, period, retrofit) * len(Position) + position
    box, aperture, known = _per_m2()
    if not known[row].all():
        raise ValueError("a position that no dwelling of its size class has")
    found = Envelope(box[row], aperture[row])
    for part in found:
        part *= area[:, None]
    return found


@cache
def _per_m2() -> tuple[Floats, Floats, Bools]:
    """(1,200 archetypes and positions, 7) box and (1,200, 4) aperture per m2 of floor, and which rows exist."""
    h_w, h_op = transmission()
    # 12.2.2: the mass conductance in series with h_em gives the opaque transmission
    h_em = 1.0 / (1.0 / h_op - 1.0 / (H_MS * MASS_AREA))
    h_ve = AIR_CAPACITY * ROOM_HEIGHT * (archetypes()["use"] + archetypes()["infiltration"])
    fixed = (H_IS * SURFACES, MASS_AREA, SURFACES, CAPACITY)
    columns = [h_w, h_em, np.broadcast_to(h_ve[:, None], h_w.shape), *(np.full(h_w.shape, value) for value in fixed)]
    box = np.stack(columns, axis=2).reshape(-1, len(BOX))
    return box, apertures().reshape(-1, len(SIDES)), np.isfinite(box).all(axis=1)


def transmission() -> tuple[Floats, Floats]:
    """(120, 10) conductance [W/K per m2 of floor] by archetype and position: windows and doors, which store no heat, and opaque parts.

    TABULA's formula: area times U (factor b included) of every part, and the addition for thermal bridges on every area.
    """
    t, s = archetypes(), shares()

    def part(name: str, share: Floats | float) -> tuple[Floats, Floats]:
        of_building = np.repeat(np.broadcast_to(share, s.roof.shape), len(Retrofit), axis=0)
        area = t[f"{name}_area"][:, None] * of_building
        return area * t[f"{name}_u"][:, None], area * t["bridges"][:, None]

    window, door = part("window", s.windows.sum(axis=2)), part("door", 1.0)
    heavy = (part("roof", s.roof), part("floor", s.floor), part("wall", s.wall))
    opaque = np.sum([through for through, _ in heavy], axis=0)
    bridges = np.sum([bridge for _, bridge in (window, door, *heavy)], axis=0)
    return window[0] + door[0], opaque + bridges


def apertures() -> Floats:
    """(120, 10, 4) effective collecting area per m2 of floor by archetype, position and facade (front, right, back, left).

    Roof lights, which five of the forty buildings have, are taken as windows of the facades, with their own shading.
    """
    t = archetypes()
    upright = sum(t[f"window_{side}"] for side in SIDES) * SHADING
    total = (upright + t["window_h"] * SHADING_HORIZONTAL) * FRAME * NOT_NORMAL * t["g"]
    return np.repeat(shares().windows, len(Retrofit), axis=0) * total[:, None, None]


def transmission_of_building() -> Floats:
    """(120,) W/K per m2: the transmission of each archetype's building, TABULA's ``h_Transmission``."""
    light, heavy = transmission()
    return light[:, Position.MEAN] + heavy[:, Position.MEAN]
