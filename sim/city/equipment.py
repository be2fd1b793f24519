"""What low-voltage networks are made of: transformers, cables, and the load that customers are counted with together.

Transformers: oil-immersed, 20 kV/410 V, losses of the French standard list (NF C 52-112, as in the catalogues of France Transfo):
what stands in the streets, not what EU 548/2014 asks of new ones. Cables: resistances of IEC 60228 (class 2, aluminium, 20 degC),
reactances and ampacities of the French catalogue of Roseau Load Flow (underground "U", twisted "T"; 35 mm2 between its 34 and 37).
Coincidence: table A10 of the Electrical Installation Guide (Schneider Electric), dwellings without storage heating.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.codes import Cable
from sim.columns import Codes, Floats

VOLTS = 400.0
#: Reactive over active power that networks are designed with.
TAN_PHI = 0.25
COS_PHI = 1.0 / np.hypot(1.0, TAN_PHI)

#: Transformers: rated power [kVA], loss at full load [W], loss at no load [W], short-circuit voltage [-].
RATINGS = np.array([100.0, 160.0, 250.0, 400.0, 630.0, 1000.0])
LOAD_LOSS = np.array([2150.0, 2350.0, 3250.0, 4600.0, 6500.0, 13000.0])
IDLE_LOSS = np.array([210.0, 460.0, 650.0, 930.0, 1300.0, 1470.0])
SHORT_CIRCUIT = np.array([0.04, 0.04, 0.04, 0.04, 0.04, 0.06])

#: Cables by code: resistance and reactance [ohm/km], current [A]. A busbar has neither; those of a file bring their own.
CABLE_R = np.array([0.0, 0.320, 0.206, 0.125, 0.868, 0.443, 0.206, 0.0])
CABLE_X = np.array([0.0, 0.103, 0.096, 0.090, 0.120, 0.108, 0.096, 0.0])
CABLE_AMPS = np.array([np.inf, 252.0, 325.0, 428.0, 120.0, 187.0, 304.0, 0.0])
UNDERGROUND = np.array([Cable.U95, Cable.U150, Cable.U240])
OVERHEAD = np.array([Cable.T35, Cable.T70, Cable.T150])
#: The next thicker cable, itself for the thickest.
THICKER = np.array([Cable.BUSBAR, Cable.U150, Cable.U240, Cable.U240, Cable.T70, Cable.T150, Cable.T150, Cable.GIVEN])

#: Dwellings, and how many of them at full power make the peak of all: upper ends of the table's ranges, straight between them, so
#: that one dwelling more never makes the peak smaller; 0.40 from 51 on.
_DWELLINGS = np.array([0.0, 4.0, 9.0, 14.0, 19.0, 24.0, 29.0, 34.0, 39.0, 49.0, 51.0])
_TOGETHER = np.array([0.0, 4.0, 7.02, 8.82, 10.07, 11.76, 13.34, 14.96, 16.38, 20.09, 20.4])
#: Coincidence of very many dwellings.
MANY = 0.40


def coincidence(dwellings: Floats) -> Floats:
    """(n,) peak of so many dwellings together over the sum of their own."""
    n = np.asarray(dwellings, np.float64)
    together = np.where(n > _DWELLINGS[-1], MANY * n, np.interp(n, _DWELLINGS, _TOGETHER))
    return np.divide(together, n, out=np.ones_like(n), where=n > 0.0)


def design_load(houses: Floats, flats: Floats, floor: Floats, parameters: Mapping[str, float]) -> Floats:
    """(n,) load [kVA] that a line or station is designed for by what hangs below it (dwellings, dwellings, m2)."""
    homes = houses * parameters["house_load"] + flats * parameters["flat_load"]
    return coincidence(houses + flats) * homes + floor * parameters["firm_load"] / 1000.0


def rating_for(kva: Floats) -> Floats:
    """(n,) the smallest rated power [kVA] not below a load, the largest where none is."""
    return RATINGS[np.minimum(np.searchsorted(RATINGS, kva), len(RATINGS) - 1)]


def transformer(kva: Floats) -> tuple[Floats, Floats, Floats]:
    """Resistance and reactance [ohm, seen from 400 V] and no-load loss [W] of the transformers of the list next to ``kva`` (n,); beyond
    the list of several side by side."""
    several = np.maximum(np.ceil(np.asarray(kva, np.float64) / RATINGS[-1]), 1.0)
    row = np.argmin(np.abs((kva / several)[:, None] - RATINGS), axis=1)
    base = VOLTS**2 / (RATINGS[row] * 1000.0)
    r = LOAD_LOSS[row] / (RATINGS[row] * 1000.0) * base
    return r / several, np.sqrt((SHORT_CIRCUIT[row] * base) ** 2 - r**2) / several, IDLE_LOSS[row] * several


def line(cable: Codes, sets: Floats, length: Floats) -> tuple[Floats, Floats, Floats]:
    """Resistance, reactance [ohm] and rated current [A] of lines of ``sets`` cables side by side and a length [m]."""
    km = np.asarray(length, np.float64) / 1000.0
    return CABLE_R[cable] * km / sets, CABLE_X[cable] * km / sets, CABLE_AMPS[cable] * sets


def amps(kva: Floats) -> Floats:
    """Current per phase [A] of a three-phase load [kVA]."""
    return np.asarray(kva) * 1000.0 / (np.sqrt(3.0) * VOLTS)
