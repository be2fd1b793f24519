"""Cars' times and distances between zones, from the roads of all periods: what is driven, and what was believed before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.city.city import City
from sim.codes import KEPT_OUT, RoadUser
from sim.columns import Floats
from sim.scenario.parameters import Parameters
from sim.state import Traffic
from sim.systems.mobility import choice
from sim.systems.mobility.road import FREE, KEPT, RoadResult


class Skims(NamedTuple):
    """Cars' minutes and km: (2 groups, P, D, D) between districts, (2 directions, P, D, gates) to gates and back."""

    time: Floats
    km: Floats
    gate_time: Floats
    gate_km: Floats


def skims(city: City, p: Parameters, found: Sequence[RoadResult]) -> Skims:
    """Minutes and km between districts and to the gates and back; at the ends and inside a district at a stated urban speed."""
    n = city.n_districts
    inner, ends = city.districts.inner_distance, choice.access_km(city, p)
    pace, search = 60.0 / p["inner_car_speed"], p["parking_search"]
    both = ends[:, None] + ends
    minutes = np.stack([one.zone_time for one in found], axis=1)
    km = np.stack([one.zone_km for one in found], axis=1)
    for table in (minutes, km):  # whom a zone leaves no way has leave to drive as everybody
        table[KEPT] = np.where(np.isfinite(table[KEPT]), table[KEPT], table[FREE])
    time, far = minutes[..., :n, :n] + both * pace, km[..., :n, :n] + both
    own = np.arange(n)
    time[..., own, own] = inner * pace + 2.0 * float(city.connectors.time.mean()) / 60.0
    far[..., own, own] = inner
    gates = [
        np.stack([table[FREE][:, :n, n:], table[FREE][:, n:, :n].swapaxes(1, 2)]) + ends[:, None] * unit
        for table, unit in ((minutes, pace), (km, 1.0))
    ]
    return Skims(time + search, far, gates[0] + search, gates[1])


def misperceived(hours: Floats, cars: Floats, t: Traffic, fresh: Skims) -> float:
    """Vehicle-hours of a day by which the periods' times differ from those that choices were made by, over all of them.

    ``cars`` (P, 2, Z, Z) of residents and commuters in each period's hour, ``hours`` (P,) that it stands for.
    """
    n = fresh.time.shape[-1]
    weight = cars * hours[:, None, None, None]
    both = weight.sum(axis=1)
    believed, found = np.stack([t.car_time, t.kept_time], axis=1), fresh.time.swapaxes(0, 1)
    ways = (
        (weight[..., :n, :n], believed, found),
        (both[:, :n, n:], t.gate_time[0], fresh.gate_time[0]),
        (both[:, n:, :n].swapaxes(1, 2), t.gate_time[1], fresh.gate_time[1]),
    )
    off = sum(float((w * np.abs(met - had)).sum()) for w, had, met in ways)
    return off / max(sum(float((w * met).sum()) for w, _, met in ways), 1e-300)


def driven_km(found: Sequence[RoadResult]) -> Floats:
    """(P, U, Z, Z) distance driven; who has no way round a zone drives as everybody."""
    km = np.stack([one.zone_km for one in found])
    km[:, KEPT] = np.where(np.isfinite(km[:, KEPT]), km[:, KEPT], km[:, FREE])
    group = [KEPT if user in KEPT_OUT else FREE for user in RoadUser]
    return np.asarray(km[:, group])
