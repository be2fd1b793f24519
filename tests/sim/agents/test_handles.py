"""Mesa's contract on agents over columns. The truth is Mesa itself: a twin model of plain agents does the same things.

Runs on Mesa 3.3.1 (Python 3.11) and 3.5.1 (Python 3.12); nothing here may depend on the version.
"""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet

from sim.agents.agentset import ColumnAgentSet
from sim.agents.citizens import Citizen, Household
from sim.agents.columnar import ColumnAgent
from sim.agents.firms import Firm
from sim.agents.growth import ALONG
from sim.agents.handles import ColumnAgents
from sim.agents.incomers import Incomer
from sim.codes import Activity, Tenure
from sim.state import Society
from tests.tiny import tiny_city, tiny_state


class Office(mesa.Agent):  # type: ignore[misc]
    """An ordinary agent beside those in columns."""

    budget = 7.0


class Columnar(ColumnAgents, mesa.Model):  # type: ignore[misc]
    def __init__(self, share: float = 0.03) -> None:
        super().__init__(rng=1)
        self.office = Office(self)
        self.state = tiny_state(tiny_city(), share=share)


class Plain(mesa.Agent):  # type: ignore[misc]
    def __init__(self, model: mesa.Model, row: int, **columns: Any) -> None:
        super().__init__(model)
        self.row = row
        for name, value in columns.items():
            setattr(self, name, value)

    def spend(self, amount: float) -> float:
        self.savings -= amount
        return float(self.savings)


class Twin(mesa.Model):  # type: ignore[misc]
    """The same households as plain Mesa agents."""

    def __init__(self, columnar: Columnar) -> None:
        super().__init__(rng=1)
        h = columnar.state.households
        for row in range(len(h)):
            Plain(self, row, income=h.income[row].item(), district=h.district[row].item(), savings=h.savings[row].item(),
                  tenure=Tenure(h.tenure[row].item()), cars=h.cars[row].item())  # fmt: skip


class Spender(Household):
    def spend(self, amount: float) -> float:
        self.savings = self.savings - amount
        return float(self.savings)


class Spending(Columnar):
    column_types = (Citizen, Spender, Firm)


@pytest.fixture
def model() -> Columnar:
    return Columnar()


def both() -> tuple[ColumnAgentSet, Any]:
    spending = Spending()
    twin = Twin(spending)
    twin.random.seed(5)
    spending.random.seed(5)
    return spending.agents_by_type[Spender], twin.agents


def rows(agents: Any) -> list[int]:
    return [agent.row for agent in agents]


@pytest.mark.parametrize(
    "operation",
    [
        lambda s: s,
        lambda s: s.select(lambda a: a.income > 2000.0),
        lambda s: s.select(lambda a: a.cars == 1, at_most=5),
        lambda s: s.select(at_most=0.25),
        lambda s: s.select(at_most=7),
        lambda s: s.sort("income"),
        lambda s: s.sort("cars", ascending=True),
        lambda s: s.sort("cars"),
        lambda s: s.sort(lambda a: -a.income),
        lambda s: s.shuffle(),
        lambda s: s.shuffle(inplace=True).select(at_most=9),
        lambda s: s.select(lambda a: a.district == 4).sort("savings").shuffle(),
        lambda s: s.select(lambda a: a.cars > 0) & s.select(lambda a: a.income < 2500.0),
        lambda s: s.select(lambda a: a.cars > 1) | s.select(lambda a: a.district == 0),
        lambda s: s.select(lambda a: a.cars > 0) - s.select(lambda a: a.cars > 1),
        copy.copy,
    ],
)
def test_subsets_and_orders_are_those_of_mesa(operation: Callable[[Any], Any]) -> None:
    ours, mesas = both()
    assert rows(operation(ours)) == rows(operation(mesas))


@pytest.mark.parametrize(
    "question",
    [
        len,
        lambda s: s.get("income"),
        lambda s: s.get(["income", "district"]),
        lambda s: s.get("wealth", handle_missing="default", default_value=3),
        lambda s: s.get(["cars", "wealth"], handle_missing="default"),
        lambda s: s.agg("cars", sum),
        lambda s: s.agg("income", [min, max]),
        lambda s: s.groupby("district").count(),
        lambda s: list(s.groupby("tenure").count()),
        lambda s: s.groupby("district").agg("savings", max),
        lambda s: s.groupby(lambda a: a.cars > 0).agg("income", min),
        lambda s: {k: rows(v) for k, v in s.groupby("cars")},
        lambda s: {k: rows(v) for k, v in s.groupby("cars", result_type="list")},
        lambda s: s.groupby("cars").map(len),
        lambda s: s.map("spend", 10.0),
        lambda s: s.map(lambda a, k: a.cars * k, 3),
        lambda s: s.do("spend", 5.0).get("savings"),
        lambda s: s.do(lambda a: a.spend(1.0)).get("savings"),
        lambda s: s.set("savings", 12.5).get("savings"),
        lambda s: (s.shuffle_do("spend", 2.0).get("savings"), rows(s)),
    ],
)
def test_answers_are_those_of_mesa(question: Callable[[Any], Any]) -> None:
    ours, mesas = both()
    assert question(ours) == question(mesas)


