"""``UrbanModel`` in Mesa's own tools: batch_run, its DataCollector, and SolaraViz where Solara is installed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mesa import DataCollector

from sim.agents.citizens import Citizen
from sim.model import UrbanModel
from sim.scenario.load import Scenario
from tests import worlds


@pytest.fixture(autouse=True)
def start_method() -> Iterator[None]:
    """Mesa's batch runner sets how processes begin for everybody; here it is set back."""
    before = multiprocessing.get_start_method(allow_none=True)
    yield
    multiprocessing.set_start_method(before, force=True)


@pytest.fixture
def plan(tmp_path: Path) -> Scenario:
    return worlds.scenario(
        tmp_path, "measures:\n  - {id: parking, measure: parking_price, start: 2021-02, area: centre, price: 2 €/h}\n"
    )


def test_batch_run_is_the_model_itself(plan: Scenario) -> None:
    """Two seeds, three months: the rows that Mesa hands back are the months lived by hand, to the bit."""
    from mesa.batchrunner import batch_run

    where = worlds.city()
    rows = batch_run(
        UrbanModel, {"scenario": [plan], "city": [where], "seed": [3, 4], "share": [0.3]}, max_steps=2, data_collection_period=1,
        display_progress=False,
    )  # fmt: skip
    assert [(row["seed"], row["Step"]) for row in rows] == [(3, 0), (3, 1), (3, 2), (4, 0), (4, 1), (4, 2)]
    assert rows[2]["trust"] != rows[5]["trust"]
    model = worlds.model(plan, where)
    for row in rows[:3]:
        model.step()
        assert {name: row[name] for name in model.latest()} == model.latest()
    assert model.steps == 3


def test_a_data_collector_of_ones_own(plan: Scenario) -> None:
    """Reporters over citizens as over any agents."""
    model = worlds.model(plan, worlds.city())
    mine = DataCollector(
        model_reporters={"month": "month_of", "people": lambda m: len(m.agents_by_type[Citizen])},
        agenttype_reporters={Citizen: {"trust": "trust", "age": lambda c: c.birth}},
    )
    model.month_of = model.state.month
    for _ in range(2):
        model.step()
        model.month_of = model.state.month
        mine.collect(model)
    table, people = mine.get_model_vars_dataframe(), mine.get_agenttype_vars_dataframe(Citizen)
    assert table["month"].diff().iloc[1] == 1
    assert len(people.xs(2, level="Step")) == table["people"].iloc[1] == int(model.state.citizens.alive.sum())
    trust = people.xs(2, level="Step")["trust"].to_numpy()
    c = model.state.citizens
    np.testing.assert_array_equal(trust, c.trust[c.alive])


@pytest.mark.filterwarnings("ignore")  # Mesa's and Solara's own, of each other
def test_solara_is_given_the_model(plan: Scenario) -> None:
    pytest.importorskip("solara", reason="no solara: Mesa's SolaraViz is not tested")
    from mesa.visualization import SolaraViz, make_plot_component

    model = worlds.model(plan, worlds.city())
    model.step()
    element = SolaraViz(model, components=[make_plot_component("trust")], name="Rebond")
    assert element.component is not None
