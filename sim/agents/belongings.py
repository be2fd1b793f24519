"""Dwellings and cars: matched to households so that every district's dwellings, houses and cars hold exactly."""

from __future__ import annotations

import numpy as np

from sim.agents.people import People
from sim.agents.sampling import Draws, rows_for, top_per_group
from sim.agents.tables import Cars, Dwellings
from sim.buildings.positions import draw_position
from sim.city.city import City
from sim.codes import CritAir, DwellingType, Heating, HouseholdType, Powertrain, Ring, Tenure
from sim.columns import Codes, Floats, Ints
from sim.months import year_of
from sim.scenario.trends import all_series

#: Construction periods (TABULA) of flats and houses inside the ring road and outside [share]: from INSEE RP 2017 classes of Toulouse,
#: split into TABULA's by length; assumption.
PERIOD_SHARE = {
    (True, False): [0.10, 0.07, 0.15, 0.13, 0.08, 0.08, 0.12, 0.09, 0.09, 0.09],
    (True, True): [0.10, 0.22, 0.24, 0.10, 0.08, 0.07, 0.08, 0.05, 0.04, 0.02],
    (False, False): [0.01, 0.01, 0.06, 0.10, 0.09, 0.09, 0.17, 0.17, 0.16, 0.14],
    (False, True): [0.04, 0.04, 0.10, 0.11, 0.15, 0.17, 0.16, 0.10, 0.08, 0.05],
}
#: Heating of flats and houses [share by gas, oil, electric, heat pump, district, wood]. Flats: 13,000 dwellings on Toulouse's heat networks
#: in 2017 (press), the rest in the proportions of French flats without one (SDES, enquête Logement 2020, of all flats: gas 44, oil 4,
#: wood 1, heat pump 1, networks 12 %, electricity the rest). Houses: between the same survey (gas 30, oil and LPG 16, electricity 27, heat
#: pump 9, wood 18 %) and a gas network in nearly every street: assumption (INSEE RP table by fuel not found).
HEATING_FLAT = [0.47, 0.05, 0.40, 0.01, 0.06, 0.01]
HEATING_HOUSE = [0.44, 0.06, 0.30, 0.12, 0.00, 0.08]
#: Ages of cars in France [years] and share below (AAA Data, 1 January 2023: 13 % up to three years old, 12 % over twenty), scaled to a
#: mean of ``FLEET_AGE``: 10.3 years in France on 1 January 2021 (SDES), less in the intercommunalities with a low-emission zone, where
#: 30.5 % of cars are Crit'Air 3 and worse against 34.5 % (SDES, 2022).
FLEET_EDGES = np.array([0.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0])
FLEET_BELOW = np.cumsum([0.0, 0.13, 0.11, 0.10, 0.13, 0.24, 0.16, 0.13])
FLEET_AGE = 9.9
#: Share of houses and flats with air conditioning in 2020: a quarter of French households (ADEME, CODA Stratégies 2021), more in the
#: south-west and in houses; assumption.
COOLED_HOUSE, COOLED_FLAT = 0.36, 0.22
RACK_TILT = 12.0  #: degrees, panels on flat roofs (assumption)


