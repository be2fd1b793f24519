"""The economy of a city alone: its people and firms, months without traffic, energy or opinions."""

from __future__ import annotations

import numpy as np

from sim.agents.population import populate
from sim.agents.tables import Incomers
from sim.city.city import City
from sim.codes import Party, Purpose
from sim.measures.pilots import pilot_contributions
from sim.measures.policies import THEMES, Contribution, Policies, axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import Economy, Energy, Society, State, Townhall, Traffic
from sim.systems.economy import EconomySystem

P = Parameters()
MONTH = 2016 * 12


def alone(
    city: City, share: float, seed: int = 1, p: Parameters = P, month: int = MONTH, frozen: bool = False
) -> tuple[EconomySystem, State]:
    """A population of the city on the eve of ``month``; driving times as the crow flies at 25 km/h, which stay as they are."""
    people = populate(city, seed, share, month, p)
    d, ledger = city.districts, np.zeros((len(Party), len(Party), len(Purpose)))
    km = np.hypot(d.x[:, None] - d.x, d.y[:, None] - d.y) / 1000.0 * 1.3 + np.diag(d.inner_distance)
    traffic = Traffic.blank()
    traffic.car_time = np.stack([km / 25.0 * 60.0 + 5.0] * 3)
    state = State(
        seed=seed, month=month - 1, share=share, households=people.households, citizens=people.citizens, dwellings=people.dwellings,
        cars=people.cars, firms=people.firms, contact_first=people.contact_first, contacts=people.contacts, traffic=traffic,
        energy=Energy.blank(), economy=Economy.blank(), society=Society.blank(), townhall=Townhall.blank(), ledger=ledger,
        last_ledger=ledger.copy(), incomers=Incomers.blank(), flows=np.zeros(8),
    )  # fmt: skip
    state.citizens.trust[:] = 0.5
    system = EconomySystem(city, p, Trends(month) if frozen else Trends())
    system.begin(state)
    return system, state


def live(system: EconomySystem, state: State, *contributions: Contribution) -> Policies:
    """One month with these policies and those of projects."""
    state.month += 1
    state.last_ledger[:], state.ledger[:] = state.ledger, 0.0
    reach = pilot_contributions(state.economy.reach, system.city, system.parameters)
    policies = compose((*contributions, *reach), axis_sizes(system.city, 1))
    system.update(state, policies)
    return policies


def calls(per_year: float, budget: float, staff: float, themes: tuple[str, ...] = THEMES) -> tuple[Contribution, ...]:
    """Open calls on the themes, which share the money."""
    rows = [THEMES.index(name) for name in themes]
    return (
        Contribution("challenge_calls", per_year / 12.0, rows),
        Contribution("challenge_budget", budget / 12.0 / len(rows), rows),
        Contribution("challenge_staff", staff),
    )
