"""The parts of an experiment file that are more than one value: scenarios, parameters, design, search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from experiments.designs import DESIGNS, POWERS_OF_TWO, Varied, count, points, read_points
from experiments.plan import Floats
from experiments.searched import Searched, search
from experiments.variants import ON, Patch, Roadmap, read_roadmap, unknown_ids, variant
from experiments.varying import parameters
from sim import Scenario
from sim.documents import WRONG, Choice, Number, OneOrMany, Reader, Text, entries, found, plain, scalar
from sim.errors import InputError, nearest

PARTS = ("scenarios", "parameters", "design", "search")
BASELINE = "baseline"
_VARIANT_KEYS = ("name", "of", "without", "only", "change", "add")


@dataclass(frozen=True)
class Entry:
    """A scenario of the experiment: its name there, and the roadmap file (None for a baseline)."""

    name: str
    scenario: Scenario
    roadmap: Roadmap | None


@dataclass(frozen=True)
class Design:
    """Which design, of what size."""

    kind: str = "grid"
    size: int = 0
    levels: int = 4
    second_order: bool = True
    table: Path | None = None

    @property
    def _extra(self) -> dict[str, Any]:
        return {"levels": self.levels, "second_order": self.second_order}

    def count(self, varied: Sequence[Varied]) -> int:
        """How many points."""
        return len(read_points(self.table, varied)) if self.table else count(self.kind, self.size, varied, self._extra)

    def points(self, varied: Sequence[Varied], seed: int) -> Floats:
        """(P, k) values of the parameters."""
        if self.table:
            return read_points(self.table, varied)
        return points(self.kind, self.size, varied, seed, self._extra)

    def as_json(self, varied: Sequence[Varied], seed: int) -> dict[str, Any]:
        """For analyses: what the points are, and the ranges they were drawn from."""
        ranges = {p.name: [p.low, p.high] for p in varied}
        return {"kind": self.kind, "size": self.size, **self._extra, "seed": seed, "ranges": ranges}


def all_measures(node: Node | None, roadmaps: Mapping[str, Roadmap]) -> tuple[Varied, ...]:
    """What an attribution design varies where no parameters are given: whether each planned measure is there."""
    kinds = {scalar(k) for k, _ in entries(node)} if isinstance(node, MappingNode) else set()
    if "attribution" not in kinds or not roadmaps:
        return ()
    planned = [set(r.planned) for r in roadmaps.values()]
    common = [i for i in next(iter(roadmaps.values())).planned if all(i in p for p in planned)]
    return tuple(Varied(f"{i}.{ON}", "0 or 1", 0.0, 1.0, values=(0.0, 1.0)) for i in common)


def parts_of(root: Node) -> dict[str, Node]:
    """Nodes by key."""
    return {scalar(k) or "": v for k, v in entries(root)} if isinstance(root, MappingNode) else {}


# --- scenarios ------------------------------------------------------------------------------------------------------


def scenarios(node: Node | None, reader: Reader, root: Node) -> list[Entry]:
    """The list under ``scenarios``; faults are noted, what is right is returned."""
    allowed = "a list of roadmap files, 'baseline', or {name: ..., of: FILE, without: [...], change: {...}}"
    if not isinstance(node, SequenceNode) or not node.value:
        reader.fault(node or root, "scenarios", "nothing" if node is None else found(node), allowed)
        return []
    roadmaps: dict[str, Roadmap | None] = {}
    out: list[Entry] = []
    for i, child in enumerate(node.value):
        path = f"scenarios[{i}]"
        entry = _entry(child, reader, path, roadmaps, allowed)
        if entry is None:
            continue
        if entry.name in [e.name for e in out]:
            reader.fault(child, f"{path}.name", f"{entry.name!r} twice", "a name of its own for each scenario")
            continue
        out.append(entry)
    return out


def _entry(node: Node, reader: Reader, path: str, roadmaps: dict[str, Roadmap | None], allowed: str) -> Entry | None:
    text = scalar(node)
    if text == BASELINE:
        first = next(iter(roadmaps.values()), None)
        if not roadmaps:
            reader.fault(node, path, "baseline before any roadmap", "a roadmap first: its baseline is meant")
        return None if first is None else Entry(BASELINE, first.scenario.without_measures(), None)
    if text:
        roadmap = _roadmap(node, text, reader, path, roadmaps)
        return None if roadmap is None else Entry(roadmap.path.stem, roadmap.scenario, roadmap)
    if not isinstance(node, MappingNode):
        reader.fault(node, path, found(node), allowed)
        return None
    return _variant(node, reader, path, roadmaps)


def _roadmap(node: Node, text: str, reader: Reader, path: str, roadmaps: dict[str, Roadmap | None]) -> Roadmap | None:
    if text not in roadmaps:
        file = find(text, reader.path)
        roadmaps[text] = None
        if file is None:
            reader.fault(node, path, found(node), "a roadmap file, here or beside the experiment")
            return None
        try:
            roadmaps[text] = read_roadmap(file)
        except InputError as error:
            reader.faults += error.faults
    return roadmaps[text]


def find(text: str, beside: Path) -> Path | None:
    """The file: from where the command runs, beside the experiment, or among the shipped scenarios."""
    from importlib.resources import files

    shipped = Path(str(files("scenarios"))).parent
    for folder in (Path(), beside.parent, shipped):
        if (folder / text).is_file():
            return folder / text
    return None


def _variant(node: MappingNode, reader: Reader, path: str, roadmaps: dict[str, Roadmap | None]) -> Entry | None:
    parts = parts_of(node)
    wrong = len(reader.faults)
    seen: set[str] = set()
    for key, _ in entries(node):
        name = scalar(key) or ""
        if name not in _VARIANT_KEYS or name in seen:
            what = "twice" if name in seen else "unknown"
            reader.fault(
                key,
                path,
                f"the key {name!r}, {what}",
                f"one of {', '.join(_VARIANT_KEYS)}, each once",
                nearest(name, _VARIANT_KEYS),
            )
        seen.add(name)
    name = Text(80).read(parts["name"], reader, f"{path}.name") if "name" in parts else WRONG
    if "name" not in parts:
        reader.fault(node, f"{path}.name", "nothing", "a name for the variant")
    known = {text: r for text, r in roadmaps.items() if r is not None}
    base = next(iter(known.values()), None)
    if "of" in parts:
        base = _roadmap(parts["of"], scalar(parts["of"]) or "", reader, f"{path}.of", roadmaps)
    elif base is None and not roadmaps:
        reader.fault(node, f"{path}.of", "nothing", "of: FILE, or a roadmap before it in the list")
    patch = _patch(parts, reader, path)
    if name is WRONG or base is None or patch is None or len(reader.faults) > wrong:
        return None
    return _patched(node, name, base, patch, reader, path)


def _patched(node: MappingNode, name: str, base: Roadmap, patch: Patch, reader: Reader, path: str) -> Entry | None:
    parts = parts_of(node)
    faults = unknown_ids(base, patch)
    if faults:
        reader.faults += [replace(f, where=reader.where(parts[f.field]), field=f"{path}.{f.field}") for f in faults]
        return None
    try:
        scenario = variant(base, patch)
    except InputError as error:
        reader.faults += [replace(f, where=reader.where(node), field=f"{path}: {f.field}") for f in error.faults]
        return None
    if patch.empty:
        return Entry(name, scenario, base)
    from experiments.variants import patched_text

    return Entry(name, scenario, Roadmap(base.path, patched_text(base, patch), scenario))


def _patch(parts: Mapping[str, Node], reader: Reader, path: str) -> Patch | None:
    ids: dict[str, Any] = {}
    for key in ("without", "only"):
        node = parts.get(key)
        if node is None:
            ids[key] = None
        elif isinstance(node, SequenceNode) and not node.value:
            ids[key] = ()
        else:
            ids[key] = OneOrMany(Text(60)).read(node, reader, f"{path}.{key}")
    change = parts.get("change")
    if change is not None and not (
        isinstance(change, MappingNode) and all(isinstance(v, MappingNode) for _, v in entries(change))
    ):
        reader.fault(change, f"{path}.change", found(change), "{ID: {FIELD: VALUE}}, values as in the roadmap")
        return None
    add = parts.get("add")
    if add is not None and not (isinstance(add, SequenceNode) and all(isinstance(v, MappingNode) for v in add.value)):
        reader.fault(add, f"{path}.add", found(add), "a list of measures, as in a roadmap")
        return None
    if WRONG in ids.values():
        return None
    return Patch(
        without=ids["without"] or (),
        only=ids["only"],
        change=plain(change) if change else {},
        add=tuple(plain(add) if add else ()),
    )


# --- design ---------------------------------------------------------------------------------------------------------


def design(node: Node | None, reader: Reader, varied: Sequence[Varied], path: Path) -> Design:
    """The design; a grid where nothing is said. Faults are noted."""
    allowed = f"one of {', '.join(DESIGNS)}, with its size: {{lhs: 40}}"
    if node is None:
        return _on_grid(node, reader, varied)
    if scalar(node) == "grid":
        return _on_grid(node, reader, varied)
    if not isinstance(node, MappingNode) or not node.value:
        reader.fault(node, "design", found(node), allowed, nearest(scalar(node) or "", list(DESIGNS)))
        return Design()
    kinds = [(scalar(k) or "", k, v) for k, v in entries(node) if scalar(k) not in ("levels", "second_order")]
    if len(kinds) != 1 or kinds[0][0] not in DESIGNS or kinds[0][0] == "grid":
        name = kinds[0][0] if kinds else ""
        reader.fault(kinds[0][1] if kinds else node, "design", repr(name), allowed, nearest(name, list(DESIGNS)))
        return Design()
    kind, _, value = kinds[0]
    if kind == "csv":
        return _table(value, reader, varied, path)
    size = Number(1, 10_000_000, whole=True).read(value, reader, f"design.{kind}")
    if size is WRONG:
        return Design()
    if kind == "attribution":
        _check_attribution(node, varied, reader)
    if kind in POWERS_OF_TWO and size & (size - 1):
        near = 1 << (size.bit_length() - 1)
        reader.fault(value, f"design.{kind}", f"{size}", f"a power of two, such as {near} or {2 * near}")
    if not varied and not reader.faults:
        reader.fault(node, "design", f"{kind} with nothing to vary", "parameters: that it varies")
    return _extras(Design(kind, size), node, reader)


def _check_attribution(node: Node, varied: Sequence[Varied], reader: Reader) -> None:
    other = [p.name for p in varied if not p.name.endswith(f".{ON}") or p.values != (0.0, 1.0)]
    if other:
        reader.fault(
            node,
            "design.attribution",
            f"the parameter {other[0]}",
            "ITEM.on of measures, or no parameters: all measures then",
        )
    elif len(varied) == 1:
        reader.fault(node, "design.attribution", "one measure", "at least two measures to attribute to")


def _extras(made: Design, node: MappingNode, reader: Reader) -> Design:
    kinds = {"levels": ("morris", Number(2, 1000, whole=True)), "second_order": ("saltelli", Choice(("true", "false")))}
    for key, value in entries(node):
        name = scalar(key) or ""
        if name not in kinds:
            continue
        of, kind = kinds[name]
        if made.kind != of:
            reader.fault(key, f"design.{name}", f"{name} for {made.kind}", f"{name} only with {of}")
            continue
        read = kind.read(value, reader, f"design.{name}")
        if read is not WRONG:
            made = replace(made, **{name: read == "true" if name == "second_order" else read})
    if made.kind == "morris" and made.levels % 2:
        reader.fault(node, "design.levels", f"{made.levels}", "an even number of levels")
    return made


def _on_grid(node: Node | None, reader: Reader, varied: Sequence[Varied]) -> Design:
    for p in varied:
        if not p.values and not p.steps:
            place = node
            reader.fault(
                place,
                f"parameters.{p.name}",
                "a range on a grid",
                "values: [...], or steps: N beside the range, or another design",
            )
    return Design("grid")


def _table(node: Node, reader: Reader, varied: Sequence[Varied], path: Path) -> Design:
    file = find(scalar(node) or "", path)
    if file is None:
        reader.fault(node, "design.csv", found(node), "a CSV file, here or beside the experiment")
        return Design()
    try:
        read_points(file, varied)
    except InputError as error:
        reader.faults += error.faults
    return Design("csv", 0, table=file)


def schemas() -> dict[str, Any]:
    """JSON Schemas of these parts."""
    text = {"type": "string"}
    ids = {"type": "array", "items": text}
    patched = {
        "type": "object", "required": ["name"], "additionalProperties": False,
        "properties": {"name": text, "of": text, "without": {"anyOf": [text, ids]}, "only": {"anyOf": [text, ids]},
                       "change": {"type": "object"}, "add": {"type": "array", "items": {"type": "object"}}},
    }  # fmt: skip
    figure = {"type": ["number", "string"]}
    varied = {
        "type": ["object", "null"], "additionalProperties": False,
        "properties": {"values": {"type": "array", "items": figure}, "range": {"type": "array", "items": figure},
                       "steps": {"type": "integer"}, "distribution": {"enum": ["uniform", "loguniform", "triangular", "normal"]},
                       "mode": figure, "mean": figure, "sd": figure},
    }  # fmt: skip
    sized = {
        name: {"type": "string" if name == "csv" else "integer", "description": what}
        for name, what in DESIGNS.items()
        if name != "grid"
    }
    design_schema = {
        "anyOf": [{"const": "grid"}, {"type": "object", "additionalProperties": False,
                                      "properties": {**sized, "levels": {"type": "integer"}, "second_order": {"type": "boolean"}}}]
    }  # fmt: skip
    return {
        "scenarios": {
            "type": "array",
            "minItems": 1,
            "items": {"anyOf": [text, patched]},
            "description": "roadmaps, baseline, variants",
        },
        "parameters": {"type": ["object", "null"], "additionalProperties": varied, "description": "what varies"},
        "design": {**design_schema, "description": "where in their space"},
        "search": {"type": "object", "description": "roadmap search: objectives, decisions, population, generations"},
    }


__all__ = [
    "PARTS",
    "Design",
    "Entry",
    "Searched",
    "design",
    "find",
    "parameters",
    "parts_of",
    "scenarios",
    "schemas",
    "search",
]
