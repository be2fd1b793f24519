"""The 33-bus feeder of Baran & Wu, "Network reconfiguration in distribution systems for loss reduction and load balancing",
IEEE Transactions on Power Delivery 4(2), 1989: 12.66 kV, tie lines open. Published with it (and by every tool since): losses
202.677 kW, lowest voltage 0.9130905 pu at bus 18 (row 17 here, counted from 0).
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from kernels.power import radial, radial_flow

FILE = Path(__file__).parent / "baran_wu_33.csv"
KILOVOLTS = 12.66
BASE_KVA = 1000.0


def solve() -> tuple[np.ndarray, np.ndarray, float]:
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    n = len(rows) + 1
    parent, values = np.zeros(n, np.int64), np.zeros((4, n))
    for row in rows:
        bus = int(row["bus"])
        parent[bus] = int(row["parent"])
        values[:, bus] = [float(row[k]) for k in ("r_ohm", "x_ohm", "load_kw", "load_kvar")]
    base_ohm = KILOVOLTS**2 * 1000.0 / BASE_KVA
    r, x, p, q = values[0] / base_ohm, values[1] / base_ohm, values[2] / BASE_KVA, values[3] / BASE_KVA
    v_re, v_im, _, loss, steps, _ = radial_flow(radial(parent, r, x), p[None, :], q[None, :], tolerance=1e-13)
    assert steps[0] > 0
    return np.hypot(v_re, v_im)[0], np.degrees(np.arctan2(v_im, v_re))[0], float(loss[0] * BASE_KVA)


def test_losses_and_lowest_voltage_as_published() -> None:
    vm, _, loss = solve()
    assert loss == pytest.approx(202.677, abs=5e-4)  # kW, to the last printed digit
    assert vm.argmin() == 17
    assert vm.min() == pytest.approx(0.9130905, abs=5e-8)


@pytest.mark.shared
def test_every_voltage_equals_pandapower(shared: Path) -> None:
    """Voltages solved by pandapower 3.5.6, all 33 buses."""
    table = np.genfromtxt(shared / "reference/energy/grid_case33bw_vm.csv", delimiter=",", skip_header=1)
    vm, va, _ = solve()
    np.testing.assert_allclose(vm, table[:, 1], atol=1e-9)
    np.testing.assert_allclose(va, table[:, 2], atol=1e-7)
