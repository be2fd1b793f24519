"""Municipal elections, where a scenario dates them: a freeze of announcements before, perhaps another majority after."""

from __future__ import annotations

import numpy as np

from sim.agents.adaptation import NEVER, withdraw
from sim.agents.journal import note
from sim.agents.readings import Readings
from sim.codes import Status
from sim.scenario.load import Item, Scenario
from sim.scenario.parameters import Parameters
from sim.state import State


def frozen(roadmap: Scenario, parameters: Parameters, month: int) -> bool:
    """True in the months before an election, its own among them, in which nothing new is announced."""
    before = int(parameters["election_freeze"])
    return any(e - before <= month <= e for e in roadmap.elections)


def hold_election(
    state: State, roadmap: Scenario, readings: Readings, parameters: Parameters, items: tuple[Item | None, ...]
) -> None:
    """The month after an election: where support for what is announced is too low, another majority reviews the roadmap.

    It drops what has not begun and softens what runs, each only where the measure's own support is below the same bound. What the
    baseline has committed goes on.
    """
    town, month = state.townhall, state.month
    if month - 1 not in roadmap.elections or month <= roadmap.start:
        return
    known = [i for i, one in enumerate(items)
             if one is not None and not one.committed and town.asked[i] and town.status[i] != Status.STOPPED]  # fmt: skip
    if not known:
        note(state, "", "election", "the majority stays: nothing announced to judge it by")
        return
    support = {i: readings.support(state, i) for i in known}
    needed, mean = parameters["election_support"], float(np.mean(list(support.values())))
    figures = {"support": round(mean, 4), "needed": needed}
    if mean >= needed:
        note(
            state,
            "",
            "election",
            f"the majority stays: support for the roadmap {mean:.0%}, {needed:.0%} needed",
            figures,
        )
        return
    note(state, "", "election", f"another majority: support for the roadmap {mean:.0%}, {needed:.0%} needed", figures)
    for i in known:
        one = items[i]
        if one is None or support[i] >= needed:
            continue
        what = ""
        if town.status[i] in (Status.PLANNED, Status.WAITING) and town.start[i] < NEVER:
            what = withdraw(town, i, one.measure)
        elif town.status[i] == Status.IN_FORCE and not one.measure.works and one.measure.sized:
            town.scale[i] *= parameters["adapt_soften"]
            what = f"size {town.scale[i]:.0%} of the roadmap's"
        if what:
            note(state, one.id, "revised", f"by the new majority, support {support[i]:.0%}: {what}")
