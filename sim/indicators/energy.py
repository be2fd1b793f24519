"""Indicators of energy: what is used, PV, comfort, bills, energy classes. Emissions and the grid have files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from sim.codes import Carrier, EnergyUse
from sim.columns import Bools, Floats
from sim.indicators.registry import Indicator, Snapshot
from sim.months import traffic_days

#: Uses of dwellings, in the order of their codes.
HOME = (EnergyUse.HEATING, EnergyUse.HOT_WATER, EnergyUse.APPLIANCES, EnergyUse.COOLING, EnergyUse.COOKING)
PUBLIC = (EnergyUse.LIGHTING, EnergyUse.DATA)
CARS = (EnergyUse.CHARGING, EnergyUse.FUEL)
_POOR_FIFTHS = 1  # the two poorest fifths stand for the three poorest deciles of the national rule
CLASSES = "ABCDEFG"
FIRST_BAD = CLASSES.index("F")
COLD = 18.0  #: degC, below which WHO's housing guidelines (2018) call a home cold


def _used(uses: Sequence[EnergyUse], s: Snapshot) -> float:
    return float(s.state.energy.final[:, :, list(uses)].sum())


def _used_by_district(uses: Sequence[EnergyUse], s: Snapshot) -> Floats:
    return np.asarray(s.state.energy.final[:, :, list(uses)].sum(axis=(1, 2)))


def road_energy(s: Snapshot) -> float:
    """MWh of fuel burnt on the perimeter's streets in the month, whoever drives."""
    return float(s.state.traffic.road_energy.sum()) * traffic_days(s.state.month, s.parameters)


def inhabitants(s: Snapshot) -> float:
    """Persons who live in the perimeter."""
    c = s.state.citizens
    return max(float(c.weight[c.alive].sum()), 1e-300)


def _per_inhabitant(s: Snapshot) -> float:
    """kWh: all uses on the territory, fuel where it is burnt."""
    used = float(s.state.energy.final.sum()) - _used((EnergyUse.FUEL,), s) + road_energy(s)
    return 1000.0 * used / inhabitants(s)


