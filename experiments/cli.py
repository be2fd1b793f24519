"""Research commands: sweep, results, analyses, search. Thin: parse, call, print; what is heavy is imported when wanted."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.errors import Fault, InputError, RunError

Folder = Annotated[Path, typer.Argument(help="The folder of a sweep (--out of rebond sweep).")]
JSON_OPTION = typer.Option("--json", help="Print the answer as JSON on standard output.")


def register(app: typer.Typer) -> None:
    """Add the commands to the one command line; once is enough."""
    if any(known.callback is sweep for known in app.registered_commands):
        return
    from experiments import cli_analyses, cli_search

    app.command(epilog="Example: rebond sweep scenarios/experiments/fuel_telework.yaml --out out/fuel")(sweep)
    app.command(
        epilog="Example: rebond results out/fuel --sql 'SELECT scenario, avg(jobs) FROM runs GROUP BY scenario'"
    )(results)
    cli_analyses.register(app)
    cli_search.register(app)


def say(text: str) -> None:
    """Print for people: standard error."""
    print(text, file=sys.stderr, flush=True)


def sweep(
    experiment: Annotated[Path | None, typer.Argument(help="Experiment: a YAML file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results; a sweep in it goes on. (out/NAME)")] = None,
    status: Annotated[
        Path | None, typer.Option(help="Say where the sweep in this folder is, and start nothing.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=1024, help="Worker processes. (all cores)")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, tcp://host:8786, instead.")
    ] = None,
    slurm: Annotated[
        Path | None, typer.Option(help="SLURM jobs of dask-jobqueue instead: YAML of its keywords and jobs: N.")
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Runs of one world and seed that a worker does together. (8)"),
    ] = None,
    extend: Annotated[
        bool, typer.Option("--extend", help="Take in an experiment that holds the kept one and more.")
    ] = False,
    other_code: Annotated[
        bool, typer.Option("--other-code", help="Go on although Rebond or the city changed.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try the failed runs again.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of experiment files.")] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Carry out an experiment: many runs, killed or not, none lost; a sweep that stopped goes on."""
    if schema:
        from experiments.experiment import schema as experiment_schema

        print(json.dumps(experiment_schema(), indent=1, ensure_ascii=False))
        return
    if status is not None:
        _status(status, as_json)
        return
    if experiment is None:
        raise InputError(Fault("EXPERIMENT", "nothing", "an experiment file, or --status DIR"))
    _sweep(experiment, out, engine_of(workers, scheduler, slurm), batch, (extend, other_code, retry_failed), as_json)


def engine_of(workers: int | None, scheduler: str | None, slurm: Path | None) -> Any:
    """The engine that the options ask for. Raises InputError."""
    from experiments.engines import Dask, Slurm, local

    given = {"--workers": workers, "--scheduler": scheduler, "--slurm": slurm}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise InputError(Fault(" and ".join(named), "given together", "one of them"))
    if scheduler is not None:
        return Dask(scheduler)
    return Slurm(slurm) if slurm is not None else local(workers or os.cpu_count() or 1)


def _sweep(
    path: Path, out: Path | None, engine: Any, batch: int | None, flags: tuple[bool, bool, bool], as_json: bool
) -> None:
    from experiments.prepared import prepared
    from experiments.progress import SweepBar
    from experiments.runner import Options, sweep

    target = out or Path("out") / path.stem
    check_target(target)
    ready = prepared(path, os.cpu_count() or 1, say)
    plan = ready.plan
    extend, other_code, again = flags
    options = Options(
        limit=ready.time_limit, retries=ready.retries, batch=batch or 8,
        extend=extend, other_code=other_code, again=again,
    )  # fmt: skip
    size = f"{len(plan.scenarios)} scenarios x {len(plan.points):,} points x {plan.replications} replications"
    say(f"{plan.name}: {size}, on {engine.name}")
    try:
        with SweepBar(plan.name) as bar:
            progress = sweep(plan, ready.work, target, engine, options, bar)
    except KeyboardInterrupt:
        say(f"rebond: interrupted; what was done is kept in {target}, and the same command goes on")
        raise typer.Exit(130) from None
    except OSError as error:
        raise RunError(f"{error}; what was done is kept in {target}, and the same command goes on") from error
    finally:
        engine.end()
    _tell(target, progress.failed, as_json)


def check_target(target: Path) -> None:
    """Refuse, before any work, a folder that is something else."""
    from experiments.index import INDEX
    from experiments.store import exists

    allowed = "a new folder, or that of a sweep"
    if (
        target.exists()
        and not exists(target)
        and (target.is_file() or any(p.name not in (".lock", f".{INDEX}.new") for p in target.iterdir()))
    ):
        raise InputError(Fault("--out", f"{target}, which holds something else", allowed))


def _tell(target: Path, failed: int, as_json: bool) -> None:
    if as_json:
        print(json.dumps(state_of(target)))
    say(f"Results: {target} (rebond results {target})")
    if failed:
        say(f"{failed:,} runs failed: rebond sweep --status {target}")
        raise typer.Exit(1)


def state_of(path: Path) -> dict[str, Any]:
    """Where a sweep is: counts of runs, mean seconds, what failed and why."""
    from experiments.store import open_to_read

    with open_to_read(path) as store:
        faults = [f for f in store.faults() if f["state"] == "failed"]
        return {"name": store.plan.name, **store.counts(), **store.figures(), "faults": faults}


def _status(path: Path, as_json: bool) -> None:
    state = state_of(path)
    if as_json:
        print(json.dumps(state, ensure_ascii=False))
        return
    counts = ", ".join(f"{state[name]:,} {name}" for name in ("done", "failed", "missing"))
    print(f"{state['name']}: {state['runs']:,} runs planned, {counts}")
    if state["done"]:
        beyond = f"{1000 * state['overhead']:.1f} ms beyond it in the worker"
        print(f"{state['seconds']:.3g} s a run, {beyond}, {state['memory_mb']:,.0f} MB the largest worker")
    for fault in state["faults"][:20]:
        values = ", ".join(f"{k} = {v:g}" for k, v in fault["parameters"].items())
        print(f"run {fault['run']} ({fault['scenario']}, seed {fault['seed']}, {values}): {fault['error']}")


def results(
    folder: Folder,
    sql: Annotated[
        str | None, typer.Option(help="A query over runs, series, districts, units, faults (DuckDB).")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, units in its head.")] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Print the results of a sweep: one row a run, or the answer to a query."""
    from experiments import query

    found = query.ask(folder, sql)
    if as_json:
        print(found.to_pandas().to_json(orient="records", indent=1))
    else:
        print(query.as_csv(found).rstrip() if as_csv else query.as_text(found))
