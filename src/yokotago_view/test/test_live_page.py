# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The live page in a real browser: it shows what happened, fits every screen, and comes back after a lost line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import PROGRAM, Page, browser
from view_events import T0, decision, demo_store, frame, person, reach, small_day

from yokotago_model.events import Event, GateAnswer, GateVerdict
from yokotago_view.live_state import LiveState
from yokotago_view.nodes.page_server import PageServer

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine: apt install chromium")
STORE = demo_store()


class Store:
    """A store whose events the test makes."""

    def __init__(self) -> None:
        self.state = LiveState(STORE)
        self.server = self.serve(0)
        self.address = self.server.address

    def serve(self, port: int) -> PageServer:
        server = PageServer("127.0.0.1", port, 15.0, self.state.snapshot)
        server.start()
        return server

    def feed(self, *events: Event) -> None:
        for event in events:
            self.server.push(self.state.feed(event))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.server.stop()


def text(page: Page, selector: str) -> str:
    return str(page.evaluate(f"document.querySelector('{selector}').innerText"))


def live(page: Page, store: Store, width: int = 1440, height: int = 900, dark: bool = False) -> None:
    # The page of the last test may still be looking for its server.
    page.open("about:blank", width, height, dark)
    page.complaints.clear()
    page.open(store.address, width, height, dark)
    page.wait("document.body.dataset.state === 'live' && document.querySelectorAll('.p-facing').length > 0")


def test_a_late_page_shows_the_whole_day(page: Page, store: Store) -> None:
    store.feed(*small_day(STORE))
    live(page, store)
    assert page.evaluate("document.querySelectorAll('.p-facing').length") == len(STORE.facings)
    assert page.evaluate("document.querySelectorAll('.p-shelf').length") == len(STORE.shelves)
    assert text(page, "#store-name") == STORE.name
    assert text(page, "#figure-sales") == "¥150"
    assert text(page, "#figure-inside") == "1"
    assert "Shopper 2" in text(page, "#visits")
    assert "not checked in" in text(page, "#visits")
    assert "1 × Green tea 500 ml" in text(page, "#receipts")  # noqa: RUF001
    assert "Somebody came in uninvited" in text(page, "#alerts")
    assert "1 of 48 scales silent: B11" in text(page, "#health")
    assert page.complaints == []


def test_an_open_page_follows(page: Page, store: Store) -> None:
    live(page, store)
    assert "Nobody is shopping" in text(page, ".visits")
    day = small_day(STORE)
    store.feed(*day[:6])
    page.wait("document.querySelectorAll('.person .body').length === 2")
    page.wait("document.querySelector('polygon[data-facing=\"A1-3\"]').classList.contains('lit')")
    store.feed(*day[6:12], frame(4.5, person(1, 1.0, 2.7), person(2, 2.2, 0.9)))
    page.wait("!document.querySelector('polygon[data-facing=\"A1-3\"]').classList.contains('lit')")
    page.wait("document.querySelector('.facing[data-facing=\"A1-3\"] i').textContent === '7'")
    page.wait("document.querySelector('#visits').innerText.includes('¥150')")
    store.feed(*day[12:])
    page.wait("document.querySelector('#receipts').innerText.includes('¥150')")
    page.wait("document.querySelectorAll('.person .body').length === 1")
    assert page.complaints == []


def test_a_person_is_drawn_where_they_stand(page: Page, store: Store) -> None:
    """The middle of the demo store, 3.0 m east and 2.5 m north of its corner, is the middle of the plan."""
    store.feed(frame(1.0, person(1, 3.0, 2.5)))
    live(page, store)
    page.wait("document.querySelector('.person .body')?.getBoundingClientRect().width > 0")
    off = page.evaluate(
        """(() => {
            const middle = (e) => {
                const r = e.getBoundingClientRect();
                return [r.x + r.width / 2, r.y + r.height / 2];
            };
            const [px, py] = middle(document.querySelector('.person .body'));
            const [fx, fy] = middle(document.querySelector('.p-floor'));
            return Math.hypot(px - fx, py - fy);
        })()"""
    )
    assert off < 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(360, 740), (768, 1024), (1440, 900), (1920, 1080), (3840, 2160)])
