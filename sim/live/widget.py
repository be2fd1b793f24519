"""The city's map in a notebook: the workshop's own component as an anywidget, fed by a model in the same process.

::

    from sim.live.widget import CityMap
    city_map = CityMap(model)
    city_map                                # shows it
    model.step(); city_map.refresh()        # the month just lived
    city_map.show(link="speed", district="jobs")
    city_map.show(against=baseline)         # differences to another model of the same city

Needs ``pip install 'rebond[notebook]'``.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np

from sim import UrbanModel
from sim.live.arrays import Floats
from sim.live.bikes import Bikes
from sim.live.geometry import geometry
from sim.live.history import Frame, frame_of
from sim.live.layers import DISTRICT_NAMES, LINK_NAMES
from sim.live.view import apart, district_scale, frame_arrays, link_scale, map_words, spread
from sim.live.words import LANGUAGES

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError("the map in a notebook needs anywidget: pip install 'rebond[notebook]'") from error


class CityMap(anywidget.AnyWidget):
    """The map of a model's month.

    Args:
        model: whose city and month are shown; it is only read.
        link: what colours streets, one of ``LINK_NAMES``, or "" for none.
        district: indicator that colours districts, one of ``DISTRICT_NAMES``, or "" for none.
        dark: on a dark ground.
        language: "en" or "fr".
        height: of the map [pixels].

    ``clicked`` is the number of the district clicked last, -1 outside of all; ``observe`` it to follow the pointer. Raises ValueError for
    a name that is not known.
    """

    _esm = files("sim.live").joinpath("citymap.js").read_text("utf-8")
    geometry = traitlets.Bytes(b"").tag(sync=True)
    links = traitlets.Bytes(b"").tag(sync=True)
    districts = traitlets.Bytes(b"").tag(sync=True)
    lines = traitlets.Bytes(b"").tag(sync=True)
    firms = traitlets.Bytes(b"").tag(sync=True)
    look = traitlets.Dict().tag(sync=True)
    height = traitlets.Int(560).tag(sync=True)
    clicked = traitlets.Int(-1).tag(sync=True)
    counter = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        model: UrbanModel,
        *,
        link: str = "load",
        district: str = "share_bike",
        dark: bool = False,
        language: str = "en",
        height: int = 560,
    ) -> None:
        super().__init__(geometry=geometry(model.city), height=height)
        self._model = model
        self._against: UrbanModel | None = None
        self._bikes = Bikes(model.city, model.parameters)
        self._seen: dict[str, Any] = {
            "link": link,
            "district": district,
            "dark": dark,
            "language": language,
            "transit": False,
            "sites": False,
        }
        self.show()

    def show(self, *, against: UrbanModel | bool | None = None, **view: Any) -> None:
        """Look at something else: ``link``, ``district``, ``dark``, ``language``, ``transit`` (lines), ``sites`` (firms).

        ``against`` a model of the same city shows differences, ``against=False`` the month itself again. Raises ValueError.
        """
        seen = {**self._seen, **view}
        for name, allowed in (
            ("link", ("", *LINK_NAMES)),
            ("district", ("", *DISTRICT_NAMES)),
            ("language", LANGUAGES),
        ):
            if seen[name] not in allowed:
                raise ValueError(f"{name}: found {seen[name]!r}; allowed: {', '.join(map(repr, allowed))}")
        unknown = view.keys() - self._seen.keys()
        if unknown:
            raise ValueError(f"{sorted(unknown)[0]}: no such choice; allowed: {', '.join(self._seen)}, against")
        if isinstance(against, UrbanModel) and against.city is not self._model.city:
            raise ValueError("against: a model of another city")
        if against is not None:
            self._against = against if isinstance(against, UrbanModel) else None
        self._seen = seen
        self.refresh()

    def refresh(self) -> None:
        """Draw the month that the model has lived last."""
        seen = self._seen
        mine = self._values(self._model)
        difference = self._against is not None
        ends = spread(mine[1]) if seen["district"] else (0.0, 1.0)
        if self._against is not None:
            other = self._values(self._against)
            ends = apart(mine[1], other[1]) if seen["district"] else ends
            mine = [mine[0] - other[0], mine[1] - other[1], *mine[2:]]
        look: dict[str, Any] = {name: seen[name] for name in ("dark", "transit", "sites")}
        look |= {"selected": [], "words": map_words(seen["language"])}
        if seen["link"]:
            look["link"] = link_scale(seen["link"], seen["language"], difference)
        if seen["district"]:
            look["district"] = district_scale(seen["district"], seen["language"], difference, ends)
        with self.hold_sync():
            self.look = look
            self.links, self.districts, self.lines, self.firms = (
                np.ascontiguousarray(a, "<f4").tobytes() for a in mine
            )

    def _values(self, model: UrbanModel) -> list[Floats]:
        frame: Frame = frame_of(model, len(model.state.townhall.journal))[0]
        return frame_arrays(frame, self._bikes, self._seen["link"], self._seen["district"])
