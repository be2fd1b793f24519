"""The energy tables of a run directory: the accounts of emissions by item, and hours of loads and emissions by use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.codes import RESIDENTS_ACCOUNT, TERRITORIAL_ACCOUNT, AccountItem, EnergyUse
from sim.months import month_name
from sim.state import State

#: How people call the items.
LABELS = {
    AccountItem.HEATING: "heating of dwellings", AccountItem.HOT_WATER: "hot water", AccountItem.APPLIANCES: "appliances and lighting",
    AccountItem.COOLING: "air conditioning of dwellings", AccountItem.COOKING: "cooking",
    AccountItem.CHARGING: "electricity of residents' cars", AccountItem.RESIDENTS_INSIDE: "fuel of residents' cars, inside",
    AccountItem.RESIDENTS_OUTSIDE: "fuel of residents' cars, outside",
    AccountItem.STREETS: "what the speeds of the streets add to it", AccountItem.INCOMERS: "cars of commuters from outside",
    AccountItem.THROUGH: "through traffic", AccountItem.GOODS: "vans and trucks",
    AccountItem.TRANSIT_RESIDENTS: "transit, residents' share", AccountItem.TRANSIT_OTHERS: "transit, others' share",
    AccountItem.FIRMS: "firms' floors", AccountItem.LIGHTING: "street lighting",
    AccountItem.DATA: "data services", AccountItem.WATER_HOME: "water and sewage of homes",
    AccountItem.WATER_WORK: "water and sewage of work places", AccountItem.WASTE: "household waste",
}  # fmt: skip
#: Name of the row that holds the city's load after PV and batteries.
NET = "net"


class EnergyLog:
    """Keeps what each month's energy leaves behind. It reads, never writes."""

    def __init__(self) -> None:
        self.months: list[int] = []
        self.account: list[np.ndarray] = []
        self.hours: list[np.ndarray] = []

    def observe(self, state: State) -> None:
        """Take the month just lived."""
        e = state.energy
        self.months.append(state.month)
        self.account.append(e.account.copy())
        self.hours.append(
            np.stack(
                [np.column_stack([e.load_use, e.load]), np.column_stack([e.co2_hour, np.full(len(e.load), np.nan)])]
            )
        )

    def accounts(self) -> pd.DataFrame:
        """A row for each month and item."""
        values, items = np.array(self.account), list(AccountItem)
        months = np.repeat([month_name(m) for m in self.months], len(items))
        columns: dict[str, list[str] | list[bool]] = {
            "item": [i.name.lower() for i in items], "label": [LABELS[i] for i in items],
            "residents": [i in RESIDENTS_ACCOUNT for i in items], "territory": [i in TERRITORIAL_ACCOUNT for i in items],
        }  # fmt: skip
        table = {name: np.tile(column, len(self.months)) for name, column in columns.items()}
        return pd.DataFrame(
            {"month": months, **table, "total_t": values[:, 0].ravel(), "direct_t": values[:, 1].ravel()}
        )

    def by_hour(self) -> pd.DataFrame:
        """A row for each month, hour and use: the coldest day's load, the mean day's emissions."""
        uses, values = [*(u.name.lower() for u in EnergyUse), NET], np.array(self.hours)
        n, hours = len(self.months), values.shape[2]
        return pd.DataFrame(
            {
                "month": np.repeat([month_name(m) for m in self.months], hours * len(uses)),
                "hour": np.tile(np.repeat(np.arange(hours), len(uses)), n), "use": np.tile(uses, n * hours),
                "load_mw": values[:, 0].ravel(), "co2_t_h": values[:, 1].ravel(),
            }
        )  # fmt: skip
