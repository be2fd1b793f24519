"""Road emissions at the place of driving, well to wheel, by speed and powertrain."""

from __future__ import annotations

import numpy as np

from sim.city.city import City
from sim.codes import Powertrain
from sim.columns import Floats
from sim.scenario.parameters import Parameters
from sim.state import State

#: Consumption against speed: a + b / v + c v^2 with v in km/h, the shape of average-speed functions (EMEP/EEA guidebook 2019, 1.A.3.b;
#: COPERT): high in congestion, least near 60-70 km/h. Coefficients are the project's reading of those curves: assumption.
SPEED_CURVE = (0.45, 17.0, 4.5e-5)


def speed_factor(kmh: Floats) -> Floats:
    """Consumption at a mean speed against that at 50 km/h [-]."""
    a, b, c = SPEED_CURVE
    v = np.clip(kmh, 6.0, 130.0)
    return np.asarray((a + b / v + c * v**2) / (a + b / 50.0 + c * 50.0**2))


def grams_per_km(p: Parameters) -> Floats:
    """(5,) kgCO2e/km at 50 km/h by powertrain; electricity is counted with energy, not here."""
    petrol, diesel = p["emission_petrol"], p["emission_diesel"]
    out = np.zeros(len(Powertrain))
    out[Powertrain.PETROL] = p["petrol_car_use"] * petrol
    out[Powertrain.DIESEL] = p["diesel_car_use"] * diesel
    out[Powertrain.HYBRID] = p["hybrid_car_use"] * petrol
    out[Powertrain.PLUG_IN] = (1.0 - p["plug_in_electric_share"]) * p["hybrid_car_use"] * petrol
    return out


def road_emissions(city: City, state: State, p: Parameters, cars: Floats, others: Floats, inner_km: Floats) -> Floats:
    """(D,) kgCO2e of an average working day.

    Args:
        cars: (L,) residents' and incomers' car flow in the morning peak hour.
        others: share of each link's flow that is freight (car units).
        inner_km: (D,) residents' car-km inside their district that the network does not carry [km/day].
    """
    a = city.links
    mix = state.traffic.vehicle_km / max(float(state.traffic.vehicle_km.sum()), 1e-300)
    per_km = float(mix @ grams_per_km(p)) * (1.0 - others) + p["freight_intensity"] * others
    kmh = a.length / np.maximum(state.traffic.link_time, 0.1) * 3.6
    daily = cars * p["peak_to_day"] * a.length / 1000.0 * per_km * speed_factor(kmh)
    out = np.bincount(a.district, weights=daily, minlength=city.n_districts)
    return np.asarray(out + inner_km * float(mix @ grams_per_km(p)) * float(speed_factor(np.array([22.0]))[0]))
