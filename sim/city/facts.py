"""The tables of facts behind an embedded city: ``scenarios/cities/NAME/*.csv``, each row with its source."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np

from sim.city.geometry import Plane, inside
from sim.city.sources import CitySource, CommuneMargins, Communes
from sim.codes import Ring, Sector, TransitMode
from sim.columns import Codes, Floats
from sim.errors import Fault, InputError, nearest

#: Outer edges of the survey's first and second ring, distance from the centre [km], where survey.toml gives none: assumption (the
#: survey of Toulouse uses communes).
RING_EDGES_KM = (9.0, 16.0)
#: Share of houses among dwellings of suburban communes: of 1,000 inhabitants, less per tenfold size, at least, at most (assumption).
HOUSES_SMALL, HOUSES_FALL, HOUSES_LEAST, HOUSES_MOST = 0.95, 0.264, 0.40, 0.97


@dataclass(frozen=True)
class LineFact:
    """One line with its stations in order."""

    name: str
    mode: TransitMode
    headway_peak: float  #: min
    headway_off: float  #: min
    capacity: float  #: places of a vehicle
    length_km: float  #: published length, 0 if unknown
    minutes: float  #: published time from end to end, 0 if unknown
    running: bool
    stations: tuple[tuple[str, float, float], ...]  #: name, lon, lat; of bus lines the places they pass


@dataclass(frozen=True)
class Way:
    """A named polyline."""

    name: str
    kind: str
    points: Floats  #: (n, 2) lon, lat


@dataclass(frozen=True)
class CityFacts:
    """Everything known of an embedded city."""

    name: str
    centre: tuple[float, float]  #: lon, lat
    communes: Communes
    area_km2: Floats  #: by commune
    quarters: Floats  #: (q, 4) lon, lat, share of the largest commune's inhabitants, radius [km]; none: one disc
    motorways: tuple[Way, ...]
    water: tuple[Way, ...]
    bridges: tuple[tuple[str, str, float, float], ...]  #: name, street or motorway, lon, lat
    lez: Floats | None  #: (n, 2) lon/lat polygon of the low-emission zone
    inner: Floats | None  #: (n, 2) lon/lat edge of the dense city, where no ring road closes around it
    sectors: Mapping[Sector, float]  #: share of the jobs by branch; empty: those of sim.city.flows
    survey: Mapping[str, Any]  #: what mode constants are fitted to (survey.toml); empty: the survey of Toulouse
    poles: tuple[tuple[str, str, float, float, float], ...]  #: name, jobs or study, lon, lat, thousand jobs or places
    aeronautics: Floats  #: (n, 2) lon, lat of the poles whose jobs are of that branch
    gates: tuple[tuple[str, float, float, float, float, float], ...]  #: name, lon, lat, incomers, through, freight
    rail_gates: tuple[bool, ...]  #: by gate: a railway runs beside the road
    interchanges: tuple[
        tuple[str, bool, float, float, float, bool], ...
    ]  #: name, rail, lon, lat, places, open to banned cars
    lines: tuple[LineFact, ...]
    totals: dict[str, float]
    sources: tuple[tuple[str, str, str], ...]

    @property
    def ring_road(self) -> Floats:
        """(n, 2) lon/lat polygon of the ring road, or of the dense city where none closes around it."""
        ring = next((w.points for w in self.motorways if w.kind == "ring"), self.inner)
        if ring is None:
            raise InputError(Fault(self.name, "no ring road", "a motorway of kind ring, or inner.csv"))
        return ring

    def shores(self, plane: Plane) -> list[Floats]:
        """Closed outlines [m] of lakes, lagoons and the sea: no street corner lies inside, no street leads across."""
        return [np.column_stack(plane.to_metres(*w.points.T)) for w in self.water if w.kind == "lake"]

    def ring_of(self, lon: Floats, lat: Floats) -> Codes:
        """Survey ring of places: inside the ring road, then by distance from the centre."""
        plane = Plane.around(*self.centre)
        x, y = plane.to_metres(lon, lat)
        distance = np.hypot(x, y) / 1000.0
        out = np.searchsorted(tuple(self.survey.get("ring_edges_km", RING_EDGES_KM)), distance) + Ring.FIRST
        return np.where(inside(self.ring_road, lon, lat), Ring.CENTRE, out).astype(np.int8)


def names() -> tuple[str, ...]:
    """Embedded cities."""
    return tuple(sorted(p.name for p in _root().iterdir() if p.is_dir() and (p / "communes.csv").is_file()))


def load_facts(name: str) -> CityFacts:
    """The facts of an embedded city. Raises InputError on an unknown name."""
    if name not in names():
        raise InputError(Fault("city", repr(name), "one of " + ", ".join(names()), "", nearest(name, names())))
    folder = _root() / name
    totals = tomllib.loads((folder / "totals.toml").read_text("utf-8"))
    rows = list(_rows(folder / "communes.csv"))
    values = {key: float(row["value"]) for key, row in totals.items()}
    capital = max(rows, key=lambda r: float(r["population"]))
    first = next(p for p in _rows(folder / "poles.csv"))
    centre = (float(first["lon"]), float(first["lat"]))
    return CityFacts(
        name=name,
        centre=centre,
        communes=_communes(rows, values, capital["code"]),
        area_km2=_floats(rows, "area_km2"),
        quarters=_quarters(folder / "quarters.csv"),
        motorways=_ways(folder / "motorways.csv"),
        water=_ways(folder / "water.csv"),
        bridges=tuple(
            (r["name"], r["kind"], float(r["lon"]), float(r["lat"])) for r in _rows(folder / "bridges.csv")
        ),
        lez=_polygon(folder / "lez.csv"),
        inner=_polygon(folder / "inner.csv"),
        sectors=_sectors(folder / "sectors.csv"),
        survey=_survey(folder / "survey.toml"),
        poles=tuple(
            (r["name"], r["kind"], float(r["lon"]), float(r["lat"]), float(r["weight"])) for r in _rows(folder / "poles.csv")
        ),
        aeronautics=np.array(
            [(float(r["lon"]), float(r["lat"])) for r in _rows(folder / "poles.csv") if r.get("branch") == "aeronautics"]
        ).reshape(-1, 2),
        gates=tuple(
            (r["name"], float(r["lon"]), float(r["lat"]), float(r["incomers_share"]), float(r["through_share"]),
             float(r["freight_share"]))
            for r in _rows(folder / "gates.csv")
        ),
        rail_gates=tuple(r["rail"] == "1" for r in _rows(folder / "gates.csv")),
        interchanges=tuple(
            (r["name"], r["kind"] == "rail", float(r["lon"]), float(r["lat"]), float(r["places"]), r["open_to_all"] == "1")
            for r in (_rows(folder / "interchanges.csv") if (folder / "interchanges.csv").is_file() else ())
        ),
        lines=_lines(folder),
        totals=values,
        sources=tuple(_sources(folder, totals)),
    )  # fmt: skip


def facts_for(source: CitySource) -> CityFacts | None:
    """Facts of the embedded city whose centre lies inside the source's places, if any."""
    for name in names():
        facts = load_facts(name)
        lon, lat = facts.centre
        p = source.places
        if len(p) and p.lon.min() < lon < p.lon.max() and p.lat.min() < lat < p.lat.max():
            return facts
    return None


