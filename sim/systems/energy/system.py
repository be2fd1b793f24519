"""The month's energy balance: what dwellings, firms and cars use, what it costs, what it emits, what the grid carries.

Each kWh is counted once. Dwellings pay for heating, hot water, appliances and charging at home; charging elsewhere and fuels are
paid in the transport bill (systems.mobility), their energy is counted here under CHARGING and FUEL. ``energy.co2`` under FUEL is
the residents' account (all their kilometres); ``traffic.emissions`` is the account by place of driving: never add the two.
"""

from __future__ import annotations

import numpy as np

from sim.city.city import City
from sim.city.weather import typical_weather
from sim.codes import Carrier, EnergyUse, Party, Powertrain, Purpose, Sector
from sim.columns import Array, Floats
from sim.measures.policies import Policies
from sim.months import month_of_year
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.energy.dpe import dpe_classes
from sim.systems.energy.feeders import feeder_states
from sim.systems.energy.heat import HeatTables, heat_tables
from sim.systems.energy.homes import Homes, live, month_bill, standing, year_costs
from sim.systems.energy.tariffs import BUILDING, Tariffs, emission_factors, tariffs, tax_shares
from sim.systems.energy.uses import (
    FIRM_CARRIERS,
    YEAR,
    car_energy,
    firm_use,
    missing_degrees,
    profiles,
    water_need,
)

_HOME_USES = (EnergyUse.HEATING, EnergyUse.HOT_WATER, EnergyUse.APPLIANCES)


