"""Small road, demand and commune files as `rebond city build` reads them, written for one test."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

LON, LAT = 3.80, 43.55  #: somewhere in the Hérault: no city with embedded facts
STEP = 0.004


def road(points: list[tuple[float, float]], kind: str = "minor", **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"roadClass": kind, "structure": "normal"} | properties,
        "geometry": {"type": "LineString", "coordinates": [[LON + STEP * x, LAT + STEP * y] for x, y in points]},
    }


def grid(n: int = 7) -> list[dict[str, Any]]:
    """Streets of n x n junctions, each drawn through as one line, one of them a main street."""
    rows = [road([(x, y) for x in range(n)], "major" if y == n // 2 else "minor") for y in range(n)]
    return rows + [road([(x, y) for y in range(n)]) for x in range(n)]


def demand(n: int = 7, seed: int = 1) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    points = [
        {"id": f"p{x}-{y}", "location": [LON + STEP * (x + 0.2), LAT + STEP * (y + 0.1)], "jobs": 0, "residents": 0}
        for x in range(n - 1)
        for y in range(n - 1)
    ]
    pops = []
    for home in points:
        for work in rng.choice(len(points), 6, replace=False):
            size = int(rng.integers(20, 120))
            home["residents"] += size
            points[work]["jobs"] += size
            apart = abs(np.subtract(home["location"], points[work]["location"])).sum() / STEP * 320.0
            pops.append(
                {"residenceId": home["id"], "jobId": points[work]["id"], "size": size, "drivingSeconds": apart / 9.0 + 40.0,
                 "drivingDistance": apart}
            )  # fmt: skip
    return {"points": points, "pops": pops}


def communes(n: int = 7) -> list[dict[str, Any]]:
    """West and east half."""
    out = []
    for code, name, low, high in (("34900", "Ouest", -1.0, n / 2), ("34901", "Est", n / 2, n + 1.0)):
        ring = [(low, -1), (high, -1), (high, n + 1), (low, n + 1), (low, -1)]
        out.append(
            {"type": "Feature", "properties": {"code": code, "nom": name},
             "geometry": {"type": "Polygon", "coordinates": [[[LON + STEP * x, LAT + STEP * y] for x, y in ring]]}}
        )  # fmt: skip
    return out


def write(folder: Path, roads: Any, people: Any, outlines: Any, *, gz: bool = True) -> tuple[Path, Path, Path]:
    """The three files; lists of features are wrapped, strings and bytes are written as they are."""
    paths = []
    for name, content in (("roads.geojson", roads), ("demand.json", people), ("communes.geojson", outlines)):
        if isinstance(content, list):
            content = {"type": "FeatureCollection", "features": content}
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        path = folder / (name + (".gz" if gz else ""))
        path.write_bytes(gzip.compress(raw) if gz else raw)
        paths.append(path)
    return paths[0], paths[1], paths[2]
