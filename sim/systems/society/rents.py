"""Rents of new leases: they rise where fewer dwellings than usual stand empty, and fall where more do."""

from __future__ import annotations

import numpy as np

from sim.agents.housing import vacancy
from sim.scenario.parameters import Parameters
from sim.state import State

STEEPEST = 0.1  #: a month moves no rent by more than this part of it a year


def move_rents(state: State, p: Parameters) -> None:
    """One month of the market, in constant euros: what stands empty against the start, district by district."""
    s = state.society
    scarce = s.usual_vacancy - vacancy(state, len(s.rent))
    change = np.clip(p["rent_pace"] * scarce / np.maximum(p["rent_vacancy"], 1e-9), -STEEPEST, STEEPEST)
    s.rent *= 1.0 + change / 12.0
