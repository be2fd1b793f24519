"""The mobility of a month: supply, choices, road equilibrium, what travellers live through, what they pay and emit.

Demand and supply meet once a month: households that reconsider choose by the times they perceive (a moving mean of the months'
equilibria), then the roads of all periods settle with everybody's choices. Months chain, so the pair converges; ``residual`` is its
distance: misperceived vehicle-hours over all of the day's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from kernels.draws import stream
from kernels.journeys import Day, Place, Ways, travel
from sim.city.city import City
from sim.codes import Driver, Errand, Mode, Period, RoadUser
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies, axis_sizes, compose
from sim.months import average_day, days_in
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State, Traffic
from sim.systems.mobility import choice, cordon, costs, demand, destinations, incomers, noise, supply, tours, transit
from sim.systems.mobility.emissions import road_emissions
from sim.systems.mobility.freight import TRUCKS
from sim.systems.mobility.road import FREE, KEPT, Road, RoadResult
from sim.systems.mobility.skims import driven_km, misperceived, skims

#: Times perceived that the calibrated city keeps (``City.prepared``), for runs to begin with.
PERCEIVED = ("car_time", "kept_time", "gate_time")
#: How far the times perceived move to those met when everybody chooses at once: farther, and queues at the gates swing.
AT_ONCE = 0.5
#: A run begins once its residual is below this, or after so many rounds.
BEGUN, MOST_ROUNDS = 0.01, 8


class Driven(NamedTuple):
    """Residents' vehicle-km of an average working day."""

    network: float  #: on links, between districts and to the gates
    inside: Floats  #: (D,) in each district, which no link carries


class Setting(NamedTuple):
    """What all choices of a month share."""

    policies: Policies
    costs: choice.Costs
    cars: choice.Garage
    place: Place
    ways: Mapping[Errand, Ways]  #: tables between districts by the times that are perceived
    habit: bool  #: what was done until now has its inertia
    first: bool  #: what there is now is the usual from now on


class UnderWay(NamedTuple):
    """A month whose morning has settled on the roads and that nobody has travelled through yet."""

    setting: Setting
    perceive: float  #: how far the times perceived move to those met
    counts: Sequence[Floats]
    cars: Floats  #: (P, 2, Z, Z) of residents and commuters in each period's hour, kept out of zones or not
    coming: incomers.Coming
    rest: cordon.Outside
    demand: Mapping[Driver, Floats]
    morning: RoadResult


