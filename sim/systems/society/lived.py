"""What daily life is like against what each citizen is used to: time, money, comfort at home and on the way, noise and air.

Comfort is read from what energy and mobility have left in the state: warmth of homes, degree-hours of heat, minutes of a ride that are felt
beyond those spent (crowding, waits, walks and changes at their weights).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.codes import Mode
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.months import month_of_year
from sim.scenario.parameters import Parameters
from sim.state import State

RIDES = 2.0  #: there and back
WEEK = 5.0  #: working days


class Life(NamedTuple):
    """This month's life, in its own units."""

    bills: Floats  #: (H,) €/month
    ride: Floats  #: (n,) min/day
    cold: Floats  #: (H,) K, NaN unknown
    heat: Floats  #: (H,) K.h/month beyond what homes are used to in this month of the year
    usual: float  #: 1 in ordinary times; less where trips are not made or people may not meet: such months are nobody's usual


def emergency(policies: Policies) -> float:
    """How far a month is out of the ordinary, 0..1."""
    return float(max(policies.trip_suppression[0], policies.contact_loss[0]))


def life(state: State, hot: bool, p: Parameters, out_of_the_ordinary: float = 0.0) -> Life:
    """What is lived this month; ``hot`` where a heatwave strikes that nobody is used to."""
    return Life(bills(state), ride(state), cold(state, p["warm_enough"]), _heat(state, hot), 1.0 - out_of_the_ordinary)


def gains(state: State, now: Life, p: Parameters) -> tuple[Floats, Floats]:
    """(n,) gain or loss lived against the usual, -1..1; (D,) of which surroundings, -1..1.

    Time spared because trips cannot be made is no gain: it counts as far as the month is an ordinary one.
    """
    s, c = state.society, state.citizens
    time = (s.reference_time - c.travel_time) / p["time_scale"]
    time[time > 0.0] *= now.usual
    money = (s.reference_cost - now.bills) / p["money_scale"]
    lacking = np.where(np.isnan(now.cold) | np.isnan(s.reference_cold), 0.0, s.reference_cold - now.cold)
    home = 0.5 * np.tanh(money) + p["comfort_home"] * np.tanh(lacking / p["cold_scale"] - now.heat / p["heat_scale"])
    around = _surroundings(state, p)
    lived = np.tanh(time) * 0.5 + home[c.household] + p["surroundings_weight"] * around[c.district]
    riding = np.flatnonzero((s.reference_ride > 0.0) | (now.ride > 0.0))
    lived[riding] += p["comfort_ride"] * np.tanh((s.reference_ride[riding] - now.ride[riding]) / p["time_scale"])
    return np.clip(lived, -1.0, 1.0), around


def begin_usual(state: State, now: Life) -> None:
    """What is lived now is the usual."""
    s = state.society
    s.reference_time, s.reference_cost = state.citizens.travel_time.copy(), now.bills.copy()
    s.reference_loud, s.reference_air = state.traffic.loud.copy(), state.traffic.nox.copy()
    s.reference_ride, s.reference_cold = now.ride.copy(), now.cold.copy()


def other_lives(state: State, now: Life) -> None:
    """Whoever begins or ceases to travel (job, school, retirement) lives another life, as does who has another home: no gain, no loss."""
    s, minutes = state.society, state.citizens.travel_time
    other = np.flatnonzero((s.reference_time > 0.0) != (minutes > 0.0))
    s.reference_time[other], s.reference_ride[other] = minutes[other], now.ride[other]
    new = np.isnan(s.reference_cold)
    s.reference_cold[new] = now.cold[new]


