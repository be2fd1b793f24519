"""YAML as nodes with positions, read safely: bounded size and depth, no aliases, no tags, no repeated keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sim.errors import Fault, InputError

MAX_BYTES = 1_000_000
MAX_DEPTH = 16
PLAIN_YAML = "YAML: indented by spaces, brackets closed, text that holds ': ' or ' #' in quotes"
_IMPLICIT = ("", "None", "!")


@dataclass
class Reader:
    """Reads one file and gathers every fault found on the way."""

    path: Path
    faults: list[Fault] = field(default_factory=list)
    text: str | None = None  #: read instead of the file's content
    kind: str = "scenario"  #: what the file is, in messages
    example: str = "scenarios/toulouse_2021_2026.yaml"

    def where(self, node: Node | NodeEvent | None) -> str:
        """file:line:column of a node."""
        if node is None:
            return str(self.path)
        return f"{self.path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

    def fault(
        self, node: Node | NodeEvent | None, field_name: str, found: str, allowed: str, nearest: str = ""
    ) -> None:
        """Note one fault."""
        self.faults.append(Fault(self.where(node), found, allowed, field_name, nearest))

    def stop(self) -> None:
        """Raise all faults gathered so far, if any, in the order of the file."""
        if self.faults:
            raise InputError(sorted(self.faults, key=_place))


def _place(fault: Fault) -> tuple[int, int]:
    _, *place = fault.where.rsplit(":", 2)
    return (int(place[0]), int(place[1])) if len(place) == 2 and all(p.isdigit() for p in place) else (0, 0)


def read_nodes(reader: Reader) -> Node:
    """The root node of the file. Raises InputError if it cannot be read as bounded, plain YAML."""
    text = _text(reader)
    try:
        _check_events(text, reader)
        reader.stop()
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{reader.path}:{mark.line + 1}:{mark.column + 1}" if mark else str(reader.path)
        problem = _one_line(error.problem or str(error)).removeprefix("found ")
        raise InputError(Fault(where, problem, PLAIN_YAML)) from error
    except (YAMLError, ValueError) as error:
        where = f"{reader.path}:{_line_of(text, error)}"
        raise InputError(Fault(where, _one_line(str(error)), "YAML of printable characters")) from error
    if root is None:
        raise InputError(Fault(f"{reader.path}:1:1", "an empty file", f"a {reader.kind} (see {reader.example})"))
    return root


def _text(reader: Reader) -> str:
    if reader.text is not None:
        return reader.text
    allowed = f"a readable {reader.kind} file of at most 1 MB"
    try:
        if not reader.path.is_file():
            raise InputError(Fault(str(reader.path), "no such file", allowed))
        raw = reader.path.read_bytes()
    except OSError as error:
        raise InputError(Fault(str(reader.path), f"{error.strerror}", allowed)) from error
    if len(raw) > MAX_BYTES:
        raise InputError(Fault(str(reader.path), f"{len(raw):,} bytes", allowed))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(Fault(f"{reader.path}:{line}:1", "bytes that are no UTF-8", "text in UTF-8")) from error


def _check_events(text: str, reader: Reader) -> None:
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            reader.fault(event, "", "an anchor or alias", "plain values, written out")
        elif isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                reader.fault(event, "", f"more than {MAX_DEPTH} levels of nesting", f"a flat {reader.kind}")
                return
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if getattr(event, "tag", None) is not None and str(event.tag) not in _IMPLICIT:
            reader.fault(event, "", f"the tag {event.tag}", "plain values without tags")


def _line_of(text: str, error: Exception) -> str:
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return "1:1"
    before = text[:position]
    return f"{before.count(chr(10)) + 1}:{position - before.rfind(chr(10))}"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def scalar(node: Node) -> str | None:
    """Text of a scalar node, None for anything else."""
    return str(node.value) if isinstance(node, ScalarNode) else None


def entries(node: MappingNode) -> list[tuple[ScalarNode, Node]]:
    """Key and value nodes of a mapping, in order."""
    return list(node.value)


def found(node: Node) -> str:
    """How a node is named in an error message."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    text = str(node.value)
    return repr(text if len(text) <= 80 else text[:77] + "...") if text else "nothing"


def plain(node: Node) -> Any:
    """The node as plain Python: dict, list, str."""
    if isinstance(node, MappingNode):
        return {str(k.value): plain(v) for k, v in node.value}
    if isinstance(node, SequenceNode):
        return [plain(child) for child in node.value]
    return str(node.value)
