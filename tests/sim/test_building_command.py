"""``rebond building`` as a building engineer runs it: hours and sums, options, building files, faults."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.cli import _guarded
from tests.sim.buildings.epw import write_epw

COLUMNS = [
    "hour", "outdoor_degc", "air_degc", "operative_degc", "heating_need_w", "cooling_need_w", "solar_gain_w", "internal_gain_w",
    "heating_w", "cooling_w", "hot_water_w", "appliances_w",
]  # fmt: skip
PAGE = Path(__file__).resolve().parents[2] / "docs" / "building.md"


@pytest.fixture(scope="module")
def epw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_epw(tmp_path_factory.mktemp("weather") / "w.epw")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    capsys.readouterr()
    assert _guarded(["building", "--json", *map(str, arguments)]) == 0
    return dict(json.loads(capsys.readouterr().out))


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert _guarded(["building", *map(str, arguments)]) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    return seen.err


def test_hours_and_sums_are_one(epw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "hours.csv"
    options = ("--system", "heat_pump", "--cooling", 24, "--persons", 3, "--area", 90)
    answer = run(capsys, "--archetype", "TH.05.existing", "--weather", epw, "--out", out, *options)
    hours = pd.read_csv(out)
    assert list(hours.columns) == COLUMNS
    assert hours["hour"].tolist() == list(range(8760))
    for use in ("heating", "cooling"):
        assert answer["need_kwh"][use] == pytest.approx(hours[f"{use}_need_w"].sum() / 1000)
        assert answer["peak_w"][use] == pytest.approx(hours[f"{use}_need_w"].max())
        assert hours[f"{use}_need_w"].min() == 0.0 < hours[f"{use}_need_w"].max()
    for use, kwh in answer["final_kwh"].items():
        assert kwh == pytest.approx(hours[f"{use}_w"].sum() / 1000)
    assert answer["final_by_carrier_kwh"] == {"electricity": pytest.approx(sum(answer["final_kwh"].values()))}
    # COP by outdoor temperature, registry: 3 at 7 degC and 0.06 by kelvin
    warm = hours[(hours.heating_need_w > 0) & (hours.outdoor_degc.between(0, 15))]
    cop = 3.0 + 0.06 * (warm.outdoor_degc - 7.0)
    np.testing.assert_allclose(warm.heating_w, warm.heating_need_w / cop, rtol=1e-6)
    np.testing.assert_allclose(hours.cooling_w, hours.cooling_need_w / 3.0, rtol=1e-6)
    assert answer["degree_hours_above_26"] == pytest.approx((hours.operative_degc - 26).clip(lower=0).sum())
    night = hours.hour % 24 < 6
    assert hours.air_degc[night & (hours.heating_need_w > 0)].to_numpy() == pytest.approx(17.0)
    assert (answer["area_m2"], answer["persons"], answer["position"]) == (90.0, 3.0, "row_middle")
    # 1.5 W/m2 and 70 W a person, away on working days from 9 to 17
    assert set(hours.internal_gain_w.round(6)) == {1.5 * 90, 1.5 * 90 + 210}


def test_carriers_and_classes(epw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gas = run(capsys, "--archetype", "AB.03.existing", "--weather", epw)
    wood = run(capsys, "--archetype", "AB.03.existing", "--weather", epw, "--system", "wood")
    better = run(capsys, "--archetype", "AB.03.advanced", "--weather", epw)
    assert gas["carriers"]["heating"] == "gas"
    assert wood["carriers"] == {
        "heating": "wood",
        "cooling": "electricity",
        "hot_water": "electricity",
        "appliances": "electricity",
    }
    assert gas["need_kwh"] == wood["need_kwh"]
    assert gas["final_kwh"]["heating"] == pytest.approx(gas["need_kwh"]["heating"] / 0.85)
    assert wood["diagnosis"]["emissions_kg_per_m2"] < gas["diagnosis"]["emissions_kg_per_m2"]
    assert better["diagnosis"]["class"] < gas["diagnosis"]["class"]
    primary = gas["final_kwh"]["heating"] + gas["final_kwh"]["hot_water"]
    assert gas["diagnosis"]["primary_kwh_per_m2"] == pytest.approx(primary / gas["area_m2"] + 4 * 2.3)


def test_positions_and_directions_matter(epw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def need(*options: object) -> float:
        answer = run(capsys, "--archetype", "MFH.05.existing", "--weather", epw, "--area", 60, *options)
        return float(answer["need_kwh"]["heating"])

    assert need("--position", "top_corner") > need("--position", "middle_corner") > need("--position", "middle_inner")
    assert need("--azimuth", 180) < need("--azimuth", 0)
    assert need("--setpoint", 22) > need("--setpoint", 18) > need("--setpoint", 18, "--setback", 14)


def test_the_building_file_of_the_page_runs(epw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = re.search(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert text is not None
    path = tmp_path / "house.yaml"
    path.write_text(text[1], "utf-8")
    answer = run(capsys, "--archetype", path, "--weather", epw)
    assert answer["persons"] == 3.0
    assert 30.0 < answer["need_kwh"]["heating"] / answer["area_m2"] < 200.0
    assert answer["need_kwh"]["cooling"] == 0.0
    other = run(capsys, "--archetype", path, "--weather", epw, "--system", "electric", "--persons", 1)
    assert other["carriers"]["heating"] == "electricity"
    assert other["need_kwh"] == answer["need_kwh"]


def test_faults(epw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = tmp_path / "house.yaml"
    house.write_text("floor_area: 50", "utf-8")
    code = ("--archetype", "SFH.05.existing")
    weather = ("--weather", epw)
    assert "Did you mean 'SFH.05.existing'?" in fails(capsys, "--archetype", "SFH.05.exsting", *weather)
    assert "for SFH one of mean, detached" in fails(capsys, *code, *weather, "--position", "top_corner")
    assert "Did you mean 'top_corner'?" in fails(capsys, *code, *weather, "--position", "top_corne")
    both = fails(capsys, *code, *weather, "--position", "roof", "--system", "gaz")
    assert "2 faults" in both
    assert "Did you mean 'gas'?" in both
    assert "rise in this order" in fails(capsys, *code, *weather, "--setpoint", 19, "--setback", 21)
    assert "rise in this order" in fails(capsys, *code, *weather, "--cooling", 19)
    assert "a number of m2 from 5 to 2,000" in fails(capsys, *code, *weather, "--area", -3)
    assert "a number of m2 from 5 to 2,000" in fails(capsys, *code, *weather, "--area", "nan")
    assert "no such file" in fails(capsys, "--archetype", tmp_path / "none.yaml", *weather)
    assert "none.epw" in fails(capsys, *code, "--weather", tmp_path / "none.epw")
    assert "house.yaml:1:1" in fails(capsys, "--archetype", house, *weather)
    beside = fails(capsys, "--archetype", house, *weather, "--area", 50, "--cooling", 26)
    assert beside.count("the file says it itself") == 2


def test_nothing_is_written_over_or_by_halves(epw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "hours.csv"
    out.write_text("kept", "utf-8")
    command = ("--archetype", "SFH.05.existing", "--weather", epw, "--out", out)
    assert "--force" in fails(capsys, *command)
    assert out.read_text("utf-8") == "kept"
    fails(capsys, "--archetype", "SFH.05.none", "--weather", epw, "--out", tmp_path / "other.csv")
    assert not (tmp_path / "other.csv").exists()
    run(capsys, *command, "--force")
    assert len(out.read_text("utf-8").splitlines()) == 8761
    assert "existing folder" in fails(capsys, *command[:-1], tmp_path / "no" / "hours.csv")
