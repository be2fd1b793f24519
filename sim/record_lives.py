"""Lives month by month: what a run directory keeps of some followed citizens, so that ``rebond follow`` can tell their story."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kernels.draws import stream, uniforms
from sim.codes import Activity, Csp, DwellingType, Heating, HouseholdType, Mode, Powertrain, Retrofit, Sector, Tenure
from sim.columns import Array, Ints
from sim.months import month_name
from sim.state import State

if TYPE_CHECKING:
    from sim.model import UrbanModel

#: Citizens followed without being asked for: enough for every kind of life, some hundred kilobytes in six years.
SAMPLE = 100


def followed(state: State, wanted: Sequence[int] = ()) -> Ints:
    """Rows of the citizens whose lives are kept: a sample of the living by identity, and those asked for that exist."""
    c = state.citizens
    living = np.flatnonzero(c.alive)
    order = np.argsort(uniforms(state.seed, stream("record.lives"), c.id[living], 0, 0), kind="stable")
    asked = np.flatnonzero(np.isin(c.id, np.asarray(wanted, np.int64)))
    return np.union1d(living[order[:SAMPLE]], asked)


class LifeLog:
    """Keeps a row for each month and followed citizen. It reads, never writes. Rows never move, so they are noted once."""

    def __init__(self, model: UrbanModel, wanted: Sequence[int] = ()) -> None:
        self.rows = followed(model.state, wanted)
        self.months: list[pd.DataFrame] = []

    def observe(self, model: UrbanModel) -> None:
        """Take the month just lived."""
        state, rows = model.state, self.rows
        c, h = state.citizens, state.households
        home = c.household[rows]
        firm = c.firm[rows]
        self.months.append(
            pd.DataFrame(
                {
                    "month": month_name(state.month), "citizen": c.id[rows], "alive": c.alive[rows],
                    "here": h.alive[home], "age": (state.month - c.birth[rows]) // 12, "woman": c.woman[rows],
                    "activity": _names(Activity, c.activity[rows]), "csp": _names(Csp, c.csp[rows]),
                    "sector": _names(Sector, c.sector[rows]), "firm": np.where(firm >= 0, state.firms.id[np.maximum(firm, 0)], -1),
                    "household": h.id[home], "kind": _names(HouseholdType, h.kind[home]), "size": h.size[home],
                    "quintile": h.quintile[home], "income": h.income[home], "district": c.district[rows],
                    "main_district": c.main_district[rows], "main_mode": _names(Mode, c.main_mode[rows]),
                    "telework_days": c.telework_days[rows], "travel_min": c.travel_time[rows],
                    **_home(model, home), **_cars(state, home),
                    "energy_bill": h.energy_bill[home], "transport_bill": h.transport_bill[home], "works_bill": h.works_bill[home],
                    "trust": c.trust[rows], "satisfaction": c.satisfaction[rows], "took_part": state.society.took_part[rows],
                    **self._opinions(model),
                }
            )
        )  # fmt: skip

    def _opinions(self, model: UrbanModel) -> dict[str, Array]:
        """Support for each measure that is public, NaN for the others."""
        society, known = model.state.society, model.policies.announced > 0.0
        return {
            f"support {one.id}": np.where(known[m], society.support[self.rows, m], np.nan).astype(np.float32)
            for m, one in enumerate(model.scenario.rows)
        }

    def table(self) -> pd.DataFrame:
        """All months, citizen by citizen."""
        return pd.concat(self.months, ignore_index=True).sort_values(["citizen", "month"], ignore_index=True)


def _home(model: UrbanModel, household: Ints) -> dict[str, Any]:
    """The dwelling of each household; nothing known where it has left."""
    state = model.state
    h, d = state.households, state.dwellings
    row = np.maximum(h.dwelling[household], 0).astype(np.int64)
    return {
        "dwelling": np.where(h.dwelling[household] >= 0, d.id[row], -1), "dwelling_kind": _names(DwellingType, d.kind[row]),
        "area": d.area[row], "tenure": _names(Tenure, h.tenure[household]), "heating": _names(Heating, d.heating[row]),
        "retrofit": _names(Retrofit, d.retrofit[row]), "pv": d.pv[row], "battery": d.battery[row], "cooled": d.cooled[row],
        "rent": state.society.lease_rent[household],
    }  # fmt: skip


def _cars(state: State, household: Ints) -> dict[str, Any]:
    """Cars of each household, and what moves the one registered last."""
    cars = state.cars
    rows = np.flatnonzero(cars.alive & np.isin(cars.household, household))
    rows = rows[np.lexsort((cars.id[rows], cars.since[rows]))]
    newest = np.full(len(state.households), -1, np.int64)
    newest[cars.household[rows]] = cars.powertrain[rows]
    return {"cars": state.households.cars[household], "newest_car": _names(Powertrain, newest[household])}


def _names(codes: type[IntEnum], values: Array) -> pd.Categorical[str]:
    """Names of codes in lower case, "" for none."""
    words = [m.name.lower().replace("_", " ") for m in codes]
    known = [int(m) for m in codes]
    place = np.searchsorted(known, values)
    place = np.where(np.isin(values, known), np.minimum(place, len(known) - 1) + 1, 0)
    return pd.Categorical.from_codes(place, pd.Index(["", *words]))
