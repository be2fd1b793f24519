"""A normal year of a city's energy beside published figures: what was fitted, what is predicted, and what typical days cost.

The embedded year's population at a share, its travel settled, no measures, prices of the start year, the weather of the normal year.
Nothing is fitted here: the table says of each figure whether the model's inputs were set to it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from sim.city.city import City
from sim.codes import TERRITORIAL_ACCOUNT, AccountItem, Carrier, DwellingType, EnergyUse, Heating, Powertrain
from sim.columns import Array, Floats
from sim.indicators import BY_NAME
from sim.indicators.energy import HOME
from sim.indicators.registry import Snapshot
from sim.measures.policies import Policies, axis_sizes, compose
from sim.months import parse_month, traffic_days
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.energy import EnergySystem
from sim.systems.energy.charging import charge
from sim.systems.energy.homes import live_month
from sim.systems.energy.sharing import public_pv
from sim.systems.energy.tariffs import tariffs
from sim.systems.energy.transit import departures, lines_of, service_days
from sim.systems.energy.typical import Errors, errors
from sim.systems.energy.uses import presence
from sim.systems.mobility import MobilitySystem
from sim.systems.mobility.calibrate import make_state

START = parse_month("2021-01")
GAP = 1e-3
SAMPLE = 20_000  #: dwellings that all hours are lived with
TOULOUSE = "Toulouse"
BEST_TILT = np.radians(30.0)


@dataclass(frozen=True)
class Figure:
    """One line: the model's value and what was published; ``status``: predicted, derived from published inputs, or fitted to it."""

    key: str
    label: str
    unit: str
    model: float
    low: float
    high: float
    where: str
    year: str
    status: str
    source: str


@dataclass(frozen=True)
class Year:
    """Twelve months of the city: sums over months, and the state after the last."""

    city: City
    state: State
    parameters: Parameters
    final: Array  #: (D, 7, uses) MWh
    account: Array  #: (2, items) tCO2e
    road: float  #: MWh of fuel on the streets
    pv: float  #: MWh
    peak: float  #: MW
    bills: float  #: €
    transit_km: float
    south: float  #: kWh of a kWp facing south at 30 degrees
    electric: tuple[float, float]  #: MWh of a normal year's direct electric heating of a house and of a flat
    last: Snapshot

    @property
    def people(self) -> float:
        """Inhabitants."""
        c = self.state.citizens
        return float(c.weight[c.alive].sum())

    @property
    def homes(self) -> float:
        """Main homes."""
        d = self.state.dwellings
        return float(d.weight[d.alive & (d.household >= 0)].sum())

    def used(self, *uses: EnergyUse) -> float:
        """MWh of the year."""
        return float(self.final[:, :, list(uses)].sum())


def live_year(city: City, share: float, threads: int) -> Year:
    """The year from :data:`START` on, in a world whose prices stand still."""
    p, trends = Parameters(), Trends(START)
    state = make_state(city, p, START, share)
    policies = compose([], axis_sizes(city, 0))
    roads, energy = (
        MobilitySystem(city, p, trends, gap=GAP, threads=threads), EnergySystem(city, p, trends, threads=threads)
    )  # fmt: skip
    roads.begin(state)
    energy.begin(state)
    final, account = np.zeros_like(state.energy.final), np.zeros_like(state.energy.account)
    road = pv = peak = bills = vehicles = south = 0.0
    a_day = float((departures(city, policies, p).sum(axis=1) * lines_of(city, p).km.sum(axis=1)).sum())
    for month in range(START, START + 12):
        state.month = month
        roads.settle(state, policies)
        energy.balance(state, policies)
        e, h = state.energy, state.households
        final += e.final
        account += e.account
        road += float(state.traffic.road_energy.sum()) * traffic_days(month, p)
        pv += float(e.pv.sum())
        peak = max(peak, float(e.load.max()))
        bills += float((h.weight * h.energy_bill)[h.alive].sum())
        hours = energy.month(state, policies)
        vehicles += a_day * service_days(hours, p)
        south += float((public_pv(np.ones(1), hours, BEST_TILT) @ hours.weight).sum()) / 1000.0
    last = Snapshot(city, state, policies, p, trends)
    return Year(
        city, state, p, final, account, road, pv, peak, bills, vehicles, south, _electric(energy, state, policies), last
    )


