"""Citizens as Mesa agents over columns against the same number of plain Mesa agents, each in a process of its own."""

from __future__ import annotations

from typing import Any

from experiments.benchmarks.context import Context
from experiments.benchmarks.processes import child
from experiments.benchmarks.rows import Row, measured, peer_measured

#: Key of the children's figures, what it says, unit.
FIGURES = (
    ("create", "every agent in hand", "s"),
    ("step", "one decision of every agent (logit over four modes)", "s"),
    ("select", "select by an attribute", "s"),
    ("agg", "mean of an attribute", "s"),
    ("groupby", "count by group", "s"),
    ("bytes", "memory of one agent, its attributes included", "bytes"),
    ("handle", "of which for the Mesa agent itself", "bytes"),
)


def run(context: Context) -> list[Row]:
    """Both sides in turn, a new process each time."""
    return compare(context.size(100_000, 800_000), context.size(1, 3))


def compare(number: int, rounds: int) -> list[Row]:
    """A row for each figure; ours carry all columns of a citizen, the plain agents five attributes."""
    sides: dict[str, list[dict[str, Any]]] = {"columns": [], "plain": []}
    for _ in range(rounds):
        for side, found in sides.items():
            found.append(child("experiments.benchmarks.handles", side, number))
    rows = []
    for key, title, unit in FIGURES:
        ours, theirs = ([answer[key] for answer in sides[side] if key in answer] for side in ("columns", "plain"))
        peer = peer_measured(f"plain agents, {sides['plain'][0]['mesa']}", theirs) if theirs else None
        rows.append(measured(f"{number:,} citizens: {title}", unit, ours, peer=peer))
    rows[0] = measured(
        rows[0].name, "s", [a["create"] for a in sides["columns"]], peer=rows[0].peer,
        note=f"list(model.agents) of citizens; {sides['columns'][0]['columns']} columns each against 5 attributes of a plain agent",
    )  # fmt: skip
    return rows
