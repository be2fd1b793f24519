"""Trust in the municipality: promises kept or late, what is shared, daily life, and the public services that people depend on."""

from __future__ import annotations

import numpy as np

from sim.agents.digital import excluded
from sim.codes import Status
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State


def move_trust(state: State, policies: Policies, p: Parameters, now: int) -> None:
    """One month: trust goes slowly to where promises and daily life pull it, and falls fast where services are lost.

    Lost services pull it down at their own, faster pace and are won back at the slow one (trust is lost faster than won: Slovic 1993;
    services: Kampen, Van de Walle & Bouckaert 2006). ``now`` is the month by which ages count.
    """
    c, s = state.citizens, state.society
    aim = (
        s.usual_trust
        + _pull(state, policies, p)
        + p["trust_life"] * (c.satisfaction - 0.5)
        + p["trust_engaged"] * s.engaged
    )
    trust = c.trust + p["trust_pace"] * (aim - c.trust)
    lost = services_lost(state, policies, p, now)
    if lost.any():
        hit = p["trust_service"] * lost
        trust -= p["trust_service_pace"] * np.clip(trust - (aim - hit), 0.0, hit)
    c.trust[:] = np.clip(trust, 0.01, 0.99)


def _pull(state: State, policies: Policies, p: Parameters) -> float:
    """Promises kept or late, and what is shared in participation: alike for all."""
    c, status = state.citizens, state.townhall.status
    known = policies.announced > 0.0
    late = float((known & (status == Status.WAITING)).sum())
    kept = float((known & (status == Status.IN_FORCE)).sum())
    people = max(float(c.weight[c.alive].sum()), 1.0)
    shared = float(policies.participation[0]) * 12.0 / people
    return float(
        p["trust_kept"] * np.tanh(kept / 10.0)
        - p["trust_late"] * np.tanh(late / 3.0)
        + p["trust_shared"] * np.tanh(shared / 10.0)
    )


def services_lost(state: State, policies: Policies, p: Parameters, now: int) -> Floats:
    """(n,) or (1,) part of the public services that the citizen lost this month, as far as they blame the municipality, 0..1.

    Those who can use digital services lose what an incident takes of them, and of the rest what cannot be given in person; the digitally
    excluded depend on counters alone. Summed over people without weighing blame this is 1 - ``state.economy.continuity``.
    """
    e = state.economy
    if len(e.service_lost) == 0:
        return np.zeros(1)
    closed, broken = p["trust_service_closed"] * float(policies.contact_loss[0]), float(e.service_lost[0])
    if closed == 0.0 and broken == 0.0:
        return np.zeros(1)
    online = float(e.services[0])
    able = closed * (1.0 - online) + online * broken
    return np.where(excluded(state, now), closed, able)
