"""Fields of a scenario: what may stand there, how it is read with its position, written back, and shown to editors.

Measures, shocks and the scenario itself are dataclasses whose fields are declared with :func:`item`. One declaration gives
reading, every error message, the JSON Schema and the card of ``rebond explain``.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from sim.errors import nearest
from sim.months import month_name, parse_month
from sim.scenario.yaml_nodes import Reader, entries, found, scalar
from sim.units import NUMBER, Dimension, parse_quantity, short_quantity, write_quantity

#: What YAML takes for nothing, or for yes and no.
NOT_TEXT = ("null", "~", "true", "false")
#: What a reader returns for a value that is wrong (the fault is noted already).
WRONG: Any = object()


@dataclass(frozen=True)
class Kind:
    """Base of all kinds of values: a scalar that ``parse`` understands."""

    def read(self, node: Node, reader: Reader, path: str) -> Any:
        """The value, or WRONG with a fault noted."""
        text = scalar(node)
        if text is not None:
            try:
                return self.parse(text)
            except ValueError:
                pass
        reader.fault(node, path, found(node), self.allowed, self.near(text or ""))
        return WRONG

    def parse(self, text: str) -> Any:
        """The value of a scalar. Raises ValueError."""
        raise NotImplementedError

    def near(self, text: str) -> str:
        """Closest allowed text, if the kind has names."""
        return ""

    def write(self, value: Any) -> Any:
        """The value as plain YAML that reads back to the same."""
        return value

    @property
    def allowed(self) -> str:
        """What may stand there, in words."""
        raise NotImplementedError

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value."""
        raise NotImplementedError


@dataclass(frozen=True)
class Text(Kind):
    """Some text of bounded length."""

    longest: int = 200

    def parse(self, text: str) -> str:
        text = text.strip()
        if not text or len(text) > self.longest or not text.isprintable() or text.lower() in NOT_TEXT:
            raise ValueError(text)
        return text

    @property
    def allowed(self) -> str:
        return f"text of 1 to {self.longest} characters in one line"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"\S", "maxLength": self.longest}


@dataclass(frozen=True)
class Month(Kind):
    """A month, YYYY-MM."""

    def parse(self, text: str) -> int:
        return parse_month(text)

    def write(self, value: Any) -> Any:
        return month_name(value)

    @property
    def allowed(self) -> str:
        return "a month such as 2021-03"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"}


@dataclass(frozen=True)
class Number(Kind):
    """A plain number in a range; ``unit`` is said, not written."""

    low: float
    high: float
    whole: bool = False
    unit: str = ""

    def parse(self, text: str) -> float | int:
        value = int(text) if self.whole else float(text)
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise ValueError(text)
        return value

    @property
    def allowed(self) -> str:
        if self.whole:
            return f"a whole number from {self.low:,.0f} to {self.high:,.0f}"
        unit = f" in {self.unit}, the unit not written" if self.unit else ""
        return f"a number from {self.low:g} to {self.high:g}{unit}"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "integer" if self.whole else "number", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Quantity(Kind):
    """A number with its unit, in a range given in the dimension's base unit."""

    dimension: Dimension
    low: float
    high: float

    def parse(self, text: str) -> float:
        value = parse_quantity(text, self.dimension)
        if not self.low <= value <= self.high:
            raise ValueError(text)
        return value

    def near(self, text: str) -> str:
        """The same with a decimal point for a comma and the unit in its right letters, if that can stand."""
        parts = re.fullmatch(r"\s*(\S*[0-9])\s*(\D*?)\s*", text)
        if parts is None or re.search(r",[0-9]{3}(?![0-9])", text):  # 1,000 may mean one or a thousand
            return ""
        letters = {unit.casefold(): unit for unit in self.dimension.units}
        guess = f"{parts[1].replace(',', '.')} {letters.get(parts[2].casefold(), parts[2])}"
        try:
            self.parse(guess)
        except ValueError:
            return ""
        return guess

    def write(self, value: Any) -> Any:
        return write_quantity(value, self.dimension)

    @property
    def allowed(self) -> str:
        low, high = short_quantity(self.low, self.dimension), short_quantity(self.high, self.dimension)
        return f"{self.dimension.allowed}, from {low} to {high}"

    @property
    def schema(self) -> dict[str, Any]:
        units = "|".join(self.dimension.units)
        return {"type": "string", "pattern": rf"^\s*{NUMBER}\s*({units})\s*$"}


@dataclass(frozen=True)
class Choice(Kind):
    """One of some names."""

    names: tuple[str, ...]

    def parse(self, text: str) -> str:
        if text not in self.names:
            raise ValueError(text)
        return text

    def near(self, text: str) -> str:
        return nearest(text, self.names)

    @property
    def allowed(self) -> str:
        shown = ", ".join(self.names[:24]) + (", ..." if len(self.names) > 24 else "")
        return f"one of {shown}"

    @property
    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.names)}


@dataclass(frozen=True)
class OneOrMany(Kind):
    """One value, or a list of them; always read as a tuple. ``exactly`` bounds the length of a list."""

    of: Kind
    exactly: int = 0

    def read(self, node: Node, reader: Reader, path: str) -> Any:
        if not isinstance(node, SequenceNode):
            value = self.of.read(node, reader, path)
            return WRONG if value is WRONG else (value,)
        if self.exactly and len(node.value) != self.exactly:
            reader.fault(node, path, f"{len(node.value)} values", self.allowed)
            return WRONG
        values = [self.of.read(child, reader, f"{path}[{i}]") for i, child in enumerate(node.value)]
        return WRONG if any(v is WRONG for v in values) else tuple(values)

    def write(self, value: Any) -> Any:
        return [self.of.write(v) for v in value]

    @property
    def allowed(self) -> str:
        many = f"a list of {self.exactly}" if self.exactly else "a list"
        return f"{self.of.allowed}, or {many} of such"

    @property
    def schema(self) -> dict[str, Any]:
        many: dict[str, Any] = {"type": "array", "items": self.of.schema}
        if self.exactly:
            many |= {"minItems": self.exactly, "maxItems": self.exactly}
        return {"anyOf": [self.of.schema, many]}


