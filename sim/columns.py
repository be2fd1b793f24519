"""Structure of arrays: the tables behind agents and city.

A table is a dataclass whose fields are NumPy arrays of one length, each declared with :func:`column` (unit and meaning
live beside the name: docs, checks and captions come from there). A block is the same without the one-length rule: the
arrays a system keeps from month to month. Both copy, flatten to named arrays and come back from them, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# The names say what a column holds; tables convert what they are given to the declared dtype (Block.__post_init__), so the static
# types stay open: NumPy's own promotion rules would otherwise need a cast at every second expression.
Floats = npt.NDArray[Any]
Ints = npt.NDArray[Any]
Int32s = npt.NDArray[Any]
Codes = npt.NDArray[Any]
Bools = npt.NDArray[Any]


def column(dtype: Any, unit: str, meaning: str, codes: Any = None) -> Any:
    """Declare a column: its dtype, unit ("-" if none), meaning, and the IntEnum it is coded in, if any."""
    return field(metadata={"dtype": np.dtype(dtype), "unit": unit, "meaning": meaning, "codes": codes})


@dataclass
class Block:
    """Named arrays of any shape that copy, flatten and come back to the bit."""

    @classmethod
    @cache
    def names(cls) -> tuple[str, ...]:
        """Names of the arrays, in declaration order."""
        return tuple(f.name for f in fields(cls))

    @classmethod
    def describe(cls) -> Iterator[tuple[str, str, str]]:
        """(name, unit, meaning) of each array."""
        for f in fields(cls):
            yield f.name, str(f.metadata.get("unit", "-")), str(f.metadata.get("meaning", ""))

    def __post_init__(self) -> None:
        self._room: dict[str, Array] = {}  # arrays that grow: the longer ones of which they are the first rows
        seen: set[int] = set()
        for f in fields(self):
            dtype = f.metadata.get("dtype")
            if dtype is not None:
                array = np.ascontiguousarray(getattr(self, f.name), dtype=dtype)
                # two columns made from one array must not change together
                shared = array.size and array.ctypes.data in seen
                setattr(self, f.name, array.copy() if shared else array)
                seen.add(array.ctypes.data)

    @classmethod
    def blank(cls) -> Self:
        """A block whose arrays are all empty, before its system begins."""
        return cls(**{f.name: np.zeros(0, dtype=f.metadata.get("dtype", np.float64)) for f in fields(cls)})

    def arrays(self) -> dict[str, Array]:
        """The arrays by name (no copy)."""
        return {name: getattr(self, name) for name in self.names()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """The block that :meth:`arrays` came from."""
        return cls(**{name: arrays[name] for name in cls.names()})

    def copy(self) -> Self:
        """An independent copy, with room of its own where there was some."""
        room = {name: _roomy(array) for name, array in self.arrays().items() if name in self._room}
        made = type(self)(
            **{name: room[name][: len(a)] if name in room else a.copy() for name, a in self.arrays().items()}
        )
        made._room = room
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_room": {}}  # a pickle holds what is there

    def lengthen(self, name: str, rows: Array) -> None:
        """Append rows to one array; they are written where it stands while there is room, since months append few rows to many."""
        old, room = getattr(self, name), self._room.get(name)
        n, long = len(old), len(old) + len(rows)
        if room is None or old.base is not room or long > len(room):
            self._room[name] = room = _roomy(old, long)
        room[n:long] = rows
        setattr(self, name, room[:long])


@dataclass
class Table(Block):
    """A block whose arrays share their first dimension: one row per thing. Rows never move."""

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = {name: len(array) for name, array in self.arrays().items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"{type(self).__name__}: columns differ in length: {lengths}")

    def __len__(self) -> int:
        return len(getattr(self, self.names()[0]))

    def extend(self, rows: Mapping[str, Array]) -> None:
        """Append rows; every column must be given. Existing rows keep their numbers."""
        missing = set(self.names()) - set(rows)
        if missing:
            raise ValueError(f"{type(self).__name__}: no values for {sorted(missing)}")
        lengths = {name: len(rows[name]) for name in self.names()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"{type(self).__name__}: columns differ in length: {lengths}")
        for name in self.names():
            self.lengthen(name, rows[name])


def _roomy(array: Array, length: int = 0) -> Array:
    """A longer array that begins with this one."""
    n = max(len(array), length)
    room = np.empty((n + n // 50 + 16, *array.shape[1:]), array.dtype)
    room[: len(array)] = array
    return room
