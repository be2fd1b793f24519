"""Each kind of measure and shock changes the levers it declares, by amounts worked out by hand, and no others."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.codes import Carrier, CritAir, Sector
from sim.measures import Context, kinds, shock_kinds
from sim.measures.base import Measure
from sim.measures.buildings import BuildingCode, BuildingData, HeatNetwork, RentalBan, StreetLighting
from sim.measures.economy import InnovationChallenge, ParticipatoryBudget, Procurement, RecoveryGrants
from sim.measures.electricity import DemandResponse, EnergySharing, PublicPv, SmartCharging
from sim.measures.homes import (
    BatterySubsidy,
    BikeSubsidy,
    EnergyAdvice,
    EvSubsidy,
    HeatPumpSubsidy,
    PvSubsidy,
    RetrofitSubsidy,
)
from sim.measures.policies import THEMES, Contribution, Policies, axis_sizes, compose
from sim.measures.shocks import EnergyPrice, Heatwave, Pandemic
from sim.measures.streets import EvCharging, LowEmissionZone, ParkingPrice, SpeedLimit
from sim.measures.transit import TransitFare, TransitFrequency
from sim.scenario.check import check_against_city
from sim.scenario.parameters import Parameters
from tests.sim.measures.townhall import ACTING, SHOCKS, alone, measure, months, planned_line, policies, same_bits, shock
from tests.worlds import scenario

NAMES = [f.name for f in fields(Policies)]
#: What the municipality itself says of every measure, for opinions.
PUBLIC = {"in_force", "announced", "exposure", "expected_drivers", "expected_others"}
#: What needs another measure in the roadmap: tested in tests/sim/systems/test_society_participation.py.
AGENDA = {"off_agenda", "panel_off_agenda"}
CENTRE = 4  # the one district of the tiny city's centre
EVERY_KIND = {**{k: measure(k, f) for k, f in ACTING.items()}, **{k: shock(k, f) for k, f in SHOCKS.items()}}


def test_every_kind_is_in_these_tables() -> None:
    assert set(ACTING) == set(kinds())
    assert set(SHOCKS) == set(shock_kinds())


@pytest.mark.parametrize("kind", sorted(EVERY_KIND))
def test_levers_changed_are_those_declared(kind: str, tmp_path: Path) -> None:
    declared = set({**kinds(), **shock_kinds()}[kind].levers)
    found = policies(tmp_path, EVERY_KIND[kind], 8)
    neutral = compose((), axis_sizes(planned_line(), 1 if kind in ACTING else 0))
    changed = {
        name for p in found for name in NAMES if not same_bits(np.asarray(getattr(p, name)), getattr(neutral, name))
    }
    assert changed - PUBLIC == declared - AGENDA
    assert (changed & PUBLIC == set()) == (kind in SHOCKS)  # a shock is nobody's plan: nothing to have an opinion on


ZERO = {
    "cyber_defence": "level: 0%", "data_platform": "sensors: 0", "digital_mediation": "reach: 0%",
    "digital_services": "share: 0%", "open_partnership": "calls_per_year: 0, budget_per_year: 2 M€", "training": "places_per_year: 0",
    "battery_subsidy": "amount: 0 €/kWh", "building_code": "share: 0%", "building_data": "floors: 0%", "demand_response": "share: 0%",
    "energy_sharing": "share: 0%", "heat_network": "length: 0 km, renewable: 90%", "public_pv": "power: 0 kWp",
    "rental_ban": "compliance: 0%, bans: {2021-01: g}", "smart_charging": "share: 0%", "street_lighting": "lights: 0%",
    "bike_subsidy": "amount: 0 €", "cycle_network": "length: 0 km, months: 3", "energy_advice": "reach: 0%",
    "ev_charging": "points: 0", "ev_subsidy": "amount: 0 €", "heat_pump_subsidy": "amount: [0 €, 0 €, 0 €, 0 €, 0 €]",
    "innovation_challenge": "theme: energy, calls_per_year: 0", "local_procurement": "amount_per_year: 0 €",
    "low_emission_zone": "compliance: 0%, vehicles: {2021-01: all}, bans: {2021-01: crit_air_2}", "parking_price": "price: 0 €/h",
    "participatory_budget": "amount_per_year: 0 €", "pv_subsidy": "amount: 0 €/kWp", "recovery_grants": "amount: 0 €, months: 6",
    "consultation": "reach: 0%", "citizens_panel": "seats: 0",
    "retrofit_subsidy": "rate: 0%", "transit_fare": "change: 0%", "transit_frequency": "lines: bus, headway: 0%",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(ACTING))
def test_an_inert_measure_leaves_policies_money_and_journal_alone(kind: str, tmp_path: Path) -> None:
    """Zero amount, empty area, start after the end: as if it did not stand there, though it would cost money."""
    money = "capex: 5 M€, opex: 1 M€"
    acting = ", ".join(part for part in ACTING[kind].split(", ") if part != "area: centre")
    bodies = [
        f"measures:\n  - {{measure: {kind}, start: 2021-01, area: nowhere, {money}, {acting}}}\n",
        f"measures:\n  - {{measure: {kind}, start: 2027-01, {money}, {acting}}}\n",
    ]
    bodies += [f"measures:\n  - {{measure: {kind}, start: 2021-01, {money}, {ZERO[kind]}}}\n"] if kind in ZERO else []
    neutral = compose((), axis_sizes(planned_line(), 1))
    for body in bodies:
        town, state = alone(scenario(tmp_path, body, end="2026-12"), planned_line())
        for p in months(town, state, 8):
            assert all(same_bits(getattr(p, n), getattr(neutral, n)) for n in NAMES)
            assert not state.ledger.any()
        assert not len(state.townhall.journal)
        assert not state.townhall.spent.any()


@pytest.mark.parametrize("body", [shock("pandemic", "months: 6, severity: 0%"), shock("energy_price", "change: 0%"),
                                  shock("heatwave", "warmer: 0 K"), shock("heatwave", "warmer: 5 K, days: 0"),
                                  shock("energy_price", "change: 50%, area: nowhere")])  # fmt: skip
def test_an_inert_shock_leaves_policies_alone(body: str, tmp_path: Path) -> None:
    neutral = compose((), axis_sizes(planned_line(), 0))
    for p in policies(tmp_path, body, 3):
        assert all(same_bits(getattr(p, n), getattr(neutral, n)) for n in NAMES)


# --- amounts worked out by hand ------------------------------------------------------------------------------------


def test_low_emission_zone_by_date_sticker_and_vehicle(tmp_path: Path) -> None:
    """The calendar of Toulouse: vans and trucks Crit'Air 5 in March 2022, 4 in September 2022; everybody in January 2023."""
    body = (
        "measures:\n  - {measure: low_emission_zone, start: 2022-03, area: centre, vehicles: {2022-03: [van, truck], 2023-01: all},"
        " bans: {2022-03: crit_air_5, 2022-09: crit_air_4}, compliance: 80%}\n"
    )
    found = policies(tmp_path, body, 26)
    expected = {  # month number -> best sticker banned for vans, for cars
        13: (None, None), 14: (CritAir.C5, None), 19: (CritAir.C5, None), 20: (CritAir.C4, None),
        23: (CritAir.C4, None), 24: (CritAir.C4, CritAir.C4), 25: (CritAir.C4, CritAir.C4),
    }  # fmt: skip
    for month, wanted in expected.items():
        for lever, best in zip(("van_ban", "car_ban"), wanted, strict=True):
            table = np.zeros((7, 9))
            if best is not None:
                table[best:, CENTRE] = 0.8
            assert np.array_equal(getattr(found[month], lever), table), (month, lever)


