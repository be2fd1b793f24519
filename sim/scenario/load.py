"""A scenario file becomes a validated scenario, or one InputError with every fault and its position."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from sim.errors import Fault, InputError, nearest
from sim.measures import Measure, kinds, shock_kinds
from sim.months import month_name, year_of
from sim.scenario.adapt import Rule, read_rules
from sim.scenario.agreement import LONGEST_RUN, check_names, check_time
from sim.scenario.bodies import FUNDERS, Body, read_bodies
from sim.scenario.conditions import Names
from sim.scenario.fields import (
    WRONG,
    Choice,
    Month,
    Number,
    OneOrMany,
    Quantity,
    Shares,
    Text,
    fields_of,
    item,
    read_values,
    write_values,
)
from sim.scenario.parameters import registry
from sim.scenario.revisions import Calendar, Revision, calendars, check_revisions, read_revisions, rows
from sim.scenario.targets import Target, named, nothing, read_targets
from sim.scenario.weather import NORMAL, Years, YearsWeather, check_years, digests
from sim.scenario.yaml_nodes import Reader, entries, found, read_nodes, scalar
from sim.units import MONEY, MONEY_PER_YEAR, SHARE

#: Share of the population that may be simulated.
SAMPLE = Number(1e-4, 1.0)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One measure or shock of a scenario: when, where, at what cost, paid by whom."""

    id: str = item(Text(60), "its name in this scenario", "")
    start: int = item(Month(), "first month")
    months: int = item(
        Number(0, LONGEST_RUN, whole=True), "months of works, or months it runs (0: at once, to the end)", 0
    )
    area: tuple[str, ...] = item(OneOrMany(Text(80)), "named areas, rings or communes", ())
    capex: float = item(Quantity(MONEY, 0.0, 1e11), "investment in all", 0.0)
    opex: float = item(Quantity(MONEY_PER_YEAR, 0.0, 1e10), "running cost a year", 0.0)
    funding: tuple[tuple[str, float], ...] = item(
        Shares(FUNDERS, Quantity(SHARE, 0.0, 1.0)), "who pays which share", (("metropole", 1.0),)
    )
    payer: str = item(Choice(FUNDERS), "who carries it out and pays what nobody else does", "metropole")
    unfunded: str = item(
        Choice(("payer", "wait")),
        "a share that a body does not give: the payer bears it, or the measure waits",
        "payer",
    )
    depends_on: tuple[str, ...] = item(OneOrMany(Text(60)), "measures that must be in force first", ())
    measure: Measure = dataclasses.field(metadata={})
    committed: bool = False  #: happens in the baseline, too
    reserve: bool = False  #: begins only when a rule launches it
    where: str = ""  #: file:line:column

    @property
    def areas(self) -> tuple[str, ...]:
        """Named areas it acts in."""
        return self.area or (self.measure.default_area,)

    def resolved(self, word: str) -> dict[str, Any]:
        """As plain YAML under ``measure:`` or ``shock:``."""
        written = write_values(self)
        if self.payer != "metropole":  # the default of its funding is another
            written["funding"] = fields_of(Item)["funding"].metadata["kind"].write(self.funding)
        own = write_values(self.measure)
        return {word: self.measure.kind, **written, **own, "start": month_name(self.start)}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What the metropole may spend and owe."""

    investment_per_year: float = item(Quantity(MONEY_PER_YEAR, 0.0, 1e11), "own investment a year at most", 1e11)
    debt_ceiling: float = item(Quantity(MONEY, 0.0, 1e11), "debt at most", 1e11)
    debt_at_start: float = item(Quantity(MONEY, 0.0, 1e11), "debt at the start", 0.0)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A roadmap with its world. Immutable."""

    name: str = item(Text(160), "what it is called")
    city: str = item(Text(400), "embedded city, or path of a bundle", "toulouse")
    start: int = item(Month(), "first month reported")
    end: int = item(Month(), "last month")
    seed: int = item(Number(0, 2**53, whole=True), "seed of all draws", 1)
    world: str = item(Choice(("trends", "unchanged")), "trends go on, or the world stands still", "trends")
    hours: str = item(
        Choice(("typical", "all")), "energy on typical days of each month, or on all its hours", "typical"
    )
    weather: Years = item(YearsWeather(), "weather of the years", NORMAL)
    elections: tuple[int, ...] = item(
        OneOrMany(Month()), "months of municipal elections; without them none is held", ()
    )
    share: float = 1.0
    budget: Budget = dataclasses.field(default_factory=Budget)
    targets: tuple[Target, ...] = ()
    measures: tuple[Item, ...] = ()  #: committed ones of the baseline first, those in reserve last
    shocks: tuple[Item, ...] = ()
    revisions: tuple[Revision, ...] = ()
    adapt: tuple[Rule, ...] = ()
    bodies: tuple[tuple[str, Body], ...] = ()
    parameters: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def first_month(self) -> int:
        """First month that is lived: shocks dated before the start enter the initial state."""
        return min([self.start, *(s.start for s in self.shocks)])

    @property
    def rows(self) -> tuple[Item, ...]:
        """All measures as first written, those that revisions add among them: the rows of the state."""
        return rows(self.measures, self.revisions)

    def calendars(self) -> tuple[Calendar, ...]:
        """The calendar as written, then as each revision leaves it."""
        return tuple(calendars(self.first_month, self.measures, self.shocks, self.revisions))

    def past(self, month: int) -> dict[str, Any]:
        """All that months up to ``month`` depend on, as plain data: scenarios whose past is equal have lived alike."""
        lived = tuple(r for r in self.revisions if r.start <= month)
        return dataclasses.replace(self, name="", revisions=lived).resolved()

    def without_measures(self) -> Scenario:
        """The do-nothing baseline: committed items and shocks stay, and what revisions do to shocks."""
        shocks = {s.id for s in self.shocks} | {s.id for r in self.revisions for s in r.shocks}
        kept = [
            dataclasses.replace(r, measures=(), stop=tuple(i for i in r.stop if i in shocks)) for r in self.revisions
        ]
        return dataclasses.replace(
            self,
            measures=tuple(m for m in self.measures if m.committed),
            adapt=(),
            revisions=tuple(r for r in kept if r.stop or r.shocks),
        )

    def resolved(self) -> dict[str, Any]:
        """Everything as plain data, defaults filled in."""
        return {
            **write_values(self),
            "city": self.city,
            "seed": self.seed,
            **({"weather_files": digests(self.weather)} if digests(self.weather) else {}),
            "population": {"share": self.share},
            "budget": write_values(self.budget),
            "targets": [t.resolved() for t in self.targets],
            "baseline": [m.resolved("measure") for m in self.measures if m.committed],
            "measures": [m.resolved("measure") for m in self.measures if not m.committed and not m.reserve],
            "shocks": [s.resolved("shock") for s in self.shocks],
            **self._adaptive(),
            **({"revisions": [r.resolved() for r in self.revisions]} if self.revisions else {}),
            "parameters": dict(self.parameters),
        }

    def _adaptive(self) -> dict[str, Any]:
        """The keys that adaptation and public bodies add, where the file names them."""
        parts = {
            "reserve": [m.resolved("measure") for m in self.measures if m.reserve],
            "adapt": [rule.resolved() for rule in self.adapt],
            "bodies": {name: body.resolved() for name, body in self.bodies},
        }
        return {key: part for key, part in parts.items() if part}