def _electric(energy: EnergySystem, state: State, policies: Policies) -> tuple[float, float]:
    """MWh a year of the mean house and flat with direct electric heating."""
    p, d = energy.parameters, state.dwellings
    homes = live_month(
        state, policies, energy.month(state, policies), 0, tariffs(START, energy.trends, policies), energy.comfort, presence(state),
        charge(state, policies, energy.electric_car, energy.job_share, p).home, energy.water_day, p, energy.city.n_districts,
        energy.threads,
    )  # fmt: skip
    flat, direct = d.kind[homes.rows] > DwellingType.TH, d.heating[homes.rows] == Heating.ELECTRIC
    weight = [np.where(direct & kind, homes.weight, 0.0) for kind in (~flat, flat)]
    house, apartment = (float((w * homes.year_heat).sum() / max(float(w.sum()), 1e-300)) / 1e3 for w in weight)
    return house, apartment


# --- the model's figures --------------------------------------------------------------------------------------------


def _indicator(name: str) -> Callable[[Year], float]:
    return lambda y: float(BY_NAME[name].formula(y.last))


def _each(*uses: EnergyUse) -> Callable[[Year], float]:
    return lambda y: y.used(*uses) / y.people


def _of_homes(use: EnergyUse) -> Callable[[Year], float]:
    return lambda y: 100.0 * y.used(use) / y.used(*HOME)


def _carrier(carrier: Carrier, y: Year) -> float:
    return float(y.final[:, carrier, list(HOME)].sum()) / y.people


def _territory(y: Year) -> float:
    """MWh on the territory, fuel where it is burnt."""
    return float(y.final.sum()) - y.used(EnergyUse.FUEL) + y.road


def _electricity_of_toulouse(y: Year) -> float:
    """MWh of dwellings' electricity by inhabitant of the commune of Toulouse; of the city where no commune is called so."""
    names = np.array(y.city.commune_names)
    inside = names[y.city.districts.commune] == TOULOUSE
    inside = inside if inside.any() else np.ones(len(inside), bool)
    c = y.state.citizens
    people = float(c.weight[c.alive & inside[c.district]].sum())
    return float(y.final[inside][:, Carrier.ELECTRICITY, list(HOME)].sum()) / max(people, 1e-300)


def _electric_floors(y: Year) -> float:
    floors = y.final[:, :, EnergyUse.TERTIARY].sum(axis=0)
    return 100.0 * float(floors[Carrier.ELECTRICITY] / max(float(floors.sum()), 1e-300))


def _classes(*letters: str) -> Callable[[Year], float]:
    return lambda y: sum(float(BY_NAME[f"dpe_{letter}"].formula(y.last)) for letter in letters)


def _cars(y: Year) -> Floats:
    c = y.state.cars
    return np.where(c.alive, c.weight, 0.0)


def _car_km(y: Year) -> float:
    w = _cars(y)
    return 365.0 * float(y.state.traffic.vehicle_km.sum()) / max(float(w.sum()), 1e-300)


def _charged(y: Year) -> float:
    """kWh a year of a battery-electric car, by the last month's kilometres."""
    electric = _cars(y) * (y.state.cars.powertrain == Powertrain.ELECTRIC)
    km = 365.0 / 31.0 * float((electric * y.state.cars.km).sum()) / max(float(electric.sum()), 1e-300)
    return km * y.parameters["electric_car_use"]


def _transport_share(y: Year) -> float:
    items = y.account[0]
    transport = [i for i in TERRITORIAL_ACCOUNT if AccountItem.CHARGING <= i <= AccountItem.TRANSIT_OTHERS]
    return 100.0 * float(items[transport].sum() / max(float(items[list(TERRITORIAL_ACCOUNT)].sum()), 1e-300))