def get_used(state: State, now: Life, hot: bool, p: Parameters) -> None:
    """The usual follows what is lived; of heat, year by year, and not from a heatwave of the roadmap's shocks."""
    s, a = state.society, p["adaptation"] * now.usual
    s.reference_time += a * (state.citizens.travel_time - s.reference_time)
    s.reference_cost += a * (now.bills - s.reference_cost)
    s.reference_loud += a * (state.traffic.loud - s.reference_loud)
    s.reference_air += a * (state.traffic.nox - s.reference_air)
    s.reference_ride += a * (now.ride - s.reference_ride)
    s.reference_cold += np.where(np.isnan(now.cold), 0.0, a * (now.cold - s.reference_cold))
    if not hot:
        month, mean = month_of_year(state.month), _mean_heat(state)
        known = s.usual_heat[month]
        s.usual_heat[month] = mean if np.isnan(known) else known + min(12.0 * a, 1.0) * (mean - known)


def bills(state: State) -> Floats:
    """(H,) energy of the year by month, transport of the month, rent [€/month]."""
    h = state.households
    year = np.zeros(len(h))
    known = state.energy.year_bill
    year[: len(known)] = known / 12.0
    return np.asarray(year + h.transport_bill + state.society.lease_rent)


def ride(state: State) -> Floats:
    """(n,) minutes of a working day that commuters by transit feel beyond those they spend; 0 for all others."""
    c, t = state.citizens, state.traffic
    out = np.zeros(len(c))
    rows = np.flatnonzero(c.alive & (c.main_mode == Mode.TRANSIT) & (c.main_district >= 0))
    if len(t.transit_felt) == 0 or len(rows) == 0:
        return out
    start, end = c.district[rows], c.main_district[rows]
    peak = _beyond(t.transit_felt, t.transit_time)[start, end]
    off = _beyond(t.transit_off_felt, t.transit_off_time)[start, end]
    out[rows] = np.where(c.main_off_peak[rows], off, peak) * RIDES * (1.0 - c.telework_days[rows] / WEEK)
    return out


def _beyond(felt: Floats, spent: Floats) -> Floats:
    """(D, D) minutes felt beyond those spent; 0 where transit does not go."""
    return np.maximum(np.subtract(felt, spent, out=np.zeros_like(felt), where=np.isfinite(felt)), 0.0)


def cold(state: State, enough: float) -> Floats:
    """(H,) kelvins below ``enough`` that the home is heated to; NaN where not known."""
    warmth = _of_home(state, state.energy.warmth, np.nan)
    return np.asarray(np.maximum(enough - warmth, 0.0))


def _of_home(state: State, of_dwelling: Floats, unknown: float) -> Floats:
    """(H,) a dwelling's figure by the household that lives there."""
    home = state.households.dwelling
    known = np.append(of_dwelling, unknown)
    return np.asarray(known[np.where((home >= 0) & (home < len(of_dwelling)), home, len(of_dwelling))])


def _mean_heat(state: State) -> float:
    """Degree-hours of the month, mean of the homes that are lived in."""
    h = state.households
    weight = np.where(h.alive, h.weight, 0.0)
    return float((weight * _of_home(state, state.energy.heat_stress, 0.0)).sum() / max(float(weight.sum()), 1e-300))


def _heat(state: State, hot: bool) -> Floats:
    """(H,) degree-hours at home beyond the usual of this month of the year: as much of each home's as of the city's."""
    usual, mean = float(state.society.usual_heat[month_of_year(state.month)]), _mean_heat(state)
    if np.isnan(usual):  # the first of its kind is the usual, but for a heatwave
        usual = 0.0 if hot else mean
    beyond = max(1.0 - usual / mean, 0.0) if mean > 0.0 else 0.0
    return beyond * _of_home(state, state.energy.heat_stress, 0.0)


def _surroundings(state: State, p: Parameters) -> Floats:
    """(D,) gain of quiet and clean air near home against what people are used to, -1..1."""
    s, t = state.society, state.traffic
    quiet = (s.reference_loud - t.loud) / p["loud_scale"]
    clean = (s.reference_air - t.nox) / np.maximum(s.reference_air, 1e-300) / p["air_scale"]
    return np.asarray(0.5 * np.tanh(quiet) + 0.5 * np.tanh(np.maximum(clean, -10.0)))
