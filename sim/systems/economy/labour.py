"""The labour market: posts by district and branch are held by residents or incomers, or vacant - exactly, every month.

Posts are real numbers, residents come in rows that each stand for several people. So residents are hired and dismissed by whole rows,
rounded by chance without bias. A row that a shrinking cell cannot hold any more moves on within its branch, and incomers - real numbers
too - take up the rest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.draws import stream, uniforms
from sim.agents.people import REMOTE, remote_jobs
from sim.codes import Activity, Period, Sector
from sim.columns import Bools, Floats, Ints
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy.sectors import WAGE

S = len(Sector)
OUTSIDE = -2  #: ``main_district`` of those who work beyond the cordon


class Openings(NamedTuple):
    """(D, S) posts of a month, each."""

    residents: Floats  #: that residents may take
    incomers: Floats  #: that incomers take
    left: Floats  #: that incomers leave to residents


def posts(state: State, districts: int) -> Floats:
    """(D, S) posts of living firms."""
    f = state.firms
    cell = f.district.astype(np.int64) * S + f.sector
    weight = np.where(f.alive, f.weight * f.jobs, 0.0)
    return np.bincount(cell, weights=weight, minlength=districts * S).reshape(districts, S)


def held_by_residents(state: State, districts: int) -> Floats:
    """(D, S) posts that citizens say they hold."""
    c = state.citizens
    at = _workers(state)
    cell = c.main_district[at].astype(np.int64) * S + c.sector[at]
    return np.bincount(cell, weights=c.weight[at], minlength=districts * S).reshape(districts, S)


def held_outside(state: State, gates: int) -> Floats:
    """(G,) residents who work outside, by the gate they leave through."""
    c = state.citizens
    at = np.flatnonzero(c.alive & (c.activity == Activity.EMPLOYED) & (c.main_district == OUTSIDE) & (c.main_gate >= 0))
    return np.bincount(c.main_gate[at], weights=c.weight[at], minlength=gates).astype(np.float64)


def unemployment(state: State) -> float:
    """Unemployed over active residents."""
    c = state.citizens
    out = float(c.weight[c.alive & (c.activity == Activity.UNEMPLOYED)].sum())
    work = float(c.weight[c.alive & (c.activity == Activity.EMPLOYED)].sum())
    return out / max(out + work, 1e-300)


def _workers(state: State) -> Ints:
    c = state.citizens
    return np.flatnonzero(c.alive & (c.activity == Activity.EMPLOYED) & (c.main_district >= 0) & (c.sector >= 0))


def balance(state: State, p: Parameters, districts: int, training: float = 0.0) -> None:
    """Branches dismiss where their vacancies have run out and hire where they exceed the usual; the account closes exactly.

    Whether a branch hires or dismisses is decided by its posts in the whole city, in which districts by where they are short or over: a
    row that stands for many people leaves small cells too full or too empty by rounding, which is no reason to act. ``training`` is the
    number of unemployed who end a training this month.
    """
    e = state.economy
    e.posts = posts(state, districts)
    residents = held_by_residents(state, districts)
    usual = np.minimum(e.usual_vacancies, e.posts)
    held = residents + e.incomers
    surplus = _where_the_branch_is_over(held - (e.posts - p["vacancies_kept"] * usual))
    part = surplus / np.maximum(held, 1e-300)
    incomers = e.incomers * (1.0 - part)
    if (surplus > 1e-9).any():
        _dismiss(state, _leavers(state, residents * part, by_chance=True))
        residents = held_by_residents(state, districts)
    if (residents > e.posts * (1.0 + 1e-12) + 1e-9).any():
        rows = _leavers(state, np.maximum(residents - e.posts, 0.0), by_chance=False)
        _dismiss(state, _not_moved_on(state, rows, np.maximum(e.posts - residents, 0.0), p))
        residents = held_by_residents(state, districts)
    incomers = _level(e.posts, residents, incomers)
    open_to = _openings(state, e.posts - residents - incomers - usual, residents, incomers, p)
    if training > 0.0:
        open_to = _train(state, open_to, e.posts - residents - incomers, training, p)
    outside = np.maximum(e.usual_outside - held_outside(state, len(e.usual_outside)), 0.0) * p["vacancies_filled"]
    if open_to.residents.sum() + outside.sum() > 1e-6:
        _hire(state, open_to.residents, e.posts - residents, outside, p)
        residents = held_by_residents(state, districts)
    _stay_in_living_firms(state, districts)
    e.residents = residents
    e.incomers = _level(e.posts, residents, incomers - open_to.left + open_to.incomers)
    e.vacancies = np.maximum(e.posts - e.residents - e.incomers, 0.0)


def _where_the_branch_is_over(balance: Floats) -> Floats:
    """(D, S) positive parts of ``balance``, scaled so that each branch sums to the positive part of its own total."""
    cells, total = np.maximum(balance, 0.0), np.maximum(balance.sum(axis=0), 0.0)
    return np.asarray(cells * (total / np.maximum(cells.sum(axis=0), 1e-300)))


def _openings(state: State, spare: Floats, residents: Floats, incomers: Floats, p: Parameters) -> Openings:
    """Who may take the vacancies above the usual (``spare``), of which a part is filled.

    By branch, incomers keep their share of the posts held, smaller where residents' unemployment is higher than at the reference
    date. Where they hold more than that, posts they give up in the course of the year go to residents.
    """
    e = state.economy
    wanted = _where_the_branch_is_over(spare) * p["vacancies_filled"]
    slack = unemployment(state) / max(float(e.usual_unemployment[0]), 1e-300)
    share = e.usual_incomers / np.maximum((1.0 - e.usual_incomers) * slack + e.usual_incomers, 1e-300)
    here, held, vacant = incomers.sum(axis=0), (residents + incomers).sum(axis=0), wanted.sum(axis=0)
    new = np.clip(share * (held + vacant) - here, 0.0, vacant) / np.maximum(vacant, 1e-300)
    leave = p["incomer_turnover"] * np.maximum(here - share * held, 0.0) / np.maximum(here, 1e-300)
    return Openings(wanted * (1.0 - new) + incomers * leave, wanted * new, incomers * leave)


def _train(state: State, open_to: Openings, vacant: Floats, training: float, p: Parameters) -> Openings:
    """Posts that stay vacant for want of skills go to some of the trained: those who would not have found work without.

    So many vacancies fewer are the usual from now on; never so many that the branch runs out of them and dismisses.
    """
    e, kept = state.economy, p["vacancies_kept"]
    left = vacant - open_to.residents - open_to.incomers
    most = 0.9 * np.maximum(left - kept * e.usual_vacancies, 0.0) / (1.0 - kept)
    most = np.minimum(most, np.minimum(left, e.usual_vacancies))
    filled = most * min(1.0, training * p["training_effect"] / max(float(most.sum()), 1e-300))
    e.usual_vacancies -= filled
    e.trained += float(filled.sum())
    return open_to._replace(residents=open_to.residents + filled)


def _level(posts: Floats, residents: Floats, incomers: Floats) -> Floats:
    """Incomers whose post a resident holds take a vacancy of the same branch elsewhere, as far as there are any."""
    over = np.clip(residents + incomers - posts, 0.0, incomers)
    incomers = incomers - over
    free = np.maximum(posts - residents - incomers, 0.0)
    taken = np.minimum(over.sum(axis=0) / np.maximum(free.sum(axis=0), 1e-300), 1.0)
    return np.asarray(incomers + free * taken)


def _leavers(state: State, need: Floats, by_chance: bool) -> Ints:
    """Rows of residents who lose their posts, by chance within each district and branch; those whose firm has closed go first.

    Args:
        need: (D, S) posts to be lost.
        by_chance: whole rows are rounded up or down so that the mean is ``need``; else always up.
    """
    c = state.citizens
    rows = _workers(state)
    cell = c.main_district[rows].astype(np.int64) * S + c.sector[rows]
    concerned = need.ravel()[cell] > 1e-9
    rows, cell = rows[concerned], cell[concerned]
    draw = uniforms(state.seed, stream("economy.dismiss"), c.id[rows], state.month, 0)
    order = np.lexsort((draw, _in_living_firm(state, rows), cell))
    rows, cell = rows[order], cell[order]
    weight = c.weight[rows]
    before = _running(weight, cell) - weight
    if by_chance:
        up = uniforms(state.seed, stream("economy.dismiss.round"), cell, state.month, 0)
        return rows[before + weight * (1.0 - up) <= need.ravel()[cell]]
    return rows[before < need.ravel()[cell] - 1e-9]


def _not_moved_on(state: State, rows: Ints, room: Floats, p: Parameters) -> Ints:
    """Those of ``rows`` for whom no other district has ``room`` (D, S) in their branch; the others work there from now on."""
    c = state.citizens
    sector, weight = c.sector[rows].astype(np.int64), c.weight[rows]
    wide = np.where(weight[:, None] <= room[:, sector].T, room[:, sector].T, 0.0)
    pull = wide * np.exp(-state.traffic.car_time[Period.MORNING] / p["search_reach"])[c.district[rows]]
    district = _draw(state, "economy.move", rows, pull)
    cell = district * S + sector
    moves = (pull.sum(axis=1) > 0.0) & _fits(weight, cell, room)
    firm = _firm_in(state, rows, cell, len(room))
    moves &= firm >= 0
    c.main_district[rows[moves]], c.firm[rows[moves]] = district[moves], firm[moves]
    return rows[~moves]


def _fits(weight: Floats, cell: Ints, room: Floats) -> Bools:
    """True for rows that find room in their cell after those before them."""
    fits = np.zeros(len(weight), bool)
    by = np.argsort(cell, kind="stable")
    fits[by] = _running(weight[by], cell[by]) <= room.ravel()[cell[by]] + 1e-9
    return fits


def _dismiss(state: State, gone: Ints) -> None:
    c = state.citizens
    _income(state, gone, -1.0)
    c.activity[gone] = Activity.UNEMPLOYED
    c.firm[gone], c.sector[gone], c.main_district[gone], c.main_gate[gone] = -1, -1, -1, -1
    c.main_mode[gone] = -1
    c.telework_days[gone] = 0.0
    c.remote[gone] = False


def _running(weight: Floats, group: Ints) -> Floats:
    """Running sums within sorted groups."""
    if not len(weight):
        return np.zeros(0)
    total = np.cumsum(weight)
    first = np.r_[True, group[1:] != group[:-1]]
    offset = np.maximum.accumulate(np.where(first, total - weight, -np.inf))
    return np.asarray(total - offset)


def _hire(state: State, need: Floats, room: Floats, outside: Floats, p: Parameters) -> None:
    """Unemployed residents, in random order, take posts inside and then outside.

    Args:
        need: (D, S) posts to be taken inside, in all.
        room: (D, S) posts that residents do not hold: what they may take at most.
        outside: (G,) posts to be taken beyond the cordon, by gate.
    """
    c = state.citizens
    looking = np.flatnonzero(c.alive & (c.activity == Activity.UNEMPLOYED))
    draw = uniforms(state.seed, stream("economy.search"), c.id[looking], state.month, 0)
    looking = looking[np.argsort(draw, kind="stable")]
    weight = c.weight[looking]
    up = uniforms(state.seed, stream("economy.search.round"), np.arange(2), state.month, 0)
    reached = np.cumsum(weight) - weight * up[0]
    inside = int(np.searchsorted(reached, need.sum(), side="right"))
    reached = np.cumsum(weight[inside:]) - weight[inside:] * up[1]
    beyond = inside + int(np.searchsorted(reached, outside.sum(), side="right"))
    _take_inside(state, looking[:inside], need, room, p)
    _take_outside(state, looking[inside:beyond], outside, room.sum(axis=0), p)


def _take_inside(state: State, rows: Ints, need: Floats, room: Floats, p: Parameters) -> None:
    """Nearer posts are more likely. A row that stands for more people than a cell has room for looks elsewhere in the branch."""
    if not len(rows):
        return
    c = state.citizens
    usable = np.where(room >= c.weight[rows].max(), need, 0.0)
    usable *= need.sum(axis=0) / np.maximum(usable.sum(axis=0), 1e-300)
    if usable.sum() <= 0.0:
        return
    pull = usable.sum(axis=1) * np.exp(-state.traffic.car_time[Period.MORNING] / p["search_reach"])
    district = _draw(state, "economy.where", rows, pull[c.district[rows]])
    sector = _draw(state, "economy.what", rows, usable[district])
    cell = district * S + sector
    firm = _firm_in(state, rows, cell, len(need))
    fits = _fits(c.weight[rows], cell, room) & (firm >= 0)
    _start(state, rows[fits], district[fits], sector[fits], firm[fits], p)


def _take_outside(state: State, rows: Ints, outside: Floats, branches: Floats, p: Parameters) -> None:
    """Posts beyond the cordon, by gate; branches as in the city."""
    if not len(rows):
        return
    gate = _draw(state, "economy.gate", rows, np.broadcast_to(outside, (len(rows), len(outside))))
    sector = _draw(state, "economy.what", rows, np.broadcast_to(np.maximum(branches, 1e-9), (len(rows), S)))
    nowhere = np.full(len(rows), -1)
    _start(state, rows, np.full(len(rows), OUTSIDE), sector, nowhere, p)
    state.citizens.main_gate[rows] = gate


def _start(state: State, rows: Ints, district: Ints, sector: Ints, firm: Ints, p: Parameters) -> None:
    """They begin to work; whether the job can be done at home follows from the profession."""
    c = state.citizens
    c.activity[rows] = Activity.EMPLOYED
    c.main_district[rows], c.sector[rows], c.firm[rows] = district, sector, firm
    u = uniforms(state.seed, stream("economy.remote"), c.id[rows], state.month, 0)
    c.remote[rows] = u < remote_jobs(p)[np.minimum(c.csp[rows], len(REMOTE) - 1)]
    _income(state, rows, 1.0)


def _draw(state: State, name: str, rows: Ints, table: Floats) -> Ints:
    """A column for each citizen, by chance in proportion to the row of ``table``."""
    cumulated = np.cumsum(table, axis=1)
    u = uniforms(state.seed, stream(name), state.citizens.id[rows], state.month, 0) * cumulated[:, -1]
    return np.asarray(np.minimum((u[:, None] > cumulated).sum(axis=1), table.shape[1] - 1))


def _firm_in(state: State, rows: Ints, cell: Ints, districts: int) -> Ints:
    """A living firm of each cell, by chance; -1 where there is none."""
    f = state.firms
    living = np.flatnonzero(f.alive & (f.jobs > 0.0))
    if not len(living):
        return np.full(len(rows), -1)
    firm_cell = f.district[living].astype(np.int64) * S + f.sector[living]
    order = np.argsort(firm_cell, kind="stable")
    first = np.searchsorted(firm_cell[order], np.arange(districts * S))
    count = np.bincount(firm_cell, minlength=districts * S)
    u = uniforms(state.seed, stream("economy.firm"), state.citizens.id[rows], state.month, 0)
    pick = first[cell] + np.minimum((u * count[cell]).astype(np.int64), np.maximum(count[cell] - 1, 0))
    return np.where(count[cell] > 0, living[order[np.minimum(pick, len(order) - 1)]], -1)


def _in_living_firm(state: State, rows: Ints) -> Bools:
    firm = state.citizens.firm[rows]
    return np.asarray((firm < 0) | state.firms.alive[np.maximum(firm, 0)])


def _stay_in_living_firms(state: State, districts: int) -> None:
    """Those who keep a post though their firm has closed work for another one of the branch nearby."""
    c = state.citizens
    rows = _workers(state)
    rows = rows[~_in_living_firm(state, rows)]
    if len(rows):
        c.firm[rows] = _firm_in(state, rows, c.main_district[rows].astype(np.int64) * S + c.sector[rows], districts)


def _income(state: State, rows: Ints, sign: float) -> None:
    """Households gain or lose what a job is worth beyond the unemployment benefit."""
    c, h = state.citizens, state.households
    change = sign * WAGE[np.maximum(c.sector[rows], 0)] * NET_OF_BENEFIT
    np.add.at(h.income, c.household[rows], change)
    np.maximum(h.income, FLOOR_INCOME, out=h.income)


#: Net replacement in unemployment is about two thirds of the wage (Unédic): a job is worth the rest.
NET_OF_BENEFIT = 0.35
#: Minimum income of a household [€/month] (RSA with housing benefit deducted, 2021, rounded).
FLOOR_INCOME = 500.0
