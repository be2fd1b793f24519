"""Batch power flow by power-grid-model, iterative current. Arguments: the feeder and its loads (npz, per unit), threads."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from experiments.benchmarks.peers.serve import serve

VOLTS, BASE = 400.0, 1e5  # V, VA


def main() -> None:
    import power_grid_model as pgm  # type: ignore[import-not-found]

    a = np.load(sys.argv[1])
    threads = int(sys.argv[2])
    parent, p, q = a["parent"], a["p"], a["q"]
    n = len(parent)
    ohm = VOLTS**2 / BASE
    node, line = pgm.initialize_array("input", "node", n), pgm.initialize_array("input", "line", n - 1)
    node["id"], node["u_rated"] = np.arange(n), VOLTS
    line["id"], line["from_node"], line["to_node"] = n + np.arange(n - 1), parent[1:], np.arange(1, n)
    line["from_status"] = line["to_status"] = 1
    line["r1"], line["x1"], line["c1"], line["tan1"] = a["r"][1:] * ohm, a["x"][1:] * ohm, 0.0, 0.0
    source, load = pgm.initialize_array("input", "source", 1), pgm.initialize_array("input", "sym_load", n - 1)
    source["id"], source["node"], source["status"], source["u_ref"], source["sk"] = 3 * n, 0, 1, 1.0, 1e15
    load["id"], load["node"], load["status"] = 4 * n + np.arange(n - 1), np.arange(1, n), 1
    load["type"], load["p_specified"], load["q_specified"] = pgm.LoadGenType.const_power, 0.0, 0.0
    model = pgm.PowerGridModel({"node": node, "line": line, "source": source, "sym_load": load})
    batch = pgm.initialize_array("update", "sym_load", (len(p), n - 1))
    batch["id"], batch["p_specified"], batch["q_specified"] = load["id"], p[:, 1:] * BASE, q[:, 1:] * BASE

    def answer(job: dict[str, Any]) -> dict[str, Any]:
        clock = time.perf_counter()
        found = model.calculate_power_flow(
            error_tolerance=float(job["tolerance"]), max_iterations=200, calculation_method="iterative_current",
            update_data={"sym_load": batch}, threading=0 if threads > 1 else -1,
            output_component_types={"node": ["u_pu"]},
        )  # fmt: skip
        seconds = time.perf_counter() - clock
        np.save(job["out"], found["node"]["u_pu"])
        return {"seconds": seconds}

    serve("power-grid-model", "power-grid-model", answer)


main()