def _ratio(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole > 0.0 else 0.0


# --- households -----------------------------------------------------------------------------------------------------


def _housed(s: Snapshot) -> Bools:
    h = s.state.households
    return np.asarray(h.alive & (s.state.energy.year_bill > 0.0))


def _share(s: Snapshot, of: Bools, among: Bools) -> float:
    w = s.state.households.weight
    return _ratio(float(w[among & of].sum()), float(w[among].sum()))


def _poverty_heat(s: Snapshot) -> float:
    h = s.state.households
    return _share(s, s.state.energy.heat_cost > 0.08 * 12.0 * h.income, _housed(s))


def _poverty_bill(s: Snapshot) -> float:
    h = s.state.households
    return _share(s, (s.state.energy.year_bill > 0.10 * 12.0 * h.income) & (h.quintile <= _POOR_FIFTHS), _housed(s))


def _mean_bill(s: Snapshot) -> float:
    h, among = s.state.households, _housed(s)
    total = float(h.weight[among].sum())
    return float((h.weight * h.energy_bill)[among].sum()) / total if total > 0.0 else 0.0


# --- homes ----------------------------------------------------------------------------------------------------------


def _homes(s: Snapshot) -> Floats:
    """(dwellings,) real main homes."""
    d = s.state.dwellings
    return np.where(d.alive & (d.household >= 0), d.weight, 0.0)


def _mean_of_homes(s: Snapshot, value: Floats) -> float:
    w = _homes(s)
    return float((w * value).sum() / max(w.sum(), 1e-300))


def _mean_by_district(s: Snapshot, value: Floats) -> Floats:
    d, n, w = s.state.dwellings.district, s.city.n_districts, _homes(s)
    return np.asarray(np.bincount(d, w * value, n) / np.maximum(np.bincount(d, w, n), 1e-300))


def _in_classes(first: int, last: int, s: Snapshot) -> Floats:
    return 100.0 * ((s.state.energy.dpe >= first) & (s.state.energy.dpe <= last))


def _dpe(name: str, label: str, direction: int, first: int, last: int) -> Indicator:
    return Indicator(
        name, label, "%", direction, "at month's end", "energy",
        f"main homes of energy class {CLASSES[first]}{f' or {CLASSES[last]}' if last > first else ''} (diagnostic of 2021)",
        lambda s: _mean_of_homes(s, _in_classes(first, last, s)), lambda s: _mean_by_district(s, _in_classes(first, last, s)),
    )  # fmt: skip


def _cold(s: Snapshot) -> Floats:
    warmth = s.state.energy.warmth  # NaN where nobody lives, and what is new since the month was lived is not in it yet
    known = np.zeros(len(s.state.dwellings))
    known[: len(warmth)] = 100.0 * (warmth < COLD)
    return known


def _stress(s: Snapshot) -> Floats:
    known = np.zeros(len(s.state.dwellings))
    known[: len(s.state.energy.heat_stress)] = s.state.energy.heat_stress
    return known


def _charging(place: int, s: Snapshot) -> float:
    return _ratio(float(s.state.energy.charging[place].sum()), float(s.state.energy.charging.sum()))


def _amount(name: str, label: str, direction: int, uses: Sequence[EnergyUse], meaning: str) -> Indicator:
    return Indicator(
        name, label, "MWh/month", direction, "month", "energy", meaning, partial(_used, uses), partial(_used_by_district, uses)
    )  # fmt: skip


INDICATORS: tuple[Indicator, ...] = (
    _amount("energy_dwellings", "Energy of dwellings", -1, HOME,
            "final energy for heating, cooling, hot water, cooking, appliances and lighting"),
    _amount("energy_heating", "Heating of dwellings", -1, (EnergyUse.HEATING,), "final energy for heating main homes"),
    _amount("energy_cooling", "Cooling of dwellings", -1, (EnergyUse.COOLING,), "electricity of air conditioning in main homes"),
    _amount("energy_firms", "Energy of firms", -1, (EnergyUse.TERTIARY,),
            "final energy of firms' heated floors; industrial processes excluded"),
    _amount("energy_cars", "Energy of residents' cars", -1, CARS, "fuel and electricity of all kilometres of residents' cars"),
    _amount("energy_transit", "Energy of transit", -1, (EnergyUse.TRANSIT,), "fuel and electricity of transit vehicles where they run"),
    _amount("energy_public", "Energy of lights and data", -1, PUBLIC, "electricity of street lighting and of the roadmap's data services"),
    Indicator("energy_road", "Fuel burnt on the streets", "MWh/month", -1, "month", "energy",
              "fuel of residents, commuters from outside, through traffic and goods on the perimeter's streets", road_energy),
    Indicator("energy_per_inhabitant", "Final energy per inhabitant", "kWh/person/month", -1, "month", "energy",
              "all uses on the territory, fuel where it is burnt, over inhabitants; industrial processes and aviation excluded",
              _per_inhabitant),
    Indicator("energy_electricity", "Electricity used", "MWh/month", 0, "month", "energy",
              "electricity of buildings, cars, transit and streets, PV used on site included",
              lambda s: s.state.energy.final[:, Carrier.ELECTRICITY].sum(),
              lambda s: s.state.energy.final[:, Carrier.ELECTRICITY].sum(axis=1)),
    Indicator("energy_gas", "Gas used", "MWh/month", -1, "month", "energy",
              "gas of dwellings, firms' floors and buses, lower heating value", lambda s: s.state.energy.final[:, Carrier.GAS].sum()),
    Indicator("pv_production", "PV produced", "MWh/month", 1, "month", "energy",
              "electricity of PV on dwellings and public roofs", lambda s: s.state.energy.pv.sum(), lambda s: s.state.energy.pv.copy()),
    Indicator("pv_self_use", "PV used on site", "%", 0, "month", "energy",
              "share of PV used in the dwelling or public floor below, batteries included",
              lambda s: _ratio(float(s.state.energy.pv_used.sum()), float(s.state.energy.pv.sum()))),
    Indicator("pv_shared", "PV shared with neighbours", "MWh/month", 0, "month", "energy",
              "PV that neighbours use in collective self-consumption",
              lambda s: s.state.energy.pv_shared.sum(), lambda s: s.state.energy.pv_shared.copy()),
    Indicator("battery_loss", "Losses of home batteries", "MWh/month", -1, "month", "energy",
              "what home batteries took and did not give", lambda s: s.state.energy.battery_loss.sum()),
    Indicator("electric_peak", "Electric peak on the coldest day", "MW", -1, "month", "energy",
              "highest hour of the city's electric load on the month's coldest day, PV deducted",
              lambda s: s.state.energy.load.max()),
    Indicator("district_peak", "Electric peak of the busiest district", "MW", -1, "month", "energy",
              "highest hour of a district's electric load on any of the month's days, PV deducted",
              lambda s: s.state.energy.peak.max(), lambda s: s.state.energy.peak.copy()),
    Indicator("charging_home", "Charging at home", "%", 0, "month", "energy",
              "share of the electricity of residents' cars that is charged at home", partial(_charging, 0)),
    Indicator("charging_work", "Charging at work", "%", 0, "month", "energy",
              "share of the electricity of residents' cars that is charged at work", partial(_charging, 1)),
    Indicator("charging_public", "Charging in public", "%", 0, "month", "energy",
              "share of the electricity of residents' cars that is charged at public points", partial(_charging, 2)),
    Indicator("energy_bill", "Energy bill of a household", "€/month", -1, "month", "energy",
              "mean energy bill of a dwelling, charging at home included, PV income deducted, euros of 2020", _mean_bill),
    Indicator("energy_poverty", "Energy poverty", "%", -1, "month", "energy",
              "share of households whose heating and hot water without going short cost more than 8 % of income, normal year",
              _poverty_heat),
    Indicator("energy_poverty_bill", "Energy poverty by bills", "%", -1, "month", "energy",
              "share of households in the two poorest fifths that spend more than 10 % of income on energy, normal year",
              _poverty_bill),
    Indicator("cold_homes", "Cold homes", "%", -1, "month", "energy",
              "main homes heated to less than 18 degC by day, for habit or want of money (limit: WHO housing guidelines 2018)",
              lambda s: _mean_of_homes(s, _cold(s)), lambda s: _mean_by_district(s, _cold(s))),
    Indicator("heat_stress", "Heat indoors", "K.h/month", -1, "month", "energy",
              "degree-hours above 28 degC in a main home, mean", lambda s: _mean_of_homes(s, _stress(s)),
              lambda s: _mean_by_district(s, _stress(s))),
    *(_dpe(f"dpe_{c.lower()}", f"Dwellings in class {c}", 0, k, k) for k, c in enumerate(CLASSES)),
    _dpe("dpe_fg", "Dwellings in class F or G", -1, FIRST_BAD, len(CLASSES) - 1),
)  # fmt: skip
