"""Energy of transit vehicles: their kilometres by line and hour, each at a consumption by mode and fuel, where the line runs.

A line runs its peak headway in :data:`PEAK_HOURS` and its other headway in :data:`OFF_HOURS`, the hours that travellers' tours are counted
in; nothing is added for the late evening, empty runs and depots, nor taken away for school holidays. Buses burn diesel and gas in the
shares of the fleet; the rest, and everything on rails or cables, is electric and fed at medium voltage, beside the feeders of dwellings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.city.city import City
from sim.codes import Carrier, TransitMode
from sim.columns import Array, Floats
from sim.measures.policies import Policies
from sim.systems.energy.hours import DAY, Month

#: Hours of the day that stand for the two peaks and for the rest of service (the registry's hours of each spread over them).
PEAK_HOURS = (7, 8, 16, 17, 18)
OFF_HOURS = (6, 9, 10, 11, 12, 13, 14, 15, 19, 20)


@dataclass(frozen=True)
class Lines:
    """What follows from the city: ``km`` (N, D) of each line, both ways, by district; ``kwh`` (N, 7) that a vehicle uses on a km."""

    km: Floats
    kwh: Floats


def lines_of(city: City, parameters: Mapping[str, float]) -> Lines:
    """Kilometres of every line by district, half of each ride from stop to stop at either end, and its vehicles' consumption."""
    lines, stops = city.lines, city.line_stops
    km = np.zeros((len(lines), city.n_districts))
    for i in range(len(lines)):
        rows = slice(int(lines.first_stop[i]), int(lines.first_stop[i] + lines.stop_count[i]))
        at = city.stops.district[stops.stop[rows].astype(np.int64)].astype(np.int64)
        half = 0.5 * stops.distance[rows][1:] / 1000.0 * (2.0 if lines.both_ways[i] else 1.0)
        np.add.at(km[i], at[:-1], half)
        np.add.at(km[i], at[1:], half)
    return Lines(km, consumption(city, parameters))


def consumption(city: City, parameters: Mapping[str, float]) -> Floats:
    """(N, 7) kWh/km of a vehicle of each line by carrier; trains in proportion to their places."""
    p, out = parameters, np.zeros((len(city.lines), len(Carrier)))
    mode = city.lines.mode
    places = city.lines.capacity / 100.0
    for what, name in ((TransitMode.METRO, "metro_use"), (TransitMode.TRAM, "tram_use"), (TransitMode.CABLE, "cable_use"),
                       (TransitMode.RAIL, "train_use")):  # fmt: skip
        out[:, Carrier.ELECTRICITY] += np.where(mode == what, p[name] * places, 0.0)
    bus = np.where(mode == TransitMode.BUS, 1.0, 0.0)
    gas, electric = p["bus_gas_share"], p["bus_electric_share"]
    out[:, Carrier.GAS] += bus * gas * p["bus_gas_use"]
    out[:, Carrier.ELECTRICITY] += bus * electric * p["bus_electric_use"]
    out[:, Carrier.DIESEL] += bus * max(1.0 - gas - electric, 0.0) * p["bus_diesel_use"]
    return out


def departures(city: City, policies: Policies, parameters: Mapping[str, float]) -> Floats:
    """(N, 24) vehicles an hour in each direction on a working day."""
    running = np.maximum(city.lines.running, policies.line_added > 0.0)
    p, out = parameters, np.zeros((len(city.lines), DAY))
    for hours, headway, stand_for in (
        (PEAK_HOURS, city.lines.headway_peak, p["morning_hours"] + p["evening_hours"]),
        (OFF_HOURS, city.lines.headway_off, p["off_peak_hours"]),
    ):
        every = np.where(np.isfinite(headway), 60.0 / (headway * policies.headway_factor), 0.0)
        out[:, list(hours)] = (running * every * stand_for / len(hours))[:, None]
    return out


def driving(parameters: Mapping[str, float]) -> Floats:
    """(24,) shape of the day's road traffic: the busiest hour's share in the hours of the peaks, the rest in the others."""
    out, peak = np.zeros(DAY), 1.0 / parameters["peak_to_day"]
    out[list(PEAK_HOURS)] = peak
    out[list(OFF_HOURS)] = max(1.0 - peak * len(PEAK_HOURS), 0.0) / len(OFF_HOURS)
    return out


def service_days(month: Month, parameters: Mapping[str, float]) -> float:
    """Working days of service that the month's days are worth."""
    working = month.days.working.astype(np.float64)
    return float(month.days.weight @ (working + (1.0 - working) * parameters["transit_weekend"]))


def transit_watts(city: City, lines: Lines, policies: Policies, month: Month, parameters: Mapping[str, float]) -> Array:
    """(7, D, T) [W] of transit vehicles by carrier and hour of the month; days off run a stated share of the service."""
    day = departures(city, policies, parameters)
    by_hour = np.einsum("nd,nc,nh->cdh", lines.km, lines.kwh, day, optimize=True) * 1000.0
    working = month.days.working.astype(np.float64)
    service = working + (1.0 - working) * parameters["transit_weekend"]
    return np.asarray((by_hour[:, :, None, :] * service[:, None]).reshape(*by_hour.shape[:2], -1))
