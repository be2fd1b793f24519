"""Radial networks and pandapower's answers: ``python pandapower_answers.py FOLDER`` in an environment that has pandapower.

Writes NAME.json (``pandapower.to_json``) and NAME.csv (bus, vm_pu, va_degree) of each network and losses.json (kW by name). The
networks: those that pandapower bundles and this can read, and random ones of three voltage levels.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp  # type: ignore[import-not-found,unused-ignore]
from pandapower import networks

RANDOM = 6


def bundled() -> Iterator[tuple[str, Any]]:
    """Kerber's networks are drawn at random at each call."""
    yield "case33bw", networks.case33bw()
    yield "cigre_lv", networks.create_cigre_network_lv()
    yield "cigre_mv", networks.create_cigre_network_mv()
    yield "four_loads", networks.panda_four_load_branch()
    for kind in (
        "landnetz_freileitung_1", "landnetz_freileitung_2", "landnetz_kabel_1", "landnetz_kabel_2", "dorfnetz", "vorstadtnetz_kabel_1",
        "vorstadtnetz_kabel_2",
    ):  # fmt: skip
        yield f"kerber_{kind}", getattr(networks, f"create_kerber_{kind}")()
    for kind in ("rural_1", "rural_2", "village_1", "village_2", "suburb_1"):
        yield f"lindner_{kind}", networks.create_synthetic_voltage_control_lv_network(kind)
    for kind in ("short", "middle", "long"):
        yield f"dickert_{kind}", networks.create_dickert_lv_network(kind, "cable", "multiple", "bad")


def random(seed: int) -> Any:
    """110 kV behind a transformer, overhead lines and cables of 20 kV, some stations with low-voltage trees, panels in places."""
    rng = np.random.default_rng(seed)
    net = pp.create_empty_network(sn_mva=float(rng.choice([1.0, 10.0])))
    top, bar = pp.create_bus(net, 110.0), pp.create_bus(net, 20.0)
    pp.create_ext_grid(net, top, float(rng.uniform(0.98, 1.04)), va_degree=float(rng.uniform(-20.0, 20.0)))
    pp.create_transformer(net, top, bar, "25 MVA 110/20 kV", tap_pos=int(rng.integers(-3, 4)))
    for bus in _grown(net, rng, bar, 20.0, 8, ("NA2XS2Y 1x185 RM/25 12/20 kV", "94-AL1/15-ST1A 20.0"), 4.0):
        low = pp.create_bus(net, 0.4)
        pp.create_transformer(
            net, bus, low, "0.4 MVA 20/0.4 kV", tap_pos=int(rng.integers(-2, 3)), parallel=int(rng.integers(1, 3))
        )
        for end in _grown(net, rng, low, 0.4, 12, ("NAYY 4x150 SE", "NAYY 4x50 SE"), 0.06):
            pp.create_load(
                net,
                end,
                float(rng.uniform(0.0, 0.01)),
                float(rng.uniform(0.0, 0.004)),
                scaling=float(rng.uniform(0.5, 1.2)),
            )
            if rng.random() < 0.3:
                pp.create_sgen(net, end, float(rng.uniform(0.0, 0.02)), float(rng.uniform(-0.002, 0.002)))
    return net


def _grown(
    net: Any, rng: np.random.Generator, root: Any, kv: float, count: int, types: tuple[str, ...], km: float
) -> list[Any]:
    """Buses of a random tree below ``root``."""
    buses = [root]
    for _ in range(count):
        bus = pp.create_bus(net, kv)
        up = buses[int(rng.integers(max(0, len(buses) - 4), len(buses)))]
        pp.create_line(
            net, up, bus, float(rng.uniform(0.1, 1.0) * km), str(rng.choice(types)), parallel=int(rng.integers(1, 3))
        )
        buses.append(bus)
    return buses[1:]


def main(folder: Path) -> None:
    losses = {}
    for name, net in [*bundled(), *((f"random_{seed}", random(seed)) for seed in range(RANDOM))]:
        pp.runpp(net, tolerance_mva=1e-11, calculate_voltage_angles=True, trafo_model="t", numba=False)
        losses[name] = 1000.0 * float(net.res_ext_grid.p_mw.sum() + net.res_sgen.p_mw.sum() - net.res_load.p_mw.sum())
        net.res_bus[["vm_pu", "va_degree"]].to_csv(folder / f"{name}.csv", index_label="bus")
        pp.to_json(net, str(folder / f"{name}.json"))
    (folder / "losses.json").write_text(json.dumps(losses), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
