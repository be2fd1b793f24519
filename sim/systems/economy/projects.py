"""Projects of firms with the municipality, from the idea to what spreads: proposal, need, selection, consortium, pilot, end.

Firms have ideas all the time; a call harvests those that have gathered. A proposal is taken up where it meets a need of the municipality
and its quality stands out among as many as staff and money allow. Several firms sign it; volunteers of a neighbourhood test it for six
to eighteen months; it fails, is kept where it was tested, or spreads. Firms and the municipality learn from each.

A row of firms stands for ``weight`` real firms of which one acts: numbers of projects, firms and testers do not depend on the share
simulated. Testers are counted as persons, once however many pilots they test, in :func:`sim.indicators.projects`.
"""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.city.city import City
from sim.codes import Party, PilotStatus, Purpose, Sector
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import THEMES, Policies
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy.pilots import adults, reach_now, recruit

#: How near each branch is to a theme (rows: themes, columns: codes.Sector): 1 its trade, 0 nothing to do with it (assumption).
_NEAR = {
    "soft_mobility": {"AERONAUTICS": 0.4, "INDUSTRY": 0.6, "TRANSPORT": 1.0, "INFORMATION": 0.8, "BUSINESS": 0.6},
    "cybersecurity": {"AERONAUTICS": 0.5, "INFORMATION": 1.0, "BUSINESS": 0.6},
    "energy": {"INDUSTRY": 0.9, "CONSTRUCTION": 0.8, "INFORMATION": 0.6, "BUSINESS": 0.7},
    "logistics": {"INDUSTRY": 0.5, "TRADE": 0.6, "TRANSPORT": 1.0, "INFORMATION": 0.6},
    "health": {"INDUSTRY": 0.5, "INFORMATION": 0.7, "BUSINESS": 0.6, "PUBLIC": 0.8, "OTHER": 0.4},
    "digital": {"AERONAUTICS": 0.5, "INFORMATION": 1.0, "BUSINESS": 0.8, "OTHER": 0.3},
}
NEAR = np.array([[_NEAR[theme].get(s.name, 0.0) for s in Sector] for theme in THEMES])


def run(state: State, policies: Policies, p: Parameters, city: City) -> None:
    """One month: pilots end, calls are answered, pilots start, and what all of them reach is drawn up."""
    e = state.economy
    e.signed[:] = 0.0
    _grow(state)
    _end(state, p)
    e.purse += policies.challenge_budget
    _call(state, policies, p, city)
    e.backlog += 1.0 - e.backlog / p["idea_life"]
    e.reach = reach_now(state, p, city)


def _grow(state: State) -> None:
    """Room for citizens and firms that have come since last month."""
    e = state.economy
    citizens, firms = len(state.citizens) - len(e.tested), len(state.firms) - len(e.engaged)
    if citizens:
        e.tested = np.concatenate([e.tested, np.zeros(citizens, np.int16)])
    if firms:
        e.engaged = np.concatenate([e.engaged, np.zeros(firms)])


def know_how(state: State, p: Parameters) -> float:
    """What the municipality has learnt from projects that ended, failures included, 0..1."""
    ended = int((state.economy.pilot_status != PilotStatus.RUNNING).sum())
    return float(1.0 - np.exp(-ended / p["know_how_projects"]))


def _call(state: State, policies: Policies, p: Parameters, city: City) -> None:
    """Open calls harvest ideas; the best of those that meet a need are signed, as staff and money allow."""
    e = state.economy
    harvest = 1.0 - np.exp(-policies.challenge_calls)
    for theme in np.flatnonzero(policies.challenge_calls > 0.0):
        firms = _proposals(state, int(theme), float(harvest[theme]), p)
        firms = firms[_needed(state, int(theme), firms, p, city)]
        running = int((e.pilot_status == PilotStatus.RUNNING).sum())
        room = int(float(policies.challenge_staff[0]) * p["pilots_per_person"] + 1e-9) - running
        room = min(max(room, 0), int(e.purse[theme] / p["project_cost"] + 1e-9))
        best = np.argsort(-_quality(state, int(theme), firms, p), kind="stable")[:room]
        for lead in firms[best]:
            _sign(state, int(theme), int(lead), p, city)
    e.backlog *= 1.0 - harvest


