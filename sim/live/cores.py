"""Who may use the processor's cores: months that somebody waits for before months that nobody asked for, and all branches alike."""

from __future__ import annotations

import threading


class Cores:
    """The cores of one workshop. Results do not depend on them: kernels give the same bits on any number of threads."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.each = count  #: threads of a month that begins now
        self.free = threading.Event()  #: no decision is being answered: months that nobody asked for may go on
        self.free.set()

    def divide(self, branches: int) -> None:
        """So many branches begin a month together: a thread of a kernel would take a core from another branch."""
        self.each = max(1, self.count // max(1, branches))
