"""Mesa agents whose state is columns: handles made on demand.

A handle is a real ``mesa.Agent`` that reads and writes its row. The model keeps every handle once made, so that a handle
is one object and plain (weak) AgentSets built from handles keep them. Works with Mesa 3.3 to 3.5.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar

import mesa
import numpy as np

from sim.agents.growth import append, clones
from sim.columns import Array, Ints, Table
from sim.state import State

if TYPE_CHECKING:
    from sim.agents.agentset import ColumnAgentSet
    from sim.agents.handles import ColumnAgents

SHIFT = 40  #: a key is kind << SHIFT | row; kind 0 are agents without columns, whose key is their unique_id
ROW = (1 << SHIFT) - 1  #: the row in a key

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
        return model.set_of(np.array([a.key for a in made], np.int64))

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
