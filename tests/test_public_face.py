"""The public face is what is written here, every name loads, and README's Python example names only what is public."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: What other layers and other people's code may import from ``sim``: adding is easy, taking away breaks somebody.
SIM = {
    "Activity", "BikeWays", "City", "DwellingType", "Heating", "INDICATORS", "InputError", "Item", "Kept", "Mode", "Parameters",
    "RebondError", "Record", "Recorder", "Retrofit", "Ring", "RoadClass", "RunError", "Scenario", "Sector", "State", "Status",
    "Tenure", "TransitMode", "UrbanModel", "bike_trips", "both_worlds", "cache_folder", "check_against_city", "check_items",
    "code_digest", "file_digest", "generate_grid", "grid_month", "grid_of", "journal", "kinds", "load_bundle", "load_scenario",
    "load_state", "month_name", "open_city", "open_prepared", "parse_month", "prepare", "registry", "run_pair", "save_bundle",
    "save_state", "shock_kinds", "society_alone",
}  # fmt: skip


def test_sim_exports_exactly_this() -> None:
    sim = import_module("sim")
    assert set(sim.__all__) == SIM == set(dir(sim))
    for name in SIM:
        assert not isinstance(getattr(sim, name), ModuleType), name
    with pytest.raises(AttributeError, match="no attribute 'nothing_of_this_name'"):
        _ = sim.nothing_of_this_name


def test_every_kernel_module_loads_and_says_what_it_is() -> None:
    """The modules are the face of ``kernels``: the package itself exports nothing, so that nothing compiles on import."""
    kernels = import_module("kernels")
    assert not hasattr(kernels, "__all__")
    names = [m.name for m in iter_modules(kernels.__path__)]
    assert {
        "draws",
        "graph",
        "paths",
        "assignment",
        "transit",
        "choice",
        "diffusion",
        "thermal",
        "solar",
        "power",
    } <= set(names)
    for name in names:
        assert (import_module(f"kernels.{name}").__doc__ or "").strip(), name


def test_names_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    imported = re.search(r"from sim import (.+)", text)
    assert imported is not None
    for name in imported.group(1).split(", "):
        assert name in SIM, name
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists() or link.startswith("http"), link
