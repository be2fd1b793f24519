"""Solar power that leaves the dwelling: neighbours who share it within their district, and panels on public roofs.

Collective self-consumption in French law (ordonnance of 27 July 2016): the hour's surplus of those who take part serves the hour's
load of those who take part; network charges and taxes stay due, so that what is saved is the supplier's part of the price.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kernels.roofs import COEFFICIENT, INVERTER, LOSSES, NOCT
from kernels.solar import pv_yield
from sim.columns import Array, Floats
from sim.systems.energy.homes import Homes
from sim.systems.energy.hours import Month
from sim.systems.energy.tariffs import Tariffs

PUBLIC_TILT = np.radians(15.0)  #: flat roofs, facing south (assumption)


def shared(homes: Homes, districts: int) -> Floats:
    """(D, T) [W] of PV that neighbours use."""
    lived = homes.lived
    if not homes.sharing.any():
        return np.zeros((districts, lived.pv.shape[1]))
    surplus, bought = (
        a.reshape(districts, 2, -1).sum(axis=1) for a in (lived.pv - lived.used - lived.kept, lived.load - lived.used)
    )
    part = np.bincount(homes.district, homes.weight * homes.sharing, districts)
    share = np.divide(
        part, np.bincount(homes.district, homes.weight, districts), out=np.zeros(districts), where=part > 0
    )
    return np.asarray(share[:, None] * np.minimum(np.maximum(surplus, 0.0), np.maximum(bought, 0.0)))


def sharing_gain(homes: Homes, kwh: Floats, prices: Tariffs, parameters: Mapping[str, float]) -> Floats:
    """(n,) € that a month of sharing saves each dwelling: ``kwh`` (D,) shared, between those who take part by their own use.

    The gain is the supplier's part of the price less the feed-in tariff that the surplus would have earned.
    """
    if not kwh.any():
        return np.zeros(len(homes.rows))
    own = np.where(homes.sharing, np.maximum(homes.electricity() + homes.charging - homes.pv_used, 0.0), 0.0)
    total = np.bincount(homes.district, homes.weight * own, len(kwh))
    by_kwh = np.divide(kwh, total, out=np.zeros(len(kwh)), where=total > 0)
    return np.asarray(own * by_kwh[homes.district] * gain_per_kwh(prices, parameters))


def gain_per_kwh(prices: Tariffs, parameters: Mapping[str, float]) -> float:
    """€ saved by a kWh shared, never less than nothing."""
    return max(parameters["supply_share"] * float(prices.home[0]) - prices.feed_in, 0.0)


def public_pv(kwp: Floats, month: Month, tilt: float = PUBLIC_TILT) -> Array:
    """(D, T) [W] of panels (D,) [kWp] on public roofs, facing south at a ``tilt`` [rad]."""
    h = month.hours
    normal = np.array([0.0, -np.sin(tilt), np.cos(tilt)])
    plane = np.maximum(h.sun @ normal, 0.0) * h.beam + (1.0 + normal[2]) * h.iso + (1.0 - normal[2]) * h.ground
    out = pv_yield(np.ascontiguousarray(plane), np.ascontiguousarray(h.outdoor), COEFFICIENT, NOCT, LOSSES, INVERTER)
    return kwp[:, None] * 1000.0 * out[None, :]
