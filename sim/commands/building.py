"""``rebond building``: the year of one dwelling, hour by hour, by a TABULA code or by a building file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.buildings.archetypes import find_archetype, short_code
from sim.buildings.dwelling import SYSTEMS, read_dwelling, room_of
from sim.buildings.positions import FLATS, HOUSES, shares
from sim.buildings.room import ABOVE_ALL, Room, of_archetype
from sim.buildings.year import Year, live_year
from sim.city.weatherfile import read_weather
from sim.codes import PERIODS, Carrier, DwellingType, Heating, Position, Retrofit
from sim.commands.building_energy import USES, Final, final_energy, intensity
from sim.commands.files import check_target, write_whole
from sim.commands.run import watched_compilation
from sim.errors import Fault, InputError, nearest
from sim.scenario.parameters import Parameters
from sim.systems.energy.dpe import conventional_persons

Say = Callable[[str], None]
NIGHT = np.r_[np.arange(6), np.arange(22, 24)]  # hours of set-back
AT_WORK = np.arange(9, 17)  # hours of working days with nobody at home
TOO_WARM = 26.0  # degC
#: Options that describe a dwelling of an archetype; a building file says these things itself.
OF_ARCHETYPES = ("area", "azimuth", "position", "setpoint", "setback", "cooling")


@dataclass(frozen=True)
class BuildingOptions:
    """What the command line said; None where it said nothing."""

    archetype: str
    weather: Path
    out: Path | None
    area: float | None = None
    azimuth: float | None = None
    position: str | None = None
    setpoint: float | None = None
    setback: float | None = None
    cooling: float | None = None
    persons: float | None = None
    system: str | None = None
    force: bool = False


@dataclass(frozen=True)
class Case:
    """A room and who lives in it."""

    room: Room
    persons: float
    system: Heating
    summer_time: bool
    about: dict[str, Any]


def building(options: BuildingOptions, say: Say) -> dict[str, Any]:
    """Read, live a year, write. Returns what ``--json`` prints. Raises InputError before anything is written."""
    if options.out is not None:
        check_target("--out", options.out, options.force)
    faults = _choice_faults(options)
    path = Path(options.archetype)
    from_file = path.suffix.lower() in (".yaml", ".yml") or path.is_file()
    if from_file:
        faults += [
            Fault(
                f"--{name}",
                "an option beside a building file",
                "this option with a TABULA code only: the file says it itself",
            )
            for name in OF_ARCHETYPES
            if getattr(options, name) is not None
        ]
    if faults:
        raise InputError(faults)
    parameters = Parameters()
    case = _from_file(path, options) if from_file else _from_code(options, parameters)
    weather = read_weather(options.weather, summer_time=case.summer_time)
    with watched_compilation(say):
        year = live_year(case.room, weather)
    final = final_energy(year, case.system, case.persons, parameters)
    answer = _figures(case, year, final, parameters) | {"weather": weather.source}
    _summary(answer, say)
    if options.out is not None:
        write_whole(options.out, _hours(year, final).to_csv(index=False, float_format="%.10g", lineterminator="\n"))
        say(f"Hours: {options.out}")
    return answer


def _choice_faults(options: BuildingOptions) -> list[Fault]:
    names = tuple(p.name.lower() for p in Position)
    return [
        Fault(f"--{option}", repr(value), ", ".join(allowed), nearest=nearest(value, allowed))
        for option, value, allowed in (("system", options.system, SYSTEMS), ("position", options.position, names))
        if value is not None and value not in allowed
    ]


def _system(name: str | None) -> Heating:
    return Heating.GAS if name is None else Heating[name.upper()]


def _from_file(path: Path, options: BuildingOptions) -> Case:
    dwelling = read_dwelling(path)
    persons = options.persons if options.persons is not None else dwelling.persons
    if persons is None:
        persons = float(conventional_persons(np.array(dwelling.floor_area)))
    about = {"file": str(path), "name": dwelling.name}
    return Case(
        room_of(dwelling), persons, _system(options.system or dwelling.system), dwelling.clock == "legal", about
    )


def _from_code(options: BuildingOptions, parameters: Parameters) -> Case:
    row = find_archetype(options.archetype)
    building_row = row // len(Retrofit)
    position = _position(options.position, building_row)
    room = of_archetype(row, options.area, options.azimuth, position)
    persons = options.persons
    if persons is None:
        persons = float(conventional_persons(np.array(room.area)))
    setpoint = parameters["heating_setpoint"] if options.setpoint is None else options.setpoint
    setback = min(setpoint, parameters["heating_setback"]) if options.setback is None else options.setback
    cooling = ABOVE_ALL if options.cooling is None else options.cooling
    if not setback <= setpoint <= cooling:
        found = f"{setback:g} by night, {setpoint:g} by day, cooling at {cooling:g} degC"
        raise InputError(Fault("--setpoint, --setback, --cooling", found, "temperatures that rise in this order"))
    heat_at = np.full((2, 24), setpoint)
    heat_at[:, NIGHT] = setback
    people = np.full((2, 24), parameters["gains_person"] * persons)
    people[0, AT_WORK] = 0.0
    gains = parameters["gains_floor"] * room.area + people
    room = replace(room, gains=gains, heat_at=heat_at, cool_at=np.full((2, 24), cooling))
    azimuth = float(shares().azimuth[building_row]) if options.azimuth is None else options.azimuth
    about = {
        "archetype": room.name, "short": short_code(row), "position": position.name.lower(), "azimuth_deg": azimuth
    }  # fmt: skip
    return Case(room, persons, _system(options.system), True, about)


def _position(name: str | None, building_row: int) -> Position:
    """The position asked for; without one, a house as TABULA's and a flat as the mean of its building."""
    kind = DwellingType(building_row // len(PERIODS))
    house = kind in (DwellingType.SFH, DwellingType.TH)
    if name is None:
        return Position(int(shares().probability[building_row].argmax())) if house else Position.MEAN
    position = Position[name.upper()]
    allowed = (Position.MEAN, *(HOUSES if house else FLATS))
    if position not in allowed:
        names = ", ".join(p.name.lower() for p in allowed)
        raise InputError(Fault("--position", repr(name), f"for {kind.name} one of {names}"))
    return position


def _hours(year: Year, final: Final) -> pd.DataFrame:
    columns = {
        "hour": np.arange(len(year.air)),
        "outdoor_degc": year.outdoor,
        "air_degc": year.air,
        "operative_degc": year.operative,
        "heating_need_w": np.maximum(0.0, year.need),
        "cooling_need_w": np.maximum(0.0, -year.need),
        "solar_gain_w": year.solar,
        "internal_gain_w": year.internal,
    }
    return pd.DataFrame(columns | {f"{use}_w": final.watts[use] for use in USES})


def _figures(case: Case, year: Year, final: Final, parameters: Parameters) -> dict[str, Any]:
    need = {"heating": np.maximum(0.0, year.need), "cooling": np.maximum(0.0, -year.need)}
    by_carrier: dict[str, float] = {}
    wires = np.zeros(len(year.air))
    for use in USES:
        name = final.carrier[use].name.lower()
        by_carrier[name] = by_carrier.get(name, 0.0) + float(final.watts[use].sum()) / 1000.0
        if final.carrier[use] == Carrier.ELECTRICITY:
            wires += final.watts[use]
    room = case.room
    opaque = 1.0 / (1.0 / room.box[1] + 1.0 / (9.1 * room.box[4]))
    return {
        **case.about,
        "area_m2": room.area,
        "persons": case.persons,
        "system": case.system.name.lower(),
        "transmission_w_per_k": float(opaque + room.box[0]),
        "ventilation_w_per_k": float(room.h_ve.mean()),
        "need_kwh": {use: float(watts.sum()) / 1000.0 for use, watts in need.items()},
        "gains_kwh": {"solar": float(year.solar.sum()) / 1000.0, "internal": float(year.internal.sum()) / 1000.0},
        "final_kwh": {use: float(final.watts[use].sum()) / 1000.0 for use in USES},
        "final_by_carrier_kwh": by_carrier,
        "carriers": {use: final.carrier[use].name.lower() for use in USES},
        "peak_w": {use: float(watts.max()) for use, watts in need.items()} | {"electricity": float(wires.max())},
        "degree_hours_above_26": float(np.maximum(0.0, year.operative - TOO_WARM).sum()),
        "warmest_degc": float(year.operative.max()),
        "coldest_degc": float(year.operative.min()),
        "diagnosis": intensity(final, room.area, parameters),
    }


def _summary(a: dict[str, Any], say: Say) -> None:
    name = a.get("archetype") or a.get("name") or a["file"]
    need, final, area = a["need_kwh"], a["final_kwh"], a["area_m2"]
    say(
        f"{name}: {area:,.1f} m², {a['transmission_w_per_k']:,.1f} W/K through its envelope, {a['ventilation_w_per_k']:,.1f} W/K of air"
    )
    say(
        f"need: heating {need['heating']:,.0f} kWh a year ({need['heating'] / area:,.1f} kWh/m²), at most {a['peak_w']['heating']:,.0f} W; "
        f"cooling {need['cooling']:,.0f} kWh, at most {a['peak_w']['cooling']:,.0f} W"
    )
    uses = ", ".join(
        f"{use.replace('_', ' ')} {final[use]:,.0f} kWh of {a['carriers'][use].replace('_', ' ')}" for use in USES
    )
    say(f"final energy: {uses}")
    d = a["diagnosis"]
    say(
        f"{d['primary_kwh_per_m2']:,.0f} kWh/m² primary, {d['emissions_kg_per_m2']:,.1f} kgCO2e/m² (class {d['class']}); "
        f"{a['degree_hours_above_26']:,.0f} K·h above 26 °C"
    )
