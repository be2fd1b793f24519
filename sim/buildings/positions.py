"""Where dwellings lie in their buildings, and which share of the building's envelope is theirs.

Rules. A house has as many neighbours as TABULA's building of its size class and period. Flats are spread evenly over TABULA's
storeys; a storey has as many corner flats as the building has free corners (4, 2 or 0 with 0, 1 or 2 neighbours), if it has so
many flats. The roof is that of top flats, the floor that of ground flats. Flats being taken as wide as deep (assumption), outer
walls go 3 to 2 to corner and inner flats: those have a front, a back and a side, these a front and a back. Windows of the sides
go to corner flats as far as a side then has no more windows than half of front and back; the rest is spread over front and back
of all flats. Means over a building's dwellings are the building's, exactly.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from sim.buildings.archetypes import N_BUILDINGS, SIDE_AZIMUTHS, SIDES, archetypes, building_index
from sim.codes import DwellingType, Position, Retrofit
from sim.columns import Array, Codes, Floats

HOUSES = (Position.DETACHED, Position.ROW_END, Position.ROW_MIDDLE)  #: by number of neighbours
FLATS = tuple(p for p in Position if p > Position.ROW_MIDDLE)
CORNERS = (Position.GROUND_CORNER, Position.MIDDLE_CORNER, Position.TOP_CORNER)
FREE_CORNERS = np.array([4.0, 2.0, 0.0])  #: of a storey, by number of neighbours


class Shares(NamedTuple):
    """What a dwelling at a position has of each part, against its building's mean. (40 buildings, 10 positions); NaN where none lies so.

    ``windows`` (40, 10, 4): window area on front, right, back, left (at +0, +90, +180, +270 degrees) as share of the building's mean total;
    ``probability``: share of the building's dwellings; ``azimuth`` (40,) degree: where TABULA's building has its front.
    """

    probability: Floats
    roof: Floats
    floor: Floats
    wall: Floats
    windows: Floats
    azimuth: Floats


@cache
def shares() -> Shares:
    """Shares of all buildings and positions, in the order of :func:`~sim.buildings.archetypes.building_index`."""
    table = {name: column[:: len(Retrofit)] for name, column in archetypes().items()}  # geometry is that of every state
    facades = np.stack([table[f"window_{side}"] for side in SIDES], axis=1)
    # the front is the side with most windows; where two are alike, the one nearer to the south
    front = np.argmax(facades + 1e-9 * np.array([0.0, 1.0, 2.0, 1.0]), axis=1)
    turned = np.take_along_axis(facades, (front[:, None] + np.arange(4)) % 4, axis=1)
    turned /= turned.sum(axis=1, keepdims=True)
    blank = np.full((N_BUILDINGS, len(Position)), np.nan)
    out = Shares(
        np.zeros_like(blank), blank.copy(), blank.copy(), blank.copy(), np.full((*blank.shape, 4), np.nan),
        np.array(SIDE_AZIMUTHS)[front],
    )  # fmt: skip
    for part in (out.roof, out.floor, out.wall):
        part[:, Position.MEAN] = 1.0
    out.windows[:, Position.MEAN] = turned
    for building in range(N_BUILDINGS):
        neighbours = int(table["neighbours"][building])
        if building_kind(building) in (DwellingType.SFH, DwellingType.TH):
            _house(out, building, neighbours, turned[building])
        else:
            _flats(out, building, neighbours, table["storeys"][building], table["flats"][building], turned[building])
    return out


def building_kind(building: int) -> DwellingType:
    """Size class of a row of :class:`Shares`."""
    return DwellingType(building * len(DwellingType) // N_BUILDINGS)


def _house(out: Shares, b: int, neighbours: int, windows: Floats) -> None:
    own = 2 - neighbours  # free sides beside front and back
    for sides, position in zip((2, 1, 0), HOUSES, strict=True):
        out.roof[b, position] = out.floor[b, position] = 1.0
        out.wall[b, position] = (2.0 + sides) / (2.0 + own)
        if sides == own:
            kept = windows.copy()
        else:  # a wall less takes its windows with it, a wall more is blank
            kept = windows * np.array([1.0, min(1.0, sides / max(own, 1)), 1.0, min(1.0, sides / max(own, 1))])
        out.windows[b, position] = _on_free_sides(kept, sides)
    out.probability[b, HOUSES[neighbours]] = 1.0


def _on_free_sides(windows: Floats, sides: int) -> Floats:
    """The same window area where there are that many free sides: one side is the right one, none leaves front and back."""
    front, right, back, left = windows
    if sides == 1:
        return np.array([front, right + left, back, 0.0])
    if sides == 0:
        return np.array([front, 0.0, back, 0.0]) * (windows.sum() / (front + back))
    return windows


def _flats(out: Shares, b: int, neighbours: int, storeys: float, flats: float, windows: Floats) -> None:
    corner = min(1.0, FREE_CORNERS[neighbours] / max(1.0, flats / storeys))
    front, right, back, left = windows
    through = front + back
    side = 0.0 if corner == 0.0 else (right + left) / corner
    if corner == 0.0 or side > 0.5 * through:
        through = 1.0 / (1.0 + 0.5 * corner)
        side = 0.5 * through if corner else 0.0
    faces = np.array([front, 0.0, back, 0.0]) * through / (front + back)
    levels = (1.0 / storeys, (storeys - 2.0) / storeys, 1.0 / storeys)
    for position in FLATS:
        level, at_corner = divmod(position - Position.GROUND_INNER, 2)
        out.probability[b, position] = levels[level] * (corner if at_corner else 1.0 - corner)
        out.floor[b, position] = storeys if level == 0 else 0.0
        out.roof[b, position] = storeys if level == 2 else 0.0
        out.wall[b, position] = (2.0 + at_corner) / (2.0 + corner)
        out.windows[b, position] = faces + np.array([0.0, at_corner * side, 0.0, 0.0])


@cache
def _cumulative() -> Floats:
    sums = np.cumsum(shares().probability, axis=1)
    sums[:, -1] = np.inf  # rounding must not leave a draw of almost 1 without a position
    return sums


def draw_position(kind: Array, period: Array, u: Floats) -> Codes:
    """Codes of :class:`~sim.codes.Position` (B,) int8 for dwellings of size class ``kind`` and ``period`` by uniform draws ``u`` (B,)."""
    sums = _cumulative()[building_index(kind, period)]
    last = np.array([int(np.flatnonzero(row).max()) for row in shares().probability])[building_index(kind, period)]
    return np.minimum((u[:, None] >= sums).sum(axis=1), last).astype(np.int8)
