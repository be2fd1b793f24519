"""Transit supply: lines, stops and walks as a graph of optimal strategies, crowded by those who ride.

Riders of an hour follow the strategies (kernels/transit.py) of weighted minutes that loads have made: a minute aboard weighs more
with the density of those who stand, and a line that is full is met less often. Loads and strategies are brought together by successive
averages whose step regulates itself (Liu, He & He 2009, Networks and Spatial Economics 9, 485-503); the loads that strategies were
computed for are part of the state, so months chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import dijkstra

from kernels.transit import expected, load_all, transit_strategies
from sim.city.city import City
from sim.city.delays import LinkLookup
from sim.codes import TransitMode
from sim.columns import Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.state import Traffic

#: Rows of the tables by period: the hour of the morning peak (the evening's mirrors it), an hour between the peaks.
PEAK, OFF = 0, 1
#: Strategies are computed again while the residual is above this, at most ROUNDS times a month and period.
TOLERANCE, ROUNDS = 2e-2, 2
#: What the inverse of the step grows by where the residual has fallen, and where it has not (Liu, He & He 2009: 0.01-0.5, 1.5-2).
SLOWER, MUCH_SLOWER = 0.3, 1.8
#: Parameters that transit times depend on.
TRANSIT_PARAMETERS = (
    "wait_share", "wait_weight", "walk_speed", "access_weight", "boarding_penalty", "stop_reach", "stops_per_district",
    "transfer_reach", "walk_detour", "crowding_seated", "crowding_standing", "full_wait", "full_wait_power",
    *(f"seats_{mode.name.lower()}" for mode in TransitMode),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Segments:
    """Rides from stop to stop of all lines, planned ones too: by line, direction, then along it. All arrays (S,)."""

    line: Ints
    start: Ints  #: stop where it begins
    end: Ints  #: stop where it ends
    ride: Floats  #: min, dwell included
    begins: Bools  #: the first of its line and direction


@lru_cache(maxsize=4)
def segments(city: City) -> Segments:
    """The segments of a city's lines; those of a line that runs both ways come there and back."""
    line, start, end, ride, begins = [], [], [], [], []
    for i in range(len(city.lines)):
        rows = slice(int(city.lines.first_stop[i]), int(city.lines.first_stop[i] + city.lines.stop_count[i]))
        stops, minutes = city.line_stops.stop[rows].astype(np.int64), city.line_stops.run_time[rows][1:] / 60.0
        for direction in (1, -1) if city.lines.both_ways[i] else (1,):
            along = stops[::direction]
            line.append(np.full(len(minutes), i))
            start.append(along[:-1])
            end.append(along[1:])
            ride.append(minutes[::direction])
            begins.append(np.arange(len(minutes)) == 0)
    if not line:
        return Segments(*(np.zeros(0, kind) for kind in (np.int64, np.int64, np.int64, np.float64, np.bool_)))
    return Segments(*(np.concatenate(parts) for parts in (line, start, end, ride, begins)))


class Rides(NamedTuple):
    """Those who ride each segment, board where it begins and alight where it ends: all (S,) persons."""

    load: Floats
    boardings: Floats
    alightings: Floats


