"""Indicators of the projects that firms and the municipality sign."""

from __future__ import annotations

import numpy as np

from sim.codes import PilotStatus
from sim.columns import Floats
from sim.indicators.registry import Indicator, Snapshot
from sim.measures.policies import THEMES


def _tester_people(s: Snapshot) -> float:
    """Persons; those who have died or left since count on, as they do in the testers' books."""
    c, tested = s.state.citizens, s.state.economy.tested
    return float(c.weight[: len(tested)][tested > 0].sum())


def _count(s: Snapshot, *which: PilotStatus) -> float:
    return float(np.isin(s.state.economy.pilot_status, which).sum())


def _reach(s: Snapshot) -> float:
    people = s.city.districts.population.astype(np.float64)
    return float(100.0 * s.state.economy.reach.mean(axis=0) @ people / max(float(people.sum()), 1e-300))


def _reach_by_district(s: Snapshot) -> Floats:
    return np.asarray(100.0 * s.state.economy.reach.mean(axis=0))


INDICATORS: tuple[Indicator, ...] = (
    Indicator("project_firms", "Firms in projects so far", "firms", 1, "since the start", "economy",
              "firms that have signed at least one project with the municipality, each once (expected number within each row)",
              lambda s: float(s.state.economy.engaged.sum())),
    Indicator("project_testers", "Testers of pilots so far", "persons", 1, "since the start", "economy",
              "volunteers of each pilot, summed: who tests two counts twice", lambda s: float(s.state.economy.pilot_testers.sum())),
    Indicator("project_tester_people", "People who have tested a pilot", "persons", 1, "since the start", "economy",
              "distinct people, each once however many pilots they tested", _tester_people),
    Indicator("pilots_running", "Pilots running", "projects", 0, "at month's end", "economy", "signed projects still being tested",
              lambda s: _count(s, PilotStatus.RUNNING)),
    Indicator("pilots_succeeded", "Pilots that succeeded so far", "projects", 1, "since the start", "economy",
              "kept where they were tested, or spread", lambda s: _count(s, PilotStatus.KEPT, PilotStatus.SPREAD)),
    Indicator("pilots_spread", "Projects that spread so far", "projects", 1, "since the start", "economy",
              "of those that succeeded, carried on through the city", lambda s: _count(s, PilotStatus.SPREAD)),
    Indicator("pilots_failed", "Pilots that failed so far", "projects", -1, "since the start", "economy", "ended without success",
              lambda s: _count(s, PilotStatus.FAILED)),
    Indicator("project_reach", "Reach of projects", "%", 1, "at month's end", "economy",
              f"share of residents whom projects of a theme reach, mean of the {len(THEMES)} themes", _reach, _reach_by_district),
)  # fmt: skip
