"""How files that people write are read: YAML with positions, fields of declared kinds, every fault of a file at once.

Scenarios, user classes and experiments are read with these; the names are those of ``sim.scenario``, gathered for other layers.
"""

from __future__ import annotations

from sim.scenario.fields import (
    WRONG,
    Choice,
    Kind,
    Month,
    Number,
    OneOrMany,
    Text,
    fields_of,
    item,
    read_values,
    record_schema,
)
from sim.scenario.load import SAMPLE
from sim.scenario.yaml_nodes import Reader, entries, found, plain, read_nodes, scalar

__all__ = [
    "SAMPLE",
    "WRONG",
    "Choice",
    "Kind",
    "Month",
    "Number",
    "OneOrMany",
    "Reader",
    "Text",
    "entries",
    "fields_of",
    "found",
    "item",
    "plain",
    "read_nodes",
    "read_values",
    "record_schema",
    "scalar",
]
