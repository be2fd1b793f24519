"""What may neither appear nor vanish in a month: people, jobs, dwellings, cars, money. Residuals are zero or rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.state import State

#: Relative residual above which a sum counts as broken (float64 sums over a million weighted rows).
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Stocks:
    """Weighted totals at one moment."""

    persons: float
    dwellings: float
    cars: float


def stocks(state: State) -> Stocks:
    """Weighted living persons, dwellings, cars."""
    return Stocks(*(float(t.weight[t.alive].sum()) for t in (state.citizens, state.dwellings, state.cars)))


def residuals(before: Stocks, state: State) -> dict[str, float]:
    """Relative residual of each conserved sum over the month that led from ``before`` to ``state``."""
    now, flow, economy = stocks(state), state.flows, state.economy
    births, deaths, arrivals, departures, built, demolished, cars_in, cars_out = flow.tolist()
    jobs = economy.posts - economy.residents - economy.incomers - economy.vacancies
    paid, received = state.ledger.sum(axis=(1, 2)), state.ledger.sum(axis=(0, 2))
    return {
        "persons": _relative(now.persons - before.persons - births + deaths - arrivals + departures, now.persons),
        "dwellings": _relative(now.dwellings - before.dwellings - built + demolished, now.dwellings),
        "cars": _relative(now.cars - before.cars - cars_in + cars_out, now.cars),
        "jobs": _relative(float(np.abs(jobs).sum()), float(economy.posts.sum())),
        "residents_at_work": _relative(_worker_residual(state), float(economy.residents.sum())),
        "money": _relative(float(paid.sum() - received.sum()), float(paid.sum())),
    }


def _worker_residual(state: State) -> float:
    """Posts held by residents against the citizens who say they hold them, by district and sector."""
    c = state.citizens
    inside = c.alive & (c.sector >= 0) & (c.main_district >= 0)
    shape = state.economy.residents.shape
    cell = c.main_district[inside].astype(np.int64) * shape[1] + c.sector[inside]
    held = np.bincount(cell, weights=c.weight[inside], minlength=shape[0] * shape[1]).reshape(shape)
    return float(np.abs(held - state.economy.residents).sum())


def _relative(residual: float, total: float) -> float:
    return abs(residual) / max(abs(total), 1.0)
