"""Scenario files corrupted at random: one message per fault, exit 2, never a traceback, never exit 0 on a fault."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scenarios
from sim.cli import _guarded
from sim.measures import kinds, shock_kinds
from sim.scenario.fields import fields_of
from sim.scenario.load import Budget, Item, Scenario, Target, load_scenario
from tests.sim.scenario.every import EVERY, check

SHIPPED = sorted(Path(scenarios.__file__).parent.glob("*.yaml"))
TEXT = (Path(scenarios.__file__).parent / "toulouse_2021_2026.yaml").read_text("utf-8")
TOKENS = (
    "250 M€", "-5", "1e400", "nan", ".inf", "null", "~", "[]", "{}", '"x"', "2021-13", "2021-00", "99999-01", "true", "&a [*a]", "*b",
    "!!python/object/apply:os.system [x]", "0x1F", "1_000", "- - -", "{a: {b: {c: 1}}}", "370 km", "30 km/h", "é" * 50, "2021-02-30",
    "12:30", "\t", "\x00", "%", "@", "`", "|", ">", "?", "<<: *x", "[" * 60, "\ufeff", "\u2028", "9" * 400,
)  # fmt: skip


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_files_are_in_order(path: Path) -> None:
    assert check(path.read_bytes())[0] == 0


@st.composite
def corrupted(draw: st.DrawFn) -> str:
    """A file in order after one to three random edits."""
    text = draw(st.sampled_from((TEXT, EVERY)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.sampled_from((0, 0, 1, 5, 60, 400))))
        new = draw(st.sampled_from(TOKENS) | st.text(max_size=4) | st.just(""))
        text = text[:at] + new + text[end:]
    return text


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=corrupted())
def test_random_edits_give_a_message_with_a_place_or_a_scenario_that_loads(text: str) -> None:
    code, message = check(text)
    assert "Traceback" not in message
    if code == 0:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "s.yaml"
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            assert isinstance(load_scenario(path), Scenario)
    else:
        assert code == 2
        assert re.search(r"s\.yaml(:\d+:\d+)?: ", message), message
        assert "allowed: " in message


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_misspelt_key_is_always_a_fault(data: st.DataObject) -> None:
    """Independent of the reader: every word before a colon outside comments is a key; a letter more makes it unknown, except in names."""
    lines = [line.partition("#")[0] for line in TEXT.splitlines()]
    found = [(i, m) for i, line in enumerate(lines) for m in re.finditer(r"(?<![\w\d-])([a-z_]+): ", line)]
    i, m = data.draw(st.sampled_from(found))
    word = m.group(1) + data.draw(st.sampled_from(("x", "_", "s9")))
    assert word not in _known_keys()
    lines[i] = lines[i][: m.start(1)] + word + lines[i][m.end(1) :]
    code, message = check("\n".join(lines))
    assert code == 2, lines[i]
    assert word in message
    assert f"s.yaml:{i + 1}:" in message


def _known_keys() -> set[str]:
    records = (Scenario, Item, Target, Budget, *kinds().values(), *shock_kinds().values())
    return {name for record in records for name in fields_of(record)}


HEAD = "name: n\nstart: 2021-01\nend: 2022-12\n"
MEASURE = "measures:\n  - {{id: a, measure: {kind}, start: 2021-02, {fields}}}\n"


@pytest.mark.parametrize(
    ("text", "place", "found", "hint"),
    [
        (HEAD + "stat: 2021-01\n", "4:1", "stat", "start"),
        (HEAD + "measures:\n  - {id: a, measure: cycle_netwrk, start: 2021-02}\n", "5:", "cycle_netwrk", "cycle_network"),
        (HEAD + MEASURE.format(kind="parking_price", fields="price: 1 €/h, aera: centre"), "5:", "aera", "area"),
        (HEAD + MEASURE.format(kind="parking_price", fields="price: 1 km"), "5:", "1 km", ""),
        (HEAD + MEASURE.format(kind="parking_price", fields="price: 1"), "5:", "'1'", ""),
        (HEAD + MEASURE.format(kind="parking_price", fields="price: -1 €/h"), "5:", "-1 €/h", ""),
        (HEAD + MEASURE.format(kind="parking_price", fields="price: nan €/h"), "5:", "nan", ""),
        (HEAD + MEASURE.format(kind="parking_price", fields="price: 1 €/h, start: 2021-03"), "5:", "start", ""),
        (HEAD + "measures:\n  - {id: a, measure: parking_price, start: 2021-13, price: 1 €/h}\n", "5:", "2021-13", ""),
        (HEAD + MEASURE.format(kind="parking_price", fields="price: 0,5 €/h"), "5:", "decimal comma", ""),
        (HEAD + MEASURE.format(kind="parking_price", fields="price: '0,5 €/h'"), "5:", "0,5 €/h", "0.5 €/h"),
        (HEAD + MEASURE.format(kind="bike_subsidy", fields="amount: '1,000 €'"), "5:", "1,000 €", ""),
        (HEAD + MEASURE.format(kind="bike_subsidy", fields="amount: 2 K€"), "5:", "2 K€", "2 k€"),
        (HEAD + MEASURE.format(kind="parking_price", fields="price: 1 €/h, area: center"), "5:", "center", "centre"),
        (HEAD + MEASURE.format(kind="transit_fare", fields="change: 1%, area: centre"), "5:", "centre", ""),
        (HEAD + MEASURE.format(kind="transit_line", fields="line: Teleo"), "5:", "Teleo", "Téléo"),
        (HEAD + MEASURE.format(kind="transit_fare", fields="change: 1%, depends_on: b"), "5:", "'b'", ""),
        (HEAD + MEASURE.format(kind="transit_fare", fields="change: 1%, depends_on: a"), "5:", "'a'", ""),
        (HEAD + MEASURE.format(kind="consultation", fields="reach: 1%, about: [b]"), "5:", "'b'", ""),
        (HEAD + MEASURE.format(kind="citizens_panel", fields="seats: 9, about: a"), "5:", "'a'", ""),
        (HEAD + "city: toulose\n", "4:7", "toulose", "toulouse"),
        (HEAD + "parameters: {value_of_time_work: 13 €/h}\n", "4:34", "in €/h, the unit not written", ""),
        (HEAD + "world: quiet\n", "4:8", "quiet", ""),
        (HEAD + "\tseed: 1\n", "4:1", "indented by spaces", ""),
        (HEAD + "measures: [{id: a\n", "", "brackets closed", ""),
        (HEAD + "observations: []\n", "4:", "observations", ""),
        ('name: "\\ud800"\nstart: 2021-01\nend: 2021-02\n', "1:7", "ud800", ""),
        ('name: "\\e[31m"\nstart: 2021-01\nend: 2021-02\n', "1:7", "x1b", ""),
        (HEAD + "targets: [{indicator: co2_trnsport, change: -10%, by: 2022-12}]\n", "4:", "co2_trnsport", "co2_transport"),
        (HEAD + "parameters: {fuel_pric: 2}\n", "4:", "fuel_pric", ""),
        (HEAD + "population: {share: 1.5}\n", "4:", "1.5", ""),
        (HEAD + "population: {share: 0}\n", "4:", "0", ""),
        ("name: n\nstart: 2022-01\nend: 2021-12\n", "", "2021-12", ""),
        ("name: n\nend: 2021-12\n", "1:1", "start", ""),
        (HEAD + "seed: -1\n", "4:7", "-1", ""),
        (HEAD + "name: again\n", "4:1", "name", ""),
        (HEAD + "measures: &a [*a]\n", "4:", "alias", ""),
        (HEAD + "measures: !!python/object/apply:os.system [x]\n", "4:", "tag", ""),
        ("[1, 2]\n", "1:1", "list", ""),
        ("", "", "empty file", ""),
    ],
)  # fmt: skip
def test_each_fault_names_place_what_was_found_and_the_nearest_name(
    text: str, place: str, found: str, hint: str
) -> None:
    code, message = check(text)
    assert code == 2
    assert f"s.yaml:{place}" in message if place else "s.yaml" in message
    assert found in message.replace('"', "'") or found.lower() in message.lower()
    assert not hint or f"Did you mean '{hint}'?" in message


def test_all_faults_of_a_file_are_told_at_once() -> None:
    body = "measures:\n" + "".join(
        f"  - {{id: m{i}, measure: parking_price, start: 2021-02, price: 1 furlong}}\n" for i in range(5)
    )
    code, message = check(HEAD + body + "taregts: []\n")
    assert code == 2
    for line in (5, 6, 7, 8, 9, 10):
        assert f"s.yaml:{line}:" in message


@pytest.mark.parametrize(
    "raw",
    [b"\xff\xfe\x00x", b"name: \xe9\n", b"\x1f\x8b\x08", b"\x00" * 50, b"a: " + b"x" * 1_100_000, b"[" * 5000, b"\tname: x\n", b"{" * 40],
    ids=["utf-16", "latin-1", "gzip", "zeros", "too big", "too deep", "tab", "braces"],
)  # fmt: skip
def test_what_is_no_bounded_yaml_of_plain_text_is_refused(raw: bytes) -> None:
    code, message = check(raw)
    assert code == 2
    assert "s.yaml" in message
    assert len(message) < 1500


def test_faults_are_told_in_the_order_of_the_file_whatever_finds_them() -> None:
    body = """measures:
  - {id: a, measure: transit_fare, start: 2020-02, change: 1%}
  - {id: b, measure: transit_fare, start: 2021-02, change: 1 km}
  - {id: c, measure: transit_fare, start: 2021-02, change: 1%, depends_on: b}
  - {id: d, measure: parking_price, start: 2021-02, price: 1 €/h, area: center}
  - {id: a, measure: transit_fare, start: 2021-02, change: 1%}
"""
    code, message = check(HEAD + body)
    assert code == 2
    assert message.startswith("rebond: 4 faults\n")
    # c waits for b, which has a fault of its own: that is no fault of c
    assert re.findall(r"s\.yaml:(\d+):", message) == ["5", "6", "8", "9"]


def test_what_may_not_be_meant_is_noted() -> None:
    body = """measures:
  - {id: late, measure: transit_fare, start: 2062-02, change: 1%}
  - {id: idle, measure: bike_subsidy, start: 2021-02, amount: 0 €}
"""
    code, message = check(HEAD + body)
    assert code == 0
    assert "s.yaml:5:5: note: late starts in 2062-02, after the end" in message
    assert "s.yaml:6:5: note: the amount of idle is zero" in message


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert check(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())[0] == 0


def test_a_folder_or_a_missing_file_is_one_message(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml"):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            assert _guarded(["check", str(path)]) == 2
        assert str(path.name) in errors.getvalue()
