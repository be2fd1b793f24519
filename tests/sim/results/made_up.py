"""A made-up run directory for tests of the readers: two indicators, six links, four citizens, two years."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.months import month_name
from sim.results.directory import write_tables

MONTHS = [month_name(2021 * 12 + i) for i in range(24)]
FACTS = {
    "share_car": {"label": "Car share of trips", "unit": "%", "direction": -1, "period": "average working day",
                  "domain": "mobility", "meaning": "trips by car over all trips"},
    "jobs": {"label": "Jobs", "unit": "jobs", "direction": 1, "period": "at month's end", "domain": "economy",
             "meaning": "posts held"},
}  # fmt: skip


def manifest(name: str = "A <b>roadmap</b>") -> dict[str, Any]:
    return {
        "scenario": {
            "name": name, "parameters": {}, "measures": [{"id": "<script>alert(1)</script>", "start": "2021-06"}],
            "targets": [{"indicator": "share_car", "change": -0.1, "by": "2022-12", "against": "start"}],
        },
        "city": {
            "name": "Made-up", "synthetic_streets": True, "population": 4, "nodes": 4, "links": 6, "water": [],
            "districts": [{"name": f"D{i}", "commune": "M", "ring": "centre", "lon": 1.4 + i / 100, "lat": 43.6} for i in range(3)],
            "sources": [["population", "4", "assumption: made up for a test"]],
            "codes": {"mode": ["car", "transit", "bike", "walk", "telework"], "carrier": []},
        },
        "indicators": FACTS, "seed": 1, "share": 1.0, "parameters": {}, "first_month": MONTHS[0], "last_month": MONTHS[-1],
        "conservation": {"money": 0.0}, "versions": dict.fromkeys(("rebond", "python", "mesa", "numba"), "0"), "gap": 1e-4,
        "seconds": {"all": 1.0}, "peak_memory_mb": 1.0, "band_share": 0.5,
        "typical_days": {"dwellings": 2000, "heating": 0.7, "cooling": 5.0, "pv": 0.8, "electricity": 0.5, "peak": -3.2},
    }  # fmt: skip


def tables(car: float = 50.0) -> dict[str, pd.DataFrame]:
    values = np.column_stack([np.linspace(60.0, car, 24), np.full(24, 100.0)])
    indicators = pd.DataFrame(
        {"month": np.repeat(MONTHS, 2), "indicator": np.tile(list(FACTS), 24), "value": values.ravel()}
    )
    districts = pd.DataFrame(
        {"month": MONTHS[-1], "district": [0, 1, 2], "indicator": "share_car", "value": [40.0, 50.0, car]}
    )
    n = 6
    links = pd.DataFrame(
        {
            "link": range(n), "edge": range(n), "road_class": [0, 1, 2, 2, 1, 0], "length_m": 500.0, "capacity_veh_h": 900.0,
            "flow_veh_h": np.arange(n) * 100.0 + car, "time_s": 50.0, "free_time_s": 40.0, "cycle_level": 0,
            "lon_tail": 1.40 + np.arange(n) / 200, "lat_tail": 43.59, "lon_head": 1.41 + np.arange(n) / 200, "lat_head": 43.61,
        }
    )  # fmt: skip
    agents = pd.DataFrame(
        {
            "citizen": [1, 2, 3, 4], "weight": [1.0, 2.0, 1.0, 1.0], "alive": True,
            "household": [1, 1, 2, 3], "quintile": [0, 0, 2, 4],
            "ring": [0, 0, 1, 3], "main_mode": [0, 1 if car < 50 else 0, 2, -1], "cars": [1, 1, 0, 2],
            "travel_min_day": [30.0, 40.0, 20.0, 10.0], "energy_bill_month": 80.0, "transport_bill_month": [car, car, 20.0, 60.0],
        }
    )  # fmt: skip
    events = pd.DataFrame(
        {
            "month": ["2021-06", "2021-06"], "measure": ["<script>alert(1)</script>", "x"], "event": ["started", "paid"],
            "why": ["<img src=x onerror=alert(2)>", ""], "figures": [json.dumps({}), json.dumps({"total": 2e6})],
        }
    )  # fmt: skip
    return {
        "indicators": indicators, "districts": districts, "links": links, "agents": agents, "events": events,
        "accounts": accounts(car), "hours": hours(car),
    }  # fmt: skip


def accounts(car: float) -> pd.DataFrame:
    """Four items: heating 10 t a month, fuel inside and outside, vans 3 t; the second year is the one that is shown."""
    items = [("heating", True, True, 10.0), ("residents_inside", True, True, car), ("residents_outside", True, False, 2.0),
             ("goods", False, True, 3.0), ("data", False, True, 0.0)]  # fmt: skip
    return pd.DataFrame(
        [
            {"month": m, "item": name, "label": name.replace("_", " "), "residents": mine, "territory": there,
             "total_t": (1.0 if i >= 12 else 7.0) * t, "direct_t": 0.8 * t}
            for i, m in enumerate(MONTHS) for name, mine, there, t in items
        ]
    )  # fmt: skip


def hours(car: float) -> pd.DataFrame:
    """Two uses and the net load, highest in the evening of January of the second year."""
    rows = []
    for i, month in enumerate(MONTHS):
        for hour in range(24):
            load = (20.0 if hour == 19 else 10.0) * (2.0 if i == 12 else 1.0)
            rows += [
                {"month": month, "hour": hour, "use": "heating", "load_mw": load, "co2_t_h": 1.0},
                {"month": month, "hour": hour, "use": "fuel", "load_mw": 0.0, "co2_t_h": car},
                {"month": month, "hour": hour, "use": "net", "load_mw": load - 1.0, "co2_t_h": float("nan")},
            ]
    return pd.DataFrame(rows)


def write_made_up(path: Path, car: float = 40.0, baseline_car: float = 55.0) -> Path:
    write_tables(path, tables(car), manifest())
    write_tables(path / "baseline", tables(baseline_car), manifest())
    return path
