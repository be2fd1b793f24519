"""French of the workshop: nothing is missing, figures are those of the English, and every refusal and journal line has its sentence.

What has to be there is read from the registries and from the code itself.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim import INDICATORS, Item, kinds, shock_kinds
from sim.documents import fields_of
from sim.live import sentences
from sim.live.sentences import SENTENCES, places, translated
from sim.live.words import MEANINGS, field_meaning, indicator_meaning, typeset
from tests.live.test_cards import ENGLISH, kept

LIVE = Path(sentences.__file__).parent
KNOWN: dict[str, Any] = {**kinds(), **shock_kinds()}
FIELDS = sorted(f"{kind}.{name}" for kind, known in KNOWN.items() for name in fields_of(known))
#: A space that may break before what it belongs to.
LOOSE = re.compile(r" [;:?!»%]|« | [kM]?€")
#: What may stand in a place, one of them for any place there is: a word, figures, a month.
SAMPLES = ("xyz", "1,234.5", "7", "2022-03")
SHOWN = {"xyz": "xyz", "1,234.5": "1\u202f234,5", "7": "7", "2022-03": "mars 2022"}


# --- explanations -----------------------------------------------------------------------------------------------------


def test_every_indicator_and_field_is_explained_and_nothing_else() -> None:
    found = [(row["of"], row["key"]) for row in MEANINGS]
    assert sorted(found) == sorted([("indicator", i.name) for i in INDICATORS] + [("field", key) for key in FIELDS])


@pytest.mark.parametrize("key", [i.name for i in INDICATORS] + FIELDS)
def test_the_french_explanation_is_french_and_tells_the_same_figures(key: str) -> None:
    kind, _, field = key.partition(".")
    told = [field_meaning(kind, field, n) if field else indicator_meaning(key, n) for n in ("en", "fr")]
    english, french = told
    assert french
    assert french != english
    assert ENGLISH.findall(french) == []
    assert kept(french) == kept(english)
    assert LOOSE.findall(french) == []


def test_spaces_that_never_break() -> None:
    assert typeset("Et si ? « oui » : 5 % ; 2 M€ !") == (
        "Et si\u202f? «\u202foui\u202f»\u202f: 5\u202f%\u202f; 2\u202fM€\u202f!"
    )
    assert typeset("12:30, -20%") == "12:30, -20%"


# --- sentences --------------------------------------------------------------------------------------------------------


def names(template: str) -> list[tuple[str, str]]:
    return sorted((name, kind) for _, name, kind in places(template) if name)


@pytest.mark.parametrize("row", SENTENCES, ids=[row["en"] for row in SENTENCES])
def test_a_sentence_has_the_same_places_and_figures(row: dict[str, str]) -> None:
    assert names(row["fr"]) == names(row["en"])
    bare = [re.sub(r"\{[^}]*\}", "", text) for text in (row["en"], row["fr"])]
    assert kept(bare[1]) == kept(bare[0])
    assert row["fr"].strip()
    assert ENGLISH.findall(bare[1]) == []
    assert LOOSE.findall(row["fr"]) == []


def texts(node: ast.AST, scope: ast.AST) -> Iterator[ast.expr]:
    """Texts in an expression, those of names that its function gives before included."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield node
        return
    if isinstance(node, ast.Name):
        for one in ast.walk(scope):
            if isinstance(one, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in one.targets):
                yield from texts(one.value, scope)
    if isinstance(node, ast.Subscript | ast.Attribute):  # a key, or what is found elsewhere
        return
    for child in ast.iter_child_nodes(node):
        yield from texts(child, scope)


