"""The policies in force: the one immutable value that systems read each month.

A measure or shock never reaches into agents or links. It contributes to levers (the fields of :class:`Policies`); each
lever says its unit, what it is when nobody acts, and how contributions combine. A contribution of the neutral value leaves
every bit as it was: that is the no-op guarantee.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from sim.city.city import City
from sim.codes import Carrier, CritAir, Heating, Sector
from sim.columns import Array, Floats

QUINTILES = 5
DPE_CLASSES = "ABCDEFG"
AGE_GROUPS = ("under_18", "18_25", "26_64", "65_and_over")
THEMES = ("soft_mobility", "cybersecurity", "energy", "logistics", "health", "digital")


def lever(axes: str, neutral: float, combine: str, unit: str, meaning: str) -> Any:
    """Declare a lever. ``axes`` names its dimensions; ``combine`` is add, multiply, max or min."""
    return field(metadata={"axes": axes, "neutral": neutral, "combine": combine, "unit": unit, "meaning": meaning})


@dataclass(frozen=True)
class Policies:
    """What is in force this month, by link, district, line, class or group. Arrays are read-only."""

    # streets, by link
    speed_limit: Floats = lever("link", np.inf, "min", "km/h", "speed limit set by the roadmap")
    capacity_factor: Floats = lever("link", 1.0, "multiply", "-", "road capacity against today")
    lanes_closed: Floats = lever("link", 0.0, "add", "lanes", "lanes taken from motor traffic in this direction")
    cycle_level: Floats = lever(
        "link", 0.0, "max", "-", "cycling comfort built by the roadmap: 0 none, 1 lane, 2 track"
    )
    # by district
    parking_price: Floats = lever("district", 0.0, "add", "€/trip", "parking price added at the destination")
    car_ban: Floats = lever("crit_air,district", 0.0, "max", "-", "share of cars of that sticker kept out (compliance)")
    van_ban: Floats = lever("crit_air,district", 0.0, "max", "-", "share of vans and trucks of that sticker kept out")
    chargers: Floats = lever("district", 0.0, "add", "points", "public charging points added")
    # transit
    headway_factor: Floats = lever("line", 1.0, "multiply", "-", "time between vehicles against today")
    line_added: Floats = lever("line", 0.0, "max", "-", "1 where a planned line has opened")
    fare_factor: Floats = lever("", 1.0, "multiply", "-", "fares against today")
    free_pass: Floats = lever(
        "age", 0.0, "max", "-", "share of residents of the age group with a pass that lets them ride free"
    )
    free_days: Floats = lever("age", 0.0, "max", "-", "share of such a resident's rides that are free: 1 on all days")
    park_ride_places: Floats = lever("", 0.0, "add", "places", "park-and-ride places added")
    # households
    ev_grant: Floats = lever("quintile", 0.0, "add", "€", "grant for an electric car, on top of the State's")
    retrofit_grant: Floats = lever("quintile", 0.0, "add", "-", "share of retrofit cost granted, on top of the State's")
    heat_pump_grant: Floats = lever("quintile", 0.0, "add", "€", "grant for a heat pump, on top of the State's")
    pv_grant: Floats = lever("", 0.0, "add", "€/kWp", "grant for rooftop PV, on top of the State's")
    advice: Floats = lever("district", 0.0, "add", "-", "share of households reached by an energy advice desk a month")
    bike_grant: Floats = lever("", 0.0, "add", "€", "grant for buying a bicycle")
    battery_grant: Floats = lever("", 0.0, "add", "€/kWh", "grant for a home battery, by its capacity")
    # homes, heat and electricity
    demand_response: Floats = lever("district", 0.0, "add", "-", "share of households enrolled in demand response")
    smart_charging: Floats = lever("", 0.0, "add", "-", "share of home charging that follows the grid and the sun")
    energy_sharing: Floats = lever("district", 0.0, "add", "-", "share of households in collective self-consumption")
    new_building_code: Floats = lever("", 0.0, "max", "-", "share of new dwellings built beyond the national code")
    rental_ban: Floats = lever(
        "dpe", 0.0, "max", "-", "share of landlords of that energy class who comply with the ban"
    )
    heat_network: Floats = lever(
        "district", 0.0, "max", "-", "share of the flats it reaches that connect to a heat network"
    )
    heat_network_renewable: Floats = lever("", 0.0, "max", "-", "renewable and recovered share of heat-network heat")
    # public and tertiary energy
    street_lighting: Floats = lever("district", 0.0, "max", "-", "share of street-lighting energy saved")
    public_pv: Floats = lever("district", 0.0, "add", "kWp", "PV on public roofs added by the roadmap")
    building_data: Floats = lever("sector", 0.0, "max", "-", "share of the energy of the sector's floors saved by data")
    data_use: Floats = lever("", 0.0, "add", "MWh/month", "electricity that sensors, networks and servers of data use")
    # firms and digital
    recovery_grant: Floats = lever("sector", 0.0, "add", "€/month", "grants to firms of the sector, all together")
    procurement: Floats = lever("sector", 0.0, "add", "€/month", "purchases from local firms of the sector")
    challenge_calls: Floats = lever("theme", 0.0, "add", "calls/month", "innovation calls open")
    challenge_budget: Floats = lever("theme", 0.0, "add", "€/month", "money for the projects of the calls")
    challenge_staff: Floats = lever("", 0.0, "add", "persons", "staff who follow the projects of the calls")
    training: Floats = lever("", 0.0, "add", "persons/month", "unemployed who end a training that the roadmap pays")
    cyber_defence: Floats = lever(
        "", 0.0, "max", "-", "share of public bodies' systems defended: backups, audits, watch"
    )
    cyber_advice: Floats = lever("", 0.0, "add", "-", "share of firms advised on cyber security a month")
    digital_services: Floats = lever("", 0.0, "max", "-", "share of what is not yet digital in public services made so")
    digital_mediation: Floats = lever("", 0.0, "add", "-", "share of the digitally excluded brought in a month")
    goods_trips: Floats = lever("district", 1.0, "multiply", "-", "deliveries and collections against today")
    participation: Floats = lever("", 0.0, "add", "€/month", "participatory budget")
    consultation: Floats = lever("district", 0.0, "add", "-", "share of adults invited to a consultation a month")
    off_agenda: Floats = lever(
        "measure,district", 0.0, "add", "-", "of which to consultations about other measures than this one"
    )
    citizens_panel: Floats = lever("", 0.0, "add", "persons", "seats of citizens' panels drawn by lot")
    panel_off_agenda: Floats = lever("measure", 0.0, "add", "persons", "of which on panels about other measures")
    panel_quotas: Floats = lever("", 0.0, "max", "-", "1 where seats are shared out by age and income")
    # homes allowed
    dwellings_allowed: Floats = lever("district", np.inf, "min", "dwellings/year", "new dwellings that zoning allows")
    # municipal services, trees
    water_saving: Floats = lever("", 0.0, "add", "-", "share of households' water saved")
    water_leaks: Floats = lever("", 0.0, "max", "-", "share of the network's losses of water mended")
    waste_prevention: Floats = lever("", 0.0, "add", "-", "share of residual waste avoided")
    waste_organic: Floats = lever("", 0.0, "max", "-", "share of kitchen waste collected apart")
    waste_sorting: Floats = lever("", 0.0, "max", "-", "share of what is left of it sorted out")
    health_doctors: Floats = lever("", 0.0, "add", "persons", "salaried doctors in public health centres")
    green_cooling: Floats = lever("", 0.0, "add", "K", "cooling of warm hours by trees, mean over households")
    # shocks
    trip_suppression: Floats = lever("", 0.0, "max", "-", "share of non-work trips not made")
    telework_mandate: Floats = lever("", 0.0, "max", "days/week", "days at home required of jobs that allow it")
    contact_loss: Floats = lever("", 0.0, "max", "-", "share of dealings in person that cannot take place")
    transit_fear: Floats = lever("", 0.0, "add", "min", "extra perceived minutes of a transit trip: crowding fear")
    demand_factor: Floats = lever("sector", 1.0, "multiply", "-", "outside demand for the sector against trend")
    energy_price_factor: Floats = lever("carrier", 1.0, "multiply", "-", "energy price against trend")
    incomer_factor: Floats = lever("", 1.0, "multiply", "-", "incoming and through traffic against trend")
    heatwave: Floats = lever("", 0.0, "add", "K", "days of heatwave, above the warmest typical day of the month")
    heatwave_days: Floats = lever("", 0.0, "max", "days/month", "days of heatwave this month")
    # by measure, filled in by the municipality
    in_force: Floats = lever("measure", 0.0, "max", "-", "share of each measure in force")
    announced: Floats = lever("measure", 0.0, "max", "-", "1 from the month the measure is public")
    exposure: Floats = lever("measure,district", 0.0, "max", "-", "share of the district that the measure touches")
    expected_drivers: Floats = lever("measure", 0.0, "add", "-", "what drivers expect of it: -1 loss .. 1 gain")
    expected_others: Floats = lever("measure", 0.0, "add", "-", "what everybody else expects: -1 loss .. 1 gain")


@dataclass(frozen=True)
class Contribution:
    """What one measure adds to one lever. ``where`` indexes the lever's array (None: all of it)."""

    lever: str
    value: Any
    where: Any = None


