"""Indicators of mobility."""

from __future__ import annotations

import numpy as np

from sim.codes import Activity, CritAir, IncomerMode, Mode, Period
from sim.columns import Floats
from sim.indicators.registry import Indicator, Snapshot
from sim.months import average_day, traffic_days

#: Time within which access to jobs is counted [min].
REACH = 30.0


def _share(s: Snapshot, mode: Mode) -> float:
    trips = s.state.traffic.trips
    return float(100.0 * trips[:, mode].sum() / max(trips.sum(), 1e-300))


def _share_by_district(s: Snapshot, mode: Mode) -> Floats:
    trips = s.state.traffic.trips
    return np.asarray(100.0 * trips[:, mode] / np.maximum(trips.sum(axis=1), 1e-300))


def _speed(s: Snapshot) -> float:
    a, t = s.city.links, s.state.traffic
    return float((t.link_flow * a.length).sum() / max((t.link_flow * t.link_time).sum(), 1e-300) * 3.6)


def _congested(s: Snapshot) -> float:
    a, t = s.city.links, s.state.traffic
    km = t.link_flow * a.length
    return float(100.0 * km[t.link_flow > 0.9 * a.capacity].sum() / max(km.sum(), 1e-300))


def _delay(s: Snapshot) -> float:
    a, t = s.city.links, s.state.traffic
    return float((t.link_flow * (t.link_time - a.free_time)).sum() / 3600.0)


def _telework(s: Snapshot) -> float:
    c = s.state.citizens
    at = c.alive & (c.activity == Activity.EMPLOYED)
    return float(100.0 * c.weight[at & (c.telework_days > 0)].sum() / max(c.weight[at].sum(), 1e-300))


def _access(s: Snapshot, minutes: Floats) -> Floats:
    jobs = s.state.economy.posts.sum(axis=1)
    return np.asarray(100.0 * ((minutes <= REACH) @ jobs) / max(jobs.sum(), 1e-300))


def _access_mean(s: Snapshot, minutes: Floats) -> float:
    return float(np.average(_access(s, minutes), weights=s.city.districts.population))


def _tonnes_a_year(s: Snapshot) -> float:
    """Tonnes a year of a gram a working day; other days count less."""
    return 365.0 * average_day(s.parameters) / 1e6


def _nox_near(s: Snapshot) -> float:
    density = s.state.traffic.nox / 1000.0 / np.maximum(s.city.districts.area, 1e-9)
    return float(np.average(density, weights=s.city.districts.population))


def _incomers_by_car(s: Snapshot) -> float:
    rows = s.state.incomers
    return float(100.0 * rows.weight[rows.mode == IncomerMode.CAR].sum() / max(float(rows.weight.sum()), 1e-300))


def _banned(s: Snapshot) -> float:
    """Living cars whose sticker is banned in their owner's district."""
    cars = s.state.cars
    home = s.state.households.district[cars.household]
    ban = s.policies.car_ban[np.clip(cars.crit_air, 0, len(CritAir) - 1), home] > 0.0
    return float(cars.weight[cars.alive & ban].sum())


def _mean_time(s: Snapshot) -> float:
    c = s.state.citizens
    return float((c.weight * c.travel_time)[c.alive].sum() / max(c.weight[c.alive].sum(), 1e-300))


def _vehicle_km(s: Snapshot) -> float:
    a, t = s.city.links, s.state.traffic
    return float((t.link_flow * a.length).sum() / 1000.0 * t.day_factor[0])


def _month_of_emissions(s: Snapshot) -> Floats:
    """(D,) tCO2e of the month: working days as computed, other days at their share of car kilometres."""
    return np.asarray(s.state.traffic.emissions * traffic_days(s.state.month, s.parameters) / 1000.0)


def _mode_share(mode: Mode, label: str, sign: int) -> Indicator:
    return Indicator(
        f"share_{mode.name.lower()}", label, "%", sign, "average working day", "mobility",
        f"trips of residents by {mode.name.lower()} over all their trips",
        lambda s: _share(s, mode), lambda s: _share_by_district(s, mode),
    )  # fmt: skip


