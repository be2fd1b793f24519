"""Dwellings built and pulled down: like the latest ones, as the national code of the day and the roadmap's own ask."""

from __future__ import annotations

import numpy as np

from sim.agents.growth import append, clones
from sim.agents.lifecourse import draw
from sim.agents.moves import BUILT, DEMOLISHED
from sim.codes import DwellingType, Heating, Party, Purpose, Retrofit
from sim.columns import Array, Ints
from sim.measures.policies import Policies
from sim.scenario.parameters import Parameters
from sim.scenario.trends import Trends
from sim.state import State

LATEST = 9  #: construction period 2013 and later


def build(state: State, policies: Policies, parameters: Parameters, trends: Trends) -> None:
    """New dwellings where and like the latest were built; old vacant ones are pulled down."""
    d, month = state.dwellings, state.month
    total = d.weight[d.alive].sum()
    latest = np.flatnonzero(d.alive & (d.period == LATEST))
    latest = latest if len(latest) else np.flatnonzero(d.alive)
    model = _where_allowed(state, policies, parameters, latest, trends.at("dwellings_built", month) * total / 12_000.0)
    old = np.flatnonzero(d.alive & (d.household < 0) & (d.period < LATEST))
    down = _drawn(state, "demolish", old, trends.at("dwellings_demolished", month) * total / 12_000.0)
    new = clones(d, model)
    n = len(model)
    new.update(
        household=np.full(n, -1), period=np.full(n, LATEST), retrofit=np.full(n, Retrofit.EXISTING), pv=np.zeros(n),
        battery=np.zeros(n), heating=_heating(state, new, latest, trends), heating_since=np.full(n, month),
        works_until=np.full(n, -1), works_to=np.zeros(n),
    )  # fmt: skip
    _go_beyond(state, new, policies, parameters)
    append(state, "dwellings", new, model)
    d.alive[down] = False
    state.flows[BUILT] += new["weight"].sum()
    state.flows[DEMOLISHED] += d.weight[down].sum()


def _where_allowed(state: State, policies: Policies, p: Parameters, latest: Ints, wanted: float) -> Ints:
    """Models of this month's new dwellings: builders go where they went lately, as far as zoning lets them.

    What a district refuses goes in part to those without a limit; of what one allows beyond what would be built, a part is.
    """
    d, allowed = state.dwellings, policies.dwellings_allowed / 12.0
    limited = np.isfinite(allowed)
    if not limited.any():
        return _drawn(state, "build", latest, wanted)
    n = len(allowed)
    stock = np.bincount(d.district[latest], weights=d.weight[latest], minlength=n)
    usual = wanted * stock / max(float(stock.sum()), 1e-300)
    refused = np.maximum(usual - np.where(limited, allowed, usual), 0.0)
    beyond = np.where(limited, np.maximum(allowed - usual, 0.0), 0.0) * p["zoning_built"]
    open_to = np.where(limited, 0.0, usual)
    moved = p["zoning_elsewhere"] * refused.sum() * open_to / max(float(open_to.sum()), 1e-300)
    bare = np.flatnonzero(
        d.alive & (stock == 0.0)[d.district] & (beyond > 0.0)[d.district]
    )  # nothing recent to take after
    models = np.sort(np.concatenate([latest, bare]))
    stock = np.bincount(d.district[models], weights=d.weight[models], minlength=n)
    chance = (usual - refused + beyond + moved) / np.maximum(stock, 1e-300)
    u = draw(state, "build", d.id[models])
    times = np.floor(chance[d.district[models]] + 1.0 - u).astype(np.int64)  # once if u < chance, more often above one
    return np.repeat(models, times)


def _heating(state: State, new: dict[str, Array], latest: Ints, trends: Trends) -> Array:
    """Heating of new dwellings: gas keeps the share it has among the country's new dwellings, the rest of it become heat pumps.

    Nobody heats new dwellings with oil.
    """
    d, heating = state.dwellings, new["heating"].copy()
    for name, house in (("gas_new_house", True), ("gas_new_flat", False)):
        alike = latest[(d.kind[latest] <= DwellingType.TH) == house]
        weight = d.weight[alike]
        gas = float(weight[d.heating[alike] == Heating.GAS].sum()) / max(float(weight.sum()), 1e-300)
        kept = trends.at(name, state.month) / max(gas, 1e-300)
        mine = ((new["kind"] <= DwellingType.TH) == house) & (heating == Heating.GAS)
        heating[mine & (draw(state, "gas", new["id"]) >= kept)] = Heating.HEAT_PUMP
    heating[heating == Heating.OIL] = Heating.HEAT_PUMP
    return np.asarray(heating)


def _go_beyond(state: State, new: dict[str, Array], policies: Policies, p: Parameters) -> None:
    """The roadmap's own code: the best envelope and a heat pump, or the heat network that reaches the block; buyers pay the rest."""
    beyond = draw(state, "beyond", new["id"]) < float(policies.new_building_code[0])
    if not beyond.any():
        return
    block = (new["kind"] == DwellingType.AB) & (
        draw(state, "network", new["id"], lasting=True) < policies.heat_network[new["district"]]
    )
    best = np.where(block | (new["heating"] == Heating.DISTRICT), Heating.DISTRICT, Heating.HEAT_PUMP)
    new["retrofit"] = np.where(beyond, Retrofit.ADVANCED, new["retrofit"])
    new["heating"] = np.where(beyond, best, new["heating"])
    extra = p["building_code_cost"] * float((new["weight"] * new["area"])[beyond].sum())
    state.pay(Party.HOUSEHOLDS, Party.FIRMS, extra, Purpose.WORKS)


def _drawn(state: State, name: str, rows: Ints, wanted: float) -> Ints:
    """Rows drawn with one probability so that ``wanted`` real dwellings are expected."""
    d = state.dwellings
    share = wanted / max(float(d.weight[rows].sum()), 1e-300)
    return rows[draw(state, name, d.id[rows]) < share]
