"""The headings of a scenario: which indicator should change by how much, by when, against what."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import Node, ScalarNode, SequenceNode

from sim.months import month_name
from sim.scenario.fields import WRONG, Choice, Month, Quantity, Text, item, read_values
from sim.scenario.yaml_nodes import Reader, found, scalar
from sim.units import SHARE


@dataclass(frozen=True)
class Target:
    """A heading: an indicator, how it should change, by when, against what."""

    indicator: str
    change: float
    by: int
    against: str

    @property
    def has_path(self) -> bool:
        """True if the municipality can draw its path: the world without the roadmap is not there to be looked at."""
        return self.against != "baseline"

    def resolved(self) -> dict[str, Any]:
        """As JSON: ``change`` is a share, so that readers compute with it."""
        return {"indicator": self.indicator, "change": self.change, "by": month_name(self.by), "against": self.against}


def read_targets(node: Node | None, reader: Reader) -> tuple[Target, ...]:
    """The targets of a file; faults are noted in ``reader``."""
    if node is None or nothing(node):
        return ()
    if not isinstance(node, SequenceNode):
        reader.fault(node, "targets", found(node), "a list of {indicator: ..., change: -20%, by: 2026-12}")
        return ()
    from sim.indicators import INDICATORS  # indicators look at everything; scenarios are read without them otherwise

    known = {
        "indicator": named(Choice(tuple(i.name for i in INDICATORS)), "what should change"),
        "change": named(Quantity(SHARE, -1.0, 10.0), "by how much"),
        "by": named(Month(), "by when"),
        "against": named(Text(40), "start, baseline or a figure", "start"),
    }
    out = []
    for i, child in enumerate(node.value):
        values = read_values(child, known, reader, f"targets[{i}]")
        if any(v is WRONG for v in values.values()):
            continue
        if values["against"] not in ("start", "baseline") and not _is_number(values["against"]):
            reader.fault(child, f"targets[{i}].against", repr(values["against"]), "start, baseline or a figure")
            continue
        out.append(Target(**values))
    return tuple(out)


def named(kind: Any, meaning: str, default: Any = dataclasses.MISSING) -> Any:
    """A field that belongs to no record."""
    made = item(kind, meaning, default)
    made.name = meaning
    return made


def nothing(node: Node) -> bool:
    """True if the node says nothing (quoted, it is a text)."""
    return isinstance(node, ScalarNode) and not node.style and scalar(node) in ("", "null", "~")


def _is_number(text: str) -> bool:
    try:
        return float(text) not in (float("inf"), float("-inf")) and float(text) == float(text)
    except ValueError:
        return False


__all__ = ["Target", "named", "nothing", "read_targets"]
