"""The mobility of a month: supply, choices, road equilibrium, what travellers live through, what they pay and emit.

Demand and supply meet once a month: citizens who reconsider choose by the times they perceive (a moving mean of the months'
equilibria), then the road settles with everybody's choices. Months chain, so the pair converges; ``residual`` is its distance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.draws import stream, uniforms
from kernels.journeys import Day, travel
from sim.city.city import City
from sim.codes import Mode, Period, RoadUser
from sim.columns import Bools, Floats
from sim.measures.policies import Policies, axis_sizes, compose
from sim.months import days_in
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State, Traffic
from sim.systems.mobility import choice, costs, demand, supply, transit
from sim.systems.mobility.choice import MAIN, OTHER
from sim.systems.mobility.emissions import road_emissions
from sim.systems.mobility.road import FREE, Road, RoadResult


class Driven(NamedTuple):
    """Residents' vehicle-km of an average working day."""

    network: float  #: on links, between districts and to the gates
    inside: Floats  #: (D,) in each district, which no link carries


class MobilitySystem:
    """Mobility of one city. Keeps nothing from month to month: ``state.traffic`` does."""

    def __init__(
        self, city: City, parameters: Parameters, trends: Trends, *, gap: float = 1e-4, threads: int = 1
    ) -> None:
        self.city, self.parameters, self.trends = city, parameters, trends
        self.road = Road(city, parameters, threads, gap)
        self.constants = choice.constants(city)
        self.walk = supply.walking_minutes(city, parameters)

    def begin(self, state: State) -> None:
        """First skims on empty roads, first choices of everybody, first equilibrium."""
        city, n = self.city, self.city.n_districts
        blank = np.zeros
        state.traffic = Traffic.blank()
        t = state.traffic
        t.link_flow, t.link_time = blank(len(city.links)), city.links.free_time.copy()
        t.gap, t.background_km, t.residual, t.day_factor = blank(1), blank(1), blank(1), blank(1)
        t.trips, t.trip_km, t.line_boardings = blank((n, 4)), blank((n, 4)), blank(len(city.lines))
        t.vehicle_km, t.emissions, t.walk_time = blank(5), blank(n), self.walk.copy()
        t.bike_time = blank((n, n))
        t.segment_felt, t.transit_pace = blank((2, len(transit.segments(city).line))), blank((2, 2))
        t.supply = blank(0)
        nothing = compose((), axis_sizes(city, len(state.townhall.status)))
        self._renew_supply(state, nothing)
        empty = np.zeros((len(RoadUser), self.road.n_zones, self.road.n_zones))
        free = self.road.settle(Period.MORNING, empty, nothing, state)
        t.car_time, t.car_km, t.gate_time, t.gate_km = self._car_skims(free)
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
            transit.show(t, transit.networks(self.city, p, policies))
            t.transit_pace = np.zeros((2, 2))
        if fresh or not np.array_equal(t.supply[n:], cycle_key):
            t.bike_time = supply.cycling_minutes(self.city, policies, p)
        t.supply = key

    def _running(self, policies: Policies) -> Floats:
        return np.maximum(self.city.lines.running, policies.line_added > 0.0).astype(np.float64)

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
            way = choice.journeys(self.city, state, p, policies, rows, purpose)
            utility = choice.utilities(self.city, state, p, rows, purpose, way, now, no_car, self.constants)
            mode[rows], wishes = choice.take(state, p, rows, purpose, utility)
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

    # --- travelling -----------------------------------------------------------------------------------------------

    def _travel(self, state: State, policies: Policies, perceive: float) -> None:
        """The road settles with everybody's choices; times perceived move towards it; the day is lived, paid and emitted."""
        city, p, t = self.city, self.parameters, state.traffic
        main = demand.main_trips(state, p)
        other = demand.other_trips(state, p, policies, costs.price_rise(self.trends, policies, state.month))
        cars = demand.peak_cars(city, state, p, main, other)
        rest = demand.background(city, state, p, policies)
        found = self.road.settle(Period.MORNING, demand.road_users(cars, rest), policies, state)
        time, km, gate_time, gate_km = self._car_skims(found)
        t.residual = np.array([np.abs(time - t.car_time).sum() / t.car_time.sum()])
        t.car_time = t.car_time + perceive * (time - t.car_time)
        t.gate_time = t.gate_time + perceive * (gate_time - t.gate_time)
        t.car_km, t.gate_km = km, gate_km
        t.link_flow, t.link_time, t.gap = found.flow, found.time, np.array([found.gap])
        driven = self._live_through(state, policies, main, other)
        day = demand.day_kilometres(p, driven.network, rest, found.zone_km[FREE])
        peak = float((found.flow * city.links.length).sum()) / 1000.0
        t.day_factor = np.array([day.total() / max(peak, 1e-300)])
        t.background_km = np.array([day.incomers + day.goods])
        t.emissions = road_emissions(city, state, p, day.freight / max(day.total(), 1e-300), driven.inside)

    def _car_skims(self, found: RoadResult) -> tuple[Floats, Floats, Floats, Floats]:
        """Minutes and km between districts and to the gates, at their ends and inside a district at a stated urban speed."""
        n, p = self.city.n_districts, self.parameters
        inner, ends = self.city.districts.inner_distance, choice.access_km(self.city, p)
        pace = 60.0 / p["inner_car_speed"]
        both = ends[:, None] + ends
        km, gate_km = found.zone_km[FREE, :n, :n] + both, found.zone_km[FREE, :n, n:] + ends[:, None]
        time = found.zone_time[FREE, :n, :n] + both * pace
        np.fill_diagonal(time, inner * pace + 2.0 * float(self.city.connectors.time.mean()) / 60.0)
        np.fill_diagonal(km, inner)
        gate_time = found.zone_time[FREE, :n, n:] + ends[:, None] * pace
        return time + p["parking_search"], km, gate_time + p["parking_search"], gate_km

    def _live_through(self, state: State, policies: Policies, main: Floats, other: Floats) -> Driven:
        """Travel time and distance of each citizen, trips by district and mode, cars' kilometres, payments."""
        city, c, p, t = self.city, state.citizens, self.parameters, state.traffic
        n, d = len(c), city.n_districts
        now = costs.costs_now(city, state, p, self.trends, policies)
        fee, tables = choice.parking(city, p, policies), choice.ways(city, state, p)
        zeros = np.zeros
        day = Day(
            minutes=zeros(n), km=zeros(n), fares=zeros(n), parking=zeros(n), car_km=zeros(len(state.households)), inside=zeros(d),
            trips=zeros((d, 4)), trip_km=zeros((d, 4)), transit=zeros((d, d)),
        )  # fmt: skip
        network, riders, paid = 0.0, [], np.zeros((d, d))
        for purpose, count in ((MAIN, main), (OTHER, other)):
            rode, fares = day.transit.copy(), day.fares.copy()
            network += travel(
                state.seed, stream(choice.INNER), purpose, tables, c.id, c.district, choice.destination(state, purpose), c.main_gate,
                c.main_mode if purpose == MAIN else c.other_mode, count, c.weight, demand.occupancy(state, p, purpose), c.household,
                now.fare, fee, p["longest_ride"], day,
            )  # fmt: skip
            riders.append(day.transit - rode)
            paid += self._paid(state, purpose, day.fares - fares)
        c.travel_time[:], c.travel_km[:] = day.minutes, day.km
        t.trips, t.trip_km = day.trips, day.trip_km
        hourly, by_day = transit.by_period(riders[0], riders[1], p)
        transit.ride(t, transit.networks(city, p, policies), hourly, by_day, (paid + paid.T) / 2.0)
        costs.share_out_cars(state, day.car_km * costs.average_day(p))
        costs.book(city, state, p, self.trends, policies, day.car_km, day.fares, day.parking)
        cars_km = np.where(state.cars.alive, state.cars.km * state.cars.weight, 0.0) / days_in(state.month)
        t.vehicle_km = np.bincount(state.cars.powertrain, weights=cars_km, minlength=5)
        return Driven(network, day.inside)

    def _paid(self, state: State, purpose: int, fares: Floats) -> Floats:
        """(D, D) fares of tours of a purpose by home and destination [€/day]; ``fares`` (n,) by citizen."""
        c, d = state.citizens, self.city.n_districts
        rows = np.flatnonzero(fares > 0.0)
        pair = c.district[rows].astype(np.int64) * d + choice.destination(state, purpose)[rows]
        return np.bincount(pair, weights=(c.weight * fares)[rows], minlength=d * d).reshape(d, d)
