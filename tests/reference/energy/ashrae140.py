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

from sim.buildings.dwelling import Dwelling, read_dwelling, room_of
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
    "heating": "heating [MWh]", "cooling": "cooling [MWh]", "peak_heating": "greatest heating [kW]",
    "peak_cooling": "greatest cooling [kW]", "warmest": "warmest hour [°C]", "coldest": "coldest hour [°C]",
}  # fmt: skip

ENERGIES = ("heating", "cooling", "peak_heating", "peak_cooling")
#: Area of all surfaces that face the room by m2 of floor: 8 x 6 x 2.7 m has 48 + 48 + 75.6 m2 (ISO 13790, 7.2.2.2: A_t is that area; its
#: ratio of 4.5 is for rooms whose surfaces are not known, and would exchange a quarter too much here).
SURFACES = 171.6 / 48.0


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
        f"  - {{area: {area:g} m², u: {c['u_window']} W/m²K, g: {c['g']}, azimuth: {azimuth:g}°, frame: 0.1%, shading: 0%,\n"
        f"     angle: {c['angle']}}}"
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
        f"inside: {{exchange: 2.1 W/m²K, surfaces: {SURFACES:g}}}",
        "outside: {sky: perez}",
        f"air_change: {c['air_change']}          # 0.5 1/h at sea level: the thin air of Denver",
        "air_heat: 0.335 Wh/m³K",
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
            out[row["quantity"], row["case"]] = Published(
                accept, *(float(row[k]) for k in ("least", "most", "iso13790"))
            )
    return out


def figures(need: Floats, air: Floats) -> dict[str, float]:
    """The published quantities from the year's need [W] and air temperature [degC]."""
    return {
        "heating": float(need[need > 0].sum() / 1e6), "cooling": float(-need[need < 0].sum() / 1e6),
        "peak_heating": float(max(0.0, need.max()) / 1e3), "peak_cooling": float(max(0.0, -need.min()) / 1e3),
        "warmest": float(air.max()), "coldest": float(air.min()),
    }  # fmt: skip


def _written(case: str, folder: Path) -> Dwelling:
    path = folder / f"{case}.yaml"
    path.write_text(building(case), "utf-8")
    return read_dwelling(path)


def compared(results: Mapping[str, Mapping[str, float]]) -> list[tuple[str, str, float, Published]]:
    """(quantity, case, ours, published) of all that is published of the cases run."""
    return [
        (quantity, case, results[case][quantity], published()[quantity, case])
        for quantity in QUANTITIES
        for case in CASES
        if (quantity, case) in published()
    ]


def page(hours: Mapping[str, Any], by_minutes: Mapping[str, Any]) -> str:
    """docs/ashrae140.md."""
    rows = compared(hours)
    judged = [p.accept[0] <= ours <= p.accept[1] for _, _, ours, p in rows if p.accept]
    off = [_off(ours, p) for quantity, _, ours, p in rows if quantity in ENERGIES and p.iso > 0]
    step = [by_minutes[case][q] / ours - 1.0 for q, case, ours, _ in rows if q in ("heating", "cooling") and ours > 0.1]
    free = [abs(ours - p.iso) for quantity, _, ours, p in rows if quantity not in ENERGIES]
    head = f"""# ASHRAE 140 (BESTEST)

Written by `python -m tests.reference.energy.ashrae140 --write-docs`, never by hand.

The cases of ANSI/ASHRAE 140-2020, section 5.2, run as building files ([building.md](building.md)) on the Denver TMY3 file: the way
of `rebond building --archetype FILE`. Inputs are those of the ISO 13790 models of the Modelica Buildings library; nothing is tuned.
Not run: {", ".join(SHADED)} (overhangs and fins, which building files do not state) and the multi-zone case 960.

- **Acceptance ranges** of the standard (addendum b; annual energies only): {sum(judged)} of {len(judged)} figures inside.
- **Published ISO 13790 column** (Modelica Buildings, UsersGuide of its BESTEST models): annual energies and peaks are {_range(off)}
  from it, {sum(abs(x) <= 0.05 for x in off)} of {len(off)} within 5 %; free-floating extremes within {max(free):.1f} K.
- **What remains.** The column comes from a simulation with the heat capacity of the air as a second store and weather in straight
  lines between its hours. Solved so, minute by minute ("minutes" below, `tests/reference/energy/minutes.py`), annual energies
  change by {_range(step)}.
- **One input to mind.** A_t is the area of the box's own surfaces, 171.6 m² (8 x 6 x 2.7 m). With the 4.5 m² by m² of floor that
  ISO 13790 offers where they are not known (216 m²), energies and peaks would be up to 22 % above the column.
- **Six programs** (BSIMAC, CSE, DeST, EnergyPlus, ESP-r, TRNSYS; least to most below). One store of heat and constant conductances
  cannot follow walls of many layers: mostly the column leaves their range on the same side.
"""
    parts = [head]
    for quantity, label in QUANTITIES.items():
        parts.append(f"## {label[0].upper()}{label[1:]}\n")
        parts.append(
            "| case | ours | minutes | ISO 13790 | ours from it | six programs | ours is | accepted | ours is | why |"
        )
        parts.append("|---|---|---|---|---|---|---|---|---|---|")
        parts += [_row(q, case, ours, by_minutes[case][q], p) for q, case, ours, p in rows if q == quantity]
        parts.append("")
    return "\n".join(parts)


