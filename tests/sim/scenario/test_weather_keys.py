"""The keys ``hours`` and ``weather``: what may stand there, and every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli import _guarded
from sim.errors import Fault, InputError
from sim.scenario.load import load_scenario
from sim.scenario.weather import NORMAL
from tests.sim.city.weather_texts import epw

BASE = (
    "name: w\ncity: toulouse\nstart: 2021-01\nend: 2022-12\nshocks: [{shock: pandemic, start: 2019-06, months: 18}]\n"
)
LINE = BASE.count("\n") + 1


def faults(folder: Path, keys: str) -> tuple[Fault, ...]:
    path = folder / "s.yaml"
    path.write_text(BASE + keys, "utf-8")
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    return caught.value.faults


def test_what_may_stand_there(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dry year.epw").write_text("\n".join(epw()), "utf-8")
    path = tmp_path / "s.yaml"
    for keys, want in (
        ("", [(0, "normal")]),
        ("weather: normal\nhours: typical\n", [(0, "normal")]),
        ("weather: cold\nhours: all\n", [(0, "cold")]),
        ("weather: data/dry year.epw\n", [(0, "data/dry year.epw")]),
        ("weather: {2022: warm, 2019: 'data/dry year.epw'}\n", [(2019, "data/dry year.epw"), (2022, "warm")]),
        ("weather:\n  2021: normal\n", [(2021, "normal")]),
    ):
        path.write_text(BASE + keys, "utf-8")
        scenario = load_scenario(path)
        assert [(year, one.name) for year, one in scenario.weather] == want
        assert scenario.hours == ("all" if "all" in keys else "typical")
    path.write_text(BASE, "utf-8")
    assert load_scenario(path).weather == NORMAL


@pytest.mark.parametrize(
    ("keys", "column", "field", "found", "near"),
    [
        ("hours: every\n", 8, "hours", "'every'", ""),
        ("hours: typicl\n", 8, "hours", "'typicl'", "typical"),
        ("hours: [all]\n", 8, "hours", "a list", ""),
        ("weather: wram\n", 10, "weather", "'wram', where no file is", "warm"),
        ("weather: toulouse_2023.epw\n", 10, "weather", "'toulouse_2023.epw', where no file is", ""),
        ("weather: .\n", 10, "weather", "'.', where no file is", ""),
        ("weather: null\n", 10, "weather", "'null'", ""),
        ("weather: [warm]\n", 10, "weather", "a list", ""),
        ("weather: {}\n", 10, "weather", "nothing", ""),
        ("weather: {2022: hot}\n", 17, "weather.2022", "'hot', where no file is", ""),
        ("weather: {2022: [warm]}\n", 17, "weather.2022", "a list", ""),
        ("weather: {2022-01: warm}\n", 11, "weather", "'2022-01'", ""),
        ("weather: {22: warm}\n", 11, "weather", "'22'", ""),
        ("weather: {2022: warm, 2022: cold}\n", 23, "weather", "2022 twice", ""),
        ("weather: {2023: warm}\n", 10, "weather.2023", "'warm' in 2023", ""),
        ("weather: {2018: warm}\n", 10, "weather.2018", "'warm' in 2018", ""),
        ("wheather: warm\n", 1, "", "the key 'wheather'", "weather"),
    ],
)
def test_what_may_not(tmp_path: Path, keys: str, column: int, field: str, found: str, near: str) -> None:
    (fault,) = faults(tmp_path, keys)
    assert fault.where == f"{tmp_path / 's.yaml'}:{LINE}:{column}"
    assert (fault.field, fault.nearest) == (field, near)
    assert fault.found == found


def test_faults_of_a_weather_file_are_told_with_the_scenarios(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = epw()
    lines[1000] = lines[1000].replace(",?9,", ",?9,cold")
    (tmp_path / "bad.epw").write_text("\n".join(lines), "utf-8")
    both = faults(tmp_path, "weather: {2021: bad.epw, 2022: bad.epw}\nhours: some\n")
    assert [f.field for f in both] == ["dry bulb temperature", "dry bulb temperature", "hours"]
    assert both[0].where == f"{tmp_path / 'bad.epw'}:1001"
    assert _guarded(["check", str(tmp_path / "s.yaml")]) == 2
    assert "bad.epw:1001: dry bulb temperature: found 'cold" in capsys.readouterr().err
