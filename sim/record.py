"""What a run leaves behind, as plain tables: the contents of a run directory, before anything is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.agents.municipality import journal
from sim.codes import Carrier, Mode, Ring
from sim.conservation import residuals, stocks
from sim.indicators import INDICATORS
from sim.model import UrbanModel
from sim.months import days_in, month_name
from sim.record_energy import EnergyLog
from sim.record_lives import LifeLog

#: Columns of citizens with the modes of their tours.
MODES = ("main_mode", "shop_mode", "leisure_mode", "escort_mode")


@dataclass(frozen=True)
class Record:
    """Tables of one run; see docs/results.md for their columns."""

    manifest: dict[str, Any]
    indicators: pd.DataFrame
    districts: pd.DataFrame
    links: pd.DataFrame
    agents: pd.DataFrame
    events: pd.DataFrame
    accounts: pd.DataFrame
    hours: pd.DataFrame
    lives: pd.DataFrame


class Recorder:
    """Watches a model month by month. It reads, never writes. ``follow``: identities of citizens whose lives are kept besides a sample."""

    def __init__(self, model: UrbanModel, follow: Sequence[int] = ()) -> None:
        self.model = model
        self.lives = LifeLog(model, follow)
        self.rows: list[tuple[int, list[float]]] = []
        self.districts: list[pd.DataFrame] = []
        self.energy = EnergyLog()
        self.worst: dict[str, float] = {}
        self.before = stocks(model.state)
        c, h = model.state.citizens, model.state.households
        self.first = {name: getattr(c, name).copy() for name in MODES} | {"cars": h.cars.copy()}
        self.last = {name: column.copy() for name, column in self.first.items()}
        self.changed = {name: np.full(len(column), -1, np.int32) for name, column in self.first.items()}

    def observe(self) -> dict[str, float]:
        """Take the month just lived. Returns its indicators."""
        model, state = self.model, self.model.state
        values = model.latest()
        self.rows.append((state.month, list(values.values())))
        for name, residual in residuals(self.before, state).items():
            self.worst[name] = max(self.worst.get(name, 0.0), residual)
        self.before = stocks(state)
        self.energy.observe(state)
        self.lives.observe(model)
        self._note_changes()
        if len(self.rows) == 1 or state.month % 12 == 11 or state.month == model.scenario.end:
            self.districts.append(self._district_rows())
        return values

    def _note_changes(self) -> None:
        c, h = self.model.state.citizens, self.model.state.households
        now = {name: getattr(c, name) for name in MODES} | {"cars": h.cars}
        for name, column in now.items():
            new = len(column) - len(self.last[name])
            if new:
                self.last[name] = np.concatenate([self.last[name], column[-new:]])
                self.first[name] = np.concatenate([self.first[name], column[-new:]])
                self.changed[name] = np.concatenate([self.changed[name], np.full(new, -1, np.int32)])
            moved = column != self.last[name]
            self.changed[name][moved] = self.model.state.month
            self.last[name][:] = column

    def _district_rows(self) -> pd.DataFrame:
        snapshot, city = self.model.snapshot(), self.model.city
        tables = []
        for i in INDICATORS:
            if i.by_district is not None:
                values = np.asarray(i.by_district(snapshot), np.float64)
                tables.append(
                    pd.DataFrame({"district": np.arange(city.n_districts), "indicator": i.name, "value": values})
                )
        out = (
            pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["district", "indicator", "value"])
        )
        out.insert(0, "month", month_name(self.model.state.month))
        return out

    def finish(self, extra: dict[str, Any]) -> Record:
        """The record of the months observed. ``extra`` goes into the manifest (versions, seconds, memory)."""
        model = self.model
        months = [month_name(m) for m, _ in self.rows]
        names = [i.name for i in INDICATORS]
        values = np.array([row for _, row in self.rows])
        indicators = pd.DataFrame(
            {"month": np.repeat(months, len(names)), "indicator": np.tile(names, len(months)), "value": values.ravel()}
        )
        manifest = {
            "scenario": model.scenario.resolved(),
            "city": _city_facts(model),
            "seed": model.state.seed,
            "share": model.state.share,
            "parameters": dict(model.parameters.overrides),
            "first_month": months[0],
            "last_month": months[-1],
            "conservation": self.worst,
            "indicators": {
                i.name: {"label": i.label, "unit": i.unit, "direction": i.direction, "period": i.period,
                         "domain": i.domain, "meaning": i.meaning}
                for i in INDICATORS
            },
            "seconds_by_system": {name: round(s, 3) for name, s in model.seconds.items()},
            **extra,
        }  # fmt: skip
        return Record(
            manifest, indicators, pd.concat(self.districts, ignore_index=True), self._links(), self._agents(),
            _events(model), self.energy.accounts(), self.energy.by_hour(), self.lives.table(),
        )  # fmt: skip

    def _links(self) -> pd.DataFrame:
        """Morning peak of the last month by link, with both ends for maps."""
        city, traffic = self.model.city, self.model.state.traffic
        a, n = city.links, city.nodes
        return pd.DataFrame(
            {
                "link": np.arange(len(a), dtype=np.int32), "edge": a.edge, "road_class": a.road_class,
                "length_m": a.length, "capacity_veh_h": a.capacity, "flow_veh_h": traffic.link_flow,
                "time_s": traffic.link_time, "free_time_s": a.free_time, "vehicles_day": traffic.link_day,
                "trucks_day": traffic.link_trucks, "co2_kg_day": traffic.link_co2, "noise_lden_db": traffic.link_noise,
                "lanes": np.maximum(a.lanes - self.model.policies.lanes_closed, 0.0),
                "cycle_level": np.maximum(a.cycle_level, self.model.policies.cycle_level).astype(np.int8),
                "lon_tail": n.lon[a.tail], "lat_tail": n.lat[a.tail], "lon_head": n.lon[a.head], "lat_head": n.lat[a.head],
            }
        )  # fmt: skip

    def _modes(self) -> dict[str, Any]:
        """Mode of each tour, at the start too, and the month of its last change."""
        columns: dict[str, Any] = {}
        for name in MODES:
            columns[name] = getattr(self.model.state.citizens, name)
            columns[f"{name}_start"], columns[f"{name}_since"] = self.first[name], _since(self.changed[name])
        return columns

    def _agents(self) -> pd.DataFrame:
        """Citizens at the end: who they are, how they live, and when that last changed ("" never)."""
        state = self.model.state
        c, h = state.citizens, state.households
        home = c.household
        return pd.DataFrame(
            {
                "citizen": c.id, "weight": c.weight, "alive": c.alive, "household": h.id[home], "district": c.district,
                "ring": self.model.city.districts.ring[c.district], "age": (state.month - c.birth) // 12,
                "activity": c.activity, "csp": c.csp, "quintile": h.quintile[home], "income_month": h.income[home],
                **self._modes(),
                "cars": h.cars[home], "cars_start": self.first["cars"][home],
                "cars_since": _since(self.changed["cars"])[home], "telework_days": c.telework_days,
                "travel_min_day": c.travel_time, "travel_km_day": c.travel_km,
                "energy_bill_month": h.energy_bill[home], "transport_bill_month": h.transport_bill[home],
                "trust": c.trust, "satisfaction": c.satisfaction,
            }
        )  # fmt: skip


def _since(months: np.ndarray) -> np.ndarray:
    """Month names for month numbers, "" for -1."""
    known, place = np.unique(months, return_inverse=True)
    return np.array(["" if m < 0 else month_name(int(m)) for m in known], dtype=object)[place]


def _events(model: UrbanModel) -> pd.DataFrame:
    rows = journal(model.state)
    return pd.DataFrame(
        {
            "month": [r["month"] for r in rows],
            "measure": [r["measure"] for r in rows],
            "event": [r["event"] for r in rows],
            "why": [r["why"] for r in rows],
            "figures": [json.dumps(r.get("figures", {}), ensure_ascii=False) for r in rows],
        },
        dtype=object,
    )


def _city_facts(model: UrbanModel) -> dict[str, Any]:
    city = model.city
    d = city.districts
    return {
        "name": city.name,
        "synthetic_streets": city.synthetic_streets,
        "nodes": len(city.nodes),
        "links": len(city.links),
        "districts": [
            {"name": name, "commune": city.commune_names[c], "ring": Ring(r).name.lower(), "lon": lon, "lat": lat}
            for name, c, r, lon, lat in zip(
                city.district_names, d.commune.tolist(), d.ring.tolist(), d.lon.tolist(), d.lat.tolist(), strict=True
            )
        ],
        "population": int(d.population.sum()),
        "water": [np.asarray(line).round(5).tolist() for line in city.water],
        "sources": [list(row) for row in city.sources],
        "codes": {"mode": [m.name.lower() for m in Mode], "carrier": [c.name.lower() for c in Carrier]},
        "days_of_last_month": days_in(model.state.month),
    }
