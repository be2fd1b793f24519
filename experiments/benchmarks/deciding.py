"""A child: one month of what households and citizens decide. Arguments: ``columns`` or ``plain``, share of the people.

The plain side is what a Mesa tutorial would write of the same rules: one agent a household and a citizen, ``step()`` for each, contacts
as a list of agents. It draws from Mesa's own generator, so the two agree in numbers expected, not in persons. Rules that no policy in
force calls for (grants, bans, networks) are left out of it, which only makes it faster.
"""

from __future__ import annotations

import json
import math
import sys
import time
from importlib.metadata import version
from statistics import median
from typing import Any

import mesa
import numpy as np

from sim import DwellingType, Heating, Parameters, Retrofit, Tenure
from sim import society_alone as of

MONTHS = 5


def columns(share: float) -> dict[str, Any]:
    """The society system over columns."""
    city, state = of.people(share)
    society = of.SocietySystem(city, Parameters(), of.Trends())
    society.begin(state)
    policies = of.compose((), of.axis_sizes(city, 0))
    society.decide(state, policies)  # compiles
    samples, decided = [], 0.0
    for _ in range(MONTHS):
        state.month += 1
        clock = time.perf_counter()
        society.decide(state, policies)
        samples.append(time.perf_counter() - clock)
        decided += float(state.society.adopted.sum()) / MONTHS
    return {"seconds": median(samples), "citizens": len(state.citizens), "decided": decided}


class World(mesa.Model):  # type: ignore[misc]
    """What the plain agents share: the month, the registry, the markets of the month."""

    def __init__(self) -> None:
        super().__init__(rng=1)
        self.month, self.p, self.trends = of.MONTH, Parameters(), of.Trends()
        self.decided = 0.0
        self.market: dict[str, list[float]] = {}
        self.rate: dict[str, float] = {}

    def open_month(self) -> None:
        """Look the markets of the month up once."""
        self.month += 1
        at, m = self.trends.at, self.month
        self.market = {k: [at(f"{k}_{power.name.lower()}", m) for power in of.Powertrain] for k in ("new", "used")}
        names = (
            "heat_pump_house",
            "heat_pump_flat",
            "pv_rate",
            "battery_rate",
            "households_electric",
            "households_solar",
        )
        self.rate = {n: at(n, m) for n in names}
        for n in ("cooled_house", "cooled_flat"):
            self.rate[n] = max(at(n, m + 6) - at(n, m - 6), 0.0) / (1.0 - at(n, m))


