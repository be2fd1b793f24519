"""New firms: they are founded on the market that closed ones have left, when demand comes back.

Ordinary coming and going, where about as many firms are founded as close and their market changes hands, is not told apart: only what
a crisis takes away and what comes back (docs/economy.md).
"""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.agents.work import FIRM_SIZE
from sim.city.flows import FLOOR_PER_JOB
from sim.codes import Sector
from sim.columns import Floats
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.economy.sectors import TURNOVER, VALUE_ADDED


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
    _append(state, p, sector, district, weight[sector], size[sector])
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


def _append(state: State, p: Parameters, sector: Floats, district: Floats, weight: Floats, jobs: Floats) -> None:
    """Rows of the new firms: as digital as their branch, with the cash of a standing firm; they begin to hire at once."""
    e, f = state.economy, state.firms
    n, new = len(f), len(sector)
    sales = jobs * VALUE_ADDED[sector] / 12.0 * TURNOVER
    like = np.minimum(e.usual_maturity[sector] + p["founder_maturity"], 0.98)
    f.extend(
        {
            "id": np.arange(n, n + new), "alive": np.ones(new), "weight": weight, "district": district, "sector": sector,
            "jobs": np.zeros(new), "jobs_wanted": jobs, "revenue": np.zeros(new), "liquidity": p["cash_months"] * sales,
            "maturity": like, "telework": np.clip(np.round(3.2 * like - 0.6), 0.0, 3.0), "floor": jobs * FLOOR_PER_JOB[sector],
            "preparedness": np.clip(like * 0.8 + 0.05, 0.0, 1.0), "projects": np.zeros(new),
        }
    )  # fmt: skip
    e.base_jobs = np.concatenate([e.base_jobs, jobs])
    e.usual_cash = np.concatenate([e.usual_cash, np.full(new, p["cash_months"])])
    e.engaged = np.concatenate([e.engaged, np.zeros(new)])
