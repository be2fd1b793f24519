"""Conditions of adaptation rules: what stands after ``when:`` and ``rearm:``, from text to something that can be judged.

Grammar (words in capitals are the scenario's own)::

    condition := all { "or" all }            all := clause { "and" clause }
    clause    := reading  < <= > >=  bound  [ "for" N "months" ]
    reading   := INDICATOR | change(INDICATOR) | change(INDICATOR, 2022) | change(INDICATOR, 12 months)
               | support(MEASURE) | protest(MEASURE) | late(MEASURE) | budget_left | budget_left(BODY) | debt_left
               | date | months_to_election | months_since_election
    bound     := a number with the reading's unit | target path [ + 2% ]

``change`` is against the first year reported, against a year, or against the same month so many months before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sim.errors import nearest
from sim.months import parse_month
from sim.units import MONEY, NUMBER, SHARE, parse_quantity

#: Longest text of a condition, and most months of a "for" or of a change.
LONGEST_TEXT = 300
LONGEST_FOR = 120
OPERATORS = ("<=", ">=", "<", ">")
#: Readings that stand alone, and those of a measure, with what they are compared with.
ALONE = ("budget_left", "debt_left", "date", "months_to_election", "months_since_election")
OF_MEASURE = ("support", "protest", "late")
_MONEY_PREFIXES = {"k": 1e3, "M": 1e6, "G": 1e9}
_OUTSIDE = r"(?![^()]*\))"  # not within brackets: a measure may be called "walk and ride"
_CLAUSE = re.compile(r"([a-z][a-z0-9_]*)\s*(\(.*\))?\s*(<=|>=|<|>)\s*(.*?)(?:\s+for\s+([0-9]{1,4})\s+months?)?\s*")
_PATH = re.compile(rf"target\s+path(?:\s*([+-])\s*({NUMBER}\s*%))?")
_NUMBER = re.compile(rf"({NUMBER})\s*(\S.*?)?\s*")


@dataclass(frozen=True)
class Reading:
    """What the municipality looks at: ``kind`` is level, change, or one of the words above."""

    kind: str
    name: str = ""  #: indicator, measure or body
    against: int = 0  #: of a change: 0 first year, 1..120 months before, else a calendar year

    def __str__(self) -> str:
        if self.kind == "level":
            return self.name
        more = "" if not self.against else f", {self.against}" + (" months" if self.against <= LONGEST_FOR else "")
        return f"{self.kind}({self.name}{more})" if self.name else self.kind


@dataclass(frozen=True)
class Clause:
    """One comparison. With ``path`` the bound is the indicator's target path times one plus ``bound``."""

    reading: Reading
    operator: str
    bound: float
    path: bool = False
    months: int = 1  #: in a row that it must be true


@dataclass(frozen=True)
class Condition:
    """True if all clauses of one of ``any_of`` are."""

    text: str
    any_of: tuple[tuple[Clause, ...], ...]

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """All clauses in the order of the text."""
        return tuple(clause for group in self.any_of for clause in group)


class UnreadableError(ValueError):
    """A text that is no condition: what was found, what is allowed, the nearest name."""

    def __init__(self, found: str, allowed: str, near: str = "") -> None:
        super().__init__(found)
        self.found, self.allowed, self.near = found, allowed, near


@dataclass(frozen=True)
class Names:
    """What a scenario's conditions and actions may refer to."""

    indicators: Mapping[str, str]  #: unit by name
    measures: Sequence[str]  #: ids that rules may change
    reserve: Sequence[str] = ()  #: of which held in reserve
    paths: Sequence[str] = ()  #: indicators that have a target path
    bodies: Sequence[str] = ()
    elections: bool = False
    fixed: Mapping[str, str] = field(default_factory=dict)  #: kinds of measures that have no size, by id


def parse_condition(text: str, names: Names) -> Condition:
    """Read a condition. Raises UnreadableError on its first fault."""
    if not text.strip() or len(text) > LONGEST_TEXT or not text.isprintable():
        raise UnreadableError("no text" if not text.strip() else "a text too long or unprintable", _ALLOWED)
    groups = re.split(rf"\s+or\s+{_OUTSIDE}", text.strip())
    parsed = tuple(tuple(_clause(part, names) for part in re.split(rf"\s+and\s+{_OUTSIDE}", group)) for group in groups)
    return Condition(" ".join(text.split()), parsed)


_ALLOWED = "a comparison such as support(ID) < 35%, INDICATOR > target path for 6 months, joined by and, or"