def _experience(state: State, p: Parameters) -> Floats:
    """(firms,) how much more a firm of the row proposes for the projects that it has signed."""
    f = state.firms
    return np.asarray(1.0 + p["proposal_experience"] * np.minimum(f.projects / f.weight, 3.0))


def _proposals(state: State, theme: int, harvest: float, p: Parameters) -> Ints:
    """Rows whose firm answers the call: by maturity, trade, experience and the ideas that have gathered."""
    e, f = state.economy, state.firms
    draw = uniforms(state.seed, stream(f"economy.call.{THEMES[theme]}"), f.id, state.month, 0)
    ideas = p["proposal_rate"] * e.backlog[theme] * harvest * NEAR[theme][f.sector]
    return np.flatnonzero(f.alive & (draw < f.weight * ideas * f.maturity * _experience(state, p)))


def _needed(state: State, theme: int, firms: Ints, p: Parameters, city: City) -> Bools:
    """Which proposals meet a need: fewer where the theme is served already, more as the municipality learns to say what it needs."""
    people = city.districts.population.astype(np.float64)
    served = float(state.economy.reach[theme] @ people) / max(float(people.sum()), 1e-300)
    met = p["need_match"] * (1.0 - served) * (1.0 + p["know_how_gain"] * know_how(state, p))
    draw = uniforms(state.seed, stream(f"economy.need.{THEMES[theme]}"), state.firms.id[firms], state.month, 0)
    return np.asarray(draw < met)


def _quality(state: State, theme: int, firms: Ints, p: Parameters) -> Floats:
    """What a jury sees: maturity and past success through noise of about their own size."""
    draw = uniforms(state.seed, stream(f"economy.jury.{THEMES[theme]}"), state.firms.id[firms], state.month, 0)
    return np.asarray(state.firms.maturity[firms] * _experience(state, p)[firms] + p["jury_noise"] * (draw - 0.5))


def _sign(state: State, theme: int, lead: int, p: Parameters, city: City) -> None:
    """The consortium, the place, the months, the testers, the money."""
    e, f = state.economy, state.firms
    number = len(e.pilot_theme)
    u = [
        float(uniforms(state.seed, stream("economy.project"), np.array([number]), state.month, i)[0]) for i in range(3)
    ]
    partners = _partners(state, theme, number, _poisson(p["consortium_roles"] - 2.0, u[0]) + 1, p)
    consortium = np.r_[lead, partners]
    np.add.at(f.projects, consortium, 1)
    for row in consortium:  # one after the other: a row may stand in it twice, for two of its firms
        e.engaged[row] += max(0.0, 1.0 - e.engaged[row] / f.weight[row])
    people = city.districts.population.astype(np.float64)
    district = int(np.searchsorted(np.cumsum(people), u[1] * people.sum()))
    months = 6 + int(u[2] * 13.0)
    new = {
        "theme": theme, "status": PilotStatus.RUNNING, "start": state.month, "end": state.month + months, "district": district,
        "lead": lead, "firms": len(consortium), "testers": recruit(state, theme, number, district, p, city),
    }  # fmt: skip
    for name, value in new.items():
        old = getattr(e, f"pilot_{name}")
        setattr(e, f"pilot_{name}", np.append(old, np.asarray(value, old.dtype)))
    e.projects[theme] += 1
    e.purse[theme] -= p["project_cost"]
    e.signed[theme] += p["project_cost"]
    state.pay(Party.METROPOLE, Party.FIRMS, p["project_cost"], Purpose.GRANTS)
    state.pay(Party.FIRMS, Party.FIRMS, p["project_cost"] * p["project_private"], Purpose.GRANTS)
    _learn(state, consortium, theme, p["project_maturity_gain"], p)


