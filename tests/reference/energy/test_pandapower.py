"""``rebond powerflow`` against pandapower 3.5.6: CIGRE task force C6.04.02's low- and medium-voltage networks as pandapower bundles
them, and a network ("zoo") with what else it can hold: taps on both sides, phase shifts, parallel transformers, sn_mva 10, lines open at
one end or towards a bus not in service, a closed switch with impedance, scaling, static generators.

The ``.json`` files are networks of pandapower (BSD licence) without columns that a power flow does not need, the ``.csv`` its answers
(runpp, tolerance 1e-10 MVA). Losses of 28.329 and 303.582 kW are those of its results.

Where pandapower can be asked, ``pandapower_answers.py`` has it solve some 25 networks anew: all the radial ones it bundles, and random
ones. It can't be installed beside this project's pins: 3.2 and later want pandas below 3 where pandas 3 is pinned, and 3.1, which does
not say so, fails with pandas 3 ("assignment destination is read-only"). So it is asked in the environment of the benchmarks' peers, by
REBOND_PEERS, or in this one if it is there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
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


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of networks with pandapower's answers of today."""
    python = os.environ.get("REBOND_PEERS") or sys.executable
    ask = [python, "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('pandapower') is None)"]
    if subprocess.run(ask, check=False).returncode != 0:
        pytest.skip("pandapower is neither here nor in REBOND_PEERS: recorded answers only")
    folder = tmp_path_factory.mktemp("answers")
    done = subprocess.run([python, HERE / "pandapower_answers.py", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def test_every_radial_network_that_pandapower_bundles_and_random_ones(
    answers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    losses = json.loads((answers / "losses.json").read_text("utf-8"))
    assert len(losses) >= 25
    for name, wanted in losses.items():
        found, told = solve(answers / f"{name}.json", tmp_path / f"{name}.csv", capsys)
        compare(found, pd.read_csv(answers / f"{name}.csv", index_col=0))
        assert told["losses_kw"] == pytest.approx(wanted, abs=1e-5), name
