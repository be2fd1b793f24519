"""Road emissions at the place of driving, well to wheel, by speed and powertrain."""

from __future__ import annotations

import numpy as np

from sim.city.city import City
from sim.codes import Powertrain
from sim.columns import Floats
from sim.scenario.parameters import Parameters
from sim.state import State

#: Fuel against mean speed, (a + c v + e v^2) / (1 + b v + d v^2) in g/km with v in km/h: petrol cars of 1.4-2.0 l, Euro 4 (COPERT;
#: EMEP/EEA guidebook 2013, 1.A.3.b, version of September 2014, table 3-41). Only its shape is used.
A, B, C, D, E = 174.0, 6.85e-2, 0.364, -2.47e-4, 8.74e-3
#: Speeds the curve holds for [km/h].
SLOWEST, FASTEST = 10.0, 130.0


def fuel_curve(kmh: Floats) -> Floats:
    """Fuel at a mean speed [g/km]: high in congestion, least near 70 km/h."""
    v = np.clip(kmh, SLOWEST, FASTEST)
    return np.asarray((A + C * v + E * v**2) / (1.0 + B * v + D * v**2))


def speed_factor(kmh: Floats) -> Floats:
    """Consumption at a mean speed against that at 50 km/h [-]."""
    return np.asarray(fuel_curve(kmh) / fuel_curve(np.array([50.0])))


def grams_per_km(p: Parameters) -> Floats:
    """(5,) kgCO2e/km by powertrain at 50 km/h; electricity is counted with energy, not here."""
    petrol, diesel = p["emission_petrol"], p["emission_diesel"]
    out = np.zeros(len(Powertrain))
    out[Powertrain.PETROL] = p["petrol_car_use"] * petrol
    out[Powertrain.DIESEL] = p["diesel_car_use"] * diesel
    out[Powertrain.HYBRID] = p["hybrid_car_use"] * petrol
    out[Powertrain.PLUG_IN] = (1.0 - p["plug_in_electric_share"]) * p["hybrid_car_use"] * petrol
    return out


def road_emissions(city: City, state: State, p: Parameters, freight: float, inner_km: Floats) -> Floats:
    """(D,) kgCO2e of an average working day, from ``state.traffic`` as it stands.

    Speeds are those of the morning peak hour, the mix of powertrains that of residents' kilometres; freight's share is the same on
    every link.

    Args:
        freight: share of vehicle-km on the network that is freight (car units).
        inner_km: (D,) residents' car-km in each district that no link carries [km/day].
    """
    a, t = city.links, state.traffic
    mix = t.vehicle_km / max(float(t.vehicle_km.sum()), 1e-300)
    car = float(mix @ grams_per_km(p))
    kmh = a.length / np.maximum(t.link_time, 0.1) * 3.6
    daily = t.link_flow * float(t.day_factor[0]) * a.length / 1000.0 * speed_factor(kmh)
    per_km = car * (1.0 - freight) + p["freight_intensity"] * freight
    out = np.bincount(a.district, weights=daily * per_km, minlength=city.n_districts)
    return np.asarray(out + inner_km * car * float(speed_factor(np.array([p["inner_car_speed"]]))[0]))
