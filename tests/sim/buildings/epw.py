"""A weather file for tests: a clear-sky year at Toulouse by pvlib, temperatures along cosines of the year and the day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pvlib

LON, LAT = 1.38, 43.62


def write_epw(path: Path) -> Path:
    """Write an EPW (UTC+1, hour ends as labels) and return its path."""
    times = pd.date_range("2021-01-01 00:30", periods=8760, freq="h", tz="Etc/GMT-1")
    sun = pvlib.solarposition.get_solarposition(times, LAT, LON)
    zenith = sun["apparent_zenith"].to_numpy()
    ghi = 0.75 * np.asarray(pvlib.clearsky.haurwitz(pd.Series(zenith))["ghi"])
    split = pvlib.irradiance.erbs(ghi, zenith, times.day_of_year.to_numpy())
    day, hour = times.day_of_year.to_numpy(), times.hour.to_numpy()
    warm = 13.5 - 8.0 * np.cos(2 * np.pi * (day - 20) / 365) - 4.5 * np.cos(2 * np.pi * (hour - 3) / 24)
    lines = [
        f"LOCATION,Toulouse,-,FRA,Test,076300,{LAT},{LON},1.0,150.0", "DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0",
        "GROUND TEMPERATURES,0", "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0", "COMMENTS 1,", "COMMENTS 2,",
        "DATA PERIODS,1,1,Data,Friday, 1/ 1,12/31",
    ]  # fmt: skip
    for i, t in enumerate(times):
        radiation = f"{ghi[i]:.1f},{split['dni'][i]:.1f},{split['dhi'][i]:.1f}"
        rest = "0,0,0,0,180,2.0,5,5,20,77777,9,999999999,100,0.1,0,88,0.2,0,0"
        lines.append(
            f"2021,{t.month},{t.day},{t.hour + 1},60,?9?9,{warm[i]:.2f},8.0,70,99500,0,0,300,{radiation},{rest}"
        )
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