def said() -> Iterator[tuple[str, ast.expr]]:
    """Every text that the workshop refuses with or writes into its journal."""
    for path in sorted(LIVE.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for scope in ast.walk(tree):
            if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(scope):
                found: list[ast.expr] = []
                if isinstance(node, ast.Call):
                    called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    if called in ("RunError", "RebondError"):
                        found = node.args
                    elif called == "note":
                        found = node.args[1:]
                    elif called == "Fault":
                        found = node.args[1:3]
                    elif called == "_refused":
                        found = node.args[:1]
                elif isinstance(node, ast.Return) and scope.name == "refusal" and node.value is not None:
                    found = [node.value]
                for one in found:
                    yield from ((f"{path.name}:{text.lineno}", text) for text in texts(one, scope))


def filled(text: ast.expr) -> Iterator[tuple[list[str], str]]:
    """The text with samples in its places, in every way."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    count = sum(isinstance(part, ast.FormattedValue) for part in parts)
    for samples in itertools.product(SAMPLES, repeat=count):
        rest = iter(samples)
        yield list(samples), "".join(str(p.value) if isinstance(p, ast.Constant) else next(rest) for p in parts)


SAID = {ast.unparse(text): (where, text) for where, text in said() if re.search(r"[a-z]{2}", ast.unparse(text))}
#: Said on the console, to who starts the command.
CONSOLE = ("--port", "a free port, or 0 for any", "{port}: {error.strerror or error}")


@pytest.mark.parametrize("source", sorted(SAID))
def test_every_refusal_and_journal_line_has_its_french(source: str) -> None:
    where, text = SAID[source]
    if any(one in source for one in CONSOLE):
        return
    tried = []
    for samples, english in filled(text):
        french = translated(english, "fr")
        if french != english and all(SHOWN[s] in french for s in samples) and not ENGLISH.findall(french):
            return
        tried.append(english)
    raise AssertionError(f"{where}: no sentence of sentences.csv for {source}: {tried[:3]}")


ALLOWED = {f.metadata["kind"].allowed for of in (*KNOWN.values(), Item) for f in fields_of(of).values()}


@pytest.mark.parametrize("allowed", sorted(ALLOWED))
def test_what_a_field_may_hold_is_said_in_french(allowed: str) -> None:
    """A fault of the reader of scenario files: its frame and what is allowed; what was found is as it was typed."""
    french = translated(f"revisions[0].measures[1].price: '2 x'; allowed: {allowed}", "fr")
    head, _, told = french.partition("\u202f; admis\u202f: ")
    assert head == "Prix ajouté\u202f: '2 x'"
    assert told
    assert told != allowed
    assert ENGLISH.findall(told.replace("on, off", "")) == []
    assert not re.search(r"\b(?:number|such|month|one|text|list|nothing|values|whole)\b", told)


def test_the_walk_over_the_code_finds_what_is_known_to_be_said() -> None:
    found = " ".join(SAID)
    for part in (
        " has begun: withdraw it",
        "debt would reach",
        "what if: forked from",
        " off",
        "allowed: ",
        "votes are closed",
        "no such district",
    ):
        assert part in found, part


def test_sentences_within_sentences_and_several_in_a_line() -> None:
    assert translated("cannot be paid: 2021: 500.0 M€ of own investment, 10.0 M€ allowed", "fr") == (
        "ne peut pas être payé\u202f: 2021\u202f: 500,0\u202fM€ d'investissement propre, 10,0\u202fM€ permis"
    )
    assert translated("parking from 2022-01, lez off", "fr") == "parking dès janv. 2022, lez retirée"
    assert translated("what if: forked from Baseline", "fr") == "et si\u202f: dédoublée depuis Sans feuille de route"
    faults = "measures[2].price: '2 x'; allowed: a price; measures.x.other: 2020-01; allowed: later"
    assert translated(faults, "fr") == (
        "Prix ajouté\u202f: '2 x'\u202f; admis\u202f: a price\u202f; measures.x.other\u202f: 2020-01\u202f; admis\u202f: later"
    )
    assert translated("nothing of ours", "fr") == "nothing of ours"
    assert translated("there is no branch 7", "en") == "there is no branch 7"
