"""A small made-up city and population for tests: nine districts on a grid of streets, two transit lines.

Nothing here is calibrated; it only has every array of the contract, filled with plausible values.
"""

from __future__ import annotations

import numpy as np

from sim.agents.tables import Cars, Citizens, Dwellings, Firms, Households, Incomers
from sim.city.city import (
    Cells,
    City,
    Connectors,
    Cordon,
    Districts,
    Interchanges,
    Lines,
    LineStops,
    Links,
    Nodes,
    Shapes,
    Stops,
    Weather,
)
from sim.city.clock import standard_hours
from sim.city.feeders import generate_grid
from sim.codes import Party, Purpose, Sector
from sim.columns import Array
from sim.scenario.parameters import Parameters
from sim.state import Economy, Energy, Society, State, Townhall, Traffic

SIDE = 7  # nodes along one side of the grid
STEP = 600.0  # m between nodes
BLOCKS = 3  # districts along one side
LON, LAT = 1.44, 43.60


def tiny_city() -> City:
    """Nine districts, 49 nodes, 168 links, two lines crossing in the middle, two cordon gates."""
    ix, iy = np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")
    x, y = ix.ravel() * STEP, iy.ravel() * STEP
    nodes = Nodes(lon=LON + x / 80_500, lat=LAT + y / 111_200, x=x, y=y, height=np.full(len(x), np.nan))
    pairs = [(i * SIDE + j, i * SIDE + j + 1) for i in range(SIDE) for j in range(SIDE - 1)]
    pairs += [(i * SIDE + j, (i + 1) * SIDE + j) for i in range(SIDE - 1) for j in range(SIDE)]
    a, b = np.array(pairs).T
    tail, head, edge = np.concatenate([a, b]), np.concatenate([b, a]), np.tile(np.arange(len(a)), 2)
    major = (tail % SIDE == SIDE // 2) & (head % SIDE == SIDE // 2)
    speed = np.where(major, 50.0, 30.0)
    n = len(tail)
    node_district = np.minimum(ix.ravel() * BLOCKS // SIDE, 2) * BLOCKS + np.minimum(iy.ravel() * BLOCKS // SIDE, 2)
    links = Links(
        tail=tail, head=head, edge=edge, length=np.full(n, STEP), road_class=np.where(major, 1, 2), speed=speed,
        free_time=STEP / speed * 3.6 + 6.0, capacity=np.where(major, 1600.0, 700.0), lanes=np.where(major, 2, 1), alpha=np.full(n, 0.15),
        beta=np.full(n, 4.0), district=node_district[tail], structure=np.zeros(n), cycle_level=np.zeros(n),
        on_foot=np.ones(n),
    )  # fmt: skip
    shape_lon = np.column_stack([nodes.lon[a], nodes.lon[b]]).ravel()
    shape_lat = np.column_stack([nodes.lat[a], nodes.lat[b]]).ravel()
    d = np.arange(9)
    centre = np.array([i * SIDE + j for i in (1, 3, 5) for j in (1, 3, 5)])
    residents = np.array([900, 1100, 800, 1200, 2000, 1000, 700, 900, 600])
    jobs = np.zeros((9, len(Sector)), np.int64)
    jobs[:] = np.array([5, 40, 60, 40, 80, 40, 40, 50, 90, 180, 35])
    jobs[4] *= 4
    districts = Districts(
        lon=nodes.lon[centre], lat=nodes.lat[centre], x=x[centre], y=y[centre], commune=d // 5,
        ring=np.array([1, 1, 2, 1, 0, 1, 2, 1, 3]), area=np.full(9, 1.4), inner_distance=np.full(9, 0.7),
        population=residents * 2, households=residents, employed=residents * 9 // 10, unemployed=residents // 10,
        students=residents // 5, cars=residents, dwellings=residents * 11 // 10, houses=residents // 3,
        jobs=jobs.sum(axis=1), study_places=np.where(d == 4, 2000, 0),
    )  # fmt: skip
    flows = np.outer(districts.employed, districts.jobs) / districts.jobs.sum()
    stop_nodes = np.array([3, 10, 17, 24, 31, 38, 45, 21, 22, 23, 25, 26, 27])
    order = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 10, 11, 12])
    first = np.isin(np.arange(14), [0, 7])
    city = City(
        name="tiny", nodes=nodes, links=links, shapes=Shapes(first=np.arange(len(a)) * 2, count=np.full(len(a), 2)),
        shape_lon=shape_lon, shape_lat=shape_lat, districts=districts, district_names=tuple(f"D{i}" for i in d),
        commune_codes=("31555", "31149"), commune_names=("Toulouse", "Colomiers"), jobs=jobs, commuters=flows,
        cells=Cells(
            lon=nodes.lon, lat=nodes.lat, x=x, y=y, district=node_district, node=np.arange(len(x)),
            residents=np.full(len(x), 50.0), jobs=np.full(len(x), 40.0),
        ),
        connectors=Connectors(district=d, node=centre, time=np.full(9, 60.0)),
        lines=Lines(
            mode=[0, 2], headway_peak=[2.0, 8.0], headway_off=[4.0, 12.0], capacity=[200.0, 80.0], first_stop=[0, 7],
            stop_count=[7, 7], running=[True, True], both_ways=[True, True],
        ),
        line_names=("A", "L1"),
        line_stops=LineStops(
            stop=order, run_time=np.where(first, 0.0, np.where(np.arange(14) < 7, 65.0, 130.0)),
            distance=np.where(first, 0.0, STEP),
        ),
        stops=Stops(
            lon=nodes.lon[stop_nodes], lat=nodes.lat[stop_nodes], x=x[stop_nodes], y=y[stop_nodes], node=stop_nodes,
            district=node_district[stop_nodes],
        ),
        stop_names=tuple(f"S{i}" for i in range(13)),
        cordon=Cordon(node=[0, 48], incomers=[600.0, 400.0], outgoers=[300.0, 200.0], through=[80.0, 80.0],
                      freight=[30.0, 30.0], rail=[True, False]),
        gate_names=("south-west", "north-east"), interchange_names=("station", "lot"),
        interchanges=Interchanges(
            rail=[True, False], x=x[[24, 17]], y=y[[24, 17]], district=[4, 4], places=[0.0, 60.0], open_to_all=[False, False],
        ),
        weather=tiny_weather(), synthetic_streets=True, areas={"centre": np.array([4]), "inside_ring_road": np.array([4])},
    )  # fmt: skip
    city.stations, city.buses = generate_grid(city, Parameters())
    return city