def test_a_missing_attribute_is_missing_as_in_mesa() -> None:
    for agents in both():
        with pytest.raises(AttributeError):
            agents.get("wealth")
        with pytest.raises(AttributeError):
            agents.groupby("wealth")
        with pytest.raises(ValueError, match="handle_missing"):
            agents.get("cars", handle_missing="ignore")


def test_add_discard_and_remove_of_sets_are_those_of_mesa() -> None:
    results = []
    for agents in both():
        members = list(agents)
        subset = agents.select(at_most=3)
        subset.add(members[8])
        subset.add(members[8])
        subset.discard(members[0])
        subset.discard(members[9])
        subset.remove(members[1])
        with pytest.raises(KeyError):
            subset.remove(members[1])
        results.append((rows(subset), members[8] in subset, members[1] in subset, len(agents)))
    assert results[0] == results[1]


def test_the_model_lists_every_agent_by_type(model: Columnar) -> None:
    s = model.state
    assert len(model.agents) == 1 + len(s.citizens) + len(s.households) + len(s.firms) + len(s.incomers)
    assert model.agent_types == [Office, Citizen, Household, Firm, Incomer]
    assert {t: len(agents) for t, agents in model.agents_by_type.items()} == {
        Office: 1, Citizen: len(s.citizens), Household: len(s.households), Firm: len(s.firms), Incomer: len(s.incomers),
    }  # fmt: skip
    assert model.office in model.agents
    assert isinstance(model.agents, AgentSet)
    assert all(isinstance(agent, mesa.Agent) for agent in model.agents)
    assert len(model.agents.select(agent_type=Firm)) == len(s.firms)
    assert list(model.agents.select(agent_type=Office)) == [model.office]
    ids = model.agents.get("unique_id")
    assert len(set(ids)) == len(ids)
    with pytest.raises(AttributeError):
        model.agents = []  # type: ignore[misc]


def test_a_handle_reads_and_writes_its_row(model: Columnar) -> None:
    citizen = model.agent("citizens", 11)
    assert citizen.birth == model.state.citizens.birth[11]
    assert citizen.activity is Activity(int(model.state.citizens.activity[11]))
    assert citizen.age == pytest.approx((model.state.month - model.state.citizens.birth[11]) / 12)
    citizen.trust = 0.125
    citizen.activity = Activity.STUDENT
    assert model.state.citizens.trust[11] == 0.125
    assert citizen.activity is Activity.STUDENT
    assert type(citizen.woman) is bool
    assert type(citizen.weight) is float


def test_what_is_no_column_raises(model: Columnar) -> None:
    citizen = model.agent("citizens", 0)
    with pytest.raises(AttributeError, match="wealth"):
        _ = citizen.wealth
    with pytest.raises(AttributeError, match="wealth"):
        citizen.wealth = 3.0
    with pytest.raises(AttributeError, match="age"):
        citizen.age = 3.0
    with pytest.raises(AttributeError, match="wealth"):
        model.agents_by_type[Citizen].set("wealth", 1.0)
    with pytest.raises(IndexError):
        model.agent("citizens", len(model.state.citizens))


def test_a_row_has_one_identity(model: Columnar) -> None:
    one, again = model.agent("households", 3), model.agent("households", 3)
    other = Columnar().agent("households", 3)
    assert one == again
    assert hash(one) == hash(again)
    assert len({one, again, model.agent("households", 4), model.agent("citizens", 3)}) == 3
    assert one != other
    assert one != model.agent("citizens", 3)


def test_weak_references_and_plain_sets_hold_handles(model: Columnar) -> None:
    reference = weakref.ref(model.agent("firms", 2))
    plain = AgentSet([model.agent("firms", i) for i in range(4)], random=model.random)
    gc.collect()
    assert reference() == model.agent("firms", 2)
    assert plain.get("district") == model.state.firms.district[:4].tolist()


def test_a_dropped_model_is_collected() -> None:
    model = Columnar()
    reference = weakref.ref(model)
    list(model.agents)
    del model
    gc.collect()
    assert reference() is None


def test_remove_marks_the_row_and_leaves_every_set(model: Columnar) -> None:
    citizens = model.agents_by_type[Citizen]
    subset = citizens.select(at_most=5)
    citizen = list(citizens)[2]
    citizen.remove()
    citizen.remove()
    assert not model.state.citizens.alive[2]
    assert citizen not in model.agents
    assert citizen not in subset
    assert len(subset) == 4
    assert rows(subset) == [0, 1, 3, 4]
    assert len(model.agents_by_type[Citizen]) == len(model.state.citizens) - 1


def test_agents_removed_during_a_round_are_not_called(model: Columnar) -> None:
    seen: list[int] = []

    def visit(agent: Any) -> None:
        seen.append(agent.row)
        if agent.row == 0:
            model.agent("firms", 1).remove()

    model.agents_by_type[Firm].do(visit)
    assert seen == [0, *range(2, len(model.state.firms))]


