"""Cars: when they are replaced, by what, and who gives one up.

The market (shares of powertrains among new and used cars) is a dated series; what differs here - grants, chargers, bans, contacts,
fuel prices - moves a household's chances by an incremental logit around it (Ortúzar & Willumsen 2011, section 7.7).
"""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.agents.belongings import crit_air
from sim.codes import Carrier, Party, Powertrain, Purpose
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State

#: Chance that a replacement is a new car, by income fifth (assumption; three quarters of purchases in France are used cars).
NEW_SHARE = np.array([0.10, 0.16, 0.24, 0.34, 0.46])
#: Price of a replacement [€], new and used, by powertrain (assumption, 2021 orders of magnitude).
PRICE_NEW = np.array([21e3, 27e3, 27e3, 38e3, 33e3])
PRICE_USED = np.array([9e3, 10e3, 14e3, 20e3, 17e3])


def renew(state: State, policies: Policies, p: Parameters, trends: Trends, adopters: Floats) -> None:
    """Replace, or give up, the cars whose time has come. ``adopters`` (H,): share of electric among contacts' cars."""
    cars, h = state.cars, state.households
    ids, month = cars.id, state.month
    banned = banned_cars(state, policies)
    age = np.maximum(month - cars.since, 0) / 12.0
    hazard = p["car_renewal"] / 12.0 * (age / 10.0) ** p["car_renewal_shape"] * np.where(banned, p["ban_renewal"], 1.0)
    due = np.flatnonzero(cars.alive & (uniforms(state.seed, stream("society.car.due"), ids, month, 0) < hazard))
    gives_up = banned[due] & (uniforms(state.seed, stream("society.car.drop"), ids[due], month, 0) < p["ban_give_up"])
    _drop(state, due[gives_up])
    due = due[~gives_up]
    quintile = h.quintile[cars.household[due]]
    new = uniforms(state.seed, stream("society.car.new"), ids[due], month, 0) < NEW_SHARE[quintile]
    shift = _electric_shift(state, policies, p, adopters, due, quintile, banned[due])
    power = _powertrain(state, trends, ids[due], new, shift)
    before = cars.powertrain[due].copy()
    w = cars.weight[due]
    cars.powertrain[due] = power
    used_age = 36 + (84.0 * uniforms(state.seed, stream("society.car.age"), ids[due], month, 0)).astype(np.int64)
    cars.since[due] = np.where(new, month, month - used_age)
    cars.crit_air[due] = crit_air(power, cars.since[due])
    state.flows[6] += w.sum()
    state.flows[7] += w.sum()
    electric = power == Powertrain.ELECTRIC
    state.society.adopted[0] += float(w[electric & (before != Powertrain.ELECTRIC)].sum())
    state.society.adopted[1] += float(w[~electric].sum())
    price = np.where(new, PRICE_NEW[power], PRICE_USED[power])
    grant = np.where(electric, np.minimum(policies.ev_grant[quintile], 0.5 * price), 0.0)
    bonus = np.where(electric & new, trends.at("ev_bonus", month), 0.0)
    _book(state, cars.household[due], w, price, grant, bonus)


def first_cars(state: State, p: Parameters, trends: Trends) -> None:
    """Households without a car but with a driver buy a used one now and then."""
    h, c, cars = state.households, state.citizens, state.cars
    drives = np.bincount(c.household[c.alive & c.licence], minlength=len(h)) > 0
    chance = p["first_car"] * np.array([0.5, 0.8, 1.0, 1.3, 1.5])[h.quintile]
    draw = uniforms(state.seed, stream("society.car.first"), h.id, state.month, 0)
    rows = np.flatnonzero(h.alive & (h.cars == 0) & drives & (draw < chance))
    if not len(rows):
        return
    new = np.arange(len(rows))
    power = _powertrain(state, trends, h.id[rows], np.zeros(len(rows), bool), np.zeros(len(rows)))
    since = (
        state.month
        - 36
        - (84.0 * uniforms(state.seed, stream("society.car.first.age"), h.id[rows], state.month, 0)).astype(np.int64)
    )
    weight = h.weight[rows]
    cars.extend(
        {
            "id": int(cars.id.max(initial=-1)) + 1 + new, "alive": np.ones(len(rows)), "weight": weight, "household": rows,
            "powertrain": power, "crit_air": crit_air(power, since), "since": since, "km": np.zeros(len(rows)),
        }
    )  # fmt: skip
    h.cars[rows] += 1
    state.flows[6] += float(weight.sum())
    _book(state, rows, weight, PRICE_USED[power], np.zeros(len(rows)), np.zeros(len(rows)))


