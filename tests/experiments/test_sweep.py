"""A sweep loses nothing, doubles nothing and tears nothing, whatever breaks; and its results do not depend on who carried them out."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments import store as stores
from experiments.engines import Engine, Forks, Here, Loky
from experiments.frames import arrow_tables, load
from experiments.parts import part_path
from experiments.plan import Result
from experiments.runner import Options, Progress, sweep
from experiments.worker import Outcome, decode, encode
from sim.errors import InputError, RunError
from tests.experiments import fakes
from tests.experiments.checks import whole

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("engine", "batch"),
    [(Here(), 1), (Here(), 3), (Forks(1), 1), (Forks(2), 1), (Forks(3), 2), (Loky(2), 1)],
    ids=["here", "here by three", "one worker", "two workers", "three workers by two", "loky"],
)
def test_same_bits_whatever_the_workers(tmp_path: Path, engine: Engine, batch: int) -> None:
    plan = fakes.plan(6, 2)
    progress = sweep(plan, fakes.trivial, tmp_path / "out", engine, Options(batch=batch))
    assert (progress.runs, progress.done, progress.failed, progress.fresh) == (24, 24, 0, 24)
    whole(load(tmp_path / "out"), plan)


def test_order_does_not_matter(tmp_path: Path) -> None:
    """The last run first: the tables are the same, values and order."""

    class Backwards(Here):
        def slots(self) -> int:
            return 10**6

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            time.sleep(0)
            return super().submit(fn, *args, **kwargs)

    plan = fakes.plan(5, 2)
    sweep(plan, fakes.with_series, tmp_path / "a", Here())
    out = tmp_path / "b"
    with stores.create(out, plan) as store:
        for task in reversed(list(store.missing())):
            store.commit([Outcome(task.run, encode(fakes.with_series(task)))], {}, "")
            if task.run % 3 == 0:
                store.compact()
    for name in ("runs", "series", "districts"):
        one, other = (getattr(load(tmp_path / x), name).drop(columns="seconds", errors="ignore") for x in "ab")
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert len(load(out).series) == 40
    assert load(out).districts.loc[lambda f: f["run"] == 1, "district"].tolist() == [0, 1, 2]


def test_a_sweep_does_only_what_is_missing(tmp_path: Path) -> None:
    plan, out = fakes.plan(10, 2), tmp_path / "out"

    def stop(progress: Progress) -> None:
        if progress.done >= 15:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(plan, fakes.Slow(0.01), out, Here(), watch=stop)
    with stores.open_to_read(out) as store:
        done = store.counts()["done"]
    assert 15 <= done < 40
    assert sweep(plan, fakes.trivial, out, Forks(2)).fresh == 40 - done
    whole(load(out), plan)
    assert sweep(plan, fakes.trivial, out, Here()).fresh == 0


def test_one_that_raises_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    plan, out = fakes.plan(), tmp_path / "out"
    progress = sweep(plan, fakes.Raising(tmp_path), out, Forks(2), Options(retries=2, batch=2))
    assert (progress.done, progress.failed) == (15, 1)
    with stores.open_to_read(out) as store:
        faults = store.faults()
    assert [f["attempt"] for f in faults] == [1, 2, 3]
    assert faults[0]["run"] == 3
    assert faults[0]["error"] == f"ArithmeticError: no equilibrium at a = {faults[0]['parameters']['a']:g}"
    assert "fakes.py" in faults[0]["traceback"]
    assert sweep(plan, fakes.trivial, out, Here()).fresh == 0  # failed is failed
    assert sweep(plan, fakes.trivial, out, Here(), Options(again=True)).fresh == 1
    whole(load(out), plan)


def test_a_retry_that_succeeds_counts(tmp_path: Path) -> None:
    progress = sweep(fakes.plan(), fakes.Raising(tmp_path, times=1), tmp_path / "out", Here(), Options(retries=1))
    assert (progress.done, progress.failed) == (16, 0)
    whole(load(tmp_path / "out"), fakes.plan())


def test_a_run_has_its_time(tmp_path: Path) -> None:
    progress = sweep(fakes.plan(), fakes.stuck, tmp_path / "out", Forks(2), Options(limit=0.5, batch=2))
    assert (progress.done, progress.failed) == (15, 1)
    with stores.open_to_read(tmp_path / "out") as store:
        assert store.faults()[0]["error"].startswith("RunTimeoutError")


def test_a_run_with_other_columns_fails_and_says_so(tmp_path: Path) -> None:
    progress = sweep(fakes.plan(1, 1), lambda _: {"heat": 1.0}, tmp_path / "out", Here())
    assert progress.failed == 2
    with stores.open_to_read(tmp_path / "out") as store:
        assert store.faults()[0]["error"] == "ValueError: the run gave heat where the plan has heat, jobs"


@pytest.mark.parametrize("moment", ["before the files", "half a file", "between files and index", "before the commit"])
def test_a_kill_while_results_move_to_parquet(tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, out = fakes.plan(), tmp_path / "out"
    progress = sweep(plan, fakes.with_series, tmp_path / "other", Here())
    assert progress.done == 16
    with stores.create(out, plan) as store:
        _half_done(store, moment, monkeypatch)
    monkeypatch.undo()
    assert len(load(out).runs) == 10
    assert sweep(plan, fakes.with_series, out, Here()).fresh == 6
    whole(load(out), plan)
    files = sorted(p.name for p in (out / "runs").iterdir())
    assert files == [f"part-{n:06d}.parquet" for n in range(len(files))]


def _half_done(store: stores.Store, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for task in list(store.missing())[:10]:
        store.commit([Outcome(task.run, encode(fakes.with_series(task)))], {}, "")

    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    if moment == "half a file":
        part = part_path(store.path, "runs", 0)
        part.parent.mkdir()
        part.with_name(f".{part.name}.partial").write_bytes(b"PAR1 and no end")
        return
    if moment == "before the files":
        return
    if moment == "between files and index":
        monkeypatch.setattr(store, "_transaction", killed)
    else:
        real = store.database

        class Connection:
            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

            def execute(self, query: str, *rest: Any) -> Any:
                return killed() if query == "COMMIT" else real.execute(query, *rest)

        monkeypatch.setattr(store, "database", Connection())
    with pytest.raises(KilledError):
        store.compact()
    assert part_path(store.path, "runs", 0).exists()


def test_a_damaged_file_is_seen(tmp_path: Path) -> None:
    sweep(fakes.plan(), fakes.with_series, tmp_path / "out", Here())
    file = part_path(tmp_path / "out", "runs", 0)
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0xFF
    file.write_bytes(bytes(content))
    with pytest.raises(RunError, match="cannot be read"):
        load(tmp_path / "out")
    file.unlink()
    with pytest.raises(RunError, match="cannot be read"):
        load(tmp_path / "out")


def test_one_writer_many_readers(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with stores.create(out, fakes.plan()):
        with pytest.raises(InputError, match="another sweep writes now"):
            sweep(fakes.plan(), fakes.trivial, out, Here())
        assert len(load(out).runs) == 0


# --- the same sweep, or another -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": 3}, "points that the experiment no longer has"),
        ({"replications": 1}, "2 replications, now 1"),
        ({"scenarios": ("plan",)}, "scenario 'baseline', which the experiment no longer has"),
        ({"columns": fakes.COLUMNS[:1]}, "other indicators"),
        ({"first_seed": 9}, "other seeds"),
        ({"facts": {"scenarios": {"plan": "other", "baseline": "2"}, "share": 0.1, "code": "c", "city": "t"}}, "another scenario 'plan'"),
        ({"facts": {"scenarios": {"plan": "1", "baseline": "2"}, "share": 0.2, "code": "c", "city": "t"}}, "share 0.1, now 0.2"),
        ({"facts": {"scenarios": {"plan": "1", "baseline": "2"}, "share": 0.1, "code": "d", "city": "t"}}, "another code"),
    ],
)  # fmt: skip
def test_another_experiment_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    out = tmp_path / "out"
    sweep(fakes.plan(), fakes.trivial, out, Here())
    other = fakes.plan(**change)
    for extend in (False, True):
        with pytest.raises(InputError, match=message):
            sweep(other, fakes.trivial, out, Here(), Options(extend=extend))
    whole(load(out), fakes.plan())


def test_more_of_the_same_is_done_when_asked_for(tmp_path: Path) -> None:
    out, small = tmp_path / "out", fakes.plan(4, 2)
    sweep(small, fakes.trivial, out, Here())
    points = np.concatenate([[[0.5, 0.5]], small.points, [[0.1, 0.2]]])  # between and behind: order is the design's
    facts = {**small.facts, "scenarios": {**small.facts["scenarios"], "third": "3"}}
    big = replace(small, points=points, replications=3, scenarios=(*small.scenarios, "third"), facts=facts)
    with pytest.raises(InputError, match="1 more scenarios, 2 more points, 1 more replications"):
        sweep(big, fakes.trivial, out, Here())
    assert sweep(big, fakes.trivial, out, Here(), Options(extend=True)).fresh == 54 - 16
    found = load(out)
    whole(found, big)
    by_point = found.runs.drop_duplicates("point").set_index("point")[["a", "b"]]
    np.testing.assert_array_equal(by_point.loc[list(found.order)].to_numpy(), points)
    assert found.order == (4, 0, 1, 2, 3, 5)


def test_other_code_when_the_user_says_so(tmp_path: Path) -> None:
    out = tmp_path / "out"
    sweep(fakes.plan(), fakes.trivial, out, Here())
    other = replace(fakes.plan(replications=3), facts={**fakes.plan().facts, "code": "new"})
    assert sweep(other, fakes.trivial, out, Here(), Options(extend=True, other_code=True)).fresh == 8


def test_seeds_are_common_or_each_point_has_its_own(tmp_path: Path) -> None:
    sweep(fakes.plan(), fakes.trivial, tmp_path / "common", Here())
    runs = load(tmp_path / "common").runs
    assert set(runs["seed"]) == {1, 2}
    sweep(fakes.plan(common_seeds=False), fakes.trivial, tmp_path / "own", Here())
    runs = load(tmp_path / "own").runs
    assert runs.groupby("point")["seed"].unique().map(tuple).nunique() == 4
    assert (runs.groupby(["point", "replication"])["seed"].nunique() == 1).all()  # scenarios stay paired


def test_units_travel_with_the_tables(tmp_path: Path) -> None:
    sweep(fakes.plan(), fakes.with_series, tmp_path / "out", Here())
    found = load(tmp_path / "out")
    assert found.units["heat"] == "MWh/month"
    assert found.units["a"] == "€/l"
    schema = arrow_tables(tmp_path / "out")["runs"].schema
    assert schema.field("heat").metadata == {b"unit": b"MWh/month"}
    cube = found.to_xarray()
    assert cube["heat"].dims == ("scenario", "point", "replication")
    assert cube["heat"].attrs["units"] == "MWh/month"
    row = found.runs.iloc[5]
    place = {"scenario": row["scenario"], "point": row["point"], "replication": row["replication"]}
    assert float(cube["heat"].sel(**place)) == row["heat"]


def test_results_as_bytes() -> None:
    result = Result(np.array([1.0, np.nan, -0.0]), ("2021-03",), np.array([[1.0, 2.0, 3.0]]), np.zeros((2, 1)))
    back = decode(encode(result))
    assert back.periods == ("2021-03",)
    assert back.finals.tobytes() == result.finals.tobytes()
    np.testing.assert_array_equal(back.series, result.series)