class Network:
    """The graph of lines and stops for one set of running lines and headways (inf: none at these hours).

    Nodes: districts as origins, districts as destinations, stops to board at, stops to leave at, then the end of each segment. From an
    origin one walks to stops to board at; from a stop where one left a vehicle, to stops nearby or to a destination. So every transit
    trip rides at least from one stop to the next, and none passes through a district. Links: boarding (which rides the first segment),
    riding on, alighting, walks.
    """

    def __init__(self, city: City, p: Parameters, running: tuple[bool, ...], headway: tuple[float, ...]) -> None:
        self.city, self.p = city, p
        s, d, stops = segments(city), city.n_districts, len(city.stops)
        minutes = np.array(headway)
        self.active = np.flatnonzero((np.array(running, bool) & np.isfinite(minutes))[s.line])
        self.line, self.ride, self.headway = s.line[self.active], s.ride[self.active], minutes[s.line[self.active]]
        places = city.lines.capacity[self.line]
        self.capacity = places * 60.0 / self.headway  # places an hour
        share = np.array([p[f"seats_{mode.name.lower()}"] for mode in TransitMode])
        self.seats = share[city.lines.mode[self.line]]
        self.onward = np.flatnonzero(~s.begins[self.active])
        n, board, at = len(self.active), 2 * d, 2 * d + 2 * stops
        end = at + np.arange(n)
        walks = _walks(city, *(p[name] for name in _WALK_PARAMETERS)) if stops else _NO_WALKS
        self.tail = np.concatenate([board + s.start[self.active], end[self.onward - 1], end, walks.tail])
        self.head = np.concatenate([end, end[self.onward], board + stops + s.end[self.active], walks.head])
        self.walk = walks.minutes
        self.n = at + n
        self.order = np.argsort(self.head, kind="stable").astype(np.int64)
        self.first = np.searchsorted(self.head[self.order], np.arange(self.n + 1)).astype(np.int64)
        self.zones = np.arange(d, dtype=np.int64)

    def weight(self, load: Floats) -> Floats:
        """(active,) weight of a minute aboard at the given loads [persons/h]: the mean over those who sit and those who stand.

        Both grow from 1 with the share of the standing places taken, to the values found in full vehicles (Kroes et al. 2014); beyond
        full, on the same line.
        """
        p, x = self.p, load / self.capacity
        sitting, standing = np.minimum(x, self.seats), np.maximum(x - self.seats, 0.0)
        dense = standing / (1.0 - self.seats)
        more = sitting * (p["crowding_seated"] - 1.0) + standing * (p["crowding_standing"] - 1.0)
        return np.asarray(1.0 + dense * more / np.maximum(x, 1e-300))

    def wait(self, load: Floats) -> Floats:
        """(active,) minutes between vehicles one can board at the given loads: effective headways (de Cea & Fernández 1993).

        Beyond capacity they go on as straight lines, as queues do.
        """
        p, n, x = self.p, self.p["full_wait_power"], load / self.capacity
        return np.asarray(
            self.headway * (1.0 + p["full_wait"] * (np.minimum(x, 1.0) ** n + n * np.maximum(x - 1.0, 0.0)))
        )

    def minutes(self, load: Floats, boardings: Floats, at: Floats) -> Floats:
        """(2, active) weighted passenger-minutes aboard and waiting, by segment, were loads ``at`` to make them."""
        p = self.p
        return np.stack(
            [load * self.ride * self.weight(at), boardings * self.wait(at) * p["wait_share"] * p["wait_weight"]]
        )

    def flows(self, flow: Floats) -> Rides:
        """Riders of all segments from link flows."""
        n, on = len(self.active), len(self.onward)
        load, boardings, alightings = np.zeros((3, len(segments(self.city).line)))
        boardings[self.active] = load[self.active] = flow[:n]
        load[self.active[self.onward]] += flow[n : n + on]
        alightings[self.active] = flow[n + on : 2 * n + on]
        return Rides(load, boardings, alightings)


