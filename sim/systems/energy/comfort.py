"""How warm households keep it: the set-point at which an archetype uses the share of its standard need that habits, prices and means allow.

TABULA's measured-to-calculated factors (the prebound effect), the response to prices and going short of heat all say how much
heat is used against a standard calculation. Here they become temperatures, so that the heat balance of every hour stays whole: curves
of yearly need against set-point are computed once for all archetypes in the normal year and read backwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from kernels.lookup import inverse
from kernels.stock import Dwellings, live
from sim.buildings.archetypes import N_ARCHETYPES
from sim.buildings.envelope import envelope
from sim.codes import PERIODS, Position, Retrofit
from sim.columns import Array, Floats, Ints
from sim.systems.energy.hours import Month

#: Set-points against the standard one at which curves are computed [K].
STEPS = np.array([-9.0, -7.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
LIKE_STANDARD = int(np.flatnonzero(STEPS == 0.0)[0])
STANDARD_GAINS = 3.0  #: W/m2, TABULA, mean of the day
NO_COOLING = np.inf
NO_LIMIT = 1e9  #: W, heaters are large enough
COLD = 18.0  #: degC, below which WHO's housing guidelines (2018) call a home cold


@dataclass(frozen=True)
class Comfort:
    """Share of the standard need by set-point.

    ``curves`` (120 archetypes, steps): yearly need at ``STEPS`` against that at the standard set-point; ``away`` (120,): need with
    nobody at home on working hours against somebody.
    """

    curves: Floats
    away: Floats

    def change(self, archetype: Ints, share: Floats) -> Floats:
        """(n,) K by which the set-point differs where ``share`` (n,) of the standard need is used."""
        return np.asarray(inverse(STEPS, self.curves, archetype, share))


def standard(count: int, parameters: Mapping[str, float]) -> dict[str, Floats]:
    """Columns of :class:`kernels.stock.Dwellings` for the standard calculation: standard comfort, no electricity but a heat pump's."""
    none, full = np.zeros(count), np.ones(count)
    setpoint, setback = parameters["heating_setpoint"], parameters["heating_setback"]
    zero = ("opened", "absent", "relief", "away", "per_heat", "water", "plugs", "cooking", "car", "night_car", "flexible", "panels", "tilt",
            "facing", "battery")  # fmt: skip
    return dict.fromkeys(zero, none) | {
        "mass": full * setpoint, "heat_at": full * setpoint, "night": full * (setpoint - setback), "cool_at": full * NO_COOLING,
        "heater": full * NO_LIMIT, "pump": full, "electric": full, "chiller": full, "weight": full,
    }  # fmt: skip


def comfort_curves(year: Month, parameters: Mapping[str, float]) -> Comfort:
    """Curves of all archetypes (whole-building means, main facade to the south) over the typical days of the normal year."""
    steps = len(STEPS)
    kind, period, retrofit = all_archetypes()
    rows = np.repeat(np.arange(N_ARCHETYPES), steps + 1)
    n = len(rows)
    walls = envelope(kind[rows], period[rows], retrofit[rows], np.ones(n), np.full(n, Position.MEAN))
    columns = standard(n, parameters)
    # the last step of each archetype is the standard set-point with nobody at home
    higher = np.tile(np.append(STEPS, 0.0), N_ARCHETYPES)
    gone = np.tile(np.append(np.zeros(steps), 1.0), N_ARCHETYPES)
    columns["heat_at"] = columns["heat_at"] + higher
    columns["away"] = gone * (parameters["heating_setpoint"] - parameters["heating_setback"])
    stock = Dwellings(
        box=walls.box,
        aperture=walls.aperture,
        azimuth=np.full(n, 180.0),
        internal=np.full(n, STANDARD_GAINS),
        **columns,
    )
    found = live(stock, np.zeros(n, np.int64), year.hours, groups=1, weight=year.stands(), typical=True)
    need = found.dwelling[:, 0]
    need = need.reshape(N_ARCHETYPES, steps + 1)
    usual = np.maximum(need[:, LIKE_STANDARD, None], 1e-9)
    return Comfort(np.ascontiguousarray(need[:, :steps] / usual), need[:, steps] / usual[:, 0])


@cache
def all_archetypes() -> tuple[Array, Array, Array]:
    """Codes (120,) of size class, period and retrofit state of every archetype, in the table's order."""
    rows = np.arange(N_ARCHETYPES)
    building = rows // len(Retrofit)
    return building // len(PERIODS), building % len(PERIODS), rows % len(Retrofit)
