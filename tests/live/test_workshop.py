"""The workshop without a page: branches, decisions, scrubbing back, refusals, a crash, and files that reproduce a branch to the bit."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim import RunError, State, load_scenario, run_pair
from sim.city.city import City
from sim.live import bands, people, plan, proposals
from sim.live.groups import compared
from sim.live.history import History
from sim.live.layers import DISTRICT_NAMES, LATE, MONTHLY
from sim.live.page import timeline_plan
from sim.live.view import View, map_values
from sim.live.workshop import BASELINE, ROADMAP, Workshop


def advance(workshop: Workshop, months: int) -> None:
    for _ in range(months):
        workshop.advance()


def current(workshop: Workshop, branch: int, name: str) -> dict[str, object]:
    return dict(plan.current(workshop.branch(branch).scenario, workshop.shown)[name])


def test_a_branch_is_its_file(workshop: Workshop, city: City, tmp_path: Path) -> None:
    """Forked, edited, rewound, shocked, added to: ``rebond run`` of the saved file lives the same months, in both worlds."""
    advance(workshop, 3)
    branch = workshop.fork(ROADMAP, "dearer parking")
    workshop.edit(
        branch.number,
        changes=[{**current(workshop, branch.number, "parking"), "price": "3 €/h", "area": ["district:4"]}],
    )
    advance(workshop, 2)
    workshop.edit(branch.number, stop=["tracks"])
    new = {"measure": "bike_subsidy", "id": "bikes", "start": "2021-07", "amount": "300 €"}
    workshop.edit(branch.number, changes=[new])
    advance(workshop, 2)
    workshop.seek(branch.scenario.start + 5)  # back to June: the months since are given up by this branch
    workshop.edit(branch.number, changes=[{**current(workshop, branch.number, "slow"), "start": "2021-11"}])
    workshop.shock({"shock": "energy_price", "id": "crisis", "start": "2021-08", "months": 2, "change": "+50%"})
    advance(workshop, 6)
    assert workshop.shown == workshop.scenario.end
    path = tmp_path / "saved.yaml"
    path.write_text(workshop.saved(branch.number), "utf-8")
    scenario = load_scenario(path)
    assert scenario.name == "dearer parking"
    assert len(scenario.revisions) == 3
    pair = run_pair(scenario, city, seed=scenario.seed, share=scenario.share)
    for record, number in ((pair.roadmap, branch.number), (pair.baseline, BASELINE)):
        run = record.indicators["value"].to_numpy().reshape(12, -1)
        live = [workshop.branch(number).history.frames[m].values for m in range(scenario.start, scenario.end + 1)]
        assert np.array_equal(run, np.array(live)), record.manifest["role"]


def test_a_proposal_becomes_a_branch_or_is_refused(workshop: Workshop) -> None:
    advance(workshop, 1)
    given = {"title": "More trees", "kind": "urban_greening", "amount": 3, "district": 4, "money": 2}
    one = proposals.checked("somebody", 7, given, 9)
    made = proposals.as_branch(workshop, ROADMAP, one)
    assert (made.name, one.branch) == ("More trees", made.number)
    item = plan.current(made.scenario, workshop.shown + 1)["proposal-7"]
    assert (item["canopy"], item["months"], item["start"], item["area"]) == ("3 %", 24, "2021-02", ["district:4"])
    dear = proposals.checked("somebody", 8, {**given, "money": 300}, 9)
    with pytest.raises(RunError, match="cannot be paid"):
        proposals.as_branch(workshop, ROADMAP, dear)
    assert dear.branch == -1
    assert len(workshop.branches) == 3  # none is left behind


def test_any_month_lived_can_be_shown_again(workshop: Workshop) -> None:
    advance(workshop, 6)
    branch = workshop.branch(ROADMAP)
    month = branch.scenario.start + 3
    first = branch.frame(month)
    assert first is not None
    assert first.links is not None
    kept = first.links.copy()
    for frame in branch.history.frames.values():
        frame.let_go()
    for later in [m for m in branch.history.states if m not in (branch.first, branch.month)]:
        del branch.history.states[later]
    again = workshop.frame(ROADMAP, month)
    assert again is not None
    assert np.array_equal(again.links, kept)
    assert np.array_equal(again.values, first.values)


def test_memory_is_bounded(workshop: Workshop) -> None:
    advance(workshop, 8)
    history = workshop.branch(ROADMAP).history
    frames, states = list(history.frames.values()), list(history.states.values())
    small = History(map_bytes=3 * frames[0].nbytes, state_bytes=1)
    for frame in frames:
        small.keep_frame(frame)
    for state in states:
        small.keep_state(state)
    assert sum(f.nbytes for f in small.frames.values()) <= small.map_bytes
    assert len(small.frames) == len(frames)  # figures of every month stay
    assert sorted(small.states) == [min(history.states), max(history.states)]


def test_an_edit_that_changes_nothing_changes_nothing(workshop: Workshop) -> None:
    advance(workshop, 2)
    branch = workshop.fork(ROADMAP, "the same")
    workshop.edit(
        branch.number, changes=[{"measure": "bike_subsidy", "id": "none", "start": "2021-04", "amount": "0 €"}]
    )
    advance(workshop, 4)
    a, b = (workshop.branch(n).figures(workshop.shown) for n in (ROADMAP, branch.number))
    assert a is not None
    assert b is not None
    assert np.array_equal(a.values, b.values)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "tracks", "capex": "90 M€"}, "cannot be paid: 2021"),
        ({"id": "slow", "start": "2021-01"}, "a month from 2021-02 on"),
        ({"id": "parking", "price": "3"}, "€/h"),
        ({"id": "parking", "area": ["district:99"]}, "district:99"),
    ],
)
def test_refusals_say_why(workshop: Workshop, change: dict[str, object], why: str) -> None:
    advance(workshop, 1)
    before = workshop.branch(ROADMAP).scenario
    with pytest.raises(RunError, match=why):
        workshop.edit(ROADMAP, changes=[{**current(workshop, ROADMAP, str(change["id"])), **change}])
    assert workshop.branch(ROADMAP).scenario is before


def test_what_has_begun_keeps_its_date_and_works_their_size(workshop: Workshop) -> None:
    advance(workshop, 3)
    parking, tracks = (current(workshop, ROADMAP, name) for name in ("parking", "tracks"))
    with pytest.raises(RunError, match="has begun"):
        workshop.edit(ROADMAP, changes=[{**parking, "start": "2021-06"}])
    with pytest.raises(RunError, match="under way"):
        workshop.edit(ROADMAP, changes=[{**tracks, "length": "1 km"}])
    with pytest.raises(RunError, match="baseline"):
        workshop.edit(BASELINE, stop=["parking"])


def test_a_crash_leaves_the_others(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    advance(workshop, 1)
    branch = workshop.fork(ROADMAP, "doomed")

    def fail() -> None:
        raise ZeroDivisionError("made to fail")

    monkeypatch.setattr(branch.model, "step", fail)
    advance(workshop, 2)
    assert "made to fail" in branch.error
    assert branch not in workshop.alive()
    assert workshop.branch(ROADMAP).month == workshop.shown == workshop.scenario.start + 2


def idle(workshop: Workshop) -> None:
    """Wait until nothing is lived ahead any more."""
    workshop._scout.submit(lambda: None).result()
    for branch in workshop.branches.values():
        branch.submit(lambda: None).result()


def test_what_is_lived_ahead_is_not_seen_before_it_is_asked_for(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle(workshop)
    roadmap = workshop.branch(ROADMAP)
    eve = workshop.shown
    assert (roadmap.month, roadmap.reached, workshop.lived) == (eve, eve + 1, eve)
    assert [frame.month for frame in roadmap.seen()] == [eve]
    monkeypatch.setattr(roadmap.model, "move", lambda: pytest.fail("lived already"))
    workshop.playing = True  # nobody looks further ahead than one month
    roadmap.live_to(eve + 1).result()
    assert roadmap.month == eve + 1
    workshop.playing = False


def test_a_decision_does_not_wait_for_what_nobody_asked_for(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The month lived ahead hangs; the decision is carried out, its month lived; what hung is dropped when it ends at last."""
    idle(workshop)
    roadmap = workshop.branch(ROADMAP)
    workshop.advance([ROADMAP])
    idle(workshop)
    hanging, go_on, old = threading.Event(), threading.Event(), roadmap.model
    move = old.move

    def hang() -> None:
        hanging.set()
        assert go_on.wait(60)
        move()

    monkeypatch.setattr(old, "move", hang)
    ahead = roadmap.live_ahead(workshop.shown + 2)
    assert hanging.wait(60)
    workshop.answer([ROADMAP], workshop.edit, ROADMAP, stop=["slow"])
    roadmap.submit(lambda: None).result()
    lived = roadmap.figures(workshop.shown)
    assert workshop.shown == roadmap.month == workshop.scenario.start + 1
    assert roadmap.model is not old
    go_on.set()
    ahead.result()
    idle(workshop)
    assert roadmap.figures(workshop.shown) is lived
    assert max(roadmap.history.frames) == workshop.shown + 1
    assert "slow" in roadmap.scenario.calendars()[-1].stopped
    assert roadmap.error == ""


