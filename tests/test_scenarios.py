"""The shipped scenarios: they load without fault, fit the embedded city, and say what happens anyway."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from sim.city.city import City
from sim.city.load import open_city
from sim.codes import Status
from sim.measures.streets import CycleNetwork
from sim.model import UrbanModel
from sim.months import parse_month
from sim.preparation import prepare
from sim.scenario.check import check_against_city
from sim.scenario.load import load_scenario
from tests.sim.measures.townhall import alone, months

SHIPPED = sorted(Path(str(files("scenarios"))).glob("*.yaml"), key=lambda p: p.name)


@pytest.fixture(scope="module")
def toulouse() -> City:
    """The embedded city."""
    return open_city("toulouse")


def test_a_planner_finds_three_to_copy() -> None:
    found = {p.name for p in SHIPPED}
    assert {"toulouse_2021_2026.yaml", "toulouse_energy_first.yaml", "toulouse_mobility_first.yaml"} <= found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_a_shipped_scenario_is_in_order(path: Path) -> None:
    plan = load_scenario(path)
    assert check_against_city(plan, open_city(plan.city)) == []
    assert plan.without_measures().measures == tuple(m for m in plan.measures if m.committed)
    assert all(not one.measure.empty() and one.start <= plan.end for one in (*plan.measures, *plan.shocks))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_a_shipped_calendar_can_be_carried_out_on_its_money(path: Path) -> None:
    """No measure waits and no works stay unfinished: the budget that the file gives is enough for what it plans."""
    plan = load_scenario(path)
    town, state = alone(plan, open_city(plan.city), share=0.001)
    for _ in months(town, state, plan.end - plan.first_month + 1):
        assert not (state.townhall.status == Status.WAITING).any()
    for i, one in enumerate(plan.measures):
        if one.reserve:  # begins only when a rule launches it
            assert state.townhall.status[i] == Status.PLANNED, one.id
            continue
        assert state.townhall.progress[i] == 1.0 or state.townhall.status[i] == Status.STOPPED, one.id


@pytest.mark.parametrize(
    "path", [p for p in SHIPPED if p.stem.startswith("toulouse_2021") or p.stem.endswith("first")], ids=lambda p: p.stem
)
def test_the_cable_car_opens_in_both_worlds_in_may_2022(path: Path, toulouse: City) -> None:
    """14 May 2022 (Ville Rail & Transports, June 2022)."""
    plan = load_scenario(path)
    row = toulouse.line_names.index("Téléo")
    for world in (plan, plan.without_measures()):
        town, state = alone(world, toulouse, share=0.001)
        opened = [state.month for p in months(town, state, plan.end - plan.first_month + 1) if p.line_added[row] > 0.0]
        assert (opened[0], opened[-1]) == (parse_month("2022-05"), plan.end)


def test_the_embedded_city_has_streets_for_the_whole_express_network(toulouse: City) -> None:
    """370 km, 60 % of it to be built (Ville Rail & Transports, Mediacités): the other 40 % are there already."""
    there = toulouse.links.length[toulouse.links.cycle_level == 2].sum() / 2000.0
    assert there == pytest.approx(0.4 * 370.0, rel=0.05)
    assert list(CycleNetwork(length=0.6 * 370.0).too_much(toulouse, toulouse.area("all"))) == []


def test_the_cable_car_carries_what_was_counted(tmp_path: Path, toulouse: City) -> None:
    """7,000 to 7,500 a day in the first month (Ville Rail & Transports, June 2022), 5,500 on average until November 2022 (Actu
    Toulouse, operator's figure), 8,000 expected (ToulÉco): nothing in the model was fitted to them. A sample of one in twenty
    citizens knows the line's trips to about a tenth."""
    path = tmp_path / "s.yaml"
    path.write_text(
        "name: t\ncity: toulouse\nstart: 2022-05\nend: 2022-12\n"
        "baseline:\n  - {id: teleo, measure: transit_line, line: Téléo, start: 2022-05}\n",
        "utf-8",
    )
    run = UrbanModel(load_scenario(path), prepare(toulouse), share=0.05, seed=1)
    run.live_until(parse_month("2022-08"))
    assert 4_500 < run.state.traffic.line_boardings[toulouse.line_names.index("Téléo")] < 9_000


def test_the_adaptive_roadmap_is_the_fixed_one_with_rules() -> None:
    """Same measures, money, bodies and shocks: what differs between the two runs is what rules did."""
    fixed, adaptive = (
        load_scenario(next(p for p in SHIPPED if p.stem == f"toulouse_{n}")).resolved() for n in ("fixed", "adaptive")
    )
    assert {k for k in {*fixed, *adaptive} if fixed.get(k) != adaptive.get(k)} == {"name", "reserve", "adapt"}
    assert {one["shock"] for one in fixed["shocks"]} == {"pandemic", "energy_price", "heatwave"}
