"""Cars: stickers by the decree, purchases against the market's series, bans, money and numbers that close."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.belongings import crit_air
from sim.city.city import City
from sim.codes import Carrier, CritAir, Party, Powertrain, Purpose
from sim.conservation import stocks
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.months import parse_month
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society import SocietySystem, cars
from tests.tiny import tiny_state

JUNE = 2023 * 12 + 5
P = Parameters()
ELECTRIC = Powertrain.ELECTRIC


def policies(city: City, *contributions: Contribution) -> Policies:
    return compose(contributions, axis_sizes(city, 2))


def a_state(city: City, seed: int = 1) -> State:
    """9,000 cars, whose ages and powertrains are made up."""
    state = tiny_state(city, seed=seed, share=1.0, month=JUNE)
    state.cars.crit_air[:] = crit_air(state.cars.powertrain, state.cars.since)
    return state


def bought(state: State, plan: Policies, p: Parameters = P, ahead: float = 0.0) -> tuple[State, np.ndarray, np.ndarray]:
    """The state after a month of renewals, cars replaced and cars given up; contacts are as far as the country's plus ``ahead``."""
    after, trends = state.copy(), Trends()
    adopters = np.full(len(state.households), trends.at("households_electric", state.month) + ahead)
    cars.renew(after, plan, p, trends, adopters)
    changed = (after.cars.since != state.cars.since) | (after.cars.powertrain != state.cars.powertrain)
    return after, np.flatnonzero(changed), np.flatnonzero(state.cars.alive & ~after.cars.alive)


@pytest.mark.parametrize(
    ("power", "registered", "sticker"),
    [
        # arrêté du 21 juin 2016, annexe: passenger cars by energy and date of first registration
        ("ELECTRIC", "2012-05", "E"), ("PLUG_IN", "2014-01", "C1"),
        ("PETROL", "2011-01", "C1"), ("PETROL", "2010-12", "C2"), ("PETROL", "2006-01", "C2"), ("PETROL", "2005-12", "C3"),
        ("PETROL", "1997-01", "C3"), ("PETROL", "1996-12", "UNCLASSIFIED"), ("HYBRID", "2010-12", "C2"), ("HYBRID", "2015-01", "C1"),
        ("DIESEL", "2011-01", "C2"), ("DIESEL", "2010-12", "C3"), ("DIESEL", "2006-01", "C3"), ("DIESEL", "2005-12", "C4"),
        ("DIESEL", "2001-01", "C4"), ("DIESEL", "2000-12", "C5"), ("DIESEL", "1997-01", "C5"), ("DIESEL", "1996-12", "UNCLASSIFIED"),
    ],
)  # fmt: skip
def test_stickers_are_those_of_the_decree(power: str, registered: str, sticker: str) -> None:
    found = crit_air(np.array([Powertrain[power]]), np.array([parse_month(registered)]))
    assert CritAir(int(found[0])) is CritAir[sticker]


def test_as_many_cars_are_replaced_as_their_ages_say(city: City) -> None:
    # expected number: the sum over cars of rate/12 (age/10)^shape, written again; four standard deviations of independent draws
    state = a_state(city)
    after, rows, gone = bought(state, policies(city))
    age = np.maximum(state.month - state.cars.since, 0) / 12.0
    chance = P["car_renewal"] / 12.0 * (age / 10.0) ** P["car_renewal_shape"]
    made = after.society.adopted[1] + after.cars.weight[rows][after.cars.powertrain[rows] == ELECTRIC].sum()
    expected, spread = (state.cars.weight * chance).sum(), np.sqrt((state.cars.weight**2 * chance * (1 - chance)).sum())
    assert made == pytest.approx(expected, abs=4.0 * spread)
    assert not len(gone)


def test_the_fleet_closes(city: City) -> None:
    state = a_state(city)
    plan = policies(city, Contribution("car_ban", 0.9, (slice(int(CritAir.C3), None), slice(None))))
    after, _, gone = bought(state, plan)
    assert len(gone)
    came, went = after.flows[6], after.flows[7]
    assert stocks(after).cars - stocks(state).cars == pytest.approx(came - went)
    assert went - came == pytest.approx(state.cars.weight[gone].sum()) == pytest.approx(after.society.adopted[7])
    held = np.bincount(after.cars.household[after.cars.alive], minlength=len(after.households))
    assert (held == after.households.cars).all()


