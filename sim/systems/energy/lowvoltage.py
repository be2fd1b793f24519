"""The low-voltage grid from month to month: what it carries, how much more it could take, and what is built once a year."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.city.city import City
from sim.codes import Party, Purpose
from sim.columns import Array, Floats
from sim.months import month_of_year
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.energy.grid import CHARGING, FLATS, FLOOR, HOUSES, Grid, grid_month, grid_of
from sim.systems.energy.gridworks import Year, hosting, reinforce
from sim.systems.energy.homes import Homes
from sim.systems.energy.hours import Month
from sim.systems.energy.powers import Powers

JANUARY, JULY = 0, 6
#: Rows of ``energy.hosting``: room for panels binds in July, room for load in January.
PV_ROWS, LOAD_ROWS = slice(0, 2), slice(2, 4)


class Drawn(NamedTuple):
    """What the grid's customers draw (D, 4, T) and what panels on houses and flats give (D, 2, T) [W]."""

    load: Array
    pv: Array


class LowVoltage:
    """The feeders of a city. A city built without them has none, and then nothing is known of voltages."""

    def __init__(self, city: City, parameters: Parameters, threads: int, kin: LowVoltage | None = None) -> None:
        self.city, self.parameters, self.threads = city, parameters, threads
        self.grid: Grid = kin.grid if kin else grid_of(city, parameters)

    def begin(self, state: State) -> None:
        """The grid as it was built; no year behind it."""
        e, n = state.energy, self.city.n_districts
        stations, buses = len(self.city.stations), len(self.city.buses)
        e.stations, e.cables = self.city.stations.kva.copy(), self.city.buses.sets.astype(np.float64)
        e.hosting, e.over, e.badly, e.reinforced = np.zeros((4, n)), np.zeros((3, n)), np.zeros(n), np.zeros(2)
        self._new_year(state, stations, buses)
        e.voltage, e.voltage_high, e.line_load, e.transformer_load = np.ones(n), np.ones(n), np.zeros(n), np.zeros(n)

    @staticmethod
    def _new_year(state: State, stations: int, buses: int) -> None:
        e = state.energy
        e.year_over, e.year_loading, e.year_volt = np.zeros((3, stations)), np.zeros(buses), np.ones(buses)

    def live(self, state: State, drawn: Drawn, sun: Floats, month: Month, *, works: bool) -> None:
        """One month; ``sun`` (D, T) [W] of a kWp more; ``works``: overloads of the year before are mended in January."""
        e, p = state.energy, self.parameters
        of_year = month_of_year(state.month)
        e.reinforced = np.zeros(2)
        if not len(self.grid.rows):
            return
        if of_year == JANUARY:
            if works:
                self._reinforce(state, drawn)
            self._new_year(state, len(e.stations), len(e.cables))
        found = grid_month(self.grid, drawn.load, drawn.pv, month.weight, e.stations, e.cables, p, self.threads)
        e.voltage, e.voltage_high, e.badly = found.lowest, found.highest, found.badly
        e.line_load, e.transformer_load = found.line, found.transformer
        e.grid_loss = found.loss @ month.weight / 1e6
        district = self.city.stations.district
        e.over = np.stack([np.bincount(district, hours, self.city.n_districts) for hours in found.over])
        e.year_over = e.year_over + found.over
        e.year_loading, e.year_volt = np.maximum(e.year_loading, found.loading), np.minimum(e.year_volt, found.volt)
        if of_year in (JANUARY, JULY) or not e.hosting.any():
            room = np.stack(hosting(self.grid, drawn.load, drawn.pv, sun, e.stations, e.cables, p, self.threads))
            rows = {JANUARY: LOAD_ROWS, JULY: PV_ROWS}.get(of_year) if e.hosting.any() else None
            e.hosting = e.hosting.copy()
            e.hosting[rows or slice(None)] = room[rows or slice(None)]

    def _reinforce(self, state: State, drawn: Drawn) -> None:
        """The works of the year: the distributor pays from its tariff (outside the city), the metropole its chargers' share."""
        e = state.energy
        year = Year(e.year_over, e.year_loading, e.year_volt)
        works = reinforce(self.grid, drawn.load, year, e.stations, e.cables, self.parameters)
        e.stations, e.cables, e.reinforced = works.kva, works.cables, works.euros
        for payer, amount in zip((Party.OUTSIDE, Party.METROPOLE), works.euros.tolist(), strict=True):
            state.pay(payer, Party.FIRMS, amount, Purpose.WORKS)


def drawn_from(power: Powers, homes: Homes, public: Array) -> Drawn:
    """Loads by class of customer; batteries are part of their dwelling's load, panels on public roofs lower their floors'."""
    n = len(public)
    lived = homes.lived
    load = np.zeros((n, 4, public.shape[1]))
    load[:, [HOUSES, FLATS]] = (lived.load + lived.kept).reshape(n, 2, -1)
    load[:, FLOOR] = power.floors - public
    load[:, CHARGING] = power.away
    return Drawn(load, lived.pv.reshape(n, 2, -1))
