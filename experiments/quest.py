"""From an experiment file to a roadmap search, and from what it found to a page of roadmaps to choose from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.city import MOST, CityWork
from experiments.experiment import Experiment, ready
from experiments.plan import Column
from experiments.search import Found, Quest, columns_with_limits, present_decisions
from experiments.variants import ON, Roadmap, patch_of, patched_text, variant
from sim import InputError, month_name
from sim.errors import Fault
from sim.results.compare import number


def quest_of(experiment: Experiment, threads: int, say: Callable[[str], None]) -> tuple[Quest, CityWork, Roadmap]:
    """What is searched, what workers carry out, and the roadmap that decisions change. Raises InputError."""
    where = str(experiment.path)
    if experiment.search is None:
        raise InputError(Fault(where, "no search:", "search: {objectives: [...], decisions: {...}}", "search"))
    if len(experiment.roadmaps) != 1 or len(experiment.scenarios) != 1:
        raise InputError(
            Fault(where, f"{len(experiment.scenarios)} scenarios", "one roadmap, which the search changes", "scenarios")
        )
    plan, work = ready(experiment, threads, say)
    lacking = [o.indicator for o in experiment.search.objectives if o.indicator not in [c.name for c in plan.columns]]
    if lacking:
        raise InputError(
            Fault(where, f"indicators without {', '.join(lacking)}", "all objectives among indicators:", "indicators")
        )
    (name, roadmap), decisions = next(iter(experiment.roadmaps.items())), experiment.search.decisions
    scenario = experiment.scenarios[name]
    columns = columns_with_limits(plan.columns)
    searched = {"objectives": [(o.indicator, o.sign) for o in experiment.search.objectives], "population": experiment.search.population,
                "algorithm": experiment.search.algorithm, "decisions": [repr(d) for d in decisions]}  # fmt: skip
    parameters = (*(d.column for d in decisions), *plan.parameters)
    plan = replace(
        plan,
        parameters=parameters,
        points=np.zeros((0, len(parameters))),
        columns=columns,
        districts=(),
        common_seeds=True,
        facts={**plan.facts, "search": json.dumps(searched)},
        design={**plan.design, "kind": "search"},
    )
    futures = experiment.design.points(experiment.varied, experiment.seed)
    budget = scenario.budget
    limits = {
        f"{MOST}invested": budget.investment_per_year,
        f"{MOST}debt": budget.debt_ceiling,
        f"{MOST}measures_waiting": 0.0,
    }
    quest = Quest(
        plan,
        experiment.search,
        futures,
        present_decisions(decisions, _values(roadmap, [d.name for d in decisions])),
        limits,
    )
    work = replace(
        work, columns=tuple(c.name for c in columns), districts=(), grains=("final",), roadmaps=experiment.roadmaps
    )
    return quest, work, roadmap


def _values(roadmap: Roadmap, names: list[str]) -> dict[str, Any]:
    """The decisions as the roadmap has them."""
    out: dict[str, Any] = {}
    for name in names:
        item, _, key = name.partition(".")
        one = roadmap.item(item)
        out[name] = 1.0 if key == ON else getattr(one, key, None) if hasattr(one, key) else getattr(one.measure, key)
    return out


# --- what was found -------------------------------------------------------------------------------------------------


def front_table(quest: Quest, found: Found) -> pd.DataFrame:
    """The roadmaps of the front: number, objectives with half their interval, decisions."""
    columns = {c.name: c for c in quest.plan.columns}
    rows: dict[str, Any] = {"roadmap": found.front}
    for j, o in enumerate(quest.searched.objectives):
        rows[f"{o.indicator} [{columns[o.indicator].unit}]"] = found.objectives[found.front, j]
        rows[f"{o.indicator} ±"] = found.spread[found.front, j]
    for j, v in enumerate(quest.searched.decisions):
        values = found.decisions[found.front, j]
        if v.unit == "month number":
            rows[v.name] = [month_name(int(m)) for m in values]
        else:
            rows[f"{v.name} [{v.unit}]"] = values
    return pd.DataFrame(rows)


def roadmap_text(quest: Quest, found: Found, roadmap: Roadmap, which: int) -> str:
    """The YAML of one roadmap that was tried; it is read back and checked. Raises InputError."""
    names = [v.name for v in quest.searched.decisions]
    patch = patch_of(roadmap, dict(zip(names, found.decisions[which].tolist(), strict=True)))
    variant(roadmap, patch)
    return patched_text(roadmap, patch, f"{roadmap.scenario.name} ({quest.plan.name}, roadmap {which})"[:160])


def write_page(folder: Path, quest: Quest, found: Found, roadmap: Roadmap) -> Path:
    """``pareto.html`` (a click on a point gives that roadmap as YAML) and the roadmaps of the front as files. Returns the page."""
    texts = {int(i): roadmap_text(quest, found, roadmap, int(i)) for i in found.front}
    shelf = folder / "roadmaps"
    shelf.mkdir(exist_ok=True)
    for old in shelf.glob("roadmap-*.yaml"):
        old.unlink()
    for which, text in texts.items():
        (shelf / f"roadmap-{which}.yaml").write_text(text, "utf-8")
    columns = {c.name: c for c in quest.plan.columns}
    data = {
        "name": quest.plan.name,
        "stem": roadmap.path.stem,
        "objectives": [_objective(columns[o.indicator], o.sign) for o in quest.searched.objectives],
        "values": found.objectives.tolist(),
        "spread": [[None if np.isnan(v) else v for v in row] for row in found.spread.tolist()],
        "held": (found.excess <= 0.0).all(axis=1).tolist(),
        "front": found.front.tolist(),
        "decisions": [_decision(quest, row) for row in found.decisions],
        "texts": {str(k): v for k, v in texts.items()},
        "seeds": quest.plan.replications,
        "futures": len(quest.futures),
    }  # fmt: skip
    page = (files("experiments") / "pareto.html").read_text("utf-8")
    plain = json.dumps(data, ensure_ascii=False).replace("</", "<\\/").replace("<!--", "<\\!--")
    target = folder / "pareto.html"
    target.write_text(page.replace("/*DATA*/null", plain), "utf-8")
    return target


def _objective(column: Column, sign: int) -> dict[str, Any]:
    return {"name": column.name, "label": column.label or column.name, "unit": column.unit, "sign": sign}


def _decision(quest: Quest, row: np.ndarray) -> list[list[str]]:
    out = []
    for v, value in zip(quest.searched.decisions, row.tolist(), strict=True):
        if v.unit == "month number":
            out.append([v.name, month_name(int(value))])
        elif v.name.endswith(f".{ON}"):
            out.append([v.name, "yes" if value >= 0.5 else "no"])
        else:
            out.append([v.name, f"{number(value)} {v.unit}".strip()])
    return out
