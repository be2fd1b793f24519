"""Who listens to whom: a small world of households - neighbours, some of the same district, few anywhere, and colleagues.

Each household draws ties to the next two households of its district (in order of their cells), to one more of its district and to one
anywhere (Watts & Strogatz 1998); each resident who works inside is tied to the next of the same firm in a random order. Ties are mutual.
Without colleagues the mean degree is about eight; the ring of neighbours has clustering 1/2 by itself (3 (k - 2) / 4 (k - 1) with
k = 4), and the other ties dilute it. Degree and clustering of what is generated are tested beside NetworkX (test_contacts.py) and
stated in docs/society.md.
"""

from __future__ import annotations

import numpy as np

from sim.agents.sampling import Draws
from sim.columns import Int32s, Ints


def draw_contacts(
    draws: Draws, district: Ints, cell: Ints, household: Ints | None = None, firm: Ints | Int32s | None = None
) -> tuple[Ints, Int32s]:
    """CSR pointer (n + 1,) and contacts: mutual, without self and repeats.

    Args:
        draws: of the population.
        district, cell: (n,) home of each household.
        household, firm: (citizens,) household row of each, and row of the firm, -1 without; None leaves colleagues out.
    """
    n = len(district)
    order = np.lexsort((np.arange(n), cell, district))
    count = np.bincount(district)
    first = np.r_[0, np.cumsum(count)[:-1]]
    position = np.arange(n) - first[district[order]]
    size = count[district[order]]
    ends = [order[first[district[order]] + (position + step) % size] for step in (1, 2)]
    u = draws.uniform("contact.near", order)
    ends.append(order[first[district[order]] + (u * size).astype(np.int64)])
    ends.append((draws.uniform("contact.far", order) * n).astype(np.int64))
    a = np.tile(order, len(ends))
    b = np.concatenate(ends)
    if household is not None and firm is not None:
        one, other = _colleagues(draws, household, firm)
        a, b = np.r_[a, one], np.r_[b, other]
    real = a != b
    a, b = a[real].astype(np.int64), b[real].astype(np.int64)
    key = np.sort(np.r_[a * n + b, b * n + a])  # sorting beats np.unique's hashing five times at this size
    key = key[np.r_[True, key[1:] != key[:-1]][: len(key)]]
    pointer = np.r_[0, np.cumsum(np.bincount(key // n, minlength=n))]
    return pointer.astype(np.int64), (key % n).astype(np.int32)


def _colleagues(draws: Draws, household: Ints, firm: Ints | Int32s) -> tuple[Ints, Ints]:
    """Pairs of households whose members work side by side: each worker with the next of the firm, the last with the first."""
    workers = np.flatnonzero(firm >= 0)
    workers = workers[np.lexsort((draws.uniform("contact.work", workers), firm[workers]))]
    where = firm[workers].astype(np.int64)
    begins = np.r_[True, where[1:] != where[:-1]][: len(where)]
    first = np.flatnonzero(begins)
    after = np.r_[np.arange(1, len(where)), 0][: len(where)]
    ends = np.r_[begins[1:], True][: len(where)]
    after[ends] = first
    home = household[workers].astype(np.int64)
    return home, home[after]
