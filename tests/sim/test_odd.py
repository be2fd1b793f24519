"""docs/model.md: the ODD protocol is whole, and its tables say what the code declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.measures import kinds
from sim.odd import ENTITIES, appendix, renewed
from sim.scenario.parameters import registry
from sim.scenario.trends import all_series

PAGE = Path(__file__).resolve().parents[2] / "docs" / "model.md"
#: Elements of the protocol (Grimm et al. 2020), and its design concepts.
ELEMENTS = (
    "Purpose and patterns", "Entities, state variables and scales", "Process overview and scheduling", "Design concepts", "Initialisation",
    "Input data", "Submodels",
)  # fmt: skip
CONCEPTS = (
    "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing", "Interaction", "Stochasticity",
    "Collectives", "Observation",
)  # fmt: skip


def test_the_generated_part_is_fresh() -> None:
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page, "run: python -m sim.odd docs/model.md"
    with pytest.raises(ValueError, match="generated"):
        renewed("no marks")


def test_the_protocol_is_whole_and_in_order() -> None:
    page = PAGE.read_text("utf-8")
    at = [page.index(f". {name}\n") for name in ELEMENTS]
    assert at == sorted(at)
    concepts = page[page.index("## 4.") : page.index("## 5.")]
    assert [c for c in CONCEPTS if f"**{c}" not in concepts] == []


def test_every_parameter_series_measure_and_variable_stands_there_once() -> None:
    made = appendix()
    parameters = made[made.index("## E.") :]
    for name, p in registry().items():
        rows = [line for line in parameters.splitlines() if line.startswith(f"| `{name}` |")]
        assert len(rows) == 1, name
        assert f"| {p.unit} | {p.status} |" in rows[0]
    assert all(f"| `{name}` |" in made for name in (*all_series(), *kinds()))
    for block, _ in ENTITIES:
        for name, unit, _ in block.describe():
            assert f"| `{name}` | {unit} |" in made, (block.__name__, name)


def test_links_of_the_page_lead_somewhere() -> None:
    import re

    for target in re.findall(r"\]\(([a-z0-9_]+\.md)\)", PAGE.read_text("utf-8")):
        assert (PAGE.parent / target).is_file(), target