def test_parking_price_is_a_mean_paid_time_in_the_area(tmp_path: Path) -> None:
    found = policies(tmp_path, measure("parking_price", "price: 1.5 €/h, area: centre"), 1)[0].parking_price
    assert found[CENTRE] == 1.5 * 2.0  # registry: two paid hours
    assert found.sum() == found[CENTRE]


def test_speed_limit_by_area_and_road_class(tmp_path: Path) -> None:
    links = planned_line().links
    found = policies(tmp_path, measure("speed_limit", "speed: 20 km/h, area: centre, roads: minor"), 1)[0].speed_limit
    inside = (links.district == CENTRE) & (links.road_class == 2)
    assert inside.any()
    assert np.array_equal(found, np.where(inside, 20.0, np.inf))


def test_the_lower_of_two_speed_limits_holds(tmp_path: Path) -> None:
    body = (
        measure("speed_limit", "speed: 30 km/h, area: all")
        + "  - {measure: speed_limit, start: 2021-02, speed: 20 km/h}\n"
    )
    found = policies(tmp_path, body, 2)
    assert found[0].speed_limit.min() == 30.0
    assert sorted(set(found[1].speed_limit.tolist())) == [20.0, 30.0]


def test_charging_points_open_as_they_are_built_in_proportion_to_cars(tmp_path: Path) -> None:
    cars = planned_line().districts.cars / planned_line().districts.cars.sum()
    found = policies(tmp_path, measure("ev_charging", "points: 100, months: 10"), 12)
    for month, share in ((0, 0.1), (2, 0.3), (9, 1.0), (11, 1.0)):
        assert found[month].chargers == pytest.approx(100 * share * cars, rel=1e-12)


