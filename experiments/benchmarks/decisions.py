"""A month of decisions of a whole city's people, against the same rules written as ``step()`` of plain Mesa agents."""

from __future__ import annotations

from typing import Any

from experiments.benchmarks.context import Context
from experiments.benchmarks.processes import child
from experiments.benchmarks.rows import Promise, Row, measured, peer_measured

MONTH_OF_ALL = 0.15  #: promised for 800,000 citizens [s]


def run(context: Context) -> list[Row]:
    """Both sides in turn, a new process each time, over the same people at the same share."""
    return compare(0.1 if context.quick else 1.0, context.size(1, 3))


def compare(share: float, rounds: int) -> list[Row]:
    """Cars, heating, envelopes, panels, batteries, cooling, bicycles and participation of one month."""
    sides: dict[str, list[dict[str, Any]]] = {"columns": [], "plain": []}
    for _ in range(rounds):
        for side, found in sides.items():
            found.append(child("experiments.benchmarks.deciding", side, share))
    ours, theirs = ([answer["seconds"] for answer in found] for found in sides.values())
    people = sides["columns"][0]["citizens"]
    told = sides["columns"][0]["decided"], sides["plain"][0]["decided"]
    return [
        measured(
            f"{people:,} citizens: decisions of a month", "s", ours,
            peer=peer_measured(f"plain agents, {sides['plain'][0]['mesa']}", theirs),
            promise=Promise(MONTH_OF_ALL * share), note=f"{told[0]:.0f} dwellings and cars changed, {told[1]:.0f} by the plain agents",
        ),
    ]  # fmt: skip
