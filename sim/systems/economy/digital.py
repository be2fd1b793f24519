"""Digital public services: how mature they are, who can use them, how much of services and business they keep going."""

from __future__ import annotations

import numpy as np

from sim.agents.digital import excluded, of_age
from sim.codes import Sector
from sim.columns import Floats
from sim.measures.policies import THEMES, Policies
from sim.scenario.parameters import Parameters
from sim.state import State

DIGITAL = THEMES.index("digital")


def serve(state: State, policies: Policies, p: Parameters, inhabitants: Floats, now: int) -> None:
    """Maturity, inclusion and continuity of public services this month. ``inhabitants`` (D,) weighs districts, ages count by ``now``."""
    e = state.economy
    reach = float(e.pilots[DIGITAL] @ inhabitants) / max(float(inhabitants.sum()), 1e-300)
    to_do = (1.0 - float(policies.digital_services[0])) * (1.0 - p["pilot_services"] * reach)
    e.services[0] = 1.0 - (1.0 - p["digital_services_start"]) * to_do
    e.included += float(policies.digital_mediation[0]) * (1.0 - e.included)
    e.able = able(state, len(inhabitants), now)
    mean = float(e.able @ inhabitants) / max(float(inhabitants.sum()), 1e-300)
    kept = e.services[0] * mean
    in_person = float(policies.contact_loss[0])
    e.continuity[0] = 1.0 - in_person * (1.0 - kept) - kept * e.service_lost[0]


def able(state: State, districts: int, now: int) -> Floats:
    """(D,) share of residents of fifteen and more who can use digital services; 1 where nobody lives."""
    c = state.citizens
    grown, out = of_age(state, now), excluded(state, now)
    people = np.bincount(c.district[grown], weights=c.weight[grown], minlength=districts)
    left_out = np.bincount(c.district[out], weights=c.weight[out], minlength=districts)
    return np.asarray(1.0 - left_out / np.maximum(people, 1e-300))


def maturity(state: State) -> Floats:
    """(S,) digital maturity by branch, mean over jobs at demand index 1."""
    f, e = state.firms, state.economy
    jobs = np.where(f.alive, f.weight * e.base_jobs, 0.0)
    total = np.bincount(f.sector, weights=jobs, minlength=len(Sector))
    return np.asarray(
        np.bincount(f.sector, weights=jobs * f.maturity, minlength=len(Sector)) / np.maximum(total, 1e-300)
    )


def kept_by_firms(state: State, policies: Policies, p: Parameters) -> Floats:
    """(firms,) part of the branch's demand that a firm keeps beyond the branch's fall, or loses beyond it.

    The fall by branch of 2020 is that of firms as mature as they were. Where dealings in person cannot take place, a firm more mature
    than its branch was then loses less, a less mature one more.
    """
    e, f = state.economy, state.firms
    fall = np.maximum(1.0 - policies.demand_factor, 0.0)[f.sector]
    gap = f.maturity - e.usual_maturity[f.sector]
    return np.asarray(np.clip(p["digital_keeps"] * float(policies.contact_loss[0]) * gap, -1.0, 1.0) * fall)
