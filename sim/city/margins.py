"""Margins by commune and district: published totals where there are some, stated shares elsewhere, whole numbers that add up."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.city.facts import CityFacts
from sim.city.geometry import whole_numbers
from sim.city.sources import CitySource
from sim.columns import Floats, Ints

FIELDS = ("population", "households", "employed", "unemployed", "students", "cars", "dwellings", "houses", "jobs")
#: Per employed resident, where nothing is published: INSEE RP 2020 shares of Toulouse Métropole's suburbs (see docs/city.md).
PER_EMPLOYED = {
    "population": 2.16, "households": 0.95, "unemployed": 0.10, "students": 0.07, "cars": 1.42, "dwellings": 1.02, "houses": 0.72,
}  # fmt: skip


def commune_margins(
    source: CitySource, facts: CityFacts | None, commune: Ints
) -> tuple[dict[str, Floats], dict[str, Any]]:
    """(communes,) totals by field, and a report.

    Employed residents of communes without published figures are the source's commuters as read: around Toulouse that gives 1.01
    million inhabitants, where INSEE counts 1.06 in a like perimeter (urban unit 2021); scaled as the metropole they would be 0.97.
    Jobs there are the source's, scaled by the ratio of published to source totals over the communes that have both.
    """
    n = len(source.communes.codes)
    raw_employed = np.bincount(commune, weights=source.places.commuters, minlength=n)
    raw_jobs = np.bincount(commune, weights=source.places.jobs, minlength=n)
    known = _published(source, facts)
    have = np.isfinite(known["employed"])
    f_employed = known["employed"][have].sum() / max(raw_employed[have].sum(), 1.0) if have.any() else 1.0
    f_jobs = known["jobs"][have].sum() / max(raw_jobs[have].sum(), 1.0) if have.any() else 1.0
    out = {
        "employed": np.where(have, known["employed"], raw_employed),
        "jobs": np.where(have, known["jobs"], raw_jobs * f_jobs),
    }
    for name, ratio in PER_EMPLOYED.items():
        out[name] = np.where(have, known[name], out["employed"] * ratio)
    empty = np.bincount(commune, minlength=n) == 0
    report = {
        "raw_commuters": float(raw_employed.sum()), "employed": float(out["employed"][~empty].sum()),
        "raw_jobs": float(raw_jobs.sum()), "jobs": float(out["jobs"][~empty].sum()),
        "scale_employed": float(f_employed), "scale_jobs": float(f_jobs),
        "communes_missing": _missing(source, facts),
        "communes_without_places": [source.communes.names[i] for i in np.flatnonzero(empty & have)],
    }  # fmt: skip
    return out, report


def _missing(source: CitySource, facts: CityFacts | None) -> list[str]:
    """Communes of the facts that the source does not hold."""
    if facts is None:
        return []
    known = zip(facts.communes.codes, facts.communes.names, strict=True)
    return [name for code, name in known if code not in source.communes.codes]


def _published(source: CitySource, facts: CityFacts | None) -> dict[str, Floats]:
    """Published margins in the source's order of communes; NaN where there are none."""
    n = len(source.communes.codes)
    out = {name: np.full(n, np.nan) for name in FIELDS}
    table = facts.communes if facts is not None else source.communes
    rows = {code: i for i, code in enumerate(table.codes)}
    for i, code in enumerate(source.communes.codes):
        if code in rows:
            for name in FIELDS:
                out[name][i] = getattr(table.margins, name)[rows[code]]
    return out


def district_margins(
    totals: dict[str, Floats], district: Ints, commune_of: Ints, homes: Floats, jobs: Floats, students: Floats
) -> dict[str, Ints]:
    """(D,) whole numbers by field; within a commune homes share by ``homes`` of the cells, jobs by ``jobs``. Sums are kept exactly.

    Args:
        totals: (communes,) totals by field.
        district: (cells,) district of each cell.
        commune_of: (D,) commune of each district.
        homes, jobs, students: (cells,) weights.
    """
    n = len(commune_of)
    home = np.bincount(district, weights=homes, minlength=n)
    work = np.bincount(district, weights=jobs, minlength=n)
    out = {name: np.zeros(n, np.int64) for name in FIELDS}
    for c in np.unique(commune_of):
        mine = np.flatnonzero(commune_of == c)
        for name in FIELDS:
            weight = work[mine] if name == "jobs" else home[mine]
            out[name][mine] = whole_numbers(weight, round(float(totals[name][c])))
    out["houses"] = np.minimum(out["houses"], out["dwellings"])
    out["study_places"] = np.round(np.bincount(district, weights=students, minlength=n)).astype(np.int64)
    return _consistent(out)


def _consistent(m: dict[str, Ints]) -> dict[str, Ints]:
    """Every household has one person and one dwelling at least; the active do not outnumber the people."""
    m["households"] = np.maximum(m["households"], 1)
    m["population"] = np.maximum(m["population"], m["households"])
    m["dwellings"] = np.maximum(m["dwellings"], m["households"])
    active = m["employed"] + m["unemployed"] + m["students"]
    over = np.maximum(0, active - (0.8 * m["population"]).astype(np.int64))
    m["employed"] = np.maximum(0, m["employed"] - over)
    return m
