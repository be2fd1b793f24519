"""A sweep in the format of the EMA workbench (``ema_workbench.load_results``): a tar.gz of experiments, outcomes and their metadata.

Parameters become columns of the experiments beside ``scenario`` (the point), ``policy`` (our scenario) and ``model``; final indicators
become scalar outcomes, one value a run. Numbers are floats: the workbench's PRIM fails on whole-number parameters with pandas 3.
"""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from experiments.frames import Sweep, require

VERSION = 0.1
MODEL = "rebond"


def write_ema(sweep: Sweep, path: Path) -> Path:
    """Write the runs done; whole or not at all."""
    require(sweep)
    runs = sweep.runs
    experiments = runs[list(sweep.plan.set_names)].astype("float64")
    experiments = experiments.assign(
        replication=runs["replication"].astype("float64"), seed=runs["seed"].astype("float64"),
        scenario=runs["point"].astype("int64"), policy=runs["scenario"].astype(object), model=MODEL,
    )  # fmt: skip
    kinds = {n: "object" if n in ("policy", "model") else str(t) for n, t in experiments.dtypes.items()}
    outcomes = [(f"{c.name}.cls", c.name) for c in sweep.plan.columns]
    partial = path.with_name(f".{path.name}.partial")
    try:
        with tarfile.open(partial, "w:gz", encoding="UTF8") as archive:
            _add(archive, "experiments.csv", experiments.to_csv(index=False))
            for file, name in outcomes:
                _add(archive, file, runs[name].to_csv(index=False, header=False))
            metadata = {
                "version": VERSION, "outcomes": [("ScalarOutcome", name, file) for file, name in outcomes], "experiments": kinds,
            }  # fmt: skip
            _add(archive, "metadata.json", json.dumps(metadata))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _add(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))
