# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The shopper's page in a real browser, from sign-up to a disputed receipt; and what needs no browser.

The browser tests need the Python package playwright and Debian's chromium, and are skipped without them.
YOKOTAGO_AXE names axe.min.js of the npm package axe-core; with it every screen is also checked for accessibility.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from conftest import PASSWORD, Host, Served, receipt

CHROMIUM = Path("/usr/bin/chromium")
APP = Path(__file__).parents[1] / "app"
AXE = os.environ.get("YOKOTAGO_AXE", "")
MOST_BYTES = 60_000
PRODUCTS = [
    {"product_id": "p1", "name": "<img src=x onerror=alert(1)>", "weight": 110, "unit_price": 150, "currency": "JPY"},
    {"product_id": "p2", "name": "お茶", "weight": 520, "unit_price": 130, "currency": "JPY"},
]
needs_browser = pytest.mark.skipif(
    importlib.util.find_spec("playwright") is None or not CHROMIUM.exists(),
    reason="needs the Python package playwright and /usr/bin/chromium",
)


def test_every_file_of_the_page_is_kept_for_a_start_without_a_line() -> None:
    worker = (APP / "sw.js").read_text(encoding="utf-8")
    kept = set(re.findall(r'"([\w./-]+\.(?:js|css|svg|webmanifest))"', worker))
    files = {
        str(path.relative_to(APP)) for path in APP.rglob("*") if path.suffix in {".js", ".css", ".svg", ".webmanifest"}
    }
    assert kept == files - {"sw.js", "demo.js"}


def test_both_languages_have_the_same_words() -> None:
    def keys(name: str) -> list[str]:
        text = (APP / name).read_text(encoding="utf-8")
        return re.findall(
            r'(?:^|[,{]) *"?([a-z][a-z_-]*)"?: ?["\[{]', re.sub(r'(: )"(?:[^"\\]|\\.)*"', r'\1""', text), re.M
        )

    assert len(keys("words-en.js")) > 60
    assert keys("words-en.js") == keys("words-ja.js")


def test_every_word_that_a_screen_asks_for_is_there() -> None:
    words = (APP / "words-en.js").read_text(encoding="utf-8")
    for name in ("screens.js", "app.js"):
        for key in re.findall(r'\bt\("(\w+)"', (APP / name).read_text(encoding="utf-8")):
            assert re.search(rf"\b{key}:", words), key


@pytest.fixture
def base(serve: Callable[[], Served]) -> Iterator[tuple[str, Host]]:
    """A cloud with a catalogue, and its store's host."""
    served = serve()
    with httpx.Client(base_url=served.address, timeout=30) as http:
        host = Host(http)
        assert host.put("/catalogue", {"products": PRODUCTS}).status_code == 200
        yield served.address, host


