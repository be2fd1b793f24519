"""Traffic assignment by pytraf (path-based gradient projection in Rust). Arguments: the network (npz), threads."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from experiments.benchmarks.peers.serve import serve


def main() -> None:
    import pytraf  # type: ignore[import-not-found]

    a = np.load(sys.argv[1])
    threads, nodes = int(sys.argv[2]), int(a["n_nodes"])
    network = pytraf.Network(
        nodes, a["tail"].astype(np.int64), a["head"].astype(np.int64), a["free_time"], a["capacity"], a["alpha"],
        a["beta"], is_centroid=~a["through"],
    )  # fmt: skip
    row, column = np.nonzero(a["trips"])
    zone = a["zone_node"].astype(np.int64)
    demand = pytraf.Demand(nodes, zone[row], zone[column], a["trips"][row, column])
    cars = pytraf.TrafficClass(demand, extra_link_cost=a["fixed"])

    def answer(job: dict[str, Any]) -> dict[str, Any]:
        clock = time.perf_counter()
        found = network.assign(cars, gap=float(job["gap"]), max_iter=100_000, threads=threads)
        seconds = time.perf_counter() - clock
        np.save(job["out"], found.links.flow)
        return {"seconds": seconds}

    serve("pytraf", "pytraf", answer)


main()
