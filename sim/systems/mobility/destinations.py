"""Where citizens go shopping, to leisure and to escort somebody: logit over districts, by size and by what all ways there are worth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.draws import stream
from kernels.journeys import Place, Taste, Travellers, Ways, destinations
from sim.city.city import City
from sim.codes import Errand, Sector
from sim.columns import Floats, Ints
from sim.scenario.parameters import Parameters
from sim.state import State
from sim.systems.mobility import choice

#: What draws people, for each job of a branch and each inhabitant (assumption: shops for shopping; restaurants, culture and friends for
#: leisure and personal business; schools and homes for escorting).
SIZE: dict[Errand, tuple[dict[Sector, float], float]] = {
    Errand.SHOPPING: ({Sector.TRADE: 1.0, Sector.HOSPITALITY: 0.2, Sector.OTHER: 0.2}, 0.02),
    Errand.LEISURE: ({Sector.HOSPITALITY: 1.0, Sector.OTHER: 1.0, Sector.TRADE: 0.1, Sector.PUBLIC: 0.15}, 0.15),
    Errand.ESCORT: ({Sector.PUBLIC: 0.2}, 0.2),
}
#: Reach of the draw of candidates [km]; it decides how well few candidates stand for all districts, not where people go.
REACH = 2.0
CANDIDATES = 6


class Pull(NamedTuple):
    """Candidates of a purpose by home district: ``cumulated`` (D, D) probabilities of being drawn, ``correction`` (D, D) ln size less
    the decay with distance, - ln q."""

    cumulated: Floats
    correction: Floats


def pull(city: City, p: Parameters, errand: Errand) -> Pull:
    """What follows from the city and the registry alone."""
    d, jobs = city.districts, city.jobs
    by_job, by_inhabitant = SIZE[errand]
    size = by_inhabitant * d.population + sum(w * jobs[:, sector] for sector, w in by_job.items())
    size = np.maximum(np.asarray(size, np.float64), 1e-9)
    km = np.hypot(d.x[:, None] - d.x, d.y[:, None] - d.y) / 1000.0 + np.diag(d.inner_distance)
    q = size * np.exp(-km / REACH)
    q /= q.sum(axis=1, keepdims=True)
    cumulated = np.cumsum(q, axis=1)
    cumulated[:, -1] = 1.0
    worth = np.log(size) - p[f"place_decay_{errand.name.lower()}"] * km
    return Pull(np.ascontiguousarray(cumulated), worth - np.log(np.maximum(q, 1e-300)))


def choose_districts(
    state: State, p: Parameters, errand: Errand, who: Travellers, ways: Ways, taste: Taste, place: Place, where: Pull,
    threads: int,
) -> tuple[Ints, Floats]:  # fmt: skip
    """(rows,) district of the given citizens' tours, (rows,) how well off they are with all districts they may choose [utils].

    Citizens choose each alone, so parts of them go to threads and the answer is the same with any number.
    """
    name = errand.name.lower()

    def choose(part: Travellers) -> tuple[Ints, Floats]:
        found = destinations(
            state.seed, stream(choice.INNER), stream(f"mobility.place.{name}"), int(errand), part, ways, taste, place, choice.NEST[:6],
            choice.scales(p)[:3], where.cumulated, where.correction, p[f"place_scale_{name}"], CANDIDATES,
        )  # fmt: skip
        return found[0], found[1]

    found = choice.in_parts(threads, len(who.id), lambda part: choose(choice.some(who, part)))
    return np.concatenate([to for to, _ in found]), np.concatenate([access for _, access in found])


def usual(city: City, state: State, rows: Ints, access: Floats) -> Floats:
    """(D,) mean access by home district [utils]; the city's mean where nobody lives."""
    c = state.citizens
    known = np.isfinite(access)
    home, weight = c.district[rows][known], c.weight[rows][known]
    total = np.bincount(home, weights=weight, minlength=city.n_districts)
    found = np.bincount(home, weights=weight * access[known], minlength=city.n_districts)
    mean = float(found.sum() / max(float(total.sum()), 1e-300))
    return np.where(total > 0.0, found / np.maximum(total, 1e-300), mean)


def tours_against_usual(p: Parameters, access: Floats, at_first: Floats) -> Floats:
    """Tours a day of a purpose against usual: they grow with access, exp(response x (access - usual access))."""
    more = np.where(np.isfinite(access), np.clip(access - at_first, -10.0, 10.0), -10.0)
    return np.asarray(np.exp(p["trip_response"] * more))
