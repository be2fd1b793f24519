"""The generated half of docs/building.md: keys of building files, and the archetypes.

``python -m sim.buildings.reference docs/building.md`` renews it; a test keeps page and code together.
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any

from sim.buildings.archetypes import PARTS, archetype_codes, archetypes
from sim.buildings.dwelling import SECTIONS, Dwelling, Inside, Mass, Outside, Part, Window
from sim.codes import PERIODS, Retrofit
from sim.documents import fields_of
from sim.scenario.fields import Quantity
from sim.scenario.reference import between_marks
from sim.units import short_quantity

#: Records of a building file, by the key they stand under.
RECORDS = {"opaque": Part, "windows": Window, "mass": Mass, "inside": Inside, "outside": Outside}


def reference() -> str:
    """Markdown tables of all keys and of the archetypes as they stand."""
    below = [
        f"| `{name}` | {text} | {'required' if name == 'opaque' else ''} | see below |"
        for name, text in SECTIONS.items()
    ]
    parts = ["## Keys of a building file", "\n".join([_keys(Dwelling), *below])]
    for name, record in RECORDS.items():
        parts += [f"### {name}", _keys(record)]
    parts += [
        "## Archetypes",
        "U values of the existing state, factors of ground included; need: TABULA's own figure of each state.",
        _archetypes(),
    ]
    return "\n\n".join(parts)


def renewed(page: str) -> str:
    """``page`` with its generated part made anew. Raises ValueError where the marks are missing."""
    return between_marks(page, reference())


def _keys(record: Any) -> str:
    rows = ["| key | meaning | if not said | what may stand there |", "|---|---|---|---|"]
    for name, f in fields_of(record).items():
        cells = (f"`{name}`", f.metadata["meaning"], _default(f), f.metadata["kind"].allowed)
        rows.append(f"| {' | '.join(c.replace('|', '/') for c in cells)} |")
    return "\n".join(rows)


def _default(f: Field[Any]) -> str:
    if f.default is MISSING:
        return "required"
    kind = f.metadata["kind"]
    if f.default in (None, "", ()):
        return ""
    return short_quantity(f.default, kind.dimension) if isinstance(kind, Quantity) else f"{f.default}"


def _archetypes() -> str:
    """Buildings in their existing state, and the need of all three states as TABULA gives it."""
    t = archetypes()
    rows = [
        "| code | built | m² | flats | storeys | neighbours | U roof, wall, floor, window, door [W/m²K] | need by state [kWh/m²] |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in range(0, len(archetype_codes()), len(Retrofit)):
        first, last = PERIODS[row // len(Retrofit) % len(PERIODS)]
        built = f"to {last}" if first == 0 else f"from {first}" if last == 9999 else f"{first}-{last}"
        u = ", ".join(f"{t[f'{part}_u'][row]:.2f}" for part in PARTS)
        need = ", ".join(f"{t['need'][row + state]:.0f}" for state in Retrofit)
        code = ".".join(archetype_codes()[row].split(".")[2:4])
        whole = (f"{t[name][row]:.0f}" for name in ("area", "flats", "storeys", "neighbours"))
        rows.append(f"| {' | '.join([code, built, *whole, u, need])} |")
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    """Renew the pages named."""
    for name in arguments:
        path = Path(name)
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
