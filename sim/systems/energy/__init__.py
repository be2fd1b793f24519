"""Energy of buildings and cars: hourly heat need, bills, emissions, PV, the load of the grid."""

from sim.systems.energy.heat import HeatTables
from sim.systems.energy.system import EnergySystem

__all__ = ["EnergySystem", "HeatTables"]
