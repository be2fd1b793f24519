"""Road emissions at the place of driving, link by link and period by period: CO2e well to wheel, NOx and particles.

Speed functions of the EMEP/EEA guidebook 2013, 1.A.3.b.i-iv, version of September 2014 (COPERT): passenger cars of tables 3-41 and
3-47, vans from its annex, trucks as rigid ones of 12-14 t, half loaded, on level roads. Hot engines; what cold starts add is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kernels.curves import weighted_curves
from sim.city.city import City
from sim.codes import CritAir, Driver, Powertrain, RoadUser
from sim.columns import Floats
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility.freight import STICKERS, TRUCKS, VANS
from sim.systems.mobility.road import RoadResult

#: Fuel of petrol cars of 1.4-2.0 l, Euro 4 (table 3-41); only its shape is used, the level is the registry's consumption.
FUEL = (174.0, 6.85e-2, 0.364, -2.47e-4, 8.74e-3, 0.0)
#: Speeds that the curves hold for [km/h], and the most of those for trucks.
SLOWEST, FASTEST, FASTEST_TRUCK = 12.0, 130.0, 86.0
#: NOx [g/km] by Euro class, coefficients of (a + c v + e v^2 + f / v) / (1 + b v + d v^2).
PETROL_NOX = {
    1: (5.25e-1, 0.0, -1.0e-2, 0.0, 9.36e-5, 0.0), 3: (9.29e-2, -1.22e-2, -1.49e-3, 3.97e-5, 6.53e-6, 0.0),
    4: (1.06e-1, 0.0, -1.58e-3, 0.0, 7.10e-6, 0.0), 5: (1.89e-1, 1.57, 8.15e-2, 2.73e-2, -2.49e-4, -2.68e-1),
}  # fmt: skip
DIESEL_NOX = {
    1: (3.10, 1.41e-1, -6.18e-3, -5.03e-4, 4.22e-4, 0.0), 2: (2.40, 7.67e-2, -1.16e-2, -5.00e-4, 1.20e-4, 0.0),
    3: (2.82, 1.98e-1, 6.69e-2, -1.43e-3, -4.63e-4, 0.0), 4: (1.11, 0.0, -2.02e-2, 0.0, 1.48e-4, 0.0),
    5: (9.46e-1, 4.26e-3, -1.14e-2, -5.15e-5, 6.67e-5, 1.92), 6: (4.36e-1, 1.00e-2, -5.39e-3, -1.02e-4, 2.90e-5, -4.61e-1),
}  # fmt: skip
#: Particles of diesel cars [g/km], quadratic in speed; from Euro 5 on, with a filter, :data:`FILTERED` at all speeds, as petrol cars.
DIESEL_PM = {
    1: (1.14e-1, -2.33e-3, 2.26e-5), 2: (8.66e-2, -1.42e-3, 1.06e-5), 3: (5.15e-2, -8.80e-4, 8.12e-6),
    4: (4.50e-2, -5.39e-4, 3.48e-6),
}  # fmt: skip
FILTERED = 0.002
#: NOx of diesel vans: Euro 5 and 6 as cars' formula; Euro 1 quadratic, of which Euro 3 and 4 emit the shares (tables 3-62, 3-63).
VAN_NOX = {
    5: (5.14e-1, -1.44e-2, -8.55e-3, 5.68e-5, 4.30e-5, 3.43), 6: (1.83e-1, -1.446e-2, -3.07e-3, 5.71e-5, 1.54e-5, 1.227),
}  # fmt: skip
VAN_NOX_1, VAN_NOX_SHARE = (2.0247, -0.03181, 2.41e-4), {2: 1.0, 3: 0.84, 4: 0.68}
#: Trucks, Euro IV: fuel a b^v v^c [g/km]; NOx a + b / (1 + exp(-c + d ln v + e v)); other classes' NOx against it (Tier 2 factors of
#: 7.5-16 t: III 4.30, IV 2.65, V 1.51, VI 0.291 g/km).
TRUCK_FUEL, TRUCK_NOX = (1619.45, 1.011021, -0.753519), (2.459434, 21.125765, 1.058284, 1.079550, 0.0149585)
TRUCK_NOX_SHARE = {3: 4.30 / 2.65, 4: 1.0, 5: 1.51 / 2.65, 6: 0.291 / 2.65}
#: Euro class of a sticker: petrol; diesel cars and vans (Crit'Air 2 holds Euro 5 and 6, half each: assumption); trucks.
EURO_PETROL = {CritAir.C1: (5,), CritAir.C2: (4,), CritAir.C3: (3,), CritAir.UNCLASSIFIED: (1,)}
EURO_DIESEL = {
    CritAir.C2: (5, 6), CritAir.C3: (4,), CritAir.C4: (3,), CritAir.C5: (2,), CritAir.UNCLASSIFIED: (1,),
}  # fmt: skip
EURO_TRUCK = {CritAir.C1: 6, CritAir.C2: 6, CritAir.C3: 5, CritAir.C4: 4, CritAir.C5: 3, CritAir.UNCLASSIFIED: 3}
KINDS = 3  #: of vehicles: car, van, truck; half of :class:`sim.codes.RoadUser`
#: Particles below 10 um of tyres, brakes and roads [g/km] of cars, vans, trucks (guidebook, 1.A.3.b.vi-vii, rounded).
WEAR = (0.021, 0.032, 0.097)


class Drivers(NamedTuple):
    """By codes.Driver (4,), of an average working day: vehicle-km, MWh of fuel, kgCO2e well to wheel and at the exhaust."""

    km: Floats
    energy: Floats
    co2: Floats
    direct: Floats


class Emitted(NamedTuple):
    """Of an average working day, by link (L,): kgCO2e, g NOx, g of particles, and by district (D,)."""

    co2: Floats
    nox: Floats
    pm: Floats
    district_co2: Floats
    district_nox: Floats
    district_pm: Floats
    drivers: Drivers


class Factors(NamedTuple):
    """Per vehicle-km at given speeds, (kinds of vehicle: car, van, truck; n speeds): kgCO2e, g NOx, g of particles."""

    co2: Floats
    nox: Floats
    pm: Floats


def curve(coefficients: Sequence[float], kmh: Floats) -> Floats:
    """(a + c v + e v^2 + f / v) / (1 + b v + d v^2), never below zero; speeds are held within the curve's."""
    return _mixed([coefficients], [1.0], kmh)


