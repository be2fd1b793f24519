"""The command line: parse, call, print. Exit codes: 0 done, 1 the run failed, 2 the input is wrong."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from sim.cli_city import city_app
from sim.cli_options import JSON_OPTION, say, within
from sim.errors import InputError, RebondError

app = typer.Typer(
    name="rebond",
    help="Rebond: a city lives its roadmap month by month, and you read what the roadmap brings.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(city_app, name="city")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"rebond {version('rebond')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Set up what all commands share."""


@app.command(epilog="Example: rebond run scenarios/toulouse_2021_2026.yaml --share 0.05 --out out/first")
def run(
    scenario: Annotated[Path, typer.Argument(help="Roadmap: a YAML file.")],
    city: Annotated[
        str | None, typer.Option(help="City: a bundle, or the name of an embedded city. (the scenario's)")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all draws. (the scenario's, or 1)")] = None,
    share: Annotated[float | None, typer.Option(help="Share of the population simulated, above 0 up to 1.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads and worker processes. (all cores)")] = None,
    out: Annotated[Path | None, typer.Option(help="Run directory. (out/NAME-SEED)")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing run directory.")] = False,
    gap: Annotated[float, typer.Option(help="Relative gap of the road equilibrium.")] = 1e-4,
    seeds: Annotated[int | None, typer.Option(help="Paired seeds of the sampling band, 0 for none.")] = None,
    draws: Annotated[int | None, typer.Option(help="Parameter draws of the parameter band, 0 for none.")] = None,
    band_share: Annotated[float, typer.Option(help="Share of the population in the runs behind the bands.")] = 0.01,
    follow: Annotated[
        list[int] | None, typer.Option(help="A citizen whose life is kept besides a sample; may be given again.")
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Live a roadmap and its do-nothing baseline, and write what the roadmap brings."""
    from sim.commands.run import RunOptions, carry_out

    within(seed=seed, share=share, threads=threads, gap=gap, seeds=seeds, draws=draws, band_share=band_share)
    options = RunOptions(
        city=city, seed=seed, share=share, threads=threads or os.cpu_count() or 1, out=out, force=force, gap=gap,
        seeds=seeds, draws=draws, band_share=band_share, follow=tuple(follow or ()),
    )  # fmt: skip
    directory = carry_out(scenario, options, say)
    if as_json:
        print(json.dumps({"directory": str(directory), "report": str(directory / "report.html")}))


@app.command(epilog="Example: rebond check scenarios/*.yaml")
def check(
    scenarios: Annotated[list[Path], typer.Argument(help="Roadmaps: YAML files.")],
    city: Annotated[str | None, typer.Option(help="City to check areas and lines against. (each file's own)")] = None,
) -> None:
    """Say everything that is wrong in scenario files, and write nothing."""
    from sim.commands.check import check_files

    check_files(scenarios, city, say)


@app.command(epilog="Example: rebond schema > scenario.schema.json")
def schema() -> None:
    """Print the JSON Schema of scenario files, with which editors complete and check."""
    from sim.scenario.schema import schema as scenario_schema

    print(json.dumps(scenario_schema(), indent=1, ensure_ascii=False))


@app.command(epilog="Example: rebond explain value_of_time_work")
def explain(
    name: Annotated[
        str | None,
        typer.Argument(help="A parameter, indicator or kind of measure; all of them are listed without one."),
    ] = None,
) -> None:
    """Explain a parameter, an indicator or a measure: unit, range, source, effects."""
    from sim.scenario.explain import explain as card
    from sim.scenario.explain import listing

    print(listing() if name is None else card(name))


@app.command(epilog="Example: rebond compare out/plan_a out/plan_b")
def compare(
    first: Annotated[Path, typer.Argument(help="A run directory.")],
    second: Annotated[Path, typer.Argument(help="Another run directory.")],
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Compare two finished runs, indicator by indicator."""
    from sim.results.compare import compare_runs, comparison_text
    from sim.results.directory import open_run
    from sim.results.headings import trade_off_text, trade_offs

    table = compare_runs(first, second)
    if as_json:
        print(table.to_json(orient="records", indent=1))
    else:
        print(comparison_text(table))
        print(trade_off_text(trade_offs(open_run(first), open_run(second))))


@app.command(epilog="Example: rebond follow out/toulouse_2021_2026-1 --citizen 4711")
def follow(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    citizen: Annotated[
        int | None, typer.Option(help="Identity of the citizen. (without it, those whose lives are kept are listed)")
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Tell a citizen's life through a run: home, work, journeys, cars, bills, opinions, year by year."""
    from sim.commands.follow import follow as carry_out

    print(carry_out(run, citizen, as_json=as_json))


@app.command(
    epilog="Example: rebond assign --network SiouxFalls_net.tntp --trips SiouxFalls_trips.tntp --gap 1e-10 --flows out.csv"
)
def assign(
    network: Annotated[Path, typer.Option(help="Links: a TNTP network, or a GMNS link.csv or folder.")],
    trips: Annotated[Path | None, typer.Option(help="Trips: TNTP, or a GMNS demand.csv.")] = None,
    nodes: Annotated[Path | None, typer.Option(help="GMNS nodes. (node.csv beside the links)")] = None,
    classes: Annotated[Path | None, typer.Option(help="User classes: a YAML file, instead of --trips.")] = None,
    toll_factor: Annotated[float, typer.Option(help="Cost of a unit of toll, in the network's unit of time.")] = 0.0,
    distance_factor: Annotated[float, typer.Option(help="Cost of a unit of length, likewise.")] = 0.0,
    background: Annotated[
        Path | None, typer.Option(help="Fixed load: a CSV of init_node, term_node, flow in car units.")
    ] = None,
    gap: Annotated[float, typer.Option(help="Relative gap, by fresh shortest paths.")] = 1e-6,
    max_iterations: Annotated[int, typer.Option(help="Iterations after which it has failed.")] = 2000,
    threads: Annotated[int | None, typer.Option(help="Threads. (all cores)")] = None,
    flows: Annotated[Path | None, typer.Option(help="Link flows and costs to write: CSV in the file's order.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file of flows.")] = False,
    drop_unreachable: Annotated[
        bool, typer.Option("--drop-unreachable", help="Leave out trips that have no way, and say how many.")
    ] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Assign trips to a road network: user equilibrium, one class or several that share capacity."""
    from sim.commands.assign import AssignOptions
    from sim.commands.assign import assign as carry_out

    within(
        gap=gap,
        max_iterations=max_iterations,
        threads=threads,
        toll_factor=toll_factor,
        distance_factor=distance_factor,
    )
    options = AssignOptions(
        network=network, trips=trips, nodes=nodes, classes=classes, toll_factor=toll_factor, distance_factor=distance_factor,
        background=background, gap=gap, max_iterations=max_iterations, threads=threads or os.cpu_count() or 1, flows=flows,
        force=force, drop_unreachable=drop_unreachable,
    )  # fmt: skip
    answer = carry_out(options, say)
    if as_json:
        print(json.dumps(answer))


@app.command(epilog="Example: rebond powerflow net.json --out v.csv")
def powerflow(
    network: Annotated[Path, typer.Argument(help="A radial network saved by pandapower as JSON.")],
    loads: Annotated[
        Path | None, typer.Option(help="Loads by step: Parquet of step, load or sgen, p_mw, q_mvar.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Voltages to write: CSV of bus, vm_pu, va_degree.")] = None,
    tolerance: Annotated[float, typer.Option(help="What further sweeps may change [pu].")] = 1e-10,
    threads: Annotated[int | None, typer.Option(help="Threads. (all cores)")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file of voltages.")] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Power flow of a balanced radial network: voltages, losses; for one loading or many."""
    from sim.commands.powerflow import PowerflowOptions
    from sim.commands.powerflow import powerflow as carry_out

    within(tolerance=tolerance, threads=threads)
    options = PowerflowOptions(network, loads, out, tolerance, threads or os.cpu_count() or 1, force)
    answer = carry_out(options, say)
    if as_json:
        print(json.dumps(answer))


@app.command(epilog="Example: rebond building --archetype SFH.05.existing --weather toulouse.epw --out hours.csv")
def building(
    archetype: Annotated[
        str, typer.Option(help="TABULA code, short (SFH.05.existing) or whole; or a building file (YAML).")
    ],
    weather: Annotated[Path, typer.Option(help="Weather: EPW or PVGIS TMY.")],
    out: Annotated[Path | None, typer.Option(help="Hours to write: CSV of temperatures and powers in W.")] = None,
    area: Annotated[float | None, typer.Option(help="Floor, m2. (a dwelling of TABULA's building)")] = None,
    azimuth: Annotated[
        float | None, typer.Option(help="Main facade, degrees from north, clockwise. (TABULA's)")
    ] = None,
    position: Annotated[
        str | None, typer.Option(help="Where in its building: detached, row_end, top_corner, ...")
    ] = None,
    setpoint: Annotated[float | None, typer.Option(help="Heating by day, degC. (the registry's)")] = None,
    setback: Annotated[float | None, typer.Option(help="Heating from 22 to 6 o'clock, degC. (the registry's)")] = None,
    cooling: Annotated[float | None, typer.Option(help="Cooling above, degC. (none)")] = None,
    persons: Annotated[float | None, typer.Option(help="Who live there. (by the area)")] = None,
    system: Annotated[str | None, typer.Option(help="gas, oil, electric, heat_pump, district, wood. (gas)")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file of hours.")] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Hourly heat balance and energy of one dwelling over a year (EN ISO 13790, 5R1C)."""
    from sim.commands.building import BuildingOptions
    from sim.commands.building import building as carry_out

    within(area=area, azimuth=azimuth, setpoint=setpoint, setback=setback, cooling=cooling, persons=persons)
    options = BuildingOptions(
        archetype, weather, out, area, azimuth, position, setpoint, setback, cooling, persons, system, force
    )
    answer = carry_out(options, say)
    if as_json:
        print(json.dumps(answer))


@app.command(epilog="Example: rebond live scenarios/toulouse_2021_2026.yaml")
def live(
    scenario: Annotated[Path, typer.Argument(help="Roadmap: a YAML file.")],
    city: Annotated[str | None, typer.Option(help="City: a bundle, or an embedded one. (the scenario's)")] = None,
    port: Annotated[int, typer.Option(help="Port served; 0 for any that is free.")] = 8421,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    share: Annotated[bool, typer.Option("--share", help="Serve the network, too, behind access codes.")] = False,
    people: Annotated[float | None, typer.Option(help="Share of the citizens simulated. (the scenario's)")] = None,
) -> None:
    """Open a workshop: play the roadmap, change it, fork the city, vote; offline, in a browser."""
    from sim.commands.live import live as carry_out

    within(port=port, people=people)
    carry_out(scenario, city, port, not no_browser, share, people, say)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(signal.Signals(number).name)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the ``rebond`` command."""
    # Sums of a linear algebra library depend on its number of threads, and its idle threads spin: one, before NumPy is loaded.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    signal.signal(signal.SIGTERM, _stop)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # units such as € on a terminal that knows ASCII only
    sys.exit(_guarded(arguments))


def _guarded(arguments: list[str] | None) -> int:
    from experiments.cli import register  # research commands: the layer above, known to the command line only

    register(app)
    try:
        result: Any = app(arguments, standalone_mode=False)
    except InputError as error:
        count = len(error.faults)
        say(f"rebond: {error}" if count == 1 else f"rebond: {count} faults\n{error}")
        return 2
    except RebondError as error:
        say(f"rebond: {error}")
        return 1
    except OSError as error:  # a full disk, a file taken away meanwhile: nothing that a traceback would help with
        say(f"rebond: {error}")
        return 1
    except typer.Abort:
        return 1
    except (KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, SystemExit):
            return error.code if isinstance(error.code, int) else 1
        say("rebond: interrupted, nothing finished was written")
        return 130
    except Exception as error:
        usage = _usage_error(error)
        if usage is None:
            raise
        say(usage)
        return 2
    return int(result or 0)


def _usage_error(error: Exception) -> str | None:
    """The message of a wrong option or argument, as the command-line library words it; None for anything else."""
    message = getattr(error, "format_message", None)
    if message is None:
        return None
    context = getattr(error, "ctx", None)
    words = [f"rebond: {message()}"] if message() else []  # no word is said where the whole help was printed
    return "\n".join([*words, context.get_usage()] if context is not None and words else words)


if __name__ == "__main__":
    main()
