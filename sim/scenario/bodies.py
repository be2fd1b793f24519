"""Public bodies beside the metropole: what each may give, on which conditions, and what it may forbid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node

from sim.errors import nearest
from sim.measures import kinds
from sim.scenario.fields import (
    WRONG,
    Choice,
    Number,
    OneOrMany,
    Quantity,
    fields_of,
    item,
    read_values,
    record_schema,
    write_values,
)
from sim.scenario.targets import nothing
from sim.scenario.yaml_nodes import Reader, entries, found, scalar
from sim.units import MONEY, MONEY_PER_YEAR, SHARE

#: Who may pay for a measure or share its cost. The order is that of Townhall.received: append only.
FUNDERS = ("metropole", "region", "state", "private", "city", "transit_authority")


@dataclass(frozen=True, kw_only=True)
class Body:
    """One body's conditions. The defaults ask and forbid nothing."""

    budget_per_year: float = item(
        Quantity(MONEY_PER_YEAR, 0.0, 1e11), "what it pays for the roadmap a year at most", 1e11
    )
    rate: float = item(Quantity(SHARE, 0.0, 1.0), "share of another payer's measure that it funds at most", 1.0)
    ceiling: float = item(Quantity(MONEY, 0.0, 1e11), "what it gives for one measure of another payer at most", 1e11)
    years: tuple[int, ...] = item(
        OneOrMany(Number(1900, 2200, whole=True)), "years in which it funds; all by default", ()
    )
    funds: tuple[str, ...] = item(
        OneOrMany(Choice(tuple(kinds()))), "kinds of measures that it funds; all by default", ()
    )
    delay: int = item(
        Number(0, 60, whole=True), "months from the announcement until it decides on a measure that it funds", 0
    )
    veto: tuple[str, ...] = item(OneOrMany(Choice(tuple(kinds()))), "kinds of measures that need its consent", ())
    consent_from: float = item(
        Quantity(SHARE, 0.0, 1.0), "citizens' support from which it consents; by default it never does", 1.0
    )

    def resolved(self) -> dict[str, Any]:
        """As plain YAML."""
        return write_values(self)


def read_bodies(node: Node | None, reader: Reader) -> tuple[tuple[str, Body], ...]:
    """The bodies of a file, by name; faults are noted in ``reader``."""
    if node is None or nothing(node):
        return ()
    if not isinstance(node, MappingNode):
        reader.fault(node, "bodies", found(node), f"a mapping from {', '.join(FUNDERS)} to their conditions")
        return ()
    out: dict[str, Body] = {}
    for key, child in entries(node):
        name = scalar(key) or ""
        if name not in FUNDERS:
            reader.fault(key, "bodies", found(key), f"one of {', '.join(FUNDERS)}", nearest(name, FUNDERS))
            continue
        if name in out:
            reader.fault(key, f"bodies.{name}", "the key twice", "each key once")
            continue
        values = read_values(child, fields_of(Body), reader, f"bodies.{name}")
        if not any(v is WRONG for v in values.values()):
            out[name] = Body(**values)
    return tuple(sorted(out.items()))


def bodies_schema() -> dict[str, Any]:
    """JSON Schema of ``bodies:``."""
    return {"type": "object", "properties": dict.fromkeys(FUNDERS, record_schema(Body)), "additionalProperties": False}


__all__ = ["FUNDERS", "Body", "bodies_schema", "read_bodies"]
