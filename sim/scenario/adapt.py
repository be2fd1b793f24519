"""Adaptation rules of a scenario: when something is read, the calendar is rewritten.

``adapt:`` is a list of rules, ``reserve:`` a list of measures that begin only when a rule launches them. Grammar of conditions:
:mod:`sim.scenario.conditions`. What carries rules out: :mod:`sim.agents.adaptation`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from sim.errors import nearest
from sim.scenario.conditions import Condition, Names, UnreadableError, parse_condition
from sim.scenario.fields import WRONG, Kind, Number, Quantity, Text, fields_of, item, read_values, record_schema
from sim.scenario.fields import write_values as _write
from sim.scenario.targets import nothing
from sim.scenario.yaml_nodes import Reader, entries, found, scalar
from sim.units import SHARE

#: Most rules of a scenario and most actions of a rule.
MOST_RULES = 40
MOST_ACTIONS = 8


@dataclass(frozen=True)
class Duration(Kind):
    """A number of months, written with its unit."""

    low: int
    high: int

    def parse(self, text: str) -> int:  # noqa: D102
        match = re.fullmatch(r"\s*([0-9]{1,4})\s+months?\s*", text)
        if match is None or not self.low <= int(match[1]) <= self.high:
            raise ValueError(text)
        return int(match[1])

    def write(self, value: Any) -> Any:  # noqa: D102 - as in sim.scenario.fields
        return f"{int(value)} months"

    @property
    def allowed(self) -> str:  # noqa: D102
        return f"a number of months with its unit, such as 6 months, from {self.low} to {self.high}"

    @property
    def schema(self) -> dict[str, Any]:  # noqa: D102
        return {"type": "string", "pattern": r"^\s*[0-9]{1,4}\s+months?\s*$"}


@dataclass(frozen=True)
class Verb:
    """What may be done to a measure: its one further key, if any, and that key's default (None: it must be given)."""

    meaning: str
    key: str = ""
    kind: Kind | None = None
    default: Any = None


VERBS = {
    "advance": Verb("begins earlier; works under way go on faster", "by", Duration(1, 120), 6),
    "delay": Verb("begins later; works under way rest", "by", Duration(1, 120), 6),
    "scale": Verb("its size becomes this share of the roadmap's; what is built stays", "to", Quantity(SHARE, 0.05, 2.0)),
    "soften": Verb("its size becomes this share; without one, that of registry adapt_soften", "to",
                   Quantity(SHARE, 0.05, 1.0), 0.0),
    "stop": Verb("is withdrawn; what is built stays"),
    "replace": Verb("is withdrawn, and a measure of the reserve launched", "with", Text(60)),
    "launch": Verb("a measure of the reserve begins", "in", Duration(0, 120), 0),
}  # fmt: skip