def _mixed(coefficients: Sequence[Sequence[float]], share: Sequence[float], kmh: Floats) -> Floats:
    """(n,) sum of :func:`curve` of each, times its share."""
    table = np.array(coefficients, np.float64).reshape(-1, 6)
    return weighted_curves(table, np.array(share, np.float64), np.clip(kmh, SLOWEST, FASTEST))


def speed_factor(kmh: Floats) -> Floats:
    """Consumption of a car at a mean speed against that at 50 km/h [-]."""
    return np.asarray(curve(FUEL, kmh) / curve(FUEL, np.array([50.0])))


def fuel_per_km(p: Parameters) -> Floats:
    """(5, 2) kWh/km of petrol and diesel by powertrain at 50 km/h."""
    out = np.zeros((len(Powertrain), 2))
    out[Powertrain.PETROL, 0] = p["petrol_car_use"]
    out[Powertrain.DIESEL, 1] = p["diesel_car_use"]
    out[Powertrain.HYBRID, 0] = p["hybrid_car_use"]
    out[Powertrain.PLUG_IN, 0] = (1.0 - p["plug_in_electric_share"]) * p["hybrid_car_use"]
    return out


def fuel_factors(p: Parameters) -> tuple[Floats, Floats]:
    """(2,) kgCO2e/kWh of petrol and diesel: well to wheel, and at the exhaust."""
    whole = np.array([p["emission_petrol"], p["emission_diesel"]])
    return whole, whole * (1.0 - np.array([p["upstream_petrol"], p["upstream_diesel"]]))


