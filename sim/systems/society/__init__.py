"""Society: what households buy and build, what citizens think of the roadmap."""

from sim.systems.society.system import SocietySystem

__all__ = ["SocietySystem"]
