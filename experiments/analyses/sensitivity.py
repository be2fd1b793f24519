"""Which parameters matter: Sobol indices, elementary effects or delta, by the design of the sweep, each with its confidence.

Sobol (saltelli designs): S1 what a parameter explains alone, ST with all its interactions (Saltelli et al. 2010; Sobol 2001). Morris: mu*
and sigma of elementary effects (Morris 1991; Campolongo et al. 2007). Any other design: delta, independent of moments (Borgonovo 2007),
by the estimator of Plischke et al. (2013), and S1 from the same points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.analyses import answer
from experiments.analyses.answer import Answer
from experiments.analyses.delta import importance
from experiments.analyses.figure import bars
from experiments.designs import problem
from experiments.frames import Sweep
from experiments.plan import Floats
from sim.errors import Fault, InputError

#: Fewest points that delta is estimated from.
LEAST_POINTS = 20
#: Half a band from which on an index between 0 and 1 says little.
WIDE = 0.2
SEED = 1
COLUMNS = ("indicator", "unit", "parameter", "index", "value", "confidence")


def sensitivity(
    sweep: Sweep, wanted: Sequence[str] = (), name: str | None = None, against: str | None = None
) -> Answer:
    """Indices of each parameter for each indicator of a scenario, or of its difference to another one (``against``).

    ``confidence`` is half the width of the 95 % interval by bootstrap. Morris' indices have the indicator's unit (the change over the
    whole range of the parameter), the others none.
    """
    names = answer.varied(sweep)
    name = answer.scenario(sweep, name)
    against = answer.scenario(sweep, against) if against else None
    rows: list[tuple[Any, ...]] = []
    unmoved: list[str] = []
    for indicator in answer.indicators(sweep, wanted):
        values = answer.by_point(sweep, name, indicator, against)
        unit = answer.facts(sweep, indicator).unit
        found = _indices(sweep, names, values)
        if not found:
            unmoved.append(f"{indicator}: no parameter moves it")
        for index, parameter, value, confidence in found:
            rows.append((indicator, unit if index in ("mu*", "sigma") else "-", parameter, index, value, confidence))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    what = name if against is None else f"{name} minus {against}"
    main = {"saltelli": "ST", "morris": "mu*"}.get(str(sweep.plan.design["kind"]), "delta")
    shown = table[table["index"] == main]
    return Answer(
        "sensitivity",
        f"What moves the indicators: {what}",
        _sentences(shown) + unmoved + _warning(shown),
        table,
        {f"{main} by parameter, with 95 % confidence": bars(shown, "indicator", "parameter", "value", "confidence")},
        (
            _METHODS[main],
            f"Final values (mean of the last twelve months), mean over {sweep.plan.replications} seeds at each point.",
        ),
    )


_METHODS = {
    "ST": "Sobol indices of a Saltelli design (SALib): ST is the share of the variance left if all others were known.",
    "mu*": "Elementary effects (SALib): mu* is the mean absolute change over the range, sigma its spread (interaction).",
    "delta": "Delta of Borgonovo (2007): 0 the parameter does not move the distribution, 1 it settles it.",
}


def _indices(sweep: Sweep, names: Sequence[str], values: Floats) -> list[tuple[Any, ...]]:
    """Rows (index, parameter, value, confidence)."""
    design = sweep.plan.design
    if answer.still(values):
        return []
    if design["kind"] == "saltelli":
        answer.need_whole(sweep, values, "Sobol indices")
        return _sobol(names, values, bool(design["second_order"]))
    if design["kind"] == "morris":
        answer.need_whole(sweep, values, "elementary effects")
        return _morris(names, _unit(sweep, names), values, int(design["levels"]))
    return _delta(names, answer.inputs(sweep), values)


def _sobol(names: Sequence[str], values: Floats, second_order: bool) -> list[tuple[Any, ...]]:
    from SALib.analyze import sobol

    centred = (values - values.mean()) / values.std()  # large levels beside small spreads cost the estimator its digits
    found = sobol.analyze(
        problem(len(names), names), centred, calc_second_order=second_order, seed=SEED, print_to_console=False
    )
    rows = [(i, n, found[i][k], found[f"{i}_conf"][k]) for i in ("S1", "ST") for k, n in enumerate(names)]
    if second_order:
        rows += [
            ("S2", f"{a} x {b}", found["S2"][i, j], found["S2_conf"][i, j])
            for i, a in enumerate(names)
            for j, b in enumerate(names)
            if j > i
        ]
    return rows


def _morris(names: Sequence[str], unit: Floats, values: Floats, levels: int) -> list[tuple[Any, ...]]:
    from SALib.analyze import morris

    found = morris.analyze(
        problem(len(names), names), unit, values, num_levels=levels, seed=SEED, print_to_console=False
    )
    rows = [("mu*", n, found["mu_star"][k], found["mu_star_conf"][k]) for k, n in enumerate(names)]
    return rows + [("sigma", n, found["sigma"][k], np.nan) for k, n in enumerate(names)]


def _delta(names: Sequence[str], points: Floats, values: Floats) -> list[tuple[Any, ...]]:
    known = np.isfinite(values)
    if known.sum() < LEAST_POINTS:
        raise InputError(
            Fault(
                "the sweep",
                f"{known.sum()} points with a finished run",
                f"at least {LEAST_POINTS}, for delta (extend the design)",
            )
        )
    found = importance(points[known], values[known], SEED)
    rows = [("delta", n, found.delta[k], found.delta_confidence[k]) for k, n in enumerate(names)]
    return rows + [("S1", n, found.first[k], found.first_confidence[k]) for k, n in enumerate(names)]


def _unit(sweep: Sweep, names: Sequence[str]) -> Floats:
    """Points in the unit cube by their rank among the levels: elementary effects are per range, whatever the distribution."""
    points = answer.inputs(sweep)
    levels = int(sweep.plan.design["levels"])
    out = np.empty_like(points)
    for k in range(len(names)):
        known, place = np.unique(points[:, k], return_inverse=True)
        if len(known) == levels:
            out[:, k] = place / (levels - 1)
        else:  # fewer distinct values than levels: by value
            low, high = sweep.plan.design["ranges"][names[k]]
            out[:, k] = (points[:, k] - low) / (high - low)
    return out


def _warning(shown: pd.DataFrame) -> list[str]:
    """Indices between 0 and 1 whose bands leave little to be said."""
    wide = shown[shown["index"].isin(["ST", "delta"]) & (shown["confidence"] > WIDE)]
    if wide.empty:
        return []
    return [f"Bands are wide (up to ± {wide['confidence'].max():.2g} of 1): double the design and go on with --extend"]


def _sentences(shown: pd.DataFrame) -> list[str]:
    out = []
    for indicator, rows in shown.groupby("indicator", sort=False):
        top = rows.sort_values("value", ascending=False).iloc[0]
        sure = top["value"] - top["confidence"] > rows["value"].drop(top.name).max() if len(rows) > 1 else True
        word = "most" if sure else "most, though not surely"
        unit = "" if top["unit"] == "-" else f" {top['unit']}"
        value = f"{top['index']} {top['value']:.3g} ± {top['confidence']:.2g}{unit}"
        out.append(f"{indicator} is moved {word} by {top['parameter']} ({value})")
    return out
