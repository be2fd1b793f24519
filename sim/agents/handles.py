"""What a Mesa model needs so that its agents may live in columns.

``class UrbanModel(ColumnAgents, mesa.Model)``: call ``super().__init__(rng=seed)`` first, then give the model a ``state``.
``model.agents``, ``model.agents_by_type`` and every tool built on them then see citizens, households and firms beside
agents of the ordinary kind. Handles exist only for agents that somebody looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import mesa
import numpy as np

from sim.agents.agentset import ColumnAgentSet
from sim.agents.citizens import Citizen, Household
from sim.agents.columnar import ROW, SHIFT, ColumnAgent, made
from sim.agents.firms import Firm
from sim.agents.incomers import Incomer
from sim.columns import Ints
from sim.state import State


class ColumnAgents:
    """Mixin before ``mesa.Model``. Subclasses may put their own subclasses of the agents into ``column_types``."""

    column_types: ClassVar[tuple[type[ColumnAgent], ...]] = (Citizen, Household, Firm, Incomer)

    state: State
    random: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._handles: dict[int, ColumnAgent] = {}
        self._registered: dict[int, mesa.Agent] = {}
        self._last_id = 0
        super().__init__(*args, **kwargs)

    # --- Mesa's public face -------------------------------------------------------------------------------------

    @property
    def agents(self) -> ColumnAgentSet:
        """All living agents: those without columns first, then citizens, households, firms, incomers in row order."""
        keys = [np.array(list(self._registered), np.int64), *(self._keys(cls) for cls in self._types())]
        return ColumnAgentSet.of(self, np.concatenate(keys), self._registered)

    @agents.setter
    def agents(self, agents: Any) -> None:
        raise AttributeError("model.agents is made from the model's state and cannot be set")

    @property
    def agents_by_type(self) -> dict[type[mesa.Agent], ColumnAgentSet]:
        """The living agents of each type."""
        out: dict[type[mesa.Agent], ColumnAgentSet] = {}
        for agent in self._registered.values():
            if type(agent) not in out:
                out[type(agent)] = ColumnAgentSet.of(self, np.zeros(0, np.int64))
            out[type(agent)].add(agent)
        out.update({cls: ColumnAgentSet.of(self, self._keys(cls)) for cls in self._types()})
        return out

    @property
    def agent_types(self) -> list[type[mesa.Agent]]:
        """The types of agents in the model."""
        return [*dict.fromkeys(type(agent) for agent in self._registered.values()), *self._types()]

    @property
    def scenario(self) -> Any:
        """What the model plays. Mesa 3.5 would write itself into it; ours is immutable and shared by models."""
        return self._scenario

    @scenario.setter
    def scenario(self, scenario: Any) -> None:
        self._scenario = scenario

    def register_agent(self, agent: mesa.Agent) -> None:
        """Take in an agent without columns (called by ``mesa.Agent.__init__``)."""
        self._last_id += 1
        agent.unique_id = self._last_id
        self._registered[self._last_id] = agent
        # Mesa 3.3 counts ids in a table of the class that would keep every model of the process alive
        getattr(mesa.Agent, "_ids", {}).pop(self, None)

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Remove an agent: out of the registry, or marked dead in its row. KeyError if it is not there."""
        if isinstance(agent, ColumnAgent):
            agent.alive = False
            self._handles.pop(agent.key, None)
        else:
            del self._registered[agent.unique_id]

    def remove_all_agents(self) -> None:
        """Remove every agent."""
        for agent in list(self._registered.values()):
            agent.remove()
        for cls in self._types():
            getattr(self.state, cls.table).alive[:] = False
        self._handles.clear()

    # --- handles ------------------------------------------------------------------------------------------------

    def kind(self, cls: type[ColumnAgent]) -> int:
        """Number of a column type in keys, from 1."""
        return self.column_types.index(cls) + 1

    def kind_of_table(self, table: str) -> int:
        """Number of the type that stands for rows of ``table``. KeyError if there is none."""
        return {cls.table: i for i, cls in enumerate(self.column_types, 1)}[table]

    def agent(self, table: str, row: int) -> ColumnAgent:
        """The handle of a row: ``model.agent("citizens", 5)``."""
        if not 0 <= row < len(getattr(self.state, table)):
            raise IndexError(f"{table} has no row {row}")
        key = self.kind_of_table(table) << SHIFT | int(row)
        handle: ColumnAgent = self.handles(np.array([key]), {})[0]
        return handle

    def set_of(self, keys: Ints) -> ColumnAgentSet:
        """The set of the agents with these keys, in order."""
        return ColumnAgentSet.of(self, keys, self._registered)

    def rows_of(self, table: str, rows: Ints) -> ColumnAgentSet:
        """The set of the agents of some rows of a table."""
        return self.set_of(self.kind_of_table(table) << SHIFT | rows.astype(np.int64))

    def keep(self, handle: ColumnAgent) -> None:
        """Remember a handle that made itself, so that its row has one handle."""
        self._handles[handle.key] = handle

    def handles(self, keys: Ints, plain: Mapping[int, mesa.Agent]) -> list[mesa.Agent]:
        """The agents of ``keys``, in order; ``plain`` holds those without columns."""
        known = self._handles
        wanted = keys.tolist()
        missing = np.array([key for key in wanted if key not in known and key >> SHIFT], np.int64)
        for kind in np.unique(missing >> SHIFT).tolist():
            mine = missing[missing >> SHIFT == kind]
            known.update(
                zip(mine.tolist(), made(self.column_types[kind - 1], self, (mine & ROW).tolist()), strict=True)
            )
        return [known[key] if key >> SHIFT else plain[key] for key in wanted]

    def _types(self) -> tuple[type[ColumnAgent], ...]:
        return self.column_types if hasattr(self, "state") else ()

    def _keys(self, cls: type[ColumnAgent]) -> Ints:
        alive = getattr(self.state, cls.table).alive
        keys: Ints = self.kind(cls) << SHIFT | np.flatnonzero(alive)
        return keys

    def __getstate__(self) -> dict[str, Any]:
        # handles are made again when needed; agents of the ordinary kind travel with the model
        return {**self.__dict__, "_handles": {}}
