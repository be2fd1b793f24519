"""Revisions: from a month on the municipality follows another calendar. What is decided in a workshop is written down as these.

A revision replaces or adds whole measures and withdraws measures and shocks; the months before it stand as they were lived. So a
scenario with revisions says exactly what a branch of a workshop did, and a run of it gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from sim.errors import nearest
from sim.months import month_name
from sim.scenario.fields import WRONG, Month, OneOrMany, Text, fields_of, item, read_values, write_values
from sim.scenario.yaml_nodes import Reader, entries, found, scalar

if TYPE_CHECKING:  # load.py reads revisions with its own reader of items, given as an argument
    from sim.scenario.load import Item

#: Reads a list of items: node, path, "measure" or "shock".
Items = Callable[[Node | None, str, str], "list[Item]"]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """What changes in the calendar at the beginning of a month."""

    start: int = item(Month(), "month from which the revised calendar holds")
    stop: tuple[str, ...] = item(OneOrMany(Text(60)), "ids of measures and shocks that are withdrawn", ())
    measures: tuple[Item, ...] = field(default=(), metadata={})  #: an id known before is replaced, another one is added
    shocks: tuple[Item, ...] = field(default=(), metadata={})

    def resolved(self) -> dict[str, Any]:
        """As plain YAML."""
        parts = {
            "measures": [m.resolved("measure") for m in self.measures],
            "shocks": [s.resolved("shock") for s in self.shocks],
        }
        return {"start": month_name(self.start), **write_values(self), **{k: v for k, v in parts.items() if v}}


class Calendar(NamedTuple):
    """The plan as it stands in a month. ``measures`` are rows that never move; None: not thought of yet."""

    start: int
    measures: tuple[Item | None, ...]
    shocks: tuple[Item, ...]
    stopped: frozenset[str]
    changes: Revision | None


def rows(measures: Sequence[Item], revisions: Sequence[Revision]) -> tuple[Item, ...]:
    """Every measure of the scenario as it was first written, in order of appearance: the rows of the state."""
    out = {one.id: one for one in measures}
    for revision in revisions:
        for one in revision.measures:
            out.setdefault(one.id, one)
    return tuple(out.values())


def calendars(
    start: int, measures: Sequence[Item], shocks: Sequence[Item], revisions: Sequence[Revision]
) -> Iterator[Calendar]:
    """The calendar as first written, then as each revision leaves it."""
    ids = [one.id for one in rows(measures, revisions)]
    now: dict[str, Item] = {one.id: one for one in measures}
    events, stopped = tuple(shocks), frozenset[str]()
    yield Calendar(start, tuple(now.get(i) for i in ids), events, stopped, None)
    for revision in revisions:
        now |= {one.id: one for one in revision.measures}
        stopped = (stopped | set(revision.stop)) - {one.id for one in (*revision.measures, *revision.shocks)}
        events = tuple(s for s in events if s.id not in stopped) + revision.shocks
        yield Calendar(revision.start, tuple(now.get(i) for i in ids), events, stopped, revision)


def read_revisions(node: Node | None, reader: Reader, items: Items) -> tuple[Revision, ...]:
    """The revisions of a file; faults are noted in ``reader``."""
    if node is None:
        return ()
    if not isinstance(node, SequenceNode):
        reader.fault(node, "revisions", found(node), "a list of {start: ..., stop: ..., measures: ..., shocks: ...}")
        return ()
    out = []
    for i, child in enumerate(node.value):
        path = f"revisions[{i}]"
        values = read_values(child, fields_of(Revision), reader, path, skip=("measures", "shocks"))
        parts = {scalar(k): v for k, v in entries(child)} if isinstance(child, MappingNode) else {}
        measures = items(parts.get("measures"), f"{path}.measures", "measure")
        shocks = items(parts.get("shocks"), f"{path}.shocks", "shock")
        if any(v is WRONG for v in values.values()):
            continue
        out.append(Revision(**values, measures=tuple(measures), shocks=tuple(shocks)))
    return tuple(out)


def check_revisions(
    first: int, last: int, measures: Sequence[Item], shocks: Sequence[Item], revisions: Sequence[Revision]
) -> Iterator[tuple[int, str, str, str, str]]:
    """(revision, field, what was found, what is allowed, nearest name) of each fault."""
    now = {one.id: one for one in measures}
    events = {one.id for one in shocks}
    before = first
    for i, revision in enumerate(revisions):
        if not before <= revision.start <= last:
            yield i, "start", month_name(revision.start), f"a month from {month_name(before)} to {month_name(last)}", ""
        before = revision.start + 1
        free = [name for name, one in now.items() if not one.committed] + sorted(events)
        for name in revision.stop:
            if name not in free:
                yield i, "stop", repr(name), "ids of measures (none of the baseline) and shocks", nearest(name, free)
        for one in revision.measures:
            old = now.get(one.id)
            if old is not None and (old.committed or old.measure.kind != one.measure.kind):
                what = "one of the baseline" if old.committed else f"{one.measure.kind} for a {old.measure.kind}"
                yield i, f"measures.{one.id}", what, "another id, or the same kind of measure", ""
            elif one.start < revision.start and (old is None or one.start != old.start):
                allowed = f"a month from {month_name(revision.start)} on" + (", or as before" if old else "")
                yield i, f"measures.{one.id}.start", month_name(one.start), allowed, ""
        for one in revision.shocks:
            if one.id in events:
                yield i, f"shocks.{one.id}", "an id given before", "each id once", ""
            if one.start < revision.start:
                yield i, f"shocks.{one.id}.start", month_name(one.start), f"from {month_name(revision.start)} on", ""
        now |= {one.id: one for one in revision.measures}
        events |= {one.id for one in revision.shocks}


__all__ = ["Calendar", "Revision", "calendars", "check_revisions", "read_revisions", "rows"]
