"""What is looked at: one view for all windows of the facilitator, so that a reload or a second window shows the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim import Sector, TransitMode
from sim.live.arrays import Floats
from sim.live.bikes import Bikes
from sim.live.history import Frame
from sim.live.layers import BY_NAME, DISTRICT_NAMES, INDICATOR_NAMES, LATE, LINK_LAYERS, LINK_NAMES, MONTHLY
from sim.live.words import coded, indicator_label, typeset, unit_text, words
from sim.live.workshop import BASELINE, ROADMAP, Workshop

#: Figures that stand large on the page, if the city has them.
HEADLINES = ("co2_transport", "co2_buildings", "share_bike", "share_car", "energy_bill", "jobs", "trust", "support")
#: What differs by less than this share of its size is the same to whoever looks at it: a figure, or districts (of the largest of them).
NO_DIFFERENCE = 1e-4
LABEL_OF_LINK = {"speed": "speed_link"}


@dataclass
class View:
    """Everything chosen by hand."""

    language: str = "en"
    dark: bool = False
    branch: int = ROADMAP
    against: int = -1  #: a branch to show the difference to, -1 none
    link: str = "load"
    district: str = "share_bike"
    transit: bool = False
    sites: bool = False
    chosen: str = ""  #: id of a measure
    place: int = -1  #: a district
    picking: bool = False  #: districts clicked on the map become the chosen measure's area
    area: list[int] = field(default_factory=list)
    headline: str = "co2_transport"
    tab: str = "figures"
    person: int = -1  #: identity of the citizen followed
    revision: int = 0

    def change(self, **values: Any) -> None:
        """Look at something else."""
        for name, value in values.items():
            setattr(self, name, value)
        self.revision += 1

    def settle(self, workshop: Workshop) -> None:
        """Leave branches that have been closed."""
        if self.branch not in workshop.branches:
            self.change(branch=ROADMAP)
        if self.against not in workshop.branches:
            self.against = -1


def map_values(workshop: Workshop, branch: int, against: int, month: int, link: str, district: str) -> bytes:
    """Four counts (uint32), then float32 of links, districts, lines and firms: of a branch, or its difference to another one."""
    one = _arrays(workshop, branch, month, link, district)
    if against >= 0 and against != branch and one is not None:
        other = _arrays(workshop, against, month, link, district)
        if other is not None:
            if workshop.early(branch, month) != workshop.early(
                against, month
            ):  # districts, and what of streets is late, of a month that both have lived
                before = [_arrays(workshop, n, month - 1, link, district) or other for n in (branch, against)]
                one[1], other[1] = before[0][1], before[1][1]
                if link in LATE:
                    one[0], other[0] = before[0][0], before[1][0]
            one = [a - b for a, b in zip(one[:2], other[:2], strict=True)] + one[2:]
    parts = [np.ascontiguousarray(a, "<f4") for a in one or [np.zeros(0)] * 4]
    return np.array([len(p) for p in parts], "<u4").tobytes() + b"".join(p.tobytes() for p in parts)


def _arrays(workshop: Workshop, branch: int, month: int, link: str, district: str) -> list[Floats] | None:
    frame = workshop.frame(branch, month)
    if frame is None or frame.links is None or frame.districts is None:
        return None
    return frame_arrays(frame, workshop.bikes, link, district)


def frame_arrays(frame: Frame, bikes: Bikes, link: str, district: str) -> list[Floats]:
    """What citymap.js is given of a month whose maps are held: float32 of links, districts, lines and firms."""
    assert frame.links is not None
    assert frame.districts is not None
    assert frame.firms is not None
    if link == "bike":
        streets = bikes.flow(frame)
    else:
        streets = frame.links[MONTHLY.index(link)] if link in MONTHLY else np.zeros(0)
    places = frame.districts[DISTRICT_NAMES.index(district)] if district in DISTRICT_NAMES else np.zeros(0)
    return [np.asarray(a, np.float32) for a in (streets, places, frame.boardings, frame.firms.ravel())]


def district_range(workshop: Workshop, name: str, difference: bool, branch: int, against: int) -> tuple[float, float]:
    """Ends of the scale of a district indicator: of the eve's spread; of today's differences, the same either side."""
    k = DISTRICT_NAMES.index(name)
    if difference:
        values = [workshop.frame(n, workshop.shown) for n in (branch, against)]
        if values[0] is None or values[1] is None or values[0].districts is None or values[1].districts is None:
            return -1.0, 1.0
        return apart(values[0].districts[k], values[1].districts[k])
    first = workshop.branch(BASELINE)
    frame = workshop.frame(BASELINE, first.first)
    return spread(frame.districts[k]) if frame is not None and frame.districts is not None else (0.0, 1.0)


def apart(one: Floats, other: Floats) -> tuple[float, float]:
    """Ends of a scale of differences, the same either side; so wide that differences in the last digits of a float are none."""
    far, most = np.nanquantile(np.abs(np.asarray(one) - np.asarray(other)), (0.98, 1.0))
    least = NO_DIFFERENCE * float(np.nanmax(np.abs(other)))
    end = nice(float(far) if far > least else float(most) if most > least else 100.0 * least or 1.0)
    return -end, end


def spread(values: Floats) -> tuple[float, float]:
    """Ends of a scale of values, rounded."""
    low, high = (float(v) for v in np.nanquantile(values, (0.02, 0.98)))
    reach = nice(max(high - low, abs(high) * 0.1, 1e-6))
    step = reach / 5.0
    bottom = np.floor(low / step) * step if low - 0.3 * reach > 0.0 else min(0.0, np.floor(low / step) * step)
    return float(bottom), float(max(bottom + reach, np.ceil(high / step) * step))


def nice(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= value * (1.0 - 1e-9)))


def look(view: View, workshop: Workshop) -> dict[str, Any]:
    """The ``look`` of citymap.js."""
    difference = view.against >= 0 and view.against != view.branch
    out: dict[str, Any] = {
        "dark": view.dark, "transit": view.transit, "sites": view.sites,
        "selected": view.area if view.picking else [view.place] if view.place >= 0 else [],
        "words": map_words(view.language),
    }  # fmt: skip
    if view.link in LINK_NAMES:
        out["link"] = link_scale(view.link, view.language, difference)
    if view.district in DISTRICT_NAMES:
        ends = district_range(workshop, view.district, difference, view.branch, view.against)
        out["district"] = district_scale(view.district, view.language, difference, ends)
    return out


def link_scale(name: str, language: str, difference: bool) -> dict[str, Any]:
    """How streets are coloured."""
    say, layer = words(language), LINK_LAYERS[LINK_NAMES.index(name)]
    reach = (layer.high - layer.low) / 10.0
    low, high = (-reach, reach) if difference else (layer.low, layer.high)
    return {
        "label": say[LABEL_OF_LINK.get(name, name)] + (f" ({say['difference']})" if difference else ""),
        "unit": unit_text(layer.unit, language), "low": low, "high": high, "palette": layer.palette, "signed": difference,
    }  # fmt: skip


def district_scale(name: str, language: str, difference: bool, ends: tuple[float, float]) -> dict[str, Any]:
    """How districts are coloured."""
    return {
        "label": indicator_label(name, language) + (f" ({words(language)['difference']})" if difference else ""),
        "unit": unit_text(BY_NAME[name].unit, language), "low": ends[0], "high": ends[1], "palette": "cividis", "signed": difference,
    }  # fmt: skip


def map_words(language: str) -> dict[str, Any]:
    """What citymap.js says itself."""
    say = words(language)
    names = ("streets", "districts", "synthetic", "transit", "sites", "establishments", "colon", "same")
    return {name: say[name] for name in names} | {
        "boardings": unit_text("boardings/day", language), "jobs": say["jobs_held"], "locale": language,
        "modes": [coded(mode.name.lower(), language) for mode in TransitMode],
        "sectors": [coded(sector.name.lower(), language) for sector in Sector],
    }  # fmt: skip


def branch_name(workshop: Workshop, number: int, language: str) -> str:
    """What a branch is called on the page."""
    own = {BASELINE: "baseline", ROADMAP: "roadmap"}
    if number in own:
        return words(language)[own[number]]
    name = workshop.branches[number].name
    return typeset(name) if language == "fr" else name


def headlines() -> list[str]:
    """Names of the figures that stand large."""
    return [name for name in HEADLINES if name in INDICATOR_NAMES]
