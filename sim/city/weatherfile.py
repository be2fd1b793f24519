"""Weather files of other tools become a year of hours: EPW, and typical meteorological years of PVGIS in CSV or JSON.

Hours that other clocks count are brought to the legal one: UTC+1 in France, the file's own zone elsewhere (for PVGIS, which counts UTC,
the zone nearest by longitude), with summer time from April to October. The hours that this shifts over the end of the year come from
its other end. Of 8,784 hours 29 February is left out. Everything else that is odd is a fault: see :mod:`sim.city.hourtable`.
"""

from __future__ import annotations

from pathlib import Path

from sim.city.city import Weather
from sim.city.epw import is_epw, read_epw
from sim.city.hourtable import text_of, year_of_hours
from sim.city.pvgis import is_pvgis_csv, read_csv, read_json
from sim.city.roadfile import Faults
from sim.errors import Fault, InputError


def read_weather(path: Path, *, summer_time: bool = True) -> Weather:
    """A year of hours from an EPW or a PVGIS TMY, gzipped or not, recognised by its first line.

    ``summer_time`` False leaves the hours on the clock of winter, as building tools count them. Raises InputError with one fault for
    each thing that is wrong.
    """
    path = Path(path)
    text = text_of(path)
    faults = Faults(path)
    if is_epw(text):
        table = read_epw(path, text, faults)
    elif text.lstrip()[:1] == "{":
        table = read_json(path, text, faults)
    elif is_pvgis_csv(text):
        table = read_csv(path, text, faults)
    else:
        first = text.lstrip()[:40].splitlines()
        found = f"a file that begins with {first[0]!r}" if first else "an empty file"
        allowed = "an EPW (LOCATION,...), or a typical meteorological year of PVGIS as CSV or JSON"
        raise InputError(Fault(f"{path}:1", found, allowed))
    return year_of_hours(table, faults, summer_time=summer_time)
