"""Indicators of emissions: by sector, upstream and at the stack, and the two accounts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from sim.codes import RESIDENTS_ACCOUNT, TERRITORIAL_ACCOUNT, AccountItem, EnergyUse
from sim.columns import Floats
from sim.indicators.energy import HOME, PUBLIC, inhabitants
from sim.indicators.registry import Indicator, Snapshot

#: Rows of ``energy.account``.
WHOLE, DIRECT = 0, 1


def _emitted(uses: Sequence[EnergyUse], s: Snapshot) -> float:
    return float(s.state.energy.co2[:, list(uses)].sum())


def _emitted_by_district(uses: Sequence[EnergyUse], s: Snapshot) -> Floats:
    return np.asarray(s.state.energy.co2[:, list(uses)].sum(axis=1))


def _account(row: int, items: Sequence[AccountItem], s: Snapshot) -> float:
    return float(s.state.energy.account[row, list(items)].sum())


def _each(items: Sequence[AccountItem], s: Snapshot) -> float:
    return 1000.0 * _account(WHOLE, items, s) / inhabitants(s)


def _sector(name: str, label: str, uses: Sequence[EnergyUse], meaning: str) -> Indicator:
    return Indicator(
        name, label, "tCO2e/month", -1, "month", "energy", f"emissions of {meaning}, upstream included",
        partial(_emitted, uses), partial(_emitted_by_district, uses),
    )  # fmt: skip


INDICATORS: tuple[Indicator, ...] = (
    _sector("co2_buildings", "Emissions of buildings", (*HOME, EnergyUse.TERTIARY), "dwellings and firms' floors"),
    _sector("co2_dwellings", "Emissions of dwellings", HOME, "dwellings"),
    _sector("co2_firms", "Emissions of firms' floors", (EnergyUse.TERTIARY,), "firms' floors"),
    _sector("co2_charging", "Emissions of charging", (EnergyUse.CHARGING,), "electric cars where they are charged"),
    _sector("co2_transit", "Emissions of transit", (EnergyUse.TRANSIT,), "transit vehicles where they run"),
    _sector("co2_public", "Emissions of lights and data", PUBLIC, "street lighting and the roadmap's data services"),
    Indicator("co2_territory", "Emissions on the territory", "tCO2e/month", -1, "month", "energy",
              "territorial account: buildings, charging, transit, lights, water, waste, road traffic whoever drives; upstream included",
              partial(_account, WHOLE, TERRITORIAL_ACCOUNT)),
    Indicator("co2_territory_direct", "Emissions on the territory at the stack", "tCO2e/month", -1, "month", "energy",
              "territorial account without upstream: boilers, engines, and power plants for the electricity used",
              partial(_account, DIRECT, TERRITORIAL_ACCOUNT)),
    Indicator("co2_residents", "Emissions of residents", "tCO2e/month", -1, "month", "energy",
              "residents' account: their dwellings, water, waste, all kilometres of their cars, their share of transit; upstream included",
              partial(_account, WHOLE, RESIDENTS_ACCOUNT)),
    Indicator("co2_residents_direct", "Emissions of residents at the stack", "tCO2e/month", -1, "month", "energy",
              "residents' account without upstream", partial(_account, DIRECT, RESIDENTS_ACCOUNT)),
    Indicator("co2_territory_person", "Emissions on the territory per inhabitant", "kgCO2e/person/month", -1, "month", "energy",
              "territorial account over inhabitants, upstream included", partial(_each, TERRITORIAL_ACCOUNT)),
    Indicator("co2_residents_person", "Emissions of a resident", "kgCO2e/person/month", -1, "month", "energy",
              "residents' account over inhabitants, upstream included", partial(_each, RESIDENTS_ACCOUNT)),
)  # fmt: skip
