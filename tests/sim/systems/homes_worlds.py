"""What the tests of homes share: fixed markets, policies, a state whose heating is twenty years old, sampling bounds."""

from __future__ import annotations

import numpy as np

from sim.city.city import City
from sim.codes import Party, Purpose
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.scenario.trends import Trends
from sim.state import State
from tests.tiny import tiny_state

JUNE_2022, JULY_2022 = 2022 * 12 + 5, 2022 * 12 + 6


class Fixed(Trends):
    """A world in which the named series have given values; the others are as shipped."""

    def __init__(self, **values: float) -> None:
        super().__init__()
        self.values = values

    def at(self, name: str, month: int) -> float:
        return self.values[name] if name in self.values else super().at(name, month)


def policies(city: City, *contributions: Contribution) -> Policies:
    return compose(contributions, axis_sizes(city, 2))


def a_state(city: City, month: int = JUNE_2022, share: float = 1.0) -> State:
    state = tiny_state(city, share=share, month=month)
    state.dwellings.heating_since[:] = month - 240
    return state


def within(found: float, chance: np.ndarray, weight: np.ndarray) -> bool:
    """Within four standard deviations of the sum of independent draws."""
    return bool(abs(found - (weight * chance).sum()) < 4.0 * np.sqrt((weight**2 * chance * (1 - chance)).sum()))


def works_paid(state: State) -> float:
    """Paid by households to firms for works this month [€]."""
    return float(state.ledger[Party.HOUSEHOLDS, Party.FIRMS, Purpose.WORKS])


def granted(state: State, party: Party) -> float:
    """Grants of metropole or State to households this month [€]."""
    return float(state.ledger[party, Party.HOUSEHOLDS, Purpose.GRANTS])