MODEL: Mapping[str, Callable[[Year], float]] = {
    "final": lambda y: _territory(y) / y.people,
    "buildings": _each(*HOME, EnergyUse.TERTIARY),
    "road": lambda y: y.road / y.people,
    "dwellings": _each(*HOME),
    "floors": _each(EnergyUse.TERTIARY),
    "home": lambda y: y.used(*HOME) / y.homes,
    "electricity_home": _electricity_of_toulouse,
    "electricity_all": lambda y: _carrier(Carrier.ELECTRICITY, y),
    "gas_home": lambda y: _carrier(Carrier.GAS, y),
    "electricity_floors": _electric_floors,
    "flat_heating": lambda y: y.electric[1],
    "house_heating": lambda y: y.electric[0],
    "use_heating": _of_homes(EnergyUse.HEATING),
    "use_water": _of_homes(EnergyUse.HOT_WATER),
    "use_cooking": _of_homes(EnergyUse.COOKING),
    "use_cooling": _of_homes(EnergyUse.COOLING),
    "appliances": lambda y: 1000.0 * y.used(EnergyUse.APPLIANCES) / y.homes,
    "bill": lambda y: y.bills / y.homes,
    "peak": lambda y: 1000.0 * y.peak / y.people,
    "pv_yield": lambda y: 1000.0 * y.pv / max(float((y.state.dwellings.weight * y.state.dwellings.pv).sum()), 1e-300),
    "pv_south": lambda y: y.south,
    "pv_homes": lambda y: y.pv / 1000.0,
    "dpe_ab": _classes("a", "b"),
    "dpe_c": _classes("c"),
    "dpe_d": _classes("d"),
    "dpe_cd": _classes("c", "d"),
    "dpe_efg": _classes("e", "f", "g"),
    "dpe_fg": _classes("f", "g"),
    "poverty": _indicator("energy_poverty"),
    "poverty_bill": _indicator("energy_poverty_bill"),
    "lighting": lambda y: 1000.0 * y.used(EnergyUse.LIGHTING) / y.people,
    "car_km": _car_km,
    "ev": _charged,
    "transit_km": lambda y: y.transit_km / 1e6,
    "transit_co2": lambda y: (
        float(y.account[0, [AccountItem.TRANSIT_RESIDENTS, AccountItem.TRANSIT_OTHERS]].sum()) / 1e3
    ),
    "transport_share": _transport_share,
}


def figures(year: Year) -> tuple[Figure, ...]:
    """The model's values beside the table of published ones."""
    text = (files("sim.systems.energy") / "data" / "published.csv").read_text("utf-8")
    return tuple(
        Figure(
            row["key"], row["label"], row["unit"], MODEL[row["key"]](year), float(row["low"]), float(row["high"]), row["where"],
            row["year"], row["status"], row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )  # fmt: skip


@dataclass(frozen=True)
class Check:
    """What ``rebond city show --energy`` prints."""

    share: float
    figures: tuple[Figure, ...]
    typical_days: Errors

    def answer(self) -> dict[str, Any]:
        """For machines."""
        return {
            "energy": [asdict(one) for one in self.figures], "typical_days": asdict(self.typical_days), "energy_share": self.share,
        }  # fmt: skip


def check(city: City, share: float, threads: int) -> Check:
    """Live the year and compare."""
    year = live_year(city, share, threads)
    energy = EnergySystem(city, year.parameters, Trends(START), threads=threads)
    off = errors(year.state, energy.climate, year.parameters, sample=SAMPLE, threads=threads)
    return Check(share, figures(year), off)


def table(found: Check) -> list[str]:
    """Lines of a plain table."""
    lines = [
        f"A normal year of energy, {100.0 * found.share:g} % of the people, no measures, prices of January 2021",
        f"{'figure':46} {'unit':13} {'model':>8}  {'published':>16}  {'where':26} {'year':10} status",
    ]
    for one in found.figures:
        published = _number(one.low) if one.low == one.high else f"{_number(one.low)} .. {_number(one.high)}"
        lines.append(
            f"{one.label:46} {one.unit:13} {_number(one.model):>8}  {published:>16}  {one.where:26} {one.year:10} {one.status}"
        )
    return [*lines, found.typical_days.said(), "sources: docs/energy.md, or --json"]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
