"""Energy classes."""

from __future__ import annotations

import numpy as np
import pytest

from sim.systems.energy.dpe import conventional_persons, dpe_class


@pytest.mark.parametrize(
    ("primary", "emissions", "letter"),
    [(70, 6, "A"), (71, 6, "B"), (70, 12, "C"), (180, 30, "C"), (250, 30, "D"), (200, 51, "E"), (331, 5, "F"),
     (300, 101, "G"), (421, 0, "G")],
)  # fmt: skip
def test_class_is_the_worse_of_energy_and_emissions(primary: float, emissions: float, letter: str) -> None:
    """Limits of the arrêté of 31 March 2021: 70/110/180/250/330/420 kWh and 6/11/30/50/70/100 kg per m2."""
    assert "ABCDEFG"[int(dpe_class(np.array([primary * 1.0]), np.array([emissions * 1.0]))[0])] == letter


def test_conventional_persons_is_continuous_and_grows() -> None:
    area = np.linspace(10, 200, 400)
    persons = conventional_persons(area)
    assert (np.diff(persons) >= 0).all()
    assert persons[0] == 1.0
    assert np.abs(np.diff(persons)).max() < 0.02
    assert conventional_persons(np.array([70.0]))[0] == pytest.approx(1.75)
