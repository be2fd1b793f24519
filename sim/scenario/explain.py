"""``rebond explain``: the card of a parameter, an indicator or a measure, from the one place where it is declared."""

from __future__ import annotations

from dataclasses import MISSING
from typing import TYPE_CHECKING

from sim.errors import Fault, InputError, nearest
from sim.measures import Measure, kinds, shock_kinds
from sim.scenario.fields import fields_of
from sim.scenario.load import Item
from sim.scenario.parameters import Parameter, registry

if TYPE_CHECKING:
    from sim.indicators.registry import Indicator


def explain(name: str) -> str:
    """The cards of that name (a parameter may be called as the indicator it moves). Raises InputError on an unknown name."""
    from sim.indicators import INDICATORS

    measures = {**kinds(), **shock_kinds()}
    indicators = {i.name: i for i in INDICATORS}
    cards = []
    if name in measures:
        cards.append(_measure(measures[name]))
    if name in indicators:
        cards.append(_indicator(indicators[name]))
    if name in registry():
        cards.append(_parameter(registry()[name]))
    if not cards:
        known = [*registry(), *measures, *indicators]
        allowed = "a parameter of the registry, an indicator, or a kind of measure or shock"
        raise InputError(Fault("explain", repr(name), allowed, "", nearest(name, known)))
    return "\n\n".join(cards)


def _indicator(i: Indicator) -> str:
    better = {1: "more is better", -1: "less is better", 0: "neither more nor less is better"}[i.direction]
    return f"{i.name}: {i.label} [{i.unit}]\n  {i.meaning}\n  period: {i.period}; {better}; domain: {i.domain}"


def listing() -> str:
    """Every name that has a card, with its title."""
    from sim.indicators import INDICATORS

    groups: dict[str, dict[str, str]] = {
        "Measures": {name: kind.title for name, kind in kinds().items()},
        "Shocks": {name: kind.title for name, kind in shock_kinds().items()},
        "Indicators": {i.name: f"{i.label} [{i.unit}]" for i in INDICATORS},
        "Parameters": {name: f"{p.meaning} [{p.unit}]" for name, p in registry().items()},
    }
    return "\n\n".join(
        "\n".join([title, *(f"  {name:32} {text}" for name, text in rows.items())]) for title, rows in groups.items()
    )


def _parameter(p: Parameter) -> str:
    return (
        f"{p.name} = {p.default:g} {p.unit}\n  {p.meaning}\n  plausible from {p.low:g} to {p.high:g} {p.unit}\n"
        f"  status: {p.status}; source: {p.source}; domain: {p.domain}"
    )


def _measure(kind: type[Measure]) -> str:
    lines = [f"{kind.kind}: {kind.title}", f"  {kind.card}", "  fields:"]
    for name, f in {**fields_of(kind), **fields_of(Item)}.items():
        given = "required" if f.default is MISSING else "optional"
        lines.append(f"    {name} ({given}): {f.metadata['meaning']}; {f.metadata['kind'].allowed}")
    lines.append(f"  acts on: {', '.join(kind.levers)}")
    lines += [f"  source: {source}" for source in kind.sources]
    return "\n".join(lines)
