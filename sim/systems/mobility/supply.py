"""Transit, cycling and walking supply: what a trip takes between districts, recomputed only when the roadmap changes it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from kernels.transit import boardings, transit_strategies
from sim.city.city import City
from sim.codes import RoadClass
from sim.columns import Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.systems.mobility.streets import street_skims

#: Stops a district's people walk to: at most this many, within this distance (assumption).
STOPS_PER_DISTRICT, REACH = 14, 1300.0
DETOUR = 1.3
NEVER = np.inf


class Transit:
    """The graph of lines and stops for one set of running lines and headways."""

    def __init__(self, city: City, p: Parameters, running: tuple[bool, ...], headway: tuple[float, ...]) -> None:
        self.city = city
        self.n_lines = len(city.lines)
        self.wait = p["wait_share"]
        walk = p["walk_speed"] / 3.6 * 60.0  # m/min
        links = [
            *_line_links(city, np.array(running), np.array(headway), p),
            *_access_links(city, walk),
            _transfers(city, walk),
        ]
        tail, head, cost, frequency, line = (np.concatenate(parts) for parts in zip(*links, strict=True))
        self.tail, self.head = tail.astype(np.int64), head.astype(np.int64)
        self.cost, self.frequency, self.line = (
            cost.astype(np.float64),
            frequency.astype(np.float64),
            line.astype(np.int64),
        )
        d = city.n_districts
        self.n = int(max(self.tail.max(), self.head.max())) + 1
        self.order = np.argsort(self.head, kind="stable").astype(np.int64)
        self.first = np.searchsorted(self.head[self.order], np.arange(self.n + 1)).astype(np.int64)
        self.zones = np.arange(d, dtype=np.int64)

        self._times, self._accepted, self._count = transit_strategies(
            self.first, self.order, self.tail, self.cost, self.frequency, self.wait, self.zones, self.n
        )

    def times(self) -> Floats:
        """(D, D) door-to-door minutes, inf where transit does not go and inside a district."""
        out: Floats = self._times.copy()
        np.fill_diagonal(out, np.inf)
        return out

    def boardings(self, demand: Floats) -> Floats:
        """(lines,) boardings of a (D, D) demand; trips where transit does not go board nothing."""
        carried = np.where(np.isfinite(self._times), demand, 0.0)
        return np.asarray(
            boardings(
                self._accepted,
                self._count,
                self.tail,
                self.head,
                self.frequency,
                self.zones,
                self.n,
                carried,
                self.line,
                self.n_lines,
            )
        )


@lru_cache(maxsize=4)
def transit_for(
    city: City, p_key: tuple[float, float, float], running: tuple[bool, ...], headway: tuple[float, ...]
) -> Transit:
    """The graph for a supply; a pure function of its arguments, kept for the months in which supply stays."""
    wait, walk, board = p_key
    return Transit(
        city, Parameters({"wait_share": wait, "walk_speed": walk, "boarding_penalty": board}), running, headway
    )


Links = tuple[Ints, Ints, Floats, Floats, Ints]


def _line_links(city: City, running: np.ndarray, headway: Floats, p: Parameters) -> list[Links]:
    """Boarding, riding and alighting in both directions. Nodes: districts, then stops, then one per line, direction and stop."""
    out: list[Links] = []
    next_node = city.n_districts + len(city.stops)
    for i in np.flatnonzero(running):
        rows = slice(int(city.lines.first_stop[i]), int(city.lines.first_stop[i] + city.lines.stop_count[i]))
        stops = city.line_stops.stop[rows].astype(np.int64) + city.n_districts
        run = city.line_stops.run_time[rows][1:] / 60.0
        k = len(stops)
        for direction in (1, -1):
            at = next_node + np.arange(k)
            next_node += k
            s = stops[::direction]
            none, never = np.full(k, -1), np.full(k, NEVER)
            out.append((s, at, np.full(k, p["boarding_penalty"]), np.full(k, 1.0 / headway[i]), np.full(k, i)))
            out.append((at, s, np.zeros(k), never, none))
            out.append((at[:-1], at[1:], run[::direction], never[1:], none[1:]))
    return out


def _access_links(city: City, walk: float) -> list[Links]:
    """Walks between a district and the stops around it: the mean over the district's people, both ways."""
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
    a, b, m = np.array(district), d + np.array(stop), np.array(minutes)
    always, none = np.full(len(a), NEVER), np.full(len(a), -1)
    return [(a, b, m, always, none), (b, a, m, always, none)]


def _transfers(city: City, walk: float) -> Links:
    """Walks between stops less than 350 m apart."""
    from scipy.spatial import cKDTree

    spots = np.column_stack([city.stops.x, city.stops.y])
    pairs = cKDTree(spots).query_pairs(350.0, output_type="ndarray")
    a, b = np.r_[pairs[:, 0], pairs[:, 1]], np.r_[pairs[:, 1], pairs[:, 0]]
    minutes = np.hypot(*(spots[a] - spots[b]).T) * DETOUR / walk
    d = city.n_districts
    return a + d, b + d, minutes, np.full(len(a), NEVER), np.full(len(a), -1)


def cycling_minutes(city: City, policies: Policies, p: Parameters) -> Floats:
    """(D, D) perceived cycling time: links weigh by stress, less where there is a lane, least on a separate track.

    Stress factors: registry (after Broach, Dill & Gliebe 2012, Transportation Research A 46: cyclists accept detours of a quarter and
    more for paths away from traffic).
    """
    a = city.links
    level = np.maximum(a.cycle_level, policies.cycle_level).astype(np.int64)
    stress = np.where(a.road_class == RoadClass.MAJOR, p["stress_major"], p["stress_minor"])
    relief = np.array([1.0, p["lane_relief"], 0.0])[np.clip(level, 0, 2)]
    factor = 1.0 + (stress - 1.0) * relief
    minutes = a.length * factor / (p["bike_speed"] / 3.6 * 60.0)
    out = street_skims(city, minutes)
    np.fill_diagonal(
        out, city.districts.inner_distance / p["bike_speed"] * 60.0 * (1.0 + (p["stress_minor"] - 1.0) * 0.5)
    )
    return out


def walking_minutes(city: City, p: Parameters) -> Floats:
    """(D, D) walking time on streets."""
    out = street_skims(city, city.links.length / (p["walk_speed"] / 3.6 * 60.0))
    np.fill_diagonal(out, city.districts.inner_distance / p["walk_speed"] * 60.0)
    return out