#: Keys of a scenario whose values are read by their own functions below, and what they hold.
PARTS = {
    "population": "share: the share of the citizens simulated, each standing for several; 1 for all",
    "targets": "the headings: a list of {indicator, change, by, against}",
    "budget": "what the metropole may spend and owe",
    "baseline": "measures that happen anyway: in the roadmap and in the world that it is compared with",
    "measures": "the roadmap: a list of measures",
    "reserve": "measures that begin only when a rule launches them, from their start on at the earliest: a list of measures",
    "adapt": "rules that rewrite the calendar: a list of {when, then, rearm, cooldown, times, per_year}",
    "bodies": "public bodies and private partners with their conditions: a mapping from metropole, region, state, private, city, "
    "transit_authority",
    "shocks": "what happens to the city without anybody's plan, in both worlds",
    "revisions": "how the calendar is rewritten at given months: a list of {start, stop, measures, shocks}",
    "parameters": "values instead of the registry's defaults, within their ranges",
}
#: Keys of the design that no version carries out yet: refused, not ignored.
_NOT_YET = ("observations",)

#: Faults of items in a city, by the city's name; raises InputError if there is no such city.
Fits = Callable[[str, Sequence[Item]], list[Fault]]


def load_scenario(path: Path, fits: Fits | None = None, *, text: str | None = None) -> Scenario:
    """Read a scenario; ``fits`` checks its items against its city. Raises InputError with all faults.

    ``text`` is read instead of the file's own content: a variant of it, whose positions faults then tell.
    """
    reader = Reader(Path(path), text=text)
    root = read_nodes(reader)
    values = read_values(root, fields_of(Scenario), reader, "", skip=(*PARTS, *_NOT_YET))
    parts = {scalar(k): v for k, v in entries(root)} if isinstance(root, MappingNode) else {}
    for key in _NOT_YET:
        if key in parts:
            reader.fault(parts[key], key, f"the key '{key}'", "no such key yet: this version does not carry it out")
    measures = _items(parts.get("baseline"), reader, "baseline", "measure", kinds(), committed=True)
    measures += _items(parts.get("measures"), reader, "measures", "measure", kinds())
    spare = _items(parts.get("reserve"), reader, "reserve", "measure", kinds())
    measures += [dataclasses.replace(one, reserve=True) for one in spare]
    shocks = _items(parts.get("shocks"), reader, "shocks", "shock", shock_kinds())
    rest: dict[str, Any] = {
        "share": _share(parts.get("population"), reader),
        "budget": _budget(parts.get("budget"), reader),
        "targets": read_targets(parts.get("targets"), reader),
        "bodies": read_bodies(parts.get("bodies"), reader),
        "parameters": _parameters(parts.get("parameters"), reader),
        "measures": tuple(measures),
        "shocks": tuple(shocks),
        "revisions": read_revisions(parts.get("revisions"), reader, partial(_revised, reader=reader)),
    }
    names = _names(parts, measures, rest, elections=bool(values["elections"]))
    rest["adapt"] = read_rules(parts.get("adapt"), reader, names)
    if not _has_wrong(values):
        check_time(values, measures, shocks, rest["targets"], reader, root)
        first = min([values["start"], *(s.start for s in shocks)])
        check_years(values["weather"], year_of(first), year_of(values["end"]), reader, parts.get("weather"))
        _check_revisions(values, measures, shocks, rest["revisions"], reader, parts.get("revisions"))
    planned = _ids(parts.get("measures")) + _ids(parts.get("reserve"))
    check_names(measures, _ids(parts.get("baseline")), planned, reader)
    if fits is not None and values["city"] is not WRONG:
        revised = [one for r in rest["revisions"] for one in (*r.measures, *r.shocks)]
        try:
            reader.faults += fits(values["city"], (*measures, *shocks, *revised))
        except InputError as error:
            where = reader.where(parts.get("city"))
            reader.faults += [dataclasses.replace(f, where=where, field="city") for f in error.faults]
    reader.stop()
    return Scenario(**values, **rest)


