"""Calendars as text, and the budget gauge beside what the municipality really spends."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import kinds, load_scenario, shock_kinds
from sim.city.city import City
from sim.documents import fields_of
from sim.errors import InputError
from sim.live import plan
from sim.live.budget import gauge
from sim.live.form import short
from sim.live.levers import new_item
from sim.live.proposals import OFFERS, checked, item_of, placed
from sim.live.words import LANGUAGES, TABLE, amount, field_label, indicator_label, kind_title, number, words
from sim.live.workshop import ROADMAP, Workshop
from tests.live.served import ROOT


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_roadmaps_come_back_from_their_text(path: Path) -> None:
    scenario = load_scenario(path)
    assert load_scenario(path, text=plan.text_of(scenario)).resolved() == scenario.resolved()


def test_the_gauge_is_what_the_municipality_spends(workshop: Workshop) -> None:
    """Year's own investment and highest debt, to the cent: nothing waits in this roadmap."""
    found = workshop.gauge(ROADMAP)
    for _ in range(12):
        workshop.advance()
    branch = workshop.branch(ROADMAP)
    town = branch.model.state.townhall
    debts = [state.townhall.debt[0] for _, state in branch.states(branch.month)]
    assert found.years == {2021: pytest.approx(float(town.invested[0]), abs=0.01)}
    assert found.years[2021] > 1e6
    assert found.debt == pytest.approx(max(debts), abs=0.01)
    assert found.excess() == {}


def test_a_calendar_that_is_over_its_limits_may_get_better_not_worse(path: Path, city: City) -> None:
    scenario = load_scenario(path)
    text = path.read_text("utf-8").replace("investment_per_year: 10 M€", "investment_per_year: 1 M€")
    tight = load_scenario(path, text=text)
    parameters = {"debt_financed_share": 0.5, "debt_repaid_share": 0.05}
    now = gauge(tight, parameters)
    assert list(now.excess()) == ["2021"]
    assert now.refusal(now) == ""
    assert "2021" in now.refusal(gauge(scenario, parameters))
    less = plan.edited(tight, tight.start - 1, path, city, stop=["tracks"])
    assert gauge(less, parameters).refusal(now) == ""


def test_an_edit_is_read_like_a_file(path: Path, city: City) -> None:
    scenario = load_scenario(path)
    with pytest.raises(InputError, match=r"parking\.price|price"):
        plan.edited(
            scenario,
            scenario.start,
            path,
            city,
            changes=[{"id": "parking", "measure": "parking_price", "start": "2021-02", "price": "3"}],
        )
    with pytest.raises(InputError, match="characters"):
        plan.read("#" * (plan.LONGEST_TEXT + 1), path, city)
    # two edits of one month are one revision; what was added and withdrawn in it leaves no trace
    item = {"measure": "bike_subsidy", "id": "bikes", "start": "2021-04", "amount": "300 €"}
    once = plan.edited(scenario, scenario.start + 2, path, city, changes=[item])
    assert len(once.revisions) == 1
    assert plan.edited(once, scenario.start + 2, path, city, stop=["bikes"]).revisions == ()


def test_every_word_is_said_in_both_languages() -> None:
    assert {k for k, v in words("en").items() if not v} == set() == {k for k, v in words("fr").items() if not v}
    keys = [(row["of"], row["key"]) for row in TABLE]
    assert len(keys) == len(set(keys))
    for language in LANGUAGES:
        assert indicator_label("jobs", language)
        assert kind_title("parking_price", language)


def test_every_kind_and_every_field_has_its_french_name() -> None:
    told = {(row["of"], row["key"]) for row in TABLE if row["fr"]}
    both = {**kinds(), **shock_kinds()}
    assert {kind for kind in both if ("kind", kind) not in told} == set()
    own = {f"{kind}.{name}" for kind, known in both.items() for name in fields_of(known)}
    missing = {f for f in own if ("field", f) not in told and ("field", f.split(".")[1]) not in told}
    assert missing == set(), "give them a row in sim/live/words.csv"
    for key in {key for of, key in told if of == "field" and "." in key} - own:
        pytest.fail(f"{key}: no such field")
    assert field_label("level", "fr", "cycle_network") == "1 bande, 2 piste"
    assert field_label("share", "en", "building_code") == "Share of new dwellings"


#: At most what the city has room for: the tiny one has little. The reader says how much.
BOUNDED_BY_THE_CITY = ("transit_line", "cycle_network", "school_streets", "heat_network")


@pytest.mark.parametrize("word", ["measure", "shock"])
def test_forms_begin_with_what_a_file_may_hold(path: Path, city: City, word: str) -> None:
    """Every kind of measure and shock, and every proposal at both ends of its slider."""
    scenario = load_scenario(path)
    items = [
        new_item(kind, word, kind.replace("_", "-"), "2021-06")
        for kind in (kinds() if word == "measure" else shock_kinds())
    ]
    if word == "measure":
        ends = [(kind, end) for kind, offer in OFFERS.items() for end in (offer.low, offer.high)]
        for number, (kind, amount) in enumerate(ends):
            given = {
                "title": "idea",
                "kind": kind,
                "amount": amount,
                "district": 4 if placed(kind) else -1,
                "money": 1,
            }
            items.append(item_of(checked("somebody", number, given, city.n_districts), scenario.start))
    items = [item for item in items if item.get("measure") not in BOUNDED_BY_THE_CITY]
    given = {"changes": items} if word == "measure" else {"shocks": items}
    calendar = plan.edited(scenario, scenario.start - 1, path, city, **given).calendars()[-1]
    found = {one.id for one in (*calendar.measures, *calendar.shocks) if one is not None}
    assert {item["id"] for item in items} <= found


def test_numbers_for_people() -> None:
    assert [number(v, "en") for v in (12345.6, 12.34, 1.2345, 0.01234, 0.0)] == [
        "12,346",
        "12.3",
        "1.23",
        "0.0123",
        "0.00",
    ]
    assert number(1234.6, "fr") == "1\u202f235"
    assert amount(82_500.0, "tCO2e/month", "fr") == "82,5 ktCO2e/mois"
    assert short("2000000 €") == "2 M€"
    assert short("1234567 €") == "1234.567 k€"
