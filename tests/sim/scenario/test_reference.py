"""docs/scenario.md says what the code reads: its generated tables are fresh and its example is in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.indicators import INDICATORS
from sim.measures import kinds, shock_kinds
from sim.scenario.explain import explain, listing
from sim.scenario.load import load_scenario
from sim.scenario.parameters import registry
from sim.scenario.reference import renewed

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
    for indicator in INDICATORS:
        card = explain(indicator.name)
        assert f"[{indicator.unit}]" in card
        assert indicator.meaning in card
    listed = listing()
    assert all(
        f"  {name} " in listed for name in [*kinds(), *shock_kinds(), *registry(), *(i.name for i in INDICATORS)]
    )
    for name, p in registry().items():
        card = explain(name)
        assert p.low <= p.default <= p.high, name
        assert p.unit
        assert p.source
        assert f"status: {p.status}" in card
