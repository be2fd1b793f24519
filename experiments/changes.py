"""May a sweep go on with this plan? The same: yes. More of the same: when asked for. Anything else: no, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from experiments.plan import Plan, point_digest
from sim.errors import Fault, InputError

#: Facts that hold the code and the city that results come from: they may differ when the user says so.
PROVENANCE = ("code", "city")


def check(path: Path, kept: Plan, wanted: Plan, *, extend: bool, other_code: bool) -> bool:
    """True if ``wanted`` holds more runs than ``kept``. Raises InputError where results of the two must not stand together."""
    faults = list(_against(path, kept, wanted))
    if not other_code:
        faults += [
            Fault(str(path), f"results of another {name}", f"the same {name}, a new folder, or --other-code", name)
            for name in PROVENANCE
            if kept.facts.get(name) != wanted.facts.get(name)
        ]
    if faults:
        raise InputError(faults)
    more = _more(kept, wanted)
    if more and not extend:
        raise InputError(
            Fault(
                str(path),
                f"a sweep of {kept.runs:,} runs, and now {', '.join(more)}",
                "the same experiment, or --extend",
            )
        )
    return bool(more)


def _against(path: Path, kept: Plan, wanted: Plan) -> Iterator[Fault]:
    where = str(path)
    new = "a folder of its own for a changed experiment"
    for what, a, b in (
        ("parameters", [p.name for p in kept.parameters], [p.name for p in wanted.parameters]),
        ("indicators", [c.name for c in kept.columns], [c.name for c in wanted.columns]),
        ("district indicators", [c.name for c in kept.districts], [c.name for c in wanted.districts]),
        ("seeds", (kept.first_seed, kept.common_seeds), (wanted.first_seed, wanted.common_seeds)),
    ):
        if a != b:
            yield Fault(where, f"a sweep with other {what}", new, what)
    for name in sorted((set(kept.facts) | set(wanted.facts)) - {*PROVENANCE, "scenarios"}):
        if kept.facts.get(name) != wanted.facts.get(name):
            yield Fault(where, f"a sweep with {name} {kept.facts.get(name)}, now {wanted.facts.get(name)}", new, name)
    before, now = kept.facts.get("scenarios", {}), wanted.facts.get("scenarios", {})
    for name in kept.scenarios:
        if name not in wanted.scenarios:
            yield Fault(where, f"a sweep with scenario {name!r}, which the experiment no longer has", new, "scenarios")
        elif before.get(name) != now.get(name):
            yield Fault(
                where, f"a sweep with another scenario {name!r}: its file or its overrides changed", new, "scenarios"
            )
    gone = {point_digest(row) for row in kept.points} - {point_digest(row) for row in wanted.points}
    if gone:
        nested = "a folder of its own, or a design that keeps its points: values added to a grid, twice the size of lhs, sobol, saltelli"
        yield Fault(where, f"{len(gone):,} points that the experiment no longer has", nested, "design")
    if wanted.replications < kept.replications:
        yield Fault(
            where, f"a sweep of {kept.replications} replications, now {wanted.replications}", new, "replications"
        )


def _more(kept: Plan, wanted: Plan) -> list[str]:
    points = len({point_digest(row) for row in wanted.points}) - len({point_digest(row) for row in kept.points})
    found = {
        "scenarios": len(wanted.scenarios) - len(kept.scenarios),
        "points": points,
        "replications": wanted.replications - kept.replications,
    }
    return [f"{n} more {what}" for what, n in found.items() if n]
