"""Energy classes and the typical feeder."""

from __future__ import annotations

import numpy as np
import pytest

from sim.scenario.parameters import Parameters
from sim.systems.energy.dpe import conventional_persons, dpe_class
from sim.systems.energy.feeders import feeder_states


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


def test_feeder_drop_matches_the_moment_formula() -> None:
    """Light loads: dU/U = sum over spans of (r P + x Q) of what lies beyond; n spans, even loads: (n + 1) / 2 of the last one."""
    p = Parameters()
    kw = 9.0
    dwellings = np.array([p["dwellings_per_feeder"]])
    voltage, loading = feeder_states(np.array([[kw / 1000.0]]), dwellings, p)
    ohm = (0.206 + 0.10 * 0.25) * p["feeder_span"] / 1000 * 15 * (15 + 1) / 2 / 15
    assert 1 - voltage[0] == pytest.approx(ohm * kw * 1000 / 400**2, rel=0.01)
    assert loading[0] == pytest.approx(kw * np.hypot(1, 0.25) / (np.sqrt(3) * 0.4 * 240), rel=0.01)


def test_more_load_less_voltage_and_none_when_it_collapses() -> None:
    p = Parameters()
    load = np.array([[0.02], [0.08], [50.0]])
    voltage, loading = feeder_states(load, np.full(3, p["dwellings_per_feeder"]), p)
    assert voltage[0] > voltage[1]
    assert loading[1] > loading[0]
    assert voltage[2] == 0.0
