"""Archetypes, positions and envelopes, against TABULA's own columns and sums over buildings."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.buildings.archetypes import (
    N_ARCHETYPES,
    PARTS,
    SIDES,
    archetype_codes,
    archetype_index,
    archetypes,
    find_archetype,
    short_code,
)
from sim.buildings.envelope import envelope, transmission, transmission_of_building
from sim.buildings.positions import FLATS, HOUSES, draw_position, shares
from sim.codes import PERIODS, DwellingType, Position, Retrofit
from sim.errors import InputError

Floats = npt.NDArray[np.float64]
ALL = np.array([(k, p, r) for k in DwellingType for p in range(len(PERIODS)) for r in Retrofit], np.int8).T


def published(shared: Path) -> dict[str, dict[str, str]]:
    with (shared / "reference/energy/tabula_fr_archetypes.csv").open(encoding="utf-8", newline="") as file:
        return {row["Code_BuildingVariant"]: row for row in csv.DictReader(file)}


def column(shared: Path, name: str) -> Floats:
    rows = published(shared)
    return np.array([float(rows[code][name]) for code in archetype_codes()])


def test_each_archetype_stands_once_where_the_index_says() -> None:
    assert np.array_equal(archetype_index(*ALL), np.arange(N_ARCHETYPES))
    assert len(set(archetype_codes())) == N_ARCHETYPES
    assert archetype_codes()[find_archetype("SFH.05.existing")] == "FR.N.SFH.05.Gen.ReEx.001.001"
    for i, code in enumerate(archetype_codes()):
        assert find_archetype(code) == find_archetype(short_code(i)) == find_archetype(code.lower()) == i


def test_areas_of_sides_are_those_of_all_windows() -> None:
    t = archetypes()
    assert t["window_area"] == pytest.approx(t["window_h"] + sum(t[f"window_{side}"] for side in SIDES), rel=1e-6)
    for part in PARTS:
        assert np.all((t[f"{part}_u"] >= 0.0) & (t[f"{part}_u"] < 6.0) & (t[f"{part}_area"] >= 0.0))


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("SFH.5.exsting", "SFH.05.existing"),
        ("FR.N.SFH.05.Gen.ReEx.001.004", "FR.N.SFH.05.Gen.ReEx.001.00"),
        ("AB.11.usual", ""),
        ("house", ""),
    ],
)
def test_an_unknown_code_names_the_nearest(text: str, near: str) -> None:
    with pytest.raises(InputError) as caught:
        find_archetype(text)
    (fault,) = caught.value.faults
    assert near in fault.nearest
    assert text in fault.found
    assert "01 to 1914" in fault.allowed


@pytest.mark.shared
def test_transmission_is_tabulas_within_its_printed_rounding(shared: Path) -> None:
    ours = transmission_of_building()
    assert np.abs(ours - column(shared, "h_Transmission")).max() <= 0.005 + 1e-6


@pytest.mark.shared
def test_parts_are_tabulas(shared: Path) -> None:
    t = archetypes()
    area = column(shared, "A_C_Ref")
    for ours, theirs in (
        ("window_h", "A_Calc_Window_Horizontal"), ("window_n", "A_Calc_Window_North"), ("window_e", "A_Calc_Window_East"),
        ("window_s", "A_Calc_Window_South"), ("window_w", "A_Calc_Window_West"),
    ):  # fmt: skip
        assert t[ours] * t["area"] == pytest.approx(column(shared, theirs), abs=0.006)
    assert t["area"] == pytest.approx(area, abs=0.051)
    assert np.array_equal(t["infiltration"], column(shared, "n_air_infiltration"))
    assert t["bridges"] == pytest.approx(column(shared, "delta_U_ThermalBridging"), abs=0.0051)
    # where a part has one construction its U value is TABULA's own, but for factor b of the floor
    rows = published(shared)
    for i, code in enumerate(archetype_codes()):
        if float(rows[code]["A_Calc_Wall_2"]) == 0.0 and t["wall_area"][i] * area[i] == pytest.approx(
            float(rows[code]["A_Calc_Wall_1"]), abs=0.06
        ):
            assert t["wall_u"][i] == pytest.approx(float(rows[code]["U_Actual_Wall_1"]), abs=6e-4)


@pytest.mark.shared
def test_tabulas_seasonal_need_follows_from_our_table_by_tabulas_formula(shared: Path) -> None:
    """Loga & Diefenbach 2013: losses of the heating season less the useful gains, sums of radiation of TABULA's climate FR.N."""
    t = archetypes()
    radiation = {"n": 160.0, "e": 265.0, "s": 423.0, "w": 265.0}  # kWh/m2 of the heating season, TABULA climate FR.N
    sun = 419.0 * 0.8 * t["window_h"] + 0.6 * sum(radiation[side] * t[f"window_{side}"] for side in SIDES)
    sun = sun * 0.7 * 0.9 * t["g"]
    kelvin_days = (column(shared, "theta_i") - column(shared, "Theta_e")) * column(shared, "HeatingDays")
    h_tr = transmission_of_building()
    conductance = h_tr + 0.34 * 2.5 * (t["use"] + t["infiltration"])
    # reduction of the set-point by night and in rooms little used, by size class: at 1, at 4 and (by its slope) at 0 W/m2K
    at_1, at_4 = (np.where(t["kind"] < 2, a, b) for a, b in ((0.9, 0.95), (0.8, 0.85)))
    reduction = np.where(
        h_tr < 1.0, at_1 + 2.0 * (1.0 - at_1) * (1.0 - h_tr), at_1 + (at_4 - at_1) * (h_tr - 1.0) / 3.0
    )
    reduction = np.maximum(reduction, at_4)
    assert reduction == pytest.approx(column(shared, "F_red_temp"), abs=0.0051)
    loss = conductance * 0.024 * kelvin_days * reduction
    gains = sun + 0.024 * column(shared, "phi_int") * column(shared, "HeatingDays")
    exponent = 0.8 + column(shared, "c_m") / conductance / 30.0
    ratio = gains / loss
    used = (1.0 - ratio**exponent) / (1.0 - ratio ** (exponent + 1.0))
    need = loss - used * gains
    assert sun == pytest.approx(column(shared, "q_sol"), abs=0.51)
    assert np.abs(need - column(shared, "q_h_nd")).max() < 0.051  # printed with one decimal
    assert t["need"] == pytest.approx(column(shared, "q_h_nd"), abs=0.051)


