"""What participants may propose: a kind of measure, its one amount within bounds, a district or everywhere, and a title of their own.

A proposal is never more than these values. What becomes of it is up to the facilitator: it is made an item of a scenario file, read by the
reader of scenario files, like every other edit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sim import RunError, kinds, month_name
from sim.live.branch import Branch
from sim.live.words import field_label, in_order, kind_title, unit_text, words
from sim.live.workshop import Workshop

LONGEST_TITLE = 80
#: Proposals of one phone, and of all.
MOST_EACH, MOST_PROPOSALS = 3, 60
#: Most money that a proposal of works may ask for [M€], and the months that works take unless the facilitator says otherwise.
MOST_MONEY, WORKS_MONTHS = 300.0, 24


class Offer(NamedTuple):
    """The amount of a kind: a field of its items, its unit as in a scenario file, bounds, step and where the slider begins."""

    field: str
    unit: str
    low: float
    high: float
    step: float
    first: float
    fixed: tuple[tuple[str, Any], ...] = ()  #: other fields that a kind needs
    local: bool = True  #: may be asked for in one district, if its kind may


OFFERS = {
    "speed_limit": Offer("speed", " km/h", 20, 50, 10, 30),
    "parking_price": Offer("price", " €/h", 0.5, 5, 0.5, 1),
    "cycle_network": Offer("length", " km", 5, 200, 5, 40, local=False),
    "transit_frequency": Offer("headway", "%", -50, -5, 5, -20, (("lines", "bus"),)),
    "transit_fare": Offer("change", "%", -100, 50, 10, -20),
    "bike_subsidy": Offer("amount", " €", 50, 1000, 50, 300),
    "ev_subsidy": Offer("amount", " €", 500, 10000, 500, 2000),
    "ev_charging": Offer("points", "", 50, 2000, 50, 300),
    "park_and_ride": Offer("places", "", 100, 5000, 100, 500),
    "school_streets": Offer("schools", "", 5, 200, 5, 30),
    "urban_greening": Offer("canopy", "%", 1, 15, 1, 3),
    "retrofit_subsidy": Offer("rate", "%", 5, 60, 5, 20),
    "heat_pump_subsidy": Offer("amount", " €", 500, 10000, 500, 3000),
    "pv_subsidy": Offer("amount", " €/kWp", 50, 1000, 50, 300),
    "public_pv": Offer("power", " MWp", 1, 100, 1, 10),
    "heat_network": Offer("length", " km", 5, 200, 5, 30),
    "energy_advice": Offer("reach", "%", 0.1, 2, 0.1, 0.5),
    "street_lighting": Offer("lights", "%", 10, 100, 10, 50),
    "participatory_budget": Offer("amount_per_year", " M€", 0.5, 20, 0.5, 2),
    "local_procurement": Offer("amount_per_year", " M€", 1, 100, 1, 10),
    "training": Offer("places_per_year", "", 100, 5000, 100, 500),
    "citizens_panel": Offer("seats", "", 50, 500, 50, 150),
}


@dataclass
class Proposal:
    """One proposal and what the room thinks of it."""

    number: int
    who: str
    title: str
    kind: str
    amount: float
    district: int  #: -1 everywhere
    money: float  #: [M€], of works only
    votes: dict[str, int] = field(default_factory=dict)  #: 1 or -1 by participant
    hidden: bool = False
    branch: int = -1  #: number of the branch it was made into

    @property
    def tally(self) -> tuple[int, int]:
        """(for, against)."""
        return sum(v > 0 for v in self.votes.values()), sum(v < 0 for v in self.votes.values())


def placed(kind: str) -> bool:
    """May be asked for in one district."""
    return bool(kinds()[kind].local) and OFFERS[kind].local


def checked(who: str, number: int, given: dict[str, Any], districts: int) -> Proposal:
    """A proposal of what a phone sent. Raises RunError, ValueError, TypeError or KeyError."""
    title = " ".join(str(given["title"])[: 2 * LONGEST_TITLE].split())[:LONGEST_TITLE]
    kind, amount = str(given["kind"])[:60], float(given["amount"])
    district, money = int(given.get("district", -1)), float(given.get("money", 0.0))
    if kind not in OFFERS:
        raise RunError("no such measure")
    offer, measure = OFFERS[kind], kinds()[kind]
    if not title or not title.isprintable():
        raise RunError(f"a title of 1 to {LONGEST_TITLE} characters")
    if not offer.low <= amount <= offer.high:
        raise RunError(f"{offer.field}: {offer.low:g} to {offer.high:g}{offer.unit}")
    if not -1 <= district < districts or (district >= 0 and not placed(kind)):
        raise RunError("no such district")
    if not 0.0 <= money <= MOST_MONEY:
        raise RunError(f"0 to {MOST_MONEY:g} M€")
    return Proposal(number, who, title, kind, amount, district, money if measure.works else 0.0)


def item_of(one: Proposal, start: int) -> dict[str, Any]:
    """The proposal as an item of a scenario file that begins in ``start``."""
    offer, measure = OFFERS[one.kind], kinds()[one.kind]
    out: dict[str, Any] = {
        "measure": one.kind,
        "id": f"proposal-{one.number}",
        "start": month_name(start),
        **dict(offer.fixed),
    }
    out[offer.field] = f"{one.amount:g}{offer.unit}"
    if measure.local:
        out["area"] = ["all"] if one.district < 0 else [f"district:{one.district}"]
    if measure.works:
        out |= {"months": WORKS_MONTHS, "capex": f"{one.money:g} M€"}
    return out


def as_branch(workshop: Workshop, number: int, one: Proposal) -> Branch:
    """Fork, and add the proposal from the month after the one shown. Raises RunError where it does not fit or cannot be paid."""
    branch = workshop.fork(number, one.title)
    try:
        workshop.edit(branch.number, changes=[item_of(one, min(workshop.shown + 1, workshop.scenario.end))])
    except RunError:
        workshop.close_branch(branch.number)
        raise
    one.branch = branch.number
    return branch


def told(one: Proposal, names: tuple[str, ...], language: str, everywhere: str) -> str:
    """What it asks for, in words: kind, amount, place, money."""
    offer = OFFERS[one.kind]
    where = names[one.district] if one.district >= 0 else everywhere
    amount = f"{field_label(offer.field, language, one.kind)}{words(language)['colon']}{one.amount:g}{shown_unit(offer, language)}"
    parts = [kind_title(one.kind, language), amount]
    parts += [where] if placed(one.kind) else []
    return " · ".join([*parts, f"{one.money:g} M€"] if one.money else parts)


def shown_unit(offer: Offer, language: str) -> str:
    """The unit of an amount, with the space before it."""
    return unit_text(offer.unit.replace("%", " %"), language)


def menu(language: str) -> list[dict[str, Any]]:
    """The kinds offered, for the form on a phone, by name."""
    known = kinds()
    rows = [
        {
            "kind": kind, "title": kind_title(kind, language), "label": field_label(offer.field, language, kind),
            "unit": shown_unit(offer, language), "low": offer.low, "high": offer.high, "step": offer.step, "first": offer.first,
            "local": placed(kind), "works": bool(known[kind].works),
        }
        for kind, offer in OFFERS.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: in_order(str(row["title"])))
