"""Hourly 5R1C by RC_BuildingSimulator (ETH Zürich; package rcbsim). Argument: one building and its hours (npz)."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from experiments.benchmarks.peers.serve import serve


def main() -> None:
    from rcbsim import emission_system, supply_system  # type: ignore[import-not-found]
    from rcbsim.building_physics import Zone  # type: ignore[import-not-found]

    a = np.load(sys.argv[1])
    h_w, h_em, h_ve, _, a_m, a_t, c_m = a["box"].tolist()
    air = emission_system.AirConditioning  # all heat to the air, as ISO 13790 annex C has it
    zone = Zone(
        floor_area=a_m / 2.5, total_internal_area=a_t, t_set_heating=float(a["heat_at"]), t_set_cooling=float(a["cool_at"]),
        heating_emission_system=air, cooling_emission_system=air, heating_supply_system=supply_system.ElectricHeating,
        cooling_supply_system=supply_system.HeatPumpAir,
    )  # fmt: skip
    zone.h_tr_w, zone.h_tr_em, zone.h_ve_adj, zone.c_m = h_w, h_em, h_ve, c_m
    hours = list(zip(a["internal"].tolist(), a["solar"].tolist(), a["outdoor"].tolist(), strict=True))

    def answer(job: dict[str, Any]) -> dict[str, Any]:
        need, mass = [], float(a["mass"])
        clock = time.perf_counter()
        for internal, solar, outdoor in hours:
            zone.solve_energy(internal, solar, outdoor, mass)
            mass = zone.t_m_next
            need.append(zone.energy_demand)
        seconds = time.perf_counter() - clock
        np.save(job["out"], np.array(need))
        return {"seconds": seconds}

    serve("RC_BuildingSimulator", "rcbsim", answer)


main()
