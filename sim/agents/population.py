"""The people of a city at one date: every table, drawn so that the city's margins hold exactly at any share.

Rows are drawn from the same distributions at every share; a row's weight is its group's margin over its rows, so weighted totals of
households, population, employed, unemployed, students, cars, dwellings and houses are the district's margins at any share, and
weights are one at share 1.
"""

from __future__ import annotations

import numpy as np

from sim.agents.belongings import draw_cars, draw_dwellings
from sim.agents.contacts import draw_contacts
from sim.agents.people import People, draw_people, remote_jobs
from sim.agents.sampling import Draws, systematic
from sim.agents.tables import Citizens, Households, Population
from sim.agents.work import Work, draw_work
from sim.city.city import City
from sim.codes import Activity, Csp, Mode
from sim.columns import Array, Floats, Ints
from sim.scenario.parameters import Parameters

#: Income by socio-professional group of the reference person against the median (assumption after INSEE Filosofi and ERFS).
CSP_INCOME = np.array([1.05, 1.55, 1.10, 0.85, 0.82, 1.0, 0.70])


def populate(city: City, seed: int, share: float, month: int, parameters: Parameters) -> Population:
    """Synthesise the population.

    Args:
        city: districts with whole margins, fitted flows, cells.
        seed: seed of all draws.
        share: share of the population drawn, in (0, 1].
        month: month number of the date (ages, car ages).
        parameters: registry values.

    Returns:
        all tables; ``Population`` documents their columns.
    """
    draws = Draws(seed)
    people = draw_people(city, draws, share)
    work = draw_work(city, draws, people, share, parameters)
    income, quintile = _income(draws, people, parameters)
    dwellings, dwelling_of, tenure = draw_dwellings(city, draws, people, income, share, month)
    cars, car_count = draw_cars(city, draws, people, income, share, month)
    cell = _cells(city, draws, people.home)
    contact_first, contacts = draw_contacts(draws, people.home, cell, people.household, work.firm)
    n = len(people.home)
    households = Households(
        id=np.arange(n), alive=np.ones(n), weight=people.household_weight, district=people.home, cell=cell, kind=people.kind,
        size=people.size, income=income, quintile=quintile,
        savings=income * parameters["savings_months"] * np.exp(0.8 * draws.normal("savings", np.arange(n))), tenure=tenure,
        dwelling=dwelling_of, cars=car_count, energy_bill=np.zeros(n), transport_bill=np.zeros(n), works_bill=np.zeros(n),
    )  # fmt: skip
    citizens = _citizens(draws, people, work, car_count, month, parameters)
    return Population(households, citizens, dwellings, cars, work.firms, contact_first, contacts)


def _income(draws: Draws, people: People, p: Parameters) -> tuple[Floats, Ints]:
    """Disposable income of households [€/month] and fifth of income per consumption unit, persons counted."""
    n = len(people.home)
    first = np.searchsorted(people.household, np.arange(n))
    adult = people.age >= 14
    units = 1.0 + 0.5 * np.maximum(np.bincount(people.household[adult], minlength=n) - 1, 0)
    units += 0.3 * np.bincount(people.household[~adult], minlength=n)
    working = np.bincount(people.household[people.activity == Activity.EMPLOYED], minlength=n)
    csp = people.csp[first]
    idle = (working == 0) & ~np.isin(csp, (Csp.RETIRED,))
    level = CSP_INCOME[csp] * np.where(idle, 0.68, 1.0) * np.where(working >= 2, 1.12, 1.0)
    per_unit = p["income_median"] / 12.0 * level * np.exp(p["income_spread"] * draws.normal("income", np.arange(n)))
    median = _quantiles(per_unit, people.size * people.household_weight, np.array([0.5]))[0]
    per_unit *= p["income_median"] / 12.0 / median
    edges = _quantiles(per_unit, people.size * people.household_weight, np.array([0.2, 0.4, 0.6, 0.8]))
    return per_unit * units, np.searchsorted(edges, per_unit)


def _quantiles(values: Floats, weight: Floats, at: Floats) -> Floats:
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weight[order])
    return np.asarray(values[order][np.searchsorted(cumulated, at * cumulated[-1])])


def _cells(city: City, draws: Draws, home: Ints) -> Ints:
    """Home cell: systematic over the residents of the district's cells."""
    cells = city.cells
    n = city.n_districts
    width = int(np.bincount(cells.district, minlength=n).max())
    order = np.argsort(cells.district, kind="stable")
    place = np.arange(len(order)) - np.searchsorted(cells.district[order], np.arange(n))[cells.district[order]]
    table = np.zeros((n, width))
    number = np.zeros((n, width), np.int64)
    table[cells.district[order], place] = cells.residents[order]
    number[cells.district[order], place] = order
    column = systematic(home, table, draws.uniform("cell.start", np.arange(n)))
    return number[home, column]


def _citizens(draws: Draws, people: People, work: Work, cars: Ints, month: int, p: Parameters) -> Citizens:
    rows = np.arange(len(people.age))
    age, activity = people.age, people.activity
    adult = age >= 18
    has_car = cars[people.household] > 0
    licence = adult & (draws.uniform("licence", rows) < np.where(has_car, 0.95, np.where(age < 25, 0.55, 0.72)))
    # every car has a driver: the reference person of a household with cars holds a licence
    reference = np.r_[True, people.household[1:] != people.household[:-1]]
    licence |= reference & has_car & adult
    pass_share = np.select(
        [activity == Activity.STUDENT, activity == Activity.PUPIL, activity == Activity.EMPLOYED, activity == Activity.RETIRED],
        [p["pass_students"], p["pass_pupils"], p["pass_employed"], p["pass_retired"]], 0.2,
    )  # fmt: skip
    remote = (activity == Activity.EMPLOYED) & (
        draws.uniform("remote", rows) < remote_jobs(p)[np.minimum(people.csp, 4)]
    )
    birth = month - age * 12 - (draws.uniform("birth", rows) * 12).astype(np.int64)
    return Citizens(
        id=rows, alive=np.ones(len(rows)), weight=people.weight, household=people.household, district=people.district, birth=birth,
        woman=people.woman, activity=activity, csp=people.csp, licence=licence,
        bike=draws.uniform("bike", rows) < p["bike_ownership"], transit_pass=draws.uniform("pass", rows) < pass_share,
        sector=work.sector, firm=work.firm, main_district=work.main_district, main_gate=work.main_gate,
        **_errands(people.district), remote=remote, telework_days=np.zeros(len(rows)),
        main_mode=np.where(work.main_district == -1, -1, Mode.CAR), main_off_peak=np.zeros(len(rows)),
        travel_time=np.zeros(len(rows)), travel_km=np.zeros(len(rows)),
        trust=np.clip(p["trust_at_start"] + 0.15 * draws.normal("trust", rows), 0.02, 0.98), satisfaction=np.full(len(rows), 0.5),
    )  # fmt: skip


def _errands(home: Ints) -> dict[str, Array]:
    """Columns of tours other than the main one, before mobility fills them: at home, no mode yet, as often as usual."""
    n = len(home)
    columns: dict[str, Array] = {}
    for name in ("shop", "leisure", "escort"):
        columns |= {
            f"{name}_district": home, f"{name}_mode": np.full(n, -1), f"{name}_off_peak": np.zeros(n), f"{name}_often": np.ones(n),
        }  # fmt: skip
    return columns
