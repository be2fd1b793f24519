"""French cards of measures and shocks: all there, none beside, and with the figures and registry names of their English."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sim import kinds, shock_kinds
from sim.live.words import CARDS, card

KNOWN: dict[str, Any] = {**kinds(), **shock_kinds()}
#: A figure, or a name that is looked up as it is written (signal_capacity).
KEPT = re.compile(r"\d+(?:[.,]\d+)?|[a-z]+(?:_[a-z]+)+")
#: Words of nearly every English sentence that no French one has.
ENGLISH = re.compile(r"\b(?:the|of|and|are|is|with|their|those|each|more|from|by|for|to)\b")


def kept(text: str) -> list[str]:
    return sorted(found.replace(",", ".") for found in KEPT.findall(text))


def test_every_kind_has_a_card_and_no_card_is_orphaned() -> None:
    assert sorted(row["kind"] for row in CARDS) == sorted(KNOWN)


@pytest.mark.parametrize("kind", sorted(KNOWN))
def test_the_french_card_is_french_and_tells_the_same_figures(kind: str) -> None:
    english, french = card(kind, "en"), card(kind, "fr")
    assert english == KNOWN[kind].card
    assert french.strip()
    assert french != english
    assert ENGLISH.findall(french) == []
    assert kept(french) == kept(english)
