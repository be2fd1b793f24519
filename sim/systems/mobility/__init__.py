"""Mobility: mode choice of citizens, road equilibrium, transit, cycling and walking, emissions."""

from sim.systems.mobility.calibrate import calibrate_modes
from sim.systems.mobility.elasticities import Elasticity, elasticities, table
from sim.systems.mobility.system import MobilitySystem, UnderWay

__all__ = ["Elasticity", "MobilitySystem", "UnderWay", "calibrate_modes", "elasticities", "table"]
