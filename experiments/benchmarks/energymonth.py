"""A month's energy balance of the whole city: every dwelling, floor, car and low-voltage feeder, at full population."""

from __future__ import annotations

import gc

from experiments.benchmarks.context import Context
from experiments.benchmarks.rows import Promise, Row, measured
from sim import UrbanModel, load_scenario, open_city, prepare

LIMIT = 0.3  # s, full-size run
MONTHS = 12
SCENARIO = """name: energy of a month
city: toulouse
start: 2021-01
end: 2021-12
"""


def run(context: Context) -> list[Row]:
    """The energy system's own seconds in months of the baseline, everything else lived beside it."""
    path = context.scratch / "energy.yaml"
    path.write_text(SCENARIO, "utf-8")
    city = prepare(open_city("toulouse"), context.threads)
    out = []
    for share in (0.05,) if context.quick else (0.25, 1.0):
        model = UrbanModel(load_scenario(path), city, share=share, threads=context.threads)
        seconds = []
        for _ in range(3 if context.quick else MONTHS):
            model.seconds.clear()
            model.step()
            seconds.append(model.seconds["energy"])
        d = model.state.dwellings
        note = f"{int(d.alive.sum()):,} dwellings, {len(city.stations):,} stations, {len(city.buses):,} buses"
        promise = Promise(LIMIT) if share == 1.0 else None
        out.append(measured(f"energy of a month, share {share:g}", "s", seconds, promise=promise, note=note))
        del model, d
        gc.collect()
    return out
