"""Coming and going of firms: the ordinary one, and what is founded on the market that a crisis has left.

In ordinary months some firms stop, small ones far more often, and about as many are founded in their districts: markets and posts of a
branch pass from one to the other within the month, so that nothing is lost or gained but who holds them (docs/economy.md). What a crisis
takes away, and what comes back, is told apart (:func:`found`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.draws import stream, uniforms
from sim.agents.work import FIRM_SIZE, accepted_days, openness
from sim.city.flows import FLOOR_PER_JOB
from sim.codes import Sector
from sim.columns import Bools, Floats, Ints
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy.sectors import TURNOVER, VALUE_ADDED


class Founders(NamedTuple):
    """New firms, one row each."""

    sector: Ints
    district: Ints
    weight: Floats  #: real firms that the row stands for
    market: Floats  #: posts at demand index 1
    jobs: Floats  #: posts that they begin with
    floor: Floats  #: heated floor [m2]


def found(state: State, p: Parameters, lasting: Floats) -> None:
    """Founders take up a part of the unserved market of each branch where demand is near what lasts.

    Args:
        lasting: (S,) demand index without shocks and public orders.
    """
    e, f = state.economy, state.firms
    if not (e.unserved > 0.0).any():
        return
    mood = np.clip((e.demand / lasting - p["founding_threshold"]) / (1.0 - p["founding_threshold"]), 0.0, 1.0)
    branches = np.arange(len(Sector))
    weight = _usual_weight(state)
    size = 0.5 * FIRM_SIZE  # founded small: half the mean size of a standing one
    rows = p["founding_rate"] * mood * e.unserved / np.maximum(weight * size, 1e-300)
    up = uniforms(state.seed, stream("economy.found"), branches, state.month, 0)
    count = np.minimum(np.floor(rows + up), np.floor(e.unserved / np.maximum(weight * size, 1e-300))).astype(np.int64)
    if not count.any():
        return
    sector = np.repeat(branches, count)
    district = _where(state, sector, len(f))
    _append(
        state,
        p,
        Founders(sector, district, weight[sector], size[sector], np.zeros(len(sector)), (size * FLOOR_PER_JOB)[sector]),
    )
    e.unserved -= count * weight * size
    e.born[0] += float((count * weight).sum())


def _usual_weight(state: State) -> Floats:
    """(S,) firms that a row of each branch stands for."""
    f = state.firms
    rows = np.bincount(f.sector, minlength=len(Sector))
    return np.asarray(np.bincount(f.sector, weights=f.weight, minlength=len(Sector)) / np.maximum(rows, 1))


def _where(state: State, sector: Floats, first: int) -> Floats:
    """District of each founder: where the branch has its posts."""
    cumulated = np.cumsum(state.economy.posts[:, sector], axis=0)
    ids = np.arange(first, first + len(sector))
    u = uniforms(state.seed, stream("economy.found.where"), ids, state.month, 0) * cumulated[-1]
    return np.asarray(np.minimum((u > cumulated).sum(axis=0), len(cumulated) - 1))


def turn_over(state: State, p: Parameters) -> None:
    """A month's ordinary closings and foundings: markets and posts of each branch stay what they were, only their holders change.

    Firms below ``small_firm`` posts close at ``closing_small`` a year, others at ``closing_large`` (Picart 2008). Somebody founds a small
    firm in the premises of each that closes, in a crisis too: in 2020 as many companies were founded as in 2019 (INSEE Première 1837).
    What the founder does not take goes to neighbours of the branch. Time out of work between two posts is not told apart: it is in the
    unemployment of the reference date.
    """
    e, f = state.economy, state.firms
    yearly = np.where(f.jobs < p["small_firm"], p["closing_small"], p["closing_large"])
    draw = uniforms(state.seed, stream("economy.ordinary"), f.id, state.month, 0)
    gone = np.flatnonzero(f.alive & (draw < 1.0 - (1.0 - yearly) ** (1.0 / 12.0)))
    gone = gone[_others_stand(state, gone)[f.sector[gone]]]
    if not len(gone):
        return
    part = np.minimum(p["founder_jobs"] / np.maximum(e.base_jobs[gone], 1e-300), 1.0)  # of what was theirs
    left = [held[gone] * (1.0 - part) for held in (e.base_jobs, f.jobs)]
    founders = Founders(
        f.sector[gone], f.district[gone], f.weight[gone], e.base_jobs[gone] * part, f.jobs[gone] * part, f.floor[gone]
    )  # fmt: skip
    e.renewed[0] += float(f.weight[gone].sum())
    f.alive[gone] = False
    for held, rest in zip((e.base_jobs, f.jobs), left, strict=True):
        held += _shared_out(state, p, gone, f.weight[gone] * rest)
    f.jobs[gone], f.jobs_wanted[gone] = 0.0, 0.0
    _append(state, p, founders)


def _shared_out(state: State, p: Parameters, gone: Ints, left: Floats) -> Floats:
    """(firms,) what each standing firm takes over of what those that close leave: small neighbours of the branch, else neighbours of the
    branch, else the branch, by their markets.

    Args:
        gone: rows of those that close.
        left: what each row leaves, summed over its firms.
    """
    f, market = state.firms, np.where(state.firms.alive, state.economy.base_jobs, 0.0)
    near = f.district.astype(np.int64) * len(Sector) + f.sector
    out, rest = np.zeros(len(f)), left
    for group, taker in ((near, f.jobs < p["small_firm"]), (near, True), (f.sector.astype(np.int64), True)):
        pull = market * taker
        n = int(group.max()) + 1
        total = np.bincount(group, weights=f.weight * pull, minlength=n)
        pool = np.bincount(group[gone], weights=rest, minlength=n)
        out += pull * (pool / np.where(total > 0.0, total, np.inf))[group]
        rest = np.where(total[group[gone]] > 0.0, 0.0, rest)
    return out


def _by_branch(state: State, each: Floats) -> Floats:
    """(S,) sum over living firms."""
    f = state.firms
    return np.bincount(f.sector, weights=np.where(f.alive, f.weight * each, 0.0), minlength=len(Sector))


def _others_stand(state: State, gone: Ints) -> Bools:
    """(S,) branches that keep at least half of their market when ``gone`` close: in the others nobody closes this month."""
    market = _by_branch(state, state.economy.base_jobs)
    f = state.firms
    left = np.bincount(f.sector[gone], weights=(f.weight * state.economy.base_jobs)[gone], minlength=len(Sector))
    return np.asarray(left < 0.5 * market)


def _append(state: State, p: Parameters, new: Founders) -> None:
    """Rows of the new firms: as digital as young ones of their branch, with the cash of a standing firm; they begin to hire at once."""
    e, f = state.economy, state.firms
    n, rows = len(f), len(new.sector)
    sales = new.market * VALUE_ADDED[new.sector] / 12.0 * TURNOVER
    like = np.minimum(e.usual_maturity[new.sector] + p["founder_maturity"], 0.98)
    agreement = uniforms(state.seed, stream("economy.found.agreement"), np.arange(n, n + rows), state.month, 0)
    f.extend(
        {
            "id": np.arange(n, n + rows), "alive": np.ones(rows), "weight": new.weight, "district": new.district, "sector": new.sector,
            "jobs": new.jobs, "jobs_wanted": new.market, "revenue": np.zeros(rows), "liquidity": p["cash_months"] * sales,
            "maturity": like, "telework": accepted_days(openness(like), agreement, p), "floor": new.floor,
            "preparedness": np.clip(like * 0.8 + 0.05, 0.0, 1.0), "projects": np.zeros(rows),
        }
    )  # fmt: skip
    e.base_jobs = np.concatenate([e.base_jobs, new.market])
    e.usual_cash = np.concatenate([e.usual_cash, np.full(rows, p["cash_months"])])
    e.engaged = np.concatenate([e.engaged, np.zeros(rows)])
