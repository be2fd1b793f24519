"""Building files: what they say becomes the room of ISO 13790, and what is wrong in them is named with its line."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.buildings.dwelling import read_dwelling, room_of
from sim.buildings.reference import renewed
from sim.errors import Fault, InputError
from tests.reference.energy.ashrae140 import building

PAGE = Path(__file__).resolve().parents[3] / "docs" / "building.md"


def example() -> str:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def written(text: str, folder: Path) -> Path:
    path = folder / "house.yaml"
    path.write_text(text, "utf-8")
    return path


def faults_of(text: str, folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_dwelling(written(text, folder))
    return [str(fault) for fault in caught.value.faults]


def test_the_page_is_fresh() -> None:
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page, "run: python -m sim.buildings.reference docs/building.md"


def test_a_room_has_the_conductances_of_its_parts(tmp_path: Path) -> None:
    """The example of the page, by hand."""
    room = room_of(read_dwelling(written(example(), tmp_path)))
    h_w, h_em, _, h_is, a_m, a_t, c_m = room.box
    assert h_w == pytest.approx(6.4 * 2.7 + 9.5 * 1.4)
    opaque = 14.2 * 1.2 + 16.8 * 1.2 + 2.1 * 3.1 + 52 * 0.45 + 48 * 0.9 * 0.5 + 15.9 * 0.1
    assert 1 / (1 / h_em + 1 / (9.1 * a_m)) == pytest.approx(opaque)
    assert (h_is, a_m, a_t, c_m) == pytest.approx((3.45 * 4.5 * 96, 3.0 * 96, 4.5 * 96, 260e3 * 96))
    assert room.h_ve[0, 12] == pytest.approx(0.34 * 245 * 0.7)
    assert room.h_ve[1, 23] == pytest.approx(0.34 * 245 * 0.5)
    assert room.heat_at[:, [5, 6, 21, 22]].tolist() == [[16.0, 19.5, 19.5, 16.0]] * 2
    assert np.all(np.isinf(room.cool_at))
    assert (room.gains[0, 8], room.gains[1, 8], room.gains[0, 23]) == (420.0, 480.0, 300.0)
    front, back = room.openings
    assert front.area == pytest.approx(6.4 * 0.75 * 0.7 * 0.6 * 0.9)
    assert back.area == pytest.approx(9.5 * 0.6 * 0.7 * 0.8 * 0.9)
    roof = next(skin for skin in room.skins if skin.tilt == 30.0)
    assert roof.absorbing == pytest.approx(0.04 * 52 * 0.35 * 0.6)
    assert roof.radiating == pytest.approx(0.04 * 52 * 0.35 * 0.5 * (1 + np.cos(np.radians(30))) * 5 * 0.9)
    assert len(room.skins) == 6  # the floor on the ground meets neither sun nor sky


def test_the_box_of_ashrae_140_is_that_of_the_published_models(tmp_path: Path) -> None:
    room = room_of(read_dwelling(written(building("600"), tmp_path)))
    opaque = 0.53 * 63.6 + 0.33 * 48 + 0.038 * 48
    assert room.box[0] == pytest.approx(37.2)
    assert 1 / (1 / room.box[1] + 1 / (9.1 * 2.95 * 48)) == pytest.approx(opaque)
    assert room.h_ve[0, 0] == pytest.approx(0.414 * 129.6 * 1.2 * 1005 / 3600)
    assert room.box[3:].tolist() == pytest.approx([2.1 * 171.6, 2.95 * 48, 171.6, 42_167.0 * 48])
    (window,) = room.openings
    assert (window.area, window.azimuth, window.tilt) == (pytest.approx(12 * 0.769 * 0.999), 180.0, 90.0)


def test_all_faults_are_named_at_once_with_line_and_what_is_allowed(tmp_path: Path) -> None:
    text = "\n".join([
        "floor_area: -48 m²",  # 1
        "volumes: 120 m³",  # 2
        "opaque:",  # 3
        "  - {area: 20 m²}",  # 4: no U
        "  - {area: 20 m², u: 30 W/m²K}",  # 5: U out of range, no azimuth
        "  - {area: 20, u: 0.3 W/m²K, to: cellar}",  # 6: no unit, unknown
        "windows:",  # 7
        "  - {area: 4 m², u: 1.4 W/m²K, g: 1.6, azimuth: 180°}",  # 8
        "mass: hevy",  # 9
        "air_change: {0-12: 0.5 1/h, 8-24: 0.4 1/h}",  # 10: hours twice
        "gains: {7-22: 300 W}",  # 11: hours missing
        "heating: {workdays: 20 °C}",  # 12: days off missing
        "cooling: warm",  # 13
        "inside: {exchange: 3.45}",  # 14
    ])  # fmt: skip
    found = faults_of(text, tmp_path)
    for line, word in [
        (1, "-48 m²"), (2, "'volumes'"), (4, "nothing"), (5, "30 W/m²K"), (6, "'20'"), (6, "'cellar'"), (8, "'1.6'"), (9, "'hevy'"),
        (10, "hours before"), (11, "22, 23"), (12, "workdays"), (13, "'warm'"), (14, "'3.45'"),
    ]:  # fmt: skip
        assert any(f"house.yaml:{line}:" in fault and word in fault for fault in found), (line, word, found)
    assert any("Did you mean 'volume'?" in fault for fault in found)
    assert any("Did you mean 'heavy'?" in fault for fault in found)
    assert all("allowed: " in fault for fault in found)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("opaque:", "walls:", "opaque: found nothing"),
        ("cooling: off", "cooling: 18 °C", "heating at most as warm as cooling"),
        ("heating: {6-22: 19.5 °C, 22-6: 16 °C}", "heating: {6-22: 19.5 °C}", "22, 23"),
        ("heating: {6-22: 19.5 °C, 22-6: 16 °C}", "heating: {25-2: 20 °C}", "hours of the day"),
        ("mass: heavy", "mass: {capacity: 200 kJ/m²K, area: 0.1}", "12.2.2"),
        ("mass: heavy", "mass: {capacity: 200 kJ/m²K, area: 6}", "C.3"),
        ("mass: heavy", "mass: {capacity: 200 kJ/m²K}", "mass.area: found nothing"),
        ("u: 1.1 W/m²K, azimuth: 220°", "u: 1.1 W/m²K", "opaque[0].azimuth: found nothing"),
        ("persons: 3", "persons: 3\npersons: 4", "persons"),
        ("g: 0.75", "g: 0,75", "perhaps"),
        ("volume: 245 m³", "volume: 245 m²", "a number with m³"),
        ("system: gas", "system: gaz", "Did you mean 'gas'?"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, word: str, tmp_path: Path) -> None:
    text = example()
    assert old in text
    found = faults_of(text.replace(old, new, 1), tmp_path)
    assert any(word in fault for fault in found), found


@pytest.mark.parametrize(
    "text", ["", "- a list", "floor_area: {", "floor_area: &a 3 m²", "\x00", "!!python/object:x {}"]
)
def test_what_is_no_building_is_one_clear_fault(text: str, tmp_path: Path) -> None:
    found = faults_of(text, tmp_path)
    assert all("house.yaml" in fault for fault in found)
    assert not any("scenario" in fault for fault in found)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_dwelling(tmp_path / "none.yaml")


BITS = (
    "-",
    "{",
    "}",
    "[",
    "]",
    ":",
    "'",
    '"',
    "\n",
    "  ",
    "1e400",
    "off",
    "nan",
    "~",
    "0",
    "-5",
    "m²",
    "°C",
    "!x",
    "&a",
    "*a",
    "#",
    "7-22",
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 8), st.sampled_from(BITS)), min_size=1, max_size=4))
def test_a_spoilt_file_is_a_room_or_faults(tmp_path: Path, changes: list[tuple[float, int, str]]) -> None:
    text = example()
    for where, cut, put in changes:
        at = int(where * len(text))
        text = text[:at] + put + text[at + cut :]
    faults: tuple[Fault, ...] = ()
    try:
        room = room_of(read_dwelling(written(text, tmp_path)))
    except InputError as error:
        faults = error.faults
    else:
        assert np.all(np.isfinite(room.box))
    assert all(fault.where.startswith(str(tmp_path)) and fault.allowed for fault in faults)
