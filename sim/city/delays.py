"""Free-flow times: class speeds, faster where junctions are far apart, and a delay at each junction; fitted and checked.

time = sum over links of length / (class speed x (1 + gain x openness)) + delay of the junction at the head + access. Five
or so numbers are fitted on a sixth of the reference pairs (paths held, least absolute log ratio, paths redone); the others and
all pairs check them. The fitted numbers move the global factor into links and junctions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from sim.city.streets import StreetGraph, degrees, junction_density
from sim.codes import RoadClass
from sim.columns import Floats, Ints
from sim.scenario.parameters import registry

#: Junctions per km2 at which a street counts as wholly built up.
BUILT_UP = 60.0
ROUNDS = 4
#: Every n-th home node's pairs are fitted on; all the others check.
TRAIN_EVERY = 6


@dataclass(frozen=True)
class Speeds:
    """The fitted numbers: km/h, share, seconds."""

    speed_highway: float
    speed_major: float
    speed_minor: float
    speed_rural_gain: float
    delay_minor_minor: float
    delay_minor_major: float
    delay_major: float
    access_time: float

    def vector(self) -> Floats:
        """As an array, in field order."""
        return np.array([getattr(self, name) for name in NAMES])


NAMES = tuple(Speeds.__dataclass_fields__)


def default_speeds() -> Speeds:
    """The registry's values: fitted on the real Toulouse, used where a source has no reference times."""
    return Speeds(*(registry()[name].default for name in NAMES))


class LinkTimes:
    """What link times are made of, for fast evaluation at other speeds."""

    def __init__(self, graph: StreetGraph) -> None:
        self.graph = graph
        degree, best = degrees(graph)
        openness = 1.0 - np.minimum(1.0, junction_density(graph) / BUILT_UP)
        self.openness = 0.5 * (openness[graph.tail] + openness[graph.head])
        c = graph.road_class
        junction = degree[graph.head] >= 3
        meets_main = best[graph.head] <= RoadClass.MAJOR
        self.delay_kind = np.select(
            [~junction | (c == RoadClass.HIGHWAY), c == RoadClass.MAJOR, meets_main], [0, 3, 2], default=1
        )

    def parts(self, s: Speeds) -> tuple[Floats, Floats]:
        """(running time [s], junction delay [s]) by link."""
        c = self.graph.road_class
        speed = np.array([s.speed_highway, s.speed_major, s.speed_minor])[c]
        gain = np.where(c == RoadClass.HIGHWAY, 0.0, s.speed_rural_gain)
        run = self.graph.length / (speed / 3.6 * (1.0 + gain * self.openness))
        delay = np.array([0.0, s.delay_minor_minor, s.delay_minor_major, s.delay_major])[self.delay_kind]
        return run, delay

    def speed(self, s: Speeds) -> Floats:
        """Free speed by link, junction delay left out [km/h]."""
        return self.graph.length / self.parts(s)[0] * 3.6


def fit(times: LinkTimes, home: Ints, work: Ints, seconds: Floats) -> tuple[Speeds, dict[str, Any], Floats]:
    """Fit the speeds to reference driving times between nodes.

    Args:
        times: links of the graph.
        home, work: (n,) nodes of each pair.
        seconds: (n,) reference times [s].

    Returns:
        the speeds; the check over all pairs: correlation, median_abs_error after one global factor, pairs, median_ratio without
        factor, and the same for the pairs that were not fitted on; (n, 2) reference and modelled times [s].
    """
    train = np.unique(home, return_inverse=True)[1] % TRAIN_EVERY == 0
    speeds = default_speeds()
    for _ in range(ROUNDS):
        features = _features(times, speeds, home[train], work[train])
        speeds = _least(features, speeds, seconds[train])
    modelled = route_times(times, speeds, home, work)
    factor = float(np.median(seconds / modelled))
    speeds = _scaled(speeds, factor)
    check = compare(modelled * factor, seconds)
    held_out = compare((modelled * factor)[~train], seconds[~train])
    report = {**check, "held_out": held_out, "fitted": {name: getattr(speeds, name) for name in NAMES}}
    return speeds, report, np.column_stack([seconds, modelled * factor])


def _scaled(s: Speeds, factor: float) -> Speeds:
    """All times multiplied by ``factor``: speeds divided, delays and access multiplied."""
    changed = {n: getattr(s, n) / factor for n in NAMES[:3]} | {n: getattr(s, n) * factor for n in NAMES[4:]}
    return replace(s, **changed)


