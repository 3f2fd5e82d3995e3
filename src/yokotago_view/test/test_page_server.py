# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The live page's server: the whole table first, then the newest values, to pages of this site only."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from yokotago_view.live_state import Change
from yokotago_view.nodes.page_server import STATIC, PageServer

TABLE: list[Change] = [("store", "", {"name": "Shop"}), ("people", "1", [1, 2])]


@contextmanager
def serving(table: list[Change] | None = None, rate_hz: float = 50.0) -> Iterator[PageServer]:
    server = PageServer("127.0.0.1", 0, rate_hz, lambda: list(table if table is not None else TABLE))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def line_to(server: PageServer, **headers: str) -> ClientConnection:
    return connect(server.address.replace("http", "ws") + "/live", additional_headers=headers, open_timeout=20)


def read(line: ClientConnection) -> Any:
    return json.loads(line.recv(timeout=20))


def test_a_page_is_sent_the_whole_table_and_then_what_changes() -> None:
    with serving() as server, line_to(server) as line:
        assert read(line) == [list(change) for change in TABLE]
        server.push([("people", "1", [3, 4]), ("people", "2", None)])
        assert read(line) == [["people", "1", [3, 4]], ["people", "2", None]]


def test_values_that_were_replaced_before_they_were_sent_are_left_out() -> None:
    with serving(rate_hz=2.0) as server, line_to(server) as line:
        read(line)
        for i in range(1000):
            server.push([("people", "1", [i, 0])])
        seen = [read(line)]
        while seen[-1] != [["people", "1", [999, 0]]]:
            seen.append(read(line))
        assert len(seen) <= 2


def test_two_pages_are_told_the_same_and_one_may_leave() -> None:
    with serving() as server, line_to(server) as first:
        read(first)
        with line_to(server) as second:
            read(second)
            server.push([("people", "1", [5, 5])])
            assert read(first) == read(second) == [["people", "1", [5, 5]]]
        server.push([("people", "1", [6, 6])])
        assert read(first) == [["people", "1", [6, 6]]]


def test_a_page_of_another_site_is_refused() -> None:
    with serving() as server:
        with pytest.raises((InvalidStatus, ConnectionClosed)), line_to(server, Origin="http://example.com") as line:
            read(line)
        with line_to(server, Origin=server.address) as line:
            assert read(line)


GATES: list[Change] = [*TABLE, ("screens", "gate-1", {"number": 0}), ("screens", "gate-2", {"number": 7})]


def test_a_gate_s_screen_is_sent_its_own_row_and_nothing_else() -> None:
    address = "/gate/gate-1/live"
    with serving(GATES) as server, connect(server.address.replace("http", "ws") + address, open_timeout=20) as line:
        assert read(line) == [["screens", "gate-1", {"number": 0}]]
        server.push([("people", "1", [3, 4]), ("screens", "gate-2", {"number": 8}), ("receipts", "r", {"total": 5})])
        server.push([("screens", "gate-1", {"number": 1})])
        assert read(line) == [["screens", "gate-1", {"number": 1}]]


def test_a_gate_that_is_not_there_has_no_screen() -> None:
    with serving(GATES) as server:
        with urllib.request.urlopen(f"{server.address}/gate/gate-2", timeout=20) as answer:
            assert b"gate.js" in answer.read()
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.address}/gate/back", timeout=20)
        assert refused.value.code == 404
        assert refused.value.read().decode() == "There is no gate back; the store has gate-1, gate-2."
        refused.value.close()


def test_what_a_page_sends_is_ignored() -> None:
    with serving() as server, line_to(server) as line:
        read(line)
        line.send("{" * 1000)
        server.push([("people", "1", [7, 7])])
        assert read(line) == [["people", "1", [7, 7]]]


def test_the_files_come_with_headers_that_let_nothing_else_in() -> None:
    with serving() as server:
        for name in ("", "page.js", "style.css", "icon.svg"):
            with urllib.request.urlopen(f"{server.address}/{name}", timeout=20) as answer:
                assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_the_page_needs_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text, re.IGNORECASE)
    assert "innerHTML" not in text


def test_a_port_that_is_taken_is_told() -> None:
    with serving() as server:
        port = int(server.address.rsplit(":", 1)[1])
        with pytest.raises(OSError):
            PageServer("127.0.0.1", port, 15.0, list)
