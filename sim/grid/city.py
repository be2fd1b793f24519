"""Low-voltage networks that engineers bring, in the place of the generated ones of a city.

A file may hold one station or many behind medium-voltage lines: every transformer down to 1 kV or less becomes a station with the lines
below it; what is above is not simulated. A station lies in the district of the nearest homes. In each district the stations brought
replace the generated ones that are nearest to them, as many as transformers of their size would be built for, and take over their
customers: each load bus by its share of ``p_mw``. Static generators are left out (panels are the dwellings'), and so are line
capacitances and tap changers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from sim.city.city import Buses, City, Stations
from sim.city.equipment import COS_PHI, VOLTS, design_load, rating_for, transformer
from sim.city.feeders import in_order
from sim.city.geometry import whole_numbers
from sim.city.roadfile import Faults
from sim.codes import Cable, StationKind
from sim.columns import Bools, Floats, Ints
from sim.errors import Fault, InputError
from sim.grid.radial import Tree, network_tree
from sim.grid.tables import GEODATA, Tables, buses, column, read_tables, rows_of

#: Rated voltage up to which a bus is low voltage [kV].
LOW_VOLTAGE = 1.0
#: Farther than this from any home or job a bus lies outside the city [m].
OUTSIDE = 1000.0
#: Classes of customers that are counted in whole dwellings.
_HOMES = ("houses", "flats")


class Brought(NamedTuple):
    """Stations of one file: ``bus`` (n,) rows parents first, station by station; ``watts`` (n,) of its loads."""

    path: Path
    names: Ints  #: (n,) index of the bus in the file, -1 for an open end of a line
    station: Ints
    parent: Ints
    x: Floats
    y: Floats
    length: Floats
    r: Floats
    x_ohm: Floats
    rating: Floats
    watts: Floats
    kva: Floats  #: (S,) and of its transformer seen from 400 V:
    transformer: Floats  #: (3, S) resistance, reactance [ohm], no-load loss [W]


def network_files(paths: Sequence[Path]) -> list[Path]:
    """The files meant by ``--grid``: files, and the JSON files of folders. Raises InputError."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise InputError(Fault("--grid", f"{path}, a folder without JSON files", "networks saved by pandapower"))
        found += inside
    twice = {p.resolve() for p in found if [q.resolve() for q in found].count(p.resolve()) > 1}
    if twice:
        raise InputError(Fault("--grid", f"{min(twice)} more than once", "each network once"))
    return found


def check_networks(paths: Sequence[Path]) -> None:
    """Raises InputError where a file is no radial network: what can be told before the city is there."""
    for path in paths:
        network_tree(read_tables(path))


def bring_networks(city: City, paths: Sequence[Path], parameters: Mapping[str, float]) -> dict[str, Any]:
    """Put the networks of some files into the city; returns what was done. Raises InputError with every fault of a file."""
    brought = [read_network(path, city) for path in paths]
    faults: list[Fault] = []
    district = [_districts(one, city, faults) for one in brought]
    if faults:
        raise InputError(faults)
    given = _tables(brought, district, city)
    served = _taken_over(city, given, parameters)
    watts = np.concatenate([one.watts for one in brought])
    _deal(given[1], given[0].district, watts, served)
    stations, lines = city.stations, city.buses
    keep = np.ones(len(stations), bool)
    keep[np.concatenate([rows for rows, _ in served.values()])] = False
    city.stations, city.buses = in_order(*_joined(stations, lines, keep, *given))
    return {
        "files": [path.name for path in paths], "stations": len(given[0]), "buses": len(given[1]),
        "replaced": int((~keep).sum()), "dwellings": int(given[1].houses.sum() + given[1].flats.sum()),
    }  # fmt: skip