def grams_per_km(p: Parameters) -> Floats:
    """(5,) kgCO2e/km by powertrain at 50 km/h; electricity is counted with energy, not here."""
    return np.asarray(fuel_per_km(p) @ fuel_factors(p)[0])


def fleet(state: State) -> Floats:
    """(5 powertrains, 7 stickers) shares of residents' car-km; those of all cars in the city, wherever they come from."""
    cars = state.cars
    km = np.where(cars.alive, cars.km * cars.weight, 0.0)
    found = np.bincount(
        cars.powertrain.astype(np.int64) * len(CritAir) + cars.crit_air, weights=km, minlength=5 * len(CritAir)
    )
    return np.asarray(found.reshape(5, -1) / max(float(found.sum()), 1e-300))


def car_nox(mix: Floats, p: Parameters, kmh: Floats) -> Floats:
    """(n,) g/km of the mix of cars."""
    curves: list[tuple[Sequence[float], float]] = []
    burning = {Powertrain.PETROL: 1.0, Powertrain.HYBRID: 1.0, Powertrain.PLUG_IN: 1.0 - p["plug_in_electric_share"]}
    for euro in PETROL_NOX:
        stickers = [s for s, classes in EURO_PETROL.items() if euro in classes]
        share = sum(part * float(mix[power, stickers].sum()) for power, part in burning.items())
        if share > 0.0:
            curves.append((PETROL_NOX[euro], share))
    for sticker, classes in EURO_DIESEL.items():
        share = float(mix[Powertrain.DIESEL, sticker]) / len(classes)
        curves += [(DIESEL_NOX[euro], share) for euro in (classes if share > 0.0 else ())]
    return _mixed([c for c, _ in curves], [share for _, share in curves], kmh)


def car_pm(mix: Floats, p: Parameters, kmh: Floats) -> Floats:
    """(n,) g/km of exhaust particles of the mix of cars."""
    v = np.clip(kmh, SLOWEST, FASTEST)
    out = np.zeros(len(kmh))
    filtered = (
        mix[[Powertrain.PETROL, Powertrain.HYBRID]].sum()
        + mix[Powertrain.DIESEL, [CritAir.E, CritAir.C1, CritAir.C2]].sum()
    )
    filtered += (1.0 - p["plug_in_electric_share"]) * mix[Powertrain.PLUG_IN].sum()
    for sticker, classes in EURO_DIESEL.items():
        share = float(mix[Powertrain.DIESEL, sticker])
        if share > 0.0 and classes[0] in DIESEL_PM:
            a, b, c = DIESEL_PM[classes[0]]
            out += share * (a + b * v + c * v**2)
    return out + float(filtered) * FILTERED


def van_nox(kmh: Floats) -> Floats:
    """(n,) g/km of the mix of vans, all diesel but the electric ones."""
    a, c, e = VAN_NOX_1
    curves = [(VAN_NOX[6], float(STICKERS[CritAir.C1]))]
    for sticker, classes in EURO_DIESEL.items():
        each = float(STICKERS[sticker]) / len(classes)
        for euro in classes:
            if euro in VAN_NOX:
                curves.append((VAN_NOX[euro], each))
            else:  # a share of the curve of Euro 1
                curves.append(((a, 0.0, c, 0.0, e, 0.0), each * VAN_NOX_SHARE.get(euro, 1.0)))
    return _mixed([one for one, _ in curves], [share for _, share in curves], kmh)


def truck_fuel(kmh: Floats) -> Floats:
    """(n,) g/km."""
    v = np.clip(kmh, SLOWEST, FASTEST_TRUCK)
    a, b, c = TRUCK_FUEL
    return np.asarray(a * b**v * v**c)


def truck_nox(kmh: Floats) -> Floats:
    """(n,) g/km of the mix of trucks."""
    v = np.clip(kmh, SLOWEST, FASTEST_TRUCK)
    a, b, c, d, e = TRUCK_NOX
    mean = sum(STICKERS[sticker] * TRUCK_NOX_SHARE[euro] for sticker, euro in EURO_TRUCK.items())
    return np.asarray(mean * (a + b / (1.0 + np.exp(-c + d * np.log(v) + e * v))))


