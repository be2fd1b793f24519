"""When does a roadmap miss its headings? Boxes (PRIM) and a tree over the uncertain parameters, in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.analyses import answer, prim
from experiments.analyses.answer import Answer
from experiments.analyses.figure import boxes_in_space
from experiments.city import HEADING
from experiments.frames import Sweep
from experiments.plan import Floats
from sim.errors import Fault, InputError, nearest
from sim.results.compare import number

_CONDITION = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(<=|>=|<|>)\s*([-+0-9.eE]+)\s*")
LEAST_CASES = 5
#: Limits less sure than this are not said.
SURE = 0.05
TREE_DEPTH = 3
METHODS = (
    "PRIM (Friedman and Fisher 1999); limits with quasi-p-values (Bryant and Lempert 2010).",
    "Tree: CART of scikit-learn, both classes weighing the same.",
)


def discover(sweep: Sweep, where: str | None = None, name: str | None = None, against: str | None = None) -> Answer:
    """Where in the space of parameters the cases of interest are.

    Args:
        sweep: a finished sweep (Latin hypercube or Sobol designs are the right ones).
        where: "INDICATOR < NUMBER", several joined by "and"; by default: a heading of the scenario is missed.
        name: the scenario.
        against: look at the difference to this scenario instead.
    """
    names = answer.varied(sweep)
    name = answer.scenario(sweep, name)
    conditions = _conditions(sweep, where)
    values = {c[0]: answer.by_point(sweep, name, c[0], against) for c in conditions}
    known = np.isfinite(np.column_stack(list(values.values()))).all(axis=1)
    joined = np.all if where is not None else np.any  # a condition given: all of it; headings: any of them
    cases = np.asarray(joined([_holds(values[n], sign, limit) for n, sign, limit in conditions], axis=0))[known]
    x = answer.inputs(sweep)[known]
    what = where or "a heading is missed"
    if not LEAST_CASES <= cases.sum() <= len(cases) - LEAST_CASES:
        allowed = f"a condition that at least {LEAST_CASES} points meet and {LEAST_CASES} do not"
        raise InputError(Fault("--where", f"{what}: met at {cases.sum()} of {len(cases)} points", allowed))
    boxes = prim.trajectory(x, cases)
    box = prim.best(boxes)
    limits = prim.quasi_p(x, cases, box)
    units = {p.name: p.unit for p in sweep.plan.parameters}
    table = pd.DataFrame(
        [
            {"parameter": names[k], "unit": units[names[k]], "side": sign, "limit": limit, "quasi_p": p}
            for k, sign, limit, p in limits
        ],
        columns=["parameter", "unit", "side", "limit", "quasi_p"],
    )
    path = pd.DataFrame(
        [
            {"density": b.density, "coverage": b.coverage, "mass": b.mass, "limits": len(prim.quasi_p(x, cases, b))}
            for b in boxes
        ]
    )
    shown = {names[k]: (float(box.low[k]), float(box.high[k])) for k, *_ in limits}
    tree, rules = _tree(x, cases, names)
    told = f"A tree of depth {TREE_DEPTH} tells {tree:.0%} of the points right (cross-validated)"
    return Answer(
        "discovery",
        f"When {what}: {name}" + (f" minus {against}" if against else ""),
        [_sentence(name, what, limits, names, units, box), told],
        table,
        {"points in the plane of the limits that matter most": boxes_in_space(x, names, cases, shown, units)},
        (*METHODS, f"Cases of interest: {cases.sum()} of {len(cases)} points."),
        {"Boxes from wide to dense (shares)": path, "Leaves of the tree": rules},
    )


def _conditions(sweep: Sweep, where: str | None) -> list[tuple[str, str, float]]:
    known = [c.name for c in sweep.plan.columns]
    if where is None:
        found = [(n, "<", 0.0) for n in known if n.startswith(HEADING)]
        if not found:
            raise InputError(
                Fault(str(sweep.path), "scenarios without headings within these months", "--where 'INDICATOR < NUMBER'")
            )
        return found
    out = []
    for part in where.split(" and "):
        match = _CONDITION.fullmatch(part)
        try:
            limit = float(match[3]) if match else np.nan
        except ValueError:
            limit = np.nan
        if match is None or np.isnan(limit):
            raise InputError(Fault("--where", repr(part), "INDICATOR < NUMBER (or >, <=, >=), several joined by and"))
        if match[1] not in known:
            raise InputError(
                Fault("--where", repr(match[1]), f"one of {', '.join(known)}", "", nearest(match[1], known))
            )
        out.append((match[1], match[2], limit))
    return out


def _holds(values: Floats, sign: str, limit: float) -> np.ndarray:
    return np.asarray({"<": values < limit, ">": values > limit, "<=": values <= limit, ">=": values >= limit}[sign])


def _sentence(
    name: str,
    what: str,
    limits: Sequence[tuple[int, str, float, float]],
    names: Sequence[str],
    units: dict[str, str],
    box: prim.Box,
) -> str:
    sure = [row for row in limits if row[3] <= SURE]
    figures = f"so at {box.density:.0%} of the points there, which are {box.coverage:.0%} of all such cases"
    if not sure:
        return f"{name}: no part of the parameters' space stands out for '{what}'"
    words = " and ".join(
        f"{names[k]} {'<' if sign == '<=' else '>'} {number(limit)} {units[names[k]].strip('-')}".strip()
        for k, sign, limit, _ in sure
    )
    return f"{name}: {what} when {words} ({figures})"


def _tree(x: Floats, cases: np.ndarray, names: Sequence[str]) -> tuple[float, pd.DataFrame]:
    """Share told right in cross-validation, and the leaves as rules."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    least = max(3, len(x) // 50)
    model = DecisionTreeClassifier(
        max_depth=TREE_DEPTH, min_samples_leaf=least, class_weight="balanced", random_state=0
    )
    folds = StratifiedKFold(min(5, int(min(cases.sum(), (~cases).sum()))), shuffle=True, random_state=0)
    right = float(cross_val_score(model, x, cases, cv=folds).mean())
    model.fit(x, cases)
    return right, pd.DataFrame(_leaves(model.tree_, names, x, cases), columns=["rule", "points", "share of interest"])


def _leaves(tree: Any, names: Sequence[str], x: Floats, cases: np.ndarray) -> list[tuple[str, int, float]]:
    out: list[tuple[str, int, float]] = []

    def walk(node: int, rules: list[str], rows: np.ndarray) -> None:
        if tree.children_left[node] < 0:
            out.append((" and ".join(rules) or "all", len(rows), float(cases[rows].mean())))
            return
        k, limit = int(tree.feature[node]), float(tree.threshold[node])
        below = x[rows, k] <= limit
        walk(tree.children_left[node], [*rules, f"{names[k]} <= {number(limit)}"], rows[below])
        walk(tree.children_right[node], [*rules, f"{names[k]} > {number(limit)}"], rows[~below])

    walk(0, [], np.arange(len(x)))
    return sorted(out, key=lambda leaf: -leaf[2])