def tiny_weather() -> Weather:
    """A year around 14 degC with waves of warm and cold, the sun of 43.6 degrees north, and a dull day after two clear ones."""
    day, hour = np.repeat(np.arange(365), 24), standard_hours() % 24 + 0.5
    decline, angle, latitude = -0.409 * np.cos(2 * np.pi * (day + 10) / 365), np.pi * (hour - 12) / 12, np.radians(43.6)
    sun = np.stack([
        -np.cos(decline) * np.sin(angle),
        np.sin(decline) * np.cos(latitude) - np.cos(decline) * np.cos(angle) * np.sin(latitude),
        np.sin(decline) * np.sin(latitude) + np.cos(decline) * np.cos(angle) * np.cos(latitude),
    ], axis=1)  # fmt: skip
    up, clear = np.maximum(0.0, sun[:, 2]), day % 3 < 2
    direct = np.where(clear & (up > 0), 850.0 * up / (up + 0.12), 0.0)
    diffuse = np.where(clear, 110.0, 260.0) * up
    waves = 3.0 * np.sin(2 * np.pi * day / 11.3) + np.sin(2 * np.pi * day / 4.7)
    temperature = 14.0 - 8.0 * np.cos(2 * np.pi * (day - 15) / 365) + waves + 4.0 * np.sin(2 * np.pi * (hour - 9) / 24)
    extra = 1361.0 * (1.0 + 0.033 * np.cos(2 * np.pi * day / 365))
    return Weather(temperature, direct, diffuse, diffuse + direct * up, sun, extra, 4, "made up for tests")


