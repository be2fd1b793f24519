"""What each measure brought: alone, as the last one, and on average over the orders in which measures may join (Shapley).

Every figure is a difference of runs with the same seed. Alone: the roadmap of this measure only, minus none. Last: the whole roadmap
minus the roadmap without it. Shapley (Shapley 1953; sampled by orders with their reverses, Castro et al. 2009, Mitchell et al. 2022): the
mean gain on joining; these sum to the whole difference, exactly. Synergy: last minus alone; above zero (for an indicator whose growth
is good) measures help each other. Bands are 95 % Student intervals: over seeds, and for Shapley over pairs of orders too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from experiments.analyses import answer
from experiments.analyses.answer import Answer
from experiments.analyses.figure import dots
from experiments.designs import orders
from experiments.frames import Sweep
from experiments.plan import Floats, point_digest
from sim.errors import Fault, InputError
from sim.results.compare import number, signed

COLUMNS = (
    "indicator",
    "unit",
    "measure",
    "alone",
    "alone ±",
    "last",
    "last ±",
    "shapley",
    "shapley ±",
    "synergy",
    "synergy ±",
)


def attribution(sweep: Sweep, wanted: Sequence[str] = (), name: str | None = None) -> Answer:
    """Contributions of each measure to final indicators; a sweep with ``design: {attribution: N}`` is needed."""
    if sweep.plan.design["kind"] != "attribution":
        raise InputError(
            Fault(
                str(sweep.path), f"a {sweep.plan.design['kind']} design", "an experiment with design: {attribution: 8}"
            )
        )
    name = answer.scenario(sweep, name)
    measures = [p.name.rpartition(".")[0] for p in sweep.plan.parameters]
    rows: list[tuple[Any, ...]] = []
    figures, sentences = {}, []
    for indicator in answer.indicators(sweep, wanted, default=4):
        values = _worth(sweep, name, indicator)
        unit = answer.facts(sweep, indicator).unit
        mine = [(indicator, unit, *row) for row in contributions(sweep, measures, values)]
        rows += mine
        sentences.append(_sentence(indicator, unit, mine, values, len(measures)))
        figures[f"{indicator} [{unit}]: what each measure brought"] = _figure(measures, mine, unit)
    size = f"{sweep.plan.design['size']} orders of measures, {sweep.plan.replications} seeds, paired"
    note = f"{size}; ± is half a 95 % interval (NaN with one seed)."
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return Answer("attribution", f"What each measure brought: {name}", sentences, table, figures, (note,))


def _worth(sweep: Sweep, name: str, indicator: str) -> Floats:
    """(P, R) final value of each coalition by seed, in the order of the design."""
    runs = sweep.runs[sweep.runs["scenario"] == name]
    wide = runs.pivot(index="point", columns="replication", values=indicator)
    values = wide.reindex(list(sweep.order)).reindex(columns=range(sweep.plan.replications)).to_numpy(np.float64)
    answer.need_whole(sweep, values.ravel(), "attribution")
    return values


def contributions(sweep: Sweep, measures: Sequence[str], values: Floats) -> list[tuple[Any, ...]]:
    """Rows (measure, alone, ±, last, ±, shapley, ±, synergy, ±)."""
    place = {point_digest(row): i for i, row in enumerate(sweep.plan.points)}
    k = len(measures)

    def worth(member: Floats) -> Floats:
        return np.asarray(values[place[point_digest(member)]])

    nobody, everybody = worth(np.zeros(k)), worth(np.ones(k))
    gains = _gains(orders(k, int(sweep.plan.design["size"]), int(sweep.plan.design["seed"])), worth)
    out = []
    for i, measure in enumerate(measures):
        one = np.eye(k)[i]
        alone, last = worth(one) - nobody, everybody - worth(1.0 - one)
        out.append((measure, *_band(alone), *_band(last), *_sampled(gains[:, i]), *_band(last - alone)))
    return out


def _gains(found: np.ndarray, worth: Any) -> Floats:
    """(orders, k, R) what each player adds on joining."""
    size, k = found.shape
    rows = []
    for order in found:
        member = np.zeros(k)
        before = worth(member)
        gain = np.empty((k, len(before)))
        for player in order:
            member = member.copy()
            member[player] = 1.0
            after = worth(member)
            gain[player] = after - before
            before = after
        rows.append(gain)
    return np.array(rows).reshape(size, k, -1)


def _band(values: Floats) -> tuple[float, float]:
    """Mean over seeds and half its 95 % interval."""
    n = len(values)
    half = float(student.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return float(values.mean()), half


def _sampled(gain: Floats) -> tuple[float, float]:
    """Mean of (orders, R) gains, and half its interval: variance over seeds plus variance over pairs of an order and its reverse.

    Degrees of freedom of the sum by Welch and Satterthwaite (1946): a source that hardly varies does not widen the band.
    """
    pairs = np.array([gain[i : i + 2].mean() for i in range(0, len(gain), 2)])
    sources = [
        (values.var(ddof=1) / len(values), len(values) - 1) for values in (pairs, gain.mean(axis=0)) if len(values) > 1
    ]
    if not sources:
        return float(gain.mean()), float("nan")
    variance = sum(v for v, _ in sources)
    free = variance**2 / sum(v**2 / n for v, n in sources) if variance > 0.0 else 1.0
    return float(gain.mean()), float(student.ppf(0.975, free) * np.sqrt(variance))


def _sentence(indicator: str, unit: str, rows: Sequence[tuple[Any, ...]], values: Floats, k: int) -> str:
    total = float((values[1] - values[0]).mean())  # the design begins with nobody and everybody
    told = sorted((r for r in rows if np.isnan(r[8]) or abs(r[7]) > r[8]), key=lambda r: -abs(r[7]))[: min(3, k)]
    words = ", ".join(f"{r[2]} {signed(r[7])}" + ("" if np.isnan(r[8]) else f" ± {number(r[8])}") for r in told)
    most = f"most by {words}" if told else "no measure's share can be told from zero: more seeds or orders are needed"
    alone = signed(sum(r[3] for r in rows))
    return f"{indicator}: {signed(total)} {unit} by the whole roadmap, {most}; alone, its measures would sum to {alone}"


def _figure(measures: Sequence[str], rows: Sequence[tuple[Any, ...]], unit: str) -> str:
    groups = {}
    for label, at in (("Shapley", 7), ("last in", 5), ("alone", 3)):
        value = np.array([r[at] for r in rows], np.float64)
        half = np.nan_to_num(np.array([r[at + 1] for r in rows], np.float64))
        groups[label] = (value, value - half, value + half)
    return dots(list(measures), groups, unit)