def draw_dwellings(
    city: City, draws: Draws, people: People, income: Floats, share: float, month: int
) -> tuple[Dwellings, Ints, Ints]:
    """Dwellings, occupied ones first; also the dwelling row and the tenure of each household."""
    d = city.districts
    n_households = np.bincount(people.home, minlength=len(d))
    n_all = np.maximum(n_households, rows_for(d.dwellings, share))
    n_house = np.minimum(rows_for(d.houses, share), n_all)
    taken_houses = np.minimum(np.round(n_house * 0.95).astype(np.int64), n_households)
    households = np.arange(len(people.home))
    family = np.isin(people.kind, (HouseholdType.COUPLE_CHILDREN, HouseholdType.COUPLE)) * 1.0
    wish = 1.2 * family + 0.5 * people.size + 1.0 * np.log(income / 2500.0) + draws.normal("dwelling.wish", households)
    in_house = top_per_group(people.home, wish, taken_houses, np.ones(len(households), bool))
    vacant_house = n_house - np.bincount(people.home[in_house], minlength=len(d))
    vacant = n_all - n_households
    vacant_house = np.minimum(vacant_house, vacant)
    district = np.r_[people.home, np.repeat(np.arange(len(d)), vacant)]
    place = np.arange(vacant.sum()) - np.repeat(np.cumsum(vacant) - vacant, vacant)
    house = np.r_[in_house, place < np.repeat(vacant_house, vacant)]
    rows = np.arange(len(district))
    weight = _exact(district, house, d.houses, d.dwellings - d.houses)
    centre = d.ring[district] == Ring.CENTRE
    period = _by_place(draws, "period", rows, centre, house)
    kind = np.where(
        house, np.where(draws.uniform("kind", rows) < 0.65, DwellingType.SFH, DwellingType.TH),
        np.where(draws.uniform("kind", rows) < 0.3, DwellingType.MFH, DwellingType.AB),
    )  # fmt: skip
    size = np.r_[people.size, np.full(vacant.sum(), 2)]
    area = np.where(house, 82.0 + 9.0 * size, 34.0 + 13.0 * size) * np.exp(0.22 * draws.normal("area", rows))
    heating = np.where(
        house,
        draws.choice("heating.house", rows, np.array(HEATING_HOUSE)),
        draws.choice("heating.flat", rows, np.array(HEATING_FLAT)),
    )
    heating = np.where((heating == Heating.DISTRICT) & (kind != DwellingType.AB), Heating.GAS, heating)
    retrofitted = (period <= 6) & (draws.uniform("retrofit", rows) < 0.14)  # done before the start: assumption
    pv = np.where(
        house & (draws.uniform("pv", rows) < 0.021), 3.0, 0.0
    )  # about 33 GWh in 2020 over roofs of all kinds: assumption
    dwellings = Dwellings(
        id=rows, alive=np.ones(len(rows)), weight=weight, district=district,
        household=np.r_[households, np.full(vacant.sum(), -1)], kind=kind, period=period, area=np.clip(area, 12.0, 300.0),
        retrofit=retrofitted, heating=heating, heating_since=month - (draws.uniform("heating.age", rows) * 20 * 12).astype(int), pv=pv,
        works_until=np.full(len(rows), -1), position=draw_position(kind, period, draws.uniform("position", rows)),
        **_direction(draws, rows, house),
        cooled=draws.uniform("cooled", rows) < np.where(house, COOLED_HOUSE, COOLED_FLAT),
        works_to=np.zeros(len(rows)), battery=np.zeros(len(rows)), need=np.zeros(len(rows)), pump_need=np.zeros(len(rows)),
    )  # fmt: skip
    return dwellings, households, _tenure(draws, people, income, in_house)


def _direction(draws: Draws, rows: Ints, house: np.ndarray) -> dict[str, Floats]:
    """Main facade and roof: facades look anywhere; of a pitched roof's two planes the one nearer to the south may carry panels, racks on
    flat roofs face south. Slopes are those of canal tiles in the south of France, 25 to 40 %; directions at random: assumption."""
    azimuth = 360.0 * draws.uniform("azimuth", rows)
    from_south = (azimuth + 90.0) % 180.0 - 90.0  # of the plane of the roof that faces the south half of the sky
    slope = np.degrees(np.arctan(0.25 + 0.15 * draws.uniform("roof.tilt", rows)))
    return {
        "azimuth": azimuth, "roof_tilt": np.where(house, slope, RACK_TILT), "roof_azimuth": np.where(house, 180.0 + from_south, 180.0),
    }  # fmt: skip


def _exact(district: Ints, house: np.ndarray, houses: Ints, flats: Ints) -> Floats:
    """Weights that make houses and flats of every district sum to their margins (to all dwellings where one kind has no row)."""
    n = len(houses)
    h = np.bincount(district[house], minlength=n)
    f = np.bincount(district[~house], minlength=n)
    both = (h > 0) & (f > 0)
    total = houses + flats
    weight_house = np.where(both, houses / np.maximum(h, 1), total / np.maximum(h + f, 1))
    weight_flat = np.where(both, flats / np.maximum(f, 1), total / np.maximum(h + f, 1))
    return np.asarray(np.where(house, weight_house[district], weight_flat[district]))


