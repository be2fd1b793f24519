"""Do the parts of a scenario agree: dates with its months, names with each other, dependencies without loops."""

from __future__ import annotations

import graphlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ruamel.yaml.nodes import MappingNode, Node

from sim.errors import Fault, nearest
from sim.months import month_name
from sim.scenario.yaml_nodes import Reader, entries, scalar

if TYPE_CHECKING:  # load.py, which reads these, checks them with this module
    from sim.scenario.load import Item, Target

#: Months before the start that shocks may reach back.
LONGEST_LEAD = 36
LONGEST_RUN = 600


def check_time(
    values: Mapping[str, Any],
    measures: list[Item],
    shocks: list[Item],
    targets: tuple[Target, ...],
    reader: Reader,
    root: Node,
) -> None:
    """The end comes after the start; measures, shocks and targets fall where they may."""
    start, end = values["start"], values["end"]
    nodes = {scalar(k): v for k, v in entries(root)} if isinstance(root, MappingNode) else {}
    if end < start:
        reader.fault(nodes["end"], "end", month_name(end), f"a month not before start, {month_name(start)}")
    elif end - start >= LONGEST_RUN:
        reader.fault(nodes["end"], "end", month_name(end), f"at most {LONGEST_RUN} months after start")
    for one in measures:
        if one.start < start:
            _at(reader, one, f"{one.id}.start", month_name(one.start), f"a month from {month_name(start)} on")
    for one in shocks:
        if one.start < start - LONGEST_LEAD:
            _at(reader, one, f"{one.id}.start", month_name(one.start), f"at most {LONGEST_LEAD} months before start")
    for target in targets:
        if not start <= target.by <= end:
            allowed = f"a month from {month_name(start)} to {month_name(end)}"
            reader.fault(nodes.get("targets"), f"targets.{target.indicator}.by", month_name(target.by), allowed)


def check_names(measures: Sequence[Item], committed: list[str], planned: list[str], reader: Reader) -> None:
    """Ids are given once; what others depend on exists, and no circle of them waits."""
    seen: set[str] = set()
    committed = committed + [one.id for one in measures if one.committed]
    planned = committed + planned + [one.id for one in measures]
    for one in measures:
        if one.id in seen:
            _at(reader, one, f"{one.id}.id", f"{one.id!r} twice", "each id once")
        seen.add(one.id)
        allowed = "the id of another item of the baseline" if one.committed else "the id of another measure"
        others = [other for other in (committed if one.committed else planned) if other != one.id]
        for field, name in (*(("depends_on", d) for d in one.depends_on), *one.measure.mentions()):
            if name not in others:
                _at(reader, one, f"{one.id}.{field}", repr(name), allowed, nearest(name, others))
    try:
        graphlib.TopologicalSorter({one.id: one.depends_on for one in measures}).prepare()
    except graphlib.CycleError as error:
        loop = error.args[1]
        first = next(one for one in measures if one.id in loop)
        _at(
            reader,
            first,
            f"{first.id}.depends_on",
            " waits for ".join(reversed(loop)),
            "measures that do not wait for each other",
        )


def _at(reader: Reader, one: Item, path: str, what: str, allowed: str, hint: str = "") -> None:
    reader.faults.append(Fault(one.where, what, allowed, path, hint))