class Strategies:
    """Optimal strategies between all districts at given loads of all segments [persons/h], found on so many threads."""

    def __init__(self, network: Network, load: Floats, threads: int = 1) -> None:
        self.network, d = network, network.city.n_districts
        if not len(network.active):  # a town without transit
            self.felt = self.clock = np.full((d, d), np.inf)
            return
        p, at = network.p, load[network.active]
        aboard, none = network.ride * network.weight(at), np.zeros(len(network.active))
        felt = np.concatenate(
            [aboard + p["boarding_penalty"], aboard[network.onward], none, network.walk * p["access_weight"]]
        )
        clock = np.concatenate([network.ride, network.ride[network.onward], none, network.walk])
        frequency = np.full(len(felt), np.inf)
        frequency[: len(aboard)] = 1.0 / network.wait(at)
        wait = p["wait_share"]
        self.felt, self.clock, links, share, count = transit_strategies(
            network.first, network.order, network.tail, network.head, felt, clock, frequency, wait * p["wait_weight"], wait,
            network.zones, network.zones + d, network.n, threads,
        )  # fmt: skip
        np.fill_diagonal(self.felt, np.inf)
        np.fill_diagonal(self.clock, np.inf)
        kept = np.arange(links.shape[1]) < count[:, None]
        self._links, self._share = links[kept], share[kept]
        self._first = np.concatenate([[0], np.cumsum(count)])

    def rides(self, demand: Floats) -> Rides:
        """Riders of all segments by a (D, D) demand; trips where transit does not go ride nothing."""
        g = self.network
        if not len(g.active):
            return Rides(*np.zeros((3, len(segments(g.city).line))))
        carried = np.where(np.isfinite(self.felt), demand, 0.0)
        return g.flows(load_all(self._links, self._share, self._first, g.tail, g.head, g.zones, g.n, carried))

    @cached_property
    def boardings(self) -> Floats:
        """(D, D) vehicles boarded on a trip on average, 0 where transit does not go; they follow from the strategies alone."""
        g = self.network
        if not len(g.active):
            return np.zeros(self.felt.shape)
        one = (np.arange(len(g.tail)) < len(g.active)).astype(np.float64)
        return np.asarray(expected(self._links, self._share, self._first, g.tail, g.head, g.zones, g.n, one))

    def revenue(self, paid: Floats) -> Floats:
        """(S,) of what trips of each pair pay in all (D, D), by segment boarded: a ticket is shared alike by the vehicles boarded."""
        boarded = self.boardings
        return self.rides(np.where(boarded > 0.0, paid / np.maximum(boarded, 1e-300), 0.0)).boardings


@lru_cache(maxsize=8)
def network_for(
    city: City, values: tuple[float, ...], running: tuple[bool, ...], headway: tuple[float, ...]
) -> Network:
    """The graph for a supply and the values of :data:`TRANSIT_PARAMETERS`; a pure function, kept while supply stays."""
    return Network(city, Parameters(dict(zip(TRANSIT_PARAMETERS, values, strict=True))), running, headway)


class _Load:
    """Loads (S,) as a key; on how many threads strategies are found is no part of it."""

    def __init__(self, load: Floats, threads: int) -> None:
        self.load, self.threads = np.array(load, np.float64), threads
        self.bytes = self.load.tobytes()

    def __hash__(self) -> int:
        return hash(self.bytes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Load) and self.bytes == other.bytes


@lru_cache(maxsize=8)
def _strategies(network: Network, at: _Load) -> Strategies:
    return Strategies(network, at.load, at.threads)


def strategies_for(network: Network, load: Floats, threads: int = 1) -> Strategies:
    """Strategies at the given loads (S,); a pure function, kept while loads stay."""
    return _strategies(network, _Load(load, threads))


class Settled(NamedTuple):
    """Riders of an hour and the strategies they follow."""

    felt: Floats  #: (S,) loads that the strategies were computed for
    rides: Rides
    residual: float  #: weighted minutes that differ between those loads and the riders', over all aboard and waiting
    pace: Floats  #: (2,) inverse of the last step less one, the residual before it; zeros where loads have settled


def residual(network: Network, felt: Floats, rides: Rides) -> float:
    """Distance between the loads that riders felt and those they make: difference of weighted minutes over their sum."""
    load, boardings = rides.load[network.active], rides.boardings[network.active]
    then, now = (network.minutes(load, boardings, at) for at in (felt[network.active], load))
    return float(np.abs(now - then).sum() / max(float(then.sum()), 1e-300))


