"""What each way of travelling is worth to one citizen this month: the utilities that choices of mode are made by."""

from __future__ import annotations

import numpy as np

from sim.codes import Errand
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.state import State
from sim.systems.mobility import choice, costs, tours
from sim.systems.mobility.system import MobilitySystem


def worth(system: MobilitySystem, state: State, policies: Policies, row: int) -> dict[Errand, Floats]:
    """(6,) utilities by purpose of the citizen in ``row``; -inf where a way does not go.

    In order: car and transit, each in the peaks and between them, bicycle, on foot. Habit counts; the persistent taste, a draw of
    mean zero that is added before the highest is taken, does not.
    """
    p, rows = system.parameters, np.array([row])
    cars, day_car = choice.garage(state, policies), choice.day_cars(state)
    now = costs.costs_now(system.city, state, p, system.trends, policies)
    place = choice.place(system.city, p, policies)
    always = np.ones(len(state.citizens), bool)
    out = {}
    for errand in Errand:
        if tours.makes(state, errand)[row] and tours.mode(state, errand)[row] >= 0:
            table = choice.ways(system.city, state, p, errand)
            there = always if errand in (Errand.WORK, Errand.EDUCATION) else day_car
            who = choice.travellers(system.city, state, p, now, cars, there, rows, errand)
            taste = choice.taste(system.constants, p, policies, errand, habit=True)
            out[errand] = choice.utilities(state, who, errand, rows, table, taste, place, 1)[0]
    return out
