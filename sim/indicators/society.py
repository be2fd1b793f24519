"""Indicators of society: what households have, what citizens think."""

from __future__ import annotations

import numpy as np

from sim.codes import Heating, Powertrain, Retrofit
from sim.columns import Bools, Floats
from sim.indicators.registry import Indicator, Snapshot


def _cars_share(s: Snapshot, which: Bools) -> float:
    c = s.state.cars
    return float(100.0 * c.weight[c.alive & which].sum() / max(c.weight[c.alive].sum(), 1e-300))


def _homes_share(s: Snapshot, which: Bools) -> float:
    d = s.state.dwellings
    lived = d.alive & (d.household >= 0)
    return float(100.0 * d.weight[lived & which].sum() / max(d.weight[lived].sum(), 1e-300))


def _mean(s: Snapshot, value: Floats) -> float:
    c = s.state.citizens
    adult = c.alive & (s.trends.clock(s.state.month) - c.birth >= 18 * 12)
    return float((c.weight * value)[adult].sum() / max(c.weight[adult].sum(), 1e-300))


def _by_district(s: Snapshot, value: Floats) -> Floats:
    c, n = s.state.citizens, s.city.n_districts
    w = np.where(c.alive, c.weight, 0.0)
    return np.asarray(
        np.bincount(c.district, weights=w * value, minlength=n)
        / np.maximum(np.bincount(c.district, weights=w, minlength=n), 1e-300)
    )


def _support(s: Snapshot) -> float:
    """Mean over announced measures; one half where nothing is announced."""
    known = s.policies.announced > 0.0
    if not known.any():
        return 50.0
    return 100.0 * _mean(s, s.state.society.support[:, known].mean(axis=1).astype(np.float64))


def _retrofitted(s: Snapshot) -> Floats:
    d, n = s.state.dwellings, s.city.n_districts
    w = np.where(d.alive & (d.household >= 0), d.weight, 0.0)
    done = np.bincount(d.district, weights=w * (d.retrofit > Retrofit.EXISTING), minlength=n)
    return np.asarray(100.0 * done / np.maximum(np.bincount(d.district, weights=w, minlength=n), 1e-300))


def _cars_per_household(s: Snapshot) -> float:
    h, c = s.state.households, s.state.cars
    return float(c.weight[c.alive].sum() / max(h.weight[h.alive].sum(), 1e-300))


def _electric_purchases(s: Snapshot) -> float:
    electric, other = s.state.society.adopted[:2]
    return float(100.0 * electric / max(electric + other, 1e-300))


def _banned(s: Snapshot) -> float:
    c = s.state.cars
    home = s.state.households.district[c.household]
    return _cars_share(s, s.policies.car_ban[c.crit_air.astype(np.int64), home] > 0.0)


INDICATORS: tuple[Indicator, ...] = (
    Indicator("ev_share", "Electric cars", "%", 1, "at month's end", "society", "battery-electric cars among residents' cars",
              lambda s: _cars_share(s, s.state.cars.powertrain == Powertrain.ELECTRIC)),
    Indicator("ev_purchases", "Electric among cars bought", "%", 1, "month", "society", "battery-electric among cars that replaced another",
              _electric_purchases),
    Indicator("banned_cars", "Cars kept out at home", "%", 0, "at month's end", "society",
              "residents' cars whose sticker the rules in force keep out of the district of their household", _banned),
    Indicator("diesel_share", "Diesel cars", "%", -1, "at month's end", "society", "diesel cars among residents' cars",
              lambda s: _cars_share(s, s.state.cars.powertrain == Powertrain.DIESEL)),
    Indicator("cars_per_household", "Cars per household", "cars", 0, "at month's end", "society", "residents' cars over households",
              _cars_per_household),
    Indicator("heat_pump_share", "Homes with heat pump", "%", 1, "at month's end", "society", "main homes heated by a heat pump",
              lambda s: _homes_share(s, s.state.dwellings.heating == Heating.HEAT_PUMP)),
    Indicator("retrofitted_share", "Retrofitted homes", "%", 1, "at month's end", "society", "main homes with a refurbished envelope",
              lambda s: _homes_share(s, s.state.dwellings.retrofit > Retrofit.EXISTING), _retrofitted),
    Indicator("retrofits", "Retrofits decided", "dwellings/month", 1, "month", "society", "retrofits that owners decided this month",
              lambda s: float(s.state.society.adopted[4])),
    Indicator("pv_capacity", "Rooftop PV of homes", "kWp", 1, "at month's end", "society", "PV capacity that belongs to dwellings",
              lambda s: float((s.state.dwellings.weight * s.state.dwellings.pv)[s.state.dwellings.alive].sum())),
    Indicator("bike_owners", "People with a bicycle", "%", 1, "at month's end", "society", "residents who have a working bicycle",
              lambda s: 100.0 * float(s.state.citizens.weight[s.state.citizens.alive & s.state.citizens.bike].sum()
                                      / max(s.state.citizens.weight[s.state.citizens.alive].sum(), 1e-300))),
    Indicator("trust", "Trust in the municipality", "%", 1, "at month's end", "society", "mean trust of adults",
              lambda s: 100.0 * _mean(s, s.state.citizens.trust), lambda s: 100.0 * _by_district(s, s.state.citizens.trust)),
    Indicator("satisfaction", "Satisfaction with daily life", "%", 1, "month", "society",
              "time, bills and rent, comfort, noise and air against what people are used to; 50 is as usual",
              lambda s: 100.0 * _mean(s, s.state.citizens.satisfaction)),
    Indicator("support", "Support for the roadmap", "%", 1, "at month's end", "society", "mean support of adults for announced measures",
              _support),
    Indicator("protest", "Ready to protest", "persons", -1, "month", "society", "citizens ready to take to the street, all measures",
              lambda s: float(s.state.society.protest.sum())),
)  # fmt: skip