def _by_place(draws: Draws, name: str, rows: Ints, centre: np.ndarray, house: np.ndarray) -> Ints:
    table = np.array([[PERIOD_SHARE[(c, h)] for h in (False, True)] for c in (False, True)])
    return draws.choice(name, rows, table[centre.astype(int), house.astype(int)])


def _tenure(draws: Draws, people: People, income: Floats, in_house: np.ndarray) -> Ints:
    """Owners, tenants, social tenants: about 45, 38 and 17 % in the metropole (INSEE RP 2020, rounded: assumption)."""
    rows = np.arange(len(income))
    rank = np.argsort(np.argsort(income, kind="stable"), kind="stable") / len(income)
    owner = 0.12 + 0.5 * rank + 0.30 * in_house
    social = np.where(in_house, 0.03, 0.42 * (1.0 - rank))
    u = draws.uniform("tenure", rows)
    return np.where(u < owner, Tenure.OWNER, np.where(u < owner + social, Tenure.SOCIAL, Tenure.TENANT))


def draw_cars(city: City, draws: Draws, people: People, income: Floats, share: float, month: int) -> tuple[Cars, Ints]:
    """Cars, and how many each household has: the likeliest slots of each district until its cars are placed."""
    d = city.districts
    wanted = rows_for(d.cars, share)
    households = np.arange(len(people.home))
    adults = np.bincount(people.household[people.age >= 18], minlength=len(households))
    working = np.bincount(people.household[people.activity == 3], minlength=len(households))
    taste = draws.normal("car", households)
    score, slot_home, slot = [], [], []
    for k in range(3):
        useful = adults > k
        score.append(0.5 * np.log(income / 2500.0) + 0.45 * adults + 0.3 * working + taste - 1.35 * k - 9.0 * ~useful)
        slot_home.append(people.home)
        slot.append(households)
    home = np.concatenate(slot_home)
    chosen = top_per_group(home, np.concatenate(score), wanted, np.ones(len(home), bool))
    owner = np.sort(np.concatenate(slot)[chosen])
    rows = np.arange(len(owner))
    district = people.home[owner]
    count = np.bincount(district, minlength=len(d))
    age = np.interp(draws.uniform("car.age", rows), FLEET_BELOW, FLEET_EDGES)
    age *= np.where(income[owner] < np.median(income), 1.12, 0.88)  # the poorer half drives older cars: assumption
    age *= FLEET_AGE * len(age) / max(float(age.sum()), 1e-300)
    since = month - (age * 12).astype(np.int64)
    powertrain = draws.choice("powertrain", rows, _market_when_new(since))
    cars = Cars(
        id=rows, alive=np.ones(len(rows)), weight=(d.cars / np.maximum(count, 1))[district], household=owner, powertrain=powertrain,
        crit_air=crit_air(powertrain, since), since=since, km=np.zeros(len(rows)),
    )  # fmt: skip
    return cars, np.bincount(owner, minlength=len(households))


def _market_when_new(since: Ints) -> Floats:
    """(n, powertrains) shares of the market of new cars in the month of each first registration (series new_*)."""
    series = [all_series()[f"new_{power.name.lower()}"] for power in Powertrain]
    return np.column_stack([np.interp(since, s.months, s.values) for s in series])


def crit_air(powertrain: Ints, since: Ints) -> Codes:
    """Sticker by powertrain and month of first registration (arrêté of 21 June 2016, passenger cars; hybrids count as petrol)."""
    year = year_of(np.asarray(since))  # type: ignore[arg-type]
    petrol = np.select(
        [year >= 2011, year >= 2006, year >= 1997], [CritAir.C1, CritAir.C2, CritAir.C3], CritAir.UNCLASSIFIED
    )
    diesel = np.select(
        [year >= 2011, year >= 2006, year >= 2001, year >= 1997],
        [CritAir.C2, CritAir.C3, CritAir.C4, CritAir.C5],
        CritAir.UNCLASSIFIED,
    )
    power = np.asarray(powertrain)
    out = np.where(power == Powertrain.DIESEL, diesel, petrol)
    out = np.where(power == Powertrain.PLUG_IN, CritAir.C1, out)
    return np.where(power == Powertrain.ELECTRIC, CritAir.E, out).astype(np.int8)
