"""What travelling costs: car kilometres by powertrain and price, fares; what households pay in a month; who receives it."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.agents.passes import free_share
from sim.city.city import City
from sim.codes import Activity, Carrier, Party, Powertrain, Purpose
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.months import days_in, parse_month
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.mobility.choice import Costs

#: kWh in a litre, as in the consumption per km of the registry (energy.toml): petrol 8.9, diesel 10.0.
PETROL_KWH, DIESEL_KWH = 8.9, 10.0
#: Months of age from which children ride on their own (assumption).
RIDING_AGE = 6 * 12
#: Month whose prices and shares the mode constants are fitted to.
FITTED_MONTH = parse_month("2023-05")


def price_per_km(p: Parameters, trends: Trends, policies: Policies, month: int) -> Floats:
    """(5,) energy cost by powertrain [€/km], taxes included."""
    factor, fuel = policies.energy_price_factor, p.relative("fuel_price")
    petrol = trends.at("petrol_price", month) * fuel * factor[Carrier.PETROL] / PETROL_KWH
    diesel = trends.at("diesel_price", month) * fuel * factor[Carrier.DIESEL] / DIESEL_KWH
    power = trends.at("home_price_electricity", month) * factor[Carrier.ELECTRICITY]
    plug = p["plug_in_electric_share"]
    electric = p["electric_car_use"] * power
    return np.array(
        [
            p["petrol_car_use"] * petrol,
            p["diesel_car_use"] * diesel,
            p["hybrid_car_use"] * petrol,
            plug * electric + (1.0 - plug) * p["hybrid_car_use"] * petrol,
            electric,
        ]
    )


def costs_now(city: City, state: State, p: Parameters, trends: Trends, policies: Policies) -> Costs:
    """Costs that choices of this month weigh."""
    energy = price_per_km(p, trends, policies, state.month)
    cars = state.cars
    cheapest = np.full(len(state.households), energy.max())
    np.minimum.at(cheapest, cars.household[cars.alive], energy[cars.powertrain[cars.alive]])
    fare = p["fare_single"] * float(policies.fare_factor[0])
    paying = np.where(state.citizens.transit_pass, p["fare_pass_trip"] * float(policies.fare_factor[0]), fare)
    paying = paying * (1.0 - free_share(state, policies, trends.clock(state.month)))
    free = state.citizens.activity == Activity.CHILD
    return Costs(cheapest + p["car_wear"], np.where(free, 0.0, paying), cycling_pace(state, p, trends))


def cycling_pace(state: State, p: Parameters, trends: Trends) -> Floats:
    """(n,) cycling minutes against an ordinary bicycle's: less on an electric one, 0 for who has none or is too young.

    A growing share of bicycles is electric, by a dated series; whose they are is a lasting draw.
    """
    c = state.citizens
    electric = uniforms(state.seed, stream("mobility.ebike"), c.id, 0, 0) < trends.at("ebike_share", state.month)
    rides = c.bike & (trends.clock(state.month) - c.birth >= RIDING_AGE)
    return np.where(rides, np.where(electric, p["bike_speed"] / p["ebike_speed"], 1.0), 0.0)


def share_out_cars(state: State, car_km_day: Floats) -> None:
    """Give each household's car kilometres of an average day [km/day] to its cars, the newest half as much again as the others."""
    cars, h = state.cars, state.households
    newest = np.full(len(h), np.iinfo(np.int32).min, np.int64)
    np.maximum.at(newest, cars.household[cars.alive], cars.since[cars.alive].astype(np.int64))
    use = np.where(cars.alive, np.where(cars.since == newest[cars.household], 1.5, 1.0), 0.0)
    total = np.bincount(cars.household, weights=use, minlength=len(h))
    monthly = car_km_day * days_in(state.month)
    cars.km[:] = use * (monthly / np.maximum(total, 1e-300))[cars.household]


def book(
    city: City,
    state: State,
    p: Parameters,
    trends: Trends,
    policies: Policies,
    car_km_day: Floats,
    paid: Floats,
    parking: Floats,
) -> None:
    """Bills of households and payments of the month. ``paid``, ``parking`` (n,) [€/working day] of each citizen; ``car_km_day`` (H,)."""
    h, c = state.households, state.citizens
    energy = price_per_km(p, trends, policies, state.month)
    cars = state.cars
    liquid = np.where(cars.powertrain == Powertrain.ELECTRIC, 0.0, energy[cars.powertrain]) * cars.km
    n = len(h)
    fuel = np.bincount(cars.household, weights=np.where(cars.alive, liquid, 0.0), minlength=n)
    days = days_in(state.month) * p["working_days"]
    fares = np.bincount(c.household, weights=np.where(c.alive, paid, 0.0), minlength=n) * days
    fees = np.bincount(c.household, weights=np.where(c.alive, parking, 0.0), minlength=n) * days
    h.transport_bill[:] = fuel + fares + fees
    # cars stand for their own weight, which differs from the household's by the rounding of a sample
    spent = float((cars.weight * np.where(cars.alive, liquid, 0.0)).sum())
    tax = spent * p["fuel_tax_share"]
    state.pay(Party.HOUSEHOLDS, Party.OUTSIDE, spent - tax, Purpose.FUEL)
    state.pay(Party.HOUSEHOLDS, Party.STATE, tax, Purpose.TAXES)
    state.pay(
        Party.HOUSEHOLDS,
        Party.TRANSIT_AUTHORITY,
        float((c.weight * np.where(c.alive, paid, 0.0)).sum() * days),
        Purpose.FARES,
    )
    state.pay(
        Party.HOUSEHOLDS,
        Party.METROPOLE,
        float((c.weight * np.where(c.alive, parking, 0.0)).sum() * days),
        Purpose.PARKING,
    )
