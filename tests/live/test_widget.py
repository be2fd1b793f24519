"""The map as a notebook's widget: what Python hands over is what the browser draws, and a click comes back."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.city.city import City
from sim.live.layers import DISTRICT_NAMES
from sim.model import UrbanModel
from tests import worlds
from tests.live.served import CHROMIUM

pytest.importorskip("anywidget", reason="no anywidget: the map in a notebook is not tested")

from sim.live.widget import CityMap

TRAITS = ("geometry", "links", "districts", "lines", "firms", "look", "height", "clicked", "counter")
#: A host as anywidget's: bytes come as DataViews, ``set`` tells who listens, ``save_changes`` sends what was set.
HOST = """async ([source, given]) => {
  const made = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const traits = {}, heard = {}, saved = {};
  for (const [name, value] of Object.entries(given))
    traits[name] = value?.bytes === undefined ? value : new DataView(Uint8Array.from(atob(value.bytes), (c) => c.charCodeAt(0)).buffer);
  const model = {
    get: (name) => traits[name], on: (event, f) => (heard[event] ||= []).push(f), off: (event) => delete heard[event], send() {},
    set(name, value) { traits[name] = value; (heard["change:" + name] || []).forEach((f) => f()); },
    save_changes() { Object.assign(saved, { clicked: traits.clicked, counter: traits.counter }); },
  };
  const el = document.body.appendChild(document.createElement("div"));
  el.style.width = "800px";
  window.stop_map = await made.default.render({ model, el });
  await new Promise(requestAnimationFrame);
  Object.assign(window, { model, saved, map: el.cityMap });
  return [el.clientHeight, new Set(el.cityMap.pixels).size, el.textContent];
}"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, city: City) -> UrbanModel:
    return worlds.model(worlds.scenario(tmp_path_factory.mktemp("widget")), city)


def state(widget: CityMap) -> dict[str, Any]:
    """Its traits as a host receives them."""
    found = {name: getattr(widget, name) for name in TRAITS}
    return {k: {"bytes": base64.b64encode(v).decode()} if isinstance(v, bytes) else v for k, v in found.items()}


def test_what_is_handed_over(model: UrbanModel, tmp_path: Path) -> None:
    widget = CityMap(model, district="jobs")
    jobs = np.frombuffer(widget.districts, "<f4")
    snapshot = model.snapshot()
    k = DISTRICT_NAMES.index("jobs")
    assert widget.look["district"]["label"] == "Jobs held"
    from sim.live.layers import DISTRICT_INDICATORS

    np.testing.assert_allclose(jobs, np.asarray(DISTRICT_INDICATORS[k].by_district(snapshot)), rtol=1e-6)
    widget.show(against=model, language="fr", link="bike")
    assert not np.frombuffer(widget.districts, "<f4").any()
    assert widget.look["link"]["label"] == "Vélos (écart)"
    widget.show(against=False, link="")
    assert "link" not in widget.look
    assert len(widget.links) == 0
    for wrong in ({"link": "lode"}, {"district": "x"}, {"language": "de"}, {"colour": "red"}):
        with pytest.raises(ValueError, match=r"allowed|no such choice"):
            widget.show(**wrong)
    assert np.frombuffer(widget.districts, "<f4").any()  # the month stands as it was


def test_a_browser_draws_it_and_a_click_comes_back(model: UrbanModel) -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}: the widget is not drawn")
    from playwright.sync_api import sync_playwright

    widget = CityMap(model, height=420)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 700})
        asked: list[str] = []
        page.on("request", lambda r: asked.append(r.url))
        height, colours, text = page.evaluate(HOST, [widget._esm, state(widget)])
        assert height == 420
        assert colours > 10
        assert "Road load [%]" in text
        x, y = page.evaluate("[map.geo.centreX[4], map.geo.centreY[4]].map((v, i) => i ? map.h/2 - (v - map.view.y)*map.view.scale"
                             " : map.w/2 + (v - map.view.x)*map.view.scale)")  # fmt: skip
        box = page.locator("canvas").first.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + x + 3, box["y"] + y + 3)
        assert page.evaluate("saved") == {"clicked": 4, "counter": 1}
        before = page.evaluate("map.refreshes")
        widget.show(dark=True)
        page.evaluate("look => model.set('look', look)", json.loads(json.dumps(widget.look)))
        assert page.evaluate("map.refreshes") > before
        assert "no difference" not in page.inner_text(".legend")
        widget.show(against=model)
        given = state(widget)
        page.evaluate(
            """([names, given]) => { for (const name of names) model.set(name, given[name].bytes === undefined ? given[name]
              : new DataView(Uint8Array.from(atob(given[name].bytes), (c) => c.charCodeAt(0)).buffer)); }""",
            [["look", "links", "districts"], given],
        )
        assert page.inner_text(".legend").count("no difference") == 2
        page.evaluate("""() => { const one = new Float32Array(map.districts.length);
          one[3] = map.look.district.high;
          model.set('districts', new DataView(one.buffer)); }""")
        assert page.inner_text(".legend").count("no difference") == 1  # that of streets
        page.evaluate("stop_map()")
        assert page.locator("canvas").count() == 0
        assert not [url for url in asked if not url.startswith("blob:")]
        browser.close()