def test_it_fits_the_screen(page: Page, store: Store, width: int, height: int, dark: bool) -> None:
    store.feed(*small_day(STORE), decision(9.6, "v2", "A2-2", 1))
    live(page, store, width, height, dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate("document.querySelector('#floor').getBoundingClientRect().width")
    assert wide >= min(300, width - 60)
    if width >= 1800:
        assert page.evaluate("document.documentElement.scrollHeight") <= height, "nobody scrolls a wall"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(int(c) for c in ground.removeprefix("rgb(").removesuffix(")").split(",")) / 3
    assert (light < 64) == dark
    assert page.complaints == []


# Relative luminance and contrast as in WCAG 2.2; 4.5 is level AA for text.
_CONTRAST = """
(() => {
  const parse = (c) => (c.match(/[\\d.]+/g) ?? []).map(Number);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => sum + share * linear(c[i] / 255), 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
  };
  const worded = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const bad = [];
  for (const e of document.querySelectorAll('header *, main *, footer *')) {
    if (e.closest('svg, .leaving') || !e.offsetParent || !worded(e) || getComputedStyle(e).opacity === '0') continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push([e.textContent, e.className, (a + 0.05) / (b + 0.05)]);
  }
  return bad;
})()
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_word_can_be_read(page: Page, store: Store, dark: bool) -> None:
    store.feed(*small_day(STORE))
    live(page, store, dark=dark)
    once = "document.getAnimations().filter((a) => a.effect.getTiming().iterations === 1)"
    page.wait(f"{once}.every((a) => a.playState === 'finished')")
    assert page.evaluate(_CONTRAST) == []


def test_it_comes_back_by_itself(page: Page, store: Store) -> None:
    store.feed(*small_day(STORE)[:6])
    live(page, store)
    port = int(store.address.rsplit(":", 1)[1])
    store.server.stop()
    page.wait("document.body.dataset.state === 'lost'")
    store.state = LiveState(STORE)
    store.server = store.serve(port)
    store.feed(reach(1.0, False), frame(30.0, person(5, 4.0, 4.0)))
    page.wait("document.body.dataset.state === 'live'")
    page.wait("document.querySelectorAll('.person .body').length === 1")
    assert text(page, "#figure-inside") == "1"
    assert "Nobody is shopping" in text(page, ".visits")


def test_the_theme_can_be_chosen_and_is_kept(page: Page, store: Store) -> None:
    live(page, store)
    for theme in ("light", "dark"):
        page.evaluate("document.querySelector('#theme').click()")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
    live(page, store)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.evaluate("document.querySelector('#theme').click()")


def answered(reason: str, gate_id: str = "gate-1", party_size: int = 0) -> GateAnswer:
    verdict = GateVerdict.ADMITTED if party_size else GateVerdict.REFUSED
    return GateAnswer(T0, gate_id, verdict, reason, party_size)


def at_gate(page: Page, store: Store, width: int = 800, height: int = 1280) -> None:
    page.open("about:blank", width, height)
    page.complaints.clear()
    page.open(f"{store.address}/gate/gate-1", width, height)
    page.wait("document.body.dataset.state === 'ready'")


@pytest.mark.parametrize(
    ("reason", "english", "japanese"),
    [
        ("code-malformed", "not a check-in code", "入店コードではありません"),
        ("code-forged", "not genuine", "正しくありません"),
        ("code-expired", "has expired", "有効期限が切れています"),
        ("code-used", "has been used", "使用済み"),
        ("no-line", "no connection", "通信できません"),
        ("try-again", "did not work", "確認できませんでした"),
    ],
)
def test_a_gate_s_screen_says_why_a_code_is_refused(
    page: Page, store: Store, reason: str, english: str, japanese: str
) -> None:
    store.feed(answered("checked-in", party_size=1))
    at_gate(page, store)
    assert "Show your code" in text(page, "main"), "what was said before the page was open is not for this shopper"
    store.feed(answered("checked-in", "gate-2", 1), answered(reason))
    page.wait("document.body.dataset.state === 'refused'")
    assert english in text(page, ".first")
    assert japanese in text(page, ".first")
    assert len(text(page, "#then-english")) > 10
    assert page.complaints == []


def test_a_gate_s_screen_welcomes_and_is_ready_for_the_next(page: Page, store: Store) -> None:
    at_gate(page, store)
    store.feed(answered("checked-in", party_size=3))
    page.wait("document.body.dataset.state === 'admitted'")
    for word in ("Welcome", "ようこそ", "3 people", "3名様"):
        assert word in text(page, "main")
    page.wait("document.body.dataset.state === 'ready'")
    store.feed(answered("checked-in-offline", party_size=1))
    page.wait("document.body.dataset.state === 'admitted'")
    assert "people" not in text(page, "main")


def test_a_gate_s_screen_says_when_it_has_lost_the_store(page: Page, store: Store) -> None:
    at_gate(page, store)
    store.server.stop()
    page.wait("document.body.dataset.state === 'connecting'")
    store.server = store.serve(int(store.address.rsplit(":", 1)[1]))
    page.wait("document.body.dataset.state === 'ready'")


@pytest.mark.skipif("YOKOTAGO_AXE" not in os.environ, reason="YOKOTAGO_AXE does not name axe.min.js of axe-core")
def test_a_gate_s_screen_is_for_everybody(page: Page, store: Store) -> None:
    at_gate(page, store)
    page.evaluate(Path(os.environ["YOKOTAGO_AXE"]).read_text(encoding="utf-8"))
    welcome = answered("checked-in", party_size=2)
    for answers, state in (([], "ready"), ([welcome], "admitted"), ([answered("no-line")], "refused")):
        store.feed(*answers)
        page.wait(f"document.body.dataset.state === '{state}' && document.getAnimations().length === 0")
        assert page.evaluate("axe.run().then((found) => found.violations.map((v) => v.id))") == []


@pytest.mark.parametrize(("width", "height"), [(360, 640), (640, 360), (800, 1280), (1920, 1080)])
def test_a_gate_s_screen_fits(page: Page, store: Store, width: int, height: int) -> None:
    at_gate(page, store, width, height)
    store.feed(answered("code-forged"))
    page.wait("document.body.dataset.state === 'refused'")
    scrolls = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert page.evaluate(scrolls) == [width, height]
