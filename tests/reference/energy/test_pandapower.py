"""``rebond powerflow`` against pandapower 3.5.6: CIGRE task force C6.04.02's low- and medium-voltage networks as pandapower bundles
them, and a network ("zoo") with what else it can hold: taps on both sides, phase shifts, parallel transformers, sn_mva 10, lines open at
one end or towards a bus not in service, a closed switch with impedance, scaling, static generators.

The ``.json`` files are networks of pandapower (BSD licence) without columns that a power flow does not need, the ``.csv`` its answers
(runpp, tolerance 1e-10 MVA). Losses of 28.329 and 303.582 kW are those of its results. Where pandapower itself is installed, random
feeders are compared as well.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.cli import _guarded

HERE = Path(__file__).parent


def solve(network: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    assert _guarded(["powerflow", str(network), "--out", str(out), "--json"]) == 0
    return pd.read_csv(out).set_index("bus"), json.loads(capsys.readouterr().out)


def compare(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    np.testing.assert_array_equal(found.index, wanted.index)
    np.testing.assert_allclose(found["vm_pu"], wanted["vm_pu"], atol=1e-9)
    turn = (found["va_degree"] - wanted["va_degree"] + 180.0) % 360.0 - 180.0
    np.testing.assert_allclose(turn.dropna(), 0.0, atol=1e-7)
    np.testing.assert_array_equal(turn.isna(), wanted["vm_pu"].isna())


@pytest.mark.parametrize(("name", "losses"), [("cigre_lv", 28.329220), ("cigre_mv", 303.581794), ("zoo", 27.717236)])
def test_voltages_and_losses(name: str, losses: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Losses of the zoo: what pandapower's external grid gives less the loads, as its results leave out the switch's."""
    found, told = solve(HERE / f"{name}.json", tmp_path / "v.csv", capsys)
    wanted = pd.read_csv(HERE / f"{name}.csv", index_col=0)
    compare(found, wanted)
    assert told["losses_kw"] == pytest.approx(losses, abs=2e-6)
    assert told["vm_pu_min"] == pytest.approx(wanted["vm_pu"].min(), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_random_feeders_where_pandapower_is(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pandapower = pytest.importorskip("pandapower", reason="pandapower is not installed: recorded answers only")
    rng = np.random.default_rng(seed)
    net = pandapower.create_empty_network()
    top = pandapower.create_bus(net, 20.0)
    pandapower.create_ext_grid(net, top, 1.02)
    low = pandapower.create_bus(net, 0.4)
    pandapower.create_transformer(net, top, low, "0.63 MVA 20/0.4 kV")
    buses = [low]
    for _ in range(30):
        bus = pandapower.create_bus(net, 0.4)
        up = buses[int(rng.integers(0, len(buses)))]
        pandapower.create_line(net, up, bus, float(rng.uniform(0.01, 0.06)), "NAYY 4x150 SE")
        pandapower.create_load(net, bus, float(rng.uniform(0.0, 0.012)), float(rng.uniform(0.0, 0.004)))
        buses.append(bus)
    pandapower.runpp(net, tolerance_mva=1e-11, calculate_voltage_angles=True)
    pandapower.to_json(net, str(tmp_path / "net.json"))
    found, _ = solve(tmp_path / "net.json", tmp_path / "v.csv", capsys)
    compare(found, net.res_bus)