@dataclass(frozen=True)
class Dated(Kind):
    """A mapping from months to values, read as a tuple of (month, value) in time order."""

    of: Kind

    def read(self, node: Node, reader: Reader, path: str) -> Any:
        if not isinstance(node, MappingNode) or not node.value:
            reader.fault(node, path, found(node), self.allowed)
            return WRONG
        out = []
        for key, child in entries(node):
            month = Month().read(key, reader, path)
            value = self.of.read(child, reader, path if month is WRONG else f"{path}.{month_name(month)}")
            out.append((month, value))
        if any(m is WRONG or v is WRONG for m, v in out):
            return WRONG
        if len({m for m, _ in out}) < len(out):
            reader.fault(node, path, "a month given twice", self.allowed)
            return WRONG
        return tuple(sorted(out))

    def write(self, value: Any) -> Any:
        return {month_name(m): self.of.write(v) for m, v in value}

    @property
    def allowed(self) -> str:
        return f"months with values, {{2022-03: ...}}, each {self.of.allowed}"

    @property
    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "patternProperties": {Month().schema["pattern"]: self.of.schema},
            "additionalProperties": False,
            "minProperties": 1,
        }


@dataclass(frozen=True)
class Shares(Kind):
    """A mapping from names to shares that sum to 100 %."""

    names: tuple[str, ...]
    one: Quantity

    def read(self, node: Node, reader: Reader, path: str) -> Any:
        if not isinstance(node, MappingNode) or not node.value:
            reader.fault(node, path, found(node), self.allowed)
            return WRONG
        out: dict[str, float] = {}
        wrong = False
        for key, child in entries(node):
            name = Choice(self.names).read(key, reader, path)
            share = self.one.read(child, reader, path if name is WRONG else f"{path}.{name}")
            if name is WRONG or share is WRONG:
                wrong = True
            elif name in out:
                reader.fault(key, path, f"{name} twice", self.allowed)
                wrong = True
            else:
                out[name] = share
        if wrong:
            return WRONG
        if abs(sum(out.values()) - 1.0) > 1e-9:
            reader.fault(node, path, f"shares that sum to {100 * sum(out.values()):g} %", self.allowed)
            return WRONG
        return tuple(sorted(out.items()))

    def write(self, value: Any) -> Any:
        return {name: self.one.write(share) for name, share in value}

    @property
    def allowed(self) -> str:
        return f"shares of {', '.join(self.names)} that sum to 100 %"

    @property
    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": dict.fromkeys(self.names, self.one.schema),
            "additionalProperties": False,
            "minProperties": 1,
        }


def item(kind: Kind, meaning: str, default: Any = MISSING) -> Any:
    """Declare a field of a measure, shock or scenario; without default it must be given."""
    metadata = {"kind": kind, "meaning": meaning}
    if default is MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def fields_of(record: Any) -> dict[str, dataclasses.Field[Any]]:
    """The declared fields of a record type, by YAML name."""
    return {f.name: f for f in dataclasses.fields(record) if "kind" in f.metadata}


def read_values(
    node: Node, known: Mapping[str, dataclasses.Field[Any]], reader: Reader, path: str, *, skip: Sequence[str] = ()
) -> dict[str, Any]:
    """Values of a mapping by its declared fields; unknown, repeated and missing keys are faults. ``skip`` is read elsewhere."""
    out: dict[str, Any] = {}
    if not isinstance(node, MappingNode):
        reader.fault(node, path, found(node), f"a mapping with {', '.join(known)}")
        return dict.fromkeys(known, WRONG)
    seen: set[str] = set()
    names = [*known, *skip]
    for key, child in entries(node):
        name = scalar(key)
        below = f"{path}.{name}" if path else str(name)
        if name is None or name not in names:
            comma = ", perhaps after a decimal comma (write a point)" if name and name[0].isdigit() else ""
            what = f"the key {found(key)}{comma}"
            reader.fault(key, path, what, f"one of {', '.join(names)}", nearest(name or "", names))
        elif name in seen:
            reader.fault(key, below, "the key twice", "each key once")
        elif name in known:
            out[name] = known[name].metadata["kind"].read(child, reader, below)
        seen.add(name or "")
    for name, f in known.items():
        if name not in seen:
            if f.default is MISSING:
                reader.fault(node, f"{path}.{name}" if path else name, "nothing", f.metadata["kind"].allowed)
                out[name] = WRONG
            else:
                out[name] = f.default
    return out


def write_values(record: Any) -> dict[str, Any]:
    """The record's declared fields as plain YAML; fields that stand at an absent default are left out."""
    values = {name: (f, getattr(record, name)) for name, f in fields_of(record).items()}
    return {name: f.metadata["kind"].write(v) for name, (f, v) in values.items() if v is not None and v != f.default}


def record_schema(record: Any, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """JSON Schema of a record type."""
    known = fields_of(record)
    properties = {
        name: {**f.metadata["kind"].schema, "description": f.metadata["meaning"]} for name, f in known.items()
    }
    required = [name for name, f in known.items() if f.default is MISSING]
    return {
        "type": "object",
        "properties": {**(extra or {}), **properties},
        "required": required,
        "additionalProperties": False,
    }
