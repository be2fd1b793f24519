"""What households buy and build (before the month's traffic), and what citizens think of it all (after)."""

from __future__ import annotations

import numpy as np

from kernels.diffusion import (
    group_gap,
    household_mean,
    judgement,
    neighbour_mean,
    weight_below,
    word_of_mouth,
)
from kernels.draws import below, stream
from sim.agents.housing import vacancy
from sim.city.city import City
from sim.codes import Mode, Party, Purpose
from sim.columns import Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import Society, State
from sim.systems.society import cars, cooling, envelopes, heating, lived, participation, rents, roofs, trust
from sim.systems.society.contacts import look_around

UNTOLD = 0.1  #: share of all people below which the untouched no longer tell what would have happened anyway
POORER = 1  #: last income fifth that counts as poorer: the two poorest
ADULT = 18 * 12  #: age of those who may protest [months]


class SocietySystem:
    """Decisions and opinions of one city's people."""

    def __init__(self, city: City, parameters: Parameters, trends: Trends) -> None:
        self.city, self.parameters, self.trends = city, parameters, trends

    def begin(self, state: State) -> None:
        """Nobody has judged anything yet; what is lived now is the usual."""
        n, m, d = len(state.citizens), len(state.townhall.status), self.city.n_districts
        homes = rents.begin(self.city, state, self.parameters)
        state.society = Society(
            support=np.full((n, m), 0.5), expected=np.full((n, m), 0.5), adopted=np.zeros(11), granted=np.zeros((6, 5)),
            protest=np.zeros(m), usual_trust=state.citizens.trust.copy(), reference_time=np.zeros(n), reference_loud=np.zeros(d),
            reference_cost=np.zeros(len(state.households)), reference_air=np.zeros(d), reference_ride=np.zeros(n),
            reference_cold=np.full(len(state.households), np.nan), usual_heat=np.full(12, np.nan),
            engaged=np.zeros(n), took_part=np.zeros(n), volunteers=np.zeros(d), coconstruction=np.zeros(m), edition=np.array([-1.0]),
            ideas=np.zeros(d), votes=np.zeros(d), usual_vacancy=vacancy(state, d), moved=np.zeros(d), **homes,
        )  # fmt: skip
        lived.begin_usual(state, lived.life(state, False, self.parameters))

    def decide(self, state: State, policies: Policies) -> None:
        """Renewals and investments. In a world that stands still worn-out things are replaced by their like: nothing changes."""
        state.society.adopted[:] = 0.0
        state.society.granted[:] = 0.0
        rents.sign_leases(self.city, state, self.parameters)
        rents.pay_rents(state, self.parameters)
        if self.trends.unchanged:
            return
        p, trends = self.parameters, self.trends
        state.households.works_bill *= p["instalments_left"]
        electric, retrofitted, solar, heard = look_around(state)
        cars.renew(state, policies, p, trends, electric)
        cars.first_cars(state, policies, p, trends)
        envelopes.finish_works(state)
        heating.connect_flats(state, policies, p)
        heating.renew_heating(state, policies, p, trends)
        envelopes.obey_rental_ban(state, policies, p)
        envelopes.retrofit(state, policies, p, trends, retrofitted)
        roofs.install_pv(state, policies, p, trends, solar)
        roofs.add_batteries(state, policies, p, trends)
        cooling.buy_cooling(state, policies, p, trends)
        self._buy_bicycles(state, policies)
        rents.move_rents(state, p)
        participation.take_part(state, policies, p, trends, heard)

    def _buy_bicycles(self, state: State, policies: Policies) -> None:
        """A grant brings bicycles to some who have none; the metropole pays it to them."""
        c, amount = state.citizens, float(policies.bike_grant[0])
        if amount == 0.0:
            return
        chance = self.parameters["bikes_per_100"] * amount / 100.0
        buyers, _ = below(state.seed, stream("society.bicycle"), c.id, state.month, 0, chance)
        buyers = buyers[c.alive[buyers] & ~c.bike[buyers]]
        c.bike[buyers] = True
        quintile = state.households.quintile[c.household[buyers]]
        state.society.granted[4] += np.bincount(quintile, weights=c.weight[buyers] * amount, minlength=5)
        state.pay(Party.METROPOLE, Party.HOUSEHOLDS, float(c.weight[buyers].sum()) * amount, Purpose.GRANTS)

    def judge(self, state: State, policies: Policies) -> None:
        """Satisfaction with daily life, trust in the municipality, support for each measure."""
        p, c, s = self.parameters, state.citizens, state.society
        now = lived.life(state, bool(policies.heatwave[0] > 0.0), p, lived.emergency(policies))
        if self.trends.unchanged and not policies.announced.any():
            lived.begin_usual(state, now)  # until something happens, what is lived is the usual
        lived.other_lives(state, now)
        gain, around = lived.gains(state, now, p)
        c.satisfaction[:] = 0.5 + 0.5 * np.where(gain < 0.0, 1.0, 1.0 / p["loss_aversion"]) * gain
        trust.move_trust(state, policies, p, self.trends.clock(state.month))
        known = np.flatnonzero(policies.announced > 0.0)
        s.protest[:] = 0.0
        if len(known):
            self._support(state, policies, gain, known, around)
        lived.get_used(state, now, bool(policies.heatwave[0] > 0.0), p)

    def _support(self, state: State, policies: Policies, gain: Floats, known: Ints, around: Floats) -> None:
        """Own judgement, then word of mouth, of the measures ``known`` to the public; who is ready to protest."""
        p, c, s = self.parameters, state.citizens, state.society
        driver = np.logical_or.reduce(
            [mode == Mode.CAR for mode in (c.main_mode, c.shop_mode, c.leisure_mode, c.escort_mode)]
        )
        together = p["coconstruction_support"] * s.coconstruction
        background, common = self._for_everybody(state, policies, known, gain, around)
        common += p["coconstruction_spread"] * together
        judgement(
            known, policies.expected_drivers, policies.expected_others, policies.in_force, policies.exposure, c.alive, c.district,
            c.main_district, driver, gain, c.trust, p["loss_aversion"], p["belief_in_trust"], p["expectation_kept"], background,
            common, s.engaged, (1.0 - p["coconstruction_spread"]) * together, s.expected, p["judgement_pace"],
        )  # fmt: skip
        alive = state.households.alive
        homes_mean = household_mean(known, c.household, c.alive, s.support, len(alive))
        heard = neighbour_mean(state.contact_first, state.contacts, alive, homes_mean)
        word_of_mouth(known, s.expected, heard, c.alive, c.household, p["stubbornness"], s.support, p["opinion_pace"])
        adults = np.where(c.alive & (self.trends.clock(state.month) - c.birth >= ADULT), c.weight, 0.0)
        s.protest[known] = weight_below(known, s.support, adults, p["protest_below"]) * p["protest_share"]

    def _for_everybody(
        self, state: State, policies: Policies, known: Ints, gain: Floats, around: Floats
    ) -> tuple[Floats, Floats]:
        """What is alike for all, by measure: what the untouched live meanwhile, and what weighs in everybody's judgement.

        The latter is fairness (how the poorer judge it against everybody) and the effect on surroundings seen where the measure acts.
        The background is drawn towards nothing where few are left untouched, because nobody could then tell.
        """
        p, c, h = self.parameters, state.citizens, state.households
        weight = np.where(c.alive, c.weight, 0.0)
        people = np.bincount(c.district, weights=weight, minlength=self.city.n_districts)
        living = np.bincount(c.district, weights=weight * gain, minlength=self.city.n_districts)
        spared = 1.0 - policies.exposure
        background = spared @ living / np.maximum(spared @ people + UNTOLD * people.sum(), 1e-300)
        there = policies.exposure * people
        seen = there @ around / np.maximum(there.sum(axis=1), 1e-300)
        common = p["effect_seen"] * policies.in_force * seen
        fair = group_gap(known, state.society.expected, weight, h.quintile[c.household] <= POORER)
        common[known] += p["fairness"] * 2.0 * fair
        return background, common