def banned_cars(state: State, policies: Policies) -> Bools:
    """(cars,) banned in the owner's district."""
    cars = state.cars
    if not policies.car_ban.any():
        return np.zeros(len(cars), bool)
    home = state.households.district[cars.household]
    return np.asarray(policies.car_ban[cars.crit_air.astype(np.int64), home] > 0.0)


def _electric_shift(
    state: State, policies: Policies, p: Parameters, adopters: Floats, due: Ints, quintile: Ints, banned: Bools
) -> Floats:
    """Log-odds of an electric car against the market's: grant, chargers near home, contacts, ban, fuel against electricity price."""
    h, cars = state.households, state.cars
    home = h.district[cars.household[due]]
    held = np.bincount(h.district, weights=np.where(h.alive, h.weight * h.cars, 0.0), minlength=len(policies.chargers))
    density = policies.chargers / np.maximum(held, 1.0) * 1000.0
    fuel = 0.5 * (policies.energy_price_factor[Carrier.PETROL] + policies.energy_price_factor[Carrier.DIESEL])
    power = policies.energy_price_factor[Carrier.ELECTRICITY]
    contacts = adopters[cars.household[due]]
    return np.asarray(
        p["ev_per_k"] * policies.ev_grant[quintile] / 1000.0
        + p["ev_per_charger"] * density[home]
        + p["ev_contacts"] * (contacts - contacts.mean() if len(contacts) else contacts)
        + np.where(banned, p["ev_ban"], 0.0)
        + p["ev_fuel"] * np.log(fuel / power)
    )


def _powertrain(state: State, trends: Trends, ids: Ints, new: Bools, shift: Floats) -> Ints:
    """Draw the powertrain: market shares of the month, electric moved by ``shift``, the others scaled to fit."""
    month = state.month
    shares = np.array(
        [[trends.at(f"{market}_{power.name.lower()}", month) for power in Powertrain] for market in ("used", "new")]
    )[new.astype(int)]
    shares = shares / shares.sum(axis=1, keepdims=True)
    odds = shares[:, Powertrain.ELECTRIC] / (1.0 - shares[:, Powertrain.ELECTRIC]) * np.exp(shift)
    electric = odds / (1.0 + odds)
    rest = (1.0 - electric) / (1.0 - shares[:, Powertrain.ELECTRIC])
    shares = shares * rest[:, None]
    shares[:, Powertrain.ELECTRIC] = electric
    u = uniforms(state.seed, stream("society.car.power"), ids, month, 0)
    # electric first: a larger chance of electric adds buyers and turns nobody away from it
    order = np.array([Powertrain.ELECTRIC, Powertrain.PLUG_IN, Powertrain.HYBRID, Powertrain.PETROL, Powertrain.DIESEL])
    column = (u[:, None] > np.cumsum(shares[:, order], axis=1)[:, :-1]).sum(axis=1)
    return np.asarray(order[column])


def _drop(state: State, rows: Ints) -> None:
    """Cars given up without replacement."""
    cars, h = state.cars, state.households
    cars.alive[rows] = False
    cars.km[rows] = 0.0
    np.subtract.at(h.cars, cars.household[rows], np.int8(1))
    gone = float(cars.weight[rows].sum())
    state.flows[7] += gone
    state.society.adopted[7] += gone


def _book(state: State, household: Ints, weight: Floats, price: Floats, grant: Floats, bonus: Floats) -> None:
    """Makers receive most, local dealers a margin; the metropole and the State pay their grants."""
    state.pay(Party.HOUSEHOLDS, Party.OUTSIDE, float((weight * price).sum()) * 0.85, Purpose.VEHICLES)
    state.pay(Party.HOUSEHOLDS, Party.OUTSIDE, float((weight * price).sum()) * 0.15, Purpose.CONSUMPTION)
    state.pay(Party.METROPOLE, Party.HOUSEHOLDS, float((weight * grant).sum()), Purpose.GRANTS)
    state.pay(Party.STATE, Party.HOUSEHOLDS, float((weight * bonus).sum()), Purpose.GRANTS)
    np.add.at(state.households.works_bill, household, (price - grant - bonus) / 60.0)
