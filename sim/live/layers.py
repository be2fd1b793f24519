"""What the map can show: of streets, of districts, of firms; with unit, range and palette. Values are taken once a month and kept small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim import INDICATORS, Sector, UrbanModel
from sim.live.arrays import Floats

#: Indicators of districts that read as shares or levels come first; the rest follow in their own order.
FIRST = (
    "share_bike",
    "share_car",
    "share_transit",
    "trust",
    "energy_dwellings",
    "jobs",
    "retrofitted_share",
    "co2_transport",
)


@dataclass(frozen=True)
class LinkLayer:
    """One thing that streets are coloured and widened by."""

    name: str
    unit: str
    low: float
    high: float
    palette: str  #: name of a palette of citymap.js
    values: Callable[[UrbanModel], Floats] | None  #: taken once a month; None: added up when somebody looks (bikes.py)


def _load(m: UrbanModel) -> Floats:
    capacity = m.city.links.capacity * m.policies.capacity_factor
    lanes = m.city.links.lanes
    left = np.clip(1.0 - m.policies.lanes_closed / np.maximum(lanes, 1), 0.0, 1.0)
    return 100.0 * m.state.traffic.link_flow / np.maximum(capacity * left, 1e-9)


def _speed(m: UrbanModel) -> Floats:
    return 100.0 * m.city.links.free_time / np.maximum(m.state.traffic.link_time, 1e-9)


def _co2(m: UrbanModel) -> Floats:
    return m.state.traffic.link_co2 / np.maximum(m.city.links.length / 1000.0, 1e-3)


LINK_LAYERS = (
    LinkLayer("load", "%", 0.0, 120.0, "heat", _load),
    LinkLayer("speed", "%", 30.0, 100.0, "cool", _speed),
    LinkLayer("co2", "kgCO2e/km/day", 0.0, 4000.0, "heat", _co2),
    LinkLayer("noise", "dB(A)", 55.0, 90.0, "heat", lambda m: m.state.traffic.link_noise),
    LinkLayer("trucks", "veh/day", 0.0, 1500.0, "heat", lambda m: m.state.traffic.link_trucks),
    LinkLayer("bike", "bicycles/day", 0.0, 3000.0, "green", None),
    LinkLayer(
        "cycle", "level", 0.0, 2.0, "green", lambda m: np.maximum(m.city.links.cycle_level, m.policies.cycle_level)
    ),
)
LINK_NAMES = tuple(layer.name for layer in LINK_LAYERS)
#: What follows from what travellers drive in all: known when the whole month has been lived, not when its roads have settled.
LATE = ("co2", "noise", "trucks")
#: Rows of a month's values of links.
MONTHLY = tuple(layer.name for layer in LINK_LAYERS if layer.values is not None)
DISTRICT_INDICATORS = tuple(i for i in INDICATORS if i.by_district is not None)
DISTRICT_NAMES = tuple(i.name for i in DISTRICT_INDICATORS)
INDICATOR_NAMES = tuple(i.name for i in INDICATORS)
BY_NAME: dict[str, Any] = {i.name: i for i in INDICATORS}


def link_values(model: UrbanModel) -> Floats:
    """(layers, L) float16: three digits are more than a colour shows."""
    rows = [np.clip(np.nan_to_num(one.values(model)), -6e4, 6e4) for one in LINK_LAYERS if one.values is not None]
    return np.stack(rows).astype(np.float16)


def district_values(model: UrbanModel) -> Floats:
    """(indicators, D) float32."""
    snapshot = model.snapshot()
    rows = [np.asarray(i.by_district(snapshot), np.float64) for i in DISTRICT_INDICATORS if i.by_district is not None]
    return np.stack(rows).astype(np.float32)


def firm_values(model: UrbanModel) -> Floats:
    """(3, D) float32: posts and establishments of each district, and the branch with most posts there (codes.Sector, -1 none)."""
    f, n = model.state.firms, model.city.n_districts
    rows = np.flatnonzero(f.alive)
    weight = f.weight[rows]
    pair = f.district[rows].astype(np.int64) * len(Sector) + f.sector[rows]
    posts = np.bincount(pair, weights=f.jobs[rows] * weight, minlength=n * len(Sector)).reshape(n, -1)
    number = np.bincount(f.district[rows], weights=weight, minlength=n)
    most = np.where(posts.sum(axis=1) > 0.0, posts.argmax(axis=1), -1)
    return np.stack([posts.sum(axis=1), number, most]).astype(np.float32)