def test_remove_all(model: Columnar) -> None:
    model.remove_all_agents()
    assert len(model.agents) == 0
    assert list(model.agents) == []


def test_a_new_agent_is_a_new_row(model: Columnar) -> None:
    n, m = len(model.state.citizens), model.state.society.support.shape[1]
    model.state.society.support[7] = 0.75
    like = model.agent("citizens", 7)
    born = Citizen(model, like=like, birth=model.state.month, activity=Activity.CHILD)
    assert (born.row, born.household, born.age, born.activity) == (n, like.household, 0.0, Activity.CHILD)
    assert born.alive
    assert born in model.agents
    assert born.id not in model.state.citizens.id[:n]
    assert model.state.society.support.shape == (n + 1, m)
    assert (model.state.society.support[n] == 0.75).all()
    assert model.agent("citizens", n) == born
    with pytest.raises(TypeError, match="missing"):
        Citizen(model, birth=0)
    with pytest.raises(TypeError, match="wealth"):
        Citizen(model, like=like, wealth=1.0)


def test_create_agents_deals_out_sequences(model: Columnar) -> None:
    made = Citizen.create_agents(model, 3, like=model.agent("citizens", 0), trust=[0.1, 0.2, 0.3], bike=True)
    assert made.get("trust") == [0.1, 0.2, 0.3]
    assert made.get("bike") == [True] * 3
    gc.collect()
    assert len(made) == 3


def test_a_new_household_has_no_contacts_yet(model: Columnar) -> None:
    new = Household(model, like=model.agent("households", 0))
    assert len(model.state.contact_first) == len(model.state.households) + 1
    assert len(new.contacts) == 0
    assert len(model.state.society.reference_cost) == len(model.state.households)


def test_every_array_along_the_people_grows_with_them() -> None:
    declared = {name: meaning for name, _, meaning in Society.describe()}
    for table, size in (("citizens", "(n_citizens"), ("households", "(n_households")):
        assert {name for name, meaning in declared.items() if meaning.startswith(size)} == set(ALONG[table])


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_models_sets_and_handles_are_copied_whole(model: Columnar, clone: Callable[[Any], Any]) -> None:
    handle = model.agent("citizens", 4)
    other, its_handle, its_set = clone((model, handle, model.agents.sort("unique_id").select(at_most=6)))
    assert its_handle.model is other
    assert its_handle == other.agent("citizens", 4)
    assert its_handle != handle
    its_handle.trust = 0.0625
    assert other.state.citizens.trust[4] == 0.0625
    assert model.state.citizens.trust[4] == 0.5
    assert len(other.agents) == len(model.agents)
    assert its_set.get("unique_id") == model.agents.sort("unique_id").select(at_most=6).get("unique_id")
    assert other.agents_by_type[Office].get("budget") == [7.0]
    other.step()
    assert other.steps == 1


def test_data_collector_reads_columns(model: Columnar) -> None:
    collector = mesa.DataCollector(
        model_reporters={"trust": lambda m: m.agents_by_type[Citizen].agg("trust", np.mean)},
        agenttype_reporters={Firm: {"jobs": "jobs", "sector": lambda a: a.sector}},
    )
    collector.collect(model)
    frame = collector.get_agenttype_vars_dataframe(Firm)
    assert collector.model_vars["trust"] == [0.5]
    assert frame["jobs"].tolist() == model.state.firms.jobs.tolist()
    assert frame["sector"].astype(int).tolist() == model.state.firms.sector.tolist()
    every = mesa.DataCollector(agent_reporters={"id": "unique_id"})
    every.collect(model)
    assert len(every.get_agent_vars_dataframe()) == len(model.agents)


def test_arrays_are_columns_and_boolean_filters_select(model: Columnar) -> None:
    citizens = model.agents_by_type[Citizen]
    old = citizens.select(citizens.array("age") >= 65)
    assert rows(old) == rows(citizens.select(lambda a: a.age >= 65))
    assert old.array("age").min() >= 65
    assert old.rows.tolist() == rows(old)
    with pytest.raises(ValueError, match="several kinds"):
        _ = model.agents.rows


def test_neighbours_in_the_tables(model: Columnar) -> None:
    citizen = model.agent("citizens", 20)
    assert citizen in citizen.home.members
    assert len(citizen.home.members) == citizen.home.size
    worker = next(a for a in model.agents_by_type[Citizen] if a.firm >= 0)
    assert worker in worker.employer.staff
    assert next(a for a in model.agents_by_type[Citizen] if a.firm < 0).employer is None
    s = model.state
    expected = set(s.contacts[s.contact_first[2] : s.contact_first[3]].tolist())
    assert set(rows(model.agent("households", 2).contacts)) == expected


def test_a_subclass_may_stand_for_a_table() -> None:
    model = Spending()
    assert type(model.agent("households", 0)) is Spender
    assert issubclass(Spender, ColumnAgent)
    assert len(model.agents.select(agent_type=Household)) == len(model.state.households)
