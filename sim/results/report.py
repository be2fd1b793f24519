"""``report.html``: one offline file that says what the roadmap changed, how sure that is, and where every number comes from."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

import sim
from sim.results import energy, figures, people
from sim.results.bands import verdict
from sim.results.compare import difference_table, number, signed
from sim.results.directory import Run
from sim.results.headings import headings, payers

#: What the report shows first, in this order; the rest follows in "all indicators".
HEADLINES = (
    "co2_territory", "co2_residents", "co2_transport", "co2_buildings", "share_car", "share_transit", "share_bike",
    "share_walk", "vehicle_km", "ev_share", "mean_travel_time", "jobs", "unemployment_rate", "value_added", "energy_bill", "energy_poverty",
    "energy_per_inhabitant", "electric_peak", "retrofits", "pv_capacity", "trust", "support", "debt",
)  # fmt: skip


def write_report(folder: Path) -> Path:
    """Read the run in ``folder`` (and its baseline) and write ``report.html`` there. Returns its path."""
    run = Run(folder)
    template = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (files("sim.results") / "templates" / name).read_text("utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    template.filters.update(number=number, signed=signed)
    target = folder / "report.html"
    target.write_text(template.get_template("report.html").render(**contents(run)), "utf-8")
    return target


def contents(run: Run) -> dict[str, Any]:
    """Everything the page shows, computed from the run directory alone."""
    manifest, baseline = run.manifest, run.baseline
    if baseline is None:
        raise sim.RunError(f"{run.path} holds no baseline to report against")
    table = _headline_rows(run, baseline)
    scenario = manifest["scenario"]
    marks = [(m["start"], i) for i, m in enumerate(scenario["measures"], start=1)]
    first = [n for n in HEADLINES if n in run.series.columns]
    targets = headings(run, baseline)
    both = people.paired(run.table("agents"), baseline.table("agents"), _value_of_time())
    return {
        "m": manifest,
        "scenario": scenario,
        "sentences": _sentences(table, targets),
        "headlines": [row for name in first for row in table if row["indicator"] == name],
        "others": [row for row in table if row["indicator"] not in first],
        "targets": targets,
        "series": figures.series_figure(run.series, baseline.series, manifest["indicators"], first[:12], marks),
        "calendar": figures.calendar_figure(_calendar(run, scenario), list(run.series.index))
        if scenario["measures"]
        else "",
        "maps": _maps(run, baseline),
        "energy": energy.section(run, baseline),
        "budget": _budget(run),
        "payers": [{"name": n.replace("_", " "), "total": v} for n, v in payers(run).items()],
        "journal": _journal(run),
        "gains": people.gains(both),
        "switches": people.switches(both, manifest["city"]["codes"]["mode"]),
        "value_of_time": _value_of_time(),
        "parameters": _parameters(manifest),
        "bands": run.has("bands"),
    }


def _headline_rows(run: Run, baseline: Run) -> list[dict[str, Any]]:
    table = difference_table(baseline, run)
    if run.has("bands"):
        table = table.merge(run.table("bands"), on="indicator", how="left")
    rows = []
    for _, row in table.iterrows():
        entry = {str(name): value for name, value in row.items()}
        entry["period"] = run.manifest["indicators"][row["indicator"]]["period"]
        entry["meaning"] = run.manifest["indicators"][row["indicator"]]["meaning"]
        entry["verdict"] = verdict(row["difference"], row) if run.has("bands") else "no band"
        good = np.sign(row["difference"]) * row["direction"]
        entry["tone"] = (
            {1.0: "better", -1.0: "worse"}.get(float(good), "even") if entry["verdict"] == "clear" else "even"
        )
        if not run.has("bands"):
            entry |= dict.fromkeys(("sampling_low", "sampling_high", "parameter_low", "parameter_high"), float("nan"))
        rows.append(entry)
    return rows


def _sentences(rows: list[dict[str, Any]], targets: list[dict[str, Any]]) -> list[str]:
    """The page in six sentences: headings held and missed, what the roadmap does to them, then its largest clear changes."""
    out = []
    if targets:
        missed = [
            f"{t['label']} {signed(t['got'])} % (asked {signed(t['change'])} %)" for t in targets if not t["held"]
        ]
        held = f"Headings held: {len(targets) - len(missed)} of {len(targets)}"
        out.append(f"{held}; missed: {', '.join(missed)}" if missed else held)
    aimed = [t["label"] for t in targets]
    known = [r for r in rows if r["indicator"] in HEADLINES and np.isfinite(r["change"]) and r["difference"]]
    clear = [r for r in known if r["verdict"] in ("clear", "no band") and abs(r["change"]) >= 0.05]
    clear.sort(key=lambda r: (r["label"] not in aimed, -abs(r["change"])))
    out += [
        f"{r['label']}: {number(r['second'])} {r['unit']} instead of {number(r['first'])} ({signed(r['change'])} %)"
        for r in clear[: 5 - len(out)]
    ]
    quiet = [r["label"] for r in rows if r["indicator"] in HEADLINES and r["verdict"] == "indistinguishable from zero"]
    if quiet:
        out.append("Indistinguishable from zero: " + ", ".join(quiet))
    return out


def _maps(run: Run, baseline: Run) -> list[str]:
    links, before = run.table("links"), baseline.table("links")
    city = run.manifest["city"]
    load = (links["flow_veh_h"] / links["capacity_veh_h"]).to_numpy()
    moved = (links["flow_veh_h"] - before["flow_veh_h"]).to_numpy()
    maps = [
        figures.link_map(
            links, city, load, "Link load, morning peak, last month",
            {"cmap": "cividis_r", "vmin": 0.0, "vmax": 1.2, "label": "flow over capacity [-]"},
        ),
        figures.link_map(
            links, city, moved, "What the roadmap changed on the links",
            figures.symmetric(moved, "flow, roadmap - baseline [veh/h]"),
        ),
    ]  # fmt: skip
    for name, title in (
        ("share_car", "Car share of trips by residence"),
        ("emissions_road", "Road emissions at the place of driving"),
        ("dpe_fg", "Dwellings of energy class F or G"),
        ("hosting_pv", "Room for PV in the low-voltage grid"),
    ):
        now, then = _by_district(run, name), _by_district(baseline, name)
        if now is None or then is None:
            continue
        unit = run.manifest["indicators"].get(name, {"unit": ""})["unit"]
        maps.append(
            figures.district_map(links, city, now, f"{title}, last month", figures.sequential(now, f"[{unit}]"))
        )
        maps.append(
            figures.district_map(
                links,
                city,
                now - then,
                f"{title}: change",
                figures.symmetric(now - then, f"difference [{unit}]"),
            )
        )
    return maps


def _by_district(run: Run, name: str) -> np.ndarray | None:
    rows = run.table("districts")
    rows = rows[(rows["indicator"] == name) & (rows["month"] == run.manifest["last_month"])]
    return rows.sort_values("district")["value"].to_numpy() if len(rows) else None


def _budget(run: Run) -> dict[str, Any]:
    """Spending by measure and year from the journal's monthly payments."""
    events = run.table("events")
    paid = events[events["event"] == "paid"]
    if paid.empty:
        return {"figure": "", "rows": []}
    amounts = paid["figures"].map(json.loads)
    frame = pd.DataFrame(
        {"year": paid["month"].str[:4], "measure": paid["measure"], "total": amounts.map(lambda f: f["total"] / 1e6)}
    )
    pivot = frame.pivot_table(index="year", columns="measure", values="total", aggfunc="sum", fill_value=0.0)
    rows = [
        {"measure": name, "total": float(pivot[name].sum())} for name in pivot.sum().sort_values(ascending=False).index
    ]
    return {
        "figure": figures.budget_figure(list(pivot.index), {n: pivot[n].tolist() for n in pivot.columns}),
        "rows": rows,
    }


