"""What dwellings need in a normal year at standard comfort: the figure behind energy classes, poverty and habits.

Computed once for each dwelling and again when its envelope changes, with its own walls, windows and direction: the
typical days of twelve months with TABULA's standard gains.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kernels.stock import Dwellings as Stock
from kernels.stock import live
from sim.agents.tables import Dwellings
from sim.buildings.envelope import envelope
from sim.codes import Heating
from sim.columns import Floats, Ints
from sim.state import State
from sim.systems.energy.comfort import STANDARD_GAINS, standard
from sim.systems.energy.hours import Month


def renew_needs(state: State, year: Month, parameters: Mapping[str, float], threads: int) -> Ints:
    """Fill ``need`` and ``pump_need`` of dwellings that are new or whose envelope or heating is another than last month; their rows."""
    d, e = state.dwellings, state.energy
    grown = len(d) - len(e.need_of)
    if grown > 0:
        e.need_of = np.concatenate([e.need_of, np.full(grown, -1, np.int8)])
    now = d.retrofit * len(Heating) + d.heating
    rows = np.flatnonzero(d.alive & (e.need_of != now))
    if len(rows):
        d.need[rows], d.pump_need[rows] = needs(d, rows, year, parameters, threads)
        e.need_of[rows] = now[rows]
    return rows


def needs(
    d: Dwellings, rows: Ints, year: Month, parameters: Mapping[str, float], threads: int
) -> tuple[Floats, Floats]:
    """(n,) heat and (n,) heat pump's electricity for it of dwellings ``rows`` [kWh/year]."""
    walls = envelope(d.kind[rows], d.period[rows], d.retrofit[rows], d.area[rows], d.position[rows])
    stock = Stock(
        box=walls.box, aperture=walls.aperture, azimuth=d.azimuth[rows], internal=STANDARD_GAINS * d.area[rows],
        **standard(len(rows), parameters),
    )  # fmt: skip
    groups = max(1, len(rows) // 1024)  # any partition: more of them keeps threads busy
    part = np.arange(len(rows)) * groups // len(rows)
    found = live(stock, part, year.hours, groups=groups, weight=year.stands(), typical=True, threads=threads)
    return found.dwelling[:, 0] / 1000.0, found.dwelling[:, 1] / 1000.0
