"""The economy of a month: access, incidents, services, demand, firms, labour market, projects, money."""

from __future__ import annotations

import numpy as np

from sim.city.city import City
from sim.city.flows import VACANT
from sim.codes import Activity, Party, Period, Purpose, Sector
from sim.columns import Floats
from sim.measures.policies import THEMES, Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import Economy, State
from sim.systems.economy import cyber, digital, firms, labour, projects, renewal, utilities
from sim.systems.economy.sectors import OUTSIDE_SALES, TURNOVER, VALUE_ADDED, WAGE


class EconomySystem:
    """Firms and jobs of one city."""

    def __init__(self, city: City, parameters: Parameters, trends: Trends) -> None:
        self.city, self.parameters, self.trends = city, parameters, trends

    def begin(self, state: State) -> None:
        """Posts as the firms offer them, incomers for what residents do not hold, references of the date."""
        n = self.city.n_districts
        posts = labour.posts(state, n)
        residents = labour.held_by_residents(state, n)
        incomers = np.clip(posts * (1.0 - VACANT) - residents, 0.0, None)
        vacancies = np.maximum(posts - residents - incomers, 0.0)
        h = state.households
        held = (residents + incomers).sum(axis=0)
        state.economy = Economy(
            posts=posts, residents=residents, incomers=incomers, vacancies=vacancies, demand=np.ones(len(Sector)),
            value_added=np.zeros(len(Sector)), accessibility=np.ones(n), projects=np.zeros(len(THEMES)), purse=np.zeros(len(THEMES)),
            granted=np.zeros(len(Sector)), bought=np.zeros(len(Sector)), signed=np.zeros(len(THEMES)),
            closed=np.zeros(1), renewed=np.zeros(1), grants_used=np.zeros(3), base_jobs=state.firms.jobs.copy(), usual_vacancies=vacancies,
            usual_incomers=incomers.sum(axis=0) / np.maximum(held, 1e-300), reference_access=self._access(state),
            reference_income=np.array([(h.weight * h.income)[h.alive].sum()]),
            reference_trend=firms.trend(self.trends, state.month),
            usual_outside=labour.held_outside(state, len(self.city.cordon)),
            usual_unemployment=np.array([labour.unemployment(state)]),
            born=np.zeros(1), unserved=np.zeros(len(Sector)), usual_cash=self._usual_cash(state), trained=np.zeros(1),
            services=np.array([self.parameters["digital_services_start"]]), included=np.zeros(1), able=np.ones(n),
            continuity=np.ones(1), usual_maturity=np.zeros(len(Sector)), incidents=np.zeros(2), outage=np.zeros(1),
            service_lost=np.zeros(1), days_lost=np.zeros(1), cyber_loss=np.zeros(len(Sector)), cyber_cost=np.zeros(2),
            water=np.zeros(3), waste=np.zeros(3), utility_cost=np.zeros(2), utility_fees=np.zeros((2, 2)), utility_co2=np.zeros((2, 3)),
            **projects.begin(state, self.parameters, n),
        )  # fmt: skip
        state.economy.usual_maturity = digital.maturity(state)
        state.economy.able = digital.able(state, n, self.trends.clock(state.month))
        state.firms.liquidity[:] = state.economy.usual_cash * self._sales(state)
        self._earn(state)

    def update(self, state: State, policies: Policies) -> None:
        """One month."""
        e, p = state.economy, self.parameters
        if self.trends.unchanged and not policies.announced.any():
            e.reference_access = self._access(state)  # until something happens, what is there is the usual
        e.accessibility = self._access(state) / e.reference_access
        e.pilots = e.reach.copy()
        if not self.trends.unchanged:
            cyber.strike(state, policies, p, self.city)
        inhabitants = self.city.districts.population.astype(np.float64)
        digital.serve(state, policies, p, inhabitants, self.trends.clock(state.month))
        e.demand = firms.demand_index(state, policies, self.trends)
        firms.adjust(state, policies, p, self.trends)
        renewal.found(state, p, firms.lasting_demand(state, self.trends))
        if not self.trends.unchanged:
            renewal.turn_over(state, p)
        labour.balance(state, p, self.city.n_districts, float(policies.training[0]))
        if not self.trends.unchanged:
            firms.learn(state, p)
        projects.run(state, policies, p, self.city)
        utilities.serve(state, policies, p, self.trends.at("firm_price_electricity", state.month))
        self._earn(state)
        # a purchase that says its branches: it moves demand by its lever, not by the ledger (firms.public_orders)
        e.bought = policies.procurement.copy()
        state.pay(Party.METROPOLE, Party.FIRMS, float(e.bought.sum()), Purpose.CONSUMPTION)

    def _access(self, state: State) -> Floats:
        """(D,) people in work or looking for it, weighed by driving time (Combes & Gobillon 2015: market potential)."""
        c = state.citizens
        active = c.alive & np.isin(c.activity, (Activity.EMPLOYED, Activity.UNEMPLOYED))
        labour_force = np.bincount(c.district[active], weights=c.weight[active], minlength=self.city.n_districts)
        pull = np.exp(-np.ascontiguousarray(state.traffic.car_time[Period.MORNING]) / self.parameters["access_decay"])
        # a plain sum, not BLAS: its result must not depend on how an array happens to lie in memory
        return np.asarray((pull * labour_force[:, None]).sum(axis=0))

    def _usual_cash(self, state: State) -> Floats:
        """(firms,) months of sales held in cash: lognormal about the mean, one draw for life."""
        spread, p = self.parameters["cash_spread"], self.parameters
        return np.asarray(cyber.spread(state.seed, "economy.cash", state.firms.id, 0, spread) * p["cash_months"])

    def _sales(self, state: State) -> Floats:
        f = state.firms
        return np.asarray(state.economy.base_jobs * VALUE_ADDED[f.sector] / 12.0 * TURNOVER)

    def _earn(self, state: State) -> None:
        """Value added, wages, sales, taxes, benefits of the month."""
        e = state.economy
        f = state.firms
        held = (e.residents + e.incomers).sum(axis=0)
        base = np.bincount(f.sector, weights=np.where(f.alive, f.weight * e.base_jobs, 0.0), minlength=len(held))
        e.value_added = (
            VALUE_ADDED
            / 12.0
            * np.minimum(base * e.demand * (1.0 - VACANT), held * (1.0 + self.parameters["overtime"]))
        )
        e.value_added = np.maximum(e.value_added - e.cyber_loss, 0.0)
        resident_wages = float((e.residents.sum(axis=0) * WAGE).sum())
        state.pay(Party.FIRMS, Party.HOUSEHOLDS, resident_wages, Purpose.WAGES)
        state.pay(Party.FIRMS, Party.OUTSIDE, float((e.incomers.sum(axis=0) * WAGE).sum()), Purpose.WAGES)
        sales = e.value_added * TURNOVER
        state.pay(Party.OUTSIDE, Party.FIRMS, float((sales * OUTSIDE_SALES).sum()), Purpose.SALES)
        h = state.households
        income = float((h.weight * h.income)[h.alive].sum())
        spent = income * self.parameters["consumed_locally"] - float(e.utility_fees[:, 0].sum())
        state.pay(Party.HOUSEHOLDS, Party.FIRMS, max(spent, 0.0), Purpose.CONSUMPTION)
        state.pay(Party.FIRMS, Party.STATE, float(e.value_added.sum()) * self.parameters["tax_share"], Purpose.TAXES)
        c = state.citizens
        idle = float(c.weight[c.alive & (c.activity == Activity.UNEMPLOYED)].sum())
        state.pay(Party.STATE, Party.HOUSEHOLDS, idle * self.parameters["unemployment_benefit"], Purpose.BENEFITS)
