# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""Loads a cloud on this machine with check-ins and receipts at a fixed rate, and reports times, losses and doubles.

The rate is kept whatever the answers take (an open loop), so a slow server shows as long times and not as a lower
rate. Server and load share this machine's cores with whatever else runs: the load average is reported, and the time on
a core that the server took for one check-in (a code and its use), which says what it could do alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx

TOKEN = "load-device-token-0123456789"  # noqa: S105 (of a database that lives as long as the run)
STORE = "load"
_AGAIN_S = 1.0


async def at_rate(per_second: float, calls: list[Callable[[], Awaitable[None]]]) -> list[float]:
    """Start the calls at a fixed rate; how long each took from the moment when it was due [s]."""
    start = time.perf_counter()

    async def one(number: int, call: Callable[[], Awaitable[None]]) -> float:
        due = start + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await call()
        return time.perf_counter() - due

    return list(await asyncio.gather(*(one(number, call) for number, call in enumerate(calls))))


def summary(seconds: list[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum [ms]."""
    cuts = statistics.quantiles(seconds, n=20)
    return {
        "p50_ms": round(statistics.median(seconds) * 1e3, 1),
        "p95_ms": round(cuts[18] * 1e3, 1),
        "max_ms": round(max(seconds) * 1e3, 1),
    }


class Lines:
    """Connections that are kept, as many as there are calls at once: a tenth of the work of a client library, so that
    the load takes little of the cores that it shares with the server.
    """

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.sent_again = 0

    async def post(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """The answer of a call that must come to 201; as an outbox does, it comes again when the server is full."""
        while (answer := await self._post(path, headers, body)) is None:
            self.sent_again += 1
            await asyncio.sleep(_AGAIN_S)
        return answer

    async def _post(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any] | None:
        reader, writer = self._free.pop() if self._free else await asyncio.open_connection(self._host, self._port)
        data = json.dumps(body).encode()
        fields = headers | {"Host": self._host, "Content-Type": "application/json", "Content-Length": str(len(data))}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        assert length is not None
        answer = await reader.readexactly(int(length[1]))
        if head[9:12] == b"503":
            writer.close()
            return None
        if head[9:12] != b"201":
            raise RuntimeError(f"{path}: {head.decode()}{answer.decode()}")
        self._free.append((reader, writer))
        return dict(json.loads(answer))

    def close(self) -> None:
        """Let go of all that are free."""
        for _, writer in self._free:
            writer.close()


def cpu_s(pid: int) -> float:
    """Time that a process has had on a core, in it and in the kernel for it [s]. Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def run(base: str, server: int, shoppers: int, check_ins: int, per_second: float) -> dict[str, Any]:
    """Sign shoppers up, check them in at the rate while the store host listens, then send receipts to their phones."""
    limits = httpx.Limits(max_connections=64 + shoppers, max_keepalive_connections=64 + shoppers)
    async with httpx.AsyncClient(base_url=base, timeout=60, limits=limits) as http:
        device = {"Authorization": f"Bearer {TOKEN}"}

        async def sign_up(number: int) -> dict[str, Any]:
            body = {"email": f"s{number}@example.com", "password": "a long password"}
            answer = await http.post("/v1/accounts", json=body)
            answer.raise_for_status()
            return dict(answer.json())

        started = time.perf_counter()
        sessions = [await sign_up(number) for number in range(shoppers)]
        sign_up_ms = (time.perf_counter() - started) / shoppers * 1e3
        phones = [{"Authorization": f"Bearer {session['access_token']}"} for session in sessions]

        lines = Lines(base)
        shown: dict[str, float] = {}

        async def show_and_check_in(number: int) -> None:
            code = (await lines.post("/v1/check-in-codes", phones[number % shoppers], {}))["code"]
            body = {"code": code, "gate_id": "g", "stamp": {"sec": 1, "nanosec": 0}}
            once = device | {"Idempotency-Key": f"c{number}"}
            at = time.perf_counter()
            shown[(await lines.post(f"/v1/stores/{STORE}/check-ins", once, body))["check_in_id"]] = at

        kept: list[str] = []
        heard: dict[str, float] = {}

        async def store_host() -> None:
            cursor = ""
            while len(heard) < check_ins:
                asked = {"after": cursor, "wait": "2"}
                page = (await http.get(f"/v1/stores/{STORE}/check-ins", headers=device, params=asked)).json()
                if not page["check_ins"] and len(shown) == check_ins:
                    return
                now = time.perf_counter()
                kept.extend(check_in["check_in_id"] for check_in in page["check_ins"])
                heard.update((check_in["check_in_id"], now) for check_in in page["check_ins"])
                cursor = page["cursor"]

        hearing = asyncio.create_task(store_host())

        before, own = cpu_s(server), time.process_time()
        start = time.perf_counter()
        times = await at_rate(per_second, [lambda n=n: show_and_check_in(n) for n in range(check_ins)])  # type: ignore[misc]
        took = time.perf_counter() - start
        used, own = cpu_s(server) - before, time.process_time() - own
        lines.close()
        await hearing
        sent: dict[str, float] = {}
        pushed: list[float] = []

        async def follow(number: int, ready: asyncio.Event) -> None:
            now = (await http.get("/v1/me/now", headers=phones[number])).json()
            headers = phones[number] | {"Accept": "text/event-stream", "Last-Event-ID": now["cursor"]}
            async with http.stream("GET", "/v1/me/events", headers=headers) as answer:
                async for line in answer.aiter_lines():
                    ready.set()
                    if line.startswith("data: "):
                        pushed.append(time.perf_counter() - sent[json.loads(line[6:])["receipt_id"]])
                        return

        async def receipt(number: int) -> None:
            bought = [
                {"product_id": f"p{n}", "name": f"Product {n}", "quantity": 1, "unit_price": 100, "amount": 100}
                for n in range(10)
            ]
            body = {
                "receipt_id": f"r{number}",
                "visit_id": f"v{number}",
                "shopper_id": sessions[number]["shopper_id"],
                "entered": {"sec": 1, "nanosec": 0},
                "left": {"sec": 2, "nanosec": 0},
                "lines": bought,
                "currency": "JPY",
                "total": 1000,
                "needs_review": False,
                "review_reasons": [],
            }
            sent[body["receipt_id"]] = time.perf_counter()  # type: ignore[index]
            answer = await http.put(f"/v1/stores/{STORE}/receipts/r{number}", json=body, headers=device)
            answer.raise_for_status()

        events = [asyncio.Event() for _ in phones]
        following = [asyncio.create_task(follow(number, event)) for number, event in enumerate(events)]
        await asyncio.gather(*(event.wait() for event in events))
        receipt_times = await at_rate(50, [lambda n=n: receipt(n) for n in range(shoppers)])  # type: ignore[misc]
        await asyncio.gather(*following)
    return {
        "sign_up_ms": round(sign_up_ms, 1),
        "check_ins": check_ins,
        "per_second": per_second,
        "reached_per_second": round(check_ins / took, 1),
        "server_cpu_ms_per_check_in": round(used / check_ins * 1e3, 2),
        "load_cpu_ms_per_check_in": round(own / check_ins * 1e3, 2),
        "code_to_check_in": summary(times),
        "gate_to_store_host": summary([heard[one] - at for one, at in shown.items() if one in heard]),
        "sent_again": lines.sent_again,
        "lost": len(shown.keys() - heard.keys()),
        "doubled": len(kept) - len(heard) + len(heard.keys() - shown.keys()),
        "receipts": shoppers,
        "receipt_taken": summary(receipt_times),
        "receipt_to_phone": summary(pushed),
    }


def main() -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shoppers", type=int, default=100)
    parser.add_argument("--check-ins", type=int, default=2000)
    parser.add_argument("--per-second", type=float, default=200.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "yokotago_cloud", "--port", "0", "--database", str(Path(folder) / "c.db")]
        command += [f"--limit={name}=1000000/1" for name in ("sign_up", "codes", "store")]
        server = subprocess.Popen(  # noqa: S603
            command,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"YOKOTAGO_CLOUD_BOOTSTRAP": f"{STORE}:{TOKEN}"},
        )
        try:
            assert server.stdout is not None
            base = server.stdout.readline().split()[1]
            before = os.getloadavg()[0]
            found = asyncio.run(run(base, server.pid, given.shoppers, given.check_ins, given.per_second))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)
    found["load_average_before"] = round(before, 1)
    print(json.dumps(found, indent=1))
    return 0 if found["lost"] == found["doubled"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