def settle(network: Network, felt: Floats, pace: Floats, demand: Floats, threads: int = 1) -> Settled:
    """Bring loads and strategies of an hour together by successive averages, from the loads and the pace of the month before.

    Nothing moves where the residual is within TOLERANCE, so an unchanged demand keeps its strategies to the bit.
    """
    slowness, last = float(pace[0]), float(pace[1])
    for k in range(ROUNDS + 1):
        rides = strategies_for(network, felt, threads).rides(demand)
        far = residual(network, felt, rides)
        if far <= TOLERANCE:
            return Settled(felt, rides, far, np.zeros(2))
        if k < ROUNDS:
            slowness = 1.0 if slowness == 0.0 else slowness + (SLOWER if far < last else MUCH_SLOWER)
            felt, last = felt + (rides.load - felt) / (1.0 + slowness), far
    return Settled(felt, rides, far, np.array([slowness, last]))


# --- the month ------------------------------------------------------------------------------------------------------------


def networks(city: City, p: Parameters, policies: Policies) -> tuple[Network, Network]:
    """The graphs of the peak and of the hours between."""
    values = tuple(float(p[name]) for name in TRANSIT_PARAMETERS)
    lines = city.lines
    running = tuple((lines.running | (policies.line_added > 0.0)).tolist())
    peak, off = (
        network_for(city, values, running, tuple((headway * policies.headway_factor).tolist()))
        for headway in (lines.headway_peak, lines.headway_off)
    )
    return peak, off


def show(t: Traffic, graphs: tuple[Network, Network], threads: int = 1) -> None:
    """Write the tables of times at the loads that are felt, with supply as it is now."""
    peak, off = (strategies_for(graph, t.segment_felt[i], threads) for i, graph in enumerate(graphs))
    t.transit_felt, t.transit_time = peak.felt.copy(), peak.clock.copy()
    t.transit_off_felt, t.transit_off_time = off.felt.copy(), off.clock.copy()


def ride(
    t: Traffic, graphs: tuple[Network, Network], hourly: Floats, day: Floats, paid: Floats, threads: int = 1
) -> None:
    """Riders settle in the hour of each period; lines get their boardings, loads and revenue of a working day.

    Args:
        t: written: segment, line and transit arrays.
        hourly: (2, D, D) trips in the hour of each period, from origin to destination.
        day: (2, D, D) trips of a working day at the times of each period.
        paid: (D, D) € that the day's trips pay.
    """
    found = [settle(graph, t.segment_felt[i], t.transit_pace[i], hourly[i], threads) for i, graph in enumerate(graphs)]
    t.segment_felt = np.stack([f.felt for f in found])
    t.transit_pace = np.stack([f.pace for f in found])
    t.segment_load = np.stack([f.rides.load for f in found])
    t.segment_boardings = np.stack([f.rides.boardings for f in found])
    t.segment_alightings = np.stack([f.rides.alightings for f in found])
    t.transit_residual = np.array([max(f.residual for f in found)])
    show(t, graphs, threads)
    price = paid / np.maximum(day.sum(axis=0), 1e-300)
    line, n = segments(graphs[PEAK].city).line, len(graphs[PEAK].city.lines)
    t.line_boardings, t.line_revenue, t.line_load = np.zeros((3, n))
    for graph, felt, trips in zip(graphs, t.segment_felt, day, strict=True):
        strategies = strategies_for(graph, felt, threads)
        t.line_boardings += np.bincount(line, weights=strategies.rides(trips).boardings, minlength=n)
        t.line_revenue += np.bincount(line, weights=strategies.revenue(trips * price), minlength=n)
    peak = graphs[PEAK]
    np.maximum.at(t.line_load, peak.line, t.segment_load[PEAK][peak.active] / peak.capacity)


# --- walks ----------------------------------------------------------------------------------------------------------------

_WALK_PARAMETERS = ("walk_speed", "walk_detour", "stop_reach", "stops_per_district", "transfer_reach")
#: Stops whose walks are searched for at once: bounds memory.
_BATCH = 64


