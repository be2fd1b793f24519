"""The cases of ASHRAE 140-2020 (BESTEST), section 5.2, through the building files of ``rebond building``; and docs/ashrae140.md.

``python -m tests.reference.energy.ashrae140 --write-docs`` runs them on the Denver weather file and renews the page. Inputs are those of
the ISO 13790 models of the Modelica Buildings library (Buildings.ThermalZones.ISO13790.Validation.BESTEST), published results stand
in ashrae140.csv. Nothing is tuned.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.buildings.dwelling import read_dwelling, room_of
from sim.buildings.year import live_year
from sim.city.city import Weather
from tests.reference.energy.minutes import minutes

Floats = npt.NDArray[np.float64]
HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PAGE = ROOT / "docs" / "ashrae140.md"
WEATHER = "reference/energy/USA_CO_Denver.Intl.AP.725650_TMY3.epw.gz"

#: What each case changes in case 600.
SOUTH = {180.0: 12.0}
EAST_WEST = {90.0: 6.0, 270.0: 6.0}
HEAVY = {"mass": "{capacity: 307.75 kJ/m²K, area: 2.43}"}
SETBACK = {"heating": "{23-7: 10 °C, 7-8: 15 °C, 8-23: 20 °C}"}  # 7 to 8 o'clock it ramps: 15 °C in the mean
FAN = {"air_change": "{18-7: 11.286 1/h, 7-18: 0.414 1/h}"}  # 0.414 and 1,409 m³/h
NIGHT = FAN | {"heating": "off", "cooling": "{7-18: 27 °C, 18-7: off}"}
FLOAT = {"heating": "off", "cooling": "off"}
INSULATED = {"u_wall": 0.15, "u_roof": 0.10}
EVEN = {"heating": "20 °C", "cooling": "20 °C"}
LOW_E = {"u_window": 1.45, "g": 0.44, "angle": "[1, -0.152, 0.51, -0.526]"}
SINGLE = {"u_window": 7.8, "g": 0.864, "angle": "[0.998, 0.137, -0.745, 1.21, -0.668]"}
CASES: Mapping[str, Mapping[str, Any]] = {
    "600": {}, "620": {"windows": EAST_WEST}, "640": SETBACK, "650": NIGHT, "660": LOW_E, "670": SINGLE, "680": INSULATED,
    "685": EVEN, "695": INSULATED | EVEN,
    "900": HEAVY, "920": HEAVY | {"windows": EAST_WEST}, "940": HEAVY | SETBACK, "950": HEAVY | NIGHT, "980": HEAVY | INSULATED,
    "985": HEAVY | EVEN, "995": HEAVY | INSULATED | EVEN,
    "600FF": FLOAT, "650FF": FLOAT | FAN, "680FF": FLOAT | INSULATED,
    "900FF": HEAVY | FLOAT, "950FF": HEAVY | FLOAT | FAN, "980FF": HEAVY | FLOAT | INSULATED,
}  # fmt: skip
#: Cases whose overhangs and fins a building file cannot state.
SHADED = ("610", "630", "910", "930")
GROSS = {0.0: ("north", 21.6), 90.0: ("east", 16.2), 180.0: ("south", 21.6), 270.0: ("west", 16.2)}
QUANTITIES = {
    "heating": "heating [MWh]", "cooling": "cooling [MWh]", "peak_heating": "greatest heating [kW]", "peak_cooling": "greatest cooling [kW]",
    "warmest": "warmest hour [°C]", "coldest": "coldest hour [°C]",
}  # fmt: skip


def building(case: str) -> str:
    """The building file of a case."""
    c: dict[str, Any] = {
        "windows": SOUTH, "mass": "{capacity: 42.167 kJ/m²K, area: 2.95}", "heating": "20 °C", "cooling": "27 °C",
        "air_change": "0.414 1/h", "u_wall": 0.53, "u_roof": 0.33, "u_window": 3.1, "g": 0.769, "angle": "[1, -0.189, 0.644, -0.596]",
    } | dict(CASES[case])  # fmt: skip
    walls = [
        f"  - {{name: {name}, area: {area - c['windows'].get(azimuth, 0.0):.4g} m², u: {c['u_wall']} W/m²K, azimuth: {azimuth:g}°}}"
        for azimuth, (name, area) in GROSS.items()
    ]
    windows = [
        f"  - {{area: {area:g} m², u: {c['u_window']} W/m²K, g: {c['g']}, azimuth: {azimuth:g}°, frame: 0.1%, shading: 0%, angle: {c['angle']}}}"
        for azimuth, area in c["windows"].items()
    ]
    return "\n".join([
        f"name: ASHRAE 140 case {case}",
        "floor_area: 48 m²",
        "volume: 129.6 m³",
        "opaque:",
        *walls,
        f"  - {{name: roof, area: 48 m², u: {c['u_roof']} W/m²K, tilt: 0°}}",
        "  - {name: floor, area: 48 m², u: 0.038 W/m²K, to: ground}",
        "windows:",
        *windows,
        f"mass: {c['mass']}",
        "inside: {exchange: 2.1 W/m²K}",
        "outside: {sky: perez}",
        f"air_change: {c['air_change']}          # 0.5 1/h at sea level: the thin air of Denver",
        "air_heat: 1206 J/m³K",
        "gains: 200 W",
        f"heating: {c['heating']}",
        f"cooling: {c['cooling']}",
        "clock: standard",
        "",
    ])  # fmt: skip


@dataclass(frozen=True)
class Published:
    """One published figure: acceptance range (None: there is none), six programs, the ISO 13790 model."""

    accept: tuple[float, float] | None
    least: float
    most: float
    iso: float


@cache
def published() -> Mapping[tuple[str, str], Published]:
    """Figures by quantity and case."""
    out = {}
    with (HERE / "ashrae140.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            accept = (float(row["accept_lower"]), float(row["accept_upper"])) if row["accept_lower"] else None
            out[row["quantity"], row["case"]] = Published(accept, *(float(row[k]) for k in ("least", "most", "iso13790")))
    return out


def figures(need: Floats, air: Floats) -> dict[str, float]:
    """The published quantities from the year's need [W] and air temperature [degC]."""
    return {
        "heating": float(need[need > 0].sum() / 1e6), "cooling": float(-need[need < 0].sum() / 1e6),
        "peak_heating": float(max(0.0, need.max()) / 1e3), "peak_cooling": float(max(0.0, -need.min()) / 1e3),
        "warmest": float(air.max()), "coldest": float(air.min()),
    }  # fmt: skip


def run(case: str, weather: Weather, folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Figures of a case by hours, as ``rebond building`` computes them, and by minutes (see tests/reference/energy/minutes.py)."""
    path = folder / f"{case}.yaml"
    path.write_text(building(case), "utf-8")
    room = room_of(read_dwelling(path))
    year = live_year(room, weather)
    return figures(year.need, year.air), figures(*minutes(room, year))


def compared(results: Mapping[str, Mapping[str, float]]) -> list[tuple[str, str, float, Published]]:
    """(quantity, case, ours, published) of all that is published of the cases run."""
    rows = []
    for quantity in QUANTITIES:
        for case in CASES:
            if (quantity, case) in published():
                rows.append((quantity, case, results[case][quantity], published()[quantity, case]))
    return rows


def run_all(weather: Weather, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of all cases, by hours and by minutes."""
    both = {case: run(case, weather, folder) for case in CASES}
    return {c: b[0] for c, b in both.items()}, {c: b[1] for c, b in both.items()}
