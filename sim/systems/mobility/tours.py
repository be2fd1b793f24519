"""Tours of citizens on an average working day: what for, how often, at which hours; where a citizen's columns hold them.

A tour is two trips, there and back. Everybody has at most one kind of main tour (work, or education) and goes shopping, to leisure and
to escort somebody. Tours at peak hours have their legs in the peaks as :data:`LEGS` says, the others all between the peaks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.codes import Activity, Errand, Period
from sim.columns import Bools, Floats, Int32s
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State

#: Purposes whose district citizens choose.
ERRANDS = (Errand.SHOPPING, Errand.LEISURE, Errand.ESCORT)
#: First part of the names of a purpose's columns of citizens.
PREFIX = {
    Errand.WORK: "main", Errand.EDUCATION: "main", Errand.SHOPPING: "shop", Errand.LEISURE: "leisure", Errand.ESCORT: "escort",
}  # fmt: skip
#: Names of groups of activities in the registry's rows ``tours_<purpose>_<group>``.
GROUP = {
    Activity.CHILD: "child", Activity.PUPIL: "pupil", Activity.STUDENT: "student", Activity.EMPLOYED: "employed",
    Activity.UNEMPLOYED: "inactive", Activity.RETIRED: "retired", Activity.INACTIVE: "inactive",
}  # fmt: skip
_DAY = {Period.MORNING: (1.0, 0.0), Period.EVENING: (0.0, 1.0), Period.OFF_PEAK: (0.0, 0.0)}
_AFTER_WORK = {Period.MORNING: (0.0, 0.0), Period.EVENING: (1.0, 1.0), Period.OFF_PEAK: (0.0, 0.0)}
_BOTH_ENDS = {Period.MORNING: (0.5, 0.5), Period.EVENING: (0.5, 0.5), Period.OFF_PEAK: (0.0, 0.0)}
#: Shares of the legs (out, back) of a tour at peak hours that fall in each period: to work and school in the morning and home in the
#: evening; shopping and leisure after work; escorting half before work, half after it (assumption).
LEGS = {
    Errand.WORK: _DAY, Errand.EDUCATION: _DAY, Errand.SHOPPING: _AFTER_WORK, Errand.LEISURE: _AFTER_WORK,
    Errand.ESCORT: _BOTH_ENDS,
}  # fmt: skip


def legs(errand: Errand) -> Floats:
    """(2 hours, 2 directions, P) shares of the legs of tours at peak and at other hours, out and back, by period; each sums to one."""
    out = np.zeros((2, 2, len(Period)))
    for period, shares in LEGS[errand].items():
        out[0, :, period] = shares
    out[1, :, Period.OFF_PEAK] = 1.0
    return out


def hours(p: Parameters) -> Floats:
    """(P,) hours of a working day that each period's hour stands for."""
    return np.array([p["morning_hours"], p["evening_hours"], p["off_peak_hours"]])


def district(state: State, errand: Errand) -> Int32s:
    """(n,) district that tours of this purpose go to; -1 none, -2 outside the perimeter (the column itself)."""
    return np.asarray(getattr(state.citizens, f"{PREFIX[errand]}_district"))


def mode(state: State, errand: Errand) -> np.ndarray:
    """(n,) codes.Mode of tours of this purpose, -1 none (the column itself)."""
    return np.asarray(getattr(state.citizens, f"{PREFIX[errand]}_mode"))


def off_peak(state: State, errand: Errand) -> Bools:
    """(n,) tours of this purpose are made between the peaks (the column itself)."""
    return np.asarray(getattr(state.citizens, f"{PREFIX[errand]}_off_peak"))


def often(state: State, errand: Errand) -> Floats:
    """(n,) tours of a purpose with a free choice of district, against usual (the column itself)."""
    return np.asarray(getattr(state.citizens, f"{PREFIX[errand]}_often"))


def makes(state: State, errand: Errand) -> Bools:
    """(n,) who makes tours of this purpose."""
    c = state.citizens
    if errand == Errand.WORK:
        return np.asarray(c.alive & (c.activity == Activity.EMPLOYED) & (c.main_district != -1))
    if errand == Errand.EDUCATION:
        return np.asarray(c.alive & (c.activity != Activity.EMPLOYED) & (c.main_district != -1))
    return c.alive


def tours(state: State, p: Parameters, policies: Policies) -> Sequence[Floats]:
    """By purpose, (n,) tours of an average working day.

    To work and school one, less absence and days at home; others by activity, fewer when trips are suppressed, more or fewer as access
    differs from usual (``*_often``).
    """
    c = state.citizens
    present = p["presence_work"] * (1.0 - c.telework_days / 5.0)
    out = [
        np.where(makes(state, Errand.WORK), present, 0.0),
        np.where(makes(state, Errand.EDUCATION), p["presence_school"], 0.0),
    ]
    for errand in ERRANDS:
        rate = np.array([p[f"tours_{errand.name.lower()}_{GROUP[a]}"] for a in Activity])
        rate *= 1.0 - float(policies.trip_suppression[0])
        out.append(np.where(c.alive, rate[c.activity] * often(state, errand), 0.0))
    return out


def occupancy(p: Parameters, errand: Errand) -> float:
    """Persons in a car on tours of this purpose."""
    names = {Errand.WORK: "occupancy_work", Errand.EDUCATION: "occupancy_school"}
    return p[names.get(errand, "occupancy_other")]
