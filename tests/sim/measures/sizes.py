"""How much a measure brings on the embedded Toulouse, beside what was published elsewhere: one table, one judge.

Each pair of worlds shares its people and every draw. A size is a number that somebody published (an elasticity, a share, euros for a
job): the band says how far apart studies are, and the source who found it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from sim.city.load import open_city
from sim.indicators import INDICATORS
from sim.model import UrbanModel
from sim.preparation import prepare
from tests.worlds import lived, scenario

NAMES = [i.name for i in INDICATORS]
SHARE = 0.02
SEED = 3
#: Months lived where a size does not say otherwise.
YEAR = 12


@dataclass(frozen=True)
class World:
    """What was lived: the model as it stands at the end, and (months, indicators)."""

    model: UrbanModel
    rows: np.ndarray

    def mean(self, indicator: str, last: int = 6) -> float:
        """Mean of the last months."""
        return float(self.rows[-last:, NAMES.index(indicator)].mean())

    def end(self, indicator: str) -> float:
        return float(self.rows[-1, NAMES.index(indicator)])

    def gained(self, indicator: str) -> float:
        """What was added between the first month and the last."""
        return float(self.rows[-1, NAMES.index(indicator)] - self.rows[0, NAMES.index(indicator)])


@dataclass(frozen=True)
class Pair:
    """A measure's world beside the same world without it."""

    found: World
    without: World

    def rise(self, indicator: str, last: int = 6) -> float:
        """Relative change of the mean of the last months."""
        return self.found.mean(indicator, last) / self.without.mean(indicator, last) - 1.0

    def change(self, indicator: str, last: int = 6) -> float:
        return self.found.mean(indicator, last) - self.without.mean(indicator, last)


@dataclass(frozen=True)
class Size:
    """One published figure: how it is read from a pair of worlds, the band and where that is from."""

    kind: str
    fields: str  #: of the measure, as a roadmap writes them
    what: str  #: the figure in words, with its unit
    found: Callable[[Pair], float]
    low: float
    high: float
    source: str
    months: int = YEAR
    world: str = ""  #: other measures and shocks of both worlds (YAML)
    short: str = ""  #: where the model misses the band: the figure found, and why

    @property
    def body(self) -> str:
        """A roadmap with the measure alone, from the first month on."""
        return f"measures:\n  - {{measure: {self.kind}, start: 2021-01, {self.fields}}}\n"

    def of(self, toulouse: Toulouse) -> float:
        """The figure that the model finds; a share of one may come out a bit above."""
        return round(self.found(toulouse.pair(self.body, self.months, self.world)), 12)


def cases(sizes: Iterable[Size]) -> list[object]:
    """Test cases: one for each size; those that fall short must go on doing so, or their entry is out of date."""
    return [
        pytest.param(
            one,
            id=f"{one.kind}: {one.what}",
            marks=[pytest.mark.xfail(strict=True, raises=AssertionError, reason=one.short)] if one.short else [],
        )
        for one in sizes
    ]


class Toulouse:
    """The embedded city at a small share, its eve lived once, and each world lived once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start = UrbanModel(scenario(folder, end="2026-12"), prepare(open_city("toulouse")), seed=SEED, share=SHARE)
        self.start.live_until(self.start.scenario.start - 1)
        self.done: dict[tuple[str, int], World] = {}

    def live(self, body: str, months: int = YEAR) -> World:
        """A world with these measures and shocks."""
        if (body, months) not in self.done:
            one = self.start.fork(scenario(self.folder, body, end="2026-12"))
            self.done[body, months] = World(one, lived(one, months))
        return self.done[body, months]

    def pair(self, body: str, months: int = YEAR, world: str = "") -> Pair:
        """With and without the measures of ``body``; ``world`` is in both."""
        return Pair(self.live(body + world, months), self.live(world, months))


# --- docs/sizes.md -------------------------------------------------------------------------------------------------

TABLES = ("travel", "homes", "city")
INTRODUCTION = """# What each measure brings, beside what was published

Made by `python -m tests.sim.measures.sizes docs/sizes.md`. Each line is a pair of worlds on the embedded Toulouse, with the measure and
without it, from January 2021 on, a year long where the dose does not say otherwise: {share:.0%} of the population, seed {seed}, the same
people and the same draws in both. *Found* is what the model says; *published* is from the lowest to the highest figure of the studies
named, so it says how far studies are apart, not how sure one may be. Doses are those of the studies where they could be. With so few
people another seed may move a figure by a tenth or two of itself: an order of magnitude is asked, no more.

Not all of it is evidence of one weight. Some kinds are decided by people, firms or traffic, and their size comes out of the model;
others do what their fields and one row of the registry say (health centres, trees, kitchen waste, street lights, prevention of waste,
kits for water), and their line checks that the row is that of the literature. "Fitted" in a source: the row was set by the same study.
Rare things are noisy at this share: batteries differ between seeds by more than their band, Téléo's boardings and the rental ban by a
fifth to a half.

A test holds each figure in its band (`tests/sim/measures/test_sizes_*.py`). Where the model misses it, the band stays, the line says
**short**, and the test fails as soon as that is no longer so. {many} figures of {kinds} kinds of measures; {short} fall short.
"""


def _number(x: float) -> str:
    return f"{x:,.0f}" if abs(x) >= 1000.0 else f"{x:.3g}"


def _line(one: Size, found: float) -> str:
    dose = one.fields + (f"; {one.months} months" if one.months != YEAR else "")
    band = f"{_number(one.low)} .. {_number(one.high)}"
    verdict = "**short**" if one.short else ""
    return f"| `{one.kind}` | {one.what} | {dose} | {_number(found)} | {band} | {verdict} | {one.source} |"


def document() -> tuple[str, list[str]]:
    """The page, and the entries whose figure and mark disagree."""
    lines: list[tuple[str, str]] = []
    short, wrong, elsewhere, short_elsewhere = [], [], [], []
    for name in TABLES:
        table = import_module(f"tests.sim.measures.test_sizes_{name}")
        elsewhere += [f"- `{kind}`: `tests/sim/{test}`" for kind, test in table.ELSEWHERE.items()]
        short_elsewhere += [f"- `{kind}`, in a test of its own: {why}." for kind, why in table.SHORT_ELSEWHERE.items()]
        with tempfile.TemporaryDirectory() as folder:
            toulouse = Toulouse(Path(folder))
            for one in table.SIZES:
                found = one.of(toulouse)
                lines.append((one.kind, _line(one, found)))
                if one.short:
                    short.append(f"- `{one.kind}`, {one.what}: {one.short}.")
                if (one.low <= found <= one.high) == bool(one.short):
                    wrong.append(f"{one.kind}, {one.what}: {found:.4g}")
    page = INTRODUCTION.format(
        share=SHARE, seed=SEED, many=len(lines), kinds=len({kind for kind, _ in lines}), short=len(short)
    )
    page += "\n| measure | figure | dose | found | published | | source |\n|---|---|---|---|---|---|---|\n"
    page += "\n".join(line for _, line in sorted(lines, key=lambda pair: pair[0])) + "\n"
    page += "\n## Where the model falls short\n\n" + "\n".join(sorted(short + short_elsewhere)) + "\n"
    if elsewhere:
        page += "\n## Held in tests of the systems\n\n" + "\n".join(sorted(elsewhere)) + "\n"
    return page, wrong


if __name__ == "__main__":
    text, disagree = document()
    Path(sys.argv[1]).write_text(text, "utf-8")
    for entry in disagree:
        print("band and mark disagree:", entry)
    sys.exit(bool(disagree))