def tiny_state(city: City, seed: int = 1, share: float = 0.2, n_measures: int = 2, month: int = 2021 * 12) -> State:
    """A random population of about ``share`` of the city's margins; blocks of the systems are empty."""
    rng = np.random.default_rng(seed)
    d = city.districts
    nh = np.maximum(2, (d.households * share).astype(int))
    home = np.repeat(np.arange(len(d)), nh)
    n = len(home)
    size = rng.choice([1, 2, 3, 4], n, p=[0.47, 0.28, 0.13, 0.12])
    weight = (d.households / nh)[home]
    income = np.exp(rng.normal(7.7, 0.5, n))
    tenure = rng.choice(3, n, p=[0.42, 0.42, 0.16])
    n_cars = rng.choice([0, 1, 2], n, p=[0.25, 0.5, 0.25])
    households = Households(
        id=np.arange(n), alive=np.ones(n), weight=weight, district=home, cell=home, kind=np.where(size == 1, 0, 2),
        size=size, income=income, quintile=np.searchsorted(np.quantile(income, [0.2, 0.4, 0.6, 0.8]), income),
        savings=income * 3, tenure=tenure, dwelling=np.arange(n), cars=n_cars, energy_bill=np.zeros(n),
        transport_bill=np.zeros(n), works_bill=np.zeros(n),
    )  # fmt: skip
    hh = np.repeat(np.arange(n), size)
    m = len(hh)
    first = np.r_[True, hh[1:] != hh[:-1]]
    age = np.where(first, rng.integers(20, 85, m), rng.integers(0, 70, m))
    activity = np.select(
        [age < 3, age < 18, age < 24, age >= 64], [0, 1, rng.choice([2, 3], m), 5], rng.choice([3, 3, 3, 3, 4, 6], m)
    )
    works = activity == 3
    sector = np.where(works, rng.integers(0, len(Sector), m), -1)
    n_firms = 60
    work_p = d.jobs / d.jobs.sum()
    main = np.where(
        works, rng.choice(len(d), m, p=work_p), np.where(activity == 2, 4, np.where(activity == 1, home[hh], -1))
    )
    citizens = Citizens(
        id=np.arange(m), alive=np.ones(m), weight=weight[hh], household=hh, district=home[hh], birth=month - age * 12,
        woman=rng.random(m) < 0.5, activity=activity, csp=np.where(works, rng.integers(0, 5, m), 6),
        licence=(age >= 18) & (rng.random(m) < 0.85), bike=rng.random(m) < 0.54, transit_pass=rng.random(m) < 0.2,
        sector=sector, firm=np.where(works, rng.integers(0, n_firms, m), -1), main_district=main,
        main_gate=np.full(m, -1), shop_district=rng.integers(0, len(d), m), remote=works & (rng.random(m) < 0.45),
        telework_days=np.zeros(m), main_mode=np.where(main >= 0, rng.integers(0, 4, m), -1),
        shop_mode=rng.integers(0, 4, m), **_errands(np.random.default_rng(seed + 1), len(d), m),
        travel_time=np.zeros(m), travel_km=np.zeros(m), trust=np.full(m, 0.5),
        satisfaction=np.full(m, 0.5),
    )  # fmt: skip
    dwellings = Dwellings(
        id=np.arange(n), alive=np.ones(n), weight=weight, district=home, household=np.arange(n),
        kind=rng.integers(0, 4, n), period=rng.integers(0, 10, n), area=rng.uniform(25, 120, n), retrofit=np.zeros(n),
        heating=rng.choice(6, n, p=[0.45, 0.03, 0.3, 0.08, 0.1, 0.04]), heating_since=month - rng.integers(0, 240, n),
        pv=np.zeros(n), works_until=np.full(n, -1), azimuth=np.full(n, 180.0), position=np.zeros(n), roof_tilt=np.full(n, 30.0),
        works_to=np.zeros(n),
        roof_azimuth=np.full(n, 180.0), cooled=np.zeros(n), battery=np.zeros(n), need=np.zeros(n), pump_need=np.zeros(n),
    )  # fmt: skip
    car_home = np.repeat(np.arange(n), n_cars)
    k = len(car_home)
    cars = Cars(
        id=np.arange(k), alive=np.ones(k), weight=weight[car_home], household=car_home,
        powertrain=rng.choice(5, k, p=[0.4, 0.53, 0.03, 0.02, 0.02]), crit_air=rng.choice([1, 2, 3, 4, 5, 6], k),
        since=month - rng.integers(0, 220, k), km=np.full(k, 900.0),
    )  # fmt: skip
    firm_district = rng.choice(len(d), n_firms, p=work_p)
    firms = Firms(
        id=np.arange(n_firms), alive=np.ones(n_firms), weight=np.full(n_firms, 5.0), district=firm_district,
        sector=np.arange(n_firms) % len(Sector), jobs=np.full(n_firms, 12.0), jobs_wanted=np.full(n_firms, 12.0),
        revenue=np.full(n_firms, 9e4), liquidity=np.full(n_firms, 2e5), maturity=rng.uniform(0.2, 0.7, n_firms),
        telework=rng.uniform(0, 3, n_firms), floor=np.full(n_firms, 400.0), preparedness=np.full(n_firms, 0.4),
        projects=np.zeros(n_firms),
    )  # fmt: skip
    contacts = rng.integers(0, n, n * 6)
    z = np.zeros
    nd, nl = len(d), len(city.links)
    return State(
        seed=seed, month=month, share=share, households=households, citizens=citizens, dwellings=dwellings, cars=cars,
        firms=firms, contact_first=np.arange(n + 1) * 6, incomers=Incomers.blank(), contacts=contacts.astype(np.int32),
        traffic=_blank(Traffic, link_flow=z(nl), link_time=city.links.free_time, **_by_car(city),
                       gate_time=np.full((2, 3, nd, 2), 12.0), gate_km=np.full((2, 3, nd, 2), 6.0), usual_access=z((3, nd)),
                       link_day=z(nl),
                       transit_time=_grid_time(city, 14.0) + 8, transit_felt=_grid_time(city, 14.0) + 14,
                       transit_off_time=_grid_time(city, 14.0) + 10, transit_off_felt=_grid_time(city, 14.0) + 18,
                       bike_time=_grid_time(city, 14.0), walk_time=_grid_time(city, 5.0), trips=z((nd, 4)),
                       trip_km=z((nd, 4)), emissions=z(nd), nox=z(nd), pm=z(nd), loud=z(nd), link_trucks=z(nl), vehicle_km=z(5)),
        energy=_blank(Energy, final=z((nd, 7, 10)), pv=z(nd), pv_used=z(nd), peak=z(nd), load=z(24), co2=z((nd, 10)), signal=np.ones(24)),
        economy=_blank(Economy, posts=city.jobs * 1.0, residents=city.jobs * 0.85, incomers=city.jobs * 0.12,
                       vacancies=city.jobs * 0.03, demand=np.ones(len(Sector)), value_added=z(len(Sector)),
                       accessibility=np.ones(nd), projects=z(6), granted=z(len(Sector)), bought=z(len(Sector)), signed=z(6)),
        society=_blank(Society, support=np.full((m, n_measures), 0.5), expected=np.full((m, n_measures), 0.5),
                       adopted=z(11), granted=z((6, 5)), protest=z(n_measures), usual_trust=np.full(m, 0.5),
                       reference_time=np.full(m, 50.0), reference_cost=np.full(n, 300.0),
                       reference_loud=z(nd), reference_air=z(nd), engaged=z(m), took_part=z(m), volunteers=z(nd),
                       coconstruction=z(n_measures), edition=np.full(1, -1.0), ideas=z(nd), votes=z(nd), rent=np.full(nd, 11.0),
                       usual_vacancy=z(nd), moved=z(nd), reference_ride=z(m), reference_cold=np.full(n, np.nan),
                       usual_heat=np.full(12, np.nan), social=z(n), lease=np.arange(n), lease_rent=z(n), rents=z((2, 5))),
        townhall=_blank(Townhall, status=z(n_measures), progress=z(n_measures), spent=z(n_measures),
                        start=np.full(n_measures, month), scale=np.ones(n_measures), received=z(6)),
        ledger=z((len(Party), len(Party), len(Purpose))),
        last_ledger=z((len(Party), len(Party), len(Purpose))), flows=z(8),
    )  # fmt: skip


