"""Prices and taxes by carrier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.codes import Carrier
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.scenario.trends import Trends

#: Carriers bought for buildings, in code order: ELECTRICITY, GAS, OIL, DISTRICT_HEAT, WOOD.
BUILDING = tuple(c for c in Carrier if c not in (Carrier.PETROL, Carrier.DIESEL))
PRICE_REFERENCE = 2020 * 12 + 6  # month whose prices habits are used to


@dataclass(frozen=True)
class Tariffs:
    """Prices of one month in constant euros of 2020. Arrays are (5 building carriers,)."""

    home: Floats  #: €/kWh, all taxes included
    firm: Floats  #: €/kWh, without VAT
    standing_electricity: float  #: €/month and dwelling
    standing_gas: float  #: €/month and dwelling heated with gas
    feed_in: float  #: €/kWh of PV surplus
    relative: Floats  #: home prices against those of the reference month


def tariffs(month: int, trends: Trends, policies: Policies) -> Tariffs:
    """Prices in ``month``: series times the lever ``energy_price_factor``."""
    factor = policies.energy_price_factor[: len(BUILDING)]
    home = np.array([trends.at(f"home_price_{c.name.lower()}", month) for c in BUILDING]) * factor
    firm = np.array([trends.at(f"firm_price_{c.name.lower()}", month) for c in BUILDING]) * factor
    usual = np.array([Trends().at(f"home_price_{c.name.lower()}", PRICE_REFERENCE) for c in BUILDING])
    return Tariffs(
        home, firm, trends.at("standing_charge_electricity", month), trends.at("standing_charge_gas", month),
        trends.at("pv_feed_in_tariff", month), home / usual,
    )  # fmt: skip


def tax_shares(parameters: Mapping[str, float]) -> Floats:
    """(5 building carriers,) share of the home price that is tax."""
    fuel = parameters["energy_tax_share_fuel"]
    return np.array([parameters["energy_tax_share_electricity"], parameters["energy_tax_share_gas"], fuel, fuel, fuel])
