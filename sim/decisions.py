"""A month of decisions alone: the people of a city as drawn, the society system, and the figures its rules hold, for measurements."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from sim.agents.population import populate
from sim.agents.tables import Incomers
from sim.city.city import City
from sim.city.load import open_city
from sim.codes import Party, Powertrain, Purpose
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import Economy, Energy, Society, State, Townhall, Traffic
from sim.systems.society import SocietySystem
from sim.systems.society.cars import NEW_BY_FIFTH, PRICE_NEW, PRICE_USED
from sim.systems.society.cooling import BY_FIFTH
from sim.systems.society.envelopes import LATEST_OLD, STATE_RETROFIT
from sim.systems.society.heating import HEATING_PRICE, STATE_HEAT_PUMP
from sim.systems.society.participation import EDUCATION

MONTH = 2021 * 12


def people(share: float) -> tuple[City, State]:
    """The embedded city's people as they are drawn, before anything is lived."""
    city, p = open_city("toulouse"), Parameters()
    drawn = populate(city, 1, share, MONTH, p)
    ledger = np.zeros((len(Party), len(Party), len(Purpose)))
    state = State(
        seed=1, month=MONTH, share=share, households=drawn.households, citizens=drawn.citizens, dwellings=drawn.dwellings,
        cars=drawn.cars, firms=drawn.firms, contact_first=drawn.contact_first, contacts=drawn.contacts, traffic=Traffic.blank(),
        energy=Energy.blank(), economy=Economy.blank(), society=Society.blank(), townhall=Townhall.blank(), ledger=ledger,
        last_ledger=ledger.copy(), incomers=Incomers.blank(), flows=np.zeros(8),
    )  # fmt: skip
    state.traffic.loud = np.zeros(city.n_districts)
    state.traffic.nox = np.zeros(city.n_districts)
    return city, state


#: What a benchmark of decisions needs, in one piece.
society_alone = SimpleNamespace(
    people=people, SocietySystem=SocietySystem, Trends=Trends, Powertrain=Powertrain, axis_sizes=axis_sizes, compose=compose, MONTH=MONTH,
    NEW_BY_FIFTH=NEW_BY_FIFTH, PRICE_NEW=PRICE_NEW, PRICE_USED=PRICE_USED, BY_FIFTH=BY_FIFTH, LATEST_OLD=LATEST_OLD,
    STATE_RETROFIT=STATE_RETROFIT, HEATING_PRICE=HEATING_PRICE, STATE_HEAT_PUMP=STATE_HEAT_PUMP, EDUCATION=EDUCATION,
)  # fmt: skip