def _by_car(city: City) -> dict[str, Array]:
    """Times and distances by car, alike in all periods."""
    minutes, km = (np.stack([_grid_time(city, kmh)] * 3) for kmh in (22.0, 60.0))
    return {"car_time": minutes, "kept_time": minutes.copy(), "car_km": km, "kept_km": km.copy()}


def _errands(rng: np.random.Generator, districts: int, m: int) -> dict[str, Array]:
    """Columns of shopping, leisure and escort tours at random, but for the district and mode of shopping."""
    columns: dict[str, Array] = {"main_off_peak": rng.random(m) < 0.3}
    for name in ("shop", "leisure", "escort"):
        columns |= {f"{name}_off_peak": rng.random(m) < 0.5, f"{name}_often": np.ones(m)}
    for name in ("leisure", "escort"):
        columns |= {f"{name}_district": rng.integers(0, districts, m), f"{name}_mode": rng.integers(0, 4, m)}
    return columns


def _grid_time(city: City, kmh: float) -> Array:
    d = city.districts
    km = (np.abs(d.x[:, None] - d.x) + np.abs(d.y[:, None] - d.y)) / 1000.0 + np.diag(d.inner_distance)
    return km / kmh * 60.0


def _blank(kind: type, **arrays: Array) -> object:
    rest = {
        name: np.zeros(0) if name in ("solver", "solver_index", "supply", "journal") else np.zeros(1)
        for name in kind.names()
    }
    return kind(**{**rest, **arrays})