def _names(
    parts: Mapping[str | None, Node], measures: Sequence[Item], rest: Mapping[str, Any], *, elections: bool
) -> Names:
    """What rules may refer to; measures with a fault of their own among them."""
    if "adapt" not in parts:
        return Names({}, ())
    from sim.indicators import INDICATORS  # as for targets

    own = [one for one in measures if not one.committed]
    spare = [one.id for one in own if one.reserve] + _ids(parts.get("reserve"))
    return Names(
        {i.name: i.unit for i in INDICATORS},
        [one.id for one in own] + _ids(parts.get("measures")) + spare,
        spare,
        [t.indicator for t in rest["targets"] if t.has_path],
        [name for name, _ in rest["bodies"]],
        elections,
        {one.id: one.measure.kind for one in own if not one.measure.sized},
    )


def _has_wrong(values: Mapping[str, Any]) -> bool:
    return any(v is WRONG for v in values.values())


def _items(
    node: Node | None,
    reader: Reader,
    path: str,
    word: str,
    known: Mapping[str, type[Measure]],
    *,
    committed: bool = False,
) -> list[Item]:
    if node is None or nothing(node):
        return []
    if not isinstance(node, SequenceNode):
        reader.fault(node, path, found(node), f"a list of items with {word}:, start: and their fields")
        return []
    out = []
    for i, child in enumerate(node.value):
        one = _item(child, reader, f"{path}[{i}]", word, known, committed)
        if one is not None:
            out.append(one)
    return out


