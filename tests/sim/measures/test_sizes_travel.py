"""Measures on travel and cars on the embedded Toulouse: each size beside the figure that was published of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.city.city import City
from sim.codes import CritAir, EnergyUse, IncomerMode, Mode, RoadClass
from sim.columns import Bools, Floats
from sim.measures.traffic import SchoolStreets
from tests.sim.measures.sizes import NAMES, Pair, Size, Toulouse, World, cases

CAR, TRANSIT, BIKE = Mode.CAR, Mode.TRANSIT, Mode.BIKE


def _city(pair: Pair) -> City:
    return pair.without.model.city


def _trips(pair: Pair, mode: Mode) -> float:
    """Residents' trips by a mode, relative change at the end."""
    found, without = (float(w.model.state.traffic.trips[:, mode].sum()) for w in (pair.found, pair.without))
    return found / without - 1.0


def _more_trips(mode: Mode) -> Callable[[Pair], float]:
    return lambda pair: _trips(pair, mode)


def _elasticity(mode: Mode, factor: float) -> Callable[[Pair], float]:
    """Relative change of trips by a mode over that of a price or a service, both as logarithms."""
    return lambda pair: float(np.log1p(_trips(pair, mode)) / np.log(factor))


def _from_car(gaining: str) -> Callable[[Pair], float]:
    """Trips that the car lost over those that another mode won, in the last year."""

    def trips(world: World, mode: str) -> float:
        every, share = (world.rows[-12:, NAMES.index(name)] for name in ("trips_per_person", f"share_{mode}"))
        return float((every * share).mean())

    def share(pair: Pair) -> float:
        car, other = (trips(pair.found, mode) - trips(pair.without, mode) for mode in ("car", gaining))
        return -car / other

    return share


# --- streets -------------------------------------------------------------------------------------------------------


def _streets(city: City, area: str, road: RoadClass) -> Bools:
    return np.asarray(np.isin(city.links.district, city.area(area)) & (city.links.road_class == road))


def _day_km(world: World) -> Floats:
    return np.asarray(world.model.state.traffic.link_day * world.model.city.links.length / 1000.0)


def _disappeared(pair: Pair) -> float:
    """Vehicle-km gained or lost inside the ring road, over those of the streets that lost a lane."""
    city = _city(pair)
    counted = np.isin(city.links.district, city.area("inside_ring_road"))
    treated = _streets(city, "centre", RoadClass.MAJOR)
    change = _day_km(pair.found) - _day_km(pair.without)
    return float(change[counted].sum() / _day_km(pair.without)[treated].sum())


def _slower(pair: Pair) -> float:
    """Mean speed of the morning's traffic on local streets inside the ring road, relative change."""
    streets = _streets(_city(pair), "inside_ring_road", RoadClass.MINOR)
    speed = []
    for world in (pair.found, pair.without):
        t, a = world.model.state.traffic, world.model.city.links
        speed.append((t.link_flow * a.length)[streets].sum() / (t.link_flow * t.link_time)[streets].sum())
    return float(speed[0] / speed[1] - 1.0)


def _delay(pair: Pair) -> float:
    """Vehicle-hours lost on main streets in the morning, relative change."""
    lost = []
    for world in (pair.found, pair.without):
        t, a = world.model.state.traffic, world.model.city.links
        lost.append((t.link_flow * (t.link_time - a.free_time))[a.road_class == RoadClass.MAJOR].sum())
    return float(lost[0] / lost[1] - 1.0)


def _at_the_gates(pair: Pair) -> float:
    """Vehicles of the morning's busiest hour in the closed streets, relative change."""
    policies = pair.found.model.policies
    closed = policies.capacity_factor < 1.0
    flow = [float(w.model.state.traffic.link_flow[closed].sum()) for w in (pair.found, pair.without)]
    return flow[0] / flow[1] - 1.0


# --- cars into an area ---------------------------------------------------------------------------------------------


def _driving_in(world: World, districts: np.ndarray, worst: CritAir | None = None) -> float:
    """Residents and commuters from outside who drive to work or school there; with ``worst``, in no better car than that."""
    s = world.model.state
    c, rows = s.citizens, s.incomers
    best = np.full(len(s.households), len(CritAir))
    np.minimum.at(best, s.cars.household[s.cars.alive], s.cars.crit_air[s.cars.alive])
    mine = c.alive & np.isin(c.main_district, districts) & (c.main_mode == CAR)
    theirs = np.isin(rows.district, districts) & (rows.mode == IncomerMode.CAR)
    if worst is not None:
        mine, theirs = mine & (best[c.household] >= worst), theirs & (rows.crit_air >= worst)
    return float(c.weight[mine].sum() + rows.weight[theirs].sum())


def _banned_cars(pair: Pair) -> float:
    zone = _city(pair).area("lez")
    return _driving_in(pair.found, zone, CritAir.C4) / _driving_in(pair.without, zone, CritAir.C4) - 1.0


