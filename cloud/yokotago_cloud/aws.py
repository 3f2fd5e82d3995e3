# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The cloud as AWS Lambda functions: `api` behind API Gateway, `ingest` behind IoT Core's rule, `tell` every minute.

What they are told stands in their environment: TABLE, and as far as it differs from settings.py ISSUER (as for
--issuer), LONGEST_WAIT_S and STORE_EVENT_DAYS. Everything is made at the first call and kept for the next ones.
"""

from __future__ import annotations

import importlib
import logging
import os
from functools import cache
from typing import Any

from yokotago_cloud.app import create_app
from yokotago_cloud.ingest import Ingest
from yokotago_cloud.oidc import Issuer
from yokotago_cloud.problems import ProblemError
from yokotago_cloud.services import Services
from yokotago_cloud.settings import Settings
from yokotago_cloud.storage.dynamodb import DynamoDbStorage
from yokotago_cloud.tell import Teller, answer_text

_log = logging.getLogger(__name__)


def settings_from(environment: dict[str, str]) -> Settings:
    """The settings that a function's environment asks for. Streams are off: an answer through Lambda comes whole.

    Raises:
        ValueError: a value cannot be read.
    """
    issuer = environment.get("ISSUER", "")
    usual = Settings()
    days = float(environment.get("STORE_EVENT_DAYS", usual.store_event_kept_s / 86_400))
    return Settings(
        streams=False,
        issuers=(Issuer.parse(issuer),) if issuer else (),
        longest_wait_s=float(environment.get("LONGEST_WAIT_S", usual.longest_wait_s)),
        store_event_kept_s=round(days * 86_400),
    )


@cache
def _services() -> Services:
    boto3: Any = importlib.import_module("boto3")
    storage = DynamoDbStorage(boto3.client("dynamodb"), os.environ["TABLE"])
    services = Services(storage, settings_from(dict(os.environ)))
    services.feeds.on_news = _tell
    return services


@cache
def _topics() -> Any:
    boto3: Any = importlib.import_module("boto3")
    return boto3.client("iot-data")


def _publish(topic: str, text: str, retain: bool) -> bool:
    """Whether IoT Core has taken it. What it cannot take, as a catalogue above 128 kB, holds up nothing else."""
    try:
        _topics().publish(topic=topic, qos=1, retain=retain, payload=text.encode())
    except Exception:
        _log.exception("nothing was published on %s", topic)
        return False
    return True


@cache
def _teller() -> Teller:
    return Teller(_services(), _publish)


def _tell(pk: str) -> None:
    """News for a store goes out before the call that made it is answered; should that fail, `tell` makes up for it."""
    kind, _, store_id = pk.partition("#")
    if kind == "STORE":
        try:
            _teller().tell_store(store_id)
        except Exception:
            _log.exception("the store %s was not told", store_id)


@cache
def _application() -> Any:
    mangum: Any = importlib.import_module("mangum")
    return mangum.Mangum(create_app(_services()), lifespan="off")


def api(event: dict[str, Any], context: Any) -> Any:
    """One request of API Gateway (payload format 2.0), and its answer."""
    return _application()(event, context)


def ingest(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What a store published, with the `store_id` and the `kind` that the rule read in the topic; see ingest.py.

    A gate waits for what is said to a check-in: that is published at once, also when the code is refused.

    Raises:
        ProblemError: it cannot be taken; it is tried again, then kept in the function's queue for a person.
    """
    store_id, kind, event_id = str(event["store_id"]), str(event["kind"]), str(event.get("event_id", ""))
    try:
        answer = Ingest(_services()).take(store_id, kind, event)
    except ProblemError as problem:
        if kind != "check_in" or problem.kind.status >= 500:
            raise
        status, answer = problem.kind.status, problem.body()
    else:
        status = 201
    if kind == "check_in":
        _publish(f"stores/{store_id}/answers", answer_text(event_id, status, answer), False)
    return answer


def tell(_event: dict[str, Any], _context: Any) -> None:
    """Every minute: what stores were not told yet, and what IoT Core is to keep for them."""
    _teller().tell_all()
