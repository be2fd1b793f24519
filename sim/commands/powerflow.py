"""``rebond powerflow``: voltages of a grid engineer's radial network, at its own loads or over steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kernels.power import radial, radial_flow
from sim.columns import Floats
from sim.commands.files import check_target, write_whole
from sim.commands.run import watched_compilation
from sim.errors import NotConverged
from sim.grid.loads import read_loads
from sim.grid.radial import Feeder, demand, feeder
from sim.grid.tables import named, read_tables

Say = Callable[[str], None]
ITERATIONS = 1000


@dataclass(frozen=True)
class PowerflowOptions:
    """What the command line said."""

    network: Path
    loads: Path | None
    out: Path | None
    tolerance: float
    threads: int
    force: bool


def powerflow(options: PowerflowOptions, say: Say) -> dict[str, Any]:
    """Read, solve, write. Returns what ``--json`` prints. Raises InputError before anything is solved, NotConverged after."""
    if options.out is not None:
        check_target("--out", options.out, options.force)
    tables = read_tables(options.network)
    f = feeder(tables)
    p, q = demand(tables, f)
    steps: list[Any] | None = None
    if options.loads is not None:
        steps, p, q = read_loads(options.loads, tables, f, p, q)
    p, q = np.atleast_2d(p), np.atleast_2d(q)
    with watched_compilation(say):
        radial_flow(radial([0, 0], [0.0, 0.1], [0.0, 0.1]), np.zeros((32, 2)), np.zeros((32, 2)))
    clock = time.perf_counter()
    found = radial_flow(
        radial(f.parent, f.z.real, f.z.imag, f.shunt), p, q, source=f.source, tolerance=options.tolerance, iterations=ITERATIONS,
        threads=options.threads,
    )  # fmt: skip
    seconds = time.perf_counter() - clock
    stuck = np.flatnonzero(found.steps < 0)
    if len(stuck):
        which = "" if steps is None else f" at {len(stuck)} of {len(steps)} steps ({named([steps[i] for i in stuck])})"
        raise NotConverged(f"no voltage carries the load{which}: the feeder collapses; nothing was written")
    volts = (found.v_re + 1j * found.v_im) * f.scale
    magnitude = np.abs(volts)[:, f.row]
    answer = _figures(f, magnitude, found.loss * f.base * 1000.0, found.steps, seconds, p)
    _summary(answer, say)
    if options.out is not None:
        _write(options.out, f, steps, magnitude, np.degrees(np.angle(volts))[:, f.row])
        say(f"Voltages: {options.out}")
    return answer


def _figures(f: Feeder, magnitude: Floats, loss: Floats, sweeps: Any, seconds: float, p: Floats) -> dict[str, Any]:
    step, bus = np.unravel_index(int(np.argmin(magnitude)), magnitude.shape)
    return {
        "buses": len(f.bus), "steps": len(magnitude), "losses_kw": float(loss.mean()), "losses_kw_max": float(loss.max()),
        "load_kw": float(p.sum(axis=1).mean() * f.base * 1000.0), "vm_pu_min": float(magnitude.min()), "vm_pu_min_bus": int(f.bus[bus]),
        "vm_pu_min_step": int(step), "vm_pu_max": float(magnitude.max()), "iterations": int(sweeps.max()), "seconds": seconds,
    }  # fmt: skip


def _summary(a: dict[str, Any], say: Say) -> None:
    many = a["steps"] > 1
    say(
        f"{a['buses']:,} buses"
        + (f", {a['steps']:,} steps" if many else "")
        + f", load {a['load_kw']:,.1f} kW"
        + (" in the mean" if many else "")
    )
    worst = f" (at most {a['losses_kw_max']:,.3f} kW)" if many else ""
    say(
        f"losses {a['losses_kw']:,.3f} kW{worst}; voltage {a['vm_pu_min']:.6f} pu (bus {a['vm_pu_min_bus']}) to {a['vm_pu_max']:.6f} pu"
    )


def _write(path: Path, f: Feeder, steps: list[Any] | None, magnitude: Floats, angle: Floats) -> None:
    """Every bus in the file's order, those not in service without a value, as in pandapower's results."""
    bus = np.r_[f.bus, f.dead]
    order = np.argsort(bus, kind="stable")
    none = np.full((len(magnitude), len(f.dead)), np.nan)
    columns = {"bus": np.tile(bus[order], len(magnitude))}
    if steps is not None:
        columns = {"step": np.repeat(np.array(steps, object), len(bus)), **columns}
    for name, values in (("vm_pu", magnitude), ("va_degree", angle)):
        columns[name] = np.concatenate([values, none], axis=1)[:, order].ravel()
    write_whole(path, pd.DataFrame(columns).to_csv(index=False, float_format="%.12g", lineterminator="\n"))
