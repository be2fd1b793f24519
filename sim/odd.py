"""The generated half of docs/model.md: state variables, measures, dated series and every parameter, from their declarations.

``python -m sim.odd docs/model.md`` renews it; a test keeps page and code together.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from sim.agents.tables import Cars, Citizens, Dwellings, Firms, Households, Incomers
from sim.columns import Block
from sim.indicators import INDICATORS
from sim.measures import Measure, kinds, shock_kinds
from sim.months import month_name
from sim.scenario.parameters import Parameter, registry
from sim.scenario.reference import between_marks
from sim.scenario.trends import Series, all_series
from sim.state import Economy, Energy, Society, Townhall, Traffic

#: Entities whose columns are described, with what one row or block stands for.
ENTITIES: tuple[tuple[type[Block], str], ...] = (
    (Citizens, "citizens: a row is a person, with the weight of those it stands for"),
    (Households, "households"),
    (Dwellings, "dwellings"),
    (Cars, "cars of households"),
    (Firms, "firms"),
    (Incomers, "commuters from outside"),
    (Traffic, "traffic: written by systems.mobility"),
    (Energy, "energy: written by systems.energy"),
    (Economy, "economy: written by systems.economy"),
    (Society, "society: written by systems.society"),
    (Townhall, "town hall: written by agents.municipality"),
)


def appendix() -> str:
    """Markdown of all generated tables."""
    parts = ["## A. State variables"]
    for block, title in ENTITIES:
        parts += [f"### {title}", _columns(block)]
    rows = list(registry().values())
    parts += ["## B. Measures and shocks", _measures({**kinds(), **shock_kinds()})]
    parts += ["## C. Indicators", _count_indicators()]
    parts += ["## D. Dated series", _series(all_series().values())]
    parts += [f"## E. Parameters\n\n{_statuses(rows)}"]
    for domain, mine in groupby(sorted(rows, key=lambda p: p.domain), lambda p: p.domain):
        parts += [f"### {domain}", _parameters(list(mine))]
    return "\n\n".join(parts)


def renewed(page: str) -> str:
    """``page`` with its generated part made anew. Raises ValueError where the marks are missing."""
    return between_marks(page, appendix())


def _rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in lines)


def _columns(block: type[Block]) -> str:
    return _rows(("variable", "unit", "meaning"), [(f"`{n}`", u, m) for n, u, m in block.describe()])


def _measures(found: dict[str, type[Measure]]) -> str:
    rows = [(f"`{name}`", kind.title, ", ".join(f"`{lever}`" for lever in kind.levers)) for name, kind in found.items()]
    return _rows(("kind", "what", "levers"), rows)


def _count_indicators() -> str:
    by_domain = {d: [i.name for i in INDICATORS if i.domain == d] for d in dict.fromkeys(i.domain for i in INDICATORS)}
    return _rows(("domain", "indicators"), [(d, ", ".join(f"`{n}`" for n in names)) for d, names in by_domain.items()])


def _series(found: Iterable[Series]) -> str:
    rows = []
    for s in found:
        span = f"{month_name(s.months[0])} to {month_name(s.months[-1])}"
        rows.append(
            (f"`{s.name}`", s.unit, span, f"{min(s.values):g} to {max(s.values):g}", ", ".join(sorted(set(s.statuses))))
        )
    return _rows(("series", "unit", "points", "values", "status"), sorted(rows))


def _statuses(rows: list[Parameter]) -> str:
    counts = {status: sum(p.status == status for p in rows) for status in sorted({p.status for p in rows})}
    said = ", ".join(f"{n} {status}" for status, n in counts.items())
    return f"{len(rows)} parameters: {said}. Ranges are what sweeps draw from."


def _parameters(rows: list[Parameter]) -> str:
    return _rows(
        ("parameter", "default", "range", "unit", "status", "meaning", "source"),
        [
            (f"`{p.name}`", f"{p.default:g}", f"{p.low:g} to {p.high:g}", p.unit, p.status, p.meaning, p.source)
            for p in rows
        ],
    )


def main(arguments: list[str]) -> None:
    """Renew the pages named."""
    for name in arguments:
        path = Path(name)
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