def axis_sizes(city: City, n_measures: int) -> dict[str, int]:
    """Length of each lever axis for this city and roadmap."""
    return {
        "link": len(city.links), "district": city.n_districts, "line": len(city.lines), "crit_air": len(CritAir),
        "quintile": QUINTILES, "sector": len(Sector), "theme": len(THEMES), "carrier": len(Carrier),
        "heating": len(Heating), "dpe": len(DPE_CLASSES), "age": len(AGE_GROUPS), "measure": n_measures,
    }  # fmt: skip


def compose(contributions: Iterable[Contribution], sizes: dict[str, int]) -> Policies:
    """Combine contributions, in order, into the policies in force. ``sizes`` from :func:`axis_sizes`."""
    values = {f.name: _neutral(f.metadata, sizes) for f in fields(Policies)}
    rules = {f.name: f.metadata["combine"] for f in fields(Policies)}
    for c in contributions:
        where = slice(None) if c.where is None else c.where
        _COMBINE[rules[c.lever]](values[c.lever], where, c.value)
    for array in values.values():
        array.setflags(write=False)
    return Policies(**values)


def _neutral(metadata: Any, sizes: dict[str, int]) -> Floats:
    axes: Sequence[str] = [a for a in metadata["axes"].split(",") if a]
    return np.full([sizes[a] for a in axes] or [1], metadata["neutral"], dtype=np.float64)


def _add(array: Array, where: Any, value: Any) -> None:
    array[where] += value


def _multiply(array: Array, where: Any, value: Any) -> None:
    array[where] *= value


def _max(array: Array, where: Any, value: Any) -> None:
    array[where] = np.maximum(array[where], value)


def _min(array: Array, where: Any, value: Any) -> None:
    array[where] = np.minimum(array[where], value)


_COMBINE = {"add": _add, "multiply": _multiply, "max": _max, "min": _min}