def _parking(pair: Pair) -> float:
    """Elasticity of car trips to the districts of the centre in which parking was paid, its price raised by 0.65 € an hour."""
    city, p = _city(pair), pair.without.model.parameters
    d = city.districts
    paid = np.flatnonzero((d.population + d.jobs) / d.area > p["paid_parking_density"])
    where = np.intersect1d(paid, city.area("centre"))
    base = p["parking_price_centre"]
    price = (base + 0.65 * p["parking_paid_hours"]) / base
    return float(np.log(_driving_in(pair.found, where) / _driving_in(pair.without, where)) / np.log(price))


def _intercepted(pair: Pair) -> float:
    """Commuters' cars that no longer drive in, for each place added."""
    share, all_of_them = [], 0.0
    for world in (pair.found, pair.without):
        rows = world.model.state.incomers
        all_of_them = float(rows.weight.sum())
        share.append(float(rows.weight[rows.mode == IncomerMode.CAR].sum()) / all_of_them)
    return (share[1] - share[0]) * all_of_them / pair.without.model.parameters["occupancy_work"] / 3000.0


# --- electric cars -------------------------------------------------------------------------------------------------


def _bought(pair: Pair) -> float:
    """Logarithm of how many times as many electric cars are among those bought."""
    found, without = (w.mean("ev_purchases", last=len(w.rows)) for w in (pair.found, pair.without))
    return float(np.log(found / without))


def _per_charger(pair: Pair) -> float:
    """Elasticity to the public points there are: 31,206 in France in February 2021 (AVERE), 38 M cars."""
    before = 31_206 / 38e6 * float(_city(pair).districts.cars.sum())
    return _bought(pair) / float(np.log((before + 3000.0) / before))


def _evening(pair: Pair) -> float:
    """Power that charging takes from 18 to 21 h, relative change."""
    power = [float(w.model.state.energy.load_use[18:21, EnergyUse.CHARGING].sum()) for w in (pair.found, pair.without)]
    return power[0] / power[1] - 1.0


def _line(name: str) -> Callable[[Pair], float]:
    return lambda pair: float(pair.found.model.state.traffic.line_boardings[_city(pair).line_names.index(name)])


