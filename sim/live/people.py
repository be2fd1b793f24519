"""Follow one citizen or firm: who she is, her day, what she chose and why. First names are made up; everything else is her row."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim import Activity, DwellingType, Heating, Mode, RunError, Sector, State, Status, Tenure, UrbanModel, month_name
from sim.live.branch import Branch

WOMEN = (
    "Marie", "Léa", "Inès", "Chloé", "Fatima", "Camille", "Sofia", "Louise", "Nadia", "Julie", "Emma", "Aïcha", "Claire", "Lina",
    "Hélène", "Ana", "Sarah", "Jeanne", "Mei", "Lucie",
)  # fmt: skip
MEN = (
    "Lucas", "Karim", "Hugo", "Thomas", "Mehdi", "Louis", "Antoine", "Yanis", "Paul", "David", "Adam", "Nicolas", "Omar", "Jules",
    "Pierre", "Samir", "Martin", "Luis", "Théo", "Minh",
)  # fmt: skip
#: Purposes with the columns that hold them, and the alternatives in the order of utilities (sim/systems/mobility/worth.py).
TOURS = (("work", "main"), ("education", "main"), ("shopping", "shop"), ("leisure", "leisure"), ("escort", "escort"))
WAYS = ("car", "car, off-peak", "transit", "transit, off-peak", "bicycle", "on foot")
#: Columns whose changes are told, of the citizen and of her household.
TOLD = (
    ("citizens", "main_mode"), ("citizens", "shop_mode"), ("citizens", "leisure_mode"), ("citizens", "activity"),
    ("citizens", "district"), ("households", "cars"), ("dwellings", "heating"), ("dwellings", "retrofit"), ("dwellings", "pv"),
)  # fmt: skip


def find(state: State, *, district: int | None, turn: int) -> int:
    """A citizen's row: adults of a district (or of all) in a fixed, scattered order; ``turn`` says which."""
    c = state.citizens
    adult = c.alive & (state.month - c.birth >= 18 * 12)
    rows = np.flatnonzero(adult & (c.district == district) if district is not None else adult)
    if not len(rows):
        raise RunError("nobody lives there in this sample")
    scattered = rows[np.argsort((c.id[rows] * 2654435761) % 2**32, kind="stable")]
    return int(scattered[turn % len(scattered)])


def row_of(state: State, identity: int) -> int:
    """The row of a citizen by identity. Raises RunError when she has left."""
    rows = np.flatnonzero((state.citizens.id == identity) & state.citizens.alive)
    if not len(rows):
        raise RunError("she does not live in this city in this month")
    return int(rows[0])


def citizen(model: UrbanModel, row: int) -> dict[str, Any]:
    """Who she is and how she lives this month, as plain data."""
    state, city = model.state, model.city
    c, h = state.citizens, state.households
    home = int(c.household[row])
    dwelling = int(h.dwelling[home])
    names = WOMEN if c.woman[row] else MEN
    places = city.district_names
    out: dict[str, Any] = {
        "id": int(c.id[row]), "name": names[int(c.id[row]) % len(names)], "age": int((state.month - c.birth[row]) // 12),
        "place": places[int(c.district[row])], "district": int(c.district[row]), "activity": Activity(c.activity[row]).name.lower(),
        "sector": Sector(c.sector[row]).name.lower() if c.sector[row] >= 0 else "", "fifth": int(h.quintile[home]) + 1,
        "income": float(h.income[home]), "household": int(h.size[home]), "cars": int(h.cars[home]),
        "tenure": Tenure(h.tenure[home]).name.lower(), "energy_bill": float(h.energy_bill[home]),
        "transport_bill": float(h.transport_bill[home]), "travel_time": float(c.travel_time[row]), "travel_km": float(c.travel_km[row]),
        "trust": 100.0 * float(c.trust[row]), "satisfaction": 100.0 * float(c.satisfaction[row]),
        "telework": float(c.telework_days[row]), "day": _day(model, row), "support": _support(model, row),
    }  # fmt: skip
    if dwelling >= 0:
        d = state.dwellings
        out |= {"dwelling": DwellingType(d.kind[dwelling]).name, "area": float(d.area[dwelling]),
                "heating": Heating(d.heating[dwelling]).name.lower(), "retrofit": int(d.retrofit[dwelling]),
                "pv": float(d.pv[dwelling])}  # fmt: skip
    return out


def _day(model: UrbanModel, row: int) -> list[dict[str, Any]]:
    """Her tours: where to, how, and what each way was worth to her."""
    c, city = model.state.citizens, model.city
    worth = model.worth(row)
    out = []
    for purpose, prefix in TOURS:
        if purpose not in worth:
            continue
        to, mode = int(getattr(c, f"{prefix}_district")[row]), int(getattr(c, f"{prefix}_mode")[row])
        ways = [(w, round(float(u), 2)) for w, u in zip(WAYS, worth[purpose], strict=True) if np.isfinite(u)]
        place = city.district_names[to] if to >= 0 else ("outside" if to == -2 else "")
        out.append({"purpose": purpose, "place": place, "mode": Mode(mode).name.lower(), "worth": ways})
    return out


def _support(model: UrbanModel, row: int) -> list[tuple[str, float]]:
    """What she thinks of the measures that are public, percent."""
    state = model.state
    known = np.flatnonzero(model.policies.announced > 0.0).tolist()
    rows = model.scenario.rows
    return [
        (rows[i].id, 100.0 * float(state.society.support[row, i]))
        for i in known
        if state.townhall.status[i] != Status.STOPPED
    ]


def changes(branch: Branch, identity: int, until: int) -> list[tuple[str, str, int, int]]:
    """(month, what, before, after) of what changed in her life, as far as states are kept."""
    out = []
    last: dict[str, int] = {}
    for month, state in branch.states(until):
        rows = np.flatnonzero((state.citizens.id == identity) & state.citizens.alive)
        if not len(rows):
            continue
        home = int(state.citizens.household[rows[0]])
        at = {"citizens": int(rows[0]), "households": home, "dwellings": int(state.households.dwelling[home])}
        for table, name in TOLD:
            value = int(getattr(getattr(state, table), name)[at[table]]) if at[table] >= 0 else -1
            if name in last and value != last[name]:
                out.append((month_name(month), name, last[name], value))
            last[name] = value
    return out


def firm(model: UrbanModel, turn: int, district: int | None = None) -> dict[str, Any]:
    """One establishment of a district (or of the city)."""
    f = model.state.firms
    rows = np.flatnonzero(f.alive & (f.district == district) if district is not None else f.alive)
    if not len(rows):
        raise RunError("no firm is there in this sample")
    row = int(rows[np.argsort((f.id[rows] * 2654435761) % 2**32, kind="stable")][turn % len(rows)])
    return {
        "id": int(f.id[row]), "sector": Sector(f.sector[row]).name.lower(), "place": model.city.district_names[int(f.district[row])],
        "jobs": float(f.jobs[row]), "wanted": float(f.jobs_wanted[row]), "revenue": float(f.revenue[row]),
        "cash": float(f.liquidity[row]), "maturity": 100.0 * float(f.maturity[row]), "telework": float(f.telework[row]),
        "projects": int(f.projects[row]), "stands_for": float(f.weight[row]),
    }  # fmt: skip
