"""The road network as the equilibrium kernel sees it: folded streets, district and gate centroids, connectors; and its skims.

One equilibrium for each period, warm from the period's last one. Users share capacity in passenger-car units. Who complies with a
low-emission zone goes round it: its links, motorways excepted, are closed to them. Streets without lanes left are closed to all:
who has no other way pays with minutes of leaving the car at their edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kernels.assignment import RoadNetwork, equilibrium
from kernels.classes import ClassFlows, UserClass, assign_classes
from kernels.fold import Folded, expand_flow
from sim.city.city import City
from sim.codes import KEPT_OUT, Driver, Period, RoadClass, RoadUser
from sim.columns import Bools, Floats, Ints
from sim.errors import NotConverged
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility.roadgraph import UNBOUND, road_graph

MAX_ITERATIONS = 400
#: Sets of closed links whose parted pairs are remembered.
MOST_BANS = 8
#: Rows of the skims of :class:`RoadResult`: cars that go everywhere, cars kept out of low-emission zones.
FREE, KEPT = 0, 1
_SKIMMED = (RoadUser.CAR, RoadUser.CAR_KEPT_OUT)


class Part(NamedTuple):
    """Those on the road in a period's hour who are one kind of driver and one kind of user: vehicles between zones, flow on links."""

    driver: Driver
    user: RoadUser
    table: Floats  #: (Z, Z) or (L,) veh/h


@dataclass(frozen=True)
class RoadResult:
    """One period's hour at equilibrium, by real link and by zone (districts, then gates)."""

    flow: Floats  #: (L,) PCU/h, all users
    user_flow: Floats  #: (U, L) veh/h by RoadUser
    parts: tuple[Part, ...]  #: the same by driver too, parts without anybody left out
    time: Floats  #: (L,) s
    zone_time: Floats  #: (2, Z, Z) min, FREE and KEPT (inf where a zone lies in between, or around an end)
    zone_km: Floats  #: (2, Z, Z)
    gap: float


class _Rules(NamedTuple):
    """What policies say of real links and connectors, all that streets follow from."""

    free_time: Floats  #: (L,) s
    capacity: Floats  #: (L,) PCU/h
    leave_car: Floats  #: (L,) s where no lane is left
    banned: Bools  #: (2, L) closed to cars, vans and trucks that are kept out

    def same(self, other: _Rules) -> bool:
        """To the bit."""
        return all(np.array_equal(a, b) for a, b in zip(self, other, strict=True))


class _Streets(NamedTuple):
    """Real links under the policies in force, and the folded network of them."""

    free_time: Floats  #: (L,) s
    capacity: Floats  #: (L,) PCU/h
    folded: Folded
    network: RoadNetwork
    closed: Floats  #: (U, F) s: inf on the folded links that a user may not take, what leaving the car costs on closed streets, else 0


