"""Who can use digital services: a persistent trait of each citizen, by generation and income.

INSEE Première 1953 (June 2023, France 2021): 15.4 % of people of 15 and more cannot ("illectronisme"): 2 % at 15-24, 4 % at 25-39, 24 % at
60-74, 62 % from 75 on; about 20 % in the poorer two fifths of households, 3 % in the richest. The figure for 40-59 follows from the mean;
those of the third and fourth fifth too. That both act independently of each other is the project's assumption.

People keep what they can do: the ages are those of the survey's year, each a generation, and exclusion falls as generations follow one
another (the survey counts three points fewer in 2021 than in 2019). ``now`` is the month by which people are of age (``Trends.clock``).
"""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.columns import Bools, Floats
from sim.state import State

#: Ages [years] from which each share of :data:`BY_AGE` holds.
AGES = (15, 25, 40, 60, 75)
BY_AGE = np.array([0.02, 0.04, 0.065, 0.24, 0.62])
#: Month of the survey.
SURVEY = 2021 * 12 + 6
#: Against the mean, by fifth of income.
BY_INCOME = np.array([1.3, 1.3, 1.1, 1.1, 0.2])


def of_age(state: State, now: int) -> Bools:
    """(n_citizens,) lives here and is fifteen or older: whom the survey asks."""
    c = state.citizens
    return np.asarray(c.alive & (now - c.birth >= AGES[0] * 12))


def exclusion(state: State, now: int) -> Floats:
    """(n_citizens,) chance that the citizen cannot use digital services before anybody helps, 0 below fifteen."""
    c = state.citizens
    # a table of months is read faster than each age is searched
    months = np.arange(AGES[-1] * 12 + 1)
    by_month = np.r_[0.0, BY_AGE][np.searchsorted(np.array(AGES) * 12, months, side="right")]
    chance = by_month[np.clip(SURVEY - c.birth, AGES[0] * 12, months[-1])] * (now - c.birth >= AGES[0] * 12)
    chance *= BY_INCOME[state.households.quintile[c.household]]
    return np.asarray(np.minimum(chance, 0.95))


def excluded(state: State, now: int) -> Bools:
    """(n_citizens,) lives here, is fifteen or older and cannot use digital services.

    One draw for life: mediation (``state.economy.included``) brings in those nearest to it first.
    """
    c = state.citizens
    draw = uniforms(state.seed, stream("digital.exclusion"), c.id, 0, 0)
    left = 1.0 - (float(state.economy.included[0]) if state.economy.included.size else 0.0)
    return np.asarray(of_age(state, now) & (draw < exclusion(state, now) * left))
