"""A judge of JSON Schema 2020-12 written from its specification, for the keywords that the scenario schema uses.

Scalars count as their text, as they do for Rebond's reader: 5 may stand where a string is asked for, "5" where a number is.
"""

from __future__ import annotations

import re
from typing import Any

#: Keywords without a say in whether a document is valid.
NOTES = {"$schema", "title", "description"}
KNOWN = NOTES | {
    "type", "const", "enum", "pattern", "maxLength", "minimum", "maximum", "properties", "required", "additionalProperties",
    "patternProperties", "minProperties", "items", "minItems", "maxItems", "anyOf", "oneOf",
}  # fmt: skip


def valid(value: Any, schema: dict[str, Any]) -> bool:
    """True if the document is valid. AssertionError on a keyword this judge does not know."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    kinds = schema.get("type")
    if kinds is not None and not any(_is(value, k) for k in ([kinds] if isinstance(kinds, str) else kinds)):
        return False
    if "anyOf" in schema and not any(valid(value, one) for one in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(valid(value, one) for one in schema["oneOf"]) != 1:
        return False
    if isinstance(value, dict):
        return _mapping(value, schema)
    if isinstance(value, list):
        low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
        return low <= len(value) <= high and all(valid(one, schema.get("items", {})) for one in value)
    return _scalar("" if value is None else str(value), schema)


def _is(value: Any, kind: str) -> bool:
    if kind in ("object", "array"):
        return isinstance(value, dict if kind == "object" else list)
    if kind == "null":
        return value is None
    if value is None or isinstance(value, dict | list):
        return False
    try:
        return kind == "string" or (
            float(str(value)) == float(str(value)) if kind == "number" else int(str(value)) is not None
        )
    except ValueError:
        return False


def _scalar(text: str, schema: dict[str, Any]) -> bool:
    if "const" in schema and text != schema["const"]:
        return False
    if "enum" in schema and text not in schema["enum"]:
        return False
    if "pattern" in schema and not re.search(schema["pattern"], text):
        return False
    if len(text) > schema.get("maxLength", len(text)):
        return False
    if "minimum" in schema or "maximum" in schema:
        return float(schema.get("minimum", "-inf")) <= float(text) <= float(schema.get("maximum", "inf"))
    return True


def _mapping(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    if len(value) < schema.get("minProperties", 0) or not set(schema.get("required", ())) <= set(value):
        return False
    for key, one in value.items():
        found = [s for name, s in properties.items() if name == key]
        found += [s for pattern, s in patterns.items() if re.search(pattern, str(key))]
        if not found and schema.get("additionalProperties") is False:
            return False
        if not all(valid(one, s) for s in found):
            return False
    return not ({"const", "enum"} & set(schema))
