"""``rebond run``: city, kernels, roadmap and baseline, bands, directory, report - in this order, said as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kernels import jit
from kernels.jit import CompileWatch
from sim.city.load import bundle_path, cache_folder
from sim.errors import Fault, InputError
from sim.eve import Kept, file_digest
from sim.preparation import open_prepared
from sim.progress import MonthBar, counter
from sim.results import directory
from sim.runner import Member, ensemble, run_pair
from sim.scenario.check import check_against_city
from sim.scenario.load import Item, Scenario, load_scenario
from sim.systems.energy.typical import Errors

Say = Callable[[str], None]

#: Paired seeds and parameter draws when the user does not say: enough for the two bands within a minute on the replica.
DEFAULT_SEEDS = 4
DEFAULT_DRAWS = 6
#: Above this many links a paired run costs minutes, not seconds: bands are made only when asked for.
LARGE_CITY = 50_000


@dataclass(frozen=True)
class RunOptions:
    """What the command line said; None means: not said."""

    city: str | None
    seed: int | None
    share: float | None
    threads: int
    out: Path | None
    force: bool
    gap: float
    seeds: int | None
    draws: int | None
    band_share: float
    follow: tuple[int, ...] = ()


def carry_out(path: Path, options: RunOptions, say: Say) -> Path:
    """Run the scenario in ``path``. Returns the run directory. Raises InputError before anything is written."""
    scenario = load_scenario(path, None if options.city else _known)
    seed = scenario.seed if options.seed is None else options.seed
    share = scenario.share if options.share is None else options.share
    out = options.out or Path("out") / f"{path.stem}-{seed}"
    directory.check_target(out, force=options.force)

    jit.set_threads(options.threads)
    with watched_compilation(say):
        city, bundle = open_prepared(options.city or scenario.city, options.threads, say)
        faults = check_against_city(scenario, city)
        if faults:
            raise InputError(faults)
        people = int(city.districts.population.sum() * share)
        say(f"{scenario.name}: {city.name}, {people:,} citizens simulated (share {share:g}), {len(city.links):,} links")
        with MonthBar("Roadmap and baseline") as bar:
            pair = run_pair(
                scenario, city, seed=seed, share=share, gap=options.gap, threads=options.threads,
                kept=Kept(cache_folder() / "eves", file_digest(bundle)), watch=bar.month, follow=options.follow,
            )  # fmt: skip
    if (off := pair.roadmap.manifest["typical_days"]) is not None:
        say(Errors(**off).said())
    members, band_share = _members(scenario, options, seed, share, len(city.links), say)
    table = _ensemble(scenario, bundle, members, options.threads)

    def fill(folder: Path) -> None:
        from sim.results.bands import bands  # statistics and drawing: a second that the first month need not wait for
        from sim.results.report import write_report

        for record, target in ((pair.roadmap, folder), (pair.baseline, folder / "baseline")):
            tables = {name: getattr(record, name) for name in (*directory.TABLES, "lives")}
            if table is not None and target is folder:
                tables |= {"ensemble": table, "bands": bands(table, share, band_share)}
            directory.write_tables(target, tables, record.manifest | {"band_share": band_share})
        write_report(folder)

    directory.write(out, fill, force=options.force)
    say(f"Report: {(out / 'report.html').absolute()}")
    return out


def _known(city: str, _items: Sequence[Item]) -> list[Fault]:
    """Fail at the file's line when there is no such city; items are checked once the city is open."""
    bundle_path(city)
    return []


@contextmanager
def watched_compilation(say: Say) -> Iterator[None]:
    """Say when kernels must be compiled, and how long it took in all; silent when they come from the cache."""
    with CompileWatch(lambda: say("Compiling kernels (once; they are kept for later runs)")) as watch:
        yield
    if watch.kernels:
        say(f"Compiled {watch.kernels} kernels in {watch.seconds:.0f} s along the way")


def _members(
    scenario: Scenario, options: RunOptions, seed: int, share: float, links: int, say: Say
) -> tuple[list[Member], float]:
    large = links > LARGE_CITY
    seeds = (0 if large else DEFAULT_SEEDS) if options.seeds is None else options.seeds
    draws = (0 if large else DEFAULT_DRAWS) if options.draws is None else options.draws
    if large and options.seeds is None and options.draws is None:
        say("No bands on a network this large unless asked for: --seeds 4 --draws 6")
    band_share = min(options.band_share, share)
    return ensemble(scenario, seed=seed, share=band_share, seeds=seeds, draws=draws, gap=options.gap), band_share


def _ensemble(scenario: Scenario, bundle: Path, members: list[Member], workers: int) -> pd.DataFrame | None:
    if not members:
        return None
    from sim.ensemble import run_ensemble  # worker processes: likewise

    with counter("Bands: paired runs", len(members)) as watch:
        return run_ensemble(scenario, bundle, members, workers, watch)
