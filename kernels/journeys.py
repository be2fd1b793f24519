"""Door-to-door times and distances of many persons' trips, read from tables between districts."""

from __future__ import annotations

import numpy as np

from kernels.draws import FloatArray, IntArray, uniform
from kernels.jit import kernel

#: Bounds of a trip inside the own district against its mean; with these the clipped exponential has mean one.
SHORTEST, LONGEST = 0.15, 4.537


@kernel
def door_to_door(
    seed: int, stream_id: int, purpose: int, ids: IntArray, home: IntArray, to: IntArray, gate: IntArray, car_time: FloatArray,
    car_km: FloatArray, gate_time: FloatArray, gate_km: FloatArray, beyond_time: float, beyond_km: float, ride: FloatArray,
    felt: FloatArray, bike: FloatArray, walk: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """Minutes by each mode and the street distance of one way.

    A trip inside the own district is longer or shorter than the district's mean by a factor that each person draws once: exponential,
    clipped to 0.15 .. 4.537, mean one. A trip through a gate goes by car only, to the gate and a stated way beyond.

    Args:
        seed, stream_id, purpose: of the draw (purpose is its index).
        ids, home, to, gate: (n,) person, home district, destination district (-2 through a gate), gate (-1 none).
        car_time, car_km, ride, bike, walk: (D, D) minutes and km between districts, the diagonal being trips inside.
        felt: (D, D) transit minutes as travellers weigh them.
        gate_time, gate_km: (D, G) minutes and km to the gates.
        beyond_time, beyond_km: way beyond the gate [min, km].

    Returns:
        (n, 4) minutes by car, transit, bicycle and on foot, inf where a mode does not go; (n,) transit
        minutes as weighed; (n,) km.
    """
    n = ids.shape[0]
    minutes = np.empty((n, 4))
    weighed = np.empty(n)
    km = np.empty(n)
    for i in range(n):
        h = home[i]
        d = to[i]
        if d == -2:
            g = gate[i]
            minutes[i, 0] = gate_time[h, g] + beyond_time
            minutes[i, 1:] = np.inf
            weighed[i] = np.inf
            km[i] = gate_km[h, g] + beyond_km
            continue
        far = 1.0
        on_the_way = 1.0
        if d == h:
            far = min(max(-np.log(uniform(seed, stream_id, ids[i], 0, purpose)), SHORTEST), LONGEST)
            on_the_way = 0.5 + 0.5 * far  # half of a short car trip is access and parking
        minutes[i, 0] = car_time[h, d] * on_the_way
        minutes[i, 1] = ride[h, d]
        weighed[i] = felt[h, d]
        minutes[i, 2] = bike[h, d] * far
        minutes[i, 3] = walk[h, d] * far
        km[i] = car_km[h, d] * far
    return minutes, weighed, km
