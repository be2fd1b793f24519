"""What the pages say, in English and French. Names of indicators and measures come from their own registries in English."""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

from sim import INDICATORS, kinds, shock_kinds
from sim.documents import fields_of

LANGUAGES = ("en", "fr")
MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "fr": ["janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
}


def typeset(text: str) -> str:
    """French with its spaces that never break: before ; : ? ! » % €, after «."""
    return re.sub(r" (?=[;:?!»%]|[kM]?€)|(?<=«) ", "\u202f", text)


def table(name: str) -> list[dict[str, str]]:
    """A table of what is said, its French set with its spaces."""
    rows = csv.DictReader(io.StringIO(files("sim.live").joinpath(name).read_text("utf-8")))
    return [{**row, "fr": typeset(row["fr"])} for row in rows]


#: What kind of word, its key, English (empty: the registry's own), French.
TABLE = table("words.csv")
#: A kind of measure or shock, and its explanation in French.
CARDS = table("cards.csv")
#: What an indicator, or a field of measures and shocks, is, in French (their registries have the English).
MEANINGS = table("meanings.csv")


@cache
def _meanings(of: str) -> dict[str, str]:
    return {row["key"]: row["fr"] for row in MEANINGS if row["of"] == of}


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


def indicator_meaning(name: str, language: str) -> str:
    """What an indicator is, for people."""
    french = _meanings("indicator").get(name) if language == "fr" else ""
    return french or {i.name: i.meaning for i in INDICATORS}[name]


def field_meaning(kind: str, name: str, language: str) -> str:
    """What a field of a kind of measure or shock is, for people."""
    known: dict[str, Any] = {**kinds(), **shock_kinds()}
    french = _meanings("field") if language == "fr" else {}
    return french.get(f"{kind}.{name}") or french.get(name) or str(fields_of(known[kind])[name].metadata["meaning"])


def kind_title(kind: str, language: str) -> str:
    """A kind of measure or shock for people."""
    known: dict[str, Any] = {**kinds(), **shock_kinds()}
    return _column("kind", "fr").get(kind, str(known[kind].title)) if language == "fr" else str(known[kind].title)


def card(kind: str, language: str) -> str:
    """What a kind of measure or shock does, for people."""
    known: dict[str, Any] = {**kinds(), **shock_kinds()}
    french = {row["kind"]: row["fr"] for row in CARDS} if language == "fr" else {}
    return french.get(kind) or str(known[kind].card)


def field_labels(language: str) -> dict[str, str]:
    """Labels of fields, by their name or that of a kind before it."""
    return _column("field", language)


def field_label(name: str, language: str, kind: str = "") -> str:
    """A field of measures and shocks for people; where it means something else to a kind, that kind's own."""
    known = field_labels(language)
    return known.get(f"{kind}.{name}") or known.get(name) or name.replace("_", " ").capitalize()


def in_order(text: str) -> str:
    """What a text is sorted by: capitals and accents do not count."""
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


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
    text = text if any(digit in text for digit in "123456789") else "0" if digits > 2 else text.lstrip("-")
    return text.replace(",", "\u202f").replace(".", ",") if language == "fr" else text


def decimal(value: float, digits: int, language: str) -> str:
    """A number with so many digits after the point, or the comma; none is below zero by its rounding alone."""
    text = f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")
    return text.replace(".", ",") if language == "fr" else text


def unit_text(unit: str, language: str) -> str:
    """A unit for people: its words in their language."""
    known = _column("unit", language)
    return "/".join(" ".join(known.get(word, word) for word in part.split(" ")) for part in unit.split("/"))


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
