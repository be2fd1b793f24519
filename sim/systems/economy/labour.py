"""The labour market: posts by district and branch are held by residents or incomers, or vacant - exactly, every month."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.codes import Activity, Sector
from sim.columns import Floats, Ints
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy.sectors import WAGE

S = len(Sector)


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


def _workers(state: State) -> Ints:
    c = state.citizens
    return np.flatnonzero(c.alive & (c.activity == Activity.EMPLOYED) & (c.main_district >= 0) & (c.sector >= 0))


def balance(state: State, p: Parameters, districts: int) -> None:
    """Dismiss where posts are fewer than those who hold them, hire where vacancies exceed the usual; close the account."""
    e = state.economy
    e.posts = posts(state, districts)
    residents = held_by_residents(state, districts)
    incomers = np.minimum(e.incomers, e.usual_incomers * e.posts)
    surplus = residents + incomers - e.posts
    out = np.where(surplus > 1e-9, surplus * residents / np.maximum(residents + incomers, 1e-300), 0.0)
    if (out > 1e-9).any():
        _dismiss(state, out, districts)
        residents = held_by_residents(state, districts)
    incomers = np.clip(incomers, 0.0, np.maximum(e.posts - residents, 0.0))
    if (residents > e.posts * (1.0 + 1e-12) + 1e-9).any():
        _dismiss(state, np.maximum(residents - e.posts, 0.0), districts)
        residents = held_by_residents(state, districts)
    open_posts = np.maximum(e.posts - residents - incomers - e.usual_vacancies * _shrink(e), 0.0)
    wanted = open_posts * p["vacancies_filled"]
    share = np.where(e.usual_incomers < 1.0, 1.0 - e.usual_incomers, 0.0)
    if wanted.sum() > 1e-6:
        _hire(state, wanted * share, e.posts - residents - incomers, p, districts)
        residents = held_by_residents(state, districts)
        incomers = incomers + wanted * (1.0 - share)
    e.residents = residents
    e.incomers = np.clip(incomers, 0.0, np.maximum(e.posts - residents, 0.0))
    e.vacancies = e.posts - e.residents - e.incomers


def _shrink(e: object) -> Floats:
    """Usual vacancies follow the posts down, not up (so that a growing branch hires)."""
    usual, now = e.usual_vacancies, e.posts  # type: ignore[attr-defined]
    return np.minimum(1.0, now / np.maximum(usual, 1e-300))


def _dismiss(state: State, need: Floats, districts: int) -> None:
    """Residents lose posts, by chance within each district and branch, until the need is met."""
    c = state.citizens
    rows = _workers(state)
    cell = c.main_district[rows].astype(np.int64) * S + c.sector[rows]
    concerned = need.ravel()[cell] > 1e-9
    rows, cell = rows[concerned], cell[concerned]
    draw = uniforms(state.seed, stream("economy.dismiss"), c.id[rows], state.month, 0)
    order = np.lexsort((draw, cell))
    rows, cell = rows[order], cell[order]
    before = _running(c.weight[rows], cell) - c.weight[rows]
    gone = rows[before < need.ravel()[cell] - 1e-9]
    _income(state, gone, -1.0)
    c.activity[gone] = Activity.UNEMPLOYED
    c.firm[gone], c.sector[gone], c.main_district[gone], c.main_gate[gone] = -1, -1, -1, -1
    c.main_mode[gone] = -1
    c.telework_days[gone] = 0.0


def _running(weight: Floats, group: Ints) -> Floats:
    """Running sums within sorted groups."""
    total = np.cumsum(weight)
    first = np.r_[True, group[1:] != group[:-1]]
    offset = np.maximum.accumulate(np.where(first, total - weight, -np.inf))
    return np.asarray(total - offset)


def _hire(state: State, need: Floats, room: Floats, p: Parameters, districts: int) -> None:
    """Unemployed residents take posts: nearer ones more likely, ``need`` (D, S) in all, none beyond the vacancies ``room``.

    At a small share one row stands for more people than most cells need: cells are drawn by need and filled while there is room.
    """
    c = state.citizens
    looking = np.flatnonzero(c.alive & (c.activity == Activity.UNEMPLOYED))
    total = float(need.sum())
    if not len(looking) or total <= 0.0:
        return
    draw = uniforms(state.seed, stream("economy.search"), c.id[looking], state.month, 0)
    order = np.argsort(draw, kind="stable")
    looking = looking[order]
    count = np.searchsorted(np.cumsum(c.weight[looking]), total, side="right")
    looking = looking[: max(int(count), 0)]
    if not len(looking):
        return
    # a row that stands for more people than a cell has room for looks in the other cells of the branch
    usable = np.where(room >= c.weight[looking].max(), need, 0.0)
    usable *= need.sum(axis=0) / np.maximum(usable.sum(axis=0), 1e-300)
    pull = usable.sum(axis=1) * np.exp(-state.traffic.car_time / p["search_reach"])
    if usable.sum() <= 0.0:
        return
    district = _draw(state, "economy.where", looking, pull[c.district[looking]])
    sector = _draw(state, "economy.what", looking, usable[district])
    cell = district * S + sector
    by = np.argsort(cell, kind="stable")
    fits = np.zeros(len(looking), bool)
    fits[by] = _running(c.weight[looking[by]], cell[by]) <= room.ravel()[cell[by]] + 1e-9
    new, cell = looking[fits], cell[fits]
    firm = _firm_in(state, new, cell, districts)
    new, cell, firm = new[firm >= 0], cell[firm >= 0], firm[firm >= 0]
    c.activity[new] = Activity.EMPLOYED
    c.main_district[new], c.sector[new], c.firm[new] = cell // S, cell % S, firm
    _income(state, new, 1.0)


def _draw(state: State, name: str, rows: Ints, table: Floats) -> Ints:
    cumulated = np.cumsum(table, axis=1)
    u = uniforms(state.seed, stream(name), state.citizens.id[rows], state.month, 0) * cumulated[:, -1]
    return np.asarray(np.minimum((u[:, None] > cumulated).sum(axis=1), table.shape[1] - 1))


def _firm_in(state: State, rows: Ints, cell: Ints, districts: int) -> Ints:
    """A living firm of each cell, by chance; -1 where there is none."""
    f = state.firms
    living = np.flatnonzero(f.alive & (f.jobs > 0.0))
    firm_cell = f.district[living].astype(np.int64) * S + f.sector[living]
    order = np.argsort(firm_cell, kind="stable")
    first = np.searchsorted(firm_cell[order], np.arange(districts * S))
    count = np.bincount(firm_cell, minlength=districts * S)
    u = uniforms(state.seed, stream("economy.firm"), state.citizens.id[rows], state.month, 0)
    pick = first[cell] + np.minimum((u * count[cell]).astype(np.int64), np.maximum(count[cell] - 1, 0))
    return np.where(count[cell] > 0, living[order[np.minimum(pick, len(order) - 1)]], -1)


def _income(state: State, rows: Ints, sign: float) -> None:
    """Households gain or lose the difference between wage and benefit."""
    c, h = state.citizens, state.households
    change = sign * WAGE[np.maximum(c.sector[rows], 0)] * NET_OF_BENEFIT
    np.add.at(h.income, c.household[rows], change)
    np.maximum(h.income, FLOOR_INCOME, out=h.income)


#: Net replacement in unemployment is about two thirds of the wage (Unédic): a job is worth the rest.
NET_OF_BENEFIT = 0.35
#: Minimum income of a single person [€/month] (RSA with housing benefit deducted, 2021, rounded).
FLOOR_INCOME = 500.0
