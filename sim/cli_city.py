"""The commands ``rebond city ...``: parse, call, print."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from sim.cli_options import JSON_OPTION, say, within

city_app = typer.Typer(help="Build a city from data, or look at one.", no_args_is_help=True)


@city_app.command("build", epilog="Example: rebond city build --roads r.geojson.gz --demand d.json.gz --out c.bundle")
def city_build(
    roads: Annotated[Path, typer.Option(help="Road lines: GeoJSON, gzipped or not.")],
    demand: Annotated[Path, typer.Option(help="Places and home-work flows: JSON, gzipped or not.")],
    out: Annotated[Path, typer.Option(help="The bundle to write.")],
    communes: Annotated[Path | None, typer.Option(help="Commune outlines: GeoJSON, gzipped or not.")] = None,
    facts: Annotated[str | None, typer.Option(help="Embedded facts to use: the name of a city. (by place)")] = None,
    districts: Annotated[int, typer.Option(help="Districts wanted.")] = 300,
    threads: Annotated[int | None, typer.Option(help="Threads. (all cores)")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing bundle.")] = False,
    counts: Annotated[
        Path | None, typer.Option(help="Traffic counts at the gates, CSV: gate, period, vehicle, vehicles_per_hour.")
    ] = None,
    gtfs: Annotated[Path | None, typer.Option(help="Timetable of transit: a GTFS feed, zipped or a folder.")] = None,
    gtfs_day: Annotated[str, typer.Option(help="weekday, saturday, sunday or a date YYYY-MM-DD.")] = "weekday",
    gtfs_peak: Annotated[str, typer.Option(help="Hours that peak headways are counted in.")] = "07:00-09:00",
    gtfs_off: Annotated[str, typer.Option(help="Hours that off-peak headways are counted in.")] = "09:30-16:00",
    weather: Annotated[
        Path | None, typer.Option(help="Normal year: EPW, or PVGIS TMY as CSV or JSON. (from monthly normals)")
    ] = None,
    grid: Annotated[
        list[Path] | None,
        typer.Option(help="Low-voltage networks saved by pandapower as JSON, files or folders. (generated)"),
    ] = None,
) -> None:
    """Build a city from road and demand files, calibrate it, and keep it as one bundle."""
    from sim.city.gtfs import Service, hours
    from sim.commands.city import build

    within(districts=districts, threads=threads)
    periods = hours("--gtfs-peak", gtfs_peak), hours("--gtfs-off", gtfs_off)
    service = Service(gtfs, gtfs_day, *periods) if gtfs is not None else None
    options = (roads, demand, communes, out, facts, districts, threads or os.cpu_count() or 1, force, service, counts)
    build(*options, say, weather, grid or ())


@city_app.command("show", epilog="Example: rebond city show toulouse.bundle --out toulouse.png")
def city_show(
    city: Annotated[str, typer.Argument(help="A bundle, or the name of an embedded city.")],
    out: Annotated[Path | None, typer.Option(help="Picture to write (PNG).")] = None,
    elasticities: Annotated[
        bool,
        typer.Option("--elasticities", help="What travellers answer to prices and times, beside published figures."),
    ] = False,
    energy: Annotated[
        bool, typer.Option("--energy", help="A normal year of its energy, beside published figures.")
    ] = False,
    share: Annotated[
        float, typer.Option(help="Share of the people that elasticities and energy are computed with.")
    ] = 0.05,
    threads: Annotated[int | None, typer.Option(help="Threads. (all cores)")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Show a city: map, totals, the check of free-flow times; elasticities and a year of energy if asked."""
    from sim.commands.city import show

    within(share=share, threads=threads)
    show(city, out, as_json, say, share, threads or os.cpu_count() or 1, answers=elasticities, energy=energy)