def purchases(
    city: City, plan: Policies, p: Parameters = P, ahead: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Powertrain, first registration and income fifth of the cars bought over twelve independent cities."""
    found = []
    for seed in range(12):
        state = a_state(city)
        state.seed = seed
        after, rows, _ = bought(state, plan, p, ahead)
        found.append(
            (after.cars.powertrain[rows], after.cars.since[rows], state.households.quintile[after.cars.household[rows]])
        )
    power, since, quintile = (np.concatenate(part) for part in zip(*found, strict=True))
    return power, since, quintile


def test_powertrains_ages_and_new_cars_follow_the_market(city: City) -> None:
    power, since, quintile = purchases(city, policies(city))
    n, new = len(power), since == JUNE
    assert n > 800
    share = P["car_new_share"] * cars.NEW_BY_FIFTH[quintile]
    assert new.sum() == pytest.approx(share.sum(), abs=4.0 * np.sqrt((share * (1 - share)).sum()) + 0.005 * n)
    series = Trends()
    for code in Powertrain:
        market = [series.at(f"{kind}_{code.name.lower()}", JUNE) for kind in ("new", "used")]
        chance = share * market[0] + (1.0 - share) * market[1]
        assert (power == code).sum() == pytest.approx(chance.sum(), abs=4.0 * np.sqrt((chance * (1 - chance)).sum())), (
            code
        )
    # used cars without a plug by age: AAA Data, October 2024 (1-2 years 5 %, 2-5 20 %, 5-7 11 %, 7-10 11 %, 10-15 19 %, over 28 %)
    age = (JUNE - since[~new & (power < Powertrain.PLUG_IN)]) / 12.0
    classes = np.histogram(age, [1, 2, 5, 7, 10, 15, 99])[0] / (age >= 1).sum()
    published = np.array([0.05, 0.20, 0.11, 0.11, 0.19, 0.28]) / 0.94
    assert classes == pytest.approx(published, abs=4.0 * 0.5 / np.sqrt(len(age)))
    assert since[power >= Powertrain.PLUG_IN].min() >= cars.FIRST_CHARGED


def test_a_grant_moves_the_odds_by_its_coefficient(city: City) -> None:
    # log-odds of electric rise by ev_per_k a thousand euros: the expected number from the market's shares, one by one
    p = Parameters({"car_new_share": 0.2, "ev_per_k": 0.18})
    power, _, quintile = purchases(city, policies(city, Contribution("ev_grant", 8000.0)), p)
    share, series = p["car_new_share"] * cars.NEW_BY_FIFTH[quintile], Trends()
    chance = np.zeros(len(power))
    for part, kind in ((share, "new"), (1.0 - share, "used")):
        odds = series.at(f"{kind}_electric", JUNE) / (1.0 - series.at(f"{kind}_electric", JUNE)) * np.exp(0.18 * 8.0)
        chance += part * odds / (1.0 + odds)
    assert (power == ELECTRIC).sum() == pytest.approx(chance.sum(), abs=4.0 * np.sqrt((chance * (1 - chance)).sum()))


@pytest.mark.parametrize(
    ("lever", "value"), [("ev_grant", 5000.0), ("chargers", 400.0), ("energy_price_factor", 1.5), ("contacts", 0.3)]
)
def test_what_favours_electric_cars_adds_buyers_and_turns_nobody_away(city: City, lever: str, value: float) -> None:
    # the same draws in both worlds
    state = a_state(city)
    state.cars.since[:] = JUNE - 240  # many buyers
    where = [Carrier.PETROL, Carrier.DIESEL] if lever == "energy_price_factor" else None
    plan = policies(city) if lever == "contacts" else policies(city, Contribution(lever, value, where))
    more, rows, _ = bought(state, plan, ahead=value if lever == "contacts" else 0.0)
    before, same, _ = bought(state, policies(city))
    electric, was = more.cars.powertrain == ELECTRIC, before.cars.powertrain == ELECTRIC
    assert set(rows) == set(same)
    assert (electric & ~was).any()
    assert not (was & ~electric).any()


def test_who_is_kept_out_buys_what_may_drive_and_others_buy_as_before(city: City) -> None:
    state, rng = a_state(city), np.random.default_rng(1)
    state.cars.since[:] = JUNE - rng.integers(120, 330, len(state.cars))
    state.cars.crit_air[:] = crit_air(state.cars.powertrain, state.cars.since)
    plan = policies(city, Contribution("car_ban", 0.9, (slice(int(CritAir.C4), None), [4])))
    kept_out = cars.felt_bans(state, plan)
    after, rows, _ = bought(state, plan, Parameters({"ban_give_up": 0.02}))
    before, _, _ = bought(state, policies(city))
    out = kept_out[CritAir.C5, state.cars.household] > 0.0
    c, h = state.citizens, state.households
    lives_or_works = set(np.flatnonzero(h.district == 4)) | set(c.household[c.licence & (c.main_district == 4)])
    assert set(np.flatnonzero(kept_out[CritAir.C5] > 0.0)) == lives_or_works
    assert out[rows].any()
    assert (after.cars.crit_air[rows][out[rows]] < CritAir.C4).all()
    assert (after.cars.crit_air[rows][~out[rows]] >= CritAir.C4).any()
    for name in ("since", "powertrain", "crit_air", "alive"):
        assert np.array_equal(getattr(after.cars, name)[~out], getattr(before.cars, name)[~out])
    # banned cars are replaced sooner
    banned = out & (state.cars.crit_air >= CritAir.C4)
    assert np.isin(rows, np.flatnonzero(banned)).sum() > 1.5 * (before.cars.since != state.cars.since)[banned].sum()


def test_every_euro_of_a_car_is_paid_and_paid_off(city: City) -> None:
    state = a_state(city)
    plan = policies(city, Contribution("ev_grant", 4000.0))
    after, rows, _ = bought(state, plan)
    k, h = after.cars, state.households
    new, electric = k.since[rows] == JUNE, k.powertrain[rows] == ELECTRIC
    price = np.where(new, cars.PRICE_NEW[k.powertrain[rows]], cars.PRICE_USED[k.powertrain[rows]])
    grant, bonus = np.where(electric, 4000.0, 0.0), np.where(electric & new, Trends().at("ev_bonus", JUNE), 0.0)
    w = k.weight[rows]
    paid = after.ledger[Party.HOUSEHOLDS, :, Purpose.VEHICLES].sum()
    assert paid == pytest.approx(
        (w * price).sum(), rel=0.01
    )  # cars replaced by their exact like escape the count of the test
    assert after.ledger[Party.METROPOLE, Party.HOUSEHOLDS, Purpose.GRANTS] == pytest.approx((w * grant).sum())
    assert after.ledger[Party.STATE, Party.HOUSEHOLDS, Purpose.GRANTS] == pytest.approx((w * bonus).sum())
    assert after.society.granted[0].sum() == pytest.approx((w * grant).sum())
    # the first instalment is the part 1 - q of the price, and a geometric series of them is the price
    first = (after.households.works_bill * h.weight).sum()
    all_of_them = first / (1.0 - P["instalments_left"])
    net = paid - after.ledger[[Party.METROPOLE, Party.STATE], Party.HOUSEHOLDS, Purpose.GRANTS].sum()
    assert all_of_them == pytest.approx(net)


def test_first_cars_go_to_drivers_without_one(city: City) -> None:
    state = a_state(city)
    n, before = len(state.cars), state.households.cars.copy()
    cars.first_cars(state, policies(city), P, Trends())
    h, c = state.households, state.citizens
    buyers = state.cars.household[n:]
    assert len(buyers) == len(set(buyers)) > 5
    assert (before[buyers] == 0).all()
    assert (h.cars[buyers] == 1).all()
    assert np.isin(buyers, c.household[c.licence]).all()
    chance = P["first_car"] * np.array([0.5, 0.8, 1.0, 1.3, 1.5])[h.quintile]
    could = (before == 0) & np.isin(np.arange(len(h)), c.household[c.licence])
    assert len(buyers) == pytest.approx(chance[could].sum(), abs=4.0 * np.sqrt(chance[could].sum()))
    assert state.flows[6] == pytest.approx(state.cars.weight[n:].sum())


def test_a_world_that_stands_still_replaces_nothing(city: City) -> None:
    state = a_state(city)
    society = SocietySystem(city, P, Trends(JUNE))
    before = state.copy()
    society.decide(state, policies(city))
    for name, array in before.arrays().items():
        if not name.startswith("society."):
            assert np.array_equal(array, state.arrays()[name]), name


def test_what_moves_the_odds_of_an_electric_car_adds_up(city: City) -> None:
    state, trends = a_state(city), Trends()
    due, n = np.arange(200), len(state.households)
    plan = policies(
        city, Contribution("ev_grant", 3000.0), Contribution("chargers", 50.0),
        Contribution("energy_price_factor", 1.5, [Carrier.PETROL, Carrier.DIESEL]),
        Contribution("energy_price_factor", 1.2, [Carrier.ELECTRICITY]),
    )  # fmt: skip
    contacts, ban = np.linspace(0.0, 1.0, n), np.linspace(0.0, 0.9, len(due))
    found = cars._electric_shift(state, plan, P, trends, contacts, due, ban)
    h = state.households
    for i in due[::20]:
        home = int(state.cars.household[i])
        held = sum(h.weight[j] * h.cars[j] for j in range(n) if h.district[j] == h.district[home])
        expected = (
            P["ev_per_k"] * 3.0 + P["ev_per_charger"] * 50.0 / held * 1000.0 + P["ev_ban"] * ban[i] + P["ev_fuel"] * np.log(1.5 / 1.2)
            + P["ev_contacts"] * (contacts[home] - trends.at("households_electric", JUNE))
        )  # fmt: skip
        assert found[i] == pytest.approx(expected)
