"""JSON Schema of scenario files: editors complete and check with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.measures import Measure, kinds, shock_kinds
from sim.scenario.adapt import rules_schema
from sim.scenario.bodies import bodies_schema
from sim.scenario.fields import Choice, Month, Quantity, record_schema
from sim.scenario.load import PARTS, SAMPLE, Budget, Item, Scenario
from sim.scenario.parameters import registry
from sim.scenario.revisions import Revision
from sim.units import SHARE


def schema() -> dict[str, Any]:
    """The schema, generated from the declarations of fields, measures, parameters and indicators."""
    from sim.indicators import INDICATORS

    target = {
        "type": "object",
        "properties": {
            "indicator": Choice(tuple(i.name for i in INDICATORS)).schema,
            "change": Quantity(SHARE, -1.0, 10.0).schema,
            "by": Month().schema,
            "against": {"type": ["string", "number"], "description": "start, baseline or a figure"},
        },
        "required": ["indicator", "change", "by"],
        "additionalProperties": False,
    }
    parameters = {
        name: {"type": "number", "minimum": p.low, "maximum": p.high, "description": f"{p.meaning} [{p.unit}]"}
        for name, p in registry().items()
    }
    extra = {
        "population": {
            "type": "object",
            "properties": {"share": SAMPLE.schema},
            "additionalProperties": False,
        },
        "budget": record_schema(Budget),
        "targets": {"type": "array", "items": target},
        "baseline": _items("measure", kinds()),
        "measures": _items("measure", kinds()),
        "reserve": _items("measure", kinds()),
        "adapt": rules_schema(),
        "bodies": bodies_schema(),
        "shocks": _items("shock", shock_kinds()),
        "revisions": {
            "type": "array",
            "items": record_schema(
                Revision, {"measures": _items("measure", kinds()), "shocks": _items("shock", shock_kinds())}
            ),
        },
        "parameters": {"type": "object", "properties": parameters, "additionalProperties": False},
    }
    for name, part in extra.items():  # a key with nothing below it is as good as no key
        part["type"] = [part["type"], "null"]
        part["description"] = PARTS[name]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rebond scenario",
        **record_schema(Scenario, extra),
    }


def _items(word: str, known: Mapping[str, type[Measure]]) -> dict[str, Any]:
    common = record_schema(Item)["properties"]
    each = [record_schema(k, {word: {"const": k.kind, "description": k.title}, **common}) for k in known.values()]
    for one in each:
        one["required"] = [word, "start", *one["required"]]
    return {"type": "array", "items": {"oneOf": each}}