def read_network(path: Path, city: City) -> Brought:
    """The low-voltage stations of a file, placed in the city's plane. Raises InputError with every fault."""
    tables = read_tables(path)
    tree = network_tree(tables)
    faults = Faults(path)
    level = np.r_[_levels(tree), np.full(int(tree.order.max()) + 1 - tree.at.count, np.nan)][tree.order]
    n = len(tree.order)
    for i in np.flatnonzero(np.isnan(level)).tolist():  # open ends of lines have the level of the other end
        level[i] = level[tree.parent[i]]
    low = level <= LOW_VOLTAGE
    above = low[tree.parent]
    top = np.flatnonzero(low & (~above | (np.arange(n) == 0)))
    kind = np.array(["", *(tree.branches.name[k].split()[0] for k in tree.by[1:])])
    for i in np.flatnonzero((kind == "trafo") & above).tolist():
        faults.add(
            0,
            _element(tree, i),
            f"a transformer below a bus of {level[tree.parent[i]]:g} kV",
            "transformers from medium voltage",
        )
    if not len(top):
        faults.add(0, "bus", f"no bus of {LOW_VOLTAGE:g} kV or less", "low-voltage networks")
    faults.stop()
    station = np.full(n, -1)
    station[top] = np.arange(len(top))
    for i in range(n):
        if low[i] and station[i] < 0:
            station[i] = station[tree.parent[i]]
    watts = _loads(faults, tables, tree, low)
    length, rating = _lines(faults, tables, tree, level, kind)
    x, y = _places(faults, tables, tree, top, city)
    faults.stop()
    order = np.lexsort((np.arange(n), station))
    order = order[station[order] >= 0]
    row = np.full(n, -1)
    row[order] = np.arange(len(order))
    busbar = np.isin(order, top)
    z = np.array([0.0, *tree.branches.z[tree.by[1:]]])[order] * VOLTS**2 / (tables.base * 1e6)
    kva, trafo = _stations(tables, tree, top, kind, np.bincount(station[order], watts[order], len(top)))
    return Brought(
        path, _names(tree)[order], station[order], np.where(busbar, np.arange(len(order)), row[tree.parent[order]]), x[order], y[order],
        np.where(busbar, 0.0, length[order]), np.where(busbar, 0.0, z.real), np.where(busbar, 0.0, z.imag),
        np.where(busbar, np.inf, rating[order]), watts[order], kva, trafo,
    )  # fmt: skip


def _levels(tree: Tree) -> Floats:
    out = np.zeros(tree.at.count)
    out[tree.at.node] = tree.at.level
    return out


def _names(tree: Tree) -> Ints:
    """(n,) index of one bus of each node, -1 for open ends."""
    of = np.full(int(tree.order.max()) + 1, -1)
    of[tree.at.node[::-1]] = tree.at.bus[::-1]
    return of[tree.order]


def _element(tree: Tree, i: int) -> str:
    """Element of the branch to a node, as faults name it: ``line[3]``."""
    return tree.branches.name[tree.by[i]].replace(" ", "[") + "]"


def _loads(faults: Faults, tables: Tables, tree: Tree, low: Bools) -> Floats:
    """(n,) W of the loads on each node; none at medium voltage, none negative, some above 0."""
    frame = tables.of["load"]
    place = np.full(int(tree.order.max()) + 1, -1)
    place[tree.order] = np.arange(len(tree.order))
    bus = buses(faults, "load", frame, "bus", tables.index["bus"])
    power = column(faults, "load", frame, "p_mw") * column(faults, "load", frame, "scaling", usual=1.0)
    node = tree.at.of(bus)
    row = np.where(node >= 0, place[node], -1)
    for i in np.flatnonzero(power < 0.0).tolist():
        faults.add(0, f"load[{frame.index[i]}].p_mw", f"{power[i]:g}", "0 or more: loads are shares of customers")
    for i in np.flatnonzero((row >= 0) & ~low[row]).tolist():
        faults.add(0, f"load[{frame.index[i]}].bus", "a bus at medium voltage", f"buses of {LOW_VOLTAGE:g} kV or less")
    out = np.bincount(row[row >= 0], np.maximum(power[row >= 0], 0.0), len(tree.order)) * 1e6
    if out.sum() <= 0.0:
        faults.add(
            0, "load", "no load above 0 in service", "loads: what hangs on them says which share of the customers does"
        )
    return out


def _lines(faults: Faults, tables: Tables, tree: Tree, level: Floats, kind: Any) -> tuple[Floats, Floats]:
    """(n,) length [m] and rated current [A at 400 V] of the line to each node, at low voltage."""
    frame = tables.of["line"]
    length, rated = np.zeros(len(level)), np.full(len(level), np.inf)
    if "max_i_ka" not in frame:
        frame = frame.assign(max_i_ka=np.nan)
    km, parallel, derating = (
        column(faults, "line", frame, "length_km"), column(faults, "line", frame, "parallel", usual=1.0),
        column(faults, "line", frame, "df", usual=1.0),
    )  # fmt: skip
    kilo = pd.to_numeric(frame["max_i_ka"], errors="coerce").to_numpy(np.float64)
    for i in np.flatnonzero((kind == "line") & (level <= LOW_VOLTAGE)).tolist():
        k = int(rows_of(frame.index.to_numpy(np.int64), np.array([int(tree.branches.name[tree.by[i]].split()[1])]))[0])
        length[i], rated[i] = km[k] * 1000.0, kilo[k] * 1000.0 * parallel[k] * derating[k] * level[i] * 1000.0 / VOLTS
        if not rated[i] > 0.0:
            faults.add(0, f"{_element(tree, i)}.max_i_ka", repr(float(kilo[k])), "a number above 0")
    return length, rated


