"""Results as JSON for machines and as a Markdown table for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.benchmarks.rows import Peer, Row

HEADER = "| what | measured | promise | met | peer | peer's figure | times better |\n|---|---|---|---|---|---|---|"
INTRODUCTION = """# Benchmarks

Written by `python -m experiments.benchmarks --write-docs`, never by hand. Figures are medians with their range over the rounds of one
run, in which we and the peer take turns; sections may be of different runs (`--add`); only
ratios within one carry from machine to machine. Lower is better for times and
memory, higher for rates; "times better" says it the same way for both.

Peers live in an environment of their own (`python -m venv peers`, then install `aequilibrae pytraf power-grid-model rcbsim` there)
and are named by `--peers peers/bin/python` or the variable REBOND_PEERS; a peer that is not installed is said to be so. Public road
networks are read from `--tntp FOLDER` (collection TransportationNetworks). All tools get the same
arrays and all cores, except where a note says that our kernel runs on one thread.
"""


def number(value: float) -> str:
    """Three significant digits, thousands separated."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.3g} M" if abs(value) < 1e9 else f"{value / 1e9:,.3g} G"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def markdown(groups: Mapping[str, Sequence[Row]], machine: Mapping[str, str], quick: bool) -> str:
    """The whole page: machine, then one table per benchmark."""
    lines = [INTRODUCTION]
    if quick:
        lines.append("**Quick run: small sizes.**\n")
    lines.append("Machine: " + ", ".join(f"{key} {value}" for key, value in machine.items()) + ".")
    for title, rows in groups.items():
        lines += ["", f"## {title}", "", HEADER, *(_line(row) for row in rows)]
        notes = [f"- {row.name}: {row.note}" for row in rows if row.note]
        if notes:
            lines += ["", *notes]
    return "\n".join(lines) + "\n"


def write(folder: Path, groups: Mapping[str, Sequence[Row]], machine: Mapping[str, str], quick: bool) -> Path:
    """``results.json`` and ``benchmarks.md`` in ``folder``; returns the path of the JSON file."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = {title: [row.as_json() for row in rows] for title, rows in groups.items()}
    path = folder / "results.json"
    text = json.dumps({"machine": dict(machine), "quick": quick, "benchmarks": plain}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", "utf-8")
    (folder / "benchmarks.md").write_text(markdown(groups, machine, quick), "utf-8")
    return path


def read(folder: Path) -> dict[str, list[Row]]:
    """What :func:`write` left in ``folder``, nothing where there is none."""
    path = folder / "results.json"
    if not path.is_file():
        return {}
    kept = json.loads(path.read_text("utf-8"))["benchmarks"]
    return {title: [Row.from_json(row) for row in rows] for title, rows in kept.items()}


def _line(row: Row) -> str:
    met = {True: "yes", False: "**no**", None: "" if row.promise is None else "not judged"}[row.met]
    ratio = "" if row.ratio is None else f"{number(row.ratio)}x"
    cells = (
        row.name,
        _figure(row),
        _promise(row),
        met,
        row.peer.name if row.peer else "",
        _peer(row.peer, row.unit),
        ratio,
    )
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _figure(row: Row) -> str:
    if row.figure is None:
        return "not measured"
    return f"{number(row.figure)} {row.unit}{_range(row.low, row.high, row.samples)}"


def _range(low: float | None, high: float | None, samples: int) -> str:
    return (
        f" ({number(low)}–{number(high)}, n={samples})" if low is not None and high is not None and samples > 1 else ""
    )


def _promise(row: Row) -> str:
    if row.promise is None:
        return ""
    if row.promise.of_ratio:
        return f"at least {number(row.promise.limit)}x"
    return f"{'at least' if row.higher_is_better else 'at most'} {number(row.promise.limit)} {row.unit}"


def _peer(peer: Peer | None, unit: str) -> str:
    if peer is None:
        return ""
    return f"{number(peer.figure)} {unit}" if peer.figure is not None else peer.fault
