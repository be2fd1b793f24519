"""Building files: one dwelling or box by its components, read with every fault and its line, and made a room of the 5R1C network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from kernels.thermal import H_MS
from sim.buildings import units
from sim.buildings.envelope import AIR_CAPACITY, H_IS, SURFACES
from sim.buildings.room import ABOVE_ALL, BELOW_ALL, Opening, Room, Skin, ventilation
from sim.buildings.schedules import Schedule
from sim.codes import Heating
from sim.columns import Floats
from sim.documents import (
    WRONG,
    Choice,
    Number,
    OneOrMany,
    Reader,
    Text,
    entries,
    fields_of,
    found,
    item,
    read_nodes,
    read_values,
    scalar,
)
from sim.scenario.fields import Quantity
from sim.units import SHARE

SYSTEMS = tuple(h.name.lower() for h in Heating)
#: ISO 13790 table 12: heat capacity [kJ/m2K] and area of mass [m2] by m2 of floor.
MASSES = {
    "very_light": (80.0, 2.5), "light": (110.0, 2.5), "medium": (165.0, 2.5), "heavy": (260.0, 3.0), "very_heavy": (370.0, 3.5),
}  # fmt: skip
MOST_PARTS = 200
RADIATION = 5.0  #: W/m2K for an emissivity of 1, ISO 13790 11.4.6
EXAMPLE = "docs/building.md"

_AREA = Quantity(units.AREA, 0.01, 1e5)
_U = Quantity(units.U_VALUE, 0.01, 10.0)
_AZIMUTH = Quantity(units.ANGLE, -360.0, 360.0)
_TILT = Quantity(units.ANGLE, 0.0, 180.0)
_SHARE = Quantity(SHARE, 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Part:
    """An opaque part of the envelope; a door is one too."""

    area: float = item(_AREA, "area, windows not counted")
    u: float = item(_U, "heat transmission (U value)")
    name: str = item(Text(60), "what it is", "")
    azimuth: float | None = item(_AZIMUTH, "direction it faces, 0 north, clockwise; needed outside unless level", None)
    tilt: float = item(_TILT, "0 facing up, 90 upright, 180 facing down", 90.0)
    to: str = item(
        Choice(("outside", "ground", "unheated")), "what lies behind it; only outside meets sun and sky", "outside"
    )
    factor: float = item(Number(0.0, 1.0), "share of the difference of temperature that it sees (TABULA's b)", 1.0)
    absorptance: float = item(Number(0.0, 1.0), "share of the sun it takes up outside", 0.6)
    emissivity: float = item(Number(0.0, 1.0), "of thermal radiation outside", 0.9)


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window."""

    area: float = item(_AREA, "area with its frame")
    u: float = item(_U, "heat transmission (U value), frame included")
    g: float = item(Number(0.0, 1.0), "solar transmittance of the glazing at normal incidence")
    azimuth: float = item(_AZIMUTH, "direction it faces, 0 north, clockwise")
    name: str = item(Text(60), "what it is", "")
    tilt: float = item(_TILT, "0 facing up, 90 upright", 90.0)
    frame: float = item(_SHARE, "share of the area that is frame (TABULA: 30 %)", 0.3)
    shading: float = item(_SHARE, "share of the sun that shade takes away (TABULA: 40 %)", 0.4)
    not_normal: float = item(Number(0.0, 1.0), "factor on all sun for incidence that is not normal (TABULA: 0.9)", 0.9)
    angle: tuple[float, ...] = item(
        OneOrMany(Number(-10.0, 10.0)),
        "instead: polynomial in the angle of incidence [rad], lowest power first, on the beam",
        (),
    )
    emissivity: float = item(Number(0.0, 1.0), "of thermal radiation outside", 0.9)


@dataclass(frozen=True, kw_only=True)
class Mass:
    """Heat capacity, where it is not one of the classes of ISO 13790."""

    capacity: float = item(Quantity(units.HEAT_CAPACITY, 1.0, 5000.0), "heat capacity by m2 of floor")
    area: float = item(Number(0.1, 10.0), "effective area of mass (A_m) by m2 of floor")


def _of_class(name: str) -> Mass:
    capacity, area = MASSES[name]
    return Mass(capacity=capacity, area=area)


@dataclass(frozen=True, kw_only=True)
class Inside:
    """Exchange inside the room."""

    surfaces: float = item(Number(1.0, 20.0), "area of all surfaces (A_t) by m2 of floor", SURFACES)
    exchange: float = item(Quantity(units.U_VALUE, 0.1, 20.0), "between air and surfaces (h_is)", H_IS)