@dataclass(frozen=True)
class Action:
    """One act on one measure. ``amount``: months, or a share; 0 where the verb has none."""

    verb: str
    measure: str
    amount: float = 0.0
    instead: str = ""  #: of replace: the measure launched

    def resolved(self) -> dict[str, Any]:
        """As plain YAML."""
        verb = VERBS[self.verb]
        out: dict[str, Any] = {self.verb: self.measure}
        if self.verb == "replace":
            out[verb.key] = self.instead
        elif verb.kind is not None and self.amount != verb.default:
            out[verb.key] = verb.kind.write(self.amount)
        return out


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When its condition holds, its actions are carried out; then it rests until it is armed again."""

    id: str = item(Text(60), "its name in the journal", "")
    cooldown: int = item(Duration(0, 240), "months between two firings at least", 12)
    times: int = item(Number(1, 50, whole=True), "firings in all at most", 3)
    per_year: int = item(Number(1, 12, whole=True), "firings in a calendar year at most", 1)
    when: Condition = field(metadata={})
    rearm: Condition | None = field(default=None, metadata={})
    then: tuple[Action, ...] = field(default=(), metadata={})

    def resolved(self) -> dict[str, Any]:
        """As plain YAML."""
        rearm = {"rearm": self.rearm.text} if self.rearm else {}
        return {"when": self.when.text, **rearm, "then": [a.resolved() for a in self.then], **_write(self)}


#: Keys of a rule that are read by their own functions below, and what they hold.
RULE_PARTS = {
    "when": "the condition",
    "rearm": "condition that arms it again; by default its own has not held for registry adapt_rearm months",
    "then": "one act, or a list: " + "; ".join(f"{v}: ID ({w.meaning})" for v, w in VERBS.items()),
}


def read_rules(node: Node | None, reader: Reader, names: Names) -> tuple[Rule, ...]:
    """The rules of a file; faults are noted in ``reader``."""
    if node is None or nothing(node):
        return ()
    if not isinstance(node, SequenceNode):
        reader.fault(node, "adapt", found(node), "a list of {when: ..., then: ...}")
        return ()
    if len(node.value) > MOST_RULES:
        reader.fault(node, "adapt", f"{len(node.value)} rules", f"at most {MOST_RULES}")
        return ()
    out: list[Rule] = []
    for i, child in enumerate(node.value):
        rule = _rule(child, reader, f"adapt[{i}]", names, f"rule-{i + 1}")
        if rule is not None and rule.id in [one.id for one in out]:
            reader.fault(child, f"adapt[{i}].id", f"{rule.id!r} twice", "each id once")
        elif rule is not None:
            out.append(rule)
    return tuple(out)


def _rule(node: Node, reader: Reader, path: str, names: Names, name: str) -> Rule | None:
    values = read_values(node, fields_of(Rule), reader, path, skip=tuple(RULE_PARTS))
    if not isinstance(node, MappingNode):
        return None
    parts = {scalar(k): v for k, v in entries(node)}
    when = _condition(parts.get("when", node), "when" in parts, reader, f"{path}.when", names)
    rearm = _condition(parts["rearm"], True, reader, f"{path}.rearm", names) if "rearm" in parts else None
    then = _actions(parts.get("then", node), "then" in parts, reader, f"{path}.then", names)
    if when is None or then is None or ("rearm" in parts and rearm is None) or any(v is WRONG for v in values.values()):
        return None
    values["id"] = values["id"] or name
    return Rule(**values, when=when, rearm=rearm, then=then)


def _condition(node: Node, given: bool, reader: Reader, path: str, names: Names) -> Condition | None:
    text = scalar(node) if given else None
    if text is None:
        reader.fault(
            node, path, found(node) if given else "nothing", 'a condition in quotes, such as "support(ID) < 35%"'
        )
        return None
    try:
        return parse_condition(text, names)
    except UnreadableError as error:
        reader.fault(node, path, error.found, error.allowed, error.near)
        return None


def _actions(node: Node, given: bool, reader: Reader, path: str, names: Names) -> tuple[Action, ...] | None:
    if not given:
        reader.fault(node, path, "nothing", "an act such as {soften: ID}, or a list of them")
        return None
    listed = isinstance(node, SequenceNode)
    nodes = list(node.value) if listed else [node]
    if not 1 <= len(nodes) <= MOST_ACTIONS:
        reader.fault(node, path, f"{len(nodes)} acts", f"1 to {MOST_ACTIONS}")
        return None
    read = [_action(one, reader, f"{path}[{i}]" if listed else path, names) for i, one in enumerate(nodes)]
    return None if any(a is None for a in read) else tuple(a for a in read if a is not None)


def _action(node: Node, reader: Reader, path: str, names: Names) -> Action | None:
    keys = {scalar(k) or "": v for k, v in entries(node)} if isinstance(node, MappingNode) else {}
    verbs = [key for key in keys if key in VERBS]
    if len(verbs) != 1:
        near = nearest(next(iter(keys), ""), list(VERBS))
        what = found(node) if not keys else f"the keys {', '.join(keys)}"
        reader.fault(node, path, what, f"one act: {', '.join(VERBS)}, each with the id of a measure", near)
        return None
    name = verbs[0]
    values = read_values(node, _fields(name), reader, path)
    if any(v is WRONG for v in values.values()):
        return None
    return _checked(name, values, keys, reader, path, names)


def _checked(
    name: str, values: dict[str, Any], keys: dict[str, Node], reader: Reader, path: str, names: Names
) -> Action | None:
    """The act, if the measures it names are there and have what it changes."""
    verb, target = VERBS[name], values[name]
    known = names.reserve if name == "launch" else names.measures
    wrong = False
    if target not in known:
        kind = "a measure of the reserve" if name == "launch" else "a measure of the roadmap (none of the baseline)"
        reader.fault(keys[name], f"{path}.{name}", repr(target), f"the id of {kind}", nearest(target, known))
        wrong = True
    elif name in ("scale", "soften") and target in names.fixed:
        allowed = f"a measure that has a size; a {names.fixed[target]} can be delayed, stopped or replaced"
        reader.fault(keys[name], f"{path}.{name}", repr(target), allowed)
        wrong = True
    if name == "replace" and values["with"] not in names.reserve:
        near = nearest(values["with"], names.reserve)
        reader.fault(keys["with"], f"{path}.with", repr(values["with"]), "the id of a measure of the reserve", near)
        wrong = True
    if wrong:
        return None
    instead = values.get("with", "")
    return Action(name, target, float(values.get(verb.key, 0.0)) if not instead else 0.0, instead)


def _fields(name: str) -> dict[str, Any]:
    verb = VERBS[name]
    out = {name: item(Text(60), "the id of a measure")}
    if verb.kind is not None:
        out[verb.key] = (
            item(verb.kind, verb.meaning) if verb.default is None else item(verb.kind, verb.meaning, verb.default)
        )
    for key, made in out.items():
        made.name = key
    return out


def rules_schema() -> dict[str, Any]:
    """JSON Schema of ``adapt:``."""
    acts = []
    for name, verb in VERBS.items():
        known = {
            key: {**f.metadata["kind"].schema, "description": f.metadata["meaning"]} for key, f in _fields(name).items()
        }
        needed = [name] if verb.kind is None or verb.default is not None else [name, verb.key]
        acts.append({"type": "object", "properties": known, "required": needed, "additionalProperties": False})
    text = {"type": "string", "pattern": r"[<>]"}
    one = {"anyOf": acts}
    extra = {
        "when": {**text, "description": RULE_PARTS["when"]},
        "rearm": {**text, "description": RULE_PARTS["rearm"]},
        "then": {"anyOf": [*acts, {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_ACTIONS}],
                 "description": RULE_PARTS["then"]},
    }  # fmt: skip
    made = record_schema(Rule, extra)
    return {"type": "array", "maxItems": MOST_RULES, "items": {**made, "required": ["when", "then"]}}


__all__ = ["RULE_PARTS", "VERBS", "Action", "Duration", "Rule", "read_rules", "rules_schema"]