class Road:
    """Streets of one city. Holds only what follows from the city."""

    def __init__(self, city: City, p: Parameters, threads: int, gap: float) -> None:
        self.city, self.threads, self.gap = city, threads, gap
        self.pce = car_units(p)
        self.leave_car = p["closed_street_access"] * 60.0
        self.n_districts = city.n_districts
        self.n_zones = city.n_districts + len(city.cordon)
        self.graph = road_graph(city)
        self._parted: dict[bytes, Bools] = {}
        self._latest: tuple[_Rules, _Streets] | None = None

    def free_time(self, policies: Policies) -> Floats:
        """(L,) free time [s] under the roadmap's speed limits; junction delay stays."""
        a = self.city.links
        slower = np.minimum(a.speed, policies.speed_limit)
        return np.asarray(a.free_time + a.length * 3.6 * (1.0 / slower - 1.0 / a.speed))

    def settle(self, period: Period, demand: Floats, policies: Policies, state: State) -> RoadResult:
        """User equilibrium of the (U, Z, Z) vehicles [veh/h] of a period's hour, warm from the state's last one, which it replaces.

        Whose they are is not asked: all count as residents'.
        """
        return self._settle({period: {Driver.RESIDENTS: demand}}, policies, state)[period]

    def settle_all(
        self, demand: Floats | Mapping[Driver, Floats], policies: Policies, state: State
    ) -> tuple[RoadResult, ...]:
        """:meth:`settle` for every period at once, ``demand`` (P, U, Z, Z), by driver or not: each period has a thread of its own."""
        return tuple(self.settle_some(Period, demand, policies, state).values())

    def settle_some(
        self, periods: Iterable[Period], demand: Floats | Mapping[Driver, Floats], policies: Policies, state: State
    ) -> dict[Period, RoadResult]:
        """:meth:`settle_all` for some of the periods; equilibria of the others stay as they are."""
        of_whom = demand if isinstance(demand, Mapping) else {Driver.RESIDENTS: demand}
        return self._settle(
            {period: {driver: table[period] for driver, table in of_whom.items()} for period in periods},
            policies,
            state,
        )

    def _settle(
        self, demand: Mapping[Period, Mapping[Driver, Floats]], policies: Policies, state: State
    ) -> dict[Period, RoadResult]:
        streets = self._streets(policies)
        warm = {period: _stored(state, period) for period in demand}
        parts = {period: self._parts(streets, of_whom) for period, of_whom in demand.items()}

        def solve(period: Period) -> ClassFlows:
            classes = [
                UserClass(part.table, float(self.pce[part.user]), streets.closed[part.user]) for part in parts[period]
            ]
            return assign_classes(
                streets.network, classes, gap=self.gap, max_iterations=MAX_ITERATIONS, warm=warm[period], threads=self.threads,
                topology=self.graph.topology, sums=False,
            )  # fmt: skip

        # a period that takes longer than the others has the cores to itself at the end
        with ThreadPoolExecutor(min(self.threads, len(demand))) as pool:
            found = dict(zip(demand, pool.map(solve, demand), strict=True))
        for period, one in found.items():
            if one.gap > self.gap * 1.0001:
                reached = f"stopped at a relative gap of {one.gap:.2e}, asked {self.gap:.2e}"
                raise NotConverged(f"road equilibrium ({period.name.lower().replace('_', '-')}) {reached}")
        _store(state, {period: (one.state_f, one.state_i) for period, one in found.items()})
        return {period: self._result(streets, parts[period], one) for period, one in found.items()}

    def _parts(self, streets: _Streets, of_whom: Mapping[Driver, Floats]) -> tuple[Part, ...]:
        """Everybody on the road; residents' cars of both kinds come first in any case, since times are read from them."""
        out = []
        for driver in sorted({Driver.RESIDENTS, *of_whom}):
            tables = of_whom.get(driver)
            tables = np.zeros((len(RoadUser), self.n_zones, self.n_zones)) if tables is None else tables
            for user, table in zip(RoadUser, self._with_derogations(streets, tables), strict=True):
                if (driver == Driver.RESIDENTS and user in _SKIMMED) or table.any():
                    out.append(Part(driver, user, table))
        return tuple(out)

    def _streets(self, policies: Policies) -> _Streets:
        """The network under the roadmap's speed limits, capacities and bans: last month's where they are as they were."""
        rules = self._rules(policies)
        if self._latest is None or not rules.same(self._latest[0]):
            self._latest = rules, self._built(rules)
        return self._latest[1]

    def _rules(self, policies: Policies) -> _Rules:
        """What the roadmap says of links and connectors."""
        a, none = self.city.links, np.zeros(len(self.graph.access))
        left = np.maximum(a.lanes - policies.lanes_closed, 0.0) / a.lanes
        capacity = a.capacity * policies.capacity_factor * np.where(left > 0.0, left, 1.0)
        open_to_all = np.zeros(len(self.graph.access), bool)
        return _Rules(
            np.r_[self.free_time(policies), self.graph.access], np.r_[capacity, none + UNBOUND],
            np.r_[np.where(left > 0.0, 0.0, self.leave_car), none],
            np.stack([np.r_[self.banned(policies, user), open_to_all] for user in (RoadUser.CAR_KEPT_OUT, RoadUser.VAN_KEPT_OUT)]),
        )  # fmt: skip

    def _built(self, rules: _Rules) -> _Streets:
        """The folded network; which links are folded together does not depend on the rules."""
        many = len(self.city.links)
        f, network = self.graph.folded(rules.free_time, rules.capacity, rules.leave_car)
        closed = np.tile(f.fixed, (len(RoadUser), 1))
        for user in KEPT_OUT:
            banned = rules.banned[0 if user == RoadUser.CAR_KEPT_OUT else 1]
            closed[user, np.add.reduceat(banned[f.links].astype(np.int64), f.first[:-1]) > 0] = np.inf
        return _Streets(rules.free_time[:many], rules.capacity[:many], f, network, closed)

    def banned(self, policies: Policies, user: RoadUser) -> Bools:
        """(L,) links closed to users kept out: those of districts with a ban on any sticker, motorways excepted."""
        ban = policies.car_ban if user == RoadUser.CAR_KEPT_OUT else policies.van_ban
        inside = np.asarray((ban > 0.0).any(axis=0))
        a = self.city.links
        return np.asarray(inside[a.district] & (a.road_class != RoadClass.HIGHWAY))

    def _with_derogations(self, streets: _Streets, vehicles: Floats) -> Floats:
        """The (U, Z, Z) vehicles; of those kept out, who has no other way drives as everybody does, so that nobody is lost."""
        out = vehicles
        for user in KEPT_OUT:
            if not vehicles[user].any() or not np.isinf(streets.closed[user]).any():
                continue
            stuck = np.where(self._no_way(streets, user), vehicles[user], 0.0)
            if stuck.any():
                out = out.copy() if out is vehicles else out
                out[user] -= stuck
                out[user - 1] += stuck
        return out

    def _no_way(self, streets: _Streets, user: RoadUser) -> Bools:
        """(Z, Z) pairs that the user's closed links part. A pure function of them, kept while they stay."""
        key = np.isinf(streets.closed[user]).tobytes()
        if key not in self._parted:
            if len(self._parted) >= MOST_BANS:
                self._parted.clear()
            network = streets.network._replace(fixed=streets.closed[user])
            empty = np.zeros((self.n_zones, self.n_zones))
            found = equilibrium(network, empty, gap=1.0, threads=self.threads, topology=self.graph.topology)
            self._parted[key] = np.isinf(found.skim_cost)
        return self._parted[key]

    def _result(self, streets: _Streets, parts: tuple[Part, ...], found: ClassFlows) -> RoadResult:
        """The equilibrium on real links, in the units of the city."""
        a = self.city.links
        flow = expand_flow(streets.folded, found.load)[: len(a)]
        time = streets.free_time * (1.0 + a.alpha * (flow / streets.capacity) ** a.beta)
        driven = tuple(
            part._replace(table=expand_flow(streets.folded, one)[: len(a)])
            for part, one in zip(parts, found.flow, strict=True)
        )
        by_user = np.zeros((len(RoadUser), len(a)))
        for part in driven:
            by_user[part.user] += part.table
        skims = slice(len(_SKIMMED))
        return RoadResult(
            flow, by_user, driven, time, found.skim_cost[skims] / 60.0, found.skim_length[skims] / 1000.0, found.gap
        )