@pytest.fixture(params=[("en-GB", "light"), ("ja-JP", "dark")], ids=["en", "ja"])
def page(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page on a small phone; at the end nothing may have gone wrong in it."""
    from playwright.sync_api import sync_playwright

    locale, scheme = request.param
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*quiet, "--disable-sync"])
        context = browser.new_context(viewport={"width": 360, "height": 740}, locale=locale, color_scheme=scheme)
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(f"a script ran: {dialog.message}"))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        yield page
        meant = ("ERR_INTERNET_DISCONNECTED", "503 (Service Unavailable)")
        assert [text for text in wrong if not any(part in text for part in meant)] == []
        browser.close()


def look(page: Any) -> None:
    """What must hold on every screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, "nothing sticks out of a small phone"
    if AXE:
        page.evaluate(Path(AXE).read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document)")["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@needs_browser
def test_from_sign_up_to_a_disputed_receipt(page: Any, base: tuple[str, Host]) -> None:
    address, host = base
    page.goto(address)
    page.wait_for_selector("form")
    sizes = dict(
        page.evaluate(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".map((one) => [one.name, one.decodedBodySize])"
        )
    )
    assert len(sizes) >= 10
    assert sum(sizes.values()) <= MOST_BYTES
    look(page)
    email = "somebody.with.a.rather.long.name@a-rather-long-domain.example.com"
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("form .primary")

    page.wait_for_selector("canvas[data-code]:not(.faded)")
    first = page.get_attribute("canvas", "data-code")
    page.click(".party button:last-child")
    page.wait_for_function("code => document.querySelector('canvas').dataset.code !== code", arg=first)
    look(page)
    now = int(time.time())
    taken = host.check_in(page.get_attribute("canvas", "data-code"), stamp={"sec": now, "nanosec": 0}).json()
    assert taken["party_size"] == 2

    page.wait_for_selector(".in")
    look(page)
    shopper_id = taken["shopper_id"]
    lines = [{"product_id": "p1", "quantity": 2}, {"product_id": "p2", "quantity": 1}]
    host.put("/visits/v-1/basket", {"stamp": {"sec": now, "nanosec": 1}, "shopper_id": shopper_id, "lines": lines})
    page.wait_for_selector(".lines li:nth-child(2)")
    assert PRODUCTS[0]["name"] in page.inner_text(".lines"), "names are text, whatever they hold"
    assert re.search(r"[¥￥]430", page.inner_text(".sum"))
    look(page)

    entered, left = {"sec": now, "nanosec": 0}, {"sec": now + 90, "nanosec": 0}
    taxes = [{"name": "VAT", "rate_percent": 7.699999809265137, "amount": 300, "tax": 21}]
    sent = receipt(shopper_id, entered=entered, left=left, taxes=taxes)
    assert host.put("/receipts/r-1", sent).status_code == 201
    page.wait_for_selector(".thanks")
    look(page)
    page.click(".thanks .primary")
    page.wait_for_selector(".paper .sum")
    assert re.search(r"VAT.*7\.7%.*[¥￥]21", page.inner_text(".paper"), re.DOTALL)
    look(page)
    page.locator(".lines .link").first.click()
    page.wait_for_selector(".report")
    look(page)
    page.click(".report .primary")
    page.wait_for_selector(".lines .review")
    assert host.get("/disputes").json()["disputes"][0]["problem"] == "not_taken"
    look(page)

    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    page.reload()
    page.click("nav a:nth-child(2)")
    page.wait_for_selector(".receipts li")
    page.wait_for_selector(".notice")
    look(page)
    page.context.set_offline(False)
    page.wait_for_selector(".notice", state="detached")
    page.click("nav a:nth-child(3)")
    page.get_by_text(email).wait_for()
    look(page)
    page.click("main > .quiet")
    page.wait_for_selector("form")
    assert page.evaluate("Object.keys(localStorage).sort()") == ["language"], "nothing of the shopper stays"


@needs_browser
def test_a_wrong_password_is_told_and_a_session_goes_on(page: Any, base: tuple[str, Host]) -> None:
    address, host = base
    host.http.post("/v1/accounts", json={"email": "known@example.com", "password": PASSWORD})
    page.goto(address)
    page.click(".switch .link")
    page.fill("input[name=email]", "known@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.click("form .primary")
    page.wait_for_selector("canvas[data-code]")
    page.evaluate(
        "localStorage.session = JSON.stringify({...JSON.parse(localStorage.session), until: 0, access_token: 'x.y.z'})"
    )
    page.reload()
    page.wait_for_selector("canvas[data-code]")
    assert json.loads(page.evaluate("localStorage.session"))["access_token"] != "x.y.z"


class _Gate(ThreadingHTTPServer):
    """A stand-in for the gate of a simulated store: reads a code as a gate does, when it is open."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _GateHandler)
        self.host: Host | None = None


class _GateHandler(BaseHTTPRequestHandler):
    server: _Gate

    def do_OPTIONS(self) -> None:
        self.answer(204, {})

    def do_POST(self) -> None:
        code = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["code"]
        if self.server.host is None:
            self.answer(503, {"code": "store-closed"})
            return
        taken = self.server.host.check_in(code, stamp={"sec": int(time.time()), "nanosec": 0})
        self.answer(taken.status_code, taken.json())

    def answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", self.headers["Origin"])
        self.send_header("Access-Control-Allow-Headers", "Content-Type")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def gate() -> Iterator[_Gate]:
    server = _Gate()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


@needs_browser
def test_in_a_demo_a_button_holds_the_code_to_the_gate(page: Any, serve: Callable[..., Served], gate: _Gate) -> None:
    served = serve("--demo-gate", f"http://127.0.0.1:{gate.server_port}")
    page.goto(served.address)
    page.fill("input[name=email]", "visitor@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.click("form .primary")
    button = page.locator("main .primary")
    button.click()
    page.get_by_text(re.compile("opens in a moment|まもなく開店")).wait_for()
    assert page.locator(".in").count() == 0
    look(page)
    with httpx.Client(base_url=served.address, timeout=30) as http:
        gate.host = Host(http)
        button.click()
        page.wait_for_selector(".in")
    look(page)
