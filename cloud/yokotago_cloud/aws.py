# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The cloud as AWS Lambda functions: `api` behind API Gateway, `ingest` behind the rule of AWS IoT Core.

What they are told stands in their environment: TABLE, and as far as it differs from settings.py ISSUER (as for
--issuer), LONGEST_WAIT_S and STORE_EVENT_DAYS. Everything is made at the first call and kept for the next ones.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Any

from yokotago_cloud.app import create_app
from yokotago_cloud.ingest import Ingest
from yokotago_cloud.oidc import Issuer
from yokotago_cloud.services import Services
from yokotago_cloud.settings import Settings
from yokotago_cloud.storage.dynamodb import DynamoDbStorage


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
    return Services(storage, settings_from(dict(os.environ)))


@cache
def _application() -> Any:
    mangum: Any = importlib.import_module("mangum")
    return mangum.Mangum(create_app(_services()), lifespan="off")


def api(event: dict[str, Any], context: Any) -> Any:
    """One request of API Gateway (payload format 2.0), and its answer."""
    return _application()(event, context)


def ingest(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What a store published, with the `store_id` and the `kind` that the rule read in the topic; see ingest.py.

    Raises:
        ProblemError: it cannot be taken; it is tried again, then kept in the function's queue for a person.
    """
    return Ingest(_services()).take(str(event["store_id"]), str(event["kind"]), event)
