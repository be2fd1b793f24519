"""A city: street graph, districts, cells, transit lines, what enters at the cordon; and where each fact comes from.

The arrays are the city; :attr:`City.graph` shows the same streets as a NetworkX graph with documented attributes. Every
source (embedded replica, GeoJSON, later GTFS, TNTP) ends in this one object, and a bundle is this object on disk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import networkx as nx
import numpy as np

from sim.codes import Cable, Ring, RoadClass, StationKind, TransitMode
from sim.columns import Array, Bools, Codes, Floats, Int32s, Ints, Table, column


@dataclass
class Nodes(Table):
    """Junctions and dead ends of the street graph."""

    lon: Floats = column("f8", "degree", "longitude, WGS 84")
    lat: Floats = column("f8", "degree", "latitude, WGS 84")
    x: Floats = column("f8", "m", "easting in the city's local plane")
    y: Floats = column("f8", "m", "northing in the city's local plane")
    height: Floats = column("f8", "m", "height above the sea, NaN where not known")


@dataclass
class Links(Table):
    """Directed street links. Both directions of a two-way street share ``edge``."""

    tail: Int32s = column("i4", "-", "node the link leaves")
    head: Int32s = column("i4", "-", "node the link enters")
    edge: Int32s = column("i4", "-", "street piece: row of the shapes; two directions share it")
    length: Floats = column("f8", "m", "length along the street")
    road_class: Codes = column("i1", "-", "road class", RoadClass)
    speed: Floats = column("f8", "km/h", "free speed of the class, before junction delay")
    free_time: Floats = column("f8", "s", "free-flow time, junction delay included")
    capacity: Floats = column("f8", "veh/h", "capacity in this direction, all lanes")
    lanes: Codes = column("i1", "-", "lanes in this direction")
    alpha: Floats = column("f8", "-", "BPR coefficient: time = free_time (1 + alpha (flow/capacity)^beta)")
    beta: Floats = column("f8", "-", "BPR power")
    district: Int32s = column("i4", "-", "district the link's middle lies in")
    structure: Codes = column("i1", "-", "0 normal, 1 bridge, 2 tunnel")
    cycle_level: Codes = column("i1", "-", "cycling comfort before the roadmap: 0 none, 1 lane, 2 separate track")
    on_foot: Bools = column("?", "-", "walking and cycling allowed (motorways are closed to both)")


@dataclass
class Shapes(Table):
    """Where each street piece begins in the list of its shape points (see ``City.shape_lon``)."""

    first: Ints = column("i8", "-", "first shape point")
    count: Int32s = column("i4", "-", "number of shape points")


@dataclass
class Districts(Table):
    """Districts: the zones of demand, the feeders of the grid, the places of the maps. Margins are whole numbers."""

    lon: Floats = column("f8", "degree", "longitude of the weighted centre")
    lat: Floats = column("f8", "degree", "latitude of the weighted centre")
    x: Floats = column("f8", "m", "easting")
    y: Floats = column("f8", "m", "northing")
    commune: Int32s = column("i4", "-", "row of City.communes")
    ring: Codes = column("i1", "-", "ring of the travel survey", Ring)
    area: Floats = column("f8", "km2", "inhabited area")
    inner_distance: Floats = column("f8", "km", "mean street distance of a trip inside the district")
    population: Ints = column("i8", "persons", "inhabitants at the reference date")
    households: Ints = column("i8", "households", "households")
    employed: Ints = column("i8", "persons", "employed residents")
    unemployed: Ints = column("i8", "persons", "unemployed residents")
    students: Ints = column("i8", "persons", "students in higher education living here")
    cars: Ints = column("i8", "cars", "cars of residents")
    dwellings: Ints = column("i8", "dwellings", "dwellings, vacant and second homes included")
    houses: Ints = column("i8", "dwellings", "of which houses (the rest are flats)")
    jobs: Ints = column("i8", "jobs", "filled and vacant posts located here")
    study_places: Ints = column("i8", "places", "places in higher education located here")


@dataclass
class Cells(Table):
    """Places inside districts where people live and work (INSEE 200 m cells or generated ones)."""

    lon: Floats = column("f8", "degree", "longitude")
    lat: Floats = column("f8", "degree", "latitude")
    x: Floats = column("f8", "m", "easting")
    y: Floats = column("f8", "m", "northing")
    district: Int32s = column("i4", "-", "district")
    node: Int32s = column("i4", "-", "nearest street node")
    residents: Floats = column("f8", "persons", "weight of the cell among its district's homes")
    jobs: Floats = column("f8", "jobs", "weight of the cell among its district's jobs")


@dataclass
class Connectors(Table):
    """Where a district's trips enter and leave the street graph."""

    district: Int32s = column("i4", "-", "district")
    node: Int32s = column("i4", "-", "street node")
    time: Floats = column("f8", "s", "access time by car between centre and node, each way")


