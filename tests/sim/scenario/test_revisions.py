"""Revisions of the calendar: read with their faults, and a model revised while it lives equals one that knew them from the start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.city.city import City
from sim.errors import InputError
from sim.scenario.load import Scenario, load_scenario
from tests import worlds

PLAN = """
measures:
  - {id: parking, measure: parking_price, start: 2021-02, area: centre, price: 1 €/h}
  - {id: tracks, measure: cycle_network, start: 2021-02, months: 12, capex: 2 M€, length: 4 km}
  - {id: slow, measure: speed_limit, start: 2021-09, area: all, speed: 30 km/h}
"""
REVISED = (
    PLAN
    + """
revisions:
  - {start: 2021-05, stop: [tracks], measures: [
      {id: parking, measure: parking_price, start: 2021-02, area: centre, price: 3 €/h},
      {id: bikes, measure: bike_subsidy, start: 2021-06, amount: 300 €}]}
  - {start: 2021-07, stop: slow, measures: [{id: tracks, measure: cycle_network, start: 2021-02, months: 12, capex: 2 M€, length: 4 km}],
     shocks: [{id: prices, shock: energy_price, start: 2021-08, months: 2, change: +50%}]}
"""
)


@pytest.fixture(scope="module")
def city() -> City:
    return worlds.city()


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return worlds.scenario(tmp_path_factory.mktemp("revised"), REVISED)


def test_revised_while_living_is_the_run_that_knew_from_the_start(city: City, revised: Scenario) -> None:
    known = worlds.model(revised, city)
    expected = worlds.lived(known, 12)
    live = worlds.model(replace(revised, revisions=()), city)
    seen = [worlds.lived(live, 4)]
    live.revise(replace(revised, revisions=revised.revisions[:1]))
    seen.append(worlds.lived(live, 2))
    other = live.branch(revised)
    seen.append(worlds.lived(other, 6))
    assert np.array_equal(np.concatenate(seen), expected)
    for name, array in known.state.arrays().items():
        assert np.array_equal(array, other.state.arrays()[name], equal_nan=array.dtype.kind == "f"), name
    # the branch left its parent alone
    assert live.state.month == revised.start + 5


def test_a_revision_does_what_it_says(city: City, revised: Scenario) -> None:
    model = worlds.model(revised, city)
    town = model.state.townhall
    worlds.lived(model, 4)
    assert model.policies.parking_price[4] > 0.0
    price, built = float(model.policies.parking_price[4]), float(town.progress[1])
    worlds.lived(model, 1)
    assert model.policies.parking_price[4] == pytest.approx(3 * price)
    worlds.lived(model, 1)
    assert town.progress[1] == built  # works stopped: what is built stays
    assert model.policies.bike_grant[0] == 300.0
    worlds.lived(model, 2)
    assert town.progress[1] == pytest.approx(built + 2 / 12)  # and go on
    worlds.lived(model, 4)
    assert np.isinf(model.policies.speed_limit).all()  # withdrawn before it began


def test_the_past_cannot_be_rewritten(city: City, revised: Scenario) -> None:
    model = worlds.model(replace(revised, revisions=()), city)
    worlds.lived(model, 5)
    with pytest.raises(ValueError, match="lived so far"):
        model.revise(revised)


def test_resolved_reads_back(tmp_path: Path, revised: Scenario) -> None:
    assert [r["start"] for r in revised.resolved()["revisions"]] == ["2021-05", "2021-07"]
    assert revised.without_measures().revisions[0].shocks[0].id == "prices"
    assert len(revised.rows) == 4


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("revisions: 3", "a list of"),
        ("revisions: [{start: 2020-05}]", "a month from 2021-01 to 2021-12"),
        ("revisions: [{start: 2021-05}, {start: 2021-05}]", "a month from 2021-06"),
        ("revisions: [{start: 2021-05, stop: parkin}]", "parking"),
        (
            "revisions: [{start: 2021-05, measures: [{id: parking, measure: bike_subsidy, start: 2021-06, amount: 1 €}]}]",
            "the same kind",
        ),
        (
            "revisions: [{start: 2021-05, measures: [{id: new, measure: bike_subsidy, start: 2021-04, amount: 1 €}]}]",
            "a month from 2021-05 on",
        ),
        ("revisions: [{start: 2021-05, stopp: parking}]", "stop"),
    ],
)
def test_faults(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(worlds.HEAD.format(end="2021-12", world="trends") + PLAN + text, "utf-8")
    with pytest.raises(InputError, match=what) as caught:
        load_scenario(path)
    assert "revisions" in str(caught.value)
