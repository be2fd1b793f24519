"""Roadmap search: which measures, when and how much, for several headings at once, under budget and debt ceiling.

NSGA-II or NSGA-III (Deb et al. 2002, 2014; pymoo) proposes generations of roadmaps; each is lived with the same seeds, and over the same
uncertain futures where the experiment names some, by the same runner and store as a sweep. The algorithm draws from one seed and runs
are pure functions of theirs: a search that was killed is resumed by going through it again, with every run that is done taken from
the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments import store as stores
from experiments.changes import check
from experiments.city import MOST
from experiments.designs import Varied, place
from experiments.engines import Engine, Lasting
from experiments.frames import Sweep, load
from experiments.plan import Column, Floats, Plan, point_digest
from experiments.runner import Options, Progress, sweep
from experiments.searched import Searched
from experiments.worker import Work
from sim.errors import RunError

#: Constraints in the order of the algorithm's: column, what it is held under.
LIMITS = ("invested", "debt", "measures_waiting")


@dataclass(frozen=True)
class Quest:
    """What is searched.

    Args:
        plan: a plan of one scenario whose parameters are the decisions, then what is uncertain; its points do not matter.
        searched: objectives, decisions, size.
        futures: (F, u) values of what is uncertain; (1, 0) where nothing is.
        present: decisions as the roadmap has them now.
        limits: largest allowed value of columns ``most_...``; those not named are not held.
    """

    plan: Plan
    searched: Searched
    futures: Floats
    present: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """All roadmaps that were tried.

    Args:
        decisions: (n, k) in base units, each roadmap once; the first is the present one.
        objectives: (n, m) means over seeds and futures, in the units of the indicators.
        spread: (n, m) half the 95 % interval of these means over seeds (NaN with one).
        excess: (n, c) how far a limit is broken, 0 where it is held.
        front: numbers of those that hold the limits and that no other one betters in all objectives.
    """

    decisions: Floats
    objectives: Floats
    spread: Floats
    excess: Floats
    front: npt.NDArray[np.int64]


Tell = Callable[[int, Progress], None]


def search(
    quest: Quest, work: Work, out: Path, engine: Engine, options: Options | None = None, tell: Tell | None = None
) -> Found:
    """Carry the search out, or on. Raises what :func:`experiments.runner.sweep` raises."""
    options = replace(options or Options(), extend=True)
    lasting = Lasting(engine)
    trial = _Trial(quest, work, Path(out), lasting, options, tell or (lambda *_: None))
    try:
        return trial.go()
    finally:
        lasting.end()


class _Trial:
    def __init__(self, quest: Quest, work: Work, out: Path, engine: Engine, options: Options, tell: Tell) -> None:
        self.quest, self.work, self.out, self.engine, self.options, self.tell = quest, work, out, engine, options, tell
        self.tried: list[Floats] = []
        self.generation = 0
        kept = quest.plan.points[:0]
        if stores.exists(out):
            with stores.open_to_read(out) as store:
                check(
                    out,
                    store.plan,
                    replace(quest.plan, points=store.plan.points),
                    extend=True,
                    other_code=options.other_code,
                )
                kept = store.plan.points
        self.points = kept

    def go(self) -> Found:
        from pymoo.core.evaluator import Evaluator
        from pymoo.problems.static import StaticProblem

        algorithm, problem = _algorithm(self.quest)
        allowed = self._first_allowed()
        while algorithm.has_next():
            self.generation += 1
            proposed = algorithm.ask()
            decisions = self._decoded(np.asarray(proposed.get("X"), np.float64))
            data = self._lived(decisions)
            found = _judged(self.quest, data, decisions, allowed)
            signs = np.array([-o.sign for o in self.quest.searched.objectives])
            Evaluator().eval(StaticProblem(problem, F=found.objectives * signs, G=found.excess), proposed)
            algorithm.tell(infills=proposed)
        every = np.unique(np.concatenate([self._present()[None, :], *self.tried]), axis=0)
        rest = every[~(every == self._present()).all(axis=1)]
        return _judged(self.quest, load(self.out), np.concatenate([self._present()[None, :], rest]), allowed)

    def _present(self) -> Floats:
        varied = self.quest.searched.decisions
        u = np.array([[place(v, self.quest.present.get(v.name, v.high)) for v in varied]])
        return self._decoded(u)[0]

    def _first_allowed(self) -> dict[str, float]:
        """The limits; where the present roadmap itself waits for money or staff, a new one may as much."""
        data = self._lived(self._present()[None, :])
        allowed = dict(self.quest.limits)
        name = f"{MOST}measures_waiting"
        if name in allowed:
            allowed[name] = max(
                allowed[name], float(_values(self.quest, data, self._present()[None, :], name)[0].max())
            )
        return allowed

    def _decoded(self, u: Floats) -> Floats:
        return np.column_stack([v.at(np.clip(u[:, i], 0.0, 1.0)) for i, v in enumerate(self.quest.searched.decisions)])

    def _lived(self, decisions: Floats) -> Sweep:
        """All runs of these roadmaps, those done already and those done now."""
        self.tried.append(decisions)
        wanted = _points(decisions, self.quest.futures)
        known = {point_digest(row) for row in self.points}
        fresh = {point_digest(row): row for row in wanted}
        more = [row for digest, row in fresh.items() if digest not in known]
        self.points = np.concatenate([self.points, *(row[None, :] for row in more)]) if more else self.points
        plan = replace(self.quest.plan, points=self.points)
        progress = sweep(plan, self.work, self.out, self.engine, self.options, lambda p: self.tell(self.generation, p))
        if progress.failed:
            raise RunError(f"{progress.failed} runs failed: rebond sweep --status {self.out}")
        return load(self.out)


def _algorithm(quest: Quest) -> tuple[Any, Any]:
    from pymoo.core.problem import Problem

    s = quest.searched
    k, m = len(s.decisions), len(s.objectives)
    problem = Problem(n_var=k, n_obj=m, n_ieq_constr=len(quest.limits), xl=0.0, xu=1.0)
    start = np.random.default_rng(quest.plan.first_seed).random((s.population, k))
    start[0] = [place(v, quest.present.get(v.name, v.high)) for v in s.decisions]
    if s.algorithm == "nsga3":
        from pymoo.algorithms.moo.nsga3 import NSGA3
        from pymoo.util.ref_dirs import get_reference_directions

        directions = get_reference_directions("energy", m, s.population, seed=quest.plan.first_seed)
        algorithm = NSGA3(ref_dirs=directions, pop_size=s.population, sampling=start)
    else:
        from pymoo.algorithms.moo.nsga2 import NSGA2

        algorithm = NSGA2(pop_size=s.population, sampling=start)
    algorithm.setup(problem, termination=("n_gen", s.generations), seed=quest.plan.first_seed, verbose=False)
    return algorithm, problem


def _points(decisions: Floats, futures: Floats) -> Floats:
    """(n * F, k + u): every roadmap in every future."""
    return np.hstack([np.repeat(decisions, len(futures), axis=0), np.tile(futures, (len(decisions), 1))])


def _values(quest: Quest, data: Sweep, decisions: Floats, column: str) -> Floats:
    """(n, F, R) final values of a column."""
    wide = data.runs.pivot(index="point", columns="replication", values=column)
    number = {point_digest(row): p for row, p in zip(data.plan.points, data.order, strict=True)}
    order = [number[point_digest(row)] for row in _points(decisions, quest.futures)]
    found = wide.reindex(order).to_numpy(np.float64)
    return found.reshape(len(decisions), len(quest.futures), -1)


def _judged(quest: Quest, data: Sweep, decisions: Floats, allowed: Mapping[str, float]) -> Found:
    from scipy.stats import t as student

    values = [
        _values(quest, data, decisions, o.indicator).mean(axis=1) for o in quest.searched.objectives
    ]  # (n, R) each
    objectives = np.column_stack([v.mean(axis=1) for v in values])
    n = values[0].shape[1]
    half = student.ppf(0.975, n - 1) / np.sqrt(n) if n > 1 else np.nan
    spread = np.column_stack([v.std(axis=1, ddof=1) * half if n > 1 else np.full(len(v), np.nan) for v in values])
    over = [
        np.maximum(_values(quest, data, decisions, name).max(axis=(1, 2)) - limit, 0.0) / max(abs(limit), 1.0)
        for name, limit in allowed.items()
    ]
    excess = np.column_stack(over) if over else np.zeros((len(decisions), 0))
    signs = np.array([-o.sign for o in quest.searched.objectives])
    held = np.flatnonzero((excess <= 0.0).all(axis=1))
    return Found(decisions, objectives, spread, excess, held[undominated(objectives[held] * signs)])


def undominated(costs: Floats) -> npt.NDArray[np.int64]:
    """Rows that no other row is at most as costly as in all columns and less in one; of equal rows, the first."""
    out = []
    for i, row in enumerate(costs):
        better = (costs <= row).all(axis=1) & (costs < row).any(axis=1)
        same = (costs[:i] == row).all(axis=1)
        if not better.any() and not same.any():
            out.append(i)
    return np.array(out, np.int64)


def present_decisions(varied: tuple[Varied, ...], values: Mapping[str, Any]) -> dict[str, float]:
    """Numbers of the roadmap's own decisions, those that have one."""
    return {v.name: float(values[v.name]) for v in varied if values.get(v.name) is not None}


def columns_with_limits(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The plan's columns and those that limits are held on."""
    units = {"invested": "€/year", "debt": "€", "measures_waiting": "measures"}
    return columns + tuple(
        Column(f"{MOST}{n}", units[n], f"Largest in any month: {n.replace('_', ' ')}", -1) for n in LIMITS
    )