def test_months_that_nobody_asked_for_wait_for_decisions(workshop: Workshop) -> None:
    """While one is being answered they stop between two systems; who is asked for goes on, and what no longer counts ends there."""
    idle(workshop)
    baseline, roadmap, eve = workshop.branch(BASELINE), workshop.branch(ROADMAP), workshop.shown
    workshop._cores.free.clear()
    ahead = baseline.live_ahead(eve + 2)
    with pytest.raises(TimeoutError):
        ahead.result(timeout=0.5)
    assert baseline.model.state.month == eve + 2
    assert baseline.reached == eve + 1  # begun, not lived
    baseline.live_to(eve + 2).result(timeout=60)  # asked for, whatever is being answered
    assert baseline.month == eve + 2
    assert baseline.state_at(eve + 1).result(timeout=60).month == eve + 1

    old = roadmap.model
    given_up = roadmap.live_ahead(eve + 2)
    with pytest.raises(TimeoutError):
        given_up.result(timeout=0.5)
    roadmap.revise(old.scenario, eve).result(timeout=60)
    given_up.result(timeout=60)
    assert old.state.month == eve + 2
    assert eve + 2 not in roadmap.history.frames
    assert roadmap.model.state.month == eve
    workshop._cores.free.set()


def test_what_stands_in_line_behind_a_waiting_month_is_done(workshop: Workshop) -> None:
    """A month that waits for a decision to be answered does not keep the answer waiting that stands in line behind it."""
    idle(workshop)
    baseline, eve = workshop.branch(BASELINE), workshop.shown
    workshop._cores.free.clear()
    ahead = baseline.live_ahead(eve + 2)
    with pytest.raises(TimeoutError):
        ahead.result(timeout=0.3)
    assert baseline.submit(lambda: "done").result(timeout=60) == "done"
    workshop._cores.free.set()