@dataclass
class Lines(Table):
    """Transit lines, one row per line, along its stops one way or both."""

    mode: Codes = column("i1", "-", "kind of line", TransitMode)
    headway_peak: Floats = column("f8", "min", "time between vehicles, morning peak")
    headway_off: Floats = column("f8", "min", "time between vehicles, off-peak")
    capacity: Floats = column("f8", "places", "seated and standing places of one vehicle")
    first_stop: Ints = column("i8", "-", "first row of the line in City.line_stops")
    stop_count: Int32s = column("i4", "-", "stops served")
    running: Bools = column("?", "-", "in service at the reference date (planned lines wait for a measure)")
    both_ways: Bools = column("?", "-", "runs back along the same stops; a line of a timetable runs one way")


@dataclass
class Stops(Table):
    """Transit stops and stations."""

    lon: Floats = column("f8", "degree", "longitude")
    lat: Floats = column("f8", "degree", "latitude")
    x: Floats = column("f8", "m", "easting")
    y: Floats = column("f8", "m", "northing")
    node: Int32s = column("i4", "-", "nearest street node")
    district: Int32s = column("i4", "-", "district the stop lies in")


@dataclass
class LineStops(Table):
    """The stops of each line in order (where a line runs both ways, the way back is the mirror)."""

    stop: Int32s = column("i4", "-", "stop")
    run_time: Floats = column("f8", "s", "time from the line's previous stop, dwell included; 0 at the first")
    distance: Floats = column("f8", "m", "distance from the line's previous stop; 0 at the first")


@dataclass
class Cordon(Table):
    """Gates where the outside meets the street graph: incoming workers, through traffic, freight (morning peak hour)."""

    node: Int32s = column("i4", "-", "street node of the gate")
    incomers: Floats = column("f8", "persons", "workers who come in through this gate on a working day, all modes")
    outgoers: Floats = column("f8", "persons", "residents who work outside and leave through this gate")
    through: Floats = column("f8", "veh/h", "through traffic entering here in the morning peak hour")
    freight: Floats = column("f8", "-", "weight of the gate among the ways of goods from and to the outside")
    rail: Bools = column("?", "-", "a railway runs beside the road here")


@dataclass
class Interchanges(Table):
    """Where commuters from outside change to the city's transit: railway stations, park-and-rides."""

    rail: Bools = column("?", "-", "railway station; else park-and-ride")
    x: Floats = column("f8", "m", "easting")
    y: Floats = column("f8", "m", "northing")
    district: Int32s = column("i4", "-", "district it lies in")
    places: Floats = column("f8", "places", "places of the park-and-ride")
    open_to_all: Bools = column("?", "-", "cars that a low-emission zone bans may reach it")


@dataclass
class Stations(Table):
    """Stations between medium and low voltage, each with one transformer; see :mod:`sim.city.feeders`."""

    district: Int32s = column("i4", "-", "district whose customers it supplies")
    x: Floats = column("f8", "m", "easting")
    y: Floats = column("f8", "m", "northing")
    node: Int32s = column("i4", "-", "nearest street node")
    kind: Codes = column("i1", "-", "whose it is", StationKind)
    kva: Floats = column("f8", "kVA", "rated power of the transformer")
    r: Floats = column("f8", "ohm", "resistance of the transformer, seen from 400 V")
    x_ohm: Floats = column("f8", "ohm", "reactance of the transformer, seen from 400 V")
    idle: Floats = column("f8", "W", "no-load loss of the transformer")
    first: Ints = column("i8", "-", "its first row of City.buses: the low-voltage busbar")
    count: Int32s = column("i4", "-", "its rows of City.buses")


@dataclass
class Buses(Table):
    """Points of low-voltage lines where customers or branches hang: trees, parents before children, station by station."""

    station: Int32s = column("i4", "-", "station")
    parent: Int32s = column("i4", "-", "row of the bus on the way to the station; its own for a busbar")
    node: Int32s = column("i4", "-", "nearest street node")
    x: Floats = column("f4", "m", "easting")
    y: Floats = column("f4", "m", "northing")
    length: Floats = column("f4", "m", "length of the line from the parent")
    cable: Codes = column("i1", "-", "cable of that line", Cable)
    sets: Codes = column("i1", "-", "equal cables side by side")
    r: Floats = column("f8", "ohm", "resistance of the line, all cables together, at 20 degC")
    x_ohm: Floats = column("f8", "ohm", "reactance of the line, all cables together")
    rating: Floats = column(
        "f4", "A", "current that the line may carry per phase, all cables together; infinite for a busbar"
    )
    houses: Floats = column("f8", "dwellings", "houses connected here")
    flats: Floats = column("f8", "dwellings", "flats connected here")
    floor: Floats = column("f8", "m2", "firms' floor connected here")
    charging: Floats = column("f8", "-", "share of its district's charging away from home; sums to 1 over a district")


#: Name in ``City.prepared`` of the (n, 2) reference and modelled free-flow times [s].
FREE_FLOW_PAIRS = "free_flow_pairs"


