"""Every error of Rebond. The tree:

RebondError
├── InputError        something the user gave is wrong: one or many faults, exit code 2, nothing written
└── RunError          the run itself failed: exit code 1
    └── NotConverged  an equilibrium did not reach the gap asked for
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class RebondError(Exception):
    """Base of all errors that are shown to the user as one message, without a traceback."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in what the user gave, and what would be right."""

    where: str  #: file:line:column, file, or option name
    found: str  #: what stands there
    allowed: str  #: what may stand there
    field: str = ""  #: dotted path inside the file: measures[2].start
    nearest: str = ""  #: closest allowed name, if any

    def __str__(self) -> str:
        field = f" {self.field}:" if self.field else ""
        hint = f" Did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{self.where}:{field} found {self.found}; allowed: {self.allowed}.{hint}"


class InputError(RebondError):
    """The input is wrong. Holds every fault found, so that a user mends a file in one go."""

    def __init__(self, faults: Sequence[Fault] | Fault) -> None:
        self.faults = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RunError(RebondError):
    """The run could not be carried out or finished."""


class NotConverged(RunError):  # noqa: N818 - named for the event, as in the field
    """An equilibrium did not reach the gap asked for within its iterations."""


def nearest(name: str, allowed: Sequence[str]) -> str:
    """The allowed name closest to ``name``, or an empty string."""
    matches = get_close_matches(str(name), list(allowed), n=1, cutoff=0.6)
    return matches[0] if matches else ""