def test_a_calendar_given_up_while_its_state_is_copied_is_not_lived(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month lived ahead goes on with the model it began with, or not at all: never with that of the decision made meanwhile."""
    idle(workshop)
    roadmap, eve = workshop.branch(ROADMAP), workshop.shown
    copying, go_on, old = threading.Event(), threading.Event(), roadmap.model
    copy = old.state.copy

    def hang() -> State:
        copying.set()
        assert go_on.wait(60)
        return copy()

    monkeypatch.setattr(old.state, "copy", hang)
    roadmap.history.states.pop(old.state.month, None)
    ahead = roadmap.live_ahead(eve + 2)
    assert copying.wait(60)
    roadmap.revise(old.scenario, eve).result(timeout=60)
    new = roadmap.model
    assert new is not old
    go_on.set()
    ahead.result(timeout=60)
    assert (new.state.month, old.state.month) == (eve, eve + 1)
    assert eve + 1 not in roadmap.history.states  # of a calendar that no longer holds
    roadmap.live_to(eve + 1).result(timeout=60)
    assert roadmap.error == ""


def test_streets_are_seen_before_the_month_is_over(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the month's, to the bit; everything else is of the month before until all of it has been lived."""
    idle(workshop)
    roadmap = workshop.branch(ROADMAP)
    go_on, reckon, before = threading.Event(), roadmap.model.reckon, roadmap.figures(workshop.shown)
    assert before is not None
    monkeypatch.setattr(roadmap.model, "reckon", lambda: (go_on.wait(60), reckon()))
    workshop.answer([ROADMAP], workshop.edit, ROADMAP, stop=["parking"])
    month, early, revision = workshop.shown, roadmap.frame(workshop.shown), workshop.revision
    assert early is not None
    assert early.early
    assert np.array_equal(early.values, before.values)
    assert np.array_equal(early.districts, before.districts)
    assert [frame.month for frame in roadmap.seen()] == [month - 1]
    body = map_values(workshop, ROADMAP, BASELINE, month, "load", "jobs")
    baseline = workshop.frame(BASELINE, month - 1)
    assert baseline is not None
    districts = np.frombuffer(body, "<f4", offset=16)[len(early.links[0]) :][: city_size(workshop)]
    jobs = DISTRICT_NAMES.index("jobs")
    assert np.array_equal(districts, before.districts[jobs] - baseline.districts[jobs])
    go_on.set()
    idle(workshop)
    whole = roadmap.frame(month)
    assert whole is not None
    assert not whole.early
    for k, layer in enumerate(MONTHLY):
        assert np.array_equal(early.links[k], (before if layer in LATE else whole).links[k]), layer
    assert not np.array_equal(whole.links, early.links)
    assert np.array_equal(whole.bikes, early.bikes)
    assert not np.array_equal(whole.values, before.values)
    assert workshop.revision > revision


def city_size(workshop: Workshop) -> int:
    return workshop.city.n_districts


def test_pages_do_not_wait_for_the_city(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a month hangs, everything that a page does in its event loop returns."""
    idle(workshop)
    hanging, go_on = threading.Event(), threading.Event()
    for branch in workshop.branches.values():
        monkeypatch.setattr(branch.model, "move", lambda: (hanging.set(), go_on.wait(60)))
    deciding = threading.Thread(
        target=workshop.answer, args=([ROADMAP], workshop.edit, ROADMAP), kwargs={"stop": ["slow"]}
    )
    deciding.start()
    assert hanging.wait(60)
    done = threading.Event()

    def page() -> None:
        workshop.note("", "a note")
        workshop.set_speed(1.0)
        workshop.play(False)
        workshop.gauge(ROADMAP)
        timeline_plan(workshop, View())
        [branch.seen() for branch in workshop.branches.values()]
        done.set()

    threading.Thread(target=page, daemon=True).start()
    assert done.wait(30)
    assert deciding.is_alive()
    go_on.set()
    deciding.join(60)


def test_playing_goes_to_the_end_and_stops(workshop: Workshop) -> None:
    workshop.set_speed(5.0)
    workshop.play(True)
    workshop._player.join(timeout=0.05)
    assert workshop.playing
    workshop.seek(workshop.scenario.start - 1)  # a seek while playing does not break it
    for _ in range(600):
        if not workshop.playing:
            break
        threading.Event().wait(0.05)
    assert workshop.shown == workshop.scenario.end
    assert not workshop.playing


def test_people_and_groups(workshop: Workshop, city: City) -> None:
    advance(workshop, 6)
    model = workshop.branch(ROADMAP).model_at(workshop.shown).result()
    row = people.find(model.state, district=4, turn=0)
    who = people.citizen(model, row)
    assert who["district"] == 4
    assert 18 <= who["age"] < 120
    assert row == people.row_of(model.state, who["id"])
    for tour in who["day"]:
        assert all(np.isfinite(u) for _, u in tour["worth"])
    states = [workshop.branch(n).state_at(workshop.shown).result() for n in (BASELINE, ROADMAP)]
    rows = compared(*states, city.districts.ring)
    assert sum(r["persons"] for r in rows if r["kind"] == "fifth") == pytest.approx(
        sum(r["persons"] for r in rows if r["kind"] == "ring")
    )
    assert all(
        r["minutes"] == r["euros"] == r["gain"] == r["lose"] == 0.0
        for r in compared(states[0], states[0], city.districts.ring)
    )


def test_utilities_shown_decide(workshop: Workshop) -> None:
    """Over many citizens the way with the highest utility is taken far more often than by chance: tastes are of mean zero."""
    advance(workshop, 1)
    model = workshop.branch(ROADMAP).model_at(workshop.shown).result()
    hits = []
    for row in range(0, len(model.state.citizens), max(1, len(model.state.citizens) // 150)):
        if model.state.citizens.alive[row]:
            for purpose, worth in model.worth(row).items():
                mode = getattr(
                    model.state.citizens,
                    {"work": "main_mode", "education": "main_mode", "shopping": "shop_mode"}.get(
                        purpose, f"{purpose}_mode"
                    ),
                )[row]
                hits.append([0, 0, 1, 1, 2, 3][int(np.argmax(worth))] == mode)
    assert len(hits) > 100
    assert np.mean(hits) > 0.5  # by chance: a quarter


def test_forks_are_bounded(workshop: Workshop) -> None:
    for i in range(5):
        workshop.fork(ROADMAP, f"branch {i}")
    with pytest.raises(RunError, match="at most"):
        workshop.fork(ROADMAP, "one more")
    workshop.close_branch(2)
    workshop.fork(ROADMAP, "room again")
    with pytest.raises(RunError, match="stay"):
        workshop.close_branch(ROADMAP)


def test_bands_are_paired_differences_over_seeds(
    workshop: Workshop, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands, "SEEDS", 2)
    advance(workshop, 2)
    scenario = workshop.branch(ROADMAP).scenario
    found = bands.Bands(scenario, workshop.shown)
    assert found.half_width(workshop.shown, 0) is None
    found.live(city, None)
    assert (found.finished, found.error, len(found.seeds)) == (True, "", 2)
    pair = run_pair(replace(scenario, seed=scenario.seed + 1), city, seed=scenario.seed + 1, share=scenario.share)
    one, other = (r.indicators["value"].to_numpy().reshape(12, -1)[:2] for r in (pair.roadmap, pair.baseline))
    assert np.array_equal(found.seeds[0], one - other)
    spread = np.std([s[1] for s in found.seeds], axis=0, ddof=1)
    assert found.half_width(workshop.shown, 0) == pytest.approx(2.0 * spread[0])
