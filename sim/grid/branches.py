"""Buses joined by closed switches, and the branches between them as pi circuits: the models of pandapower 3, per unit.

A line has half of its shunt at each end. A transformer is pandapower's T circuit (half of the series impedance on each side of the
magnetising branch) turned into a pi on its low-voltage side, behind an ideal one with the tap's ratio and the phase shift at its
high-voltage side. A line open at one end, by a switch or at a bus not in service, hangs from the other. Source: pandapower 3.5
documentation, elements line, trafo and switch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sim.city.roadfile import Faults
from sim.columns import Floats, Ints
from sim.grid.tables import Tables, buses, column, flags, rows_of

Complex = npt.NDArray[np.complex128]
#: Resistance over reactance of a switch with an impedance (pandapower's switch_rx_ratio).
SWITCH_RX = 2.0
#: What a switch's ``et`` says that it switches.
SWITCHED = {"b": "bus", "l": "line", "t": "trafo"}
#: Voltage levels of a line's two ends may differ by this share.
SAME_LEVEL = 1e-6


@dataclass(frozen=True)
class Nodes:
    """Buses in service as nodes; buses joined by closed switches are one."""

    bus: Ints  #: (B,) index of each bus in the file
    node: Ints  #: (B,) its node
    level: Floats  #: (B,) rated voltage [kV]
    count: int

    def of(self, bus: Ints) -> Ints:
        """Nodes of buses, -1 for those not in service."""
        row = rows_of(self.bus, bus)
        return np.where(row >= 0, self.node[row], -1)

    def level_of(self, bus: Ints, other: Ints | None = None) -> Floats:
        """Rated voltage of buses [kV]; of ``other`` for those not in service, 1 where neither is."""
        spare = np.ones(len(bus)) if other is None else self.level_of(other)
        row = rows_of(self.bus, bus)
        return np.where(row >= 0, self.level[row], spare)


class Branches(NamedTuple):
    """Pi circuits (K,): series impedance and shunts at either end, behind an ideal transformer ``ratio`` at ``start`` (1 for lines)."""

    name: list[str]  #: element and index
    start: Ints
    end: Ints
    z: Complex
    shunt_start: Complex
    shunt_end: Complex
    ratio: Complex

    def __add__(self, other: Branches) -> Branches:  # type: ignore[override]
        joined = [np.concatenate([a, b]) for a, b in zip(self[1:], other[1:], strict=True)]
        return Branches(self.name + other.name, *joined)


def nodes(faults: Faults, tables: Tables, s: Switches) -> Nodes:
    """Buses in service, joined where a closed switch without impedance joins them."""
    bus = tables.of["bus"]
    level = column(faults, "bus", bus, "vn_kv", above=0.0)
    index = bus.index.to_numpy(np.int64)
    alone = Nodes(index, np.arange(len(index)), level, len(index))
    joins = (s.kind == "b") & s.closed & (s.ohm == 0.0)
    a, b = alone.of(s.bus[joins]), alone.of(s.element[joins])
    both = (a >= 0) & (b >= 0)
    for i in np.flatnonzero(both & (np.abs(level[a] - level[b]) > SAME_LEVEL * level[a])).tolist():
        faults.add(
            0, f"switch[{s.index[joins][i]}]", f"joins {level[a[i]]:g} kV and {level[b[i]]:g} kV", "one voltage level"
        )
    links = coo_array((np.ones(both.sum()), (a[both], b[both])), shape=(len(index), len(index)))
    count, node = connected_components(links, directed=False)
    return Nodes(index, node.astype(np.int64), level, int(count))


def branches(faults: Faults, tables: Tables, at: Nodes, switches: Switches) -> tuple[Branches, int]:
    """All branches in service, and the number of nodes with those of lines that are open at one end."""
    lines, count = _lines(faults, tables, at, switches)
    return lines + _transformers(faults, tables, at, switches) + _impedances(tables, at, switches), count


@dataclass(frozen=True)
class Switches:
    """Switches of a network (S,): kind ``et``, bus, and the bus or element behind it."""

    index: Ints
    kind: npt.NDArray[np.str_]
    bus: Ints
    element: Ints
    closed: npt.NDArray[np.bool_]
    ohm: Floats

    def open_at(self, kind: str, element: Ints, bus: Ints) -> npt.NDArray[np.bool_]:
        """(K,) an open switch parts the element from the bus."""
        some = (self.kind == kind) & ~self.closed
        gone = set(zip(self.element[some].tolist(), self.bus[some].tolist(), strict=True))
        return np.array([pair in gone for pair in zip(element.tolist(), bus.tolist(), strict=True)], bool)


def read_switches(faults: Faults, tables: Tables) -> Switches:
    """All switches, every one of which switches something that exists."""
    frame = tables.of["switch"]
    bus = buses(faults, "switch", frame, "bus", tables.index["bus"])
    kind = frame["et"].astype(str).to_numpy(str) if "et" in frame else np.zeros(0, str)
    element = np.nan_to_num(column(faults, "switch", frame, "element"), nan=-1.0).astype(np.int64)
    closed = flags(frame, "closed", True)
    ohm = column(faults, "switch", frame, "z_ohm", usual=0.0, least=0.0)
    for i in np.flatnonzero(~np.isin(kind, list(SWITCHED))).tolist():
        faults.add(0, f"switch[{frame.index[i]}].et", repr(str(kind[i])), "b (bus), l (line) or t (transformer)")
    for code, name in SWITCHED.items():
        for i in np.flatnonzero((kind == code) & ~np.isin(element, tables.index[name])).tolist():
            faults.add(0, f"switch[{frame.index[i]}].element", f"{element[i]}", f"the index of a {name} of the network")
    return Switches(frame.index.to_numpy(np.int64), kind, bus, element, closed, ohm)


def _lines(faults: Faults, tables: Tables, at: Nodes, switches: Switches) -> tuple[Branches, int]:
    frame = tables.of["line"]
    start, end = (buses(faults, "line", frame, f"{side}_bus", tables.index["bus"]) for side in ("from", "to"))
    length = column(faults, "line", frame, "length_km", above=0.0)
    r, x = (column(faults, "line", frame, f"{what}_ohm_per_km", least=0.0) for what in ("r", "x"))
    c = column(faults, "line", frame, "c_nf_per_km", usual=0.0, least=0.0)
    g = column(faults, "line", frame, "g_us_per_km", usual=0.0, least=0.0)
    parallel = column(faults, "line", frame, "parallel", usual=1.0, least=1.0)
    faults.stop()
    for i in np.flatnonzero((r == 0.0) & (x == 0.0)).tolist():
        faults.add(
            0,
            f"line[{frame.index[i]}].r_ohm_per_km",
            "zero impedance",
            "r or x above 0 (a closed bus switch joins buses)",
        )
    a, b = at.of(start), at.of(end)
    level, other = at.level_of(start, end), at.level_of(end, start)
    for i in np.flatnonzero(np.abs(level - other) > SAME_LEVEL * level).tolist():
        faults.add(
            0,
            f"line[{frame.index[i]}]",
            f"a line from {level[i]:g} kV to {other[i]:g} kV",
            "a transformer between voltage levels",
        )
    open_a, open_b = (
        switches.open_at("l", frame.index.to_numpy(), start),
        switches.open_at("l", frame.index.to_numpy(), end),
    )
    open_a, open_b = open_a | (a < 0), open_b | (b < 0)
    alive = ~(open_a & open_b)
    a[open_a & alive] = at.count + np.arange((open_a & alive).sum())
    b[open_b & alive] = at.count + (open_a & alive).sum() + np.arange((open_b & alive).sum())
    ohm = level**2 / tables.base
    z = (r + 1j * x) * length / ohm / parallel
    shunt = 0.5 * (g * 1e-6 + 2j * np.pi * tables.frequency * c * 1e-9) * length * ohm * parallel
    rows = np.flatnonzero(alive)
    found = Branches(
        [f"line {i}" for i in frame.index[rows]], a[rows], b[rows], z[rows], shunt[rows], shunt[rows],
        np.ones(len(rows), np.complex128),
    )  # fmt: skip
    return found, at.count + int((open_a & alive).sum() + (open_b & alive).sum())


def _transformers(faults: Faults, tables: Tables, at: Nodes, switches: Switches) -> Branches:
    frame = tables.of["trafo"]
    high, low = (buses(faults, "trafo", frame, f"{side}_bus", tables.index["bus"]) for side in ("hv", "lv"))
    size, vn_high, vn_low, vk = (
        column(faults, "trafo", frame, what, above=0.0) for what in ("sn_mva", "vn_hv_kv", "vn_lv_kv", "vk_percent")
    )  # fmt: skip
    vkr, iron, idle, parallel = (
        column(faults, "trafo", frame, what, usual=usual, least=least)
        for what, usual, least in (("vkr_percent", 0.0, 0.0), ("pfe_kw", 0.0, 0.0), ("i0_percent", 0.0, 0.0), ("parallel", 1.0, 1.0))
    )  # fmt: skip
    faults.stop()
    for i in np.flatnonzero(vkr > vk).tolist():
        faults.add(0, f"trafo[{frame.index[i]}].vkr_percent", f"{vkr[i]:g}", f"at most vk_percent, {vk[i]:g}")
    faults.stop()
    up, down, shift = _taps(faults, frame)
    a, b = at.of(high), at.of(low)
    alive = (a >= 0) & (b >= 0)
    alive &= ~switches.open_at("t", frame.index.to_numpy(), high) & ~switches.open_at("t", frame.index.to_numpy(), low)
    rows = np.flatnonzero(alive)
    level_high, level_low = at.level_of(high), at.level_of(low)
    ratio = (vn_high * up) / (vn_low * down) * level_low / level_high * np.exp(1j * np.radians(shift))
    scale = (vn_low * down / level_low) ** 2 * tables.base / size / parallel / 100.0
    z = (vkr + 1j * np.sqrt(vk**2 - vkr**2)) * scale
    ohm = level_low**2 / tables.base
    loss = iron * 1e-3
    magnetising = np.sqrt(np.maximum((idle / 100.0 * size) ** 2 - loss**2, 0.0))
    y = (loss - 1j * magnetising) / vn_low**2 * ohm / down**2 * parallel
    series, shunt = _pi(z, y)
    return Branches(
        [f"trafo {i}" for i in frame.index[rows]], a[rows], b[rows], series[rows], shunt[rows], shunt[rows], ratio[rows],
    )  # fmt: skip


def _taps(faults: Faults, frame: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Factors of the rated voltages on the high and the low side, and the phase shift [deg]."""
    n = len(frame)
    up, down = np.ones(n), np.ones(n)
    shift = column(faults, "trafo", frame, "shift_degree", usual=0.0)
    for tap in ("tap", "tap2"):
        if f"{tap}_pos" not in frame:
            continue
        at, neutral, per_cent, degree = (
            column(faults, "trafo", frame, f"{tap}_{what}", usual=0.0) for what in ("pos", "neutral", "step_percent", "step_degree")
        )  # fmt: skip
        steps = np.where(pd.isna(frame[f"{tap}_pos"]), 0.0, at - neutral)
        kind = _tap_kind(frame, tap)
        for i in np.flatnonzero((steps != 0.0) & (kind == "Tabular")).tolist():
            faults.add(0, f"trafo[{frame.index[i]}].{tap}_changer_type", "'Tabular'", "Ratio, Symmetrical or Ideal")
        side = frame[f"{tap}_side"].astype(str).to_numpy(str) if f"{tap}_side" in frame else np.full(n, "hv")
        ideal = kind == "Ideal"
        turn = np.where(ideal, 0.0, degree)
        move = steps * np.where(ideal, 0.0, per_cent) / 100.0 * np.exp(1j * np.radians(turn))
        up *= np.where(side == "hv", np.abs(1.0 + move), 1.0)
        down *= np.where(side == "lv", np.abs(1.0 + move), 1.0)
        sign = np.where(side == "hv", 1.0, -1.0)
        leap = np.where(degree != 0.0, degree, 2.0 * np.degrees(np.arcsin(per_cent / 200.0)))
        shift = shift + sign * np.where(ideal, steps * leap, np.degrees(np.angle(1.0 + move)))
    return up, down, shift