INDICATORS: tuple[Indicator, ...] = (
    Indicator("co2_transport", "Road emissions", "tCO2e/month", -1, "month", "mobility",
              "well to wheel, at the place of driving, residents, incomers, through traffic and freight; electricity counted with energy",
              lambda s: float(_month_of_emissions(s).sum()), _month_of_emissions),
    Indicator("emissions_road", "Road emissions by area", "kgCO2e/day/km2", -1, "average working day", "mobility",
              "road emissions over the inhabited area of the district", lambda s: float(
                  s.state.traffic.emissions.sum() / s.city.districts.area.sum()),
              lambda s: s.state.traffic.emissions / s.city.districts.area),
    *(_mode_share(mode, label, sign) for mode, label, sign in (
        (Mode.CAR, "Car share of trips", -1), (Mode.TRANSIT, "Transit share of trips", 1),
        (Mode.BIKE, "Bicycle share of trips", 1), (Mode.WALK, "Walking share of trips", 1))),
    Indicator("telework_share", "Teleworkers", "%", 0, "average working day", "mobility",
              "employed residents who work at home some days of the week", _telework),
    Indicator("trips_per_person", "Trips per person", "trips/day", 0, "average working day", "mobility", "trips over residents",
              lambda s: float(s.state.traffic.trips.sum() / max(s.state.citizens.weight[s.state.citizens.alive].sum(), 1e-300))),
    Indicator("vehicle_km", "Traffic on streets", "veh-km/day", -1, "average working day", "mobility",
              "vehicle-kilometres of all on the street network, in car units", _vehicle_km),
    Indicator("mean_speed", "Mean car speed", "km/h", 1, "morning peak hour", "mobility", "vehicle-km over vehicle-hours", _speed),
    Indicator("congested_km", "Traffic in congestion", "%", -1, "morning peak hour", "mobility",
              "vehicle-km on links loaded above 90 % of capacity", _congested),
    Indicator("delay", "Time lost in traffic", "veh-h/h", -1, "morning peak hour", "mobility", "vehicle-hours beyond free flow", _delay),
    Indicator("nox_transport", "NOx of road traffic", "t/year", -1, "a year of days like the month's", "mobility",
              "at the place of driving, hot engines, all vehicles", lambda s: float(s.state.traffic.nox.sum() * _tonnes_a_year(s)),
              lambda s: s.state.traffic.nox * _tonnes_a_year(s)),
    Indicator("pm_transport", "Particles of road traffic", "t/year", -1, "a year of days like the month's", "mobility",
              "below 10 micrometres, exhaust and wear of tyres, brakes and roads, all vehicles",
              lambda s: float(s.state.traffic.pm.sum() * _tonnes_a_year(s)), lambda s: s.state.traffic.pm * _tonnes_a_year(s)),
    Indicator("nox_near_people", "NOx emitted near people", "kg/km2 a day", -1, "average working day", "mobility",
              "emissions of the home district over its inhabited area, mean over inhabitants: an index, not a concentration",
              _nox_near, lambda s: s.state.traffic.nox / 1000.0 / np.maximum(s.city.districts.area, 1e-9)),
    Indicator("noise_exposed", "Residents in loud road noise", "%", -1, "average working day", "mobility",
              "share of residents above 68 dB(A) Lden at the facade (CNOSSOS-EU source levels, stated facade distance)",
              lambda s: float(100.0 * np.average(s.state.traffic.loud, weights=s.city.districts.population)),
              lambda s: 100.0 * s.state.traffic.loud),
    Indicator("incomers_by_car", "Commuters from outside by car", "%", -1, "at month's end", "mobility",
              "share of those who come in to work, the car as far as the job", _incomers_by_car),
    Indicator("truck_km", "Truck kilometres", "veh-km/day", -1, "average working day", "mobility", "on the city's links",
              lambda s: float(s.state.traffic.link_trucks @ s.city.links.length / 1000.0)),
    Indicator("mean_travel_time", "Travel time per person", "min/day", -1, "average working day", "mobility",
              "door-to-door time of all trips", _mean_time),
    Indicator("transit_boardings", "Transit boardings", "boardings/day", 1, "average working day", "mobility", "boardings of all lines",
              lambda s: float(s.state.traffic.line_boardings.sum())),
    Indicator("transit_busiest", "Busiest transit line", "%", -1, "morning peak hour", "mobility",
              "most riders on a segment of a line over the places offered there, of the line where it is highest",
              lambda s: float(100.0 * s.state.traffic.line_load.max(initial=0.0))),
    Indicator("transit_revenue", "Transit fares", "€/day", 1, "average working day", "mobility", "fares of all lines",
              lambda s: float(s.state.traffic.line_revenue.sum())),
    Indicator("jobs_by_transit", "Jobs within 30 min by transit", "%", 1, "morning peak hour", "mobility",
              "share of the city's posts within 30 min door to door, mean over inhabitants",
              lambda s: _access_mean(s, s.state.traffic.transit_time), lambda s: _access(s, s.state.traffic.transit_time)),
    Indicator("jobs_by_car", "Jobs within 30 min by car", "%", 0, "morning peak hour", "mobility",
              "share of the city's posts within 30 min door to door, mean over inhabitants",
              lambda s: _access_mean(s, s.state.traffic.car_time[Period.MORNING]),
              lambda s: _access(s, s.state.traffic.car_time[Period.MORNING])),
    Indicator("cars_banned", "Cars banned at home", "cars", 0, "at month's end", "mobility",
              "residents' cars that may not be used in their own district", _banned),
    Indicator("road_gap", "Relative gap of the road", "-", 0, "all periods", "mobility",
              "distance from user equilibrium, the largest of the periods",
              lambda s: float(s.state.traffic.gap[0])),
    Indicator("transit_residual", "Residual of transit crowding", "-", 0, "morning peak hour or off-peak hour", "mobility",
              "weighted minutes that differ between the loads times were computed for and the riders', over all aboard and waiting",
              lambda s: float(s.state.traffic.transit_residual[0])),
    Indicator("loop_residual", "Demand-supply residual", "-", 0, "average working day", "mobility",
              "residents' and commuters' vehicle-hours by which car times differ from those that choices were made by, over all of them",
              lambda s: float(s.state.traffic.residual[0])),
)  # fmt: skip
