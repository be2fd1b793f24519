"""Jobs, firms, schools: where citizens go day by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.agents.people import People
from sim.agents.sampling import Draws, rows_for, systematic
from sim.agents.tables import Firms
from sim.city.city import City
from sim.city.flows import FLOOR_PER_JOB
from sim.codes import Activity, Sector
from sim.columns import Floats, Int32s, Ints
from sim.scenario.parameters import Parameters

#: Mean jobs of an establishment with employees by sector (INSEE FLORES orders of magnitude; assumption).
FIRM_SIZE = np.array([4.0, 160.0, 18.0, 9.0, 10.0, 20.0, 8.0, 25.0, 12.0, 30.0, 7.0])
MATURITY = np.array([0.25, 0.60, 0.45, 0.30, 0.40, 0.40, 0.30, 0.75, 0.60, 0.50, 0.40])  # digital maturity (assumption)
MARGIN_MONTHS = 2.0  # of revenue held as cash (assumption)


@dataclass(frozen=True)
class Work:
    """Where citizens go, and the firms they work at."""

    main_district: Int32s
    main_gate: Int32s
    sector: Ints
    firm: Int32s
    firms: Firms


def draw_work(city: City, draws: Draws, people: People, share: float, p: Parameters) -> Work:
    """Work places by the fitted flows, schools near home, studies by distance."""
    district, activity = people.district, people.activity
    main = np.full(len(district), -1, np.int64)
    gate = np.full(len(district), -1, np.int64)
    employed = activity == Activity.EMPLOYED
    main[employed], gate[employed] = _work_places(city, draws, district[employed])
    main[activity == Activity.PUPIL] = district[activity == Activity.PUPIL]
    student = activity == Activity.STUDENT
    main[student] = _by_table(draws, "study", district, student, study_table(city, p))
    sector = np.full(len(district), -1, np.int64)
    inside = employed & (main >= 0)
    sector[inside] = _by_table(draws, "sector", main, inside, city.jobs.astype(np.float64))
    outside = employed & (main == -2)
    sector[outside] = draws.choice("sector.outside", np.flatnonzero(outside), city.jobs.sum(axis=0) / city.jobs.sum())
    posts = posts_that_hold(city, main, sector, people.weight)
    firms, first, count = _firms(posts, draws, share, p)
    firm = np.full(len(district), -1, np.int64)
    cell = main[inside] * len(Sector) + sector[inside]
    pick = draws.uniform("firm", np.flatnonzero(inside)) * count[cell]
    firm[inside] = first[cell] + pick.astype(np.int64)
    return Work(main.astype(np.int32), gate.astype(np.int32), sector, firm.astype(np.int32), firms)


def _work_places(city: City, draws: Draws, home: Ints) -> tuple[Ints, Ints]:
    """Work district (or -2 and a gate) of each employed citizen, sorted by home: systematic over the fitted flows."""
    out = np.maximum(city.districts.employed - city.commuters.sum(axis=1), 0.0)
    share = city.cordon.outgoers / max(city.cordon.outgoers.sum(), 1e-300)
    table = np.hstack([city.commuters, out[:, None] * share])
    order = np.argsort(home, kind="stable")
    start = draws.uniform("work.start", np.arange(len(table)))
    column = np.empty(len(home), np.int64)
    # neighbours in the table are neighbours in space only by number: a shuffle within each home keeps sectors and incomes mixed
    shuffled = order[np.lexsort((draws.uniform("work.mix", order), home[order]))]
    column[shuffled] = systematic(home[shuffled], table, start)
    n = city.n_districts
    return np.where(column < n, column, -2), np.where(column < n, -1, column - n)


def _by_table(draws: Draws, name: str, group: Ints, who: np.ndarray, table: Floats) -> Ints:
    """A column for each marked row: systematic within groups, mixed by a draw."""
    rows = np.flatnonzero(who)
    order = rows[np.lexsort((draws.uniform(f"{name}.mix", rows), group[rows]))]
    start = draws.uniform(f"{name}.start", np.arange(len(table)))
    column = np.empty(len(group), np.int64)
    column[order] = systematic(group[order], table, start)
    return column[rows]


def _km(city: City) -> Floats:
    d = city.districts
    km = np.hypot(d.x[:, None] - d.x, d.y[:, None] - d.y) / 1000.0 * 1.3
    return np.asarray(np.maximum(km, 0.0) + np.diag(d.inner_distance))


def study_table(city: City, p: Parameters) -> Floats:
    """(D, D) pull of the places of study of each district on students by home district, up to a factor by row."""
    places = city.districts.study_places.astype(np.float64)
    if places.sum() <= 0.0:
        places = city.districts.jobs.astype(np.float64)
    return np.asarray(places * np.exp(-_km(city) / p["study_reach"]))


def posts_that_hold(city: City, main: Ints, sector: Ints, weight: Floats) -> Floats:
    """(D, S) posts by branch that hold the drawn residents: sector totals stay the city's.

    With a small share one drawn worker may stand for more than a small district has posts in a branch; the missing posts come from
    the spare posts of the same branch elsewhere.
    """
    d, s = city.jobs.shape
    at = (main >= 0) & (sector >= 0)
    held = np.bincount(main[at] * s + sector[at], weights=weight[at], minlength=d * s).reshape(d, s)
    spare = np.maximum(city.jobs - held, 0.0)
    missing = np.maximum(held - city.jobs, 0.0).sum(axis=0)
    left = np.maximum(0.0, 1.0 - missing / np.maximum(spare.sum(axis=0), 1e-300))
    return np.asarray(held + spare * left)


def accepted_days(openness: Floats, agreement: Floats, p: Parameters) -> Floats:
    """Days a week at home that employers accept: the digital ones accept some, how many is a matter of the agreement they signed.

    Args:
        openness: (n,) digital maturity as it bears on telework; those below half a day accept none.
        agreement: (n,) draw in (0, 1) of what the agreement says.
        p: registry values.
    """
    one, three = p["telework_agreed_one"], p["telework_agreed_three"]
    days = 1.0 + (agreement >= one) + (agreement >= 1.0 - three)
    return np.where(openness > 0.5, days, 0.0)


def openness(maturity: Floats) -> Floats:
    """How far firms of a digital maturity are open to work at home, before their own taste."""
    return np.asarray(3.2 * maturity - 0.6)


def _firms(posts: Floats, draws: Draws, share: float, p: Parameters) -> tuple[Firms, Ints, Ints]:
    """Establishments by district and branch; their jobs times weights sum to the posts. Also first row and count by cell."""
    d, s = posts.shape
    true = np.where(posts > 0, np.maximum(1, np.round(posts / FIRM_SIZE)), 0).astype(np.int64).ravel()
    count = rows_for(true, share)
    first = np.r_[0, np.cumsum(count)[:-1]]
    cell = np.repeat(np.arange(d * s), count)
    rows = np.arange(len(cell))
    weight = (true / np.maximum(count, 1))[cell]
    relative = np.exp(1.1 * draws.normal("firm.size", rows))
    total = np.bincount(cell, weights=relative * weight, minlength=d * s)
    jobs = relative * (posts.ravel() / np.maximum(total, 1e-300))[cell]
    sector = cell % s
    maturity = np.clip(MATURITY[sector] + 0.15 * draws.normal("firm.maturity", rows), 0.02, 0.98)
    revenue = jobs * 11_000.0  # replaced by the economy in its first month
    return (
        Firms(
            id=rows, alive=np.ones(len(rows)), weight=weight, district=cell // s, sector=sector, jobs=jobs, jobs_wanted=jobs,
            revenue=revenue, liquidity=MARGIN_MONTHS * revenue, maturity=maturity,
            telework=accepted_days(
                openness(maturity) + 0.6 * draws.normal("firm.telework", rows), draws.uniform("firm.agreement", rows), p
            ),
            floor=jobs * FLOOR_PER_JOB[sector], preparedness=np.clip(maturity * 0.8 + 0.05, 0.0, 1.0), projects=np.zeros(len(rows)),
        ),
        first,
        count,
    )  # fmt: skip
