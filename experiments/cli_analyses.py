"""Commands that answer a question from a finished sweep: a table on the terminal, a page with figures in one offline HTML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.errors import Fault, InputError

if TYPE_CHECKING:
    from experiments.analyses.answer import Answer
    from experiments.frames import Sweep

Folder = Annotated[Path, typer.Argument(help="The folder of a sweep (--out of rebond sweep).")]
Indicators = Annotated[
    list[str] | None, typer.Option("--indicator", help="Indicator; may be given again. (those that vary)")
]
Scenario = Annotated[str | None, typer.Option(help="Scenario of the sweep. (its first)")]
Against = Annotated[str | None, typer.Option(help="Look at the difference to this scenario, seed by seed.")]
Page = Annotated[Path | None, typer.Option("--out", help="Page to write. (NAME.html in the folder of the sweep)")]
Json = Annotated[bool, typer.Option("--json", help="Print the table as JSON on standard output.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")]
Observed = Annotated[Path, typer.Option("--observed", help="CSV of observed figures: indicator, period, value, sd.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: rebond sensitivity out/sobol --indicator co2_transport")(sensitivity)
    app.command(epilog="Example: rebond discover out/futures --where 'co2_transport > 70000'")(discover)
    app.command(epilog="Example: rebond robustness out/futures --limit 'co2_transport < 70000'")(robustness)
    app.command(epilog="Example: rebond attribute out/attribution --indicator co2_transport")(attribute)
    app.command(epilog="Example: rebond calibrate out/past --observed counts.csv")(calibrate)
    app.command(epilog="Example: rebond score out/past --observed counts.csv")(score)


def sensitivity(
    folder: Folder, indicator: Indicators = None, scenario: Scenario = None, against: Against = None, out: Page = None,
    as_json: Json = False, as_csv: Csv = False,
) -> None:  # fmt: skip
    """Which parameters move the indicators: Sobol, Morris or delta by the design, with confidence."""
    from experiments.analyses.sensitivity import sensitivity as analyse

    _answer(folder, lambda sweep: analyse(sweep, indicator or (), scenario, against), out, as_json, as_csv)


def discover(
    folder: Folder,
    where: Annotated[
        str | None, typer.Option(help="Cases of interest: 'INDICATOR < NUMBER', joined by and. (a heading missed)")
    ] = None,
    scenario: Scenario = None,
    against: Against = None,
    ema: Annotated[Path | None, typer.Option(help="Also write the runs for the EMA workbench: NAME.tar.gz.")] = None,
    out: Page = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """When a roadmap misses its headings: boxes (PRIM) and a tree over the uncertain parameters."""
    from experiments.analyses.discovery import discover as analyse

    if ema is not None:
        from experiments.analyses.ema import write_ema
        from experiments.frames import load

        write_ema(load(folder), ema)
    _answer(folder, lambda sweep: analyse(sweep, where, scenario, against), out, as_json, as_csv)


def robustness(
    folder: Folder,
    indicator: Indicators = None,
    limit: Annotated[
        list[str] | None, typer.Option(help="What is to be held: 'INDICATOR < NUMBER'; may be given again.")
    ] = None,
    out: Page = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Which scenario does well over uncertain futures: regret, satisficing, a bad percentile."""
    from experiments.analyses.robustness import robustness as analyse

    _answer(folder, lambda sweep: analyse(sweep, indicator or (), limit or ()), out, as_json, as_csv)


def attribute(
    folder: Folder,
    indicator: Indicators = None,
    scenario: Scenario = None,
    out: Page = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """What each measure brought: alone, as the last, on average (Shapley), and synergy; for design: {attribution: N}."""
    from experiments.analyses.attribution import attribution as analyse

    _answer(folder, lambda sweep: analyse(sweep, indicator or (), scenario), out, as_json, as_csv)


def calibrate(
    folder: Folder,
    observed: Observed,
    scenario: Scenario = None,
    accepted: Annotated[float, typer.Option(min=0.001, max=1.0, help="Share of the points that is accepted.")] = 0.1,
    out: Page = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Which parameters fit what was observed: Approximate Bayesian Computation over the points of a sweep."""
    from experiments.analyses.calibration import calibrate as analyse

    _answer(folder, lambda sweep: analyse(sweep, observed, scenario, accepted), out, as_json, as_csv)


def score(
    folder: Folder,
    observed: Observed,
    scenario: Scenario = None,
    out: Page = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """How well a sweep tells what was observed: bias, error, band, CRPS."""
    from experiments.analyses.score import score as analyse

    _answer(folder, lambda sweep: analyse(sweep, observed, scenario), out, as_json, as_csv)


def _answer(folder: Path, analyse: Callable[[Sweep], Answer], out: Path | None, as_json: bool, as_csv: bool) -> None:
    from experiments.analyses import page
    from experiments.cli import say
    from experiments.frames import load, require

    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise InputError(Fault("--out", f"{out}", "a file in an existing folder"))
    sweep = load(folder)
    require(sweep)
    found = analyse(sweep)
    target = page.write(out or folder / f"{found.kind}.html", sweep, [found])
    if as_json:
        print(found.table.to_json(orient="records", indent=1))
    elif as_csv:
        print(found.table.to_csv(index=False).rstrip())
    else:
        for sentence in found.sentences:
            print(sentence)
        print(found.table.to_string(index=False, float_format=lambda v: f"{v:.4g}"))
    say(f"Page: {target.absolute()}")