def test_a_line_opens_when_it_is_built_not_before(tmp_path: Path) -> None:
    found = policies(tmp_path, measure("transit_line", "line: L1, months: 5, capex: 1 M€"), 6)
    assert [p.line_added.tolist() for p in found] == [[0.0, 0.0]] * 4 + [[0.0, 1.0]] * 2


def test_headways_and_fares_multiply(tmp_path: Path) -> None:
    body = (
        "measures:\n  - {measure: transit_frequency, start: 2021-01, lines: [A, bus], headway: -20%}\n"
        "  - {measure: transit_frequency, start: 2021-02, lines: metro, headway: -50%}\n"
        "  - {measure: transit_fare, start: 2021-01, change: -50%}\n  - {measure: transit_fare, start: 2021-02, change: -100%}\n"
    )
    found = policies(tmp_path, body, 2)
    assert found[0].headway_factor == pytest.approx([0.8, 0.8])
    assert found[1].headway_factor == pytest.approx([0.4, 0.8])
    assert [p.fare_factor[0] for p in found] == [0.5, 0.0]


def test_grants_by_income_fifth_add_up(tmp_path: Path) -> None:
    body = (
        "measures:\n  - {measure: ev_subsidy, start: 2021-01, amount: [5000 €, 4000 €, 3000 €, 2000 €, 0 €]}\n"
        "  - {id: first-month, measure: ev_subsidy, start: 2021-01, months: 1, amount: 1000 €}\n"
        "  - {measure: retrofit_subsidy, start: 2021-01, rate: [50%, 40%, 30%, 20%, 10%]}\n"
        "  - {measure: heat_pump_subsidy, start: 2021-01, amount: 2 k€}\n"
        "  - {measure: pv_subsidy, start: 2021-01, amount: 300 €/kWp}\n"
        "  - {measure: bike_subsidy, start: 2021-01, amount: 250 €}\n"
        "  - {measure: energy_advice, start: 2021-01, area: centre, reach: 2%}\n"
    )
    first, second = policies(tmp_path, body, 2)
    assert first.ev_grant.tolist() == [6000.0, 5000.0, 4000.0, 3000.0, 1000.0]
    assert second.ev_grant.tolist() == [5000.0, 4000.0, 3000.0, 2000.0, 0.0]  # the second one ran for one month
    assert first.retrofit_grant == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])
    assert first.heat_pump_grant.tolist() == [2000.0] * 5
    assert (first.pv_grant[0], first.bike_grant[0]) == (300.0, 250.0)
    assert np.array_equal(first.advice, np.where(np.arange(9) == CENTRE, 0.02, 0.0))