def _calendar(run: Run, scenario: dict[str, Any]) -> list[dict[str, str]]:
    """When the works of each measure began, when it came into force, when it ended: as lived, not as planned."""
    events = run.table("events")
    out = []
    launched = [m for m in scenario.get("reserve", []) if (events["measure"] == m["id"]).any()]
    for measure in [*scenario["measures"], *launched]:
        mine = events[events["measure"] == measure["id"]]
        when = {
            e: m for e, m in zip(mine["event"], mine["month"], strict=True) if e in ("works begin", "in force", "ended")
        }
        in_force = when.get("in force", "")
        out.append(
            {
                "label": measure["id"],
                "begun": when.get("works begin", in_force),
                "in_force": in_force,
                "ended": when.get("ended", ""),
            }
        )
    return out


def _journal(run: Run) -> list[dict[str, Any]]:
    events = run.table("events")
    return [
        {"month": e["month"], "measure": e["measure"], "event": e["event"], "why": e["why"]}
        for e in events[events["event"] != "paid"].to_dict("records")
    ]


def _parameters(manifest: dict[str, Any]) -> list[Any]:
    changed = manifest["parameters"] | manifest["scenario"].get("parameters", {})
    return [
        {"row": p, "value": changed.get(name, p.default), "changed": name in changed}
        for name, p in sorted(sim.registry().items())
    ]


def _value_of_time() -> float:
    return float(sim.registry()["value_of_time_other"].default)
