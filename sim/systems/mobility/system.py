"""The mobility of a month: supply, choices, road equilibrium, what travellers live through, what they pay and emit.

Demand and supply meet once a month: citizens who reconsider choose by the times they perceive (a moving mean of the months'
equilibria), then the road settles with everybody's choices. Months chain, so the pair converges; ``residual`` is its distance.
"""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.city.city import City
from sim.codes import Mode
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State, Traffic
from sim.systems.mobility import choice, costs, demand, supply
from sim.systems.mobility.choice import MAIN, OTHER, Options
from sim.systems.mobility.emissions import road_emissions
from sim.systems.mobility.road import Road, RoadResult


class MobilitySystem:
    """Mobility of one city. Keeps nothing from month to month: ``state.traffic`` does."""

    def __init__(
        self, city: City, parameters: Parameters, trends: Trends, *, gap: float = 1e-4, threads: int = 1
    ) -> None:
        self.city, self.parameters, self.trends = city, parameters, trends
        self.road = Road(city, threads, gap)
        self.constants = choice.constants(city)
        self.walk = supply.walking_minutes(city, parameters)

    def begin(self, state: State) -> None:
        """First skims on empty roads, first choices of everybody, first equilibrium."""
        city, n = self.city, self.city.n_districts
        blank = np.zeros
        state.traffic = Traffic.blank()
        t = state.traffic
        t.link_flow, t.link_time = blank(len(city.links)), city.links.free_time.copy()
        t.gap, t.background_km, t.residual = blank(1), blank(1), blank(1)
        t.trips, t.trip_km, t.line_boardings = blank((n, 4)), blank((n, 4)), blank(len(city.lines))
        t.vehicle_km, t.emissions, t.walk_time = blank(5), blank(n), self.walk.copy()
        t.transit_time, t.bike_time = blank((n, n)), blank((n, n))
        t.supply = blank(0)
        nothing = compose((), axis_sizes(city, len(state.townhall.status)))
        self._renew_supply(state, nothing)
        empty = np.zeros((self.road.n_zones, self.road.n_zones))
        free = self.road.settle(empty, nothing, state)
        t.car_time, t.car_km = self._car_skims(free)
        for _ in range(3):  # everybody chooses, roads fill, everybody chooses again
            self._choose(state, nothing, everybody=True)
            self._travel(state, nothing, perceive=1.0)

    def settle(self, state: State, policies: Policies) -> None:
        """One month."""
        self._renew_supply(state, policies)
        self._choose(state, policies, everybody=False)
        self._travel(state, policies, perceive=self.parameters["perception_speed"])

    # --- supply ---------------------------------------------------------------------------------------------------

    def _renew_supply(self, state: State, policies: Policies) -> None:
        """Transit and cycling times, only where the roadmap changed them since they were computed."""
        t, p = state.traffic, self.parameters
        transit_key = np.r_[self._running(policies), policies.headway_factor]
        cycle_key = policies.cycle_level
        key = np.r_[transit_key, cycle_key]
        n = len(transit_key)
        fresh = len(t.supply) != len(key)
        if fresh or not np.array_equal(t.supply[:n], transit_key):
            t.transit_time = self._transit(policies).times()
        if fresh or not np.array_equal(t.supply[n:], cycle_key):
            t.bike_time = supply.cycling_minutes(self.city, policies, p)
        t.supply = key

    def _running(self, policies: Policies) -> Floats:
        return np.maximum(self.city.lines.running, policies.line_added > 0.0).astype(np.float64)

    def _transit(self, policies: Policies) -> supply.Transit:
        p = self.parameters
        headway = self.city.lines.headway_peak * policies.headway_factor
        key = (p["wait_share"], p["walk_speed"], p["boarding_penalty"])
        running = tuple(bool(x) for x in self._running(policies))
        return supply.transit_for(self.city, key, running, tuple(headway.tolist()))

    # --- choices --------------------------------------------------------------------------------------------------

    def _choose(self, state: State, policies: Policies, *, everybody: bool) -> None:
        """Citizens who reconsider, and those whose way of travelling has gone, choose."""
        c, p = state.citizens, self.parameters
        thinking = c.alive & np.ones(len(c), bool) if everybody else choice.reconsiders(state, p)
        now = costs.costs_now(self.city, state, p, self.trends, policies)
        for purpose in (MAIN, OTHER):
            no_car = self._no_car(state, policies, purpose)
            mode = c.main_mode if purpose == MAIN else c.other_mode
            lost = c.alive & ((mode < 0) | ((mode == Mode.CAR) & no_car))
            rows = np.flatnonzero((thinking | lost) & ((c.main_district != -1) if purpose == MAIN else True))
            found = self._options(state, policies, rows, purpose, now, no_car)
            mode[rows], wishes = choice.take(state, p, rows, purpose, found)
            if purpose == MAIN:
                c.telework_days[rows] = choice.works_at_home(state, policies, rows, wishes, p)
                self._mandate(state, policies)

    def _mandate(self, state: State, policies: Policies) -> None:
        """A mandate binds at once, not only those who reconsider."""
        floor = float(policies.telework_mandate[0])
        c = state.citizens
        below = c.alive & c.remote & (c.telework_days < floor) & (c.firm >= 0)
        c.telework_days[below] = floor

    def _no_car(self, state: State, policies: Policies, purpose: int) -> Bools:
        """(n,) no car in the household, or none that may be used on this tour."""
        c = state.citizens
        none = state.households.cars[c.household] == 0
        if not policies.car_ban.any():
            return np.asarray(none)
        draw = uniforms(state.seed, stream("mobility.compliance"), state.households.id, 0, 0)
        to = c.main_district if purpose == MAIN else c.other_district
        return np.asarray(none | demand.banned(self.city, state, policies, to, c.alive, draw))

    def _options(
        self, state: State, policies: Policies, rows: Ints, purpose: int, now: choice.Costs, no_car: Bools
    ) -> Options:
        return choice.options(self.city, state, self.parameters, policies, rows, purpose, now, no_car, self.constants)

    # --- travelling -----------------------------------------------------------------------------------------------

    def _travel(self, state: State, policies: Policies, perceive: float) -> None:
        city, p, t = self.city, self.parameters, state.traffic
        main = demand.main_trips(state, p)
        other = demand.other_trips(state, p, policies)
        cars = demand.peak_cars(city, state, p, policies, main, other)
        rest = demand.background(city, state, p, policies)
        found = self.road.settle(cars + rest, policies, state)
        time, km = self._car_skims(found)
        t.residual = np.array([np.abs(time - t.car_time).sum() / t.car_time.sum()])
        t.car_time = t.car_time + perceive * (time - t.car_time)
        t.car_km = km
        t.link_flow, t.link_time, t.gap = found.flow, found.time, np.array([found.gap])
        self._live_through(state, policies, main, other)
        share = rest.sum() / max(float((cars + rest).sum()), 1e-300)
        freight = float(city.cordon.freight.sum()) / max(float((cars + rest).sum()), 1e-300)
        network_km = float((found.flow * city.links.length).sum() / 1000.0) * p["peak_to_day"]
        t.background_km = np.array([network_km * share])
        t.emissions = road_emissions(
            city, state, p, found.flow, np.full(len(found.flow), freight), self._inner_km(state, main, other)
        )

    def _car_skims(self, found: RoadResult) -> tuple[Floats, Floats]:
        """(D, D) minutes and km between districts; inside a district a stated urban speed, and access."""
        n = self.city.n_districts
        time, km = found.zone_time[:n, :n].copy(), found.zone_km[:n, :n].copy()
        inner = self.city.districts.inner_distance
        speed = self.parameters["inner_car_speed"]
        np.fill_diagonal(time, inner / speed * 60.0 + 2.0 * float(self.city.connectors.time.mean()) / 60.0)
        np.fill_diagonal(km, inner)
        return time + self.parameters["parking_search"], km

    def _live_through(self, state: State, policies: Policies, main: Floats, other: Floats) -> None:
        """Travel time and distance of each citizen, trips by district and mode, cars' kilometres, payments."""
        city, c, p = self.city, state.citizens, self.parameters
        now = costs.costs_now(city, state, p, self.trends, policies)
        n = len(c)
        minutes, km, fares, parking = (np.zeros(n) for _ in range(4))
        car_km = np.zeros(len(state.households))
        trips, trip_km = np.zeros((city.n_districts, 4)), np.zeros((city.n_districts, 4))
        transit = np.zeros((city.n_districts, city.n_districts))
        for purpose, count in ((MAIN, main), (OTHER, other)):
            rows = np.flatnonzero(count > 0.0)
            mode = (c.main_mode if purpose == MAIN else c.other_mode)[rows].astype(np.int64)
            found = self._options(state, policies, rows, purpose, now, np.zeros(n, bool))
            times = np.where(np.isfinite(found.minutes), found.minutes, p["longest_ride"])
            taken = times[np.arange(len(rows)), mode]
            minutes[rows] += count[rows] * taken
            km[rows] += count[rows] * found.km
            by_car, by_transit = mode == Mode.CAR, mode == Mode.TRANSIT
            occupancy = p["occupancy_work"] if purpose == MAIN else p["occupancy_other"]
            np.add.at(car_km, c.household[rows[by_car]], (count[rows] * found.km)[by_car] / occupancy)
            fares[rows[by_transit]] += (count[rows] * now.fare[rows])[by_transit]
            to = np.where(purpose == MAIN, c.main_district[rows], c.other_district[rows])
            fee = choice.parking(city, p, policies, np.maximum(to, 0).astype(np.int64), to < 0)
            parking[rows[by_car]] += (count[rows] * fee / occupancy)[by_car]
            weight = c.weight[rows] * count[rows]
            cell = c.district[rows].astype(np.int64) * 4 + mode
            trips += np.bincount(cell, weights=weight, minlength=trips.size).reshape(trips.shape)
            trip_km += np.bincount(cell, weights=weight * found.km, minlength=trips.size).reshape(trips.shape)
            ridden = by_transit & (to >= 0)
            pair = c.district[rows[ridden]].astype(np.int64) * city.n_districts + to[ridden]
            transit += np.bincount(pair, weights=weight[ridden], minlength=transit.size).reshape(transit.shape)
        c.travel_time[:], c.travel_km[:] = minutes, km
        t = state.traffic
        t.trips, t.trip_km = trips, trip_km
        t.line_boardings = self._transit(policies).boardings(transit)
        costs.share_out_cars(
            state, car_km * costs.WORKING_SHARE + car_km * (1.0 - costs.WORKING_SHARE) * p["weekend_share"]
        )
        costs.book(city, state, p, self.trends, policies, car_km, fares, parking)
        cars = state.cars
        daily = np.where(cars.alive, cars.km * cars.weight, 0.0) / 30.4
        t.vehicle_km = np.bincount(cars.powertrain, weights=daily, minlength=5)

    def _inner_km(self, state: State, main: Floats, other: Floats) -> Floats:
        """(D,) car-km a day of tours inside the own district, which no link carries."""
        c, p = state.citizens, self.parameters
        d = self.city.districts
        out = np.zeros(len(d))
        for mode, to, count, occupancy in (
            (c.main_mode, c.main_district, main, p["occupancy_work"]), (c.other_mode, c.other_district, other, p["occupancy_other"]),
        ):  # fmt: skip
            mine = (mode == Mode.CAR) & (to == c.district)
            out += (
                np.bincount(c.district[mine], weights=(c.weight * count)[mine] / occupancy, minlength=len(d))
                * d.inner_distance
            )
        return out
