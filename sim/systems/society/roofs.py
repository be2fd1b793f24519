"""Roofs: who mounts PV, how much the roof carries, and who adds a battery."""

from __future__ import annotations

import numpy as np

from kernels.draws import below, stream, uniforms
from sim.codes import DwellingType
from sim.columns import Floats, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State
from sim.systems.society.contacts import Near
from sim.systems.society.works import book, lived_in, means, owned

SMALLEST = 1.0  #: systems below are not sold with an installer [kWp]


def install_pv(state: State, policies: Policies, p: Parameters, trends: Trends, near: Near) -> None:
    """Owners of houses install rooftop PV at the market's rate, moved by grants, advice, neighbours and the direction of the roof.

    Contacts count by how far they are ahead of the country's households, whose contacts are in the market's rate already; so do roofs by
    how far they look southward of the houses still without PV.
    """
    d, h = state.dwellings, state.households
    house = _without_pv(state)
    rate = trends.at("pv_rate", state.month) / 12.0 * np.exp(p["pv_per_100"] * float(policies.pv_grant[0]) / 100.0)
    south = np.exp(p["pv_south"] * np.cos(np.radians(d.roof_azimuth[house] - 180.0)))
    usual = float((d.weight[house] * south).sum()) / max(float(d.weight[house].sum()), 1e-300)
    country = trends.at("households_solar", state.month)
    furthest = max(p["pv_contacts"] * (1.0 - country), p["pv_contacts"] * -country)
    most = rate * max(1.0 + furthest + max(p["pv_advice"], 0.0) * policies.advice.max(), 0.0) * south.max(initial=0.0)
    # to be sure of those on the edge: the same product in another order may round down
    asked, draw = below(
        state.seed, stream("society.pv"), d.id[house], state.month, 0, most / max(usual, 1e-300) * (1.0 + 1e-9)
    )
    rows, south = house[asked], south[asked]
    ahead = near[d.household[rows]] - country
    chance = rate * np.maximum(1.0 + p["pv_contacts"] * ahead + p["pv_advice"] * policies.advice[d.district[rows]], 0.0)
    rows = rows[draw < chance * south / max(usual, 1e-300)]
    wanted = p["pv_size"] * (0.6 + 0.8 * uniforms(state.seed, stream("society.pv.size"), d.id[rows], 0, 0))
    size = np.minimum(wanted, roof_room(state, rows, p))
    grant = np.minimum(float(policies.pv_grant[0]), p["pv_price"]) * size
    afford = (p["pv_price"] * size - grant <= means(state, d.household[rows], p)) & (size >= SMALLEST)
    rows, size, grant = rows[afford], size[afford], grant[afford]
    d.pv[rows] = size
    w = d.weight[rows]
    state.society.adopted[5] += float(w.sum())
    state.society.granted[3] += np.bincount(h.quintile[d.household[rows]], weights=w * grant, minlength=5)
    book(state, d.household[rows], w, p["pv_price"] * size, grant, np.zeros(len(rows)), p)


def _without_pv(state: State) -> Ints:
    """Rows of lived-in houses of owners without PV."""
    d = state.dwellings
    house = np.flatnonzero((d.kind <= DwellingType.TH) & (d.pv == 0.0))
    house = house[lived_in(state, house)]
    return house[owned(state, house)]


def roof_room(state: State, rows: Ints, p: Parameters) -> Floats:
    """(n,) PV that the plane of the roof that faces the sun most carries [kWp]: half of a gable roof over the house's footprint."""
    d = state.dwellings
    plane = 0.5 * d.area[rows] / p["house_storeys"] / np.cos(np.radians(d.roof_tilt[rows]))
    return np.asarray(plane * p["roof_usable"] / p["pv_module_area"])


def add_batteries(state: State, policies: Policies, p: Parameters, trends: Trends) -> None:
    """Owners with PV add a battery at the market's rate moved by the grant, sized after the PV."""
    d, h = state.dwellings, state.households
    given = min(float(policies.battery_grant[0]), p["battery_price"])
    chance = trends.at("battery_rate", state.month) / 12.0 * np.exp(p["battery_per_100"] * given / 100.0)
    rows, _ = below(state.seed, stream("society.battery"), d.id, state.month, 0, chance)
    rows = rows[lived_in(state, rows) & (d.pv[rows] > 0.0) & (d.battery[rows] == 0.0)]
    rows = rows[owned(state, rows)]
    size = p["battery_per_kwp"] * d.pv[rows]
    grant = given * size
    afford = p["battery_price"] * size - grant <= means(state, d.household[rows], p)
    rows, size, grant = rows[afford], size[afford], grant[afford]
    d.battery[rows] = size
    w = d.weight[rows]
    state.society.adopted[8] += float(w.sum())
    state.society.granted[5] += np.bincount(h.quintile[d.household[rows]], weights=w * grant, minlength=5)
    book(state, d.household[rows], w, p["battery_price"] * size, grant, np.zeros(len(rows)), p)
