"""Edits of the calendar: plain data in, a validated scenario out, with the file that ``rebond run`` reproduces the branch from.

Every edit is read by the reader of scenario files, so that a workshop accepts exactly what a file may hold, and a branch is its file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sim import City, InputError, Scenario, check_items, load_scenario, month_name, parse_month
from sim.errors import Fault

#: Longest text of a scenario that a workshop holds, and most revisions of a branch.
LONGEST_TEXT = 400_000
MOST_REVISIONS = 120


def plain(scenario: Scenario) -> dict[str, Any]:
    """The scenario as plain data that reads back to the same scenario."""
    data = scenario.resolved()
    data.pop("weather_files", None)
    for target in data["targets"]:
        target["change"] = f"{100.0 * target['change']:.12g}%"
    return {key: value for key, value in data.items() if value not in ([], {})}


def text_of(scenario: Scenario, *comments: str) -> str:
    """The scenario as a YAML file."""
    return dump(plain(scenario), *comments)


def dump(data: Mapping[str, Any], *comments: str) -> str:
    """Plain data as YAML, one item a line."""
    yaml = YAML(typ="safe", pure=True)
    yaml.width, yaml.allow_unicode = 140, True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.default_flow_style = None
    out = io.StringIO()
    yaml.dump(dict(data), out)
    return "".join(f"# {' '.join(line.split())}\n" for line in comments) + out.getvalue()


def read(text: str, path: Path, city: City) -> Scenario:
    """The scenario of a text on a city. Raises InputError with every fault."""
    if len(text) > LONGEST_TEXT:
        raise InputError(Fault(path.name, f"{len(text)} characters", f"at most {LONGEST_TEXT}"))
    return load_scenario(path, lambda _, items: check_items(items, city), text=text)


def edited(
    scenario: Scenario,
    month: int,
    path: Path,
    city: City,
    *,
    changes: Sequence[Mapping[str, Any]] = (),
    stop: Sequence[str] = (),
    shocks: Sequence[Mapping[str, Any]] = (),
) -> Scenario:
    """The scenario with its calendar rewritten from the month after ``month`` on. Raises InputError.

    Args:
        month: last month that stands as it was lived.
        changes: whole items of measures, as in a file; an id that is there is replaced.
        stop: ids withdrawn.
        shocks: whole items of shocks.
    """
    start = month + 1
    data = plain(scenario)
    revisions = [r for r in data.get("revisions", []) if parse_month(r["start"]) <= start]
    if not revisions or parse_month(revisions[-1]["start"]) < start:
        revisions.append({"start": month_name(start)})
    last = revisions[-1]
    given = {one["id"] for one in (*changes, *shocks)}
    for key, new in (("measures", changes), ("shocks", shocks)):
        ids = {one["id"] for one in new} | set(stop)
        last[key] = [one for one in last.get(key, []) if one["id"] not in ids] + [dict(one) for one in new]
    added_here = _added_here(scenario, start)
    stopped = {*last.get("stop", []), *stop} - given - added_here
    last["stop"] = sorted(stopped)
    for key in ("stop", "measures", "shocks"):
        if not last[key]:
            del last[key]
    if len(last) == 1:
        revisions.pop()
    if len(revisions) > MOST_REVISIONS:
        raise InputError(Fault(path.name, f"{len(revisions)} revisions", f"at most {MOST_REVISIONS}"))
    data.pop("revisions", None)
    if revisions:
        data["revisions"] = revisions
    return read(dump(data), path, city)


def _added_here(scenario: Scenario, start: int) -> set[str]:
    """Ids that only the revision of ``start`` knows: to withdraw them is to forget them."""
    before = {one.id for one in (*scenario.measures, *scenario.shocks)}
    for revision in scenario.revisions:
        ids = {one.id for one in (*revision.measures, *revision.shocks)}
        if revision.start >= start:
            return ids - before
        before |= ids
    return set()


def current(scenario: Scenario, month: int) -> dict[str, dict[str, Any]]:
    """Items of measures as they stand in ``month``, by id, as in a file."""
    calendar = [c for c in scenario.calendars() if c.start <= month] or [scenario.calendars()[0]]
    return {one.id: one.resolved("measure") for one in calendar[-1].measures if one is not None}
