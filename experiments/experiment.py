"""An experiment file becomes a validated experiment, or one InputError with every fault and its position."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments import designs, experiment_parts
from experiments.city import GRAINS, CityWork, columns_of, heading_columns
from experiments.designs import Varied
from experiments.experiment_parts import Design, Entry, Searched, parts_of
from experiments.plan import Column, Plan
from experiments.variants import Overrides, Roadmap, digest, with_overrides
from sim import INDICATORS, Scenario, check_against_city, code_digest, file_digest, open_prepared
from sim.documents import (
    SAMPLE,
    WRONG,
    Choice,
    Month,
    Number,
    OneOrMany,
    Reader,
    Text,
    fields_of,
    item,
    read_nodes,
    read_values,
    record_schema,
)
from sim.errors import Fault, InputError

MOST_RUNS = 100_000_000


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What to do: scenarios x design x replications, what to keep of each run, and how runs are treated. Immutable."""

    name: str = item(Text(160), "what it is called")
    share: float | None = item(SAMPLE, "share of the citizens simulated, instead of the scenarios'", None)
    start: int | None = item(Month(), "first month reported, instead of the scenarios'", None)
    end: int | None = item(Month(), "last month, instead of the scenarios'", None)
    city: str | None = item(Text(400), "embedded city or bundle, instead of the scenarios'", None)
    replications: int = item(
        Number(1, 1_000_000, whole=True), "runs of each scenario at each point, each with its own seed", 1
    )
    seed: int = item(Number(0, 2**53, whole=True), "seed of the first replication, and of the design", 1)
    seeds: str = item(
        Choice(("common", "own")), "common: the same seeds at all points, paired; own: each point has its own", "common"
    )
    indicators: tuple[str, ...] = item(
        OneOrMany(Choice(tuple(i.name for i in INDICATORS))), "indicators kept (all)", ()
    )
    grain: tuple[str, ...] = item(
        OneOrMany(Choice(GRAINS)), "what is kept beside final values: yearly or monthly means, districts", ("yearly",)
    )
    time_limit: float = item(Number(0.0, 1e7, unit="s"), "time of one run, 0 for none", 0.0)
    retries: int = item(Number(0, 100, whole=True), "further attempts at a run that failed", 0)
    gap: float = item(Number(1e-12, 0.1), "relative gap of the road equilibrium", 1e-4)
    observed: str = item(
        Text(400), "CSV of observed figures, for calibrate and score: indicator, period, value, sd", ""
    )
    path: Path = Path()
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)  #: by name, overrides applied
    roadmaps: Mapping[str, Roadmap] = field(default_factory=dict)  #: files of those that are a roadmap and no baseline
    varied: tuple[Varied, ...] = ()
    design: Design = field(default_factory=Design)
    search: Searched | None = None

    @property
    def overrides(self) -> Overrides:
        """What stands instead of the scenarios' own."""
        return Overrides(self.share, self.start, self.end, self.city)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the indicators kept."""
        return self.indicators or tuple(i.name for i in INDICATORS)

    @property
    def kept_by_district(self) -> tuple[str, ...]:
        """Names of the indicators kept by district."""
        if "district" not in self.grain:
            return ()
        return tuple(i.name for i in INDICATORS if i.name in self.kept and i.by_district is not None)

    @property
    def city_name(self) -> str:
        """The city of all scenarios."""
        return self.city or next(iter(self.scenarios.values())).city

    @property
    def point_count(self) -> int:
        """Points of the design."""
        return self.design.count(self.varied)


def load_experiment(path: Path | str) -> Experiment:
    """Read an experiment and the roadmaps that it names. Raises InputError with all faults."""
    reader = Reader(Path(path), kind="experiment", example="scenarios/experiments/fuel_telework.yaml")
    root = read_nodes(reader)
    known = fields_of(Experiment)
    values = read_values(root, known, reader, "", skip=experiment_parts.PARTS)
    nodes = parts_of(root)
    overrides = Overrides(*(_known(values, name) for name in ("share", "start", "end", "city")))
    entries = experiment_parts.scenarios(nodes.get("scenarios"), reader, root)
    scenarios = {e.name: with_overrides(e.scenario, overrides) for e in entries}
    roadmaps = {e.name: e.roadmap for e in entries if e.roadmap is not None}
    varied = experiment_parts.parameters(nodes.get("parameters"), reader, roadmaps)
    varied = varied or experiment_parts.all_measures(nodes.get("design"), roadmaps)
    search = experiment_parts.search(nodes.get("search"), reader, roadmaps)
    design = experiment_parts.design(nodes.get("design"), reader, varied, Path(path))
    _check(values, entries, scenarios, reader, nodes)
    reader.stop()
    plain = {name: value for name, value in values.items() if name in known}
    experiment = Experiment(
        **plain, path=Path(path), scenarios=scenarios, roadmaps=roadmaps, varied=varied, design=design, search=search
    )
    _check_size(experiment, reader, nodes)
    reader.stop()
    return experiment


def _known(values: Mapping[str, Any], name: str) -> Any:
    return None if values[name] is WRONG else values[name]


def _check(
    values: Mapping[str, Any],
    entries: list[Entry],
    scenarios: Mapping[str, Scenario],
    reader: Reader,
    nodes: Mapping[str, Any],
) -> None:
    """What single fields cannot say: months in order, measures after the start, one city."""
    for entry in entries:
        scenario = scenarios[entry.name]
        name, key = repr(entry.name), "start" if values["start"] is not None else "end"
        if scenario.end < scenario.start:
            reader.fault(nodes.get(key), key, f"an end before the start of {name}", "months in order")
        early = [m.id for m in scenario.measures if m.start < scenario.start]
        if early:
            reader.fault(
                nodes.get("start"),
                "start",
                f"a month after the start of {early[0]!r} in {name}",
                "a month before all measures",
            )
    cities = sorted({s.city for s in scenarios.values()})
    if len(cities) > 1:
        reader.fault(
            nodes.get("scenarios"), "scenarios", f"the cities {', '.join(cities)}", "one city, or city: for all of them"
        )
    grain = values["grain"]
    if grain is not WRONG and {"yearly", "monthly"} <= set(grain):
        reader.fault(nodes.get("grain"), "grain", "yearly and monthly", "one of both: years follow from months")


def _check_size(experiment: Experiment, reader: Reader, nodes: Mapping[str, Any]) -> None:
    points = experiment.point_count
    runs = points * len(experiment.scenarios) * experiment.replications
    if points > designs.MOST_POINTS or runs > MOST_RUNS:
        allowed = f"at most {designs.MOST_POINTS:,} points and {MOST_RUNS:,} runs"
        reader.fault(nodes.get("design"), "design", f"{points:,} points, {runs:,} runs", allowed)


def ready(
    experiment: Experiment, threads: int = 1, say: Callable[[str], None] = lambda _: None
) -> tuple[Plan, CityWork]:
    """Open the city (built and calibrated on first use), check the scenarios against it; the plan and what workers carry out.

    Raises InputError where a scenario does not fit the city.
    """
    city, bundle = open_prepared(experiment.city_name, threads, say)
    faults: list[Fault] = []
    for name, scenario in experiment.scenarios.items():
        faults += [dataclasses.replace(f, field=f"{name}: {f.field}") for f in check_against_city(scenario, city)]
    if faults:
        raise InputError(faults)
    work = CityWork(
        scenarios=experiment.scenarios,
        bundle=str(bundle.absolute()),
        gap=experiment.gap,
        columns=tuple(c.name for c in _columns(experiment)),
        districts=experiment.kept_by_district,
        grains=experiment.grain,
        overrides=experiment.overrides,
        roadmaps=experiment.roadmaps if any("." in p.name for p in experiment.varied) else {},
    )
    return plan_of(experiment, file_digest(bundle)[:16]), work


def _columns(experiment: Experiment) -> tuple[Column, ...]:
    return columns_of(experiment.kept) + heading_columns(experiment.scenarios)


def plan_of(experiment: Experiment, city: str) -> Plan:
    """All runs; ``city`` names the city as it is."""
    facts = {
        "scenarios": {name: digest(s) for name, s in experiment.scenarios.items()},
        "share": next(iter(experiment.scenarios.values())).share,
        "gap": experiment.gap,
        "grain": list(experiment.grain),
        "code": code_digest()[:16],
        "city": city,
    }
    return Plan(
        name=experiment.name,
        scenarios=tuple(experiment.scenarios),
        parameters=tuple(p.column for p in experiment.varied),
        points=experiment.design.points(experiment.varied, experiment.seed),
        columns=_columns(experiment),
        districts=columns_of(experiment.kept_by_district),
        replications=experiment.replications,
        first_seed=experiment.seed,
        common_seeds=experiment.seeds == "common",
        facts=facts,
        design=experiment.design.as_json(experiment.varied, experiment.seed),
    )


def schema() -> dict[str, Any]:
    """JSON Schema of experiment files: editors complete and check with it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rebond experiment",
        **record_schema(Experiment, experiment_parts.schemas()),
    }
