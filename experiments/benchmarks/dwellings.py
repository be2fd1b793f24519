"""Every dwelling of a city, every hour of a year: building-hours per second with all that a dwelling has, and a city's time and memory."""

from __future__ import annotations

import resource
from statistics import median

import numpy as np

from experiments.benchmarks.buildings import COOL_AT, HEAT_AT, START, Stock, stock
from experiments.benchmarks.context import Context, interleaved, rates
from experiments.benchmarks.processes import PeerProcess
from experiments.benchmarks.rows import Promise, Row, measured, peer_measured
from kernels.stock import Dwellings, Hours, Lived, live

RATE, SECONDS, MEGABYTES, LINEAR = 1e9, 15.0, 2000.0, 1.1
CITY, DISTRICTS = 400_000, 300


def run(context: Context) -> list[Row]:
    """One dwelling beside RC_BuildingSimulator, then the rate, then the city, with memory last: it is the most of the process."""
    return [
        one(context, 3), rate(context, context.size(2000, 102_400), 3), *growth(context, context.size(1000, 25_600), 5),
        *city(context, context.size(20_000, CITY)),
    ]  # fmt: skip


def one(context: Context, rounds: int) -> Row:
    """The heat balance of one dwelling; the peer has nothing else."""
    case = stock(1, context.size(2000, 8760))
    path, out = context.scratch / "building.npz", context.scratch / "need.npy"
    np.savez(
        path, box=case.boxes[0], outdoor=case.outdoor, internal=case.internal * case.floor[0], solar=case.solar * case.floor[0],
        heat_at=HEAT_AT, cool_at=COOL_AT, mass=START,
    )  # fmt: skip
    found = lived(case, 1, context.threads)
    with PeerProcess(context, "buildings_rcbsim", "RC_BuildingSimulator", path) as peer:
        ours, theirs = interleaved(
            rounds, lambda: context.seconds(lambda: lived(case, 1, 1)), lambda: peer.seconds(out=str(out))
        )
        note = "lanes of one dwelling and fifteen empty ones"
        if theirs:
            note += (
                f"; needs differ by at most {np.abs(np.load(out) - (found.heat - CHILLER * found.cool)[0]).max():.1e} W"
            )
        other = peer_measured(peer.name, rates(float(len(case.outdoor)), theirs), peer.fault)
    return measured(
        "one dwelling, heat balance", "building-hours/s", rates(float(len(case.outdoor)), ours), higher_is_better=True, peer=other,
        note=note,
    )  # fmt: skip


def rate(context: Context, buildings: int, rounds: int) -> Row:
    """Heat balance, sun through windows of any direction, heating and cooling systems, hot water, cooking, plugs, car, a roof in ten."""
    case = stock(buildings, 8760)
    lived(case, DISTRICTS, context.threads)  # compiles
    seconds = interleaved(rounds, lambda: context.seconds(lambda: lived(case, DISTRICTS, context.threads)))[0]
    return measured(
        f"{buildings:,} dwellings, all of it included, {context.threads} threads", "building-hours/s",
        rates(buildings * 8760.0, seconds), higher_is_better=True, promise=Promise(RATE), note="packing included",
    )  # fmt: skip


def growth(context: Context, buildings: int, rounds: int) -> list[Row]:
    """Four times the dwellings, four times the hours: what a dwelling-hour more costs against what it cost before."""
    few, many = stock(buildings, 2190), stock(4 * buildings, 2190)
    long = stock(buildings, 8760)
    cost = interleaved(
        rounds, *(lambda case=case: context.seconds(lambda: lived(case, DISTRICTS, context.threads)) for case in (few, many, long))
    )  # fmt: skip
    small, more, longer = (median(seconds) for seconds in cost)
    return [
        measured(f"growth of the cost with {what} (1 is linear)", "", [large / (4.0 * small)], promise=Promise(LINEAR))
        for what, large in (("dwellings", more), ("hours", longer))
    ]


def city(context: Context, buildings: int) -> list[Row]:
    """Results by district and hour of a whole city."""
    case = stock(buildings, 8760)
    seconds = context.seconds(lambda: lived(case, DISTRICTS, context.threads))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    what = f"{buildings:,} dwellings x 8,760 hours"
    return [
        measured(f"{what}, sums by district and hour", "s", [seconds], promise=Promise(SECONDS)),
        measured(f"{what}, memory", "MB", [most], promise=Promise(MEGABYTES), note="most of the process, Python and inputs included"),
    ]  # fmt: skip


def lived(case: Stock, districts: int, threads: int) -> Lived:
    """The stock of :mod:`experiments.benchmarks.buildings` with systems of no particular dwelling. The case's sun comes from all sides
    alike, so that the peer has the same; roofs have a beam of their own."""
    n, t = len(case.floor), len(case.outdoor)
    none, full = np.zeros(t), np.ones(t)
    above = np.tile([0.0, 0.0, 1.0], (t, 1))
    hours = Hours(
        case.outdoor, above, case.solar, case.solar / 8.0, case.solar / 8.0, full, none, none, none, none, full / 3.0,
        *([full] * 6),
    )  # fmt: skip
    each = {name: np.full(n, value) for name, value in SYSTEMS.items()}
    each |= {"internal": case.internal[0] * case.floor, "cool_at": np.full(n, COOL_AT), "heat_at": np.full(n, HEAT_AT)}
    each |= {
        "mass": np.full(n, START),
        "panels": np.where(np.arange(n) % 10 == 0, 3000.0, 0.0),
        "azimuth": np.arange(n) % 360.0,
    }
    tables = {"box": case.boxes, "aperture": np.repeat(case.floor[:, None], 4, axis=1)}
    return live(Dwellings(**each, **tables), np.arange(n) % districts, hours, groups=districts, threads=threads)


CHILLER = 3.0
SYSTEMS = {
    "opened": 0.0, "absent": 0.0, "night": 0.0, "away": 0.0, "relief": 0.0, "heater": 1e9, "per_heat": 0.0, "pump": 1.0, "electric": 1.0,
    "chiller": CHILLER, "water": 200.0, "plugs": 300.0, "cooking": 40.0, "car": 50.0, "night_car": 50.0, "flexible": 50.0, "tilt": 20.0,
    "facing": 160.0, "battery": 5000.0, "weight": 1.0,
}  # fmt: skip
