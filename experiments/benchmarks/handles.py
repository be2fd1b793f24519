"""A child: many citizens as Mesa agents, over columns or plain; what they cost. Arguments: ``columns`` or ``plain``, number."""

from __future__ import annotations

import gc
import json
import math
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import mesa
import numpy as np

from experiments.benchmarks.machine import resident_bytes

OLD = 65.0
#: Utility of four modes, by constant and by age [1/year].
CONSTANTS = np.array([0.0, -1.0, -2.0, -0.5])
SLOPES = np.array([0.0, -0.01, -0.03, 0.0])


class Plain(mesa.Agent):  # type: ignore[misc]
    """What a Mesa tutorial would write."""

    def __init__(self, model: mesa.Model, age: float, district: int, trust: float) -> None:
        super().__init__(model)
        self.age, self.district, self.trust = age, district, trust
        self.satisfaction, self.main_mode = 0.5, 0

    def decide(self) -> None:
        """Draw a mode from a logit."""
        weights = [math.exp(c + s * self.age) for c, s in zip(CONSTANTS, SLOPES, strict=True)]
        self.main_mode = self.random.choices(range(4), weights)[0]


def plain(number: int) -> dict[str, Any]:
    """Plain agents of Mesa."""
    rng = np.random.default_rng(1)
    ages, homes = rng.uniform(0, 95, number).tolist(), rng.integers(0, 100, number).tolist()
    model = mesa.Model()
    gc.collect()
    before = resident_bytes()
    create = _seconds(lambda: [Plain(model, age, home, 0.5) for age, home in zip(ages, homes, strict=True)])
    each = (resident_bytes() - before) / number
    agents = model.agents
    return {
        "create": create, "bytes": each, "mesa": f"Mesa {version('mesa')}",
        "step": _seconds(lambda: agents.shuffle_do("decide")),
        "select": _seconds(lambda: agents.select(lambda a: a.age > OLD)),
        "agg": _seconds(lambda: agents.agg("trust", lambda values: sum(values) / len(values))),
        "groupby": _seconds(lambda: agents.groupby("district").count()),
    }  # fmt: skip


def columns(number: int) -> dict[str, Any]:
    """The same over columns: a small settled city whose table of citizens is repeated until there are enough."""
    from kernels.choice import choose
    from kernels.draws import stream

    model = small_city(number)
    citizens = model.state.citizens
    kind = next(t for t in model.agent_types if t.__name__ == "Citizen")
    everyone = model.agents_by_type[kind]
    ids, word = np.arange(len(citizens)), stream("benchmark")
    nest, scale = np.arange(4), np.ones(4)

    def decide() -> None:
        age = everyone.array("age")
        citizens.main_mode[:] = choose(1, word, ids, CONSTANTS + SLOPES * age[:, None], nest, scale)

    decide()  # compiles
    gc.collect()
    before = resident_bytes()
    held: list[Any] = []
    create = _seconds(lambda: held.extend(everyone.to_list()))
    handle = (resident_bytes() - before) / len(citizens)
    table = sum(array.nbytes for array in citizens.arrays().values()) / len(citizens)
    return {
        "create": create, "bytes": table + handle, "handle": handle, "columns": len(citizens.names()),
        "step": _seconds(decide),
        "select": _seconds(lambda: everyone.select(everyone.array("age") > OLD)),
        "agg": _seconds(lambda: everyone.agg("trust", np.mean)),
        "groupby": _seconds(lambda: everyone.groupby("district").count()),
    }  # fmt: skip


def small_city(number: int) -> Any:
    """A model of the embedded city at a small share whose citizens were repeated (it is looked at, not lived)."""
    from importlib.resources import as_file, files

    from experiments.benchmarks.lived import ROADMAP
    from sim import UrbanModel, load_scenario, open_city, prepare

    with as_file(files("scenarios") / ROADMAP) as path:
        scenario = load_scenario(path)
    model = UrbanModel(scenario, prepare(open_city("toulouse")), share=0.005)
    citizens = model.state.citizens
    citizens.alive[:] = True
    rows = {name: np.resize(array, number - len(citizens)) for name, array in citizens.arrays().items()}
    citizens.extend(rows)
    return model


def _seconds(work: Callable[[], object]) -> float:
    clock = time.perf_counter()
    work()
    return time.perf_counter() - clock


if __name__ == "__main__":
    print(json.dumps({"columns": columns, "plain": plain}[sys.argv[1]](int(sys.argv[2]))))
