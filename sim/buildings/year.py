"""A year of hours in one room: sun on its surfaces, then the 5R1C balance, after a year of the same weather to settle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.thermal import trace
from sim.buildings.room import Room
from sim.city.city import Weather
from sim.city.clock import working_days
from sim.city.sun import hay_davies
from sim.columns import Floats, Ints

OPERATIVE = 0.3  # weight of the air in the operative temperature, ISO 13790 C.12


class Year(NamedTuple):
    """(8760,) each; temperatures in degC, powers in W. ``solar`` is net of radiation to the sky; ``need`` < 0 is cooling."""

    outdoor: Floats
    air: Floats
    surface: Floats
    mass: Floats  #: at the hour's end
    need: Floats
    solar: Floats
    internal: Floats

    @property
    def operative(self) -> Floats:
        """Operative temperature: 0.3 air, 0.7 surfaces."""
        return np.asarray(OPERATIVE * self.air + (1.0 - OPERATIVE) * self.surface)


def live_year(room: Room, weather: Weather) -> Year:
    """The year of ``room`` in ``weather``; set-points, gains and ventilation follow the weather's clock and calendar."""
    kind = _kind_of_day(weather)
    hour = np.arange(len(weather.temperature)) % 24
    internal, heat_at, cool_at, h_ve = (
        np.ascontiguousarray(table[kind, hour]) for table in (room.gains, room.heat_at, room.cool_at, room.h_ve)
    )
    outdoor = np.ascontiguousarray(weather.temperature)
    solar = sun_gains(room, weather)
    need, air, surface, mass = (np.empty(len(outdoor)) for _ in range(4))
    start = float(outdoor.mean())
    for _ in range(2):
        start = trace(start, outdoor, internal, solar, heat_at, cool_at, h_ve, room.box, need, air, surface, mass)
    return Year(outdoor, air, surface, mass, need, solar, internal)


def _kind_of_day(weather: Weather) -> Ints:
    """(8760,) 0 on working days, 1 on days off."""
    return np.repeat(np.where(working_days(weather.first_weekday), 0, 1), 24)


def sun_gains(room: Room, weather: Weather) -> Floats:
    """(8760,) gains of the sun through windows and opaque parts, less what the envelope radiates to the sky [W]."""
    planes: dict[tuple[float, float], tuple[Floats, Floats, Floats]] = {}

    def plane(tilt: float, azimuth: float) -> tuple[Floats, Floats, Floats]:
        key = (tilt, azimuth)
        if key not in planes:
            planes[key] = on_plane(weather, tilt, azimuth, room.sky, room.albedo)
        return planes[key]

    gains = np.zeros(len(weather.temperature))
    for opening in room.openings:
        beam, rest, incidence = plane(opening.tilt, opening.azimuth)
        factor = np.maximum(0.0, np.polynomial.polynomial.polyval(incidence, opening.angle))
        gains += opening.area * (factor * beam + rest)
    for skin in room.skins:
        beam, rest, _ = plane(skin.tilt, skin.azimuth)
        gains += skin.absorbing * (beam + rest) - skin.radiating * room.sky_colder
    return gains


def on_plane(weather: Weather, tilt: float, azimuth: float, sky: str, albedo: float) -> tuple[Floats, Floats, Floats]:
    """(8760,) irradiance of a plane [W/m2]: what comes from the sun's direction, the rest; and the angle of incidence [rad].

    Hay and Davies count the circumsolar diffuse to the sun's direction; Perez (pvlib) here leaves it with the rest, as the models
    that ASHRAE 140 results are published of do.
    """
    b, a = np.radians(tilt), np.radians(azimuth)
    normal = np.array([np.sin(b) * np.sin(a), np.sin(b) * np.cos(a), np.cos(b)])
    facing = np.clip(weather.sun @ normal, 0.0, 1.0)
    up = weather.sun[:, 2]
    ground = 0.5 * (1.0 - np.cos(b)) * albedo * weather.horizontal
    if sky == "perez":
        beam = np.where(up > 0.0, weather.direct * facing, 0.0)
        rest = _perez(weather, tilt, azimuth) + ground
    else:
        parts = hay_davies(
            weather.direct, weather.diffuse, weather.horizontal, weather.extra, weather.sun, albedo=albedo
        )
        beam, rest = parts.beam * facing, (1.0 + np.cos(b)) * parts.iso + ground
    return beam, rest, np.arccos(facing)


def _perez(weather: Weather, tilt: float, azimuth: float) -> Floats:
    from pvlib import atmosphere, irradiance

    east, north, up = weather.sun.T
    zenith = np.degrees(np.arccos(np.clip(up, -1.0, 1.0)))
    airmass = np.asarray(atmosphere.get_relative_airmass(np.minimum(zenith, 89.9)))
    found = irradiance.perez(
        tilt, azimuth, weather.diffuse, weather.direct, weather.extra, zenith, np.degrees(np.arctan2(east, north)) % 360.0, airmass
    )  # fmt: skip
    return np.where(up > 0.0, np.nan_to_num(np.asarray(found)), 0.0)
