"""Measures on homes, energy, planning and services on the embedded Toulouse: each size beside the figure that was published of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.codes import PERIODS, Carrier, EnergyUse, Heating, Tenure
from sim.columns import Floats
from tests.sim.measures.sizes import Pair, Size, Toulouse, World, cases

#: Energy classes from A.
CLASS_F = 5
#: tCO2e for a MWh burnt (Base Carbone).
GAS, OIL = 0.227, 0.324


def _mean(world: World, indicator: str) -> float:
    return world.mean(indicator, last=len(world.rows))


def _log(indicator: str, per: float = 1.0) -> Callable[[Pair], float]:
    """Logarithm of how many times as much in a month, for each unit of the dose."""
    return lambda pair: float(np.log(_mean(pair.found, indicator) / _mean(pair.without, indicator))) / per


def _more(indicator: str) -> Callable[[Pair], float]:
    """Relative change of the mean of all months."""
    return lambda pair: _mean(pair.found, indicator) / _mean(pair.without, indicator) - 1.0


def _added(indicator: str, per: float = 1.0) -> Callable[[Pair], float]:
    """Logarithm of how many times as much was added since the first month, for each unit of the dose."""
    return lambda pair: float(np.log(pair.found.gained(indicator) / pair.without.gained(indicator))) / per


def _pumps(pair: Pair) -> float:
    """Logarithm of how many times as many heat pumps were mounted in dwellings that stood before, those that replace one among them."""
    many = []
    for world in (pair.found, pair.without):
        d = world.model.state.dwellings
        new = d.alive & (d.heating == Heating.HEAT_PUMP) & (d.heating_since >= world.model.scenario.start)
        many.append(float(d.weight[new & (d.period < len(PERIODS) - 1)].sum()))
    return float(np.log(many[0] / many[1]))


def _additional(pair: Pair) -> float:
    """Works that nobody would have begun without the grant, over all works."""
    found, without = (_mean(w, "retrofits") for w in (pair.found, pair.without))
    return 1.0 - without / found


# --- homes ---------------------------------------------------------------------------------------------------------


def _newer(world: World) -> np.ndarray:
    """Rows of the dwellings built since the first month, lived in or not."""
    d = world.model.state.dwellings
    return np.flatnonzero(d.alive & (d.heating_since > world.model.scenario.start) & (d.period == len(PERIODS) - 1))


def _new_need(pair: Pair) -> float:
    """Heat that a new dwelling needs for comfort, relative change."""
    need = []
    for world in (pair.found, pair.without):
        d, rows = world.model.state.dwellings, _newer(world)
        need.append((d.need * d.weight)[rows].sum() / (d.area * d.weight)[rows].sum())
    return float(need[0] / need[1] - 1.0)


def _let_and_banned(world: World) -> float:
    """Dwellings of the banned class that are let, at the start of the ban."""
    s = world.model.state
    d, h = s.dwellings, s.households
    let = d.alive & (d.household >= 0)
    let[let] = h.tenure[d.household[let]] != Tenure.OWNER
    return float(d.weight[let & (s.energy.dpe >= CLASS_F)].sum())


def _mended(pair: Pair) -> float:
    """Works that the ban brought in a year, over the dwellings let in the banned classes."""
    more = pair.found.rows.shape[0] * (_mean(pair.found, "retrofits") - _mean(pair.without, "retrofits"))
    return more / _let_and_banned(pair.without)


def _heat(world: World) -> Floats:
    """(carriers,) MWh for heating and hot water in the last month."""
    heat = [EnergyUse.HEATING, EnergyUse.HOT_WATER]
    return np.asarray(world.model.state.energy.final[:, :, heat].sum(axis=(0, 2)))


def _per_flat(pair: Pair) -> float:
    """CO2e of those connected, relative change against their boilers."""
    found, without = (w.model.state.energy for w in (pair.found, pair.without))
    heat = [EnergyUse.HEATING, EnergyUse.HOT_WATER]
    saved = float((found.co2 - without.co2)[:, heat].sum())
    burnt = _heat(pair.without) - _heat(pair.found)
    boilers = float(burnt[Carrier.GAS] * GAS + burnt[Carrier.OIL] * OIL)
    return saved / boilers


# --- power ---------------------------------------------------------------------------------------------------------


def _called(pair: Pair) -> float:
    """Homes' power from 18 to 20 h on the coldest day of January, the hours in which the grid is tight, relative change."""
    homes = [EnergyUse.HEATING, EnergyUse.HOT_WATER, EnergyUse.APPLIANCES, EnergyUse.COOKING]
    drawn = [float(w.model.state.energy.load_use[18:20, homes].sum()) for w in (pair.found, pair.without)]
    return drawn[0] / drawn[1] - 1.0


def _lamps(pair: Pair) -> float:
    """Electricity of street lights, relative change in the last month."""
    lit = [float(w.model.state.energy.final[:, :, EnergyUse.LIGHTING].sum()) for w in (pair.found, pair.without)]
    return lit[0] / lit[1] - 1.0


