"""Sentences with values in them, in French: refusals with their reason, lines of the journal.

The code that refuses says it in English and knows no page. sentences.csv holds each of these sentences as a template with named places:
``{name}`` any text, itself translated if it is such a sentence; ``{name:w}`` one word, an id; ``{name:n}`` a figure, ``{name:q}`` one with
its unit; ``{name:u}`` units; ``{name:m}`` a month; ``{name:f}`` the place of a field in a file, told by the field's label.
What no template fits is shown as it was said.
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING

from sim import parse_month
from sim.live.words import field_labels, month_text, table

if TYPE_CHECKING:
    from sim.live.workshop import Note

SENTENCES = table("sentences.csv")
FIGURE = r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?"
#: What may stand in a place, by its kind.
PLACES = {
    "": ".+?",
    "u": ".+?",
    "w": r"[^\s,;:]+",
    "n": FIGURE,
    "q": rf"{FIGURE}(?: [^\s,;]+)?",
    "m": r"\d{4}-\d\d",
    "f": r"[\w.\[\]-]+",
}


def places(template: str) -> list[tuple[str, str, str]]:
    """(text before, name, kind) of a template's places; the last one's name is empty."""
    return [(before, name or "", kind or "") for before, name, kind, _ in Formatter().parse(template)]


def spoken(note: Note, language: str) -> list[str]:
    """A line of the journal in words: clock, month shown, branch, what was done."""
    month = month_text(parse_month(note.month), language)
    return [note.clock, month, translated(note.branch, language), translated(note.text, language)]


@cache
def _templates() -> list[tuple[re.Pattern[str], list[tuple[str, str, str]]]]:
    found = []
    for row in SENTENCES:
        parts = [re.escape(b) + (f"(?P<{n}>{PLACES[k]})" if n else "") for b, n, k in places(row["en"])]
        found.append((re.compile("".join(parts), re.DOTALL), places(row["fr"])))
    return found


def translated(text: str, language: str) -> str:
    """A sentence of ours in a language."""
    if language == "en":
        return text
    found = _whole(text)
    if found is None and ", " in text:  # several decisions in a line
        return ", ".join(_whole(part) or part for part in text.split(", "))
    return text if found is None else found


def _whole(text: str) -> str | None:
    for pattern, french in _templates():
        found = pattern.fullmatch(text)
        if found:
            values = found.groupdict()
            return "".join(before + (_value(values[name], kind) if name else "") for before, name, kind in french)
    return None


def _value(text: str, kind: str) -> str:
    if kind == "m":
        return month_text(12 * int(text[:4]) + int(text[5:]) - 1, "fr")
    if kind in ("n", "q"):
        figure, _, unit = text.partition(" ")
        figure = f"{float(figure):,.0f}" if "e" in figure else figure
        return figure.replace(",", "\u202f").replace(".", ",") + (f"\u202f{unit}" if unit else "")
    if kind == "f":
        return field_labels("fr").get(text.rpartition(".")[2], text)
    if kind == "u":
        return text.replace(" or ", " ou ")
    return text if kind == "w" else _whole(text) or text
