"""A child: live the shipped roadmap and its baseline for some months in a process of its own; prints figures as JSON.

Arguments: bundle of a prepared city, share, months, threads.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from kernels.jit import CompileWatch

ROADMAP = "toulouse_2021_2026.yaml"


def live(bundle: Path, share: float, months: int, threads: int) -> dict[str, Any]:
    """Seconds of the months (roadmap and baseline together), of settling, of the baseline by system; memory; compilation.

    The baseline's clocks start with its first month; the roadmap's run while the city is led in, too. With several threads both worlds live
    at once, so that a system's clock holds its waiting for the other world.
    """
    clock = time.perf_counter()
    with CompileWatch(lambda: None) as watch:
        from sim import load_bundle, load_scenario, run_pair

        with as_file(files("scenarios") / ROADMAP) as path:
            scenario = load_scenario(path)
        scenario = replace(scenario, end=min(scenario.end, scenario.start + months - 1))
        city = load_bundle(bundle)
        ready = time.perf_counter()
        ends: list[float] = []
        pair = run_pair(scenario, city, share=share, threads=threads, watch=lambda *_: ends.append(time.perf_counter()))
    manifest = pair.roadmap.manifest
    settled = ready + manifest["seconds"]["until_first_month"]
    return {
        "to_first_month": settled - clock,
        "settle": settled - ready,
        "months": [end - start for start, end in zip([settled, *ends], ends, strict=False)],
        "systems": pair.baseline.manifest["seconds_by_system"],
        "citizens": int(city.districts.population.sum() * share),
        "links": len(city.links),
        "memory_mb": manifest["peak_memory_mb"],
        "compile": watch.seconds,
        "kernels": watch.kernels,
    }


if __name__ == "__main__":
    figures = live(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    print(json.dumps(figures))
