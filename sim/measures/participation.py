"""Measures with citizens as co-builders: consultations, panels drawn by lot (the participatory budget stands in economy.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.columns import Ints
from sim.measures.base import Context, Measure
from sim.measures.policies import Contribution
from sim.scenario.fields import Choice, Number, OneOrMany, Quantity, Text, item
from sim.units import SHARE

ABOUT = "ids of the measures on the agenda; without any, all that is public and not yet in force"


def _off_agenda(about: tuple[str, ...], context: Context) -> Ints:
    """Rows of the measures that an agenda leaves out; none without an agenda."""
    return np.array([i for i, name in enumerate(context.ids) if about and name not in about], np.int64)


def _mentions(about: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return (("about", name) for name in about)


@dataclass(frozen=True, kw_only=True)
class Consultation(Measure):
    """Citizens are asked about what is planned where they live."""

    kind: ClassVar[str] = "consultation"
    title: ClassVar[str] = "Consultation"
    card: ClassVar[str] = (
        "Each month a share of the area's adults is invited; those who come help to design the measures that are public there and not yet "
        "in force (of these, what the agenda names), whose support then rises among those who came and a little among others. Who comes "
        "is not the city: the educated, the middle-aged, those who trust and those who are touched come more."
    )
    levers: ClassVar[tuple[str, ...]] = ("consultation", "off_agenda")
    sources: ClassVar[tuple[str, ...]] = (
        "Toulouse: 350 citizens co-built the open metropole plan (2015-2017); 7,840 people on 560 neighbourhood walks since 2021",
    )
    local: ClassVar[bool] = True
    expected_drivers: ClassVar[float] = 0.1
    expected_others: ClassVar[float] = 0.1

    reach: float = item(Quantity(SHARE, 0.0, 1.0), "share of adults invited a month")
    about: tuple[str, ...] = item(OneOrMany(Text(60)), ABOUT, ())

    def empty(self) -> bool:
        return self.reach == 0.0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        reach = context.scale * self.reach
        yield Contribution("consultation", reach, context.districts)
        yield Contribution("off_agenda", reach, np.ix_(_off_agenda(self.about, context), context.districts))

    def mentions(self) -> Iterator[tuple[str, str]]:
        return _mentions(self.about)


@dataclass(frozen=True, kw_only=True)
class CitizensPanel(Measure):
    """A panel of citizens drawn by lot that works on what is planned."""

    kind: ClassVar[str] = "citizens_panel"
    title: ClassVar[str] = "Citizens' panel"
    card: ClassVar[str] = (
        "Adults are drawn by lot; with quotas each group of age and income gets its share of seats, without them those who accept "
        "more readily fill the panel. Members help to design all measures that are public and not yet in force, or those on the agenda; "
        "their days are paid."
    )
    levers: ClassVar[tuple[str, ...]] = ("citizens_panel", "panel_off_agenda", "panel_quotas")
    sources: ClassVar[tuple[str, ...]] = (
        "Convention citoyenne pour le climat: 150 members, 86 € a day",
        "OECD (2020), Catching the Deliberative Wave",
    )
    expected_drivers: ClassVar[float] = 0.1
    expected_others: ClassVar[float] = 0.1

    seats: int = item(Number(0, 5000, whole=True), "members")
    quotas: str = item(Choice(("yes", "no")), "seats shared out by age and income", "yes")
    about: tuple[str, ...] = item(OneOrMany(Text(60)), ABOUT, ())

    def empty(self) -> bool:
        return self.seats == 0

    def contributions(self, context: Context) -> Iterable[Contribution]:
        yield Contribution("citizens_panel", context.scale * self.seats)
        yield Contribution("panel_off_agenda", context.scale * self.seats, _off_agenda(self.about, context))
        yield Contribution("panel_quotas", float(self.quotas == "yes"))

    def mentions(self) -> Iterator[tuple[str, str]]:
        return _mentions(self.about)

    def yearly_cost(self, context: Context) -> float:
        p = context.parameters
        return context.scale * self.seats * p["panel_days"] * p["panel_day"]
