"""The JSON Schema says what the reader says, as far as a schema can: whatever it refuses, ``rebond check`` refuses."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

import scenarios
from sim.indicators import INDICATORS
from sim.measures import kinds, shock_kinds
from sim.scenario.fields import fields_of
from sim.scenario.load import Item
from sim.scenario.parameters import registry
from sim.scenario.schema import schema
from tests.sim.scenario.every import EVERY, check
from tests.sim.scenario.json_schema import valid

SCHEMA = json.loads(json.dumps(schema()))
DOCUMENT = YAML(typ="safe", pure=True).load(EVERY)
SHIPPED = sorted(Path(scenarios.__file__).parent.glob("*.yaml"))

#: What people write in the wrong place.
WRONG = (
    "soon", "250 M€", "370 km", "-20%", "30 km/h", "2 €/h", "300 €/kWp", "2021-02", "2021-13", "centre", "all", "", "1,5 %", "5 %%",
    -1, 0, 5, 1e30, 0.5, True, None, [], {}, ["soon"], [["250 M€"]], {"a": 1}, {"2021-02": "all"}, {"metropole": "100%"},
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a document."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, one in below for p in [(*path, key), *places(one, (*path, key))]]


PLACES = places(DOCUMENT)
#: Parts that rules or dependencies refer to.
NAMED_ELSEWHERE = (("baseline",), ("measures",), ("reserve",), ("targets",), ("elections",), ("bodies",))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def test_the_scenario_of_every_kind_is_one() -> None:
    used = {one["measure"] for one in [*DOCUMENT["measures"], *DOCUMENT["baseline"]]}
    assert used == set(kinds())
    assert {one["shock"] for one in DOCUMENT["shocks"]} == set(shock_kinds())
    for one in [*DOCUMENT["measures"], *DOCUMENT["baseline"], *DOCUMENT["shocks"]]:
        kind = {**kinds(), **shock_kinds()}[one.get("measure") or one["shock"]]
        assert set(fields_of(kind)) <= set(one), one["id"]
    code, message = check(EVERY)
    assert code == 0, message


def test_what_is_in_order_is_valid() -> None:
    assert valid(DOCUMENT, SCHEMA)
    assert len(SHIPPED) >= 3
    for path in SHIPPED:
        assert valid(YAML(typ="safe", pure=True).load(path), SCHEMA), path


def test_every_kind_field_indicator_and_parameter_is_in_it() -> None:
    def branches(key: str, word: str) -> dict[str, set[str]]:
        return {
            one["properties"][word]["const"]: set(one["properties"])
            for one in SCHEMA["properties"][key]["items"]["oneOf"]
        }

    for key, word, known in (
        ("measures", "measure", kinds()),
        ("baseline", "measure", kinds()),
        ("shocks", "shock", shock_kinds()),
    ):
        assert branches(key, word) == {name: {word, *fields_of(kind), *fields_of(Item)} for name, kind in known.items()}
    assert set(SCHEMA["properties"]["targets"]["items"]["properties"]["indicator"]["enum"]) == {
        i.name for i in INDICATORS
    }
    assert set(SCHEMA["properties"]["parameters"]["properties"]) == set(registry())


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(PLACES), value=st.sampled_from(WRONG))
def test_what_the_schema_refuses_the_reader_refuses(path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(DOCUMENT)
    at(document, path[:-1])[path[-1]] = value
    code, message = check(json.dumps(document, ensure_ascii=False))  # JSON is YAML, too
    if not valid(document, SCHEMA):
        assert code == 2, (path, value)
    assert code in (0, 2)
    assert code == 0 or "s.yaml:1:" in message


@pytest.mark.parametrize("path", [p for p in PLACES if isinstance(p[-1], str)], ids=lambda p: ".".join(map(str, p)))
def test_a_key_left_out_is_a_fault_exactly_where_the_schema_requires_it(path: tuple[Any, ...]) -> None:
    document = copy.deepcopy(DOCUMENT)
    del at(document, path[:-1])[path[-1]]
    code, message = check(json.dumps(document, ensure_ascii=False))
    if not valid(document, SCHEMA):
        assert code == 2
    elif (
        path[-1] in ("funding", "id", "length")
        or "funding" in path
        or path in NAMED_ELSEWHERE
        or path[-1] in ("indicator", "region")
        or "vehicles" in path
        or "bans" in path
    ):
        assert code in (
            0,
            2,
        )  # shares that no longer sum to 100 %, an id that others wait for, a length that corridors by rule need
    else:
        assert code == 0, message