class MobilitySystem:
    """Mobility of one city. Keeps nothing from month to month: ``state.traffic`` does."""

    def __init__(
        self, city: City, parameters: Parameters, trends: Trends, *, gap: float = 1e-4, threads: int = 1,
        kin: MobilitySystem | None = None,
    ) -> None:  # fmt: skip
        """``kin``: a system of the same city and parameters; what follows from these alone is taken from it."""
        self.city, self.parameters, self.trends = city, parameters, trends
        self.road = Road(city, parameters, threads, gap)
        self.constants = choice.constants(city)
        self.pull: Mapping[Errand, destinations.Pull] = (
            kin.pull if kin else {errand: destinations.pull(city, parameters, errand) for errand in tours.ERRANDS}
        )
        self.walk: Floats = kin.walk if kin else supply.walking_minutes(city, parameters)

    def begin(self, state: State) -> None:
        """First skims on empty roads, first choices of everybody, first equilibrium."""
        city, n = self.city, self.city.n_districts
        blank = np.zeros
        state.traffic = Traffic.blank()
        t = state.traffic
        t.link_flow, t.link_time = blank(len(city.links)), city.links.free_time.copy()
        t.link_day = blank(len(city.links))
        t.gap, t.background_km, t.residual, t.day_factor = blank(1), blank(1), blank(1), blank(1)
        t.trips, t.trip_km, t.line_boardings = blank((n, 4)), blank((n, 4)), blank(len(city.lines))
        t.vehicle_km, t.emissions, t.walk_time = blank(5), blank(n), self.walk.copy()
        t.bike_time = blank((n, n))
        t.segment_felt, t.transit_pace = blank((2, len(transit.segments(city).line))), blank((2, 2))
        t.supply = blank(0)
        nothing = compose((), axis_sizes(city, len(state.townhall.status)))
        self._renew_supply(state, nothing)
        t.usual_access = blank((len(tours.ERRANDS), n))
        empty = np.zeros((len(Period), len(RoadUser), self.road.n_zones, self.road.n_zones))
        free = skims(city, self.parameters, self.road.settle_all(empty, nothing, state))
        (t.car_time, t.kept_time), (t.car_km, t.kept_km) = free.time.copy(), free.km
        t.gate_time, t.gate_km = free.gate_time, free.gate_km
        if "road_solver" in city.prepared:  # the equilibrium that the city was calibrated with: only a warm start
            t.solver, t.solver_index = city.prepared["road_solver"].copy(), city.prepared["road_solver_index"].copy()
        for name in PERCEIVED:
            if name in city.prepared:
                setattr(t, name, city.prepared[name].copy())
        for round_ in range(MOST_ROUNDS):  # everybody chooses, roads fill, everybody chooses again
            setting = self._choose(state, nothing, everybody=True, first=True)
            self.live_through(state, setting, AT_ONCE)
            if round_ and t.residual[0] < BEGUN:
                break

    def settle(self, state: State, policies: Policies) -> None:
        """One month."""
        self.live_through(state, self.choose(state, policies), self.parameters["perception_speed"])

    def choose(self, state: State, policies: Policies) -> Setting:
        """The first part of a month: those who think again choose. :meth:`meet`, :meth:`settle_rest` and :meth:`travel` must follow."""
        self._renew_supply(state, policies)
        return self._choose(state, policies, everybody=False)

    def live_through(self, state: State, setting: Setting, perceive: float) -> None:
        """The month of those who have chosen."""
        month = self.meet(state, setting, perceive)
        self.travel(state, month, self.settle_rest(state, month))

    def reconsider(self, state: State, policies: Policies) -> None:
        """Everybody chooses afresh, without habit, and perceives most of what comes of it: what many months lead to."""
        self._renew_supply(state, policies)
        self.live_through(state, self._choose(state, policies, everybody=True), AT_ONCE)

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
            transit.show(t, transit.networks(self.city, p, policies), self.road.threads)
            t.transit_pace = np.zeros((2, 2))
        if fresh or not np.array_equal(t.supply[n:], cycle_key):
            t.bike_time = supply.cycling_minutes(self.city, policies, p)
        t.supply = key

    def _running(self, policies: Policies) -> Floats:
        return np.maximum(self.city.lines.running, policies.line_added > 0.0).astype(np.float64)

    # --- choices --------------------------------------------------------------------------------------------------

    def _setting(self, state: State, policies: Policies, *, habit: bool = True, first: bool = False) -> Setting:
        """The month's prices, cars and times as they are perceived: neither choosing nor travelling changes them."""
        city, p = self.city, self.parameters
        return Setting(
            policies, costs.costs_now(city, state, p, self.trends, policies), choice.garage(state, policies),
            choice.place(city, p, policies), choice.all_ways(city, state, p), habit, first,
        )  # fmt: skip

    def _choose(self, state: State, policies: Policies, *, everybody: bool, first: bool = False) -> Setting:
        """Households that think, and those one of whose ways has gone, choose: main tours, then the others. Returns what they weighed."""
        c, h, p = state.citizens, state.households, self.parameters
        setting = self._setting(state, policies, habit=not everybody, first=first)
        think = h.alive.copy() if everybody else choice.thinks(state, p)
        for errand in Errand:
            mode = tours.mode(state, errand)
            gone = (mode < 0) | ((mode == Mode.CAR) & choice.without_car(state, policies, setting.cars, errand))
            think[c.household[gone & tours.makes(state, errand)]] = True
        driven = np.bincount(c.household[choice.drivers(state)], minlength=len(h))
        think |= h.alive & (driven > h.cars)
        thinking = c.alive & think[c.household]
        self._choose_main(state, setting, thinking)
        self._mandate(state, policies)
        incomers.follow(self.city, state, p)
        incomers.decide(self.city, state, p, self.trends, policies, everybody=everybody)
        rows, day_car = np.flatnonzero(thinking), choice.day_cars(state)
        for errand in tours.ERRANDS:
            self._choose_errand(state, setting, rows, day_car, errand)
        return setting

    def _choose_main(self, state: State, setting: Setting, thinking: Bools) -> None:
        """Modes, hours and days at home of tours to work and school; households share out their cars."""
        c, p = state.citizens, self.parameters
        always = np.ones(len(c), bool)
        parts, worth = [], []
        for errand in (Errand.WORK, Errand.EDUCATION):
            rows = np.flatnonzero(thinking & tours.makes(state, errand))
            table = setting.ways[errand]
            who = choice.travellers(self.city, state, p, setting.costs, setting.cars, always, rows, errand)
            taste = choice.taste(self.constants, p, setting.policies, errand, habit=setting.habit)
            utility = choice.utilities(state, who, errand, rows, table, taste, setting.place, self.road.threads)
            parts.append(rows)
            worth.append(utility)
            if errand == Errand.WORK:
                wishes = self._wishes_home(state, rows, utility, table, habit=setting.habit)
                c.telework_days[rows] = choice.works_at_home(state, setting.policies, rows, wishes, p)
        rows = np.concatenate(parts)
        taken = choice.take_cars(state, p, rows, np.concatenate(worth))
        c.main_mode[rows], c.main_off_peak[rows] = taken.mode, taken.off_peak

    def _wishes_home(self, state: State, rows: Ints, utility: Floats, table: Ways, *, habit: bool) -> Bools:
        """(rows,) works at home some days, given the minutes of the commute by car at peak hours."""
        c = state.citizens
        ring, to, home = self.city.districts.ring[c.district[rows]], c.main_district[rows], c.district[rows]
        inside, gate = table.car[0, 0, home, np.maximum(to, 0)], table.gate[0, home, np.maximum(c.main_gate[rows], 0)]
        commute = np.where(to >= 0, inside, gate + table.beyond)
        constant = self.constants[0][Errand.WORK, ring, Mode.TELEWORK]
        if habit:
            held = self.parameters["habit"] * choice.firmness(state, c.id[rows], int(Errand.WORK))
            constant = constant + np.where(c.telework_days[rows] > 0.0, held, 0.0)
        return choice.wishes_home(state, self.parameters, rows, utility, constant, commute)

    def _choose_errand(self, state: State, setting: Setting, rows: Ints, day_car: Bools, errand: Errand) -> None:
        """District, then mode and hours of tours for one of the other purposes; how often they are made."""
        p, t = self.parameters, state.traffic
        table = setting.ways[errand]
        who = choice.travellers(self.city, state, p, setting.costs, setting.cars, day_car, rows, errand)
        taste = choice.taste(self.constants, p, setting.policies, errand, habit=setting.habit)
        to, access = destinations.choose_districts(
            state,
            p,
            errand,
            who,
            table,
            taste._replace(inertia=0.0),
            setting.place,
            self.pull[errand],
            self.road.threads,
        )
        tours.district(state, errand)[rows] = to
        k = tours.ERRANDS.index(errand)
        if setting.first:
            t.usual_access[k] = destinations.usual(self.city, state, rows, access)
        usual = t.usual_access[k, state.citizens.district[rows]]
        tours.often(state, errand)[rows] = destinations.tours_against_usual(p, access, usual)
        utility = choice.utilities(state, who, errand, rows, table, taste, setting.place, self.road.threads)
        taken = choice.take(state, p, rows, errand, utility, self.road.threads)
        tours.mode(state, errand)[rows], tours.off_peak(state, errand)[rows] = taken.mode, taken.off_peak

    def _mandate(self, state: State, policies: Policies) -> None:
        """A mandate binds at once, not only those who reconsider."""
        floor = float(policies.telework_mandate[0])
        c = state.citizens
        below = c.alive & c.remote & (c.telework_days < floor) & (c.firm >= 0)
        c.telework_days[below] = floor

    # --- travelling -----------------------------------------------------------------------------------------------

    def meet(self, state: State, setting: Setting, perceive: float | None = None) -> UnderWay:
        """Choices meet the roads of the morning, whose flows and times the state keeps: streets are shown and judged by them.

        ``perceive``: how far the times perceived will move to those met, in [0, 1]; what the registry says when absent.
        """
        perceive = self.parameters["perception_speed"] if perceive is None else perceive
        city, p, t, policies = self.city, self.parameters, state.traffic, setting.policies
        counts = tours.tours(state, p, policies)
        cars = demand.residents(city, state, p, counts, setting.cars.group)
        coming = incomers.coming(city, state, p, policies)
        rest = cordon.outside(city, state, p, policies, coming.cars)
        mine = np.zeros_like(rest.goods)
        mine[:, [RoadUser.CAR, RoadUser.CAR_KEPT_OUT]] = cars
        all_cars = {Driver.RESIDENTS: mine, **rest.by_driver()}
        morning = self.road.settle_some([Period.MORNING], all_cars, policies, state)[Period.MORNING]
        t.link_flow, t.link_time = morning.flow, morning.time
        return UnderWay(setting, perceive, counts, cars + coming.cars, coming, rest, all_cars, morning)

    def settle_rest(self, state: State, month: UnderWay) -> tuple[RoadResult, ...]:
        """Roads settle in the other periods, too; times perceived move towards those of all. Returns all periods."""
        t, perceive = state.traffic, month.perceive
        later = [period for period in Period if period != Period.MORNING]
        settled = self.road.settle_some(later, month.demand, month.setting.policies, state)
        found = tuple(settled.get(period, month.morning) for period in Period)
        fresh = skims(self.city, self.parameters, found)
        t.residual = np.array([misperceived(tours.hours(self.parameters), month.cars, t, fresh)])
        t.car_time = t.car_time + perceive * (fresh.time[FREE] - t.car_time)
        t.kept_time = t.kept_time + perceive * (fresh.time[KEPT] - t.kept_time)
        t.gate_time = t.gate_time + perceive * (fresh.gate_time - t.gate_time)
        (t.car_km, t.kept_km), t.gate_km = fresh.km, fresh.gate_km
        t.gap = np.array([max(one.gap for one in found)])
        return found

    def travel(self, state: State, month: UnderWay, found: Sequence[RoadResult]) -> None:
        """The rest of the month: the day is lived, paid and emitted."""
        city, p, t, rest, morning = self.city, self.parameters, state.traffic, month.rest, month.morning
        driven = self._make_tours(state, month.setting, month.counts, month.coming.riders)
        day = cordon.day_kilometres(p, driven.network, rest, self.road.pce, driven_km(found))
        hourly = np.stack([one.flow for one in found])
        by_day, length = (tours.hours(p)[:, None] * hourly).sum(axis=0), city.links.length
        metres = float((by_day * length).sum())  # plain sums: those of BLAS depend on its threads
        scale = day.total() * 1000.0 / max(metres, 1e-300)
        t.link_day = by_day * scale
        peak = float((morning.flow * length).sum()) / 1000.0
        t.day_factor = np.array([day.total() / max(peak, 1e-300)])
        t.background_km = np.array([day.incomers + day.through + day.goods])
        self._burden(state, found, scale, driven.inside)

    def _burden(self, state: State, found: Sequence[RoadResult], scale: float, inside: Floats) -> None:
        """What the day's traffic emits, and who hears it."""
        city, p, t = self.city, self.parameters, state.traffic
        hours = tours.hours(p)
        out = road_emissions(city, state, p, found, hours, scale, inside)
        t.link_co2, t.emissions, t.nox, t.pm = out.co2, out.district_co2, out.district_nox, out.district_pm
        t.road_km, t.road_energy, t.road_co2, t.road_direct = out.drivers
        by_user = scale * sum(often * one.user_flow for often, one in zip(hours.tolist(), found, strict=True))
        heavy = by_user[list(TRUCKS)].sum(axis=0)
        kmh = city.links.length / np.maximum(found[Period.OFF_PEAK].time, 0.1) * 3.6
        t.link_trucks = heavy
        t.link_noise = noise.lden(by_user.sum(axis=0) - heavy, heavy, kmh)
        t.loud = noise.exposed(city, p, t.link_noise)

    def _make_tours(self, state: State, setting: Setting, counts: Sequence[Floats], outsiders: Floats) -> Driven:
        """Travel time and distance of each citizen, trips by district and mode, cars' kilometres, payments.

        ``outsiders`` (2 hours, D, D) transit trips a day of commuters from outside, on tours from where they change.
        """
        city, c, p, t, policies = self.city, state.citizens, self.parameters, state.traffic, setting.policies
        n, d, zeros = len(c), city.n_districts, np.zeros
        now, ways = setting.costs, choice.all_ways(city, state, p)
        day = Day(
            minutes=zeros(n), km=zeros(n), fares=zeros(n), parking=zeros(n), car_km=zeros(len(state.households)), inside=zeros(d),
            trips=zeros((d, 4)), trip_km=zeros((d, 4)), transit=zeros((2, d, d)),
        )  # fmt: skip
        network, riders, paid = 0.0, [], zeros((d, d))
        for errand in Errand:
            mine = day._replace(transit=zeros((2, d, d)), fares=zeros(n))
            network += travel(
                state.seed, stream(choice.INNER), int(errand), ways[errand], c.id, c.district,
                tours.district(state, errand), c.main_gate, tours.mode(state, errand), tours.off_peak(state, errand), setting.cars.group,
                2.0 * counts[errand], c.weight, np.full(n, tours.occupancy(p, errand)), c.household, now.fare, now.bike, setting.place.fee,
                p["longest_ride"], mine,
            )  # fmt: skip
            riders.append(mine.transit)
            day.fares[:] += mine.fares
            paid += self._paid(state, errand, mine.fares)
        c.travel_time[:], c.travel_km[:] = day.minutes, day.km
        t.trips, t.trip_km = day.trips, day.trip_km
        own = float(np.sum(riders))
        t.transit_residents = np.array([own / max(own + float(outsiders.sum()), 1e-300)])
        riders[Errand.WORK] = riders[Errand.WORK] + outsiders
        incomers.pay(city, state, p, policies)
        hourly, by_day = demand.riders(p, riders)
        transit.ride(t, transit.networks(city, p, policies), hourly, by_day, (paid + paid.T) / 2.0, self.road.threads)
        costs.share_out_cars(state, day.car_km * average_day(p))
        costs.book(city, state, p, self.trends, policies, day.car_km, day.fares, day.parking)
        cars_km = np.where(state.cars.alive, state.cars.km * state.cars.weight, 0.0) / days_in(state.month)
        t.vehicle_km = np.bincount(state.cars.powertrain, weights=cars_km, minlength=5)
        return Driven(network, day.inside)

    def _paid(self, state: State, errand: Errand, fares: Floats) -> Floats:
        """(D, D) fares of tours of a purpose by home and destination [€/day]; ``fares`` (n,) by citizen."""
        c, d = state.citizens, self.city.n_districts
        rows = np.flatnonzero(fares > 0.0)
        pair = c.district[rows].astype(np.int64) * d + tours.district(state, errand)[rows]
        return np.bincount(pair, weights=(fares * c.weight)[rows], minlength=d * d).reshape(d, d)
