"""Optimal strategies beside the paper's example, its linear program and a slow plain twin."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from kernels.transit import expected, into, load_all, room, strategy, transit_strategies
from tests.kernels import hyperpath_case

ALWAYS = np.inf


@dataclass(frozen=True)
class Net:
    """Links of a transit graph."""

    tail: np.ndarray
    head: np.ndarray
    cost: np.ndarray
    frequency: np.ndarray
    n: int

    def reverse(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.head, kind="stable").astype(np.int64)
        return np.searchsorted(self.head[order], np.arange(self.n + 1)).astype(np.int64), order


def net(links: list[tuple[int, int, float, float]], n: int) -> Net:
    t, h, c, f = (np.array(x) for x in zip(*links, strict=True))
    return Net(t.astype(np.int64), h.astype(np.int64), c.astype(np.float64), f.astype(np.float64), n)


def one_way(
    g: Net, by_clock: np.ndarray, waits: tuple[float, float], destination: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times to the destination as felt and by the clock, and the accepted links."""
    first, order = g.reverse()
    many = len(g.tail)
    time, clock, rows = np.empty(g.n), np.empty(g.n), np.empty(many, np.int32)
    links = into(first, order, g.tail, g.head, g.cost, by_clock, g.frequency)
    count = strategy(links, *waits, destination, time, clock, rows, room(many, g.n))
    return time, clock, order[rows[:count]]


def times(g: Net, wait: float, destination: int) -> tuple[np.ndarray, np.ndarray]:
    """Times to the destination and the accepted links."""
    time, clock, accepted = one_way(g, g.cost, (wait, wait), destination)
    np.testing.assert_allclose(clock, time, rtol=1e-12)  # unweighted, the clock shows what is felt
    return time, accepted


