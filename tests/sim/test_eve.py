"""A kept eve is the eve: same bits as living through the months before, made anew when anything differs or is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.eve import Kept, both_worlds
from sim.model import UrbanModel
from tests.worlds import city, scenario

OPTIONS: dict[str, Any] = {"seed": 5, "share": 0.3, "gap": 1e-4}
PLAN = "measures: [{measure: parking_price, start: 2021-02, area: centre, price: 1 €/h}]\n"


def _bits(model: UrbanModel) -> dict[str, bytes]:
    return {name: np.asarray(a).tobytes() for name, a in model.state.arrays().items()}


def test_going_on_from_a_kept_eve_gives_the_same_bits(tmp_path: Path) -> None:
    plan, where, kept = scenario(tmp_path, PLAN), city(), Kept(tmp_path / "eves", "a city")
    lived = both_worlds(plan, where, **OPTIONS, kept=kept)
    assert len(list(kept.folder.iterdir())) == 1
    restored = both_worlds(plan, where, **OPTIONS, kept=kept)
    for one, other in zip(lived, restored, strict=True):
        assert _bits(one) == _bits(other)
        for _ in range(3):
            one.step()
            other.step()
        assert _bits(one) == _bits(other)


@pytest.mark.parametrize(
    "change", [{"seed": 6}, {"share": 0.2}, {"gap": 1e-5}, {"parameters": {"perception_speed": 0.4}}]
)
def test_anything_that_matters_makes_another_eve(tmp_path: Path, change: dict[str, Any]) -> None:
    plan, where, kept = scenario(tmp_path), city(), Kept(tmp_path / "eves", "a city")
    both_worlds(plan, where, **OPTIONS, kept=kept)
    both_worlds(plan, where, **(OPTIONS | change), kept=kept)
    assert len(list(kept.folder.iterdir())) == 2


def test_a_damaged_eve_is_made_anew(tmp_path: Path) -> None:
    plan, where, kept = scenario(tmp_path), city(), Kept(tmp_path / "eves", "a city")
    whole = both_worlds(plan, where, **OPTIONS, kept=kept)[0]
    (file,) = kept.folder.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    again = both_worlds(plan, where, **OPTIONS, kept=kept)[0]
    assert _bits(whole) == _bits(again)