@dataclass
class Weather:
    """One year of hours. Hour h is h..h+1 of the legal clock (summer time April to October), 1 January first, 365 days."""

    temperature: Floats  #: (8760,) outdoor air [degC]
    direct: Floats  #: (8760,) beam on a plane that faces the sun [W/m2]
    diffuse: Floats  #: (8760,) diffuse on the horizontal [W/m2]
    horizontal: Floats  #: (8760,) global on the horizontal [W/m2]
    sun: Floats  #: (8760, 3) unit vector to the sun (east, north, up) amid the hour's sunlit part; up <= 0: night
    extra: Floats  #: (8760,) outside the atmosphere, on a plane that faces the sun [W/m2]
    first_weekday: int = 0  #: of 1 January, 0 Monday
    source: str = ""


@dataclass(eq=False)
class City:
    """The city as arrays (compared and hashed by identity). Every system reads it; nothing writes to it after it is built."""

    name: str
    nodes: Nodes
    links: Links
    shapes: Shapes
    shape_lon: Floats
    shape_lat: Floats
    districts: Districts
    district_names: tuple[str, ...]
    commune_codes: tuple[str, ...]  #: INSEE codes
    commune_names: tuple[str, ...]
    jobs: Ints  #: (n_districts, n_sectors) posts by sector; sums over sectors to districts.jobs
    commuters: Floats  #: (n_districts, n_districts) employed residents by home and work district, fitted to margins
    cells: Cells
    connectors: Connectors
    lines: Lines
    line_names: tuple[str, ...]
    line_stops: LineStops
    stops: Stops
    stop_names: tuple[str, ...]
    cordon: Cordon
    gate_names: tuple[str, ...] = ()
    interchanges: Interchanges = field(default_factory=Interchanges.blank)
    interchange_names: tuple[str, ...] = ()
    stations: Stations = field(default_factory=Stations.blank)
    buses: Buses = field(default_factory=Buses.blank)
    weather: Weather | None = None
    synthetic_streets: bool = False  #: maps of such a city are stamped "synthetic streets"
    water: tuple[Array, ...] = ()  #: polylines (n, 2) lon/lat of rivers, for maps
    areas: dict[str, Array] = field(
        default_factory=dict
    )  #: named areas: district numbers (centre, inside_ring_road...)
    facts: dict[str, Any] = field(default_factory=dict)  #: JSON-able: margins by age/household size..., reports, checks
    sources: tuple[tuple[str, str, str], ...] = ()  #: (what, value or method, source or "assumption: why")
    prepared: dict[str, Array] = field(default_factory=dict)  #: calibrated constants and stored equilibria by name

    @property
    def n_districts(self) -> int:
        """Number of districts."""
        return len(self.districts)

    @cached_property
    def graph(self) -> nx.MultiDiGraph[int]:
        """The streets as a NetworkX graph.

        Node attributes: lon, lat [degree], x, y [m]. Edge attributes: link (row), length [m], road_class (name), speed
        [km/h], free_time [s], capacity [veh/h], lanes, district, cycle_level. Edge keys are link rows.
        """
        graph: Any = nx.MultiDiGraph(name=self.name)
        n, a = self.nodes, self.links
        graph.add_nodes_from(
            (i, {"lon": lon, "lat": lat, "x": x, "y": y})
            for i, (lon, lat, x, y) in enumerate(
                zip(n.lon.tolist(), n.lat.tolist(), n.x.tolist(), n.y.tolist(), strict=True)
            )
        )
        names = [c.name.lower() for c in RoadClass]
        rows = zip(
            a.tail.tolist(), a.head.tolist(), a.length.tolist(), a.road_class.tolist(), a.speed.tolist(),
            a.free_time.tolist(), a.capacity.tolist(), a.lanes.tolist(), a.district.tolist(), a.cycle_level.tolist(), strict=True,
        )  # fmt: skip
        graph.add_edges_from(
            (
                u, v, i,
                {"link": i, "length": length, "road_class": names[c], "speed": speed, "free_time": time,
                 "capacity": capacity, "lanes": lanes, "district": d, "cycle_level": level},
            )
            for i, (u, v, length, c, speed, time, capacity, lanes, d, level) in enumerate(rows)
        )  # fmt: skip
        return cast("nx.MultiDiGraph[int]", graph)

    def area(self, name: str) -> Ints:
        """Districts of a named area, a commune (name or INSEE code), a ring ("ring:first"), one district ("district:12").

        KeyError if unknown.
        """
        if name in self.areas:
            return np.asarray(self.areas[name], dtype=np.int64)
        if name == "all":
            return np.arange(self.n_districts)
        for i, (code, commune) in enumerate(zip(self.commune_codes, self.commune_names, strict=True)):
            if name in (code, commune):
                return np.flatnonzero(self.districts.commune == i)
        if name.startswith("district:") and name[9:].isdecimal() and int(name[9:]) < self.n_districts:
            return np.array([int(name[9:])])
        if name.startswith("ring:") and name[5:].upper() in Ring.__members__:
            return np.flatnonzero(self.districts.ring == Ring[name[5:].upper()])
        raise KeyError(name)

    def area_names(self) -> tuple[str, ...]:
        """Every name that :meth:`area` knows."""
        rings = tuple(f"ring:{ring.name.lower()}" for ring in Ring)
        single = tuple(f"district:{i}" for i in range(self.n_districts))
        return ("all", *self.areas, *rings, *self.commune_names, *self.commune_codes, *single)
