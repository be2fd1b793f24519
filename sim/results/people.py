"""Who gains and who loses, and who changed what: the same citizens in both worlds, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

#: A change of living cost below this is called unchanged [€ a month and person].
NOTICEABLE = 5.0
WORKING_DAYS = 21.0
QUINTILES = ("poorest fifth", "second", "third", "fourth", "richest fifth")
RINGS = ("inside the ring road", "first ring", "second ring", "third ring")


def paired(roadmap: pd.DataFrame, baseline: pd.DataFrame, value_of_time: float) -> pd.DataFrame:
    """Citizens alive in both worlds with what the roadmap changed for them.

    Args:
        roadmap, baseline: ``agents`` tables of the two runs.
        value_of_time: to weigh minutes against euros [€/h].

    Returns:
        one row per citizen: weight, quintile, ring, minutes [min/day], bills [€/month and person], total [€/month and person;
        negative is a gain], modes of both worlds.
    """
    keep = [
        "citizen",
        "weight",
        "quintile",
        "ring",
        "alive",
        "household",
        "main_mode",
        "cars",
        "travel_min_day",
    ]
    bills = ["energy_bill_month", "transport_bill_month"]
    both = roadmap[keep + bills].merge(baseline[keep + bills], on="citizen", suffixes=("", "_0"))
    both = both[both["alive"] & both["alive_0"]].copy()
    size = both.groupby("household")["citizen"].transform("size")
    both["minutes"] = both["travel_min_day"] - both["travel_min_day_0"]
    both["bills"] = sum(both[b] - both[f"{b}_0"] for b in bills) / size
    both["total"] = both["bills"] + both["minutes"] / 60.0 * value_of_time * WORKING_DAYS
    return both


def gains(both: pd.DataFrame) -> list[dict[str, Any]]:
    """Shares better and worse off and mean changes, by income fifth and by ring."""
    out = [_group("everybody", both)]
    out += [_group(label, both[both["quintile"] == i]) for i, label in enumerate(QUINTILES)]
    out += [_group(label, both[both["ring"] == i]) for i, label in enumerate(RINGS)]
    return [row for row in out if row["persons"] > 0]


def _group(label: str, rows: pd.DataFrame) -> dict[str, Any]:
    weight = rows["weight"].to_numpy()
    total = float(weight.sum())
    change = rows["total"].to_numpy()

    def mean(column: str) -> float:
        return float((rows[column].to_numpy() * weight).sum() / total) if total else float("nan")

    def share(who: np.ndarray) -> float:
        return 100.0 * float(weight[who].sum() / total) if total else float("nan")

    return {
        "label": label, "persons": total, "minutes": mean("minutes"), "bills": mean("bills"), "total": mean("total"),
        "better": share(change < -NOTICEABLE), "worse": share(change > NOTICEABLE),
    }  # fmt: skip


def switches(both: pd.DataFrame, modes: list[str]) -> dict[str, Any]:
    """Persons by habitual mode of their main tour: rows the baseline, columns the roadmap."""
    travelling = both[(both["main_mode"] >= 0) & (both["main_mode_0"] >= 0)]
    n = len(modes) - 1  # telework is no travel mode
    cell = travelling["main_mode_0"].to_numpy() * n + travelling["main_mode"].to_numpy()
    table = np.bincount(cell, weights=travelling["weight"].to_numpy(), minlength=n * n).reshape(n, n)
    fewer = both[both["cars"] < both["cars_0"]].drop_duplicates("household")
    return {
        "modes": modes[:n],
        "table": table.tolist(),
        "left_car": float(table[0, 1:].sum()),
        "took_car": float(table[1:, 0].sum()),
        "fewer_cars": float(fewer["weight"].sum()),
    }
