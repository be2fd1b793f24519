"""``rebond powerflow``: loads over steps, and one clear error for each way in which a network can be bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.cli import _guarded

Net = dict[str, pd.DataFrame]


def feeder() -> Net:
    """20 kV, a transformer, four buses of 0.4 kV in a line with a branch."""
    line = {"length_km": 0.1, "r_ohm_per_km": 0.2, "x_ohm_per_km": 0.08, "c_nf_per_km": 250.0}
    return {
        "bus": pd.DataFrame({"vn_kv": [20.0, 0.4, 0.4, 0.4, 0.4]}, index=[10, 11, 12, 13, 14]),
        "line": pd.DataFrame([{"from_bus": a, "to_bus": b, **line} for a, b in ((11, 12), (12, 13), (12, 14))]),
        "trafo": pd.DataFrame(
            [{"hv_bus": 10, "lv_bus": 11, "sn_mva": 0.4, "vn_hv_kv": 20.0, "vn_lv_kv": 0.4, "vk_percent": 4.0, "vkr_percent": 1.2}]
        ),
        "load": pd.DataFrame({"bus": [13, 14], "p_mw": [0.03, 0.02], "q_mvar": [0.01, 0.0], "scaling": [1.0, 0.5]}),
        "sgen": pd.DataFrame({"bus": [14], "p_mw": [0.015], "q_mvar": [0.0]}),
        "switch": pd.DataFrame({"bus": [12], "element": [2], "et": ["l"], "closed": [True]}),
        "ext_grid": pd.DataFrame({"bus": [10], "vm_pu": [1.0]}),
    }  # fmt: skip


def save(net: Net, path: Path, **members: Any) -> Path:
    tables: dict[str, Any] = {
        name: {"_class": "DataFrame", "_object": frame.to_json(orient="split")} for name, frame in net.items()
    }
    path.write_text(
        json.dumps({"_class": "pandapowerNet", "_object": {**tables, "sn_mva": 1.0, "f_hz": 50.0, **members}})
    )
    return path


def solved(net: Net, where: Path, *words: str) -> pd.DataFrame:
    out = where / "v.csv"
    assert _guarded(["powerflow", str(save(net, where / "net.json")), "--out", str(out), "--force", *words]) == 0
    return pd.read_csv(out)


def test_steps_equal_networks_with_those_loads(tmp_path: Path) -> None:
    """40 steps side by side, and each alone: the same voltages; elements not named keep the network's power."""
    rng = np.random.default_rng(0)
    steps = pd.DataFrame(
        {"step": range(40), "load": 1, "p_mw": rng.uniform(-0.05, 0.1, 40), "q_mvar": rng.uniform(0.0, 0.02, 40)}
    )
    steps.to_parquet(tmp_path / "loads.parquet")
    many = solved(feeder(), tmp_path, "--loads", str(tmp_path / "loads.parquet")).set_index("step")
    for row in steps.itertuples():
        net = feeder()
        net["load"].loc[1, ["p_mw", "q_mvar"]] = row.p_mw, row.q_mvar
        alone = solved(net, tmp_path)
        np.testing.assert_allclose(many.loc[row.step, "vm_pu"], alone["vm_pu"], atol=1e-9)
        np.testing.assert_allclose(many.loc[row.step, "va_degree"], alone["va_degree"], atol=1e-7)


def test_reactive_power_follows_active_where_it_is_not_given(tmp_path: Path) -> None:
    pd.DataFrame({"step": ["noon"], "load": [0], "p_mw": [0.06]}).to_parquet(tmp_path / "loads.parquet")
    net = feeder()
    net["load"].loc[0, ["p_mw", "q_mvar"]] = 0.06, 0.02
    found = solved(feeder(), tmp_path, "--loads", str(tmp_path / "loads.parquet"))
    np.testing.assert_allclose(found["vm_pu"], solved(net, tmp_path)["vm_pu"], atol=1e-12)
    assert found["step"].unique().tolist() == ["noon"]


