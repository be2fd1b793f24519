"""Cars: when they are replaced, by what, and who gives one up.

The market (shares of powertrains among new and used cars) is a dated series; what differs here - grants, chargers, bans, contacts,
fuel prices - moves a household's chances by an incremental logit around it (Ortúzar & Willumsen 2011, section 7.7).
"""

from __future__ import annotations

import numpy as np

from kernels.draws import below, stream, uniforms
from kernels.lookup import highest_of, members, sums_of
from sim.agents.belongings import crit_air
from sim.codes import Carrier, CritAir, Party, Powertrain, Purpose
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society.contacts import Near

#: Chance that a replacement is a new car, by income fifth against the mean (assumption).
NEW_BY_FIFTH = np.array([0.38, 0.62, 0.92, 1.31, 1.77])
#: Chance of a first car, by income fifth against the mean (assumption).
FIRST_BY_FIFTH = np.array([0.5, 0.8, 1.0, 1.3, 1.5])
#: Ages of used cars sold in France [years] and share below (AAA Data, October 2024: 11 % up to two years old, 28 % over fifteen).
USED_EDGES = np.array([0.0, 1.0, 2.0, 5.0, 7.0, 10.0, 15.0, 25.0])
USED_BELOW = np.cumsum([0.0, 0.06, 0.05, 0.20, 0.11, 0.11, 0.19, 0.28])
#: First month in which cars with a battery to be charged were sold in numbers: none on the used market is older.
FIRST_CHARGED = 2011 * 12
#: Months of first registration at which stickers change, latest first (belongings.crit_air).
COHORTS = 12 * np.array([2011, 2006, 2001, 1997, 0])
#: Price of a replacement [€], new and used, by powertrain (assumption, 2021 orders of magnitude).
PRICE_NEW = np.array([21e3, 27e3, 27e3, 38e3, 33e3])
PRICE_USED = np.array([9e3, 10e3, 14e3, 20e3, 17e3])
#: Part of the price of a car that stays with dealers of the city (assumption).
DEALERS = 0.15


def renew(state: State, policies: Policies, p: Parameters, trends: Trends, adopters: Near) -> None:
    """Replace, or give up, the cars whose time has come. ``adopters`` (H,): share of electric among contacts' cars."""
    cars, h = state.cars, state.households
    ids, month = cars.id, state.month
    kept_out = felt_bans(state, policies)
    oldest = max(month - int(cars.since.min(initial=month)), 0)
    by_age = p["car_renewal"] / 12.0 * (np.arange(oldest + 1) / 120.0) ** p["car_renewal_shape"]
    # most draws lie above the chance of the oldest car where bans are hardest: only the others are looked at
    most = by_age.max() * (1.0 + max(p["ban_renewal"] - 1.0, 0.0) * policies.car_ban.max(initial=0.0))
    due, draw = below(state.seed, stream("society.car.due"), ids, month, 0, most)
    due, draw = due[cars.alive[due]], draw[cars.alive[due]]
    ban = kept_out[cars.crit_air[due], cars.household[due]]
    hazard = by_age[np.maximum(month - cars.since[due], 0)] * (1.0 + (p["ban_renewal"] - 1.0) * ban)
    due, ban = due[draw < hazard], ban[draw < hazard]
    gives_up = uniforms(state.seed, stream("society.car.drop"), ids[due], month, 0) < p["ban_give_up"] * ban
    _drop(state, due[gives_up])
    due, ban = due[~gives_up], ban[~gives_up]
    quintile = h.quintile[cars.household[due]]
    new = (
        uniforms(state.seed, stream("society.car.new"), ids[due], month, 0)
        < p["car_new_share"] * NEW_BY_FIFTH[quintile]
    )
    shift = _electric_shift(state, policies, p, trends, adopters, due, ban)
    power = _powertrain(state, trends, ids[due], new, shift)
    before = cars.powertrain[due].copy()
    w = cars.weight[due]
    cars.powertrain[due] = power
    u = uniforms(state.seed, stream("society.car.age"), ids[due], month, 0)
    cars.since[due] = np.where(new, month, _used_since(month, u, power, kept_out[:, cars.household[due]]))
    cars.crit_air[due] = crit_air(power, cars.since[due])
    state.flows[6] += w.sum()
    state.flows[7] += w.sum()
    electric = power == Powertrain.ELECTRIC
    state.society.adopted[0] += float(w[electric & (before != Powertrain.ELECTRIC)].sum())
    state.society.adopted[1] += float(w[~electric].sum())
    price = np.where(new, PRICE_NEW[power], PRICE_USED[power])
    grant = np.where(electric, np.minimum(policies.ev_grant[quintile], 0.5 * price), 0.0)
    bonus = np.where(electric & new, trends.at("ev_bonus", month), 0.0)
    state.society.granted[0] += np.bincount(quintile, weights=w * grant, minlength=5)
    _book(state, cars.household[due], w, price, grant, bonus, 1.0 - p["instalments_left"])


