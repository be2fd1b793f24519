"""``parameters:`` of an experiment: names of the registry or fields of a roadmap, with values, a range or a distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from experiments.designs import Varied
from experiments.variants import ON, Roadmap, field_kind, numeric_fields
from sim import registry
from sim.documents import WRONG, Kind, Number, Reader, entries, found, scalar
from sim.errors import nearest

KEYS = ("values", "range", "steps", "distribution", "mode", "mean", "sd")
#: Distributions, and the figures that each needs.
SHAPES = {"uniform": (), "loguniform": (), "triangular": ("mode",), "normal": ("mean", "sd")}


def parameters(
    node: Node | None, reader: Reader, roadmaps: Mapping[str, Roadmap], path: str = "parameters"
) -> tuple[Varied, ...]:
    """What is varied; faults are noted, what is right is returned."""
    if node is None or scalar(node) in ("", "null", "~"):
        return ()
    if not isinstance(node, MappingNode):
        reader.fault(node, path, found(node), "{NAME: {values: [...]}} or {NAME: {range: [low, high]}}")
        return ()
    out: list[Varied] = []
    for key, child in entries(node):
        name = scalar(key) or ""
        if name in [p.name for p in out]:
            reader.fault(key, f"{path}.{name}", "the key twice", "each key once")
            continue
        base = _base(key, name, reader, roadmaps, path)
        if base is not None:
            one = _spread(child, *base, reader, f"{path}.{name}")
            out += [one] if one is not None else []
    return tuple(out)


def _base(
    key: Node, name: str, reader: Reader, roadmaps: Mapping[str, Roadmap], path: str
) -> tuple[Varied, Kind] | None:
    """The parameter at its widest, and how its values are read."""
    if "." in name and roadmaps:
        return _field(key, name, reader, roadmaps, path)
    known = registry()
    if name not in known:
        reader.fault(key, f"{path}.{name}", repr(name), "a parameter of the registry (rebond explain), or ITEM.FIELD of a roadmap",
                     nearest(name, list(known)))  # fmt: skip
        return None
    p = known[name]
    return Varied(name, p.unit, p.low, p.high), Number(p.low, p.high, unit=p.unit.strip("-"))


def _field(
    key: Node, name: str, reader: Reader, roadmaps: Mapping[str, Roadmap], path: str
) -> tuple[Varied, Kind] | None:
    item, _, what = name.partition(".")
    holders = [r for r in roadmaps.values() if item in r.planned]
    if not holders:
        ids = sorted({i for r in roadmaps.values() for i in r.planned})
        reader.fault(key, f"{path}.{name}", repr(item), f"a measure of a roadmap: {', '.join(ids)}", nearest(item, ids))
        return None
    if len(holders) < len(roadmaps):
        lacking = next(n for n, r in roadmaps.items() if item not in r.planned)
        reader.fault(
            key, f"{path}.{name}", f"{item!r}, which scenario {lacking!r} lacks", "a measure that all roadmaps have"
        )
        return None
    fields = numeric_fields(holders[0], item)
    if what not in fields:
        reader.fault(key, f"{path}.{name}", repr(what), f"one of {', '.join(fields)}", nearest(what, fields))
        return None
    if what == ON:
        return Varied(name, "0 or 1", 0.0, 1.0, values=(0.0, 1.0)), Number(0, 1, whole=True)
    kind = field_kind(holders[0], name)
    sort = type(kind).__name__
    if sort == "Month":
        roadmap = holders[0].scenario
        return Varied(name, "month number", roadmap.start, roadmap.end, whole=True), kind
    unit = kind.unit if sort == "Number" else kind.dimension.base
    return Varied(name, unit, kind.low, kind.high, whole=getattr(kind, "whole", False)), kind


def _spread(node: Node, base: Varied, kind: Kind, reader: Reader, path: str) -> Varied | None:
    """The parameter with the values, range or distribution that the file gives."""
    from dataclasses import replace

    if scalar(node) in ("", "null", "~"):
        return base
    if not isinstance(node, MappingNode):
        reader.fault(node, path, found(node), "{values: [...]} or {range: [low, high]}, or {} for the registry's range")
        return None
    before = len(reader.faults)
    read: dict[str, Any] = {}
    for key, child in entries(node):
        name = scalar(key) or ""
        if name not in KEYS or name in read:
            what = f"the key {name!r}" + (" twice" if name in read else "")
            reader.fault(key, path, what, f"one of {', '.join(KEYS)}, each once", nearest(name, KEYS))
            continue
        read[name] = _read(name, child, kind, reader, f"{path}.{name}")
    if len(reader.faults) > before:
        return None
    if "values" in read and len(read) > 1:
        reader.fault(
            node,
            path,
            f"values and {', '.join(k for k in read if k != 'values')}",
            "values, or a range and its distribution",
        )
        return None
    if "values" in read:
        return replace(base, values=read["values"], low=min(read["values"]), high=max(read["values"]))
    low, high = read.get("range", (base.low, base.high))
    return _shaped(
        replace(base, low=low, high=high, values=() if "range" in read else base.values), read, node, reader, path
    )


def _shaped(base: Varied, read: Mapping[str, Any], node: Node, reader: Reader, path: str) -> Varied | None:
    from dataclasses import replace

    kind = read.get("distribution", "uniform")
    needed = SHAPES[kind]
    given = [k for k in ("mode", "mean", "sd") if k in read]
    if sorted(given) != sorted(needed):
        reader.fault(
            node,
            path,
            f"{kind} with {', '.join(given) or 'no figure'}",
            f"{kind} with {', '.join(needed) or 'no figure'}",
        )
        return None
    if kind == "triangular" and not base.low <= read["mode"] <= base.high:
        reader.fault(node, f"{path}.mode", f"{read['mode']:g}", f"a mode within {base.low:g} to {base.high:g}")
        return None
    if kind == "normal" and read["sd"] <= 0.0:
        reader.fault(node, f"{path}.sd", f"{read['sd']:g}", "a standard deviation above 0")
        return None
    if kind == "loguniform" and base.low <= 0.0:
        reader.fault(node, path, f"loguniform from {base.low:g}", "a range above 0")
        return None
    shape = tuple((k, float(read[k])) for k in needed)
    return replace(base, distribution=kind, shape=shape, steps=int(read.get("steps", 0)))


def _read(name: str, node: Node, kind: Kind, reader: Reader, path: str) -> Any:
    if name == "steps":
        return Number(2, 10_000, whole=True).read(node, reader, path)
    if name == "distribution":
        text = scalar(node) or ""
        if text not in SHAPES:
            reader.fault(node, path, found(node), f"one of {', '.join(SHAPES)}", nearest(text, list(SHAPES)))
        return text
    if name in ("mode", "mean"):
        value = kind.read(node, reader, path)
        return value if value is WRONG else float(value)
    if name == "sd":
        return Number(0.0, 1e300).read(node, reader, path)
    if not isinstance(node, SequenceNode) or not node.value or (name == "range" and len(node.value) != 2):
        reader.fault(node, path, found(node), "a list [low, high]" if name == "range" else "a list of values")
        return WRONG
    values = [kind.read(child, reader, f"{path}[{i}]") for i, child in enumerate(node.value)]
    if WRONG in values:
        return WRONG
    numbers = tuple(float(v) for v in values)
    if name == "range" and not numbers[0] < numbers[1]:
        reader.fault(node, path, f"{numbers[0]:g} to {numbers[1]:g}", "the lower end first, then the higher")
    if name == "values" and len(set(numbers)) < len(numbers):
        reader.fault(node, path, "a value twice", "each value once")
    return numbers
