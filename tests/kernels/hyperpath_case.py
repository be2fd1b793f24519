"""A transit graph of middle size and what AequilibraE answers on it.

Made by plain integer arithmetic, so that every version of every library sees the same graph. The facts at the end are the output of

    python tests/kernels/hyperpath_case.py

where AequilibraE 1.7.2 is installed (Python 3.11): its ``HyperpathGenerating`` is Spiess & Florian's algorithm in Cython, its expected
wait is the inverse of the combined frequency.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

STOPS, LINES, WALKS = 60, 24, 40
DESTINATIONS = (3, 17, 41)
ORIGINS = (0, 9, 26, 38, 55)
#: Frequency that stands for a link that is always there in :func:`links`.
ALWAYS = 0.0
Link = tuple[int, int, float, float]


def links() -> tuple[list[Link], list[int], int]:
    """Links (tail, head, minutes, vehicles a minute or ALWAYS), the line that each boards or -1, and the number of nodes."""
    state = 20261123

    def draw(n: int) -> int:
        nonlocal state
        state = (1103515245 * state + 12345) % 2**31  # the generator of ANSI C
        return (state >> 8) % n

    out: list[Link] = []
    boards: list[int] = []
    node = STOPS
    for line in range(LINES):
        path = list(dict.fromkeys(draw(STOPS) for _ in range(5 + draw(8))))
        frequency = 1.0 / (3 + draw(25))
        minutes = [1.0 + draw(9000) / 1000 for _ in path[1:]]
        for stops, ride in ((path, minutes), (path[::-1], minutes[::-1])):
            at = list(range(node, node + len(stops)))
            node += len(stops)
            for s, a in zip(stops, at, strict=True):
                out += [(s, a, 0.0, frequency), (a, s, 0.0, ALWAYS)]
                boards += [line, -1]
            out += [(a, b, m, ALWAYS) for (a, b), m in zip(pairwise(at), ride, strict=True)]
            boards += [-1] * (len(at) - 1)
    for _ in range(WALKS):
        a, b = draw(STOPS), draw(STOPS)
        if a != b:
            m = 6.0 + draw(14000) / 1000
            out += [(a, b, m, ALWAYS), (b, a, m, ALWAYS)]
            boards += [-1, -1]
    return out, boards, node


def demand(destination: int) -> list[tuple[int, float]]:
    """Trips to a destination from every other stop."""
    return [(o, 1.0 + (7 * o + destination) % 13) for o in range(STOPS) if o != destination]


class Answer(NamedTuple):
    """What AequilibraE finds for one destination."""

    minutes: tuple[float, ...]  #: from ORIGINS
    boardings: tuple[float, ...]  #: by line
    ridden: float  #: minutes ridden and walked by all


def ask() -> dict[int, Answer]:
    """Ask AequilibraE."""
    import numpy as np
    import pandas as pd
    from aequilibrae.paths.public_transport import HyperpathGenerating

    rows, boards, nodes = links()
    table = pd.DataFrame(rows, columns=["tail", "head", "trav_time", "freq"])
    table.loc[table.freq == ALWAYS, "freq"] = np.inf
    zones, answers = np.arange(STOPS), {}
    for d in DESTINATIONS:
        asked = HyperpathGenerating(
            table, skim_cols=["trav_time"], o_vert_ids=zones, d_vert_ids=zones, nodes_to_indices=np.arange(nodes)
        )
        trips = demand(d)
        asked.assign(
            np.array([o for o, _ in trips]), np.full(len(trips), d), np.array([v for _, v in trips]), threads=1
        )
        skim = np.asarray(asked.skim_matrix.get_matrix("trav_time"))
        volume = asked._edges["volume"].to_numpy()
        times = tuple(round(float(skim[o, d]), 9) for o in ORIGINS)
        at = np.array(boards) >= 0
        by_line = np.bincount(np.array(boards)[at], weights=volume[at])
        ridden = round(float((volume * table.trav_time).sum()), 6)
        answers[d] = Answer(times, tuple(round(x, 6) for x in by_line.tolist()), ridden)
    return answers


#: Destination: answer of AequilibraE 1.7.2.
ANSWERS = {
    3: Answer(
        (42.491826087, 44.597815983, 44.818968633, 41.667252945, 30.135764706),
        (
            9.34635,
            3.865854,
            15.621639,
            323.706197,
            24.110455,
            4.088564,
            14.896316,
            7.703738,
            9.446189,
            27.413297,
            9.8376,
            4.810108,
            3.897919,
            10.231508,
            8.563077,
            8.866176,
            15.973077,
            56.053889,
            27.782273,
            5.36478,
            25.431039,
            0.0,
            26.794669,
            107.517161,
        ),
        10456.019341,
    ),
    17: Answer(
        (4.624, 7.665, 26.6117585, 4.084, 28.361735977),
        (
            7.795455,
            31.225849,
            1.228261,
            56.103446,
            7.542616,
            2.187293,
            8.736028,
            15.227273,
            31.305141,
            48.701459,
            34.702463,
            8.105627,
            6.452048,
            193.852899,
            20.001215,
            6.322323,
            17.539995,
            10.065517,
            18.537063,
            3.833333,
            19.790323,
            14.828823,
            0.944937,
            35.198359,
        ),
        6257.437272,
    ),
    41: Answer(
        (23.36, 26.417949677, 27.721891892, 26.253159722, 27.921),
        (
            7.529292,
            62.192007,
            12.0,
            51.045365,
            33.544193,
            6.416026,
            53.352327,
            7.939024,
            33.199939,
            15.906811,
            49.340493,
            14.535441,
            3.053253,
            10.430974,
            2.2547,
            5.083078,
            1.926952,
            10.285196,
            17.033215,
            1.666667,
            27.838751,
            10.395422,
            5.701563,
            329.540057,
        ),
        6139.417191,
    ),
}


if __name__ == "__main__":
    print(ask())
