"""AgentSets of agents over columns: a list of keys, arrays where an attribute is a column, Mesa's behaviour everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from mesa.agent import AgentSet

from sim.agents.columnar import ROW, SHIFT, ColumnAgent
from sim.columns import Array, Ints

try:  # Mesa 3.4 moved it
    from mesa.agentset import GroupBy
except ImportError:
    from mesa.agent import GroupBy

if TYPE_CHECKING:
    from sim.agents.handles import ColumnAgents


class ColumnAgentSet(AgentSet):  # type: ignore[misc]
    """An ordered set of agents, most of them rows of tables. The removed leave every set.

    ``get``, ``set``, ``agg``, ``sort``, ``groupby`` and ``select(agent_type=...)`` work on whole columns when all agents
    are of one kind; ``select`` also takes a boolean array, made from :meth:`array`.
    """

    def __init__(self, agents: Iterable[mesa.Agent], random: Random | None = None) -> None:
        members = dict.fromkeys(agents)
        first = next(iter(members), None)
        self._fill(
            None if first is None else first.model,
            np.array([a.unique_id for a in members], np.int64),
            {a.unique_id: a for a in members if not isinstance(a, ColumnAgent)},
            random if random is not None else (Random(0) if first is None else first.model.random),
        )

    @classmethod
    def of(
        cls,
        model: ColumnAgents,
        keys: Ints,
        plain: Mapping[int, mesa.Agent] | None = None,
        random: Random | None = None,
    ) -> ColumnAgentSet:
        """The set of ``keys``; ``plain`` holds the agents without columns by unique_id."""
        out = cls.__new__(cls)
        out._fill(model, keys, dict(plain or {}), model.random if random is None else random)
        return out

    def _fill(self, model: Any, keys: Ints, plain: dict[int, mesa.Agent], random: Random) -> None:
        self._model, self._keys, self._plain, self.random = model, keys, plain, random

    def _like(self, keys: Ints, inplace: bool = False) -> ColumnAgentSet:
        if inplace:
            self._keys = keys
            return self
        out = type(self).__new__(type(self))
        out._fill(self._model, keys, self._plain, self.random)
        return out

    # --- who is in it -------------------------------------------------------------------------------------------

    @property
    def keys(self) -> Ints:
        """(n,) int64 keys of those still there, in order."""
        kinds = self._keys >> SHIFT
        keep = np.ones(len(kinds), bool)
        for kind in np.unique(kinds):
            if kind > 0:
                mine = kinds == kind
                cls = self._model.column_types[kind - 1]
                keep[mine] = getattr(self._model.state, cls.table).alive[self._keys[mine] & ROW]
        return self._keys if bool(keep.all()) else self._keys[keep]

    @property
    def rows(self) -> Ints:
        """(n,) rows of the agents in their table. ValueError if they are of several kinds."""
        cls, rows = self._one_kind(self.keys)
        if cls is None:
            raise ValueError("agents of several kinds have no common table")
        return rows

    def _one_kind(self, keys: Ints) -> tuple[type[ColumnAgent] | None, Ints]:
        if len(keys) == 0 or keys[0] >> SHIFT == 0:
            return None, keys
        kind = int(keys[0] >> SHIFT)
        if not bool(((keys >> SHIFT) == kind).all()):
            return None, keys
        return self._model.column_types[kind - 1], keys & ROW

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[mesa.Agent]:
        return iter(self.to_list())

    def to_list(self) -> list[mesa.Agent]:
        """The agents, in order."""
        keys = self.keys
        if len(keys) == 0:
            return []
        agents: list[mesa.Agent] = self._model.handles(keys, self._plain)
        return agents

    def __contains__(self, agent: object) -> bool:
        if not isinstance(agent, mesa.Agent) or agent.model is not self._model:
            return False
        return bool((self.keys == agent.unique_id).any())

    def __getitem__(self, item: Any) -> Any:
        keys = self.keys[item]
        return self._like(keys).to_list() if isinstance(item, slice) else self._like(np.array([keys])).to_list()[0]

    def add(self, agent: mesa.Agent) -> None:
        """Add an agent at the end."""
        if agent in self:
            return
        if self._model is None:
            self._model = agent.model
        if not isinstance(agent, ColumnAgent):
            self._plain = {**self._plain, agent.unique_id: agent}
        self._keys = np.append(self._keys, agent.unique_id)

    def discard(self, agent: mesa.Agent) -> None:
        """Take an agent out of this set if it is in it (it stays in the model)."""
        if agent in self:
            self._keys = self._keys[self._keys != agent.unique_id]

    def remove(self, agent: mesa.Agent) -> None:
        """Take an agent out of this set. KeyError if it is not in it."""
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    def copy(self) -> ColumnAgentSet:
        """An independent set of the same agents."""
        return self._like(self.keys.copy())

    __copy__ = copy

    def _update(self, agents: Iterable[mesa.Agent]) -> ColumnAgentSet:
        members = list(agents)
        self._plain = {a.unique_id: a for a in members if not isinstance(a, ColumnAgent)}
        self._keys = np.array([a.unique_id for a in members], np.int64)
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self._model, "keys": self.keys, "plain": self._plain, "random": self.random}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._fill(state["model"], state["keys"], state["plain"], state["random"])

    # --- attributes ---------------------------------------------------------------------------------------------

    def array(self, name: str) -> Array:
        """Values of an attribute as an array in the order of the set; codes stay integers."""
        cls, rows = self._one_kind(self.keys)
        if cls is not None and cls.has(name):
            return cls.values(self._model.state, rows, name)
        return np.array([getattr(agent, name) for agent in self])

    def get(self, attr_names: Any, handle_missing: str = "error", default_value: Any = None) -> list[Any]:
        """Values of an attribute (or of several, a list per agent), as in Mesa."""
        if handle_missing not in ("error", "default"):
            raise ValueError(f"Unknown handle_missing option: {handle_missing}, should be one of 'error' or 'default'")
        if not isinstance(attr_names, str):
            columns = [self.get(name, handle_missing, default_value) for name in attr_names]
            return [list(values) for values in zip(*columns, strict=True)]
        cls, rows = self._one_kind(self.keys)
        if cls is not None and cls.has(attr_names):
            return cls.decoded(attr_names, cls.values(self._model.state, rows, attr_names))
        if handle_missing == "default":
            return [getattr(agent, attr_names, default_value) for agent in self]
        return [getattr(agent, attr_names) for agent in self]

    def set(self, attr_name: str, value: Any) -> ColumnAgentSet:
        """Write one value to an attribute of all agents."""
        cls, rows = self._one_kind(self.keys)
        if cls is not None and attr_name in cls.names:
            getattr(getattr(self._model.state, cls.table), attr_name)[rows] = value
        else:
            for agent in self:
                setattr(agent, attr_name, value)
        return self

    def agg(self, attribute: str, func: Any) -> Any:
        """One function, or a list of functions, of all values of an attribute; functions get an array."""
        values = self.array(attribute)
        if values.dtype.kind in "iu":
            values = values.astype(np.int64)  # a built-in sum over int8 would overflow
        return func(values) if callable(func) else [f(values) for f in func]

    # --- subsets and orders -------------------------------------------------------------------------------------

    def select(
        self, filter_func: Any = None, at_most: float = float("inf"), inplace: bool = False, agent_type: Any = None
    ) -> ColumnAgentSet:
        """Agents that pass a filter: a function of an agent as in Mesa, or a boolean array over the set."""
        keys = self.keys
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(len(keys) * at_most)
        keep = np.ones(len(keys), bool)
        if isinstance(filter_func, np.ndarray):
            keep &= filter_func
        if agent_type is not None:
            keep &= self._is_a(keys, agent_type)
        keys = keys[keep]
        if callable(filter_func):
            passed: list[int] = []
            for agent in self._like(keys).to_list():
                if len(passed) >= at_most:
                    break
                if filter_func(agent):
                    passed.append(agent.unique_id)
            keys = np.array(passed, np.int64)
        if len(keys) > at_most:
            keys = keys[: int(at_most)]
        return self._like(keys, inplace)

    def _is_a(self, keys: Ints, agent_type: Any) -> Array:
        kinds = keys >> SHIFT
        types = () if self._model is None else self._model.column_types
        match: Array = np.array([False, *(issubclass(cls, agent_type) for cls in types)])
        out: Array = match[kinds]
        for i in np.flatnonzero(kinds == 0):
            out[i] = isinstance(self._plain[int(keys[i])], agent_type)
        return out

    def shuffle(self, inplace: bool = False) -> ColumnAgentSet:
        """The agents in random order: the permutation that Mesa would draw."""
        order = self.keys.tolist()
        self.random.shuffle(order)
        return self._like(np.array(order, np.int64), inplace)

    def sort(self, key: Any, ascending: bool = False, inplace: bool = False) -> ColumnAgentSet:
        """The agents in the order of an attribute or of a function of an agent; ties keep their order."""
        keys = self.keys
        if isinstance(key, str):
            values = self.array(key)
        else:
            values = np.array([key(agent) for agent in self])
        if values.dtype.kind in "biu":
            values = values.astype(np.int64)
        if values.dtype.kind in "if":
            order = np.argsort(values if ascending else -values, kind="stable")
        else:
            order = np.array(sorted(range(len(keys)), key=values.tolist().__getitem__, reverse=not ascending), np.int64)
        return self._like(keys[order], inplace)

    def groupby(self, by: Any, result_type: str = "agentset") -> ColumnGroups:
        """Groups by an attribute or by a function of an agent, in order of first appearance."""
        keys = self.keys
        cls, rows = self._one_kind(keys)
        if isinstance(by, str) and cls is not None and cls.has(by):
            values, first, group = np.unique(
                cls.values(self._model.state, rows, by), return_index=True, return_inverse=True
            )
            names = cls.decoded(by, values)
        else:
            raw = [by(agent) if callable(by) else getattr(agent, by) for agent in self]
            index = {value: i for i, value in enumerate(dict.fromkeys(raw))}
            names, first = list(index), np.arange(len(index))
            group = np.array([index[value] for value in raw], np.int64)
        order = np.argsort(group, kind="stable")
        cuts = np.searchsorted(group[order], np.arange(len(names) + 1))
        groups = {
            names[g]: self._like(keys[order[cuts[g] : cuts[g + 1]]]) for g in np.argsort(first, kind="stable").tolist()
        }
        if result_type == "list":
            return ColumnGroups({name: members.to_list() for name, members in groups.items()})
        return ColumnGroups(groups)

    # --- calls --------------------------------------------------------------------------------------------------

    def do(self, method: Any, *args: Any, **kwargs: Any) -> ColumnAgentSet:
        """Call a method (name or function) on each agent that is still there when its turn comes."""
        self._call(self.to_list(), method, args, kwargs)
        return self

    def shuffle_do(self, method: Any, *args: Any, **kwargs: Any) -> ColumnAgentSet:
        """:meth:`do` in random order; the order of the set stays."""
        self._call(self.shuffle().to_list(), method, args, kwargs)
        return self

    def map(self, method: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """The results of a method (name or function) of each agent."""
        return self._call(self.to_list(), method, args, kwargs)

    def _call(self, agents: list[mesa.Agent], method: Any, args: Any, kwargs: Any) -> list[Any]:
        there = [(a, getattr(a, method) if isinstance(method, str) else method) for a in agents]
        named = isinstance(method, str)
        return [
            call(*args, **kwargs) if named else call(agent, *args, **kwargs)
            for agent, call in there
            if not isinstance(agent, ColumnAgent) or agent.alive
        ]


class ColumnGroups(GroupBy):  # type: ignore[misc]
    """Mesa's GroupBy, aggregating columns at once where groups are sets."""

    def agg(self, attr_name: str, func: Callable[[Any], Any]) -> dict[Any, Any]:
        """A function of an attribute's values in each group."""
        return {
            name: group.agg(attr_name, func)
            if isinstance(group, ColumnAgentSet)
            else func([getattr(agent, attr_name) for agent in group])
            for name, group in self.groups.items()
        }
