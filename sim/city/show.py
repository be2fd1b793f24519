"""``rebond city show``: totals and checks of a city as text and JSON, and its picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sim.city.city import FREE_FLOW_PAIRS, City, Weather
from sim.codes import Cable, RoadClass, StationKind
from sim.columns import Array


def city_answer(city: City) -> dict[str, Any]:
    """What ``rebond city show --json`` prints."""
    d = city.districts
    length = city.links.length
    return {
        "name": city.name,
        "synthetic_streets": city.synthetic_streets,
        "nodes": len(city.nodes),
        "links": len(city.links),
        "street_km": {
            c.name.lower(): round(float(length[city.links.road_class == c].sum() / 1000.0), 1) for c in RoadClass
        },
        "districts": len(d),
        "communes": len(np.unique(d.commune)),
        "totals": {
            name: int(getattr(d, name).sum())
            for name in (
                "population",
                "households",
                "employed",
                "unemployed",
                "students",
                "cars",
                "dwellings",
                "houses",
                "jobs",
            )
        },
        "population_of_metropole": int(d.population[city.areas["metropole"]].sum())
        if "metropole" in city.areas
        else None,
        "lines": len(city.lines),
        "stops": len(city.stops),
        "free_flow_check": city.facts.get("free_flow_check"),
        "streets": city.facts.get("streets"),
        "commuting": city.facts.get("commuting"),
        "margins": city.facts.get("margins"),
        "read": city.facts.get("read"),
        "transit": city.facts.get("transit"),
        "mode_calibration": city.facts.get("mode_calibration"),
        "grid": _grid(city),
        "weather": _weather(city.weather),
    }


def _weather(weather: Weather | None) -> dict[str, Any] | None:
    """The normal year in a few figures."""
    if weather is None:
        return None
    return {
        "source": weather.source,
        "mean_temperature_degC": round(float(weather.temperature.mean()), 2),
        "lowest_degC": round(float(weather.temperature.min()), 1),
        "highest_degC": round(float(weather.temperature.max()), 1),
        "global_radiation_kWh_m2": round(float(weather.horizontal.sum() / 1000.0), 1),
    }


def _grid(city: City) -> dict[str, Any] | None:
    """Totals of the low-voltage grid; None where a city has none."""
    s, b = city.stations, city.buses
    if not len(s):
        return None
    public = s.kind != StationKind.PRIVATE
    dwellings = b.houses + b.flats
    km = np.bincount(b.cable, b.length * b.sets, len(Cable)) / 1000.0
    overhead = float(km[[Cable.T35, Cable.T70, Cable.T150]].sum())
    busbar = b.parent == np.arange(len(b))
    return {
        "stations": int(public.sum()),
        "stations_from_files": int((s.kind == StationKind.GIVEN).sum()),
        "mva": round(float(s.kva[public].sum() / 1000.0), 1),
        "private_stations": int((~public).sum()),
        "private_mva": round(float(s.kva[~public].sum() / 1000.0), 1),
        "buses": len(b),
        "feeders": int((busbar[b.parent] & ~busbar).sum()),
        "line_km": round(float(b.length.sum() / 1000.0), 1),
        "cable_km": round(float(km.sum()), 1),
        "overhead_km": round(overhead, 1),
        "dwellings_per_station": round(float(dwellings.sum() / max(public.sum(), 1)), 1),
        "line_m_per_dwelling": round(float(b.length.sum() / max(dwellings.sum(), 1.0)), 2),
        "networks": city.facts.get("networks"),
    }


def build_report(city: City) -> list[str]:
    """The same for people."""
    a = city_answer(city)
    t = a["totals"]
    inside = "" if a["population_of_metropole"] is None else f" ({a['population_of_metropole']:,} in the metropole)"
    lines = [
        f"{a['name']}{' (synthetic streets)' if a['synthetic_streets'] else ''}: {a['nodes']:,} nodes, {a['links']:,} directed links, "
        f"{a['districts']} districts in {a['communes']} communes, {a['lines']} transit lines, {a['stops']:,} stops",
        f"{t['population']:,} inhabitants{inside} in {t['households']:,} households, "
        f"{t['employed']:,} employed, {t['unemployed']:,} unemployed, {t['students']:,} students, {t['cars']:,} cars, {t['jobs']:,} jobs",
    ]  # fmt: skip
    if s := a["streets"]:
        lines.append(
            f"streets: {s['features']:,.0f} lines read; {s['links_dropped']:,.0f} of {s['links']:,.0f} directed links "
            f"({s['km_dropped']:,.1f} km) dropped: not mutually reachable with the rest"
        )
    if g := a["transit"]:
        out = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in g["left_out"].items() if n) or "nothing"
        lines.append(
            f"timetable {g['feed']} of {g['date']}: {g['trips_in_lines']:,} of {g['trips']:,} trips in {g['lines']:,} lines; left out: "
            f"{out}; lines outside the city: {g['lines_outside']:,}; {g['departures_peak']:,} departures in the peak, "
            f"{g['departures_off']:,} between"
        )
    if m := a["margins"]:
        lines.append(
            f"employed residents: {m['raw_commuters']:,.0f} commuters read, {m['employed']:,.0f} with published totals where known "
            f"(x {m['scale_employed']:.3f} there); jobs {m['raw_jobs']:,.0f} read, {m['jobs']:,.0f} (x {m['scale_jobs']:.3f}); "
            f"communes without places: {', '.join(m['communes_without_places']) or 'none'}; "
            f"communes of the metropole that the files lack: {', '.join(m['communes_missing']) or 'none'}"
        )
    if c := a["commuting"]:
        big = c["largest_change"]
        names = city.district_names
        lines.append(
            f"home-work flows: {c['raw_total']:,.0f} read, {c['fitted_total']:,.0f} fitted; largest change {names[big['home']]} - "
            f"{names[big['work']]}: {big['raw_scaled']:,.0f} to {big['fitted']:,.0f}; incomers hold {c['held_by_incomers']:,.0f} posts"
        )
    if e := a["grid"]:
        brought = f", {e['stations_from_files']:,} of them from files" if e["stations_from_files"] else ""
        lines.append(
            f"low-voltage grid: {e['stations']:,} stations{brought}, {e['mva']:,.0f} MVA, {e['feeders']:,} feeders, "
            f"{e['line_km']:,.0f} km of lines with {e['cable_km']:,.0f} km of cable ({e['overhead_km']:,.0f} km overhead), "
            f"{e['dwellings_per_station']:.0f} dwellings a station, {e['line_m_per_dwelling']:.1f} m a dwelling; "
            f"{e['private_stations']:,} stations of customers at medium voltage, {e['private_mva']:,.0f} MVA"
        )
    if city.gate_names:
        counted = "cordon_counts" in city.prepared
        lines.append(f"gates{' (counted)' if counted else ''}: {', '.join(city.gate_names)}")
    if f := a["free_flow_check"]:
        lines.append(
            f"free-flow times against the file's own, {f['pairs']:,} pairs: correlation {f['correlation']:.3f}, median absolute error "
            f"{100 * f['median_abs_error']:.1f} % after one factor (pairs not fitted on: {100 * f['held_out']['median_abs_error']:.1f} %), "
            f"median ratio without factor {f['median_ratio']:.3f}"
        )
    else:
        lines.append("free-flow times: no reference times in this source; speeds and delays of the registry")
    if w := a["weather"]:
        lines.append(
            f"normal year: {w['mean_temperature_degC']:.1f} degC ({w['lowest_degC']:.1f} to {w['highest_degC']:.1f}), "
            f"{w['global_radiation_kWh_m2']:,.0f} kWh/m2 on the horizontal; {w['source']}"
        )
    return lines


def show_city(city: City, out: Path | None) -> dict[str, Any]:
    """Draw the city to ``out`` (PNG) if given; returns the answer for ``--json``."""
    if out is not None:
        _draw(city, out)
    return city_answer(city)


def _draw(city: City, out: Path) -> None:
    from matplotlib.figure import Figure

    pairs = city.prepared.get(FREE_FLOW_PAIRS)
    if pairs is None:
        figure = Figure(figsize=(11, 10), layout="constrained")
        _draw_map(city, figure.subplots())
    else:
        figure = Figure(figsize=(17, 10), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(11, 6))
        _draw_map(city, left)
        _draw_check(city, pairs / 60.0, right)
    figure.savefig(out, dpi=110)


def _draw_check(city: City, minutes: Array, ax: Any) -> None:
    """Modelled against reference free-flow times of all pairs."""
    check = city.facts["free_flow_check"]
    top = float(np.quantile(minutes, 0.999))
    ax.hexbin(
        minutes[:, 0],
        minutes[:, 1],
        gridsize=60,
        extent=(0, top, 0, top),
        bins="log",
        cmap="Blues",
        mincnt=1,
        linewidths=0.1,
    )
    ax.plot([0, top], [0, top], color="#c07a2c", lw=1)
    ax.set(
        xlim=(0, top),
        ylim=(0, top),
        aspect="equal",
        xlabel="reference driving time of the file [min]",
        ylabel="free-flow time of the model [min]",
    )
    ax.set_title(
        f"Free-flow check, {check['pairs']:,} pairs: correlation {check['correlation']:.3f},\nmedian absolute error "
        f"{100 * check['median_abs_error']:.1f} %, median ratio {check['median_ratio']:.3f}",
        loc="left",
    )


def _draw_map(city: City, ax: Any) -> None:
    from matplotlib.collections import LineCollection

    a, n = city.links, city.nodes
    for kind, colour, width in ((2, "#b8c2cc", 0.35), (1, "#c07a2c", 0.8), (0, "#155a8a", 1.8)):
        rows = np.flatnonzero(a.road_class == kind)
        ends = np.stack([np.column_stack([n.lon[i], n.lat[i]]) for i in (a.tail[rows], a.head[rows])], axis=1)
        ax.add_collection(LineCollection(list(ends), colors=colour, linewidths=width, zorder=2 + (2 - kind)))
    for line in city.water:
        ax.plot(line[:, 0], line[:, 1], color="#a8cfe6", lw=4, zorder=1)
    _draw_stations(city, ax)
    _draw_lines(city, ax)
    d = city.districts
    ax.scatter(
        d.lon, d.lat, s=d.population / d.population.max() * 60, color="#1d2733", alpha=0.55, zorder=6, linewidths=0
    )
    margin = 0.02 * (n.lon.max() - n.lon.min())  # a river may run on beyond the streets
    ax.set_xlim(n.lon.min() - margin, n.lon.max() + margin)
    ax.set_ylim(n.lat.min() - margin, n.lat.max() + margin)
    ax.set_aspect(1.0 / np.cos(np.radians(float(n.lat.mean()))))
    ax.set_axis_off()
    note = "   synthetic streets" if city.synthetic_streets else ""
    ax.set_title(f"{city.name}: {len(n):,} nodes, {len(a):,} links, {len(d)} districts{note}", loc="left")


def _draw_stations(city: City, ax: Any) -> None:
    """Public stations between medium and low voltage as faint points."""
    s = city.stations
    node = s.node[s.kind != StationKind.PRIVATE]
    ax.scatter(city.nodes.lon[node], city.nodes.lat[node], s=1.5, color="#2e7d32", alpha=0.45, zorder=3, linewidths=0)


def _draw_lines(city: City, ax: Any) -> None:
    colours = ("#c2185b", "#00897b", "#8e9aa6", "#6a1b9a")
    for i in range(len(city.lines)):
        rows = slice(int(city.lines.first_stop[i]), int(city.lines.first_stop[i] + city.lines.stop_count[i]))
        stops: Array = city.line_stops.stop[rows]
        mode = int(city.lines.mode[i])
        style = "-" if city.lines.running[i] else ":"
        width = 0.5 if mode == 2 else 2.2
        ax.plot(city.stops.lon[stops], city.stops.lat[stops], style, color=colours[mode], lw=width, zorder=5)