def _root() -> Traversable:
    return files("scenarios") / "cities"


def _rows(path: Traversable) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(path.read_text("utf-8").splitlines())


def _communes(rows: list[dict[str, str]], totals: dict[str, float], capital: str) -> Communes:
    """Margins by commune: population and jobs as listed, the rest by the stated shares scaled to the city's totals."""
    population = _floats(rows, "population")
    is_capital = np.array([r["code"] == capital for r in rows])

    def by_place(name: str) -> Floats:
        return np.where(is_capital, totals[f"{name}_{capital_name}"], totals[f"{name}_suburbs"])

    capital_name = next(r["name"] for r in rows if r["code"] == capital).lower()
    households = _scaled(population / by_place("household_size"), totals["households"])
    dwellings = _scaled(households, totals["dwellings"])
    suburban = np.clip(HOUSES_SMALL - HOUSES_FALL * np.log10(population / 1000.0), HOUSES_LEAST, HOUSES_SMALL)
    houses = dwellings * np.where(is_capital, totals[f"houses_share_{capital_name}"], suburban)
    margins = CommuneMargins(
        lon=_floats(rows, "lon"), lat=_floats(rows, "lat"), population=population, households=households,
        employed=_scaled(population * by_place("employed_share"), totals["employed"]),
        unemployed=_scaled(population * by_place("unemployed_share"), totals["unemployed"]),
        students=_scaled(population * by_place("students_share"), totals["students"]),
        jobs=_floats(rows, "jobs"), cars=households * by_place("cars_per_household"), dwellings=dwellings,
        houses=np.minimum(_scaled(houses, totals["dwellings"] * totals["houses_share"]), HOUSES_MOST * dwellings),
    )  # fmt: skip
    return Communes(tuple(r["code"] for r in rows), tuple(r["name"] for r in rows), margins)


