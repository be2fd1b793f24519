"""Drawing rows that keep totals: systematic samples, exact counts per group, inverse distributions - all counter-based."""

from __future__ import annotations

import numpy as np

from kernels.draws import stream, uniforms
from sim.columns import Bools, Floats, Ints


class Draws:
    """Uniform draws of one population: a pure function of seed, name of the stream and row."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def uniform(self, name: str, rows: Ints, index: int = 0) -> Floats:
        """One number in (0, 1) a row."""
        return uniforms(self.seed, stream(f"population.{name}"), rows.astype(np.int64), 0, index)

    def normal(self, name: str, rows: Ints) -> Floats:
        """Standard normal a row (Box & Muller 1958)."""
        a, b = self.uniform(name, rows, 0), self.uniform(name, rows, 1)
        return np.asarray(np.sqrt(-2.0 * np.log(a)) * np.cos(2.0 * np.pi * b))

    def choice(self, name: str, rows: Ints, shares: Floats) -> Ints:
        """A code a row, drawn by shares (codes,) or (rows, codes)."""
        cumulated = np.cumsum(np.broadcast_to(shares, (len(rows), shares.shape[-1])), axis=1)
        u = self.uniform(name, rows) * cumulated[:, -1]
        return np.asarray((u[:, None] > cumulated[:, :-1]).sum(axis=1))


def rows_for(totals: Ints, share: float) -> Ints:
    """Rows that stand for ``totals`` at a share: rounded, one at least where there is anything."""
    return np.where(totals > 0, np.maximum(1, np.round(totals * share)), 0).astype(np.int64)


def top_per_group(group: Ints, score: Floats, wanted: Ints, eligible: Bools) -> Bools:
    """Marks the ``wanted[g]`` eligible rows of highest score in each group (fewer if there are not enough)."""
    out = np.zeros(len(group), bool)
    rows = np.flatnonzero(eligible)
    order = rows[np.argsort(-score[rows], kind="stable")]
    narrow = group.astype(np.int16) if len(wanted) < 2**15 else group  # NumPy sorts short integers by radix
    order = order[np.argsort(narrow[order], kind="stable")]
    sorted_group = group[order]
    first = np.searchsorted(sorted_group, np.arange(len(wanted)))
    rank = np.arange(len(order)) - first[sorted_group]
    out[order[rank < wanted[sorted_group]]] = True
    return out


def systematic(group: Ints, table: Floats, start: Floats) -> Ints:
    """A column of ``table`` for each row, so that every group's columns come in the table's proportions within one row.

    Args:
        group: (n,) row of ``table`` for each drawn row, sorted.
        table: (G, columns) weights.
        start: (G,) random start in (0, 1).
    """
    count = np.bincount(group, minlength=len(table))
    first = np.r_[0, np.cumsum(count)[:-1]]
    position = (np.arange(len(group)) - first[group] + start[group]) / np.maximum(count[group], 1)
    cumulated = np.cumsum(table, axis=1)
    cumulated /= np.maximum(cumulated[:, -1:], 1e-300)
    keyed = (cumulated + np.arange(len(table))[:, None]).ravel()
    column = np.searchsorted(keyed, group + np.minimum(position, 1.0 - 1e-12), side="right")
    return np.minimum(column - group * table.shape[1], table.shape[1] - 1)
