"""Dimensions of building files."""

from __future__ import annotations

from sim.units import Dimension

AREA = Dimension("area", "m²", {"m²": 1.0, "m2": 1.0}, "48 m²")
VOLUME = Dimension("volume", "m³", {"m³": 1.0, "m3": 1.0}, "120 m³")
U_VALUE = Dimension("heat transmission", "W/m²K", {"W/m²K": 1.0, "W/m2K": 1.0}, "0.3 W/m²K")
RESISTANCE = Dimension("thermal resistance", "m²K/W", {"m²K/W": 1.0, "m2K/W": 1.0}, "0.04 m²K/W")
HEAT_CAPACITY = Dimension(
    "heat capacity of floor", "kJ/m²K", {"kJ/m²K": 1.0, "kJ/m2K": 1.0, "Wh/m²K": 3.6, "Wh/m2K": 3.6}, "165 kJ/m²K"
)
AIR_HEAT = Dimension("heat capacity of air", "Wh/m³K", {"Wh/m³K": 1.0, "Wh/m3K": 1.0}, "0.34 Wh/m³K")
ANGLE = Dimension("angle", "°", {"°": 1.0, "deg": 1.0}, "180°")
TEMPERATURE = Dimension("temperature", "°C", {"°C": 1.0, "degC": 1.0}, "20 °C")
DIFFERENCE = Dimension("difference of temperature", "K", {"K": 1.0}, "11 K")
POWER = Dimension("power", "W", {"W": 1.0, "kW": 1000.0}, "200 W")
AIR_CHANGE = Dimension("air change", "1/h", {"1/h": 1.0, "/h": 1.0}, "0.5 1/h")
