"""Indicators of the economy."""

from __future__ import annotations

import numpy as np

from sim.codes import Activity
from sim.columns import Floats
from sim.indicators.registry import Indicator, Snapshot


def _unemployment(s: Snapshot) -> float:
    c = s.state.citizens
    out = c.weight[c.alive & (c.activity == Activity.UNEMPLOYED)].sum()
    work = c.weight[c.alive & (c.activity == Activity.EMPLOYED)].sum()
    return float(100.0 * out / max(out + work, 1e-300))


def _unemployment_by_district(s: Snapshot) -> Floats:
    c = s.state.citizens

    def count(activity: Activity) -> Floats:
        at = np.where(c.alive & (c.activity == activity), c.weight, 0.0)
        return np.bincount(c.district, weights=at, minlength=s.city.n_districts)

    out, work = count(Activity.UNEMPLOYED), count(Activity.EMPLOYED)
    return np.asarray(100.0 * out / np.maximum(out + work, 1e-300))


def _maturity(s: Snapshot) -> float:
    f = s.state.firms
    w = np.where(f.alive, f.weight * f.jobs, 0.0)
    return float((w * f.maturity).sum() / max(w.sum(), 1e-300))


INDICATORS: tuple[Indicator, ...] = (
    Indicator("jobs", "Jobs held", "jobs", 1, "at month's end", "economy", "posts held by residents and incomers",
              lambda s: float((s.state.economy.residents + s.state.economy.incomers).sum()),
              lambda s: (s.state.economy.residents + s.state.economy.incomers).sum(axis=1)),
    Indicator("unemployment_rate", "Unemployment rate", "%", -1, "at month's end", "economy",
              "unemployed over active residents, census definition", _unemployment, _unemployment_by_district),
    Indicator("value_added", "Value added", "€/month", 1, "month", "economy", "value added of firms in the perimeter, constant euros",
              lambda s: float(s.state.economy.value_added.sum())),
    Indicator("vacancies", "Vacant posts", "jobs", 0, "at month's end", "economy", "posts that nobody holds",
              lambda s: float(s.state.economy.vacancies.sum())),
    Indicator("incomers", "Posts held by incomers", "jobs", 0, "at month's end", "economy", "posts held by people who live outside",
              lambda s: float(s.state.economy.incomers.sum())),
    Indicator("firms_closed", "Establishments closed so far", "firms", -1, "since the start", "economy", "closed for want of cash",
              lambda s: float(s.state.economy.closed[0])),
    Indicator("firms_founded", "Establishments founded so far", "firms", 1, "since the start", "economy",
              "founded on the market that those left", lambda s: float(s.state.economy.born[0])),
    Indicator("firms_renewed", "Establishments renewed so far", "firms", 0, "since the start", "economy",
              "closed in the ordinary course, each with another founded in its place", lambda s: float(s.state.economy.renewed[0])),
    Indicator("grants_owners", "Grants left to owners", "€/month", -1, "month", "economy",
              "recovery grants that paid what firms would have paid anyway: owners, suppliers and creditors keep them",
              lambda s: float(s.state.economy.grants_used[2])),
    Indicator("trained_hired", "Trained into vacant posts so far", "persons", 1, "since the start", "economy",
              "unemployed in posts that would have stayed vacant without their training", lambda s: float(s.state.economy.trained[0])),
    Indicator("projects", "Innovation projects so far", "projects", 1, "since the start", "economy",
              "projects that firms signed with the municipality", lambda s: float(s.state.economy.projects.sum())),
    Indicator("digital_maturity", "Digital maturity of firms", "-", 1, "at month's end", "economy",
              "mean over jobs, 0 none .. 1 full", _maturity),
)  # fmt: skip
