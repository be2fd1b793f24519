"""How tables grow: rows are appended to a table and to every array of the state that runs along it, in step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.columns import Array, Ints, Table
from sim.state import State

#: Arrays of ``state.society`` with one row per row of a table.
ALONG: Mapping[str, tuple[str, ...]] = {
    "citizens": ("support", "expected", "reference_time", "reference_ride", "usual_trust", "engaged", "took_part"),
    "households": ("reference_cost", "reference_cold", "lease", "lease_rent"),
}


def clones(table: Table, rows: Ints) -> dict[str, Array]:
    """Columns of new rows that are copies of ``rows``, with identities of their own.

    Identities continue after the highest one ever given, so that none is used twice.
    """
    columns = {name: array[rows] for name, array in table.arrays().items()}
    first = int(table.arrays()["id"].max(initial=-1)) + 1
    columns["id"] = np.arange(first, first + len(rows), dtype=np.int64)
    return columns


def append(state: State, name: str, rows: Mapping[str, Array], like: Ints) -> Ints:
    """Append ``rows`` to the table ``name`` of the state; returns their row numbers.

    Args:
        state: changed in place.
        name: "citizens", "households", "dwellings", "cars" or "firms".
        rows: every column of the table, arrays of one length n.
        like: (n,) existing row whose values each new row takes in the arrays that run along the table (opinions, what
            one is used to).

    A new household has nobody to listen to until :func:`meet` says whom.
    """
    table: Table = getattr(state, name)
    old = len(table)
    table.extend(rows)
    for along in ALONG.get(name, ()):
        array = getattr(state.society, along)
        if len(array) == old:  # blank until society begins
            state.society.lengthen(along, array[like])
    if name == "households":
        last = np.full(len(table) - old, state.contact_first[-1], state.contact_first.dtype)
        state.contact_first = np.concatenate([state.contact_first, last])
    return np.arange(old, len(table))


def meet(state: State, contacts: Array) -> None:
    """The last ``len(contacts)`` households get to know the households in their row of ``contacts`` (n, k).

    Newcomers listen to their neighbours; nobody listens to them yet, so rows of the others stay as they are.
    """
    n, k = contacts.shape
    if n == 0:
        return
    state.contact_first[-n:] += k * np.arange(1, n + 1)
    state.contacts = np.concatenate([state.contacts, contacts.ravel().astype(state.contacts.dtype)])
