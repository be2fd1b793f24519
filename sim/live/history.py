"""What a branch remembers: figures of every month, maps and whole states of as many as the memory granted holds.

Any month lived can be shown again: from its frame, or by living through the months since the last state kept, which gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim import INDICATORS, State, UrbanModel, bike_trips, journal
from sim.live.arrays import Floats
from sim.live.layers import district_values, firm_values, link_values

#: Memory a branch may fill with maps and with states of the months [bytes].
MAP_BYTES = 120_000_000
STATE_BYTES = 300_000_000


@dataclass
class Frame:
    """A month as it is shown. ``links`` and ``districts`` are None where memory was needed for others."""

    month: int
    values: Floats  #: (indicators,) in the order of INDICATORS
    support: Floats  #: (M,) mean support of adults for each measure, percent
    status: Floats  #: (M,) codes.Status
    progress: Floats  #: (M,) share built
    start: Floats  #: (M,) month each measure begins, as the municipality's calendar stands: late, or moved by a rule
    boardings: Floats  #: (lines,) a day
    events: list[dict[str, object]]  #: the journal of this month, payments left out
    districts: Floats | None
    links: Floats | None
    bikes: Floats | None  #: (D, D) bicycle trips a day between districts
    firms: Floats | None  #: (3, D) posts, establishments, branch with most posts
    early: bool = (
        False  #: streets of a month that is still being lived; all else, layers.LATE too, is of the month before
    )

    @property
    def nbytes(self) -> int:
        """Memory of its maps."""
        return sum(a.nbytes for a in self._maps() if a is not None)

    def _maps(self) -> tuple[Floats | None, ...]:
        return self.districts, self.links, self.bikes, self.firms

    def let_go(self) -> None:
        """Give up the maps; figures stay."""
        self.districts = self.links = self.bikes = self.firms = None


def frame_of(model: UrbanModel, seen: int) -> tuple[Frame, int]:
    """The month just lived, and the length of the journal (``seen``: its length a month ago)."""
    state, town = model.state, model.state.townhall
    c = state.citizens
    adult = np.where(c.alive & (state.month - c.birth >= 18 * 12), c.weight, 0.0)
    total = max(float(adult.sum()), 1e-300)
    support = 100.0 * (adult @ state.society.support) / total if state.society.support.size else np.zeros(0)
    size = len(town.journal)
    events = journal(state, seen)
    snapshot = model.snapshot()
    collected = model.datacollector.model_vars["month"]
    values = (
        list(model.latest().values())
        if collected and collected[-1] == state.month
        else [i.formula(snapshot) for i in INDICATORS]
    )
    name = f"{state.month // 12:04d}-{state.month % 12 + 1:02d}"
    frame = Frame(
        state.month, np.array(values, np.float64), support, town.status.astype(np.float64), town.progress.copy(), town.start.copy(),
        state.traffic.line_boardings.copy(), [r for r in events if r["month"] == name and r["event"] != "paid"],
        district_values(model), link_values(model),
        bike_trips(model.city, state, model.policies, model.parameters).astype(np.float32), firm_values(model),
    )  # fmt: skip
    return frame, size


def early_frame(model: UrbanModel, before: Frame) -> Frame:
    """The month whose roads have settled, the rest of which is still to come."""
    trips = bike_trips(model.city, model.state, model.policies, model.parameters).astype(np.float32)
    return replace(
        before, month=model.state.month, boardings=model.state.traffic.line_boardings.copy(), events=[], links=link_values(model),
        bikes=trips, early=True,
    )  # fmt: skip


def state_bytes(state: State) -> int:
    """Memory of a state."""
    return sum(array.nbytes for array in state.arrays().values())


class History:
    """Frames and states by month, within the memory granted."""

    def __init__(self, map_bytes: int = MAP_BYTES, state_bytes: int = STATE_BYTES) -> None:
        self.frames: dict[int, Frame] = {}
        self.states: dict[int, State] = {}
        self.map_bytes, self.state_limit = map_bytes, state_bytes

    def copy(self, until: int) -> History:
        """What is remembered up to a month; frames and states are shared, nobody writes to them."""
        other = History(self.map_bytes, self.state_limit)
        other.frames = {m: f for m, f in self.frames.copy().items() if m <= until}
        other.states = {m: s for m, s in self.states.copy().items() if m <= until}
        return other

    def forget_after(self, month: int) -> None:
        """Drop what was lived after ``month``."""
        for table in (self.frames, self.states):
            for later in [m for m in table if m > month]:
                del table[later]

    def keep_frame(self, frame: Frame) -> None:
        """Remember a month; when memory is short, maps of every second of the older months go first."""
        self.frames[frame.month] = frame
        used = sum(f.nbytes for f in self.frames.values())
        months = sorted(self.frames)[:-1]
        for month in [*months[1::2], *months[0::2]]:
            if used <= self.map_bytes:
                break
            old = self.frames[month]
            used -= old.nbytes
            old.let_go()

    def keep_state(self, state: State) -> None:
        """Remember a state (it is kept, not copied); when memory is short, every second of those between goes."""
        self.states[state.month] = state
        size = state_bytes(state)
        while len(self.states) > 2 and len(self.states) * size > self.state_limit:
            months = sorted(self.states)
            for month in months[1:-1:2]:
                del self.states[month]

    def last_state(self, month: int) -> State:
        """The latest state kept of ``month`` or before."""
        kept = self.states.copy()  # another thread may keep one meanwhile
        return kept[max(m for m in kept if m <= month)]
