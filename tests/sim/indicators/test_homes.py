"""Indicators of homes, counted again one by one on a handmade world."""

from __future__ import annotations

import numpy as np
import pytest

from sim.codes import Heating, Retrofit
from sim.indicators.homes import INDICATORS
from sim.indicators.registry import Snapshot
from sim.measures.policies import axis_sizes, compose
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from tests.tiny import tiny_city, tiny_state


def snapshot() -> Snapshot:
    city = tiny_city()
    state = tiny_state(city, share=0.05)
    d = state.dwellings
    d.household[::5] = -1
    d.alive[::9] = False
    d.weight[:] = np.linspace(1.0, 30.0, len(d))
    d.cooled[::3], d.pv[::4], d.battery[::8], d.retrofit[::6] = True, 3.0, 5.0, Retrofit.ADVANCED
    d.works_until[::7] = state.month + 2
    d.works_until[1::7] = state.month
    return Snapshot(city, state, compose((), axis_sizes(city, 2)), Parameters(), Trends())


def test_every_indicator_is_what_a_count_gives() -> None:
    s = snapshot()
    d = s.state.dwellings
    has = {
        "cooled_share": d.cooled, "solar_share": d.pv > 0, "battery_share": d.battery > 0,
        "heat_network_share": d.heating == Heating.DISTRICT, "best_envelope_share": d.retrofit == Retrofit.ADVANCED,
    }  # fmt: skip
    for indicator in INDICATORS[:-1]:
        found = indicator.by_district(s)  # type: ignore[misc]
        for district in (None, *range(s.city.n_districts)):
            homes = [
                i for i in range(len(d))
                if d.alive[i] and d.household[i] >= 0 and (district is None or d.district[i] == district)
            ]  # fmt: skip
            total = sum(float(d.weight[i]) for i in homes)
            wanted = 100.0 * sum(float(d.weight[i]) for i in homes if has[indicator.name][i]) / total
            value = indicator.formula(s) if district is None else found[district]
            assert value == pytest.approx(wanted), (indicator.name, district)
            assert district is not None or value > 0.0


def test_works_under_way_give_the_yearly_pace() -> None:
    """Works take five months: 10 under way are 24 a year."""
    s = snapshot()
    d = s.state.dwellings
    under_way = sum(float(d.weight[i]) for i in range(len(d)) if d.alive[i] and d.works_until[i] > s.state.month)
    pace = next(i for i in INDICATORS if i.name == "retrofits_year").formula(s)
    assert pace == pytest.approx(under_way * 12.0 / 5.0)
    assert pace > 0.0