def _stations(tables: Tables, tree: Tree, top: Ints, kind: Any, watts: Floats) -> tuple[Floats, Floats]:
    """(S,) rated power [kVA], and (3, S) resistance, reactance [ohm], no-load loss [W]; a file that begins at low voltage has a transformer
    of the usual list that carries its loads."""
    frame = tables.of["trafo"]
    kva = rating_for(watts / 1000.0 / COS_PHI)
    out = np.array(transformer(kva))
    for s, i in enumerate(top.tolist()):
        if kind[i] != "trafo":
            continue
        k = int(rows_of(frame.index.to_numpy(np.int64), np.array([int(tree.branches.name[tree.by[i]].split()[1])]))[0])
        row = frame.iloc[k]
        parallel = float(row.get("parallel", 1.0) or 1.0)
        kva[s] = float(row["sn_mva"]) * 1000.0 * parallel
        z = tree.branches.z[tree.by[i]] * VOLTS**2 / (tables.base * 1e6)
        out[:, s] = z.real, z.imag, float(row.get("pfe_kw", 0.0) or 0.0) * 1000.0 * parallel
    return kva, out


def _places(faults: Faults, tables: Tables, tree: Tree, top: Ints, city: City) -> tuple[Floats, Floats]:
    """(n,) easting and northing [m]; nodes without geodata are where their parent is, busbars have it."""
    bus, old = tables.of["bus"], tables.of[GEODATA]
    found = (
        dict(zip(old.index.tolist(), zip(old["x"], old["y"], strict=True), strict=True))
        if {"x", "y"} <= set(old)
        else {}
    )
    for index, value in zip(bus.index.tolist(), bus.get("geo", []), strict=False):
        point = _point(value)
        if point is not None:
            found[index] = point
    n = len(tree.order)
    place = np.full((int(tree.order.max()) + 1, 2), np.nan)
    for index, node in zip(tree.at.bus.tolist(), tree.at.node.tolist(), strict=True):
        if index in found and np.isnan(place[node]).any():
            place[node] = found[index]
    place = place[tree.order]
    for i in top[np.isnan(place[top]).any(axis=1)].tolist():
        faults.add(
            0, f"bus[{_names(tree)[i]}].geo", "no place", "longitude and latitude (bus.geo, or x and y of bus_geodata)"
        )
    for i in range(n):
        if np.isnan(place[i]).any():
            place[i] = place[tree.parent[i]]
    return _metres(city, place[:, 0], place[:, 1])


def _point(value: Any) -> tuple[float, float] | None:
    """Longitude and latitude of a GeoJSON point, None where there is none."""
    try:
        lon, lat = json.loads(value)["coordinates"][:2] if isinstance(value, str) else value["coordinates"][:2]
        return float(lon), float(lat)
    except (TypeError, KeyError, ValueError, IndexError):
        return None