def _tap_kind(frame: pd.DataFrame, tap: str) -> npt.NDArray[np.str_]:
    """Ratio, Symmetrical, Ideal or Tabular, by pandapower's field of version 3 or of version 2."""
    if f"{tap}_changer_type" in frame:
        named = frame[f"{tap}_changer_type"]
        return np.where(pd.isna(named) | (named == "None"), "Ratio", named.astype(str)).astype(str)
    if f"{tap}_phase_shifter" in frame:
        return np.where(frame[f"{tap}_phase_shifter"].fillna(False).astype(bool), "Ideal", "Ratio")
    return np.full(len(frame), "Ratio")


def _pi(z: Complex, y: Complex) -> tuple[Complex, Complex]:
    """Series impedance and shunt at each end of the pi circuit equal to a T with ``z`` halved around ``y``."""
    half = 0.5 * z
    series = 2.0 * half + half * half * y  # star-delta, with 1 / y as the third arm
    shunt = np.where(y == 0.0, 0.0, y / (2.0 + half * y))
    return series, shunt


def _impedances(tables: Tables, at: Nodes, switches: Switches) -> Branches:
    """Closed bus switches that have an impedance."""
    some = np.flatnonzero((switches.kind == "b") & switches.closed & (switches.ohm > 0.0))
    a, b = at.of(switches.bus[some]), at.of(switches.element[some])
    both = (a >= 0) & (b >= 0)
    some, a, b = some[both], a[both], b[both]
    ohm = at.level_of(switches.bus[some]) ** 2 / tables.base
    z = switches.ohm[some] * (SWITCH_RX + 1j) / np.hypot(SWITCH_RX, 1.0) / ohm
    none = np.zeros(len(some), complex)
    return Branches(
        [f"switch {switches.index[i]}" for i in some], a, b, z, none, none, np.ones(len(some), np.complex128)
    )  # fmt: skip