def test_recovery_grants_spread_the_amount_over_months_and_sectors_by_jobs(tmp_path: Path) -> None:
    """In the tiny city trade has twice the jobs of aeronautics: 12 M€ over six months are 2 M€ a month, a third and two thirds."""
    body = measure("recovery_grants", "months: 6, amount: 12 M€, sectors: [trade, aeronautics, trade]")
    found = np.array([p.recovery_grant for p in policies(tmp_path, body, 9)])
    assert found[:6, Sector.AERONAUTICS] == pytest.approx([2e6 / 3] * 6)
    assert found[:6, Sector.TRADE] == pytest.approx([4e6 / 3] * 6)
    assert found.sum() == pytest.approx(12e6, rel=1e-12)
    assert not found[6:].any()


def test_monthly_parts_of_yearly_amounts(tmp_path: Path) -> None:
    body = (
        measure("local_procurement", "amount_per_year: 12 M€, sectors: construction")
        + "  - {measure: innovation_challenge, start: 2021-01, theme: health, calls_per_year: 6, budget_per_year: 3 M€}\n"
        + "  - {measure: participatory_budget, start: 2021-01, amount_per_year: 6 M€}\n"
    )
    p = policies(tmp_path, body, 1)[0]
    assert p.procurement[Sector.CONSTRUCTION] == p.procurement.sum() == pytest.approx(1e6)
    row = THEMES.index("health")
    assert (p.challenge_calls[row], p.challenge_calls.sum()) == (0.5, 0.5)
    assert (p.challenge_budget[row], p.challenge_budget.sum()) == (250_000.0, 250_000.0)
    assert p.participation[0] == 500_000.0


def test_a_pandemic_fades_and_ends(tmp_path: Path) -> None:
    """Strength is (share of the months left) ^ 1.5: half of the months left are 0.3536; a rule names whole days at home."""
    found = policies(tmp_path, shock("pandemic", "months: 12"), 13)
    assert [p.trip_suppression[0] for p in found][::6] == pytest.approx([0.5, 0.5 * 0.5**1.5, 0.0])
    assert [p.incomer_factor[0] for p in found][::6] == pytest.approx([0.65, 1.0 - 0.35 * 0.5**1.5, 1.0])
    assert [p.telework_mandate[0] for p in found] == [3, 3, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0]
    assert (found[12].demand_factor == 1.0).all()


def test_the_first_year_of_a_pandemic_is_the_year_2020(tmp_path: Path) -> None:
    """INSEE branch accounts 2020: accommodation and food -40 %, transport equipment -25 %, the year as a whole; fifteen months."""
    found = policies(tmp_path, shock("pandemic", "months: 15"), 12)
    fall = np.mean([1.0 - p.demand_factor for p in found], axis=0)
    assert fall[Sector.HOSPITALITY] == pytest.approx(0.40, abs=0.03)
    assert fall[Sector.AERONAUTICS] == pytest.approx(0.25, abs=0.02)


def test_an_energy_price_shock_holds_for_its_months_and_carriers(tmp_path: Path) -> None:
    found = policies(tmp_path, shock("energy_price", "change: +50%, months: 2, carriers: [gas, petrol]"), 3)
    wanted = np.ones(7)
    wanted[[Carrier.GAS, Carrier.PETROL]] = 1.5
    assert [p.energy_price_factor.tolist() for p in found] == [wanted.tolist(), wanted.tolist(), [1.0] * 7]


@pytest.mark.parametrize(("area", "districts"), [
    ("centre", [4]), ("Toulouse", [0, 1, 2, 3, 4]), ("31149", [5, 6, 7, 8]), ("ring:second", [2, 6]), ("all", list(range(9))),
    ("[ring:third, centre, 31149]", [4, 5, 6, 7, 8]),
])  # fmt: skip
def test_areas_are_named_areas_communes_rings_and_unions(area: str, districts: list[int], tmp_path: Path) -> None:
    found = policies(tmp_path, measure("parking_price", f"price: 1 €/h, area: {area}"), 1)[0]
    assert np.flatnonzero(found.parking_price).tolist() == districts
    assert np.flatnonzero(found.exposure[0]).tolist() == districts