def flows(g: Net, wait: float, destination: int, demand: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Link flows and node volumes of a demand to the destination: part 2 of the paper, in plain words."""
    _, accepted = times(g, wait, destination)
    volume, flow = np.zeros(g.n), np.zeros(len(g.tail))
    for node, trips in demand.items():
        volume[node] += trips
    always = {int(g.tail[a]): a for a in accepted if np.isinf(g.frequency[a])}  # the last one counts
    lines = np.zeros(g.n)
    for a in accepted:
        if np.isfinite(g.frequency[a]):
            lines[g.tail[a]] += g.frequency[a]
    for a in accepted[::-1]:
        i = int(g.tail[a])
        if i in always:
            part = volume[i] if always[i] == a else 0.0
        else:
            part = volume[i] * g.frequency[a] / lines[i]
        flow[a] += part
        volume[g.head[a]] += part
    return flow, volume


# --- the example of the paper -------------------------------------------------------------------------------------------

A, X, Y, B = range(4)
#: Spiess & Florian (1989), figure 1: four lines between A and B. Line 1 A-B 25 min; line 2 A-X 7 and X-Y 6 min, both every 12 min;
#: line 3 X-Y 4 and Y-B 4 min, every 30 min; line 4 Y-B 10 min, every 6 min. Published: 27.75 min, lines 1 and 2 half each, at Y
#: one in six by line 3.
PAPER = net(
    [
        (A, 4, 0.0, 1 / 12), (4, B, 25.0, ALWAYS),
        (A, 5, 0.0, 1 / 12), (5, 6, 7.0, ALWAYS), (6, X, 0.0, ALWAYS), (X, 6, 0.0, 1 / 12), (6, 7, 6.0, ALWAYS), (7, Y, 0.0, ALWAYS),
        (X, 8, 0.0, 1 / 30), (8, 9, 4.0, ALWAYS), (9, Y, 0.0, ALWAYS), (Y, 9, 0.0, 1 / 30), (9, B, 4.0, ALWAYS),
        (Y, 10, 0.0, 1 / 6), (10, B, 10.0, ALWAYS),
    ],
    11,
)  # fmt: skip


def test_the_published_example_takes_27_75_minutes() -> None:
    time, _ = times(PAPER, 0.5, B)
    assert time[A] == pytest.approx(27.75, abs=1e-12)
    assert time[Y] == pytest.approx(11.5, abs=1e-12)


def test_the_published_example_splits_as_published() -> None:
    flow, volume = flows(PAPER, 0.5, B, {A: 1.0})
    assert flow[0] == pytest.approx(0.5)
    assert flow[2] == pytest.approx(0.5)
    assert flow[11] == pytest.approx(0.5 / 6)
    assert flow[13] == pytest.approx(0.5 * 5 / 6)
    assert volume[B] == pytest.approx(1.0)


# --- another tool -------------------------------------------------------------------------------------------------------


def answers() -> dict[int, hyperpath_case.Answer]:
    """Ours to the questions put to AequilibraE."""
    rows, boards, n = hyperpath_case.links()
    g = net([(a, b, m, ALWAYS if f == hyperpath_case.ALWAYS else f) for a, b, m, f in rows], n)
    at = np.array(boards) >= 0
    out = {}
    for d in hyperpath_case.DESTINATIONS:
        time, _ = times(g, 1.0, d)
        flow, _ = flows(g, 1.0, d, dict(hyperpath_case.demand(d)))
        by_line = np.bincount(np.array(boards)[at], weights=flow[at])
        out[d] = hyperpath_case.Answer(
            tuple(time[list(hyperpath_case.ORIGINS)].tolist()), tuple(by_line.tolist()), float((flow * g.cost).sum())
        )
    return out


def same(ours: dict[int, hyperpath_case.Answer], theirs: dict[int, hyperpath_case.Answer]) -> None:
    for d, answer in theirs.items():
        assert ours[d].minutes == pytest.approx(answer.minutes, abs=1e-8)
        assert ours[d].boardings == pytest.approx(answer.boardings, abs=1e-5)
        assert ours[d].ridden == pytest.approx(answer.ridden, abs=1e-5)


def test_a_middle_sized_network_as_aequilibrae_answered() -> None:
    """24 lines, 60 stops, 40 walks: the recorded answers of AequilibraE 1.7.2 (tests/kernels/hyperpath_case.py)."""
    same(answers(), hyperpath_case.ANSWERS)


def test_a_middle_sized_network_as_aequilibrae_answers_now() -> None:
    pytest.importorskip(
        "aequilibrae.paths.public_transport",
        reason="AequilibraE is not installed: its recorded answers are compared with",
    )
    same(answers(), hyperpath_case.ask())


# --- random small networks ----------------------------------------------------------------------------------------------


@st.composite
def lines_and_walks(draw: st.DrawFn) -> Net:
    """A few stops, random lines both ways, random walks; costs to a tenth of a minute."""
    stops = draw(st.integers(3, 6))
    links: list[tuple[int, int, float, float]] = []
    node = stops
    minutes = st.integers(5, 200).map(lambda x: x / 10)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.lists(st.integers(0, stops - 1), min_size=2, max_size=4, unique=True))
        frequency = 1 / draw(st.integers(2, 30))
        board = draw(st.integers(1, 40)) / 10
        for direction in (path, path[::-1]):
            on = list(range(node, node + len(direction)))
            node += len(direction)
            for s, at in zip(direction, on, strict=True):
                links += [(s, at, board, frequency), (at, s, 0.0, ALWAYS)]
            links += [(a, b, draw(minutes), ALWAYS) for a, b in itertools.pairwise(on)]
    for _ in range(draw(st.integers(0, 4))):
        a, b = draw(st.integers(0, stops - 1)), draw(st.integers(0, stops - 1))
        if a != b:
            links.append((a, b, draw(minutes), ALWAYS))
    return net(links, node)


def bellman(g: Net, wait: float, destination: int) -> np.ndarray:
    """The same times, slowly: at each node the best set of lines by trying every prefix in order of remaining time."""
    time = np.full(g.n, np.inf)
    time[destination] = 0.0
    while True:
        new = time.copy()
        for i in set(range(g.n)) - {destination}:
            out = np.flatnonzero(g.tail == i)
            rest = g.cost[out] + time[g.head[out]]
            at_once = rest[np.isinf(g.frequency[out])].tolist()
            best = min(at_once, default=np.inf)
            waited = sorted(
                (r, f) for r, f in zip(rest, g.frequency[out], strict=True) if 0 < f < np.inf and r < np.inf
            )
            for k in range(1, len(waited) + 1):
                total = sum(f for _, f in waited[:k])
                best = min(best, (wait + sum(f * r for r, f in waited[:k])) / total)
            new[i] = best
        if np.allclose(new, time, rtol=0.0, atol=1e-12, equal_nan=True):
            return new
        time = new


@settings(max_examples=60, deadline=None)
@given(lines_and_walks(), st.sampled_from([0.5, 1.0]), st.data())
def test_times_are_those_of_value_iteration(g: Net, wait: float, data: st.DataObject) -> None:
    destination = data.draw(st.integers(0, 2))
    time, _ = times(g, wait, destination)
    np.testing.assert_allclose(time, bellman(g, wait, destination), rtol=1e-10)


def brute_force(g: Net, wait: float, destination: int) -> np.ndarray:
    """Least expected times over all strategies: at each node any non-empty set of lines to wait for, or one link that is always there;
    what a strategy takes follows from its linear equations."""
    choices: list[list[tuple[int, ...]]] = []
    for i in range(g.n):
        out = np.flatnonzero(g.tail == i).tolist()
        waited = [a for a in out if np.isfinite(g.frequency[a])]
        sets = [s for k in range(1, len(waited) + 1) for s in itertools.combinations(waited, k)]
        sets += [(a,) for a in out if np.isinf(g.frequency[a])]
        choices.append(sets if sets and i != destination else [()])
    best = np.full(g.n, np.inf)
    best[destination] = 0.0
    for strategy_of in itertools.product(*choices):
        step, cost = np.zeros((g.n, g.n)), np.zeros(g.n)
        for i, links in enumerate(strategy_of):
            if not links:
                continue
            f = g.frequency[list(links)]
            share = np.ones(1) if np.isinf(f[0]) else f / f.sum()
            cost[i] = (share * g.cost[list(links)]).sum() + (0.0 if np.isinf(f[0]) else wait / f.sum())
            np.add.at(step[i], g.head[list(links)], share)
        reach = np.linalg.matrix_power(step + np.eye(g.n) * (np.arange(g.n) == destination), g.n)[:, destination]
        leads = reach > 1 - 1e-9  # with certainty, within as many steps as there are nodes: no going round in circles
        time = np.full(g.n, np.inf)
        time[leads] = np.linalg.solve(np.eye(leads.sum()) - step[np.ix_(leads, leads)], cost[leads])
        best = np.minimum(best, time)
    return best


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 90), st.integers(0, 20)), min_size=4, max_size=9
    ),
    st.sampled_from([0.5, 1.0]),
)
def test_no_strategy_of_all_is_better(rows: list[tuple[int, int, int, int]], wait: float) -> None:
    g = net([(a, b, m / 10, 1 / f if f else ALWAYS) for a, b, m, f in rows if a != b] or [(0, 1, 1.0, ALWAYS)], 5)
    np.testing.assert_allclose(times(g, wait, 0)[0], brute_force(g, wait, 0), rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(lines_and_walks(), st.data())
def test_the_strategy_solves_the_linear_program_of_the_paper(g: Net, data: st.DataObject) -> None:
    """min sum c v + sum w  over link flows v and waits w: what enters a node leaves it, v <= f w (Spiess & Florian 1989, eq. 11-14)."""
    destination = data.draw(st.integers(0, 2))
    time, _ = times(g, 1.0, destination)
    origin = next((i for i in range(g.n) if i != destination and np.isfinite(time[i])), None)
    if origin is None:
        return
    links, boarding = len(g.tail), np.flatnonzero(np.isfinite(g.frequency))
    balance = np.zeros((g.n, links + g.n))
    balance[g.tail, np.arange(links)] += 1.0
    balance[g.head, np.arange(links)] -= 1.0
    supply = np.zeros(g.n)
    supply[origin], supply[destination] = 1.0, -1.0
    bound = np.zeros((len(boarding), links + g.n))
    bound[np.arange(len(boarding)), boarding] = 1.0
    bound[np.arange(len(boarding)), links + g.tail[boarding]] = -g.frequency[boarding]
    cost = np.r_[g.cost, np.ones(g.n)]
    best = linprog(cost, A_ub=bound, b_ub=np.zeros(len(boarding)), A_eq=balance, b_eq=supply)
    assert best.status == 0
    assert time[origin] == pytest.approx(best.fun, rel=1e-8)


@settings(max_examples=40, deadline=None)
@given(lines_and_walks(), st.data())
def test_every_trip_arrives_and_takes_its_time(g: Net, data: st.DataObject) -> None:
    """Loaded flows are conserved at each node, and flow times cost plus waits is demand times expected time."""
    destination = data.draw(st.integers(0, 2))
    time, accepted = times(g, 0.5, destination)
    demand = {i: 1.0 + i for i in range(g.n) if i != destination and np.isfinite(time[i])}
    flow, volume = flows(g, 0.5, destination, demand)
    out = np.bincount(g.tail, weights=flow, minlength=g.n)
    into = np.bincount(g.head, weights=flow, minlength=g.n)
    asked = np.array([demand.get(i, 0.0) for i in range(g.n)])
    others = np.arange(g.n) != destination
    np.testing.assert_allclose(out[others], (into + asked)[others], atol=1e-9)
    assert volume[destination] == pytest.approx(sum(demand.values()))
    boarded = accepted[np.isfinite(g.frequency[accepted])]
    combined = np.bincount(g.tail[boarded], weights=g.frequency[boarded], minlength=g.n)
    waits = flow[boarded] * 0.5 / combined[g.tail[boarded]]
    assert (flow * g.cost).sum() + waits.sum() == pytest.approx(sum(t * time[i] for i, t in demand.items()))


@settings(max_examples=40, deadline=None)
@given(lines_and_walks(), st.data())
def test_more_vehicles_never_make_a_trip_longer(g: Net, data: st.DataObject) -> None:
    finite = np.flatnonzero(np.isfinite(g.frequency))
    one = data.draw(st.sampled_from(finite.tolist()))
    more = g.frequency.copy()
    more[one] *= data.draw(st.floats(1.01, 5.0))
    before, _ = times(g, 0.5, 0)
    after, _ = times(Net(g.tail, g.head, g.cost, more, g.n), 0.5, 0)
    reached = np.isfinite(before)
    assert (after[reached] <= before[reached] + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(lines_and_walks(), st.data())
def test_a_line_that_never_comes_is_no_line(g: Net, data: st.DataObject) -> None:
    finite = np.flatnonzero(np.isfinite(g.frequency))
    gone = np.isin(np.arange(len(g.tail)), data.draw(st.lists(st.sampled_from(finite.tolist()), max_size=4)))
    never = Net(g.tail, g.head, g.cost, np.where(gone, 1.0 / np.inf, g.frequency), g.n)
    without = Net(g.tail[~gone], g.head[~gone], g.cost[~gone], g.frequency[~gone], g.n)
    np.testing.assert_array_equal(times(never, 0.5, 0)[0], times(without, 0.5, 0)[0])


def test_the_clock_shows_the_chosen_strategy_not_the_quickest() -> None:
    """A slow direct line every 10 min beside a quick one behind a long walk that counts double: felt 20 + 5 against 24 + 2.5."""
    links = [(0, 2, 0.0, 0.1), (2, 1, 20.0, ALWAYS), (0, 3, 24.0, ALWAYS), (3, 4, 0.0, 0.2), (4, 1, 0.0, ALWAYS)]
    g = net(links, 5)
    by_clock = np.where(np.arange(5) == 2, 12.0, g.cost)
    time, clock, _ = one_way(g, by_clock, (0.5, 0.25), 1)
    assert time[0] == pytest.approx(25.0)
    assert clock[0] == pytest.approx(22.5)
    assert time[3] == pytest.approx(2.5)
    assert clock[3] == pytest.approx(1.25)


def test_a_busy_stop_keeps_within_its_heap() -> None:
    """Forty walks to a stop of sixty lines that get better one by one: the stop's time falls sixty times."""
    lines, walks = 60, 40
    links = [(0, 1 + k, 0.0, 1 / 10) for k in range(lines)]
    links += [(1 + k, 1 + lines, 20.0 + k / 1000, ALWAYS) for k in range(lines)]
    links += [(2 + lines + k, 0, 1.0 + k, ALWAYS) for k in range(walks)]
    g = net(links, 2 + lines + walks)
    time, accepted = times(g, 0.5, 1 + lines)
    assert len(accepted) == len(links)
    assert time[0] == pytest.approx(0.5 * 10 / lines + 20.0 + (lines - 1) / 2000)
    np.testing.assert_allclose(time[2 + lines :], time[0] + 1.0 + np.arange(walks))


@dataclass(frozen=True)
class Kept:
    """Strategies between zones, as the simulation keeps them."""

    felt: np.ndarray
    links: np.ndarray
    share: np.ndarray
    first: np.ndarray


def strategies(g: Net, zones: np.ndarray, wait: float) -> Kept:
    first, order = g.reverse()
    felt, clock, links, share, count = transit_strategies(
        first, order, g.tail, g.head, g.cost, g.cost, g.frequency, wait, wait, zones, zones, g.n
    )
    np.testing.assert_allclose(clock, felt, rtol=1e-12)
    used = np.arange(links.shape[1]) < count[:, None]
    return Kept(felt, links[used], share[used], np.r_[0, np.cumsum(count)])


def test_what_cannot_be_reached_is_infinite_and_carries_nothing() -> None:
    g = net([(0, 3, 1.0, 0.1), (3, 4, 5.0, ALWAYS), (4, 1, 0.0, ALWAYS), (2, 0, 1.0, ALWAYS)], 5)
    zones = np.array([0, 1, 2])
    kept = strategies(g, zones, 0.5)
    assert kept.felt[0, 1] == pytest.approx(11.0)
    assert kept.felt[2, 1] == pytest.approx(12.0)
    assert np.isinf(kept.felt[0, 2])
    assert np.isinf(kept.felt[1, 0])
    demand = np.where(np.isfinite(kept.felt), 10.0, 0.0)
    flow = load_all(kept.links, kept.share, kept.first, g.tail, g.head, zones, g.n, demand)
    np.testing.assert_allclose(flow, [20.0, 20.0, 20.0, 10.0 + 10.0])


@settings(max_examples=30, deadline=None)
@given(lines_and_walks())
def test_kept_strategies_load_what_the_paper_s_second_part_loads(g: Net) -> None:
    zones, wait = np.arange(3), 0.5
    kept = strategies(g, zones, wait)
    demand = np.where(np.isfinite(kept.felt), 1.0 + np.arange(9.0).reshape(3, 3), 0.0)
    np.fill_diagonal(demand, 0.0)
    flow = load_all(kept.links, kept.share, kept.first, g.tail, g.head, zones, g.n, demand)
    np.testing.assert_allclose(
        flow, sum(flows(g, wait, d, dict(enumerate(demand[:, d])))[0] for d in range(3)), atol=1e-9
    )


@settings(max_examples=30, deadline=None)
@given(lines_and_walks(), st.integers(0, 2**31))
def test_what_a_trip_meets_is_what_its_flow_meets(g: Net, seed: int) -> None:
    """Any amount by link: its expectation on the way from o to d is its sum over the flow of one trip."""
    zones = np.arange(3)
    kept = strategies(g, zones, 1.0)
    amount = np.random.default_rng(seed).random(len(g.tail))
    found = expected(kept.links, kept.share, kept.first, g.tail, g.head, zones, g.n, amount)
    for o, d in itertools.permutations(range(3), 2):
        one = flows(g, 1.0, d, {o: 1.0})[0] if np.isfinite(kept.felt[o, d]) else np.zeros(len(g.tail))
        assert found[o, d] == pytest.approx((one * amount).sum())