def test_an_open_switch_leaves_an_island(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = feeder()
    net["switch"]["closed"] = False
    assert _guarded(["powerflow", str(save(net, tmp_path / "net.json"))]) == 2
    assert "1 without a way to the external grid (14)" in capsys.readouterr().err
    net["bus"]["in_service"] = [True, True, True, True, False]
    found = solved(net, tmp_path).set_index("bus")
    assert np.isnan(found.loc[14, "vm_pu"])
    assert found.loc[13, "vm_pu"] < 1.0


def _loop(net: Net) -> None:
    net["line"].loc[3] = [13, 14, 0.1, 0.2, 0.08, 250.0]


def _zero(net: Net) -> None:
    net["line"].loc[1, ["r_ohm_per_km", "x_ohm_per_km"]] = 0.0


def _no_transformer(net: Net) -> None:
    net["line"].loc[3] = [10, 11, 0.1, 0.2, 0.08, 250.0]
    net["trafo"] = net["trafo"].iloc[:0]


def _unknown_bus(net: Net) -> None:
    net["load"].loc[0, "bus"] = 99


def _no_source(net: Net) -> None:
    net["ext_grid"] = net["ext_grid"].iloc[:0]


def _generator(net: Net) -> None:
    net["gen"] = pd.DataFrame({"bus": [14], "p_mw": [0.1]})


def _negative(net: Net) -> None:
    net["line"].loc[0, "length_km"] = -1.0


def _text(net: Net) -> None:
    net["load"]["p_mw"] = ["much", 0.02]


def _short(net: Net) -> None:
    net["trafo"].loc[0, "vkr_percent"] = 5.0


def _constant_current(net: Net) -> None:
    net["load"]["const_i_percent"] = [50.0, 0.0]


def _column(net: Net) -> None:
    del net["line"]["r_ohm_per_km"]


def _switch(net: Net) -> None:
    net["switch"]["element"] = [7]


@pytest.mark.parametrize(
    ("spoil", "field", "found"),
    [
        (_loop, "line[1]", "a loop with line 3, line 2"),
        (_zero, "line[1].r_ohm_per_km", "zero impedance"),
        (_no_transformer, "line[3]", "a line from 20 kV to 0.4 kV"),
        (_unknown_bus, "load[0].bus", "99"),
        (_no_source, "ext_grid", "0 in service"),
        (_generator, "gen", "1 in service"),
        (_negative, "line[0].length_km", "-1.0"),
        (_text, "load[0].p_mw", "'much'"),
        (_short, "trafo[0].vkr_percent", "5"),
        (_constant_current, "load[0].const_i_percent", "50"),
        (_column, "line.r_ohm_per_km", "no such column"),
        (_switch, "switch[0].element", "7"),
    ],
)
def test_bad_networks(
    spoil: Callable[[Net], None], field: str, found: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = feeder()
    spoil(net)
    out = tmp_path / "v.csv"
    assert _guarded(["powerflow", str(save(net, tmp_path / "net.json")), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert f"net.json: {field}: found {found}" in told
    assert "Traceback" not in told
    assert not out.exists()


@pytest.mark.parametrize(
    "text", ["", "[1]", "{", '{"_class": "Other"}', '{"_class": "pandapowerNet", "_object": {"bus": 3}}', "\x00\xff"]
)
def test_files_that_are_no_network(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.json"
    path.write_text(text, "latin-1")
    assert _guarded(["powerflow", str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_bad_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(feeder(), tmp_path / "net.json")
    for frame, told in (
        (pd.DataFrame({"step": [1], "load": [9], "p_mw": [0.1]}), "found 9"),
        (pd.DataFrame({"step": [1, 1], "load": [0, 0], "p_mw": [0.1, 0.2]}), "load 0 more than once"),
        (pd.DataFrame({"step": [1], "load": [0]}), "columns step, load"),
        (pd.DataFrame({"step": [1], "load": [0], "p_mw": [np.nan]}), "p_mw, row 0"),
        (pd.DataFrame({"step": [1], "load": [np.nan], "p_mw": [1.0]}), "load and sgen, or neither"),
        (pd.DataFrame({"step": [1], "load": ["first"], "p_mw": [1.0]}), "load, row 0"),
        (pd.DataFrame({"step": [], "load": [], "p_mw": []}), "no rows"),
    ):
        frame.to_parquet(tmp_path / "loads.parquet")
        assert _guarded(["powerflow", str(tmp_path / "net.json"), "--loads", str(tmp_path / "loads.parquet")]) == 2
        assert told in capsys.readouterr().err
    (tmp_path / "loads.parquet").write_text("no parquet")
    assert _guarded(["powerflow", str(tmp_path / "net.json"), "--loads", str(tmp_path / "loads.parquet")]) == 2


def test_collapse_names_the_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(feeder(), tmp_path / "net.json")
    pd.DataFrame({"step": [1, 2, 3], "load": 0, "p_mw": [0.1, 50.0, 0.1]}).to_parquet(tmp_path / "loads.parquet")
    out = tmp_path / "v.csv"
    words = ["powerflow", str(tmp_path / "net.json"), "--loads", str(tmp_path / "loads.parquet"), "--out", str(out)]
    assert _guarded(words) == 1
    assert "at 1 of 3 steps (2)" in capsys.readouterr().err
    assert not out.exists()
