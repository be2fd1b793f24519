"""What commands of the command line share: options, what numbers may be, printing for people."""

from __future__ import annotations

import sys

import typer

from sim.errors import Fault, InputError

JSON_OPTION = typer.Option("--json", help="Print the answer as JSON on standard output.")


def say(text: str) -> None:
    """Print for people: standard error, so that standard output stays clean for machines."""
    print(text, file=sys.stderr, flush=True)


#: What numbers may be, by option: least, most, in words.
BOUNDS = {
    "seed": (0, 2**53, "a whole number, 0 or more"),
    "share": (1e-4, 1.0, "a number from 0.0001 to 1"),
    "band_share": (1e-4, 1.0, "a number from 0.0001 to 1"),
    "threads": (1, 1024, "a whole number, 1 or more"),
    "gap": (1e-12, 0.1, "a number from 1e-12 to 0.1"),
    "tolerance": (1e-14, 0.01, "a number from 1e-14 to 0.01"),
    "seeds": (0, 10_000, "a whole number from 0 to 10,000"),
    "draws": (0, 10_000, "a whole number from 0 to 10,000"),
    "max_iterations": (1, 1_000_000, "a whole number from 1 to 1,000,000"),
    "toll_factor": (0.0, 1e9, "a number, 0 or more"),
    "distance_factor": (0.0, 1e9, "a number, 0 or more"),
    "districts": (4, 2000, "a whole number from 4 to 2,000"),
    "area": (5.0, 2000.0, "a number of m2 from 5 to 2,000"),
    "azimuth": (-360.0, 360.0, "a number of degrees from -360 to 360"),
    "setpoint": (5.0, 35.0, "a number of degC from 5 to 35"),
    "setback": (0.0, 35.0, "a number of degC from 0 to 35"),
    "cooling": (10.0, 50.0, "a number of degC from 10 to 50"),
    "port": (0, 65535, "a whole number from 0 to 65,535"),
    "people": (1e-4, 1.0, "a number from 0.0001 to 1"),
    "persons": (0.0, 50.0, "a number from 0 to 50"),
}


def within(**given: float | None) -> None:
    """Raise InputError with every option out of its bounds (NaN is out of all)."""
    faults = [
        Fault(f"--{name.replace('_', '-')}", f"{value:g}", BOUNDS[name][2])
        for name, value in given.items()
        if value is not None and not BOUNDS[name][0] <= value <= BOUNDS[name][1]
    ]
    if faults:
        raise InputError(faults)
