"""A network as pandapower writes it to JSON: its tables of elements, checked field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.city.roadfile import Faults
from sim.columns import Bools, Floats, Ints
from sim.errors import Fault, InputError

#: Elements that are read; others are refused while in service.
READ = ("bus", "line", "trafo", "load", "sgen", "switch", "ext_grid")
#: Places of buses as pandapower 2 writes them (version 3: column ``geo`` of the buses).
GEODATA = "bus_geodata"
#: Tables of a pandapower network that no power flow needs.
PASSIVE = (
    GEODATA, "line_geodata", "measurement", "pwl_cost", "poly_cost", "controller", "group", "trafo_characteristic_table",
    "characteristic", "shunt_characteristic_table", "q_capability_curve_table", "q_capability_characteristic", "std_types",
)  # fmt: skip
_SAVED = "a network saved by pandapower (pandapower.to_json)"


@dataclass(frozen=True)
class Tables:
    """Tables of a network by element, in service only, and places of buses; ``base`` [MVA], ``frequency`` [Hz]."""

    path: Path
    base: float
    frequency: float
    of: Mapping[str, pd.DataFrame]
    index: Mapping[str, Ints]  #: of all elements, in service or not


def read_tables(path: Path) -> Tables:
    """The tables of a network. Raises InputError with every fault."""
    faults = Faults(path)
    net = _network(path)
    frames = {name: _frame(net.get(name), name, faults) for name in (*READ, GEODATA)}
    faults.stop()
    for name, value in net.items():
        _refuse(name, value, faults)
    bus = frames["bus"]
    if not len(bus):
        faults.add(0, "bus", "no buses", "at least one bus")
    faults.stop()
    index = {name: frame.index.to_numpy(np.int64) for name, frame in frames.items()}
    whole = ("switch", GEODATA)
    alive = {name: frame[flags(frame, "in_service", True)] for name, frame in frames.items() if name not in whole}
    alive |= {name: frames[name] for name in whole}
    base, frequency = (_scalar(net, name, usual, faults) for name, usual in (("sn_mva", 1.0), ("f_hz", 50.0)))
    faults.stop()
    return Tables(path, base, frequency, alive, index)


def column(
    faults: Faults, name: str, frame: pd.DataFrame, what: str, *, usual: float | None = None, least: float | None = None,
    above: float | None = None,
) -> Floats:  # fmt: skip
    """A column of numbers; ``usual`` stands in where the column or a value is missing, else that is a fault."""
    if what not in frame:
        if usual is None and len(frame):
            faults.add(0, f"{name}.{what}", "no such column", "a column of numbers")
        return np.full(len(frame), np.nan if usual is None else usual)
    values = pd.to_numeric(frame[what], errors="coerce").to_numpy(np.float64, copy=True)
    if usual is not None:
        values[np.isnan(values)] = usual
    bad = ~np.isfinite(values)
    allowed = "a number"
    if least is not None:
        bad |= values < least
        allowed = f"a number, {least:g} or more"
    if above is not None:
        bad |= values <= above
        allowed = f"a number above {above:g}"
    for i in np.flatnonzero(bad).tolist():
        faults.add(0, f"{name}[{frame.index[i]}].{what}", repr(_plain(frame[what].iloc[i])), allowed)
    return values


def buses(faults: Faults, name: str, frame: pd.DataFrame, what: str, known: Ints) -> Ints:
    """A column of buses, every one of which exists."""
    if not len(frame):
        return np.zeros(0, np.int64)
    values = column(faults, name, frame, what)
    rows = np.nan_to_num(values, nan=-1.0).astype(np.int64)
    for i in np.flatnonzero(np.isfinite(values) & ~np.isin(rows, known)).tolist():
        faults.add(0, f"{name}[{frame.index[i]}].{what}", f"{values[i]:g}", "the index of a bus of the network")
    return rows


def _network(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise InputError(Fault(str(path), error.strerror or str(error), "a readable JSON file")) from error
    except UnicodeDecodeError as error:
        raise InputError(Fault(str(path), "not UTF-8 text", _SAVED)) from error
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(Fault(f"{path}:{error.lineno}:{error.colno}", f"not JSON ({error.msg})", _SAVED)) from error
    if not isinstance(raw, dict):
        raise InputError(Fault(str(path), f"a JSON {type(raw).__name__}", _SAVED))
    net = raw.get("_object", raw)
    if raw.get("_class") != "pandapowerNet" or not isinstance(net, dict):
        raise InputError(Fault(str(path), f"_class {raw.get('_class')!r}", _SAVED, "_class"))
    return net


def _frame(value: Any, name: str, faults: Faults) -> pd.DataFrame:
    """The table in a member of the network; an empty one where it is missing."""
    content = value.get("_object") if isinstance(value, dict) else value
    if content is None:
        return pd.DataFrame()
    try:
        parts = json.loads(content) if isinstance(content, str) else content
        frame = pd.DataFrame(parts["data"], index=parts["index"], columns=parts["columns"])
        frame.index = frame.index.astype(np.int64)
    except (ValueError, TypeError, KeyError) as error:
        faults.add(0, name, f"no table ({type(error).__name__}: {error})"[:120], "a table with columns, index and data")
        return pd.DataFrame()
    if not frame.index.is_unique:
        faults.add(0, name, f"index {frame.index[frame.index.duplicated()][0]} twice", "each index once")
    return frame


def _refuse(name: str, value: Any, faults: Faults) -> None:
    """Elements that a radial power flow of lines, transformers, loads and static generators can't hold are a fault, not left out."""
    table = isinstance(value, dict) and value.get("_class") == "DataFrame"
    if name in READ or name in PASSIVE or name.startswith(("_", "res_")) or not table:
        return
    ignored = Faults(faults.path)
    frame = _frame(value, name, ignored)
    many = int(flags(frame, "in_service", True).sum())
    if many:
        faults.add(
            0, name, f"{many} in service", f"networks of {', '.join(READ)} (set in_service to false, or take them out)"
        )


def flags(frame: pd.DataFrame, what: str, usual: bool) -> Bools:
    """A column of flags; ``usual`` stands in where the column or a value is missing."""
    if what not in frame:
        return np.full(len(frame), usual)
    return np.array([usual if pd.isna(v) else bool(v) for v in frame[what]], bool)


def _scalar(net: Mapping[str, Any], name: str, usual: float, faults: Faults) -> float:
    value = net.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value) or value <= 0:
        faults.add(0, name, repr(value)[:60], "a number above 0")
        return usual
    return float(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def rows_of(known: Ints, asked: Ints) -> Ints:
    """Places of indices among the known ones, -1 for others."""
    if not len(known):
        return np.full(len(asked), -1)
    order = np.argsort(known)
    row = order[np.minimum(np.searchsorted(known, asked, sorter=order), len(known) - 1)]
    return np.where(known[row] == asked, row, -1)


def named(indices: Sequence[int] | Ints, most: int = 5) -> str:
    """The first of some indices, and how many more there are."""
    first = ", ".join(str(int(i)) for i in list(indices)[:most])
    return first if len(indices) <= most else f"{first} and {len(indices) - most:,} more"