@dataclass(frozen=True, kw_only=True)
class Outside:
    """Sun, sky and ground."""

    resistance: float = item(Quantity(units.RESISTANCE, 0.0, 1.0), "of outer surfaces (R_se)", 0.04)
    sky_colder: float = item(Quantity(units.DIFFERENCE, 0.0, 40.0), "how much colder the sky is than the air", 11.0)
    albedo: float = item(Number(0.0, 1.0), "reflectance of the ground", 0.2)
    sky: str = item(Choice(("hay_davies", "perez")), "model of diffuse radiation on planes", "hay_davies")


@dataclass(frozen=True, kw_only=True)
class Dwelling:
    """What a building file says."""

    floor_area: float = item(_AREA, "heated floor")
    name: str = item(Text(80), "name", "")
    volume: float | None = item(Quantity(units.VOLUME, 0.1, 1e6), "heated volume (2.5 m times the floor)", None)
    bridges: float = item(Quantity(units.U_VALUE, 0.0, 1.0), "thermal bridges: added to U on every area", 0.0)
    air_change: Floats = item(Schedule(Quantity(units.AIR_CHANGE, 0.01, 100.0)), "infiltration and ventilation")
    air_heat: float = item(Quantity(units.AIR_HEAT, 0.1, 1.0), "heat capacity of air", AIR_CAPACITY)
    gains: Floats = item(
        Schedule(Quantity(units.POWER, 0.0, 1e6)), "internal gains, half of them to the air (ISO 13790)"
    )
    heating: Floats = item(Schedule(Quantity(units.TEMPERATURE, -20.0, 40.0), BELOW_ALL), "set-point of the air")
    cooling: Floats | None = item(
        Schedule(Quantity(units.TEMPERATURE, 0.0, 60.0), ABOVE_ALL), "set-point of the air; never, if not said", None
    )
    clock: str = item(
        Choice(("legal", "standard")), "clock of schedules and hours: with or without summer time", "legal"
    )
    system: str | None = item(Choice(SYSTEMS), "heating system (gas)", None)
    persons: float | None = item(Number(0.0, 50.0), "who live there, for hot water and appliances (by the area)", None)
    opaque: tuple[Part, ...] = field(default=())
    windows: tuple[Window, ...] = field(default=())
    mass: Mass = field(default=_of_class("medium"))
    inside: Inside = field(default=Inside())
    outside: Outside = field(default=Outside())


#: Parts of the file that are not one value: their meaning.
SECTIONS: Mapping[str, str] = {
    "opaque": f"list of 1 to {MOST_PARTS} opaque parts of the envelope",
    "windows": f"list of at most {MOST_PARTS} windows; none if not said",
    "mass": f"{', '.join(MASSES)} (classes of ISO 13790 table 12; medium if not said), or its values",
    "inside": "exchange inside the room",
    "outside": "sun, sky and ground",
}

_Record = TypeVar("_Record")


def read_dwelling(path: Path) -> Dwelling:
    """The dwelling of a file. Raises InputError with every fault of the file and its line."""
    reader = Reader(path, kind="building", example=EXAMPLE)
    root = read_nodes(reader)
    values = read_values(root, fields_of(Dwelling), reader, "", skip=tuple(SECTIONS))
    nodes = {scalar(key): child for key, child in entries(root)} if isinstance(root, MappingNode) else {}
    if "opaque" in nodes:
        values["opaque"] = _list(Part, nodes["opaque"], reader, "opaque", least=1)
    else:
        values["opaque"] = WRONG
        reader.fault(root, "opaque", "nothing", SECTIONS["opaque"])
    values["windows"] = _list(Window, nodes.get("windows"), reader, "windows", least=0)
    values["mass"] = _mass(nodes.get("mass"), reader)
    values["inside"] = _record(Inside, nodes["inside"], reader, "inside") if "inside" in nodes else Inside()
    values["outside"] = _record(Outside, nodes["outside"], reader, "outside") if "outside" in nodes else Outside()
    if not any(v is WRONG for v in values.values()):
        _check_together(values, nodes, reader)
    reader.stop()
    return Dwelling(**values)


def _record(kind: type[_Record], node: Node, reader: Reader, path: str) -> Any:
    values = read_values(node, fields_of(kind), reader, path)
    return WRONG if any(v is WRONG for v in values.values()) else kind(**values)


