"""``rebond city build`` and ``rebond city show``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from sim.city.assemble import build_city
from sim.city.bundle import save_bundle
from sim.city.counts import read_counts
from sim.city.facts import facts_for, load_facts
from sim.city.geojson import read_source
from sim.city.gtfs import Service, read_timetable
from sim.city.load import open_city
from sim.city.show import build_report, show_city
from sim.city.weatherfile import read_weather
from sim.energy_check import check
from sim.energy_check import table as energy_table
from sim.errors import Fault, InputError
from sim.grid.city import bring_networks, check_networks, network_files
from sim.preparation import open_prepared, prepare
from sim.scenario.parameters import Parameters
from sim.systems.mobility import elasticities, table
from sim.systems.mobility.cordon import COUNTS

Say = Callable[[str], None]


def build(
    roads: Path, demand: Path, communes: Path | None, out: Path, facts_name: str | None, districts: int, threads: int,
    force: bool, service: Service | None, counts: Path | None, say: Say, weather: Path | None = None,
    grid: Sequence[Path] = (),
) -> None:  # fmt: skip
    """Read, assemble, calibrate, write. Nothing is written if anything is wrong."""
    if out.exists() and not force:
        raise InputError(Fault("--out", f"{out}, which exists", "a new file, or --force to replace it"))
    if not out.absolute().parent.is_dir():
        raise InputError(Fault("--out", f"{out}, whose folder does not exist", "a file in an existing folder"))
    normal = read_weather(weather) if weather is not None else None
    networks = network_files(grid)
    check_networks(networks)
    source = read_source(roads, demand, communes)
    facts = load_facts(facts_name) if facts_name is not None else facts_for(source)
    say(f"Building {source.name}: junctions, districts, delays, commuting")
    timetable = read_timetable(service) if service is not None else None
    city = build_city(source, facts, districts, timetable, normal)
    if counts is not None:
        city.prepared[COUNTS] = read_counts(counts, city)
        city.sources += (
            ("traffic at the gates", "counts; through traffic is what other flows leave of them", counts.name),
        )
    if networks:
        city.facts["networks"] = bring_networks(city, networks, Parameters())
        city.sources += (
            ("low-voltage networks", "stations in the place of generated ones", ", ".join(f.name for f in networks)),
        )
    for line in build_report(city):
        say(line)
    say("Calibrating travel choices")
    prepare(city, threads)
    save_bundle(city, out)
    say(f"Wrote {out}")


def show(
    name: str, out: Path | None, as_json: bool, say: Say, share: float = 0.05, threads: int = 1, *, answers: bool = False,
    energy: bool = False,
) -> None:  # fmt: skip
    """Print the totals and checks of a city, and draw it if asked; at a ``share`` of its people: ``answers`` of travellers to prices
    and times (elasticities), a year of ``energy`` beside published figures."""
    if out is not None and not out.absolute().parent.is_dir():
        raise InputError(Fault("--out", f"{out}, whose folder does not exist", "a file in an existing folder"))
    city = open_prepared(name, threads, say)[0] if answers or energy else open_city(name)
    answer = show_city(city, out)
    lines = build_report(city)
    if answers:
        found = elasticities(city, share, threads)
        answer |= {"elasticities": [asdict(one) for one in found], "elasticities_share": share}
        lines += table(found)
    if energy:
        checked = check(city, share, threads)
        answer |= checked.answer()
        lines += energy_table(checked)
    print(json.dumps(answer, indent=1, ensure_ascii=False) if as_json else "\n".join(lines))
    if out is not None:
        say(f"Wrote {out}")
