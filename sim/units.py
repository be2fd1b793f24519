"""Quantities as people write them: "250 M€", "370 km", "20%", "30 km/h" - a number and a unit, never a bare number."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

#: A number as people write it; thousands may stand apart. Means the same to Python and to the JavaScript of JSON Schema.
NUMBER = r"[+-]?[0-9]+(?:[ _][0-9]{3})*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_QUANTITY = re.compile(rf"^\s*({NUMBER})\s*(\S.*?)?\s*$")
#: What French keyboards and word processors put for a space and a minus.
_TYPOGRAPHY = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2212": "-"})


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity: its base unit and the units it may be written in, with their size in the base unit."""

    name: str
    base: str
    units: Mapping[str, float]
    example: str

    @property
    def allowed(self) -> str:
        """What may be written, for error messages."""
        return f"a number with {' or '.join(self.units)}, such as {self.example}"


MONEY = Dimension("money", "€", {"€": 1.0, "k€": 1e3, "M€": 1e6, "G€": 1e9}, "250 M€")
MONEY_PER_YEAR = Dimension("money a year", "€", {"€": 1.0, "k€": 1e3, "M€": 1e6, "G€": 1e9}, "8 M€")
LENGTH = Dimension("length", "km", {"km": 1.0, "m": 1e-3}, "370 km")
SHARE = Dimension("share", "-", {"%": 0.01}, "20%")
SPEED = Dimension("speed", "km/h", {"km/h": 1.0}, "30 km/h")
PRICE_PER_HOUR = Dimension("price an hour", "€/h", {"€/h": 1.0}, "2 €/h")
PRICE_PER_KWP = Dimension("price of power", "€/kWp", {"€/kWp": 1.0}, "300 €/kWp")
PRICE_PER_KWH = Dimension("price of storage", "€/kWh", {"€/kWh": 1.0}, "200 €/kWh")
PEAK_POWER = Dimension("peak power", "kWp", {"kWp": 1.0, "MWp": 1e3}, "900 kWp")
WARMING = Dimension("warming", "K", {"K": 1.0}, "5 K")


def parse_quantity(text: str, dimension: Dimension) -> float:
    """Value in the dimension's base unit. Raises ValueError on a missing or foreign unit."""
    match = _QUANTITY.match(text.translate(_TYPOGRAPHY))
    if match is None or match[2] not in dimension.units:
        raise ValueError(f"{text!r} is not {dimension.allowed}")
    value = float(re.sub(r"[ _]", "", match[1])) * dimension.units[match[2]]
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not finite")
    return value


def write_quantity(value: float, dimension: Dimension) -> str:
    """The quantity as text that :func:`parse_quantity` reads back to the same value."""
    unit = "%" if dimension is SHARE else dimension.base
    size = dimension.units[unit]
    text = f"{value / size:.12g} {unit}"
    return text if parse_quantity(text, dimension) == value else f"{value / size!r} {unit}"


def short_quantity(value: float, dimension: Dimension) -> str:
    """The quantity for people: in the largest unit that leaves a whole number, else as :func:`write_quantity`."""
    for unit, size in sorted(dimension.units.items(), key=lambda row: -row[1]):
        if value and unit != "" and (value / size).is_integer() and abs(value / size) < 1e6:
            return f"{value / size:.12g} {unit}"
    return write_quantity(value, dimension)