def _list(kind: type[_Record], node: Node | None, reader: Reader, path: str, least: int) -> Any:
    if node is None:
        return ()
    if not isinstance(node, SequenceNode) or not least <= len(node.value) <= MOST_PARTS:
        reader.fault(node, path, found(node), SECTIONS[path])
        return WRONG
    out = [_record(kind, child, reader, f"{path}[{i}]") for i, child in enumerate(node.value)]
    for i, (part, child) in enumerate(zip(out, node.value, strict=True)):
        if isinstance(part, Part) and part.azimuth is None and part.to == "outside" and part.tilt % 180.0 != 0.0:
            reader.fault(child, f"{path}[{i}].azimuth", "nothing", _AZIMUTH.allowed)
    return WRONG if any(v is WRONG for v in out) else tuple(out)


def _mass(node: Node | None, reader: Reader) -> Any:
    if node is None:
        return _of_class("medium")
    if isinstance(node, MappingNode):
        return _record(Mass, node, reader, "mass")
    name = Choice(tuple(MASSES)).read(node, reader, "mass")
    return WRONG if name is WRONG else _of_class(name)


def _check_together(values: Mapping[str, Any], nodes: Mapping[str | None, Node], reader: Reader) -> None:
    """Faults of values that are right alone but not together."""
    cooling = values["cooling"]
    if cooling is not None and np.any(values["heating"] > cooling):
        reader.fault(
            nodes["cooling"],
            "cooling",
            "a set-point below that of heating in some hour",
            "heating at most as warm as cooling",
        )
    mass, inside = values["mass"], values["inside"]
    of_windows = sum(w.area * w.u for w in values["windows"]) / values["floor_area"]
    opaque = transmission(values["opaque"], values["windows"], values["bridges"]) / values["floor_area"]
    if opaque >= H_MS * mass.area or opaque <= 0.0:
        reader.fault(
            nodes["opaque"], "opaque", f"a transmission of {opaque:.3g} W/K by m2 of floor",
            f"more than 0 and less than {H_MS:g} times the area of mass, {H_MS * mass.area:.3g} (ISO 13790 12.2.2)",
        )  # fmt: skip
    if mass.area + of_windows / H_MS > inside.surfaces:
        reader.fault(
            nodes.get("mass"), "mass", f"{mass.area:g} m2 of mass and {of_windows:.3g} W/K of windows by m2 of floor",
            f"mass and windows over {H_MS:g} at most the surfaces, {inside.surfaces:g} (ISO 13790 C.3)",
        )  # fmt: skip


def transmission(opaque: tuple[Part, ...], windows: tuple[Window, ...], bridges: float) -> float:
    """W/K of the opaque parts, thermal bridges of all areas included."""
    return sum(p.area * (p.u + bridges) * p.factor for p in opaque) + sum(w.area for w in windows) * bridges


def room_of(d: Dwelling) -> Room:
    """The dwelling as a zone of the 5R1C network (ISO 13790 annex C, 11.3 and 12.2.2)."""
    a_m, a_t = d.mass.area * d.floor_area, d.inside.surfaces * d.floor_area
    opaque = transmission(d.opaque, d.windows, d.bridges)
    h_em = 1.0 / (1.0 / opaque - 1.0 / (H_MS * a_m))
    h_ve = ventilation(d.air_change, d.floor_area, d.volume, d.air_heat)
    h_w = sum(w.area * w.u for w in d.windows)
    box = np.array(
        [h_w, h_em, float(h_ve.mean()), d.inside.exchange * a_t, a_m, a_t, d.mass.capacity * 1000.0 * d.floor_area]
    )
    cool_at = np.full((2, 24), ABOVE_ALL) if d.cooling is None else d.cooling
    skins = [
        _skin(d, p.area * p.u * p.factor, p.absorptance, p.emissivity, p.tilt, p.azimuth or 0.0)
        for p in d.opaque
        if p.to == "outside"
    ]
    skins += [_skin(d, w.area * w.u, 0.0, w.emissivity, w.tilt, w.azimuth) for w in d.windows]
    return Room(
        d.name, d.floor_area, box, tuple(_opening(w) for w in d.windows), h_ve, d.gains, d.heating, cool_at, tuple(skins),
        d.outside.sky_colder, d.outside.albedo, d.outside.sky,
    )  # fmt: skip


def _opening(w: Window) -> Opening:
    always = 1.0 if w.angle else w.not_normal
    return Opening(w.area * w.g * (1.0 - w.frame) * (1.0 - w.shading) * always, w.tilt, w.azimuth, w.angle or (1.0,))


def _skin(d: Dwelling, conductance: float, absorptance: float, emissivity: float, tilt: float, azimuth: float) -> Skin:
    through = d.outside.resistance * conductance
    seen = 0.5 * (1.0 + np.cos(np.radians(tilt)))  # 11.4.6: 1 for a roof, 0.5 for a wall
    return Skin(through * absorptance, through * float(seen) * RADIATION * emissivity, tilt, azimuth)
