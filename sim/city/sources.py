"""What every source of a city delivers, before it is assembled: roads as drawn, places, commutes, commune margins.

The embedded replica generates these from facts; the GeoJSON importer reads them from files. ``assemble.build_city`` does
the rest for both: junctions, connected part, districts, connectors, delays, margins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.codes import RoadClass
from sim.columns import Array, Bools, Codes, Floats, Int32s, Ints, Table, column


@dataclass
class RoadFeatures:
    """Roads as drawn: polylines in the order of the file. Polylines meet where they share a coordinate to 1e-7 degree."""

    first: Ints  #: (n + 1,) where each feature begins in lon/lat
    lon: Floats
    lat: Floats
    road_class: Codes  #: (n,) codes.RoadClass
    structure: Codes  #: (n,) 0 normal, 1 bridge, 2 tunnel
    one_way: Bools  #: (n,) may be driven only in drawing direction
    names: tuple[str, ...] = ()
    classes: type = RoadClass
    lanes: Ints | None = None  #: (n,) lanes in a direction, 0 where not known
    cycle: Codes | None = None  #: (n,) cycling comfort as in city.Links.cycle_level, -1 where not known
    height: Floats | None = None  #: (points,) m above the sea, NaN where not known


@dataclass
class Places(Table):
    """Points where people live and work."""

    lon: Floats = column("f8", "degree", "longitude")
    lat: Floats = column("f8", "degree", "latitude")
    commuters: Floats = column("f8", "persons", "employed residents who commute from here, as in the source")
    jobs: Floats = column("f8", "jobs", "jobs here, as in the source")
    students: Floats = column("f8", "places", "places in higher education here, 0 if unknown")


@dataclass
class Commutes(Table):
    """Home-work flows between places, as in the source."""

    home: Int32s = column("i4", "-", "row of places")
    work: Int32s = column("i4", "-", "row of places")
    size: Floats = column("f8", "persons", "commuters")
    seconds: Floats = column("f8", "s", "reference driving time on free roads, NaN if none")
    metres: Floats = column("f8", "m", "reference driving distance, NaN if none")


@dataclass
class CommuneMargins(Table):
    """Published totals by commune. NaN where not published: the assembler fills by stated shares."""

    lon: Floats = column("f8", "degree", "longitude of the town hall or centroid")
    lat: Floats = column("f8", "degree", "latitude")
    population: Floats = column("f8", "persons", "inhabitants")
    households: Floats = column("f8", "households", "households")
    employed: Floats = column("f8", "persons", "employed residents")
    unemployed: Floats = column("f8", "persons", "unemployed residents")
    students: Floats = column("f8", "persons", "students living here")
    jobs: Floats = column("f8", "jobs", "jobs located here")
    cars: Floats = column("f8", "cars", "cars of residents")
    dwellings: Floats = column("f8", "dwellings", "all dwellings")
    houses: Floats = column("f8", "dwellings", "of which houses")


@dataclass
class Communes:
    """Communes: codes, names, margins and, when known, outlines."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    margins: CommuneMargins
    outlines: tuple[tuple[Array, ...], ...] = ()  #: per commune, rings of (n, 2) lon/lat


@dataclass
class CitySource:
    """Everything that a source knows of a city."""

    name: str
    roads: RoadFeatures
    places: Places
    commutes: Commutes
    communes: Communes
    synthetic_streets: bool
    sources: tuple[tuple[str, str, str], ...]  #: (what, value or method, source or "assumption: why")
    report: Mapping[str, Any] = field(default_factory=dict)  #: what was read, dropped or repaired, JSON-able
