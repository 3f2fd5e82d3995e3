# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The store host's calls of the cloud, over HTTP. What an answer means is decided in cloud_requests."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import httpx

from .cloud_requests import Answer, CloudError, Request, Verdict, judge, store_path


class CloudClient:
    """One connection to the cloud. Each thread has its own.

    url: the cloud's address; token: the device token; timeout_s: for how long an answer is waited for.
    """

    def __init__(self, url: str, store_id: str, token: str, timeout_s: float = 10.0) -> None:
        self._store_id = store_id
        self._timeout_s = timeout_s
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=timeout_s, trust_env=False
        )

    def __enter__(self) -> CloudClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, request: Request) -> Answer:
        """Send a request of the outbox; never raises for what the network or the cloud does."""
        try:
            answer = self._http.request(
                request.method,
                request.path,
                content=request.body.encode(),
                headers={"Content-Type": "application/json", "Idempotency-Key": request.key},
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(Verdict.LINE, f"no answer: {error or type(error).__name__}")
        return _judged(answer)

    def ask(self, request: Request) -> Answer:
        """What the cloud says to a request: over HTTP every answer is the cloud's own."""
        return self.send(request)

    def keys(self) -> dict[str, Any]:
        """The cloud's public keys, a JWKS document. Raises CloudError."""
        return dict(self._get("/v1/keys", {}, {}, self._timeout_s).json())

    def check_ins(self, after: str, wait_s: float) -> dict[str, Any]:
        """The check-ins behind the cursor, {"check_ins", "cursor"}; waits up to `wait_s` for one. Raises CloudError."""
        answer = self._get(
            store_path(self._store_id, "check-ins"),
            {"after": after, "wait": f"{wait_s:g}"},
            {},
            self._timeout_s + wait_s,
        )
        return dict(answer.json())

    def catalogue(self, etag: str) -> tuple[dict[str, Any] | None, str]:
        """The catalogue and its version; None where it is still the version `etag`. Raises CloudError."""
        path = store_path(self._store_id, "catalogue")
        answer = self._get(path, {}, {"If-None-Match": etag} if etag else {}, self._timeout_s, absent_ok=True)
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None, etag
        if answer.status_code == httpx.codes.NOT_FOUND:
            return {"products": []}, ""
        return dict(answer.json()), answer.headers.get("ETag", "")

    def put_catalogue(self, body: str) -> None:
        """Give the cloud a catalogue. Raises CloudError."""
        answer = self.send(Request("catalogue", "", "PUT", store_path(self._store_id, "catalogue"), body))
        if answer.verdict is not Verdict.ACCEPTED:
            raise CloudError(answer)

    def _get(
        self, path: str, query: dict[str, str], headers: dict[str, str], timeout_s: float, absent_ok: bool = False
    ) -> httpx.Response:
        try:
            answer = self._http.get(path, params=query, headers=headers, timeout=timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CloudError(Answer(Verdict.LINE, f"no answer: {error or type(error).__name__}")) from error
        absent = answer.status_code == httpx.codes.NOT_FOUND and b"catalogue-absent" in answer.content
        if not (answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED or (absent_ok and absent)):
            raise CloudError(_judged(answer))
        return answer


def _judged(answer: httpx.Response) -> Answer:
    return judge(
        answer.status_code,
        answer.headers.get("Content-Type", ""),
        answer.content,
        answer.headers.get("Retry-After", ""),
    )
