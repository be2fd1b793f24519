"""Perpetual adaptation: rules are judged each month on last month's figures and rewrite the calendar, with limits against flapping.

A rule fires when its condition holds, it is armed, its cool-down is over and its limits (in all, a year, all rules together a year)
allow it. Firing disarms it; it is armed again by its ``rearm`` condition, or by its own not having held for some months. A measure that
a rule has changed is left alone by all rules for registry adapt_pause months. A rule none of whose acts can change anything does not fire.
A rule that never fires leaves every bit of the city as it was: only its own counters move.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.agents.headings import urgency
from sim.agents.journal import note
from sim.agents.readings import Readings
from sim.codes import Status
from sim.measures.base import Measure
from sim.months import month_name, month_of_year
from sim.scenario.adapt import Action, Rule
from sim.scenario.conditions import Clause, Condition
from sim.scenario.load import Item, Scenario
from sim.scenario.parameters import Parameters
from sim.state import State, Townhall

#: Start of a measure that no rule has launched: no month that is ever lived.
NEVER = 100_000
_OPEN = (Status.PLANNED, Status.WAITING)
_HOLDS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


class Adaptation:
    """Judges a scenario's rules. All counters stand in the state."""

    def __init__(self, roadmap: Scenario, readings: Readings, parameters: Parameters) -> None:
        self.rules, self.readings, self.parameters = roadmap.adapt, readings, parameters
        self.conditions = [(rule.when, rule.rearm) for rule in roadmap.adapt]
        self.clauses = [clause for pair in self.conditions for c in pair if c is not None for clause in c.clauses]

    def begin(self, town: Townhall) -> None:
        """Every rule armed, nothing counted."""
        r = len(self.rules)
        town.streak, town.quiet = np.zeros(len(self.clauses), np.int32), np.zeros(r, np.int32)
        town.armed, town.fired = np.ones(r, np.int8), np.zeros((r, 2), np.int32)
        town.last_fired = np.zeros(r, np.int32)

    def act(self, state: State, items: tuple[Item | None, ...]) -> None:
        """Judge every rule, then fire those that may, those of the heading furthest behind first."""
        town = state.townhall
        if month_of_year(state.month) == 0:
            town.fired[:, 1] = 0
        holding = self._judge(state)
        due = [r for r in holding if self._may(state, r)]
        due.sort(key=lambda r: -urgency(state, self.readings, [c.reading.name for c in self.rules[r].when.clauses]))
        for r in due:
            if town.fired[:, 1].sum() < self.parameters["adapt_limit"]:
                self._fire(state, r, items)

    def _judge(self, state: State) -> list[int]:
        """Count how long clauses have held, arm rules again. Returns the rules whose condition holds."""
        town, at, out = state.townhall, 0, []
        for r, (when, rearm) in enumerate(self.conditions):
            holds, at = self._condition(state, when, at)
            town.quiet[r] = 0 if holds else town.quiet[r] + 1
            if rearm is None:
                armed = town.quiet[r] >= self.parameters["adapt_rearm"]
            else:
                armed, at = self._condition(state, rearm, at)
            town.armed[r] = town.armed[r] or armed
            if holds:
                out.append(r)
        return out

    def _condition(self, state: State, condition: Condition, at: int) -> tuple[bool, int]:
        """Whether it holds this month, and the counter after those of its clauses."""
        streak, any_of = state.townhall.streak, []
        for group in condition.any_of:
            all_of = []
            for clause in group:
                left, right = self.readings.sides(state, clause)
                true = bool(_HOLDS[clause.operator](left, right))  # NaN, not known, makes every comparison false
                streak[at] = streak[at] + 1 if true else 0
                all_of.append(streak[at] >= clause.months)
                at += 1
            any_of.append(all(all_of))
        return any(any_of), at

    def _may(self, state: State, r: int) -> bool:
        town, rule = state.townhall, self.rules[r]
        rested = not town.last_fired[r] or state.month - town.last_fired[r] >= rule.cooldown
        return bool(town.armed[r] and rested and town.fired[r, 0] < rule.times and town.fired[r, 1] < rule.per_year)

    def _fire(self, state: State, r: int, items: tuple[Item | None, ...]) -> None:
        town, rule = state.townhall, self.rules[r]
        changed = [done for action in rule.then for done in self._carry_out(state, action, items)]
        if not changed:
            return
        town.armed[r], town.quiet[r], town.last_fired[r] = 0, 0, state.month
        town.fired[r] += 1
        seen = self._figures(state, rule)
        figures = {"rule": rule.id, "seen": seen}
        said = ", ".join(f"{f['what']} {f['value']} against {f['bound']}" for f in seen)
        for measure, what in changed:
            note(
                state, measure, "adapted", f"{rule.id}: {rule.when.text} ({said}): {what}", {**figures, "changed": what}
            )

    def _figures(self, state: State, rule: Rule) -> list[dict[str, Any]]:
        """What stood on both sides of the rule's comparisons."""
        return [{"what": str(clause.reading), **dict(zip(("value", "bound"), self._shown(state, clause), strict=True))}
                for clause in rule.when.clauses]  # fmt: skip

    def _shown(self, state: State, clause: Clause) -> tuple[Any, Any]:
        sides = self.readings.sides(state, clause)
        if clause.reading.kind == "date":
            return month_name(int(sides[0])), month_name(int(sides[1]))
        return tuple(None if math.isnan(side) else float(f"{side:.6g}") for side in sides)  # type: ignore[return-value]

    # --- acts ---------------------------------------------------------------------------------------------------

    def _carry_out(self, state: State, action: Action, items: tuple[Item | None, ...]) -> list[tuple[str, str]]:
        """(measure, what changed) of the act; none if it can change nothing, or the measure was changed a short while ago."""
        town = state.townhall
        i, one = self._find(action.measure, items)
        pause = self.parameters["adapt_pause"]
        if one is None or (town.touched[i] and state.month - town.touched[i] < pause):
            return []
        what = {
            "advance": self._advance, "delay": self._delay, "scale": self._scale, "soften": self._soften,
            "stop": self._stop, "replace": self._stop, "launch": self._launch,
        }[action.verb](state, i, one, action.amount)  # fmt: skip
        if not what:
            return []
        town.touched[i] = state.month
        out = [(one.id, what)]
        if action.instead:
            k, other = self._find(action.instead, items)
            launched = self._launch(state, k, other, 0.0) if other is not None else ""
            if launched:
                town.touched[k] = state.month
                out.append((action.instead, f"in the place of {one.id}, {launched}"))
        return out

    def _find(self, name: str, items: tuple[Item | None, ...]) -> tuple[int, Item | None]:
        i = self.readings.rows[name]
        return i, items[i]

    def _advance(self, state: State, i: int, one: Item, months: float) -> str:
        town = state.townhall
        if town.status[i] in _OPEN and state.month < town.start[i] < NEVER:
            old, town.start[i] = int(town.start[i]), max(state.month, int(town.start[i] - months))
            return f"begins in {month_name(int(town.start[i]))} instead of {month_name(old)}"
        if town.status[i] == Status.BUILDING:
            resting, town.hold[i] = town.hold[i] > state.month, 0
            left = (1.0 - town.progress[i]) * one.months / town.pace[i]
            pace = min(town.pace[i] * left / max(1.0, left - months), self.parameters["adapt_pace"])
            if pace > town.pace[i]:
                town.pace[i] = pace
                return f"works go on at {pace:.0%} of the planned speed"
            return "works go on" if resting else ""
        return ""

    def _delay(self, state: State, i: int, one: Item, months: float) -> str:
        town = state.townhall
        if town.status[i] in _OPEN and town.start[i] < NEVER:
            old, town.start[i] = int(town.start[i]), int(max(town.start[i], state.month) + months)
            town.status[i] = Status.PLANNED
            return f"begins in {month_name(int(town.start[i]))} instead of {month_name(old)}"
        if town.status[i] == Status.BUILDING and one.months:
            town.hold[i] = int(max(town.hold[i], state.month) + months)
            return f"works rest until {month_name(int(town.hold[i]))}"
        return ""

    def _scale(self, state: State, i: int, one: Item, size: float) -> str:
        """Change the size; works never shrink below what is built, and go on if there is more to build."""
        town = state.townhall
        old = float(town.scale[i])
        works = one.measure.works and one.months > 0
        built = float(town.progress[i]) * old if works else 0.0
        new = max(size, built)
        if new == old or town.status[i] == Status.STOPPED:
            return ""
        town.scale[i] = new
        if built > 0.0:
            town.progress[i] = min(1.0, built / new)
            if town.status[i] == Status.IN_FORCE and town.progress[i] < 1.0 - 1e-9:
                town.status[i] = Status.BUILDING
        return f"size {new:.0%} of the roadmap's instead of {old:.0%}"

    def _soften(self, state: State, i: int, one: Item, size: float) -> str:
        step = size or float(state.townhall.scale[i]) * self.parameters["adapt_soften"]
        return self._scale(state, i, one, step) if step < state.townhall.scale[i] else ""

    def _stop(self, state: State, i: int, one: Item, _: float) -> str:
        town = state.townhall
        stands = one.measure.works and town.status[i] == Status.IN_FORCE
        return "" if stands or town.status[i] == Status.STOPPED else withdraw(town, i, one.measure)

    def _launch(self, state: State, i: int, one: Item, months: float) -> str:
        town = state.townhall
        if town.status[i] != Status.PLANNED or town.start[i] < NEVER:
            return ""
        town.start[i] = max(state.month + int(months), one.start)
        return f"launched for {month_name(int(town.start[i]))}"


def withdraw(town: Townhall, i: int, measure: Measure) -> str:
    """Withdraw a measure; what is built stays in force. Returns what that leaves."""
    built = measure.works and town.progress[i] > 0.0
    town.status[i] = Status.IN_FORCE if built else Status.STOPPED
    town.progress[i] *= built
    return f"{town.progress[i]:.0%} built, which stays" if built else "withdrawn"
