"""All trips on their cheapest ways, skims included, beside AequilibraE on one thread and on all."""

from __future__ import annotations

import numpy as np

from experiments.benchmarks.context import Context, interleaved
from experiments.benchmarks.networks import Case, wide_streets
from experiments.benchmarks.processes import PeerProcess
from experiments.benchmarks.rows import Promise, Row, measured, peer_measured
from kernels.assignment import prepare
from kernels.loading import all_or_nothing

PEER = "loading_aequilibrae"
#: A peer that loads other flows than we do would be another task.
ALIKE = 1e-9


def run(context: Context) -> list[Row]:
    """A network of streets and one half of whose links are connectors; small ones for a quick run."""
    cases = [wide_streets(20, 60), wide_streets(16, 60, 6)]
    if not context.quick:
        cases = [wide_streets(114, 1790), wide_streets(70, 1100, 6)]
    return [row(context, case, threads) for case in cases for threads in sorted({1, context.threads})]


def row(context: Context, case: Case, threads: int) -> Row:
    """One network on a number of threads. Our time is that of new costs on a known graph, as the peer's is."""
    file = context.scratch / "loading.npz"
    n = case.network
    np.savez(
        file, tail=n.tail, head=n.head, cost=n.free_time, zone_node=n.zone_node, through=n.through, trips=case.trips
    )
    topology = prepare(n)
    found = all_or_nothing(n, n.free_time, case.trips, threads=threads, topology=topology)
    total = float(found.flow @ n.free_time)
    with PeerProcess(context, PEER, "AequilibraE all-or-nothing", file, threads) as peer:

        def ours() -> float:
            return context.seconds(
                lambda: all_or_nothing(n, n.free_time, case.trips, threads=threads, topology=topology)
            )

        samples, theirs = interleaved(context.size(2, 5), ours, peer.seconds)
        answer = peer.ask()
        note = f"{len(n.zone_node):,} origins, {np.median(samples) / len(n.zone_node) * 1e6:,.0f} microseconds each"
        if answer and abs(answer["total"] / total - 1.0) > ALIKE:
            note += f"; the peer's flows are worth {answer['total'] / total:.9f} of the cheapest"
        return measured(
            f"{case.name}, {threads} thread{'s' if threads > 1 else ''}", "s", samples, promise=Promise(1.0, of_ratio=True),
            note=note, peer=peer_measured(peer.name, theirs, peer.fault),
        )  # fmt: skip
