"""Variants of a roadmap: the same file with some measures left out, changed or added, its comments kept.

A patch is applied to the text of the file, so that a variant is read, checked and reported like any roadmap, and can be written for
people.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sim import Scenario, load_scenario
from sim.documents import fields_of
from sim.errors import Fault, InputError, nearest


@dataclass(frozen=True)
class Patch:
    """What a variant does to the planned measures of its roadmap (committed ones of the baseline stay).

    Args:
        without: ids left out.
        only: ids kept, all where None.
        change: new values by id and field, as they would stand in the file.
        add: further measures, as they would stand in the file.
    """

    without: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    change: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    add: tuple[Mapping[str, Any], ...] = ()

    @property
    def empty(self) -> bool:
        """True if it does nothing."""
        return not (self.without or self.change or self.add) and self.only is None


@dataclass(frozen=True)
class Overrides:
    """What an experiment says instead of its scenarios; None: nothing."""

    share: float | None = None
    start: int | None = None
    end: int | None = None
    city: str | None = None


@dataclass(frozen=True)
class Roadmap:
    """A roadmap file that variants are made of."""

    path: Path
    text: str
    scenario: Scenario

    @property
    def planned(self) -> dict[str, int]:
        """Place in the file's list of measures, by id."""
        ids = [one.id for one in self.scenario.measures if not one.committed]
        return {name: place for place, name in enumerate(ids)}

    def item(self, name: str) -> Any:
        """A planned measure by its id. KeyError if there is none."""
        for one in self.scenario.measures:
            if one.id == name and not one.committed:
                return one
        raise KeyError(name)


def read_roadmap(path: Path) -> Roadmap:
    """The file, read and checked. Raises InputError."""
    scenario = load_scenario(path)
    return Roadmap(path, path.read_text("utf-8-sig"), scenario)


def patched_text(roadmap: Roadmap, patch: Patch, name: str = "") -> str:
    """The roadmap's file with the patch applied. Raises KeyError for an id that it has not.

    Comments and order stay, unless the YAML library would put a comment where none may stand: then they go.
    """
    wanted = _patched(YAML(typ="safe", pure=True).load(roadmap.text), roadmap, patch, name)
    kept = YAML(typ="rt")
    kept.width, kept.preserve_quotes = 240, True
    kept.indent(mapping=2, sequence=4, offset=2)
    text = _dumped(kept, _patched(kept.load(roadmap.text), roadmap, patch, name))
    with contextlib.suppress(YAMLError):
        if YAML(typ="safe", pure=True).load(text) == wanted:
            return text
    plain = YAML(typ="rt")
    plain.indent(mapping=2, sequence=4, offset=2)
    return _dumped(plain, wanted)


def _patched(root: Any, roadmap: Roadmap, patch: Patch, name: str) -> Any:
    """The tree of the file, changed in place."""
    measures = root.get("measures") or []
    planned = roadmap.planned
    for one, changes in patch.change.items():
        measures[planned[one]].update(changes)
    unwanted = set(patch.without)
    if patch.only is not None:
        unwanted |= set(planned) - set(patch.only)
    for one in sorted(unwanted, key=lambda n: planned[n], reverse=True):
        del measures[planned[one]]
    measures.extend(dict(more) for more in patch.add)
    if "measures" in root or measures:
        root["measures"] = measures
    if name:
        root["name"] = name
    return root


def _dumped(yaml: YAML, root: Any) -> str:
    out = io.StringIO()
    yaml.dump(root, out)
    return out.getvalue()


def variant(roadmap: Roadmap, patch: Patch) -> Scenario:
    """The scenario of a patched roadmap. Raises InputError."""
    if patch.empty:
        return roadmap.scenario
    faults = unknown_ids(roadmap, patch)
    if faults:
        raise InputError(faults)
    return load_scenario(roadmap.path, text=patched_text(roadmap, patch))


def unknown_ids(roadmap: Roadmap, patch: Patch) -> list[Fault]:
    """A fault for each id that the patch names and the roadmap has not."""
    known = list(roadmap.planned)
    named = [("without", n) for n in patch.without] + [("only", n) for n in patch.only or ()]
    named += [("change", n) for n in patch.change]
    allowed = f"a measure of {roadmap.path}: {', '.join(known)}"
    return [Fault(str(roadmap.path), repr(n), allowed, key, nearest(n, known)) for key, n in named if n not in known]


def with_overrides(scenario: Scenario, overrides: Overrides) -> Scenario:
    """The scenario over the months, share and city that the experiment asks for; headings outside these months go."""
    start = scenario.start if overrides.start is None else overrides.start
    end = scenario.end if overrides.end is None else overrides.end
    targets = tuple(t for t in scenario.targets if start <= t.by <= end)
    share = scenario.share if overrides.share is None else overrides.share
    return replaced(scenario, start=start, end=end, share=share, city=overrides.city or scenario.city, targets=targets)


def digest(scenario: Scenario) -> str:
    """Names what a scenario does: everything but its name and seed."""
    content = {k: v for k, v in scenario.resolved().items() if k not in ("name", "seed")}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


#: What a varied field ITEM.on says: is the measure there at all?
ON = "on"


def field_kind(roadmap: Roadmap, name: str) -> Any:
    """The kind of ITEM.FIELD, a field of a planned measure. Raises KeyError with what is wrong."""
    item, _, key = name.partition(".")
    one = roadmap.item(item)
    known = {**fields_of(type(one)), **fields_of(type(one.measure))}
    return known[key].metadata["kind"]


def numeric_fields(roadmap: Roadmap, item: str) -> list[str]:
    """Fields of a planned measure that can be varied: numbers, quantities, months; and whether it is there."""
    one = roadmap.item(item)
    known = {**fields_of(type(one)), **fields_of(type(one.measure))}
    kinds = ("Number", "Quantity", "Month")
    return [ON, *(key for key, f in known.items() if type(f.metadata["kind"]).__name__ in kinds)]


def patch_of(roadmap: Roadmap, decisions: Mapping[str, float]) -> Patch:
    """The patch that sets ITEM.FIELD to values in base units (months as month numbers, ``on`` as 0 or 1)."""
    without = [name.partition(".")[0] for name, value in decisions.items() if name.endswith(f".{ON}") and value < 0.5]
    change: dict[str, dict[str, Any]] = {}
    for name, value in decisions.items():
        item, _, key = name.partition(".")
        if key == ON or item in without:
            continue
        kind = field_kind(roadmap, name)
        whole = type(kind).__name__ == "Month" or getattr(kind, "whole", False)
        change.setdefault(item, {})[key] = kind.write(round(value) if whole else value)
    # what depends on a measure that is gone goes, too: it could never begin
    gone = set(without)
    while more := _waiting_for(roadmap, gone):
        gone |= more
    return Patch(without=tuple(sorted(gone)), change={k: v for k, v in change.items() if k not in gone})


def _waiting_for(roadmap: Roadmap, gone: set[str]) -> set[str]:
    planned: Sequence[Any] = [one for one in roadmap.scenario.measures if not one.committed]
    return {one.id for one in planned if one.id not in gone and set(one.depends_on) & gone}
