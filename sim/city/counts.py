"""Traffic counts at the gates of a city, from a CSV file: gate, period, vehicle, vehicles_per_hour (coming in)."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from sim.city.city import City
from sim.codes import Period
from sim.columns import Floats
from sim.errors import Fault, InputError, nearest

COLUMNS = ("gate", "period", "vehicle", "vehicles_per_hour")
VEHICLES = ("car", "truck")
#: More than any road carries [veh/h].
MOST = 20_000.0


def read_counts(path: Path, city: City) -> Floats:
    """(P, 2, gates) counted cars (with vans) and trucks coming in [veh/h], NaN where not counted. Raises InputError with all faults."""
    faults: list[Fault] = []
    out = np.full((len(Period), len(VEHICLES), len(city.cordon)), np.nan)
    periods = [period.name.lower() for period in Period]
    for line, row in _rows(path):
        where = f"{path}:{line}"
        known = {"gate": city.gate_names, "period": tuple(periods), "vehicle": VEHICLES}
        wrong = [
            Fault(where, repr(row[name]), f"one of {', '.join(names)}", name, nearest(row[name] or "", list(names)))
            for name, names in known.items()
            if row[name] not in names
        ]
        try:
            value = float(row["vehicles_per_hour"] or "")
        except ValueError:
            value = math.nan
        if not 0.0 <= value <= MOST:
            wrong.append(
                Fault(where, repr(row["vehicles_per_hour"]), f"vehicles an hour, 0 to {MOST:,.0f}", "vehicles_per_hour")
            )
        faults += wrong
        if wrong:
            continue
        place = periods.index(row["period"]), VEHICLES.index(row["vehicle"]), city.gate_names.index(row["gate"])
        if not np.isnan(out[place]):
            faults.append(Fault(where, f"{row['gate']}, {row['period']}, {row['vehicle']} twice", "each once", "gate"))
        out[place] = value
    if faults:
        raise InputError(faults)
    return out


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """(line, row) of the file, after its head has been looked at."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Fault(str(path), f"{error}"[:160], "a readable CSV file in UTF-8")) from error
    reader = csv.DictReader(text.splitlines())
    names = [(name or "").strip() for name in reader.fieldnames or ()]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InputError(Fault(f"{path}:1", f"columns {', '.join(names) or 'none'}", f"columns {', '.join(COLUMNS)}"))
    reader.fieldnames = names
    return [(reader.line_num, {k: (v or "").strip() for k, v in row.items() if k}) for row in reader]
