"""Calibration and scores against figures that follow by hand or in closed form."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.analyses.calibration import calibrate, posterior, quantile
from experiments.analyses.score import crps, score
from experiments.designs import Varied
from sim.errors import InputError
from tests.experiments.test_analyses import UNIFORM, Formula, made, missed

# --- calibration ----------------------------------------------------------------------------------------------------


def test_the_posterior_of_a_normal_mean() -> None:
    """Flat prior, y = 2 x + error: the posterior is normal with mean y/2 and sd/2 (closed form)."""
    rng = np.random.default_rng(3)
    x = rng.uniform(-10.0, 10.0, (20_000, 1))
    y = 2.0 * x + rng.normal(0.0, 1.0, x.shape)
    found = posterior(x, (y - 6.0) / 1.0, 0.02)
    mean = float(found.values[:, 0] @ found.weights)
    sd = float(np.sqrt(found.weights @ (found.values[:, 0] - mean) ** 2))
    assert mean == pytest.approx(3.0, abs=0.05)
    assert sd == pytest.approx(0.5, rel=0.1)
    assert quantile(found.values[:, 0], found.weights, 0.95) == pytest.approx(3.0 + 1.645 * 0.5, abs=0.1)


def test_an_observation_narrows_no_further_than_its_own_error(tmp_path: Path) -> None:
    """y = 10 x without noise, seen as 5 with an sd of 0.5: the posterior is normal, mean 0.5, sd 0.05 (by hand; flat prior, 60 points)."""
    data = made(tmp_path / "s", [Varied("x", "-", 0.0, 1.0)], "lhs", 600, Formula(lambda p, _s, _seed: 10.0 * p["x"]))
    (tmp_path / "seen.csv").write_text("indicator,period,value,sd\ny,final,5,0.5\n")
    row = calibrate(data, tmp_path / "seen.csv").table.iloc[0]
    assert row["posterior mean"] == pytest.approx(0.5, abs=4 * 0.05 / 60**0.5)
    assert row["posterior sd"] == pytest.approx(0.05, rel=4 / 120**0.5)


def test_known_parameters_are_found_again(tmp_path: Path) -> None:
    varied = [Varied("a", "€", 0.0, 2.0), Varied("b", "-", 0.0, 1.0)]
    work = Formula(lambda p, _, seed: 10.0 * p["a"] + 0.01 * seed, ("2021", "2022"))
    data = made(tmp_path / "s", varied, "sobol", 512, work, replications=2)
    observed = tmp_path / "o.csv"
    observed.write_text("indicator,period,value,sd\ny,2022,12.5,0.1\ny,final,12.5,0.1\n")
    table = calibrate(data, observed, share=0.05).table.set_index("parameter")
    assert table.loc["a", "posterior mean"] == pytest.approx(1.25, abs=0.01)
    assert table.loc["a", "narrowed to"] < 0.1
    assert table.loc["b", "narrowed to"] > 0.6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found nothing"),
        ("indicator,period,value,sd\n", "one line for each figure"),
        ("indicator,period,value,sd\nz,2022,1,1\n", ":2: indicator: found 'z'"),
        ("indicator,period,value,sd\ny,22,1,1\n", ":2: period: found '22'"),
        ("indicator,period,value,sd\ny,2022,many,0\n", ":2: value: found 'many'"),
        ("indicator,period,value,sd\ny,2031,1,1\n", "a period that the sweep holds: 2021, 2022"),
        ("indicator,period,value,sd\ny,2022,1\n", "3 cells"),
    ],
)
def test_observations_that_are_wrong(tmp_path: Path, text: str, message: str) -> None:
    data = made(tmp_path / "s", UNIFORM, "lhs", 4, Formula(missed, ("2021", "2022")))
    (tmp_path / "o.csv").write_text(text)
    with pytest.raises(InputError) as raised:
        score(data, tmp_path / "o.csv")
    assert message in str(raised.value)


# --- score ----------------------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20), st.floats(-1e3, 1e3))
def test_crps_by_its_definition(members: list[float], observed: float) -> None:
    x = np.array(members)
    slow = np.abs(x - observed).mean() - 0.5 * np.abs(x[:, None] - x).mean()
    assert crps(x, observed) == pytest.approx(slow, abs=1e-6)


def test_crps_of_a_normal_ensemble() -> None:
    """Gneiting and Raftery (2007), equation 21, at the mean: (sqrt(2) - 1) / sqrt(pi)."""
    from scipy.stats import norm

    x = norm.ppf((np.arange(4000) + 0.5) / 4000)
    assert crps(x, 0.0) == pytest.approx((math.sqrt(2.0) - 1.0) / math.sqrt(math.pi), abs=1e-3)


def test_a_score_by_hand(tmp_path: Path) -> None:
    data = made(
        tmp_path / "s",
        [Varied("x", "-", 0.0, 10.0, steps=11)],
        "grid",
        0,
        Formula(lambda p, *_: p["x"], ("2021", "2022")),
    )
    (tmp_path / "o.csv").write_text("indicator,period,value,sd\ny,2021,4,1\ny,2022,20,1\n")
    answer = score(data, tmp_path / "o.csv")
    row = answer.table.iloc[0]
    assert (row["bias"], row["mean error"], row["within the band"]) == (-7.0, 8.0, 0.5)
    assert row["relative error [%]"] == pytest.approx(50.0)
    assert row["skill"] == pytest.approx(1.0 - crps(np.arange(11.0), 20.0) / 16.0)