def test_households_enrol_as_the_boxes_are_mounted_and_the_support_is_paid_for_each(tmp_path: Path) -> None:
    """A fifth of the 2,000 households of the centre in ten months: 400, and 40 € a year for each of them, once all are mounted."""
    body = measure("demand_response", "share: 20%, months: 10, area: centre, support: 40 €")
    town, state = alone(scenario(tmp_path, body, end="2026-12"), planned_line())
    for month, p in enumerate(months(town, state, 12)):
        wanted = np.where(np.arange(9) == CENTRE, 0.2 * min(1.0, (month + 1) / 10), 0.0)
        assert p.demand_response == pytest.approx(wanted, rel=1e-12)
    assert planned_line().districts.households[CENTRE] == 2000
    assert state.townhall.spent[0] == pytest.approx(2 * 400 * 40.0 / 12.0)


def test_public_panels_follow_public_jobs(tmp_path: Path) -> None:
    """The centre has four times the public posts of each of the eight others: 4 of 12 MWp."""
    found = policies(tmp_path, measure("public_pv", "power: 12 MWp, months: 4"), 5)
    assert [float(p.public_pv.sum()) for p in found] == pytest.approx([3e3, 6e3, 9e3, 12e3, 12e3])
    assert found[-1].public_pv[CENTRE] == pytest.approx(4e3)


def test_a_kilometre_of_heat_network_reaches_as_many_flats_as_in_france(tmp_path: Path) -> None:
    """FEDENE 2022: 2.7 M dwellings on 7,046 km are 383 a kilometre."""
    districts = planned_line().districts
    flats = float((districts.dwellings - districts.houses).sum())
    found = policies(tmp_path, measure("heat_network", "length: 4 km, months: 2, renewable: 70%"), 2)
    for p, km in zip(found, (2.0, 4.0), strict=True):
        assert p.heat_network * flats == pytest.approx(km * 2.7e6 / 7046, rel=0.03)
        assert p.heat_network_renewable[0] == pytest.approx(0.7 * km / 4.0)


def test_more_pipes_than_flats_are_refused(tmp_path: Path) -> None:
    body = measure("heat_network", "length: 900 km, months: 12")
    faults = check_against_city(scenario(tmp_path, body), planned_line())
    assert len(faults) == 1
    assert "all flats of the area" in str(faults[0])


def test_the_rental_ban_follows_its_calendar(tmp_path: Path) -> None:
    """Loi Climat et résilience, two years early: class G, then F, then E."""
    found = policies(tmp_path, measure("rental_ban", "bans: {2021-03: g, 2022-01: f, 2023-01: e}, compliance: 30%"), 26)
    for month, best in ((1, 7), (2, 6), (11, 6), (12, 5), (24, 4)):
        assert found[month].rental_ban.tolist() == [0.3 if row >= best else 0.0 for row in range(7)], month


def test_building_data_saves_by_sector_and_uses_electricity_by_post(tmp_path: Path) -> None:
    """Half of the floors of two sectors, 10 % saved on each; 15 kWh a year for each of their posts."""
    found = policies(tmp_path, measure("building_data", "floors: 50%, months: 2, sectors: [public, business]"), 2)[-1]
    rows = [Sector.PUBLIC, Sector.BUSINESS]
    assert found.building_data[rows].tolist() == pytest.approx([0.05, 0.05])
    assert found.building_data.sum() == pytest.approx(0.1)
    assert found.data_use[0] == pytest.approx(planned_line().jobs[:, rows].sum() * 0.5 * 15.0 / 12e3)


def test_a_heatwave_comes_in_summer_only(tmp_path: Path) -> None:
    found = policies(tmp_path, shock("heatwave", "warmer: 5 K, days: 6, months: 24"), 24)
    hot = [m for m, p in enumerate(found) if p.heatwave[0] > 0.0]
    assert hot == [5, 6, 7, 8, 17, 18, 19, 20]
    assert all((p.heatwave[0], p.heatwave_days[0]) in ((5.0, 6.0), (0.0, 0.0)) for p in found)


# --- monotone: more of a measure is more of its lever --------------------------------------------------------------

