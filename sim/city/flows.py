"""Home-work flows fitted to employed residents and jobs, and jobs by sector: iterative proportional fitting, reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sim.city.geometry import whole_numbers
from sim.codes import Sector
from sim.columns import Floats, Ints

ROUNDS = 400
#: Share of posts vacant at the reference date: Dares counts about 2 % of posts vacant in firms of ten and more in 2021.
VACANT = 0.02
#: A trace everywhere, so that homes and jobs that the seed does not connect can be filled.
TRACE = 1e-4

#: Jobs of Toulouse Métropole by branch [share]: INSEE (A17, 2019-2020) orders of magnitude, aeronautics as "other transport
#: equipment"; assumption to check against FLORES.
SECTOR_SHARE = {
    Sector.AGRICULTURE: 0.003, Sector.AERONAUTICS: 0.085, Sector.INDUSTRY: 0.050, Sector.CONSTRUCTION: 0.052, Sector.TRADE: 0.115,
    Sector.TRANSPORT: 0.055, Sector.HOSPITALITY: 0.040, Sector.INFORMATION: 0.075, Sector.BUSINESS: 0.190, Sector.PUBLIC: 0.285,
    Sector.OTHER: 0.050,
}  # fmt: skip
#: Heated floor by job [m2] (assumption; CEREN-like ratios of floor to employment).
FLOOR_PER_JOB = np.array([40.0, 45.0, 60.0, 20.0, 55.0, 35.0, 60.0, 20.0, 22.0, 45.0, 40.0])


def fit_commuters(seed: Floats, employed: Floats, jobs: Floats, outgoers: float) -> tuple[Floats, dict[str, Any]]:
    """Fit a seed matrix to margins (Furness 1965).

    Args:
        seed: (D, D) flows as in the source.
        employed: (D,) employed residents.
        jobs: (D,) posts.
        outgoers: residents who work outside the perimeter.

    Returns:
        (D, D) residents by home and work district - rows sum to the employed who work inside, columns to the posts they hold - and
        a report.
    """
    total = float(employed.sum())
    inside = employed * (1.0 - outgoers / total)
    held = jobs * (inside.sum() / jobs.sum())
    flow = seed + TRACE * np.outer(inside, held) / inside.sum()
    for _ in range(ROUNDS):
        flow *= (inside / np.maximum(flow.sum(axis=1), 1e-300))[:, None]
        column = held / np.maximum(flow.sum(axis=0), 1e-300)
        flow *= column
        if np.abs(column - 1.0).max() < 1e-10:
            break
    share = flow.sum() / max(seed.sum(), 1.0)
    change = np.abs(flow - seed * share)
    o, d = np.unravel_index(np.argmax(change), change.shape)
    report = {
        "raw_total": float(seed.sum()), "fitted_total": float(flow.sum()),
        "largest_change": {"home": int(o), "work": int(d), "raw_scaled": float(seed[o, d] * share), "fitted": float(flow[o, d])},
        "residual": float(np.abs(flow.sum(axis=1) - inside).max()),
        "held_by_residents": float(held.sum()), "held_by_incomers": float(jobs.sum() * (1.0 - VACANT) - held.sum()),
    }  # fmt: skip
    return flow, report


def jobs_by_sector(
    jobs: Ints, near_aeronautics: Floats, busy: Floats, shares: Mapping[Sector, float] = SECTOR_SHARE
) -> Ints:
    """(D, S) whole posts by branch; rows sum to ``jobs`` exactly.

    Args:
        jobs: (D,) posts.
        near_aeronautics: (D,) 0..1, how close the district is to the aeronautics sites.
        busy: (D,) 0..1, how central it is (hospitality, finance, administration gather there).
        shares: share of all posts by branch.
    """
    share = np.array([shares[s] for s in Sector])
    affinity = np.ones((len(jobs), len(Sector)))
    affinity[:, Sector.AERONAUTICS] = 0.05 + 12.0 * near_aeronautics
    affinity[:, Sector.HOSPITALITY] += 2.0 * busy
    affinity[:, Sector.BUSINESS] += 0.5 * busy
    affinity[:, Sector.AGRICULTURE] = 1.05 - busy
    table = affinity * share * jobs[:, None]
    for _ in range(100):
        table *= (share * jobs.sum() / np.maximum(table.sum(axis=0), 1e-300))[None, :]
        table *= (jobs / np.maximum(table.sum(axis=1), 1e-300))[:, None]
    return np.stack([whole_numbers(row, int(n)) for row, n in zip(table, jobs, strict=True)])
