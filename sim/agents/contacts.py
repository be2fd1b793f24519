"""Who listens to whom: a small world of households - neighbours, some of the same district, few anywhere (Watts & Strogatz 1998).

Each household draws ties to the next two households of its district (in order of their cells), to one more of its district and to one
anywhere; ties are mutual. Mean degree about eight, clustering mostly from the ring of neighbours.
"""

from __future__ import annotations

import numpy as np

from sim.agents.sampling import Draws
from sim.columns import Int32s, Ints


def draw_contacts(draws: Draws, district: Ints, cell: Ints) -> tuple[Ints, Int32s]:
    """CSR pointer (n + 1,) and contacts: mutual, without self and repeats."""
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
    real = a != b
    a, b = a[real].astype(np.int64), b[real].astype(np.int64)
    key = np.sort(np.r_[a * n + b, b * n + a])  # sorting beats np.unique's hashing five times at this size
    key = key[np.r_[True, key[1:] != key[:-1]][: len(key)]]
    pointer = np.r_[0, np.cumsum(np.bincount(key // n, minlength=n))]
    return pointer.astype(np.int64), (key % n).astype(np.int32)
