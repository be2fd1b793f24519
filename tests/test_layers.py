"""The layer rules of docs/architecture.md, read from the import statements themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("kernels", "sim", "experiments", "scenarios")
LIMIT_LINES = 450
LIMIT_FUNCTION = 90


def modules() -> dict[str, Path]:
    found = {}
    for top in OURS:
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str, *, top_level_only: bool = False) -> set[str]:
    """Absolute names of everything a module imports, anywhere in its text (or at its top level only)."""
    tree = ast.parse(MODULES[name].read_text("utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    out: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            out |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            out |= {
                f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in MODULES else node.module for a in node.names
            }
    return out


def under(name: str, *prefixes: str) -> bool:
    return any(name == p or name.startswith(p + ".") for p in prefixes)


def test_kernels_import_numpy_and_numba_only() -> None:
    allowed = {
        "kernels",
        "numpy",
        "numba",
        "llvmlite",
        "math",
        "typing",
        "collections",
        "__future__",
        "zlib",
        "time",
        "concurrent",
        "os",
        "functools",
        "contextlib",
        "hashlib",
        "pathlib",
    }
    for name in filter(lambda n: under(n, "kernels"), MODULES):
        assert {i.split(".")[0] for i in imports(name)} <= allowed, name


@pytest.mark.parametrize(
    "layer", ["sim.city", "sim.grid", "sim.buildings", "sim.agents", "sim.measures", "sim.scenario"]
)
def test_lower_layers_know_nothing_above_them(layer: str) -> None:
    above = (
        "sim.systems",
        "sim.results",
        "sim.live",
        "sim.cli",
        "sim.model",
        "sim.commands",
        "sim.runner",
        "experiments",
    )
    for name in filter(lambda n: under(n, layer), MODULES):
        assert not [i for i in imports(name) if under(i, *above)], name


def test_systems_never_import_one_another() -> None:
    for name in filter(lambda n: under(n, "sim.systems"), MODULES):
        own = ".".join(name.split(".")[:3])
        assert not [i for i in imports(name) if under(i, "sim.systems") and not under(i, own)], name


def test_results_and_experiments_use_the_public_face() -> None:
    public = ("sim.errors", "sim.results", "sim.months", "sim.documents")
    for name in filter(lambda n: under(n, "sim.results", "sim.live", "experiments"), MODULES):
        own = ("sim.live",) if under(name, "sim.live") else ("experiments",) if under(name, "experiments") else ()
        private = [i for i in imports(name) if under(i, "sim") and i != "sim" and not under(i, *public, *own)]
        assert not private, f"{name} imports {private}"


def test_no_import_circles() -> None:
    graph = nx.DiGraph(
        (name, i) for name in MODULES for i in imports(name, top_level_only=True) if i in MODULES and i != name
    )
    assert not list(nx.simple_cycles(graph))


def test_files_and_functions_have_one_reason_to_exist() -> None:
    long = []
    for name, path in MODULES.items():
        text = path.read_text("utf-8")
        if text.count("\n") > LIMIT_LINES:
            long.append(f"{name}: {text.count(chr(10))} lines")
        long += [
            f"{name}.{node.name}: {node.end_lineno - node.lineno} lines"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > LIMIT_FUNCTION
        ]
    assert not long, long