def _yield(pair: Pair) -> float:
    """kWh a year of each kWp: 20 MWp more stand from the second month on."""
    months = pair.found.rows.shape[0] - 1
    found, without = (w.mean("pv_production", last=months) for w in (pair.found, pair.without))
    return (found - without) * 1000.0 * 12.0 / 20_000.0


def _used_near(world: World) -> float:
    """Electricity of roofs that is used in the building or by neighbours, over what they give, in the last month."""
    e = world.model.state.energy
    return float((e.pv_used.sum() + e.pv_shared.sum()) / e.pv.sum())


# --- planning and services -----------------------------------------------------------------------------------------


def _elasticity_of_rent(pair: Pair) -> float:
    """Change of rents over that of dwellings, both relative, at the end."""
    homes = [
        float(w.model.state.dwellings.weight[w.model.state.dwellings.alive].sum()) for w in (pair.found, pair.without)
    ]
    return float((pair.found.end("rent") / pair.without.end("rent") - 1.0) / (homes[0] / homes[1] - 1.0))


def _patients(pair: Pair) -> float:
    """Adults who found a doctor, for each doctor employed."""
    c = pair.found.model.state.citizens
    adults = float(c.weight[c.alive & (pair.found.model.state.month - c.birth >= 17 * 12)].sum())
    return (pair.without.end("without_doctor") - pair.found.end("without_doctor")) / 100.0 * adults / 40.0


def _kilos(pair: Pair) -> float:
    """Kitchen waste collected apart a person and year."""
    more = pair.found.mean("waste_organic") - pair.without.mean("waste_organic")
    return more * 12_000.0 / pair.found.end("population")


def _by_tonne(indicator: str, unit: float) -> Callable[[Pair], float]:
    """What a tonne of residual waste avoided saves."""
    return lambda pair: unit * pair.change(indicator) / pair.change("waste_residual")


def _canopy(pair: Pair) -> float:
    return float(pair.found.model.policies.green_cooling[0]) / 16.0


