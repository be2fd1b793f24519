"""Bands against closed forms: Student's interval of known samples, quantiles of known draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.results.bands import bands, verdict


def ensemble(seeds: list[float], draws: list[float], gap: float) -> pd.DataFrame:
    rows = [("seed", i, d) for i, d in enumerate(seeds)] + [("parameters", i, d) for i, d in enumerate(draws)]
    rows.append(("gap", 0, gap))
    return pd.DataFrame(
        [
            {"kind": k, "number": i, "indicator": "x", "month": m, "roadmap": 100.0 + d, "baseline": 100.0}
            for k, i, d in rows
            for m in ("2021-01", "2021-02")
        ]
    )


def test_sampling_band_is_students_interval() -> None:
    row = bands(ensemble([-1.0, -2.0, -3.0], [], -1.5), 1.0, 1.0).iloc[0]
    # three differences with standard deviation 1: t(0.975, 2 degrees of freedom) = 4.302653 (published tables)
    assert row["sampling_high"] == pytest.approx(4.302653, abs=1e-5)
    assert row["gap_change"] == pytest.approx(0.5)
    assert np.isnan(row["parameter_low"])


def test_sampling_band_shrinks_with_the_root_of_the_share() -> None:
    small = bands(ensemble([-1.0, -2.0, -3.0], [], 0.0), 0.04, 0.01).iloc[0]
    same = bands(ensemble([-1.0, -2.0, -3.0], [], 0.0), 0.01, 0.01).iloc[0]
    assert small["sampling_high"] == pytest.approx(same["sampling_high"] / 2)


def test_parameter_band_is_the_5_to_95_percent_range() -> None:
    row = bands(ensemble([0.0], list(np.linspace(-10.0, 10.0, 21)), 0.0), 1.0, 1.0).iloc[0]
    assert (row["parameter_low"], row["parameter_high"]) == pytest.approx((-9.0, 9.0))


def test_verdicts() -> None:
    row = pd.Series({"gap_change": 0.5, "sampling_high": 2.0})
    assert verdict(0.0, row) == "exactly zero"
    assert verdict(-0.4, row) == "indistinguishable from zero"
    assert verdict(1.0, row) == "within sampling error"
    assert verdict(-3.0, row) == "clear"
    assert verdict(1.0, pd.Series({"gap_change": np.nan, "sampling_high": np.nan})) == "no band"
