"""The municipality: turns its calendar and what has been built into the policies in force, pays, and keeps a journal.

Everything it remembers stands in ``state.townhall``. A measure that can change nothing (amount zero, empty area, dated after
the end) is not announced, not begun and not paid for: a roadmap with such a measure is the baseline, to the bit.

Investment and running cost are paid as they arise. Grants, purchases and projects depend on who asks for them: systems pay them out of
the metropole's purse, and a month later they are charged to the measures that offered them and refunded by the co-funders. The yearly
limit and the debt ceiling hold back investment only; what the baseline has committed never waits, so it happens alike in both worlds.

This file is the calendar. Money is in purse.py, what is known in readings.py, rules in adaptation.py, headings, elections and journal
in files of their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import mesa
import numpy as np

from sim.agents.adaptation import NEVER, Adaptation, withdraw
from sim.agents.elections import frozen, hold_election
from sim.agents.headings import weigh
from sim.agents.journal import journal, note
from sim.agents.plans import plan_at, plan_of
from sim.agents.purse import Purse
from sim.agents.readings import Readings
from sim.city.city import City
from sim.codes import Status
from sim.columns import Floats, Ints
from sim.measures.base import Context
from sim.measures.pilots import pilot_contributions
from sim.measures.policies import Contribution, Policies, axis_sizes, compose
from sim.months import month_name, month_of_year
from sim.scenario.bodies import FUNDERS
from sim.scenario.load import Item, Scenario
from sim.scenario.parameters import Parameters
from sim.scenario.revisions import Revision
from sim.state import State, Townhall

#: Levers under which society grants money, in the order of ``state.society.granted``.
GRANTS = ("ev_grant", "heat_pump_grant", "retrofit_grant", "pv_grant", "bike_grant", "battery_grant")


class Municipality(mesa.Agent):  # type: ignore[misc]
    """One body that acts each month. The agent holds what never changes; ``state.townhall`` holds the rest."""

    def __init__(self, model: mesa.Model, city: City, scenario: Scenario, parameters: Parameters) -> None:
        super().__init__(model)
        self.city = city
        self.parameters = parameters
        self.follow(scenario)

    def follow(self, scenario: Scenario) -> None:
        """Hold to this scenario from now on (its past must be the one lived)."""
        self.roadmap = scenario
        self.sizes = axis_sizes(self.city, len(scenario.rows))
        self.ids = tuple(one.id for one in scenario.rows)
        self.plans = [plan_of(self.city, calendar) for calendar in scenario.calendars()]
        self.plan = self.plans[0]
        self.purse = Purse(scenario, self.parameters)
        self.readings = Readings(scenario, self.purse)
        self.adaptation = Adaptation(scenario, self.readings, self.parameters)

    def begin(self, state: State) -> None:
        """An empty calendar page: nothing begun, nothing spent."""
        state.townhall = Townhall(
            **self._rows(0), invested=np.zeros(1), operated=np.zeros(1), debt=np.array([self.roadmap.budget.debt_at_start]),
            received=np.zeros(len(FUNDERS)), year_paid=np.zeros(len(FUNDERS)), journal=np.zeros(0, np.uint8),
            seen=np.zeros((0, len(self.readings.watched))), streak=np.zeros(0), quiet=np.zeros(0), armed=np.zeros(0),
            fired=np.zeros((0, 2)), last_fired=np.zeros(0), stance=np.zeros(len(self.readings.targets)),
        )  # fmt: skip
        self.adaptation.begin(state.townhall)

    def _rows(self, first: int) -> dict[str, Any]:
        """Columns of the measures from row ``first`` on, unannounced."""
        rows = self.roadmap.rows[first:]
        new = len(rows)
        starts = np.array([NEVER if one.reserve else one.start for one in rows], np.int32)
        return {
            "status": np.full(new, Status.PLANNED, np.int8), "progress": np.zeros(new), "spent": np.zeros(new), "start": starts,
            "scale": np.ones(new), "pace": np.ones(new), "design_cost": np.ones(new), "hold": np.zeros(new, np.int32),
            "asked": np.zeros(new, np.int32), "touched": np.zeros(new, np.int32), "paid_by": np.zeros((new, len(FUNDERS))),
        }  # fmt: skip

    def take_over(self, state: State) -> None:
        """Begin with this scenario in a state that another one with the same past has lived (nothing was announced yet)."""
        self.begin(state)
        n, m = len(state.citizens), len(self.roadmap.rows)
        state.society.support = np.full((n, m), 0.5, np.float32)
        state.society.expected = np.full((n, m), 0.5, np.float32)
        state.society.protest = np.zeros(m)
        state.society.coconstruction = np.zeros(m)

    def make_room(self, state: State) -> None:
        """Rows for measures that revisions to come will add: as if they had stood in the calendar, unannounced, from the start."""
        town, society = state.townhall, state.society
        old, new = len(town.status), len(self.roadmap.rows) - len(town.status)
        if new <= 0:
            return
        for name, values in self._rows(old).items():
            setattr(town, name, np.concatenate([getattr(town, name), values]))
        half = np.full((len(state.citizens), new), 0.5, np.float32)
        society.support = np.concatenate([society.support, half], axis=1)
        society.expected = np.concatenate([society.expected, half], axis=1)
        society.protest = np.concatenate([society.protest, np.zeros(new)])
        society.coconstruction = np.concatenate([society.coconstruction, np.zeros(new)])

    def nothing(self) -> Policies:
        """Policies when nobody does anything and nothing happens."""
        return compose((), self.sizes)

    def act(self, state: State) -> Policies:
        """Carry the calendar through one month and say what is in force."""
        town = state.townhall
        if month_of_year(state.month) == 0:
            town.invested[:] = 0.0
            town.operated[:] = 0.0
            town.year_paid[:] = 0.0
        self.plan = plan_at(self.plans, state.month - 1)  # last month's outlays are those of last month's calendar
        self._settle(state)
        self._settle_grid(state)
        self.plan = plan_at(self.plans, state.month)
        if self.plan.changes is not None and self.plan.changes.start == state.month:
            self._revise(state, self.plan.changes)
        if state.month >= self.roadmap.start:  # months before it only carry shocks into the initial state
            self.purse.repay(state)
        weigh(state, self.readings, self.parameters)
        hold_election(state, self.roadmap, self.readings, self.parameters, self.plan.measures)
        self.adaptation.act(state, self.plan.measures)
        for i, one in self._active():
            self._advance(state, i, one)
        return compose(self._contributions(state, state.economy.reach), self.sizes)

    def observe(self, state: State, read: Callable[[str], float]) -> None:
        """See the month just lived: ``read`` gives an indicator by name. Rules and headings look at it in the month after."""
        self.readings.observe(state, read)

    def in_force(self, state: State) -> Policies:
        """The policies of the month lived last, as its townhall left them."""
        self.plan = plan_at(self.plans, state.month)
        return compose(self._contributions(state, state.economy.pilots), self.sizes)

    def inert(self, i: int) -> bool:
        """True if measure ``i`` can change nothing in this scenario."""
        one = self.plan.measures[i]
        return one is None or one.measure.empty() or len(self.plan.areas[i]) == 0 or one.start > self.roadmap.end

    def _active(self) -> Iterator[tuple[int, Item]]:
        """Rows of measures that can change something, those that others depend on first."""
        for i in self.plan.order:
            one = self.plan.measures[i]
            if one is not None and not self.inert(i):
                yield i, one

    def _revise(self, state: State, changes: Revision) -> None:
        """Withdraw and replace. What is built stays; what has not begun takes its new date; what runs goes on with new amounts."""
        town = state.townhall
        for i, one in enumerate(self.plan.measures):
            if one is not None and one.id in changes.stop and town.status[i] != Status.STOPPED:
                self._note(state, one, "stopped", withdraw(town, i, one.measure))
            elif one is not None and one in changes.measures:
                if town.status[i] == Status.IN_FORCE and one.measure.works and town.progress[i] < 1.0:
                    town.status[i] = Status.BUILDING
                elif town.status[i] in (Status.PLANNED, Status.WAITING, Status.STOPPED):
                    town.status[i] = Status.PLANNED
                    town.start[i] = max(one.start, state.month)
                self._note(state, one, "revised", f"from {month_name(int(town.start[i]))}")

    # --- calendar -----------------------------------------------------------------------------------------------

    def _advance(self, state: State, i: int, one: Item) -> None:
        town, month = state.townhall, state.month
        self._announce(state, i, one)
        status = town.status[i]
        if status in (Status.PLANNED, Status.WAITING) and month >= town.start[i]:
            self._try_to_begin(state, i, one)
        if town.status[i] == Status.BUILDING:
            self._build(state, i, one)
        elif town.status[i] == Status.IN_FORCE:
            self._operate(state, i, one)

    def _announce(self, state: State, i: int, one: Item) -> None:
        """Make the measure public when its time has come; before an election what is not public yet is put off."""
        town, month = state.townhall, state.month
        public = self._public(town, i)
        if month < public:
            return
        if not town.asked[i]:
            if not one.committed and frozen(self.roadmap, self.parameters, month):
                if month == public:
                    self._note(state, one, "put off", "nothing new is announced before the election")
                town.start[i] += 1
                return
            town.asked[i] = month
            if one.reserve and month > public:
                self._note(state, one, "announced", f"to begin in {month_name(int(town.start[i]))}")
        if month == public:
            self._note(state, one, "announced", f"to begin in {month_name(int(town.start[i]))}")

    def _public(self, town: Townhall, i: int) -> int:
        """Month from which the measure is public, as the calendar stands."""
        return max(int(town.start[i]) - int(self.parameters["announcement_lead"]), self.roadmap.start)

    def _try_to_begin(self, state: State, i: int, one: Item) -> None:
        town = state.townhall
        why = self._obstacle(state, i, one)
        if why:
            if town.status[i] != Status.WAITING:
                self._note(state, one, "waiting", why)
            town.status[i] = Status.WAITING
            return
        late = state.month - int(one.start)
        self._design(state, i, one)
        town.start[i] = state.month
        town.status[i] = Status.BUILDING if one.measure.works and one.months > 0 else Status.IN_FORCE
        if town.status[i] == Status.IN_FORCE:
            town.progress[i] = 1.0
            self.purse.invest(state, i, one, one.capex * town.scale[i] * town.design_cost[i])
        event = "works begin" if town.status[i] == Status.BUILDING else "in force"
        when = f"{late} months late" if late > 0 else f"{-late} months early" if late else "as planned"
        self._note(state, one, event, "launched by a rule" if one.reserve else when)

    def _design(self, state: State, i: int, one: Item) -> None:
        """What citizens who shared in the design made of it: another cost, another size."""
        town, p, part = state.townhall, self.parameters, self._designed_with_citizens(state, i)
        if part > 0.0:
            town.design_cost[i] = 1.0 + p["coconstruction_cost"] * part
            town.scale[i] *= 1.0 - p["coconstruction_size"] * part * one.measure.sized
            cost, size = town.design_cost[i] - 1.0, town.scale[i]
            self._note(
                state,
                one,
                "co-designed",
                f"{part:.0%} with citizens: cost {cost:+.1%}, size {size:.0%} of the roadmap's",
            )

    def _designed_with_citizens(self, state: State, i: int) -> float:
        parts = state.society.coconstruction
        one = self.plan.measures[i]
        return float(parts[i]) if len(parts) > i and one is not None and not one.committed else 0.0

    def _obstacle(self, state: State, i: int, one: Item) -> str:
        """Why the measure cannot begin this month, or an empty string. What is committed has its money and staff already."""
        town = state.townhall
        ids = [m.id if m else "" for m in self.plan.measures]
        done = (Status.IN_FORCE, Status.STOPPED)
        missing = [d for d in one.depends_on if town.status[ids.index(d)] not in done]
        if missing:
            return f"waits for {', '.join(missing)} to be in force"
        if one.committed:
            return ""
        ready = int(one.start) + round(self.parameters["coconstruction_delay"] * self._designed_with_citizens(state, i))
        if not one.reserve and state.month < ready and state.month >= one.start:
            return f"is designed with citizens until {month_name(ready)}"
        building = int((town.status == Status.BUILDING).sum())
        limit = int(self.parameters["works_at_once"])
        if one.measure.works and one.months > 0 and building >= limit:
            return f"{building} works under way, staff for {limit}"
        if self.purse.bodies:
            why = self.purse.consent(state, one, int(town.asked[i]), self.readings.support(state, i))
            if why:
                return why
        monthly = one.capex * town.scale[i] / max(one.months if one.measure.works else 1, 1)
        return self.purse.obstacle(state, i, one, monthly)

    def _build(self, state: State, i: int, one: Item) -> None:
        town = state.townhall
        if state.month < town.hold[i]:
            return
        pace = town.pace[i]
        if (
            town.progress[i] + pace / one.months > 1.0 + 1e-9
        ):  # another pace or size: the last month builds what is left, no more
            pace = (1.0 - town.progress[i]) * one.months
        amount = one.capex * town.scale[i] / one.months * pace * town.design_cost[i]
        why = "" if one.committed else self.purse.obstacle(state, i, one, amount)
        if why:
            self._note(state, one, "paused", why)
            return
        self.purse.invest(state, i, one, amount)
        town.progress[i] = min(1.0, town.progress[i] + pace / one.months)
        if town.progress[i] > 1.0 - 1e-9:
            town.progress[i] = 1.0
            town.status[i] = Status.IN_FORCE
            self._note(state, one, "in force", f"built in {state.month - int(town.start[i]) + 1} months")

    def _operate(self, state: State, i: int, one: Item) -> None:
        town = state.townhall
        if not one.measure.works and one.months and state.month >= town.start[i] + one.months:
            town.status[i] = Status.STOPPED
            town.progress[i] = 0.0
            self._note(state, one, "ended", f"after {one.months} months, as planned")
            return
        yearly = one.opex * town.scale[i] * town.progress[i] + one.measure.yearly_cost(
            self._context(state, i, one, state.month)
        )
        if yearly > 0.0:
            self.purse.operate(state, i, one, yearly / 12.0)

    def _settle(self, state: State) -> None:
        """Charge last month's grants, purchases and projects to the measures that offered them; co-funders refund their share.

        The metropole paid them when the systems booked them. Measures that offer the same share what was paid, line by line, as
        they share the lever.
        """
        for lever, paid in _outlays(state).items():
            if not paid.any():
                continue
            offers = {i: self._offer(state, i, one, lever, paid) for i, one in self._active()}
            total = np.maximum(sum(offers.values()), 1e-300)
            for i, offer in offers.items():
                amount = float((paid * offer / total).sum())
                one = self.plan.measures[i]
                if amount > 0.0 and one is not None:
                    self.purse.charge(state, i, one, amount, _BOUGHT.get(lever, "grants"))

    def _settle_grid(self, state: State) -> None:
        """Charge last month's share of grid works, paid when the energy system booked it, to the year's own investment."""
        amount = float(state.energy.reinforced[1:].sum())
        if amount > 0.0:
            state.townhall.invested[0] += amount
            figures = {"total": round(amount, 2), "purpose": "works", "by": {"metropole": round(amount, 2)}}
            note(state, "", "paid", "grid reinforced for charging away from home", figures)

    def _offer(self, state: State, i: int, one: Item, lever: str, paid: Floats) -> Floats:
        """What measure ``i`` added to the lever last month, in the shape of ``paid``."""
        offer = np.zeros_like(paid)
        if lever in one.measure.levers:
            for c in self._acting(state, i, one, state.month - 1):
                if c.lever == lever:
                    offer[slice(None) if c.where is None else c.where] += c.value
        return offer

    # --- what is in force ---------------------------------------------------------------------------------------

    def _contributions(self, state: State, reach: Floats) -> Iterator[Contribution]:
        """What measures, shocks and projects that reach ``reach`` (T, D) of each district change this month."""
        for i, one in enumerate(self.plan.measures):
            if one is None or self.inert(i):
                continue
            town = state.townhall
            if state.month >= self._public(town, i) and town.status[i] != Status.STOPPED:
                yield Contribution("announced", 1.0, i)
                yield Contribution("exposure", 1.0, (i, self.plan.areas[i]))
                yield Contribution("expected_drivers", one.measure.expected_drivers, i)
                yield Contribution("expected_others", one.measure.expected_others, i)
            if _acts(town, i):
                yield Contribution("in_force", town.progress[i], i)
                yield from self._acting(state, i, one, state.month)
        for shock, area in zip(self.plan.shocks, self.plan.shock_areas, strict=True):
            end = shock.start + shock.months if shock.months else self.roadmap.end + 1
            if shock.start <= state.month < end and len(area) and not shock.measure.empty():
                context = self._shaped(state.month, shock, shock.start, 1.0, 1.0, area)
                yield from shock.measure.contributions(context)
        yield from pilot_contributions(reach, self.city, self.parameters)

    def _acting(self, state: State, i: int, one: Item, month: int) -> Iterator[Contribution]:
        """What measure ``i`` changes, nothing before it begins and after it ends."""
        if _acts(state.townhall, i):
            yield from one.measure.contributions(self._context(state, i, one, month))

    def _context(self, state: State, i: int, one: Item, month: int) -> Context:
        town = state.townhall
        return self._shaped(
            month, one, int(town.start[i]), float(town.progress[i]), float(town.scale[i]), self.plan.areas[i]
        )

    def _shaped(self, month: int, one: Item, start: int, progress: float, scale: float, area: Ints) -> Context:
        months = one.months or max(1, self.roadmap.end - start + 1)
        return Context(self.city, self.parameters, month, start, months, progress, scale, area, self.ids)

    def _note(self, state: State, one: Item, event: str, why: str) -> None:
        note(state, one.id, event, why)


def _acts(town: Townhall, i: int) -> bool:
    return bool(town.status[i] in (Status.BUILDING, Status.IN_FORCE) and town.progress[i] > 0.0)


#: What the journal calls outlays that buy something; all others are grants.
_BOUGHT = {"procurement": "orders", "challenge_budget": "projects"}


def _outlays(state: State) -> dict[str, Floats]:
    """What the metropole paid last month under each lever that gives money [€], by the lever's own axis (grants: income fifth)."""
    e = state.economy
    paid = dict(zip(GRANTS, state.society.granted, strict=True))
    return {**paid, "recovery_grant": e.granted, "procurement": e.bought, "challenge_budget": e.signed}


__all__ = ["GRANTS", "Municipality", "journal"]