SIZES = [
    Size(
        "cycle_network", "length: 222 km, months: 3", "more trips by bicycle, relative", _more_trips(BIKE), 0.11, 0.6,
        "Kraus & Koch (2021), PNAS 118: +11 to 48 % by 11.5 km of lanes, 106 cities; Fosgerau et al. (2023), PNAS 120: +60 % by "
        "Copenhagen's whole network",
        short="+0.02, and +0.06 after three years: the 153 km of today have the best corridors, and local streets are calm (weight 1.15): "
        "perceived minutes of rides under half an hour fall by 1.3 % alone",
    ),
    Size(
        "lane_closure", "area: centre, lanes: 1, roads: major", "traffic that disappears, over that of the streets changed",
        _disappeared, -0.22, -0.11,
        "Cairns, Atkins & Goodwin (2002), Municipal Engineer 151: of 70 cases -22 % in the mean, -11 % in the median",
        short="-0.07, and +0.02 counted over the whole city: cars go round by the ring road, and nearly nobody gives up a car trip",
    ),
    Size(
        "speed_limit", "area: inside_ring_road, speed: 30 km/h, roads: minor", "mean speed on local streets, relative change",
        _slower, -0.16, -0.03,
        "Brussels (2022): 32.4 to 27.3 km/h where 50 became 30; Wales (2023): -2.3 mph of some 29; Atkins (2018), British towns: -0.7 mph "
        "of some 24", months=6,
    ),
    Size(
        "low_emission_zone", "area: lez, vehicles: {2021-01: all}, bans: {2021-01: crit_air_4}",
        "banned cars driven into the zone, relative change in a year", _banned_cars, -0.85, -0.35,
        "Brussels (2021): Euro 3 diesels, the same as here, -85 % in the year of their ban; London, a charge (GLA 2019, 2020): -35 % after "
        "four months, -49 % after ten",
    ),
    Size(
        "parking_price", "area: centre, price: 0.65 €/h", "elasticity of commuters' car trips to a price half as high again", _parking,
        -0.6, -0.1,
        "Vaca & Kuzmyak (2005), TCRP Report 95, ch. 13: -0.1 to -0.6, most often -0.3; Kelly & Clinch (2009), +50 % in Dublin: -0.29",
        short="-0.07 in a year; -0.12 after three, when habits have given way",
    ),
    Size(
        "park_and_ride", "places: 3000, months: 1", "cars kept from driving on, for each place", _intercepted, 0.21, 0.47,
        "Zijlstra, Vanoutrive & Verhetsel (2015), EJTIR 15, 180 sites: 0.21 near home, 0.47 near the destination",
    ),
    Size(
        "school_streets", "schools: 150, months: 1", "vehicles at the gates in the morning peak hour, relative change", _at_the_gates,
        -0.68, -0.34,
        "Hackney (2020): -68 % in the hours of closure, mean of the first four; half of it if closed for half of the hour. As many "
        "streets for the inhabitants as Hackney has (48)",
        months=6,
    ),
    Size(
        "traffic_signal_control", "share: 100%, months: 1", "time lost on main streets, relative change", _delay, -0.2, -0.07,
        "Hunt et al. (1981), TRRL LR1014: -12 % against good fixed plans (the capacity is derived from it), -20 % against old ones (Bell & "
        "Bretherton 1986); Worcester: -7 to -20 %", months=6,
    ),
    Size(
        "transit_fare", "change: -20%", "elasticity of transit trips to the fare, a year", _elasticity(TRANSIT, 0.8), -0.6, -0.1,
        "Paulley et al. (2006), Transport Policy 13: bus -0.4, metro -0.3 in the short run; Bly (1976): -0.1 to -0.6",
    ),
    Size(
        "transit_fare", "change: -100%", "more transit trips where nobody pays, relative", _more_trips(TRANSIT), 0.1, 0.36,
        "Denver, Trenton and Austin, all free for a year or so: +10 to 36 % (told by Volinski 2012, TCRP Synthesis 101)",
    ),
    Size(
        "free_transit_residents", "take_up: 71%", "more transit trips, relative", _more_trips(TRANSIT), 0.14, 0.24,
        "Cats, Susilo & Reimal (2017), Tallinn: +14 % in a year; Cour des comptes (2025), Montpellier: +20 %; its operator (2024): +23.7 %",
    ),
    Size(
        "transit_frequency", "lines: [metro, tram, bus], headway: -16.7%", "elasticity of transit trips to a fifth more service, a year",
        _elasticity(TRANSIT, 1.2), 0.3, 0.7,
        "Balcombe et al. (2004), TRL593: 0.4 in the short run, 0.7 in the long; Evans (2004), TCRP Report 95, ch. 9: from 0.3",
        short="+0.14 in a year; +0.24 after three, when habits have given way: as much as without any",
    ),
    Size(
        "transit_line", "line: Téléo, months: 1", "boardings of the cable car a day", _line("Téléo"), 5500.0, 7500.0,
        "Altiservice (2022): 5,500 a day in the first half year; Tisséo (2022): 7,000 to 7,500 in the first month; (2024): 6,000 a weekday",
    ),
    Size(
        "ev_subsidy", "amount: 6000 €", "log of electric purchases for each 1,000 €", lambda pair: _bought(pair) / 6.0, 0.026, 0.13,
        "Jenn, Springel & Gopal (2018): 2.6 % for 1,000 $; Münzel et al. (2019), 32 European countries: 5 to 7 %; Clinton & Steinberg "
        "(2019): 8 %; Wang (2020): 5 to 14 %", months=18,
    ),
    Size(
        "ev_charging", "points: 3000, months: 1", "elasticity of electric purchases to the public points there are", _per_charger, 0.7, 1.1,
        "Li, Tong, Xing & Zhou (2017), 353 American cities: 0.8; Huang (2023), California: 0.7 to 1.1; Illmann & Kluge (2020), Germany: "
        "small", months=18,
        short="0.15: the registry's ev_per_charger is an assumption on the low side, and the first points of a district count no more than "
        "the next",
    ),
    Size(
        "bike_subsidy", "amount: 2000 €", "car trips lost for each bicycle trip won", _from_car("bike"), 0.24, 0.55,
        "Bigazzi & Wong (2020), 24 studies of electric bicycles: 24 % in the median, more in Europe; Sweden's grant (2019): about 50 %; "
        "ADEME (2016): more than half of the km",
        short="0.22, and 0.18 to 0.22 with three other seeds; which trips they replace instead was not looked into",
    ),
    Size(
        "smart_charging", "share: 100%", "charging from 18 to 21 h, relative change", _evening, -0.96, -0.44,
        "Bailey et al. (2023), trial in Calgary: from 41 to 23 % of charging at peak hours; MCE Sync (2022): -96 % in the hours asked",
        months=6,
    ),
]  # fmt: skip
#: Kinds whose size another test holds against a published figure.
ELSEWHERE: dict[str, str] = {}
#: What falls short of them.
SHORT_ELSEWHERE: dict[str, str] = {}


@pytest.fixture(scope="module")
def toulouse(tmp_path_factory: pytest.TempPathFactory) -> Toulouse:
    return Toulouse(tmp_path_factory.mktemp("travel"))


@pytest.mark.parametrize("size", cases(SIZES))
def test_each_size_is_of_the_order_that_was_published(size: Size, toulouse: Toulouse) -> None:
    assert size.low <= size.of(toulouse) <= size.high


def test_school_streets_of_the_table_fit_the_city(toulouse: Toulouse) -> None:
    city = toulouse.start.city
    assert not list(SchoolStreets(schools=150).too_much(city, np.arange(city.n_districts)))
