"""The workshop in a real browser: Debian's Chromium, driven by Playwright, with every other host out of reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest

from sim import load_scenario
from tests.live.served import CHROMIUM

if not CHROMIUM.exists():
    pytest.skip(f"no browser at {CHROMIUM}: the workshop's browser tests are not run", allow_module_level=True)

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

# one session after another step: "make test" gives whole files to workers

SIZE = {"width": 1600, "height": 900}
ELSEWHERE = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
SLOW = 30_000
HOSTILE = "<img src=x onerror='window.hacked=true'>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", f"--host-resolver-rules={ELSEWHERE}"]
        )
        yield made
        made.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=SIZE, accept_downloads=True)
    made.set_default_timeout(SLOW)
    yield made
    made.close()


@pytest.fixture(scope="module")
def seen() -> dict[str, list[str]]:
    """Hosts asked for, and errors of the page."""
    return {"hosts": [], "errors": []}


@pytest.fixture(scope="module")
def page(context: BrowserContext, served: str, seen: dict[str, list[str]]) -> Page:
    page = context.new_page()
    page.on("request", lambda r: seen["hosts"].append(urlparse(r.url).hostname or urlparse(r.url).scheme))
    page.on("websocket", lambda s: seen["hosts"].append(str(urlparse(s.url).hostname)))
    page.on("pageerror", lambda e: seen["errors"].append(str(e)))
    page.goto(served)
    page.wait_for_selector("[data-shown]")
    return page


def month(page: Page, text: str) -> None:
    expect(page.locator(".head .month")).to_have_text(text, timeout=SLOW)


def pixels(page: Page) -> int:
    """Different colours of the map."""
    return int(page.evaluate("new Set(document.querySelector('.city-map').cityMap.pixels).size"))


def test_loads_offline_and_draws(page: Page, seen: dict[str, list[str]]) -> None:
    month(page, "Dec 2020")
    assert pixels(page) > 10
    assert not seen["errors"]


def test_steps_and_goes_back(page: Page) -> None:
    page.click("[data-do=step]")
    month(page, "Jan 2021")
    page.click("[data-do=step]")
    month(page, "Feb 2021")
    page.keyboard.press("ArrowLeft")
    month(page, "Jan 2021")
    page.keyboard.press("ArrowRight")
    month(page, "Feb 2021")


def test_plays_and_pauses(page: Page) -> None:
    page.click("[data-do=play]")
    month(page, "Apr 2021")
    page.click("[data-do=play]")


def test_hover_says_value_and_unit_and_a_click_shows_the_district(page: Page) -> None:
    box = page.locator(".city-map").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.move(box["x"] + 302, box["y"] + 300)
    expect(page.locator(".city-map")).to_contain_text("Bicycle share of trips:")
    page.mouse.click(box["x"] + 302, box["y"] + 300)
    page.wait_for_function("document.querySelector('.city-map').cityMap.look.selected.length == 1")
    before = page.evaluate("document.querySelector('.city-map').cityMap.view.scale")
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"document.querySelector('.city-map').cityMap.view.scale > {before}")
    page.mouse.dblclick(box["x"] + 302, box["y"] + 300)


def test_shows_bicycles_lines_and_firms(page: Page) -> None:
    page.locator(".layers .q-select").first.click()
    page.locator(".q-menu .q-item", has_text="Bicycles").click()
    page.wait_for_function("document.querySelector('.city-map').cityMap.look.link.unit === 'bicycles/day'")
    page.wait_for_function("Math.max(...document.querySelector('.city-map').cityMap.links) > 100")
    for box in page.locator(".layers .q-checkbox").all():
        box.click()
    expect(page.locator(".city-map")).to_contain_text("Transit lines [boardings/day]")
    expect(page.locator(".city-map")).to_contain_text("Firms [jobs]")
    page.wait_for_function("document.querySelector('.city-map').cityMap.firms.length === 27")
    told = page.evaluate("""() => {
      const m = document.querySelector('.city-map').cityMap, stop = m.geo.lineStops.find(s => s.length > 1)[0];
      return [stop, [m.geo.centreX[2], m.geo.centreY[2]]].map(([x, y]) => {
        m.hover(Math.round(m.w / 2 + (x - m.view.x) * m.view.scale), Math.round(m.h / 2 - (y - m.view.y) * m.view.scale));
        return m.tip.textContent;
      });
    }""")
    assert "boardings/day" in told[0]
    assert "establishments" in told[1]
    for box in page.locator(".layers .q-checkbox").all():
        box.click()
    page.locator(".layers .q-select").first.click()
    page.locator(".q-menu .q-item", has_text="Road load").click()


def test_drags_a_measure_to_another_date(page: Page) -> None:
    bar = page.locator("[data-bar=slow] rect")
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 5 + 2 * SIZE["width"] / 18, box["y"] + 8, steps=6)
    page.mouse.up()
    expect(page.locator("[data-bar=slow] title")).to_contain_text("Nov 2021", timeout=SLOW)


def test_forks_edits_and_compares(page: Page) -> None:
    page.click("[data-do=fork]")
    expect(page.locator("[data-branch='2']")).to_be_visible()
    legend = page.locator(".city-map .legend")
    expect(legend.get_by_text("no difference", exact=True)).to_have_count(2, timeout=SLOW)
    expect(legend).not_to_contain_text("0.0001")
    page.click("[data-switch=parking]")
    expect(page.locator("[data-measure=parking]")).to_contain_text("withdrawn", timeout=SLOW)
    page.wait_for_function("document.querySelector('.city-map').cityMap.look.link.signed === true")
    page.wait_for_function("document.querySelector('.city-map').cityMap.links.some(v => v !== 0)")
    # streets first; once the month has been lived the map asks again, for districts
    page.wait_for_function("document.querySelector('[data-shown]').dataset.shown.endsWith('early=0')")
    page.click("[data-branch='1']")
    page.keyboard.press("1")
    expect(page.locator("[data-figure=co2_transport] .value")).to_contain_text("tCO2e/month")


def test_no_click_and_no_word_is_lost_while_months_pass(page: Page) -> None:
    """The switch clicked is the one that was there before the answer to the click before, and a field keeps what is being typed."""
    page.get_by_role("tab", name="Levers").click()
    shown = page.locator(".head .month")
    page.locator("[data-measure=parking] .title").click()
    page.fill("[data-measure=parking] [data-field=price]", "2 €/")
    old = shown.inner_text()
    page.evaluate("window.kept = document.querySelector('[data-switch=parking]')")
    page.click("[data-do=step]")
    expect(shown).not_to_have_text(old, timeout=SLOW)
    page.wait_for_timeout(500)
    expect(page.locator("[data-measure=parking] [data-field=price]")).to_have_value("2 €/")
    assert page.evaluate("window.kept === document.querySelector('[data-switch=parking]')")
    page.locator("[data-measure=parking] .title").click()
    for n, wait in enumerate(
        (150, 200, 300, 400, 150, 250, 200)
    ):  # an odd number, some while others are being answered
        page.evaluate("document.querySelector('[data-switch=parking]').click()")
        page.wait_for_timeout(wait)
        assert page.locator("[data-switch=parking]").get_attribute("aria-checked") == ("false", "true")[n % 2], n
    expect(page.locator("[data-measure=parking]")).to_contain_text("withdrawn", timeout=SLOW)
    page.wait_for_timeout(1500)
    expect(page.locator("[data-switch=parking]")).to_have_attribute("aria-checked", "false")
    page.click("[data-switch=parking]")
    expect(page.locator("[data-measure=parking]")).not_to_contain_text("withdrawn", timeout=SLOW)


def test_what_can_be_clicked_stays_in_place(page: Page) -> None:
    """Figures and branches are the elements they were, with their focus, while months pass; a click held over a month arrives."""
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Figures").click()
    expect(page.locator("[data-figure=jobs] .value")).to_be_visible()
    page.evaluate("for (const one of document.querySelectorAll('[data-figure], [data-branch]')) one.kept = true")
    shown = page.locator(".head .month")
    last = shown.inner_text()
    page.focus("[data-figure=trust]")  # not the tab, whose arrows choose another
    for _ in range(6):  # months lived already: the later tests need some of those to come
        before = shown.inner_text()
        page.keyboard.press("ArrowLeft")
        expect(shown).not_to_have_text(before)
    box = page.locator("[data-figure=jobs]").bounding_box()
    assert box is not None
    before = shown.inner_text()
    page.click("[data-do=play]")
    page.focus("[data-figure=trust]")
    expect(shown).not_to_have_text(before, timeout=SLOW)
    page.wait_for_timeout(500)
    assert page.evaluate("document.activeElement.dataset.figure") == "trust"
    page.mouse.move(box["x"] + 40, box["y"] + 30)
    page.mouse.down()
    before = shown.inner_text()
    expect(shown).not_to_have_text(before, timeout=SLOW)
    page.wait_for_timeout(500)  # panels are drawn after the map
    page.mouse.up()
    page.click("[data-do=play]")
    expect(page.locator("[data-figure=jobs]")).to_have_class(re.compile("chosen"))
    left = page.evaluate(
        "[...document.querySelectorAll('[data-figure], [data-branch]')].map((one) => one.kept === true)"
    )
    assert len(left) > 8
    assert all(left)
    page.locator("[data-figure=co2_transport]").click()
    page.click("[data-branch='1']")
    page.click("[data-branch='2']")
    assert page.evaluate("[...document.querySelectorAll('[data-branch]')].every((one) => one.kept === true)")
    page.focus("[data-figure=trust]")
    while shown.inner_text() != last:
        before = shown.inner_text()
        page.keyboard.press("ArrowRight")
        expect(shown).not_to_have_text(before)


def test_choosing_districts_keeps_what_is_typed(page: Page) -> None:
    page.get_by_role("tab", name="Levers").click()
    page.locator("[data-measure=parking] .title").click()
    page.fill("[data-measure=parking] [data-field=price]", "3 €/")
    area = page.locator("[data-measure=parking] [data-field=area]")
    was = area.input_value()
    page.click("[data-do=pick-area]")
    box = page.locator(".city-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 302, box["y"] + 300)
    expect(area).to_have_value(re.compile(r"^district:\d+$"), timeout=SLOW)
    expect(page.locator("[data-measure=parking] [data-field=price]")).to_have_value("3 €/")
    page.mouse.click(box["x"] + 302, box["y"] + 300)
    expect(area).to_have_value(was, timeout=SLOW)
    page.click("[data-do=pick-area]")
    page.locator("[data-measure=parking] .title").click()
    expect(page.locator("[data-field=price]")).to_have_count(0, timeout=SLOW)


def test_refuses_what_cannot_be_paid_and_says_why(page: Page) -> None:
    page.click("[data-branch='1']")
    page.keyboard.press("2")
    page.click("[data-measure=slow] .title")
    page.fill("[data-field=capex]", "500 M€")
    page.click("[data-do=apply]")
    expect(page.locator(".q-notification")).to_contain_text("cannot be paid: 2021", timeout=SLOW)


def test_follows_somebody_and_says_who_gains(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("3")
    page.click("[data-do=follow]")
    expect(page.locator(".side")).to_contain_text("First names are made up", timeout=SLOW)
    page.click("[data-do=winners]")
    expect(page.locator(".side .q-table")).to_contain_text("Income, fifth 1", timeout=SLOW)


def test_votes_from_a_phone(browser: Browser, page: Page, served: str) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 800}, locale="fr-FR")
    phone.set_default_timeout(SLOW)
    guest = phone.new_page()
    guest.goto(f"{served}/room")
    guest.click("[data-vote='tracks:-1']")
    expect(guest.locator("[data-vote='tracks:-1']")).to_have_attribute("aria-pressed", "true")
    expect(guest.locator("[data-vote='tracks:-1']")).to_have_text("contre")
    guest.click("[data-rate='1:4']")
    page.keyboard.press("4")
    expect(page.locator(".side")).to_contain_text("1 against", timeout=SLOW)
    before = page.locator(".head .month").inner_text()
    page.click("[data-do=apply-plan]")
    expect(page.locator("[data-branch='3']")).to_be_visible(timeout=SLOW)
    guest.evaluate("for (const one of document.querySelectorAll('[data-vote]')) one.kept = true")
    expect(page.locator(".head .month")).not_to_have_text(before, timeout=SLOW)  # the city answers with its next month
    expect(guest.locator("[data-rate='3:4']")).to_be_visible(timeout=SLOW)
    assert guest.evaluate("[...document.querySelectorAll('[data-vote]')].every((one) => one.kept === true)")
    guest.reload()
    expect(guest.locator("[data-vote='tracks:-1']")).to_have_attribute("aria-pressed", "true")
    phone.close()


def test_proposals_from_phones(browser: Browser, page: Page, served: str) -> None:
    """Written on one phone as hostile as can be, judged on another, seen live, made into a branch with one click, hidden."""
    phones = browser.new_context(viewport={"width": 390, "height": 800}, locale="fr-FR")
    phones.set_default_timeout(SLOW)
    author = phones.new_page()
    author.goto(f"{served}/room")
    author.click("#propose")
    author.fill("#p-title", HOSTILE)
    author.select_option("#p-kind", "bike_subsidy")
    expect(author.locator("label[for=p-amount]")).to_have_text("Aide versée\u202f: 300 €")
    expect(author.locator("#p-place")).to_be_hidden()
    author.click("#p-send")
    expect(author.locator("#said")).to_have_text("Envoyée à la salle.")
    page.keyboard.press("4")
    card = page.locator(".side [data-proposal]").filter(has_text=HOSTILE)
    expect(card).to_be_visible(timeout=SLOW)
    judged = f"[data-judge='p{card.get_attribute('data-proposal')}:1']"
    other = browser.new_context(viewport={"width": 390, "height": 800})
    other.set_default_timeout(SLOW)
    judge = other.new_page()
    judge.goto(f"{served}/room")
    button = card.locator("[data-do=proposal-branch]")
    button.evaluate("one => one.kept = true")
    judge.click(judged)
    expect(card).to_contain_text("1 for", timeout=SLOW)
    assert button.evaluate("one => one.kept === true")  # who is about to click it hits it
    branches = page.locator("[data-branch]").count()
    card.locator("[data-do=proposal-branch]").click()
    expect(page.locator("[data-branch]")).to_have_count(branches + 1, timeout=SLOW)
    expect(page.locator("[data-figure=co2_transport]")).to_be_visible(timeout=SLOW)
    page.keyboard.press("4")
    card.locator("[data-do=hide-proposal]").click()
    expect(judge.locator(judged)).to_have_count(0, timeout=SLOW)
    assert not any(one.evaluate("window.hacked === true") for one in (page, author, judge))
    phones.close()
    other.close()


def test_a_reload_and_a_second_window_keep_the_state(page: Page, context: BrowserContext, served: str) -> None:
    before = page.locator(".head .month").inner_text()
    page.reload()
    page.wait_for_selector("[data-shown]")
    month(page, before)
    expect(page.locator("[data-branch='2']")).to_be_visible()
    second = context.new_page()
    second.goto(served)
    second.wait_for_selector("[data-shown]")
    month(second, before)
    second.click("[data-do=step]")
    expect(page.locator(".head .month")).not_to_have_text(before, timeout=SLOW)
    second.close()


def test_french_and_dark(page: Page) -> None:
    page.click("[data-do=language]")
    expect(page.locator(".side")).to_contain_text("La salle", timeout=SLOW)
    page.click("[data-do=dark]")
    page.wait_for_function("document.body.classList.contains('body--dark')")
    page.wait_for_function("document.querySelector('.city-map').cityMap.look.dark === true")
    page.click("[data-do=dark]")
    page.click("[data-do=language]")
    expect(page.locator(".side")).to_contain_text("The room", timeout=SLOW)


def test_a_branch_is_saved_as_a_scenario(page: Page, tmp_path: Path) -> None:
    page.click("[data-branch='2']")
    with page.expect_download() as waiting:
        page.click("[data-do=save]")
    path = tmp_path / "branch.yaml"
    waiting.value.save_as(path)
    scenario = load_scenario(path)
    assert "parking" in scenario.revisions[-1].stop
    assert scenario.revisions[0].measures[0].id == "slow"


def test_the_session_is_one_file_that_opens_offline(page: Page, browser: Browser, tmp_path: Path) -> None:
    with page.expect_download() as waiting:
        page.click("[data-do=export]")
    path = tmp_path / "session.html"
    waiting.value.save_as(path)
    alone = browser.new_context(offline=True)
    sheet = alone.new_page()
    asked: list[str] = []
    sheet.on("request", lambda r: asked.append(r.url))
    sheet.goto(path.as_uri())
    assert sheet.locator("svg polyline").count() > 4
    assert "parking off" in sheet.locator("body").inner_text()
    assert asked == [path.as_uri()]
    assert sheet.evaluate("JSON.parse(document.getElementById('data').textContent).indicators.length") > 50
    alone.close()


def test_not_one_request_left_the_machine(page: Page, seen: dict[str, list[str]]) -> None:
    """Counted over all the tests above, sockets among them."""
    assert len(seen["hosts"]) > 20
    assert {h for h in seen["hosts"] if h not in ("data", "blob")} == {"127.0.0.1"}
    assert not seen["errors"]