def _partners(state: State, theme: int, number: int, count: int, p: Parameters) -> Ints:
    """Rows of ``count`` partners: firms in or near the trade, the mature and experienced more often."""
    f = state.firms
    pull = np.where(
        f.alive, f.weight * f.maturity * (p["partner_any"] + NEAR[theme][f.sector]) * _experience(state, p), 0.0
    )
    total = np.cumsum(pull)
    draw = uniforms(state.seed, stream("economy.partner"), np.arange(count) + 64 * number, state.month, 0)
    return np.minimum(np.searchsorted(total, draw * total[-1], side="right"), len(f) - 1)


def _poisson(mean: float, u: float) -> int:
    """The number whose cumulated probability first exceeds ``u``."""
    k, term = 0, float(np.exp(-max(mean, 0.0)))
    below = term
    while u > below and k < 60:
        k += 1
        term *= mean / k
        below += term
    return k


def _learn(state: State, rows: Ints, theme: int, gain: float, p: Parameters) -> None:
    """Digital maturity, and in cybersecurity preparedness, of the firms that take part, spread over those that each row stands for."""
    f = state.firms
    np.add.at(f.maturity, rows, gain * (1.0 - f.maturity[rows]) / f.weight[rows])
    np.minimum(f.maturity, 1.0, out=f.maturity)
    if THEMES[theme] == "cybersecurity":
        np.add.at(f.preparedness, rows, p["project_theme_gain"] * (1.0 - f.preparedness[rows]) / f.weight[rows])
        np.minimum(f.preparedness, 1.0, out=f.preparedness)


def _end(state: State, p: Parameters) -> None:
    """Pilots whose months are over succeed or fail; of those that succeed some spread. All teach, success more."""
    e, f = state.economy, state.firms
    over = np.flatnonzero((e.pilot_status == PilotStatus.RUNNING) & (e.pilot_end <= state.month))
    if not len(over):
        return
    chance = success_chance(state, over, p)
    success = uniforms(state.seed, stream("economy.pilot.success"), over, state.month, 0) < chance
    spreads = uniforms(state.seed, stream("economy.pilot.spread"), over, state.month, 0) < p["pilot_spreads"]
    e.pilot_status[over] = np.select(
        [success & spreads, success], [PilotStatus.SPREAD, PilotStatus.KEPT], PilotStatus.FAILED
    )
    for k, well in zip(over, success, strict=True):
        if f.alive[e.pilot_lead[k]]:
            gain = p["project_maturity_gain"] * (1.0 if well else p["failure_teaches"])
            _learn(state, np.array([e.pilot_lead[k]]), int(e.pilot_theme[k]), gain, p)


def success_chance(state: State, rows: Ints, p: Parameters) -> Floats:
    """(rows,) chance that each pilot succeeds: logistic in the lead's maturity, testers against those wanted, know-how of the town."""
    e, f = state.economy, state.firms
    tested = np.minimum(e.pilot_testers[rows] / p["testers_wanted"], 1.0)
    score = p["success_base"] + p["success_slope"] * (
        (f.maturity[e.pilot_lead[rows]] - 0.5) + 0.5 * (tested - 0.5) + 0.5 * know_how(state, p)
    )
    return np.asarray(f.alive[e.pilot_lead[rows]] / (1.0 + np.exp(-score)))


def begin(state: State, p: Parameters, districts: int) -> dict[str, Floats]:
    """The empty book of projects: fields of the economy's block."""
    none = np.zeros(0)
    books = dict.fromkeys(("theme", "status", "start", "end", "district", "lead", "firms", "testers"))
    return {
        **{f"pilot_{name}": none.copy() for name in books},
        "engaged": np.zeros(len(state.firms)), "tested": np.zeros(len(state.citizens)),
        "backlog": np.full(len(THEMES), p["idea_life"]), "volunteers": np.zeros(1),
        "reach": np.zeros((len(THEMES), districts)), "pilots": np.zeros((len(THEMES), districts)),
    }  # fmt: skip


__all__ = ["NEAR", "adults", "begin", "know_how", "run", "success_chance"]
