"""User equilibria against the best known solutions of the TransportationNetworks collection.

Objectives: recomputed from the collection's published best-known flows (Beckmann's sum in the network's own units).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kernels.assignment import equilibrium, objective
from tests.reference.road.tntp import imbalance, read, sioux_falls


def test_sioux_falls_reaches_the_best_known_solution() -> None:
    network, trips, best = sioux_falls()
    found = equilibrium(network, trips, gap=1e-12)
    assert found.gap <= 1e-12
    assert objective(network, found.flow) == pytest.approx(4231335.287107, rel=1e-10)
    assert objective(network, best) == pytest.approx(4231335.287107, rel=1e-10)
    assert np.abs(found.flow - best).max() < 1e-3  # vehicles; unique, since every link's cost rises with its flow
    assert imbalance(network, trips, found) < 1e-12


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "toll", "distance", "known"),
    [("Anaheim", 0.0, 0.0, 1286032.171096), ("ChicagoSketch", 0.02, 0.04, 17313018.738748)],
)
def test_other_public_networks(shared: Path, name: str, toll: float, distance: float, known: float) -> None:
    network, trips = read(shared / "reference" / "tntp" / name, toll, distance)
    found = equilibrium(network, trips, gap=1e-13)
    assert found.gap <= 1e-13
    assert objective(network, found.flow) == pytest.approx(known, rel=1e-10)
    assert imbalance(network, trips, found) < 1e-12
    lines = (shared / "reference" / "tntp" / name / f"{name}_flow.tntp").read_text().splitlines()[1:]
    published = {(int(a), int(b)): float(v) for a, b, v, *_ in (line.split() for line in lines if line.strip())}
    best = np.array([published[a + 1, b + 1] for a, b in zip(network.tail, network.head, strict=True)])
    unique = (network.alpha > 0) & (network.beta > 0) & (network.free_time > 0)
    assert unique.any()
    assert np.abs(found.flow - best)[unique].max() < 1e-3  # vehicles, where unique
