"""Mobility: mode choice of citizens, road equilibrium, transit, cycling and walking, emissions."""

from sim.systems.mobility.calibrate import calibrate_modes
from sim.systems.mobility.system import MobilitySystem

__all__ = ["MobilitySystem", "calibrate_modes"]