def _item(
    node: Node, reader: Reader, path: str, word: str, known: Mapping[str, type[Measure]], committed: bool
) -> Item | None:
    if not isinstance(node, MappingNode):
        reader.fault(node, path, found(node), f"an item: {{{word}: ..., start: ...}}")
        return None
    chosen = [v for k, v in entries(node) if scalar(k) == word]
    if not chosen:
        keys = [scalar(k) or "" for k, _ in entries(node)]
        near = nearest(word, keys)
        reader.fault(
            node, f"{path}.{word}", f"no {word!r}, but {near!r}" if near else "nothing", f"one of {', '.join(known)}"
        )
        return None
    name = scalar(chosen[0]) or ""
    if name not in known:
        reader.fault(
            chosen[0],
            f"{path}.{word}",
            found(chosen[0]),
            f"one of {', '.join(known)}",
            nearest(name, list(known)),
        )
        return None
    common, own = fields_of(Item), fields_of(known[name])
    values = read_values(node, {**common, **own}, reader, path, skip=(word,))
    if _has_wrong(values):
        return None
    mine = {key: values[key] for key in own}
    shared = {key: values[key] for key in common}
    shared["id"] = shared["id"] or f"{name}-{month_name(shared['start'])}"
    if "funding" not in [scalar(k) for k, _ in entries(node)]:
        shared["funding"] = ((shared["payer"], 1.0),)
    return Item(**shared, measure=known[name](**mine), committed=committed, where=reader.where(node))


def _revised(node: Node | None, path: str, word: str, *, reader: Reader) -> list[Item]:
    return _items(node, reader, path, word, kinds() if word == "measure" else shock_kinds())


def _check_revisions(
    values: Mapping[str, Any],
    measures: list[Item],
    shocks: list[Item],
    revisions: tuple[Revision, ...],
    reader: Reader,
    node: Node | None,
) -> None:
    faults = check_revisions(values["start"], values["end"], measures, shocks, revisions)
    for i, path, what, allowed, near in faults:
        place = node.value[i] if isinstance(node, SequenceNode) and len(revisions) == len(node.value) else node
        reader.fault(place, f"revisions[{i}].{path}", what, allowed, near)
    for calendar in calendars(values["start"], measures, shocks, revisions):
        if calendar.changes is not None:
            present = [one for one in calendar.measures if one is not None]
            ids = [one.id for one in present]
            check_names(present, [one.id for one in present if one.committed], ids, reader)


def _ids(node: Node | None) -> list[str]:
    """The ids written in a list of items, those of faulty items among them: who refers to one is not at fault."""
    items = node.value if isinstance(node, SequenceNode) else []
    pairs = [pair for one in items if isinstance(one, MappingNode) for pair in entries(one)]
    return [scalar(value) or "" for key, value in pairs if scalar(key) == "id"]


def _share(node: Node | None, reader: Reader) -> float:
    if node is None or nothing(node):
        return 1.0
    known = {"share": named(SAMPLE, "share of the population simulated", 1.0)}
    value = read_values(node, known, reader, "population")["share"]
    return 1.0 if value is WRONG else float(value)


def _budget(node: Node | None, reader: Reader) -> Budget:
    if node is None or nothing(node):
        return Budget()
    values = read_values(node, fields_of(Budget), reader, "budget")
    return Budget() if _has_wrong(values) else Budget(**values)


def _parameters(node: Node | None, reader: Reader) -> dict[str, float]:
    if node is None or nothing(node):
        return {}
    known = {
        name: named(Number(p.low, p.high, unit=p.unit.strip("-")), p.meaning, p.default)
        for name, p in registry().items()
    }
    values = read_values(node, known, reader, "parameters")
    given = {scalar(k) for k, _ in entries(node)} if isinstance(node, MappingNode) else set()
    return {name: float(v) for name, v in values.items() if name in given and v is not WRONG}


__all__ = ["FUNDERS", "PARTS", "Budget", "Item", "Scenario", "Target", "load_scenario"]