def _clause(text: str, names: Names) -> Clause:
    match = _CLAUSE.fullmatch(text.strip())
    if match is None:
        raise UnreadableError(repr(text.strip()), _ALLOWED)
    word, inside, operator, bound, months = match.groups()
    reading = _reading(word, inside[1:-1].strip() if inside else None, names)
    duration = int(months) if months else 1
    if not 1 <= duration <= LONGEST_FOR:
        raise UnreadableError(f"for {months} months", f"for 1 to {LONGEST_FOR} months")
    path = _PATH.fullmatch(bound)
    if path is None:
        return Clause(reading, operator, _bound(reading, bound, names), False, duration)
    if reading.kind != "level" or reading.name not in names.paths:
        raise UnreadableError(
            f"target path for {reading}",
            "target path only for an indicator with a target against start or a figure"
            + (f": {', '.join(names.paths)}" if names.paths else ", of which there is none"),
        )
    margin = parse_quantity(path[2], SHARE) if path[2] else 0.0
    return Clause(reading, operator, -margin if path[1] == "-" else margin, True, duration)


def _reading(word: str, inside: str | None, names: Names) -> Reading:
    if inside is None:
        if word in names.indicators:
            return Reading("level", word)
        if word in ALONE:
            return _alone(word, names)
        known = [*names.indicators, *ALONE]
        raise UnreadableError(repr(word), "an indicator, change(...), support(ID), protest(ID), " + ", ".join(ALONE),
                         nearest(word, known))  # fmt: skip
    if word == "change":
        return _change(inside, names)
    if word in OF_MEASURE:
        if inside not in names.measures:
            raise UnreadableError(repr(inside), "the id of a measure", nearest(inside, names.measures))
        return Reading(word, inside)
    if word == "budget_left":
        if inside not in names.bodies:
            raise UnreadableError(repr(inside), "a body named under bodies", nearest(inside, names.bodies))
        return Reading(word, inside)
    known = ["change", *OF_MEASURE, "budget_left"]
    raise UnreadableError(f"{word}(...)", f"one of {', '.join(known)} before brackets", nearest(word, known))


def _alone(word: str, names: Names) -> Reading:
    if "election" in word and not names.elections:
        raise UnreadableError(word, "readings of elections only where the file has elections:")
    return Reading(word)


def _change(inside: str, names: Names) -> Reading:
    name, comma, rest = (part.strip() for part in inside.partition(","))
    if name not in names.indicators:
        raise UnreadableError(repr(name), "the name of an indicator", nearest(name, list(names.indicators)))
    if not comma:
        return Reading("change", name)
    match = re.fullmatch(r"([0-9]{4})|([0-9]{1,3})\s+months?", rest)
    if match is None or (match[2] and not 1 <= int(match[2]) <= LONGEST_FOR) or (match[1] and int(match[1]) < 1900):
        raise UnreadableError(repr(rest), f"a year such as 2022, or 1 to {LONGEST_FOR} months")
    return Reading("change", name, int(match[1] or match[2]))


def _bound(reading: Reading, text: str, names: Names) -> float:
    """The bound in the unit of the reading. Raises UnreadableError."""
    try:
        if reading.kind == "date":
            return float(parse_month(text))
        if reading.kind in ("change", "support"):
            return parse_quantity(text, SHARE)
        if reading.kind in ("budget_left", "debt_left"):
            return parse_quantity(text, MONEY)
        unit = {"protest": "persons", "level": names.indicators.get(reading.name, "-")}.get(reading.kind, "months")
        return _in_unit(text, unit)
    except ValueError as error:
        raise UnreadableError(repr(text), f"for {reading}: {_example(reading, names)}") from error


def _in_unit(text: str, unit: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(text)
    given, size = " ".join((match[2] or "-").split()), 1.0
    if unit.startswith("€") and given[1:] == unit and given[0] in _MONEY_PREFIXES:
        given, size = unit, _MONEY_PREFIXES[given[0]]
    if unit == "months" and given == "month":
        given = unit
    value = float(re.sub(r"[ _]", "", match[1])) * size
    if given != unit or not math.isfinite(value):
        raise ValueError(text)
    return value


def _example(reading: Reading, names: Names) -> str:
    if reading.kind == "level":
        unit = names.indicators[reading.name]
        said = "a number without unit" if unit == "-" else f"a number in {unit}, the unit written"
        return said + (", or target path" if reading.name in names.paths else "")
    return {
        "date": "a month such as 2023-06", "change": "a share such as -3%", "support": "a share such as 35%",
        "protest": "a number of persons, such as 5000 persons", "budget_left": "an amount such as 20 M€",
        "debt_left": "an amount such as 20 M€",
    }.get(reading.kind, "a number of months, such as 6 months")  # fmt: skip
