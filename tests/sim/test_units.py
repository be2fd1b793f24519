"""Quantities and months: every unit by its size in SI prefixes, what is no quantity is refused, what is written reads back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import units
from sim.months import days_in, month_name, month_of_year, parse_month, year_of
from sim.units import LENGTH, MONEY, MONEY_PER_YEAR, PRICE_PER_HOUR, PRICE_PER_KWP, SHARE, SPEED, Dimension

DIMENSIONS = [value for value in vars(units).values() if isinstance(value, Dimension)]


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("250 M€", MONEY, 250e6), ("250M€", MONEY, 250e6), ("2.5 M€", MONEY, 2.5e6), ("3 k€", MONEY, 3e3), ("3.2 G€", MONEY, 3.2e9),
        ("5 000 €", MONEY, 5000.0), ("5_000 €", MONEY, 5000.0), ("1e6 €", MONEY, 1e6), ("8 M€", MONEY_PER_YEAR, 8e6), ("0 €", MONEY, 0.0),
        ("5\u00a0000\u00a0€", MONEY, 5000.0), ("12\u202f500\u202f€", MONEY, 12500.0), ("\u221220\u00a0%", SHARE, -0.2),
        ("370 km", LENGTH, 370.0), ("1500 m", LENGTH, 1.5), ("20%", SHARE, 0.2), ("-20 %", SHARE, -0.2), ("+3%", SHARE, 0.03),
        ("  30   km/h ", SPEED, 30.0), ("0.5 €/h", PRICE_PER_HOUR, 0.5), ("300 €/kWp", PRICE_PER_KWP, 300.0),
    ],
)  # fmt: skip
def test_quantities_as_people_write_them(text: str, dimension: Dimension, value: float) -> None:
    assert units.parse_quantity(text, dimension) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    ["250", "M€", "", " ", "250 km", "250 m€", "250 Md€", "nan €", "inf €", "-inf €", "1e400 €", "1.2.3 €", "1,5 €", "1 00 €", "1 0000 €",
     "0x10 €", "€ 250", "250 €/h", "250 € €", "--5 €", "5- €", "1e €", "1__000 €", "250 €\n5 €", "٣ €", "½ €", "1/2 €", "1 000 00 €"],
)  # fmt: skip
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        units.parse_quantity(text, MONEY)


@given(
    dimension=st.sampled_from(DIMENSIONS), number=st.decimals(-(10**9), 10**9, allow_nan=False, places=3), space=st.sampled_from(("", " "))
)  # fmt: skip
def test_the_value_is_the_number_times_the_size_of_the_unit(dimension: Dimension, number: object, space: str) -> None:
    """By exact fractions; the sizes are those of the SI: k 10^3, M 10^6, G 10^9, % 10^-2."""
    prefixes = {"k": Fraction(1000), "M": Fraction(10**6), "G": Fraction(10**9)}
    for unit in dimension.units:
        if unit == "m":
            size = Fraction(1, 1000)
        elif unit in ("kWp", "MWp"):
            size = prefixes[unit[0]] / 1000  # in kWp
        elif unit == "%":
            size = Fraction(1, 100)
        else:
            size = prefixes.get(unit[0], Fraction(1)) if unit[1:] == "€" else Fraction(1)
        exact = Fraction(str(number)) * size
        assert units.parse_quantity(f"{number}{space}{unit}", dimension) == pytest.approx(
            float(exact), rel=1e-15, abs=1e-300
        )


@given(dimension=st.sampled_from(DIMENSIONS), value=st.floats(-1e11, 1e11, allow_subnormal=False))
def test_what_is_written_reads_back(dimension: Dimension, value: float) -> None:
    assert units.parse_quantity(units.write_quantity(value, dimension), dimension) == pytest.approx(value, rel=1e-15)
    assert units.parse_quantity(units.short_quantity(value, dimension), dimension) == pytest.approx(value, rel=1e-15)


def test_months_count_in_calendar_order() -> None:
    names = [f"{year}-{month:02d}" for year in (2020, 2021) for month in range(1, 13)]
    months = [parse_month(name) for name in names]
    assert months == list(range(months[0], months[0] + 24))
    assert [month_name(m) for m in months] == names
    assert [month_of_year(m) for m in months] == [*range(12), *range(12)]
    assert {year_of(m) for m in months[:12]} == {2020}
    assert sum(days_in(m) for m in months[:12]) == 366  # leap
    assert sum(days_in(m) for m in months[12:]) == 365


@pytest.mark.parametrize(
    "text",
    [
        "2021-13",
        "2021-00",
        "2021-1",
        "21-01",
        "2021",
        "2021-02-30",
        "2021/02",
        "",
        "1899-12",
        "2201-01",
        "-2021-01",
        "2021-02\n",
    ],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        parse_month(text)
