"""One city, one roadmap, one seed: the month, readable from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import mesa
import numpy as np

from sim.agents.demography import Demography
from sim.agents.handles import ColumnAgents
from sim.agents.municipality import Municipality
from sim.agents.population import populate
from sim.agents.tables import Incomers
from sim.city.city import City
from sim.city.climate import climate_of
from sim.codes import Party, Purpose
from sim.indicators import BY_NAME, INDICATORS
from sim.indicators.registry import Snapshot
from sim.measures.policies import Policies
from sim.scenario.load import Scenario
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import Economy, Energy, Society, State, Townhall, Traffic
from sim.systems.economy import EconomySystem
from sim.systems.energy import EnergySystem
from sim.systems.mobility import MobilitySystem, UnderWay
from sim.systems.mobility.worth import worth
from sim.systems.society import SocietySystem

DEFAULT_GAP = 1e-4
_LEDGER = (len(Party), len(Party), len(Purpose))


class UrbanModel(ColumnAgents, mesa.Model):  # type: ignore[misc]
    """A Mesa model whose whole state is ``self.state``; everything else is a pure function of its arguments.

    Args:
        scenario: what the municipality plans and what happens to the city.
        city: the city as built.
        seed: one seed, one history, to the bit, on any number of threads.
        share: share of the population simulated, in (0, 1]; rows carry weights.
        parameters: overrides of the registry, by name.
        gap: relative gap of the road equilibrium.
        threads: threads of the parallel kernels.
        state: continue from this state instead of a new population (it is used, not copied).
        kin: a model of the same city, weather and parameters: what follows from these alone is taken from it.
    """

    def __init__(
        self,
        scenario: Scenario,
        city: City,
        *,
        seed: int = 1,
        share: float = 1.0,
        parameters: Mapping[str, float] | None = None,
        gap: float = DEFAULT_GAP,
        threads: int = 1,
        state: State | None = None,
        kin: UrbanModel | None = None,
    ) -> None:
        super().__init__(rng=seed)
        self.scenario = scenario
        self.city = city
        self.parameters = Parameters({**scenario.parameters, **(parameters or {})})
        self.trends = Trends(scenario.first_month if scenario.world == "unchanged" else None)
        self.policies: Policies
        self.seconds: dict[str, float] = {}
        #: Called before each system: who lives ahead of time may wait there, or give up.
        self.between: Callable[[], None] = _go_on
        self._seen: Snapshot | None = None
        self._under_way: UnderWay | None = None
        self.demography = Demography(city, self.parameters, self.trends)
        self.mobility: MobilitySystem = MobilitySystem(
            city, self.parameters, self.trends, gap=gap, threads=threads, kin=kin.mobility if kin else None
        )
        self.energy: EnergySystem = EnergySystem(
            city, self.parameters, self.trends, climate=None if kin else climate_of(city, scenario, self.parameters),
            threads=threads, kin=kin.energy if kin else None,
        )  # fmt: skip
        self.economy = EconomySystem(city, self.parameters, self.trends)
        self.society = SocietySystem(city, self.parameters, self.trends)
        self.municipality = Municipality(self, city, scenario, self.parameters)
        self.state = state if state is not None else self._settled_state(seed, share)
        if len(self.state.townhall.status) == len(scenario.rows):  # else a fork that has yet to make room
            self.policies = self.municipality.in_force(self.state)
        self.datacollector = mesa.DataCollector(model_reporters={"month": _month} | _reporters())

    @property
    def threads(self) -> int:
        """Threads of the parallel kernels, which change no bit of what they find."""
        return self.mobility.road.threads

    @threads.setter
    def threads(self, count: int) -> None:
        self.mobility.road.threads = self.energy.threads = self.energy.low_voltage.threads = count

    def step(self) -> None:
        """One month. The order is the causal order: plans, people, firms, decisions, traffic, energy, judgement."""
        self.move()
        self.reckon()

    def move(self) -> None:
        """The month until its morning has settled on the roads. :meth:`reckon` must follow; who shows streets need not wait for it."""
        self._open_month()
        with self._timed("municipality"):
            self.policies = self.municipality.act(self.state)
        self._move()

    def reckon(self) -> None:
        """The rest of the month: what travellers live through, energy, judgement, what is counted."""
        self._judge()
        self._seen = self.snapshot()  # one for all indicators, which share what they count
        try:
            with self._timed("municipality"):
                self.municipality.observe(self.state, partial(_value, model=self))
            self.datacollector.collect(self)
        finally:
            self._seen = None

    def _live(self) -> None:
        self._move()
        self._judge()

    def _move(self) -> None:
        state, policies = self.state, self.policies
        with self._timed("demography"):
            self.demography.live(state, policies)
        with self._timed("economy"):
            self.economy.update(state, policies)
        with self._timed("decisions"):
            self.society.decide(state, policies)
        with self._timed("mobility"):
            setting = self.mobility.choose(state, policies)
        with self._timed("mobility"):
            self._under_way = self.mobility.meet(state, setting)

    def _judge(self) -> None:
        state, policies, under_way = self.state, self.policies, self._under_way
        if under_way is None:
            raise RuntimeError("a month is judged once, after it has begun")
        self._under_way = None
        with self._timed("mobility"):
            roads = self.mobility.settle_rest(state, under_way)
        with self._timed("mobility"):
            self.mobility.travel(state, under_way, roads)
        with self._timed("energy"):
            self.energy.balance(state, policies)
        with self._timed("opinions"):
            self.society.judge(state, policies)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        """Add the wall time of the block to ``self.seconds`` (reported, never read by the model)."""
        self.between()
        clock = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - clock

    def _open_month(self) -> None:
        self.state.month += 1
        self.state.flows[:] = 0.0
        self.state.last_ledger[:] = self.state.ledger
        self.state.ledger[:] = 0.0

    def _settled_state(self, seed: int, share: float) -> State:
        """A new population, brought to rest: months with nothing in force, in a world that stands still."""
        first = self.scenario.first_month
        months = int(self.parameters["spin_up_months"])
        people = populate(self.city, seed, share, first, self.parameters)
        state = State(
            seed=seed, month=first - months - 1, share=share, households=people.households, citizens=people.citizens,
            dwellings=people.dwellings, cars=people.cars, firms=people.firms, contact_first=people.contact_first,
            contacts=people.contacts, traffic=Traffic.blank(), energy=Energy.blank(), economy=Economy.blank(),
            society=Society.blank(), townhall=Townhall.blank(),
            ledger=np.zeros(_LEDGER), last_ledger=np.zeros(_LEDGER), incomers=Incomers.blank(), flows=np.zeros(8),
        )  # fmt: skip
        frozen, self.trends.frozen_at = self.trends.frozen_at, first
        for part in (self.demography, self.municipality, self.mobility, self.energy, self.economy, self.society):
            part.begin(state)
        self.state = state
        self.policies = self.municipality.nothing()
        for _ in range(months):
            self._open_month()
            self._live()
        self.trends.frozen_at = frozen
        self.seconds.clear()
        return state

    def live_until(self, month: int) -> None:
        """Step until ``month`` has been lived."""
        while self.state.month < month:
            self.step()

    def fork(self, scenario: Scenario) -> UrbanModel:
        """The same city going on with another scenario from here: before its start, when nothing has been announced yet."""
        if self.state.month >= scenario.start:
            raise ValueError("a scenario can only be taken over before its first month")
        other = UrbanModel(
            scenario, self.city, parameters=self.parameters.overrides, gap=self.mobility.road.gap,
            threads=self.threads, state=self.state.copy(), kin=self,
        )  # fmt: skip
        other.municipality.take_over(other.state)
        other.policies = other.municipality.in_force(other.state)
        return other

    def branch(self, scenario: Scenario) -> UrbanModel:
        """The same city going on from here with a scenario whose past is the same: only revisions to come may differ."""
        self._check_past(scenario, self.state.month)
        return self.at(self.state.copy(), scenario)

    def at(self, state: State, scenario: Scenario) -> UrbanModel:
        """Another model of this city that goes on from a state lived before (it is used, not copied)."""
        self._check_past(scenario, state.month)
        other = UrbanModel(
            scenario, self.city, parameters=self.parameters.overrides, gap=self.mobility.road.gap,
            threads=self.threads, state=state, kin=self,
        )  # fmt: skip
        other.municipality.make_room(state)
        other.policies = other.municipality.in_force(state)
        return other

    def revise(self, scenario: Scenario) -> None:
        """Go on with a scenario whose past is the same, in place."""
        self._check_past(scenario, self.state.month)
        self.scenario = scenario
        self.municipality.follow(scenario)
        self.municipality.make_room(self.state)

    def _check_past(self, scenario: Scenario, month: int) -> None:
        if scenario.past(month) != self.scenario.past(month):
            raise ValueError("a scenario can only be taken over whose months lived so far are the same")

    def snapshot(self) -> Snapshot:
        """The month just lived, for indicators."""
        return self._seen or Snapshot(self.city, self.state, self.policies, self.parameters, self.trends)

    def worth(self, row: int) -> dict[str, np.ndarray]:
        """(6,) what each way of travelling is worth to a citizen, by purpose; see :mod:`sim.systems.mobility.worth`."""
        return {e.name.lower(): u for e, u in worth(self.mobility, self.state, self.policies, row).items()}

    def latest(self) -> dict[str, float]:
        """Indicators of the month just lived, as collected."""
        return {i.name: float(self.datacollector.model_vars[i.name][-1]) for i in INDICATORS}


def _go_on() -> None:
    pass


def _month(model: UrbanModel) -> int:
    return model.state.month


def _value(name: str, model: UrbanModel) -> float:
    return float(BY_NAME[name].formula(model.snapshot()))


def _reporters() -> dict[str, Any]:
    return {i.name: partial(_value, i.name) for i in INDICATORS}  # by name, so that a model can be pickled
