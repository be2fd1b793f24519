"""The session as one HTML file that opens offline: journal, branches with their files, figures, votes."""

from __future__ import annotations

import json
import time
from html import escape
from typing import Any

from sim import RebondError, month_name
from sim.live.layers import BY_NAME, INDICATOR_NAMES
from sim.live.panels import COLOURS, curve
from sim.live.proposals import told
from sim.live.sentences import spoken
from sim.live.site import Site
from sim.live.view import headlines
from sim.live.words import amount, indicator_label, words

STYLE = """body{font:17px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#1b2230}
h1,h2{line-height:1.2}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #d6d9df;padding:4px 8px;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}figure{margin:1.5em 0}
pre{background:#f2f1ec;padding:1em;overflow:auto;max-height:20em}
@media(prefers-color-scheme:dark){body{background:#10141b;color:#e9edf3}pre{background:#182029}td,th{border-color:#323c49}}"""


def document(site: Site) -> str:
    """The whole session; nothing in it is fetched from anywhere."""
    w, language = site.workshop, site.view.language
    if w is None:
        raise RebondError("nothing has been lived yet")
    say = words(language)
    head = f"{say['workshop']}{say['colon']}{w.scenario.name}"
    parts = [
        f"<h1>{escape(head)}</h1><p>{escape(w.city.name)} · {month_name(w.shown)} · {time.strftime('%Y-%m-%d %H:%M')}</p>",
        _table(site, say, language),
    ]
    parts += [_figure(site, name, say, language) for name in headlines()]
    parts.append(
        f"<h2>{escape(say['votes'])} ({escape(say['voters'])}{say['colon']}{site.room.voters()})</h2>{_votes(site, say, language)}"
    )
    parts.append(f"<h2>{escape(say['journal'])}</h2><table>")
    parts += ["<tr><td>" + "<td>".join(escape(cell) for cell in spoken(n, language)) + "</tr>" for n in w.journal]
    parts.append("</table>")
    for number, branch in w.branches.items():
        try:
            parts.append(f"<h2>{escape(branch.name)}</h2><pre>{escape(w.saved(number))}</pre>")
        except RebondError as error:
            parts.append(f"<h2>{escape(branch.name)}</h2><p>{escape(str(error))}</p>")
    data = json.dumps(_data(site)).replace("</", "<\\/")
    return (
        f"<!doctype html><html lang={language}><meta charset=utf-8><title>{escape(head)}</title><style>{STYLE}</style>"
        f"{''.join(parts)}<script type=application/json id=data>{data}</script></html>"
    )


def _table(site: Site, say: dict[str, str], language: str) -> str:
    """Headline figures of every branch in the month shown."""
    w = site.workshop
    assert w is not None
    rows = ["<table><tr><th>" + "".join(f"<th>{escape(b.name)}" for b in w.branches.values())]
    for name in headlines():
        k, cells = INDICATOR_NAMES.index(name), []
        for b in w.branches.values():
            frame = b.figures(min(w.shown, b.month))
            cells.append(
                f"<td class=n>{escape(amount(float(frame.values[k]), BY_NAME[name].unit, language)) if frame else ''}"
            )
        rows.append(f"<tr><td>{escape(indicator_label(name, language))}" + "".join(cells))
    return f"<h2>{escape(say['figures'])}</h2>" + "".join(rows) + "</table>"


def _figure(site: Site, name: str, say: dict[str, str], language: str) -> str:
    """Curves of all branches as SVG."""
    w = site.workshop
    assert w is not None
    k = INDICATOR_NAMES.index(name)
    curves = {b.name: curve(w, b, k) for b in w.branches.values()}
    points: list[list[Any]] = [p for c in curves.values() for p in c]
    if not points:
        return ""
    x0, x1 = min(p[0] for p in points), max(p[0] for p in points)
    y0, y1 = min(p[1] for p in points), max(p[1] for p in points)
    wide, high = max(x1 - x0, 1), (y1 - y0) or 1.0
    lines = []
    for i, (label, c) in enumerate(curves.items()):
        path = " ".join(
            f"{60 + 900 * (m - x0) / wide:.1f},{200 - 180 * (v - y0) / high:.1f}"
            for m, v in c
            if v is not None and m is not None
        )
        colour = COLOURS[i % len(COLOURS)]
        lines.append(
            f"<polyline points='{path}' fill=none stroke='{colour}' stroke-width=2.5><title>{escape(label)}</title></polyline>"
        )
        lines.append(f"<text x={70 + 130 * i} y=225 fill='{colour}' font-size=13>{escape(label[:18])}</text>")
    unit = BY_NAME[name].unit
    for y, value in ((24, y1), (204, y0)):
        lines.append(f"<text x=0 y={y} font-size=13 fill=currentColor>{amount(value, '', language)}</text>")
    title = f"{escape(indicator_label(name, language))} [{escape(unit)}]"
    return (
        f"<figure><figcaption>{title}</figcaption><svg viewBox='0 0 980 230' width=100%>{''.join(lines)}</svg></figure>"
    )


def _votes(site: Site, say: dict[str, str], language: str) -> str:
    """Votes for measures, ratings of branches, proposals and what came of them."""
    w, room = site.workshop, site.room
    assert w is not None
    rows = [(m, up, down) for m, (up, down) in sorted(room.tally().items())]
    parts = ["<table>", *(_counted(escape(m), up, down, say) for m, up, down in rows), "</table>"]
    ratings = {n: r for n, r in room.mean_ratings().items() if n in w.branches}
    if ratings:
        parts.append(f"<h2>{escape(say['rating'])}</h2><table>")
        for n, (mean, count) in ratings.items():
            parts.append(f"<tr><td>{escape(w.branches[n].name)}<td class=n>{mean:.1f} / 5<td class=n>{count}")
        parts.append("</table>")
    if room.proposals:
        parts.append(f"<h2>{escape(say['proposals'])}</h2><table>")
        for one in room.ranked():
            what = (
                f"<b>{escape(one.title)}</b><br>{escape(told(one, w.city.district_names, language, say['everywhere']))}"
            )
            if one.branch in w.branches:
                what += f"<br>{escape(say['branch'])}: {escape(w.branches[one.branch].name)}"
            parts.append(_counted(what, *one.tally, say))
        parts.append("</table>")
    return "".join(parts)


def _counted(what: str, up: int, down: int, say: dict[str, str]) -> str:
    return f"<tr><td>{what}<td class=n>{up} {escape(say['for'])}<td class=n>{down} {escape(say['con'])}"


def _data(site: Site) -> dict[str, Any]:
    """Every figure of every month of every branch, for whoever computes with them."""
    w = site.workshop
    assert w is not None
    return {
        "indicators": list(INDICATOR_NAMES),
        "branches": {
            b.name: {month_name(f.month): [float(v) for v in f.values] for f in b.seen()} for b in w.branches.values()
        },
    }
