"""Transit supply: lines, stops and walks as a graph of optimal strategies, recomputed only when the roadmap changes it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from kernels.transit import boardings, transit_strategies
from sim.city.city import City
from sim.columns import Floats, Ints
from sim.scenario.parameters import Parameters

#: Stops a district's people walk to: at most this many, within this distance (assumption).
STOPS_PER_DISTRICT, REACH = 14, 1300.0
DETOUR = 1.3
NEVER = np.inf


class Transit:
    """The graph of lines and stops for one set of running lines and headways.

    Nodes: districts as origins, districts as destinations, stops to board at, stops to leave at, then one per line, direction and stop
    reached. From an origin one walks to stops to board at; from a stop where one left a vehicle, to stops nearby or to a destination.
    So every transit trip rides at least from one stop to the next, and none passes through a district.
    """

    def __init__(self, city: City, p: Parameters, running: tuple[bool, ...], headway: tuple[float, ...]) -> None:
        self.city = city
        self.n_lines = len(city.lines)
        if not len(city.stops):  # a town without transit
            self._felt = self._clock = np.full((city.n_districts, city.n_districts), np.inf)
            return
        walk = p["walk_speed"] / 3.6 * 60.0  # m/min
        links = [
            *_line_links(city, np.array(running), np.array(headway), p["boarding_penalty"]),
            *_access_links(city, walk, p["access_weight"]),
            _transfers(city, walk, p["access_weight"]),
        ]
        tail, head, felt, clock, frequency, line = (np.concatenate(parts) for parts in zip(*links, strict=True))
        self.tail, self.head, self.line = (x.astype(np.int64) for x in (tail, head, line))
        d = city.n_districts
        self.n = int(max(self.tail.max(), self.head.max())) + 1
        order = np.argsort(self.head, kind="stable").astype(np.int64)
        first = np.searchsorted(self.head[order], np.arange(self.n + 1)).astype(np.int64)
        self.origins = np.arange(d, dtype=np.int64)
        wait = p["wait_share"]
        self._felt, self._clock, self._links, self._share, self._count = transit_strategies(
            first, order, self.tail, self.head, felt.astype(np.float64), clock.astype(np.float64), frequency.astype(np.float64),
            wait * p["wait_weight"], wait, self.origins, self.origins + d, self.n,
        )  # fmt: skip

    def times(self) -> tuple[Floats, Floats]:
        """(D, D) door-to-door minutes as travellers weigh them and by the clock, inf where transit does not go and inside a district."""
        felt, clock = self._felt.copy(), self._clock.copy()
        np.fill_diagonal(felt, np.inf)
        np.fill_diagonal(clock, np.inf)
        return felt, clock

    def boardings(self, demand: Floats) -> Floats:
        """(lines,) boardings of a (D, D) demand; trips where transit does not go board nothing."""
        if not len(self.city.stops):
            return np.zeros(self.n_lines)
        carried = np.where(np.isfinite(self._felt), demand, 0.0)
        return np.asarray(
            boardings(
                self._links, self._share, self._count, self.tail, self.head, self.origins, self.n, carried, self.line, self.n_lines,
            )
        )  # fmt: skip


#: Parameters that transit times depend on.
TRANSIT_PARAMETERS = ("wait_share", "wait_weight", "walk_speed", "access_weight", "boarding_penalty")


@lru_cache(maxsize=4)
def transit_for(
    city: City, values: tuple[float, ...], running: tuple[bool, ...], headway: tuple[float, ...]
) -> Transit:
    """The graph for a supply and the values of :data:`TRANSIT_PARAMETERS`; a pure function, kept for the months in which supply stays."""
    return Transit(city, Parameters(dict(zip(TRANSIT_PARAMETERS, values, strict=True))), running, headway)


#: Tails, heads, minutes as travellers weigh them, minutes by the clock, frequency [1/min], line boarded (-1 none).
Links = tuple[Ints, Ints, Floats, Floats, Floats, Ints]


def _line_links(city: City, running: np.ndarray, headway: Floats, penalty: float) -> list[Links]:
    """Boarding, riding and alighting in both directions. Who boards rides at least to the next stop: one link does both."""
    out: list[Links] = []
    n = len(city.stops)
    board = 2 * city.n_districts
    next_node = board + 2 * n
    for i in np.flatnonzero(running):
        rows = slice(int(city.lines.first_stop[i]), int(city.lines.first_stop[i] + city.lines.stop_count[i]))
        stops = city.line_stops.stop[rows].astype(np.int64) + board
        run = city.line_stops.run_time[rows][1:] / 60.0
        k = len(stops) - 1
        for direction in (1, -1):
            at = next_node + np.arange(k)  # arriving at each stop but the first
            next_node += k
            s, ride = stops[::direction], run[::direction]
            zero, never, none = np.zeros(k), np.full(k, NEVER), np.full(k, -1)
            out.append((s[:-1], at, ride + penalty, ride, np.full(k, 1.0 / headway[i]), np.full(k, i)))
            out.append((at, s[1:] + n, zero, zero, never, none))
            out.append((at[:-1], at[1:], ride[1:], ride[1:], never[1:], none[1:]))
    return out


def _access_links(city: City, walk: float, weight_of_walk: float) -> list[Links]:
    """Walks from a district to the stops around it and back from them: the mean over the district's people."""
    cells, d = city.cells, city.n_districts
    sx, sy = city.stops.x, city.stops.y
    district, stop, minutes = [], [], []
    weight = cells.residents + cells.jobs
    for z in range(d):
        mine = np.flatnonzero(cells.district == z)
        w = weight[mine] / weight[mine].sum()
        far = np.hypot(cells.x[mine][:, None] - sx, cells.y[mine][:, None] - sy)
        near = np.argsort(far.min(axis=0), kind="stable")[:STOPS_PER_DISTRICT]
        near = near[(far[:, near].min(axis=0) < REACH) | (np.arange(len(near)) == 0)]
        # people use the stops on their side of the district: half of the mean extra distance beyond the nearest place
        mean = w @ far[:, near]
        nearest = far[:, near].min(axis=0)
        district += [z] * len(near)
        stop += near.tolist()
        minutes += ((nearest + 0.5 * (mean - nearest)) * DETOUR / walk).tolist()
    a, b, m = np.array(district), 2 * d + np.array(stop), np.array(minutes)
    always, none = np.full(len(a), NEVER), np.full(len(a), -1)
    felt = m * weight_of_walk
    return [(a, b, felt, m, always, none), (b + len(city.stops), a + d, felt, m, always, none)]


def _transfers(city: City, walk: float, weight_of_walk: float) -> Links:
    """From a stop where one leaves to the same or another one less than 350 m away where one boards."""
    from scipy.spatial import cKDTree

    spots = np.column_stack([city.stops.x, city.stops.y])
    pairs = cKDTree(spots).query_pairs(350.0, output_type="ndarray")
    same = np.arange(len(spots))
    a, b = np.r_[same, pairs[:, 0], pairs[:, 1]], np.r_[same, pairs[:, 1], pairs[:, 0]]
    minutes = np.hypot(*(spots[a] - spots[b]).T) * DETOUR / walk
    board = 2 * city.n_districts
    return (
        a + board + len(spots),
        b + board,
        minutes * weight_of_walk,
        minutes,
        np.full(len(a), NEVER),
        np.full(len(a), -1),
    )
