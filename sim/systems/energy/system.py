"""The month's energy balance: what dwellings, firms, cars, streets and data use, what it costs, what it emits, what the grid carries.

Each kWh is counted once. Dwellings pay for heating, cooling, hot water, cooking, appliances and charging at home; charging elsewhere and
fuels are paid in the transport bill (systems.mobility), their energy is counted here under CHARGING and FUEL. ``energy.co2`` under FUEL is
the residents' account (all their kilometres); ``traffic.emissions`` is the account by place of driving: never add the two
(:mod:`sim.systems.energy.accounts` bridges them).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.city.city import City
from sim.city.climate import Climate, climate_of
from sim.city.typical_days import shaded, with_heatwave
from sim.codes import AccountItem, Carrier, EnergyUse
from sim.columns import Array, Floats
from sim.measures.policies import Policies
from sim.months import month_of_year
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.energy.accounts import account
from sim.systems.energy.charging import Charging, add_cars, charge
from sim.systems.energy.comfort import comfort_curves
from sim.systems.energy.dpe import dpe_classes
from sim.systems.energy.emissions import emit, factors, yearly_factors
from sim.systems.energy.floors import FloorUse, floor_use, floors
from sim.systems.energy.homes import Homes, by_carrier, costs, live_month
from sim.systems.energy.hours import DAY, Month, filling, month_hours, together
from sim.systems.energy.lowvoltage import LowVoltage, drawn_from
from sim.systems.energy.money import book, book_public
from sim.systems.energy.need import renew_needs
from sim.systems.energy.powers import Powers, powers
from sim.systems.energy.sharing import public_pv, shared, sharing_gain
from sim.systems.energy.tariffs import Tariffs, tariffs
from sim.systems.energy.transit import driving, lines_of, transit_watts
from sim.systems.energy.uses import add_floors, car_energy, lighting_month, presence, water_need

#: Uses of dwellings whose electricity their own PV stands in for.
OWN_USES = (
    EnergyUse.HEATING, EnergyUse.HOT_WATER, EnergyUse.APPLIANCES, EnergyUse.COOLING, EnergyUse.COOKING,
)  # fmt: skip


class EnergySystem:
    """Energy of a city's buildings, cars and streets."""

    def __init__(
        self, city: City, parameters: Parameters, trends: Trends, *, climate: Climate | None = None, threads: int = 1,
        kin: EnergySystem | None = None,
    ) -> None:  # fmt: skip
        """Args:
        climate: which weather each month has; that of the city's normal year when absent.
        kin: a system of the same city, climate and parameters: what follows from these alone is taken from it.
        """
        self.city, self.parameters, self.trends, self.threads = city, parameters, trends, threads
        if kin is None:
            self.climate = climate or climate_of(city)
            self.year = month_hours(together(self.climate.normal), parameters, np.ones(DAY))
            self.comfort = comfort_curves(self.year, parameters)
            self.floors = floors(self.year, parameters)
            self.water_day = water_need(self.climate.normal, parameters)
        else:
            self.climate, self.year, self.comfort = kin.climate, kin.year, kin.comfort
            self.floors, self.water_day = kin.floors, kin.water_day
        self.low_voltage: LowVoltage = LowVoltage(city, parameters, threads, kin.low_voltage if kin else None)
        self.lines = lines_of(city, parameters)
        self.electric_car, self.fuel_car = car_energy(parameters)
        jobs = np.maximum(city.districts.jobs.astype(np.float64), 0.0)
        self.job_share = jobs / jobs.sum() if jobs.sum() > 0 else np.full(len(jobs), 1.0 / len(jobs))

    def begin(self, state: State) -> None:
        """Size the system's block; nothing has been used yet."""
        n, uses = self.city.n_districts, len(EnergyUse)
        e = state.energy
        e.final = np.zeros((n, len(Carrier), uses))
        e.pv, e.pv_used, e.pv_shared, e.battery_loss, e.grid_loss, e.peak = (np.zeros(n) for _ in range(6))
        e.load, e.load_use, e.signal = np.zeros(DAY), np.zeros((DAY, uses)), np.ones(DAY)
        e.account, e.charging = np.zeros((2, len(AccountItem))), np.zeros((3, n))
        e.co2, e.co2_direct, e.co2_hour = np.zeros((n, uses)), np.zeros((n, uses)), np.zeros((DAY, uses))
        e.year_bill, e.heat_cost = np.zeros(len(state.households)), np.zeros(len(state.households))
        e.need_of = np.full(len(state.dwellings), -1, np.int8)
        e.mass, e.dpe = np.zeros(0), np.zeros(0, np.int8)
        self.low_voltage.begin(state)
        self._know_dwellings(state)

    def _know_dwellings(self, state: State) -> None:
        """Needs and energy classes of what is new or was changed."""
        e, d = state.energy, state.dwellings
        rows = renew_needs(state, self.year, self.parameters, self.threads)
        classes = np.full(len(d), -1, np.int8)
        classes[: len(e.dpe)] = e.dpe
        classes[rows] = dpe_classes(d, rows, self.water_day, self.parameters, yearly_factors(self.parameters))
        classes[~d.alive] = -1
        e.dpe = classes

    def balance(self, state: State, policies: Policies) -> None:
        """Live the month: fill ``state.energy`` and ``households.energy_bill``, book the payments."""
        month, prices = self.month(state, policies), tariffs(state.month, self.trends, policies)
        of_year = month_of_year(state.month)
        charging = charge(state, policies, self.electric_car, self.job_share, self.parameters)
        homes = live_month(
            state, policies, month, of_year, prices, self.comfort, presence(state), charging.home, self.water_day, self.parameters,
            self.city.n_districts, self.threads,
        )  # fmt: skip
        use = floor_use(month, self.floors, policies.building_data)
        area = self._floor_area(state)
        power = powers(
            homes,
            area,
            use,
            charging,
            month,
            self._lighting(state, policies, month),
            self._data(policies, month),
            self.floors.mix,
        )
        transit = transit_watts(self.city, self.lines, policies, month, self.parameters)
        power = power.with_use(EnergyUse.TRANSIT, transit[Carrier.ELECTRICITY])
        public = public_pv(policies.public_pv, month)
        served = np.minimum(public, power.floors_public)
        self._count(state, homes, area, use, charging, power, transit, month)
        self._solar(state, homes, month, public, served)
        fuel = {
            EnergyUse.HEATING: homes.lived.fuel.sum(axis=0), EnergyUse.HOT_WATER: month.hours.water,
            EnergyUse.COOKING: month.hours.cooking, EnergyUse.TERTIARY: area.sum(axis=0) @ use.heat,
            EnergyUse.FUEL: np.tile(driving(self.parameters), len(month.days.weight)),
            EnergyUse.TRANSIT: transit.sum(axis=(0, 1)) - transit[Carrier.ELECTRICITY].sum(axis=0),
        }  # fmt: skip
        self._emissions(state, policies, month, power, homes, fuel, served)
        self._pay(state, homes, prices, month, public, served)
        self._load(state, power, month, public)
        one_kwp = public_pv(np.ones(len(public)), month)
        self.low_voltage.live(state, drawn_from(power, homes, public), one_kwp, month, works=not self.trends.unchanged)
        self._know_dwellings(state)

    def month(self, state: State, policies: Policies) -> Month:
        """The hours of the month being lived."""
        days = with_heatwave(
            self.climate.days(state.month), float(policies.heatwave[0]), float(policies.heatwave_days[0])
        )
        days = shaded(days, float(policies.green_cooling[0]), self.parameters["canopy_warm"])
        return month_hours(days, self.parameters, state.energy.signal)

    def _floor_area(self, state: State) -> Floats:
        """(D, S) m2 of firms' floors."""
        f, n, s = state.firms, self.city.n_districts, self.floors.mix.shape[0]
        cells = f.district.astype(np.int64) * s + f.sector
        return np.bincount(cells, np.where(f.alive, f.weight * f.floor, 0.0), n * s).reshape(n, s)

    def _lighting(self, state: State, policies: Policies, month: Month) -> Floats:
        return lighting_month(state, month.dark, month.weight, policies.street_lighting, self.parameters)

    def _data(self, policies: Policies, month: Month) -> Floats:
        """(D, T) [W] of data services, where jobs are, round the clock."""
        watts = float(policies.data_use[0]) * 1e6 / float(month.weight.sum())
        return watts * self.job_share[:, None] * np.ones(len(month.weight))

    def _count(
        self, state: State, homes: Homes, area: Floats, use: FloorUse, charging: Charging, power: Powers, transit: Array,
        month: Month,
    ) -> None:  # fmt: skip
        """Final energy by district, carrier and use."""
        n, carriers = self.city.n_districts, len(Carrier)
        final = np.zeros((n, carriers, len(EnergyUse)))
        everyone = np.full(len(homes.rows), Carrier.ELECTRICITY, np.int64)
        uses = {
            EnergyUse.HEATING: (homes.carrier, homes.heat), EnergyUse.HOT_WATER: (homes.water_carrier, homes.water),
            EnergyUse.APPLIANCES: (everyone, homes.appliances), EnergyUse.COOKING: (homes.cooking_carrier, homes.cooking),
            EnergyUse.COOLING: (everyone, homes.cooling),
        }  # fmt: skip
        for what, mwh in zip(uses, by_carrier(homes, list(uses.values()), n, carriers, self.threads), strict=True):
            final[:, :, what] += mwh
        add_floors(final, area, use, self.floors.mix, month.weight)
        add_cars(final, state, charging, self.fuel_car)
        for what in (EnergyUse.LIGHTING, EnergyUse.DATA):
            final[:, Carrier.ELECTRICITY, what] = power.by_use[what] @ month.weight / 1e6
        final[:, :, EnergyUse.TRANSIT] = (transit @ month.weight / 1e6).T
        state.energy.final = final
        state.energy.charging = np.stack([charging.home_sum, charging.work, charging.public])

    def _solar(self, state: State, homes: Homes, month: Month, public: Array, served: Array) -> None:
        """Local PV, and how warm it was indoors."""
        e, n = state.energy, self.city.n_districts
        e.pv = np.bincount(homes.district, homes.weight * homes.pv, n) / 1000.0 + public @ month.weight / 1e6
        e.pv_used = np.bincount(homes.district, homes.weight * homes.pv_used, n) / 1000.0 + served @ month.weight / 1e6
        e.pv_shared = shared(homes, n) @ month.weight / 1e6
        e.battery_loss = np.bincount(homes.district, homes.weight * homes.kept, n) / 1000.0
        d = state.dwellings
        e.warmth, e.heat_stress = np.full(len(d), np.nan), np.zeros(len(d))
        e.warmth[homes.rows], e.heat_stress[homes.rows] = homes.warmth, homes.stress

    def _emissions(
        self, state: State, policies: Policies, month: Month, power: Powers, homes: Homes, fuel: Mapping[EnergyUse, Floats],
        served: Array,
    ) -> None:  # fmt: skip
        """By use and hour, and the accounts. ``fuel`` as in :func:`emit`; ``served`` (D, T) [W] of public floors by public panels."""
        e = state.energy
        f = factors(month_of_year(state.month), month, float(policies.heat_network_renewable[0]), self.parameters)
        by_use = {use: watts.sum(axis=0) for use, watts in power.by_use.items()}
        own = homes.lived.used.reshape(self.city.n_districts, 2, -1).sum(axis=1) + shared(homes, self.city.n_districts)
        emitted = emit(e.final, by_use, fuel, ((OWN_USES, own), ((EnergyUse.TERTIARY,), served)), month, f)
        e.co2, e.co2_direct, e.co2_hour = emitted.co2, emitted.direct, emitted.hour
        e.account = account(state, self.parameters)

    def _pay(self, state: State, homes: Homes, prices: Tariffs, month: Month, public: Array, served: Array) -> None:
        n, e = len(state.households), state.energy
        gain = sharing_gain(homes, e.pv_shared * 1000.0, prices, self.parameters)
        cost = costs(homes, prices, self.parameters, self.threads)
        bill = np.bincount(homes.household, cost["bill"] - gain, n)
        state.households.energy_bill[:] = np.where(state.households.alive, bill, 0.0)
        e.year_bill, e.heat_cost = (np.bincount(homes.household, cost[name], n) for name in ("year", "heat"))
        book(state, homes, prices, float((homes.weight * gain).sum()), self.parameters)
        book_public(state, prices, served @ month.weight / 1e3, public @ month.weight / 1e3)

    def _load(self, state: State, power: Powers, month: Month, public: Array) -> None:
        """Net electric load by district and hour, its peak, the hours that would suit the grid next month."""
        e = state.energy
        load = power.net - public
        e.peak = load.max(axis=1) / 1e6
        city = load.sum(axis=0)
        coldest = int(month.days.temperature.mean(axis=1).argmin())
        e.load = city.reshape(-1, DAY)[coldest] / 1e6
        for use, watts in power.by_use.items():
            e.load_use[:, use] = watts.sum(axis=0).reshape(-1, DAY)[coldest] / 1e6
        flexible = power.flexible.sum(axis=0)
        mean_day = ((city - flexible) * month.weight).reshape(-1, DAY).sum(axis=0) / month.length
        e.signal = filling(mean_day, float((flexible * month.weight).sum()) / month.length)