def _off(value: float, p: Published) -> float:
    return value / p.iso - 1.0


def _range(shares: list[float]) -> str:
    return f"{100 * min(shares):+.1f} to {100 * max(shares):+.1f} %"


def _side(value: float, p: Published) -> str:
    return "above" if value > p.most else "below" if value < p.least else "inside"


def _row(quantity: str, case: str, ours: float, by_minutes: float, p: Published) -> str:
    digits = 3 if quantity in ENERGIES else 1
    by = (
        f"{100 * _off(ours, p):+.1f} %"
        if quantity in ENERGIES and p.iso > 0
        else f"{ours - p.iso:+.1f} K"
        if quantity not in ENERGIES
        else "-"
    )
    accepted = f"{p.accept[0]:g} to {p.accept[1]:g}" if p.accept else "-"
    verdict = ("inside" if p.accept[0] <= ours <= p.accept[1] else "outside") if p.accept else "-"
    cells = [
        case,
        f"{ours:.{digits}f}",
        f"{by_minutes:.{digits}f}",
        f"{p.iso:.{digits}f}",
        by,
        f"{p.least:g} to {p.most:g}",
        _side(ours, p),
    ]
    return f"| {' | '.join([*cells, accepted, verdict, _why(quantity, ours, by_minutes, p)])} |"


def _why(quantity: str, ours: float, by_minutes: float, p: Published) -> str:
    reasons = []
    side = _side(ours, p)
    if side != "inside":
        reasons.append(f"ISO 13790 is {side} too" if _side(p.iso, p) == side else "by the distance from ISO 13790")
    if quantity in ENERGIES and p.iso > 0 and abs(_off(ours, p)) > 0.05:
        due = 100 * (ours - by_minutes) / p.iso
        reasons.append(
            f"{due:+.1f} of {100 * _off(ours, p):+.1f} % are hours for minutes; a small need, the rest of two large flows"
        )
    return "; ".join(reasons)


def main(arguments: list[str]) -> int:
    """Run all cases and write the page, or print it."""
    import tempfile

    from sim.city.weatherfile import read_weather

    shared = ROOT.parent / "shared"
    weather = read_weather(shared / WEATHER, summer_time=False)
    with tempfile.TemporaryDirectory() as folder:
        text = page(*everything(weather, Path(folder)))
    if arguments == ["--write-docs"]:
        PAGE.write_text(text, "utf-8")
    else:
        print(text)
    return 0


def _ramp() -> Floats:
    """(1440,) set-points of the cases with set-back: from 7 to 8 o'clock they rise from 10 to 20 degC."""
    return np.interp(
        (np.arange(1440) + 0.5) / 60.0, [0.0, 7.0, 8.0, 23.0, 23.0, 24.0], [10.0, 10.0, 20.0, 20.0, 10.0, 10.0]
    )


def everything(weather: Weather, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of all cases by hours and by minutes."""
    hours, by_minutes = {}, {}
    for case in CASES:
        room = room_of(_written(case, folder))
        year = live_year(room, weather)
        ramp = _ramp() if "heating" in CASES[case] and CASES[case]["heating"] == SETBACK["heating"] else None
        hours[case], by_minutes[case] = figures(year.need, year.air), figures(*minutes(room, year, ramp))
    return hours, by_minutes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
