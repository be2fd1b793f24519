"""Electric powers of a month's hours by district: by use for emissions, by customer for the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sim.codes import Carrier, EnergyUse, Sector
from sim.columns import Array, Floats
from sim.systems.energy.charging import Charging
from sim.systems.energy.floors import FIRM_CARRIERS, FloorUse
from sim.systems.energy.homes import Homes
from sim.systems.energy.hours import Month


@dataclass(frozen=True)
class Powers:
    """(D, T) [W] each."""

    by_use: Mapping[EnergyUse, Floats]
    net: Floats  #: all electricity less what homes' PV gives, batteries included
    homes: Floats  #: (D, 2, T) net load of houses and of flats
    floors: Floats  #: firms' floors, street lighting and data
    floors_public: Floats  #: of which floors of the public sector
    away: Floats  #: charging away from home
    flexible: Floats  #: use that follows the signal

    def with_use(self, use: EnergyUse, watts: Floats) -> Powers:
        """The same with one more use (D, T), fed at medium voltage."""
        return replace(self, by_use={**self.by_use, use: watts}, net=self.net + watts)


def powers(
    homes: Homes, area: Floats, use: FloorUse, charging: Charging, month: Month, lighting: Floats, data: Floats, mix: Array
) -> Powers:  # fmt: skip
    """``area`` (D, S) m2 of floors; ``lighting``, ``data`` (D, T) [W]; ``mix`` (S, 4) carriers of floors' heating."""
    n, lived, h = len(area), homes.lived, month.hours
    warm, cool = (a.reshape(n, 2, -1).sum(axis=1) for a in (lived.warm, lived.cool))
    electric = use.heat * mix[:, FIRM_CARRIERS.index(Carrier.ELECTRICITY), None] + use.cooling + use.other
    floors = area @ electric
    away = _by_hour(_watts(charging.work, month), month.shapes["charging_work"])
    away += _by_hour(_watts(charging.public, month), month.shapes["charging_public"])
    steady = homes.steady
    at_home = _by_hour(steady["car"], h.car) + _by_hour(steady["night_car"], h.night_car)
    flexible = _by_hour(steady["moved_water"] + steady["smart_car"], h.flexible)
    by_use = {
        EnergyUse.HEATING: warm, EnergyUse.COOLING: cool, EnergyUse.APPLIANCES: _by_hour(steady["plugs"], h.plugs),
        EnergyUse.HOT_WATER: _by_hour(steady["water"], h.water) + _by_hour(steady["moved_water"], h.flexible),
        EnergyUse.COOKING: _by_hour(steady["cooking"], h.cooking), EnergyUse.TERTIARY: floors,
        EnergyUse.CHARGING: away + at_home + _by_hour(steady["smart_car"], h.flexible), EnergyUse.LIGHTING: lighting,
        EnergyUse.DATA: data,
    }  # fmt: skip
    at_meters = (lived.load - lived.pv + lived.kept).reshape(n, 2, -1)
    other = floors + lighting + data
    public = area[:, Sector.PUBLIC, None] * electric[Sector.PUBLIC]
    return Powers(by_use, at_meters.sum(axis=1) + other + away, at_meters, other, public, away, flexible)


def _by_hour(watts: Floats, shape: Floats) -> Floats:
    return np.asarray(watts[:, None] * shape[None, :])


def _watts(mwh: Floats, month: Month) -> Floats:
    """Mean power of a month's energy."""
    return np.asarray(mwh * 1e6 / float(month.weight.sum()))
