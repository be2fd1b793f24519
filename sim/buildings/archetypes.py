"""Archetypes of French dwellings: TABULA/EPISCOPE France by component, 4 size classes x 10 construction periods x 3 states.

``data/archetypes.csv`` holds per m2 of reference area what TABULA says of each building: areas and U values of roof, walls,
floor, windows, doors, thermal bridges, window area by side, air change, and its own seasonal heating need for comparison.
Constructions of one part are merged by area; the U values hold TABULA's factor b for ground and unheated rooms, so that area
times U is TABULA's H_Transmission.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from sim.codes import PERIODS, DwellingType, Retrofit
from sim.columns import Array, Floats, Ints
from sim.errors import Fault, InputError, nearest

DATA = Path(__file__).parent / "data" / "archetypes.csv"
N_BUILDINGS = len(DwellingType) * len(PERIODS)
N_ARCHETYPES = N_BUILDINGS * len(Retrofit)
#: Parts of the envelope with columns ``<part>_area`` [m2 per m2] and ``<part>_u`` [W/m2K].
PARTS = ("roof", "wall", "floor", "window", "door")
#: Sides of windows in the order of :data:`SIDE_AZIMUTHS`; columns ``window_<side>`` [m2 per m2], ``window_h`` for roof lights.
SIDES = ("n", "e", "s", "w")
SIDE_AZIMUTHS = (0.0, 90.0, 180.0, 270.0)
_SHORT = re.compile(r"(?:FR\.N\.)?([A-Z]+)\.(\d\d?)(?:\.(?:GEN\.REEX\.001\.)?(\w+))?", re.IGNORECASE)


@cache
def archetypes() -> Mapping[str, Floats]:
    """Numeric columns of the table (120,) float64 each, ordered by :func:`archetype_index`."""
    columns = {name: np.array([float(row[name]) for row in _rows()]) for name in _rows()[0] if name != "code"}
    index = archetype_index(*(columns[name].astype(np.int64) for name in ("kind", "period", "retrofit")))
    if not np.array_equal(index, np.arange(N_ARCHETYPES)):
        raise ValueError(f"{DATA.name} does not hold each archetype once, in the order of kind, period, retrofit")
    return columns


@cache
def archetype_codes() -> tuple[str, ...]:
    """TABULA's codes, in the order of the table."""
    return tuple(row["code"] for row in _rows())


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with DATA.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(line for line in file if not line.startswith("#")))


def archetype_index(kind: Array, period: Array, retrofit: Array) -> Ints:
    """Row of the archetype table for codes of size class, period and retrofit state (arrays of any integer dtype)."""
    index: Ints = (kind.astype(np.int64) * len(PERIODS) + period) * len(Retrofit) + retrofit
    return index


def building_index(kind: Array, period: Array) -> Ints:
    """Row of tables that do not depend on the retrofit state, as :func:`archetype_index`."""
    index: Ints = kind.astype(np.int64) * len(PERIODS) + period
    return index


def short_code(index: int) -> str:
    """Short form of a row's code: SFH.05.existing."""
    building, retrofit = divmod(index, len(Retrofit))
    kind, period = divmod(building, len(PERIODS))
    return f"{DwellingType(kind).name}.{period + 1:02d}.{Retrofit(retrofit).name.lower()}"


def find_archetype(code: str) -> int:
    """Row of a TABULA code (FR.N.SFH.05.Gen.ReEx.001.001) or of its short form (SFH.05.existing). Raises InputError."""
    match = _SHORT.fullmatch(code.strip())
    if match is not None:
        kind, period, state = match[1].upper(), int(match[2]), (match[3] or "").upper()
        states = {name: value for value, retrofit in enumerate(Retrofit) for name in (retrofit.name, f"00{value + 1}")}
        if kind in DwellingType.__members__ and 1 <= period <= len(PERIODS) and state in states:
            return (DwellingType[kind] * len(PERIODS) + period - 1) * len(Retrofit) + states[state]
    known = [short_code(i) for i in range(N_ARCHETYPES)]
    full = {c.upper(): c for c in archetype_codes()}
    text = code.strip()
    near = full.get(nearest(text.upper(), list(full)), "") if text.upper().startswith("FR") else nearest(text, known)
    kinds, states_text = ", ".join(DwellingType.__members__), ", ".join(r.name.lower() for r in Retrofit)
    allowed = (
        f"a TABULA code such as {archetype_codes()[0]}, a short one (KIND.PERIOD.STATE: kind {kinds}; period 01 to {len(PERIODS)},"
        f" {_periods()}; state {states_text}), or a YAML file (see docs/building.md)"
    )
    raise InputError(Fault("--archetype", repr(code), allowed, nearest=near))


def _periods() -> str:
    return ", ".join(
        f"{i:02d} " + (f"to {b}" if a == 0 else f"from {a}" if b == 9999 else f"{a}-{b}")
        for i, (a, b) in enumerate(PERIODS, start=1)
    )
