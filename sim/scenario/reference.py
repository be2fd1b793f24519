"""The generated half of docs/scenario.md: every kind of measure and shock with its fields, from their declarations.

``python -m sim.scenario.reference docs/scenario.md`` renews it; a test keeps page and code together.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any

from sim.measures import Measure, kinds, shock_kinds
from sim.scenario.adapt import RULE_PARTS, Rule
from sim.scenario.bodies import Body
from sim.scenario.fields import fields_of
from sim.scenario.load import PARTS, Budget, Item, Scenario

BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"


def reference() -> str:
    """Markdown tables of all keys."""
    below = [f"| `{name}` |  | {meaning} | see below |" for name, meaning in PARTS.items()]
    parts = ["## Keys of the file", "\n".join([_table(fields_of(Scenario)), *below])]
    rule = [
        f"| `{name}` | {'' if name == 'rearm' else 'required'} | {meaning} | see below |"
        for name, meaning in RULE_PARTS.items()
    ]
    parts += ["### budget", _table(fields_of(Budget)), "### adapt", "\n".join([_table(fields_of(Rule)), *rule])]
    parts += ["### bodies", _table(fields_of(Body)), "### Indicators that targets may name", _indicators()]
    parts += ["## Keys of every measure and shock", _table(fields_of(Item))]
    parts += ["## Kinds of measures", *(_kind(k) for k in kinds().values())]
    parts += ["## Kinds of shocks", *(_kind(k) for k in shock_kinds().values())]
    return "\n\n".join(parts)


def renewed(page: str) -> str:
    """``page`` with its generated part made anew. Raises ValueError where the marks are missing."""
    return between_marks(page, reference())


def between_marks(page: str, text: str) -> str:
    """``page`` with ``text`` as its generated part. Raises ValueError where the marks are missing."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def _indicators() -> str:
    from sim.indicators import INDICATORS  # as in sim.scenario.load

    rows = ["| indicator | unit | what it is |", "|---|---|---|"]
    rows += [f"| `{i.name}` | {i.unit} | {i.label}: {i.meaning} |" for i in INDICATORS]
    return "\n".join(rows)


def _kind(kind: type[Measure]) -> str:
    own = fields_of(kind)
    lines = [f"### {kind.kind}", f"*{kind.title}.* {kind.card}"]
    if own:
        lines.append(_table(own))
    lines.append(f"Acts on: {', '.join(kind.levers)}. Source: {'; '.join(kind.sources)}.")
    return "\n\n".join(lines)


def _table(fields: Mapping[str, Field[Any]]) -> str:
    rows = ["| key | | meaning | what may stand there |", "|---|---|---|---|"]
    for name, f in fields.items():
        given = "required" if f.default is MISSING and f.default_factory is MISSING else ""
        cells = (f"`{name}`", given, f.metadata["meaning"], f.metadata["kind"].allowed)
        rows.append(f"| {' | '.join(c.replace('|', '/') for c in cells)} |")
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    """Renew the pages named."""
    for name in arguments:
        path = Path(name)
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