_CITY = planned_line()
#: A measure of a given size in 0..1, and the direction in which its levers move.
SIZED = {
    "recovery": (lambda x: RecoveryGrants(amount=1e6 * x), 1), "procurement": (lambda x: Procurement(amount_per_year=1e6 * x), 1),
    "challenge": (lambda x: InnovationChallenge(theme="energy", calls_per_year=9 * x, budget_per_year=1e6 * x), 1),
    "participation": (lambda x: ParticipatoryBudget(amount_per_year=1e6 * x), 1), "bike": (lambda x: BikeSubsidy(amount=500 * x), 1),
    "advice": (lambda x: EnergyAdvice(reach=0.2 * x), 1), "ev": (lambda x: EvSubsidy(amount=(5e3 * x,)), 1),
    "heat_pump": (lambda x: HeatPumpSubsidy(amount=(5e3 * x,)), 1), "pv": (lambda x: PvSubsidy(amount=500 * x), 1),
    "retrofit": (lambda x: RetrofitSubsidy(rate=(x,)), 1), "parking": (lambda x: ParkingPrice(price=9 * x), 1),
    "speed": (lambda x: SpeedLimit(speed=10 + 90 * x), 1), "charging": (lambda x: EvCharging(points=int(1e4 * x)), 1),
    "zone": (lambda x: LowEmissionZone(vehicles=((0, ("all",)),), bans=((0, "crit_air_3"),), compliance=x), 1),
    "frequency": (lambda x: TransitFrequency(lines=("bus",), headway=-0.9 * x), -1), "fare": (lambda x: TransitFare(change=-x), -1),
    "price": (lambda x: EnergyPrice(change=2 * x), 1), "pandemic": (lambda x: Pandemic(severity=x), 0),
    "battery": (lambda x: BatterySubsidy(amount=900 * x), 1), "code": (lambda x: BuildingCode(share=x), 1),
    "data": (lambda x: BuildingData(floors=x), 1), "response": (lambda x: DemandResponse(share=x), 1),
    "sharing": (lambda x: EnergySharing(share=x), 1), "network": (lambda x: HeatNetwork(length=50 * x, renewable=x), 1),
    "roofs": (lambda x: PublicPv(power=5e3 * x), 1), "ban": (lambda x: RentalBan(bans=((0, "g"),), compliance=x), 1),
    "charging_hours": (lambda x: SmartCharging(share=x), 1), "lighting": (lambda x: StreetLighting(lights=x), 1),
    "heatwave": (lambda x: Heatwave(warmer=9 * x), 1),
}  # fmt: skip


def _levers(one: Measure) -> dict[str, np.ndarray]:
    context = Context(_CITY, Parameters(), month=3, start=2, months=12, progress=0.5, scale=1.0, districts=np.arange(9))
    made = compose(one.contributions(context), axis_sizes(_CITY, 0))
    return {name: getattr(made, name) for name in one.levers}


@pytest.mark.parametrize("name", sorted(SIZED))
@given(a=st.floats(0.0, 1.0), b=st.floats(0.0, 1.0))
def test_more_of_a_measure_moves_its_levers_further(name: str, a: float, b: float) -> None:
    make, sign = SIZED[name]
    less, more = (_levers(make(x)) for x in sorted((a, b)))
    for lever in less:
        # a pandemic takes away demand and incomers and adds the rest
        way = sign or (-1 if lever in ("demand_factor", "incomer_factor") else 1)
        assert (way * (more[lever] - less[lever]) >= 0.0).all(), lever


def test_composition_follows_each_levers_rule() -> None:
    made = compose(
        [Contribution("parking_price", 1.0, [0, 1]), Contribution("parking_price", 2.0, [1]), Contribution("fare_factor", 0.5),
         Contribution("fare_factor", 0.5), Contribution("car_ban", 0.4, (0, 0)), Contribution("car_ban", 0.3, (0, 0))],
        axis_sizes(_CITY, 0),
    )  # fmt: skip
    assert made.parking_price[:3].tolist() == [1.0, 3.0, 0.0]
    assert made.fare_factor[0] == 0.25
    assert made.car_ban[0, 0] == 0.4
    with pytest.raises(ValueError, match="read-only"):
        made.parking_price[0] = 5.0