class _Walks(NamedTuple):
    tail: Ints
    head: Ints
    minutes: Floats


_NO_WALKS = _Walks(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@lru_cache(maxsize=4)
def _walks(city: City, speed: float, detour: float, reach: float, most: float, transfer: float) -> _Walks:
    """Walks from districts to stops, from stops to districts, and between stops, on streets open to walking."""
    d, n = city.n_districts, len(city.stops)
    pace = 1.0 / (speed / 3.6 * 60.0)  # min per m
    cells, stops = _street_metres(city, max(reach, transfer))
    district, stop, metres = _access(city, cells, detour, reach, int(most))
    stops[np.arange(n), np.arange(n)] = 0.0
    a, b = np.nonzero(stops <= transfer)
    board, leave = 2 * d, 2 * d + n
    return _Walks(
        np.concatenate([district, leave + stop, leave + a]),
        np.concatenate([board + stop, d + district, board + b]),
        np.concatenate([metres, metres, stops[a, b]]) * pace,
    )


def _street_metres(city: City, limit: float) -> tuple[Floats, Floats]:
    """Metres from stops to cells (stops, cells) and to other stops (stops, stops) along streets, both ways whatever the direction of
    traffic, ends on foot to their nodes included; inf beyond the limit."""
    links, stops, cells, nodes = city.links, city.stops, city.cells, city.nodes
    usable = np.flatnonzero(links.on_foot)
    tail, head, length = links.tail[usable], links.head[usable], links.length[usable]
    streets = LinkLookup(np.r_[tail, head], np.r_[head, tail], np.r_[length, length], len(nodes)).matrix
    to_stop = np.hypot(stops.x - nodes.x[stops.node], stops.y - nodes.y[stops.node])
    to_cell = np.hypot(cells.x - nodes.x[cells.node], cells.y - nodes.y[cells.node])
    at_cells, at_stops = np.empty((len(stops), len(cells))), np.empty((len(stops), len(stops)))
    for k in range(0, len(stops), _BATCH):
        rows = slice(k, k + _BATCH)
        far = dijkstra(streets, indices=stops.node[rows], limit=limit)
        at_cells[rows], at_stops[rows] = far[:, cells.node], far[:, stops.node]
    at_cells += to_stop[:, None] + to_cell
    at_stops += to_stop[:, None] + to_stop
    return np.where(at_cells <= limit, at_cells, np.inf), np.where(at_stops <= limit, at_stops, np.inf)


def _access(city: City, at_cells: Floats, detour: float, reach: float, most: int) -> tuple[Ints, Ints, Floats]:
    """District, stop and metres of the walks between them: at most so many stops a district, within reach but for the nearest.

    ``at_cells`` (stops, cells) [m]; cells that are farther than it goes are as far as the straight line times the detour, at least.
    """
    cells, sx, sy = city.cells, city.stops.x, city.stops.y
    district, stop, metres = [], [], []
    weight = cells.residents + cells.jobs
    for z in range(city.n_districts):
        mine = np.flatnonzero(cells.district == z)
        w = weight[mine] / weight[mine].sum()
        straight = np.hypot(cells.x[mine][:, None] - sx, cells.y[mine][:, None] - sy)
        far = at_cells[:, mine].T
        far = np.where(np.isfinite(far), far, np.maximum(straight * detour, reach))
        nearest = far.min(axis=0)
        near = np.argsort(nearest, kind="stable")[:most]
        near = near[(nearest[near] < reach) | (np.arange(len(near)) == 0)]
        # people use the stops on their side of the district: half of the mean extra distance beyond the nearest place
        district.append(np.full(len(near), z))
        stop.append(near)
        metres.append(nearest[near] + 0.5 * (w @ far[:, near] - nearest[near]))
    return np.concatenate(district), np.concatenate(stop), np.concatenate(metres)
