"""All-or-nothing with loading by AequilibraE. Arguments: the network (npz with ``cost``), threads."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import numpy as np

from experiments.benchmarks.peers.serve import serve


def main() -> None:
    import pandas as pd
    from aequilibrae.matrix import AequilibraeMatrix  # type: ignore[import-not-found]
    from aequilibrae.paths import AssignmentResults, Graph, allOrNothing  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    a = np.load(sys.argv[1])
    threads, links = int(sys.argv[2]), len(a["tail"])
    network = pd.DataFrame(
        {
            "link_id": np.arange(1, links + 1), "a_node": a["tail"] + 1, "b_node": a["head"] + 1,
            "direction": np.ones(links, int), "cost": a["cost"],
        }
    )  # fmt: skip
    centroids = a["zone_node"] + 1
    order = np.argsort(centroids)
    graph = Graph()
    graph.network, graph.mode = network, "c"
    graph.prepare_graph(centroids[order])
    graph.set_graph("cost")
    graph.set_skimming("cost")
    graph.set_blocked_centroid_flows(not bool(a["through"].all()))
    matrix = AequilibraeMatrix()
    matrix.create_empty(zones=len(centroids), matrix_names=["car"], memory_only=True)
    matrix.index[:] = centroids[order]
    matrix.matrix["car"][:, :] = a["trips"][np.ix_(order, order)]
    matrix.computational_view(["car"])

    def answer(job: dict[str, Any]) -> dict[str, Any]:
        results = AssignmentResults()
        results.set_cores(threads)
        results.prepare(graph, matrix)
        work = allOrNothing("car", matrix, graph, results)
        clock = time.perf_counter()
        work.execute()
        seconds = time.perf_counter() - clock
        flow = results.get_load_results()["car_ab"].reindex(network["link_id"]).to_numpy()
        return {"seconds": seconds, "total": float(flow @ a["cost"])}

    serve("AequilibraE all-or-nothing", "aequilibrae", answer)


main()