def car_units(p: Parameters) -> Floats:
    """(U,) passenger-car units of each road user."""
    out = np.ones(len(RoadUser))
    out[[RoadUser.VAN, RoadUser.VAN_KEPT_OUT]] = p["pce_van"]
    out[[RoadUser.TRUCK, RoadUser.TRUCK_KEPT_OUT]] = p["pce_truck"]
    return out


def _sizes(state: State) -> Ints:
    """(2, P) lengths of what each period stored in ``solver`` and ``solver_index``, which begins with them."""
    t, n = state.traffic, len(Period)
    return np.asarray(t.solver_index[: 2 * n] if len(t.solver_index) else np.zeros(2 * n, np.int64)).reshape(2, n)


def _stored(state: State, period: Period) -> tuple[Floats, Ints] | None:
    """The period's last equilibrium, None at first."""
    size = _sizes(state)
    if not size[1, period]:
        return None
    end = np.cumsum(size, axis=1)
    f, i = end[:, period] - size[:, period]
    head = size.size
    return (
        state.traffic.solver[f : f + size[0, period]],
        state.traffic.solver_index[head + i : head + i + size[1, period]],
    )


def _store(state: State, new: Mapping[Period, tuple[Floats, Ints]]) -> None:
    """Keep the periods' equilibria for the next month, beside those of the other periods."""
    nothing = np.zeros(0), np.zeros(0, np.int64)
    kept = [new[each] if each in new else _stored(state, each) or nothing for each in Period]
    size = np.array([[len(part[k]) for part in kept] for k in range(2)], np.int64)
    state.traffic.solver = np.concatenate([part[0] for part in kept])
    state.traffic.solver_index = np.concatenate([size.ravel(), *(part[1] for part in kept)])
