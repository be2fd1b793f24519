"""Economy: firms' demand and jobs, the labour market, projects with the municipality, money."""

from sim.systems.economy.system import EconomySystem

__all__ = ["EconomySystem"]
