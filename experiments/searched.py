"""``search:`` of an experiment: which measures, when and how much, for which headings at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from experiments.designs import Varied
from experiments.variants import Roadmap
from experiments.varying import parameters
from sim import INDICATORS
from sim.documents import WRONG, Choice, Number, Reader, entries, found, scalar
from sim.errors import nearest

KEYS = ("objectives", "decisions", "population", "generations", "algorithm")
ALGORITHMS = ("nsga2", "nsga3")
GOALS = {"min": -1, "max": 1}


@dataclass(frozen=True)
class Objective:
    """A heading of the search: its final value, to be made small or large."""

    indicator: str
    sign: int  #: +1 more is better, -1 less


@dataclass(frozen=True)
class Searched:
    """What a roadmap search does.

    Args:
        objectives: at least two.
        decisions: fields ITEM.FIELD of the roadmap, with their ranges.
        population: roadmaps of one generation.
        generations: how many.
        algorithm: of :data:`ALGORITHMS`.
    """

    objectives: tuple[Objective, ...]
    decisions: tuple[Varied, ...]
    population: int = 24
    generations: int = 20
    algorithm: str = "nsga2"


def search(node: Node | None, reader: Reader, roadmaps: Mapping[str, Roadmap]) -> Searched | None:
    """The search; faults are noted."""
    if node is None:
        return None
    if not isinstance(node, MappingNode):
        reader.fault(node, "search", found(node), f"a mapping with {', '.join(KEYS)}")
        return None
    parts: dict[str, Node] = {}
    for key, value in entries(node):
        name = scalar(key) or ""
        if name not in KEYS or name in parts:
            what = "twice" if name in parts else "unknown"
            reader.fault(
                key, "search", f"the key {name!r}, {what}", f"one of {', '.join(KEYS)}, each once", nearest(name, KEYS)
            )
        parts[name] = value
    objectives = _objectives(parts.get("objectives"), node, reader)
    decisions = parameters(parts.get("decisions"), reader, roadmaps, "search.decisions")
    if not decisions and not reader.faults:
        reader.fault(
            parts.get("decisions", node),
            "search.decisions",
            "nothing",
            "fields of the roadmap: {lez.on: , lez.start: {range: [...]}}",
        )
    for p in decisions:
        if "." not in p.name:
            reader.fault(
                parts["decisions"],
                f"search.decisions.{p.name}",
                repr(p.name),
                "ITEM.FIELD of the roadmap; what is uncertain stands under parameters:",
            )
    figures = {"population": 24, "generations": 20}
    for name, default in figures.items():
        if name in parts:
            value = Number(4 if name == "population" else 1, 100_000, whole=True).read(
                parts[name], reader, f"search.{name}"
            )
            figures[name] = default if value is WRONG else value
    algorithm = "nsga2"
    if "algorithm" in parts:
        algorithm = Choice(ALGORITHMS).read(parts["algorithm"], reader, "search.algorithm")
    return Searched(tuple(objectives), decisions, **figures, algorithm=algorithm)


def _objectives(node: Node | None, parent: Node, reader: Reader) -> list[Objective]:
    allowed = "a list of at least two: an indicator, or {indicator: ..., goal: min or max}"
    if not isinstance(node, SequenceNode) or len(node.value) < 2:
        reader.fault(node or parent, "search.objectives", "nothing" if node is None else found(node), allowed)
        return []
    known = {i.name: i.direction for i in INDICATORS}
    out: list[Objective] = []
    for i, child in enumerate(node.value):
        path, goal = f"search.objectives[{i}]", None
        name, place = scalar(child), child
        if isinstance(child, MappingNode):
            parts = {scalar(k) or "": v for k, v in entries(child)}
            if set(parts) - {"indicator", "goal"} or "indicator" not in parts:
                reader.fault(child, path, f"keys {', '.join(parts)}", "indicator, goal")
                continue
            place, name = parts["indicator"], scalar(parts["indicator"])
            if "goal" in parts:
                goal = Choice(tuple(GOALS)).read(parts["goal"], reader, f"{path}.goal")
        if name is None or name not in known:
            reader.fault(place, path, found(place), "an indicator", nearest(name or "", list(known)))
        elif goal is None and known[name] == 0:
            reader.fault(
                place,
                path,
                f"{name}, which is neither better nor worse when it grows",
                f"{{indicator: {name}, goal: min}} or max",
            )
        elif goal is not WRONG:
            out.append(Objective(name, known[name] if goal is None else GOALS[goal]))
    if len({o.indicator for o in out}) < len(out):
        reader.fault(node, "search.objectives", "an indicator twice", "each once")
    return out