def test_means_over_a_building_are_the_buildings() -> None:
    s = shares()
    chance = s.probability
    assert chance.sum(axis=1) == pytest.approx(np.ones(len(chance)), abs=1e-12)
    for part in (s.roof, s.floor, s.wall, s.windows.sum(axis=2)):
        assert np.nansum(chance * part, axis=1) == pytest.approx(np.ones(len(chance)), abs=1e-12)
    light, heavy = transmission()
    weight = np.repeat(chance, len(Retrofit), axis=0)
    mean = np.nansum(weight * (light + heavy), axis=1)
    assert mean == pytest.approx(transmission_of_building(), rel=1e-12)


def test_a_draw_follows_the_probabilities_and_keeps_the_mean() -> None:
    u = (np.arange(20_000) + 0.5) / 20_000
    for building in range(len(shares().probability)):
        kind, period = (np.full(len(u), code, np.int8) for code in divmod(building, len(PERIODS)))
        position = draw_position(kind, period, u)
        share = np.bincount(position, minlength=len(Position)) / len(u)
        assert share == pytest.approx(shares().probability[building], abs=1e-4)
        allowed = HOUSES if kind[0] <= DwellingType.TH else FLATS
        assert set(position.tolist()) <= {int(p) for p in allowed}


@given(
    row=st.integers(0, N_ARCHETYPES - 1),
    area=st.floats(9.0, 400.0),
    u=st.one_of(st.floats(0.0, 1.0, exclude_max=True), st.just(np.nextafter(1.0, 0.0))),
)
def test_a_dwelling_has_the_parts_its_position_says(row: int, area: float, u: float) -> None:
    kind, period, retrofit = (ALL[i, row : row + 1] for i in range(3))
    position = draw_position(kind, period, np.array([u]))
    found = envelope(kind, period, retrofit, np.array([area]), position)
    h_w, h_em, h_ve, h_is, a_m, a_t, c_m = found.box[0]
    light, heavy = transmission()
    # 12.2.2: h_em and the conductance of the mass in series are the opaque transmission
    assert 1.0 / (1.0 / h_em + 1.0 / (9.1 * a_m)) == pytest.approx(heavy[row, position[0]] * area, rel=1e-12)
    assert h_w == pytest.approx(light[row, position[0]] * area, rel=1e-12)
    t = archetypes()
    assert h_ve == pytest.approx(0.34 * 2.5 * (t["use"][row] + t["infiltration"][row]) * area, rel=1e-12)
    assert (h_is, a_m, a_t, c_m) == pytest.approx((3.45 * 4.5 * area, 2.5 * area, 4.5 * area, 162_000.0 * area))
    assert np.all(found.aperture >= 0.0)
    if position[0] in (Position.GROUND_INNER, Position.MIDDLE_INNER, Position.TOP_INNER, Position.ROW_MIDDLE):
        assert found.aperture[0, 1] == found.aperture[0, 3] == 0.0
    elif position[0] != Position.DETACHED:
        assert found.aperture[0, 3] == 0.0


def test_apertures_sum_to_the_buildings_whatever_the_positions() -> None:
    n = N_ARCHETYPES
    area = np.ones(n)
    mean = envelope(*ALL, area, np.full(n, Position.MEAN)).aperture.sum(axis=1)
    total = np.zeros(n)
    chance = np.repeat(shares().probability, len(Retrofit), axis=0)
    for position in Position:
        lived = np.flatnonzero(chance[:, position] > 0.0)
        part = envelope(*ALL[:, lived], area[lived], np.full(len(lived), position))
        total[lived] += chance[lived, position] * part.aperture.sum(axis=1)
    assert total == pytest.approx(mean, rel=1e-12)


def test_a_flat_has_no_position_of_a_house_nor_a_house_of_a_flat() -> None:
    for kind, position in ((DwellingType.SFH, Position.TOP_CORNER), (DwellingType.AB, Position.ROW_END)):
        codes = (np.array([code], np.int8) for code in (kind, 0, 0))
        with pytest.raises(ValueError, match="position"):
            envelope(*codes, np.array([80.0]), np.array([position]))


def test_a_house_with_a_neighbour_less_has_more_wall() -> None:
    s = shares()
    houses = s.wall[: 2 * len(PERIODS)]
    assert np.all(houses[:, Position.DETACHED] > houses[:, Position.ROW_END])
    assert np.all(houses[:, Position.ROW_END] > houses[:, Position.ROW_MIDDLE])
    flats = s.wall[2 * len(PERIODS) :]
    assert flats[:, Position.TOP_CORNER] == pytest.approx(1.5 * flats[:, Position.TOP_INNER])