def _metres(city: City, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Places in the city's plane: the straight lines through its nodes' coordinates."""
    n = city.nodes
    (a, b), (c, d) = np.polyfit(n.lon - n.lon.mean(), n.x, 1), np.polyfit(n.lat - n.lat.mean(), n.y, 1)
    return a * (lon - n.lon.mean()) + b, c * (lat - n.lat.mean()) + d


def _districts(one: Brought, city: City, faults: list[Fault]) -> Ints:
    """(S,) district of each station; a fault for each busbar that lies outside the city."""
    cells = city.cells
    busbar = one.parent == np.arange(len(one.parent))
    place = np.nan_to_num(np.column_stack([one.x, one.y])[busbar], nan=1e12)
    apart, cell = cKDTree(np.column_stack([cells.x, cells.y])).query(place)
    for i in np.flatnonzero(apart > OUTSIDE).tolist():
        far = f"a place {apart[i] / 1000.0:,.0f} km from the city's homes and jobs"
        allowed = "longitude and latitude of a place in a district"
        faults.append(Fault(str(one.path), far, allowed, f"bus[{one.names[busbar][i]}].geo"))
    return np.asarray(cells.district[cell], np.int64)


def _tables(brought: Sequence[Brought], district: Sequence[Ints], city: City) -> tuple[Stations, Buses]:
    """The stations and buses of all files, without customers."""
    stations = np.cumsum([0, *(len(one.kva) for one in brought)])
    rows = np.cumsum([0, *(len(one.parent) for one in brought)])
    station = np.concatenate([one.station + s for one, s in zip(brought, stations, strict=False)])
    parent = np.concatenate([one.parent + r for one, r in zip(brought, rows, strict=False)])
    x, y, length, r, x_ohm, rating = (
        np.concatenate([getattr(one, name) for one in brought]) for name in ("x", "y", "length", "r", "x_ohm", "rating")
    )  # fmt: skip
    busbar = parent == np.arange(len(parent))
    node = cKDTree(np.column_stack([city.nodes.x, city.nodes.y])).query(np.column_stack([x, y]))[1]
    trafo = np.concatenate([one.transformer for one in brought], axis=1)
    count = np.bincount(station, minlength=int(stations[-1]))
    none, n = np.zeros(len(parent)), int(stations[-1])
    return (
        Stations(
            district=np.concatenate(district), x=x[busbar], y=y[busbar], node=node[busbar], kind=np.full(n, StationKind.GIVEN),
            kva=np.concatenate([one.kva for one in brought]), r=trafo[0], x_ohm=trafo[1], idle=trafo[2], first=np.cumsum(count) - count,
            count=count,
        ),
        Buses(
            station=station, parent=parent, node=node, x=x, y=y, length=length, cable=np.where(busbar, Cable.BUSBAR, Cable.GIVEN),
            sets=np.ones(len(parent)), r=r, x_ohm=x_ohm, rating=rating, houses=none, flats=none, floor=none, charging=none,
        ),
    )  # fmt: skip


def _taken_over(
    city: City, given: tuple[Stations, Buses], p: Mapping[str, float]
) -> dict[int, tuple[Ints, dict[str, float]]]:
    """By district: the generated stations that are replaced, and their customers. Raises InputError where there is none."""
    s, b = city.stations, city.buses
    customers = {name: np.bincount(b.station, getattr(b, name), len(s)) for name in (*_HOMES, "floor", "charging")}
    load = design_load(customers["houses"], customers["flats"], customers["floor"], p)
    out = {}
    for d in np.unique(given[0].district).tolist():
        mine = np.flatnonzero((s.district == d) & (s.kind == StationKind.PUBLIC))
        here = given[0].district == d
        if not len(mine):
            name = city.district_names[d]
            raise InputError(
                Fault("--grid", f"a network in {name}", "networks where customers at low voltage are left")
            )
        apart = cKDTree(np.column_stack([given[0].x, given[0].y])[here]).query(np.column_stack([s.x, s.y])[mine])[0]
        near = mine[np.lexsort((mine, apart))]
        wanted = given[0].kva[here].sum() * p["network_use"]
        before = np.cumsum(load[near]) - load[near]
        rows = near[: max(1, int((before + 0.5 * load[near] < wanted).sum()))]
        out[d] = rows, {name: float(values[rows].sum()) for name, values in customers.items()}
    return out


def _deal(lines: Buses, district: Ints, watts: Floats, served: Mapping[int, tuple[Ints, dict[str, float]]]) -> None:
    """Customers of the replaced stations on the load buses of their district, by their loads; dwellings whole."""
    of = district[lines.station]
    for d, (_, customers) in served.items():
        rows = np.flatnonzero((of == d) & (watts > 0.0))
        share = watts[rows] / watts[rows].sum()
        for name, total in customers.items():
            whole = name in _HOMES
            getattr(lines, name)[rows] = whole_numbers(share, round(total)) if whole else share * total


def _joined(
    stations: Stations, lines: Buses, keep: Bools, given: Stations, given_lines: Buses
) -> tuple[Stations, Buses]:
    """The stations kept and the ones brought."""
    row = np.cumsum(keep) - 1
    kept = np.flatnonzero(keep[lines.station])
    new = np.full(len(lines), -1)
    new[kept] = np.arange(len(kept))
    old = {name: array[kept] for name, array in lines.arrays().items()}
    old |= {"station": row[old["station"]], "parent": new[old["parent"]]}
    added = given_lines.arrays() | {
        "station": given_lines.station + keep.sum(),
        "parent": given_lines.parent + len(kept),
    }
    return (
        Stations(**{n: np.concatenate([a[keep], given.arrays()[n]]) for n, a in stations.arrays().items()}),
        Buses(**{n: np.concatenate([a, added[n]]) for n, a in old.items()}),
    )
