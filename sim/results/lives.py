"""A citizen's life story, read from the ``lives`` table of a run directory: what they were, what changed when, what they think."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from sim.errors import Fault, InputError
from sim.results.directory import Run

HEATING = {
    "gas": "gas", "oil": "oil", "electric": "electric heaters", "heat pump": "a heat pump", "district": "the heat network", "wood": "wood",
}  # fmt: skip
KIND = {
    "single": "alone", "couple": "as a couple", "couple children": "as a couple with children",
    "single parent": "as a single parent family", "other": "in a shared home",
}  # fmt: skip
HOME = {"sfh": "a house", "th": "a terraced house", "mfh": "a flat in a small block", "ab": "a flat in a large block"}
TENURE = {"owner": "owned", "tenant": "rented", "social": "rented from a social landlord"}
MODE = {"car": "by car", "transit": "by transit", "bike": "by bicycle", "walk": "on foot"}
DOING = {
    "child": "a small child", "pupil": "at school", "student": "a student", "employed": "employed", "unemployed": "looking for work",
    "retired": "retired", "inactive": "at home without a job",
}  # fmt: skip
#: Bits of ``took_part`` (codes.Voice) that are acts, not a readiness.
ACTS = {
    1: "proposes an idea to the participatory budget", 2: "votes in the participatory budget", 4: "goes to a consultation",
    8: "sits on a citizens' panel",
}  # fmt: skip
FIFTH = ("poorest fifth", "second fifth", "middle fifth", "fourth fifth", "richest fifth")
#: Support has changed sides when it has crossed one half and stands this far beyond.
SURE = 0.03
OF_AGE = 18  #: age from which people are asked what they think [years]
Row = Mapping[Any, Any]


def listing(run: Run) -> list[dict[str, Any]]:
    """The citizens whose lives are kept: identity and a line of who they are at the start."""
    places = _places(run)
    first = _lives(run).groupby("citizen", sort=True).head(1)
    return [{"citizen": int(r["citizen"]), "line": f"{int(r['citizen']):>9}  {_person(r)}, lives in {places[r['district']]}"}
            for r in first.to_dict("records")]  # fmt: skip


def story(run: Run, citizen: int) -> dict[str, Any]:
    """Who the citizen is, what happened month by month, and each year's figures.

    Raises:
        InputError: the run keeps no lives, or not this one.
    """
    lives = _lives(run)
    months = lives[lives["citizen"] == citizen].to_dict("records")
    if not months:
        raise InputError(_missing(run, citizen, lives))
    places = _places(run)
    gone = next((i for i, r in enumerate(months) if not r["alive"]), len(months))
    lived = months[: max(gone, 1)]
    events = [{"month": r["month"], "event": text} for r, text in _events(lived, places)]
    if gone < len(months):
        events.append({"month": months[gone]["month"], "event": _farewell(lived[-1], months[gone])})
    return {
        "citizen": citizen, "run": run.manifest["scenario"]["name"], "who": _person(lived[0]), "start": _situation(lived[0], places),
        "end": _situation(lived[-1], places), "events": events, "years": _years(lived), "opinions": _opinions(lived[-1]),
    }  # fmt: skip


def _farewell(before: Row, after: Row) -> str:
    """How a life in the city ends: whoever lived alone may have died or left, which the table does not tell apart."""
    if after["here"]:
        return "dies"
    return "leaves the city with the household" if before["size"] > 1 else "dies, or leaves the city"


def story_text(told: Mapping[str, Any]) -> str:
    """The story for people to read."""
    lines = [f"Citizen {told['citizen']} in {told['run']}: {told['who']}.", "", f"At the start: {told['start']}", ""]
    by_year: dict[str, list[str]] = {}
    for one in told["events"]:
        by_year.setdefault(one["month"][:4], []).append(f"  {one['month']}  {one['event']}")
    for year in told["years"]:
        lines.append(f"{year['year']}  {_year_line(year)}")
        lines += by_year.pop(year["year"], [])
    lines += [line for rest in by_year.values() for line in rest]
    lines += ["", f"At the end: {told['end']}"]
    if told["opinions"]:
        lines += ["", "Thinks of the roadmap (support, 50 % is neither for nor against):"]
        lines += [f"  {one['support_percent']:5.0f} %  {one['measure']}" for one in told["opinions"]]
    return "\n".join(lines)


def _lives(run: Run) -> pd.DataFrame:
    if not run.has("lives"):
        allowed = "a run that keeps lives (made by this version of rebond run)"
        raise InputError(Fault("run", f"{run.path} without lives.parquet", allowed))
    table = run.table("lives")
    for name in table.select_dtypes("category"):
        table[name] = table[name].astype(str)
    return table


def _missing(run: Run, citizen: int, lives: pd.DataFrame) -> Fault:
    kept = sorted(lives["citizen"].unique().tolist())
    exists = bool((run.table("agents")["citizen"] == citizen).any())
    allowed = f"a citizen whose life is kept (rebond follow {run.path} lists {len(kept)} of them)"
    if exists:
        allowed += f", or another run with rebond run ... --follow {citizen}"
    return Fault("--citizen", f"{citizen}, {'who is not followed' if exists else 'who does not exist'}", allowed)


def _places(run: Run) -> dict[int, str]:
    names = {i: d["name"] for i, d in enumerate(run.manifest["city"]["districts"])}
    return {**names, -2: "outside the metropole", -1: "nowhere"}


def _person(r: Row) -> str:
    young = "girl" if r["woman"] else "boy"
    word = ("woman" if r["woman"] else "man") if r["age"] >= 18 else young
    return f"{word} of {int(r['age'])}, {DOING.get(r['activity'], r['activity'])}{_trade(r)}"


def _trade(r: Row) -> str:
    return f" ({r['csp']}, {r['sector']})" if r["activity"] == "employed" and r["sector"] else ""


def _dwelling(r: Row, places: Mapping[int, str]) -> str:
    home = HOME.get(r["dwelling_kind"], r["dwelling_kind"])
    rent = f" for {r['rent']:.0f} € a month" if r["rent"] > 0 else ""
    return f"{home} of {r['area']:.0f} m2 in {places[r['district']]}, {TENURE.get(r['tenure'], r['tenure'])}{rent}"


def _situation(r: Row, places: Mapping[int, str]) -> str:
    size = f"{KIND.get(r['kind'], r['kind'])}" + (f" of {int(r['size'])}" if r["size"] > 1 else "")
    cars = "no car" if r["cars"] == 0 else f"{_count(int(r['cars']), 'car')}, the newest {r['newest_car'] or 'unknown'}"
    parts = [
        f"{DOING.get(r['activity'], r['activity'])}{_trade(r)}, lives {size} in {_dwelling(r, places)}, heated by "
        f"{HEATING.get(r['heating'], r['heating'])}; {cars}",
        f"household income {r['income']:.0f} € a month ({FIFTH[int(r['quintile'])]})",
    ]
    if r["main_district"] != -1 and r["main_mode"] in MODE:
        days = f", {r['telework_days']:.0f} days a week at home" if r["telework_days"] > 0 else ""
        parts.append(
            f"goes to {places[r['main_district']]} {MODE[r['main_mode']]}{days}, travels {r['travel_min']:.0f} min on a working day"
        )
    return "; ".join(parts) + "."


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'s' if n != 1 else ''}"


def _events(months: Sequence[Row], places: Mapping[int, str]) -> Iterator[tuple[Row, str]]:
    for before, now in pairwise(months):
        for text in (
            *_of_home(before, now, places),
            *_of_work(before, now, places),
            *_of_things(before, now),
            *_of_mind(before, now),
        ):
            yield now, text
        for bit, text in ACTS.items():
            if int(now["took_part"]) & bit and not int(before["took_part"]) & bit:
                yield now, text


def _of_home(a: Row, b: Row, places: Mapping[int, str]) -> Iterator[str]:
    if a["household"] != b["household"]:
        yield f"joins another household or founds one, {KIND.get(b['kind'], b['kind'])}: now in {_dwelling(b, places)}"
    elif a["dwelling"] != b["dwelling"]:
        yield f"moves from {_dwelling(a, places)}, to {_dwelling(b, places)}"
    if a["household"] == b["household"] and a["size"] != b["size"]:
        grows = "one more" if b["size"] - a["size"] == 1 else "one fewer" if a["size"] - b["size"] == 1 else "changed"
        yield f"{grows} at home: {_count(int(b['size']), 'person')}".replace("persons", "people")


def _of_work(a: Row, b: Row, places: Mapping[int, str]) -> Iterator[str]:
    if a["activity"] != b["activity"]:
        yield f"is now {DOING.get(b['activity'], b['activity'])}{_trade(b)}" + (
            f" in {places[b['main_district']]}" if b["main_district"] != -1 else ""
        )
    elif b["activity"] == "employed" and (a["firm"] != b["firm"] or a["main_district"] != b["main_district"]):
        yield f"changes jobs: {b['sector']}, in {places[b['main_district']]}"
    if a["main_mode"] != b["main_mode"] and a["main_mode"] in MODE and b["main_mode"] in MODE:
        where = "work" if b["activity"] == "employed" else "school or study"
        yield f"goes to {where} {MODE[b['main_mode']]}, no longer {MODE[a['main_mode']]}"
    if a["telework_days"] != b["telework_days"] and a["activity"] == b["activity"] == "employed":
        yield f"works {b['telework_days']:.0f} days a week at home ({a['telework_days']:.0f} before)"


def _of_things(a: Row, b: Row) -> Iterator[str]:
    if a["household"] == b["household"]:
        if a["cars"] != b["cars"]:
            yield f"the household has {_count(int(b['cars']), 'car') if b['cars'] else 'no car'} now ({int(a['cars'])} before)"
        elif a["newest_car"] != b["newest_car"] and b["newest_car"]:
            yield f"the household's newest car is {b['newest_car']} now ({a['newest_car']} before)"
    if a["dwelling"] != b["dwelling"]:
        return
    if a["heating"] != b["heating"]:
        yield f"the home is heated by {HEATING.get(b['heating'], b['heating'])} now, no longer by {HEATING.get(a['heating'], a['heating'])}"
    if a["retrofit"] != b["retrofit"]:
        yield f"the home has been refurbished ({b['retrofit']} envelope)"
    if b["pv"] > a["pv"]:
        yield f"solar panels of {b['pv']:.1f} kWp on the roof"
    if b["battery"] > a["battery"]:
        yield f"a home battery of {b['battery']:.1f} kWh"
    if b["cooled"] and not a["cooled"]:
        yield "air conditioning at home"


def _of_mind(a: Row, b: Row) -> Iterator[str]:
    if a["age"] < OF_AGE:
        return
    for name in (n for n in b if n.startswith("support ")):
        old, new = float(a[name]), float(b[name])
        if math.isnan(old) and not math.isnan(new):
            yield f"hears of {name[8:]}"
        elif old >= 0.5 - SURE > new:
            yield f"turns against {name[8:]} ({100 * new:.0f} %)"
        elif old <= 0.5 + SURE < new:
            yield f"comes round to {name[8:]} ({100 * new:.0f} %)"


def _years(months: Sequence[Row]) -> list[dict[str, Any]]:
    table = pd.DataFrame(months)
    table["year"] = table["month"].str[:4]
    rows = []
    for year, part in table.groupby("year", sort=True):
        mean = {
            n: float(part[n].mean())
            for n in ("energy_bill", "transport_bill", "works_bill", "income", "rent", "travel_min")
        }
        feelings = {n: 100.0 * float(part[n].mean()) for n in ("trust", "satisfaction")}
        travel = mean.pop("travel_min")
        monthly = {f"{n}_month": v for n, v in mean.items()}
        feelings = feelings if part["age"].iloc[-1] >= OF_AGE else {}  # nobody asks a child
        rows.append(
            {"year": str(year), **monthly, "travel_min_day": travel, **{f"{n}_percent": v for n, v in feelings.items()}}
        )
    return rows


def _year_line(year: Mapping[str, Any]) -> str:
    works = f", works and car {year['works_bill_month']:.0f} €" if year["works_bill_month"] >= 1 else ""
    rent = f", rent {year['rent_month']:.0f} €" if year["rent_month"] >= 1 else ""
    return (
        f"a month: energy {year['energy_bill_month']:.0f} €, transport {year['transport_bill_month']:.0f} €{rent}{works} of "
        f"{year['income_month']:.0f} €; {year['travel_min_day']:.0f} min a working day{_feelings(year)}"
    )


def _feelings(year: Mapping[str, Any]) -> str:
    if "trust_percent" not in year:
        return ""
    return f"; satisfied {year['satisfaction_percent']:.0f} %, trusts {year['trust_percent']:.0f} %"


def _opinions(r: Row) -> list[dict[str, Any]]:
    if r["age"] < OF_AGE:
        return []
    found = [(name[8:], float(r[name])) for name in r if name.startswith("support ") and not pd.isna(r[name])]
    return [
        {"measure": name, "support_percent": 100.0 * value} for name, value in sorted(found, key=lambda one: -one[1])
    ]
