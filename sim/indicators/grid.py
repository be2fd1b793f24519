"""Indicators of the low-voltage grid: voltages, loads, losses, what more it could take, what is built."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.codes import Cable, Carrier
from sim.columns import Floats
from sim.indicators.registry import Indicator, Snapshot

#: Rows of ``energy.over`` and ``energy.year_over``: voltage, lines, transformers; of ``energy.hosting``: PV and load, first and half.
VOLTAGE, LINES, TRANSFORMERS = 0, 1, 2
PV_FIRST, PV_HALF, LOAD_FIRST, LOAD_HALF = 0, 1, 2, 3


def _hours(row: int, s: Snapshot) -> float:
    return float(s.state.energy.over[row].sum())


def _hours_by_district(row: int, s: Snapshot) -> Floats:
    return np.array(s.state.energy.over[row], np.float64)


def _stations_over(row: int, s: Snapshot) -> float:
    return float((s.state.energy.year_over[row] > 0.0).sum())


def _lines_over(s: Snapshot) -> float:
    return float((s.state.energy.year_loading[s.city.buses.cable != Cable.BUSBAR] > 1.0).sum())


def _losses(s: Snapshot) -> float:
    used = float(s.state.energy.final[:, Carrier.ELECTRICITY].sum())
    return 100.0 * float(s.state.energy.grid_loss.sum()) / used if used > 0.0 else 0.0


def _hosting(row: int, s: Snapshot) -> float:
    """Mean over dwellings of what the stations of their district take."""
    homes = s.city.districts.dwellings
    return float((s.state.energy.hosting[row] * homes).sum() / max(float(homes.sum()), 1e-300))


def _hosting_by_district(row: int, s: Snapshot) -> Floats:
    return np.array(s.state.energy.hosting[row], np.float64)


def _over(name: str, label: str, row: int, what: str) -> Indicator:
    return Indicator(
        name, label, "h/month", -1, "month", "energy", f"hours of stations {what}, summed over stations",
        partial(_hours, row), partial(_hours_by_district, row),
    )  # fmt: skip


def _room(name: str, label: str, unit: str, row: int, meaning: str) -> Indicator:
    return Indicator(
        name, label, unit, 1, "January and July", "energy", meaning, partial(_hosting, row), partial(_hosting_by_district, row)
    )  # fmt: skip


INDICATORS: tuple[Indicator, ...] = (
    Indicator("grid_voltage", "Lowest voltage", "pu", 1, "month", "energy",
              "lowest voltage on low-voltage lines, of the district where it is lowest; 0.90 is the limit",
              lambda s: s.state.energy.voltage.min(), lambda s: s.state.energy.voltage.copy()),
    Indicator("grid_voltage_high", "Highest voltage", "pu", -1, "month", "energy",
              "highest voltage on low-voltage lines, of the district where it is highest; 1.10 is the limit",
              lambda s: s.state.energy.voltage_high.max(), lambda s: s.state.energy.voltage_high.copy()),
    Indicator("grid_line_load", "Busiest low-voltage line", "%", -1, "month", "energy",
              "highest current of a line against its rating",
              lambda s: 100.0 * s.state.energy.line_load.max(), lambda s: 100.0 * s.state.energy.line_load),
    Indicator("grid_transformer_load", "Busiest transformer", "%", -1, "month", "energy",
              "highest load of a transformer against its rating",
              lambda s: 100.0 * s.state.energy.transformer_load.max(), lambda s: 100.0 * s.state.energy.transformer_load),
    _over("grid_hours_voltage", "Hours of voltage out of limits", VOLTAGE, "with a voltage more than 10 % from 400 V"),
    _over("grid_hours_lines", "Hours of overloaded lines", LINES, "with a line over its rating"),
    _over("grid_hours_transformers", "Hours of overloaded transformers", TRANSFORMERS, "with the transformer over its rating"),
    Indicator("stations_overloaded", "Stations overloaded this year", "stations", -1, "year to date", "energy",
              "stations whose transformer was over its rating since January", partial(_stations_over, TRANSFORMERS)),
    Indicator("lines_overloaded", "Lines overloaded this year", "lines", -1, "year to date", "energy",
              "stretches of low-voltage line that carried more than their rating since January", _lines_over),
    Indicator("dwellings_low_voltage", "Dwellings badly supplied", "dwellings", -1, "month", "energy",
              "dwellings whose voltage falls below 90 % at their own peaks",
              lambda s: s.state.energy.badly.sum(), lambda s: s.state.energy.badly.copy()),
    Indicator("grid_losses", "Losses of the low-voltage grid", "%", -1, "month", "energy",
              "energy lost in low-voltage lines and transformers over all electricity used", _losses),
    _room("hosting_pv", "Room for PV", "kWp/dwelling", PV_HALF,
          "PV that stations with half of the dwellings take on every dwelling before voltage, a line or the transformer leaves its limits"),
    _room("hosting_pv_first", "Room for PV at the first station", "kWp/dwelling", PV_FIRST, "the same of a district's first station"),
    _room("hosting_load", "Room for load", "kW/dwelling", LOAD_HALF,
          "further load that stations with half of the dwellings take on every dwelling at the district's peak hour"),
    _room("hosting_load_first", "Room for load at the first station", "kW/dwelling", LOAD_FIRST,
          "the same of a district's first station"),
    Indicator("grid_works", "Works on the low-voltage grid", "€/month", -1, "January, for the year before", "energy",
              "transformers and lines reinforced, all payers", lambda s: s.state.energy.reinforced.sum()),
    Indicator("grid_works_metropole", "Works on the grid paid by the metropole", "€/month", -1, "January, for the year before", "energy",
              "the part of grid works for charging away from home that the metropole pays", lambda s: s.state.energy.reinforced[1]),
)  # fmt: skip
