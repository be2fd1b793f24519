"""Energy of buildings and cars: every dwelling's hours, bills, emissions, PV, the load of the grid."""

from sim.systems.energy.system import EnergySystem

__all__ = ["EnergySystem"]
