"""A building stock packed for :mod:`kernels.stock`: dwellings side by side in lanes, hours as rows of what all dwellings share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import fused_kernel, inline
from kernels.lanes import LANES, aligned
from kernels.thermal import H_MS
from kernels.threads import in_blocks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Dwellings(NamedTuple):
    """A building stock, (B,) each; powers in W, temperatures in degC, angles in degrees clockwise from north, unless said otherwise.

    ``box`` (B, 7) as in :func:`kernels.thermal.series`; ``opened`` [W/K] what open windows add to its ventilation; ``aperture``
    (B, 4) effective collecting area [m2] of the main facade, which looks to ``azimuth``, and of those 90, 180 and 270 degrees further;
    ``mass`` temperature at the start; ``internal`` gains with
    everybody at home, ``absent`` what they lose while people work away; ``heat_at`` by day, and how much lower [K] at ``night``, while
    people are ``away`` and while the grid is short (``relief``); ``cool_at`` (inf: no cooling); ``heater`` greatest output; the heating
    system takes ``per_heat`` plus ``pump`` times the hour's reference heat pump of what it gives, ``electric`` is the share of electricity;
    ``chiller`` efficiency of cooling. Electricity, mean over a day, spread by their shapes: ``water``, ``plugs``, ``cooking``, ``car``
    charged at once, ``night_car`` off-peak, ``flexible`` when it suits the grid. ``panels`` [W peak] on a roof plane of ``tilt``
    looking to ``facing``; ``battery`` [Wh]; ``weight`` real dwellings.
    """

    box: FloatArray
    opened: FloatArray
    aperture: FloatArray
    azimuth: FloatArray
    mass: FloatArray
    internal: FloatArray
    absent: FloatArray
    heat_at: FloatArray
    night: FloatArray
    away: FloatArray
    relief: FloatArray
    cool_at: FloatArray
    heater: FloatArray
    per_heat: FloatArray
    pump: FloatArray
    electric: FloatArray
    chiller: FloatArray
    water: FloatArray
    plugs: FloatArray
    cooking: FloatArray
    car: FloatArray
    night_car: FloatArray
    flexible: FloatArray
    panels: FloatArray
    tilt: FloatArray
    facing: FloatArray
    battery: FloatArray
    weight: FloatArray


class Hours(NamedTuple):
    """What all dwellings share, (T,) each.

    ``outdoor`` [degC]; ``sun`` (T, 3) unit vector east, north, up; ``beam``, ``iso``, ``ground`` [W/m2]: a plane of normal n and tilt b
    receives max(0, n sun) beam + (1 + cos b) iso + (1 - cos b) ground (Hay-Davies); ``shade`` share of the sun that shutters let through
    windows; ``open`` 1 in hours of open windows, else 0; ``asleep``, ``working``, ``short`` (of power) [0..1];
    ``pump`` what the reference heat pump takes of what it gives (1 / COP); shapes of mean 1 over a day: ``water``, ``plugs``, ``cooking``,
    ``car``, ``night_car``, ``flexible``.
    """

    outdoor: FloatArray
    sun: FloatArray
    beam: FloatArray
    iso: FloatArray
    ground: FloatArray
    shade: FloatArray
    open: FloatArray
    asleep: FloatArray
    working: FloatArray
    short: FloatArray
    pump: FloatArray
    water: FloatArray
    plugs: FloatArray
    cooking: FloatArray
    car: FloatArray
    night_car: FloatArray
    flexible: FloatArray


class Lived(NamedTuple):
    """Weighted sums by group and hour, (G, T) [W], and by dwelling.

    ``heat`` given to the air; of the heating system ``warm`` electricity and ``fuel``; ``cool`` electricity for cooling; ``load`` all
    electricity; ``pv`` produced; ``used`` of it in the same dwelling, through the battery or not; ``kept`` what batteries take less what
    they give. ``dwelling`` (B, 9) [Wh]: the same of each dwelling, not weighted, and degree-hours above 28 degC [Kh]; ``mass`` (B,) mass
    temperature at the end [degC].
    """

    heat: FloatArray
    warm: FloatArray
    fuel: FloatArray
    cool: FloatArray
    load: FloatArray
    pv: FloatArray
    used: FloatArray
    kept: FloatArray
    dwelling: FloatArray
    mass: FloatArray


class Packed(NamedTuple):
    """``rows`` (blocks, COLUMNS); blocks of group d are ``first[d]`` to ``first[d + 1]``, an even number, those before ``roofed[d]`` have
    panels; dwelling i is number ``place[i]`` of all lanes."""

    rows: FloatArray
    first: IntArray
    roofed: IntArray
    place: IntArray


#: Sums by hour and by dwelling, in the order of :class:`Lived`; the last of a dwelling are its degree-hours.
SUMS, EACH = 8, 9
S_HEAT, S_WARM, S_FUEL, S_COOL, S_LOAD, S_PV, S_USED, S_KEPT, S_HOT = (LANES * k for k in range(9))
HOT_ABOVE = 28.0  #: degC, upper limit of comfort indoors: RE2020 counts degree-hours above 26 to 28
BLOCK = 2 * LANES  #: dwellings that are taken together

#: Electric uses of a fixed shape: columns of dwellings from WATER on, of hours from H_WATER on.
STEADY = 6

# Columns of a packed dwelling, LANES numbers each; those of the network's answers stand a second time for open windows.
RESPONSES = 10
(
    MASS, A_MASS, A_OUT, A_IN, A_SUN, PER_K, E_MASS, E_OUT, E_IN, E_SUN, E_POWER, OPENED, *_, IN, IN_AWAY, SIN, COS, B_FRONT, B_RIGHT,
    B_BACK, B_LEFT, ASUM, HEAT_AT, NIGHT, AWAY, RELIEF, COOL_AT, HEATER, PER_HEAT, PUMP, ELECTRIC, CHILLER, WATER, PLUGS, COOKING,
    CAR, NIGHT_CAR, FLEXIBLE, PANELS, N_EAST, N_NORTH, N_UP, BATTERY, STORED, WEIGHT, COLUMNS,
) = (LANES * k for k in range(44 + RESPONSES))  # fmt: skip
OPEN = OPENED - A_MASS  #: from an answer with closed windows to that with open ones
# Columns of a packed hour: the beam is split by direction, since windows are upright; theirs is what shutters leave of it.
(
    H_AIR, H_OPEN, H_EAST, H_NORTH, H_DIFFUSE, H_BEAM_EAST, H_BEAM_NORTH, H_BEAM_UP, H_ISO, H_GROUND, H_ASLEEP, H_WORKING, H_SHORT, H_PUMP,
    H_WATER, H_PLUGS, H_COOKING, H_CAR, H_NIGHT, H_FLEXIBLE,
) = range(20)  # fmt: skip


def shared_hours(hours: Hours) -> FloatArray:
    """(T, 20) rows of what dwellings share."""
    beam = np.asarray(hours.beam)[:, None] * np.asarray(hours.sun)
    shade = np.asarray(hours.shade)
    columns = [
        hours.outdoor, np.where(hours.open, float(OPEN), 0.0), beam[:, 0] * shade, beam[:, 1] * shade,
        np.add(hours.iso, hours.ground) * shade, *beam.T, hours.iso, hours.ground, hours.asleep, hours.working, hours.short,
        hours.pump, hours.water, hours.plugs, hours.cooking, hours.car, hours.night_car, hours.flexible,
    ]  # fmt: skip
    return np.ascontiguousarray(np.column_stack(columns), np.float64)


def pack(dwellings: Dwellings, group: IntArray, groups: int, threads: int) -> Packed:
    """Lanes of each group's dwellings, those with panels first; lanes left over are dwellings of weight 0 that need nothing."""
    given = Dwellings(*(np.ascontiguousarray(a, np.float64) for a in dwellings))
    first, roofed, place = _places(group, given.panels, groups)
    rows = aligned(int(first[-1]), COLUMNS)
    rows[:, COOL_AT : COOL_AT + LANES] = np.inf
    airing = bool(np.any(given.opened))
    in_blocks(lambda start, stop: _pack(given, place, start, stop, airing, rows), len(group), 16_384, threads)
    return Packed(rows, first, roofed, place)


