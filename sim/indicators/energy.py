"""Indicators of the energy system."""

from __future__ import annotations

import numpy as np

from sim.codes import Carrier, EnergyUse
from sim.columns import Bools, Floats
from sim.indicators.registry import Indicator, Snapshot

_HOME = [EnergyUse.HEATING, EnergyUse.HOT_WATER, EnergyUse.APPLIANCES]
_BUILDINGS = [*_HOME, EnergyUse.TERTIARY]
_POOR_FIFTHS = 1  # the two poorest fifths stand for the three poorest deciles of the national rule
CLASS_F = 5


def _housed(s: Snapshot) -> Bools:
    h = s.state.households
    return h.alive & (s.state.energy.year_bill > 0.0)


def _share(s: Snapshot, of: Bools, among: Bools) -> float:
    w = s.state.households.weight
    total = float(w[among].sum())
    return 100.0 * float(w[among & of].sum()) / total if total > 0 else 0.0


def _poverty_heat(s: Snapshot) -> float:
    h = s.state.households
    return _share(s, s.state.energy.heat_cost > 0.08 * 12.0 * h.income, _housed(s))


def _poverty_bill(s: Snapshot) -> float:
    h = s.state.households
    return _share(s, (s.state.energy.year_bill > 0.10 * 12.0 * h.income) & (h.quintile <= _POOR_FIFTHS), _housed(s))


def _mean_bill(s: Snapshot) -> float:
    h, among = s.state.households, _housed(s)
    total = float(h.weight[among].sum())
    return float((h.weight * h.energy_bill)[among].sum()) / total if total > 0 else 0.0


def _sieves(s: Snapshot) -> float:
    d = s.state.dwellings
    total = float(d.weight[d.alive].sum())
    return 100.0 * float(d.weight[d.alive & (s.state.energy.dpe >= CLASS_F)].sum()) / total if total > 0 else 0.0


def _sieves_by_district(s: Snapshot) -> Floats:
    d, n = s.state.dwellings, s.city.n_districts
    all_ = np.bincount(d.district, np.where(d.alive, d.weight, 0.0), n)
    bad = np.bincount(d.district, np.where(d.alive & (s.state.energy.dpe >= CLASS_F), d.weight, 0.0), n)
    return 100.0 * np.divide(bad, all_, out=np.zeros(n), where=all_ > 0)


def _self_use(s: Snapshot) -> float:
    produced = float(s.state.energy.pv.sum())
    return 100.0 * float(s.state.energy.pv_used.sum()) / produced if produced > 0 else 0.0


INDICATORS: tuple[Indicator, ...] = (
    Indicator("energy_dwellings", "Energy of dwellings", "MWh/month", -1, "month", "energy",
              "final energy for heating, hot water, appliances, lighting and cooking",
              lambda s: s.state.energy.final[:, :, _HOME].sum(), lambda s: s.state.energy.final[:, :, _HOME].sum(axis=(1, 2))),
    Indicator("energy_firms", "Energy of firms", "MWh/month", -1, "month", "energy",
              "final energy of firms' heated floors; industrial processes excluded",
              lambda s: s.state.energy.final[:, :, EnergyUse.TERTIARY].sum(),
              lambda s: s.state.energy.final[:, :, EnergyUse.TERTIARY].sum(axis=1)),
    Indicator("energy_cars", "Energy of residents' cars", "MWh/month", -1, "month", "energy",
              "fuel and electricity of all kilometres of residents' cars",
              lambda s: s.state.energy.final[:, :, [EnergyUse.CHARGING, EnergyUse.FUEL]].sum()),
    Indicator("energy_electricity", "Electricity used", "MWh/month", 0, "month", "energy",
              "electricity of buildings and cars, PV used on site included",
              lambda s: s.state.energy.final[:, Carrier.ELECTRICITY].sum()),
    Indicator("energy_gas", "Gas used", "MWh/month", -1, "month", "energy",
              "gas of dwellings and firms' floors, lower heating value", lambda s: s.state.energy.final[:, Carrier.GAS].sum()),
    Indicator("pv_production", "PV produced", "MWh/month", 1, "month", "energy",
              "electricity of rooftop PV on dwellings", lambda s: s.state.energy.pv.sum(), lambda s: s.state.energy.pv.copy()),
    Indicator("pv_self_use", "PV used on site", "%", 0, "month", "energy",
              "share of rooftop PV used in the dwelling at the hour it is produced", _self_use),
    Indicator("electric_peak", "Electric peak on the coldest typical day", "MW", -1, "month", "energy",
              "highest hour of the city's electric load on the month's coldest typical day, PV deducted",
              lambda s: s.state.energy.load.max()),
    Indicator("co2_buildings", "Emissions of buildings", "tCO2e/month", -1, "month", "energy",
              "emissions of dwellings and firms' floors, upstream included",
              lambda s: s.state.energy.co2[:, _BUILDINGS].sum(), lambda s: s.state.energy.co2[:, _BUILDINGS].sum(axis=1)),
    Indicator("energy_bill", "Energy bill of a household", "€/month", -1, "month", "energy",
              "mean energy bill of a dwelling, charging at home included, PV income deducted, euros of 2020", _mean_bill),
    Indicator("energy_poverty", "Energy poverty", "%", -1, "month", "energy",
              "share of households whose heating and hot water without going short cost more than 8 % of income, normal year",
              _poverty_heat),
    Indicator("energy_poverty_bill", "Energy poverty by bills", "%", -1, "month", "energy",
              "share of households in the two poorest fifths that spend more than 10 % of income on energy, normal year",
              _poverty_bill),
    Indicator("dpe_fg", "Dwellings in class F or G", "%", -1, "at month's end", "energy",
              "share of dwellings of energy class F or G", _sieves, _sieves_by_district),
    Indicator("feeder_voltage", "Lowest feeder voltage", "pu", 1, "month", "energy",
              "lowest voltage on the districts' typical low-voltage feeders at their peak hour",
              lambda s: s.state.energy.voltage.min(), lambda s: s.state.energy.voltage.copy()),
    Indicator("feeders_overloaded", "Districts with overloaded feeders", "districts", -1, "month", "energy",
              "districts whose typical feeder carries more than its cable's rating at the peak hour",
              lambda s: float((s.state.energy.feeder_load > 1.0).sum())),
)  # fmt: skip
