"""Traffic assignment by AequilibraE's biconjugate Frank-Wolfe. Arguments: the network (npz), threads."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import numpy as np

from experiments.benchmarks.peers.serve import serve

TINY = 1e-6  # AequilibraE refuses links without time


def main() -> None:
    import pandas as pd
    from aequilibrae.matrix import AequilibraeMatrix  # type: ignore[import-not-found]
    from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    a = np.load(sys.argv[1])
    threads, links = int(sys.argv[2]), len(a["tail"])
    constant = (a["alpha"] == 0) | (a["beta"] == 0)  # its BPR wants powers of at least 1
    free = np.where(constant, a["free_time"] * (1.0 + a["alpha"]), a["free_time"])
    number = np.arange(1, links + 1)
    network = pd.DataFrame(
        {
            "link_id": number, "a_node": a["tail"] + 1, "b_node": a["head"] + 1, "direction": np.ones(links, int),
            "time": np.maximum(free, TINY), "capacity": a["capacity"], "toll": a["fixed"],
            "alpha": np.where(constant, 0.0, a["alpha"]), "beta": np.where(constant, 1.0, a["beta"]),
        }
    )  # fmt: skip
    centroids = a["zone_node"] + 1
    order = np.argsort(centroids)

    def answer(job: dict[str, Any]) -> dict[str, Any]:
        graph = Graph()
        graph.network, graph.mode = network, "c"
        graph.prepare_graph(centroids[order])
        graph.set_graph("time")
        graph.set_blocked_centroid_flows(not bool(a["through"].all()))
        matrix = AequilibraeMatrix()
        matrix.create_empty(zones=len(centroids), matrix_names=["car"], memory_only=True)
        matrix.index[:] = centroids[order]
        matrix.matrix["car"][:, :] = a["trips"][np.ix_(order, order)]
        matrix.computational_view(["car"])
        cars = TrafficClass("car", graph, matrix)
        if a["fixed"].any():
            cars.set_fixed_cost("toll")
        work = TrafficAssignment()
        work.set_classes([cars])
        work.set_vdf("BPR")
        work.set_vdf_parameters({"alpha": "alpha", "beta": "beta"})
        work.set_capacity_field("capacity")
        work.set_time_field("time")
        work.set_algorithm("bfw")
        work.max_iter, work.rgap_target = 100_000, float(job["gap"])
        work.set_cores(threads)
        clock = time.perf_counter()
        work.execute(log_specification=False)
        seconds = time.perf_counter() - clock
        np.save(job["out"], work.results()["PCE_AB"].reindex(number).to_numpy())
        return {"seconds": seconds}

    serve("AequilibraE bfw", "aequilibrae", answer)


main()