def _floats(rows: list[dict[str, str]], name: str) -> Floats:
    return np.array([float(r[name]) for r in rows])


def _scaled(values: Floats, total: float) -> Floats:
    out: Floats = values * (total / values.sum())
    return out


def _ways(path: Traversable) -> tuple[Way, ...]:
    groups: dict[tuple[str, str], list[tuple[int, float, float]]] = {}
    for r in _rows(path):
        groups.setdefault((r["name"], r["kind"]), []).append((int(r["order"]), float(r["lon"]), float(r["lat"])))
    return tuple(Way(name, kind, np.array(sorted(points))[:, 1:]) for (name, kind), points in groups.items())


def _quarters(path: Traversable) -> Floats:
    rows = list(_rows(path)) if path.is_file() else []
    return np.array([[float(r[name]) for name in ("lon", "lat", "share", "radius_km")] for r in rows]).reshape(-1, 4)


def _polygon(path: Traversable) -> Floats | None:
    if not path.is_file():
        return None
    return np.array(sorted((int(r["order"]), float(r["lon"]), float(r["lat"])) for r in _rows(path)))[:, 1:]


def _sectors(path: Traversable) -> dict[Sector, float]:
    return {Sector[r["sector"].upper()]: float(r["share"]) for r in _rows(path)} if path.is_file() else {}


def _survey(path: Traversable) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def _lines(folder: Traversable) -> tuple[LineFact, ...]:
    stations: dict[str, list[tuple[int, str, float, float]]] = {}
    for r in _rows(folder / "stations.csv"):
        stations.setdefault(r["line"], []).append((int(r["order"]), r["name"], float(r["lon"]), float(r["lat"])))
    return tuple(
        LineFact(
            r["line"], TransitMode[r["mode"].upper()], float(r["headway_peak_min"]), float(r["headway_off_min"]),
            float(r["capacity"]), float(r["length_km"]), float(r["minutes"]), r["running"] == "1",
            tuple((n, lon, lat) for _, n, lon, lat in sorted(stations[r["line"]])),
        )
        for r in _rows(folder / "lines.csv")
    )  # fmt: skip


def _sources(folder: Traversable, totals: dict[str, dict[str, object]]) -> Iterator[tuple[str, str, str]]:
    survey = _survey(folder / "survey.toml")
    if survey:
        yield "mode shares", f"car by ring {survey['car_by_ring']}", str(survey["source"])
    for key, row in totals.items():
        yield f"total: {key}", f"{row['value']} {row['unit']}", str(row["source"])
    for name in (
        "communes",
        "motorways",
        "water",
        "bridges",
        "stations",
        "lines",
        "interchanges",
        "poles",
        "gates",
        "lez",
        "quarters",
        "inner",
        "sectors",
    ):
        seen: set[str] = set()
        for r in _rows(folder / f"{name}.csv") if (folder / f"{name}.csv").is_file() else ():
            for key, text in r.items():
                if key.startswith("source") and text not in seen:
                    seen.add(text)
                    yield f"{name}{key[6:].replace('_', ': ')}", f"{name}.csv", text
