"""Indicators of homes: what they are heated, cooled and fed by, and how fast they are refurbished."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from sim.agents.tables import Dwellings
from sim.codes import Heating, Retrofit
from sim.columns import Bools, Floats
from sim.indicators.registry import Indicator, Snapshot

Which = Callable[[Dwellings], Bools]


def _main_homes(s: Snapshot) -> Floats:
    """(dwellings,) real main homes: where a household of the city lives."""
    d = s.state.dwellings
    return np.where(d.alive & (d.household >= 0), d.weight, 0.0)


def _share(which: Which, s: Snapshot) -> float:
    w = _main_homes(s)
    return float(100.0 * w[which(s.state.dwellings)].sum() / max(w.sum(), 1e-300))


def _share_by_district(which: Which, s: Snapshot) -> Floats:
    d, n, w = s.state.dwellings, s.city.n_districts, _main_homes(s)
    have = np.bincount(d.district, weights=w * which(d), minlength=n)
    return np.asarray(100.0 * have / np.maximum(np.bincount(d.district, weights=w, minlength=n), 1e-300))


def _retrofits_a_year(s: Snapshot) -> float:
    """Works under way over the months they take: smoother than what is decided in one month."""
    d = s.state.dwellings
    under_way = d.alive & (d.works_until > s.state.month)
    return float(d.weight[under_way].sum()) * 12.0 / max(int(s.parameters["works_months"]), 1)


def _homes(name: str, label: str, direction: int, meaning: str, which: Which) -> Indicator:
    return Indicator(
        name, label, "%", direction, "at month's end", "society", meaning, partial(_share, which), partial(_share_by_district, which)
    )  # fmt: skip


def _cooled(d: Dwellings) -> Bools:
    return d.cooled


def _solar(d: Dwellings) -> Bools:
    return np.asarray(d.pv > 0.0)


def _with_battery(d: Dwellings) -> Bools:
    return np.asarray(d.battery > 0.0)


def _on_network(d: Dwellings) -> Bools:
    return np.asarray(d.heating == Heating.DISTRICT)


def _best_envelope(d: Dwellings) -> Bools:
    return np.asarray(d.retrofit == Retrofit.ADVANCED)


INDICATORS: tuple[Indicator, ...] = (
    _homes("cooled_share", "Homes with air conditioning", 0, "main homes with fixed or mobile air conditioning", _cooled),
    _homes("solar_share", "Homes with PV", 1, "main homes with rooftop PV of their own", _solar),
    _homes("battery_share", "Homes with a battery", 0, "main homes with a battery", _with_battery),
    _homes("heat_network_share", "Homes on a heat network", 1, "main homes heated by a heat network", _on_network),
    _homes("best_envelope_share", "Homes with the best envelope", 1, "main homes with the best envelope, new or old", _best_envelope),
    Indicator("retrofits_year", "Retrofits a year", "dwellings/year", 1, "at month's end", "society",
              "dwellings whose refurbishment is under way, times twelve over the months that works take", _retrofits_a_year),
)  # fmt: skip
