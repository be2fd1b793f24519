"""The municipality's journal: one JSON object a line in the state - month, measure, event, why, figures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from sim.months import month_name
from sim.state import State


def note(state: State, measure: str, event: str, why: str, figures: dict[str, Any] | None = None) -> None:
    """Write one line of this month."""
    row = {"month": month_name(state.month), "measure": measure, "event": event, "why": why, "figures": figures or {}}
    line = (json.dumps(row, ensure_ascii=False) + "\n").encode()
    state.townhall.journal = np.concatenate([state.townhall.journal, np.frombuffer(line, np.uint8)])


def journal(state: State, start: int = 0) -> list[dict[str, Any]]:
    """The journal so far, from the byte ``start`` on: month, measure, event, why, figures."""
    # not splitlines(): a name may hold other characters that Python takes for ends of lines
    return [json.loads(line) for line in bytes(state.townhall.journal[start:]).split(b"\n")[:-1]]
