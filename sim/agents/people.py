"""Households and citizens: composition, ages and activities drawn so that every district's margins hold exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.agents.sampling import Draws, rows_for, top_per_group
from sim.city.city import City
from sim.codes import Activity, Csp, HouseholdType
from sim.columns import Bools, Floats, Ints

#: Composition of households (INSEE RP 2020, Toulouse Métropole): one person 47.1 %, couple 21.0 %, couple with children 18.8 %, single
#: parent 9.4 %, the rest others.
TYPE_SHARE = np.array([0.471, 0.210, 0.188, 0.094, 0.037])
TYPE_SIZE = np.array(
    [1.0, 2.0, 3.75, 2.55, 2.4]
)  # mean members (assumption, fitted to persons per household of each district)
LARGEST = 9
#: Age of the reference person by type: shares of the bands 18-29, 30-44, 45-59, 60-74, 75-95. Assumption, fitted so that the ages of
#: all meet INSEE RP 2016 (0-14 16.3 %, 15-29 26.4, 30-44 21.1, 45-59 17.1, 60-74 12.0, 75+ 7.1).
BANDS = np.array([[18, 30], [30, 45], [45, 60], [60, 75], [75, 96]])
AGE_BAND = np.array(
    [
        [0.291, 0.177, 0.171, 0.205, 0.156],
        [0.216, 0.152, 0.161, 0.323, 0.148],
        [0.102, 0.536, 0.351, 0.010, 0.001],
        [0.118, 0.396, 0.465, 0.020, 0.001],
        [0.560, 0.213, 0.104, 0.078, 0.045],
    ]
)
#: Socio-professional groups of the employed (INSEE RP 2019: craft 20,657, managers 115,938, intermediate 109,776, employees 99,317,
#: workers 56,029).
CSP_SHARE = np.array([0.051, 0.289, 0.273, 0.247, 0.140])
#: Rows of the registry: which of their jobs can be done at home.
REMOTE = ("remote_craft", "remote_manager", "remote_intermediate", "remote_employee", "remote_worker")


def remote_jobs(p: Mapping[str, float]) -> Floats:
    """(5,) share of the jobs of each group that can be done at home."""
    return np.array([p[name] for name in REMOTE])


@dataclass(frozen=True)
class People:
    """Households and persons before they have dwellings, jobs and cars."""

    home: Ints  #: (H,) district of each household
    kind: Ints  #: (H,) HouseholdType
    size: Ints  #: (H,)
    household_weight: Floats
    household: Ints  #: (P,) household of each person, sorted
    age: Ints  #: (P,) years
    activity: Ints  #: (P,)
    csp: Ints  #: (P,)
    woman: Bools
    weight: Floats  #: (P,)

    @property
    def district(self) -> Ints:
        """(P,) home district."""
        return self.home[self.household]


def draw_people(city: City, draws: Draws, share: float) -> People:
    """Rows of households and persons at a share; weighted totals equal the margins of every district exactly."""
    d = city.districts
    households = rows_for(d.households, share)
    persons = np.maximum(households, rows_for(d.population, share))
    home = np.repeat(np.arange(len(d)), households)
    rows = np.arange(len(home))
    kind = draws.choice("type", rows, _tilted(persons / households)[home])
    size = _sizes(draws, kind, rows)
    size = _fit_sizes(size, kind, home, persons, draws.uniform("size.fit", rows))
    kind = _fitting(kind, size)
    household = np.repeat(rows, size)
    age = _ages(draws, kind, household, size)
    activity, weight = _activities(city, draws, share, home[household], age, persons)
    everyone = np.arange(len(household))
    csp = draws.choice("csp", everyone, CSP_SHARE)
    csp = np.where(activity == Activity.RETIRED, Csp.RETIRED, csp)
    csp = np.where(np.isin(activity, (Activity.EMPLOYED, Activity.UNEMPLOYED, Activity.RETIRED)), csp, Csp.OTHER)
    return People(
        home=home, kind=kind, size=size, household_weight=(d.households / np.maximum(households, 1))[home], household=household,
        age=age, activity=activity, csp=csp, woman=draws.uniform("sex", everyone) < 0.515, weight=weight,
    )  # fmt: skip


def _tilted(mean_size: Floats) -> Floats:
    """(D, types) shares of types tilted exponentially so that the mean size is each district's."""
    theta = np.zeros(len(mean_size))
    for _ in range(40):  # Newton on the log-partition function
        weight = TYPE_SHARE * np.exp(theta[:, None] * TYPE_SIZE)
        p = weight / weight.sum(axis=1, keepdims=True)
        mean = p @ TYPE_SIZE
        variance = np.maximum(p @ TYPE_SIZE**2 - mean**2, 1e-6)
        theta += np.clip((np.clip(mean_size, 1.05, 3.4) - mean) / variance, -0.5, 0.5)
    return np.asarray(p)


def _sizes(draws: Draws, kind: Ints, rows: Ints) -> Ints:
    """Members by type: one, two, three to five, two to four, two to three."""
    u = draws.uniform("size", rows)
    family = 3 + (u > 0.43).astype(int) + (u > 0.84).astype(int)
    single_parent = 2 + (u > 0.58).astype(int) + (u > 0.88).astype(int)
    other = 2 + (u > 0.6).astype(int)
    return np.select(
        [kind == 0, kind == 1, kind == 2, kind == 3],
        [np.ones_like(rows), np.full_like(rows, 2), family, single_parent],
        other,
    )


