"""The public face is what ``__all__`` says, every name loads, and README's Python example names only what is public."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("package", ["sim", "kernels", "experiments"])
def test_every_public_name_loads_and_none_is_a_module_in_disguise(package: str) -> None:
    module = import_module(package)
    for name in getattr(module, "__all__", ()):
        import_module(f"{package}.{name}") if package == "kernels" else None
        value = getattr(module, name)
        assert package == "kernels" or not isinstance(value, ModuleType), name


def test_sim_exports_what_the_other_layers_live_on() -> None:
    sim = import_module("sim")
    assert {
        "UrbanModel",
        "City",
        "INDICATORS",
        "load_scenario",
        "open_city",
        "prepare",
        "run_pair",
        "load_bundle",
    } <= set(sim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing_of_this_name'"):
        _ = sim.nothing_of_this_name
    assert set(dir(sim)) == set(sim.__all__)


def test_names_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    imported = re.search(r"from sim import (.+)", text)
    assert imported is not None
    sim = import_module("sim")
    for name in imported.group(1).split(", "):
        assert name in sim.__all__, name
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists() or link.startswith("http"), link
