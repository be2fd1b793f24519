"""Mesa agents whose state is columns: handles made on demand, and AgentSets that are lists of keys.

A handle is a real ``mesa.Agent`` that reads and writes its row. The model keeps every handle once made, so that a handle
is one object and plain (weak) AgentSets built from handles keep them. A set holds one 64-bit key per agent and turns to
arrays where an attribute is a column; everything else works as in Mesa, agent by agent. Works with Mesa 3.3 to 3.5.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import repeat
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

import mesa
import numpy as np
from mesa.agent import AgentSet

from sim.agents.growth import append, clones
from sim.columns import Array, Ints, Table
from sim.state import State

try:  # Mesa 3.4 moved it
    from mesa.agentset import GroupBy
except ImportError:
    from mesa.agent import GroupBy

if TYPE_CHECKING:
    from sim.agents.handles import ColumnAgents

SHIFT = 40  #: a key is kind << SHIFT | row; kind 0 are agents without columns, whose key is their unique_id
_ROW = (1 << SHIFT) - 1

Derived = Callable[[State, Ints], Array]


class ColumnAgent(mesa.Agent):  # type: ignore[misc]
    """An agent over one row of a table of the state.

    Attributes are the table's columns (codes come back as members of their IntEnum) and what ``derived`` computes from
    them. Anything else raises AttributeError, on reading and on writing: a handle holds nothing of its own.

    Args:
        model: the model; a new row is appended to its table.
        like: agent whose values are taken for columns not given.
        columns: values of the new row. TypeError if some are missing and ``like`` is not given.
    """

    table: ClassVar[str] = ""  #: field of the state
    layout: ClassVar[type[Table]] = Table  #: class of the table
    derived: ClassVar[Mapping[str, Derived]] = {}  #: attributes computed from columns, vectorised
    codes: ClassVar[Mapping[str, Mapping[int, Any]]] = {}  #: members of the IntEnum by column
    names: ClassVar[frozenset[str]] = frozenset()

    model: ColumnAgents
    row: int
    pos = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.names = frozenset(cls.layout.names())
        cls.codes = {
            f.name: {int(m): m for m in f.metadata["codes"]} for f in fields(cls.layout) if f.metadata["codes"]
        }

    def __init__(self, model: ColumnAgents, like: ColumnAgent | None = None, **columns: Any) -> None:
        table: Table = getattr(model.state, self.table)
        unknown = set(columns) - self.names
        missing = self.names - set(columns) - {"id", "alive"} if like is None else set()
        if unknown or missing:
            raise TypeError(f"{type(self).__name__}: unknown {sorted(unknown)}, missing {sorted(missing)}")
        source = np.array([0 if like is None else like.row])
        rows = clones(table, source[: len(table)])
        rows["alive"] = np.array([True])
        rows.setdefault("id", np.array([0]))
        rows.update({name: np.atleast_1d(value) for name, value in columns.items()})
        bind(self, model, int(append(model.state, self.table, rows, source)[0]))
        model.keep(self)

    @property
    def key(self) -> int:
        """Kind and row in one number: the agent's key in sets."""
        return self.model.kind(type(self)) << SHIFT | self.row

    @property
    def unique_id(self) -> int:
        """Unique in the model and stable, because rows never move."""
        return self.key

    @classmethod
    def values(cls, state: State, rows: Ints, name: str) -> Array:
        """A column or derived attribute of many rows. AttributeError if it is neither."""
        if name in cls.names:
            column: Array = getattr(getattr(state, cls.table), name)[rows]
            return column
        if name in cls.derived:
            return cls.derived[name](state, rows)
        raise AttributeError(f"{cls.__name__!r} object has no attribute {name!r}")

    @classmethod
    def has(cls, name: str) -> bool:
        """True if ``name`` can be had for many rows at once."""
        return name in cls.names or name in cls.derived

    @classmethod
    def decoded(cls, name: str, values: Array) -> list[Any]:
        """Values as Python objects: codes as members of their IntEnum, -1 (none) as it is."""
        plain: list[Any] = values.tolist()
        if name in cls.codes:
            members = cls.codes[name]
            return [members.get(v, v) for v in plain]
        return plain

    @classmethod
    def create_agents(cls, model: ColumnAgents, n: int, *args: Any, **kwargs: Any) -> ColumnAgentSet:
        """``n`` new agents; sequences of length ``n`` are dealt out, as in Mesa."""

        def share(value: Any, i: int) -> Any:
            return value[i] if isinstance(value, (list, tuple, np.ndarray)) and len(value) == n else value

        made = [
            cls(model, *(share(a, i) for a in args), **{k: share(v, i) for k, v in kwargs.items()}) for i in range(n)
        ]
        return ColumnAgentSet.of(model, np.array([a.key for a in made], np.int64))

    def remove(self) -> None:
        """Mark the row as gone. Its number is never used again."""
        self.model.deregister_agent(self)

    def __getattr__(self, name: str) -> Any:
        if name in self.names:
            value = getattr(getattr(self.model.state, self.table), name)[self.row].item()
            return self.codes[name].get(value, value) if name in self.codes else value
        if name in self.derived:
            return self.derived[name](self.model.state, np.array([self.row]))[0].item()
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.names:
            raise AttributeError(f"{type(self).__name__!r} has no column {name!r} to write")
        getattr(getattr(self.model.state, self.table), name)[self.row] = value

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.row == self.row and other.model is self.model

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.row))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.model, self.row)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.row}>"


def bind(handle: ColumnAgent, model: ColumnAgents, row: int) -> None:
    """Point a bare handle at its row."""
    object.__setattr__(handle, "model", model)
    object.__setattr__(handle, "row", row)


def made(cls: type[ColumnAgent], model: ColumnAgents, rows: list[int]) -> list[ColumnAgent]:
    """New handles of many rows. Mapped over C functions: a Python loop takes three times as long for 800,000."""
    # one handle first, so that the class knows both names: else CPython gives each of the others a dictionary of its own
    first = object.__new__(cls)
    bind(first, model, rows[0])
    collecting = gc.isenabled()
    gc.disable()  # nothing here is garbage: collecting while the handles pile up takes two thirds of the time
    try:
        rest = list(map(object.__new__, repeat(cls, len(rows) - 1)))
        deque(map(object.__setattr__, rest, repeat("model"), repeat(model)), maxlen=0)
        deque(map(object.__setattr__, rest, repeat("row"), rows[1:]), maxlen=0)
    finally:
        if collecting:
            gc.enable()
    return [first, *rest]


def _restored(cls: type[ColumnAgent], model: ColumnAgents, row: int) -> ColumnAgent:
    """The handle of a row of an unpickled or copied model, which may still be incomplete: nothing is looked up here."""
    return made(cls, model, [row])[0]


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
                keep[mine] = getattr(self._model.state, cls.table).alive[self._keys[mine] & _ROW]
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
        return self._model.column_types[kind - 1], keys & _ROW

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