def compare(modelled: Floats, seconds: Floats) -> dict[str, Any]:
    """How modelled times agree with reference times; the error after one global factor, the ratio without."""
    ratio = modelled / seconds
    factor = float(np.median(1.0 / ratio))
    return {
        "correlation": float(np.corrcoef(modelled, seconds)[0, 1]),
        "median_abs_error": float(np.median(np.abs(modelled * factor / seconds - 1.0))),
        "median_ratio": float(np.median(ratio)),
        "pairs": len(seconds),
    }


def route_times(times: LinkTimes, s: Speeds, home: Ints, work: Ints) -> Floats:
    """Free-flow time of each pair over the shortest path, access included [s]."""
    run, delay = times.parts(s)
    distance, _, row = _paths(times.graph, run + delay, home)
    return np.asarray(distance[row, work]) + s.access_time


def _paths(graph: StreetGraph, cost: Floats, home: Ints) -> tuple[Floats, Ints, Ints]:
    n = len(graph.x)
    matrix = LinkLookup(graph.tail, graph.head, cost, n).matrix
    origins, row = np.unique(home, return_inverse=True)
    distance, before = dijkstra(matrix, indices=origins, return_predecessors=True)
    return distance, before, row


class LinkLookup:
    """Which link leads from one node to the next: the cheapest of parallel ones."""

    def __init__(self, tail: Ints, head: Ints, cost: Floats, n: int) -> None:
        order = np.lexsort((cost, head, tail))
        key = tail[order].astype(np.int64) * n + head[order]
        first = np.r_[True, key[1:] != key[:-1]]
        self.n = n
        self.key = key[first]
        self.link = order[first]
        where = (tail[self.link], head[self.link])
        self.matrix = csr_matrix((cost[self.link], where), shape=(n, n))

    def between(self, tail: Ints, head: Ints) -> Ints:
        """Links from each tail to its head; all must exist."""
        return np.asarray(self.link[np.searchsorted(self.key, np.asarray(tail, np.int64) * self.n + head)])


#: Path features: metres by class (built up and open), junctions by kind.
_LENGTHS = 6


def _features(times: LinkTimes, s: Speeds, home: Ints, work: Ints) -> Floats:
    """(n, 8) what each shortest path is made of: length/speed parts that the fit recombines, and junction counts.

    Column 2c + 0/1: running seconds of class c at 1 km/h when built up / the openness-weighted metres, so that a candidate's time
    is a smooth function of the columns (first order in openness).
    """
    graph = times.graph
    run, delay = times.parts(s)
    n = len(graph.x)
    lookup = LinkLookup(graph.tail, graph.head, run + delay, n)
    origins, row = np.unique(home, return_inverse=True)
    _, before = dijkstra(lookup.matrix, indices=origins, return_predecessors=True)
    per_link = np.zeros((len(graph.tail), _LENGTHS + 3))
    for c in range(3):
        mine = graph.road_class == c
        per_link[mine, 2 * c] = graph.length[mine] * (1.0 - times.openness[mine])
        per_link[mine, 2 * c + 1] = graph.length[mine] * times.openness[mine]
    for kind in (1, 2, 3):
        per_link[times.delay_kind == kind, _LENGTHS + kind - 1] = 1.0
    out = np.zeros((len(home), _LENGTHS + 3))
    node, active = work.copy(), np.arange(len(home))
    while len(active):
        back = before[row[active], node[active]]
        going = back >= 0
        active = active[going]
        back = back[going].astype(np.int64)
        link = lookup.between(back, node[active])
        out[active] += per_link[link]
        node[active] = back
    return out


def _least(features: Floats, start: Speeds, seconds: Floats) -> Speeds:
    """Speeds that minimise the mean absolute log ratio on fixed paths, within the registry's ranges."""
    bounds = [(registry()[n].low, registry()[n].high) for n in NAMES]

    def loss(v: Floats) -> float:
        speed = np.repeat(v[:3], 2)
        openness_gain = np.array([1.0, 1.0, 1.0, 1.0 + v[3], 1.0, 1.0 + v[3]])
        modelled = features[:, :_LENGTHS] @ (3.6 / (speed * openness_gain)) + features[:, _LENGTHS:] @ v[4:7] + v[7]
        log = np.log(modelled / seconds)
        return float(np.abs(log - np.median(log)).mean() + 0.5 * np.sqrt(np.mean((log - np.median(log)) ** 2)))

    from scipy.optimize import minimize  # whoever only opens a city does without

    found = minimize(
        loss, start.vector(), method="Nelder-Mead", bounds=bounds, options={"maxiter": 1500, "xatol": 0.02}
    )
    return Speeds(*(float(x) for x in found.x))
