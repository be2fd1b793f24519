"""The shipped roadmap with its baseline: cost of a month by share and system, growth with the citizens, whole runs, memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from experiments.benchmarks.context import Context
from experiments.benchmarks.processes import child
from experiments.benchmarks.rows import Promise, Row, measured
from sim import open_city, prepare, save_bundle

MONTHS = 72  # of the shipped roadmap
LIMIT_SECONDS, LIMIT_MB = 180.0, 4000.0  # promised for all citizens and months
#: A month may cost this many times more per added citizen between the two largest shares than between the smaller ones.
LINEAR = 1.2
#: With fewer shares (a quick run) the differences drown in noise.
SHARES_FOR_GROWTH = 4


def run(context: Context) -> list[Row]:
    """(share, months lived): the whole roadmap at the scenario's share and with every citizen."""
    plan = [(0.02, 4), (0.05, 4), (0.2, 3)] if context.quick else [(0.02, 12), (0.05, MONTHS), (0.2, 12), (1.0, MONTHS)]
    bundle = context.scratch / "city.bundle"
    save_bundle(prepare(open_city(context.city), context.threads), bundle)
    return rows([(share, lived(bundle, share, months, context.threads)) for share, months in plan])


def lived(bundle: Path, share: float, months: int, threads: int) -> dict[str, Any]:
    """Figures of :mod:`experiments.benchmarks.lived`, from a process of its own."""
    return child("experiments.benchmarks.lived", bundle, share, months, threads)


def rows(found: Sequence[tuple[float, dict[str, Any]]]) -> list[Row]:
    """The table of runs at rising shares."""
    out = []
    for share, f in found:
        months = len(f["months"])
        parts = sorted(f["systems"].items(), key=lambda part: -part[1])
        note = f"{f['citizens']:,} citizens, {f['links']:,} links; of the baseline alone: " + ", ".join(
            f"{name} {seconds / months:.3f} s" for name, seconds in parts
        )
        out.append(measured(f"a month of roadmap and baseline, share {share:g}", "s", f["months"], note=note))
        out.append(measured(f"bringing the city to rest, share {share:g}", "s", [f["settle"]]))
        out.append(_whole(share, f, months))
        promise = Promise(LIMIT_MB) if share == 1.0 else None
        out.append(measured(f"peak memory, share {share:g}", "MB", [f["memory_mb"]], promise=promise))
    if len(found) >= SHARES_FOR_GROWTH:
        out.append(growth([f for _, f in found]))
    return out


def _whole(share: float, f: dict[str, Any], months: int) -> Row:
    """All 72 months, lived or (said so) extrapolated; judged with the baseline, since every run lives it."""
    seconds = f["to_first_month"] + sum(f["months"]) * MONTHS / months
    how = "all months lived" if months >= MONTHS else f"extrapolated from {months} months"
    return measured(
        f"{MONTHS} months of roadmap and baseline, share {share:g}", "s", [seconds],
        promise=Promise(LIMIT_SECONDS) if share == 1.0 else None,
        note=f"{how}; from loading the city to the last month, {f['to_first_month']:.1f} s before the first",
    )  # fmt: skip


def growth(found: Sequence[dict[str, Any]]) -> Row:
    """Marginal cost of a citizen-month between the two largest shares over that between the smallest and the second largest."""
    size = [f["citizens"] for f in found]
    cost = [median(f["months"]) for f in found]
    small = (cost[-2] - cost[0]) / (size[-2] - size[0])
    large = (cost[-1] - cost[-2]) / (size[-1] - size[-2])
    name, note = "growth of a month's cost with the citizens (1 is linear)", "roadmap and baseline together: "
    if small <= 0.0:
        return Row(name, "", None, promise=Promise(LINEAR), note="drowned in the noise of the machine")
    note += f"{large * 1e6:.3g} s a month for a million citizens more"
    return measured(name, "", [large / small], promise=Promise(LINEAR), note=note)
