"""What each occupied dwelling uses in a month: every dwelling and hour in one pass, then its energies by use and carrier, and its bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from kernels.draws import stream, uniforms
from kernels.stock import Dwellings, Lived, live
from kernels.thermal import H_MS
from sim.buildings.archetypes import archetype_index
from sim.buildings.envelope import AIR_CAPACITY, ROOM_HEIGHT, envelope
from sim.codes import Carrier, DwellingType, Heating
from sim.columns import Array, Bools, Floats, Ints
from sim.measures.policies import Policies
from sim.state import State
from sim.systems.energy.blocks import by_blocks, weighted_sums
from sim.systems.energy.charging import HomeCharging
from sim.systems.energy.comfort import NO_COOLING, Comfort
from sim.systems.energy.hours import Month
from sim.systems.energy.tariffs import Tariffs
from sim.systems.energy.uses import (
    HEATING_CARRIER,
    WATER_CARRIER,
    YEAR,
    Presence,
    appliances,
    cooking,
    efficiency,
    occupied,
)

WATTS = 1000.0 / 24.0  #: mean power [W] of a kWh a day
HOUSE, FLAT = 0, 1  #: groups of a district's dwellings
TANK_SHIFT = (
    0.8  #: share of an electric tank's heating that demand response moves (assumption: the rest makes up for losses)
)


#: Columns of :class:`Homes` as they are made with those of the stock.
OF_HOMES = ("household", "district", "carrier", "water_carrier", "cooking_carrier", "appliances", "charging", "size", "sharing",
            "year_water", "year_free", "year_heat")  # fmt: skip


@dataclass(frozen=True)
class Homes:
    """Occupied dwellings of one month. All arrays are by row; energies are of one dwelling [kWh/month], not weighted."""

    rows: Ints  #: rows of dwellings
    household: Ints
    district: Ints
    weight: Floats
    carrier: Ints  #: of heating
    heat: Floats
    water_carrier: Ints
    water: Floats
    cooking_carrier: Ints
    cooking: Floats
    appliances: Floats
    cooling: Floats
    charging: Floats
    size: Floats  #: persons
    warmth: Floats  #: degC heated to
    stress: Floats  #: degree-hours above 28 degC
    pv: Floats
    pv_used: Floats
    kept: Floats  #: what batteries take less what they give
    sharing: Bools  #: takes part in collective self-consumption
    year_water: Floats  #: hot water of a year
    year_free: Floats  #: heating of a normal year without going short
    year_heat: Floats  #: heating of a normal year
    steady: Mapping[str, Floats]  #: (D,) weighted mean power [W] of uses of a fixed shape
    lived: Lived  #: by district x (houses, flats) and hour [W]

    def part(self, start: int, stop: int) -> Homes:
        """Some rows; sums by district and what was lived stay whole."""
        whole = ("steady", "lived")
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        return Homes(**{name: column if name in whole else column[start:stop] for name, column in columns.items()})

    def electricity(self) -> Floats:
        """(n,) all electricity of a dwelling but charging [kWh/month]."""
        return np.asarray(
            self.appliances
            + self.cooling
            + np.where(self.carrier == Carrier.ELECTRICITY, self.heat, 0.0)
            + np.where(self.water_carrier == Carrier.ELECTRICITY, self.water, 0.0)
            + np.where(self.cooking_carrier == Carrier.ELECTRICITY, self.cooking, 0.0)
        )


@dataclass(frozen=True)
class Heated:
    """How dwellings (n,) are heated: energy for comfort in a normal year, and the share of standard need that is really used."""

    year_free: Floats  #: kWh/year of the carrier, without going short
    year_heat: Floats  #: kWh/year of the carrier
    change: Floats  #: K against the standard set-point


@dataclass(frozen=True)
class Daily:
    """Uses of a fixed shape, (n,) kWh a day: hot water, of which electric ``tank`` and what of it is ``moved``; plugs; hob. And the
    energy bought for a kWh of hot water, 1 / ``boiler``."""

    boiler: Floats
    water: Floats
    water_carrier: Ints
    tank: Floats
    moved: Floats
    plugs: Floats
    hob: Floats
    hob_carrier: Ints


def live_month(
    state: State, policies: Policies, month: Month, month_of_year: int, prices: Tariffs, comfort: Comfort, presence: Presence,
    charging: HomeCharging, water_day: Floats, parameters: Mapping[str, float], districts: int, threads: int,
) -> Homes:  # fmt: skip
    """Every occupied dwelling through the hours of the month. ``water_day`` (12,) kWh a day and person."""
    rows = np.flatnonzero(occupied(state))
    known = _known_masses(state, month)

    def columns(start: int, stop: int) -> dict[str, Array]:
        return _columns(
            state, rows[start:stop], policies, month, month_of_year, prices, comfort, presence, charging, known, water_day, parameters
        )  # fmt: skip

    made = by_blocks(columns, len(rows), threads)
    stock = Dwellings(**{name: made[name] for name in Dwellings._fields})
    found = live(
        stock,
        made["group"],
        month.hours,
        groups=2 * districts,
        weight=month.stands(),
        typical=month.typical,
        threads=threads,
    )
    if not month.typical:
        state.energy.mass[rows] = found.mass
    shaped = {"water": stock.water, "moved_water": made["moved"], "plugs": stock.plugs, "cooking": stock.cooking, "car": stock.car,
              "night_car": stock.night_car, "smart_car": made["smart_car"]}  # fmt: skip
    sums = weighted_sums([made["district"]] * len(shaped), list(shaped.values()), made["weight"], districts, threads)
    used = by_blocks(lambda start, stop: _used(found, start, stop), len(rows), threads)
    kept = {name: made[name] for name in OF_HOMES}
    return Homes(rows=rows, **kept, **used, weight=stock.weight, warmth=stock.heat_at, water=made["water_used"],
                 cooking=made["cooking_used"], steady=dict(zip(shaped, sums, strict=True)), lived=found)  # fmt: skip


def _used(found: Lived, start: int, stop: int) -> dict[str, Floats]:
    """What some dwellings used."""
    kwh = found.dwelling[start:stop] / 1000.0
    return {"heat": kwh[:, 1] + kwh[:, 2], "cooling": kwh[:, 3], "stress": kwh[:, 8] * 1000.0, "pv": kwh[:, 5], "pv_used": kwh[:, 6],
            "kept": kwh[:, 7]}  # fmt: skip


def _columns(
    state: State, rows: Ints, policies: Policies, month: Month, month_of_year: int, prices: Tariffs, comfort: Comfort, presence: Presence,
    charging: HomeCharging, known: Floats, water_day: Floats, parameters: Mapping[str, float],
) -> dict[str, Array]:  # fmt: skip
    """Of some dwellings: what the kernel wants of them, and what :class:`Homes` keeps."""
    d, days = state.dwellings, month.length
    household, district = d.household[rows].astype(np.int64), d.district[rows].astype(np.int64)
    heating = d.heating[rows].astype(np.int64)
    size = state.households.size[household].astype(np.float64)
    enrolled = _takes_part(state, d.id[rows], "energy.response", policies.demand_response[district])
    heated = _heated(state, rows, household, heating, prices, comfort, presence, parameters)
    daily = _daily(heating, size, enrolled, month_of_year, water_day, parameters)
    stock = _stock(state, rows, month, heated, daily, enrolled, presence, charging, known, parameters)
    return {
        **{name: np.asarray(column, np.float64) for name, column in stock._asdict().items()},
        "household": household, "district": district, "carrier": HEATING_CARRIER[heating],
        "water_carrier": daily.water_carrier, "water_used": daily.water * days, "cooking_carrier": daily.hob_carrier,
        "cooking_used": daily.hob * days, "appliances": daily.plugs * days, "charging": charging.of(household), "size": size,
        "sharing": _takes_part(state, d.id[rows], "energy.sharing", policies.energy_sharing[district]),
        "year_water": size * float(water_day.mean() * YEAR) / daily.boiler, "year_free": heated.year_free, "year_heat": heated.year_heat,
        "group": district * 2 + np.where(d.kind[rows] <= DwellingType.TH, HOUSE, FLAT), "moved": daily.moved * WATTS,
        "smart_car": charging.smart[household] / days * WATTS,
    }  # fmt: skip


def _daily(
    heating: Ints, size: Floats, enrolled: Bools, month_of_year: int, water_day: Floats, parameters: Mapping[str, float]
) -> Daily:
    water_carrier = WATER_CARRIER[heating]
    boiler = np.where(water_carrier == Carrier.ELECTRICITY, 1.0, efficiency(parameters)[heating])
    water = size * water_day[month_of_year] / boiler
    tank = np.where(water_carrier == Carrier.ELECTRICITY, water, 0.0)
    gas = HEATING_CARRIER[heating] == Carrier.GAS
    return Daily(
        boiler, water, water_carrier, tank, np.where(enrolled, TANK_SHIFT * tank, 0.0), appliances(size, month_of_year, parameters),
        cooking(size, parameters), np.where(gas, Carrier.GAS, Carrier.ELECTRICITY),
    )  # fmt: skip


def _stock(
    state: State, rows: Ints, month: Month, heated: Heated, daily: Daily, enrolled: Bools, presence: Presence,
    charging: HomeCharging, known: Floats, parameters: Mapping[str, float],
) -> Dwellings:  # fmt: skip
    """The dwellings as the kernel wants them."""
    d, p, n, days = state.dwellings, parameters, len(rows), month.length
    household, heating = d.household[rows].astype(np.int64), d.heating[rows].astype(np.int64)
    size, area = state.households.size[household].astype(np.float64), d.area[rows]
    walls = envelope(d.kind[rows], d.period[rows], d.retrofit[rows], area, d.position[rows])
    pump = heating == Heating.HEAT_PUMP
    electric = HEATING_CARRIER[heating] == Carrier.ELECTRICITY
    warmth, setback = p["heating_setpoint"] + heated.change, p["heating_setpoint"] - p["heating_setback"]
    return Dwellings(
        box=walls.box, opened=p["airing"] * AIR_CAPACITY * ROOM_HEIGHT * area * month.hours.open.any(),
        aperture=walls.aperture, azimuth=d.azimuth[rows],
        mass=_masses(known, rows, warmth), internal=p["gains_floor"] * area + p["gains_person"] * size,
        absent=p["gains_person"] * (size - np.minimum(presence.persons[household], size)), heat_at=warmth,
        night=np.full(n, setback), away=setback * (1.0 - presence.share[household]),
        relief=np.where(enrolled & electric, p["response_kelvin"], 0.0),
        cool_at=np.where(d.cooled[rows], p["cooling_setpoint"], NO_COOLING), heater=p["heater_size"] * _design_load(walls.box, p),
        per_heat=np.where(pump, 0.0, 1.0 / efficiency(p)[heating]), pump=pump, electric=electric,
        chiller=np.full(n, p["cooling_efficiency"]), water=(daily.tank - daily.moved) * WATTS, plugs=daily.plugs * WATTS,
        cooking=np.where(daily.hob_carrier == Carrier.ELECTRICITY, daily.hob, 0.0) * WATTS,
        car=charging.at_once[household] / days * WATTS, night_car=charging.off_peak[household] / days * WATTS,
        flexible=(daily.moved + charging.smart[household] / days) * WATTS, panels=d.pv[rows] * 1000.0, tilt=d.roof_tilt[rows],
        facing=d.roof_azimuth[rows], battery=d.battery[rows] * 1000.0, weight=d.weight[rows],
    )  # fmt: skip


def _design_load(box: Floats, p: Mapping[str, float]) -> Floats:
    """(n,) W that keep the set-point at the winter design temperature (EN 12831): transmission and ventilation, no gains."""
    opaque = 1.0 / (1.0 / box[:, 1] + 1.0 / (H_MS * box[:, 4]))
    return np.asarray((box[:, 0] + opaque + box[:, 2]) * (p["heating_setpoint"] - p["design_temperature"]))


def _known_masses(state: State, month: Month) -> Floats:
    """(dwellings,) mass temperatures where the month before left them, NaN for new ones; none for days that repeat themselves."""
    e = state.energy
    if month.typical:
        return np.zeros(0)
    if len(e.mass) < len(state.dwellings):
        grown = np.full(len(state.dwellings), np.nan)
        grown[: len(e.mass)] = e.mass
        e.mass = grown
    return e.mass


def _masses(known: Floats, rows: Ints, setpoint: Floats) -> Floats:
    """Mass temperatures at the start: the set-point as a guess where nothing is known."""
    if not len(known):
        return setpoint
    return np.asarray(np.where(np.isfinite(known[rows]), known[rows], setpoint))


def _takes_part(state: State, ids: Ints, name: str, share: Floats) -> Bools:
    """(n,) those whose draw for life is below ``share`` (n,)."""
    if not share.any():
        return np.zeros(len(ids), bool)
    return np.asarray(uniforms(state.seed, stream(name), ids, 0, 0) < share)


def _heated(
    state: State, rows: Ints, household: Ints, heating: Ints, prices: Tariffs, comfort: Comfort, presence: Presence,
    parameters: Mapping[str, float],
) -> Heated:  # fmt: skip
    """What households really use of the standard need: by habit (the prebound effect), prices, and what their income bears."""
    d = state.dwellings
    kind = archetype_index(d.kind[rows], d.period[rows], d.retrofit[rows])
    pump = heating == Heating.HEAT_PUMP
    carrier = HEATING_CARRIER[heating]
    need = d.need[rows]
    habit = np.clip(
        parameters["heating_habit"] - parameters["heating_habit_slope"] * need / np.maximum(d.area[rows], 1.0), 0.4, 1.2
    )
    gone = 1.0 - (1.0 - comfort.away[kind]) * (1.0 - presence.share[household])
    final = np.where(pump, d.pump_need[rows], need / efficiency(parameters)[heating])
    year_free = final * habit * gone
    income = np.maximum(state.households.income[household], 1.0)
    burden = year_free * prices.home[carrier] / (12.0 * income)
    limit = parameters["heating_burden"]
    short = (limit / np.maximum(burden, limit)) ** parameters["heating_burden_elasticity"]
    used = short * (prices.relative ** -parameters["energy_price_elasticity"])[carrier]
    return Heated(year_free, year_free * used, comfort.change(kind, habit * used))


def costs(homes: Homes, tariffs: Tariffs, parameters: Mapping[str, float], threads: int) -> dict[str, Floats]:
    """``bill`` of the month, ``year`` and ``heat`` as :func:`year_costs`, (n,) of each row."""

    def some(start: int, stop: int) -> dict[str, Floats]:
        part = homes.part(start, stop)
        year, heat = year_costs(part, tariffs, parameters)
        return {"bill": month_bill(part, tariffs), "year": year, "heat": heat}

    return by_blocks(some, len(homes.rows), threads)


def month_bill(homes: Homes, tariffs: Tariffs) -> Floats:
    """€ of the month for each row: energy and standing charges, less PV used at once and sold; charging at home included."""
    electricity = tariffs.home[Carrier.ELECTRICITY]
    bill: Floats = (
        homes.heat * tariffs.home[homes.carrier]
        + homes.water * tariffs.home[homes.water_carrier]
        + homes.cooking * tariffs.home[homes.cooking_carrier]
        + (homes.appliances + homes.cooling + homes.charging - homes.pv_used) * electricity
        - (homes.pv - homes.pv_used - homes.kept) * tariffs.feed_in
        + standing(homes, tariffs)
    )
    return bill


def standing(homes: Homes, tariffs: Tariffs) -> Floats:
    """€ a month of standing charges: electricity for all, gas where it heats."""
    gas = np.where(homes.carrier == Carrier.GAS, tariffs.standing_gas, 0.0)
    charge: Floats = tariffs.standing_electricity + gas
    return charge


def year_costs(homes: Homes, tariffs: Tariffs, parameters: Mapping[str, float]) -> tuple[Floats, Floats]:
    """(bill, heating and hot water without going short) [€/year] of each row at this month's prices; PV and cars left out."""
    water = homes.year_water * tariffs.home[homes.water_carrier]
    plugs = parameters["appliances_household"] + parameters["appliances_person"] * homes.size
    hob = parameters["cooking_household"] + parameters["cooking_person"] * homes.size
    price = tariffs.home[homes.carrier]
    bill = homes.year_heat * price + water + plugs * tariffs.home[Carrier.ELECTRICITY]
    bill += hob * tariffs.home[homes.cooking_carrier] + 12.0 * standing(homes, tariffs)
    return bill, homes.year_free * price + water


def by_carrier(
    homes: Homes, uses: Sequence[tuple[Array, Floats]], districts: int, carriers: int, threads: int
) -> list[Array]:
    """(D, carriers) MWh of each use: its carrier and energy of each row."""
    cells = [homes.district * carriers + carrier for carrier, _ in uses]
    sums = weighted_sums(cells, [kwh for _, kwh in uses], homes.weight, districts * carriers, threads)
    return [(total / 1000.0).reshape(districts, carriers) for total in sums]
