"""Who gains and who loses: the same citizens on two branches, by income and by ring."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim import Ring, State
from sim.live.arrays import Floats

#: Changes below these are neither gain nor loss: minutes a day, euros a month of the household.
SAME_TIME, SAME_MONEY = 0.5, 1.0


def compared(first: State, second: State, rings: Floats) -> list[dict[str, Any]]:
    """Second against first, for citizens who live in both: mean change and who gains or loses, by group.

    Returns rows of group, kind ("fifth" or "ring"), persons, minutes (a day), euros (a month, bills of the household), gain and lose
    (percent, in time and money together at 10 € an hour and 20 days).
    """
    a, b = first.citizens, second.citizens
    _, at, bt = np.intersect1d(a.id[a.alive], b.id[b.alive], return_indices=True)
    at, bt = np.flatnonzero(a.alive)[at], np.flatnonzero(b.alive)[bt]
    minutes = b.travel_time[bt] - a.travel_time[at]
    bills = _bills(second)[b.household[bt]] - _bills(first)[a.household[at]]
    size = np.maximum(second.households.size[b.household[bt]], 1)
    burden = bills / size + minutes / 60.0 * 10.0 * 20.0
    still = (np.abs(minutes) < SAME_TIME) & (np.abs(bills) < SAME_MONEY)
    weight = b.weight[bt]
    fifth, ring = first.households.quintile[a.household[at]], rings[a.district[at]]
    groups = [("fifth", k + 1, fifth == k) for k in range(5)] + [("ring", r.name.lower(), ring == r) for r in Ring]
    out = []
    for kind, name, who in groups:
        w = weight * who
        total = float(w.sum())
        if total > 0.0:
            out.append({
                "kind": kind, "group": name, "persons": total, "minutes": float(w @ minutes) / total, "euros": float(w @ bills) / total,
                "gain": 100.0 * float((w * (~still & (burden < 0))).sum()) / total,
                "lose": 100.0 * float((w * (~still & (burden > 0))).sum()) / total,
            })  # fmt: skip
    return out


def _bills(state: State) -> Floats:
    h = state.households
    return np.asarray(h.energy_bill + h.transport_bill)
