"""Indicators of citizens as co-builders and of homes that change hands."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.codes import Ring, Tenure, Voice
from sim.columns import Floats
from sim.indicators.registry import Indicator, Snapshot


def _engaged(s: Snapshot) -> tuple[Floats, Floats]:
    """(n,) weight of adults, and of those among them who take part or did so lately (fading memory)."""
    c = s.state.citizens
    adult = np.where(c.alive & (s.trends.clock(s.state.month) - c.birth >= 18 * 12), c.weight, 0.0)
    known = np.zeros(len(c))
    known[: len(s.state.society.engaged)] = s.state.society.engaged
    return adult, adult * known


def _gap(s: Snapshot, value: Floats) -> float:
    """Mean of ``value`` among those who take part less that among all adults; 0 while nobody does."""
    adult, took = _engaged(s)
    if took.sum() <= 0.0:
        return 0.0
    return float((took * value).sum() / took.sum() - (adult * value).sum() / max(adult.sum(), 1e-300))


def _participants(s: Snapshot) -> float:
    c, took = s.state.citizens, s.state.society.took_part
    acts = (took & ~np.int8(Voice.TEST)) != 0
    return float(c.weight[: len(acts)][acts & c.alive[: len(acts)]].sum())


def _burden(tenure: Tenure, s: Snapshot) -> float:
    """Rent paid over disposable income of the households of a tenure."""
    h, paid = s.state.households, s.state.society.lease_rent
    mine = h.alive[: len(paid)] & (h.tenure[: len(paid)] == tenure)
    weight = np.where(mine, h.weight[: len(paid)], 0.0)
    return float(100.0 * (weight * paid).sum() / max((weight * h.income[: len(paid)]).sum(), 1e-300))


def _tenure(tenure: Tenure, s: Snapshot) -> float:
    """Share of main homes, by who owns them."""
    h = s.state.households
    weight = np.where(h.alive, h.weight, 0.0)
    return float(100.0 * weight[h.tenure == tenure].sum() / max(weight.sum(), 1e-300))


def _mean_rent(s: Snapshot) -> float:
    rent, d = s.state.society.rent, s.state.dwellings
    if len(rent) == 0:
        return 0.0
    w = np.where(d.alive, d.weight, 0.0)
    return float((w * rent[d.district]).sum() / max(w.sum(), 1e-300))


INDICATORS: tuple[Indicator, ...] = (
    Indicator("participants", "People who take part", "persons/month", 1, "month", "society",
              "citizens who propose, vote, come to a consultation or sit on a panel this month", _participants),
    Indicator("volunteers", "Ready to test", "persons", 1, "at month's end", "society",
              "citizens ready to test what firms and the city try out",
              lambda s: float(s.state.society.volunteers.sum()), lambda s: s.state.society.volunteers),
    Indicator("budget_ideas", "Ideas of the participatory budget", "ideas", 1, "at month's end", "society",
              "proposed in the edition under way, or the last one", lambda s: float(s.state.society.ideas.sum()),
              lambda s: s.state.society.ideas),
    Indicator("budget_voters", "Voters of the participatory budget", "persons", 1, "at month's end", "society",
              "who voted in the edition under way, or the last one", lambda s: float(s.state.society.votes.sum()),
              lambda s: s.state.society.votes),
    Indicator("participation_gap_age", "Age of those who take part against all", "years", 0, "at month's end", "society",
              "mean age of adults who took part lately less that of all adults; 0 while nobody does",
              lambda s: _gap(s, (s.trends.clock(s.state.month) - s.state.citizens.birth) / 12.0)),
    Indicator("participation_gap_income", "Better-off among those who take part against all", "points", 0, "at month's end", "society",
              "share of the two richest fifths among adults who took part lately less that among all adults",
              lambda s: 100.0 * _gap(s, s.state.households.quintile[s.state.citizens.household] >= 3)),
    Indicator("participation_gap_centre", "Inside the ring road among those who take part against all", "points", 0, "at month's end",
              "society", "share who live inside the ring road among adults who took part lately less that among all adults",
              lambda s: 100.0 * _gap(s, s.city.districts.ring[s.state.citizens.district] == Ring.CENTRE)),
    Indicator("coconstruction", "Design made with citizens", "%", 1, "at month's end", "society",
              "share of the design of announced measures that was done with citizens, mean",
              lambda s: 100.0 * float(s.state.society.coconstruction[s.policies.announced > 0.0].mean())
              if (s.policies.announced > 0.0).any() else 0.0),
    Indicator("moves", "Moves inside the city", "households/month", 0, "month", "society", "households that took another home in the city",
              lambda s: float(s.state.society.moved.sum()), lambda s: s.state.society.moved),
    Indicator("rent", "Rent of new leases", "€/m2/month", 0, "at month's end", "society",
              "rent of a new lease of a home of the median size, mean of the districts' dwellings, constant euros", _mean_rent,
              lambda s: s.state.society.rent),
    Indicator("rent_burden", "Rent over income", "%", -1, "month", "society",
              "rent that tenants of the market pay, over their disposable income", partial(_burden, Tenure.TENANT)),
    Indicator("rent_burden_social", "Rent over income, social homes", "%", -1, "month", "society",
              "rent that tenants of social landlords pay, over their disposable income", partial(_burden, Tenure.SOCIAL)),
    Indicator("rents_paid", "Rents paid", "€/month", 0, "month", "society",
              "rents of all tenants, to landlords here and elsewhere and to social landlords, constant euros",
              lambda s: float(s.state.society.rents[0].sum())),
    Indicator("owners_share", "Homes of those who live there", "%", 0, "at month's end", "society", "main homes whose household owns them",
              partial(_tenure, Tenure.OWNER)),
    Indicator("social_share", "Social homes", "%", 0, "at month's end", "society", "main homes let by social landlords",
              partial(_tenure, Tenure.SOCIAL)),
)  # fmt: skip
