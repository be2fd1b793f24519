"""Building-hours per second of the 5R1C balance, against the same equations in NumPy and in RC_BuildingSimulator."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.benchmarks.context import Context, interleaved, rates
from experiments.benchmarks.processes import PeerProcess
from experiments.benchmarks.rows import Row, measured, peer_measured
from kernels.thermal import H_MS, series, typical_days

Floats = npt.NDArray[np.float64]
HEAT_AT, COOL_AT = 20.0, 26.0
START = 18.0  # degC of the mass


class Stock(NamedTuple):
    """Buildings (B, 7) as in :func:`kernels.thermal.series`, and hours (T,): outdoor [degC], gains per m2 of floor [W/m2]."""

    boxes: Floats
    floor: Floats
    outdoor: Floats
    internal: Floats
    solar: Floats


def stock(buildings: int, hours: int) -> Stock:
    """Dwellings from leaky to tight under a cosine year: deterministic, plausible, calibrated to nothing."""
    rng = np.random.default_rng(3)
    floor = rng.uniform(30.0, 150.0, buildings)
    per_area = np.stack(
        [rng.uniform(0.2, 0.9, buildings), rng.uniform(0.3, 3.0, buildings), rng.uniform(0.3, 0.8, buildings),
         np.full(buildings, 3.45 * 4.5), np.full(buildings, 2.5), np.full(buildings, 4.5), np.full(buildings, 162_000.0)],
        axis=1,
    )  # fmt: skip
    t = np.arange(hours)
    outdoor = 13.0 - 8.0 * np.cos(t * 2 * np.pi / 8760) + 4.0 * np.sin((t - 9) * 2 * np.pi / 24)
    sun = np.maximum(0.0, np.sin((t % 24 - 6) * np.pi / 12)) * (9.0 - 5.0 * np.cos(t * 2 * np.pi / 8760))
    return Stock(np.ascontiguousarray(per_area * floor[:, None]), floor, outdoor, np.full(hours, 3.0), sun)


def run(context: Context) -> list[Row]:
    """Hours one after the other, then the typical days that the model solves."""
    hours = context.size(2000, 8760)
    case = stock(context.size(50, 200), hours)
    return [
        against_numpy(context, case, 3),
        against_simulator(context, case, 3),
        days(context, context.size(120, 1200)),
    ]


def against_numpy(context: Context, case: Stock, rounds: int) -> Row:
    """All buildings, hour after hour; the twin does all buildings at once in each hour."""
    worst = np.abs(kernel_needs(case) - numpy_needs(case)).max()  # compiles
    ours, theirs = interleaved(
        rounds, lambda: context.seconds(lambda: kernel_needs(case)), lambda: context.seconds(lambda: numpy_needs(case))
    )
    work = float(len(case.boxes) * len(case.outdoor))
    return measured(
        f"hourly heat balance, {len(case.boxes):,} buildings, {len(case.outdoor):,} hours", "building-hours/s",
        rates(work, ours), higher_is_better=True,
        peer=peer_measured("same equations in NumPy", rates(work, theirs)),
        note=f"1 thread; heat balance alone; needs differ by at most {worst:.1e} W",
    )  # fmt: skip


def against_simulator(context: Context, case: Stock, rounds: int) -> Row:
    """The first building alone."""
    path, out = context.scratch / "building.npz", context.scratch / "need.npy"
    one = case._replace(boxes=case.boxes[:1], floor=case.floor[:1])
    np.savez(
        path, box=one.boxes[0], outdoor=one.outdoor, internal=one.internal * one.floor[0], solar=one.solar * one.floor[0],
        heat_at=HEAT_AT, cool_at=COOL_AT, mass=START,
    )  # fmt: skip
    need = kernel_needs(one)[0]
    with PeerProcess(context, "buildings_rcbsim", "RC_BuildingSimulator", path) as peer:
        ours, theirs = interleaved(
            rounds, lambda: context.seconds(lambda: kernel_needs(one)), lambda: peer.seconds(out=str(out))
        )
        work = float(len(one.outdoor))
        note = "1 thread; " + (
            f"needs differ by at most {np.abs(np.load(out) - need).max():.1e} W" if theirs else "no peer"
        )
        other = peer_measured(peer.name, rates(work, theirs), peer.fault)
    return measured(
        f"one building, {len(one.outdoor):,} hours", "building-hours/s", rates(work, ours), higher_is_better=True, peer=other,
        note=note,
    )  # fmt: skip


def days(context: Context, buildings: int) -> Row:
    """Typical days solved to their periodic answer: the hours of the answer count, not those of the search for it."""
    case = stock(buildings, 12 * 24)
    outdoor = case.outdoor.reshape(12, 24) - 5.0
    sun = np.repeat(case.solar.reshape(12, 24, 1), 5, axis=2) * 10.0
    gains = np.repeat(3.0 * case.floor[:, None], 24, axis=1)
    aperture = np.repeat(0.02 * case.floor[:, None], 5, axis=1)
    heat_at = np.full((buildings, 24), HEAT_AT)

    def work() -> object:
        return typical_days(outdoor, gains, aperture, sun, heat_at, case.boxes)

    work()  # compiles
    seconds = interleaved(3, lambda: context.seconds(work))[0]
    return measured(
        f"typical days, {buildings:,} buildings x 12", "building-hours/s", rates(buildings * 288.0, seconds),
        higher_is_better=True, note="1 thread; each day repeated until it is periodic",
    )  # fmt: skip


def kernel_needs(case: Stock) -> Floats:
    """(B, T) heating or cooling need [W] by our kernel."""
    hours = len(case.outdoor)
    need, air = np.empty((len(case.boxes), hours)), np.empty(hours)
    heat_at, cool_at = np.full(hours, HEAT_AT), np.full(hours, COOL_AT)
    for b, (box, floor) in enumerate(zip(case.boxes, case.floor, strict=True)):
        series(START, case.outdoor, case.internal * floor, case.solar * floor, heat_at, cool_at, box, need[b], air)
    return need


def numpy_needs(case: Stock) -> Floats:
    """The same in NumPy, after EN ISO 13790 annex C: all buildings at once, one hour after the other."""
    need = np.empty((len(case.boxes), len(case.outdoor)))
    mass = np.full(len(case.boxes), START)
    nothing, ten = np.zeros(len(mass)), np.full(len(mass), 10.0)
    for t, outdoor in enumerate(case.outdoor.tolist()):
        internal, solar = case.internal[t] * case.floor, case.solar[t] * case.floor
        free = _balance(case.boxes, mass, outdoor, internal, solar, nothing)[1]
        slope = (_balance(case.boxes, mass, outdoor, internal, solar, ten)[1] - free) / ten
        need[:, t] = (np.clip(free, HEAT_AT, COOL_AT) - free) / slope
        mass = _balance(case.boxes, mass, outdoor, internal, solar, need[:, t])[0]
    return need


def _balance(
    boxes: Floats, mass: Floats, outdoor: float, internal: Floats, solar: Floats, power: Floats
) -> tuple[Floats, Floats]:
    """(mass temperature at the end, mean air temperature) of each building under ``power``; equations C.1 to C.11."""
    h_w, h_em, h_ve, h_is, a_m, a_t, c_m = boxes.T
    h_ms, c = H_MS * a_m, c_m / 3600.0
    h_1 = 1.0 / (1.0 / h_ve + 1.0 / h_is)
    h_2 = h_1 + h_w
    h_3 = 1.0 / (1.0 / h_2 + 1.0 / h_ms)
    gain = 0.5 * internal + solar
    to_air, to_mass = 0.5 * internal + power, a_m / a_t * gain
    to_surface = gain - to_mass - h_w / (H_MS * a_t) * gain
    total = to_mass + h_em * outdoor + h_3 * (to_surface + h_w * outdoor + h_1 * (to_air / h_ve + outdoor)) / h_2
    end = (mass * (c - 0.5 * (h_3 + h_em)) + total) / (c + 0.5 * (h_3 + h_em))
    inside = h_ms * 0.5 * (mass + end) + to_surface + h_w * outdoor + h_1 * (outdoor + to_air / h_ve)
    surface = inside / (h_ms + h_w + h_1)
    return end, (h_is * surface + h_ve * outdoor + to_air) / (h_is + h_ve)