def _fit_sizes(size: Ints, kind: Ints, home: Ints, persons: Ints, order: Floats) -> Ints:
    """Add or take members, families first, until every district counts its persons."""
    size = size.copy()
    for _ in range(LARGEST):
        gap = persons - np.bincount(home, weights=size, minlength=len(persons)).astype(np.int64)
        if not gap.any():
            return size
        family = np.isin(kind, (HouseholdType.COUPLE_CHILDREN, HouseholdType.SINGLE_PARENT, HouseholdType.OTHER)) * 2.0
        grow = (gap[home] > 0) & (size < LARGEST)
        shrink = (gap[home] < 0) & (size > 1)
        chosen = top_per_group(home, family + order, np.abs(gap), grow | shrink)
        size[chosen] += np.sign(gap[home[chosen]])
    raise ValueError("a district has more persons than its households can hold")


def _fitting(kind: Ints, size: Ints) -> Ints:
    """Composition after sizes were fitted: one person is alone, and couples have children exactly if there are more than two."""
    pair = np.isin(kind, (HouseholdType.SINGLE, HouseholdType.COUPLE, HouseholdType.COUPLE_CHILDREN))
    several = np.where(size == 2, HouseholdType.COUPLE, HouseholdType.COUPLE_CHILDREN)
    return np.where(size == 1, HouseholdType.SINGLE, np.where(pair, several, kind))


def _ages(draws: Draws, kind: Ints, household: Ints, size: Ints) -> Ints:
    """Reference person by type; partners within some years; children 22 to 40 years younger; others young adults."""
    rows = np.arange(len(household))
    first = np.r_[0, np.cumsum(size)[:-1]]
    heads = np.arange(len(kind))
    code = draws.choice("age.band", heads, AGE_BAND[kind])
    band, u = BANDS[code], draws.uniform("age", heads)
    u = np.where(code == len(BANDS) - 1, u**1.8, u)  # the oldest thin out
    head_age = (band[:, 0] + u * (band[:, 1] - band[:, 0])).astype(np.int64)
    place = rows - first[household]
    k = kind[household]
    head = head_age[household]
    partner = np.clip(head + np.round(4.0 * draws.normal("age.partner", rows)).astype(np.int64), 18, 99)
    # born when the parent was 22 to 40, as far as that leaves a child of 0 to 24; any age is as likely, infants with young parents
    youngest = np.clip(head - 40, 0, 15)
    after = np.maximum(np.clip(head - 21, 3, 25), youngest + 1)
    child = youngest + ((after - youngest) * draws.uniform("age.child", rows)).astype(np.int64)
    mate = (18 + 22.0 * draws.uniform("age.mate", rows) ** 1.6).astype(np.int64)
    couple = np.isin(k, (HouseholdType.COUPLE, HouseholdType.COUPLE_CHILDREN))
    others = np.where(k == HouseholdType.OTHER, mate, child)
    return np.where(place == 0, head, np.where((place == 1) & couple, partner, others))


def _activities(
    city: City, draws: Draws, share: float, district: Ints, age: Ints, persons: Ints
) -> tuple[Ints, Floats]:
    """Activities by age with each district's students, employed and unemployed; and weights that make every margin exact."""
    d = city.districts
    rows = np.arange(len(age))
    noise = draws.normal("activity", rows)
    activity = np.select(
        [age < 3, age < 18, age >= 64], [Activity.CHILD, Activity.PUPIL, Activity.RETIRED], Activity.INACTIVE
    )
    adult = age >= 18
    left = adult.copy()
    groups = []
    likely_worker = -(((age - 41.0) / 13.0) ** 2) - 6.0 * (age >= 66)
    for name, code, score in (
        ("students", Activity.STUDENT, -np.abs(age - 20.5) / 2.0),
        ("employed", Activity.EMPLOYED, likely_worker),
        ("unemployed", Activity.UNEMPLOYED, -(((age - 36.0) / 14.0) ** 2)),
    ):
        wanted = np.minimum(rows_for(getattr(d, name), share), np.bincount(district[left], minlength=len(d)))
        chosen = top_per_group(district, score + noise, wanted, left)
        activity = np.where(chosen, code, activity)
        left &= ~chosen
        groups.append((chosen, getattr(d, name)))
    activity = np.where(left & (age >= 60), Activity.RETIRED, activity)
    return activity, _weights(district, groups, d.population)


def _weights(district: Ints, groups: list[tuple[Bools, Ints]], population: Ints) -> Floats:
    """One weight a group and district: margin over rows; everybody else shares what is left of the population."""
    n = len(population)
    weight = np.zeros(len(district))
    rest = np.ones(len(district), bool)
    left = population.astype(np.float64)
    for chosen, margin in groups:
        count = np.bincount(district[chosen], minlength=n)
        weight[chosen] = (margin / np.maximum(count, 1))[district[chosen]]
        left -= np.where(count > 0, margin, 0)
        rest &= ~chosen
    count = np.bincount(district[rest], minlength=n)
    weight[rest] = (left / np.maximum(count, 1))[district[rest]]
    return weight
