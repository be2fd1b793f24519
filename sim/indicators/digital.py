"""Indicators of the digital transition: services, who uses them and who cannot, incidents."""

from __future__ import annotations

import numpy as np

from sim.agents.digital import excluded, of_age
from sim.columns import Bools, Floats
from sim.indicators.registry import Indicator, Snapshot

_SEVENTY_FIVE = 75 * 12


def _now(s: Snapshot) -> int:
    return s.trends.clock(s.state.month)


def _adults(s: Snapshot) -> Bools:
    return of_age(s.state, _now(s))


def _share(s: Snapshot, of: Bools) -> float:
    """Percent of ``of`` who are digitally excluded."""
    w = s.state.citizens.weight
    return float(100.0 * w[of & s.once(_excluded)].sum() / max(float(w[of].sum()), 1e-300))


def _excluded(s: Snapshot) -> Bools:
    return excluded(s.state, _now(s))


def _old(s: Snapshot) -> float:
    return _share(s, _adults(s) & (_now(s) - s.state.citizens.birth >= _SEVENTY_FIVE))


def _poor(s: Snapshot) -> float:
    c = s.state.citizens
    return _share(s, _adults(s) & (s.state.households.quintile[c.household] == 0))


def _use(s: Snapshot) -> float:
    return float(s.state.economy.services[0]) * (100.0 - _share(s, _adults(s)))


def _by_district(s: Snapshot) -> Floats:
    return np.asarray(100.0 * (1.0 - s.state.economy.able))


def _preparedness(s: Snapshot) -> float:
    f = s.state.firms
    w = np.where(f.alive, f.weight * f.jobs, 0.0)
    return float(100.0 * (w * f.preparedness).sum() / max(float(w.sum()), 1e-300))


INDICATORS: tuple[Indicator, ...] = (
    Indicator("digital_services", "Digital public services", "%", 1, "at month's end", "economy",
              "share of public services that can be had digitally from end to end", lambda s: 100.0 * float(s.state.economy.services[0])),
    Indicator("digital_use", "Use of digital public services", "%", 1, "at month's end", "economy",
              "digital services times people of fifteen and more who can use them", _use),
    Indicator("digital_exclusion", "Digital exclusion", "%", -1, "at month's end", "economy",
              "people of fifteen and more who cannot use digital services", lambda s: _share(s, _adults(s)), _by_district),
    Indicator("digital_exclusion_old", "Digital exclusion from 75 on", "%", -1, "at month's end", "economy",
              "the same among people of 75 and more", _old),
    Indicator("digital_exclusion_poor", "Digital exclusion of the poorest fifth", "%", -1, "at month's end", "economy",
              "the same among people in the poorest fifth by income", _poor),
    Indicator("service_continuity", "Public services given", "%", 1, "month", "economy",
              "share of public services given this month: in person, or digitally to those who can use them and while systems stand",
              lambda s: 100.0 * float(s.state.economy.continuity[0])),
    Indicator("cyber_incidents_firms", "Cyber incidents on firms so far", "incidents", -1, "since the start", "economy",
              "incidents that stopped work", lambda s: float(s.state.economy.incidents[0])),
    Indicator("cyber_incidents_public", "Cyber incidents on public bodies so far", "incidents", -1, "since the start", "economy",
              "on the metropole and its communes, such as ANSSI would treat", lambda s: float(s.state.economy.incidents[1])),
    Indicator("service_days_lost", "Days of digital services lost so far", "days", -1, "since the start", "economy",
              "days of degraded digital public services, a commune's by its inhabitants", lambda s: float(s.state.economy.days_lost[0])),
    Indicator("cyber_cost", "Cost of cyber incidents", "€/month", -1, "month", "economy",
              "value added lost, response and repair, of firms and public bodies",
              lambda s: float(s.state.economy.cyber_loss.sum() + s.state.economy.cyber_cost.sum())),
    Indicator("cyber_preparedness", "Cyber preparedness of firms", "%", 1, "at month's end", "economy", "mean over jobs", _preparedness),
)  # fmt: skip