class Household(mesa.Agent):  # type: ignore[misc]
    """A household with its home and cars."""

    quintile: int
    income: float
    savings: float
    tenure: int
    weight: float
    works_bill: float
    kind: int
    period: int
    area: float
    retrofit: int
    heating: int
    heating_since: int
    pv: float
    battery: float
    cooled: bool
    roof_azimuth: float

    def __init__(self, model: World, row: dict[str, Any], cars: list[list[int]], drives: bool) -> None:
        super().__init__(model)
        self.__dict__.update(row)
        self.cars, self.drives = cars, drives
        self.contacts: list[Household] = []

    def means(self) -> float:
        """Savings and credit of owners; landlords are not bound."""
        if self.tenure != Tenure.OWNER:
            return math.inf
        return self.savings + self.model.p["credit_years"] * 12.0 * self.income

    def step(self) -> None:
        """Decide about cars and home."""
        world, n = self.model, max(len(self.contacts), 1)
        electric = sum(any(car[0] == of.Powertrain.ELECTRIC for car in one.cars) for one in self.contacts) / n
        retrofitted = sum(one.retrofit > 0 for one in self.contacts) / n
        solar = sum(one.pv > 0.0 for one in self.contacts) / n
        for car in self.cars:
            self.renew(world, car, electric)
        if (
            not self.cars
            and self.drives
            and self.random.random() < world.p["first_car"] * (0.5, 0.8, 1.0, 1.3, 1.5)[self.quintile]
        ):
            self.cars.append([self.powertrain(world, "used", 0.0), world.month - 60])
        self.heat(world)
        self.insulate(world, retrofitted)
        self.roof(world, solar)
        self.cool(world)

    def renew(self, world: World, car: list[int], electric: float) -> None:
        """Replace a car whose time has come."""
        p, age = world.p, max(world.month - car[1], 0) / 12.0
        if self.random.random() >= p["car_renewal"] / 12.0 * (age / 10.0) ** p["car_renewal_shape"]:
            return
        new = self.random.random() < p["car_new_share"] * of.NEW_BY_FIFTH[self.quintile]
        shift = p["ev_contacts"] * (electric - world.rate["households_electric"])
        car[0] = self.powertrain(world, "new" if new else "used", shift)
        car[1] = world.month if new else world.month - int(12 * self.random.uniform(0, 15))
        self.works_bill += (of.PRICE_NEW if new else of.PRICE_USED)[car[0]] * (1.0 - p["instalments_left"])
        world.decided += self.weight

    def powertrain(self, world: World, market: str, shift: float) -> int:
        """Draw from the market, electric moved by the shift."""
        shares = list(world.market[market])
        total = sum(shares)
        share = shares[of.Powertrain.ELECTRIC] / total
        odds = share / (1.0 - share) * math.exp(shift)
        rest = (total - shares[of.Powertrain.ELECTRIC]) / (1.0 - odds / (1.0 + odds)) if share < 1.0 else 1.0
        shares[of.Powertrain.ELECTRIC] = odds / (1.0 + odds) * rest
        return int(self.random.choices(range(len(shares)), shares)[0])

    def heat(self, world: World) -> None:
        """Replace a heating system at its end."""
        p, age = world.p, max(world.month - self.heating_since, 0) / 12.0
        if (
            self.heating == Heating.DISTRICT
            or self.random.random() >= p["heating_renewal"] / 12.0 * (age / 20.0) ** p["heating_renewal_shape"]
        ):
            return
        market = world.rate["heat_pump_house" if self.kind <= DwellingType.TH else "heat_pump_flat"]
        left = of.HEATING_PRICE[Heating.HEAT_PUMP] - of.STATE_HEAT_PUMP[self.quintile]
        if self.random.random() < market and self.heating != Heating.HEAT_PUMP and left <= self.means():
            self.heating = Heating.HEAT_PUMP
        self.heating_since = world.month
        self.works_bill += of.HEATING_PRICE[self.heating] * (1.0 - p["instalments_left"])
        world.decided += self.weight

    def insulate(self, world: World, retrofitted: float) -> None:
        """Consider a retrofit, decide, pay."""
        p = world.p
        if self.retrofit != Retrofit.EXISTING or self.period > of.LATEST_OLD:
            return
        if self.random.random() >= p["retrofit_consider"] + p["retrofit_contacts"] * retrofitted:
            return
        aid = of.STATE_RETROFIT[self.quintile]
        value = (p["retrofit_owner"], p["retrofit_landlord"], p["retrofit_social"])[self.tenure] + p[
            "retrofit_per_share"
        ] * aid
        left = p["retrofit_cost"] * self.area * (1.0 - aid)
        if self.random.random() < 1.0 / (1.0 + math.exp(-value)) and left <= self.means():
            self.retrofit = int(Retrofit.USUAL)
            world.decided += self.weight

    def roof(self, world: World, solar: float) -> None:
        """Panels, then a battery."""
        p = world.p
        if self.tenure != Tenure.OWNER:
            return
        if self.pv == 0.0 and self.kind <= DwellingType.TH:
            ahead = solar - world.rate["households_solar"]
            south = math.exp(p["pv_south"] * math.cos(math.radians(self.roof_azimuth - 180.0)))
            chance = world.rate["pv_rate"] / 12.0 * max(1.0 + p["pv_contacts"] * ahead, 0.0) * south
            size = p["pv_size"] * self.random.uniform(0.6, 1.4)
            if self.random.random() < chance and p["pv_price"] * size <= self.means():
                self.pv = size
                world.decided += self.weight
        elif self.pv > 0.0 and self.battery == 0.0 and self.random.random() < world.rate["battery_rate"] / 12.0:
            self.battery = p["battery_per_kwp"] * self.pv
            world.decided += self.weight

    def cool(self, world: World) -> None:
        """Buy air conditioning."""
        rate = world.rate["cooled_house" if self.kind <= DwellingType.TH else "cooled_flat"]
        if not self.cooled and self.random.random() < rate / 12.0 * of.BY_FIFTH[self.quintile]:
            self.cooled = True
            world.decided += self.weight


