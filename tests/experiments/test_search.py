"""A roadmap search: a front that is known, limits held, and a resumed search equal to an unbroken one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from experiments import store as stores
from experiments.designs import Varied, place
from experiments.engines import Here, Loky
from experiments.plan import Column, Plan, Task
from experiments.quest import front_table, roadmap_text, write_page
from experiments.runner import Progress
from experiments.search import Found, Quest, search, undominated
from experiments.searched import Objective, Searched
from experiments.variants import read_roadmap
from sim import load_scenario
from sim.errors import InputError, RunError

pytest.importorskip("pymoo")
ROADMAP = Path(__file__).resolve().parents[2] / "scenarios" / "toulouse_2021_2026.yaml"

DECISIONS = (
    Varied("parking.price", "€/h", 0.0, 4.0),
    Varied("lez.on", "0 or 1", 0.0, 1.0, values=(0.0, 1.0)),
    Varied("lez.start", "month number", 24255.0, 24290.0, whole=True),
)  # fmt: skip


@dataclass(frozen=True)
class Trade:
    """Emissions fall and jobs fall with the price; a zone is all for the better and costs debt; the front is known: zone on, any price."""

    fail: bool = False

    def __call__(self, task: Task) -> Mapping[str, float]:
        if self.fail:
            raise ArithmeticError("no")
        price, on = task.parameters["parking.price"], task.parameters["lez.on"]
        weather = task.parameters.get("weather", 0.0)
        noise = 0.01 * task.seed
        return {
            "co2": 100.0 - 5.0 * price - 10.0 * on + weather + noise,
            "jobs": 50.0 - price**2,
            "most_debt": 100.0 * price,
        }


def quest(
    *, limit: float | None = None, algorithm: str = "nsga2", futures: np.ndarray | None = None, generations: int = 8
) -> Quest:
    uncertain = (Column("weather", "-"),) if futures is not None else ()
    columns = (Column("co2", "t", "CO2", -1), Column("jobs", "jobs", "Jobs", 1), Column("most_debt", "€", "Debt", -1))
    parameters = (*(d.column for d in DECISIONS), *uncertain)
    plan = Plan(
        "trade",
        ("plan",),
        parameters,
        np.zeros((0, len(parameters))),
        columns,
        replications=2,
        facts={"scenarios": {}, "code": "c", "city": "t"},
    )
    searched = Searched((Objective("co2", -1), Objective("jobs", 1)), DECISIONS, 12, generations, algorithm)
    present = {"parking.price": 0.5, "lez.on": 1.0, "lez.start": 24266.0}
    return Quest(
        plan, searched, np.zeros((1, 0)) if futures is None else futures, present, {"most_debt": limit} if limit else {}
    )


def same(one: Found, other: Found) -> None:
    for name in ("decisions", "objectives", "spread", "excess", "front"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("algorithm", ["nsga2", "nsga3"])
def test_a_known_front(tmp_path: Path, algorithm: str) -> None:
    found = search(quest(algorithm=algorithm), Trade(), tmp_path / "out", Here())
    front = found.decisions[found.front]
    assert len(front) >= 5
    assert (front[:, 1] == 1.0).all()
    assert np.ptp(front[:, 0]) > 2.0
    np.testing.assert_allclose(found.objectives[:, 1], 50.0 - found.decisions[:, 0] ** 2)
    np.testing.assert_array_equal(found.decisions[0], [0.5, 1.0, 24266.0])  # the roadmap as it stands comes first


def test_limits_are_held(tmp_path: Path) -> None:
    found = search(quest(limit=150.0), Trade(), tmp_path / "out", Here())
    assert (found.decisions[found.front, 0] <= 1.5).all()
    assert found.decisions[found.front, 0].max() > 1.2
    broken = found.decisions[:, 0] > 1.5
    np.testing.assert_array_equal(found.excess[:, 0] > 0, broken)


def test_a_search_that_was_killed_is_resumed_to_the_same_bits(tmp_path: Path) -> None:
    unbroken = search(quest(), Trade(), tmp_path / "a", Here())

    class Killed(BaseException):
        pass

    for last in (4, 6):

        def kill(generation: int, progress: Progress, last: int = last) -> None:
            if generation == last and progress.fresh >= 3:
                raise Killed

        with pytest.raises(Killed):
            search(quest(), Trade(), tmp_path / "b", Here(), tell=kill)
    with stores.open_to_read(tmp_path / "b") as store:
        done = store.counts()["done"]
    fresh: list[int] = []
    resumed = search(quest(), Trade(), tmp_path / "b", Here(), tell=lambda _, p: fresh.append(p.fresh))
    same(unbroken, resumed)
    with stores.open_to_read(tmp_path / "b") as store:
        assert store.counts()["done"] > done
    more = search(quest(generations=10), Trade(), tmp_path / "b", Here())  # further generations go on from there
    assert len(more.decisions) > len(resumed.decisions)


def test_workers_do_not_matter(tmp_path: Path) -> None:
    small = replace(quest(), searched=replace(quest().searched, generations=2))
    same(search(small, Trade(), tmp_path / "a", Here()), search(small, Trade(), tmp_path / "b", Loky(2)))


def test_each_roadmap_is_lived_in_every_future(tmp_path: Path) -> None:
    futures = np.array([[-3.0], [0.0], [9.0]])
    found = search(quest(futures=futures, generations=2), Trade(), tmp_path / "out", Here())
    plain = search(quest(generations=2), Trade(), tmp_path / "plain", Here())
    np.testing.assert_allclose(found.objectives[0, 0], plain.objectives[0, 0] + 2.0)  # the mean of the futures


def test_another_search_is_refused(tmp_path: Path) -> None:
    search(quest(generations=1), Trade(), tmp_path / "out", Here())
    other = quest(generations=1)
    other = replace(other, plan=replace(other.plan, facts={**other.plan.facts, "search": "other"}))
    with pytest.raises(InputError, match="a sweep with search"):
        search(other, Trade(), tmp_path / "out", Here())


def test_a_failed_run_ends_the_search(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="2 runs failed"):
        search(quest(), Trade(fail=True), tmp_path / "out", Here())


def test_undominated_by_hand() -> None:
    costs = np.array([[1.0, 5.0], [2.0, 2.0], [3.0, 3.0], [5.0, 1.0], [2.0, 2.0], [1.0, 6.0]])
    assert undominated(costs).tolist() == [0, 1, 3]


@pytest.mark.parametrize("v", DECISIONS, ids=lambda v: v.name)
def test_place_and_at_are_inverse(v: Varied) -> None:
    for value in v.at(np.linspace(0.0, 1.0, 23)).tolist():
        assert v.at(np.array([place(v, value)]))[0] == pytest.approx(value)


def test_the_page_writes_roadmaps(tmp_path: Path) -> None:
    roadmap = read_roadmap(ROADMAP)
    q = quest(generations=2)
    found = search(q, Trade(), tmp_path / "out", Here())
    page = write_page(tmp_path / "out", q, found, roadmap).read_text("utf-8")
    assert "https://" not in page
    data = json.loads(page.split("const data = ")[1].split(";\n")[0].replace("<\\/", "</"))
    assert set(data["texts"]) == {str(i) for i in found.front}
    which = int(found.front[-1])
    scenario = load_scenario(tmp_path / "out" / "roadmaps" / f"roadmap-{which}.yaml")
    prices = {m.id: getattr(m.measure, "price", None) for m in scenario.measures}
    assert prices["parking"] == pytest.approx(found.decisions[which, 0])
    assert data["texts"][str(which)] == roadmap_text(q, found, roadmap, which)
    table = front_table(q, found)
    assert list(table["roadmap"]) == found.front.tolist()
    assert {"co2 [t]", "jobs [jobs]", "parking.price [€/h]", "lez.start"} <= set(table.columns)
