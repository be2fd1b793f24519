"""Two accounts of emissions, and the bridge between them.

The territorial account holds what is emitted for uses on the territory: dwellings, firms' floors, lights, data, charging, transit, water,
waste, and road traffic where it drives, whoever drives. The residents' account holds their dwellings, water and waste, all kilometres of
their cars and their share of transit. Both are sums of the same parts (:class:`sim.codes.AccountItem`), each counted once
(``RESIDENTS_ACCOUNT``, ``TERRITORIAL_ACCOUNT`` there): the parts that only one of them holds are the bridge. Three choices keep kilometres
and kWh apart.

Electric kilometres emit nothing on the road (:mod:`sim.systems.mobility.emissions`): their electricity counts where residents' cars are
charged. What electric cars of others draw is not simulated, and taken as drawn where they live.

Residents' fuel is their kilometres at the mean consumption of the registry (``energy.co2`` under FUEL); the streets' account is by the
speed on each street. The difference on the perimeter's streets is an item of its own, so that neither is bent to the other.

Losses of the networks are in the emission factor of delivered electricity (upstream); those in the low-voltage grid that this model
computes (``energy.grid_loss``) are a part of them and not added again.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.codes import AccountItem, Driver, EnergyUse
from sim.columns import Floats
from sim.months import average_day, traffic_days
from sim.state import State

#: Uses whose emissions are an item of both accounts or of the territory's, whole.
WHOLE = {
    EnergyUse.HEATING: AccountItem.HEATING, EnergyUse.HOT_WATER: AccountItem.HOT_WATER, EnergyUse.APPLIANCES: AccountItem.APPLIANCES,
    EnergyUse.COOLING: AccountItem.COOLING, EnergyUse.COOKING: AccountItem.COOKING, EnergyUse.CHARGING: AccountItem.CHARGING,
    EnergyUse.TERTIARY: AccountItem.FIRMS, EnergyUse.LIGHTING: AccountItem.LIGHTING, EnergyUse.DATA: AccountItem.DATA,
}  # fmt: skip
DRIVERS = {Driver.INCOMERS: AccountItem.INCOMERS, Driver.THROUGH: AccountItem.THROUGH, Driver.GOODS: AccountItem.GOODS}


def account(state: State, parameters: Mapping[str, float]) -> Floats:
    """(2, items) [tCO2e/month] of the month just lived, upstream included and at the stack."""
    e, t = state.energy, state.traffic
    days = traffic_days(state.month, parameters)
    out = np.stack(
        [
            _items(state, co2.sum(axis=0), road * days / 1000.0, parameters)
            for co2, road in ((e.co2, _known(t.road_co2)), (e.co2_direct, _known(t.road_direct)))
        ]
    )
    if state.economy.utility_co2.size:  # water and waste, as the economy has written them this month
        out[:, [AccountItem.WATER_HOME, AccountItem.WATER_WORK, AccountItem.WASTE]] = state.economy.utility_co2
    return out


def _items(state: State, by_use: Floats, road: Floats, parameters: Mapping[str, float]) -> Floats:
    """(items,) from emissions by use (uses,) and on the road by driver (4,) [tCO2e/month]."""
    out = np.zeros(len(AccountItem))
    for use, item in WHOLE.items():
        out[item] = by_use[use]
    for driver, item in DRIVERS.items():
        out[item] = road[driver]
    fuel, inside = float(by_use[EnergyUse.FUEL]), inside_share(state, parameters)
    out[AccountItem.RESIDENTS_INSIDE] = fuel * inside
    out[AccountItem.RESIDENTS_OUTSIDE] = fuel * (1.0 - inside)
    out[AccountItem.STREETS] = road[Driver.RESIDENTS] - fuel * inside
    mine = float(state.traffic.transit_residents[0]) if len(state.traffic.transit_residents) else 1.0
    out[AccountItem.TRANSIT_RESIDENTS] = by_use[EnergyUse.TRANSIT] * mine
    out[AccountItem.TRANSIT_OTHERS] = by_use[EnergyUse.TRANSIT] * (1.0 - mine)
    return out


def inside_share(state: State, parameters: Mapping[str, float]) -> float:
    """Part of the kilometres of residents' cars that they drive on the perimeter's streets."""
    t = state.traffic
    everywhere = float(t.vehicle_km.sum())
    inside = float(_known(t.road_km)[Driver.RESIDENTS]) * average_day(parameters)
    return inside / everywhere if everywhere > 0.0 else 0.0


def _known(by_driver: Floats) -> Floats:
    """Nobody on the road before traffic has been lived."""
    return by_driver if len(by_driver) == len(Driver) else np.zeros(len(Driver))
