"""``python -m experiments.benchmarks [NAME ...] [--quick]``: measure, print the table, write ``out/bench``.

Each benchmark runs in a process of its own, so that its memory and its caches are its own; one that fails does not stop the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from experiments.benchmarks.catalogue import BENCHMARKS, load
from experiments.benchmarks.context import Context
from experiments.benchmarks.machine import describe, load_average
from experiments.benchmarks.processes import ROOT, ChildError, child
from experiments.benchmarks.rows import Row
from experiments.benchmarks.table import markdown, read, write

#: A benchmark that takes longer [s] is ended.
LONGEST = 3600.0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(prog="python -m experiments.benchmarks", description="Measure the promises of Rebond.")
    p.add_argument("names", nargs="*", metavar="NAME", help=f"benchmarks to run (all): {', '.join(BENCHMARKS)}")
    p.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    p.add_argument("--quick", action="store_true", help="small sizes: some three minutes in all")
    p.add_argument("--peers", type=Path, help="Python of the environment with the peers [REBOND_PEERS, or this one]")
    p.add_argument("--tntp", type=Path, help="folder of public networks, such as ChicagoSketch/ with its .tntp files")
    p.add_argument("--city", default="toulouse", help="embedded city or bundle for the whole runs [toulouse]")
    p.add_argument("--real", metavar="BUNDLE", help="real city for the months of mobility [the city above]")
    p.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="threads for us and the peers [all cores]")
    p.add_argument("--out", type=Path, default=Path("out/bench"), help="folder of results.json and benchmarks.md")
    p.add_argument("--add", action="store_true", help="keep what --out has of benchmarks that are not named")
    p.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md, too")
    p.add_argument("--one", action="store_true", help=argparse.SUPPRESS)  # a child: print the rows as JSON
    return p


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 all measured, 1 a benchmark failed, 2 wrong arguments (unmet promises are figures, not failures)."""
    p = parser()
    options = p.parse_args(arguments)
    unknown = sorted(set(options.names) - set(BENCHMARKS))
    if unknown:
        p.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name, folder in (("--tntp", options.tntp), ("--peers", options.peers)):
        if folder is not None and not folder.exists():
            p.error(f"{name}: {folder} does not exist")
    if options.list:
        for name, title in BENCHMARKS.items():
            print(f"{name:10} {title}")
        return 0
    if options.one:
        with tempfile.TemporaryDirectory(prefix="rebond-bench-") as scratch:
            rows = load(options.names[0])(_context(options, Path(scratch)))
        print(json.dumps([row.as_json() for row in rows]))
        return 0
    return _all(options)


def _all(options: argparse.Namespace) -> int:
    machine = describe()
    groups = read(options.out) if options.add else {}
    failed = 0
    for name in options.names or BENCHMARKS:
        clock = time.perf_counter()
        try:
            answer = child("experiments.benchmarks", name, "--one", *_passed_on(options), patience=LONGEST)
        except ChildError as error:
            failed += 1
            print(f"{name} failed: {error}", file=sys.stderr)
            continue
        groups[BENCHMARKS[name]] = [Row.from_json(row) for row in answer]
        print(f"{name}: {time.perf_counter() - clock:.0f} s", file=sys.stderr, flush=True)
    machine["load after"] = load_average()
    groups = {title: groups[title] for title in BENCHMARKS.values() if title in groups}
    text = markdown(groups, machine, options.quick)
    print(text)
    path = write(options.out, groups, machine, options.quick)
    if options.write_docs:
        (ROOT / "docs" / "benchmarks.md").write_text(text, "utf-8")
    print(f"Results: {path.absolute()}", file=sys.stderr)
    return 1 if failed else 0


def _context(options: argparse.Namespace, scratch: Path) -> Context:
    peers = options.peers or Path(os.environ.get("REBOND_PEERS") or sys.executable)
    return Context(scratch, options.quick, peers, options.tntp, options.city, options.real, options.threads)


def _passed_on(options: argparse.Namespace) -> list[object]:
    """The options that a child needs."""
    given: list[object] = ["--city", options.city, "--threads", options.threads]
    given += ["--quick"] if options.quick else []
    given += ["--peers", options.peers] if options.peers else []
    given += ["--real", options.real] if options.real else []
    return given + (["--tntp", options.tntp] if options.tntp else [])


if __name__ == "__main__":
    sys.exit(main())
