"""Road networks and trip tables from modellers' files: what every format ends in, and how their text is read.

One reader per format: :mod:`sim.city.tntp`, :mod:`sim.city.gmns`.
"""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sim.columns import Bools, Floats, Int32s
from sim.errors import Fault, InputError

#: Faults told at once; a file of another kind would give one a line.
MOST_FAULTS = 20


@dataclass(frozen=True)
class RoadFile:
    """Directed links in file order with the units of the file, nodes and zones by the names they have there."""

    init: tuple[str, ...]  #: (L,) names of the nodes that links leave
    term: tuple[str, ...]  #: (L,) names of the nodes that links enter
    tail: Int32s  #: (L,) nodes 0..n_nodes-1
    head: Int32s
    capacity: Floats  #: (L,)
    length: Floats
    free_time: Floats
    alpha: Floats
    beta: Floats
    toll: Floats
    kind: tuple[str, ...]  #: (L,) link type, or the uses allowed (comma-separated, empty: all)
    n_nodes: int
    zones: tuple[str, ...]  #: names, by which trips find their zone
    zone_node: Int32s  #: (Z,)
    through: Bools  #: (n_nodes,) False where trips may start and end but not pass
    listed: int  #: first links that stand in the file; connectors added behind them are not written out
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TripFile:
    """Trips (Z, Z) between the zones of a network, intrazonal ones on the diagonal."""

    trips: Floats
    notes: tuple[str, ...] = ()


@dataclass
class Faults:
    """Faults of one file as they are found; stops at :data:`MOST_FAULTS`."""

    path: Path
    found: list[Fault] = field(default_factory=list)

    def add(self, line: int, name: str, found: str, allowed: str) -> None:
        """Note a fault; ``line`` 0 is the file as a whole."""
        where = f"{self.path}:{line}" if line else str(self.path)
        self.found.append(Fault(where, found, allowed, name))
        if len(self.found) >= MOST_FAULTS:
            self.stop()

    def stop(self) -> None:
        """Raise what was found, if anything."""
        if self.found:
            raise InputError(self.found)

    def number(self, line: int, name: str, text: str, *, least: float = 0.0) -> float:
        """The number in ``text``, NaN with a fault noted."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < least:
            self.add(line, name, repr(text)[:60], "a number" + (f", {least:g} or more" if least > -math.inf else ""))
            return math.nan
        return value


def text_lines(path: Path) -> list[str]:
    """Lines of a text file, gzipped or not. Raises InputError if it cannot be read."""
    allowed = "a readable text file, gzipped or not"
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except OSError as error:
        raise InputError(Fault(str(path), error.strerror or str(error), allowed)) from error
    except (EOFError, zlib.error) as error:
        raise InputError(Fault(str(path), f"{error}"[:160], allowed)) from error
    if b"\0" in raw:
        raise InputError(Fault(str(path), "bytes that are no text", allowed))
    return raw.decode("utf-8-sig", "replace").splitlines()


def check_capacities(faults: Faults, lines: list[int], network: RoadFile) -> None:
    """A link whose cost rises with its flow needs a capacity."""
    rises = (network.free_time * network.alpha > 0) & (network.beta > 0)
    for e in np.flatnonzero(rises & (network.capacity == 0)):
        faults.add(
            lines[e],
            "capacity",
            "0 on a link whose cost rises with its flow",
            "a number above 0, or B, power or time 0",
        )