@fused_kernel
def _places(group: IntArray, panels: FloatArray, groups: int) -> tuple[IntArray, IntArray, IntArray]:
    """Blocks of groups, and the lane of each dwelling: counted, in the order given within a group and kind of roof."""
    many, bare = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    for i in range(group.shape[0]):
        many[group[i]] += 1
        bare[group[i]] += panels[i] <= 0.0
    first, roofed = np.zeros(groups + 1, np.int64), np.zeros(groups, np.int64)
    for d in range(groups):
        first[d + 1] = first[d] + 2 * -(-many[d] // BLOCK)
        roofed[d] = first[d] + -(-(many[d] - bare[d]) // LANES)
    place = np.empty(group.shape[0], np.int64)
    with_roof, without = first[:groups] * LANES, first[:groups] * LANES + many - bare
    for i in range(group.shape[0]):
        d = group[i]
        if panels[i] > 0.0:
            place[i] = with_roof[d]
            with_roof[d] += 1
        else:
            place[i] = without[d]
            without[d] += 1
    return first, roofed, place


@fused_kernel
def _pack(d: Dwellings, place: IntArray, start: int, stop: int, airing: bool, rows: FloatArray) -> None:
    """Write dwellings ``start`` to ``stop`` into their lanes."""
    answer = np.empty((5, 2))
    for i in range(start, stop):
        b, lane = place[i] // LANES, place[i] % LANES
        row = rows[b, lane:]
        _responses(d.box[i], d.box[i, 2], answer)
        _answers(answer, row[A_MASS:])
        if airing:
            _responses(d.box[i], d.box[i, 2] + d.opened[i], answer)
        _answers(answer, row[OPENED:])
        row[MASS] = d.mass[i]
        row[IN], row[IN_AWAY] = d.internal[i], -d.absent[i]
        turn = np.radians(d.azimuth[i])
        row[SIN], row[COS] = np.sin(turn), np.cos(turn)
        front, right, back, left = d.aperture[i, 0], d.aperture[i, 1], d.aperture[i, 2], d.aperture[i, 3]
        row[B_FRONT], row[B_RIGHT], row[B_BACK], row[B_LEFT] = front + back, right + left, -back, -left
        row[ASUM] = front + right + back + left
        row[HEAT_AT], row[NIGHT], row[AWAY], row[RELIEF] = d.heat_at[i], d.night[i], d.away[i], d.relief[i]
        row[COOL_AT], row[HEATER], row[CHILLER] = d.cool_at[i], d.heater[i], 1.0 / d.chiller[i]
        row[PER_HEAT], row[PUMP], row[ELECTRIC] = d.per_heat[i], d.pump[i], d.electric[i]
        row[WATER], row[PLUGS], row[COOKING] = d.water[i], d.plugs[i], d.cooking[i]
        row[CAR], row[NIGHT_CAR], row[FLEXIBLE] = d.car[i], d.night_car[i], d.flexible[i]
        row[PANELS], row[BATTERY], row[WEIGHT] = d.panels[i], d.battery[i], d.weight[i]
        if d.panels[i] > 0.0:
            tilt, facing = np.radians(d.tilt[i]), np.radians(d.facing[i])
            row[N_EAST], row[N_NORTH], row[N_UP] = (
                np.sin(tilt) * np.sin(facing), np.sin(tilt) * np.cos(facing), np.cos(tilt),
            )  # fmt: skip


@inline
def _answers(answer: FloatArray, row: FloatArray) -> None:
    """Write the answers of air and mass into a dwelling's columns."""
    for k in range(4):
        row[k * LANES], row[(5 + k) * LANES] = answer[k, 0], answer[k, 1]
    row[4 * LANES], row[9 * LANES] = 1.0 / answer[4, 0], answer[4, 1]


@inline
def _responses(box: FloatArray, h_ve: float, answer: FloatArray) -> None:
    """Fill ``answer`` (5, 2): air and mass, one unit at a time, with ventilation ``h_ve``."""
    h_w, h_em, h_is, a_m, a_t, c_m = box[0], box[1], box[3], box[4], box[5], box[6]
    h_ms = H_MS * a_m
    h1 = 1.0 / (1.0 / h_ve + 1.0 / h_is)
    h2 = h1 + h_w
    h3 = 1.0 / (1.0 / h2 + 1.0 / h_ms)
    capacity = c_m / 3600.0
    part, window = a_m / a_t, h_w / (H_MS * a_t)
    keep, share, over_air = capacity - 0.5 * (h3 + h_em), 1.0 / (capacity + 0.5 * (h3 + h_em)), 1.0 / (h_is + h_ve)
    h3_2, h1_ve, surfaces = h3 / h2, h1 / h_ve, 1.0 / (h_ms + h_w + h1)
    for k in range(5):
        mass, outdoor = 1.0 * (k == 0), 1.0 * (k == 1)
        to_air = 0.5 * (k == 2)
        rest = 0.5 * (k == 2) + 1.0 * (k == 3)
        power = 1.0 * (k == 4)
        to_mass, to_surface = part * rest, (1.0 - part - window) * rest
        supply = h1_ve * (to_air + power) + h1 * outdoor
        total = to_mass + h_em * outdoor + h3_2 * (to_surface + h_w * outdoor + supply)
        end = (mass * keep + total) * share
        surface = (h_ms * 0.5 * (mass + end) + to_surface + h_w * outdoor + supply) * surfaces
        answer[k, 0] = (h_is * surface + h_ve * outdoor + to_air + power) * over_air
        answer[k, 1] = end
