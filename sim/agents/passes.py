"""Who rides free: residents who hold a pass for their age group. Commuters from outside hold none and go on paying."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import AGE_GROUPS, Policies
from sim.state import State

#: Age in months at which each group but the first begins.
BEGINS = np.array([18, 26, 65]) * 12


def age_group(state: State, clock: int) -> Ints:
    """(n,) row of AGE_GROUPS of each citizen at a month."""
    assert len(BEGINS) + 1 == len(AGE_GROUPS)
    return np.searchsorted(BEGINS, clock - state.citizens.birth.astype(np.int64), side="right")


def holds_pass(state: State, policies: Policies, clock: int) -> Bools:
    """(n,) asked for a free pass: a lasting draw below the share of the age group that does."""
    c = state.citizens
    if not policies.free_pass.any():
        return np.zeros(len(c), bool)
    draw = uniforms(state.seed, stream("mobility.free_pass"), c.id, 0, 0)
    return np.asarray(draw < policies.free_pass[age_group(state, clock)])


def free_share(state: State, policies: Policies, clock: int) -> Floats:
    """(n,) share of a citizen's rides that cost nothing."""
    if not policies.free_pass.any():
        return np.zeros(len(state.citizens))
    return np.where(holds_pass(state, policies, clock), policies.free_days[age_group(state, clock)], 0.0)
