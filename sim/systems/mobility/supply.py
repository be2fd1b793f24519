"""Cycling and walking supply: what a trip takes between districts, recomputed only when the roadmap changes it."""

from __future__ import annotations

import numpy as np

from sim.city.city import City
from sim.codes import RoadClass
from sim.columns import Floats
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.systems.mobility.streets import street_skims


def cycling_minutes(city: City, policies: Policies, p: Parameters) -> Floats:
    """(D, D) perceived cycling time: links weigh by stress, less where there is a lane, least on a separate track.

    Stress factors: registry (after Broach, Dill & Gliebe 2012, Transportation Research A 46: cyclists accept detours of a quarter and
    more for paths away from traffic).
    """
    out = street_skims(city, link_minutes(city, policies.cycle_level, p))
    np.fill_diagonal(
        out, city.districts.inner_distance / p["bike_speed"] * 60.0 * (1.0 + (p["stress_minor"] - 1.0) * 0.5)
    )
    return out


def link_minutes(city: City, cycle_level: Floats, p: Parameters) -> Floats:
    """(L,) perceived minutes of each link by bicycle, stress and slope counted; ``cycle_level`` (L,) what the roadmap has built."""
    a = city.links
    level = np.maximum(a.cycle_level, cycle_level).astype(np.int64)
    stress = np.where(a.road_class == RoadClass.MAJOR, p["stress_major"], p["stress_minor"])
    relief = np.array([1.0, p["lane_relief"], 0.0])[np.clip(level, 0, 2)]
    factor = 1.0 + (stress - 1.0) * relief
    return np.asarray(a.length * factor * slope_factor(city, p) / (p["bike_speed"] / 3.6 * 60.0))


def slope_factor(city: City, p: Parameters) -> Floats:
    """(L,) riding time of each link against flat ground: slower uphill, somewhat faster downhill; 1 where heights are not known.

    Linear in the slope (Parkin & Rotheram 2010, Transport Policy 17), speeds kept between a third and one and a half of the flat one's.
    """
    a, height = city.links, city.nodes.height
    percent = 100.0 * (height[a.head] - height[a.tail]) / np.maximum(a.length, 1.0)
    percent = np.where(np.isfinite(percent), percent, 0.0)
    speed = 1.0 - percent * np.where(percent > 0.0, p["slope_uphill"], p["slope_downhill"])
    return np.asarray(1.0 / np.clip(speed, 1.0 / 3.0, 1.5))


def walking_minutes(city: City, p: Parameters) -> Floats:
    """(D, D) walking time on streets."""
    out = street_skims(city, city.links.length / (p["walk_speed"] / 3.6 * 60.0))
    np.fill_diagonal(out, city.districts.inner_distance / p["walk_speed"] * 60.0)
    return out
