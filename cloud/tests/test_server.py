# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The cloud in its own process: starting, stopping, power cuts, and pushing to phones."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2 as httpx
import pytest
from conftest import Host, Phone, Served, receipt, sign_up

from yokotago_cloud.__main__ import main
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.storage.sqlite import SqliteStorage
from yokotago_cloud.stores import Stores

Serve = Callable[[], Served]


def client(served: Served) -> httpx.Client:
    return httpx.Client(base_url=served.address, timeout=30)


def test_it_stops_within_a_second_while_phones_wait(serve: Serve) -> None:
    served = serve()
    with client(served) as http, ThreadPoolExecutor(2) as pool:
        phone = sign_up(http)
        polled = pool.submit(phone.get, "/v1/me/events", params={"wait": 25})

        def stream() -> list[str]:
            with http.stream("GET", "/v1/me/events", headers=phone.headers | {"Accept": "text/event-stream"}) as answer:
                return list(answer.iter_lines())

        streamed = pool.submit(stream)
        assert http.get("/v1/health").status_code == 200
        stopped_at = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(5) == 0
        assert time.monotonic() - stopped_at < 3
        assert polled.result(1).json()["events"] == []
        assert streamed.result(1)[0].startswith(":")


def test_what_was_answered_survives_a_power_cut(serve: Serve) -> None:
    served = serve()
    with client(served) as http:
        phone, host = sign_up(http), Host(http)
        code = phone.code()
        check_in = host.check_in(code, key="k").json()
        taken = host.put("/receipts/r-1", receipt(phone.shopper_id)).json()
    served.kill()
    with client(serve()) as http:
        phone, host = Phone(http, phone.session), Host(http)
        assert phone.get("/v1/receipts").json()["receipts"][0]["receipt_id"] == "r-1"
        assert host.put("/receipts/r-1", receipt(phone.shopper_id)).json() == taken
        assert host.check_in(code, key="k").json() == check_in
        assert host.check_in(code, key="other").json()["code"] == "code-used"


def test_an_outbox_that_repeats_through_power_cuts_gets_everything_once(serve: Serve) -> None:
    served = serve()
    with client(served) as http:
        phone = sign_up(http)
        assert Host(http).check_in(phone.code()).status_code == 201
    sent = 0
    for round_ in range(3):
        with client(served) as http, ThreadPoolExecutor(4) as pool:
            host = Host(http)

            def put(number: int, host: Host = host) -> int:
                try:
                    body = receipt(phone.shopper_id, f"r-{number}", f"v-{number}")
                    return int(host.put(f"/receipts/r-{number}", body).status_code)
                except httpx.TransportError:
                    return 0

            answers = [pool.submit(put, number) for number in range(40)]
            if round_ < 2:
                while sum(answer.done() for answer in answers) < 10 * (round_ + 1):
                    assert not all(answer.done() for answer in answers)
                served.kill()
            sent = sum(answer.result() == 201 for answer in answers)
        if round_ < 2:
            served = serve()
    assert sent == 40, "the last round has no power cut"
    with client(served) as http:
        phone, seen, cursor = Phone(http, phone.session), [], ""
        while True:
            page = phone.get("/v1/receipts", params={"limit": 100, "after": cursor}).json()
            seen += [one["receipt_id"] for one in page["receipts"]]
            cursor = page["cursor"]
            if not cursor:
                break
        assert sorted(seen) == sorted(f"r-{number}" for number in range(40))
        news = phone.get("/v1/me/events").json()["events"]
        assert len([event for event in news if event["kind"] == "receipt"]) == 40


def lines_of(answer: httpx.Response) -> Iterator[str]:
    return (line for line in answer.iter_lines() if line and not line.startswith(":"))


def test_news_are_pushed_and_go_on_where_they_broke(serve: Serve) -> None:
    served = serve()
    stream = {"Accept": "text/event-stream"}
    with client(served) as http:
        phone, host = sign_up(http), Host(http)
        with http.stream("GET", "/v1/me/events", headers=phone.headers | stream) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            host.check_in(phone.code())
            lines = lines_of(answer)
            first = next(lines)
            assert first.startswith("id: ")
            assert next(lines) == "event: checked_in"
            assert phone.shopper_id in next(lines)
        host.put("/receipts/r-1", receipt(phone.shopper_id))
        headers = phone.headers | stream | {"Last-Event-ID": first.removeprefix("id: ")}
        with http.stream("GET", "/v1/me/events", headers=headers) as answer:
            lines = lines_of(answer)
            next(lines)
            assert next(lines) == "event: receipt"
            assert "おにぎり" in next(lines)


def test_two_servers_on_one_file_serve_as_one(serve: Serve) -> None:
    with client(serve()) as one, client(serve()) as two, ThreadPoolExecutor(1) as pool:
        phone = sign_up(one)
        elsewhere = Phone(two, phone.session)
        waiting = pool.submit(elsewhere.get, "/v1/me/events", params={"wait": 20})
        assert Host(one).check_in(elsewhere.code()).status_code == 201
        assert [event["kind"] for event in waiting.result(10).json()["events"]] == ["checked_in"]


def test_devices_are_listed_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = ["--database", str(tmp_path / "cloud.db")]
    assert main([*database, "--add-device", "annex", "--no-phone-check-in"]) == 0
    token = capsys.readouterr().out.strip()
    assert main([*database, "--list-devices"]) == 0
    device_id, store_id, _ = capsys.readouterr().out.strip().split("\t")
    assert store_id == "annex"
    storage = SqliteStorage(tmp_path / "cloud.db")
    try:
        stores = Stores(storage)
        assert stores.get("annex")["phone_check_in"] is False
        assert stores.device_of(token).device_id == device_id
        assert main([*database, "--remove-device", device_id]) == 0
        with pytest.raises(ProblemError):
            stores.device_of(token)
    finally:
        storage.close()
    assert main([*database, "--remove-device", device_id]) == 1
    assert "there is no device" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "one of --database FILE"),
        (["--bootstrap", "shop"], "a bootstrap is STORE:TOKEN"),
        (["--bootstrap", "a#b:token-of-16-letters"], "cannot be a store's id"),
        (["--add-device", "a b"], "cannot be a store's id"),
        (["--bootstrap", "shop:short"], "at least 16 characters"),
        (["--limit", "codes=many"], "COUNT/SECONDS"),
        (["--limit", "nothing=1/1"], "with a name of"),
    ],
)
def test_a_wrong_command_says_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    database = ["--database", str(tmp_path / "cloud.db")] if arguments else []
    with pytest.raises(SystemExit) as ended:
        main([*database, *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
