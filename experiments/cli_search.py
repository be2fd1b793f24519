"""``rebond search``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from sim.errors import RunError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: rebond search scenarios/experiments/search_climate_jobs.yaml --out out/search")(search)


def search(
    experiment: Annotated[Path, typer.Argument(help="Experiment with search: objectives, decisions.")],
    out: Annotated[Path | None, typer.Option(help="Folder; a search in it goes on. (out/NAME)")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=1024, help="Worker processes. (all cores)")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, tcp://host:8786, instead.")
    ] = None,
    slurm: Annotated[
        Path | None, typer.Option(help="SLURM jobs of dask-jobqueue instead: YAML of its keywords and jobs: N.")
    ] = None,
    other_code: Annotated[
        bool, typer.Option("--other-code", help="Go on although Rebond or the city changed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the front as JSON on standard output.")] = False,
) -> None:
    """Search roadmaps: which measures, when and how much, for several headings at once, under budget and debt ceiling."""
    from experiments.cli import check_target, engine_of, say
    from experiments.experiment import load_experiment
    from experiments.progress import SweepBar
    from experiments.quest import front_table, quest_of, write_page
    from experiments.runner import Options
    from experiments.search import search as carry_out

    loaded = load_experiment(experiment)
    target = out or Path("out") / experiment.stem
    check_target(target)
    engine = engine_of(workers, scheduler, slurm)
    quest, work, roadmap = quest_of(loaded, os.cpu_count() or 1, say)
    options = Options(limit=loaded.time_limit, retries=loaded.retries, batch=8, other_code=other_code)
    generations = quest.searched.generations
    say(f"{quest.plan.name}: {generations} generations of {quest.searched.population} roadmaps, on {engine.name}")
    try:
        with SweepBar("generation") as bar:
            found = carry_out(
                quest, work, target, engine, options, lambda n, p: bar.named(f"generation {n} of {generations}", p)
            )
    except KeyboardInterrupt:
        say(f"rebond: interrupted; what was done is kept in {target}, and the same command goes on")
        raise typer.Exit(130) from None
    except OSError as error:
        raise RunError(f"{error}; what was done is kept in {target}, and the same command goes on") from error
    table = front_table(quest, found)
    page = write_page(target, quest, found, roadmap)
    print(
        table.to_json(orient="records", indent=1)
        if as_json
        else table.to_string(index=False, float_format=lambda v: f"{v:.5g}")
    )
    say(f"Page: {page.absolute()}; roadmaps: {target / 'roadmaps'}")
