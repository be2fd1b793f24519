"""The network of the Modelica Buildings library's ISO 13790 zone, minute by minute: 5R1C and the heat capacity of the air.

Independent of the hourly method of annex C: nodes of air, surfaces and mass (ZoneHVAC.mo), implicit steps of a minute, weather in
straight lines between its values (temperature at the hours' ends, sun amid the hours) as that library reads it, ideal control. It tells
what of a difference from the published column is due to annex C's hours and what is not.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from sim.buildings.room import Room
from sim.buildings.year import Year

Floats = npt.NDArray[np.float64]
STEPS = 60
AIR = 129.6 * 1.2 * 1014.0  # J/K, of the box of ASHRAE 140; the library takes it off the mass


def minutes(room: Room, year: Year, heat_at: Floats | None = None) -> tuple[Floats, Floats]:
    """Hourly means of need [W] and air temperature [degC]; schedules of working days on all days.

    ``heat_at`` (1440,) [degC] replaces the room's set-points by hour where those by minute differ.
    """
    at = (np.arange(8760 * STEPS) + 0.5) / STEPS
    ends = np.concatenate([year.outdoor[-1:], year.outdoor])
    outdoor = np.interp(at, np.arange(8761.0), ends)
    amid = np.concatenate([year.solar[-1:], year.solar, year.solar[:1]])
    solar = np.interp(at, np.arange(-1.0, 8761.0) + 0.5, amid)
    by_hour = (room.gains[0], room.heat_at[0], room.cool_at[0], room.h_ve[0])
    day = np.repeat(np.stack(by_hour), STEPS, axis=1)
    if heat_at is not None:
        day[1] = heat_at
    need, air = _steps(outdoor, solar, day, room.box, AIR)
    return need.reshape(8760, STEPS).mean(axis=1), air.reshape(8760, STEPS).mean(axis=1)


@numba.njit
def _steps(outdoor, solar, day, box, c_air):  # type: ignore[no-untyped-def]
    h_w, h_em, _, h_is, a_m, a_t, c_m = box
    h_ms = 9.1 * a_m
    seconds = 3600.0 / STEPS
    need, air = np.empty(len(outdoor)), np.empty(len(outdoor))
    mass = air_before = 20.0
    for _ in range(2):
        for t in range(len(outdoor)):
            gains, heat_at, cool_at, h_ve = day[:, t % day.shape[1]]
            rest = 0.5 * gains + solar[t]
            held = (c_m - c_air) / seconds
            # mass eliminated: mass = (held mass_0 + gains of the mass + h_em outdoor + h_ms surface) / (held + h_em + h_ms)
            all_mass = held + h_em + h_ms
            known = held * mass + a_m / a_t * rest + h_em * outdoor[t]
            s_s = h_ms + h_w + h_is - h_ms * h_ms / all_mass
            s_known = (1.0 - a_m / a_t - h_w / (9.1 * a_t)) * rest + h_w * outdoor[t] + h_ms * known / all_mass
            a_a = h_is + h_ve + c_air / seconds
            a_known = 0.5 * gains + h_ve * outdoor[t] + c_air / seconds * air_before
            whole = s_s * a_a - h_is * h_is
            free = (s_s * a_known + h_is * s_known) / whole
            found = min(max(free, heat_at), cool_at)
            need[t] = (found - free) * whole / s_s
            surface = (s_known + h_is * found) / s_s
            mass = (known + h_ms * surface) / all_mass
            air[t] = air_before = found
    return need, air
