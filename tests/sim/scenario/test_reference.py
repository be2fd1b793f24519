"""docs/scenario.md says what the code reads: its generated tables are fresh and its example is in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.measures import kinds, shock_kinds
from sim.scenario.explain import explain
from sim.scenario.load import load_scenario
from sim.scenario.parameters import registry
from sim.scenario.reference import renewed
from sim.scenario.schema import schema

PAGE = Path(__file__).resolve().parents[3] / "docs" / "scenario.md"


def test_the_generated_part_is_fresh() -> None:
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page, "run: python -m sim.scenario.reference docs/scenario.md"
    with pytest.raises(ValueError, match="generated"):
        renewed("no marks")


def test_the_example_is_in_order(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert example is not None
    path = tmp_path / "example.yaml"
    path.write_text(example.group(1), "utf-8")
    plan = load_scenario(path)
    assert [m.id for m in plan.measures] == ["teleo", "calm", "parking"]


def test_every_kind_and_parameter_explains_itself_with_unit_range_and_source() -> None:
    for name, kind in {**kinds(), **shock_kinds()}.items():
        card = explain(name)
        assert kind.title in card
        assert "source: " in card
    for name, p in registry().items():
        card = explain(name)
        assert p.low <= p.default <= p.high, name
        assert p.unit
        assert p.source
        assert f"status: {p.status}" in card


def test_the_schema_knows_every_kind() -> None:
    def constants(word: str, key: str) -> set[str]:
        return {one["properties"][word]["const"] for one in schema()["properties"][key]["items"]["oneOf"]}

    assert constants("measure", "measures") == set(kinds()) == constants("measure", "baseline")
    assert constants("shock", "shocks") == set(shock_kinds())
    assert len(kinds()) >= 12
