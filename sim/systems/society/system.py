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
from sim.agents.housing import rent_at_start, vacancy
from sim.city.city import City
from sim.codes import Mode, Party, Purpose, Status
from sim.columns import Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import Society, State
from sim.systems.society import cars, cooling, envelopes, heating, participation, rents, roofs
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
        state.society = Society(
            support=np.full((n, m), 0.5), expected=np.full((n, m), 0.5), adopted=np.zeros(11), granted=np.zeros((6, 5)),
            protest=np.zeros(m), usual_trust=state.citizens.trust.copy(), reference_time=state.citizens.travel_time.copy(),
            reference_cost=_bills(state), reference_loud=state.traffic.loud.copy(), reference_air=state.traffic.nox.copy(),
            engaged=np.zeros(n), took_part=np.zeros(n), volunteers=np.zeros(d), coconstruction=np.zeros(m), edition=np.array([-1.0]),
            ideas=np.zeros(d), votes=np.zeros(d), rent=rent_at_start(self.city, self.parameters), usual_vacancy=vacancy(state, d),
            moved=np.zeros(d),
        )  # fmt: skip

    def decide(self, state: State, policies: Policies) -> None:
        """Renewals and investments. In a world that stands still worn-out things are replaced by their like: nothing changes."""
        state.society.adopted[:] = 0.0
        state.society.granted[:] = 0.0
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
        bills = _bills(state)
        if self.trends.unchanged and not policies.announced.any():
            # until something happens, what is lived is the usual
            s.reference_time, s.reference_cost = c.travel_time.copy(), bills.copy()
            s.reference_loud, s.reference_air = state.traffic.loud.copy(), state.traffic.nox.copy()
        # whoever begins or ceases to travel (job, school, retirement) lives another life: no gain or loss of travel time
        other_life = (s.reference_time > 0.0) != (c.travel_time > 0.0)
        s.reference_time[other_life] = c.travel_time[other_life]
        time_gain = (s.reference_time - c.travel_time) / p["time_scale"]
        money_gain = ((s.reference_cost - bills) / p["money_scale"])[c.household]
        around = _surroundings(state, p)
        lived = np.tanh(time_gain) * 0.5 + np.tanh(money_gain) * 0.5 + p["surroundings_weight"] * around[c.district]
        felt = np.where(lived < 0.0, 1.0, 1.0 / p["loss_aversion"]) * lived
        c.satisfaction[:] = 0.5 + 0.5 * felt
        self._trust(state, policies)
        known = np.flatnonzero(policies.announced > 0.0)
        s.protest[:] = 0.0
        if len(known):
            self._support(state, policies, lived, known, around)
        s.reference_time += p["adaptation"] * (c.travel_time - s.reference_time)
        s.reference_cost += p["adaptation"] * (bills - s.reference_cost)
        s.reference_loud += p["adaptation"] * (state.traffic.loud - s.reference_loud)
        s.reference_air += p["adaptation"] * (state.traffic.nox - s.reference_air)

    def _trust(self, state: State, policies: Policies) -> None:
        """Promises kept or late, what is shared in participation, daily life."""
        p, town, c = self.parameters, state.townhall, state.citizens
        known = policies.announced > 0.0
        late = float((known & (town.status == Status.WAITING)).sum())
        kept = float((known & (town.status == Status.IN_FORCE)).sum())
        people = max(float(c.weight[c.alive].sum()), 1.0)
        shared = float(policies.participation[0]) * 12.0 / people
        pull = (
            p["trust_kept"] * np.tanh(kept / 10.0)
            - p["trust_late"] * np.tanh(late / 3.0)
            + p["trust_shared"] * np.tanh(shared / 10.0)
        )
        aim = (
            state.society.usual_trust
            + pull
            + p["trust_life"] * (c.satisfaction - 0.5)
            + p["trust_engaged"] * state.society.engaged
        )
        c.trust[:] = np.clip(c.trust + p["trust_pace"] * (aim - c.trust), 0.01, 0.99)

    def _support(self, state: State, policies: Policies, lived: Floats, known: Ints, around: Floats) -> None:
        """Own judgement, then word of mouth, of the measures ``known`` to the public; who is ready to protest."""
        p, c, s = self.parameters, state.citizens, state.society
        driver = np.logical_or.reduce(
            [mode == Mode.CAR for mode in (c.main_mode, c.shop_mode, c.leisure_mode, c.escort_mode)]
        )
        together = p["coconstruction_support"] * s.coconstruction
        background, common = self._for_everybody(state, policies, known, lived, around)
        common += p["coconstruction_spread"] * together
        judgement(
            known, policies.expected_drivers, policies.expected_others, policies.in_force, policies.exposure, c.alive, c.district,
            c.main_district, driver, lived, c.trust, p["loss_aversion"], p["belief_in_trust"], p["expectation_kept"], background,
            common, s.engaged, (1.0 - p["coconstruction_spread"]) * together, s.expected, p["judgement_pace"],
        )  # fmt: skip
        alive = state.households.alive
        homes_mean = household_mean(known, c.household, c.alive, s.support, len(alive))
        heard = neighbour_mean(state.contact_first, state.contacts, alive, homes_mean)
        word_of_mouth(known, s.expected, heard, c.alive, c.household, p["stubbornness"], s.support, p["opinion_pace"])
        adults = np.where(c.alive & (self.trends.clock(state.month) - c.birth >= ADULT), c.weight, 0.0)
        s.protest[known] = weight_below(known, s.support, adults, p["protest_below"]) * p["protest_share"]

    def _for_everybody(
        self, state: State, policies: Policies, known: Ints, lived: Floats, around: Floats
    ) -> tuple[Floats, Floats]:
        """What is alike for all, by measure: what the untouched live meanwhile, and what weighs in everybody's judgement.

        The latter is fairness (how the poorer judge it against everybody) and the effect on surroundings seen where the measure acts.
        The background is drawn towards nothing where few are left untouched, because nobody could then tell.
        """
        p, c, h = self.parameters, state.citizens, state.households
        weight = np.where(c.alive, c.weight, 0.0)
        people = np.bincount(c.district, weights=weight, minlength=self.city.n_districts)
        living = np.bincount(c.district, weights=weight * lived, minlength=self.city.n_districts)
        spared = 1.0 - policies.exposure
        background = spared @ living / np.maximum(spared @ people + UNTOLD * people.sum(), 1e-300)
        there = policies.exposure * people
        seen = there @ around / np.maximum(there.sum(axis=1), 1e-300)
        common = p["effect_seen"] * policies.in_force * seen
        fair = group_gap(known, state.society.expected, weight, h.quintile[c.household] <= POORER)
        common[known] += p["fairness"] * 2.0 * fair
        return background, common


def _surroundings(state: State, p: Parameters) -> Floats:
    """(D,) gain of quiet and clean air near home against what people are used to, -1..1."""
    s, t = state.society, state.traffic
    quiet = (s.reference_loud - t.loud) / p["loud_scale"]
    clean = (s.reference_air - t.nox) / np.maximum(s.reference_air, 1e-300) / p["air_scale"]
    return np.asarray(0.5 * np.tanh(quiet) + 0.5 * np.tanh(np.maximum(clean, -10.0)))


def _bills(state: State) -> Floats:
    """(H,) energy of the year by month, transport of the month [€/month]."""
    h = state.households
    year = np.zeros(len(h))
    known = state.energy.year_bill
    year[: len(known)] = known / 12.0
    return np.asarray(year + h.transport_bill)
