"""Citizens as co-builders: who proposes, votes, comes to consultations, sits on panels, is ready to test; what that makes of measures."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from kernels.lookup import sums_of
from kernels.voice import NOBODY, come, inclination
from sim.codes import Csp, Status, Voice
from sim.columns import Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society.contacts import Near

#: Education by socio-professional group, 0 least .. 1 most (assumption: order of the shares with a degree in each group).
EDUCATION = np.array(
    [{Csp.MANAGER: 1.0, Csp.INTERMEDIATE: 0.7, Csp.EMPLOYEE: 0.35, Csp.WORKER: 0.0}.get(g, 0.45) for g in Csp]
)
IDEA_MONTHS = 6  #: ideas are collected in the first months of an edition
VOTE_MONTH = 11  #: and voted on a year after its beginning
AGES = (0, 35 * 12, 60 * 12)  #: groups that quotas of a panel tell apart, from these ages [months]


def take_part(state: State, policies: Policies, p: Parameters, trends: Trends, heard: Near) -> None:
    """One month of participation. Writes who takes part, volunteers, the edition under way, and co-construction.

    ``heard`` (H,): share of contacts' households with somebody who took part lately. Readiness to test is asked of a twelfth each month.
    """
    c, s, h = state.citizens, state.society, state.households
    districts = len(policies.consultation)
    age = np.asarray(trends.clock(state.month) - c.birth, np.int32)
    score = np.empty(len(c), np.float32)
    inclination(
        c.alive, age, c.csp, c.household, h.quintile, c.trust, s.engaged, EDUCATION, p["participation_age"],
        p["participation_education"], p["participation_income"], p["participation_trust"], p["participation_before"], score,
    )  # fmt: skip
    first = not s.took_part.any()
    s.took_part &= np.int8(Voice.TEST)
    nothing = np.zeros(districts)
    silent = np.zeros(len(h))
    turn = -1 if first else state.month % 12
    _invite(state, "test", 0, p["tester"], score, np.ones(districts), silent, nothing, Voice.TEST, turn)
    _budget(state, policies, p, score, heard)
    if policies.consultation.any():
        asked = _planned(state, policies) * (_on_agenda(policies) > 0.0)
        touched = p["participation_touched"] * asked.max(axis=0, initial=0.0)
        reach = np.minimum(policies.consultation, 1.0)
        _invite(
            state,
            "consultation",
            state.month,
            p["consultation_comes"],
            score,
            reach,
            silent,
            touched,
            Voice.CONSULTATION,
        )
    if policies.citizens_panel[0] > 0.0:
        _draw_panel(state, policies, p, score, age)
    tester = c.alive & ((s.took_part & Voice.TEST) != 0)
    s.volunteers = sums_of(tester, c.district, c.weight, districts)
    s.engaged *= 1.0 - p["participation_forgotten"]
    s.engaged[(s.took_part & ~np.int8(Voice.TEST)) != 0] = 1.0
    _design_together(state, policies, p)


def _invite(
    state: State, name: str, month: int, constant: float, score: Floats, reach: Floats, heard: Floats, touched: Floats, bit: Voice,
    turn: int = -1,
) -> None:  # fmt: skip
    c = state.citizens
    come(
        state.seed, stream(f"society.voice.{name}"), c.id, month, constant, score, reach, c.district, heard, c.household, touched,
        state.society.took_part, int(bit), turn,
    )  # fmt: skip


def _budget(state: State, policies: Policies, p: Parameters, score: Floats, heard: Near) -> None:
    """The participatory budget: an edition collects ideas for some months, then the citizens vote once; then comes the next."""
    s = state.society
    if policies.participation[0] <= 0.0:
        s.edition[:] = -1.0
        return
    s.edition[:] = (s.edition + 1.0) % p["budget_edition"]
    month, districts = float(s.edition[0]), len(policies.consultation)
    if month < 1.0:
        s.ideas, s.votes = np.zeros(districts), np.zeros(districts)
    reach, nothing = np.full(districts, p["participation_reach"]), np.zeros(districts)
    if month < IDEA_MONTHS:
        again = score + (s.engaged > 0.0) * np.float32(np.log(p["idea_repeated"]) - p["participation_before"]) * (
            score > NOBODY
        )
        monthly = p["budget_idea"] - np.log(IDEA_MONTHS)  # ideas are one's own: word of mouth brings voters
        _invite(
            state,
            "idea",
            state.month,
            monthly,
            again.astype(np.float32),
            reach,
            np.zeros(len(state.households)),
            nothing,
            Voice.IDEA,
        )
        s.ideas += _persons(state, Voice.IDEA, districts)
    if VOTE_MONTH <= month < VOTE_MONTH + 1.0:
        c = state.citizens
        heard = heard[np.arange(len(state.households))]
        heard[c.household[c.alive & (s.engaged > 0.0)]] = 1.0  # who took part, and those they live with, know of it
        _invite(state, "vote", state.month, p["budget_vote"], score, reach, heard, nothing, Voice.VOTE)
        s.votes += _persons(state, Voice.VOTE, districts)


def _persons(state: State, bit: Voice, districts: int) -> Floats:
    """(D,) who took part, by home."""
    c = state.citizens
    who = c.alive & ((state.society.took_part & bit) != 0)
    return np.asarray(sums_of(who, c.district, c.weight, districts))


def _draw_panel(state: State, policies: Policies, p: Parameters, score: Floats, age: Ints) -> None:
    """Seats by lot among adults; those drawn accept or not. With quotas each group of age and income gets its share of seats.

    The lot is a lasting draw, so that a panel keeps its members while it sits and a larger one keeps those of a smaller.
    """
    c, seats = state.citizens, float(policies.citizens_panel[0])
    rows = np.flatnonzero(score > NOBODY)
    accepts = 1.0 / (1.0 + np.exp(-(p["panel_accepts"] + _without_past(state, p, rows, score))))
    group = np.zeros(len(rows), np.int64)
    if policies.panel_quotas[0] > 0.0:
        group = np.searchsorted(AGES, age[rows], side="right") * 5 + state.households.quintile[c.household[rows]]
    people = np.bincount(group, weights=c.weight[rows])
    willing = np.bincount(group, weights=c.weight[rows] * accepts)
    drawn = seats * people / people.sum() / np.maximum(willing, 1e-300)
    u = uniforms(state.seed, stream("society.voice.panel"), c.id[rows], 0, 0)
    state.society.took_part[rows[u < np.minimum(drawn[group], 1.0) * accepts]] |= np.int8(Voice.PANEL)


def _without_past(state: State, p: Parameters, rows: Ints, score: Floats) -> Floats:
    """Log-odds before anybody had taken part: a seat must not be the reason to be drawn again."""
    return np.asarray(score[rows] - p["participation_before"] * state.society.engaged[rows])


def _planned(state: State, policies: Policies) -> Floats:
    """(M, D) exposure to measures that are public and can still be changed: not begun, or in their works."""
    status = state.townhall.status
    soft = (policies.announced > 0.0) & np.isin(status, (Status.PLANNED, Status.WAITING, Status.BUILDING))
    return np.where(soft[:, None], policies.exposure, 0.0)


def _on_agenda(policies: Policies) -> Floats:
    """(M, D) part of those who come to consultations of a district who may speak about each measure."""
    return np.asarray(1.0 - np.minimum(policies.off_agenda / np.maximum(policies.consultation, 1e-300), 1.0))


def _design_together(state: State, policies: Policies, p: Parameters) -> None:
    """Consultations in the districts that a planned measure touches, and panels, make its design more the citizens'.

    Those that name their measures (an agenda) work on these alone, the others on all.
    """
    s, districts = state.society, len(policies.consultation)
    if len(s.coconstruction) == 0:
        return
    planned = _planned(state, policies)
    came = _persons(state, Voice.CONSULTATION, districts)
    seats = float(_persons(state, Voice.PANEL, districts).sum())
    seated = 1.0 - np.minimum(policies.panel_off_agenda / max(float(policies.citizens_panel[0]), 1e-300), 1.0)
    voices = (planned * _on_agenda(policies)) @ came + seats * seated * (planned.max(axis=1, initial=0.0) > 0.0)
    pull = (1.0 - np.exp(-voices / p["coconstruction_voices"])) * (1.0 - np.exp(-1.0 / p["coconstruction_months"]))
    s.coconstruction += pull * (1.0 - s.coconstruction)