class EnergySystem:
    """Energy of a city's buildings and cars."""

    def __init__(self, city: City, parameters: Parameters, trends: Trends, *, tables: HeatTables | None = None) -> None:
        """``tables``: those of another system of this city with these parameters; solved here when absent (a quarter of a second)."""
        self.city, self.parameters, self.trends = city, parameters, trends
        places = city.districts
        weather = city.weather or typical_weather(float(places.lon.mean()), float(places.lat.mean()))
        self.weather = weather
        self.sun: Array = np.ascontiguousarray(weather.pv)
        self.tables: HeatTables = tables or heat_tables(weather, parameters)
        self.water_day = water_need(weather, parameters)
        self.missing = missing_degrees(weather)
        self.firms = firm_use(parameters["tertiary_intensity"])
        self.factors = emission_factors(parameters)
        self.electric_car, self.fuel_car = car_energy(parameters)
        jobs = np.maximum(places.jobs.astype(np.float64), 0.0)
        self.job_share = jobs / jobs.sum() if jobs.sum() > 0 else np.full(len(jobs), 1.0 / len(jobs))

    def begin(self, state: State) -> None:
        """Size the system's block; nothing has been used yet."""
        n = self.city.n_districts
        e = state.energy
        e.final = np.zeros((n, len(Carrier), len(EnergyUse)))
        e.pv, e.pv_used, e.peak, e.load = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(24)
        e.co2 = np.zeros((n, len(EnergyUse)))
        e.year_bill, e.heat_cost = np.zeros(len(state.households)), np.zeros(len(state.households))
        e.dpe = dpe_classes(state.dwellings, self.tables, self.water_day, self.parameters, self.factors)
        e.voltage, e.feeder_load = np.ones(n), np.zeros(n)

    def balance(self, state: State, policies: Policies) -> None:
        """Live the month: fill ``state.energy`` and ``households.energy_bill``, book the payments."""
        month = month_of_year(state.month)
        prices = tariffs(state.month, self.trends, policies)
        homes = live(state, self.tables, month, prices, self.water_day, self.sun, self.parameters)
        e = state.energy
        e.final = np.zeros((self.city.n_districts, len(Carrier), len(EnergyUse)))
        self._add_homes(e.final, homes)
        floor_load = self._add_firms(state, e.final, month)
        charging, away = self._add_cars(state, e.final)
        e.pv = self._pv(state, month)
        e.pv_used = self._sum(homes.district, homes.weight * homes.pv_used)
        self._emissions(state)
        self._bill(state, homes, prices, charging)
        self._book(state, homes, prices)
        self._grid(state, homes, month, floor_load, away)
        e.dpe = dpe_classes(state.dwellings, self.tables, self.water_day, self.parameters, self.factors)

    def _sum(self, district: Array, kwh: Floats) -> Floats:
        """(D,) sums of kWh as MWh."""
        return np.bincount(district, kwh, self.city.n_districts) / 1000.0

    def _add_homes(self, final: Array, homes: Homes) -> None:
        n = self.city.n_districts
        everyone = np.full(len(homes.rows), Carrier.ELECTRICITY, np.int64)
        parts = (
            (EnergyUse.HEATING, homes.carrier, homes.heat),
            (EnergyUse.HOT_WATER, homes.water_carrier, homes.water),
            (EnergyUse.APPLIANCES, everyone, homes.appliances),
        )
        for use, carrier, kwh in parts:
            cells = homes.district * len(Carrier) + carrier
            total = np.bincount(cells, homes.weight * kwh, n * len(Carrier)) / 1000.0
            final[:, :, use] += total.reshape(n, len(Carrier))

    def _add_firms(self, state: State, final: Array, month: int) -> Array:
        """Add firms' floors; returns their electric load (D, K, 24) [MW]."""
        f = state.firms
        n, s = self.city.n_districts, len(Sector)
        cells = f.district.astype(np.int64) * s + f.sector
        floor = np.bincount(cells, np.where(f.alive, f.weight * f.floor, 0.0), n * s).reshape(n, s) / 1000.0
        days = self.tables.days
        degree_days = (days * self.missing).sum()
        cold = (
            self.missing[month] / degree_days if degree_days > 0 else np.zeros(days.shape[1])
        )  # year's share of one day
        heat_year = floor @ (self.firms.heating[:, None] * self.firms.mix)
        other_year = floor @ self.firms.other
        heat_month = float((cold * days[month]).sum())
        for i, carrier in enumerate(FIRM_CARRIERS):
            final[:, carrier, EnergyUse.TERTIARY] += heat_year[:, i] * heat_month
        days_share = float(days[month].sum()) / YEAR
        final[:, Carrier.ELECTRICITY, EnergyUse.TERTIARY] += other_year * days_share
        daily = other_year[:, None] * (days_share / days[month].sum()) + heat_year[:, :1] * cold[None, :]
        load: Array = daily[:, :, None] * profiles()["firms"]
        return load

    def _add_cars(self, state: State, final: Array) -> tuple[Floats, Floats]:
        """Add residents' cars. Returns kWh charged at home by car row (not weighted), and (D,) MWh charged elsewhere."""
        c = state.cars
        km = np.where(c.alive, c.km, 0.0)
        home = state.households.district[c.household].astype(np.int64)
        kwh = km * self.electric_car[c.powertrain]
        share = self.parameters["home_charging_share"]
        away = (1.0 - share) * float((c.weight * kwh).sum()) / 1000.0 * self.job_share
        final[:, Carrier.ELECTRICITY, EnergyUse.CHARGING] += self._sum(home, share * c.weight * kwh) + away
        cells = home * len(Powertrain) + c.powertrain
        n = self.city.n_districts
        driven = np.bincount(cells, c.weight * km, n * len(Powertrain)).reshape(n, len(Powertrain))
        final[:, :, EnergyUse.FUEL] += driven @ self.fuel_car / 1000.0
        return share * kwh, away

    def _pv(self, state: State, month: int) -> Floats:
        d = state.dwellings
        hours = float((self.sun[month].sum(axis=1) * self.tables.days[month]).sum())
        return self._sum(d.district, np.where(d.alive, d.weight * d.pv, 0.0) * hours)

    def _emissions(self, state: State) -> None:
        """tCO2e by use. PV used on site stands in for bought electricity, over a home's uses in proportion; PV sold earns nothing."""
        e = state.energy
        e.co2 = np.einsum("dcu,c->du", e.final, self.factors)
        electric = e.final[:, Carrier.ELECTRICITY, list(_HOME_USES)]
        total = electric.sum(axis=1, keepdims=True)
        share = np.divide(electric, total, out=np.zeros_like(electric), where=total > 0)
        e.co2[:, list(_HOME_USES)] -= share * e.pv_used[:, None] * self.factors[Carrier.ELECTRICITY]

    def _bill(self, state: State, homes: Homes, prices: Tariffs, charging: Floats) -> None:
        n = len(state.households)
        bill = np.bincount(homes.household, month_bill(homes, prices), n).astype(np.float64)
        bill += np.bincount(state.cars.household, charging, n) * prices.home[Carrier.ELECTRICITY]
        state.households.energy_bill[:] = np.where(state.households.alive, bill, 0.0)
        year, heat = year_costs(homes, prices, self.parameters)
        state.energy.year_bill = np.bincount(homes.household, year, n).astype(np.float64)
        state.energy.heat_cost = np.bincount(homes.household, heat, n).astype(np.float64)

    def _book(self, state: State, homes: Homes, prices: Tariffs) -> None:
        """Payments of the month from the energies themselves (weights of dwellings and cars)."""
        e = state.energy
        k = len(BUILDING)
        bought = e.final[:, :k][:, :, list(_HOME_USES)].sum(axis=(0, 2)) * 1000.0
        bought[Carrier.ELECTRICITY] -= e.pv_used.sum() * 1000.0
        charged = e.final[:, Carrier.ELECTRICITY, EnergyUse.CHARGING].sum() * self.parameters["home_charging_share"]
        bought[Carrier.ELECTRICITY] += charged * 1000.0
        cost = bought * prices.home
        tax = float((cost * tax_shares(self.parameters)).sum())
        charges = float((homes.weight * standing(homes, prices)).sum())
        state.pay(Party.HOUSEHOLDS, Party.OUTSIDE, float(cost.sum()) - tax + charges, Purpose.ENERGY)
        state.pay(Party.HOUSEHOLDS, Party.STATE, tax, Purpose.TAXES)
        sold = float((homes.weight * (homes.pv - homes.pv_used)).sum())
        state.pay(Party.OUTSIDE, Party.HOUSEHOLDS, sold * prices.feed_in, Purpose.ENERGY)
        firms = float((e.final[:, :k, EnergyUse.TERTIARY].sum(axis=0) * 1000.0 * prices.firm).sum())
        firm_tax = firms * self.parameters["energy_tax_share_firms"]
        state.pay(Party.FIRMS, Party.OUTSIDE, firms - firm_tax, Purpose.ENERGY)
        state.pay(Party.FIRMS, Party.STATE, firm_tax, Purpose.TAXES)

    def _grid(self, state: State, homes: Homes, month: int, floor_load: Array, away: Floats) -> None:
        """Hourly electric load by district on the typical days, its peak, and the typical feeders at that hour."""
        e = state.energy
        shapes = profiles()
        k = self.tables.days.shape[1]
        days = homes.days
        load = self.electric_heat(homes, month)
        water = e.final[:, Carrier.ELECTRICITY, EnergyUse.HOT_WATER] / days
        plugs = e.final[:, Carrier.ELECTRICITY, EnergyUse.APPLIANCES] / days
        charged = (e.final[:, Carrier.ELECTRICITY, EnergyUse.CHARGING] - away) / days
        same = water[:, None] * shapes["hot_water_electric"] + plugs[:, None] * shapes["appliances"]
        load += (same + charged[:, None] * shapes["charging_home"])[:, None, :]
        kwp = np.bincount(state.dwellings.district, np.where(state.dwellings.alive, state.dwellings.weight * state.dwellings.pv, 0.0),
                          self.city.n_districts)  # fmt: skip
        load -= kwp[:, None, None] / 1000.0 * self.sun[month]
        e.voltage, e.feeder_load = feeder_states(
            load.reshape(len(load), k * 24), self.city.districts.dwellings.astype(np.float64), self.parameters
        )
        load += floor_load + (away[:, None] / days * shapes["charging_away"])[:, None, :]
        e.peak = load.reshape(len(load), k * 24).max(axis=1)
        coldest = int(self.weather.temperature[month].mean(axis=1).argmin())
        e.load = load[:, coldest].sum(axis=0)

    def electric_heat(self, homes: Homes, month: int) -> Array:
        """(D, K, 24) MW of electric heating: dwellings summed by district, system, archetype and occupancy, then their hours."""
        n = self.city.n_districts
        hourly = self.tables.hourly[:, :, :, month]
        systems, kinds, _, k, hours = hourly.shape
        some = np.flatnonzero(homes.carrier == Carrier.ELECTRICITY)
        area = homes.weight[some] * homes.area[some]
        cells = ((homes.district[some] * systems + homes.system[some]) * kinds + homes.archetype[some]) * 2
        size = n * systems * kinds * 2
        amount = np.bincount(cells, area * (1.0 - homes.at_home[some]), size)
        amount += np.bincount(cells + 1, area * homes.at_home[some], size)
        heat: Array = amount.reshape(n, -1) @ hourly.reshape(-1, k * hours) / 1000.0
        return heat.reshape(n, k, hours)