SIZES = [
    Size(
        "retrofit_subsidy", "rate: 15%", "works not begun without the grant, over all", _additional, 0.066, 0.48,
        "Mauroux (2012), Économie et statistique: of a credit 15 points higher, one in 15 to one in 8; DG Trésor (2023), modest "
        "households: 1.4 to 2.7 % a year, so 0.48",
    ),
    Size(
        "retrofit_subsidy", "rate: 30%", "works not begun without the grant, over all", _additional, 0.21, 0.57,
        "Nauleau (2014), Energy Economics 46, the French tax credit: 21 % in 2007, 57 % in 2010",
    ),
    Size(
        "heat_pump_subsidy", "amount: 2000 €", "log of heat pumps bought for each 1,000 €", lambda pair: _pumps(pair) / 2.0,
        0.1, 0.33,
        "Shen, Qiu, Liu & Patwardhan (2022), Environmental and Resource Economics 83, North Carolina: +13 % for 300-450 $, on machines at "
        "about a third of the price here; fitted: registry heat_pump_per_k", months=24,
    ),
    Size(
        "pv_subsidy", "amount: 400 €/kWp", "log of panels added for each 100 € a kWp", _added("pv_capacity", 4.0), 0.026, 0.14,
        "Hughes & Podolefsky (2015), California: 7 to 15 % for 0.1 $/W; Gillingham & Tsvetanov (2019), Connecticut: price elasticity -0.65",
        months=24,
    ),
    Size(
        "battery_subsidy", "amount: 250 €/kWh", "log of how many times as many batteries for 30 % off", _added("battery_share"), 1.0, 1.46,
        "Australia from July 2025, 30 % off (pv magazine, PM of Australia): 50,000 in two months, 28,000 in six weeks as in half of 2024: "
        "2.7 times the trend, 4.3 times the year before, first rush included; fitted: registry battery_per_100", months=24,
    ),
    Size(
        "energy_advice", "reach: 2%", "log of how many times as many panels added", _added("pv_capacity"), 0.69, 1.1,
        "Gillingham & Bollinger (2021), Management Science 67, campaigns in Connecticut: twice to three times as many in their months",
        months=24,
        short="0.23: a campaign is one offer to all in some months, a desk reaches one household in fifty a month",
    ),
    Size(
        "building_code", "share: 100%", "heat that a new dwelling needs, relative change", _new_need, -0.8, -0.3,
        "RE2020 against RT2012 (ministry, 2021): need -30 %; CEPHEUS (2001), 221 passive dwellings against codes: -80 %", months=24,
    ),
    Size(
        "building_data", "floors: 100%, months: 1", "energy of firms' floors, relative change", lambda pair: pair.rise("energy_firms"),
        -0.2, -0.03,
        "Granderson & Lin (2016), 28 sites with energy information systems: -8 % in the median portfolio, -17 % by site; Granderson et al. "
        "(2020), 104 buildings: -3 %, with fault detection -9 %; ISO 52120-1 (2021), class B against C: -20 % in offices",
    ),
    Size(
        "heat_network", "length: 20 km, months: 1", "CO2e of those connected, relative change", _per_flat, -0.7, -0.35,
        "FEDENE (2023): networks, 66.5 % renewable on average, emit about half of what gas does for the same heat; by network 0.05 to "
        "0.15 kg/kWh",
        months=13,
    ),
    Size(
        "rental_ban", "bans: {2021-01: f}, compliance: 26%", "banned dwellings let that are refurbished in a year", _mended, 0.02, 0.08,
        "one in ten social and one in three private leases ends in a year (INSEE, housing survey 2013), 26 % of landlords would do the "
        "works (Guy Hoquet, 2025)",
    ),
    Size(
        "street_lighting", "lights: 100%, months: 1", "electricity of lamps, relative change", _lamps, -0.75, -0.4,
        "ADEME (2021), renewal of public lighting: -40 to -75 %; Toulouse (2017-2020), LED and detection: up to -70 %",
    ),
    Size(
        "demand_response", "share: 100%, months: 1", "homes' power in the hours called, relative change", _called, -0.44, -0.13,
        "Faruqui & Sergici (2010), Journal of Regulatory Economics 38, 15 experiments: -13 to -20 % by prices, -27 to -44 % with automatic "
        "control", months=13,
    ),
    Size(
        "energy_sharing", "share: 100%, months: 1", "PV of roofs used in the building or by neighbours",
        lambda pair: _used_near(pair.found), 0.7, 1.0,
        "CRE (2023), operations of collective self-consumption: most use 70 to 100 % on the spot", months=6,
    ),
    Size(
        "public_pv", "power: 20 MWp, months: 1", "kWh a year of each kWp", _yield, 1050.0, 1350.0,
        "PVGIS 5.2 (2022), Toulouse: 1,300 kWh/kWp at the best slope, 1,100 flat", months=13,
    ),
    Size(
        "zoning", "area: all, dwellings_per_year: 12000", "elasticity of rents to the stock of dwellings", _elasticity_of_rent, -2.0, -0.2,
        "MHCLG (2018) and its review of models, England: 1 % more dwellings, prices lower by 1 to 2 % in the long run; Hanushek & Quigley "
        "(1980): price elasticity of demand -0.5, turned round -2; less in first years", months=36,
    ),
    Size(
        "health_centre", "doctors: 40, months: 1", "adults who found a doctor for each doctor", _patients, 700.0, 1300.0,
        "Assurance maladie (2022): about 1,000 adult patients for each treating doctor; DREES (2019): 800 to 1,300 by age and region",
    ),
    Size(
        "organic_waste_collection", "collected: 40%, months: 1", "kitchen waste apart [kg a person and year]", _kilos, 18.0, 46.0,
        "ADEME (2018), 125 territories: 46 kg for kitchen waste alone; La Gazette (2014): 18 kg",
    ),
    Size(
        "urban_greening", "area: all, canopy: 16%, months: 1", "K of warm hours for each point of canopy", _canopy, 0.02, 0.0625,
        "Ziter et al. (2019), PNAS 116: 0.02 to 0.03; Iungman et al. (2023), Lancet 401, 93 cities: 0.4 K for 15 points; Marando et al. "
        "(2022), 600 cities: 1 K for 16 points",
    ),
    Size(
        "waste_prevention", "prevention: 30%, months: 1", "kg CO2e for each tonne of residual waste avoided",
        _by_tonne("co2_waste", 1000.0), 200.0, 700.0,
        "ADEME, Base Carbone (2020): 362 kg burnt on average, more in landfills without capture",
    ),
    Size(
        "waste_prevention", "prevention: 30%, months: 1", "€ for each tonne of residual waste avoided", _by_tonne("waste_cost", 1.0),
        50.0, 280.0,
        "ADEME (2019), national reference of costs: 233 € a tonne of residual waste, rounds included, which follow tonnes in part only",
    ),
    Size(
        "water_saving", "households: 100%, months: 1", "drinking water used, relative change", lambda pair: pair.rise("water_used"),
        -0.12, -0.06,
        "Inman & Jeffrey (2006), Urban Water Journal 3: kits save 9 to 12 % of a household's water; households use about two thirds",
    ),
]  # fmt: skip
#: Kinds whose size another test holds against a published figure.
ELSEWHERE: dict[str, str] = {}
#: What falls short of them.
SHORT_ELSEWHERE: dict[str, str] = {}


@pytest.fixture(scope="module")
def toulouse(tmp_path_factory: pytest.TempPathFactory) -> Toulouse:
    return Toulouse(tmp_path_factory.mktemp("homes"))


@pytest.mark.parametrize("size", cases(SIZES))
def test_each_size_is_of_the_order_that_was_published(size: Size, toulouse: Toulouse) -> None:
    assert size.low <= size.of(toulouse) <= size.high
