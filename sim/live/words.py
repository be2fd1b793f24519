"""What the pages say, in English and French. Names of indicators and measures come from their own registries in English."""

from __future__ import annotations

import csv
import io
import math
from functools import cache
from importlib.resources import files
from typing import Any

from sim import INDICATORS, kinds, shock_kinds

LANGUAGES = ("en", "fr")
MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "fr": ["janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
}
#: Rows of words.csv: what kind of word, its key, English (empty: the registry's own), French.
TABLE = list(csv.DictReader(io.StringIO(files("sim.live").joinpath("words.csv").read_text("utf-8"))))
#: Rows of cards.csv: a kind of measure or shock, and its explanation in French.
CARDS = list(csv.DictReader(io.StringIO(files("sim.live").joinpath("cards.csv").read_text("utf-8"))))


@cache
def _column(of: str, language: str) -> dict[str, str]:
    return {row["key"]: row[language] or row["key"] for row in TABLE if row["of"] == of}


def words(language: str) -> dict[str, str]:
    """Everything said, in one language."""
    return _column("word", language)


def coded(name: str, language: str) -> str:
    """A code's name for people: an activity, a way of travelling, a heating system."""
    return _column("code", language).get(name, name.replace("_", " "))


def indicator_label(name: str, language: str) -> str:
    """An indicator's name for people."""
    label = {i.name: i.label for i in INDICATORS}[name]
    return _column("indicator", "fr").get(name, label) if language == "fr" else label


def kind_title(kind: str, language: str) -> str:
    """A kind of measure or shock for people."""
    known: dict[str, Any] = {**kinds(), **shock_kinds()}
    return _column("kind", "fr").get(kind, str(known[kind].title)) if language == "fr" else str(known[kind].title)


def card(kind: str, language: str) -> str:
    """What a kind of measure or shock does, for people."""
    known: dict[str, Any] = {**kinds(), **shock_kinds()}
    french = {row["kind"]: row["fr"] for row in CARDS} if language == "fr" else {}
    return french.get(kind) or str(known[kind].card)


def field_label(name: str, language: str, kind: str = "") -> str:
    """A field of measures and shocks for people; where it means something else to a kind, that kind's own."""
    table = _column("field", language)
    return table.get(f"{kind}.{name}") or table.get(name) or name.replace("_", " ").capitalize()


def month_text(month: int, language: str) -> str:
    """ "Mar 2022"."""
    return f"{MONTHS[language][month % 12]} {month // 12}"


def number(value: float, language: str) -> str:
    """A number for people: three digits that count, spaces or commas between thousands."""
    if value != value:
        return "–"
    size = abs(value)
    digits = (
        0
        if size >= 100
        else 1
        if size >= 10
        else 2
        if size >= 1 or size == 0.0
        else min(5, 2 - math.floor(math.log10(size)))
    )
    text = f"{value:,.{digits}f}"
    return text.replace(",", "\u202f").replace(".", ",") if language == "fr" else text


def unit_text(unit: str, language: str) -> str:
    """A unit for people: its words in their language."""
    table = _column("unit", language)
    return "/".join(" ".join(table.get(word, word) for word in part.split(" ")) for part in unit.split("/"))


def larger(value: float, unit: str) -> tuple[float, str]:
    """Size and name of the unit that a value is told in: large money, energy and masses in their larger units."""
    head, slash, rest = unit.partition("/")
    for small, large, size in (("€", "M€", 1e6), ("MWh", "GWh", 1e3), ("tCO2e", "ktCO2e", 1e3)):
        if head == small and abs(value) >= 10 * size:
            return size, large + slash + rest
    return 1.0, unit


def amount(value: float, unit: str, language: str) -> str:
    """A number with its unit."""
    size, name = larger(value, unit)
    return f"{number(value / size, language)} {unit_text(name, language)}".removesuffix(" -")
