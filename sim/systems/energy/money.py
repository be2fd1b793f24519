"""What the month's energy costs and who is paid: households, firms and the metropole pay suppliers, the State, and one another."""

from __future__ import annotations

from collections.abc import Mapping

from sim.codes import Carrier, EnergyUse, Party, Purpose
from sim.columns import Floats
from sim.state import State
from sim.systems.energy.homes import Homes, standing
from sim.systems.energy.tariffs import BUILDING, Tariffs, tax_shares

HOME_USES = (EnergyUse.HEATING, EnergyUse.HOT_WATER, EnergyUse.APPLIANCES, EnergyUse.COOLING, EnergyUse.COOKING)


def book(state: State, homes: Homes, prices: Tariffs, sharing_gain: float, parameters: Mapping[str, float]) -> None:
    """Payments of households and firms from the energies themselves (weights of dwellings and cars)."""
    e, k = state.energy, len(BUILDING)
    bought = e.final[:, :k][:, :, list(HOME_USES)].sum(axis=(0, 2)) * 1000.0
    bought[Carrier.ELECTRICITY] += float((homes.weight * (homes.charging - homes.pv_used)).sum())
    cost = bought * prices.home
    tax = float((cost * tax_shares(parameters)).sum())
    charges = float((homes.weight * standing(homes, prices)).sum())
    state.pay(Party.HOUSEHOLDS, Party.OUTSIDE, float(cost.sum()) - tax + charges - sharing_gain, Purpose.ENERGY)
    state.pay(Party.HOUSEHOLDS, Party.STATE, tax, Purpose.TAXES)
    sold = float((homes.weight * (homes.pv - homes.pv_used - homes.kept)).sum())
    state.pay(Party.OUTSIDE, Party.HOUSEHOLDS, sold * prices.feed_in, Purpose.ENERGY)
    _book_firms(state, e.final[:, :k, EnergyUse.TERTIARY].sum(axis=0) * 1000.0 * prices.firm, parameters)


def _book_firms(state: State, cost: Floats, parameters: Mapping[str, float]) -> None:
    firms = float(cost.sum())
    tax = firms * parameters["energy_tax_share_firms"]
    state.pay(Party.FIRMS, Party.OUTSIDE, firms - tax, Purpose.ENERGY)
    state.pay(Party.FIRMS, Party.STATE, tax, Purpose.TAXES)


def book_public(state: State, prices: Tariffs, used: Floats, made: Floats) -> None:
    """Street lighting and data are the metropole's; its panels serve public floors, which pay it what they would have paid outside.

    ``used``, ``made`` (D,) kWh of public panels.
    """
    e, price = state.energy, float(prices.firm[Carrier.ELECTRICITY])
    own = e.final[:, Carrier.ELECTRICITY, [EnergyUse.LIGHTING, EnergyUse.DATA]].sum() * 1000.0
    state.pay(Party.METROPOLE, Party.OUTSIDE, float(own) * price, Purpose.ENERGY)
    served = float(used.sum()) * price
    state.pay(Party.OUTSIDE, Party.FIRMS, served, Purpose.ENERGY)  # bought less: their floors are booked whole
    state.pay(Party.FIRMS, Party.METROPOLE, served, Purpose.ENERGY)
    state.pay(Party.OUTSIDE, Party.METROPOLE, (float(made.sum()) - float(used.sum())) * prices.feed_in, Purpose.ENERGY)