def first_cars(state: State, policies: Policies, p: Parameters, trends: Trends) -> None:
    """Households without a car but with a driver buy a used one now and then."""
    h, cars = state.households, state.cars
    chance = p["first_car"] * FIRST_BY_FIFTH
    rows, draw = below(state.seed, stream("society.car.first"), h.id, state.month, 0, chance.max())
    rows = rows[h.alive[rows] & (h.cars[rows] == 0) & (draw < chance[h.quintile[rows]])]
    rows = _with_driver(state, rows)
    if not len(rows):
        return
    new = np.arange(len(rows))
    power = _powertrain(state, trends, h.id[rows], np.zeros(len(rows), bool), np.zeros(len(rows)))
    u = uniforms(state.seed, stream("society.car.first.age"), h.id[rows], state.month, 0)
    since = _used_since(state.month, u, power, felt_bans(state, policies)[:, rows])
    weight = h.weight[rows]
    cars.extend(
        {
            "id": int(cars.id.max(initial=-1)) + 1 + new, "alive": np.ones(len(rows)), "weight": weight, "household": rows,
            "powertrain": power, "crit_air": crit_air(power, since), "since": since, "km": np.zeros(len(rows)),
        }
    )  # fmt: skip
    h.cars[rows] += 1
    state.flows[6] += float(weight.sum())
    nothing = np.zeros(len(rows))
    _book(state, rows, weight, PRICE_USED[power], nothing, nothing, 1.0 - p["instalments_left"])


def _with_driver(state: State, rows: Ints) -> Ints:
    """Those of the households ``rows`` in which somebody may drive."""
    c, asked = state.citizens, np.zeros(len(state.households), bool)
    asked[rows] = True
    people = members(c.household, asked)
    drives = np.zeros(len(asked), bool)
    drives[c.household[people[c.alive[people] & c.licence[people]]]] = True
    return rows[drives[rows]]


def _used_since(month: int, u: Floats, power: Ints, kept_out: Floats) -> Ints:
    """First registration of used cars bought in ``month``: ages of the market, the oldest left out where they may not drive.

    Args:
        month: of the purchase.
        u: (n,) uniform draws.
        power: (n,) powertrains.
        kept_out: (stickers, n) share of each sticker kept out where the buyer drives.
    """
    allowed = np.ones(len(u), bool)
    oldest = np.full(len(u), COHORTS[0])
    for start in COHORTS:
        sticker = crit_air(power, np.full(len(u), start))
        allowed &= kept_out[sticker, np.arange(len(u))] == 0.0
        oldest = np.where(allowed, start, oldest)
    reach = np.interp((month - oldest) / 12.0, USED_EDGES, USED_BELOW)
    age = (12.0 * np.interp(u * reach, USED_BELOW, USED_EDGES)).astype(np.int64)
    return np.maximum(month - age, np.where(power >= Powertrain.PLUG_IN, FIRST_CHARGED, 0))


def felt_bans(state: State, policies: Policies) -> Floats:
    """(stickers, H) share kept out at home or where a driver of the household works, whichever is larger; 0 without bans."""
    c, h = state.citizens, state.households
    if not policies.car_ban.any():
        return np.broadcast_to(0.0, (len(CritAir), len(h)))
    out = np.zeros((len(CritAir), len(h)))
    works = c.alive & c.licence
    for sticker in np.flatnonzero(policies.car_ban.any(axis=1)):
        ban = policies.car_ban[sticker]
        out[sticker] = ban[h.district]
        highest_of(works, c.household, c.main_district, ban, out[sticker])
    return out


def _electric_shift(
    state: State, policies: Policies, p: Parameters, trends: Trends, adopters: Near, due: Ints, ban: Floats
) -> Floats:
    """Log-odds of an electric car against the market's: grant, chargers near home, contacts, ban, fuel against electricity price.

    Contacts count by how far they are ahead of the country's households, whose contacts are in the market's shares already.
    """
    h, household = state.households, state.cars.household[due]
    held = sums_of(h.alive, h.district, h.weight * h.cars, len(policies.chargers))
    density = policies.chargers / np.maximum(held, 1.0) * 1000.0
    fuel = 0.5 * (policies.energy_price_factor[Carrier.PETROL] + policies.energy_price_factor[Carrier.DIESEL])
    fuel *= p.relative("fuel_price")
    power = policies.energy_price_factor[Carrier.ELECTRICITY]
    return np.asarray(
        p["ev_per_k"] * policies.ev_grant[h.quintile[household]] / 1000.0
        + p["ev_per_charger"] * density[h.district[household]]
        + p["ev_contacts"] * (adopters[household] - trends.at("households_electric", state.month))
        + p["ev_ban"] * ban
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


def _book(
    state: State, household: Ints, weight: Floats, price: Floats, grant: Floats, bonus: Floats, instalment: float
) -> None:
    """Makers receive most, dealers of the city a margin; metropole and State pay their grants; households pay off month by month.

    Each month the part ``instalment`` of what is left is paid, so that all instalments sum to the price.
    """
    total = float((weight * price).sum())
    state.pay(Party.HOUSEHOLDS, Party.OUTSIDE, total * (1.0 - DEALERS), Purpose.VEHICLES)
    state.pay(Party.HOUSEHOLDS, Party.FIRMS, total * DEALERS, Purpose.VEHICLES)
    state.pay(Party.METROPOLE, Party.HOUSEHOLDS, float((weight * grant).sum()), Purpose.GRANTS)
    state.pay(Party.STATE, Party.HOUSEHOLDS, float((weight * bonus).sum()), Purpose.GRANTS)
    np.add.at(state.households.works_bill, household, (price - grant - bonus) * instalment)