def factors(mix: Floats, p: Parameters, kmh: Floats) -> Factors:
    """Per vehicle-km of cars, vans and trucks at ``kmh`` (n,)."""
    shape = speed_factor(kmh)
    car = float(mix.sum(axis=1) @ grams_per_km(p))
    truck = p["truck_use"] * p["emission_diesel"] * truck_fuel(kmh) / float(truck_fuel(np.array([50.0]))[0])
    burning = 1.0 - STICKERS[CritAir.E]
    ones = np.ones(len(kmh))
    dirty = float(STICKERS[CritAir.C3 :].sum())
    return Factors(
        np.stack([car * shape, burning * p["van_use"] * p["emission_diesel"] * shape, burning * truck]),
        np.stack([car_nox(mix, p, kmh), van_nox(kmh), truck_nox(kmh)]),
        np.stack([car_pm(mix, p, kmh), ones * (dirty * 0.06 + FILTERED), ones * (dirty * 0.09 + 5 * FILTERED)])
        + np.array(WEAR)[:, None],
    )


def road_emissions(
    city: City, state: State, p: Parameters, found: Sequence[RoadResult], hours: Floats, scale: float, inner_km: Floats
) -> Emitted:
    """Emissions of an average working day.

    Args:
        found: the equilibrium of each period; hours: (P,) hours that each stands for.
        scale: vehicle-km of the day over those of the periods' hours (persons' distances differ a little from the links').
        inner_km: (D,) residents' car-km in each district that no link carries [km/day].
    """
    a, mix = city.links, fleet(state)
    km = a.length / 1000.0
    total = np.zeros((3, len(a)))
    driven, emitted = np.zeros((2, len(Driver), KINDS))
    for one, often in zip(found, hours.tolist(), strict=True):
        per_km = factors(mix, p, a.length / np.maximum(one.time, 0.1) * 3.6)
        cars = one.user_flow[[RoadUser.CAR, RoadUser.CAR_KEPT_OUT]].sum(axis=0)
        vehicles = np.stack([cars, one.user_flow[list(VANS)].sum(axis=0), one.user_flow[list(TRUCKS)].sum(axis=0)])
        for k, table in enumerate(per_km):
            total[k] += often * scale * km * (vehicles * table).sum(axis=0)
        for part in one.parts:
            kind = part.user // 2
            # plain sums, not BLAS: its threads wait for one another longer than they work, and its bits depend on how many they are
            vehicle_km = part.table * km
            driven[part.driver, kind] += often * scale * float(vehicle_km.sum())
            emitted[part.driver, kind] += often * scale * float((vehicle_km * per_km.co2[kind]).sum())
    slow = factors(mix, p, np.array([p["inner_car_speed"]]))
    inside = [inner_km * float(table[0, 0]) for table in slow]
    driven[Driver.RESIDENTS, 0] += inner_km.sum()
    emitted[Driver.RESIDENTS, 0] += inside[0].sum()
    co2, nox, pm = (
        np.bincount(a.district, weights=row, minlength=city.n_districts) + more
        for row, more in zip(total, inside, strict=True)
    )
    return Emitted(total[0], total[1], total[2], co2, nox, pm, _drivers(mix, p, driven, emitted))


def _drivers(mix: Floats, p: Parameters, driven: Floats, emitted: Floats) -> Drivers:
    """Fuel and emissions at the exhaust behind those well to wheel (4 drivers, 3 kinds): cars burn their mix, the others diesel."""
    whole, direct = fuel_factors(p)
    burnt = np.stack([mix.sum(axis=1) @ fuel_per_km(p), [0.0, 1.0], [0.0, 1.0]])  # (3, 2)
    by_kg = 1.0 / np.maximum(burnt @ whole, 1e-300)
    return Drivers(
        driven.sum(axis=1), emitted @ (burnt.sum(axis=1) * by_kg) / 1000.0, emitted.sum(axis=1),
        emitted @ (burnt @ direct * by_kg),
    )  # fmt: skip