class Citizen(mesa.Agent):  # type: ignore[misc]
    """A citizen who may be ready to test."""

    def __init__(self, model: World, home: Household, birth: int, csp: int, trust: float) -> None:
        super().__init__(model)
        self.home, self.birth, self.education, self.trust = home, birth, float(of.EDUCATION[csp]), trust
        self.engaged, self.tester = 0.0, False

    def step(self) -> None:
        """Ready to test, or not."""
        world = self.model
        age = world.month - self.birth
        if age < 216 or self.unique_id % 12 != world.month % 12:
            return
        p, off = world.p, (age / 12.0 - 55.0) / 35.0
        value = (
            p["tester"]
            + p["participation_age"] * (0.5 - min(off * off, 1.0))
            + p["participation_education"] * (self.education - 0.5)
        )
        value += p["participation_income"] * (0.25 * self.home.quintile - 0.5) + p["participation_trust"] * (
            self.trust - 0.5
        )
        self.tester = self.random.random() < 1.0 / (1.0 + math.exp(-value - p["participation_before"] * self.engaged))


def plain(share: float) -> dict[str, Any]:
    """The same people as plain agents."""
    _, state = of.people(share)
    h, d, c, cars = state.households, state.dwellings, state.citizens, state.cars
    world = World()
    owned: list[list[list[int]]] = [[] for _ in range(len(h))]
    for home, power, since in zip(cars.household.tolist(), cars.powertrain.tolist(), cars.since.tolist(), strict=True):
        owned[home].append([power, since])
    drives = np.bincount(c.household[c.licence], minlength=len(h)) > 0
    names = (
        "kind",
        "period",
        "area",
        "retrofit",
        "heating",
        "heating_since",
        "pv",
        "battery",
        "cooled",
        "roof_azimuth",
    )
    of_home = {name: getattr(d, name)[h.dwelling].tolist() for name in names}
    of_all = {
        **{n: getattr(h, n).tolist() for n in ("quintile", "income", "savings", "tenure", "weight", "works_bill")},
        **of_home,
    }
    rows = [dict(zip(of_all, values, strict=True)) for values in zip(*of_all.values(), strict=True)]
    homes = [Household(world, row, owned[i], bool(drives[i])) for i, row in enumerate(rows)]
    first = state.contact_first.tolist()
    for i, one in enumerate(homes):
        one.contacts = [homes[j] for j in state.contacts[first[i] : first[i + 1]].tolist()]
    for home, birth, csp, trust in zip(
        c.household.tolist(), c.birth.tolist(), c.csp.tolist(), c.trust.tolist(), strict=True
    ):
        Citizen(world, homes[home], birth, csp, trust)
    world.open_month()
    clock = time.perf_counter()
    world.agents_by_type[Household].do("step")
    world.agents_by_type[Citizen].do("step")
    return {
        "seconds": time.perf_counter() - clock,
        "citizens": len(c),
        "decided": world.decided,
        "mesa": f"Mesa {version('mesa')}",
    }


if __name__ == "__main__":
    print(json.dumps({"columns": columns, "plain": plain}[sys.argv[1]](float(sys.argv[2]))))
